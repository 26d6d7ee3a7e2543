"""Waits until every process says that it is ready."""

import time
from collections.abc import Callable
from typing import Any

import requests

from store.devstack.errors import NotReady, ProcessDied
from store.devstack.output import Output
from store.devstack.ports import HOST, Ports
from store.devstack.runner import Runner

READY_SECONDS = 120.0
PAUSE_SECONDS = 0.1


def wait_until_ready(
    ports: Ports, runner: Runner, output: Output, stopping: Callable[[], bool]
) -> None:
    """Return when all are ready; ProcessDied or NotReady says which is not, and why."""
    started = time.monotonic()
    waiting = dict.fromkeys(ports.processes, "it did not answer")
    with requests.Session() as session:
        session.trust_env = False  # a proxy has no business on the loopback
        while waiting and not stopping():
            raise_if_dead(runner)
            for name in list(waiting):
                waiting[name] = why_not(session, ports.ops(name))
                if not waiting[name]:
                    del waiting[name]
                    output.detail(f"{name} is ready after {time.monotonic() - started:.1f} s")
            if waiting and time.monotonic() - started > READY_SECONDS:
                name, reason = next(iter(waiting.items()))
                output.recall(name)
                raise NotReady(name, READY_SECONDS, reason)
            time.sleep(PAUSE_SECONDS)


def raise_if_dead(runner: Runner) -> None:
    """ProcessDied if a process has ended by itself."""
    dead = runner.dead()
    if dead is not None and dead.status is not None:
        dead.recall()
        raise ProcessDied(dead.name, dead.status)


def why_not(session: requests.Session, ops_port: int, seconds: float = 5.0) -> str:
    """Why the process with this ops port is not ready; "" when it is."""
    try:
        answer = session.get(f"http://{HOST}:{ops_port}/ready", timeout=seconds)
    except requests.RequestException:
        return "it did not answer"
    return "" if answer.status_code == 200 else _failing(answer)


def _failing(answer: requests.Response) -> str:
    try:
        failing: dict[str, Any] = answer.json()["failing"]
    except (ValueError, KeyError):
        return f"/ready answers {answer.status_code}"
    return "; ".join(f"{name}: {reason}" for name, reason in failing.items())
