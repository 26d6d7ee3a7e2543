"""What can go wrong around a store on one machine: one clear message, exit status 1, no traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

from store.cli.errors import Trouble


class PortInUse(Trouble):
    def __init__(self, port: int, owner: str, suggestion: int) -> None:
        super().__init__(
            f"Port {port} ({owner}) is in use. Stop what listens there, or move the whole store: "
            f"./pants up --port-base {suggestion}"
        )


class AlreadyUp(Trouble):
    def __init__(self, folder: object, pid: int) -> None:
        super().__init__(
            f"Another `up` (process {pid}) runs the store in {folder}. ./pants stop ends it; or run a "
            "second store beside it: ./pants up --data .store-2 --port-base 8100"
        )


class NotOurStore(Trouble):
    def __init__(self, folder: object) -> None:
        super().__init__(f"The store in {folder} belongs to another user: ask as that one.")


class StillStopping(Trouble):
    def __init__(self, folder: object) -> None:
        super().__init__(
            f"Processes of an `up` that was killed still hold {folder}. They end by themselves; "
            "try again in a minute."
        )


class FolderNotOurs(Trouble):
    def __init__(self, folder: object, reason: object) -> None:
        super().__init__(
            f"The folder {folder} cannot be used: {reason}. "
            "Make it writable, or choose another one: ./pants up --data DIR"
        )


@contextmanager
def writing_in(folder: object) -> Iterator[None]:
    """FolderNotOurs if the system refuses: no permission, no space, a file in the way."""
    try:
        yield
    except OSError as error:
        raise FolderNotOurs(folder, error.strerror or error) from None


class DiskFull(Trouble):
    def __init__(self, folder: object, left: int, needed: int) -> None:
        super().__init__(
            f"The disk of {folder} is full: {left} MB left, the store needs {needed} MB to start. "
            "Free some space, or choose another folder: ./pants up --data DIR"
        )


class ProcessDied(Trouble):
    def __init__(self, name: str, status: int) -> None:
        super().__init__(
            f"{name} ended by itself (exit status {status}); what it said last stands above. "
            "The rest was stopped too."
        )


class ProcessFailed(Trouble):
    def __init__(self, name: str, status: int) -> None:
        super().__init__(
            f"{name} failed (exit status {status}); what it said stands above. "
            "If the data of this store is of no worth, start over: ./pants up --fresh"
        )


class NotReady(Trouble):
    def __init__(self, name: str, seconds: float, reason: str) -> None:
        super().__init__(f"{name} was not ready within {seconds:.0f} s: {reason}")
