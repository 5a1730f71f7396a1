"""Runs made by the workers of a Dask cluster (distributed).

A batch is one task; what many runs need is put on the workers once and stays there. Tasks of a worker that is lost go
to others. When the scheduler is lost, this client waits for it to come back and hands in again what it has not got.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Final

from ring3.errors import UserError
from ring3.fleet import batch
from ring3.fleet.batch import Batch
from ring3.fleet.crew import Lost, Made
from ring3.fleet.parquet import NEEDED
from ring3.fleet.remote import OtherVersion, make

PATIENCE: Final = 10.0
"""Seconds in which a scheduler that is there answers."""
RETURN: Final = 300.0
"""Seconds in which a scheduler that is lost comes back."""
_AHEAD: Final = 2
"""Batches for each thread of the workers: one that is made, and one that waits there."""
_LARGE: Final = 64 << 10
"""Bytes from which something stays on the workers; less is sent with the batch."""
_SCATTERED: Final = 64
"""Contents that are kept on the workers for batches to come."""
_FAILURES: Final = 5
"""Times that the same batch may fail on workers, one after the other."""


class ClusterPool:
    """The workers of a cluster."""

    def __init__(self, address: str, return_within: float = RETURN, answer_within: float = PATIENCE) -> None:
        """Connects.

        Args:
            address: The scheduler's, such as ``tcp://head:8786``.
            return_within: Seconds to wait for a scheduler that is lost.
            answer_within: Seconds to wait for one at the beginning.

        Raises:
            UserError: Dask is not installed, nobody answers, or a worker has another Ring3.
        """
        try:
            import distributed  # noqa: PLC0415 -- an extra
        except ImportError:
            raise UserError(f"clusters are served by Dask distributed: {NEEDED}") from None
        _silence()
        self._distributed = distributed
        self._address = address
        self._return_within = return_within
        self._told: SimpleQueue[Any] = SimpleQueue()
        self._flying: dict[Any, tuple[Batch, int]] = {}
        self._grounded: list[tuple[Batch, int]] = []
        self._without_workers: float | None = None
        self._contents: OrderedDict[str, Any] = OrderedDict()
        self._client = self._connect(answer_within)
        if self._client is None:
            raise UserError(f"no scheduler answers at {address}", 1)
        try:
            self._client.wait_for_workers(1, timeout=answer_within)
            self._compare_versions()
        except BaseException as error:
            self.close()
            if isinstance(error, TimeoutError):
                raise UserError(f"the scheduler at {address} has no workers", 1) from None
            raise

    @property
    def places(self) -> int:
        """Threads of all workers, of which there may be none yet."""
        count = 0
        with suppress(Exception):
            count = sum(self._client.nthreads().values())
        return max(1, count)

    @property
    def room(self) -> int:
        """How many batches more are wanted."""
        return self.places * _AHEAD - len(self._flying) - len(self._grounded)

    def submit(self, batch: Batch) -> None:
        """Takes a batch."""
        self._submit(batch, 0)

    def made(self, timeout: float) -> Iterable[Made]:
        """What has been made.

        Raises:
            UserError: No more can be made.
        """
        found: list[Made] = []
        if self._grounded:
            self._look_around()
        try:
            future = self._told.get(timeout=timeout)
            while True:
                found += self._result(future)
                future = self._told.get_nowait()
        except Empty:
            if not found:
                self._look_around()
            return found

    def close(self) -> None:
        """Gives up what is not made yet."""
        with suppress(Exception):
            self._client.cancel(list(self._flying))
        with suppress(Exception):
            self._client.close(timeout=2)

    # -- the cluster -----------------------------------------------------------------------------------------------

    def _connect(self, seconds: float) -> Any:  # noqa: ANN401 -- Dask has no types
        """A client, None if nobody answers.

        Raises:
            UserError: The address is none.
        """
        try:
            make_client: Any = self._distributed.Client
            return make_client(self._address, timeout=seconds, set_as_default=False)
        except (ValueError, TypeError) as error:
            raise UserError(f"--scheduler {self._address}: {error}") from None
        except OSError:
            return None

    def _look_around(self) -> None:
        """Looks why nothing comes.

        Raises:
            UserError: Scheduler or workers have been gone for too long.
        """
        if self._client.status != "running":
            self._come_back()
        grounded, self._grounded = self._grounded, []
        for asked, failures in grounded:
            self._submit(asked, failures)
        with suppress(Exception):
            if self._client.nthreads():
                self._without_workers = None
                return
        now = time.monotonic()
        if self._without_workers is None:
            self._without_workers = now
        elif now - self._without_workers > self._return_within:
            raise UserError(f"the workers at {self._address} are gone; what has been made is kept", 1)

    def _come_back(self) -> None:
        """Waits for a scheduler that is lost, and hands everything in again.

        Raises:
            UserError: It does not come back.
        """
        with suppress(Exception):
            self._client.close(timeout=1)
        until = time.monotonic() + self._return_within
        client = None
        while client is None:
            left = until - time.monotonic()
            if left <= 0:
                raise UserError(f"the scheduler at {self._address} is gone; what has been made is kept", 1)
            client = self._connect(min(left, PATIENCE))
        self._client = client
        self._told = SimpleQueue()
        self._contents.clear()
        flying, self._flying = self._flying, {}
        for asked, failures in flying.values():
            self._submit(asked, failures)

    def _compare_versions(self) -> None:
        """Looks whether all workers have this Ring3.

        Raises:
            UserError: One has another.
        """
        ours = batch.version()
        for worker, theirs in self._client.run(_version_there, on_error="return").items():
            if theirs != ours:
                has = "no ring3" if isinstance(theirs, ImportError) else f"ring3 {theirs}"
                raise UserError(f"the worker at {worker} has {has}, and this is ring3 {ours}", 1)

    # -- batches ---------------------------------------------------------------------------------------------------

    def _submit(self, asked: Batch, failures: int) -> None:
        digests = list(asked.contents)
        given = [self._given(digest, asked.contents[digest]) for digest in digests]
        future = self._client.submit(make, batch.version(), asked.runs, digests, *given, pure=False)
        self._flying[future] = asked, failures
        told = self._told
        future.add_done_callback(told.put)

    def _given(self, digest: str, data: bytes) -> Any:  # noqa: ANN401 -- bytes, or a future of them
        """What a batch is given for some contents: those that are large are on the workers."""
        if len(data) < _LARGE:
            return data
        kept = self._contents
        if digest not in kept:
            (kept[digest],) = self._client.scatter([data], broadcast=True, hash=True)
            if len(kept) > _SCATTERED:
                kept.popitem(last=False)
        kept.move_to_end(digest)
        return kept[digest]

    def _result(self, future: Any) -> list[Made]:  # noqa: ANN401 -- Dask has no types
        """What a task has made; one that was lost is handed in again."""
        if future not in self._flying:
            return []
        asked, failures = self._flying.pop(future)
        if future.status == "finished":
            with suppress(Exception):  # lost on its way from the worker
                made: list[Made] = future.result(timeout=PATIENCE)
                return made
        why = future.exception(timeout=PATIENCE) if future.status == "error" else None
        if isinstance(why, OtherVersion | Lost):
            raise UserError(f"a worker cannot make runs: {why}; what has been made is kept", 1)
        self._again(asked, failures, why)
        return []

    def _again(self, asked: Batch, failures: int, why: BaseException | None) -> None:
        """Hands a batch in again.

        Raises:
            UserError: It fails on every worker.
        """
        if why is not None:
            failures += 1
        if failures >= _FAILURES:
            text = " ".join(f"{type(why).__name__}: {why}".split())
            raise UserError(f"workers cannot make runs: {text}; what has been made is kept", 1)
        self._contents.clear()  # what was on a worker that is lost is lost
        self._grounded.append((asked, failures))  # handed in when it is known that somebody is there


def _silence() -> None:
    """Keeps Dask from telling what it does about connections: what matters is said by `ClusterPool`, in one line."""
    for name in logging.root.manager.loggerDict:
        if name.partition(".")[0] in ("distributed", "tornado", "asyncio"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _version_there() -> str:
    """For workers: which Ring3 they have."""
    from ring3.fleet.batch import version  # noqa: PLC0415 -- on the worker

    return version()
