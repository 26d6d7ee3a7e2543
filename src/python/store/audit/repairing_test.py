import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from store.audit.audit import Rules
from store.audit.corruptions.all_kinds import VIOLATIONS
from store.audit.corruptions.of_money import UNCAPTURED
from store.audit.corruptions.planted import CAPTURED, STOCK
from store.audit.corruptions.planted import Planted as Violation
from store.audit.corruptions.rows import SOLD
from store.audit.repairing import Planned, hands_for, planned, repairs
from store.audit.repairs.money import CapturePayment
from store.audit.repairs.remedy import NotRepaired
from store.audit.repairs.testing import LivingStore
from store.audit.testing import found_in
from store.proof.main import commands

REPAIRABLE = {
    name: planted for name, planted in VIOLATIONS.items() if planted.left != planted.noticed_by
}


@pytest.mark.parametrize("planted", REPAIRABLE.values(), ids=REPAIRABLE.keys())
def test_it_is_repaired_when(living_store: LivingStore, planted: Violation) -> None:
    living_store.plant(planted.sql)
    found = living_store.audit()
    assert found_in(found) == planted.noticed_by
    done, after = living_store.repaired(found)
    assert [repair.outcome for repair in done if not repair.done] == []
    assert found_in(after) == planted.left


def test_a_repair_may_be_repeated(living_store: LivingStore) -> None:
    living_store.plant(VIOLATIONS["a sold order was authorised and never captured"].sql)
    plans = planned(living_store.audit())
    with hands_for(living_store.where) as hands:
        (first,) = repairs(plans, living_store.where, hands)
        (again,) = repairs(plans, living_store.where, hands)
        assert first.done
        assert (again.done, again.outcome) == (False, "it is otherwise by now")
        assert plans[0].remedy.apply(hands) == "2000 EUR are captured"  # as if it broke off before
    assert found_in(living_store.audit(Rules(anyway=frozenset({SOLD})))) == set()


def test_a_capture_whose_key_the_gateway_remembers_is_made_all_the_same(
    living_store: LivingStore,
) -> None:
    living_store.plant({"gateway": UNCAPTURED})
    gateway = living_store.where.gateway
    gateway.settle("capture", "pi_sold", f"order-{SOLD}-capture")
    living_store.spoil("gateway", UNCAPTURED)  # restored, but for what it remembers of keys
    done, after = living_store.repaired(living_store.audit(Rules(anyway=frozenset({SOLD}))))
    assert [repair.outcome for repair in done] == ["2000 EUR are captured"]
    assert found_in(after) == set()


def test_stock_that_was_sold_to_somebody_else_is_left_to_a_person(
    living_store: LivingStore,
) -> None:
    living_store.plant(VIOLATIONS["a sold order's stock was sold to somebody else"].sql)
    (left,), after = living_store.repaired(living_store.audit())
    assert not left.done
    assert left.outcome.startswith("inventory says out_of_stock")
    assert found_in(after) == {STOCK}


def test_what_a_person_has_to_decide_is_not_touched(living_store: LivingStore) -> None:
    both = VIOLATIONS["a rejected order was charged, and has an authorisation besides"]
    living_store.plant(both.sql)
    done, after = living_store.repaired(living_store.audit())
    assert [repair.outcome for repair in done] == ["the payment is canceled"]
    assert found_in(after) == both.left
    assert living_store.where.gateway.look("pi_planted")["status"] == "succeeded"


def test_another_amount_than_the_order_s_is_never_captured(living_store: LivingStore) -> None:
    living_store.plant({"gateway": UNCAPTURED})
    wrong = Planned(CAPTURED, f"order {SOLD}", CapturePayment(SOLD, "pi_sold", 1999, "EUR"))
    with hands_for(living_store.where) as hands:
        (left,) = repairs([wrong], living_store.where, hands)
        with pytest.raises(NotRepaired, match="another amount"):
            wrong.remedy.apply(hands)
    assert (left.done, left.outcome) == (False, "it is otherwise by now")
    assert living_store.where.gateway.look("pi_sold")["status"] == "requires_capture"


def test_a_service_that_is_down_stops_no_other_repair(living_store: LivingStore) -> None:
    released = VIOLATIONS["a rejected order's stock is still held"].sql
    cancelled = VIOLATIONS["a rejected order still holds the buyer's money"].sql
    living_store.plant({**released, **cancelled})
    nowhere = replace(living_store.where, inventory_address="127.0.0.1:9")
    plans = planned(living_store.audit())
    with hands_for(nowhere) as hands:
        done = {repair.done: repair.outcome for repair in repairs(plans, nowhere, hands)}
    assert done[True] == "the payment is canceled"
    assert done[False].startswith("inventory says unanswered")


@pytest.mark.parametrize("options", [["--yes"], ["--dry-run"]])
def test_the_command_repairs_and_its_exit_status_is_that_of_the_second_audit(
    living_store: LivingStore, options: list[str]
) -> None:
    living_store.plant(VIOLATIONS["there is an authorisation without an order"].sql)
    command = ["audit", "--json", "--repair", *options]
    said = CliRunner().invoke(commands(), command, env=environ_of(living_store))
    report = json.loads(said.stdout)
    (repair,) = report["repairs"]
    assert repair["repair"] == "cancel payment pi_planted, which was not captured"
    if options == ["--dry-run"]:
        assert (said.exit_code, report["findings"], repair["done"]) == (1, 1, False)
        assert living_store.where.gateway.look("pi_planted")["status"] == "requires_capture"
    else:
        assert (said.exit_code, report["findings"], report["before"]["findings"]) == (0, 0, 1)
        assert repair["done"]


def environ_of(store: LivingStore) -> dict[str, str]:
    databases = {f"{name.upper()}_DATABASE_URL": url for name, url in store.urls.items()}
    return databases | {
        "PAYMENT_API_URL": store.where.gateway.url,
        "PAYMENT_API_KEY": store.where.gateway.key,
        "INVENTORY_ADDRESS": store.where.inventory_address or "",
        "INVENTORY_RPC_KEY": store.where.inventory_key or "",
    }
