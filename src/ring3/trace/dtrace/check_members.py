"""Elements and members: arrays, structs, built-in arrays, and what translators compute."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from ring3.trace.dtrace import check_calls, check_names, nodes, registers, translators
from ring3.trace.dtrace.errors import fail
from ring3.trace.dtrace.nodes import Constant, Node
from ring3.trace.dtrace.symbols import Kind, Symbol
from ring3.trace.dtrace.translators import Translated
from ring3.trace.dtrace.types import (
    Array,
    Pointer,
    Struct,
    Type,
    Void,
    is_integer,
    is_pointer,
    is_string,
    resolve,
    target_of,
)

if TYPE_CHECKING:
    from ring3.trace.dtrace.checker import Checker


def index(checker: Checker, node: Node) -> Node:
    """`base[keys]`."""
    assert isinstance(node, nodes.Index)
    base = node.base
    if isinstance(base, nodes.Aggregation):
        fail(
            "D_AGG_MDIM",
            node.line,
            f"improper attempt to reference @{base.name} as a multi-dimensional array",
        )
    symbol = check_names.find(checker, base) if isinstance(base, nodes.Name) else None
    if isinstance(base, nodes.Name):
        if symbol is None:  # an array that is assigned to further on, if anywhere: of integers
            check_names.ensure_array(checker, node, checker.types.find("int64_t"))
            symbol = check_names.find(checker, base)
            assert symbol is not None
        base.symbol = symbol
        if symbol.kind is Kind.BUILT_IN and symbol.type is None:
            return _BUILT_IN_ARRAYS[symbol.name](checker, node, symbol)
        if symbol.kind is Kind.ARRAY or symbol.keys is not None:
            return check_names.element(checker, node, symbol)
    node.base = base = checker.value(base)
    if len(node.keys) > 1:
        name = symbol.full_name if symbol else "expression"
        fail("D_ARR_BADREF", node.line, f"cannot access {name} as an associative array")
    node.keys = [checker.value(node.keys[0])]
    return _element(checker, node, symbol)


def _element(checker: Checker, node: nodes.Index, symbol: Symbol | None) -> Node:
    kind, key = node.base.type, node.keys[0]
    if (is_string(kind) or is_pointer(kind)) and not is_integer(key.type):
        fail("D_OP_INT", node.line, "array index must be of integral type")
    if is_string(kind):
        node.type = checker.types.char
        node.lvalue = node.base.lvalue and not isinstance(node.base, nodes.Call)
        return node
    if not is_pointer(kind):
        if symbol and symbol.kind is Kind.VARIABLE:
            fail(
                "D_IDENT_BADREF",
                node.line,
                f"scalar '{symbol.full_name}' may not be referenced as associative array",
            )
        fail("D_DEREF_NONPTR", node.line, "cannot dereference non-pointer type")
    target = target_of(kind)
    if isinstance(resolve(target), Void):
        fail("D_DEREF_VOID", node.line, "cannot dereference pointer to void")
    array = resolve(kind)
    if (
        isinstance(array, Array)
        and array.count
        and isinstance(key, Constant)
        and not 0 <= key.value < array.count
    ):
        message = f"index outside array bounds: {key.value}, max is {array.count}"
        fail("D_ARR_BOUNDS", node.line, message)
    node.type = target
    node.lvalue = not isinstance(resolve(target), Array)
    return node


def _args(checker: Checker, node: nodes.Index, _symbol: Symbol) -> Node:
    """`args[n]`: the typed arguments of the clause's probes, which have to agree."""
    node.keys = [checker.value(key) for key in node.keys]
    key = _constant_index(node, "args")
    if not checker.probes:
        fail("D_ARGS_NONE", node.line, "args[ ] may not be referenced outside of a probe clause")
    kinds = [probe.argument_types(checker.types) for probe in checker.probes]
    if any(_different(kinds[0], other) for other in kinds[1:]):
        message = (
            f"args[ ] may not be referenced because probe description {checker.described} "
            "matches an unstable set of probes"
        )
        fail("D_ARGS_MULTI", node.line, message)
    if not 0 <= key.value < len(kinds[0]):
        message = f"index {key.value} is out of range for {checker.described} args[ ]"
        fail("D_ARGS_IDX", node.line, message)
    node.type = kinds[0][key.value]
    return node


def _constant_index(node: nodes.Index, name: str) -> Constant:
    """The index of a built-in array that only constants may be.

    Raises:
        CompileError: D_PROTO_LEN, D_PROTO_ARG.
    """
    if len(node.keys) != 1:
        message = f"{name}[ ] prototype mismatch: {len(node.keys)} args passed, 1 expected"
        fail("D_PROTO_LEN", node.line, message)
    key = node.keys[0]
    if not isinstance(key, Constant):
        check_calls.wrong_argument(
            f"{name}[ ] argument #1", "argument", "integer constant", str(key.type), node.line
        )
    return key


def _different(one: list[Type], other: list[Type]) -> bool:
    return [str(kind) for kind in one] != [str(kind) for kind in other]


def _uregs(checker: Checker, node: nodes.Index, _symbol: Symbol) -> Node:
    """`uregs[n]`: a register of the program."""
    node.keys = [checker.value(key) for key in node.keys]
    key = _constant_index(node, "uregs")
    if key.value < 0:
        fail("D_REGS_IDX", node.line, f"index {key.value} is out of range for array uregs")
    if key.value >= registers.COUNT:
        fail("D_UNKNOWN", node.line, f"uregs[]: index out of bounds ({key.value})")
    node.type = checker.types.ulonglong
    return node


def _fds(checker: Checker, node: nodes.Index, _symbol: Symbol) -> Node:
    """`fds[n]`: what a descriptor of the process is."""
    node.keys = [checker.value(key) for key in node.keys]
    if not is_integer(node.keys[0].type):
        fail("D_PROTO_ARG", node.line, "fds[ ] requires an integer")
    found = checker.types.find("fileinfo_t")
    if found is None:
        fail("D_VAR_UNSUP", node.line, "fds[ ]: no type fileinfo_t is known")
    node.type = found
    return node


_BUILT_IN_ARRAYS = {"args": _args, "uregs": _uregs, "fds": _fds}


def access(checker: Checker, node: Node) -> Node:
    """`base.member` and `base->member`."""
    assert isinstance(node, nodes.Access)
    node.base = base = checker.value(node.base)
    operator = "->" if node.arrow else "."
    if isinstance(base.type, Translated):
        return _translated(checker, node, base.type)
    kind = resolve(base.type)
    if node.arrow:
        if not isinstance(kind, Pointer | Array):
            fail("D_OP_PTR", node.line, "operator -> must be applied to a pointer")
        struct = resolve(target_of(kind))
        if not isinstance(struct, Struct):
            message = (
                f'operator -> cannot be applied to pointer to type "{struct}"; '
                "must be applied to a struct or union pointer"
            )
            fail("D_OP_SOU", node.line, message)
    else:
        if not isinstance(kind, Struct):
            message = f'operator . cannot be applied to type "{kind}"; must be applied to a struct or union'
            fail("D_OP_SOU", node.line, message)
        struct = kind
    if not struct.complete:
        fail(
            "D_OP_INCOMPLETE",
            node.line,
            f"operator {operator} cannot be applied to a forward declaration: no {struct} definition is available",
        )
    member = struct.members.get(node.member)
    if member is None:
        fail("D_TYPE_MEMBER", node.line, f"{node.member} is not a member of {struct}")
    if struct.unconverted and node.member in struct.unconverted:
        _not_converted(node)
    node.type = member.type
    node.lvalue = not isinstance(resolve(member.type), Array)
    return node


def _translated(checker: Checker, node: nodes.Access, kind: Translated) -> Node:
    """A member of translated data: the translator's expression, with the input for its name."""
    translator = kind.translator
    member = translator.members.get(node.member)
    if member is None:
        known = node.member in translator.struct.members
        if not known:
            fail("D_TYPE_MEMBER", node.line, f"{node.member} is not a member of {translator.output}")
        _not_converted(node)
    result = nodes.With(node.line, f"p_{translator.name}", node.base, member)
    result.type = translator.struct.members[node.member].type
    return result


def _not_converted(node: nodes.Access) -> NoReturn:
    fail("D_XLATE_NOCONV", node.line, f"translator does not define conversion for member: {node.member}")


def offsetof(checker: Checker, node: Node) -> Node:
    """`offsetof(type, member)`."""
    assert isinstance(node, nodes.Offsetof)
    struct = resolve(node.of)
    if not isinstance(struct, Struct):
        fail("D_OFFSETOF_TYPE", node.line, "offsetof operand must be a struct or union type")
    member = struct.members.get(node.member)
    if member is None:
        fail(
            "D_UNKNOWN",
            node.line,
            f"failed to determine offset of {node.member}: No such member of structure or union",
        )
    if member.bits:
        fail("D_OFFSETOF_BITFIELD", node.line, f"cannot take offset of a bit-field: {node.member}")
    return checker.make_constant(node.line, member.offset, checker.types.ulong)


def xlate(checker: Checker, node: Node) -> Node:
    """`xlate<type>(operand)`."""
    assert isinstance(node, nodes.Xlate)
    node.operand = operand = checker.value(node.operand)
    to = resolve(node.to)
    pointer = isinstance(to, Pointer)
    output = to.target if isinstance(to, Pointer) else node.to
    struct = resolve(output)
    if not isinstance(struct, Struct):
        fail("D_XLATE_NONE", node.line, f'cannot translate from "{operand.type}" to "{node.to}"')
    checker.know_stock_translators()
    found = translators.find(checker.translators, output, operand.type)
    if found is None:
        fail("D_XLATE_NONE", node.line, f'cannot translate from "{operand.type}" to "{node.to}"')
    node.translator = found
    node.type = Translated(found, pointer=pointer)
    return node
