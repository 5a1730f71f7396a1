"""Signals and ends of tasks as lines."""

from __future__ import annotations

from typing import Final

from ring3.abi.errno import E
from ring3.abi.linux import values
from ring3.abi.linux.structs.signals import SIGINFO, SIGINFO_CHILD, SIGINFO_FAULT, SIGINFO_POLL, SIGINFO_QUEUE
from ring3.abi.signals import SiCode, Sig
from ring3.abi.structs import Struct
from ring3.linux.model.siginfo import Layout, SigInfo
from ring3.trace.strace.naming import in_hex, styled
from ring3.trace.strace.scalars import signal_name, ticks, user
from ring3.trace.strace.style import Names

_CODES: Final = {
    Sig.SIGILL: "ill", Sig.SIGFPE: "fpe", Sig.SIGSEGV: "segv", Sig.SIGBUS: "bus", Sig.SIGTRAP: "trap",
    Sig.SIGCHLD: "cld", Sig.SIGIO: "poll", Sig.SIGSYS: "sys",
}  # fmt: skip
"""The set of codes that a signal has of its own."""


_SEGV_BNDERR: Final = 3
_SEGV_PKUERR: Final = 4
_BUS_MCEERR: Final = frozenset({4, 5})
"""Codes with more than an address (asm-generic/siginfo.h)."""
_ERRORS: Final = {int(error): error.name for error in E}
_FAULTS: Final = frozenset({Sig.SIGILL, Sig.SIGFPE, Sig.SIGSEGV, Sig.SIGBUS, Sig.SIGTRAP})
"""Signals whose codes of their own come with an address."""


def arrived(info: SigInfo, how: Names = Names.ABBREV) -> str:
    """A signal that a task takes."""
    return f"--- {signal_name(info.signo)} {{{', '.join(_fields(info, how))}}} ---"


def in_memory(raw: bytes, bits: int, how: Names = Names.ABBREV) -> str:
    """A ``siginfo_t`` of a program; its signal and code say which fields it has."""
    if not any(raw[:4]):
        return "{}"
    signo, errno, code, *rest = map(int, _row(raw, bits).unpack(bits, raw))
    info = SigInfo(signo, code, errno=errno)
    if code > 0 and signo == Sig.SIGCHLD:
        pid, uid, status, utime, stime = rest
        info = info._replace(layout=Layout.CHILD, pid=pid, uid=uid, status=status, utime=utime, stime=stime)
    elif code > 0 and signo in _FAULTS:
        info = info._replace(layout=Layout.FAULT, address=rest[0])
        return f"{{{', '.join([*_fields(info, how), *_fault(signo, code, raw, bits)])}}}"
    elif _is_about_file(signo, code):
        info = info._replace(layout=Layout.POLL, address=rest[0], value=rest[1])
    else:
        pid, uid, value = rest
        layout = Layout.KILL if code in (SiCode.SI_USER, SiCode.SI_TKILL) else Layout.QUEUE
        layout = Layout.TIMER if code == SiCode.SI_TIMER else layout
        info = info._replace(layout=layout, pid=pid, uid=uid, value=value)
    return f"{{{', '.join(_fields(info, how))}}}"


def _fault(signo: int, code: int, raw: bytes, bits: int) -> list[str]:
    """What a fault says besides its address: bounds, a protection key, how much of memory has failed."""
    word = bits // 8
    at = 2 * max(word, 6) + word  # behind si_addr
    if (signo, code) == (Sig.SIGSEGV, _SEGV_BNDERR):
        ends = (
            int.from_bytes(raw[at + word :][:word], "little"),
            int.from_bytes(raw[at + 2 * word :][:word], "little"),
        )
        return [
            f"si_{name}={end:#x}" if end else f"si_{name}=NULL"
            for name, end in zip(("lower", "upper"), ends, strict=True)
        ]
    if (signo, code) == (Sig.SIGSEGV, _SEGV_PKUERR):
        return [f"si_pkey={int.from_bytes(raw[at + word :][:4], 'little')}"]
    if signo == Sig.SIGBUS and code in _BUS_MCEERR:
        low = int.from_bytes(raw[at : at + 2], "little")
        return [f"si_addr_lsb={low:#x}" if low else "si_addr_lsb=0"]
    return []


def _row(raw: bytes, bits: int) -> Struct:
    """Which struct the bytes are."""
    signo, _, code = map(int, SIGINFO.unpack(bits, raw))
    if code > 0 and signo == Sig.SIGCHLD:
        return SIGINFO_CHILD
    if _is_about_file(signo, code):
        return SIGINFO_POLL
    return SIGINFO_FAULT if code > 0 and signo in _FAULTS else SIGINFO_QUEUE


def _is_about_file(signo: int, code: int) -> bool:
    """Whether a signal tells of a file."""
    return code == SiCode.SI_SIGIO or (signo == Sig.SIGIO and code > 0)


def ended(code: int) -> str:
    """How a task ended, by what wait(2) would say."""
    signal = code & 0x7F
    if not signal:
        return f"+++ exited with {code >> 8 & 0xFF} +++"
    return f"+++ killed by {signal_name(signal)}{' (core dumped)' * bool(code & 0x80)} +++"


def fields_of(info: SigInfo) -> dict[str, str]:
    """What is known of a signal, by the names of the fields of ``siginfo_t``."""
    return {name: text for name, _, text in (field.partition("=") for field in _fields(info))}


def _fields(info: SigInfo, how: Names = Names.ABBREV) -> list[str]:
    signal = styled(how, signal_name(info.signo), str(info.signo))
    found = [f"si_signo={signal}", f"si_code={styled(how, _code(info), in_hex(info.code))}"]
    if info.errno:
        error = _ERRORS.get(info.errno)
        number = str(info.errno & 0xFFFF_FFFF)
        found.append(f"si_errno={styled(how, error, number) if error else number}")
    match info.layout:
        case _ if info.layout is Layout.FAULT or (info.code == SiCode.SI_KERNEL and info.signo in _FAULTS):
            found.append(f"si_addr={info.address:#x}" if info.address else "si_addr=NULL")
        case _ if info.layout is Layout.CHILD or (
            info.code == SiCode.SI_KERNEL and info.signo == Sig.SIGCHLD
        ):
            exited = info.code == 1
            status = str(info.status) if exited or not info.status else signal_name(info.status)
            found += [f"si_pid={info.pid}", f"si_uid={info.uid}", f"si_status={status}"]
            found += [f"si_utime={ticks(info.utime)}", f"si_stime={ticks(info.stime)}"]
        case Layout.TIMER:
            found += [f"si_timerid={info.pid:#x}", f"si_overrun={info.uid}", _value(info)]
        case Layout.POLL:
            found += [f"si_band={info.address}", f"si_fd={info.value}"]
        case Layout.SYS:
            found += [f"si_call_addr={info.address:#x}", f"si_syscall={info.value & 0xFFFF_FFFF}"]
        case _ if info.code != SiCode.SI_KERNEL:
            found += _sender(info)
    return found


def _sender(info: SigInfo) -> list[str]:
    """Who has sent a signal, and what with it; of the kernel's codes, what is not 0."""
    sender = [f"si_pid={info.pid}", f"si_uid={user(info.uid, 32)}"]
    if info.layout is not Layout.QUEUE:
        return sender
    shown = info.code <= 0 or bool(info.pid or info.uid)
    return sender * shown + [_value(info)] * bool(info.value)


def _value(info: SigInfo) -> str:
    low = (info.value & 0xFFFF_FFFF ^ 0x8000_0000) - 0x8000_0000
    return f"si_int={low}, si_ptr={f'{info.value:#x}' if info.value else 'NULL'}"


def _code(info: SigInfo) -> str:
    every = values.every()
    common = every["si_code"].by_value().get(info.code)
    own = _CODES.get(Sig(info.signo)) if info.signo in _CODES else None
    named = common or (every[f"si_code_{own}"].by_value().get(info.code) if own else None)
    return named or in_hex(info.code)
