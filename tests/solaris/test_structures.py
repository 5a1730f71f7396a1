"""The kernel's lists in guest memory: they can be walked, and what programs see follows them."""

from __future__ import annotations

from pathlib import Path

from ring3.abi.solaris.kernel_structs import PROC_LAYOUT
from ring3.computer import Solaris
from ring3.kernel import points
from ring3.kernel.observed import Call, CallObserver
from ring3.solaris.structures import PID_AT, Struct, modules, pids
from tests.support import guest


def test_modules_are_a_ring_that_begins_with_unix() -> None:
    with guest.boot_solaris() as machine:
        kernel = machine.kernel
        found = list(modules(kernel))
        assert [row["mod_id"] for row in found] == [row.id for row in kernel.modules]
        assert found[0].address == machine.symbols["modules"]
        pcie = next(row for row in found if row["mod_id"] == 16)
        assert kernel.load_string(pcie["mod_modname"]) == b"pcie"
        assert (pcie["mod_text"], pcie["mod_text_size"]) == (0xFFFF_FFFF_FBDB_C2D8, 0x5D198)
        assert found[-1]["mod_next"] == found[0].address == found[1]["mod_prev"]


def test_modinfo_shows_what_the_list_holds() -> None:
    with guest.boot_solaris() as machine:
        found = list(modules(machine.kernel))
        at = next(number for number, row in enumerate(found) if row["mod_id"] == 16)
        found[at - 1]["mod_next"] = found[at]["mod_next"]
        assert guest.run(machine, Path("modinfo"), ["-i", "16"]).status == 1
        found[at - 2]["mod_text_size"] = 0x123
        assert b" 123 " in guest.run(machine, Path("modinfo"), ["-i", str(found[at - 2]["mod_id"])]).stdout


def head(machine: Solaris) -> Struct:
    kernel = machine.kernel
    return Struct(kernel, PROC_LAYOUT, machine.machine.read_q(machine.symbols["practive"]))


def test_processes_come_and_go() -> None:
    with guest.boot_solaris() as machine:
        assert list(pids(machine.kernel)) == []
        one, other = machine.load("echo"), machine.load("echo")
        assert list(pids(machine.kernel)) == [other.pid, one.pid]
        assert head(machine)["p_pidp"] == head(machine).address + PID_AT
        machine.run(one)
        assert list(pids(machine.kernel)) == [other.pid]
        machine.run(other)
        assert list(pids(machine.kernel)) == []


def test_ps_shows_what_the_list_holds() -> None:
    """A process that is taken out of the list is there, and ps does not know it."""
    with guest.boot_solaris() as machine:
        waiting = machine.load("cat")
        waiting.suspended = True
        machine.kernel.suspend(waiting)

        class AtListing(CallObserver):
            def entry(self, call: Call) -> None:
                head(machine)["p_next"] = 0

        assert len(guest.run(machine, Path("ps"), ["-e"]).stdout.splitlines()) == 3
        machine.kernel.probes.attach(points.Function("genunix`getdents64"), AtListing())
        assert len(guest.run(machine, Path("ps"), ["-e"]).stdout.splitlines()) == 2
