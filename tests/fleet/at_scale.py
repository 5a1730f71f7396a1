"""Sweeps of many runs: how fast, how much memory, and whether anything is lost. What `scripts/check-fleet` runs.

Throughput is compared by the processor's time for a run, which other programs of the machine do not change, and by the
clock, which they do.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from ring3.fleet import parquet
from ring3.fleet.progress import Progress
from ring3.fleet.sweep import sweep
from tests.cli.command import HELLO
from tests.support.dask_cluster import Cluster

LEAST: Final = 0.9
"""Of the throughput of plain processes."""
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_CUT_OFF: Final = """
import os, signal, sys
from ring3.fleet.sweep import sweep
def tell(progress):
    if progress.made >= int(sys.argv[4]): os.kill(os.getpid(), signal.SIGKILL)
sweep(sys.argv[1], sys.argv[2], scheduler=sys.argv[3], tell=tell)
"""


class Cost(NamedTuple):
    """What a sweep cost.

    Attributes:
        seconds: By the clock.
        processor: Of the processor, in all processes.
    """

    seconds: float
    processor: float


def main(words: list[str]) -> None:
    """Makes the sweeps and says what they cost."""
    runs, many = map(int, words)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(HELLO, folder / "hello")
        _plan(folder / "plan.toml", runs)
        _plan(folder / "many.toml", many)
        cluster = Cluster(folder / "workers")
        cluster.start_scheduler()
        for _ in range(2):
            cluster.start_worker()
        try:
            _compare(folder, cluster, runs)
            _disturb(folder, cluster, runs)
        finally:
            cluster.close()
        _grow(folder, many)


def _plan(path: Path, runs: int) -> None:
    path.write_text(f'seeds = "0..{runs - 1}"\n[[program]]\npath = "hello"\n')


def _compare(folder: Path, cluster: Cluster, runs: int) -> None:
    """Two processes, then two workers."""
    with _measured(list) as here:
        _sweep(folder, "plan", "here", jobs=2)
    with _measured(lambda: cluster.pids) as there:
        _sweep(folder, "plan", "there", scheduler=cluster.address)
    (by_processes,), (by_workers,) = here, there
    for name, cost in (("two processes", by_processes), ("two Dask workers", by_workers)):
        each = 1000 * cost.processor / runs
        print(f"{runs} runs by {name}: {cost.seconds:.0f} s, {each:.1f} ms of the processor a run")
    ratio = by_processes.processor / by_workers.processor
    clock = by_processes.seconds / by_workers.seconds
    print(f"throughput of workers: {ratio:.2f} of that of processes, {clock:.2f} by the clock")
    assert ratio > LEAST
    assert _same(folder, "here", "there")


def _disturb(folder: Path, cluster: Cluster, runs: int) -> None:
    """A worker killed, the scheduler started again, the sweep killed and gone on with."""
    command = [
        sys.executable,
        "-c",
        _CUT_OFF,
        str(folder / "plan.toml"),
        str(folder / "disturbed"),
        cluster.address,
    ]
    killed = subprocess.run([*command, str(runs // 4)], check=False)
    assert killed.returncode == -signal.SIGKILL
    left: list[Callable[[], object]] = [
        cluster.kill_worker,
        cluster.start_worker,
        cluster.restart,
        cluster.start_worker,
    ]

    def tell(progress: Progress) -> None:
        if left and progress.made > (5 - len(left)) * runs // 8:
            left.pop(0)()

    made = _sweep(folder, "plan", "disturbed", scheduler=cluster.address, tell=tell)
    print(
        f"a sweep was killed after {runs // 4} runs; the next, with its worker and its scheduler killed, made {made}"
    )
    assert not left
    assert made <= runs - runs // 4 + 1000
    assert _same(folder, "here", "disturbed")
    print("the Parquet file is that of the first sweep, to the byte")


def _grow(folder: Path, many: int) -> None:
    """Memory of this process, and of the greatest that made runs, as their number grows."""
    seen: dict[int, int] = {}

    def tell(progress: Progress) -> None:
        mark = progress.made * 10 // many
        if mark not in seen:
            seen[mark] = _resident()

    made = _sweep(folder, "many", "many", jobs=2, tell=tell)
    least, most = min(seen.values()), max(seen.values())
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    mine = f"{least >> 10} to {most >> 10} MiB"
    print(f"{made} runs: this process has {mine}, the greatest of the others {children >> 10} MiB")
    assert most - least < 32 << 10


def _sweep(folder: Path, plan: str, output: str, **options: object) -> int:
    with sweep(folder / f"{plan}.toml", folder / output, **options) as made:  # type: ignore[arg-type]
        parquet.write(str(folder / f"{output}.parquet"), made.rows())
        return made.made


def _same(folder: Path, *outputs: str) -> bool:
    return len({(folder / f"{output}.parquet").read_bytes() for output in outputs}) == 1


@contextlib.contextmanager
def _measured(others: Callable[[], list[int]]) -> Iterator[list[Cost]]:
    """What is spent meanwhile by this process, its children, and other processes with theirs."""
    found: list[Cost] = []
    before, began = _spent(others()), time.monotonic()
    yield found
    found.append(Cost(time.monotonic() - began, _spent(others()) - before))


def _spent(pids: list[int]) -> float:
    times = os.times()
    total = times.user + times.system + times.children_user + times.children_system
    for pid in pids:
        with contextlib.suppress(OSError):
            total += sum(_ticks(one) for one in (pid, *_children(pid))) / _TICKS
    return total


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15]))


def _children(pid: int) -> list[int]:
    return [
        int(word)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for word in (task / "children").read_text().split()
    ]


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() >> 10


if __name__ == "__main__":
    main(sys.argv[1:])
