"""Which colour a series, a value or a part of the page has."""

from collections.abc import Sequence

from matplotlib.colors import to_hex, to_rgb

from store.monitoring.pictures.boards import Override, Panel, Threshold

PAGE, CARD, EDGE = "#111217", "#181b1f", "#2c3036"
TEXT, FAINT, GRID, BAD = "#d5d7de", "#8e919b", "#26292f", "#ff4040"
PALETTE = (
    *("#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#705da0"),
    *("#37872d", "#fade2a", "#447ebc", "#c15c17", "#890f02", "#0a437c", "#6d1f62", "#584477"),
)


def of_series(panel: Panel, names: Sequence[str]) -> dict[str, str]:
    """A colour for each name: that of an override, or the next of the palette."""
    chosen, used = dict[str, str](), dict[Override, int]()
    palette = 0
    for name in sorted(set(names)):
        override = next((each for each in panel.overrides if each.matches(name)), None)
        if override is None:
            chosen[name] = PALETTE[palette % len(PALETTE)]
            palette += 1
        else:
            shade = used[override] = used.get(override, -1) + 1
            chosen[name] = _shade(override.colour, shade) if override.shades else override.colour
    return chosen


def of_value(thresholds: Sequence[Threshold], value: float) -> str:
    """The colour of the last step that the value has reached."""
    reached = [step for step in thresholds if step.value is None or value >= step.value]
    return reached[-1].colour if reached else TEXT


def _shade(colour: str, number: int) -> str:
    """The colour itself, then ever lighter ones."""
    share = min(number * 0.18, 0.75)
    red, green, blue = (part + (1 - part) * share for part in to_rgb(colour))
    return to_hex((red, green, blue))
