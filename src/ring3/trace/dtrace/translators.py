"""Translators: how the members of one struct are computed from another, and the types that remember it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ring3.trace.dtrace.types import Pointer, Struct, Type, compatible, resolve

if TYPE_CHECKING:
    from ring3.trace.dtrace.nodes import Node


class Translator:
    """From an input type to the members of an output struct; `name` stands for the input in the expressions."""

    __slots__ = ("input", "members", "name", "output")

    def __init__(self, output: Type, translated: Type, name: str) -> None:
        self.output = output
        self.input = translated
        self.name = name
        self.members: dict[str, Node] = {}

    @property
    def struct(self) -> Struct:
        """The output as a struct."""
        struct = resolve(self.output)
        assert isinstance(struct, Struct)
        return struct


class Translated(Type):
    """The type of what xlate gives: the value is the input's, the members are computed when they are named."""

    __slots__ = ("align", "pointer", "size", "translator")

    def __init__(self, translator: Translator, *, pointer: bool) -> None:
        self.translator = translator
        self.pointer = pointer
        self.size = translator.input.size
        self.align = translator.input.align

    def __str__(self) -> str:
        return "pointer to translated data" if self.pointer else "translated data"


def find(translators: list[Translator], output: Type, translated: Type) -> Translator | None:
    """The translator to a struct from a type; one for a pointer to void takes any pointer."""
    for translator in translators:
        if compatible(translator.output, output) and compatible(translator.input, translated):
            return translator
    if isinstance(resolve(translated), Pointer):
        for translator in translators:
            target = resolve(translator.input)
            if (
                isinstance(target, Pointer)
                and compatible(translator.output, output)
                and str(target.target) == "void"
            ):
                return translator
    return None
