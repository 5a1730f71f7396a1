"""The user's defaults for the options of a sandbox: ``ring3.toml``.

`ring3.sandbox.settings_files` says where it is looked for. A working directory may be anybody's: its file may take
something from programs, and give them nothing of the host.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from ring3.errors import UserError
from ring3.sandbox import OPTIONS, SETTINGS


def read(path: str, contents: bytes) -> tuple[str, Mapping[str, Any]]:
    """What a file says, as `sandbox_of` takes it.

    Args:
        path: The file's path.
        contents: What is in it.

    Raises:
        UserError: It says what it cannot.
    """
    try:
        said = tomllib.loads(contents.decode())
    except ValueError as error:
        raise UserError(f"{path}: {error}") from None
    found = {}
    for key, value in said.items():
        option = OPTIONS.get(key.replace("-", "_"))
        if option is None:
            raise UserError(f"{path}: there is no option {key}")
        if option.opens_host and path == SETTINGS:
            raise UserError(
                f"{path}: {key} gives programs something of the host, which only your own settings may do "
                f"(~/.config/ring3/{SETTINGS})"
            )
        found[option.name] = value
    return f"{path}: ", found
