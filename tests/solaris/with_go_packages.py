"""The tests of Go's own packages, built for Solaris: run and counted (``scripts/check-solaris-programs --packages``).

Each package's tests run in a folder with its sources, with ``-test.short``. What asks for what the machine has not got
is left out, and `LEFT_OUT` says why.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

PACKAGES: Final = (
    "archive/tar", "archive/zip", "bufio", "bytes", "compress/gzip", "container/list", "context", "crypto/aes",
    "crypto/rand", "crypto/rsa", "crypto/sha256", "crypto/tls", "crypto/x509", "database/sql", "encoding/binary",
    "encoding/csv", "encoding/gob", "encoding/json", "encoding/xml", "errors", "expvar", "flag", "fmt", "go/format",
    "go/parser", "hash/crc32", "html/template", "image/png", "index/suffixarray", "internal/poll", "io", "io/fs",
    "io/ioutil", "log", "math", "math/big", "mime/multipart", "net", "net/http", "net/http/httptest",
    "net/http/httputil", "net/mail", "net/rpc", "net/smtp", "net/textproto", "net/url", "os", "os/exec", "os/signal",
    "os/user", "path", "path/filepath", "reflect", "regexp", "runtime/debug", "sort", "strconv", "strings", "sync",
    "sync/atomic", "syscall", "testing", "text/scanner", "text/tabwriter", "text/template", "time", "unicode/utf8",
)  # fmt: skip
LEFT_OUT: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "there is no go command": {
        "net/http": ("TestCmdGoNoHTTPServer", "TestOmitHTTP2Vet"),
        "os": ("TestErrProcessDone", "TestExecutableDeleted"),
        "os/exec": ("TestExtraFiles",),
    },
    "GOROOT is not there": {"path/filepath": ("TestBug3486",), "time": ("TestLoadLocationFromTZData",)},
    "Debian's sources have no such data": {
        "net": (
            "TestSendfile", "TestSendfileParts", "TestSendfileSeeked", "TestSendfileOnWriteTimeoutExceeded",
        ),
        "io/ioutil": ("TestReadDir",),
    },
    "there are no raw sockets of TCP": {"net": ("TestIPConnRemoteName",)},
    "its certificates have run out": {
        "crypto/tls": ("TestVerifyConnection", "TestResumptionKeepsOCSPAndSCT"),
    },
}  # fmt: skip
"""Tests that cannot pass, by the reason and the package."""
TAGS: Final = {"time": "timetzdata"}
"""What a package's tests are built with."""


def left_out(package: str) -> frozenset[str]:
    """The tests of a package that are not run."""
    return frozenset(name for reasons in LEFT_OUT.values() for name in reasons.get(package, ()))


def build(home: Path, package: str) -> Path:
    """The program with a package's tests."""
    output = home / f"{package.replace('/', '_')}.test"
    if not output.exists():
        environment = os.environ | {"GOOS": "solaris", "CGO_ENABLED": "0"}
        tags = TAGS.get(package, "")
        command = ["go", "test", "-c", "-vet=off", f"-tags={tags}", "-o", str(output), package]
        subprocess.run(command, env=environment, check=True)
    return output


def counts(text: str) -> tuple[int, int, list[str]]:
    """How many tests passed and were skipped, and which failed, by what they print with ``-test.v``."""
    found = {
        kind: re.findall(rf"^--- {kind}: (\S+)", text, re.MULTILINE) for kind in ("PASS", "SKIP", "FAIL")
    }
    return len(found["PASS"]), len(found["SKIP"]), found["FAIL"]


def check(
    home: Path,
    run: Callable[[Path, list[str]], subprocess.CompletedProcess[str]],
    report: Callable[[str], None],
) -> list[str]:
    """Runs all packages, and says what came of each; returns those that did not pass.

    Args:
        home: Where programs and sources are kept.
        run: Runs a program of Solaris in a folder, with arguments.
        report: Takes a line for each package.
    """
    root = subprocess.run(["go", "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip()
    home.mkdir(parents=True, exist_ok=True)
    sources = home / "src"
    if not sources.exists():
        shutil.copytree(Path(root) / "src", sources, symlinks=False)
    bad: list[str] = []
    for package in PACKAGES:
        program, folder = str(build(home, package)), sources / package
        listed = run(folder, [program, "-test.list", "."]).stdout.splitlines()
        names = [name for name in listed if name.startswith(("Test", "Example"))]
        wanted = "|".join(name for name in names if name not in left_out(package))
        done = run(folder, [program, "-test.short", "-test.v", "-test.run", f"^({wanted})$"])
        passed, skipped, failed = counts(done.stdout)
        good = done.returncode == 0 and passed > 0
        report(
            f"{package}: {passed} passed, {skipped} skipped, {len(failed)} failed {' '.join(failed)}".rstrip()
        )
        if not good:
            bad.append(package)
            report(f"{package}: status {done.returncode}")
    return bad
