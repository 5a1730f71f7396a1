"""Profiles as flame graphs, folded stacks and speedscope files."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from ring3.errors import UserError
from ring3.trace.pictures import flame, folded, speedscope
from ring3.trace.pictures.stacks import Frame, Profile, render_for

MAIN, READ, KERNEL = Frame("main"), Frame("a<b>::read(char&)"), Frame("vfs_read", is_kernel=True)
PROFILE = Profile("cat & dog", "samples", {(MAIN,): 1, (MAIN, READ, KERNEL): 3, (Frame("exit"),): 0})
SVG = "{http://www.w3.org/2000/svg}"


def frames(profile: Profile) -> dict[str, tuple[float, float, int]]:
    """Each frame's text with its place, its width (both of 1) and its height on the page."""
    drawn = ET.fromstring(flame.render(profile))
    return {
        str(one.findtext(f"{SVG}text")): (
            float(one.attrib["x"].rstrip("%")) / 100,
            float(one.attrib["width"].rstrip("%")) / 100,
            int(one.attrib["y"]),
        )
        for one in drawn.findall(f"{SVG}svg")
    }


def test_a_flame_graph_is_as_wide_as_its_weights_and_stands_on_its_callers() -> None:
    found = frames(PROFILE)
    assert {name: width for name, (_, width, _) in found.items()} == {
        "all": 1.0,
        "main": 1.0,
        "a<b>::read(char&)": 0.75,
        "vfs_read": 0.75,
    }
    heights = [found[name][2] for name in ("all", "main", "a<b>::read(char&)", "vfs_read")]
    assert heights == sorted(heights, reverse=True)
    assert len(set(heights)) == 4


def test_neighbours_of_a_flame_graph_do_not_meet() -> None:
    profile = Profile(
        "", "samples", {(MAIN, Frame(name)): weight for name, weight in (("a", 1), ("b", 2), ("c", 5))}
    )
    found = frames(profile)
    ends = sorted((found[name][0], found[name][0] + found[name][1]) for name in "abc")
    assert ends == [(0.0, 0.125), (0.125, 0.375), (0.375, 1.0)]


def test_a_flame_graph_asks_nobody_for_anything() -> None:
    text = flame.render(PROFILE)
    assert text.replace("http://www.w3.org/", "").count("http") == 0


def test_a_profile_of_nothing_is_a_picture_all_the_same() -> None:
    assert list(frames(Profile("", "samples", {}))) == ["all"]


def test_names_that_xml_cannot_hold_are_drawn_with_what_it_can() -> None:
    assert "a\ufffdb\ufffd" in frames(Profile("\x1b[1m", "samples", {(Frame("a\x00b\udcff"),): 1}))


def test_deep_stacks_need_no_recursion() -> None:
    deep = tuple(Frame(f"f{depth}") for depth in range(5000))
    assert len(frames(Profile("", "samples", {deep: 1}))) == 5001


def test_folded_stacks_mark_the_kernel_and_keep_one_line_a_stack() -> None:
    profile = Profile("", "samples", {(MAIN, KERNEL): 2, (Frame("a;b\nc"),): 1, (Frame("a:b c"),): 1, (): 3})
    assert folded.render(profile) == "[nothing] 3\na:b c 2\nmain;vfs_read_[k] 2\n"


def test_a_speedscope_file_has_each_frame_once() -> None:
    told = json.loads(speedscope.render(PROFILE))
    names = [frame["name"] for frame in told["shared"]["frames"]]
    (one,) = told["profiles"]
    assert names == ["main", "a<b>::read(char&)", "vfs_read"]
    assert [[names[number] for number in sample] for sample in one["samples"]] == [["main"], names]
    assert one["weights"] == [1, 3]
    assert (one["unit"], one["endValue"]) == ("none", 4)


@pytest.mark.parametrize(
    ("path", "start"), [("a.svg", "<svg"), ("a.folded", "main 1"), ("a.txt", "main 1"), ("a.json", "{")]
)
def test_the_ending_of_a_name_says_the_form(path: str, start: str) -> None:
    assert render_for(path)(PROFILE).startswith(start)


def test_another_ending_is_the_users_mistake() -> None:
    with pytest.raises(UserError, match=r"profile\.png: a profile goes to"):
        render_for("profile.png")
