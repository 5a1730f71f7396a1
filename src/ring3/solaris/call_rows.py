"""What users and observers see of the system-call tables as they are now: `ring3 tables`, and the probes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ring3.abi.solaris import sysent as sysent_data
from ring3.image.solaris.boot import L
from ring3.kernel.signature import Support
from ring3.kernel.watched_stubs import StubRow
from ring3.solaris.definition import REGISTERS
from ring3.solaris.nosys import loadable

if TYPE_CHECKING:
    from ring3.solaris.kernel import SolarisKernel


@dataclass(frozen=True, slots=True)
class CallRow:
    """One element of sysent, as it is in guest RAM now, and how much of the call is there.

    Attributes:
        number: Its index.
        name: The call's name in the source, ``nosys`` for an empty slot.
        nargs: ``sy_narg``.
        flags: ``sy_flags``.
        handler: The function that does the work, by its scoped symbol.
        address: ``sy_callc``, what sys_syscall calls.
        support: How much of the call is there.
        note: What is missing, or anything else a user must know.
    """

    number: int
    name: str
    nargs: int
    flags: int
    handler: str
    address: int
    support: Support
    note: str


def calls(kernel: SolarisKernel) -> tuple[CallRow, ...]:
    """The table as it is now, row by row: what ``ring3 tables`` shows."""
    rows = []
    for source in sysent_data.load(kernel.solaris.flavour):
        word = (kernel.solaris.sysent >> 3) + 4 * source.number
        q = kernel.machine.ram.q
        address = q[word + (L["SY_CALLC"] >> 3)]
        handler = kernel.image.symbols.describe(address)
        made = kernel.function_table.get(handler)
        if handler == "unix`loadable_syscall":
            made = loadable(kernel, source.number) or made
        support, note = (made.support, made.note) if made is not None else (None, "")
        name = source.name if made is None or source.sy_callc == made.name else made.name
        rows.append(
            CallRow(
                source.number,
                name,
                q[word] & 0xFF,
                q[word] >> 16 & 0xFFFF,
                handler,
                address,
                support or Support.NONE,
                note or source.note,
            )
        )
    return tuple(rows)


def stub_rows(kernel: SolarisKernel) -> Mapping[int, StubRow]:
    """The handlers in sysent and sysent32, and the other functions that ring 0 calls."""
    slots: dict[int, list[tuple[str, int]]] = {}
    for row in calls(kernel):
        slots.setdefault(row.address, []).append((row.name, row.number))
    q, at = kernel.machine.ram.q, (kernel.solaris.sysent32 + L["SY_CALLC"]) >> 3
    for narrow in sysent_data.load32(kernel.solaris.flavour):
        found = slots.setdefault(q[at + 4 * narrow.number], [])
        if not narrow.absent and (narrow.name, narrow.number) not in found:
            found.append((narrow.name, narrow.number))
    rows = {}
    for address in kernel.stubs:
        symbol = kernel.image.symbols.describe(address)
        made = kernel.function_table.get(symbol)
        count = len(made.parameters) if made is not None else 0
        served = slots.get(address, [])
        rows[address] = StubRow(
            symbol,
            tuple(name for name, _ in served),
            tuple(number for _, number in served),
            "solaris" if served else "",
            REGISTERS[:count],
            definition=made,
        )
    return rows
