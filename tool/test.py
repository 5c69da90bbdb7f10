#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test.py - the steps of ./test, one timed line each.

    ./test              every step of tier quick and normal
    ./test quick        unit, contract, one flow: under two minutes
    ./test full         the long rigs too
    ./test normal unit storm        only these steps

Drivers wait more than they work, so two of them run at a time; what fills the
machine, builds and meson's suites and fuzzers, runs alone.

Each step writes build-logs/STEP.log.  A step passes or fails as one test,
unless it reports its own: meson suites and drivers speak TAP, and then each
`ok' or `not ok' counts.  Ends with "N passed, N failed", status 1 if any.

A driver (drive/X.py beside the unit tests) gets two variables: USHER_BUILD,
the folder of the build to test, and USHER_TIER, how long it may take.
"""
import argparse
import collections
import concurrent.futures
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TESTS = "tests" if os.path.isdir(os.path.join(ROOT, "tests")) else "test"
LOGS = "build-logs"
TIERS = ["quick", "normal", "full"]
TAIL = 25
AT_ONCE = 2
FILLS = {"fuzz"}    # the drivers that use the whole machine

# Sanitizers stop at the first finding, and say where.
SANITIZER = {
    "ASAN_OPTIONS": "abort_on_error=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
    "ASAN_SYMBOLIZER_PATH": "/usr/bin/llvm-symbolizer-14",
    "TSAN_SYMBOLIZER_PATH": "/usr/bin/llvm-symbolizer-14",
}
CLANG = {"CC": "clang-14"}
# What the drivers build again in other folders is found in the cache.
CACHE = {"CCACHE_NOHASHDIR": "1"}


def setup(folder, *options):
    """Configures a build once; ninja notices later changes by itself."""
    if os.path.exists(os.path.join(ROOT, folder, "build.ninja")):
        return []
    return [["meson", "setup", folder, *options]]


def build(folder, *options, targets=()):
    return lambda: setup(folder, *options) + [["ninja", "-C", folder, *targets]]


def meson(folder, suite):
    """Not rebuilt: the step before did."""
    return lambda: [["meson", "test", "-C", folder, "--no-rebuild",
                     "--suite", suite, "--logbase", "log-" + suite]]


def tool(*argv):
    return lambda: [["python3", *argv]]


def driver(name, *argv):
    run = tool(os.path.join(TESTS, "drive", name + ".py"), *argv)
    run.beside = name not in FILLS
    return run


SANITIZED = ("-Db_sanitize=address,undefined", "-Db_lundef=false")
THREADED = ("-Db_sanitize=thread", "-Db_lundef=false")
FUZZED = SANITIZED + ("-Dfuzz=true", "-Dc_args=-fsanitize=fuzzer-no-link")

# name, first tier it runs in, the build it needs, whether it reports single
# tests, commands, variables, minutes it may take there and in full
Step = collections.namedtuple(
    "Step", "name tier build reports run env minutes full")
STEPS = [Step(*row) for row in (
    # The bench too: nothing else would notice that it does not build.
    ("build", "quick", "build", False,
     build("build", targets=("all", "bench/bench_load", "bench/bench_raw",
                             "bench/bench_slapd")), {}, 10, 10),
    ("tidy", "quick", "", False, tool("tool/tidy.py"), {}, 2, 2),
    ("tidy-selftest", "quick", "", True,
     tool("tool/tidy.py", "--selftest"), {}, 2, 2),
    ("demo", "quick", "", False,
     tool("tool/demo.py", "--check", "demo"), {}, 2, 2),
    ("reference", "quick", "", False,
     tool("tool/reference.py", "--check"), {}, 2, 2),
    ("unit", "quick", "build", True, meson("build", "unit"), {}, 3, 3),
    ("contract", "quick", "build", True, meson("build", "contract"), {}, 3, 3),
    ("flows", "quick", "build", True, driver("flows"), {}, 5, 20),

    ("contract-pg", "normal", "build", True,
     driver("postgres", "run", "build/tests/contract/store_contract",
            "{url}"), {}, 5, 5),
    ("flows-pg", "normal", "build", True, driver("flows"),
     {"USHER_STORE": "postgresql"}, 8, 20),
    ("schema", "normal", "build", True, driver("schema"), {}, 3, 3),
    ("database", "normal", "build", True, driver("database"),
     {"USHER_TIER": "quick"}, 12, 12),
    ("database-long", "full", "build", True, driver("database"), {}, 60, 60),
    ("writers", "normal", "build", True, driver("writers"), {}, 3, 8),
    ("nodes", "normal", "build", True, driver("nodes"),
     {"USHER_TIER": "quick"}, 5, 5),
    ("nodes-long", "full", "build", True, driver("nodes"), {}, 40, 40),
    # Another session for every transaction: nothing may depend on one.
    ("flows-bouncer", "normal", "build", True, driver("flows"),
     {"USHER_STORE": "pgbouncer", "USHER_TIER": "quick"}, 8, 8),

    ("build-asan", "normal", "build-asan", False,
     build("build-asan", *SANITIZED), CLANG, 10, 10),
    ("unit-asan", "normal", "build-asan", True,
     meson("build-asan", "unit"), SANITIZER, 5, 5),
    ("contract-asan", "normal", "build-asan", True,
     meson("build-asan", "contract"), SANITIZER, 5, 5),
    ("flows-asan", "normal", "build-asan", True, driver("flows"),
     {**SANITIZER, "USHER_TIER": "quick"}, 5, 5),
    ("matrix-asan", "normal", "build-asan", True, driver("matrix"),
     {**SANITIZER, "USHER_TIER": "quick"}, 5, 5),

    ("build-tsan", "normal", "build-tsan", False,
     build("build-tsan", *THREADED), CLANG, 10, 10),
    ("unit-tsan", "normal", "build-tsan", True,
     meson("build-tsan", "unit"), SANITIZER, 5, 5),
    ("contract-tsan", "normal", "build-tsan", True,
     meson("build-tsan", "contract"), SANITIZER, 5, 5),

    ("build-fuzz", "normal", "build-fuzz", False,
     build("build-fuzz", *FUZZED, targets=("fuzz",)), CLANG, 10, 10),
    ("fuzz", "normal", "build-fuzz", True, driver("fuzz"), SANITIZER, 5, 150),

    ("openapi", "normal", "build", True, driver("openapi"), {}, 5, 5),
    ("oracle", "normal", "build", True, driver("oracle"), {}, 5, 10),
    ("scim", "normal", "build", True, driver("scim"), {}, 5, 5),
    ("wide", "normal", "build", True, driver("wide"), {}, 5, 5),
    ("tamper", "normal", "build", True, driver("tamper"), {}, 5, 20),
    ("matrix", "normal", "build", True, driver("matrix"), {}, 5, 30),
    ("canary", "normal", "build", True, driver("canary"), {}, 5, 20),
    ("watch", "normal", "build", True, driver("watch"), {}, 5, 10),
    ("login", "normal", "build", True, driver("login"), {}, 5, 5),
    ("storm", "normal", "build", True, driver("storm"), {}, 8, 60),
    ("stopped", "normal", "build", True, driver("stopped"), {}, 5, 5),
    ("tenants", "normal", "build", True, driver("tenants"), {}, 30, 60),
    ("storm_fair", "normal", "build", True, driver("storm_fair"), {}, 8, 20),
    ("kill", "normal", "build", True, driver("kill"), {}, 8, 240),
    ("scim_resume", "normal", "build", True, driver("scim_resume"), {}, 8, 60),
    ("scim_resume-pg", "normal", "build", True, driver("scim_resume"),
     {"USHER_STORE": "postgresql", "USHER_TIER": "quick"}, 8, 8),
    ("storm-pg", "normal", "build", True, driver("storm"),
     {"USHER_STORE": "postgresql", "USHER_TIER": "quick"}, 12, 12),
    ("scim-pg", "normal", "build", True, driver("scim"),
     {"USHER_STORE": "postgresql"}, 5, 5),
    ("matrix-pg", "normal", "build", True, driver("matrix"),
     {"USHER_STORE": "postgresql", "USHER_TIER": "quick"}, 8, 8),
    ("canary-pg", "normal", "build", True, driver("canary"),
     {"USHER_STORE": "postgresql"}, 5, 5),
    ("login-pg", "normal", "build", True, driver("login"),
     {"USHER_STORE": "postgresql"}, 5, 5),
    ("tenants-pg", "normal", "build", True, driver("tenants"),
     {"USHER_STORE": "postgresql", "USHER_TIER": "quick"}, 30, 30),
    ("kill-pg", "normal", "build", True, driver("kill"),
     {"USHER_STORE": "postgresql", "USHER_ROUNDS": "15"}, 12, 30),
    ("storm-pg-long", "full", "build", True, driver("storm"),
     {"USHER_STORE": "postgresql"}, 60, 60),
    ("kill-pg-long", "full", "build", True, driver("kill"),
     {"USHER_STORE": "postgresql"}, 240, 240),
    ("migrate", "normal", "build", True, driver("migrate"), {}, 12, 60),
    # Debian's clustering packages, which no other step needs, come with it.
    ("cluster", "full", "build", True,
     lambda: [["tool/cluster-test", "--install"]], {}, 90, 90),
    # A million random tenants: nobody comes to more than somebody held.
    ("roles", "normal", "build", True,
     lambda: [["build/tests/unit/core/core_role_test"]],
     {"USHER_GRAPHS": "1000000"}, 8, 8),
)]

TAP = re.compile(r"^\s*(not ok|ok)\b(?:.*#\s*(skip|todo)\b)?", re.I)


class Result:
    def __init__(self, passed, failed, why=""):
        self.passed, self.failed, self.why = passed, failed, why


running = set()     # processes of steps


def run_commands(step, tier, log):
    """Runs the step's commands in order; None, or why it failed."""
    env = {**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP", "USHER_TIER": tier,
           "USHER_BUILD": os.path.join(ROOT, step.build), **CACHE, **step.env}
    minutes = step.full if tier == "full" else step.minutes
    deadline = time.monotonic() + minutes * 60
    for argv in step.run():
        log.write("$ %s\n" % " ".join(argv))
        log.flush()
        process = subprocess.Popen(
            argv, cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, start_new_session=True)
        running.add(process)
        try:
            status = process.wait(max(1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            end(process)
            return "took more than %d minutes" % minutes
        finally:
            running.discard(process)
        if status != 0:
            return "%s: status %d" % (os.path.basename(argv[0]), status)
    return None


def end(process):
    """Ends a step with everything it started."""
    for sig in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sig)
            process.wait(5)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            pass


def count_tap(text):
    passed = failed = 0
    for line in text.splitlines():
        match = TAP.match(line)
        if match is None or match.group(2):
            continue
        if match.group(1).lower() == "ok":
            passed += 1
        else:
            failed += 1
    return passed, failed


def count_meson(step, log):
    """The TAP lines of each test; a test that died counts as one more."""
    suite = step.name.split("-")[0]
    path = os.path.join(ROOT, step.build, "meson-logs",
                        "log-%s.json" % suite)
    passed = failed = 0
    if not os.path.exists(path):
        return 0, 0
    with open(path, encoding="utf-8") as file:
        for line in file:
            test = json.loads(line)
            text = test.get("stdout", "") + "\n" + test.get("stderr", "")
            good, bad = count_tap(text)
            if test["result"] == "OK":
                good = max(good, 1)
            elif bad == 0:
                bad = 1
            passed, failed = passed + good, failed + bad
            if bad:
                log.write("\n--- %s: %s\n%s\n" % (
                    test["name"], test["result"], text))
    os.remove(path)
    return passed, failed


def run_step(step, tier):
    path = os.path.join(ROOT, LOGS, step.name + ".log")
    with open(path, "w", encoding="utf-8", errors="replace") as log:
        why = run_commands(step, tier, log)
        if step.run()[0][:2] == ["meson", "test"]:
            passed, failed = count_meson(step, log)
        else:
            log.flush()
            with open(path, encoding="utf-8", errors="replace") as written:
                passed, failed = count_tap(written.read())
    if why is None and passed + failed == 0:
        if step.reports:
            why = "no test ran"
        else:
            passed = 1
    if why is not None and failed == 0:
        failed = 1
    return Result(passed, failed, why or "")


def show(step, result, seconds):
    word = "ok  " if result.failed == 0 else "FAIL"
    count = "%d passed" % result.passed
    if result.failed:
        count += ", %d failed" % result.failed
    print("%s  %-14s %-24s %7.1f s  %s" % (
        word, step.name, count, seconds,
        os.path.join(LOGS, step.name + ".log")), flush=True)
    if result.failed and not result.why.startswith("not run"):
        tail(step)
    if result.why:
        print("      " + result.why)


def tail(step):
    """What a reader needs first: the failed lines, else the last ones."""
    path = os.path.join(ROOT, LOGS, step.name + ".log")
    with open(path, encoding="utf-8", errors="replace") as log:
        lines = log.read().splitlines()
    failed = [line for line in lines if line.lstrip().startswith("not ok")]
    broken = [n for n, line in enumerate(lines)
              if line.startswith(("FAILED:", "--- "))]
    if not failed and broken:
        failed = lines[broken[0]:broken[0] + TAIL]
    for line in (failed or lines)[-TAIL:]:
        print("      | " + line[:200])


def select(tier, names):
    steps = [s for s in STEPS if TIERS.index(s.tier) <= TIERS.index(tier)]
    if not names:
        return steps
    unknown = set(names) - {s.name for s in STEPS}
    if unknown:
        sys.exit("test: no such step: %s\ntest: there are: %s" % (
            " ".join(sorted(unknown)), " ".join(s.name for s in STEPS)))
    return [s for s in STEPS if s.name in names]


def run_timed(step, tier, broken):
    start = time.monotonic()
    if step.build in broken and step.name != step.build:
        result = Result(0, 1, "not run: %s failed" % step.build)
    else:
        result = run_step(step, tier)
    if result.failed and step.name == step.build:
        broken.add(step.build)
    return step, result, time.monotonic() - start


def run_all(steps, tier):
    """Yields (step, result, seconds) as they end."""
    broken = set()
    for beside, some in itertools.groupby(
            steps, lambda step: getattr(step.run, "beside", False)):
        with concurrent.futures.ThreadPoolExecutor(
                AT_ONCE if beside else 1) as pool:
            waits = [pool.submit(run_timed, step, tier, broken)
                     for step in some]
            try:
                for done in concurrent.futures.as_completed(waits):
                    yield done.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for process in list(running):
                    end(process)
                raise


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("tier", nargs="?", choices=TIERS, default="normal")
    parser.add_argument("step", nargs="*", help="only these")
    args = parser.parse_args()
    os.makedirs(os.path.join(ROOT, LOGS), exist_ok=True)
    passed = failed = 0
    began = time.monotonic()
    for step, result, seconds in run_all(select(args.tier, args.step),
                                         args.tier):
        show(step, result, seconds)
        passed, failed = passed + result.passed, failed + result.failed
    print("\n%.0f s, logs in %s/" % (time.monotonic() - began, LOGS))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
