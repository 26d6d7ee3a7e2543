"""A part of a picture, measured in pixels from its upper left corner."""

from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from matplotlib.text import Text

from store.monitoring.pictures import colours

Align = Literal["left", "center", "right"]


class Area:
    """Where something is drawn; everything that is drawn in it stays in it."""

    def __init__(
        self, figure: Figure, left: float, top: float, width: float, height: float
    ) -> None:
        self._figure = figure
        self._left, self._top, self.width, self.height = left, top, width, height
        self._page_width, self._page_height = figure.get_size_inches() * figure.dpi

    def part(self, x: float, width: float) -> "Area":
        """A part as high as this one."""
        return Area(self._figure, self._left + x, self._top, width, self.height)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float,
        colour: str = colours.FAINT,
        align: Align = "left",
        weight: str = "normal",
    ) -> None:
        """One line, whose middle is at this height; shortened if it does not fit."""
        room = {"left": self.width - x, "right": x, "center": self.width}[align] - 6
        written = self._figure.text(
            *self._at(x, y),
            text,
            fontsize=size,
            color=colour,
            ha=align,
            va="center",
            fontweight=weight,
            parse_math=False,
        )
        self._shorten(written, room)

    def card(self) -> None:
        """A ground for a panel."""
        left, bottom = self._at(0, self.height)
        self._figure.add_artist(
            FancyBboxPatch(
                (left, bottom),
                self.width / self._page_width,
                self.height / self._page_height,
                boxstyle="square,pad=0",
                facecolor=colours.CARD,
                edgecolor=colours.EDGE,
                linewidth=0.8,
                zorder=-1,
                transform=self._figure.transFigure,
            )
        )

    def box(self, x: float, y: float, size: float, colour: str) -> None:
        """A small square, as legends have; its middle is at this height."""
        self.axes(x, y - size / 2, size, size).set_facecolor(colour)

    def axes(self, x: float, y: float, width: float, height: float) -> Axes:
        """A coordinate system without any frame; the corner is the upper left one."""
        left, bottom = self._at(x, y + height)
        axes = self._figure.add_axes(
            (left, bottom, width / self._page_width, height / self._page_height)
        )
        axes.set_facecolor("none")
        axes.tick_params(colors=colours.FAINT, labelsize=7, length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.set_xticks([])
        axes.set_yticks([])
        return axes

    def cross_out(self, reason: str) -> None:
        """Say in red why there is nothing to be seen."""
        middle = self.height / 2 + 8
        self.text(
            self.width / 2,
            middle,
            reason,
            size=13,
            colour=colours.BAD,
            align="center",
            weight="bold",
        )

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return (self._left + x) / self._page_width, 1 - (self._top + y) / self._page_height

    def _shorten(self, written: Text, room: float) -> None:
        text = written.get_text()
        width = written.get_window_extent().width
        if width > room:
            fitting = max(int(len(text) * room / width) - 1, 1)
            written.set_text(text[:fitting].rstrip() + "…")
