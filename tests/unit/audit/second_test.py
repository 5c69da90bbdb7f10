#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""second_test.py - both verifiers say the same of every export.

    second_test.py AUDIT_TAMPERED VERIFY_LOG

The first program writes exports and says what the verifier in C finds; the
second one looks at the same folders.  Prints TAP.
"""

import os
import shutil
import subprocess
import sys
import tempfile

TAMPERED = 200
SEED = "20261123"
OTHER_KEY = ("sum.golang.org+033de0ae+"
             "Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")


class Run:
    def __init__(self, tampered, verify_log):
        shm = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = tempfile.mkdtemp(prefix="usher-audit-", dir=shm)
        self.verify_log = verify_log
        self.count, self.failed = 0, 0
        out = subprocess.run(
            [tampered, self.folder, str(TAMPERED), SEED], check=True,
            capture_output=True)
        self.want = out.stdout.decode().splitlines()
        self.dirs = [line.split(": ")[0] for line in self.want]
        with open(os.path.join(self.folder, "vkey"), encoding="ascii") as file:
            self.vkey = file.read()

    def second(self, *args):
        run = subprocess.run([sys.executable, self.verify_log, *args],
                             capture_output=True, check=False)
        return run.returncode, run.stdout.decode().splitlines()

    def check(self, name, got, want):
        self.count += 1
        if got == want:
            print("ok %d - %s" % (self.count, name))
            return
        self.failed += 1
        print("not ok %d - %s" % (self.count, name))
        print("# got:  %s\n# want: %s" % (got, want))

    def agree(self):
        status, got = self.second(self.vkey, *self.dirs)
        wrong = sum(": wrong: " in line for line in self.want)
        kinds = {line.split(": ", 3)[-1] for line in self.want}
        self.check("a line for each export", len(got), len(self.want))
        self.check("both say the same of every export",
                   *differing(got, self.want))
        unseen = [line for line in self.want[-TAMPERED:] if ": whole" in line]
        self.check("every tampered export is found out", unseen, [])
        self.check("no honest export is blamed", len(self.want) - wrong,
                   len(self.want) - TAMPERED)
        self.check("something wrong gives status 1", status, 1)
        self.check("there are many kinds of wrong", len(kinds) >= 15, True)

    def statuses(self):
        older = os.path.join(self.folder, "older")
        vkey_path = os.path.join(self.folder, "vkey")
        whole = [line.split(": ")[0] for line in self.want
                 if ": whole" in line]
        small, large = whole[1], whole[-1]
        for name, want, *args in [
            ("whole logs give status 0", 0, self.vkey, *whole),
            ("the key may stand in a file", 0, "@" + vkey_path, large),
            ("the right origin gives 0", 0,
             "--origin", "test/audit/7/0", self.vkey, large),
            ("another origin gives 1", 1,
             "--origin", "test/audit/8/0", self.vkey, large),
            ("a log that extends an older checkpoint gives 0", 0,
             "--older", older, self.vkey, large),
            ("a log that was rolled back gives 1", 1,
             "--older", older, self.vkey, small),
            ("a malformed older checkpoint gives 1", 1,
             "--older", vkey_path, self.vkey, large),
            ("a malformed key gives 2", 2, self.vkey[:-1], large),
            ("another key gives 1", 1, OTHER_KEY, large),
            ("a missing folder gives 2", 2, self.vkey, "/nonexistent"),
            ("no folder gives 2", 2, self.vkey),
        ]:
            self.check(name, self.second(*args)[0], want)


def differing(got, want):
    pairs = [(g, w) for g, w in zip(got, want) if g != w]
    return [g for g, _ in pairs], [w for _, w in pairs]


def main():
    run = Run(sys.argv[1], sys.argv[2])
    try:
        run.agree()
        run.statuses()
    finally:
        shutil.rmtree(run.folder)
    print("1..%d" % run.count)
    return 1 if run.failed else 0


if __name__ == "__main__":
    sys.exit(main())
