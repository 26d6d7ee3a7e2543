"""What is marked in every panel over time: processes that started, and alerts that fired."""

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import AnnotationQuery

from store.monitoring.dashboards.colours import BLUE, RED
from store.monitoring.dashboards.panels import SOURCE


class PrometheusMarks(AnnotationQuery):
    """Marks asked of Prometheus, with the fields that the library's model leaves out."""

    def __init__(self, name: str, expr: str, colour: str, title: str, text: str, timed: bool):
        super().__init__(name=name, datasource=SOURCE, expr=expr, icon_color=colour, hide=False)
        self.title, self.text, self.timed = title, text, timed

    def to_json(self) -> dict[str, object]:
        """As Grafana stores it; with `timed` the value is the moment, in milliseconds."""
        ours = {"titleFormat": self.title, "textFormat": self.text, "step": "30s"}
        return {**super().to_json(), **ours, "useValueForTime": self.timed}


class Marks(Builder[AnnotationQuery]):
    """A builder that has nothing left to build."""

    def __init__(self, marks: PrometheusMarks) -> None:
        self._marks = marks

    def build(self) -> AnnotationQuery:
        return self._marks


RESTARTS = Marks(
    PrometheusMarks(
        name="Starts",
        expr="1000 * process_start_time_seconds",
        colour=BLUE,
        title="{{job}} started",
        text="{{instance}}",
        timed=True,
    )
)

ALERTS = Marks(
    PrometheusMarks(
        name="Alerts",
        expr='ALERTS{alertstate="firing"}',
        colour=RED,
        title="{{alertname}}",
        text="{{severity}}",
        timed=False,
    )
)
