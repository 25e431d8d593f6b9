"""Slices of a core for a server's threads, by the kernel's CPU quotas.

On two cores a server with two shards has no cores left for its clients. A server that may use a quarter of a core for each
shard leaves them enough, and shows what a second shard adds.
"""

import contextlib
import os
import pathlib

QUOTAS = pathlib.Path("/sys/fs/cgroup/cpu")  # of cgroup v1: v2 does not part a process's threads so easily
PERIOD_US = 4000
SLICE_US = 1000  # the least that the kernel takes


def have_slices():
    return os.access(QUOTAS / "cpu.cfs_quota_us", os.R_OK) and os.access(QUOTAS, os.W_OK)


def thread_names(pid):
    return {int(task.name): (task / "comm").read_text().strip() for task in pathlib.Path(f"/proc/{pid}/task").iterdir()}


@contextlib.contextmanager
def sliced(pid, shards):
    """Every shard but the first has a slice, and all else that the server does shares that of the first."""
    folders = [QUOTAS / f"roomcast-bench-{pid}-{number}" for number in range(shards)]
    try:
        for folder in folders:
            folder.mkdir()
            (folder / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (folder / "cpu.cfs_quota_us").write_text(str(SLICE_US))
        names = thread_names(pid)
        missing = {f"shard-{number}" for number in range(shards)} - set(names.values()) if shards > 1 else set()
        if missing:
            raise RuntimeError(f"the edge has no threads {missing}")
        for tid, name in names.items():
            number = int(name.removeprefix("shard-")) if name.startswith("shard-") else 0
            (folders[number] / "tasks").write_text(str(tid))
        yield
    finally:
        for folder in folders:
            with contextlib.suppress(FileNotFoundError):
                for tid in (folder / "tasks").read_text().split():
                    with contextlib.suppress(ProcessLookupError):
                        (QUOTAS / "tasks").write_text(tid)
                folder.rmdir()
