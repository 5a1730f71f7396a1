"""A directory of built things that outlives a test run and may be shared by runs at the same time.

It never lies in the repository. An entry is complete or absent: it is written under another name and renamed.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

VARIABLE = "RING3_TEST_CACHE"


def directory() -> Path:
    """Returns the cache directory, which exists: ``$RING3_TEST_CACHE``, or this user's own below the temporary one.

    Raises:
        PermissionError: The directory below the temporary one is another user's, who could put programs there.
    """
    named = os.environ.get(VARIABLE)
    if named:
        path = Path(named).absolute()
        path.mkdir(parents=True, exist_ok=True)
        return path
    path = Path(tempfile.gettempdir()) / f"ring3-tests-{os.getuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    if path.is_symlink() or path.stat().st_uid != os.getuid():
        raise PermissionError(f"{path} is not a directory of this user; set {VARIABLE} to another one")
    return path


def main() -> None:
    """Prints the cache directory, for the scripts that fetch programs into it."""
    print(directory())


if __name__ == "__main__":
    main()
