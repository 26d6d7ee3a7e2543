"""A Prometheus that runs for the length of a block, and a client of its HTTP API."""

import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import requests

from store.database.child_process import ChildProcess
from store.monitoring.programs import CannotWatch, prometheus_program

READY_SECONDS = 30.0
ANSWER_SECONDS = 20.0
STOP_SECONDS = 20.0
POLL_INTERVAL_SECONDS = 0.05
HOST = "127.0.0.1"

Labels = Mapping[str, str]


class QueryRefused(Exception):
    """The query is no PromQL, or cannot be answered; the text says why."""


@dataclass(frozen=True)
class Sample:
    """One value of one series."""

    labels: Labels
    value: float
    at: float

    @property
    def name(self) -> str:
        """The metric; "" if an operation has taken the name away."""
        return self.labels.get("__name__", "")


@dataclass(frozen=True)
class Series:
    """The values of one series over a range, each with its time."""

    labels: Labels
    values: Sequence[tuple[float, float]]


class Client:
    """Asks a Prometheus over its HTTP API; every call has a deadline."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy on the loopback

    def is_ready(self) -> bool:
        try:
            answer = self._session.get(f"{self.url}/-/ready", timeout=ANSWER_SECONDS)
        except requests.RequestException:
            return False
        return answer.ok

    def query(self, expr: str, at: float | None = None) -> list[Sample]:
        """The value of the expression for each series, now or at a unix time."""
        when = {} if at is None else {"time": str(at)}
        found = self._data("query", {"query": expr, **when})
        if found["resultType"] == "scalar":
            return [_sample({}, found["result"])]
        return [_sample(each["metric"], each["value"]) for each in found["result"]]

    def query_range(self, expr: str, start: float, end: float, step: float) -> list[Series]:
        """The values of the expression from `start` to `end` (unix), every `step` seconds."""
        asked = {"query": expr, "start": str(start), "end": str(end), "step": str(step)}
        found = self._data("query_range", asked)["result"]
        return [Series(each["metric"], [*map(_point, each["values"])]) for each in found]

    def scraped(self, selector: str, seconds: float) -> list[Series]:
        """The values as they were scraped in the last seconds, with nothing between them."""
        found = self._data("query", {"query": f"{selector}[{round(seconds * 1000)}ms]"})["result"]
        return [Series(each["metric"], [*map(_point, each["values"])]) for each in found]

    def series(self, *selectors: str) -> list[Labels]:
        """The labels of every series that was ever scraped and that one of these selects."""
        return list(self._data("series", {"match[]": selectors}))

    def label_values(self, label: str, *selectors: str) -> list[str]:
        return list(self._data(f"label/{label}/values", {"match[]": selectors}))

    def targets(self) -> list[Mapping[str, Any]]:
        """What it scrapes, with `labels`, `health` and `lastError`."""
        return list(self._data("targets", {"state": "active"})["activeTargets"])

    def rules(self) -> list[Mapping[str, Any]]:
        """Every rule, with its `name`, `type`, `health` and `lastError`."""
        return [rule for group in self._data("rules")["groups"] for rule in group["rules"]]

    def alerts(self) -> list[Mapping[str, Any]]:
        """Alerts that are pending or firing, with `labels` and `state`."""
        return list(self._data("alerts")["alerts"])

    def close(self) -> None:
        self._session.close()

    def _data(self, path: str, asked: Mapping[str, Any] | None = None) -> Any:
        url = f"{self.url}/api/v1/{path}"
        answer = self._session.get(url, params=asked, timeout=ANSWER_SECONDS)
        document = answer.json()
        if document["status"] != "success":
            raise QueryRefused(document["error"])
        return document["data"]


class Prometheus(Client):
    """Within the block one runs with `folder`/prometheus.yml, on a free port of the loopback.

    It ends when we do, however we end, and its data with it. CannotWatch if it cannot be had.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__("")
        self.log = folder / "prometheus.log"
        self._config = folder / "prometheus.yml"
        self._started = ExitStack()

    def __enter__(self) -> Self:
        program = prometheus_program()
        with ExitStack() as started:
            data = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="prometheus-")))
            started.callback(self.close)
            self._start(program, data, started)
            self._started = started.pop_all()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._started.close()

    def _start(self, program: str, data: Path, started: ExitStack) -> None:
        command = [
            program,
            f"--config.file={self._config.absolute()}",
            f"--storage.tsdb.path={data}",
            f"--web.listen-address={HOST}:0",
            "--log.format=json",
            "--enable-feature=exemplar-storage",
        ]
        with self.log.open("wb") as log:
            kept = ChildProcess(command, signal="TERM", log=log, who={"env": _environ()})
        started.callback(kept.end, STOP_SECONDS)
        self._wait(kept)

    def _wait(self, kept: ChildProcess) -> None:
        give_up = time.monotonic() + READY_SECONDS
        while not self._is_up():
            if not kept.running or time.monotonic() > give_up:
                raise CannotWatch(f"Prometheus did not start: {_last_lines(self.log)}")
            time.sleep(POLL_INTERVAL_SECONDS)

    def _is_up(self) -> bool:
        """Whether it is ready. It says in its log which free port it has taken."""
        self.url = self.url or _address(self.log)
        return bool(self.url) and self.is_ready()


def _sample(labels: Labels, value: Sequence[Any]) -> Sample:
    at, number = _point(value)
    return Sample(labels, number, at)


def _point(value: Sequence[Any]) -> tuple[float, float]:
    return float(value[0]), float(value[1])


def _address(log: Path) -> str:
    for line in _lines(log):
        if line.get("msg") == "Listening on":
            return f"http://{line['address']}"
    return ""


def _last_lines(log: Path) -> str:
    last = [str(line.get("err") or line.get("msg")) for line in _lines(log)[-2:]]
    return "; ".join(last) or "it printed nothing"


def _lines(log: Path) -> list[Mapping[str, Any]]:
    """The whole lines of its log so far; what is not JSON comes as a message."""
    found = []
    for line in log.read_text().split("\n")[:-1]:
        try:
            found.append(json.loads(line))
        except ValueError:
            found.append({"msg": line})
    return found


def _environ() -> dict[str, str]:
    """Without our secrets."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "TZ") if name in os.environ}
