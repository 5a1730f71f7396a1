"""kmdb's own commands: memory of the kernel that is watched, functions that are called, commands of breakpoints."""

from __future__ import annotations

from ring3.computer import Solaris
from ring3.debug.mdb.kmdb import Kmdb, run_with_kmdb
from tests.debug.mdb.console import Scripted

MODINFO = "/usr/sbin/modinfo"


def talk(*lines: str) -> str:
    """What is shown for some lines, while modinfo runs."""
    console = Scripted()
    console.lines = list(lines)
    with Solaris() as solaris:
        kmdb = Kmdb(solaris.kernel, "solaris", console)
        try:
            run_with_kmdb(solaris, solaris.load(MODINFO, ["-i", "16"]), kmdb)
        finally:
            kmdb.close()
    return "".join(console.parts)


def test_memory_of_the_kernel_is_watched() -> None:
    shown = talk("sysent+0x1318::wp -r -L 8", "::events", ":c", "$c", ":z", ":c")
    assert "[ 1 ] +     0  0 stop on read of [sysent+0x1318, sysent+0" in shown
    assert (
        "kmdb: stop on read of [sysent+0x1318, sysent+0x1320)\nkmdb: target stopped at:\nmodctl:  " in shown
    )
    assert "modctl()\nsys_syscall+0x24d()\n" in shown


def test_memory_of_a_program_is_watched() -> None:
    shown = talk("modctl:b", ":c", "<rdx,4::wp -w", ":c", "::status", ":z", ":c")
    assert shown.count("kmdb: stop at modctl\n") == 1
    assert "stop on write of" not in shown  # copyout is no instruction


def test_the_stack_is_watched() -> None:
    shown = talk("modctl:b", ":c", ":z", "(<rsp - 8)::wp -w -L 8", ":c", ":z", ":c")
    stop = shown.partition("kmdb: stop on write of [")[2]
    assert stop.splitlines()[2].split() == ["modctl+1:", "movq", "%rsp,%rbp"]


def test_instructions_are_watched() -> None:
    shown = talk("modctl+1,4::wp -x", ":c", ":z", ":c")
    assert "kmdb: stop on exec of [modctl+1, modctl+5)\nkmdb: target stopped at:\nmodctl+1:" in shown


def test_functions_are_called() -> None:
    shown = talk(
        "modctl:b", ":c", "getpid::call", "<rip=p", "sysent::call", "modctl::call 1 2 3 4 5 6 7", ":z", ":c"
    )
    assert "100000002 = getpid();\n[0]> " in shown  # the parent's number in the upper half: r_val2
    assert "modctl" in shown.partition("<rip=p")[2].splitlines()[1]
    assert "kmdb: sysent is not a function\n" in shown
    assert "kmdb: call failed: a function gets 6 arguments at most\n" in shown


def test_a_call_needs_a_thread_in_the_kernel() -> None:
    assert "kmdb: call failed: no thread is in the kernel\n" in talk("getpid::call", ":c")


def test_a_command_that_goes_on_tells_of_no_stop() -> None:
    shown = talk('::bp modctl -c "<rdi=K;:c"', ":c")
    assert "stop at" not in shown
    assert shown.split()[-1] == "2"
