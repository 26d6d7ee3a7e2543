"""Computing beside the loop, in processes with and without gevent's patching."""

import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator

import pytest

from store.server.process import thread_offload
from store.server.process.thread_offload import Overload, offload_to_thread


def test_the_work_s_result_and_error_come_back() -> None:
    assert offload_to_thread(lambda: 6 * 7) == 42
    with pytest.raises(ZeroDivisionError):
        offload_to_thread(lambda: 1 // 0)


@pytest.fixture
def fresh_slots() -> Iterator[None]:
    thread_offload._slots.cache_clear()
    yield
    thread_offload._slots.cache_clear()


@pytest.mark.usefixtures("fresh_slots")
@pytest.mark.parametrize(
    ("processors", "at_once"), [(1, 1), (3, 3), (64, thread_offload.MAX_THREADS)]
)
def test_no_more_runs_at_once_than_there_are_processors_and_memory(
    processors: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(processors)))
    busy, done = threading.Semaphore(0), threading.Event()

    def occupy() -> None:
        busy.release()
        done.wait(10)

    threads = [threading.Thread(target=offload_to_thread, args=(occupy,)) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    assert all(busy.acquire(timeout=5) for _ in threads)
    with pytest.raises(Overload):
        offload_to_thread(lambda: None, wait_seconds=0.01)
    done.set()
    for thread in threads:
        thread.join(5)
    assert offload_to_thread(lambda: "free again") == "free again"


def test_under_gevent_the_loop_turns_while_a_thread_blocks() -> None:
    program = """
        from store.server.process.gevent_patch import patch_gevent
        patch_gevent()
        import gevent
        from gevent.monkey import get_original
        from store.server.process.thread_offload import offload_to_thread

        class Refused(Exception):
            pass

        def refuse():
            raise Refused

        go = get_original("threading", "Event")()
        # Only a turning loop can open the gate that the thread waits at.
        gevent.spawn(go.set)
        print(offload_to_thread(lambda: go.wait(10)))
        try:
            offload_to_thread(refuse)
        except Refused:
            print("refused")
    """
    answer = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True, text=True, timeout=30, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert (answer.stdout, answer.stderr) == ("True\nrefused\n", "")
