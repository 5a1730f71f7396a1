"""The texts of /proc about the whole machine, of /proc/sys, and of /sys."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from ring3.abi.linux.capabilities import Cap
from ring3.kernel.scheduler import PID_MAX
from ring3.linux.model.release import RELEASE, VERSION
from ring3.linux.proc.texts import Text
from ring3.machine.ram import PAGE_SIZE

if TYPE_CHECKING:
    from ring3.linux.model.system import LinuxSystem

FEATURES: Final = (
    "fpu", "vme", "de", "pse", "tsc", "msr", "pae", "mce", "cx8", "apic", "", "sep", "mtrr", "pge", "mca", "cmov",
    "pat", "pse36", "pn", "clflush", "", "dts", "acpi", "mmx", "fxsr", "sse", "sse2", "ss", "ht", "tm", "ia64", "pbe",
)  # fmt: skip
"""Names of the feature bits in CPUID leaf 1, EDX (arch/x86/include/asm/cpufeatures.h)."""
TYPES: Final = ("sysfs", "proc", "tmpfs", "devtmpfs", "pipefs", "overlay")


def version(kernel: LinuxSystem) -> str:
    """/proc/version."""
    return f"Linux version {RELEASE} (ring3) (ring3, in Python) {VERSION}\n"


def uptime(kernel: LinuxSystem) -> str:
    """/proc/uptime: seconds since the start, and seconds idle, which nobody counts."""
    hundredths = (kernel.clocks.monotonic() + kernel.time_namespace.boottime) // 10**7
    return f"{hundredths // 100}.{hundredths % 100:02} 0.00\n"


def loadavg(kernel: LinuxSystem) -> str:
    """/proc/loadavg: no averages are kept; tasks that run, all tasks and the last number given away are true."""
    from ring3.linux.proc.sysctl import LastPid  # noqa: PLC0415 -- few programs look at it

    return f"0.00 0.00 0.00 1/{len(kernel.tasks)} {LastPid().read(kernel)}"


def meminfo(kernel: LinuxSystem) -> str:
    """/proc/meminfo, of guest RAM."""
    ram = kernel.machine.ram
    free = ram.frames_free * PAGE_SIZE // 1024
    rows = (
        ("MemTotal", ram.size // 1024),
        ("MemFree", free),
        ("MemAvailable", free),
        ("Buffers", 0),
        ("Cached", 0),
        ("SwapCached", 0),
        ("SwapTotal", 0),
        ("SwapFree", 0),
        ("CommitLimit", ram.size // 1024),
    )
    return "".join(f"{name + ':':<15} {kilobytes:>8} kB\n" for name, kilobytes in rows)


def cpuinfo(kernel: LinuxSystem) -> str:
    """/proc/cpuinfo: one CPU, with the features that AT_HWCAP names."""
    flags = " ".join(name for bit, name in enumerate(FEATURES) if name and kernel.hwcap >> bit & 1)
    rows = (
        ("processor", "0"),
        ("vendor_id", "Ring3"),
        ("cpu family", "6"),
        ("model", "6"),
        ("model name", "Ring3 x86 CPU"),
        ("stepping", "3"),
        ("physical id", "0"),
        ("siblings", "1"),
        ("core id", "0"),
        ("cpu cores", "1"),
        ("fpu", "yes"),
        ("fpu_exception", "yes"),
        ("wp", "yes"),
        ("flags", f"{flags} syscall nx lm"),
        ("clflush size", "64"),
        ("address sizes", "40 bits physical, 48 bits virtual"),
    )
    return "".join(f"{name:<15}\t: {value}\n" for name, value in rows) + "\n"


def stat(kernel: LinuxSystem) -> str:
    """/proc/stat: the CPU's time in ticks, when the machine was started, and how many processes there were."""
    ticks = kernel.clocks.cpu() // 10**7
    started = kernel.clocks.realtime() - kernel.clocks.monotonic() - kernel.time_namespace.boottime
    times = f"{ticks} 0 0 0 0 0 0 0 0 0"
    return (
        f"cpu  {times}\ncpu0 {times}\nintr 0\nctxt 0\nbtime {started // 10**9}\n"
        f"processes {max(kernel.tasks, default=0)}\nprocs_running 1\nprocs_blocked 0\n"
    )


def filesystems(kernel: LinuxSystem) -> str:
    """/proc/filesystems."""
    return "".join(f"nodev\t{name}\n" for name in TYPES) + "\text2\n"


def swaps(kernel: LinuxSystem) -> str:
    """/proc/swaps: there are none."""
    return "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"


def nothing(kernel: LinuxSystem) -> str:
    """/proc/modules: there are none."""
    return ""


def vmstat(kernel: LinuxSystem) -> str:
    """/proc/vmstat: of its counters, those that are kept, and those of devices that are not there."""
    usages = [process.usage for process in kernel.processes]
    usages += [thread.usage() for process in kernel.processes for thread in process.threads]
    rows = (
        ("nr_free_pages", kernel.machine.ram.frames_free),
        ("pgpgin", 0),
        ("pgpgout", 0),
        ("pswpin", 0),
        ("pswpout", 0),
        ("pgfault", sum(usage.minflt + usage.majflt for usage in usages)),
        ("pgmajfault", sum(usage.majflt for usage in usages)),
    )
    return "".join(f"{name} {value}\n" for name, value in rows)


def devices(kernel: LinuxSystem) -> str:
    """/proc/devices: the kinds of device nodes there are, by major number."""
    characters = "  1 mem\n  5 /dev/tty\n  5 /dev/ptmx\n 10 misc\n136 pts\n"
    return f"Character devices:\n{characters}\nBlock devices:\n  7 loop\n"


def misc(kernel: LinuxSystem) -> str:
    """/proc/misc: minor numbers of devices that have no major number of their own."""
    return "237 loop-control\n"


def kallsyms(kernel: LinuxSystem) -> str:
    """/proc/kallsyms: the kernel's symbols; their addresses are for who has CAP_SYSLOG (kallsyms_show_value)."""
    is_shown = kernel.running_task().credentials.capable(Cap.SYSLOG)
    return "".join(
        f"{address if is_shown else 0:016x} T {name}\n"
        for name, address in sorted(kernel.image.symbols, key=lambda row: row[1])
    )


TEXTS: Final[dict[bytes, Text]] = {
    b"cmdline": lambda kernel: "\n",
    b"cpuinfo": cpuinfo,
    b"devices": devices,
    b"filesystems": filesystems,
    b"kallsyms": kallsyms,
    b"loadavg": loadavg,
    b"meminfo": meminfo,
    b"misc": misc,
    b"modules": nothing,
    b"stat": stat,
    b"swaps": swaps,
    b"uptime": uptime,
    b"version": version,
    b"vmstat": vmstat,
}
"""The files at the top of /proc."""


def _uuid(kernel: LinuxSystem) -> str:
    raw = bytearray(kernel.random_bytes(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:])) + "\n"


def _requests(kernel: LinuxSystem) -> str:
    return f"{sum(context.room for mm in kernel.contexts.values() for context in mm.aio.values())}\n"


def _fixed(value: int | str) -> Text:
    return lambda kernel: f"{value}\n"


SYS: Final[dict[bytes, Text]] = {
    b"fs/aio-max-nr": _fixed(1 << 16),
    b"fs/aio-nr": _requests,
    b"fs/file-max": _fixed((1 << 63) - 1),
    b"fs/pipe-max-size": _fixed(1 << 20),
    b"fs/pipe-user-pages-soft": _fixed(1 << 14),
    b"fs/protected_hardlinks": _fixed(1),
    b"fs/protected_symlinks": _fixed(0),
    b"kernel/cap_last_cap": _fixed(40),
    b"kernel/ngroups_max": _fixed(65536),
    b"kernel/osrelease": _fixed(RELEASE),
    b"kernel/ostype": _fixed("Linux"),
    b"kernel/overflowgid": _fixed(65534),
    b"kernel/overflowuid": _fixed(65534),
    b"kernel/pid_max": _fixed(PID_MAX),
    b"kernel/random/entropy_avail": _fixed(256),
    b"kernel/random/uuid": _uuid,
    b"kernel/randomize_va_space": lambda kernel: "0\n" if kernel.aslr is None else "2\n",
    b"kernel/tainted": _fixed(0),
    b"kernel/version": _fixed(VERSION),
    b"vm/mmap_min_addr": _fixed(65536),
    b"vm/overcommit_memory": _fixed(0),
}
"""The files below /proc/sys."""

SYSFS: Final[dict[bytes, Text]] = {
    b"devices/system/cpu/cpu0/topology/core_cpus_list": _fixed(0),
    b"devices/system/cpu/cpu0/topology/core_id": _fixed(0),
    b"devices/system/cpu/cpu0/topology/core_siblings_list": _fixed(0),
    b"devices/system/cpu/cpu0/topology/physical_package_id": _fixed(0),
    b"devices/system/cpu/cpu0/topology/thread_siblings_list": _fixed(0),
    b"devices/system/cpu/kernel_max": _fixed(0),
    b"devices/system/cpu/offline": _fixed(""),
    b"devices/system/cpu/online": _fixed(0),
    b"devices/system/cpu/possible": _fixed(0),
    b"devices/system/cpu/present": _fixed(0),
    b"kernel/mm/ksm/full_scans": _fixed(0),
    b"kernel/mm/ksm/pages_shared": _fixed(0),
    b"kernel/mm/ksm/pages_sharing": _fixed(0),
    b"kernel/mm/ksm/run": _fixed(0),
}
"""The files below /sys: that there is one CPU (Documentation/ABI/testing/sysfs-devices-system-cpu), and that pages
may be named to be merged but are not (Documentation/admin-guide/mm/ksm.rst)."""


def escape(path: bytes) -> str:
    """A path in a table whose columns are separated by blanks."""
    for character in (b"\\", b" ", b"\t", b"\n"):
        path = path.replace(character, b"\\%03o" % character[0])
    return os.fsdecode(path)
