"""The scripts by which bash, zsh and fish complete the words of ``ring3``.

Each is data of `ring3.cli.completed` in the shell's own language: no Python runs while somebody types, but for the
names of machines that are up.
"""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING, Final

from ring3.cli.completed import DIRECTORIES, FILES, MACHINES, NOTHING, PROGRAM, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ring3.cli.completed import Command, Flag, Operand, Value

_BASH: Final = r"""# bash completion of ring3: eval "$(ring3 completion bash)"

# sets value to what the value of an option ($2), or the operand at a place, of a command ($1) can be
_ring3_value() {
    value=
    case "$1:$2" in
@VALUES@
    *) return 1 ;;
    esac
}

# prints the options of a command ($1)
_ring3_options() {
    case "$1" in
@OPTIONS@
    *) return 1 ;;
    esac
}

_ring3() {
    local current=${COMP_WORDS[COMP_CWORD]} command= option= value= ended= place=0 index word
    COMPREPLY=()
    # bash makes three words of --option=value, two where the value is empty
    [ "$current" = = ] && current=
    for ((index = 1; index < COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]}
        if [ -n "$option" ]; then
            [ "$word" = = ] || option=
        elif [ -z "$command" ]; then
            [[ $word == -* ]] || command=$word
        elif [ -z "$ended" ] && [ "$word" = -- ]; then
            ended=1
        elif [ -z "$ended" ] && [[ $word == -?* ]]; then
            _ring3_value "$command" "$word" && option=$word
        elif _ring3_options "$command $word" > /dev/null; then
            command="$command $word" place=0
        elif _ring3_value "$command" "$place" && [ "$value" = program ]; then
            place=arguments ended=1
        elif [ "$place" != arguments ]; then
            place=$((place + 1))
        fi
    done
    if [ -z "$command" ]; then
        value="words @COMMANDS@"
    elif [ -n "$option" ]; then
        _ring3_value "$command" "$option"
    elif [ -z "$ended" ] && [[ $current == -* ]]; then
        value="words $(_ring3_options "$command")"
    elif [ "$place" = arguments ]; then
        value=files
    else
        _ring3_value "$command" "$place" || _ring3_value "$command" '*'
    fi
    case "$value" in
    words\ *) mapfile -t COMPREPLY < <(compgen -W "${value#words }" -- "$current") ;;
    machines) mapfile -t COMPREPLY < <(compgen -W "$(ring3 ls -q 2> /dev/null)" -- "$current") ;;
    directories) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
    files) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    program)
        compopt -o filenames
        if [[ -z $current || $current == */* ]]; then
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
        else
            mapfile -t COMPREPLY < <(compgen -f -- "$current"; compgen -c -- "$current")
        fi
        ;;
    esac
}

complete -F _ring3 ring3
"""


def bash(commands: Sequence[Command]) -> str:
    """The script for bash."""
    values, options = [], []
    for command in commands:
        name = " ".join(command.words)
        for flag in command.flags:
            if flag.value:
                patterns = "|".join(quote(f"{name}:{spelling}") for spelling in flag.names)
                values.append(f"    {patterns}) value={quote(_bash_value(flag.value))} ;;")
        for place, operand in enumerate(command.operands):
            pattern = quote(f"{name}:{'*' if operand.is_repeated else place}")
            values.append(f"    {pattern}) value={quote(_bash_value(operand.value))} ;;")
        words = " ".join(spelling for flag in command.flags for spelling in flag.names)
        options.append(f"    {quote(name)}) echo {quote(words)} ;;")
    return (
        _BASH.replace("@VALUES@", "\n".join(values))
        .replace("@OPTIONS@", "\n".join(options))
        .replace("@COMMANDS@", " ".join(command.words[0] for command in commands if len(command.words) == 1))
    )


def _bash_value(value: Value) -> str:
    return " ".join((WORDS, *value.words)) if value.kind == WORDS else value.kind


_ZSH: Final = r"""#compdef ring3
# zsh completion of ring3

_ring3_machines() {
    local -a machines
    machines=(${(f)"$(ring3 ls -q 2> /dev/null)"})
    compadd -a machines
}

_ring3_program() {
    _alternative 'files:file:_files' 'commands:command:_command_names -e'
}

@FUNCTIONS@

_ring3() {
    local curcontext="$curcontext" state line
    local -a commands
    commands=(
@COMMANDS@
    )
    _arguments -C '(-h --help)'{-h,--help}'[show the help]' '--version[show the version]' \
        '--debug[show the traceback of an internal error]' '1:command:->command' '*::argument:->arguments'
    case $state in
    command) _describe command commands ;;
    arguments) (( $+functions[_ring3_$line[1]] )) && _ring3_$line[1] ;;
    esac
}

if [ "$funcstack[1]" = _ring3 ]; then
    _ring3 "$@"
else
    compdef _ring3 ring3
fi
"""
_ZSH_KINDS: Final = {
    FILES: "_files",
    DIRECTORIES: "_files -/",
    MACHINES: "_ring3_machines",
    PROGRAM: "_ring3_program",
    NOTHING: " ",
}
_ZSH_VERBS: Final = " '*::argument:->arguments'\n    [ $state = arguments ] && _ring3_{name}_$line[1]"


def zsh(commands: Sequence[Command]) -> str:
    """The script for zsh."""
    parents = {command.words[:-1] for command in commands}
    functions = []
    for command in commands:
        specs = [spec for flag in command.flags for spec in _zsh_flag(flag)]
        specs += [spec for operand in command.operands for spec in _zsh_operand(operand)]
        name = "_".join(command.words)
        verbs = _ZSH_VERBS.format(name=name) if command.words in parents else ""
        lines = " \\\n        ".join(map(quote, specs))
        functions.append(
            f"_ring3_{name}() {{\n    local state line\n    _arguments -C -S \\\n        {lines}{verbs}\n}}"
        )
    about = [quote(f"{command.words[0]}:{command.help}") for command in commands if len(command.words) == 1]
    return _ZSH.replace("@FUNCTIONS@", "\n\n".join(functions)).replace(
        "@COMMANDS@", "\n".join(f"        {line}" for line in about)
    )


def _zsh_flag(flag: Flag) -> Iterable[str]:
    """The specifications of _arguments (zshcompsys(1)) for the spellings of an option."""
    before = "*" if flag.is_repeated else f"({' '.join(flag.names)})"
    for spelling in flag.names:
        sign = "" if flag.value is None else "=" if spelling.startswith("--") else "+"
        value = f":value:{_zsh_value(flag.value)}" if flag.value else ""
        yield f"{before}{spelling}{sign}[{_zsh_escaped(flag.help)}]{value}"


def _zsh_operand(operand: Operand) -> Iterable[str]:
    name = _zsh_escaped(operand.name)
    if operand.value.kind == PROGRAM:
        yield f"(-):{name}:{_zsh_value(operand.value)}"
        yield "*::argument: _normal"
    else:
        yield f"{'*' if operand.is_repeated else ''}:{name}:{_zsh_value(operand.value)}"


def _zsh_value(value: Value) -> str:
    return f"({' '.join(value.words)})" if value.kind == WORDS else _ZSH_KINDS[value.kind]


def _zsh_escaped(text: str) -> str:
    return re.sub(r"([\[\]:\\])", r"\\\1", text)


_FISH_KINDS: Final = {
    FILES: "-rF",
    DIRECTORIES: "-xa '(__fish_complete_directories)'",
    MACHINES: "-xa '(ring3 ls -q 2>/dev/null)'",
    PROGRAM: "-rF",
    NOTHING: "-x",
}
_FISH_OPERANDS: Final = _FISH_KINDS | {
    FILES: "-F",
    PROGRAM: "-Fa '(__fish_complete_command)'",
    NOTHING: "-f",
}


def fish(commands: Sequence[Command]) -> str:
    """The script for fish."""
    lines = ["# fish completion of ring3", "complete -c ring3 -f"]
    for command in commands:
        *before, name = command.words
        seen = f"__fish_seen_subcommand_from {before[0]}" if before else "__fish_use_subcommand"
        lines.append(f"complete -c ring3 -n {seen!r} -a {name} -d {_fish_quoted(command.help)}")
        condition = "; and ".join(f"__fish_seen_subcommand_from {word}" for word in command.words)
        start = f"complete -c ring3 -n {_fish_quoted(condition)}"
        for flag in command.flags:
            names = " ".join(_fish_name(spelling) for spelling in flag.names)
            value = f" {_fish_value(flag.value, _FISH_KINDS)}" if flag.value else ""
            about = f" -d {_fish_quoted(flag.help)}" if flag.help else ""
            lines.append(f"{start} {names}{value}{about}")
        lines += [f"{start} {_fish_value(operand.value, _FISH_OPERANDS)}" for operand in command.operands]
    return "\n".join(lines) + "\n"


def _fish_name(spelling: str) -> str:
    return f"-l {spelling[2:]}" if spelling.startswith("--") else f"-s {spelling[1:]}"


def _fish_value(value: Value, kinds: dict[str, str]) -> str:
    return f"-xa {_fish_quoted(' '.join(value.words))}" if value.kind == WORDS else kinds[value.kind]


def _fish_quoted(text: str) -> str:
    """A word in single quotes, where fish knows but two escapes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
