import subprocess
from pathlib import Path

import pytest

from tests.trace.dtrace.test_command import dtrace

SCRIPT = "provider my_prov {\n\tprobe start(int, string);\n\tprobe req__done();\n};\n"


def test_a_header_has_a_macro_for_each_probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my-prov.d").write_text(SCRIPT)
    assert dtrace("-hs", "my-prov.d") == (0, "", "")
    text = Path("my-prov.h").read_text()
    assert "#ifndef\t_MY_PROV_H\n#define\t_MY_PROV_H\n" in text
    assert "#define\tMY_PROV_START(arg0, arg1) \\\n\t__dtrace_my_prov___start(arg0, arg1)\n" in text
    assert "extern void __dtrace_my_prov___start(int, char *);\n" in text
    assert "#define\tMY_PROV_REQ_DONE_ENABLED() \\\n\t__dtraceenabled_my_prov___req__done()\n" in text
    assert "\tDTRACE_PROBE2(my_prov, start, arg0, arg1)\n" in text
    assert "\tDTRACE_PROBE(my_prov, req__done)\n" in text


def test_a_compiler_takes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ziglang = pytest.importorskip("ziglang")
    monkeypatch.chdir(tmp_path)
    Path("p.d").write_text(SCRIPT)
    assert dtrace("-ho", "named.h", "-s", "p.d")[0] == 0
    Path("main.c").write_text(
        '#include "named.h"\n'
        'int main(void) { if (MY_PROV_START_ENABLED()) MY_PROV_START(1, "a"); MY_PROV_REQ_DONE(); return 0; }\n'
    )
    zig = Path(ziglang.__file__).parent / "zig"
    for flags in ([], ["-D_DTRACE_VERSION=1"]):
        done = subprocess.run(
            [zig, "cc", "-Wall", "-Werror", "-c", *flags, "main.c"],
            check=False,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-h"], "-h requires one or more scripts or enabling options"),
        (["-hs", "a.d", "-s", "b.d"], "-h requires an output file if multiple scripts are specified"),
        (["-hn", "BEGIN"], "-h requires an output file if no scripts are specified"),
    ],
)
def test_what_it_needs_is_told(words: list[str], told: str) -> None:
    assert dtrace(*words) == (2, "", f"dtrace: {told}\n")
