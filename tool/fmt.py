#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""fmt.py - clang-format for what it is good at: the inside of functions.

    tool/fmt.py [PATH...]           formats
    tool/fmt.py --check [PATH...]   shows what it would change; status 1 if any

Tables, structs and prototypes are aligned by hand for the reader, which
clang-format 14 cannot keep; their lines are not handed to it.
"""
import argparse
import difflib
import os
import subprocess
import sys

import tidy

FORMAT = ["clang-format-14", "--style=file"]


def ranges(file):
    """Line ranges of the functions, without the tables inside them."""
    rows = tidy.table_lines(file.code)
    for _, line, _, end in tidy.functions(file):
        start = line - 1
        for number in range(line, end + 1):
            if number in rows:
                if start < number:
                    yield start, number - 1
                start = number + 1
        if start <= end:
            yield start, end


def formatted(root, file):
    lines = ["--lines=%d:%d" % r for r in ranges(file)]
    if not lines:
        return file.text
    done = subprocess.run(
        FORMAT + lines + ["--assume-filename=" + os.path.join(
            root, file.path)],
        input=file.text, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("path", nargs="*", help="only what begins with these")
    args = parser.parse_args()
    changed = 0
    for file in tidy.Tree(tidy.ROOT).c:
        if args.path and not file.path.startswith(tuple(args.path)):
            continue
        text = formatted(tidy.ROOT, file)
        if text == file.text:
            continue
        changed += 1
        if args.check:
            sys.stdout.writelines(difflib.unified_diff(
                file.text.splitlines(True), text.splitlines(True),
                file.path, file.path))
            continue
        with open(os.path.join(tidy.ROOT, file.path), "w",
                  encoding="utf-8", newline="") as out:
            out.write(text)
    print("fmt: %d files %s" % (
        changed, "differ" if args.check else "changed"))
    return 1 if args.check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
