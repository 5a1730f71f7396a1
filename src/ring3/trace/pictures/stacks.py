"""A profile: stacks with their weights, user and kernel frames in one, and the form that a file's name asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ring3.abi.kinds import NamedTuple
from ring3.errors import UserError


class Frame(NamedTuple):
    """A function that was being called.

    Attributes:
        name: As people know it: ``main``, ``libc.so.1`malloc``, ``vfs_read``.
        is_kernel: It is the kernel's, not the program's.
    """

    name: str
    is_kernel: bool = False


Stack = tuple[Frame, ...]
"""Frames, the outermost first."""


class Profile(NamedTuple):
    """Where time, or whatever else was counted, went.

    Attributes:
        title: What was observed, such as the program's command line.
        unit: What the weights are: ``samples``, ``nanoseconds``, ``bytes``, ``calls``.
        stacks: The weight of each stack; those of 0 or less are not shown.
    """

    title: str
    unit: str
    stacks: Mapping[Stack, int]

    def _repr_html_(self) -> str:
        """The flame graph, for notebooks: in a frame of its own, where its script finds it."""
        from html import escape  # noqa: PLC0415 - for notebooks

        from ring3.trace.pictures.flame import render  # noqa: PLC0415 - it knows this module

        page = f"<!DOCTYPE html><style>body {{ margin: 0 }}</style>{render(self)}"
        return f'<iframe srcdoc="{escape(page)}" style="width: 100%; height: 30em; border: 0"></iframe>'


Render = Callable[[Profile], str]
"""A writer of one form."""


def render_for(path: str) -> Render:
    """The writer of the form that a file's name asks for by its ending.

    Raises:
        UserError: It has another ending.
    """
    from ring3.trace.pictures import flame, folded, speedscope  # noqa: PLC0415 - who draws nothing pays for nothing

    forms: Final[Mapping[str, Render]] = {
        ".svg": flame.render,
        ".folded": folded.render,
        ".txt": folded.render,
        ".json": speedscope.render,
    }
    for ending, render in forms.items():
        if path.endswith(ending):
            return render
    raise UserError(
        f"{path}: a profile goes to FILE.svg (flame graph), FILE.folded (stacks) or FILE.json (speedscope)"
    )
