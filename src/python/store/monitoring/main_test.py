from pathlib import Path

from click.testing import CliRunner

from store.monitoring import chart
from store.monitoring.main import commands


def test_build_writes_what_is_committed(tmp_path: Path) -> None:
    grafana, copies = tmp_path / "grafana", tmp_path / "chart" / "files"
    for folder in ("dashboards", "rules"):
        (grafana / folder).mkdir(parents=True)
    copies.mkdir(parents=True)
    (copies / "old.json").write_text("{}")
    command = ["build", "--into", str(grafana), "--chart", str(copies)]
    result = CliRunner().invoke(commands, command)
    assert result.exit_code == 0, result.output
    written = chart.copied(grafana)
    assert written.keys() >= {"dashboards/overall.json", "rules/slos.yaml"}
    assert written.items() <= chart.copied(Path("grafana")).items()
    assert {file.name for file in copies.rglob("*.*")} == {Path(name).name for name in written}
    assert chart.copied(copies) == written


def test_build_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    nowhere = CliRunner().invoke(commands, ["build", "--into", str(tmp_path / "nowhere")])
    assert nowhere.exit_code == 2
    assert "does not exist" in nowhere.output
