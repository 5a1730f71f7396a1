"""The page in a browser: every step forth and back, keys, mouse, search, themes, widths; no request, no error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.cli.command import HELLO, ring3
from tests.support.browser import Browser, browser

COMMANDS: Final = {
    "linux": ("--syscall", "write", HELLO),
    "end": ("--syscall", "exit", HELLO),
    "solaris": ("--os", "solaris", "--syscall", "modctl", "modinfo", "-i", "16"),
    "doors": ("--compare",),
}
SNAPSHOT: Final = """[
  ...["#lane", "#count", "#now-heading", "#now-text", "#step-title", "#step-bytes", "#step-effects", "#registers",
      "#flags", "#listing", "#source", "#stack", "#extra", "#beside"]
    .map((id) => document.querySelector(id).textContent),
  document.querySelector("#slider").value, document.querySelector("#slider").getAttribute("aria-valuetext"),
  document.querySelector("#listing [aria-current]").dataset.step,
  document.querySelector("#stations [aria-current]").textContent,
]"""
"""All that a step shows."""


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    with browser() as found:
        yield found
        assert found.requests == []
        assert found.complaints == []


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for name, words in COMMANDS.items():
        found[name] = folder / f"{name}.html"
        made = ring3("explain", "--html", str(found[name]), *words)
        assert (made.returncode, made.stderr) == (0, "")
        assert "system call" not in made.stdout
    return found


@pytest.fixture(params=COMMANDS)
def page(request: pytest.FixtureRequest, window: Browser, pages: dict[str, Path]) -> Browser:
    return at(window, pages[request.param])


def at(window: Browser, page: Path, fragment: str = "") -> Browser:
    window.size(1440)
    window.prefer("light")
    window.open(page, fragment=fragment)
    window.run("setTheme('system')")  # a page remembers what another test has chosen
    return window


@pytest.fixture
def linux(window: Browser, pages: dict[str, Path]) -> Browser:
    return at(window, pages["linux"])


@pytest.fixture
def doors(window: Browser, pages: dict[str, Path]) -> Browser:
    return at(window, pages["doors"])


def walked(page: Browser, key: str, times: int) -> list[list[str]]:
    """What is shown now, and after each of some presses of a key."""
    found: list[list[str]] = page.run(
        f"""(() => {{
          const shown = () => {SNAPSHOT};
          const found = [shown()];
          for (let at = 0; at < {times}; at++) {{
            document.body.dispatchEvent(new KeyboardEvent("keydown", {{key: "{key}", bubbles: true}}));
            found.push(shown());
          }}
          return found;
        }})()"""
    )
    return found


def test_steps_back_show_what_the_steps_forth_did(page: Browser) -> None:
    count = int(page.text("#count").rpartition(" ")[2])
    forth = walked(page, "ArrowRight", count)
    assert forth.pop() == forth[-1]  # there is no step more
    assert len({tuple(shown) for shown in forth}) == count
    back = walked(page, "ArrowLeft", count)
    assert back.pop() == back[-1]
    assert back[::-1] == forth


def test_the_arrows_of_a_keyboard_step(linux: Browser) -> None:
    linux.press("ArrowRight")
    linux.press("ArrowRight")
    assert linux.text("#count").startswith("step 3 of")
    linux.press("ArrowLeft")
    assert linux.text("#count").startswith("step 2 of")
    assert linux.run("location.hash") == "#2"


def test_the_stack_is_filled_as_the_entry_code_pushes(linux: Browser) -> None:
    filled = "document.querySelectorAll('#stack .frame td:not(.empty):not(.address):not(.rsp)').length"
    assert linux.run(filled) == 0
    linux.press("4")
    assert linux.run(filled) == 21
    assert linux.run("document.querySelector('#stack tr:has(th)').textContent").startswith("0")


def test_keys_go_to_ends_and_parts(linux: Browser) -> None:
    linux.press("End")
    assert linux.text("#now-heading").startswith("8. Ring 3 again")
    linux.press("Home")
    assert linux.text("#count").startswith("step 1 of")
    linux.press("PageDown")
    assert linux.text("#now-heading").startswith("2. The CPU")
    linux.press("5")
    assert linux.text("#now-heading").startswith("5. The table")
    linux.press("PageUp")
    assert linux.text("#now-heading").startswith("4. To the table")
    linux.press("9")  # there is none
    assert linux.text("#now-heading").startswith("4. To the table")


def test_the_slider_is_a_slider_for_the_keyboard_too(linux: Browser) -> None:
    linux.run("document.querySelector('#slider').focus()")
    linux.press("ArrowRight")
    linux.press("ArrowRight")
    assert linux.text("#count").startswith("step 3 of")
    linux.press("End")
    assert linux.text("#now-heading").startswith("8.")


def test_the_mouse_steps_picks_and_drags(linux: Browser) -> None:
    linux.click_on("#forth")
    assert linux.text("#count").startswith("step 2 of")
    linux.click_on("#back")
    assert linux.text("#count").startswith("step 1 of")
    linux.click_on("#stations [data-station='5']")
    assert linux.text("#now-heading").startswith("6. The handler")
    linux.click_on("#listing li:last-child button")
    assert "returns 13" in linux.text("#step-title")
    linux.click_on(".roll svg")
    assert linux.text("#count").split()[1] in ("65", "66")


def test_search_finds_steps_and_goes_from_one_to_the_next(linux: Browser) -> None:
    linux.press("/")
    for letter in "pt_regs->si":
        linux.press(letter)
    assert linux.text("#hits").endswith("found")
    assert linux.run("document.querySelectorAll('.roll .hit').length") == int(linux.text("#hits").split()[0])
    linux.press("Enter")
    first = linux.text("#step-title")
    assert first == "pushq %rsi"
    linux.press("Enter")
    assert linux.text("#step-title") == "popq %rsi"
    linux.press("Enter", shift=True)
    assert linux.text("#step-title") == first
    for letter in "zzz":
        linux.press(letter)
    assert linux.text("#hits") == "none found"
    linux.press("Escape")
    assert linux.text("#hits") == ""
    linux.press("ArrowRight")
    assert linux.text("#step-title") == "pushq %rdx"  # keys are the page's again


def test_letters_in_the_search_are_no_commands(linux: Browser) -> None:
    linux.press("/")
    for letter in "tpd?5":
        linux.press(letter)
    assert linux.run("[document.querySelector('#search').value, document.querySelector('#keys').open]") == [
        "tpd?5",
        False,
    ]
    assert linux.text("#theme") == "Theme: system"
    assert linux.text("#count").startswith("step 1 of")


def colours(page: Browser) -> tuple[str, str]:
    found = page.run(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    return found[0], found[1]


def test_the_theme_is_the_systems_until_it_is_chosen(linux: Browser) -> None:
    light = colours(linux)
    linux.prefer("dark")
    dark = colours(linux)
    assert light != dark
    linux.press("t")
    assert (linux.text("#theme"), colours(linux)) == ("Theme: light", light)
    linux.press("t")
    linux.prefer("light")
    assert (linux.text("#theme"), colours(linux)) == ("Theme: dark", dark)
    linux.run("location.reload()")
    linux.open(Path(linux.run("decodeURI(location.pathname)")))
    assert (linux.text("#theme"), colours(linux)) == ("Theme: dark", dark)
    linux.click_on("#theme")
    assert (linux.text("#theme"), colours(linux)) == ("Theme: system", light)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_told_from_what_is_behind_it(linux: Browser, scheme: str) -> None:
    linux.prefer(scheme)
    linux.press("3")
    ratios = linux.run(CONTRASTS)
    assert ratios
    assert {what: ratio for what, ratio in ratios.items() if ratio < 4.5} == {}


CONTRASTS: Final = """(() => {
  const parse = (text) => {  // canvas turns any colour into one of sRGB
    const context = document.createElement("canvas").getContext("2d");
    context.fillStyle = text; context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((c) => (c /= 255) <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, at) => sum + c * [.2126, .7152, .0722][at], 0);
  const behind = (at) => {
    for (; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const found = {};
  for (const selector of ["h1", "#outcome", "#now-text", "#step-title", "#step-bytes", "#lane", "#count",
      "#registers dt", "#registers dd", "#registers .changed dd", "#listing .place",
      "#listing [aria-current] .place", "#source .lines",
      "#stack th", "#stations button", "#stations [aria-current]", "#forth", "summary"]) {
    const at = document.querySelector(selector);
    const [a, b] = [light(parse(getComputedStyle(at).color)), light(behind(at))].sort((x, y) => y - x);
    found[selector] = (a + .05) / (b + .05);
  }
  return found;
})()"""


@pytest.mark.parametrize("width", [360, 768, 1280, 1920])
def test_nothing_reaches_beyond_the_window(page: Browser, width: int) -> None:
    page.size(width)
    for part in "123456":
        page.press(part)
        assert page.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), part
    smallest = page.run(
        "Math.min(...[...document.querySelectorAll('button, p, dd, td')].filter((at) => at.offsetWidth)"
        ".map((at) => parseFloat(getComputedStyle(at).fontSize)))"
    )
    assert smallest >= 10


def test_everything_has_a_name_for_a_screen_reader(page: Browser) -> None:
    for role in ("button", "slider", "searchbox", "heading", "region"):
        names = page.names(role)
        assert names, role
        assert all(names), role
    assert page.run("document.querySelectorAll('[id]').length") == page.run(
        "new Set([...document.querySelectorAll('[id]')].map((at) => at.id)).size"
    )
    assert page.run("document.documentElement.lang") == "en"
    assert page.run("document.querySelector('#step').getAttribute('aria-live')") == "polite"


def test_all_is_reached_with_the_tab_key(linux: Browser) -> None:
    reached = []
    for _ in range(40):
        linux.press("Tab")
        reached.append(
            linux.run(
                "document.activeElement.id || document.activeElement.className || document.activeElement.tagName"
            )
        )
    assert reached[0] == "skip"
    for name in (
        "search",
        "theme",
        "help",
        "slider",
        "listing",
        "source",
        "stack",
        "first",
        "back",
        "play",
        "forth",
        "last",
    ):
        assert name in reached


def test_keys_are_told_in_a_dialog(linux: Browser) -> None:
    linux.press("?")
    assert linux.run("document.querySelector('#keys').open")
    linux.press("ArrowRight")
    assert linux.text("#count").startswith("step 1 of")  # not while it is open
    linux.press("Escape")
    assert not linux.run("document.querySelector('#keys').open")


def test_playing_can_be_stopped(linux: Browser) -> None:
    linux.press("p")
    assert linux.run("[document.querySelector('#play').getAttribute('aria-pressed'), timer !== null]") == [
        "true",
        True,
    ]
    linux.press("p")
    assert linux.run("[document.querySelector('#play').getAttribute('aria-pressed'), timer]") == [
        "false",
        None,
    ]


def test_a_link_leads_to_a_step(window: Browser, pages: dict[str, Path]) -> None:
    page = at(window, pages["linux"], "#12")
    assert page.text("#count").startswith("step 12 of")
    assert at(window, pages["linux"], "#99999").text("#now-heading").startswith("8.")
    assert at(window, pages["linux"], "#nonsense").text("#count").startswith("step 1 of")
    assert at(window, pages["doors"], "#3.2").text("[role='tab'][aria-selected='true']") == "syscall"


def test_paper_has_all_steps_and_no_controls(linux: Browser) -> None:
    linux.run("dispatchEvent(new Event('beforeprint'))")
    linux.prefer("dark", media="print")
    assert linux.run("getComputedStyle(document.querySelector('.controls')).display") == "none"
    assert linux.run("document.querySelectorAll('#all tbody tr').length") == int(
        linux.text("#count").split()[-1]
    )
    assert linux.run("document.querySelector('#all').offsetHeight") > 1000
    assert colours(linux) == ("rgb(255, 255, 255)", "rgb(0, 0, 0)")
    linux.run("dispatchEvent(new Event('afterprint'))")
    assert not linux.run("document.querySelector('#all-box').open")


def test_doors_stand_side_by_side_and_go_together(doors: Browser) -> None:
    cards = "[...document.querySelectorAll('#beside .part')].map((at) => at.textContent.split(':')[0])"
    assert doors.names("tab") == ["int $0x80", "sysenter (32-bit)", "syscall"]
    for part in ("2", "3", "5", "6", "7", "8"):
        doors.press(part)
        assert len(set(doors.run(cards))) == 1
    compared = doors.text("#compared")
    assert "IDT gate 0x80" in compared
    assert "MSR_IA32_SYSENTER_EIP" in compared
    assert "MSR_LSTAR" in compared
    doors.press("2")
    doors.press("d")
    assert doors.text("[role='tab'][aria-selected='true']") == "sysenter (32-bit)"
    assert doors.text("#now-heading") == "2. The CPU: sysenter"
    doors.click_on("#beside article:nth-child(3)")
    assert doors.text("#now-heading") == "2. The CPU: syscall"
