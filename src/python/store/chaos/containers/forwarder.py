"""What a Service of Kubernetes does for one port: each new connection goes to one of the ready pods.

It runs as a program in a container, from the standard library alone: `forwarder.py PORT TARGET-PORT`.
Each line of standard input names the pods that are ready from then on. A connection stays with its
pod, ready or not, until one of the two hangs up; with no pod ready it is refused.
"""

import asyncio
import random
import sys

CHUNK = 65_536
CONNECT_SECONDS = 5.0


class Forwarder:
    """The ready pods, and the way to each."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._ready: list[str] = []

    def forward_to(self, line: bytes) -> None:
        """The pods that are ready from now on."""
        self._ready = line.decode().split()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        try:
            address = random.choice(self._ready)  # noqa: S311 - no secret
            connecting = asyncio.open_connection(address, self._target_port)
            pod = await asyncio.wait_for(connecting, CONNECT_SECONDS)
        except (OSError, LookupError):
            writer.transport.abort()
            return
        await asyncio.gather(_copy(reader, pod[1]), _copy(pod[0], writer))
        for side in (writer, pod[1]):
            side.close()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Copy all that comes from one side to the other, and its end."""
    try:
        while chunk := await source.read(CHUNK):
            sink.write(chunk)
            await sink.drain()
        sink.write_eof()
    except OSError:
        # One side is gone: the other shall not wait for it.
        sink.transport.abort()


async def forward(port: int, target_port: int) -> None:
    """Forward until standard input ends."""
    forwarder = Forwarder(target_port)
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with await asyncio.start_server(forwarder.accept, "0.0.0.0", port):  # noqa: S104
        while line := await lines.readline():
            forwarder.forward_to(line)


if __name__ == "__main__":
    asyncio.run(forward(int(sys.argv[1]), int(sys.argv[2])))
