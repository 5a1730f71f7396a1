"""The remote protocol, packet by packet, without gdb and without a socket."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ring3.computer import Linux
from ring3.debug import MachineTarget, ProcessTarget, Target
from ring3.debug.gdb.packets import framed
from ring3.debug.gdb.server import Server
from tests.support import guest
from tests.support.elf_file import CODE, DATA, program, put
from tests.support.toolchain import Bits, Toolchain

BITS = pytest.mark.parametrize("bits", [64, 32])
LOOP: bytes = bytes.fromhex("b905000000 ffc9 75fc b83c000000 0f05")
"""Counts rcx down from 5 to 0, then ends."""


class Client:
    """Talks with a server as gdb does."""

    def __init__(self, target: Target, linux: Linux) -> None:
        self.target = target
        self.out: list[bytes] = []
        self.server = Server(target, self.out.append, linux.load)
        assert self.ask("QStartNoAckMode") == "OK"
        assert "vContSupported+" in self.ask("qSupported:multiprocess+;fork-events+;error-message+")

    def ask(self, packet: str | bytes) -> str:
        raw = packet if isinstance(packet, bytes) else packet.encode("latin-1")
        self.out.clear()
        self.server.feed(framed(raw))
        return self.answer()

    def answer(self) -> str:
        found = [part for part in self.out if part != b"+"]
        return found[-1][1:-3].decode("latin-1") if found else ""

    def go(self, packet: str = "vCont;c") -> str:
        """Lets programs go on until the server tells of a stop."""
        assert self.ask(packet) == ""
        stop = self.target.wait()
        assert stop is not None
        self.server.told(stop)
        return self.answer()


@pytest.fixture
def linux() -> Iterator[Linux]:
    with guest.boot() as booted:
        yield booted


def debugged(linux: Linux, path: Path, *arguments: str) -> Client:
    target = ProcessTarget(linux.kernel)
    target.attach(linux.load(str(path), arguments))
    target.wait()
    return Client(target, linux)


@pytest.fixture
def client(linux: Linux, tmp_path: Path) -> Client:
    return debugged(linux, put(tmp_path / "loop", program(LOOP)))


def test_a_program_stands_before_its_first_instruction(client: Client) -> None:
    reply = client.ask("?")
    assert reply.startswith("T00")
    assert "thread:p2.2;" in reply
    assert f"10:{CODE.to_bytes(8, 'little').hex()};" in reply


@BITS
def test_registers_are_as_many_as_are_described(linux: Linux, toolchain: Toolchain, bits: Bits) -> None:
    client = debugged(linux, toolchain.program("debug/events.c", bits=bits), "counts")
    xml = client.ask("qXfer:features:read:target.xml:0,ffff")
    sizes = [int(size) for size in re.findall(r'bitsize="(\d+)"', xml)]
    assert xml[0] == "l"
    assert ("i386:x86-64" in xml) == (bits == 64)
    assert len(client.ask("g")) == sum(sizes) // 4
    assert client.ask(f"p{len(sizes):x}").startswith("E.")
    ip = 16 if bits == 64 else 8
    assert client.ask(f"P{ip:x}={'00' * (bits // 8)}") == "OK"
    assert client.ask(f"p{ip:x}") == "00" * (bits // 8)
    whole = client.ask("g")
    assert client.ask(f"G{whole}") == "OK"
    assert client.ask("G00").startswith("E.")


def test_floating_point_registers_are_changed(client: Client) -> None:
    one = (0x3FFF_8000_0000_0000_0000).to_bytes(10, "little").hex()
    assert client.ask(f"P18={one}") == "OK"
    assert client.ask("p18") == one
    assert client.ask(f"P28={'ab' * 16}") == "OK"
    assert client.ask("p28") == "ab" * 16


def test_memory_is_read_written_and_searched(client: Client) -> None:
    assert client.ask(f"M{DATA:x},4:01020304") == "OK"
    assert client.ask(f"m{DATA:x},4") == "01020304"
    assert client.ask(b"X%x,2:}\x03A" % DATA) == "OK"
    assert client.ask(f"m{DATA:x},2") == "2341"
    assert client.ask(b"qSearch:memory:%x;100;\x03\x04" % DATA) == f"1,{DATA + 2:x}"
    assert client.ask(b"qSearch:memory:%x;100;zz" % DATA) == "0"
    assert client.ask(f"m{DATA + 0xFFE:x},8") == "0000"
    assert client.ask("m0,4").startswith("E.")
    assert client.ask("M0,1:00").startswith("E.")
    assert client.ask(f"M{DATA:x},4:00").startswith("E.")


def test_regions_of_memory_are_mappings_and_gaps(client: Client) -> None:
    assert client.ask("qMemoryRegionInfo:0") == f"start:0;size:{CODE & -4096:x};"
    first = client.ask(f"qMemoryRegionInfo:{CODE:x}")
    assert first.startswith(f"start:{CODE & -4096:x};size:")
    assert ";permissions:" in first
    assert client.ask("qMemoryRegionInfo:ffffffffffffffff").endswith(";")
    assert client.ask("qMemoryRegionInfo:x").startswith("E.")


def test_breakpoints_conditions_and_steps(client: Client) -> None:
    at = CODE + 5
    assert client.ask(f"Z0,{at:x},1") == "OK"
    assert client.go().startswith("T05swbreak:;")
    assert client.ask(f"Z0,{at:x},1;X8,2600022202132727") == "OK"  # $rcx == 2
    assert "02:" not in client.go()
    assert client.ask("p2") == "02" + "00" * 7
    assert client.ask(f"z0,{at:x},1") == "OK"
    assert client.go("vCont;s:p2.2").startswith("T05")
    assert client.go(f"vCont;r{at:x},{at + 4:x}:p2.-1").startswith("T05")
    assert client.ask("p10") == (at + 4).to_bytes(8, "little").hex()
    assert client.go("c") == "W00;process:2"
    assert client.ask("vCont;c") == "N"


def test_watchpoints_tell_the_address(linux: Linux, tmp_path: Path) -> None:
    code = bytes.fromhex("c704250000500005000000 8b042504005000 b83c000000 0f05")
    client = debugged(linux, put(tmp_path / "stores", program(code)))
    assert client.ask(f"Z2,{DATA:x},4") == "OK"
    assert f"watch:{DATA:x};" in client.go()
    assert client.ask("p10") == (CODE + 11).to_bytes(8, "little").hex()
    assert client.ask(f"Z3,{DATA + 4:x},4") == "OK"
    assert f"rwatch:{DATA + 4:x};" in client.go()
    assert client.ask(f"z3,{DATA + 4:x},4") == "OK"
    assert client.ask(f"Z2,{DATA:x},0").startswith("E.")


def test_calls_that_are_caught(client: Client) -> None:
    assert client.ask("QCatchSyscalls:1;3c") == "OK"
    assert "syscall_entry:3c;" in client.go()
    assert client.ask("QCatchSyscalls:0") == "OK"
    assert client.go().startswith("W")


def test_signals_are_told_passed_and_given(linux: Linux, toolchain: Toolchain) -> None:
    client = debugged(linux, toolchain.program("debug/events.c"), "signals")
    assert client.go().startswith("T1e")
    assert client.ask("qXfer:siginfo:read::0,80")[1:5] == "\x0a\0\0\0"
    assert client.go("vCont;C1e:p2.2;c") == "W01;process:2"


def test_threads_are_listed(linux: Linux, toolchain: Toolchain) -> None:
    path = toolchain.program("debug/events.c")
    client = debugged(linux, path, "threads")
    assert client.ask("QThreadEvents:1") == "OK"
    assert "create:;" in client.go()
    assert client.ask("qfThreadInfo").startswith("mp2.2,p2.3")
    assert client.ask("qsThreadInfo") == "l"
    assert 'id="p2.3"' in client.ask("qXfer:threads:read::0,1000")
    assert client.ask("qThreadExtraInfo,p2.3") == b"events".hex()
    assert client.ask("Tp2.3") == "OK"
    assert client.ask("Tp2.9").startswith("E.")
    assert client.ask("Hgp2.9").startswith("E.")
    assert client.ask("Hgp2.3") == "OK"
    assert client.ask("qC") == "QCp2.3"


def test_children_are_told_and_let_go(linux: Linux, toolchain: Toolchain) -> None:
    client = debugged(linux, toolchain.program("debug/events.c"), "children")
    assert client.ask("QPassSignals:14") == "OK"
    assert "fork:p3.3;" in client.go()
    assert client.ask("D;3") == "OK"
    assert client.ask("D;3").startswith("E.")
    assert "vfork:p4.4;" in client.go()
    assert client.ask("D;4") == "OK"
    assert "vforkdone:;" in client.go()
    assert client.go() == "W06;process:2"


def test_another_program_is_told_by_its_path(linux: Linux, toolchain: Toolchain) -> None:
    path = toolchain.program("debug/events.c")
    client = debugged(linux, path, "exec")
    assert f"exec:{str(path).encode().hex()};" in client.go()
    assert client.ask("qXfer:exec-file:read:2:0,1000") == f"l{path}"


def test_files_are_those_of_the_guest(client: Client, tmp_path: Path) -> None:
    name = str(tmp_path / "loop").encode().hex()
    assert client.ask("vFile:setfs:0") == "F0"
    assert client.ask(f"vFile:open:{name},0,0") == "F1"
    assert client.ask("vFile:pread:1,4,0") == "F4;\x7fELF"
    assert client.ask("vFile:fstat:1").startswith("F40;")
    assert client.ask("vFile:close:1") == "F0"
    assert client.ask("vFile:close:1") == "F-1,9"
    assert client.ask(f"vFile:open:{b'/none'.hex()},0,0") == "F-1,2"
    assert client.ask(f"vFile:readlink:{b'/proc/self/exe'.hex()}").startswith("F")
    assert (
        client.ask(f"vFile:readlink:{b'/proc/self/exe'.hex()}00")
        == f"F{len(exe := str(tmp_path / 'loop')):x};{exe}"
    )
    assert client.ask("vFile:nothing:1") == ""


def test_a_client_starts_and_ends_programs(client: Client, tmp_path: Path) -> None:
    assert client.ask("!") == "OK"
    assert client.go(f"vRun;{str(tmp_path / 'loop').encode().hex()};61").startswith("T05")
    assert client.ask("qAttached:3") == "0"
    assert client.ask("qAttached:2") == "1"
    assert client.ask("vKill;3") == "OK"
    assert client.ask("vKill;3").startswith("E.")
    assert client.ask("vRun;2f6e6f6e65").startswith("E.")
    assert client.ask("vAttach;63").startswith("E.")
    assert client.ask("D;2") == "OK"


def test_a_program_that_is_held_is_ended(client: Client) -> None:
    assert client.ask(f"Z0,{CODE + 5:x},1") == "OK"
    assert client.go().startswith("T05swbreak:;")
    assert client.ask("vKill;2") == "OK"
    assert client.target.threads == []


def test_in_non_stop_mode_stops_are_notifications(linux: Linux, toolchain: Toolchain) -> None:
    client = debugged(linux, toolchain.program("debug/events.c"), "counts")
    assert client.ask("QNonStop:1") == "OK"
    assert client.ask("?").startswith("T")
    assert client.ask("vStopped") == "OK"
    assert client.ask("vCont;s:p2.2") == "OK"
    client.out.clear()
    stop = client.target.wait()
    assert stop is not None
    client.server.told(stop)
    assert client.answer().startswith("Stop:T05")
    assert client.out[-1].startswith(b"%")
    assert client.ask("vStopped") == "OK"


@pytest.mark.parametrize(
    "packet",
    [
        "m", "m1", "mx,y", "M1,1", "M1,1:zz", "Z0", "Z0,1", "Z0,x,1", "Z0,1,1;X2,27", "Z0,1,1;X1,ff", "Z2,1,-1", "P",
        "P1", "P1=zz", "p", "pffff", "G", "Gxyz", "H", "Hx1", "Hgpz", "T", "Tp", "vCont;x", "vCont;C", "vCont;r1",
        "vCont;c:p9.9",
        "vRun;xy", "vKill;z", "D;z", "vFile:open:1", "vFile:pread:1", "qXfer:features:read:target.xml:x",
        "qXfer:features:read", "qGetTLSAddr:1", "QPassSignals:x", "QCatchSyscalls:x", "X1", "qSearch:memory:1;2",
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_an_error(client: Client, packet: str) -> None:
    answer = client.ask(packet)
    assert answer[:1] in ("E", "")
    assert client.ask("?").startswith("T")


@pytest.mark.parametrize(
    "packet", ["vMustReplyEmpty", "qNothing", "Qnothing", "y", "Z9,1,1", "qXfer:none:read::0,1"]
)
def test_what_there_is_not_is_answered_with_nothing(client: Client, packet: str) -> None:
    assert client.ask(packet) == ""


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from("?!HTZzDmMpPgGXvqQ"), st.text("0123456789abcdefXZ,;:.=p-xCsr", max_size=24))
def test_any_packet_leaves_the_server_alive(client: Client, letter: str, rest: str) -> None:
    client.ask(letter + rest)
    client.ask("?")


def test_errors_are_numbers_for_who_knows_no_words(linux: Linux, tmp_path: Path) -> None:
    client = debugged(linux, put(tmp_path / "loop", program(LOOP)))
    client.ask("qSupported:multiprocess+")
    assert client.ask("m0,4") == "E0e"


def test_the_machine_is_one_process_whose_threads_are_all_tasks(linux: Linux, tmp_path: Path) -> None:
    linux.load(str(put(tmp_path / "loop", program(LOOP))))
    client = Client(MachineTarget(linux.kernel), linux)
    assert "thread:p1.2;" in client.ask("?")
    assert "cr3" in client.ask("qXfer:features:read:target.xml:0,ffff")
    at = linux.kernel.image.symbols["entry_SYSCALL_64"]
    assert client.ask(f"Z1,{at:x},1") == "OK"
    assert client.go().startswith("T05swbreak:;")
    assert client.ask(f"m{at:x},3") == "0f01f8"
    assert client.ask("z1,0,1") == "OK"
    assert client.go("vCont;s:p1.2").startswith("T05")
    assert client.ask("p10") == (at + 3).to_bytes(8, "little").hex()
    assert client.ask("vRun;61").startswith("E.")
    assert client.go() == "W00;process:1"
