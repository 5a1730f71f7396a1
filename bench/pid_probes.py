"""What it costs to enable many probes of the provider pid: ``python -m bench.pid_probes [PROGRAM [OBJECT...]]``.

A machine is booted, the program's libraries are loaded, and entries and returns of all functions of the objects (a.out
and libc.so.6, if none are named) are found and enabled, once. Prints probes, CPU seconds, and what 10,000 would take.
"""

from __future__ import annotations

import io
import sys
import time

from ring3.computer import Linux
from ring3.trace.dtrace.command import Command
from ring3.trace.dtrace.machine.host import Computer, MachineHost


def main(program: str = sys.executable, *objects: str) -> int:
    """Measures once; returns an exit status."""
    probes = [
        f"pid$target:{mapped}::{what}"
        for mapped in objects or ("a.out", "libc.so.6")
        for what in ("entry", "return")
    ]

    def boot(_path: str) -> tuple[Computer, str]:
        return Linux(virtual_time=True, seed=1), "linux"

    spent = {}  # with a probe that is never there, so that libraries are loaded in both cases
    for name, script in (
        ("nothing", "BEGIN { exit(0); }"),
        ("all", f"BEGIN {{ exit(0); }} {', '.join(probes)} {{}}"),
    ):
        host, errors = MachineHost(boot), io.StringIO()
        begun = time.process_time()
        try:
            status = Command(host, io.BytesIO(), errors).main(
                ["-n", script, "-n", "pid$target:a.out::0", "-Z", "-c", program]
            )
        finally:
            host.close()
        spent[name] = time.process_time() - begun
        if status:
            print(errors.getvalue(), file=sys.stderr)
            return 1
    count = int(errors.getvalue().split(" matched ")[1].split()[0]) - 1
    seconds = spent["all"] - spent["nothing"]
    print(f"{count} probes: {seconds:.2f} s; 10,000: {seconds / count * 10_000:.2f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
