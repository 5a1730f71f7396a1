"""The files in /etc of a machine, which programs and libc read: users, hosts, services, protocols, names' sources.

Ports and protocols are those that IANA has assigned, with the names and aliases of services(5) and protocols(5).
"""

from __future__ import annotations

from typing import Final

_SERVICES: Final = (
    "tcpmux 1/tcp", "echo 7/tcp", "echo 7/udp", "discard 9/tcp sink null", "discard 9/udp sink null",
    "systat 11/tcp users", "daytime 13/tcp", "daytime 13/udp", "netstat 15/tcp",
    "chargen 19/tcp ttytst source", "chargen 19/udp ttytst source", "ftp-data 20/tcp", "ftp 21/tcp",
    "ssh 22/tcp", "telnet 23/tcp", "smtp 25/tcp mail", "time 37/tcp timserver", "time 37/udp timserver",
    "name 42/udp nameserver", "whois 43/tcp nicname", "domain 53/udp", "domain 53/tcp", "bootps 67/udp",
    "bootpc 68/udp", "tftp 69/udp", "finger 79/tcp", "http 80/tcp www", "kerberos 88/udp kdc",
    "kerberos 88/tcp kdc", "hostnames 101/tcp hostname", "pop2 109/tcp pop-2", "pop3 110/tcp pop-3",
    "sunrpc 111/udp rpcbind", "sunrpc 111/tcp rpcbind", "auth 113/tcp ident authentication",
    "nntp 119/tcp usenet", "ntp 123/tcp", "ntp 123/udp", "netbios-ns 137/tcp", "netbios-ns 137/udp",
    "netbios-ssn 139/tcp", "imap 143/tcp imap2", "snmp 161/udp snmp.agent", "snmpd 161/tcp",
    "snmp-trap 162/udp", "ldap 389/tcp", "ldap 389/udp", "slp 427/tcp slp", "https 443/tcp", "https 443/udp",
    "microsoft-ds 445/tcp", "microsoft-ds 445/udp", "exec 512/tcp", "biff 512/udp comsat", "login 513/tcp",
    "who 513/udp whod", "shell 514/tcp cmd", "syslog 514/udp", "printer 515/tcp spooler", "talk 517/udp",
    "route 520/udp router routed", "submission 587/tcp", "ldaps 636/tcp", "rsync 873/tcp", "ftps-data 989/tcp",
    "ftps 990/tcp", "telnets 992/tcp", "imaps 993/tcp", "pop3s 995/tcp", "ms-sql-s 1433/tcp",
    "nfsd 2049/udp nfs", "nfsd 2049/tcp nfs", "iscsi 3260/tcp", "mysql 3306/tcp", "lockd 4045/udp",
    "lockd 4045/tcp", "sip 5060/udp", "sip 5060/tcp", "postgresql 5432/tcp", "mdns 5353/udp", "dtspc 6112/tcp",
    "fs 7100/tcp", "http-alt 8080/tcp webcache",
)  # fmt: skip
_PROTOCOLS: Final = (
    "ip 0 IP", "icmp 1 ICMP", "igmp 2 IGMP", "ggp 3 GGP", "ipip 4 IP-in-IP", "tcp 6 TCP", "egp 8 EGP",
    "pup 12 PUP", "udp 17 UDP", "hmp 20 HMP", "xns-idp 22 XNS-IDP", "rdp 27 RDP", "idpr 35 IDPR",
    "ipv6 41 IPv6", "idrp 45 IDRP", "rsvp 46 RSVP", "gre 47 GRE", "esp 50 ESP", "ah 51 AH",
    "ipv6-icmp 58 ICMPv6", "ospf 89 OSPF", "pim 103 PIM", "sctp 132 SCTP",
)  # fmt: skip
_DATABASES: Final = (
    "passwd", "group", "hosts", "ipnodes", "networks", "protocols", "rpc", "services", "netmasks", "project",
)  # fmt: skip
_FURTHER: Final = {"hosts": " dns", "ipnodes": " dns"}
"""Where names are looked for that the files have not, by programs with a resolver of their own (nsswitch.dns)."""


def _lines(rows: tuple[str, ...]) -> str:
    return "".join("\t".join(row.split()) + "\n" for row in rows)


FILES: Final = {
    "passwd": (
        "root:x:0:0:Super-User:/root:/usr/bin/sh\n"
        "daemon:x:1:1::/:\n"
        "bin:x:2:2::/usr/bin:\n"
        "sys:x:3:3::/:\n"
        "nobody:x:60001:60001:NFS Anonymous Access User:/:\n"
        "noaccess:x:60002:60002:No Access User:/:\n"
    ),
    "group": (
        "root::0:\nother::1:root\nbin::2:root,daemon\nsys::3:root,bin\ntty::7:root\n"
        "nobody::60001:\nnoaccess::60002:\n"
    ),
    "hosts": "::1\tlocalhost\n127.0.0.1\tlocalhost loghost\n",
    "networks": "loopback\t127\n",
    "netmasks": "",
    "services": _lines(_SERVICES),
    "protocols": _lines(_PROTOCOLS),
    "project": "system:0::::\nuser.root:1::::\nnoproject:2::::\ndefault:3::::\ngroup.staff:10::::\n",
    "nsswitch.conf": "".join(f"{name}:\tfiles{_FURTHER.get(name, '')}\n" for name in _DATABASES),
    "shells": "/usr/bin/sh\n/bin/sh\n",
    "nodename": "ring3\n",
    "default/init": "TZ=UTC\nCMASK=022\n",
}
"""Their texts, by their names in /etc."""
