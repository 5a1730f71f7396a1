"""What a command line of strace gets beside lines: a time line for Perfetto, and a profile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ring3.trace.called import bits_of, name_of
from ring3.trace.strace.form import Form
from ring3.trace.strace.line import CallLine
from ring3.trace.strace.programs import program_of
from ring3.trace.strace.text import Text

if TYPE_CHECKING:
    from ring3.computer import Linux
    from ring3.kernel.watched_stubs import StubCall
    from ring3.linux.model.task import LinuxTask
    from ring3.trace.strace.command_line import Asked
    from ring3.trace.strace.style import Style
    from ring3.trace.timeline.profiler import Profiler
    from ring3.trace.timeline.recorder import Recorder


def record(
    linux: Linux, tasks: Sequence[LinuxTask], asked: Asked, write: Callable[[bytes], object]
) -> Recorder:
    """Records tasks for Perfetto, the calls that the options ask for; it is to be closed.

    Args:
        linux: The machine.
        tasks: Who is traced.
        asked: The options.
        write: Takes the bytes of the file.
    """
    from ring3.trace.timeline.recorder import Recorder  # noqa: PLC0415 - who reads lines needs no file of bytes

    selection = asked.selection
    return Recorder(
        linux.kernel,
        tasks,
        write,
        follow=asked.follows,
        calls=selection.calls,
        describe=describer(selection.style),
    )


def profile(linux: Linux, tasks: Sequence[LinuxTask], asked: Asked) -> Profiler:
    """Profiles tasks, with the calls that the options ask for; it is to be closed."""
    from ring3.trace.timeline.profiler import Profiler  # noqa: PLC0415 - as above

    return Profiler(linux.kernel, tasks, follow=asked.follows, calls=asked.selection.calls)


def describer(style: Callable[[str, int], Style]) -> Callable[[StubCall], str]:
    """What writes a call that begins, as far as is known then: ``openat(AT_FDCWD, "/etc/passwd", O_RDONLY``.

    Args:
        style: How values of calls of a name and a width are written.
    """
    forms: dict[tuple[str, str, int], Form] = {}

    def describe(call: StubCall) -> str:
        name, bits = name_of(call), bits_of(call)
        key = call.what.symbol, name, bits
        form = forms.get(key)
        if form is None:
            form = forms[key] = Form(*key, style(name, bits))
        task: LinuxTask = call.task  # type: ignore[assignment]
        return str(CallLine(form, call, Text(program_of(task, bits), form.style)).beginning())

    return describe
