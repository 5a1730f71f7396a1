"""What D knows without being told: variables with their types, functions and actions with their prototypes."""

from __future__ import annotations

from typing import NamedTuple

from ring3.trace.dtrace.type_space import TypeSpace
from ring3.trace.dtrace.types import Type

VARIABLES = {
    **{f"arg{index}": "int64_t" for index in range(10)},
    "args": "array",
    "caller": "uintptr_t",
    "chip": "chipid_t",
    "cpu": "processorid_t",
    "curcpu": "cpuinfo_t *",
    "curlwpsinfo": "lwpsinfo_t *",
    "curpsinfo": "psinfo_t *",
    "curthread": "curthread",
    "cwd": "string",
    "epid": "uint_t",
    "errno": "int",
    "execname": "string",
    "fds": "array",
    "gid": "gid_t",
    "id": "uint_t",
    "ipl": "uint_t",
    "lgrp": "lgrp_id_t",
    "pid": "pid_t",
    "ppid": "pid_t",
    "probefunc": "string",
    "probemod": "string",
    "probename": "string",
    "probeprov": "string",
    "pset": "psetid_t",
    "root": "string",
    "stackdepth": "uint32_t",
    "tid": "id_t",
    "timestamp": "uint64_t",
    "ucaller": "uint64_t",
    "uid": "uid_t",
    "uregs": "array",
    "ustackdepth": "uint32_t",
    "vtimestamp": "uint64_t",
    "walltimestamp": "int64_t",
    "zonename": "string",
}
"""Built-in variables and the names of their types."""

_STRING = "char *"
SUBROUTINES = {
    "alloca": "void *(size_t)",
    "basename": f"string({_STRING})",
    "bcopy": "void(void *, void *, size_t)",
    "cleanpath": f"string({_STRING})",
    "copyin": "void *(uintptr_t, size_t)",
    "copyinstr": "string(uintptr_t, [size_t])",
    "copyinto": "void(uintptr_t, size_t, void *)",
    "copyout": "void(void *, uintptr_t, size_t)",
    "copyoutstr": f"void({_STRING}, uintptr_t, size_t)",
    "d_path": "string(void *)",
    "ddi_pathname": "string(void *, long)",
    "dirname": f"string({_STRING})",
    "getmajor": "uint_t(dev_t)",
    "getminor": "uint_t(dev_t)",
    "htonl": "uint32_t(uint32_t)",
    "htonll": "uint64_t(uint64_t)",
    "htons": "uint16_t(uint16_t)",
    "index": f"int({_STRING}, {_STRING}, [int])",
    "inet_ntoa": "string(ipaddr_t *)",
    "inet_ntoa6": "string(void *, [const int])",
    "inet_ntop": "string(int, void *)",
    "json": f"string({_STRING}, {_STRING})",
    "link_ntop": "string(int, void *)",
    "lltostr": "string(int64_t, [int])",
    "msgdsize": "size_t(object *)",
    "msgsize": "size_t(object *)",
    "mutex_owned": "int(object *)",
    "mutex_owner": "void *(object *)",
    "mutex_type_adaptive": "int(object *)",
    "mutex_type_spin": "int(object *)",
    "ntohl": "uint32_t(uint32_t)",
    "ntohll": "uint64_t(uint64_t)",
    "ntohs": "uint16_t(uint16_t)",
    "progenyof": "int(pid_t)",
    "rand": "int()",
    "rindex": f"int({_STRING}, {_STRING}, [int])",
    "rw_iswriter": "int(object *)",
    "rw_read_held": "int(object *)",
    "rw_write_held": "int(object *)",
    "speculation": "int()",
    "strchr": f"string({_STRING}, char)",
    "strjoin": f"string({_STRING}, {_STRING})",
    "strlen": f"size_t({_STRING})",
    "strrchr": f"string({_STRING}, char)",
    "strstr": f"string({_STRING}, {_STRING})",
    "strtok": f"string({_STRING}, {_STRING})",
    "strtoll": f"int64_t({_STRING}, [int])",
    "substr": f"string({_STRING}, int, [int])",
    "tolower": f"string({_STRING})",
    "toupper": f"string({_STRING})",
}
"""Functions that compute a value (or copy bytes), and their prototypes."""

ACTIONS = {
    "breakpoint": "void()",
    "chill": "void(int)",
    "clear": "void(...)",
    "commit": "void(int)",
    "denormalize": "void(...)",
    "discard": "void(int)",
    "exit": "void(int)",
    "freopen": "void(@, ...)",
    "ftruncate": "void()",
    "func": "symbol address(uintptr_t)",
    "jstack": "stack(...)",
    "mod": "symbol address(uintptr_t)",
    "normalize": "void(...)",
    "panic": "void()",
    "print": "void(@)",
    "printa": "void(@, ...)",
    "printf": "void(@, ...)",
    "raise": "void(int)",
    "setopt": f"void({_STRING}, [{_STRING}])",
    "speculate": "void(int)",
    "stack": "stack(...)",
    "stop": "void()",
    "sym": "symbol address(uintptr_t)",
    "system": "void(@, ...)",
    "trace": "void(@)",
    "tracemem": "void(@, size_t, [size_t])",
    "trunc": "void(...)",
    "uaddr": "user symbol address(uintptr_t)",
    "ufunc": "user symbol address(uintptr_t)",
    "umod": "user symbol address(uintptr_t)",
    "ustack": "stack(...)",
    "usym": "user symbol address(uintptr_t)",
}
"""What a clause does for its effect, or records."""

AGGREGATES = frozenset(("avg", "count", "llquantize", "lquantize", "max", "min", "quantize", "stddev", "sum"))
"""Aggregating functions."""

DESTRUCTIVE = frozenset(
    (
        "breakpoint",
        "chill",
        "copyout",
        "copyoutstr",
        "freopen",
        "panic",
        "raise",
        "stop",
        "system",
    )
)
"""What needs -w."""

SYMBOL_ADDRESSES = frozenset(("func", "mod", "sym", "uaddr", "ufunc", "umod", "usym"))
"""Actions that are values: a name for an address."""

STACKS = frozenset(("jstack", "stack", "ustack"))
"""Actions that are values: a stack."""


class Prototype(NamedTuple):
    """What a function returns and takes; `required` of the parameters have to be there, None as type takes anything."""

    returns: str
    parameters: tuple[str, ...]
    required: int
    variadic: bool


def prototype(text: str) -> Prototype:
    """A prototype from its text, `int(char *, [int], ...)`."""
    returns, _, rest = text.partition("(")
    words = [word for word in rest.removesuffix(")").split(", ") if word]
    variadic = words[-1:] == ["..."]
    words = words[:-1] if variadic else words
    required = sum(not word.startswith("[") for word in words)
    return Prototype(returns.strip(), tuple(word.strip("[]") for word in words), required, variadic)


def named_type(types: TypeSpace, name: str) -> Type:
    """The type a table here names."""
    if name in ("stack", "symbol address", "user symbol address"):
        return types.dynamic["stack" if name == "stack" else "symbol address"]
    if name == "object *":
        return types.pointer(types.void)
    base, star, _ = name.partition(" *")
    found = types.find(base)
    assert found is not None, name
    return types.pointer(found) if star else found
