"""`./pants dashboards`: `build` writes what Grafana and Prometheus read, `draw` what Grafana would show."""

from pathlib import Path

import click

from store.monitoring import slos
from store.monitoring.dashboards import built
from store.monitoring.pictures.command import draw


@click.group()
def main() -> None:
    """Dashboards and rules."""


@main.command()
@click.option("--into", default="grafana", show_default=True, help="The folder of both.",
              type=click.Path(path_type=Path, exists=True, file_okay=False))  # fmt: skip
def build(into: Path) -> None:
    """Write the dashboards and the rules of the SLOs anew."""
    built.write(into / "dashboards")
    slos.write(into / "rules")
    click.echo(f"Written: {into}/dashboards and {into}/rules/slos.yaml")


main.add_command(draw)

if __name__ == "__main__":
    main()
