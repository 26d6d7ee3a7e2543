import json
import subprocess
import sys

from store.audit import audit
from store.audit.testing.corruptions.crowd import crowd
from store.audit.testing.small_store import SmallStore

MOST_GROWTH = 4 * 2**10  # KiB; twenty times as many rows in memory would be at least ten times this

AUDIT = f"""
import json, resource, sys
from {audit.__name__} import Rules, judged
from store.audit.books.snapshots import snapshots

with snapshots(json.load(sys.stdin)) as taken:
    result = judged(taken, Rules())
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([result.found, result.totals.by_currency["EUR"].orders, peak]))
"""


def test_memory_does_not_grow_with_the_number_of_orders(small_store: SmallStore) -> None:
    small_store.plant_all(crowd(2_000))
    few = audited_apart(small_store)
    small_store.start_over()
    small_store.plant_all(crowd(40_000))
    many = audited_apart(small_store)
    assert (few[:2], many[:2]) == ([0, 2_002], [0, 40_002])
    assert many[2] - few[2] < MOST_GROWTH


def audited_apart(store: SmallStore) -> list[int]:
    """Findings, sold orders and peak memory in KiB of an audit in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", AUDIT],
        input=json.dumps(store.urls),
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found: list[int] = json.loads(done.stdout)
    return found
