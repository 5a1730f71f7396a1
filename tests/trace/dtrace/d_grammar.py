"""Random programs in D, made by its grammar: half with types that fit, so that they run, half with any types."""

from __future__ import annotations

from random import Random

_TYPES = (
    "int",
    "char",
    "short",
    "long long",
    "uint64_t",
    "string",
    "struct s",
    "struct s *",
    "int *",
    "void *",
)
_NAMES = ("a", "b", "self->t", "this->l", "m[1]", 'm["k"]', "self->m[a, b]", "g.n", "g.in.c[1]", "p->n", "p")
_BUILT_IN = (
    "pid", "tid", "execname", "timestamp", "arg0", "arg9", "args[0]", "probefunc", "curpsinfo->pr_fname",
    "errno", "uregs[R_RAX]", "fds[0].fi_name", "curthread", "walltimestamp", "cpu", "stackdepth", "`utsname",
    "caller",
)  # fmt: skip
_LITERALS = (
    "0", "1", "-1", "0x7fffffffffffffff", "18446744073709551615ull", "'a'", '"text"', '""', "NULL", "1 << 63",
    "077", "sizeof (struct s)", "offsetof(struct s, n)", "DTRACEFLT_BADADDR", "EINTR", "$1", "$$1",
)  # fmt: skip
_OPERATORS = (
    "+",
    "-",
    "*",
    "/",
    "%",
    "&",
    "|",
    "^",
    "<<",
    ">>",
    "<",
    "==",
    "!=",
    ">=",
    "&&",
    "||",
    "^^",
    ",",
)
_ASSIGNMENTS = ("=", "+=", "-=", "*=", "/=", "%=", "<<=", ">>=", "|=")
_FUNCTIONS = (
    "strlen", "strjoin", "substr", "basename", "dirname", "cleanpath", "index", "strtok", "lltostr", "strtoll",
    "alloca", "bcopy", "copyin", "copyinstr", "htonl", "inet_ntoa", "json", "rand", "progenyof", "strstr",
    "tolower", "copyout",
)  # fmt: skip
_AGGREGATES = ("count", "sum", "avg", "min", "max", "stddev", "quantize", "lquantize", "llquantize")
_ACTIONS = (
    "trace", "printf", "tracemem", "stack", "ustack", "exit", "speculate", "commit", "discard", "clear",
    "trunc", "normalize", "printa", "print", "setopt", "sym", "usym", "raise", "stop", "ftruncate",
)  # fmt: skip
_FORMATS = (
    '"%d"',
    '"%s %x"',
    '"%*d|%-8s"',
    '"%@d"',
    '"%Y %p"',
    '"%c%C%S"',
    '"100%%"',
    '"%k"',
    '"%hhd %lld"',
    '"%"',
)
_PROBES = (
    "BEGIN",
    "END",
    "ERROR",
    "tick-1ms",
    "profile-97",
    ":::BEGIN",
    "dtrace:::",
    "BEGIN, END",
    "tick-*",
    "nosuch",
)
_DECLARATIONS = (
    "struct s { int n; struct { char c[4]; short q; } in; int f : 3; };\nstruct s g;\nstruct s *p;\n",
    "enum e { ONE, TWO = 7 };\n",
    "typedef unsigned long word_t;\n",
    "inline int five = 5;\n",
    "union u { int i; char c[4]; };\n",
    "#pragma D option strsize=16\n",
    "#pragma D option dynvarsize=256\n",
    "translator struct s < int *v > { n = *v; };\n",
    "int a;\nstring b;\n",
    "extern int nothing;\n",
)


_INTEGERS = (
    "0", "1", "-1", "7", "0x7fffffff", "1ull << 63", "-2147483648", "'z'", "i", "j", "self->k", "this->n",
    "v[1]", "v[i]", "self->w[j, i]", "pid", "tid", "timestamp", "arg0", "errno", "uid", "cpu", "id", "epid",
    "strlen({s})", "index({s}, {s})", "rindex({s}, {s})", "strtoll({s})", "strtoll({s}, 16)", "htonl({i})",
    "rand()", "({i} + {i})", "({i} - {i})", "({i} * {i})", "({i} / {i})", "({i} % {i})", "({i} << {i})",
    "({i} >> {i})", "({i} & {i})", "({i} < {i})", "({i} == {i})", "({s} == {s})", "({i} && {i})",
    "({i} ^^ {i})", "!{i}", "~{i}", "-({i})", "({i} ? {i} : {i})", "(char){i}", "(uint16_t){i}", "i++", "--j",
    "*(int *)alloca(8)", "((int *)alloca(16))[{i} & 3]", "progenyof({i})", "*(char *){i}", "g.n",
    "g.in.c[{i} & 3]", "g.f",
)  # fmt: skip
_STRINGS = (
    '"text"', '""', '"a/b/../c"', "execname", "probefunc", "this->s", "self->u", "q[{i}]", "strjoin({s}, {s})",
    "substr({s}, {i})", "substr({s}, {i}, {i})", "basename({s})", "dirname({s})", "cleanpath({s})",
    "lltostr({i})", "lltostr({i}, 16)", "toupper({s})", "strtok({s}, {s})", "strchr({s}, 'e')",
    "strstr({s}, {s})", 'json({s}, "a[0]")', "copyinstr({i})", "({i} ? {s} : {s})",
    "inet_ntoa((ipaddr_t *)alloca(4))",
)  # fmt: skip
_STATEMENTS = (
    "i = {i};", "j += {i};", "self->k = {i};", "this->n = {i};", "v[{i}] = {i};", "self->w[{i}, {i}] = {i};",
    "this->s = {s};", "self->u = {s};", "q[{i}] = {s};", "g.n = {i};", "g.in.c[{i} & 3] = {i};", "g.f = {i};",
    "v[{i}]++;", "self->u = 0;", "@c = count();", "@s[{s}] = sum({i});", "@t[{i}, {s}] = avg({i});",
    "@m[stack()] = max({i});", "@d = stddev({i});", "@q = quantize({i}, {i});",
    "@l[{i}] = lquantize({i}, 0, 100, 10);", "@ll = llquantize({i}, 10, 0, 6, 20);", "trace({i});",
    "trace({s});", 'printf("%d %s|%-8s\\n", {i}, {s}, {s});', 'printf("%*d", {i}, {i});', "print(g);",
    "tracemem(alloca(8), 8);", "stack();", "ustack(3);", "clear(@c);", "trunc(@s, {i});", "normalize(@d, {i});",
    'printa("%@d\\n", @c);', "printa(@q);", "this->n = speculation();", 'setopt("quiet");', "sym({i});",
    "usym({i});", "if ({i}) {{ trace({i}); }} else {{ i = {i}; }}", "bcopy(alloca(8), alloca(8), {i} & 7);",
    "copyout(alloca(4), {i}, 4);",
)  # fmt: skip
_FITTING = """struct s {{ int n; struct {{ char c[4]; short q; }} in; int f : 3; }};
struct s g;
BEGIN {{ i = j = self->k = this->n = 1; v[1] = 2; self->w[1, 2] = 3; this->s = self->u = q[1] = "s";
@c = count(); @s["s"] = sum(1); @d = stddev(1); @q = quantize(1, 1); }}
"""


class Programs:
    """Programs of one seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def program(self) -> str:
        """A program of some declarations and clauses."""
        choose = self._random
        if choose.random() < 0.5:
            return self._fitting()
        head = [text for text in _DECLARATIONS if choose.random() < 0.4]
        return "".join(head) + "".join(self._clause() for _ in range(choose.randint(1, 4)))

    def _fitting(self) -> str:
        """A program whose types fit."""
        choose = self._random
        out = [_FITTING.format()]
        for _ in range(choose.randint(1, 3)):
            predicate = f" /{self._fill('{i}', 3)}/" if choose.random() < 0.3 else ""
            body = " ".join(self._fill(choose.choice(_STATEMENTS), 3) for _ in range(choose.randint(1, 4)))
            out.append(f"{choose.choice(('BEGIN', 'END', 'tick-1ms', 'ERROR'))}{predicate} {{ {body} }}\n")
        return "".join(out)

    def _fill(self, text: str, depth: int) -> str:
        """A text whose `{i}` are integers and whose `{s}` are strings."""
        for mark, table in (("{i}", _INTEGERS), ("{s}", _STRINGS)):
            while mark in text:
                wanted = [one for one in table if "{" not in one] if depth <= 0 else table
                text = text.replace(mark, self._fill(self._random.choice(wanted), depth - 1), 1)
        return text.replace("{{", "{").replace("}}", "}")

    def _clause(self) -> str:
        choose = self._random
        predicate = f" /{self._expression(2)}/" if choose.random() < 0.4 else ""
        body = " ".join(self._statement(2) for _ in range(choose.randint(0, 4)))
        return f"{choose.choice(_PROBES)}{predicate} {{ {body} }}\n"

    def _statement(self, depth: int) -> str:
        choose = self._random
        kind = choose.random()
        if kind < 0.4:
            return f"{choose.choice(_NAMES)} {choose.choice(_ASSIGNMENTS)} {self._expression(depth)};"
        if kind < 0.6:
            keys = f"[{self._list(depth)}]" if choose.random() < 0.5 else ""
            return f"@{choose.choice('xyz')}{keys} = {choose.choice(_AGGREGATES)}({self._list(depth)});"
        if kind < 0.9:
            return f"{self._action(depth)};"
        if depth:
            condition, yes, no = (
                self._expression(depth),
                self._statement(depth - 1),
                self._statement(depth - 1),
            )
            return f"if ({condition}) {{ {yes} }} else {no}"
        return f"{self._expression(depth)};"

    def _action(self, depth: int) -> str:
        choose = self._random
        name = choose.choice(_ACTIONS)
        first = choose.choice(_FORMATS) if name.startswith("print") else choose.choice(("@x", "@y", "@z"))
        if name in ("printf", "printa", "clear", "trunc", "normalize"):
            return f"{name}({', '.join([first, *self._parts(depth)])})"
        return f"{name}({self._list(depth)})"

    def _parts(self, depth: int) -> list[str]:
        return [self._expression(depth - 1) for _ in range(self._random.randint(0, 2))]

    def _list(self, depth: int) -> str:
        return ", ".join(
            self._expression(depth - 1) for _ in range(self._random.choice((0, 1, 1, 1, 2, 3, 5)))
        )

    def _expression(self, depth: int) -> str:
        choose = self._random
        if depth <= 0 or choose.random() < 0.25:
            return choose.choice(choose.choice((_NAMES, _BUILT_IN, _LITERALS, _LITERALS)))
        kind = choose.randrange(9)
        one, other = self._expression(depth - 1), self._expression(depth - 1)
        return (
            f"({one} {choose.choice(_OPERATORS)} {other})",
            f"{choose.choice('!~-*&')}{one}",
            f"({one} ? {other} : {self._expression(depth - 1)})",
            f"({choose.choice(_TYPES)}){one}",
            f"{choose.choice(_FUNCTIONS)}({self._list(depth)})",
            f"{one}[{other}]",
            f"{choose.choice(_NAMES)}{choose.choice(('++', '--'))}",
            f"stringof({one})",
            f"({one}, {other})",
        )[kind]
