"""A Dask cluster on this machine whose processes can be killed and started again."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path


class Cluster:
    """A scheduler and workers, each a process of its own.

    Attributes:
        address: The scheduler's, the same when it was started again.
    """

    def __init__(self, folder: Path) -> None:
        self.address = ""
        self._folder = folder
        self._scheduler: subprocess.Popen[str] | None = None
        self._workers: list[subprocess.Popen[str]] = []

    def start_scheduler(self) -> None:
        """Starts it, at the same place as before."""
        port = self.address.rpartition(":")[2] or "0"
        words = ["scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard", "--no-show"]
        self._scheduler, found = self._start(words, r"Scheduler at:\s+(tcp://\S+)")
        self.address = found[1]

    def start_worker(self) -> None:
        """Starts one, and waits until the scheduler knows it."""
        words = ["worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        self._workers.append(
            self._start([*words, "--local-directory", str(self._folder)], r"Registered to:")[0]
        )

    def kill_worker(self) -> None:
        """Kills the one that was started first."""
        self._kill(self._workers.pop(0))

    def kill_scheduler(self) -> None:
        """Kills it."""
        assert self._scheduler is not None
        self._kill(self._scheduler)
        self._scheduler = None

    @property
    def pids(self) -> list[int]:
        """The processes that are there."""
        return [process.pid for process in (*self._workers, self._scheduler) if process is not None]

    def restart(self) -> None:
        """Kills everything, and starts a scheduler at the same place with a worker."""
        self.close()
        self.start_scheduler()
        self.start_worker()

    def close(self) -> None:
        """Kills all that is there."""
        while self._workers:
            self.kill_worker()
        if self._scheduler is not None:
            self.kill_scheduler()

    @staticmethod
    def _start(words: list[str], sign: str) -> tuple[subprocess.Popen[str], re.Match[str]]:
        command = [sys.executable, "-c", "from dask.__main__ import main; main()", *words]
        started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert started.stderr is not None
        said = []
        for line in started.stderr:
            found = re.search(sign, line)
            if found:
                return started, found
            said.append(line)
        raise AssertionError("".join(said))

    @staticmethod
    def _kill(process: subprocess.Popen[str]) -> None:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()
