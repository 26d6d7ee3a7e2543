from prometheus_client import REGISTRY

from store.metrics.rpc import CODES, announce


def test_what_is_announced_is_seen_before_the_first_call() -> None:
    announce("store.test.v1.Announced", ["Say", "Ask"])
    for method in ("Say", "Ask"):
        for code in CODES:
            labels = {"method": f"store.test.v1.Announced/{method}", "code": code}
            assert REGISTRY.get_sample_value("rpc_request_duration_seconds_count", labels) == 0
