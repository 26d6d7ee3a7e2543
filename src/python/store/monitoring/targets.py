"""Where Prometheus finds the processes of a store, and how it labels their metrics."""

import json
import re
from collections.abc import Mapping

SERVICE_OF = {
    "users": "users",
    "inventory": "inventory",
    "inventory-rpc": "inventory",
    "orders": "orders",
    "orders-work": "orders",
    "gateway": "gateway",
    "audit": "audit",
}
"""The service that each job belongs to: a job is a kind of process."""

_REPLICA = re.compile(r"-\d+$")


def job_of(process: str) -> str:
    """The job of a process or of one of its replicas: `orders-2` is an `orders`."""
    return _REPLICA.sub("", process)


def targets_json(processes: Mapping[str, str]) -> str:
    """A file of targets for `file_sd_configs`; `processes` are addresses, host:port, by name.

    KeyError for a process that is of no known job.
    """
    return json.dumps([_target(job_of(name), processes[name]) for name in processes], indent=2)


def _target(job: str, address: str) -> dict[str, object]:
    return {"targets": [address], "labels": {"job": job, "service": SERVICE_OF[job]}}
