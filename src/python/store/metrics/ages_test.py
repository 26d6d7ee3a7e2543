from prometheus_client import REGISTRY

from store.metrics.ages import SeenAge

clock = [100.0]
age = SeenAge("oldest_test_seconds", "Age of the oldest test.", 5.0, lambda: clock[0])


def shown() -> float | None:
    return REGISTRY.get_sample_value("oldest_test_seconds")


def test_an_age_is_what_was_last_seen() -> None:
    age.see(7.0)
    clock[0] += 10.0
    assert shown() == 7.0
    age.see(0.5)
    assert shown() == 0.5


def test_an_age_grows_when_nobody_looks_any_more() -> None:
    age.see(7.0)
    clock[0] += 60.0
    assert shown() == 67.0
    age.see(1.0)
    assert shown() == 1.0


def test_what_was_nothing_stays_nothing() -> None:
    age.see(0.0)
    clock[0] += 60.0
    assert shown() == 0.0
