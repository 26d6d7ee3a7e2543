"""What is measured side by side: each variant does what the one before it does, and more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Variant:
    """One way to run the route: which application, and what its environment says."""

    name: str
    app: str
    environ: Mapping[str, str] = field(default_factory=dict)
    traced: float = 0.0  # the share of requests whose traces are sampled


BARE = Variant("bare", "bare")
WHOLE = Variant("+ access lines: all", "whole")
VARIANTS: Sequence[Variant] = (
    BARE,
    Variant("+ metrics", "measured"),
    Variant("+ request ids, errors", "whole", {"LOG_LEVEL": "WARNING"}),
    WHOLE,
    Variant("all, 5 % traced", "whole", traced=0.05),
    Variant("all, 100 % traced", "whole", traced=1.0),
)


def tracing(variant: Variant, collector: str) -> Mapping[str, str]:
    """The environment that has spans sent to the collector; empty where nothing is traced."""
    if not variant.traced:
        return {}
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector,
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": str(variant.traced),
    }
