import io
from pathlib import Path

from rich.console import Console

from store.devstack.folder import Folder
from store.devstack.monitoring import MonitoringStatus
from store.devstack.ports import Ports
from store.devstack.secrets_file import Secrets
from store.devstack.welcome import READY, journey, welcome

UNWATCHED = MonitoringStatus()


def printed(width: int, watched: MonitoringStatus = UNWATCHED, *, monitored: bool = False) -> str:
    console = Console(file=io.StringIO(), width=width)
    ports = Ports(8100, monitored=monitored)
    welcome(console, Folder(Path("/somewhere")), ports, Secrets.new(), watched)
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


def test_it_says_where_to_watch_and_what_is_missing_for_it() -> None:
    watched = MonitoringStatus(
        {"prometheus": "http://127.0.0.1:9190"},
        {"Overall health": "http://127.0.0.1:8160/d/overall"},
        ["Grafana is not installed: apt-get install grafana"],
    )
    said = printed(80, watched, monitored=True)
    for text in ("127.0.0.1:9114", "http://127.0.0.1:9190", "Grafana is not installed: apt-get"):
        assert text in said
    assert "Dashboard Overall health: http://127.0.0.1:8160/d/overall" in said.splitlines()
    assert "9114" not in printed(80)
