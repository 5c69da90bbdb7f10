#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""fair.py - what a noisy tenant costs a quiet one: p99 with it ÷ p99 without.

    bench/fair.py [ROUNDS]

The quiet tenant onboards 50 persons a second.  In turns it is alone, beside a
tenant that sends 20 times as much (1,000 a second), and beside one that sends
20 times as much as a fair share of this machine, of which most is refused.
Both come by many connections and in an open loop: they do not ask less because
the server is slow.  Compared is within a round; the median of the rounds and
the CPU of the machine are shown.  USHER_BUILD names the build.

The load comes from the same machine, so a noisy tenant also takes processor
time by asking: it asks with the lowest priority, and "idle" says how much was
left.  Where that is nothing, the figures tell of the machine and not of Usher.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

BENCH = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(BENCH)
sys.path[:0] = [BENCH, os.path.join(ROOT, "tests", "drive")]

from usherlib import BUILD, Server

QUIET = 50          # a second
SECONDS = 20        # of a turn: a thousand onboardings, for a p99
WARM_S = 1          # the noise is there first
CONNECTIONS = 16
NOISE_CONNECTIONS = 512
CATALOGUE = json.dumps({
    "catalogue": 1,
    "sites": {site: {"country": "DE", "zone": "Europe/Berlin"}
              for site in ("ber", "muc", "lyo")},
    "products": {"seat": {}},
    "pools": {"seat-all": {"product": "seat", "quota": 100000000}},
    "settings": {"vault.open_per_minute": 100000000,
                 "vault.seal_per_minute": 100000000}})


class Tenant:
    """A tenant with the number of its next person."""

    def __init__(self, server, name):
        self.tenant = server.tenant(name)
        self.tenant.apply(CATALOGUE)
        self.next = 1

    def load(self, connections, rate, seconds, nice=0):
        server = self.tenant.server
        count = int(rate * seconds)
        first, self.next = self.next, self.next + count
        return subprocess.Popen(
            ["nice", "-n", str(nice), os.path.join(BUILD, "bench", "bench_load"),
             str(server.address[1]), self.tenant.token_file,
             str(connections), str(count), str(first), "onboard", "seat",
             str(rate)], stdout=subprocess.PIPE)


def result(process):
    out = process.communicate()[0]
    if process.returncode != 0:
        raise RuntimeError("bench_load: %s" % out)
    return json.loads(out)


def cpu():
    """(idle, all) jiffies of the machine since its start."""
    with open("/proc/stat", encoding="ascii") as file:
        numbers = [int(n) for n in file.readline().split()[1:]]
    return numbers[3] + numbers[4], sum(numbers)


def turn(quiet, noisy, rate):
    """(quiet's figures, the noise's figures or None, share of idle CPU)."""
    noise = None
    if rate:
        noise = noisy.load(NOISE_CONNECTIONS, rate, SECONDS * 10, nice=19)
        time.sleep(WARM_S)
    before = cpu()
    found = result(quiet.load(CONNECTIONS, QUIET, SECONDS))
    after = cpu()
    if noise is not None:
        noise.terminate()
    idle = (after[0] - before[0]) / max(after[1] - before[1], 1)
    return found, result(noise) if noise else None, idle


def capacity(noisy):
    """Onboardings a second when one tenant is alone and asks all it can."""
    found = result(noisy.load(64, 1000000, .008))
    found = result(noisy.load(64, 1000000, .008))
    return found["rate"]


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    ratios = {"20 × 50/s": [], "20 × its share": []}
    with tempfile.TemporaryDirectory(prefix="usher-fair-") as folder, \
            Server(folder=folder) as server:
        quiet, noisy = Tenant(server, "quiet"), Tenant(server, "noisy")
        share = capacity(noisy) / 2
        print("share of one of two tenants: %.0f/s" % share, flush=True)
        rates = {"alone": 0, "20 × 50/s": 20 * QUIET,
                 "20 × its share": int(20 * share)}
        for n in range(rounds):
            p99 = {}
            for name, rate in rates.items():
                found, noise, idle = turn(quiet, noisy, rate)
                p99[name] = found["p99_ms"]
                print("round %d  %-16s p50 %6.1f  p99 %6.1f ms  429: %d  "
                      "idle %2.0f %%%s" % (
                          n + 1, name, found["p50_ms"], found["p99_ms"],
                          found["limited"], idle * 100,
                          "" if noise is None else
                          "  | noise %.0f/s, of it 429 %.0f %%, p99 %.0f ms" % (
                              noise["rate"], 100 * noise["limited"] / (
                                  noise["limited"] + noise["good"]),
                              noise["p99_ms"])), flush=True)
            for name, numbers in ratios.items():
                numbers.append(p99[name] / p99["alone"])
    for name, numbers in ratios.items():
        print("%-16s p99 ÷ p99 alone: median %.2f of %s" % (
            name, statistics.median(numbers),
            " ".join("%.2f" % x for x in numbers)))


if __name__ == "__main__":
    main()
