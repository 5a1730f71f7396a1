"""The summary of a sweep as one HTML file that asks nobody for anything."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from html import escape
from typing import Final

from ring3.errors import UserError
from ring3.fleet.repeated import text
from ring3.fleet.rows import Group
from ring3.fleet.summary import SHORT, Summary, label

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --bad: #c33; --good: #2a7; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .8rem; text-align: left; vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
code, pre { font: 14px/1.4 ui-monospace, monospace; }
pre { overflow-x: auto; border-left: 3px solid var(--line); padding-left: .8rem; }
details { border-bottom: 1px solid var(--line); padding: .5rem 0; }
summary { cursor: pointer; }
.bar { display: inline-block; height: .7em; width: 12rem; background: var(--good); }
.bar span { display: block; height: 100%; background: var(--bad); }
"""


def write(path: str, source: str, summary: Summary) -> None:
    """Writes the page, whole or not at all.

    Raises:
        UserError: It cannot be written.
    """
    unfinished = f"{path}.part"
    try:
        with open(unfinished, "w", encoding="utf-8", errors="replace") as file:
            file.write(page(source, summary))
        os.replace(unfinished, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(unfinished)
        raise UserError(f"{path}: {error.strerror}; the outcomes themselves are stored", 1) from None


def page(source: str, summary: Summary) -> str:
    """The page."""
    programs = [
        (
            escape(f"{program} {version}".strip()),
            str(runs),
            str(failed),
            _bar(runs, failed),
        )
        for (program, version), (runs, failed) in summary.programs.items()
    ]
    endings = [(escape(ending), str(count)) for ending, count in summary.endings.most_common()]
    statuses = [(str(status), str(count)) for status, count in summary.statuses.most_common()]
    groups = "".join(map(_group, summary.failures.by_count)) or "<p>None.</p>"
    title = escape(os.path.basename(source))
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}: {escape(summary.headline)}</title><style>{_STYLE}</style></head><body>
<h1>{title}</h1>
<p>{escape(summary.headline)}</p>
<h2>Programs</h2>{_table(("program", "runs", "failures", ""), programs)}
<h2>Endings</h2>{_table(("how", "runs"), endings)}{_table(("status", "runs"), statuses)}
<h2>Failures by cause</h2>{groups}
</body></html>
"""


def _bar(runs: int, failed: int) -> str:
    width = f"{100 * failed / runs:.1f}%"
    title = f'role="img" aria-label="{failed} of {runs} failed"'
    return f'<span class="bar" {title}><span style="width:{width}"></span></span>'


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    def line(tag: str, cells: tuple[str, ...]) -> str:
        numbers = ['class="number"' if 0 < at < 3 else "" for at in range(len(cells))]
        return (
            "<tr>"
            + "".join(f"<{tag} {kind}>{cell}</{tag}>" for kind, cell in zip(numbers, cells, strict=True))
            + "</tr>"
        )

    return "<table>" + line("th", head) + "".join(line("td", row) for row in rows) + "</table>"


def _group(group: Group) -> str:
    outcome = group.example.outcome
    parts = [f"<p>First: {escape(label(group.example.point))}</p>"]
    names = " ".join(f"<code>{name[:SHORT]}</code>" for name in group.names)
    parts.append(f"<p>{names}: <code>ring3 sweep --repeat {group.names[0][:SHORT]} PLAN.toml</code></p>")
    for title, lines in (("Stack", outcome.stack), ("Last calls", outcome.last)):
        if lines:
            parts.append(f"<p>{title}</p><pre>{escape(chr(10).join(lines))}</pre>")
    for title, written in (("Standard output", outcome.stdout), ("Standard error", outcome.stderr)):
        if written.head:
            parts.append(f"<p>{title}</p><pre>{escape(text(written))}</pre>")
    return (
        f"<details><summary><strong>{group.count}</strong> {escape(group.cause)}</summary>"
        f"{''.join(parts)}</details>"
    )
