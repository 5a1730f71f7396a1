from __future__ import annotations

import pytest

from ring3.machine.msr import Efer, Msr, check_value, parse_msr


@pytest.mark.parametrize(
    ("text", "msr"),
    [
        ("MSR_LSTAR", Msr.MSR_LSTAR),
        ("lstar", Msr.MSR_LSTAR),
        ("Lstar", Msr.MSR_LSTAR),
        ("IA32_SYSENTER_EIP", Msr.MSR_IA32_SYSENTER_EIP),
        ("sysenter_eip", Msr.MSR_IA32_SYSENTER_EIP),
        ("MSR_IA32_SYSENTER_EIP", Msr.MSR_IA32_SYSENTER_EIP),
        ("fmask", Msr.MSR_SYSCALL_MASK),
        ("MSR_SFMASK", Msr.MSR_SYSCALL_MASK),
        ("syscall_mask", Msr.MSR_SYSCALL_MASK),
        ("0xc0000082", Msr.MSR_LSTAR),
        ("c0000082", Msr.MSR_LSTAR),
        ("0XC0000082", Msr.MSR_LSTAR),
        ("3221225602", Msr.MSR_LSTAR),
        ("176", Msr.MSR_IA32_SYSENTER_EIP),
        ("0x176", Msr.MSR_IA32_SYSENTER_EIP),
        ("374", Msr.MSR_IA32_SYSENTER_EIP),
    ],
)
def test_an_msr_is_named_as_users_do(text: str, msr: Msr) -> None:
    assert parse_msr(text) is msr


@pytest.mark.parametrize("text", ["", "MSR_", "IA32_", "lstarr", "0x", "c00000zz", "lstar ", "é"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no MSR of that name"):
        parse_msr(text)


@pytest.mark.parametrize(
    ("text", "number"), [("0x10", 0x10), ("1b", 0x1B), ("99999999999999999999", 10**20 - 1), ("-1", -1)]
)
def test_a_number_without_an_msr_is_told(text: str, number: int) -> None:
    with pytest.raises(LookupError) as error:
        parse_msr(text)
    assert error.value.args == (number,)


@pytest.mark.parametrize(
    ("msr", "value"),
    [
        (Msr.MSR_LSTAR, 0x8000_0000_0000),
        (Msr.MSR_CSTAR, 1 << 63),
        (Msr.MSR_IA32_SYSENTER_EIP, 0xFFFF_7FFF_FFFF_FFFF),
        (Msr.MSR_KERNEL_GS_BASE, 0x8000_0000_0000),
        (Msr.MSR_STAR, 1 << 64),
        (Msr.MSR_STAR, -1),
        (Msr.MSR_EFER, Efer.SCE | Efer.LMA | Efer.NXE),
        (Msr.MSR_EFER, Efer.SCE | Efer.LME | Efer.LMA | 1 << 20),
        (Msr.MSR_TSC_AUX, 1 << 32),
    ],
)
def test_a_value_that_wrmsr_faults_on_is_refused(msr: Msr, value: int) -> None:
    old = Efer.SCE | Efer.LME | Efer.LMA if msr is Msr.MSR_EFER else 0
    with pytest.raises(ValueError, match=r"#GP|64 bits"):
        check_value(msr, value, old)


@pytest.mark.parametrize(
    ("msr", "value"),
    [
        (Msr.MSR_LSTAR, 0xFFFF_FFFF_8100_0000),
        (Msr.MSR_LSTAR, 0x7FFF_FFFF_FFFF),
        (Msr.MSR_STAR, (1 << 64) - 1),
        (Msr.MSR_SYSCALL_MASK, 0),
        (Msr.MSR_EFER, Efer.LME | Efer.LMA),
        (Msr.MSR_TSC_AUX, (1 << 32) - 1),
    ],
)
def test_other_values_are_taken(msr: Msr, value: int) -> None:
    check_value(msr, value, Efer.SCE | Efer.LME | Efer.LMA if msr is Msr.MSR_EFER else 0)
