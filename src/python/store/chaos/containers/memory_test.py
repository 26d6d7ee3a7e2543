from pathlib import Path

import pytest

from store.chaos.containers.memory import Usage, usage_of

MEBI = 2**20


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "proc/7").mkdir(parents=True)
    return tmp_path / "proc"


def put(file: Path, text: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{text}\n")


def test_pages_of_files_that_nobody_uses_do_not_count(tmp_path: Path, proc: Path) -> None:
    put(proc / "7/cgroup", "0::/system.slice/docker-abc.scope")
    group = tmp_path / "cgroup/system.slice/docker-abc.scope"
    put(group / "memory.current", 100 * MEBI)
    put(group / "memory.stat", f"anon 1\ninactive_file {30 * MEBI}")
    put(group / "cpu.stat", "usage_usec 2500000\nuser_usec 1")
    assert usage_of(7, tmp_path / "cgroup", proc) == Usage(70 * MEBI, 2.5)


def test_older_kernels_have_a_cgroup_for_each_controller(tmp_path: Path, proc: Path) -> None:
    put(proc / "7/cgroup", "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n0::/ignored")
    memory, cpu = tmp_path / "cgroup/memory/docker/abc", tmp_path / "cgroup/cpuacct/docker/abc"
    put(memory / "memory.usage_in_bytes", 50 * MEBI)
    put(memory / "memory.stat", f"inactive_file 1\ntotal_inactive_file {10 * MEBI}")
    put(cpu / "cpuacct.usage", 1_500_000_000)
    assert usage_of(7, tmp_path / "cgroup", proc) == Usage(40 * MEBI, 1.5)


def test_of_a_process_that_has_gone_nothing_is_known(tmp_path: Path, proc: Path) -> None:
    assert usage_of(8, tmp_path / "cgroup", proc) is None
    assert usage_of(None, tmp_path / "cgroup", proc) is None
