"""Linux's error numbers against those of the host's C library and Python."""

from __future__ import annotations

import copy
import copyreg
import errno
import os
import pickle

import pytest

from ring3.abi.errno import E, Errno, describe


def test_names_and_numbers_are_the_hosts() -> None:
    python = {n: name for n, name in errno.errorcode.items() if n <= E.ERFKILL}  # 133 came with Python 3.14
    python |= {E.EAGAIN: "EAGAIN", E.EDEADLK: "EDEADLK", E.EOPNOTSUPP: "EOPNOTSUPP"}  # of two names, Linux's
    assert {int(number): number.name for number in E if number <= E.ERFKILL} == python


def test_every_number_a_program_may_see_is_named() -> None:
    assert set(range(1, 135)) - set(E) == {41, 58}


@pytest.mark.parametrize(
    ("alias", "name"), [("EWOULDBLOCK", "EAGAIN"), ("EDEADLOCK", "EDEADLK"), ("EFSCORRUPTED", "EUCLEAN")]
)
def test_an_alias_is_the_same_error(alias: str, name: str) -> None:
    assert E[alias] is E[name]


def test_texts_are_the_c_librarys() -> None:
    numbers = range(E.EHWPOISON + 1)
    assert {n: describe(n) for n in numbers} == {n: os.strerror(n) for n in numbers}


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (E.ENOENT, "No such file or directory"),
        (41, "Unknown error 41"),
        (E.ERESTARTSYS, "To be restarted if SA_RESTART is set"),
        (4095, "Unknown error 4095"),
        (-2, "Unknown error -2"),
    ],
)
def test_describe(number: int, text: str) -> None:
    assert describe(number) == text


def test_the_numbers_inside_the_kernel() -> None:
    restarts = (E.ERESTARTSYS, E.ERESTARTNOINTR, E.ERESTARTNOHAND, E.ERESTART_RESTARTBLOCK)
    assert restarts == (512, 513, 514, 516)
    assert set(range(512, 532)) - set(E) == {520}
    assert (E.ENOIOCTLCMD, E.ENOTSUPP, E.ENOGRACE) == (515, 524, 531)


def test_errno_carries_its_number_and_reads_like_strace() -> None:
    with pytest.raises(Errno) as caught:
        raise Errno(E.ENOENT)
    assert caught.value.number is E.ENOENT
    assert str(caught.value) == "ENOENT (No such file or directory)"
    assert copy.copy(caught.value).number is E.ENOENT


def test_a_number_goes_into_a_register_as_it_is() -> None:
    assert -Errno(E.EHWPOISON).number & 0xFFFF_FFFF_FFFF_FFFF == 0xFFFF_FFFF_FFFF_FF7B


def test_errno_is_copied_where_dask_is_loaded() -> None:
    """tblib, by which Dask pickles exceptions, has its own way for those that do not say how they are made."""
    support = pytest.importorskip("tblib.pickling_support")
    before = dict(copyreg.dispatch_table)
    try:
        support.install()
        for copied in (copy.copy(Errno(E.ENOENT)), pickle.loads(pickle.dumps(Errno(E.ENOENT)))):
            assert copied.number is E.ENOENT
    finally:
        copyreg.dispatch_table.clear()
        copyreg.dispatch_table.update(before)
