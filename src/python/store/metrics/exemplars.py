"""The trace that an observation belongs to, so that a slow bar of a histogram leads to a request.

Who traces says how the trace is found (`set_source`); until then there is none, and asking costs
one function call. Exemplars appear on the page in OpenMetrics' format only.
"""

from collections.abc import Callable


def _untraced() -> str:
    return ""


trace_id: Callable[[], str] = _untraced
"""The id of the sampled trace at hand, or ""."""


def set_source(source: Callable[[], str]) -> None:
    """From now on `source` gives the id of the sampled trace at hand, or ""."""
    global trace_id
    trace_id = source


def exemplar() -> dict[str, str] | None:
    """For `observe(seconds, exemplar=exemplar())`: the sampled trace at hand, or None."""
    found = trace_id()
    return {"trace_id": found} if found else None
