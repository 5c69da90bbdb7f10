#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""verify-export.py - whether an export of a tenant is whole.

    tool/verify-export.py FOLDER

Every file that the manifest names is there with the size and the SHA-256 it
gives, no other file is, and files of lines have as many as are counted.  Needs
no server.  The log in it has a verifier of its own: verify-log.py FOLDER/log/0.
Status 1 if anything is wrong.
"""
import hashlib
import json
import os
import sys


def digest(path):
    """(bytes, SHA-256 in hex, lines) of a file."""
    made, size, lines = hashlib.sha256(), 0, 0
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            made.update(piece)
            size += len(piece)
            lines += piece.count(b"\n")
    return size, made.hexdigest(), lines


def faults(folder):
    with open(os.path.join(folder, "manifest.json"), "rb") as file:
        manifest = json.load(file)
    named = {"manifest.json"}
    for entry in manifest["files"]:
        name = entry["name"]
        named.add(name)
        if name.startswith("/") or ".." in name.split("/"):
            yield "%s: outside of the folder" % name
            continue
        try:
            size, found, lines = digest(os.path.join(folder, name))
        except OSError as error:
            yield "%s: %s" % (name, error.strerror)
            continue
        if size != entry["bytes"] or found != entry["sha256"]:
            yield "%s: not what was written" % name
        if name in manifest["counts"] and lines != manifest["counts"][name]:
            yield "%s: %d lines, %d are counted" % (
                name, lines, manifest["counts"][name])
    for top, _, names in os.walk(folder):
        for name in names:
            path = os.path.relpath(os.path.join(top, name), folder)
            if path not in named:
                yield "%s: not in the manifest" % path


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print(__doc__)
        return 2
    try:
        found = list(faults(sys.argv[1]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        found = ["manifest.json: %s" % error]
    for fault in found:
        print(fault)
    if not found:
        print("whole")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
