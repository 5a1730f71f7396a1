"""Instructions as Solaris writes them."""

from __future__ import annotations

import pytest

from ring3.debug.disassembly.solaris import decode

INSTRUCTIONS = (
    # from the third seed
    ("4989ca", "movq   %rcx,%r10"),
    ("b898000000", "movl   $0x98,%eax"),
    ("0f05", "syscall "),
    ("4831c0", "xorq   %rax,%rax"),
    ("c3", "ret    "),
    ("c9", "leave  "),
    ("55", "pushq  %rbp"),
    ("48897df8", "movq   %rdi,-0x8(%rbp)"),
    ("4883ec30", "subq   $0x30,%rsp"),
    ("3d00010000", "cmpl   $0x100,%eax"),
    ("c1e005", "shll   $0x5,%eax"),
    ("ff5318", "call   *0x18(%rbx)"),
    ("0f01f8", "swapgs "),
    ("480f07", "sysret "),
    # small negative numbers have a sign, and what they are without it behind a tab; on bits they have none
    ("4883c4f8", "addq   $-0x8,%rsp\t<0xfffffffffffffff8>"),
    ("83e0ff", "andl   $0xffffffff,%eax"),
    ("480b58f8", "orq    0xfffffffffffffff8(%rax),%rbx"),
    ("488d9800f0ffff", "leaq   0xfffffffffffff000(%rax),%rbx"),
    # names of their own
    ("480f44d8", "cmovq.e %rax,%rbx"),
    ("0f4ad8", "cmovl.pe %eax,%ebx"),
    ("f348ab", "repz stosq %rax,(%rdi)"),
    ("a4", "movsb  (%rsi),(%rdi)"),
    ("0fb6d8", "movzbl %al,%ebx"),
    ("4863d8", "movslq %eax,%rbx"),
    ("4899", "cqtd   "),
    ("d1e0", "shll   $0x1,%eax"),
    ("cc", "int    $0x3"),
    ("e460", "inb    $0x60"),
    ("ef", "outl   (%dx)"),
    ("df00", "fild   (%rax)"),
    ("d8c1", "fadd   %st(1),%st"),
    ("dec1", "faddp  %st,%st(1)"),
    ("ff28", "ljmp   *(%rax)"),
    ("48b88877665544332211", "movq   $0x1122334455667788,%rax"),
    ("f0480fb10a", "lock cmpxchgq %rcx,(%rdx)"),
    ("654c8b3c2510000000", "movq   %gs:0x10,%r15"),
    ("678b18", "addr32 movl (%rax),%ebx"),
    ("660f1f840000020000", "nopw   0x200(%rax,%rax)"),
    # vectors
    ("660fc2c801", "cmpltpd %xmm0,%xmm1"),
    ("66480f6ec8", "movd   %rax,%xmm1"),
    ("c4e3653820" + "42", "vinserti128 $0x42,(%rax),%ymm3,%ymm4"),
    ("c5edd1d9", "vpsrlw %ymm1,%ymm2,%ymm3"),
    ("c4e2ed921cc8", "vgatherdpd %ymm2,(%rax,%xmm1,8),%ymm3"),
    ("62f1fd497f08", "vmovdqa64 %zmm1,(%rax){%k1}"),
    ("66440f3880 18".replace(" ", ""), "invept %r11,(%rax)"),
)


@pytest.mark.parametrize(("code", "text"), INSTRUCTIONS, ids=[text for _, text in INSTRUCTIONS])
def test_64_bit(code: str, text: str) -> None:
    found = decode(bytes.fromhex(code), 0x1000)
    assert found is not None
    assert found.text == text


@pytest.mark.parametrize(
    ("bits", "code", "text"),
    [
        (32, "8b0485785634 12".replace(" ", ""), "movl   0x12345678(,%eax,4),%eax"),
        (32, "a178563412", "movl   0x12345678,%eax"),
        (32, "ea000000001000", "ljmp   $0x10,$0x0"),
        (16, "8b4002", "movw   0x2(%bx,%si),%ax"),
    ],
)
def test_other_widths(bits: int, code: str, text: str) -> None:
    found = decode(bytes.fromhex(code), 0, bits)
    assert found is not None
    assert found.text == text


def named(address: int) -> str | None:
    return {0x1000: "here", 0x1010: "there", 0xFFFF_FFFF_FC24_2180: "sysent"}.get(address)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("720e", "jb     +0xe\t<there>"),
        ("72fe", "jb     -0x2\t<here>"),
        ("7200", "jb     +0x0\t<0x1002>"),
        ("488b0509000000", "movq   +0x9(%rip),%rax\t<there>"),
        ("488d988021 24fc".replace(" ", ""), "leaq   0xfffffffffc242180(%rax),%rbx\t<sysent>"),
        ("b810100000", "movl   $0x1010,%eax\t<there>"),
    ],
)
def test_what_operands_point_at(code: str, text: str) -> None:
    found = decode(bytes.fromhex(code), 0x1000, 64, named)
    assert found is not None
    assert found.text == text


def test_no_instruction() -> None:
    assert decode(b"", 0) is None
    assert decode(b"\x06", 0) is None  # push %es, which 64-bit code has not
