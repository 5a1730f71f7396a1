"""The third seed's scripts on the machine's own modinfo, which is dynamic: kernel and user stacks as printed there."""

from __future__ import annotations

from tests.cli.command import ring3

FOOU = (
    'pid$target::modctl:entry /execname == "modinfo"/ '
    '{ printf("%s:%s:%s\\nargs: 0x%X, 0x%X", probemod, probefunc, probename, arg0, arg1); ustack(); }'
)


def test_user_stack_goes_through_libc_to_main() -> None:
    shown = ring3("dtrace", "--os", "solaris", "-qn", FOOU, "-c", "modinfo -i 16").stdout.split("\n")
    lines = [line.strip() for line in shown if line.strip()]
    at = lines.index("libc.so.1:modctl:entry")
    assert lines[at + 1 : at + 4] == ["args: 0x2, 0x10", "libc.so.1`modctl", "modinfo`main+0x3b6"]
    assert lines[at + 4].startswith("modinfo`0x")


def test_kernel_stack_of_mod_infonull() -> None:
    script = "fbt::mod_infonull:entry {stack();}"
    shown = ring3("dtrace", "--os", "solaris", "-qn", script, "-c", "modinfo -i 16").stdout
    assert [line.strip() for line in shown.splitlines() if "`" in line] == [
        "genunix`mod_info+0x66",
        "pcie`_info+0x1f",
        "genunix`mod_getinfo+0x5a",
        "genunix`modinfo+0x125",
        "genunix`modctl_modinfo+0xd5",
        "genunix`modctl+0x4e7",
        "unix`sys_syscall+0x24d",
    ]
