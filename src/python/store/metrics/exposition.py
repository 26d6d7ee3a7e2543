"""The metrics page."""

from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder


def metrics_page(accept: str | None) -> tuple[str, bytes]:
    """The content type and the text of all metrics of this process, as Prometheus asks for it."""
    encode, content_type = choose_encoder(accept or "")
    return content_type, encode(REGISTRY)
