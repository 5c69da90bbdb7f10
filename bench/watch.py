# SPDX-License-Identifier: Apache-2.0
"""watch.py - what a server's processes use: CPU, disk, memory, syncs."""
import collections
import os
import re
import shutil
import signal
import subprocess
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")
SAMPLE_S = .2
SETTLE_S = .5

Use = collections.namedtuple("Use", "cpu_s written")


def use(pids):
    """{"front": Use, ...} since each process began."""
    return {name: Use(cpu_s(pid), written(pid)) for name, pid in pids.items()}


def cpu_s(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def written(pid):
    with open("/proc/%d/io" % pid, encoding="ascii") as file:
        return int(re.search(r"^write_bytes: (\d+)", file.read(), re.M)[1])


def memory(pids):
    """{"front": MiB, ...}: proportional shares, so that the sum is true."""
    return {name: pss(pid) for name, pid in pids.items()}


def pss(pid):
    with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as file:
        return int(re.search(r"^Pss: +(\d+) kB", file.read(), re.M)[1]) / 1024


class Peak:
    """The highest memory of each process while a `with` lasts."""

    def __init__(self, pids):
        self.pids, self.peak = pids, memory(pids)
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        while not self.done.wait(SAMPLE_S):
            for name, now in memory(self.pids).items():
                self.peak[name] = max(self.peak[name], now)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()


class Syncs:
    """Counts syncs of a process by file while a `with` lasts: .of[name]."""

    def __init__(self, pid, folder):
        self.pid, self.of = pid, collections.Counter()
        self.path = os.path.join(folder, "strace")
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(
            ["strace", "-f", "-y", "-e", "trace=fdatasync,fsync",
             "-e", "signal=none", "-o", self.path, "-p", str(self.pid)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        time.sleep(SETTLE_S)
        return self

    def __exit__(self, *_):
        time.sleep(SETTLE_S)
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        with open(self.path, encoding="utf-8", errors="replace") as file:
            found = re.findall(r"f(?:data)?sync\(\d+<([^>]*)>", file.read())
        self.of.update(os.path.basename(path) for path in found)


def can_count_syncs():
    return shutil.which("strace") is not None
