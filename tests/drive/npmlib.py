# SPDX-License-Identifier: Apache-2.0
"""npmlib.py - what drivers need of npm: the packages of node/, by their lock.

    folder = npmlib.install()       # `npm ci` once for each lock file
"""
import fcntl
import os
import shutil
import subprocess

from usherlib import ROOT, TESTS

NODE = os.path.join(TESTS, "node")
FOLDER = os.path.join(ROOT, "build-node")
TRIES = 3


def install():
    """Where node_modules is; RuntimeError says why it cannot be made."""
    os.makedirs(FOLDER, exist_ok=True)
    with open(os.path.join(FOLDER, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)    # another driver may want it too
        if not is_installed():
            install_anew()
    return FOLDER


def stamp():
    return os.path.join(FOLDER, "installed.json")


def is_installed():
    if not os.path.exists(stamp()):
        return False
    with open(stamp(), "rb") as have, open(
            os.path.join(NODE, "package-lock.json"), "rb") as want:
        return have.read() == want.read()


def install_anew():
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(NODE, name), FOLDER)
    for left in reversed(range(TRIES)):
        done = subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=FOLDER, capture_output=True, text=True,
            stdin=subprocess.DEVNULL)
        if done.returncode == 0:
            shutil.copy(os.path.join(NODE, "package-lock.json"), stamp())
            return
        if not left:
            raise RuntimeError("npm ci: %s%s" % (done.stdout, done.stderr))
