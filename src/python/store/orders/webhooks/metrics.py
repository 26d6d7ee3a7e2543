"""What the shop counts about its outgoing webhooks."""

from prometheus_client import Counter, Gauge

DELIVERIES = Counter(
    "webhook_deliveries_total", "Attempts to deliver an event, by what came of them.", ("outcome",)
)
PENDING = Gauge("webhook_deliveries_pending", "Deliveries that wait, as a worker last saw it.")
DEAD = Gauge("webhook_deliveries_dead", "Deliveries given up, as a worker last saw it.")
LAG = Gauge(
    "webhook_lag_seconds",
    "Age of the oldest delivery that waits for an active endpoint, as a worker last saw it.",
)
