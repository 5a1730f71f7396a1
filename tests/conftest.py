"""Fixtures and marks for all tests: the compiler for guest programs and the host to compare with.

A test that asks for ``toolchain`` is marked ``guest`` and one that asks for ``native`` is marked ``native``, so that
``pytest -m "not guest"`` runs what needs no compiler.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from ring3.machine.board import CpuKind
from tests.support import guest
from tests.support.native import Run, run, without_core_files
from tests.support.toolchain import Toolchain, find

settings.register_profile("ring3", deadline=None)
settings.load_profile("ring3")  # a loaded machine is slow, and nothing is wrong then

# what a shell starts in the background ignores the keys of the terminal, with nohup(1) its end; programs inherit that
for _number in {signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}:
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL)

MARKS = {"toolchain": "guest", "native": "native"}


@pytest.fixture(scope="session")
def toolchain() -> Toolchain:
    """The compiler for guest programs, with its C libraries built."""
    installed = find()
    installed.build_libraries()
    return installed


@pytest.fixture(scope="session")
def native() -> Iterator[Run]:
    """A function that runs a program on the host, or skips the test where the host cannot."""
    with without_core_files():
        yield run


@pytest.fixture(autouse=True)
def _ends_what_it_starts() -> Iterator[None]:
    """A test leaves nobody who is told of this process's signals: the next machine would not be."""
    yield
    listener = signal.set_wakeup_fd(-1)
    assert listener == -1, "somebody still listens to this process's signals"


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--cpu`` says what runs the guest programs of most tests; ``thrown``: both CPUs, by chance."""
    parser.addoption("--cpu", choices=(*CpuKind, "thrown"), default=CpuKind.EMULATED)


def pytest_configure(config: pytest.Config) -> None:
    """Tells who boots machines."""
    wanted = config.getoption("--cpu")
    guest.THROWN[:] = [wanted == "thrown"]
    guest.CPU[:] = [CpuKind.AUTO if wanted == "thrown" else CpuKind(wanted)]


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Bytes that are no text are named by their place: what was packed or drawn at random differs between processes.

    Each worker of pytest-xdist has to find the same names.
    """
    if isinstance(val, bytes) and not (val.isascii() and val.decode("ascii").isprintable()):
        return argname
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks each test by the fixtures it asks for."""
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in MARKS:
                item.add_marker(MARKS[fixture])
