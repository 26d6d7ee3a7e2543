"""A Service with an address of its own: a container that forwards each connection to a ready pod."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from store.chaos.containers.docker import attach

PROGRAM = Path(__file__).with_name("forwarder.py")
MEMORY = "128m"
END_SECONDS = 60.0


class ServiceForwarder:
    """Runs until it is closed, or this process has gone: its standard input is our pipe.

    `network` are the options of docker that give it its name and address.
    """

    def __init__(self, image: str, network: Sequence[str], port: int, target: int) -> None:
        options = ["--interactive", "--rm", "--pull", "never", "--memory", MEMORY, *network]
        program = ["--entrypoint", "python3.11", image, "-c", PROGRAM.read_text()]
        self._process: subprocess.Popen[bytes] = attach(
            "run", *options, *program, str(port), str(target)
        )
        self._addresses: Sequence[str] = ()

    def forward_to(self, addresses: Sequence[str]) -> None:
        """From now on new connections go to one of these."""
        if addresses != self._addresses and self._process.stdin:
            self._process.stdin.write(f"{' '.join(addresses)}\n".encode())
            self._process.stdin.flush()
            self._addresses = addresses

    def close(self) -> None:
        """End it; connections that are open are cut."""
        self._process.communicate(timeout=END_SECONDS)
