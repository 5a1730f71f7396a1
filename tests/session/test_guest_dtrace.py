"""dtrace as a program of a machine: what it traces is that machine, and its files and children are the guest's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import ROOT, ring3

pytestmark = pytest.mark.guest


def shell(text: str, cwd: Path = ROOT, status: int = 0) -> str:
    """What a shell on Linux prints; standard error is in it."""
    done = ring3("run", "/bin/sh", "-c", f"exec 2>&1; {text}", cwd=cwd)
    assert done.returncode == status, done
    return done.stdout


def test_status_and_process_number_are_the_programs() -> None:
    shown = shell("dtrace -qn 'BEGIN { printf(\"%s %d\", execname, pid == $pid); exit(3); }'; echo =$?")
    assert shown.split() == ["dtrace", "1", "=3"]


def test_a_script_names_the_tool_and_traces_its_child(tmp_path: Path) -> None:
    script = tmp_path / "calls.d"
    script.write_text(
        "#!/usr/sbin/dtrace -qs\n"
        'syscall::write:entry /pid == $target/ { printf("%s wrote %d for %s\\n", execname, arg2, $$1); }\n'
    )
    script.chmod(0o755)
    assert shell("./calls.d -c '/bin/echo hello' me", tmp_path).split("\n") == [
        "hello", "echo wrote 6 for me", "", "",
    ]  # fmt: skip


def test_a_script_is_the_program_that_solaris_runs(tmp_path: Path) -> None:
    script = tmp_path / "words.d"
    script.write_text('#!/usr/sbin/dtrace -qs\nBEGIN { printf("%s %d\\n", $$1, $2 + 1); exit(4); }\n')
    script.chmod(0o755)
    done = ring3("run", "--os", "solaris", "./words.d", "word", "41", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (4, "word 42\n\n", "")


def test_functions_of_the_child_are_probed_before_it_begins() -> None:
    shown = shell("dtrace -qn 'pid$target::write:entry { @ = count(); }' -c '/bin/echo hello'")
    assert shown.split() == ["hello", "1"]


def test_the_childs_environment_is_changed() -> None:
    shown = shell(
        "A=old GONE=1 dtrace -Zqn nosuch -xsetenv=A=b=c -xunsetenv=GONE -c '/usr/bin/printenv A GONE LD_NOLAZYLOAD'"
    )
    assert shown.split() == ["b=c", "1"]


def test_a_child_that_never_ran_ends_with_the_session() -> None:
    assert shell("dtrace -n nosuch -c '/bin/echo seen' 2>/dev/null", status=1) == ""


def test_errors_are_told_as_on_a_terminal() -> None:
    assert shell("dtrace -n 'BEGIN { exit(0)'", status=1).startswith(
        "dtrace: invalid probe specifier BEGIN { exit(0): syntax error"
    )
    assert shell("dtrace -n BEGIN -c /missing", status=1) == (
        "dtrace: failed to execute /missing: No such file or directory\n"
    )


def test_files_and_commands_are_the_guests() -> None:
    shown = shell(
        'dtrace -wqn \'BEGIN { system("echo $$ in the guest >/tmp/one; cat /tmp/one"); '
        'freopen("/tmp/two"); printf("kept"); freopen(""); printf("shown\\n"); exit(0); }\'; cat /tmp/two'
    )
    assert shown.split("\n")[0].endswith("in the guest")
    assert shown.split("\n")[1:] == ["shown", "", "kept"]


def test_several_files_are_open_at_a_time() -> None:
    shown = shell(
        "dtrace -o /tmp/lines --flame /tmp/stacks.txt -qn 'syscall::write:entry /pid == $target/ "
        '{ printf("a line\\n"); @[ustack()] = count(); }\' -c "/bin/echo hello"; '
        "cat /tmp/lines; grep -c write /tmp/stacks.txt"
    )
    assert shown.split("\n")[:2] == ["hello", "a line"]
    assert shown.split("\n")[-2] == "1"


def test_an_interruption_ends_it_with_the_aggregations() -> None:
    shown = shell(
        'dtrace -wqn \'BEGIN { system("touch /tmp/ready"); } END { printf("end\\n"); }\' & '
        "until [ -e /tmp/ready ]; do :; done; kill -INT $!; wait $!; echo =$?"
    )
    assert shown.split() == ["end", "=0"]


def test_on_solaris_the_stack_is_the_seeds() -> None:
    done = ring3(
        "run", "--os", "solaris", "--", "dtrace", "-n", "fbt::mod_infonull:entry {stack();}", "-c", "modinfo -i 16"
    )  # fmt: skip
    assert done.returncode == 0
    assert [line.strip() for line in done.stdout.splitlines() if "`" in line][:2] == [
        "genunix`mod_info+0x66",
        "pcie`_info+0x1f",
    ]


def test_a_process_that_runs_is_grabbed() -> None:
    shown = shell(
        "(until [ -e /tmp/ready ]; do :; done; getconf ARG_MAX >/dev/null) & "
        'dtrace -wqn \'BEGIN { system("touch /tmp/ready"); } syscall::exit_group:entry /pid == $target/ '
        '{ printf("ends\\n"); }\' -p $!'
    )
    assert shown.split() == ["ends"]


def test_a_script_that_traces_writes_does_not_trace_its_own_without_end() -> None:
    script = 'syscall::write:entry /pid == $pid/ { n++; printf("x"); } tick-300ms { exit(n > 100); }'
    assert shell(f"dtrace -qn '{script}' > /dev/null") == ""


def test_oracles_mark_is_looked_for_in_the_programs_environment() -> None:
    shown = shell("_DTRACE_TESTING=t dtrace -n 'BEGIN { trace(1); exit(0); }' 2>/dev/null")
    assert shown.split("\n")[0].strip() == "FUNCTION:NAME"


def test_a_file_that_cannot_be_opened_leaves_the_output_where_it_is() -> None:
    shown = shell(
        'dtrace -wqn \'BEGIN { freopen("/tmp/one"); freopen("/"); printf("kept"); freopen("/missing/two"); '
        'freopen(""); exit(0); }\'; cat /tmp/one'
    )
    assert 'couldn\'t freopen() "/": Is a directory\n' in shown
    assert 'couldn\'t freopen() "/missing/two": No such file or directory\n' in shown
    assert shown.endswith("kept")


def test_its_own_calls_are_seen_as_often_as_it_looks() -> None:
    shown = shell(
        "dtrace -q -xswitchrate=100hz -n 'syscall::ioctl:entry /pid == $pid && ++n == 5/ { exit(0); }' "
        "-n 'tick-9s { exit(1); }'"
    )
    assert shown == "\n"


def test_the_environment_of_a_program_is_found_on_its_stack() -> None:
    shown = shell(
        "env -i FIRST=1 /usr/sbin/dtrace -qn 'BEGIN { trace(curpsinfo->pr_argc); "
        "trace(copyinstr(*(uint64_t *)copyin(curpsinfo->pr_envp, 8))); exit(0); }'"
    )
    assert shown.startswith("3FIRST=1")
