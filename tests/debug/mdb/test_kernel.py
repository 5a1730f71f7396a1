"""``mdb -k``: the third seed's look at sysent, and what else a kernel shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ring3.computer import Linux, Solaris
from ring3.debug.mdb.completion import completions
from ring3.debug.mdb.targets.kernel import KernelTarget
from tests.debug.mdb.session import Typed


@pytest.fixture(scope="module")
def computer() -> Iterator[Solaris]:
    with Solaris() as solaris:
        yield solaris


@pytest.fixture
def typed(computer: Solaris) -> Typed:
    return Typed(KernelTarget(computer.kernel, "solaris"))


ELEMENT = (
    "fffffffffc243480 struct sysent { fffffffffc243480 char sy_narg = '\\006' "
    "fffffffffc243482 unsigned short sy_flags = 0 fffffffffc243488 int (*)() sy_call = 0 "
    "fffffffffc243490 krwlock_t *sy_lock = 0 fffffffffc243498 int64_t (*)() sy_callc = modctl }"
)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("::sizeof struct sysent", "sizeof (struct sysent) = 0x20"),
        ("::offsetof sysent sy_callc", "offsetof (sysent, sy_callc) = 0x18, sizeof (...->sy_callc) = 8"),
        (
            "::offsetof struct sysent sy_callc",
            "offsetof (struct sysent, sy_callc) = 0x18, sizeof (...->sy_callc) = 8",
        ),
        ("(sysent + 0x20 * 0t152)::print -Ta struct sysent", ELEMENT),
        ("sysent + 0x20 * 0t152 ::print -Ta struct sysent", ELEMENT),
        ("sysent + 0x20 * 0t152 = J", "fffffffffc243480"),
        ("fffffffffc243480 + 0x18 = J", "fffffffffc243498"),
        ("fffffffffc243498/J", "sysent+0x1318: fffffffffbcad4e0"),
        ("fffffffffbcad4e0::whatis", "fffffffffbcad4e0 is modctl, in genunix's text segment"),
        ("fffffffffbcad4e0/i", "modctl: modctl: pushq %rbp"),
        ("sysent::whatis", "fffffffffc242180 is sysent, in genunix's data segment"),
        ("::sizeof struct modinfo", "sizeof (struct modinfo) = 0x1b0"),
    ],
)
def test_the_table_of_system_calls(typed: Typed, text: str, printed: str) -> None:
    assert typed(text).split() == printed.split()


def test_the_entry_of_system_calls(typed: Typed) -> None:
    lines = [line.split() for line in typed("sys_syscall::dis").splitlines()]
    assert lines[0] == ["sys_syscall:", "swapgs"]
    start = lines.index(["sys_syscall+0x235:", "cmpl", "$0x100,%eax"])
    assert lines[start - 6 : start + 7] == [
        ["sys_syscall+0x21d:", "movq", "0x10(%rbp),%rdi"],
        ["sys_syscall+0x221:", "movq", "0x18(%rbp),%rsi"],
        ["sys_syscall+0x225:", "movq", "0x20(%rbp),%rdx"],
        ["sys_syscall+0x229:", "movq", "0x28(%rbp),%rcx"],
        ["sys_syscall+0x22d:", "movq", "0x30(%rbp),%r8"],
        ["sys_syscall+0x231:", "movq", "0x38(%rbp),%r9"],
        ["sys_syscall+0x235:", "cmpl", "$0x100,%eax"],
        ["sys_syscall+0x23a:", "jae", "+0x11a", "<0xfffffffffb8014bb>"],
        ["sys_syscall+0x240:", "shll", "$0x5,%eax"],
        ["sys_syscall+0x243:", "leaq", "0xfffffffffc242180(%rax),%rbx", "<sysent>"],
        ["sys_syscall+0x24a:", "call", "*0x18(%rbx)"],
        ["sys_syscall+0x24d:", "movq", "%rax,%r12"],
        ["sys_syscall+0x250:", "movq", "%rdx,%r13"],
    ]


def test_a_function_keeps_its_arguments(typed: Typed) -> None:
    lines = [line.split() for line in typed("fffffffffbcad4e0::dis").splitlines()]
    assert lines[:9] == [
        ["modctl:", "pushq", "%rbp"],
        ["modctl+1:", "movq", "%rsp,%rbp"],
        ["modctl+4:", "subq", "$0x30,%rsp"],
        ["modctl+8:", "movq", "%rdi,-0x8(%rbp)"],
        ["modctl+0xc:", "movq", "%rsi,-0x10(%rbp)"],
        ["modctl+0x10:", "movq", "%rdx,-0x18(%rbp)"],
        ["modctl+0x14:", "movq", "%rcx,-0x20(%rbp)"],
        ["modctl+0x18:", "movq", "%r8,-0x28(%rbp)"],
        ["modctl+0x1c:", "movq", "%r9,-0x30(%rbp)"],
    ]


def test_members_through_a_walk(typed: Typed) -> None:
    lines = typed("::walk sysent | ::print struct sysent sy_callc").splitlines()
    assert len(lines) == 256
    assert lines[152] == "sy_callc = modctl"


def test_the_processor(typed: Typed) -> None:
    assert "sys_syscall" in typed("::msr")
    assert typed("c0000082::rdmsr") == "0xfffffffffb801161\n"
    assert typed("1234::rdmsr") == "mdb: there is no MSR 1234\n"
    assert typed("e::idt").rstrip().endswith("pftrap")
    assert "64-bit code" in typed("::gdt")
    assert "mapped to physical" in typed("sysent::vtop")
    assert typed("10::vtop") == "mdb: failed to get physical mapping of 0x10: no mapping for address\n"


def test_the_kernel(typed: Typed) -> None:
    assert typed("::status").splitlines() == [
        "debugging live kernel (64-bit) on ring3",
        "operating system: 5.11 ring3-11 (i86pc)",
    ]
    assert "pcie" in typed("::modinfo")
    assert typed("$r") == "mdb: no process active\n"
    assert typed("sysent/W 1").endswith("target is not open for writing\n")


def test_linux() -> None:
    with Linux() as linux:
        typed = Typed(KernelTarget(linux.kernel, "linux"))
        assert typed("sys_call_table + 8 * 1 / K").split()[-1] == f"{linux.symbols['__x64_sys_write']:x}"
        assert typed("entry_SYSCALL_64::dis").splitlines()[0].split() == ["entry_SYSCALL_64:", "swapgs"]
        assert typed("::sizeof struct pt_regs") == "sizeof (struct pt_regs) = 0xa8\n"
        assert typed("::modinfo") == "mdb: this kernel has no modules\n"
        assert typed("sys_call_table::print -d sys_call_ptr_t") == "__x64_sys_read\n"


@pytest.mark.parametrize(
    ("before", "word", "found"),
    [
        ("", "::sizeo", ["::sizeof"]),
        ("", "modct", ["modctl", "modctl_modinfo", "modctl_t"]),
        ("::sizeof struct ", "sysen", ["sysent"]),
        ("::offsetof struct sysent ", "sy_call", ["sy_call", "sy_callc"]),
        ("::print -Ta sysent sy_narg ", "sy_l", ["sy_lock"]),
        ("sysent::print struct sysent ", "nosuch", []),
        ("::print struct nosuch ", "modctl_mo", ["modctl_modinfo"]),
    ],
)
def test_what_a_word_can_become(typed: Typed, before: str, word: str, found: list[str]) -> None:
    assert completions(typed.session, before, word) == found


def test_modules_are_walked_and_shown_one_by_one(typed: Typed) -> None:
    header, *rows = typed("::modctl").splitlines()
    assert typed("::walk modctl").split() == [f"0x{row.split()[0]}" for row in rows]
    assert typed("::walk modctl | ::modctl").splitlines() == [header, *rows]
    assert typed(f"{rows[1].split()[0]}::modctl").splitlines() == [header, rows[1]]
    assert typed("1::modctl") == "mdb: 0x1 is not a module\n"


def test_a_process_is_followed_through_its_structures() -> None:
    with Solaris() as machine:
        task = machine.load("cat", ["/etc/passwd"])
        place = machine.kernel.vfs.root
        task.files.install(place.inode.open(place, 0), 5)
        typed = Typed(KernelTarget(machine.kernel, "solaris"))

        def value(text: str) -> int:
            return int(typed(text).split()[-1], 16)

        proc = value("::walk proc")
        assert typed("::ps").splitlines()[1].split()[-2:] == [f"{proc:016x}", "cat"]
        assert value(f"0t{task.pid}::pid2proc") == value("*practive=J") == proc
        assert '"cat"' in typed(f"{proc:x}::print proc_t p_user.u_comm")
        assert value(f"{proc:x}::print proc_t p_pidp->pid_id") == task.pid
        thread = value(f"{proc:x}::walk thread")
        assert value(f"{thread:x}::print kthread_t t_procp") == proc
        file = value(f"{proc:x}::fd 5")
        assert file in [int(line, 16) for line in typed(f"{proc:x}::walk file").split()]
        vnode = value(f"{file:x}::print file_t f_vnode")
        assert typed(f"{vnode:x}::vnode2path") == "/\n"
        assert typed(f"{proc:x}::pfiles").splitlines()[-1].split() == ["5", "DIR", f"{vnode:016x}", "/"]
        space = value(f"{proc:x}::print proc_t p_as")
        segments = typed(f"{space:x}::walk seg").split()
        assert len(segments) == len(task.memory.vmas)
        assert value(f"{segments[0]}::print struct seg s_base") == task.memory.vmas[0].start
        assert len(typed(f"{proc:x}::pmap").splitlines()) == 1 + len(segments)


def test_stores_into_a_process_take_effect() -> None:
    with Solaris() as machine:
        task = machine.load("cat", ["/etc/passwd"])
        typed = Typed(KernelTarget(machine.kernel, "solaris"))
        proc = int(typed("::walk proc").split()[-1], 16)
        cred = int(typed(f"{proc:x}::print proc_t p_cred").split()[-1], 16)
        uid = int(typed(f"{cred:x}::print -a cred_t cr_uid").split()[0], 16)
        typed("$W")
        typed(f"{uid:x}/W 0t4711")
        assert task.cred.uid == 4711 == int(typed(f"{cred:x}::print cred_t cr_uid").split()[-1], 0)
        comm = int(typed(f"{proc:x}::print -a proc_t p_user.u_comm").split()[0], 16)
        typed(f"{comm:x}/v 64")
        assert '"dat"' in typed(f"{proc:x}::print proc_t p_user.u_comm")
        assert task.process.name == b"dat"
