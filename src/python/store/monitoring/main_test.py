from pathlib import Path

from click.testing import CliRunner

from store.monitoring.main import commands


def test_build_writes_what_is_committed(tmp_path: Path) -> None:
    for folder in ("dashboards", "rules"):
        (tmp_path / folder).mkdir()
    result = CliRunner().invoke(commands, ["build", "--into", str(tmp_path)])
    assert result.exit_code == 0, result.output
    written = {file.relative_to(tmp_path) for file in tmp_path.rglob("*.*")}
    assert {str(path) for path in written} >= {"dashboards/overall.json", "rules/slos.yaml"}
    for path in written:
        assert (tmp_path / path).read_text() == (Path("grafana") / path).read_text()


def test_build_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    nowhere = CliRunner().invoke(commands, ["build", "--into", str(tmp_path / "nowhere")])
    assert nowhere.exit_code == 2
    assert "does not exist" in nowhere.output
