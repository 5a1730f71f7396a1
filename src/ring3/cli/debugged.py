"""What ``ring3 run --gdb`` and ``ring3 gdb`` share: a program, or the machine under it, with gdb at the other end."""

from __future__ import annotations

import argparse
import socket
from collections.abc import Callable, Mapping, Sequence

from ring3.cli.caller import caller_of
from ring3.cli.sandbox import sandbox
from ring3.computer import Linux, Solaris
from ring3.debug.gdb.serve import accept, listen, serve
from ring3.debug.machine import MachineTarget
from ring3.debug.processes import ProcessTarget
from ring3.errors import UserError
from ring3.kernel.task import Task
from ring3.linux.model.task import LinuxTask


def wait_for_client(where: str, say: Callable[[str], None]) -> socket.socket:
    """Waits until somebody connects.

    Args:
        where: Where to listen, as `serve.listen` has it.
        say: Tells the user where that is.

    Raises:
        UserError: It cannot listen there.
    """
    listening, name = listen(where)
    say(f"waiting for gdb: target remote {name}")
    return accept(listening)


def debug(
    computer: Linux | Solaris, task: Task | None, client: socket.socket, options: argparse.Namespace
) -> None:
    """Lets a client debug a program, or the whole machine; returns when it has gone.

    Args:
        computer: The machine.
        task: The program, None for the machine.
        client: Who debugs.
        options: The command's.

    Raises:
        UserError: Programs of this system cannot be debugged as processes.
    """
    if options.gdb_kernel:
        serve(MachineTarget(computer.kernel), client)
        return
    if not isinstance(computer, Linux) or not isinstance(task, LinuxTask):
        raise UserError("gdb knows programs of Linux only; --gdb-kernel shows it any machine")

    def spawn(path: str, arguments: Sequence[str], environment: Mapping[str, str]) -> LinuxTask:
        found = caller_of(options).load(computer, path, arguments, environment, sandbox(options))
        assert isinstance(found, LinuxTask)
        return found

    target = ProcessTarget(computer.kernel)
    target.attach(task)
    target.wait()
    serve(target, client, spawn)
