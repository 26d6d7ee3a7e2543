"""PostgreSQL's program is killed, doubled and broken off: its data stay, and the next start works."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from signal import SIGINT, SIGKILL, SIGTERM

import pytest

from store.postgres.testing import Container

CRASHED = "not properly shut down"


def wait_for(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.002)


@pytest.mark.parametrize("seconds", [0.05, 0.3, 0.6, 0.9, 1.3])
def test_a_kill_at_any_moment_of_the_first_start_is_survived(
    fresh: Container, seconds: float
) -> None:
    fresh.begin()
    time.sleep(seconds)
    os.killpg(fresh.pid, SIGKILL)  # as when the container is killed
    fresh.stop()
    fresh.start()
    fresh.ask("CREATE TABLE things ()")


def test_a_kill_between_making_the_folder_and_naming_it_is_survived(fresh: Container) -> None:
    unfinished = fresh.data.with_name("postgres.new")
    fresh.begin()
    wait_for(lambda: (unfinished / "PG_VERSION").exists())
    os.killpg(fresh.pid, SIGKILL)
    fresh.stop()
    assert not fresh.data.exists()
    fresh.start()
    assert not unfinished.exists()
    fresh.ask("CREATE TABLE things ()")


def test_a_crash_loses_nothing_and_whoever_is_still_at_work_is_waited_for(
    fresh: Container,
) -> None:
    fresh.start()
    fresh.ask("CREATE TABLE notes AS SELECT 'kept' AS note")
    with ThreadPoolExecutor(1) as beside:
        count = "SELECT count(*) FROM generate_series(1, 8000000)"
        busy = beside.submit(fresh.ask, count)
        at_work = "SELECT count(*) FROM pg_stat_activity WHERE query = " + repr(count)
        wait_for(lambda: fresh.ask(at_work, "postgres") == [1])
        assert fresh.end(SIGKILL) == -SIGKILL  # the first process alone
        assert not busy.done()
        fresh.start()
        assert busy.done()
    assert CRASHED in fresh.log
    assert fresh.ask("SELECT note FROM notes") == ["kept"]


def test_a_note_of_a_process_that_lives_again_under_its_number_is_no_hindrance(
    fresh: Container,
) -> None:
    fresh.start()
    fresh.end(SIGKILL)
    note = fresh.data / "postmaster.pid"
    lines = note.read_text().splitlines()
    note.write_text("\n".join([str(os.getpid()), *lines[1:]]))
    fresh.start()
    assert fresh.ask("SELECT 1") == [1]


def test_two_on_one_volume_do_not_meet(fresh: Container, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh.start()
    second = Container(fresh.volume)
    second.begin()
    try:
        wait_for(lambda: "Waiting" in second.log)
        assert fresh.ask("SELECT 1") == [1]
        fresh.end()
        wait_for(second.takes_connections)
    finally:
        second.stop()


@pytest.mark.parametrize("number", [SIGINT, SIGTERM])
def test_it_ends_when_told_to_while_it_is_still_preparing(fresh: Container, number: int) -> None:
    fresh.begin()
    wait_for(lambda: fresh.data.with_name("postgres.new").exists())
    assert fresh.end(number) in (130, 128 + SIGTERM)
    fresh.start()
