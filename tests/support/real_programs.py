"""Real programs, each run by the host and by Ring3: the cases of ``tests/real``, and how two runs compare.

A case is a script with lines of its own at the top: ``# about:`` what it does, ``# needs:`` programs without which it
is skipped, ``# brings:`` what ``scripts/fetch-programs`` has fetched that it finds in its folder, ``# tier: slow`` for
what only ``scripts/compare-programs`` runs, ``# user: NAME`` for whom it runs as where the host's user is root. It runs
in an empty folder of its own, and says on standard output what is to be the same.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from tests.support import cache

FOLDER: Final = Path(__file__).resolve().parents[1] / "real"
PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/15/bin"
SECONDS: Final = 900
"""After which a run is given up: it counts as one that differs."""


class Case(NamedTuple):
    """One script.

    Attributes:
        name: Its name.
        path: Where it is.
        about: What it does.
        needs: Programs that the host must have.
        brings: Fetched programs that lie in its folder.
        is_slow: It is not for every run of the tests.
        user: Whom it runs as if the host's user is root; "" for the same.
    """

    name: str
    path: Path
    about: str
    needs: list[str]
    brings: list[Path]
    is_slow: bool
    user: str

    @property
    def missing(self) -> list[str]:
        """The programs that the host has not, or nobody has fetched."""
        absent = [name for name in self.needs if shutil.which(name, path=PATH) is None]
        return absent + [path.name for path in self.brings if not path.exists()]


class Run(NamedTuple):
    """What came of a run.

    Attributes:
        status: Its exit status; None if it did not end.
        output: What it said.
    """

    status: int | None
    output: str


def cases() -> list[Case]:
    """All of them, by name."""
    return [_case(path) for path in sorted(FOLDER.glob("*.sh"))]


def _case(path: Path) -> Case:
    said = dict[str, str]()
    for line in path.read_text().splitlines()[1:]:
        key, colon, value = line.removeprefix("# ").partition(": ")
        if not line.startswith("# ") or not colon:
            break
        said[key] = value
    return Case(
        path.stem,
        path,
        said["about"],
        said["needs"].split(),
        [cache.directory() / "debian" / name for name in said.get("brings", "").split()],
        said.get("tier") == "slow",
        said.get("user", ""),
    )


def native(case: Case) -> Run:
    """What the host makes of it."""
    return _run(case, [])


def ring3(case: Case, options: Sequence[str] = ()) -> Run:
    """What Ring3 makes of it."""
    user = ["--user", case.user] if case.user and os.geteuid() == 0 else []
    return _run(case, [sys.executable, "-m", "ring3", "run", "-q", *user, *options])


def _run(case: Case, before: list[str]) -> Run:
    with _folder(case) as folder:
        variables = {"PATH": PATH, "HOME": folder, "LC_ALL": "C", "TZ": "UTC", "TERM": "dumb"}
        user = case.user if case.user and os.geteuid() == 0 and not before else None
        try:
            finished = subprocess.run(
                [*before, f"./{case.path.name}"], cwd=folder, env=variables, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=SECONDS, check=False, user=user,
                group=pwd.getpwnam(user).pw_gid if user else None, extra_groups=[] if user else None,
            )  # fmt: skip
        except subprocess.TimeoutExpired as late:
            return Run(None, (late.output or b"").decode(errors="backslashreplace"))
        return Run(
            finished.returncode, finished.stdout.decode(errors="backslashreplace").replace(folder, "FOLDER")
        )


@contextmanager
def _folder(case: Case) -> Iterator[str]:
    """A folder with the script in it; its path has the same length each time."""
    with tempfile.TemporaryDirectory(prefix="real-", ignore_cleanup_errors=True) as folder:
        for path in (case.path, *case.brings):
            shutil.copy(path, folder)
        os.chmod(folder, 0o755)
        if case.user and os.geteuid() == 0:
            shutil.chown(folder, case.user)
        yield folder


def difference(theirs: Run, ours: Run) -> str:
    """In what two runs differ, "" for nothing."""
    if ours.status is None:
        return f"does not end within {SECONDS} s"
    if theirs.status != ours.status:
        return f"status {ours.status} instead of {theirs.status}"
    pairs = zip(theirs.output.split("\n"), ours.output.split("\n"), strict=False)
    for number, (wanted, found) in enumerate(pairs, start=1):
        if wanted != found:
            return f"line {number}: {found!r} instead of {wanted!r}"
    return "" if theirs.output == ours.output else "fewer or more lines"
