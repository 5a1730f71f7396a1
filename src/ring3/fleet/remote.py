"""What a Dask worker does for a sweep: each of its threads has a process that makes runs."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from ring3.errors import Ring3Error
from ring3.fleet import batch
from ring3.fleet.batch import Batch
from ring3.fleet.crew import Made, Worker
from ring3.fleet.run import Run

_OF_THREAD = threading.local()


class OtherVersion(Ring3Error):
    """A worker has another Ring3 than the client: the line says which."""


def make(version: str, runs: Sequence[Run], digests: Sequence[str], *contents: bytes) -> list[Made]:
    """Makes the runs of a batch on this worker.

    Args:
        version: The client's, which is to be this worker's.
        runs: The runs.
        digests: Hashes of what they need.
        contents: The same in this order, from this worker's memory or another's.

    Raises:
        OtherVersion: The versions differ.
        Lost: Processes that make runs end again and again.
    """
    if version != batch.version():
        raise OtherVersion(f"ring3 {batch.version()}, and the client has ring3 {version}")
    worker: Worker | None = getattr(_OF_THREAD, "worker", None)
    if worker is None:
        worker = _OF_THREAD.worker = Worker()
    return list(worker.work(Batch(tuple(runs), dict(zip(digests, contents, strict=True)))))
