import json

import pytest

from store.monitoring.targets import SERVICE_OF, job_of, targets_json


def test_a_target_has_its_address_its_job_and_the_service_of_it() -> None:
    assert json.loads(targets_json({"inventory-rpc": "127.0.0.1:9012"})) == [
        {"targets": ["127.0.0.1:9012"], "labels": {"job": "inventory-rpc", "service": "inventory"}}
    ]


def test_replicas_are_instances_of_one_job() -> None:
    written = json.loads(
        targets_json({"orders-1": "a:1", "orders-2": "b:1", "orders-work-1": "c:1"})
    )
    assert [target["labels"]["job"] for target in written] == ["orders", "orders", "orders-work"]
    assert {target["labels"]["service"] for target in written} == {"orders"}


@pytest.mark.parametrize("job", SERVICE_OF)
def test_a_single_process_is_called_as_its_job(job: str) -> None:
    assert job_of(job) == job


def test_a_process_that_nobody_knows_is_refused() -> None:
    with pytest.raises(KeyError, match="basement"):
        targets_json({"basement": "127.0.0.1:1"})
