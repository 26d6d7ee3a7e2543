"""Says at the end of a run of tests how many were skipped, one line a reason.

Pants runs pytest many times and shows only what failed, so nobody would see that tests did not run.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any
from xml.etree import ElementTree

from pants.engine.fs import Snapshot
from pants.engine.rules import collect_rules, rule
from pants.engine.streaming_workunit_handler import (
    StreamingWorkunitContext,
    WorkunitsCallback,
    WorkunitsCallbackFactory,
    WorkunitsCallbackFactoryRequest,
)
from pants.engine.unions import UnionRule

logger = logging.getLogger(__name__)


class SkippedTests(WorkunitsCallback):
    def __init__(self) -> None:
        self._reports: list[Snapshot] = []

    @property
    def can_finish_async(self) -> bool:
        return False  # the lines belong to this run's output

    def __call__(
        self,
        *,
        completed_workunits: tuple[dict[str, Any], ...],
        finished: bool,
        context: StreamingWorkunitContext,
        **_: object,
    ) -> None:
        artifacts = (workunit.get("artifacts", {}) for workunit in completed_workunits)
        self._reports += [each["xml_results"] for each in artifacts if "xml_results" in each]
        if not finished:
            return
        contents = context.snapshots_to_file_contents(self._reports) if self._reports else ()
        reasons = Counter(
            skipped.get("message", "")
            for report in contents
            for file in report
            for skipped in ElementTree.fromstring(file.content).iter("skipped")
        )
        for reason, tests in reasons.most_common():
            logger.warning(f"skipped: {tests:,} test{'s' if tests > 1 else ''}: {reason}")
        if reasons:
            logger.warning("Pants remembers this; once what is missing is there, run them with --force.")


class SkippedTestsRequest:
    pass


@rule
async def skipped_tests(_: SkippedTestsRequest) -> WorkunitsCallbackFactory:
    return WorkunitsCallbackFactory(SkippedTests)


def rules():
    return [
        UnionRule(WorkunitsCallbackFactoryRequest, SkippedTestsRequest),
        *collect_rules(),
    ]
