import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from store.server.errors import Unavailable
from store.server.process import repairs
from store.server.process.repairs import LeftAlone, StaleProposal, repaired

PROGRAM = f"""
import logging, sys
from {repairs.__name__} import repair_what_is_proposed

def do(order_id):
    logging.warning("at work on %s", order_id)
    print("and said so")
    return "done"

logging.basicConfig(stream=sys.stdout)
repair_what_is_proposed("orders", {{"make_due": do}})
"""


def proposal(kind: str = "make_due", service: str = "orders", **facts: str) -> str:
    said = {"service": service, "kind": kind, "subject": "order 1", "check": "x", "facts": facts}
    return json.dumps(said) + "\n"


def outcomes(*lines: str) -> list[tuple[bool, str]]:
    def do(order_id: str) -> str:
        trouble: Mapping[str, Exception] = {
            "old": StaleProposal(),
            "busy": LeftAlone("somebody is at work on it"),
            "down": Unavailable("The database is away."),
            "bad": ZeroDivisionError(),
        }
        if order_id in trouble:
            raise trouble[order_id]
        return f"{order_id} is due now"

    results = list(repaired(lines, "orders", {"make_due": do}))
    return [(result["repaired"], result["outcome"]) for result in results]


def test_each_proposal_has_a_result_and_none_stops_another() -> None:
    ids = ("old", "busy", "down", "bad", "1")
    assert outcomes(*(proposal(order_id=each) for each in ids)) == [
        (False, "it is otherwise by now"),
        (False, "somebody is at work on it"),
        (False, "unavailable: The database is away."),
        (False, "it broke off, and the log says why"),
        (True, "1 is due now"),
    ]


def test_those_of_others_are_passed_over() -> None:
    assert outcomes(proposal(service="inventory", order_id="1"), "\n", "what?\n", "[]\n") == []


def test_a_kind_or_facts_that_this_version_does_not_know_change_nothing() -> None:
    unknown = outcomes(proposal("abolish", order_id="1"), proposal(order_id="1", colour="red"))
    assert [done for done, _ in unknown] == [False, False]


def test_standard_output_has_the_results_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=proposal(order_id="1"),
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    assert result == {"repaired": True, "kind": "make_due", "subject": "order 1", "outcome": "done"}
    assert "at work on 1" in done.stderr
    assert "and said so" in done.stderr
