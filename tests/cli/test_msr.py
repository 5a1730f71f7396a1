"""rdmsr and wrmsr: the forms of msr-tools, what a CPU refuses, and that a value written is the one in force."""

from __future__ import annotations

import subprocess
from types import SimpleNamespace

import pytest

from ring3.cli import main as cli
from ring3.cli import wrmsr
from ring3.computer import Linux, Solaris
from ring3.machine.msr import ALIASES, Msr, parse_msr
from tests.cli.command import COMMAND, HELLO, ROOT, is_one_line, ring3
from tests.support.toolchain import Toolchain

# What msr-tools 1.3 (Debian's 1.3-5) printed of these values in /dev/cpu/0/msr, a plain file in a chroot.
LSTAR = 0xFFFF_FFFF_8100_0210
FMASK = 0x25_7FD5
STAR = 0x0023_0010_0000_0000
PRINTED = """\
LSTAR|          |ffffffff81000210
LSTAR|-X        |FFFFFFFF81000210
LSTAR|-u        |18446744071578845712
LSTAR|-o        |1777777777760100001020
LSTAR|-0        |ffffffff81000210
LSTAR|-c        |0xffffffff81000210
LSTAR|-c -X     |0xFFFFFFFF81000210
LSTAR|-c -u     |18446744071578845712U
LSTAR|-c -o     |01777777777760100001020
LSTAR|-f 7:0    |10
LSTAR|-f 7:4 -0 |1
LSTAR|-f 3:0 -d |0
LSTAR|-f 63:1   |7fffffffc0800108
LSTAR|-c -r     |{0x10,0x02,0x00,0x81,0xff,0xff,0xff,0xff}
LSTAR|-f 7:0 -cr|{0x10,0x00,0x00,0x00,0x00,0x00,0x00,0x00}
FMASK|-x        |257fd5
FMASK|-d        |2457557
FMASK|-u        |2457557
FMASK|-o        |11277725
FMASK|-0        |0000000000257fd5
FMASK|-0 -X     |0000000000257FD5
FMASK|-0 -d     |00000000000002457557
FMASK|-0 -u     |00000000000002457557
FMASK|-0 -o     |0000000000000011277725
FMASK|-c -0     |0x0000000000257fd5
FMASK|-c -0 -o  |00000000000000011277725
FMASK|-c -0 -u  |2457557U
FMASK|-c -0 -d  |2457557
FMASK|-f 31:0 -d|2457557
FMASK|-f 31:0-d0|00002457557
FMASK|-f 11:0-0o|7725
FMASK|-f31:16-0u|00037
FMASK|-f 7:4    |d
FMASK|-d -x     |257fd5
STAR |-0        |0023001000000000
STAR |-d        |9851692904349696
STAR |-a        |23001000000000
STAR |-p 0      |23001000000000
"""
VALUES = {"LSTAR": LSTAR, "FMASK": FMASK, "STAR": STAR}


class FixedMachine:
    """A machine whose every MSR has one value."""

    def __init__(self, value: int) -> None:
        self.machine = self
        self.kernel = SimpleNamespace(open_tool=None)
        self._value = value

    def __enter__(self) -> FixedMachine:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def rdmsr(self, _number: int) -> int:
        return self._value


def printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: int, *options: str
) -> str:
    monkeypatch.setattr("ring3.cli.here.Linux", lambda **_: FixedMachine(value))
    assert cli.main(["rdmsr", *options, "MSR_LSTAR"]) == 0
    return capsys.readouterr().out.removesuffix("\n")


@pytest.mark.parametrize("row", PRINTED.splitlines())
def test_forms_are_those_of_msr_tools(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], row: str
) -> None:
    name, options, expected = row.split("|")
    assert printed(monkeypatch, capsys, VALUES[name.strip()], *options.replace("-", " -").split()) == expected


@pytest.mark.parametrize(
    ("value", "options", "expected"),
    [
        (LSTAR, ["-d"], str(LSTAR - (1 << 64))),
        (0xF, ["-d", "-f", "3:0"], "-1"),
        (0x8, ["-d", "-0", "-f", "3:0"], "-8"),
        (0x7, ["-d", "-f", "3:0"], "7"),
        (1 << 63, ["-d", "-f", "63:63"], "-1"),
    ],
)
def test_negative_numbers_are_in_twos_complement(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    value: int,
    options: list[str],
    expected: str,
) -> None:
    assert printed(monkeypatch, capsys, value, *options) == expected


def test_raw_is_eight_bytes() -> None:
    finished = subprocess.run(
        [*COMMAND, "rdmsr", "-r", "MSR_STAR"], capture_output=True, cwd=ROOT, check=True
    )
    assert finished.stdout == STAR.to_bytes(8, "little")


def test_every_register_of_the_booted_machine_can_be_read() -> None:
    with Linux() as linux:
        for msr in (Msr.MSR_LSTAR, Msr.MSR_STAR, Msr.MSR_SYSCALL_MASK):
            assert ring3("rdmsr", hex(msr)).stdout == f"{linux.machine.rdmsr(msr):x}\n"
        assert linux.symbols.describe(int(ring3("rdmsr", "lstar").stdout, 16)) == "entry_SYSCALL_64"


@pytest.mark.parametrize("msr", Msr)
def test_a_register_has_a_number_in_three_notations_and_names(msr: Msr) -> None:
    forms = [
        msr.name,
        msr.name.lower(),
        msr.name.removeprefix("MSR_"),
        hex(msr),
        f"{msr:x}",
        f"{msr:X}",
        str(int(msr)),
    ]
    assert {parse_msr(form) for form in forms} == {msr}


def test_each_system_has_its_own_doors() -> None:
    with Solaris() as solaris:
        assert ring3("rdmsr", "--os", "solaris", "lstar").stdout == f"{solaris.symbols['sys_syscall']:x}\n"
    assert ring3("rdmsr", "--os", "linux", "lstar").stdout == ring3("rdmsr", "lstar").stdout


def test_other_manuals_names() -> None:
    for name, msr in ALIASES.items():
        assert parse_msr(name) is msr
    assert parse_msr("fmask") is Msr.MSR_SYSCALL_MASK


@pytest.mark.parametrize(
    ("register", "status", "complaint"),
    [
        ("0x10", 4, "ring3: CPU 0 cannot read MSR 0x00000010: this machine has none\n"),
        ("c0000085", 4, "ring3: CPU 0 cannot read MSR 0xc0000085: this machine has none\n"),
        ("MSR_IA32_TSC", 127, "ring3: MSR_IA32_TSC: this machine has no MSR of that name\n"),
        ("", 127, "ring3: : this machine has no MSR of that name\n"),
    ],
)
def test_unknown_register(register: str, status: int, complaint: str) -> None:
    finished = ring3("rdmsr", register)
    assert (finished.returncode, finished.stdout, finished.stderr) == (status, "", complaint)
    finished = ring3("wrmsr", register, "0", HELLO)
    assert (finished.returncode, finished.stderr) == (status, complaint.replace("cannot read", "cannot set"))


@pytest.mark.parametrize("words", [("rdmsr", "-p", "1", "174"), ("wrmsr", "-p", "0x1", "174", "0", HELLO)])
def test_there_is_one_cpu(words: tuple[str, ...]) -> None:
    finished = ring3(*words)
    assert (finished.returncode, finished.stdout, finished.stderr) == (2, "", "ring3: No CPU 1\n")


def test_program_runs_after_a_harmless_write() -> None:
    finished = ring3("wrmsr", "-a", "MSR_CSTAR", "0xffffffff81000000", "--", HELLO)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "Hello, world\n", "")


@pytest.mark.parametrize("path", ["short", "full"])
def test_syscall_goes_where_lstar_says(path: str) -> None:
    # The 32-bit door reads its sixth argument where the low half of RSP points: EFAULT, and back to address 0.
    finished = ring3("wrmsr", "--path", path, "lstar", "entry_SYSCALL_compat", HELLO)
    assert (finished.returncode, finished.stdout, finished.stderr) == (139, "", "")
    finished = ring3("wrmsr", "--path", path, "lstar", "entry_SYSCALL_64", HELLO)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "Hello, world\n", "")


@pytest.mark.parametrize("target", ["asm_exc_int3", "0x1234"])
def test_lstar_that_leads_astray_is_a_panic_in_one_line(target: str) -> None:
    finished = ring3("wrmsr", "MSR_LSTAR", target, "--", HELLO)
    assert (finished.returncode, finished.stdout) == (70, "")
    assert is_one_line(finished.stderr)
    assert " in MSR_LSTAR the kernel panics: " in finished.stderr


@pytest.mark.parametrize("path", ["short", "full"])
def test_syscall_that_is_switched_off_is_an_undefined_opcode(path: str) -> None:
    finished = ring3("wrmsr", "--path", path, "MSR_EFER", "0xd00", HELLO)
    assert (finished.returncode, finished.stdout, finished.stderr) == (132, "", "")


@pytest.mark.parametrize("path", ["short", "full"])
def test_sysenter_without_its_segment_is_a_protection_fault(toolchain: Toolchain, path: str) -> None:
    program = str(toolchain.program("seeds/exit_vsyscall.c", bits=32))
    assert ring3("run", "--path", path, program).returncode == 42
    finished = ring3("wrmsr", "--path", path, "MSR_IA32_SYSENTER_CS", "0", program)
    assert (finished.returncode, finished.stderr) == (139, "")


@pytest.mark.parametrize(
    ("register", "value", "reason"),
    [
        ("MSR_LSTAR", "0x8000000000000000", "the address is not canonical, wrmsr raises #GP"),
        ("MSR_LSTAR", "0x0000800000000000", "the address is not canonical, wrmsr raises #GP"),
        ("MSR_CSTAR", "0xffff7fffffffffff", "the address is not canonical, wrmsr raises #GP"),
        ("MSR_IA32_SYSENTER_EIP", "0x800000000000", "the address is not canonical, wrmsr raises #GP"),
        ("MSR_IA32_SYSENTER_ESP", "0x800000000000", "the address is not canonical, wrmsr raises #GP"),
        ("MSR_EFER", "0xd03", "a reserved bit is set, wrmsr raises #GP"),
        ("MSR_EFER", "0xc01", "LME cannot change while paging is on, wrmsr raises #GP"),
        ("MSR_TSC_AUX", "0x100000000", "a reserved bit is set, wrmsr raises #GP"),
        ("MSR_STAR", "0x10000000000000000", "that is no value of 64 bits"),
        ("MSR_STAR", "-1", "that is no value of 64 bits"),
    ],
)
def test_value_that_the_cpu_refuses(register: str, value: str, reason: str) -> None:
    finished = ring3("wrmsr", "--", register, value, HELLO)
    complaint = f"ring3: {register} cannot be {int(value, 0):#x}: {reason}\n"
    assert (finished.returncode, finished.stdout, finished.stderr) == (4, "", complaint)


@pytest.mark.parametrize("msr", wrmsr.TASKS)
def test_what_is_each_tasks_own_cannot_be_written_before_it_starts(msr: Msr) -> None:
    finished = ring3("wrmsr", msr.name, "0", HELLO)
    assert (finished.returncode, finished.stdout) == (4, "")
    assert is_one_line(finished.stderr)
