"""`./pants dashboards build`: writes what Grafana and Prometheus read."""

from pathlib import Path

import click

from store.monitoring import chart, slos
from store.monitoring.dashboards import files


@click.group()
def commands() -> None:
    """Dashboards and rules."""


@commands.command()
@click.option("--into", default="grafana", show_default=True, help="The folder of both.",
              type=click.Path(path_type=Path, exists=True, file_okay=False))  # fmt: skip
@click.option("--chart", "copies", default=str(chart.FILES), show_default=True,
              help="The folder of the chart's copies.", type=click.Path(path_type=Path))  # fmt: skip
def build(into: Path, copies: Path) -> None:
    """Write the dashboards and the rules of the SLOs anew, and the chart's copies of all that it has of ours."""
    files.write(into / "dashboards")
    slos.write(into / "rules")
    chart.write(into, copies)
    click.echo(f"Written: {into}/dashboards, {into}/rules/slos.yaml and {copies}")


def main() -> None:
    commands(prog_name="./pants dashboards")


if __name__ == "__main__":
    main()
