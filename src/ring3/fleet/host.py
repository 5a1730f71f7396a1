"""The process that makes runs, one after the other: ``python -m ring3.fleet.host IN OUT``.

It boots a machine for each run, and nothing else is left of the run before. What its programs could do if they broke
out of the machine is what `ring3.confinement` leaves. The host ends it when one run uses more of the processor than it
may; whoever started it starts another one then, and knows by the outcomes which run that was.
"""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import signal
import sys
import time
from collections import OrderedDict
from typing import BinaryIO, Final

from ring3.confinement import confine
from ring3.fleet import batch
from ring3.fleet.content import EMPTY
from ring3.fleet.execution import execute
from ring3.fleet.run import HOME, File, Limits, Run
from ring3.fs.view import SYSTEM

_PR_SET_PDEATHSIG: Final = 1
_COLLECTED: Final = 50
"""Runs after which the garbage collector looks for machines that hold themselves."""


class Contents:
    """What runs need, by hash: as much of it as may be kept, what was used last the longest."""

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        self._source = source
        self._sink = sink
        self._kept: OrderedDict[str, bytes] = OrderedDict({EMPTY.digest: b""})
        self._size = 0

    def fetch(self, digests: set[str]) -> dict[str, bytes]:
        """Contents; those that are not here are asked for."""
        kept = self._kept
        found = {digest: kept[digest] for digest in digests if digest in kept}
        wanted = sorted(digests - found.keys())
        if wanted:
            batch.send(self._sink, "need", wanted)
            _, _, blobs = batch.receive(self._source)
            found |= zip(wanted, blobs, strict=True)
        for digest, data in found.items():
            if digest not in kept:
                kept[digest] = data
                self._size += len(data)
            kept.move_to_end(digest)
        while self._size > batch.KEPT and len(kept) > 1:
            self._size -= len(kept.popitem(last=False)[1])
        return found


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Makes the runs that are asked for until nobody asks any more."""
    contents = Contents(source, sink)
    _warm_up()
    batch.send(sink, "ready", batch.version())
    made = 0
    while True:
        try:
            _, rows, _ = batch.receive(source)
        except EOFError:
            return
        assert isinstance(rows, list)
        runs = [Run.of_fields(row) for row in rows]
        given = contents.fetch({digest for run in runs for digest in run.digests})
        for run in runs:
            _limit(run.limits.seconds)
            began = time.process_time()
            outcome = execute(run, given)
            spent = time.process_time() - began
            batch.send(sink, "outcome", [run.name, outcome.to_json(), spent])
            made += 1
            if made % _COLLECTED == 0:
                gc.collect()
        batch.send(sink, "done", None)


def _warm_up() -> None:
    """Imports what runs import, and takes it out of the garbage collector's sight."""
    nothing = File(f"{HOME}/nothing", EMPTY.digest, 0o755)
    run = Run(nothing, ("./nothing",), EMPTY.digest, 0, (), "", (), (), (), Limits(), trace=False, keep=0)
    execute(run, {EMPTY.digest: b""})
    gc.collect()
    gc.freeze()


def _limit(seconds: int) -> None:
    """Has the host end this process when it has used the processor for so long from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def main(words: list[str]) -> None:
    """Serves on the descriptors that the words name."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who asks
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        return
    os.chdir("/")  # where the view of the host's files ends: programs see what the plan gives them
    confine(b"/" + name for name in SYSTEM)
    with os.fdopen(int(words[0]), "rb") as source, os.fdopen(int(words[1]), "wb") as sink:
        serve(source, sink)


if __name__ == "__main__":
    main(sys.argv[1:])
