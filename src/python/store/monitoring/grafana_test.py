import json
import re
from pathlib import Path

import pytest

from store.monitoring import programs
from store.monitoring.grafana import LocalGrafana, grafana_program, home_of
from store.monitoring.programs import GRAFANA, CannotWatch


def grafana(folder: Path, source: Path = GRAFANA) -> LocalGrafana:
    return LocalGrafana(folder, source, "127.0.0.1", 8060, "http://127.0.0.1:9090")


def home(folder: Path) -> Path:
    (folder / "conf").mkdir(parents=True)
    (folder / "conf" / "defaults.ini").touch()
    return folder


@pytest.mark.parametrize("folder", ["", "share/grafana"])
def test_its_own_files_are_found_beside_it_wherever_a_package_puts_them(
    tmp_path: Path, folder: str
) -> None:
    wanted = home(tmp_path / folder)
    assert home_of(tmp_path / "bin" / "grafana").resolve() == wanted.resolve()


def test_a_link_to_it_is_followed(tmp_path: Path) -> None:
    wanted = home(tmp_path / "cellar" / "share" / "grafana")
    (tmp_path / "cellar" / "bin").mkdir()
    (tmp_path / "cellar" / "bin" / "grafana").touch()
    (tmp_path / "grafana").symlink_to(tmp_path / "cellar" / "bin" / "grafana")
    assert home_of(tmp_path / "grafana") == wanted


def test_one_that_is_nowhere_else_is_where_debian_s_package_puts_it(tmp_path: Path) -> None:
    assert home_of(tmp_path / "bin" / "grafana") == Path("/usr/share/grafana")


def test_newer_ones_have_commands_and_older_ones_are_a_program_each(tmp_path: Path) -> None:
    newer = grafana(tmp_path).command("/usr/bin/grafana")
    older = grafana(tmp_path).command("/usr/sbin/grafana-server")
    assert newer == ["/usr/bin/grafana", "server", newer[-1]]
    assert older == ["/usr/sbin/grafana-server", older[-1]]
    assert newer[-1].startswith("--homepath=/")


def test_it_writes_into_its_folder_alone_and_reads_our_provisioning(tmp_path: Path) -> None:
    environ = grafana(tmp_path).environ()
    written = (environ[f"GF_PATHS_{kind}"] for kind in ("DATA", "LOGS", "PLUGINS"))
    assert all(Path(path).parent == tmp_path for path in written)
    assert Path(environ["GF_PATHS_PROVISIONING"]) == (GRAFANA / "provisioning").absolute()
    assert Path(environ["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]).is_file()
    assert (environ["GF_SERVER_HTTP_ADDR"], environ["GF_SERVER_HTTP_PORT"]) == ("127.0.0.1", "8060")
    assert environ["GF_AUTH_ANONYMOUS_ORG_ROLE"] != "Admin"
    assert environ["PROMETHEUS_URL"] == "http://127.0.0.1:9090"


def test_every_variable_that_provisioning_reads_is_given(tmp_path: Path) -> None:
    files = list((GRAFANA / "provisioning").rglob("*.yaml"))
    read = {name for file in files for name in re.findall(r": \$\{?(\w+)", file.read_text())}
    assert {"PROMETHEUS_URL", "DASHBOARDS_PATH"} == read
    assert read <= grafana(tmp_path).environ().keys()


def test_each_dashboard_has_an_address(tmp_path: Path) -> None:
    (tmp_path / "dashboards").mkdir()
    board = {"title": "Overall health", "uid": "overall", "panels": []}
    (tmp_path / "dashboards" / "overall.json").write_text(json.dumps(board))
    found = grafana(tmp_path / "data", tmp_path).dashboards()
    assert found == {"Overall health": "http://127.0.0.1:8060/d/overall"}


def test_without_it_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "BESIDES", ())
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CannotWatch, match="apt-get install grafana"):
        grafana_program()
