"""Runs made by processes on this machine, each asked by a thread that only waits."""

from __future__ import annotations

from collections.abc import Iterable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Protocol

from ring3.errors import UserError
from ring3.fleet.batch import Batch
from ring3.fleet.crew import Lost, Made, Worker


class Pool(Protocol):
    """Who makes runs.

    Attributes:
        places: How many batches are made at a time.
        room: How many more it would take now.
    """

    @property
    def places(self) -> int: ...  # noqa: D102

    @property
    def room(self) -> int: ...  # noqa: D102

    def submit(self, batch: Batch) -> None:
        """Takes a batch; each of its runs will be among those that are made, however many workers are lost."""

    def made(self, timeout: float) -> Iterable[Made]:
        """What has been made since it was asked last; waits for something, but no longer than so many seconds.

        Raises:
            UserError: No more can be made.
        """

    def close(self) -> None:
        """Gives up what is not made yet."""


class LocalPool:
    """Processes of this machine.

    Attributes:
        places: How many there are.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self._workers = [Worker() for _ in range(places)]
        self._asked: SimpleQueue[Batch | None] = SimpleQueue()
        self._told: SimpleQueue[Made | Exception | None] = SimpleQueue()
        self._open = 0
        self._threads = [Thread(target=self._serve, args=(worker,), daemon=True) for worker in self._workers]
        for thread in self._threads:
            thread.start()

    @property
    def room(self) -> int:
        """How many batches more are wanted: each process has one, and there is one in hand."""
        return self.places + 1 - self._open

    def submit(self, batch: Batch) -> None:
        """Takes a batch."""
        self._open += 1
        self._asked.put(batch)

    def made(self, timeout: float) -> Iterable[Made]:
        """What has been made."""
        found: list[Made] = []
        try:
            told = self._told.get(timeout=timeout)
            while True:
                if isinstance(told, Lost):
                    raise UserError(str(told), 1)
                if isinstance(told, Exception):
                    raise told
                if told is None:
                    self._open -= 1
                else:
                    found.append(told)
                told = self._told.get_nowait()
        except Empty:
            return found

    def _serve(self, worker: Worker) -> None:
        try:
            while (batch := self._asked.get()) is not None:
                for made in worker.work(batch):
                    self._told.put(made)
                self._told.put(None)
        except Exception as error:  # noqa: BLE001 -- the thread that asks raises it
            self._told.put(error)
        finally:
            worker.close()

    def close(self) -> None:
        """Ends the processes."""
        for worker in self._workers:
            self._asked.put(None)
            worker.stop()
        for thread in self._threads:
            thread.join()
