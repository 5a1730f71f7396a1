"""The third seed's sessions with dtrace, byte for byte: by -c, and at one terminal while another runs modinfo.

What is not compared is what differs from run to run there too: addresses, process numbers, the probe's number and CPU,
and what the kernel's stack happens to have where modinfo has filled in nothing yet.
"""

from __future__ import annotations

import re
import signal
import subprocess

import pytest

from tests.cli.command import ring3
from tests.session.machines import Machines
from tests.session.test_debuggers import Terminal, to_the_call
from tests.support.toolchain import PROGRAMS

FOOK = str(PROGRAMS / "seeds" / "fook.d")
FOOU = str(PROGRAMS / "seeds" / "foou.d")
NULL = "fbt::mod_infonull:entry {stack();}"
NOTICE = "dtrace: description 'fbt::mod_infonull:entry ' matched 1 probe\n"
MODINFO = "modinfo -i 16"
TABLE = """\
ID  LOADADDR         SIZE   INFO REV NAMEDESC
16  fffffffffbdbc2d8 5d198  --   1   pcie (PCI Express Framework Module)
"""
RULE = "\n---------------------------------------------------------\n"
CALLED = """
              genunix`modctl+0x4e7
              genunix`dtrace_systrace_syscall+0x14d
              unix`sys_syscall+0x24d
"""
IN_THE_KERNEL = f"""\
syscall::modctl :entry
args: 0x2, 0x10, ADDRESS, ANY, 0x0, 0x0

              unix`sys_syscall+0x24d
{RULE}fbt:genunix:modctl :entry
args: 0x2, 0x10, ADDRESS, ANY, 0x0, 0x0

              genunix`dtrace_systrace_syscall+0x14d
              unix`sys_syscall+0x24d
{RULE}fbt:genunix:modctl_modinfo :entry
args: 0x10, ADDRESS
{CALLED}
ENT: ID       mi->mi_id = 16
ENT: LOADADDR mi->mi_base = 0
ENT: SIZE     mi->mi_size = 0
ENT: INFO     mi->mi_mi_msinfo[0].msi_p0 = ANY
ENT: REV      mi->mi_rev = 0
ENT: NAME     mi->mi_name =\x20
ENT: DESC     mi->mi_msinfo[0].msi_linkinfo = ANY
{RULE}fbt:unix:copyin :entry
args: ADDRESS, ADDRESS, 0x1B0

              genunix`modctl_modinfo+0xa0{CALLED}{RULE}fbt:unix:copyout :entry
args: ADDRESS, ADDRESS, 0x1B0

              genunix`modctl_modinfo+0x1e6{CALLED}{RULE}fbt:genunix:modctl_modinfo :return
{CALLED}
RET: ID       mi->mi_id = 16
RET: LOADADDR mi->mi_base = fffffffffbdbc2d8
RET: SIZE     mi->mi_size = 5d198
RET: INFO     mi->mi_mi_msinfo[0].msi_p0 = -1
RET: REV      mi->mi_rev = 1
RET: NAME     mi->mi_name = pcie
RET: DESC     mi->mi_msinfo[0].msi_linkinfo = PCI Express Framework Module
{RULE}"""
IN_THE_PROGRAM = """
pidNUMBER:libc.so.1:modctl :entry
args: 0x2, 0x10, ADDRESS, ANY, 0x0

              libc.so.1`modctl
              modinfo`main+0x3b6
              modinfo`ADDRESS
"""
IN_THE_MODULE = """\
CPU     ID                    FUNCTION:NAME
CPU_ID               mod_infonull:entry\x20
              genunix`mod_info+0x66
              pcie`_info+0x1f
              genunix`mod_getinfo+0x5a
              genunix`modinfo+0x125
              genunix`modctl_modinfo+0xd5
              genunix`modctl+0x4e7
              unix`sys_syscall+0x24d

"""


def told(shown: str) -> str:
    """What was shown, without what differs from run to run."""
    shown = shown.replace(TABLE, "", 1)  # the program's, which stands before, in the middle or behind
    shown = re.sub(r"(?m)^(ENT: .*(?:msi_p0|msi_linkinfo)) = .*$", r"\1 = ANY", shown)
    shown = re.sub(r"(?m)^(args: 0x2, 0x10, \w+), 0x[0-9A-F]+", r"\1, ANY", shown)
    shown = re.sub(r"(?m)^[ \d]{2}\d [ \d]{5}\d ", "CPU_ID ", shown)
    return re.sub(r"^pid\d+", "pidNUMBER", re.sub(r"0x[0-9A-Fa-f]{16}", "ADDRESS", shown), flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "shown"),
    [(("-qs", FOOK), IN_THE_KERNEL), (("-qs", FOOU), IN_THE_PROGRAM), (("-n", NULL), IN_THE_MODULE)],
    ids=["fook.d", "foou.d", "mod_infonull"],
)
def test_by_the_program_that_is_started(words: tuple[str, ...], shown: str) -> None:
    done = ring3("dtrace", "--os", "solaris", *words, "-c", MODINFO)
    assert TABLE in done.stdout
    assert told(done.stdout) == f"{shown}\n"
    notices = "" if words[0] == "-qs" else f"{NOTICE}dtrace: pid 2 has exited\n"
    assert (done.returncode, done.stderr) == (0, notices)


def test_at_two_terminals(machines: Machines) -> None:
    solaris = machines.up("--os", "solaris")

    def interrupted(dtrace: subprocess.Popen[str]) -> str:
        """What dtrace has shown when Ctrl-C has ended it."""
        dtrace.send_signal(signal.SIGINT)
        shown, notices = dtrace.communicate()
        assert (dtrace.returncode, notices) == (0, "")
        return told(shown)

    watching = machines.start("dtrace", "--on", solaris, "-qs", FOOK, "-n", 'BEGIN { printf("ready\\n"); }')
    assert watching.stdout is not None
    assert watching.stdout.readline() == "ready\n"
    mdb = Terminal(machines, "> ", "mdb", "--on", solaris, "/usr/sbin/modinfo")
    to_the_call(mdb)
    assert mdb(":s")[:5] == ["mdb:", "target", "stopped", "at:", "libc.so.1`modctl+0xa:"]
    mdb(":c")
    assert mdb.end("$q") == []
    assert interrupted(watching) == f"{IN_THE_KERNEL}\n"

    watching = machines.start("dtrace", "--on", solaris, "-n", NULL)
    assert watching.stderr is not None
    assert watching.stderr.readline() == NOTICE  # nobody else's program runs before the probe is enabled
    assert machines.ring3("run", "--on", solaris, *MODINFO.split()).stdout == TABLE
    assert interrupted(watching) == f"{IN_THE_MODULE}\n"

    done = machines.ring3("dtrace", "--on", solaris, "-qs", FOOU, "-c", MODINFO)
    assert (told(done.stdout), done.returncode, done.stderr) == (f"{IN_THE_PROGRAM}\n", 0, "")
    assert machines.ring3("ps", solaris).stdout.count("\n") == 1, "the machine is up and nobody is left"
