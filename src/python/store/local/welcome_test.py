import io
from pathlib import Path

from rich.console import Console

from store.local.ports import Ports
from store.local.secrets_file import Secrets
from store.local.welcome import READY, journey, welcome


def printed(width: int) -> str:
    console = Console(file=io.StringIO(), width=width)
    welcome(console, Ports(8100), Secrets.new(), Path("/somewhere/mail"))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_no_address_is_cut_off_on_a_narrow_terminal() -> None:
    said = printed(80)
    assert READY in said
    for address in ("http://127.0.0.1:8101", "127.0.0.1:9103", "127.0.0.1:7102 (gRPC)", "/docs"):
        assert address in said
    assert "…" not in said


def test_the_lines_to_paste_are_printed_whole() -> None:
    said = printed(40).splitlines()
    assert [line for line in said if line.startswith(("curl", "TOKEN"))] == list(
        journey(Ports(8100))
    )
