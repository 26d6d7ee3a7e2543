"""What everything that runs to its end promises: Jobs, CronJobs and hooks. Each function yields who breaks it."""

from collections.abc import Iterator

from store.charttest.objects import Container, Objects

ENDING = ("Job", "CronJob", "Pod")
"""The kinds of workloads that run to their end."""

MIN_TIMEOUT_SECONDS = 60
"""So long a new pod may have to wait for its network, and for a database that is only starting."""

OWN_TIMEOUT = {"smoke": 80, "demo": 120}
"""Seconds that commands wait by themselves: loadtest/smoke/steps.py, loadtest/demo/command.py."""


def impatient(objects: Objects) -> list[str]:
    """Whoever's first connection may be refused waits, and tries again."""
    return [
        f"{container}: waits for {timeout} s"
        for container in _ending(objects)
        if (timeout := _timeout(container)) < MIN_TIMEOUT_SECONDS
    ]


def lost_to_history(objects: Objects) -> list[str]:
    """A finished Job is kept by its age, whoever has made it, and not by how many there are."""
    found = []
    for each in objects.of("CronJob"):
        limits = [each.spec.get(f"{how}JobsHistoryLimit", 0) for how in ("successful", "failed")]
        if min(limits) < 50:
            found.append(f"{each}: keeps only {min(limits)} Jobs")
        if not each.spec["jobTemplate"]["spec"].get("ttlSecondsAfterFinished"):
            found.append(f"{each}: keeps its Jobs for ever")
    return found


def crowding(objects: Objects) -> list[str]:
    """No two CronJobs begin in the same minute; one that waits for a person never does."""
    due = [each for each in objects.of("CronJob") if not each.spec.get("suspend")]
    at = {each.name: each.spec["schedule"] for each in due}
    return [
        f"{name}: at {schedule}, as others"
        for name, schedule in at.items()
        if list(at.values()).count(schedule) > 1
    ]


def giving_up_early(objects: Objects) -> list[str]:
    """What is due by itself is tried again when it fails, never twice at once, and made up for if missed."""
    found = []
    for each in (job for job in objects.of("CronJob") if not job.spec.get("suspend")):
        if each.spec["jobTemplate"]["spec"].get("backoffLimit", 6) < 3:
            found.append(f"{each}: gives up early")
        if each.spec.get("concurrencyPolicy") != "Forbid":
            found.append(f"{each}: may run twice at once")
        if each.spec.get("startingDeadlineSeconds", 0) < 3600:
            found.append(f"{each}: is not made up for")
    return found


def _ending(objects: Objects) -> Iterator[Container]:
    for pod in objects.pods:
        if pod.owner.kind in ENDING:
            yield from pod.containers


def _timeout(container: Container) -> int:
    [command, *_] = container.manifest.get("args") or [""]
    variable = container.env.get("DATABASE_WAIT_SECONDS")
    return int((variable and variable.value) or OWN_TIMEOUT.get(command, 0))
