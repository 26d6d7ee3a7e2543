"""A Service with an address of its own: a container that leads each connection to a ready pod."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from store.chaos.containers.docker import attach

PROGRAM = Path(__file__).with_name("forwarder.py")
MEMORY = "128m"
SECONDS = 60.0


class Forwarding:
    """Runs until it is closed, or we have gone: its standard input is a pipe of ours."""

    def __init__(self, image: str, place: Sequence[str], port: int, target: int) -> None:
        options = ["--interactive", "--rm", "--pull", "never", "--memory", MEMORY, *place]
        program = ["--entrypoint", "python3.11", image, "-c", PROGRAM.read_text()]
        self._process: subprocess.Popen[bytes] = attach(
            "run", *options, *program, str(port), str(target)
        )
        self._led_to: Sequence[str] = ()

    def lead_to(self, addresses: Sequence[str]) -> None:
        """From now on new connections go to one of these."""
        if addresses != self._led_to and self._process.stdin:
            self._process.stdin.write(f"{' '.join(addresses)}\n".encode())
            self._process.stdin.flush()
            self._led_to = addresses

    def close(self) -> None:
        """End it; connections that are open are cut."""
        self._process.communicate(timeout=SECONDS)
