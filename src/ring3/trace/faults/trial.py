"""One run of a program, with a fault or without, in a process of its own: what came of it, as a value.

The process is forked from this one, which has no machine: so a run costs a boot and no imports. A program that makes
many times as many calls as it made undisturbed, or uses many times its processor time, hangs.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
from collections.abc import Sequence
from typing import IO, Any

from ring3.confinement import confine_to
from ring3.errors import Deadlock, Ring3Error
from ring3.sandbox import Sandbox
from ring3.trace.faults.outcome import BROKEN, HUNG, Outcome
from ring3.trace.faults.witness import Hung, Witness, digest
from ring3.trace.inject.injector import Injector
from ring3.trace.inject.parse import parse


def attempt(
    path: str, arguments: Sequence[str], rule: str, most_calls: int, seconds: int, sandbox: Sandbox
) -> Outcome:
    """Runs a program once.

    Args:
        path: The program.
        arguments: Its arguments.
        rule: What is injected, as ``-e inject=`` has it; "" for nothing.
        most_calls: With more it hangs.
        seconds: Of the processor; with more it hangs.
        sandbox: What it has.
    """
    with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as output:
        child = os.fork()
        if not child:
            _in_child(path, arguments, rule, most_calls, seconds, sandbox, told, output)
        _, status = os.waitpid(child, 0)
        told.seek(0)
        text = told.read()
        output.seek(0)
        written = digest(output.read())
    if not text:
        return Outcome(-1, HUNG if os.WIFSIGNALED(status) else BROKEN, written, [], {}, 0)
    read: dict[str, Any] = json.loads(text)
    calls = [(str(name), bool(written)) for name, written in read["calls"]]
    return Outcome(read["status"], read["how"], written, calls, read["files"], read["open"])


def _in_child(
    path: str,
    arguments: Sequence[str],
    rule: str,
    most_calls: int,
    seconds: int,
    sandbox: Sandbox,
    told: IO[bytes],
    output: IO[bytes],
) -> None:
    """Runs it and ends."""
    from ring3.computer import Linux  # noqa: PLC0415 -- the campaign itself has no machine

    how, status = BROKEN, -1
    witness = None
    try:
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(output.fileno(), 1)
        os.dup2(null, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        with Linux(seed=0, sandbox=sandbox) as linux:
            linux.kernel.report = lambda _line: None
            task = linux.load(path, arguments)
            witness = Witness(linux.kernel, task, most_calls)
            if rule:
                Injector(linux.kernel, [parse(rule)]).at_end()
            if not sandbox.no_confine:
                confine_to(sandbox, linux.kernel.vfs)
            status, how = linux.run(task), ""
    except (Hung, Deadlock):
        how = HUNG
    except Ring3Error:
        how = BROKEN
    finally:
        found = witness
        answer = {
            "status": status,
            "how": how,
            "calls": found.calls if found else [],
            "files": found.files if found else {},
            "open": found.open if found else 0,
        }
        told.write(json.dumps(answer).encode())
        told.flush()
        sys.stdout.flush()
        os._exit(0)
