"""How a number is drawn: the visual language of every dashboard.

Each panel has a `description`, one sentence that says what it means when the number moves; a unit;
and the limit from which on the number is bad.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from grafana_foundation_sdk.builders import (
    common,
    dashboard,
    prometheus,
    stat,
    table,
    text,
    timeseries,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common as shapes
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DataTransformerConfig,
    FieldColorModeId,
    MatcherConfig,
    Threshold,
    ThresholdsMode,
)
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue as Property
from grafana_foundation_sdk.models.prometheus import PromQueryFormat, QueryEditorMode

from store.monitoring.dashboards.colours import PLAIN, Colours
from store.monitoring.dashboards.limits import NONE, Limit
from store.monitoring.dashboards.links import Links
from store.monitoring.dashboards.promql import Query
from store.monitoring.dashboards.units import COUNT, DECIMALS

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")

Panel = stat.Panel | timeseries.Panel | table.Panel | text.Panel
P = TypeVar("P", stat.Panel, timeseries.Panel, table.Panel)


def number(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    limit: Limit = NONE,
    links: Links = (),
) -> stat.Panel:
    """A big number as it is now, with its recent past behind it."""
    panel = _described(stat.Panel(), title, description, unit, limit, links)
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    panel.graph_mode(shapes.BigValueGraphMode.AREA).color_mode(shapes.BigValueColorMode.VALUE)
    panel.color_scheme(dashboard.FieldColor().mode(FieldColorModeId.THRESHOLDS))
    return panel.targets(_over_time(queries))


def lines(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    colours: Colours = PLAIN,
    limit: Limit = NONE,
    links: Links = (),
) -> timeseries.Panel:
    """Numbers over time. Where they have a limit it is a dashed line."""
    panel = _described(timeseries.Panel(), title, description, unit, limit, links)
    panel.line_width(1).fill_opacity(8).show_points(shapes.VisibilityMode.NEVER)
    panel.color_scheme(dashboard.FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
    if limit.steps:
        dashed = common.GraphThresholdsStyleConfig().mode(shapes.GraphTresholdsStyleMode.DASHED)
        panel.thresholds_style(dashed)
    for name, colour in colours.items():
        panel.with_override(*_coloured(name, colour))
    panel.legend(_legend()).tooltip(_tooltip())
    return panel.targets(_over_time(queries))


def stacked(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    colours: Colours = PLAIN,
    links: Links = (),
) -> timeseries.Panel:
    """Parts of a whole over time, one upon the other."""
    panel = lines(title, description, unit, *queries, colours=colours, links=links)
    stacking = common.StackingConfig().mode(shapes.StackingMode.NORMAL).group("A")
    return panel.stacking(stacking).fill_opacity(60)


def listing(
    title: str,
    description: str,
    query: Query,
    columns: Mapping[str, str],
    empty: str,
    links: Links = (),
) -> table.Panel:
    """What there is now, one in each row; `columns` are the labels to show, and their headlines."""
    panel = _described(table.Panel(), title, description, COUNT, NONE, links).no_value(empty)
    positions = {name: position for position, name in enumerate(columns)}
    shown = {"include": {"names": list(columns)}}
    panel.with_transformation(DataTransformerConfig("filterFieldsByName", options=shown))
    order = {"indexByName": positions, "renameByName": dict(columns)}
    panel.with_transformation(DataTransformerConfig("organize", options=order))
    panel.show_header(True)
    return panel.with_target(_asked(query, "A").format(PromQueryFormat.TABLE).instant())


def _described(panel: P, title: str, description: str, unit: str, limit: Limit, links: Links) -> P:
    if not limit.may_be_negative:
        panel.min(0)
    panel.title(title).description(description).datasource(SOURCE).unit(unit).decimals(
        DECIMALS[unit]
    )
    steps = [Threshold(None, limit.lowest), *(Threshold(*step) for step in limit.steps)]
    thresholds = dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
    return panel.thresholds(thresholds).links(list(links))


def _over_time(queries: Sequence[Query]) -> list[Builder[Dataquery]]:
    return [
        _asked(query, name).format(PromQueryFormat.TIME_SERIES).range()
        for name, query in zip("ABCD", queries, strict=False)
    ]


def _asked(query: Query, name: str) -> prometheus.Dataquery:
    question = prometheus.Dataquery().datasource(SOURCE).editor_mode(QueryEditorMode.CODE)
    return (
        question.ref_id(name).expr(query.expr).legend_format(query.legend).exemplar(query.exemplars)
    )


def _coloured(name: str, colour: str) -> tuple[MatcherConfig, list[Property]]:
    """Names that a regular expression finds together are shades of one colour."""
    many = name.startswith("/")
    mode = FieldColorModeId.SHADES if many else FieldColorModeId.FIXED
    matcher = MatcherConfig("byRegexp" if many else "byName", name)
    return matcher, [Property("color", {"mode": mode, "fixedColor": colour})]


def _legend() -> common.VizLegendOptions:
    legend = common.VizLegendOptions().placement(shapes.LegendPlacement.BOTTOM).show_legend(True)
    legend.display_mode(shapes.LegendDisplayMode.TABLE).calcs(["lastNotNull", "max"])
    return legend.sort_by("Last *").sort_desc(True)


def _tooltip() -> common.VizTooltipOptions:
    tooltip = common.VizTooltipOptions().mode(shapes.TooltipDisplayMode.MULTI)
    return tooltip.sort(shapes.SortOrder.DESCENDING)
