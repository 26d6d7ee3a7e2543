"""The two interfaces that requests come in by, and how each is measured."""

from dataclasses import dataclass

from store.monitoring.dashboards.colours import CODES, STATUSES, Colours


@dataclass(frozen=True)
class Interface:
    name: str
    metric: str
    in_flight: str
    by: str
    """The labels that say what was asked for, and so how it is named in a legend."""
    answer: str
    """The label that says what was answered."""
    errors: str
    """What that label is when it was our fault."""
    colours: Colours

    @property
    def count(self) -> str:
        return f"{self.metric}_count"

    @property
    def legend(self) -> str:
        """What was asked for."""
        return " ".join(f"{{{{{label}}}}}" for label in self.by.split(", "))


REST = Interface(
    name="REST",
    metric="http_request_duration_seconds",
    in_flight="http_requests_in_flight",
    by="method, route",
    answer="status",
    errors='status=~"5.."',
    colours=STATUSES,
)

RPC = Interface(
    name="gRPC",
    metric="rpc_request_duration_seconds",
    in_flight="rpc_requests_in_flight",
    by="method",
    answer="code",
    errors='code=~"UNKNOWN|INTERNAL|UNAVAILABLE|DEADLINE_EXCEEDED|DATA_LOSS|UNIMPLEMENTED"',
    colours=CODES,
)
