#!/usr/bin/python3
# about: tests of Python itself: mmap, select, signal, os and threading
# needs: /usr/bin/python3
# tier: slow
import contextlib, importlib.util, io, unittest

SUITES = "test_mmap", "test_select", "test_signal", "test_os", "test_threading"



def outcome(name):
    found = unittest.defaultTestLoader.loadTestsFromName(f"test.{name}")
    with contextlib.redirect_stdout(io.StringIO()):
        result = unittest.TextTestRunner(stream=io.StringIO(), verbosity=0).run(found)
    bad = sorted(test.id() for test, _ in (*result.failures, *result.errors))
    return f"{name}: {result.testsRun} tests, {len(result.skipped)} skipped, {len(bad)} failed {' '.join(bad)}"


if importlib.util.find_spec("test.test_os") is None:
    print("the package test is not installed")
else:
    for name in SUITES:
        print(outcome(name), flush=True)
