"""What runs to its end waits for whom it needs, and backups survive a bad night."""

from collections.abc import Callable
from typing import Any

import pytest

from store.charttest import jobs
from store.charttest.objects import Objects
from store.charttest.quantities import amount
from store.charttest.testing import planted, rendered
from store.charttest.workloads import SERVING, replicas

SERVICES = ("users", "inventory", "orders", "gateway")


def schedules(**values: Any) -> list[str]:
    objects = rendered({"backups": values})
    return [
        objects.one("CronJob", f"store-{service}-backup").spec["schedule"] for service in SERVICES
    ]


def test_whatever_runs_to_its_end_waits_for_a_network_that_is_not_open_yet(
    objects: Objects, upgraded: Objects
) -> None:
    assert jobs.impatient(objects) == []
    assert jobs.impatient(upgraded) == []


def test_a_finished_job_is_kept_by_its_age(objects: Objects) -> None:
    assert jobs.lost_to_history(objects) == []


def test_backups_begin_one_after_the_other(objects: Objects) -> None:
    assert jobs.crowding(objects) == []


def test_a_backup_that_fails_or_is_missed_is_made_up_for(objects: Objects) -> None:
    assert jobs.giving_up_early(objects) == []


def test_each_database_is_dumped_five_minutes_after_the_one_before() -> None:
    assert schedules() == [f"{minute} 2 * * *" for minute in (17, 22, 27, 32)]
    assert schedules(schedule="50 23 * * 1-5") == [
        f"{minute} 23 * * 1-5" for minute in (50, 55, 0, 5)
    ]
    assert schedules(schedule="08 02 * * *") == [f"{minute} 02 * * *" for minute in (8, 13, 18, 23)]
    assert schedules(schedule="00 2 * * *") == [f"{minute} 2 * * *" for minute in (0, 5, 10, 15)]


def test_a_schedule_that_is_no_plain_minute_is_taken_as_it_is() -> None:
    assert schedules(schedule="@daily") == ["@daily"] * 4
    assert schedules(schedule="*/15 * * * *") == ["*/15 * * * *"] * 4


def test_a_database_may_have_a_schedule_of_its_own() -> None:
    own = {"orders": "0 4 * * *"}
    assert schedules(schedules=own) == ["17 2 * * *", "22 2 * * *", "0 4 * * *", "32 2 * * *"]


def test_one_process_of_each_service_tells_of_its_dumps_where_there_are_any() -> None:
    publishing = {
        pod.component
        for pod in rendered().pods
        for container in pod.containers
        if "BACKUPS_EXPECTED" in container.env
    }
    assert publishing == set(SERVICES)
    without = rendered({"backups": {"enabled": False}})
    assert not any("BACKUPS_EXPECTED" in each.env for each in without.containers)


def test_by_default_all_that_serve_ask_for_less_than_two_gibibytes() -> None:
    objects = rendered()
    asked = sum(
        replicas(objects, pod) * amount(container.resources["requests"]["memory"])
        for pod in objects.pods
        if pod.owner.kind in SERVING
        for container in pod.containers
    )
    assert asked < 2 * 2**30


def job(manifest: Any) -> Any:
    return manifest["spec"]["jobTemplate"]["spec"]


BACKUP, RESTORE = ("CronJob", "store-orders-backup"), ("CronJob", "store-orders-restore")

FAULTS: list[
    tuple[Callable[[Objects], list[str]], tuple[str, str], Callable[[Any], object], str]
] = [
    (
        jobs.impatient,
        RESTORE,
        lambda it: job(it)["template"]["spec"]["containers"][0]["env"].pop(),
        "store-orders-restore: waits for 0 s",
    ),
    (
        jobs.impatient,
        ("Pod", "store-test"),
        lambda it: it["spec"]["containers"][0].update(args=["load"]),
        "pod of Pod/store-test: waits for 0 s",
    ),
    (
        jobs.lost_to_history,
        BACKUP,
        lambda it: it["spec"].update(failedJobsHistoryLimit=1),
        "1 Jobs",
    ),
    (jobs.lost_to_history, BACKUP, lambda it: job(it).pop("ttlSecondsAfterFinished"), "for ever"),
    (jobs.crowding, BACKUP, lambda it: it["spec"].update(schedule="17 2 * * *"), "as others"),
    (jobs.giving_up_early, BACKUP, lambda it: job(it).update(backoffLimit=1), "gives up early"),
    (jobs.giving_up_early, BACKUP, lambda it: it["spec"].pop("concurrencyPolicy"), "twice at once"),
    (
        jobs.giving_up_early,
        BACKUP,
        lambda it: it["spec"].pop("startingDeadlineSeconds"),
        "not made",
    ),
]


@pytest.mark.parametrize(("promise", "where", "fault", "message"), FAULTS)
def test_a_planted_fault_is_found(
    promise: Callable[[Objects], list[str]],
    where: tuple[str, str],
    fault: Callable[[Any], object],
    message: str,
) -> None:
    assert [each for each in promise(planted(*where, fault)) if message in each]
