"""Sweeps: the runs of a plan are made, each once, and kept as soon as their outcomes are known."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from ring3.errors import UserError
from ring3.fleet import batch, plan, rows
from ring3.fleet.crew import Made, Worker
from ring3.fleet.local import LocalPool, Pool
from ring3.fleet.outcome import Outcome
from ring3.fleet.packing import Packer
from ring3.fleet.plan import Plan
from ring3.fleet.points import Choice, Find, Point, count, points
from ring3.fleet.progress import Meter, Progress
from ring3.fleet.rows import Row
from ring3.fleet.store import Store
from ring3.fleet.summary import Summary

_LOOKED_UP: Final = 256
"""Runs that are looked for in the store at a time."""
_COMMIT: Final = 0.5
"""Seconds after which what has been made is committed."""
_KEPT: Final = 512
"""Outcomes that are committed before that."""
_TURN: Final = 0.25
"""Seconds after which progress is told though nothing has been made."""
SHORTEST: Final = 4
"""Letters of a name that are enough if no other name begins with them."""


class Sweep:
    """A plan and what has come of it so far.

    Attributes:
        plan: The plan.
        output: The directory that outcomes are in.
        made: Runs that were made by this sweep; others had been made before.
    """

    def __init__(self, wanted: Plan, output: str, only: Mapping[str, str] | None = None) -> None:
        """Opens what has come of a plan.

        Args:
            wanted: The plan.
            output: The directory that outcomes are in; it is made if it is not there.
            only: Which runs are meant, by some of program, version, input, policy and seed.

        Raises:
            UserError: The directory cannot be used.
        """
        self.plan = wanted
        self.output = output
        self.made = 0
        self._choice = Choice(only or {})
        if not count(wanted, self._choice):
            chosen = ", ".join(f"{key} {value}" for key, value in (only or {}).items())
            raise UserError(f"{wanted.source} has no run with {chosen}")
        self._store = Store(output, batch.version())

    # -- making runs -----------------------------------------------------------------------------------------------

    def make(self, pool: Pool, tell: Callable[[Progress], object] = lambda _progress: None) -> None:
        """Makes the runs that have no outcome yet.

        Args:
            pool: Who makes them.
            tell: Told now and then how far it is.

        Raises:
            UserError: It cannot go on; what has been made is kept.
        """
        self._make(points(self.plan, self._choice), count(self.plan, self._choice), pool, tell)
        if any(isinstance(program.faults, plan.Campaign) for program in self.plan.programs):
            total = sum(1 for _ in self._points())
            self._make(self._points(), total, pool, tell)

    def _points(self) -> Iterator[Point]:
        return points(self.plan, self._choice, self._store.find)

    def _make(
        self, wanted: Iterator[Point], total: int, pool: Pool, tell: Callable[[Progress], object]
    ) -> None:
        packer, meter = Packer(pool.places), Meter(total)
        keeper = _Keeper(self._store)

        def take() -> None:
            """Takes what has been made."""
            for made in pool.made(_TURN):
                packer.made(made.name, made.seconds)
                keeper.keep(made)
                meter.made(1)
                self.made += 1
            keeper.commit_in_time()
            tell(meter.progress())

        try:
            seen = 0
            while some := list(islice(wanted, _LOOKED_UP)):
                seen += len(some)
                named = {point.run.name: point for point in some}
                missing = self._store.missing(name for name in named if name not in packer.flying)
                missing = [name for name in missing if not keeper.has(name)]
                meter.found(len(some) - len(missing))
                for number, name in enumerate(missing, start=1):
                    full = packer.add(name, named[name], total - seen + len(missing) - number)
                    if full is not None:
                        pool.submit(full)
                        while pool.room <= 0:
                            take()
            rest = packer.rest()
            if rest is not None:
                pool.submit(rest)
            while packer.flying:
                take()
        finally:
            keeper.commit()
        tell(meter.progress())

    # -- what came of it -------------------------------------------------------------------------------------------

    @property
    def find(self) -> Find:
        """Tells the outcome of a run by its name."""
        return self._store.find

    def rows(self) -> Iterator[Row]:
        """The runs that have been made, in the plan's order."""
        return rows.rows(self.plan, self._choice, self._store.find)

    def summary(self) -> Summary:
        """What came of them, in numbers and in words; failures are grouped by cause."""
        return Summary.of(self.rows())

    def point(self, name: str) -> Point:
        """The run of a name, or of the beginning of one.

        Raises:
            UserError: There is none in the plan, or several.
        """
        if len(name) < SHORTEST:
            raise UserError(f"{name}: at least {SHORTEST} letters of a run's name are needed")
        found: dict[str, Point] = {}
        for point in self._points():
            whole = point.run.name
            if whole.startswith(name):
                found[whole] = point
        if not found:
            raise UserError(f"{self.plan.source} has no run {name}", 1)
        if len(found) > 1:
            raise UserError(f"{name}: {len(found)} runs have names that begin so", 1)
        return found.popitem()[1]

    def repeat(self, name: str) -> Outcome:
        """Makes a run again, with its calls traced and more of its output; what is stored stays as it is.

        Raises:
            UserError: The plan has no such run.
        """
        point = self.point(name)
        contents = {content.digest: content.read() for content in point.contents}
        run = point.run._replace(trace=True, keep=1 << 20)
        worker = Worker()
        try:
            (made,) = worker.work(batch.Batch((run,), contents))
        finally:
            worker.close()
        return Outcome.from_json(made.outcome)

    def close(self) -> None:
        """Lets other sweeps work in the directory."""
        self._store.close()

    def __enter__(self) -> Sweep:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<sweep of {self.plan.source}: {len(self._store)} outcomes in {self.output}>"


class _Keeper:
    """Collects outcomes until they are worth a commit."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._made: dict[str, str] = {}
        self._since = time.monotonic()

    def has(self, name: str) -> bool:
        """Whether a run is among those that are not committed yet."""
        return name in self._made

    def keep(self, made: Made) -> None:
        """Takes an outcome."""
        self._made[made.name] = made.outcome

    def commit_in_time(self) -> None:
        """Commits if it is time."""
        if len(self._made) >= _KEPT or time.monotonic() - self._since >= _COMMIT:
            self.commit()

    def commit(self) -> None:
        """Commits what there is."""
        if self._made:
            self._store.add(self._made.items())
            self._made = {}
        self._since = time.monotonic()


def folder_of(path: str) -> str:
    """The directory that outcomes are in if nobody says otherwise: ``PLAN.sweep`` beside ``PLAN.toml``."""
    return f"{os.path.splitext(path)[0]}.sweep"


def sweep(
    given: str | os.PathLike[str] | Mapping[str, Any],
    output: str | os.PathLike[str] | None = None,
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
    only: Mapping[str, str] | None = None,
    tell: Callable[[Progress], object] = lambda _progress: None,
) -> Sweep:
    """Makes the runs of a plan that have not been made yet; gives what came of all.

    Args:
        given: The plan: a file, or its values as TOML has them.
        output: The directory that outcomes are kept in; by default beside the plan's file.
        jobs: How many processes of this machine make runs; by default one for each processor.
        scheduler: The address of a Dask scheduler, whose workers make the runs instead.
        only: Which runs are meant, by some of program, version, input, policy and seed.
        tell: Told now and then how far it is.

    Raises:
        UserError: The plan is malformed, or it cannot go on; what has been made is kept.
    """
    if isinstance(given, Mapping):
        if output is None:
            raise UserError("a plan that is not in a file needs an output directory")
        found = plan.parse(given)
    else:
        found = plan.read(os.fspath(given))
        output = folder_of(os.fspath(given)) if output is None else output
    made = Sweep(found, os.fspath(output), only)
    try:
        with_pool(made, jobs, scheduler, tell)
    except BaseException:
        made.close()
        raise
    return made


def with_pool(
    wanted: Sweep, jobs: int | None, scheduler: str | None, tell: Callable[[Progress], object]
) -> None:
    """Makes the runs of a sweep here, or on a cluster."""
    pool: Pool
    if scheduler is None:
        pool = LocalPool(jobs or len(os.sched_getaffinity(0)))
    else:
        from ring3.fleet.cluster import ClusterPool  # noqa: PLC0415 -- Dask is an extra, and imports for a second

        pool = ClusterPool(scheduler)
    try:
        wanted.make(pool, tell)
    finally:
        pool.close()
