"""Variables and options of the debugger."""

from __future__ import annotations

from ring3.debug.mdb.call import Call
from ring3.debug.mdb.errors import MdbError, UsageError
from ring3.debug.mdb.numbers import digits, with_base
from ring3.debug.mdb.registry import dcmd
from ring3.debug.mdb.variables import check_name


@dcmd("vars", "[-npt]", "print listing of variables")
def vars_(call: Call) -> None:
    """Lists variables with their values."""
    options = call.options("npt")
    for name, value in sorted(call.session.variables.names().items()):
        if "n" in options and not value:
            continue
        if "t" in options and name not in call.session.variables.tagged:
            continue
        if "p" in options:
            call.write(f"{with_base(value, call.session.radix)}>{name}\n")
        else:
            call.write(f"{name} = {digits(value, call.session.radix)}\n")


@dcmd("$v", "", "print non-zero variables")
def nonzero(call: Call) -> None:
    """Lists those that are not 0."""
    for name, value in sorted(call.session.variables.names().items()):
        if value:
            call.write(f"{name} = {digits(value, call.session.radix)}\n")


@dcmd("typeset", "[+/-t] var ...", "set variable attributes")
def typeset(call: Call) -> None:
    """Makes variables, with the value of the address if there is one, or tags them; lists them without names."""
    if not call.arguments:
        vars_(call)
        return
    options = call.options("t", plus=True)
    variables = call.session.variables
    for name in map(str, options.rest):
        check_name(name)
        if variables.find(name) is None or call.given:
            variables.set(name, call.address if call.given else 0)
        if "t" in options.flags:
            variables.tagged.add(name)
        if "+t" in options.flags:
            variables.tagged.discard(name)


@dcmd("unset", "[name ...]", "unset variables")
def unset(call: Call) -> None:
    """Forgets variables."""
    for name in (call.text(n) for n in range(len(call.arguments))):
        call.session.variables.unset(name)


@dcmd("set", "[-wF] [+/-o opt] [-s dist] [-I path] [-L path] [-P prompt]", "get/set debugger properties")
def set_(call: Call) -> None:
    """Says or sets options."""
    settings = call.session.settings
    options = call.options("wFo:s:I:L:P:D:", plus=True)
    if not call.arguments:
        flags = sorted(name for name, value in settings.flags.items() if value)
        call.write(f"macro path: \nmodule path: \n%debugger options: {','.join(flags)}\n".replace("%", ""))
        call.write(f"prompt: \"{settings.prompt}\"\noptions: array_mem_limit={settings.array_mem_limit or 'none'},"
                   f"array_str_limit={settings.array_str_limit or 'none'}\n")  # fmt: skip
        return
    if options.rest:
        raise UsageError
    for sign in ("", "+"):
        if f"{sign}o" in options.values:
            for each in str(options.values[f"{sign}o"]).split(","):
                set_option(call, each, on=not sign)
    if "P" in options.values:
        settings.prompt = str(options.values["P"])
    if "s" in options.values:
        settings.symbol_distance = call.number(options.values["s"])
    if "w" in options.flags:
        call.session.target.writable = True


def set_option(call: Call, text: str, *, on: bool) -> None:
    """Sets one option, as -o has it.

    Raises:
        MdbError: There is none of that name, or its value is none.
    """
    settings = call.session.settings
    name, _, value = text.partition("=")
    if name in settings.flags and not value:
        settings.flags[name] = on
        if name == "autowrap":
            call.session.out.wrap = on
    elif name in ("array_mem_limit", "array_str_limit") and value:
        setattr(settings, name, None if value == "none" else call.session.evaluate(value))
    elif name in settings.values and value:
        settings.values[name] = value
    else:
        raise MdbError(f"invalid debugger option -- {text}")


@dcmd("$d", "", "get/set default output radix")
def radix(call: Call) -> None:
    """Says or sets the base of numbers."""
    session = call.session
    if call.given:
        if not 2 <= call.address <= 16:
            raise MdbError("expected radix from 2 to 16")
        session.radix = call.address
    call.write(f"radix = {session.radix} base ten\n")


@dcmd("$P", "[prompt]", "set debugger prompt string")
def prompt(call: Call) -> None:
    """Sets the prompt."""
    call.session.settings.prompt = call.text(0, "> ")


@dcmd("$s", "", "get/set symbol matching distance")
def distance(call: Call) -> None:
    """Says or sets how far behind a symbol addresses are named by it."""
    if call.given:
        call.session.settings.symbol_distance = call.address
    value = call.session.settings.symbol_distance
    mode = "absolute mode" if value else "smart mode"
    call.write(f"symbol matching distance = {digits(value, call.session.radix)} ({mode})\n")


@dcmd("$w", "", "get/set output page width")
def width(call: Call) -> None:
    """Says or sets how wide lines are."""
    if call.given:
        call.session.out.columns = max(call.address, 1)
    call.write(f"output page width = {call.session.out.columns}\n")


@dcmd("$W", "", "re-open target in write mode")
def reopen(call: Call) -> None:
    """Lets the target be changed."""
    call.session.target.writable = True
