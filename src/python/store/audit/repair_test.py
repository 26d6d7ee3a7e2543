import json
import subprocess
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner

from store.audit.addresses import AuditedStore
from store.audit.audit import Rules
from store.audit.checks import proposals
from store.audit.checks.proposals import CAPTURE_PAYMENT, propose
from store.audit.repair import handed_over, proposals_of, repairs
from store.audit.testing.corruptions.all_kinds import CORRUPTIONS
from store.audit.testing.corruptions.corruption import CAPTURED, STOCK, Corruption
from store.audit.testing.corruptions.money import UNCAPTURED
from store.audit.testing.corruptions.rows import SOLD
from store.audit.testing.living_store import LivingStore
from store.audit.testing.small_store import found_in
from store.devstack.runner import Program
from store.proof.main import commands

REPAIRABLE = {
    name: corruption
    for name, corruption in CORRUPTIONS.items()
    if corruption.left != corruption.noticed_by
}
SERVICES = ("orders", "inventory", "gateway")


@pytest.mark.parametrize("corruption", REPAIRABLE.values(), ids=REPAIRABLE.keys())
def test_it_is_repaired_when(living_store: LivingStore, corruption: Corruption) -> None:
    living_store.plant(corruption.sql)
    found = living_store.audit()
    assert found_in(found) == corruption.noticed_by
    done, after = living_store.repaired(found)
    assert [repair.outcome for repair in done if not repair.done] == []
    assert found_in(after) == corruption.left


def test_what_is_right_by_now_is_left_alone_by_its_service(living_store: LivingStore) -> None:
    stale = []
    for corruption in REPAIRABLE.values():
        living_store.plant(corruption.sql)
        stale += proposals_of(living_store.audit())
    kinds = {kind for kind in vars(proposals).values() if isinstance(kind, proposals.RepairKind)}
    assert {proposal.kind for proposal in stale} == kinds
    living_store.plant({})
    for service in SERVICES:
        theirs = [proposal for proposal in stale if proposal.kind.service == service]
        for result in handed_over(living_store.audited.repair_program(service), theirs):
            # A capture that was made is said again: it may have broken off before it was written down.
            assert result.done == (result.proposal.kind is CAPTURE_PAYMENT), result
    assert found_in(living_store.audit(Rules(grace=0))) == set()


def test_a_repair_may_be_repeated(living_store: LivingStore) -> None:
    living_store.plant(CORRUPTIONS["a sold order was authorised and never captured"].sql)
    found = proposals_of(living_store.audit())
    (first,) = repairs(found, living_store.audited)
    (again,) = repairs(found, living_store.audited)
    assert first.done
    assert (again.done, again.outcome) == (False, "it is otherwise by now")
    as_if_it_broke_off = handed_over(living_store.audited.repair_program("orders"), found)
    assert [repair.outcome for repair in as_if_it_broke_off] == ["2000 EUR are captured"]
    assert found_in(living_store.audit(Rules(anyway=frozenset({SOLD})))) == set()


def test_a_capture_whose_key_the_gateway_remembers_is_made_all_the_same(
    living_store: LivingStore,
) -> None:
    living_store.plant({"gateway": UNCAPTURED})
    living_store.capture("pi_sold", f"order-{SOLD}-capture")
    living_store.spoil("gateway", UNCAPTURED)  # restored, but for what it remembers of keys
    done, after = living_store.repaired(living_store.audit(Rules(anyway=frozenset({SOLD}))))
    assert [repair.outcome for repair in done] == ["2000 EUR are captured"]
    assert found_in(after) == set()


def test_stock_that_was_sold_to_somebody_else_is_left_to_a_person(
    living_store: LivingStore,
) -> None:
    living_store.plant(CORRUPTIONS["a sold order's stock was sold to somebody else"].sql)
    (left,), after = living_store.repaired(living_store.audit())
    assert not left.done
    assert left.outcome.startswith("inventory says out_of_stock")
    assert found_in(after) == {STOCK}


def test_what_a_person_has_to_decide_is_not_touched(living_store: LivingStore) -> None:
    both = CORRUPTIONS["a rejected order was charged, and has an authorisation besides"]
    living_store.plant(both.sql)
    done, after = living_store.repaired(living_store.audit())
    assert [repair.outcome for repair in done] == ["the payment is canceled"]
    assert found_in(after) == both.left
    assert living_store.payment("pi_planted")["status"] == "succeeded"


def test_another_amount_than_the_order_s_is_never_captured(living_store: LivingStore) -> None:
    living_store.plant({"gateway": UNCAPTURED})
    sold = {"order_id": SOLD, "intent_id": "pi_sold", "currency": "EUR"}
    wrong = replace(propose(CAPTURE_PAYMENT, **sold, amount=1999), check=CAPTURED)
    orders = living_store.audited.repair_program("orders")
    lefts = [*repairs([wrong], living_store.audited), *handed_over(orders, [wrong])]
    assert [(left.done, left.outcome) for left in lefts] == [(False, "it is otherwise by now")] * 2
    living_store.spoil("gateway", "UPDATE payment_intents SET amount = 1999 WHERE id = 'pi_sold'")
    (left,) = handed_over(orders, [propose(CAPTURE_PAYMENT, **sold, amount=2000)])
    assert (left.done, left.outcome) == (False, "another amount was authorised")
    assert living_store.payment("pi_sold")["status"] == "requires_capture"


class InventoryAway(AuditedStore):
    """Its inventory cannot reach its database."""

    url = "postgresql://inventory@127.0.0.1:9/inventory"

    def repair_program(self, service: str) -> Program:
        program = super().repair_program(service)
        environ = {**program.environ, "DATABASE_URL": self.url}
        return replace(program, environ=environ) if service == "inventory" else program


@pytest.mark.parametrize(
    ("url", "outcome"),
    [(InventoryAway.url, "database_unavailable"), ("", "inventory repair ended with status 2")],
)
def test_a_service_that_is_down_stops_no_other_repair(
    living_store: LivingStore, monkeypatch: pytest.MonkeyPatch, url: str, outcome: str
) -> None:
    released = CORRUPTIONS["a rejected order's stock is still held"].sql
    cancelled = CORRUPTIONS["a rejected order still holds the buyer's money"].sql
    living_store.plant({**released, **cancelled})
    monkeypatch.setattr(InventoryAway, "url", url)
    store = InventoryAway(**vars(living_store.audited))
    found = proposals_of(living_store.audit())
    done = {repair.done: repair.outcome for repair in repairs(found, store)}
    assert done[True] == "the payment is canceled"
    assert done[False].startswith(outcome)


@pytest.mark.parametrize("options", [["--yes"], ["--dry-run"]])
def test_the_command_repairs_and_its_exit_status_is_that_of_the_second_audit(
    living_store: LivingStore, options: list[str]
) -> None:
    living_store.plant(CORRUPTIONS["there is an authorisation without an order"].sql)
    command = ["audit", "--json", "--repair", *options]
    said = CliRunner().invoke(commands(), command, env=environ_of(living_store))
    report = json.loads(said.stdout)
    (repair,) = report["repairs"]
    assert repair["repair"] == "cancel payment pi_planted, which was not captured"
    if options == ["--dry-run"]:
        assert (said.exit_code, report["findings"], repair["done"]) == (1, 1, False)
        assert living_store.payment("pi_planted")["status"] == "requires_capture"
    else:
        assert (said.exit_code, report["findings"], report["before"]["findings"]) == (0, 0, 1)
        assert repair["done"]


def test_proposals_are_handed_to_services_that_run_elsewhere(living_store: LivingStore) -> None:
    released = CORRUPTIONS["a rejected order's stock is still held"].sql
    cancelled = CORRUPTIONS["a rejected order still holds the buyer's money"].sql
    living_store.plant({**released, **cancelled})
    said = CliRunner().invoke(commands(), ["audit", "--proposals"], env=environ_of(living_store))
    assert (said.exit_code, len(said.stdout.splitlines())) == (1, 2)
    results = [
        line for service in SERVICES for line in results_of(living_store, service, said.stdout)
    ]
    assert [(each["repaired"], each["outcome"]) for each in results] == [
        (True, "the reservation is released"),
        (True, "the payment is canceled"),
    ]
    rejected = frozenset(each["subject"].removeprefix("order ") for each in results)
    assert all(UUID(order_id) for order_id in rejected)
    assert found_in(living_store.audit(Rules(anyway=rejected))) == set()


def results_of(store: LivingStore, service: str, proposals: str) -> list[dict[str, Any]]:
    """What a service's program says to these lines."""
    program = store.audited.repair_program(service)
    done = subprocess.run(
        program.command,
        env=program.environ,
        input=proposals,
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def environ_of(store: LivingStore) -> dict[str, str]:
    databases = {f"{name.upper()}_DATABASE_URL": url for name, url in store.urls.items()}
    gateway = store.audited.gateway
    return databases | {"PAYMENT_API_URL": gateway.url, "PAYMENT_API_KEY": gateway.key}
