"""What keys send (xterm, "PC-Style Function Keys"; vt220 and Linux consoles where they differ), as names."""

from __future__ import annotations

from typing import Final

_FINAL: Final = {
    "A": "up", "B": "down", "H": "home", "F": "end", "P": "f1", "Q": "f2", "R": "f3", "S": "f4",
}  # fmt: skip
_NUMBERED: Final = {
    1: "home", 4: "end", 5: "pageup", 6: "pagedown", 7: "home", 8: "end", 11: "f1", 12: "f2", 13: "f3", 14: "f4",
    15: "f5", 17: "f6", 18: "f7", 19: "f8", 20: "f9", 21: "f10",
}  # fmt: skip
_CONSOLE: Final = {"A": "f1", "B": "f2", "C": "f3", "D": "f4", "E": "f5"}
"""Behind ``ESC [ [``, as Linux consoles send them."""
_CONTROL: Final = {"\r": "enter", "\n": "enter", "\x7f": "backspace", "\b": "backspace", "\x03": "ctrl-c"}


def keys(data: bytes) -> list[str]:
    """The keys that were pressed: characters as they are, others by name; ``esc`` for the key alone."""
    text = data.decode("utf-8", "replace")
    found, at = [], 0
    while at < len(text):
        if text[at] != "\x1b":
            found.append(_CONTROL.get(text[at], text[at]))
            at += 1
            continue
        name, at = _sequence(text, at + 1)
        if name:
            found.append(name)
    return found


def _sequence(text: str, at: int) -> tuple[str, int]:
    """The key of a sequence, "" for one that is not known, and where it ends."""
    if text[at : at + 1] not in ("[", "O"):
        return "esc", at
    if text[at : at + 2] == "[[":
        return _CONSOLE.get(text[at + 2 : at + 3], ""), at + 3
    end = at + 1
    while end < len(text) and text[end] in "0123456789;":
        end += 1
    final, number = text[end : end + 1], text[at + 1 : end].partition(";")[0]
    if final == "~" and number:
        return _NUMBERED.get(int(number), ""), end + 1
    return _FINAL.get(final, ""), end + 1
