"""Finds this package's modules where they are: the command line has it before the finders of the interpreter.

Those search every folder of a path for every kind of module and describe what they find; most of what an import costs
is that. Here a module's name is its place: a source file, or a folder with an ``__init__.py``. What Python promises
stays: its own loader reads, checks and writes the compiled files, but for one that is up to date by its time and size,
the usual case, which is read here at once. A start has some 180 modules, and takes a tenth less time so.
"""

from __future__ import annotations

import marshal
import os
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import MAGIC_NUMBER
from types import CodeType, ModuleType
from typing import Final

_BY_TIME: Final = MAGIC_NUMBER + b"\0\0\0\0"
"""How a compiled file begins that belongs to a source file of a certain time and size (PEP 552)."""
_SUFFIX: Final = f".{sys.implementation.cache_tag}.pyc"


class _Loader(SourceFileLoader):
    """Python's own loader, which knows the state of its source file already.

    Attributes:
        cached: The compiled file.
        expected: How it begins if it belongs to the source file.
    """

    def __init__(self, name: str, path: str, cached: str, source: os.stat_result) -> None:
        super().__init__(name, path)
        self.cached = cached
        numbers = int(source.st_mtime), source.st_size
        self.expected = _BY_TIME + b"".join((each & 0xFFFF_FFFF).to_bytes(4, "little") for each in numbers)

    def get_code(self, fullname: str) -> CodeType | None:
        """The module's code: of the compiled file, or as Python's own loader finds it."""
        try:
            with open(self.cached, "rb", buffering=0) as file:
                compiled = file.readall()
        except OSError:
            compiled = b""
        if not compiled.startswith(self.expected):
            return super().get_code(fullname)
        code: CodeType = marshal.loads(memoryview(compiled)[16:])
        if code.co_filename != self.path:  # it was compiled elsewhere: Python's own mends that
            return super().get_code(fullname)
        return code


class PackageFinder:
    """A finder of ``sys.meta_path`` for the modules below one package."""

    def __init__(self, package: ModuleType) -> None:
        self._prefix = f"{package.__name__}."
        self._folder = package.__path__[0]

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Where a module of the package is; None, for others to look for it, if it is none or is elsewhere."""
        if not name.startswith(self._prefix):
            return None
        place = f"{self._folder}/{name[len(self._prefix) :].replace('.', '/')}"
        source, is_package = f"{place}.py", False
        try:
            state = os.stat(source)
        except OSError:
            source, is_package = f"{place}/__init__.py", True
            try:
                state = os.stat(source)
            except OSError:
                return None
        folder, _, file = source.rpartition("/")
        cached = f"{folder}/__pycache__/{file[:-3]}{_SUFFIX}"
        spec = ModuleSpec(name, _Loader(name, source, cached, state), origin=source, is_package=is_package)
        spec.has_location = True
        spec.cached = cached
        if is_package:
            spec.submodule_search_locations = [place]
        return spec


def install(package: ModuleType) -> None:
    """Has the package's modules found so, where they lie as files in folders and are compiled as usual."""
    if type(package.__loader__) is SourceFileLoader and not sys.pycache_prefix and not sys.flags.optimize:
        sys.meta_path.insert(0, PackageFinder(package))
