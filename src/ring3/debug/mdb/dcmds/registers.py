"""Registers and stacks: ``$r``, ``$c``, ``$C``, ``$?``, ``$l``, ``$L``."""

from __future__ import annotations

from ring3.debug.mdb.call import Call
from ring3.debug.mdb.errors import NO_PROCESS, MdbError
from ring3.debug.mdb.registry import dcmd
from ring3.debug.mdb.targets.base import Target
from ring3.debug.mdb.targets.process import ProcessTarget
from ring3.debug.mdb.targets.stack import frames

_USER = (("rax", "r8"), ("rbx", "r9"), ("rcx", "r10"), ("rdx", "r11"), ("rsi", "r12"), ("rdi", "r13"))
_KERNEL = (
    ("rax", "r9"), ("rbx", "r10"), ("rcx", "r11"), ("rdx", "r12"), ("rsi", "r13"), ("rdi", "r14"), ("r8", "r15"),
)  # fmt: skip
_FLAGS = ((11, "of"), (10, "df"), (9, "if"), (8, "tf"), (7, "sf"), (6, "zf"), (4, "af"), (2, "pf"), (0, "cf"))
_SYSTEM = ((21, "id"), (20, "vip"), (19, "vif"), (18, "ac"), (17, "vm"), (16, "rf"), (14, "nt"))


@dcmd("regs $r", "?", "print general-purpose registers")
def regs(call: Call) -> None:
    """Prints the registers of a thread: by its number, if one is given."""
    registers = call.session.target.registers(call.address if call.given else None)
    if call.session.target.is_kernel:
        _kernel(call, registers)
    else:
        _user(call, registers)


def _user(call: Call, r: dict[str, int]) -> None:
    for left, right in _USER:
        call.write(f"%{left} = 0x{r[left]:016x}\t%{right:<3} = 0x{r[right]:016x}\n")
    for right in ("r14", "r15"):
        call.write(f"{'':25}\t%{right:<3} = 0x{r[right]:016x}\n")
    call.write("\n" + "\t".join(f"%{name} = 0x{r[name]:04x}" for name in ("cs", "fs", "gs")) + "\n")
    call.write("\t".join(f"%{name} = 0x{r[name]:04x}" for name in ("ds", "es", "ss")) + "\n\n")
    _place(call, r)
    call.write("\n")
    _flags(call, r["rflags"])
    call.write(f"%gsbase = 0x{r['gsbase']:016x}\n%fsbase = 0x{r['fsbase']:016x}\n")
    trap, error = call.session.target.last_trap()
    call.write(f"%trapno = 0x{trap:x}\n   %err = 0x{error:x}\n")


def _kernel(call: Call, r: dict[str, int]) -> None:
    for left, right in _KERNEL:
        call.write(
            f"%{left:<3} = 0x{r[left]:016x} {_symbol(call, r[left]):>15} %{right:<3} = 0x{r[right]:016x} "
            f"{_symbol(call, r[right])}".rstrip()
            + "\n"
        )
    call.write("\n")
    _place(call, r)
    _flags(call, r["rflags"])
    call.write("\t".join(f"%{name} = 0x{r[name]:04x}" for name in ("cs", "ds", "es", "fs")) + "\n")
    call.write(f"%gs = 0x{r['gs']:04x}\t%gsbase = 0x{r['gsbase']:x}\t%kgsbase = 0x{r['kgsbase']:x}\n")
    trap, error = call.session.target.last_trap()
    call.write(f"%trapno = 0x{trap:x}\t%err = 0x{error:x}\t%cr2 = 0x{r['cr2']:x}\t%cr3 = 0x{r['cr3']:x}\n")


def _symbol(call: Call, value: int) -> str:
    return call.session.target.describe(value) or ""


def _place(call: Call, r: dict[str, int]) -> None:
    call.write(f"%rip = 0x{r['rip']:016x} {_symbol(call, r['rip'])}".rstrip() + "\n")
    call.write(f"%rbp = 0x{r['rbp']:016x}\n%rsp = 0x{r['rsp']:016x}\n")


def _flags(call: Call, value: int) -> None:
    call.write(f"%rflags = 0x{value:08x}\n")
    system = " ".join(f"{name}={value >> bit & 1}" for bit, name in _SYSTEM)
    call.write(f"  {system} iopl=0x{value >> 12 & 3:x}\n")
    status = ",".join(name.upper() if value >> bit & 1 else name for bit, name in _FLAGS)
    call.write(f"  status=<{status}>\n\n")


@dcmd("stack $c", "?[cnt]", "print stack backtrace")
def stack(call: Call) -> None:
    """Prints the functions that have been called."""
    _trace(call, with_frames=False)


@dcmd("$C", "?[cnt]", "print stack backtrace")
def stack_with_frames(call: Call) -> None:
    """The same, with frame pointers."""
    _trace(call, with_frames=True)


def _trace(call: Call, *, with_frames: bool) -> None:
    session = call.session
    registers = session.target.registers()
    if call.given:
        word = session.word_size
        raw = session.target.read(call.address, 2 * word)
        registers = {
            "rbp": int.from_bytes(raw[:word], "little"),
            "rip": int.from_bytes(raw[word:], "little"),
            "rsp": call.address + 2 * word,
        }
    limit = call.number(call.arguments[0]) if call.arguments else 64
    for frame, pc in frames(session.target, registers, limit):
        prefix = f"{frame:0{2 * session.word_size}x} " if with_frames else ""
        call.write(f"{prefix}{session.symbolic(pc)}()\n")


@dcmd("$?", "", "print status and registers")
def status_and_registers(call: Call) -> None:
    """Prints the target's state, and the registers."""
    for line in call.session.target.status():
        call.write(f"{line}\n")
    regs(call)


@dcmd("$l", "", "print the representative thread's lwp id")
def lwp(call: Call) -> None:
    """Prints which thread is looked at."""
    tids = call.session.target.thread_ids()
    if not tids:
        raise MdbError(NO_PROCESS)
    call.emit(_representative(call.session.target, tids))


@dcmd("$L", "", "print list of the active lwp ids")
def lwps(call: Call) -> None:
    """Prints which threads there are."""
    target = call.session.target
    tids = target.thread_ids()
    if not tids:
        raise MdbError(NO_PROCESS)
    if len(tids) == 1:
        call.write(f"lwpid {tids[0]} is the only lwp in process {target.pid}.\n")
    else:
        *first, last = map(str, tids)
        call.write(f"lwpids {', '.join(first)} and {last} are in process {target.pid}.\n")


def _representative(target: Target, tids: list[int]) -> int:
    """The thread that is looked at."""
    return target.active().tid if isinstance(target, ProcessTarget) else tids[0]
