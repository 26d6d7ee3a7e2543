from store.audit.audit import Result
from store.audit.checks.findings import Difference, Tally
from store.audit.checks.totals import Totals
from store.chaos.verdict import Verdict, findings_of


def test_a_verdict_is_well_when_nothing_is_wrong() -> None:
    assert Verdict("storm", {}).is_well
    assert not Verdict("storm", {}, ["lost"]).is_well


def test_every_finding_of_the_audit_is_a_wrong_and_the_forgotten_ones_are_counted() -> None:
    tally = Tally("ledgers add up", "something is missing", max_findings=1)
    tally.count("MUG in berlin", Difference("5", "4"))
    tally.count("CUP in berlin", Difference("2", "1"))
    assert [*findings_of(Result([tally], Totals(), 0))] == [
        "ledgers add up: MUG in berlin: expected 5, found 4",
        "ledgers add up: 1 more",
    ]
