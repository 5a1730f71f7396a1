from __future__ import annotations

import pytest

from ring3.abi.errno import E
from ring3.fs.file import O_PATH, O_RDONLY, O_RDWR, O_WRONLY, File, WouldBlock
from ring3.fs.readiness import ALWAYS, READABLE
from tests.fs.test_namei import fails


@pytest.mark.parametrize(
    ("flags", "readable", "writable"),
    [
        (O_RDONLY, True, False),
        (O_WRONLY, False, True),
        (O_RDWR, True, True),
        (3, False, False),
        (O_PATH, False, False),
    ],
)
def test_access_modes(flags: int, readable: bool, writable: bool) -> None:
    file = File(flags)
    assert (file.readable, file.writable) == (readable, writable)


def test_a_file_that_can_nothing() -> None:
    file = File(O_RDWR)
    assert file.poll() == ALWAYS
    file.listen(lambda: None).cancel()
    for number, operation in (
        (E.EINVAL, lambda: file.read(1)),
        (E.EINVAL, lambda: file.write(b"")),
        (E.ESPIPE, lambda: file.pread(1, 0)),
        (E.ESPIPE, lambda: file.seek(0, 0)),
        (E.EINVAL, lambda: file.truncate(0)),
        (E.ENODEV, lambda: file.mapping(True)),
        (E.ENOTTY, file.available),
        (E.ENXIO, lambda: file.reopen(0)),
    ):
        with fails(number):
            operation()
    assert WouldBlock(file, READABLE).events == READABLE
