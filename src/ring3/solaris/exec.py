"""Makes an address space of a program, and a thread start in it: what exec(2) does.

The initial stack, from the stack pointer up: argc, argv, NULL, envp, NULL, the auxiliary vector if there is one, the
strings, padding, and one NULL word at the very top.

One thing is more generous than illumos, which refuses a program with a PT_PHDR and no PT_INTERP: LLVM's linker always
writes one. No program can tell.

Sources: usr/src/uts/common/os/exec.c (exec_args, stk_add, stk_copyout), common/exec/elf/elf.c (elfexec),
intel/ia32/os/sundep.c (setregs).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ring3.abi import elf
from ring3.abi.errno import E
from ring3.abi.solaris.auxv import Aux, AuxFlag, FpType, HwCap
from ring3.image.solaris.boot import L
from ring3.kernel.mm.limits import Limits
from ring3.kernel.mm.mm import Mm
from ring3.kernel.regs import NAMES, UserRegs
from ring3.loader.program import ExecError, Executable, Mapped, Program, map_program
from ring3.loader.stack import Strings
from ring3.machine.pmap import Prot
from ring3.machine.ram import PAGE_MASK, PAGE_SIZE
from ring3.solaris.layout import address_space, choose_addr

if TYPE_CHECKING:
    from ring3.solaris.kernel import SolarisKernel

NCARGS: Final = {8: 0x20_0000, 4: 0x10_0000}
"""Bytes of strings that a program may be given, by the size of its pointers."""
STACK_ALIGN: Final = {8: 16, 4: 4}
PLATFORM: Final = b"i86pc"
FXSAVE_SIZE: Final = 512
INTERPRETED: Final = 1024
"""Bytes of a file in which the line is that names its interpreter."""
MAX_DEPTH: Final = 5
"""Programs of which each is the interpreter of the one before (INTP_MAXDEPTH)."""

HWCAP: Final = (
    HwCap.AV_386_FPU | HwCap.AV_386_TSC | HwCap.AV_386_CX8 | HwCap.AV_386_SEP | HwCap.AV_386_AMD_SYSC
    | HwCap.AV_386_CMOV | HwCap.AV_386_MMX | HwCap.AV_386_FXSR | HwCap.AV_386_SSE | HwCap.AV_386_SSE2
    | HwCap.AV_386_SSE3 | HwCap.AV_386_CX16 | HwCap.AV_386_AHF | HwCap.AV_386_POPCNT | HwCap.AV_386_AMD_LZCNT
    | HwCap.AV_386_SSSE3 | HwCap.AV_386_SSE4_1 | HwCap.AV_386_SSE4_2 | HwCap.AV_386_MOVBE | HwCap.AV_386_AES
    | HwCap.AV_386_PCLMULQDQ
)  # fmt: skip
"""What the CPU can do (AT_SUN_HWCAP); the tests compare it with CPUID."""


def interpreter(head: bytes, path: bytes, argv: Sequence[bytes]) -> list[bytes]:
    """The words that run a script, of which the first is its interpreter; none if its first line names none.

    Args:
        head: What it begins with.
        path: Where it is.
        argv: The words that it was to be run with.
    """
    words = head[2:].split(b"\n", 1)[0].split(None, 1) if head.startswith(b"#!") else []
    return [words[0], *(word.rstrip() for word in words[1:]), path, *argv[1:]] if words else []


@dataclass(frozen=True, slots=True)
class Start:
    """A program in memory, ready to run.

    Attributes:
        mm: Its address space.
        ip: The first instruction: ld.so.1's if there is one.
        sp: The stack pointer.
        stack_prot: `Prot` bits of the stack.
        ilp32: It is a program of 32 bits.
        auxv: Its auxiliary vector, as it lies on the stack; empty without one.
        argc: How many arguments it has.
        argv: Where their addresses lie.
        envp: Where those of the environment do.
    """

    mm: Mm
    ip: int
    sp: int
    stack_prot: int
    ilp32: bool
    auxv: bytes
    argc: int
    argv: int
    envp: int


def prepare(
    kernel: SolarisKernel,
    file: Executable,
    strings: Strings,
    open_interpreter: Callable[[bytes], Executable],
) -> Start:
    """Builds a program's address space.

    Args:
        kernel: The kernel.
        file: The program.
        strings: Its absolute path, arguments and environment.
        open_interpreter: Opens the file that PT_INTERP names.

    Raises:
        ExecError: The file cannot be run; the message says why.
        Errno: There is no memory or room for it.
    """
    program = Program.read(file)
    bits = program.header.bits
    ilp32 = bits == 32
    interpreter: Program | None = None
    if program.interpreter is not None:
        interpreter = Program.read(_open_interpreter(program.interpreter, open_interpreter), "interpreter")
        if interpreter.header.bits != bits:
            raise ExecError(E.ENOEXEC, f"interpreter: not a {bits}-bit one")
    layout = address_space(ilp32)
    mm = Mm(kernel.machine.ram, kernel.machine.kernel_pmap, layout, Limits(), kernel.objects)
    try:
        mapped = _map(mm, program)
        mm.start_brk = mm.brk = PAGE_SIZE if program.relocatable else mapped.end
        mm.start_data, mm.end_data = mapped.data
        loaded = None if interpreter is None else _map(mm, interpreter)
        stack_prot = _stack_prot(program)
        has_auxv = interpreter is not None or program.relocatable
        facts = _facts(program, mapped, loaded) if has_auxv else None
        word = bits // 8
        sp, auxv = _build_stack(mm, strings, stack_prot, facts, kernel.random_bytes(16), word)
    except BaseException:
        mm.destroy()
        raise
    entry = mapped.entry if loaded is None else loaded.entry
    argc = len(strings.argv)
    return Start(mm, entry, sp, stack_prot, ilp32, auxv, argc, sp + word, sp + (argc + 2) * word)


def _open_interpreter(path: bytes, open_file: Callable[[bytes], Executable]) -> Executable:
    """Opens the file of PT_INTERP; for one below /usr, the one without that will do (elfexec)."""
    try:
        return open_file(path)
    except ExecError as error:
        if path.startswith(b"/usr/lib/"):
            try:
                return open_file(path.removeprefix(b"/usr"))
            except ExecError:
                pass
        name = path.decode("utf-8", "backslashreplace")
        raise ExecError(error.number, f"interpreter {name}: {error.reason}") from None


def _map(mm: Mm, program: Program) -> Mapped:
    """Maps a program; one that can lie anywhere goes where mmap would put it."""
    base = None
    if program.relocatable:
        loads = program.loads
        size = loads[-1].vaddr + loads[-1].memsz - (loads[0].vaddr & PAGE_MASK)
        base = choose_addr(mm, 0, size, align=program.alignment)
    return map_program(mm, program, base)


def _stack_prot(program: Program) -> int:
    """The protection that PT_SUNWSTACK asks for; data and stack are not executable otherwise."""
    for segment in program.segments:
        if segment.type == elf.PType.SUNWSTACK:
            return int(Prot.READ | Prot.WRITE | (Prot.EXEC if segment.flags & elf.PFlags.X else 0))
    return int(Prot.READ | Prot.WRITE)


@dataclass(frozen=True, slots=True)
class _Facts:
    """The entries that do not depend on where the strings lie."""

    program: list[tuple[int, int]]
    system: list[tuple[int, int]]


def _facts(program: Program, mapped: Mapped, loaded: Mapped | None) -> _Facts:
    headers = program.header
    about: list[tuple[int, int]] = []
    if loaded is not None:
        about = [
            (Aux.AT_PHDR, mapped.headers),
            (Aux.AT_PHENT, headers.phentsize),
            (Aux.AT_PHNUM, headers.phnum),
            (Aux.AT_ENTRY, mapped.entry),
            (Aux.AT_SUN_LDDATA, loaded.data[0]),
        ]
    return _Facts(
        about,
        [
            (Aux.AT_BASE, mapped.bias if loaded is None else loaded.bias),
            (Aux.AT_FLAGS, 0),
            (Aux.AT_PAGESZ, PAGE_SIZE),
            (Aux.AT_SUN_AUXFLAGS, AuxFlag.AF_SUN_HWCAPVERIFY),
            (Aux.AT_SUN_HWCAP, HWCAP),
            (Aux.AT_SUN_FPTYPE, FpType.AT_386_FPINFO_FXSAVE),
            (Aux.AT_SUN_FPSIZE, FXSAVE_SIZE),
            (Aux.AT_NULL, 0),
        ],
    )


def _build_stack(
    mm: Mm, strings: Strings, prot: int, facts: _Facts | None, random: bytes, word: int
) -> tuple[int, bytes]:
    """Maps the stack and writes what a program finds on it, in words of 8 or 4 bytes.

    Returns:
        The stack pointer, and the auxiliary vector.

    Raises:
        ExecError: E2BIG, the strings are too long.
    """
    texts = [*strings.argv, *strings.envp]
    own = [] if facts is None else [PLATFORM + b"\0", strings.name + b"\0", random]
    block = b"".join(text + b"\0" for text in texts) + b"".join(own)
    if len(block) > min(NCARGS[word], mm.limits.stack // 2):
        raise ExecError(E.E2BIG, "the arguments and the environment are too long")
    entries = 0 if facts is None else 3 + len(facts.program) + len(facts.system)
    align, top = STACK_ALIGN[word], mm.layout.stack_top
    size = (len(texts) + 4 + 2 * entries) * word + len(block)
    size = (size + align - 1) & -align
    sp = top - size
    at = sp + (len(texts) + 3 + 2 * entries) * word
    argv, at_envp = _addresses(strings.argv, at)
    envp, at_own = _addresses(strings.envp, at_envp)
    vector = [len(argv), *argv, 0, *envp, 0]
    if facts is not None:
        execname = at_own + len(own[0])
        pairs = [
            (Aux.AT_SUN_PLATFORM, at_own),
            (Aux.AT_SUN_EXECNAME, execname),
            (Aux.AT_RANDOM, execname + len(own[1])),
        ]
        for pair in (*pairs, *facts.program, *facts.system):
            vector += pair
    mapped = (size + PAGE_SIZE - 1) & PAGE_MASK
    mm.mmap(top - mapped, mapped, prot, fixed=True, growsdown=True)
    mm.start_stack = sp
    raw = struct.pack(f"<{len(vector)}{'Q' if word == 8 else 'I'}", *vector)
    mm.write(sp, raw + block)
    return sp, raw[(len(texts) + 3) * word :]


def _addresses(texts: Sequence[bytes], at: int) -> tuple[list[int], int]:
    """Where strings that follow each other lie, and where the next thing does."""
    found = []
    for text in texts:
        found.append(at)
        at += len(text) + 1
    return found, at


def setregs(regs: UserRegs, start: Start) -> None:
    """Sets the user registers to those of a program's first instruction: all zero but rip, rsp and the selectors."""
    for name in NAMES:
        setattr(regs, name, 0)
    regs.ip, regs.sp = start.ip, start.sp
    regs.cs, regs.ss = L["U32CS_SEL" if start.ilp32 else "UCS_SEL"], L["UDS_SEL"]
    regs.flags = L["PSL_USER"]
