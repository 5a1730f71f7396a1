"""No program in D brings dtrace down: what the grammar makes is compiled and run, or refused with an error."""

import io

import pytest

from ring3.trace.dtrace.compiler import Source
from ring3.trace.dtrace.errors import CompileError, DtraceError
from ring3.trace.dtrace.macros import Macros
from ring3.trace.dtrace.options import Options
from ring3.trace.dtrace.providers.base import NoTarget
from ring3.trace.dtrace.providers.profile import ProfileProvider
from ring3.trace.dtrace.session import Session
from tests.support.fuzzing import seeds
from tests.trace.dtrace.d_grammar import Programs
from tests.trace.dtrace.d_program import ManualClock

EACH = 10
"""Programs of a seed."""


def outcome(text: str) -> str:
    """What becomes of a program: `ran`, or `refused`."""
    options, clock = Options(), ManualClock()
    for name in ("destructive", "argref"):
        options.set(name, None)
    session = Session(options, NoTarget(7), clock, [ProfileProvider(clock)], io.BytesIO(), lambda _line: None)
    try:
        macros = Macros(["script.d", "12"], {"pid": 7, "target": 0}, lambda: True)
        session.write([session.compiler.compile(Source(text), macros)])
        session.enable()
        session.begin()
        for _ in range(3):
            if session.finished:
                break
            if clock.waits:
                clock.step()
        session.end()
    except (CompileError, DtraceError):
        return "refused"
    return "ran"


@pytest.mark.parametrize("seed", seeds(30))
def test_random_programs_are_run_or_refused(seed: int) -> None:
    programs = Programs(seed)
    for number in range(EACH):
        text = programs.program()
        try:
            outcome(text)
        except Exception as error:  # noqa: BLE001 - whatever it is, the program must be shown
            pytest.fail(f"program {number} of seed {seed}: {type(error).__name__}: {error}\n{text}")


def test_enough_of_them_run() -> None:
    """Programs that are all refused would show nothing."""
    programs = Programs(1)
    assert [outcome(programs.program()) for _ in range(100)].count("ran") >= 10


@pytest.mark.parametrize(
    "text",
    [
        f"BEGIN {{ trace({'(' * 4000}1{')' * 4000}); }}",
        f"BEGIN {{ x = {'-' * 5000}1; }}",
        f'BEGIN {{ x = "{"a" * 2_000_000}"; trace(strlen(x)); exit(0); }}',
        f"BEGIN {{ @[{', '.join('1' for _ in range(2000))}] = count(); exit(0); }}",
        "BEGIN { alloca(1 << 40); }",
        "BEGIN { x = 1; x = x << 62; y = x * x * x * x; trace(y / 0); }",
        "BEGIN { tracemem(0, 1 << 30); }",
        f"BEGIN {{ {'if (1) { ' * 500}{'}' * 500} }}",
    ],
)
def test_what_is_too_much_is_refused_or_a_fault(text: str) -> None:
    assert outcome(text) in ("ran", "refused")
