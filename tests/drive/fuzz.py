#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""fuzz.py - runs every fuzz target for a while, two at a time; TAP.

Seeds stand in fuzz/corpus/X/ and are read only.  What a run finds worth
keeping goes into the build folder and is the start of the next run; an input
that breaks something is left there too and named in the report.

USHER_BUILD (build-fuzz): where the targets are.  USHER_TIER full: 600 s each.
"""
import concurrent.futures
import os
import re
import subprocess
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCES = os.path.join(TESTS, "fuzz")
BUILD = os.environ.get(
    "USHER_BUILD", os.path.join(os.path.dirname(TESTS), "build-fuzz"))
SECONDS = 600 if os.environ.get("USHER_TIER") == "full" else 10
AT_ONCE = 2


def run(name):
    """(passed, one line, what the target printed)."""
    folder = os.path.join(BUILD, os.path.basename(TESTS), "fuzz")
    program = os.path.join(folder, "fuzz_" + name)
    if not os.path.exists(program):
        return False, "is not built; does fuzz/meson.build name it?", ""
    kept = os.path.join(folder, "kept", name)
    os.makedirs(kept, exist_ok=True)
    seeds = os.path.join(SOURCES, "corpus", name)
    if not os.path.isdir(seeds) or not os.listdir(seeds):
        return False, "has no seeds in fuzz/corpus/" + name, ""
    argv = [program, "-max_total_time=%d" % SECONDS, "-timeout=10",
            "-rss_limit_mb=2048", "-print_final_stats=1",
            "-artifact_prefix=%s-" % os.path.join(folder, "found-" + name),
            kept, seeds]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, errors="replace",
                              stderr=subprocess.STDOUT, timeout=SECONDS + 60)
    except subprocess.TimeoutExpired as late:
        return False, "did not end", str(late.stdout or "")
    runs = re.search(r"number_of_executed_units: (\d+)", done.stdout)
    if done.returncode != 0:
        found = re.search(r"Test unit written to (\S+)", done.stdout)
        return False, "found " + (found.group(1) if found else
                                  "status %d" % done.returncode), done.stdout
    if runs is None or int(runs.group(1)) == 0:
        return False, "ran nothing", done.stdout
    return True, "%s inputs in %d s" % (runs.group(1), SECONDS), done.stdout


def main():
    names = sorted(f[:-2] for f in os.listdir(SOURCES) if f.endswith(".c"))
    if not names:
        print("not ok 1 - there are no fuzz targets")
        return 1
    failed = 0
    print("1..%d" % len(names))
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        results = pool.map(run, names)
        for i, (name, result) in enumerate(zip(names, results), 1):
            passed, line, text = result
            failed += not passed
            print("%s %d - fuzz %s: %s" % (
                "ok" if passed else "not ok", i, name, line), flush=True)
            if not passed:
                for output in text.splitlines()[-40:]:
                    print("# " + output)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
