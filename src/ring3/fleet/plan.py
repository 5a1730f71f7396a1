"""Plans of sweeps: which programs are run, with which arguments, inputs, policies, seeds and faults.

docs/fleets.md tells the form. A plan is read at once, and what is wrong with it is said before anything runs; the runs
that it stands for are counted out by `points`, one at a time.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ring3.errors import UserError
from ring3.fleet.content import Content
from ring3.fleet.fields import Fields
from ring3.fleet.run import HOME, INPUT, File, Limits
from ring3.kernel.snapshot.file import head_of
from ring3.loader.host import find_in_path
from ring3.trace.inject import parse as inject

ENVIRONMENT: Final = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": HOME, "LC_ALL": "C"}
"""What every program has, unless the plan says otherwise."""
_AXES: Final = frozenset(
    {
        "arguments", "inputs", "seeds", "faults", "policies", "env", "files", "depends", "limits", "status", "trace",
        "keep",
    }
)  # fmt: skip
_PLACEHOLDER: Final = "@@"


@dataclass(frozen=True, slots=True)
class Campaign:
    """Faults that follow from what a program does undisturbed.

    Attributes:
        calls: Which calls fail, as strace has sets.
        each: Of calls of one name, the first so many.
    """

    calls: str
    each: int


@dataclass(frozen=True, slots=True)
class Program:
    """One program of a plan, and what it is run with.

    Attributes:
        name: What it is called.
        versions: Its versions, each with a name; a program without has one, which has none.
        place: Where it is in the machine; "" for one that has started, in a snapshot.
        called: What it is called by there, the first of its arguments.
        arguments: The others, one run each.
        inputs: What is on standard input: a name, and the file or the bytes.
        seeds: Where randomness comes from.
        faults: What is injected, one run each.
        policies: What decides about calls; the name is "" for nothing.
        environment: Its environment.
        files: What else is put into the machine: where, and what.
        depends: Files of the host whose contents count for the names of runs.
        limits: How much a run may use.
        expected: The statuses that are no failure.
        trace: Whether its system calls are kept.
        keep: Bytes of its output that are kept.
    """

    name: str
    versions: tuple[tuple[str, Content], ...]
    place: str
    called: str
    arguments: tuple[tuple[str, ...], ...]
    inputs: tuple[tuple[str, str | bytes], ...]
    seeds: tuple[range, ...]
    faults: tuple[tuple[str, ...], ...] | Campaign
    policies: tuple[tuple[str, Content], ...]
    environment: tuple[tuple[str, str], ...]
    files: tuple[tuple[File, Content], ...]
    depends: tuple[str, ...]
    limits: Limits
    expected: frozenset[int]
    trace: bool
    keep: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan.

    Attributes:
        source: What messages call it.
        programs: What is run.
    """

    source: str
    programs: tuple[Program, ...]


def read(path: str) -> Plan:
    """The plan in a file.

    Raises:
        UserError: It cannot be read, or is malformed; the message says where.
    """
    try:
        with open(path, "rb") as file:
            found = tomllib.load(file)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: {error}") from None
    return parse(found, path, os.path.dirname(os.path.abspath(path)))


def parse(found: Mapping[str, Any], source: str = "plan", folder: str = ".") -> Plan:
    """The plan that some values are, as TOML has them.

    Args:
        found: The values.
        source: What messages call them.
        folder: The directory that files are named from.

    Raises:
        UserError: They are malformed.
    """
    top = Fields(found, source, folder)
    top.allow(_AXES | {"program"})
    rows = found.get("program")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise UserError(f"{source}: programs are written [[program]], and there must be one")
    common = {key: value for key, value in found.items() if key != "program"}
    programs: list[Program] = []
    for number, row in enumerate(rows, start=1):
        fields = Fields(common | row, f"{source}: program {number}", folder)
        fields.allow(_AXES | {"name", "path", "snapshot", "versions"})
        programs += _programs(fields)
    return Plan(source, tuple(programs))


def _programs(fields: Fields) -> list[Program]:
    """The programs of one table: several, if their path is a pattern."""
    if sum(key in fields.values for key in ("path", "snapshot", "versions")) != 1:
        raise fields.error("either path or versions or snapshot is needed")
    if "snapshot" in fields.values:
        return _started(fields)
    if "versions" in fields.values:
        files = fields.labelled("versions")
        name = fields.text("name", os.path.basename(files[0][1]))
        versions = tuple((label, Content.read_from(path)) for label, path in files)
        return [_program(fields, name, name, versions)]
    paths = dict(pair for word in fields.texts("path") for pair in _found(fields, word))
    if not paths or ("name" in fields.values and len(paths) > 1):
        raise fields.error(
            f"a name is for one program, and there are {len(paths)}" if paths else "path is empty"
        )
    return [
        _program(fields, fields.text("name", label), label, (("", Content.read_from(path)),))
        for label, path in paths.items()
    ]


def _started(fields: Fields) -> list[Program]:
    """Programs that have started, each in a snapshot."""
    for key in ("arguments", "env"):
        if key in fields.values:
            raise fields.error(f"a program in a snapshot has started already: it gets no {key}")
    paths = [pair for word in fields.texts("snapshot") for pair in fields.matching(word)]
    if not paths or ("name" in fields.values and len(paths) > 1):
        raise fields.error(
            f"a name is for one snapshot, and there are {len(paths)}" if paths else "snapshot is empty"
        )
    found = []
    for label, path in paths:
        content = Content.read_from(path)
        with open(path, "rb") as file:
            options = head_of(file, path).get("options")
        if not isinstance(options, dict) or not options.get("virtual_time"):
            raise fields.error(
                f"{label}: runs are to be the same each time: a machine with virtual_time=True is needed"
            )
        found.append(_program(fields, fields.text("name", label), "", (("", content),)))
    return found


def _found(fields: Fields, word: str) -> list[tuple[str, str]]:
    """The files that a path stands for, as the plan has them and as the host does; a word is looked for in PATH too."""
    is_word = "/" not in word and not any(letter in word for letter in "*?[")
    if is_word and not os.path.exists(fields.host(word)):
        try:
            return [(path := find_in_path(word, os.environ), path)]
        except UserError as error:
            raise fields.error(str(error)) from None
    return fields.matching(word)


def _program(fields: Fields, name: str, path: str, versions: tuple[tuple[str, Content], ...]) -> Program:
    if os.path.isabs(path) or not path:
        place = called = path
    else:
        called = "./" + os.path.basename(path)
        place = f"{HOME}/{os.path.basename(path)}"
    files = tuple(_files(fields))
    taken = {file.path for file, _ in files}
    if place in taken:
        raise fields.error(f"files has {place}, where the program is")
    arguments = fields.lists("arguments", (()), words=True)
    inputs = tuple(fields.inputs()) or (("", b""),)
    if f"{HOME}/{INPUT}" in taken and any(_PLACEHOLDER in word for words in arguments for word in words):
        raise fields.error(f"files has {HOME}/{INPUT}, where the input is that {_PLACEHOLDER} stands for")
    return Program(
        name, versions, place, called, arguments, inputs, fields.seeds(), _faults(fields), _policies(fields),
        tuple(sorted((ENVIRONMENT | fields.table("env")).items())), files,
        tuple(Content.read_from(path).digest for word in fields.texts("depends") for _, path in fields.matching(word)),
        fields.limits(), frozenset(fields.numbers("status", (0,))), fields.flag("trace"), fields.size("keep", 4096),
    )  # fmt: skip


def _faults(fields: Fields) -> tuple[tuple[str, ...], ...] | Campaign:
    given = fields.values.get("faults")
    if isinstance(given, dict):
        table = Fields(given, f"{fields.source}: faults", fields.folder)
        table.allow({"calls", "each"})
        campaign = Campaign(table.text("calls", "all"), table.size("each", 10))
        _checked(fields, lambda: inject.parse(f"{campaign.calls}:error=EIO"))
        return campaign
    found = fields.lists("faults", (()), words=False)
    for rules in found:
        for rule in rules:
            _checked(fields, lambda rule=rule: inject.parse(rule))
    return found


def _policies(fields: Fields) -> tuple[tuple[str, Content], ...]:
    from ring3.trace.policy import oci, toml  # noqa: PLC0415 -- few plans have one

    found: dict[str, Content] = {}
    for word in fields.texts("policies") or [""]:
        for label, path in fields.matching(word) if word else [("", "")]:
            content = Content.read_from(path) if path else Content("")
            if path:
                text = content.read().decode("utf-8", "replace")
                (oci.parse if text.lstrip().startswith("{") else toml.parse)(text, path)
            found[label] = content
    return tuple(found.items())


def _files(fields: Fields) -> list[tuple[File, Content]]:
    """What is put into the machine: files, and directories with all that is in them."""
    found: dict[str, tuple[File, Content]] = {}
    for place, source in fields.table("files").items():
        target = os.path.normpath(os.path.join(HOME, place))
        top = fields.host(source)
        paths = [top]
        if os.path.isdir(top):
            paths = sorted(os.path.join(folder, name) for folder, _, names in os.walk(top) for name in names)
        for path in paths:
            content = Content.read_from(path)
            at = target if path == top else os.path.join(target, os.path.relpath(path, top))
            found[at] = File(at, content.digest, content.mode), content
    return list(found.values())


def _checked(fields: Fields, check: Any) -> None:  # noqa: ANN401 -- anything that can be called
    try:
        check()
    except UserError as error:
        raise fields.error(f"faults: {error}") from None
