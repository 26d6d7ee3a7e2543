"""A gateway in a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass

import requests

from store.gateway.testing.webhook_receiver import WEBHOOK_SECRET

API_KEY = "sk_test_gateway"
OTHER_KEY = "sk_test_rotated"


@dataclass(frozen=True)
class GatewayProcess:
    """A gateway's processes, and the address of its API."""

    process: subprocess.Popen[bytes]
    url: str

    @classmethod
    def start(cls, database_url: str, webhook_url: str) -> "GatewayProcess":
        """Start a gateway on a database, that sends its events there; it is ready."""
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            second.bind(("127.0.0.1", 0))
            port, ops_port = first.getsockname()[1], second.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "BIND": "127.0.0.1",
            "PORT": str(port),
            "OPS_PORT": str(ops_port),
            "DATABASE_URL": database_url,
            "API_KEYS": f"{API_KEY},{OTHER_KEY}",
            "PUBLIC_URL": url,
            "WEBHOOK_URL": webhook_url,
            "WEBHOOK_SECRET": WEBHOOK_SECRET,
            "LOG_LEVEL": "WARNING",
            "LOG_FORMAT": "text",
        }
        command = [sys.executable, "-m", "store.gateway.main", "serve"]
        process = subprocess.Popen(command, env=environ, start_new_session=True)
        gateway = cls(process, url)
        try:
            gateway._wait_until_ready(f"http://127.0.0.1:{ops_port}/ready")
        except BaseException:
            gateway.kill()
            raise
        return gateway

    def kill(self) -> None:
        """End all of it at once, as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def _wait_until_ready(self, url: str, seconds: float = 30) -> None:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends and self.process.poll() is None:
            try:
                if requests.get(url, timeout=2).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.05)
        raise AssertionError("the gateway did not become ready")
