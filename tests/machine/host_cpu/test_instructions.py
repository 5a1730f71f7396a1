from __future__ import annotations

import pytest

from ring3.machine.host_cpu.instructions import divides, reaches, stores

STORES = {
    "8807": "mov %al,(%rdi)",
    "4889 45f8": "mov %rax,-8(%rbp)",
    "c70700000000": "movl $0,(%rdi)",
    "f3aa": "rep stos",
    "f348ab": "rep stos, 64 bits",
    "50": "push %rax",
    "e800000000": "call",
    "830701": "addl $1,(%rdi)",
    "0107": "add %eax,(%rdi)",
    "ff07": "incl (%rdi)",
    "8707": "xchg %eax,(%rdi)",
    "f00fb10f": "lock cmpxchg %ecx,(%rdi)",
    "0f1107": "movups %xmm0,(%rdi)",
    "660f7f07": "movdqa %xmm0,(%rdi)",
    "c5fe7f07": "vmovdqu %ymm0,(%rdi)",
    "c4c17c1107": "vmovups %ymm0,(%r15)",
    "62f17c481107": "vmovups %zmm0,(%rdi)",
}
OTHERS = {
    "8a07": "mov (%rdi),%al",
    "488b45f8": "mov -8(%rbp),%rax",
    "88c3": "mov %al,%bl",
    "833f01": "cmpl $1,(%rdi)",
    "ff27": "jmp *(%rdi)",
    "0f1007": "movups (%rdi),%xmm0",
    "c5fe6f07": "vmovdqu (%rdi),%ymm0",
    "62f17c481007": "vmovups (%rdi),%zmm0",
    "a4": "movs: it may be the load that fails",
    "": "nothing is mapped",
}


@pytest.mark.parametrize("code", STORES, ids=STORES.values())
def test_what_certainly_stores(code: str) -> None:
    assert stores(bytes.fromhex(code), long_mode=True)


@pytest.mark.parametrize("code", OTHERS, ids=OTHERS.values())
def test_what_may_not_store(code: str) -> None:
    assert not stores(bytes.fromhex(code), long_mode=True)


def test_in_32_bit_code_a_byte_that_looks_like_rex_is_an_instruction() -> None:
    assert not stores(bytes.fromhex("488907"), long_mode=False)  # dec %eax; mov %eax,(%edi)
    assert not stores(bytes.fromhex("c4c17c1107"), long_mode=False)  # les


def test_divisions() -> None:
    assert divides(bytes.fromhex("48f7f9"), long_mode=True)
    assert divides(bytes.fromhex("d40a"), long_mode=False)
    assert not divides(bytes.fromhex("d8f1"), long_mode=True)
    assert not divides(b"", long_mode=True)


def test_an_instruction_that_goes_on_in_the_next_page() -> None:
    assert reaches(bytes.fromhex("48b80000"), long_mode=True)
    assert not reaches(bytes.fromhex("90"), long_mode=True)
