"""The metrics page."""

from prometheus_client import REGISTRY, disable_created_metrics
from prometheus_client.exposition import choose_encoder

# When a series was made is of no use to us, and would make the page half as long again.
disable_created_metrics()  # type: ignore[no-untyped-call]


def metrics_page(accept: str | None) -> tuple[str, bytes]:
    """The content type and the text of all metrics of this process, as Prometheus asks for it."""
    encode, content_type = choose_encoder(accept or "")
    return content_type, encode(REGISTRY)
