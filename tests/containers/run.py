#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests with real containers: run.py [--nunchi PROGRAM] [--without NAME] [NAME...]

Every function test_* of cases/ is a test; it takes the setup (harness/setup.py) and fails by an
exception. Prints "ok NAME", "not ok NAME" or "skip NAME: REASON", and at the end "# done".
NUNCHI_TEST_SIZE=full runs the long forms.
"""

import argparse
import importlib
import os
import pkgutil
import sys
import time
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


from harness.place import Elsewhere, end_by_signals  # pylint: disable=wrong-import-position


def find_tests(names, without):
    import cases
    for module in sorted(m.name for m in pkgutil.iter_modules(cases.__path__)):
        loaded = importlib.import_module("cases." + module)
        for name, function in list(vars(loaded).items()):
            if name.startswith("test_") and callable(function):
                full = f"{module} {name[5:]}"
                if (not names or any(wanted in full for wanted in names)) and module != without:
                    yield full, function


def run_one(name, function, setup):
    began = time.monotonic()
    try:
        reason = function(setup)
    except Exception as error:  # a failed test, whatever it was
        print(f"not ok containers {name}")
        for line in traceback.format_exc().splitlines()[-40:]:
            print("#   " + line.encode("ascii", "backslashreplace").decode())
        if not str(error):
            print("#   (no message)")
        return False
    finally:
        sys.stdout.flush()
    if isinstance(reason, Elsewhere):
        print(f"skip containers {name}: elsewhere: {reason}")
        return True
    if reason:
        ci = os.environ.get("CI") == "true"
        print(f"not ok containers {name}\n#   not run: {reason}" if ci else
              f"skip containers {name}: {reason}")
        return not ci
    print(f"ok containers {name}")
    print(f"# {name}: {time.monotonic() - began:.1f} s", file=sys.stderr)
    sys.stdout.flush()
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nunchi", default="build/nunchi")
    parser.add_argument("--without", help="a file of cases, which are not run")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    os.environ["NUNCHI"] = os.path.abspath(args.nunchi)
    end_by_signals()
    from harness.setup import Setup
    good = True
    setup = Setup()
    for name in args.names:
        if not any(True for _ in find_tests([name], None)):
            print(f"not ok containers there is no case {name}")
            good = False
    try:
        for name, function in find_tests(args.names, args.without):
            good = run_one(name, function, setup) and good
    finally:
        left = setup.close()
    print("not ok containers nothing is left behind" if left else
          "ok containers nothing is left behind")
    for line in left:
        print("#   " + line)
    print("# done")
    return 0 if good and not left else 1


if __name__ == "__main__":
    sys.exit(main())
