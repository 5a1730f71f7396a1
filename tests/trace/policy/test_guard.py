"""Programs under policies: learned ones, and profiles of containers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import ring3
from tests.support.toolchain import Toolchain


@pytest.mark.skipif(not Path("/etc/hostname").exists(), reason="this host has no /etc/hostname")
def test_a_learned_policy_lets_the_program_run_and_refuses_what_it_did_not_do(
    toolchain: Toolchain, tmp_path: Path
) -> None:
    program, policy = str(toolchain.program("trace/attacks.c")), str(tmp_path / "policy.toml")
    assert ring3("policy", "learn", "-o", policy, program).returncode == 0
    again = ring3("policy", "run", policy, program)
    assert (again.returncode, again.stderr) == (0, "")
    attacked = ring3("policy", "run", policy, program, "attack")
    assert attacked.returncode == 0
    assert attacked.stderr.count("EPERM (default)") >= 10
    assert "open(/etc/passwd) = EPERM (default)" in attacked.stderr


def test_killing_and_conditions(toolchain: Toolchain, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(
        '[[rule]]\ncalls = ["chdir"]\naction = "kill"\n'
        '[[rule]]\ncalls = ["read"]\nif = "count==16"\naction = "deny"\nerrno = "EIO"\nname = "short reads"\n'
    )
    told = ring3("policy", "run", str(policy), str(toolchain.program("trace/injected.c")))
    assert told.returncode == 128 + 31
    assert told.stderr == (
        "ring3: policy: read(...) = EIO (short reads)\nring3: policy: chdir(/) ends the process (rule 1)\n"
    )


def test_a_profile(toolchain: Toolchain, tmp_path: Path) -> None:
    profile = tmp_path / "profile.json"
    entry = {"names": ["getppid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}
    only = {"index": 2, "value": 16, "op": "SCMP_CMP_EQ"}
    mounts = {"names": ["close"], "action": "SCMP_ACT_ERRNO", "excludes": {"caps": ["CAP_SYS_ADMIN"]}}
    rules = [entry, {"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [only]}, mounts]
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules}))
    program = str(toolchain.program("trace/injected.c"))
    told = ring3("policy", "check", "--oci", str(profile), program)
    assert told.returncode == 0
    assert told.stderr.splitlines() == [
        *["ring3: policy: getppid() = ENOSYS (syscalls[0])"] * 5,
        "ring3: policy: read(...) = EPERM (syscalls[1])",
        "ring3: policy: close(...) = EPERM (syscalls[2])",
    ]
    assert (
        "close"
        not in ring3("policy", "check", "--cap-add", "sys_admin", "--oci", str(profile), program).stderr
    )


def test_a_policy_with_an_error_runs_nothing(tmp_path: Path) -> None:
    told = ring3("policy", "run", str(tmp_path / "none"), "/bin/true")
    assert (told.returncode, told.stderr) == (1, f"ring3: {tmp_path / 'none'}: No such file or directory\n")


def test_a_container_engines_profile_gives_the_answers_of_the_real_kernel(toolchain: Toolchain) -> None:
    folder = Path(__file__).with_name("container")
    program = str(toolchain.program("trace/contained.c"))
    told = ring3("policy", "check", "--oci", str(folder / "seccomp.json"), program)
    assert told.stdout == (folder / "answers.txt").read_text()
    assert told.stdout.count("\n") > 100
    assert "acct(...) = EPERM (syscalls[" in told.stderr
