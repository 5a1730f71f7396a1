"""Makes an address space of a program, and a task start in it: what execve(2) does (fs/exec.c, fs/binfmt_elf.c).

The new address space is built completely before anything of the old one is given up.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from ring3.abi.errno import E
from ring3.fs.namei import Walk
from ring3.kernel.fpu import FXSAVE
from ring3.kernel.functions import function
from ring3.kernel.mm import layout
from ring3.kernel.mm.limits import Limits
from ring3.kernel.mm.mm import Mm
from ring3.linux.exec.auxv import AuxFacts, entries
from ring3.linux.files.lookup import walk
from ring3.linux.model.credentials import Credentials
from ring3.linux.model.program import Start
from ring3.linux.model.settings import Persona
from ring3.loader.executable import ExecFile, find_executable
from ring3.loader.program import ExecError, Executable, Mapped, Program, map_program
from ring3.loader.stack import Places, Strings, build_stack
from ring3.machine.descriptors import Segment
from ring3.machine.pmap import Prot
from ring3.machine.ram import PAGE_MASK

if TYPE_CHECKING:
    from ring3.fs.dentry import Dentry
    from ring3.linux.model.system import LinuxSystem
    from ring3.linux.model.task import LinuxTask

INITIAL_STACK: Final = 132 << 10
"""Bytes of the stack mapping at first: the vectors grow it like anything else (setup_arg_pages, stack_expand)."""
MINSIGSTKSZ: Final = 1040
"""Bytes of the largest signal frame with FXSAVE state (arch/x86/kernel/signal.c, init_sigframe_size)."""

SCRIPT_HEAD: Final = 256
"""Bytes of a script that are looked at (BINPRM_BUF_SIZE)."""
MAX_SCRIPTS: Final = 4

_NO_SEGMENT: Final = Segment(0, 0, 0, 0)


@function("struct file *open_exec(const char *name)")
def open_exec(how: Walk, start: Dentry, path: bytes) -> ExecFile:
    """Finds a file and checks that it may be run.

    Args:
        how: Who looks, and from which root.
        start: Where a relative path starts.
        path: The path.

    Raises:
        ExecError: As execve(2): ENOENT, EACCES, ETXTBSY and what else a walk can fail with.
    """
    file = find_executable(how, start, path)
    if file.inode.writers > 0:
        raise ExecError(E.ETXTBSY, "open for writing")
    return file


def open_for(task: LinuxTask, path: bytes) -> ExecFile:
    """The same for a task that names a file.

    Raises:
        ExecError: As `open_exec`.
    """
    return open_exec(walk(task), task.fs.cwd, path)


@function(
    "int bprm_execve(struct linux_binprm *bprm)",
    calls={"arch_pick_mmap_layout", "load_elf_binary", "load_script"},
)
def bprm_execve(
    kernel: LinuxSystem,
    path: bytes,
    file: Executable,
    strings: Strings,
    credentials: Credentials,
    limits: Limits,
    open_file: Callable[[bytes], Executable],
    personality: int = 0,
) -> Start:
    """Builds a program's address space.

    Args:
        kernel: The kernel.
        path: The program, or a script whose first line names its interpreter.
        file: That file.
        strings: Its name, arguments and environment.
        credentials: Whom it runs as.
        limits: Its memory limits.
        open_file: Opens another file to be run: the interpreter of a script, the one that PT_INTERP names.
        personality: Its quirks (personality(2)).

    Returns:
        The program in memory.

    Raises:
        ExecError: The file cannot be run; the message says why.
        Errno: There is no memory or room for it.
    """
    file, strings = load_script(path, file, strings, open_file)
    program = Program.read(file)
    interpreter: Program | None = None
    if program.interpreter is not None:
        interpreter = Program.read(_open_interpreter(program.interpreter, open_file), "interpreter")
        if interpreter.header.bits != program.header.bits:
            raise ExecError(E.ELIBBAD, "interpreter: not of the program's width")
    narrow = program.header.bits == 32
    places = layout.arch_pick_mmap_layout(
        narrow=narrow,
        stack_limit=limits.stack,
        random=None if personality & Persona.ADDR_NO_RANDOMIZE else kernel.aslr,
        legacy=bool(personality & Persona.ADDR_COMPAT_LAYOUT),
        task_size=layout.TASK_SIZE_3GB if narrow and personality & Persona.ADDR_LIMIT_3GB else None,
    )
    mm = Mm(kernel.machine.ram, kernel.machine.kernel_pmap, places, limits, kernel.objects)
    try:
        return load_elf_binary(kernel, mm, program, interpreter, strings, credentials)
    except BaseException:
        mm.destroy()
        raise


@function(
    "int load_script(struct linux_binprm *bprm)",
    calls={"open_exec"},
)
def load_script(
    path: bytes, file: Executable, strings: Strings, open_file: Callable[[bytes], Executable]
) -> tuple[Executable, Strings]:
    """The program that a chain of ``#!`` lines leads to, with the arguments it gets (fs/binfmt_script.c)."""
    for _ in range(MAX_SCRIPTS + 1):
        head = file.pread(0, SCRIPT_HEAD)
        if not head.startswith(b"#!"):
            return file, strings
        line, newline, _rest = head[2:].partition(b"\n")
        words = _words(line.strip(b" \t"))
        if not words and not newline:
            raise ExecError(E.EACCES, "its #! line ends with the file and names no interpreter")
        if not words or (not newline and len(head) == SCRIPT_HEAD and len(words) == 1):
            raise ExecError(E.ENOEXEC, "its #! line names no interpreter, or is too long")
        script = path if path.startswith(b"/") or not strings.name else strings.name
        arguments = [words[0], *(word.rstrip(b" \t") for word in words[1:]), script, *strings.argv[1:]]
        path, strings = words[0], Strings(words[0], arguments, strings.envp)
        file = open_file(path)
    raise ExecError(E.ELOOP, "its #! lines lead too far")


def _words(line: bytes) -> list[bytes]:
    """The interpreter that a line names, and what else stands there as one argument; a NUL ends either."""
    found = re.match(rb"[^ \t\0]*", line)
    assert found is not None
    rest = line[found.end() :]
    argument = b"" if rest.startswith(b"\0") else rest.lstrip(b" \t").partition(b"\0")[0]
    return [found[0], argument] if argument else [found[0]] if line else []


def _open_interpreter(path: bytes, open_file: Callable[[bytes], Executable]) -> Executable:
    try:
        return open_file(path)
    except ExecError as error:
        name = path.decode("utf-8", "backslashreplace")
        raise ExecError(error.number, f"interpreter {name}: {error.reason}") from None


@function(
    "int load_elf_binary(struct linux_binprm *bprm)",
    calls={"do_mmap"},
)
def load_elf_binary(
    kernel: LinuxSystem,
    mm: Mm,
    program: Program,
    interpreter: Program | None,
    strings: Strings,
    credentials: Credentials,
) -> Start:
    """Fills a new address space with a program, its interpreter and its initial stack."""
    bits = program.header.bits
    stack_top = mm.layout.stack_top & PAGE_MASK
    prot = program.stack_prot
    if prot is None:
        prot = Prot.READ | Prot.WRITE | (Prot.EXEC if bits == 32 else 0)
    mm.mmap(stack_top - INITIAL_STACK, INITIAL_STACK, prot, fixed=True, growsdown=True)
    mm.start_stack = stack_top
    base = mm.layout.dyn_base if interpreter is not None else None
    mapped = map_program(mm, program, base)
    loaded: Mapped | None = None
    if interpreter is not None:
        try:
            loaded = map_program(mm, interpreter, None)
        except ExecError as error:
            raise ExecError(error.number, f"interpreter: {error.reason}") from None
    mm.start_brk = mm.brk = mm.layout.brk_start(mapped.end, alone=program.relocatable and interpreter is None)
    mm.start_data, mm.end_data = mapped.data
    vdso = kernel.vdso(bits)
    at = mm.mmap(
        mm.layout.vdso_address(stack_top, vdso.size) if bits == 64 else 0,
        vdso.size,
        Prot.READ | Prot.EXEC,
        obj=vdso.pages,
    )
    facts = AuxFacts(
        at,
        at + vdso.symbols["__kernel_vsyscall"] if bits == 32 else 0,
        loaded.bias if loaded is not None else 0,
        kernel.hwcap,
        MINSIGSTKSZ + (kernel.fpu.frame_size - FXSAVE + 15 & -16),
        credentials,
    )
    vector: list[tuple[int, int]] = []

    def auxv(found: Places) -> list[tuple[int, int]]:
        mask = (1 << bits) - 1  # a damaged header's addresses wrap in words of the program's width
        vector[:] = [(key, value & mask) for key, value in entries(program, mapped, found, facts)]
        return vector

    sp, places = build_stack(
        mm,
        stack_top,
        strings,
        bits,
        (b"x86_64\0" if bits == 64 else b"i686\0", kernel.random_bytes(16)),
        mm.layout.align_stack,
        auxv,
    )
    mm.start_stack = sp
    first = (loaded.entry if loaded is not None else mapped.entry) & (1 << bits) - 1
    landing_pad = at + vdso.symbols["int80_landing_pad"] if bits == 32 else 0
    words = [word for entry in (*vector, (0, 0)) for word in entry]
    raw = struct.pack(f"<{len(words)}{'Q' if bits == 64 else 'I'}", *words)
    return Start(mm, bits, first, sp, landing_pad, program.file, places, raw)
