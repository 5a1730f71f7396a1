"""A computer with a system booted on it, and programs loaded onto it: what commands and `import ring3` stand on.

`base` is what both have in common. A system's own is imported when it is named.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from ring3.computer.base import Computer, shell_status

if TYPE_CHECKING:
    from ring3.computer.linux import SYS_CALL_TABLES, Linux, TableRow, host_credentials
    from ring3.computer.solaris import Solaris

__all__ = [
    "SYS_CALL_TABLES", "Computer", "Linux", "Solaris", "TableRow", "host_credentials", "shell_status"
]  # fmt: skip

_HOMES: Final = {
    "Linux": "linux",
    "SYS_CALL_TABLES": "linux",
    "Solaris": "solaris",
    "TableRow": "linux",
    "host_credentials": "linux",
}
"""In which module each name is."""


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- mypy sees the imports above
    if name not in _HOMES:
        raise AttributeError(f"module 'ring3.computer' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"ring3.computer.{_HOMES[name]}"), name)
    return value
