"""Folded stacks: a stack and its weight a line, as stackcollapse-*.pl make and flamegraph.pl and inferno read them.

Frames stand from the outermost inwards with ``;`` between them. One of the kernel ends with ``_[k]``, which is the
annotation that flamegraph.pl colours (FlameGraph's stackcollapse-perf.pl, ``--kernel``).
"""

from __future__ import annotations

from ring3.trace.pictures.stacks import Frame, Profile


def render(profile: Profile) -> str:
    """The lines, sorted; stacks that look the same are one."""
    lines: dict[str, int] = {}
    for stack, weight in profile.stacks.items():
        if weight > 0:
            line = ";".join(map(_frame, stack)) or "[nothing]"
            lines[line] = lines.get(line, 0) + weight
    return "".join(f"{line} {weight}\n" for line, weight in sorted(lines.items()))


def _frame(frame: Frame) -> str:
    """A frame's name, without what would end it."""
    name = " ".join(frame.name.replace(";", ":").split())
    return f"{name}_[k]" if frame.is_kernel else name
