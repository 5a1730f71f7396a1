"""Arguments of kernel functions: what the kernel here has as objects is a struct to D."""

from pathlib import Path

import pytest

from tests.support import solaris
from tests.support.toolchain import PROGRAMS, Toolchain, musl
from tests.trace.dtrace.machine.test_host import dtrace

pytestmark = pytest.mark.guest


@pytest.fixture
def hello(toolchain: Toolchain) -> Path:
    return toolchain.program("basic/says_hello_twice.c")


@pytest.fixture
def workload(toolchain: Toolchain) -> Path:
    source = PROGRAMS / "toolkit" / "workload.c"
    flags = ("-ffreestanding", "-fno-stack-protector")
    return toolchain.build([source], target=musl(64), kind="nolibc", flags=flags)


def test_a_file_of_linux_has_its_place_in_the_tree(workload: Path) -> None:
    script = (
        "fbt::vfs_read:entry /pid == $target/ { this->at = args[0]->f_path.dentry; "
        'printf("%s/%s %d %d,", stringof(this->at->d_parent->d_name.name), stringof(this->at->d_name.name), '
        "args[0]->f_inode->i_size, args[2]); exit(0); }"
    )
    status, stdout, stderr = dtrace(str(workload), "-qn", script)
    expected = f"{workload.parent.name}/{workload.name} {workload.stat().st_size} 16,"
    assert (status, stdout.strip()) == (0, expected), stderr


def test_the_functions_behind_the_table_get_the_registers(workload: Path) -> None:
    script = (
        "syscall::read:entry { self->size = arg2; } "
        "fbt::__x64_sys_read:entry /self->size/ { "
        'printf("%d", args[0]->dx == self->size && ((struct pt_regs *)arg0)->di == 3); exit(0); }'
    )
    assert dtrace(str(workload), "-qn", script)[1].strip() == "1"


def test_a_stack_of_linux_leads_to_the_door(hello: Path) -> None:
    script = (
        'fbt::ksys_write:entry { stack(); printf("%d\\n", stackdepth); } syscall::write:entry { stack(); }'
    )
    lines = [line.strip() for line in dtrace(str(hello), "-qn", script)[1].split("\n") if line]
    door = [line.partition("+")[0] for line in lines[:2]]
    assert door == ["vmlinux`do_syscall_64", "vmlinux`entry_SYSCALL_64"]
    assert all("+0x" in line for line in lines[:2])
    assert lines[2:6] == ["vmlinux`__x64_sys_write", *lines[:2], "3"]


def test_what_solaris_looks_at_before_it_executes(toolchain: Toolchain) -> None:
    source = PROGRAMS / "toolkit" / "workload.c"
    flags = ["-ffreestanding", "-fno-stack-protector", "-DSOLARIS"]
    built = solaris.mark(toolchain.build([source], target=solaris.TARGET[64], kind="nolibc", flags=flags))
    script = (
        "fbt::gexec:entry { self->file = stringof((*args[0])->v_path); } "
        'fbt::findexec_by_hdr:entry { printf("%s %S ", basename(self->file), stringof(args[0])); } '
        'fbt::findexec_by_hdr:return { printf("%d", arg1 != NULL); }'
    )
    stdout = dtrace(str(built), "-qn", script, system="solaris")[1]
    assert stdout.strip().startswith(f"{built.name} \\177ELF")
    assert stdout.strip().endswith(" 1")
