"""The modules of Solaris's kernel: ::modinfo, ::modctl and their walker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ring3.debug.mdb.call import Call
from ring3.debug.mdb.dcmds.system import machine_of
from ring3.debug.mdb.errors import MdbError
from ring3.debug.mdb.registry import dcmd, walker
from ring3.debug.mdb.session import Session

if TYPE_CHECKING:
    from ring3.solaris.kernel import SolarisKernel
    from ring3.solaris.structures import Struct


def structures_of(kernel: SolarisKernel) -> Iterator[Struct]:
    """The ``struct modctl`` of the kernel's modules."""
    from ring3.solaris.structures import modules  # noqa: PLC0415 - the other system is not imported

    return modules(kernel)


def _modules(session: Session) -> SolarisKernel:
    target = machine_of(session)
    if target.system != "solaris":
        raise MdbError("this kernel has no modules")
    kernel: SolarisKernel = target.kernel  # type: ignore[assignment]
    return kernel


@dcmd("modinfo", "", "print module information")
def modinfo(call: Call) -> None:
    """Lists the kernel's modules."""
    rows = _modules(call.session).modules
    call.write(f"{'ID':>4} {'LOADADDR':>16} {'SIZE':>8} REV MODULE NAME\n")
    for row in rows:
        text = f" ({row.linkinfo})" if row.linkinfo else ""
        call.write(f"{row.id:>4} {row.base:>16x} {row.size:>8x} {row.rev:>3} {row.name}{text}\n")


@dcmd("modctl", "?", "list modctl structures")
def modctl(call: Call) -> None:
    """Lists the structures of modules, or one."""
    kernel = _modules(call.session)
    found = [made for made in structures_of(kernel) if not call.given or made.address == call.address]
    if not found:
        raise MdbError(f"{call.address:#x} is not a module")
    if call.first:
        call.write(f"{'MODCTL':<16} {'MODULE':<16} {'BITS':<6} {'FLAGS':<5} {'REF':>3} FILE\n")
    for made in found:
        name = kernel.load_string(made["mod_filename"]).decode()
        call.write(
            f"{made.address:016x} {made['mod_mp']:016x} {'blI':<6} {'0x00':<5} {made['mod_ref']:>3} {name}\n"
        )


@walker("modctl", "list of modctl structures")
def walk_modctl(session: Session, _start: int | None) -> Iterable[int]:
    """The structures of modules, as their list has them."""
    return [made.address for made in structures_of(_modules(session))]
