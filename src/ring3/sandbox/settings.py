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


def read(path: str) -> tuple[str, Mapping[str, Any]]:
    """What a file says, as `sandbox_of` takes it.

    Raises:
        UserError: It cannot be read, or says what it cannot.
    """
    try:
        with open(path, "rb") as file:
            said = tomllib.loads(file.read().decode())
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
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
