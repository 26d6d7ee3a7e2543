"""`./pants dashboards draw`: pictures of the dashboards, for who has no Grafana to look at them with."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import requests

from store.monitoring.pictures.answers import Answers, Window
from store.monitoring.pictures.boards import Board, read_board
from store.monitoring.pictures.page import draw_board
from store.monitoring.programs import GRAFANA
from store.monitoring.prometheus import Client


@click.command()
@click.option("--prometheus", default="http://127.0.0.1:8090", show_default=True,
              help="Where Prometheus is.")  # fmt: skip
@click.option("--minutes", default=15.0, show_default=True, type=click.FloatRange(min=1),
              help="How much of the past is drawn.")  # fmt: skip
@click.option("--into", default=Path("pictures"), show_default=True,
              type=click.Path(path_type=Path, file_okay=False), help="The folder of the pictures.")  # fmt: skip
def draw(prometheus: str, minutes: float, into: Path) -> None:
    """Draw each dashboard into a PNG, from its JSON and from what Prometheus answers to its queries.

    The runbooks are left out: they are words.
    """
    into.mkdir(parents=True, exist_ok=True)
    window = Window.of_the_last(minutes)
    with closing(Client(prometheus)) as client:
        for board in _drawable(GRAFANA / "dashboards"):
            picture = into / f"{board.name}.png"
            try:
                empty = draw_board(board, Answers(client, board, window), picture)
            except requests.RequestException as error:
                raise click.ClickException(
                    f"{prometheus} does not answer ({type(error).__name__}): "
                    "./pants up --monitoring starts a Prometheus."
                ) from None
            click.echo(f"{picture}: {_told(empty)}")


def _drawable(folder: Path) -> Iterator[Board]:
    for file in sorted(folder.glob("*.json")):
        board = read_board(file)
        if not board.is_words:
            yield board


def _told(empty: list[str]) -> str:
    return f"no data in {', '.join(empty)}" if empty else "every panel has data"
