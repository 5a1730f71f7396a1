"""The machine that the tests of Linux run their programs on: on each path, with nothing left to chance."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ring3.computer import Linux
from tests.support import guest
from tests.support.guest import PathThrough


@pytest.fixture(params=["short", "full"])
def path(request: pytest.FixtureRequest) -> PathThrough:
    """Each way through the kernel."""
    chosen: PathThrough = request.param
    return chosen


@pytest.fixture
def linux(path: PathThrough) -> Iterator[Linux]:
    """A booted machine that takes that way."""
    with guest.boot(path) as booted:
        yield booted
