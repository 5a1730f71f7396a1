"""The providers ip, tcp, udp and mib, on a program that talks to itself."""

from pathlib import Path

import pytest

from tests.support.toolchain import Toolchain
from tests.trace.dtrace.machine.test_host import dtrace

pytestmark = pytest.mark.guest


@pytest.fixture
def talks(toolchain: Toolchain) -> Path:
    return toolchain.program("dtrace/talks.c")


def test_a_connection_is_asked_for_answered_and_refused(talks: Path) -> None:
    script = (
        "tcp:::connect-*, tcp:::accept-* { "
        'printf("%s %s %d,", probename, args[3]->tcps_raddr, args[4]->tcp_dport == 1); }'
    )
    assert dtrace(str(talks), "-qn", script)[1].strip().split(",") == [
        "connect-request 127.0.0.1 0",
        "connect-established 127.0.0.1 0",
        "accept-established 127.0.0.1 0",
        "connect-request 127.0.0.1 1",
        "accept-refused 127.0.0.1 0",
        "connect-refused 127.0.0.1 0",
        "",
    ]


def test_what_is_sent_is_received(talks: Path) -> None:
    script = (
        "tcp:::send, tcp:::receive /args[4]->tcp_flags & TH_PUSH/ { "
        'printf("%s %d,", probename, args[2]->ip_plength - args[4]->tcp_offset); } '
        'udp:::send, udp:::receive { printf("%s %d %d,", probename, args[4]->udp_length, '
        "args[3]->udps_lport == args[4]->udp_sport); } "
        "ip:::send /args[4] != NULL/ { @[args[4]->ipv4_protostr, args[3]->if_name] = count(); }"
    )
    shown = dtrace(str(talks), "-qn", script)[1]
    assert shown.startswith("send 5,receive 5,send 11 1,receive 11 1,")
    rows = [line.split() for line in shown.splitlines()[1:] if line]
    assert rows[0] == ["UDP", "lo", "1"]
    assert rows[1][:2] == ["TCP", "lo"]


def test_counters(talks: Path) -> None:
    names = "tcpActiveOpens tcpPassiveOpens tcpAttemptFails tcpOutDataBytes tcpInDataInorderBytes udpHCOutDatagrams"
    script = (
        "; ".join(f"mib:::{name} {{ @[probename] = sum(arg0); }}" for name in names.split())
        + "; mib:::tcpRetransBytes, lockstat:::, sysinfo:::xcalls { @[probename] = sum(1); }"
    )
    shown = dict(line.split() for line in dtrace(str(talks), "-qn", script)[1].splitlines() if line)
    assert shown == dict(zip(names.split(), ("2", "1", "1", "5", "5", "1"), strict=True))
