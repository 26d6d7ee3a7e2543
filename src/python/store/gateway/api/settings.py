"""What the routes need to know of the gateway's settings."""

from dataclasses import dataclass, field

EXTENSION = "store.gateway"


@dataclass(frozen=True)
class ApiSettings:
    """Who may call, where buyers reach us, and whether events are delivered."""

    api_keys: tuple[str, ...] = field(repr=False)
    public_url: str
    webhooks: bool
