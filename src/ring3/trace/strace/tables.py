"""Rows of calls and sets of values as strace has them: those of `ring3.abi.linux`, except what `data` has otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from ring3 import resources
from ring3.abi.linux import rows, values
from ring3.abi.rows import Call, Rows
from ring3.abi.values import ValueSet, parse
from ring3.trace.strace import families

_FOLDER: Final = "trace/strace/data"
_IOCTL: Final = (
    "sys_ioctl(unsigned int fd: fd, unsigned int cmd: enum ioctl, unsigned long arg: by cmd): number"
)


@cache
def sets() -> Mapping[str, ValueSet]:
    """Every set of values by name."""
    return {**values.every(), **parse(resources.read_text(f"{_FOLDER}/values")), **families.sets()}


def _sets_of_rows() -> Mapping[str, ValueSet]:
    """The same, with all commands of ioctl(2)."""
    return {**sets(), "ioctl": families.command_set()}


@cache
def _rows() -> Rows:
    names = [f"abi/data/linux/calls/{family}" for family in rows.FAMILIES]
    texts = (resources.read_text(name) for name in [*names, f"{_FOLDER}/calls"])
    return Rows((*texts, "\n    ".join([_IOCTL, "from sys_ioctl", *families.commands()])), _sets_of_rows)


@cache
def row_of(symbol: str, name: str) -> Call | None:
    """The row of a call, by its stub's symbol and its name; None if it has none."""
    every = _rows()
    entry = symbol.removeprefix("__x64_").removeprefix("__ia32_")
    keys = (name, f"sys_{name}") if entry == "sys_ni_syscall" else (entry, f"sys_{name}", name)
    return next((every[key] for key in keys if key in every), None)


UNKNOWN: Final = {
    "access": "?_OK", "accmode": "O_???", "umount": "MNT_???", "seccomp": "SECCOMP_SET_MODE_???",
    "socket_level": "SOL_??", "rename": "RENAME_??", "mbind_flags": "MPOL_???", "mempolicy_query": "MPOL_???",
    "io_uring_register": "IORING_REGISTER_???", "userfaultfd_flags": "UFFD_???", "timerfd_flags": "TFD_???",
    "namespaces": "CLONE_NEW???", "reboot_magic": "LINUX_REBOOT_MAGIC_???",
    "reboot_magic2": "LINUX_REBOOT_MAGIC_???", "prctl_vector_length": "", "prctl_matrix_length": "",
    "xfs_quota": "FS_???_QUOTA", "rxrpc_service": "???_SERVICE", "ipc_key_value": "", "sem": "SEM_???",
    "landlock_rule": "LANDLOCK_RULE_???", "msg_flags": "MSG_???", "at": "AT_???", "open_flags": "O_???",
    "memfd_secret": "", "wait_options": "W???", "wait": "W???", "statx_at": "AT_???",
    "inotify_init_flags": "IN_???", "open": "O_???", "msgctl_command": "MSG_???", "shmctl_command": "SHM_???",
    "semctl_command": "SEM_???", "msgrcv": "MSG_???", "swapon_flags": "SWAP_FLAG_???", "pkey_rights": "PKEY_???",
    "move_pages": "MPOL_???", "quota_format": "QFMT_VFS_???", "sockopt_ax25": "AX25_???", "sockopt_raw": "RAW_???",
    "sockopt_rds": "RDS_???", "sockopt_kcm": "KCM_???", "sockopt_vsock": "SO_VM_???", "mq_flags": "O_???",
    "kexec_arch": "KEXEC_ARCH_???", "futex2": "FUTEX_???", "futex_bitset": "", "sockopt_alg": "ALG_???",
    "uring_register": "IORING_REGISTER_???", "mempolicy_bits": "MPOL_???", "get_mempolicy": "MPOL_???",
    "prctl_vma": "PR_SET_VMA_???", "sockopt_ip": "IP_???", "cmsg_socket": "SCM_???", "cmsg_ip": "IP_???",
    "vsock_flags": "VMADDR_FLAG_???", "mount_propagation": "MS_???", "socket_type_flags": "SOCK_???", "route_table": "",
}  # fmt: skip
"""What stands behind values without a name, by their set, where it is not what the set's names begin with."""
