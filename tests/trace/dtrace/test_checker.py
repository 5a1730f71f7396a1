import pytest

from ring3.trace.dtrace.errors import CompileError
from tests.trace.dtrace.d_program import run, value

SHAPES = (
    "struct point { int x; int y : 3; char name[4]; }; struct point p; struct point *q; int a[3]; void *v;"
)


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("(uint8_t)254 + (uint8_t)252", "250 1"),
        ("(int8_t)-1 + (uint8_t)252", "251 1"),
        ("(int16_t)-2 + (uint8_t)1", "-1 2"),
        ("(uint16_t)65535 + 1", "65536 4"),
        ("~(uint8_t)15", "240 1"),
        ("-(int16_t)3", "-3 2"),
        ("1 ? (int8_t)-1 : (uint8_t)2", "255 1"),
        ("(int)-1 + 1u", "0 4"),
        ("(uint8_t)200 / (int8_t)-1", "0 1"),
        ("(int8_t)-100 / (int8_t)7", "-14 1"),
        ("(uint8_t)1 << 9", "512 4"),
    ],
)
def test_an_integer_narrower_than_int_stays_so(expression: str, shown: str) -> None:
    text = f'BEGIN {{ printf("%d %d", {expression}, sizeof ({expression})); exit(0); }}'
    assert run(text).stdout.rstrip("\n") == shown


@pytest.mark.parametrize(
    ("statement", "tag"),
    [
        ("trace(nothing)", "D_IDENT_UNDEF"),
        ("p.z = 1", "D_TYPE_MEMBER"),
        ("v->x", "D_OP_SOU"),
        ("p->x", "D_OP_PTR"),
        ("*v", "D_DEREF_VOID"),
        ("*1", "D_DEREF_NONPTR"),
        ("a[3] = 1", "D_ARR_BOUNDS"),
        ("a = 0", "D_OP_ARRFUN"),
        ("pid = 1", "D_OP_WRITE"),
        ("1 = 2", "D_OP_LVAL"),
        ("x = p + 1", "D_OP_INCOMPAT"),
        ("x = 1 / 0", "D_DIV_ZERO"),
        ('x = ~"s"', "D_OP_INT"),
        ("x = p && 1", "D_OP_SCALAR"),
        ("x = &p.y", "D_ADDROF_BITFIELD"),
        ("x = &pid", "D_ADDROF_VAR"),
        ("x = sizeof(p.y)", "D_SIZEOF_BITFIELD"),
        ("x = offsetof(struct point, y)", "D_OFFSETOF_BITFIELD"),
        ("x = offsetof(struct point, nosuch)", "D_UNKNOWN"),
        ("x = execname[execname]", "D_OP_INT"),
        ("x = uregs[-1]", "D_REGS_IDX"),
        ("commit(1); commit(2)", "D_COMM_COMM"),
        ("@ = count(); speculate(1)", "D_SPEC_DREC"),
        ("x = strlen()", "D_PROTO_LEN"),
        ("x = strlen(1)", "D_PROTO_ARG"),
        ("x = frobnicate(1)", "D_FUNC_UNDEF"),
        ("h[1] = 1; h[1, 2] = 1", "D_PROTO_LEN"),
        ('h[1] = 1; h["s"] = 1', "D_PROTO_ARG"),
        ("h[1] = 1; trace(h)", "D_IDENT_BADREF"),
        ("this->h[1] = 1", "D_ARR_LOCAL"),
        ("@c", "D_AGG_NULL"),
        ('@c = strlen("s")', "D_AGG_FUNC"),
        ("@c = count(); @c = sum(1)", "D_AGG_REDEF"),
        ("@c[1][2] = count()", "D_AGG_MDIM"),
        ("@c = lquantize(1, 10, 0)", "D_LQUANT_MISMATCH"),
        ("@c = lquantize(1, 0, 10, -1)", "D_LQUANT_STEPTYPE"),
        ("@c = llquantize(1, 1, 0, 2, 10)", "D_LLQUANT_FACTORSMALL"),
        ('printf("%d")', "D_PRINTF_ARG_PROTO"),
        ('printf("%d", "s")', "D_PRINTF_ARG_TYPE"),
        ('printf("%d", 1, 2)', "D_PRINTF_ARG_EXTRA"),
        ('printf("%*d", "s", 1)', "D_PRINTF_DYN_TYPE"),
        ('printf("%@d", 1)', "D_PRINTF_AGG_CONV"),
        ("printa(1)", "D_PRINTA_AGGARG"),
        ("stack(0)", "D_STACK_SIZE"),
        ("tracemem(v, 0)", "D_TRACEMEM_SIZE"),
        ("trace(1); speculate(1)", "D_SPEC_DREC"),
        ("speculate(1); @c = count()", "D_AGG_SPEC"),
        ("speculate(1); exit(0)", "D_EXIT_SPEC"),
        ("speculate(1); raise(9)", "D_ACT_SPEC"),
        ("commit(1); trace(1)", "D_DREC_COMM"),
        ("int i", "D_SYNTAX"),
    ],
)
def test_a_statement_that_means_nothing_is_refused_at_its_line(statement: str, tag: str) -> None:
    with pytest.raises(CompileError) as caught:
        run(f"{SHAPES}\nBEGIN\n{{\n\t{statement};\n}}\n")
    assert (caught.value.tag, caught.value.line) == (tag, 4)


def test_a_message_shows_types_as_c_writes_them() -> None:
    with pytest.raises(
        CompileError, match=r'operands have incompatible types: "struct point" \+ "int \*\[2\]"'
    ):
        run("struct point { int x; } p; int *a[2]; BEGIN { x = p + a; }")


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("sizeof (1L)", "8"),
        ("sizeof (0xffffffff)", "4"),
        ("sizeof (5000000000)", "8"),
        ("-1 > 0u", "1"),
        ("(char)200", "-56"),
        ("(unsigned short)-1", "65535"),
        ("7 / -2", "-3"),
        ("-7 % 3", "-1"),
        ("-8 >> 1", "-4"),
        ("1 ? 2 : 3", "2"),
        ("2 + 3 * 4 == 14 && !0", "1"),
        ("1 ^^ 1", "0"),
    ],
)
def test_constants_are_computed_as_c_does(expression: str, result: str) -> None:
    assert value(expression) == result
