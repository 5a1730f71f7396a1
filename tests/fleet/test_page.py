"""The HTML summary: one file, nothing from elsewhere, nothing of a program taken for markup."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

from ring3.fleet import page
from tests.fleet.conftest import Swept


class Tags(HTMLParser):
    """Keeps the tags that are open, the names of all, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.links: list[str | None] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.links += [value for name, value in attrs if name in {"src", "href"}]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_shows_causes_and_what_programs_wrote(swept: Swept, tmp_path: Path) -> None:
    plan = 'status = 1\n[[program]]\npath = "target"\nenv = { WORD = "<script>alert(1)</script>" }\n'
    with swept(plan) as found:
        page.write(str(tmp_path / "summary.html"), "dir/plan & co.toml", found.summary())
    tags = Tags()
    tags.feed((tmp_path / "summary.html").read_text())
    assert not tags.open
    assert not tags.links
    assert "script" not in tags.seen
    assert "<script>alert(1)</script>" in tags.text
    assert "plan & co.toml" in tags.text
    assert "1 run, 1 failure with 1 cause" in tags.text
    assert "ring3 sweep --repeat" in tags.text
