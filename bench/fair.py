#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""fair.py - what a noisy tenant costs a quiet one, in the quiet one's p99.

    bench/fair.py [ROUNDS [limited|open]]

The quiet tenant onboards 50 persons a second.

limited  A tenant may send 50 requests a second (admission.tenant_rate).  In
         turns the quiet one is alone, beside a tenant that sends just that,
         and beside the same tenant when it sends 20 times as much, of which
         19 in 20 are refused.  That is S-T38: p99 beside the storm ÷ p99
         beside the tenant at its share.
open     There is no rate, only fair turns.  In turns it is alone, beside a
         tenant that sends 20 times as much as it (1,000 a second), and beside
         one that sends 20 times as much as a fair share of this machine.

All come by many connections and in an open loop: they do not ask less because
the server is slow.  Compared is within a round, whose turns begin with another
one each time; the median of the rounds and the CPU of the machine are shown,
and what front spends on a refusal.  USHER_BUILD names the build.

The load comes from the same machine, so a noisy tenant also takes processor
time by asking: it asks with the lowest priority, and "idle" says how much was
left.  Where that is nothing, the figures tell of the machine and not of Usher.
"""
import collections
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

import watch
from usherlib import BUILD, Server

QUIET = 50          # a second
LIMIT = 50          # likewise, where there is a rate
FACTOR = 20
SECONDS = 20        # of a turn: a thousand onboardings, for a p99
WARM_S = 1          # the noise is there first, and its burst is spent
CONNECTIONS = 16
NOISE_CONNECTIONS = 512
LINE_RATE = .5      # least requests a second of a connection: unused, it ends
REFUSALS = 20000    # a second, to see what one costs
CATALOGUE = json.dumps({
    "catalogue": 1,
    "sites": {site: {"country": "DE", "zone": "Europe/Berlin"}
              for site in ("ber", "muc", "lyo")},
    "products": {"seat": {}},
    "pools": {"seat-all": {"product": "seat", "quota": 100000000}},
    "settings": {"vault.open_per_minute": 100000000,
                 "vault.seal_per_minute": 100000000}})

# What the noise sends a second, and which turns are compared with which.
Kind = collections.namedtuple("Kind", "rates ratios")


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
        lines = min(NOISE_CONNECTIONS, int(rate / LINE_RATE))
        noise = noisy.load(lines, rate, SECONDS * 10, nice=19)
        time.sleep(WARM_S)
    before = cpu()
    found = result(quiet.load(CONNECTIONS, QUIET, SECONDS))
    after = cpu()
    if noise is not None:
        noise.terminate()
    idle = (after[0] - before[0]) / max(after[1] - before[1], 1)
    return found, result(noise) if noise else None, idle


def show(name, found, noise, idle):
    print("%-22s p50 %6.1f  p99 %6.1f ms  429: %d  idle %2.0f %%%s" % (
        name, found["p50_ms"], found["p99_ms"], found["limited"], idle * 100,
        "" if noise is None else
        "  | noise %.0f/s, of it 429 %.0f %%, p99 %.0f ms" % (
            noise["rate"], 100 * noise["limited"] / (
                noise["limited"] + noise["good"]),
            noise["p99_ms"])), flush=True)


def capacity(noisy):
    """Onboardings a second when one tenant is alone and asks all it can."""
    found = result(noisy.load(64, 1000000, .008))
    found = result(noisy.load(64, 1000000, .008))
    return found["rate"]


def limit(server, tenant, rate):
    """Gives a tenant its rate, and a burst of a second."""
    tenant.tenant.server.operator().request(
        "POST", "/operator/v1/tenants/noisy/limits",
        {"rate": rate, "burst": rate})
    print("limit of the noisy tenant: %d/s" % rate, flush=True)
    pid = server.pids()["front"]
    before = watch.cpu_s(pid)
    found = result(tenant.load(64, REFUSALS, 1))
    spent = watch.cpu_s(pid) - before
    print("a refusal costs front %.0f us of CPU (%d at %.0f/s)" % (
        spent / found["limited"] * 1e6, found["limited"], found["rate"]),
          flush=True)


def limited(server, noisy):
    limit(server, noisy, LIMIT)
    return Kind({"alone": 0, "at its limit": LIMIT,
                 "20 × its limit": FACTOR * LIMIT},
                [("20 × its limit", "at its limit"),
                 ("20 × its limit", "alone"), ("at its limit", "alone")])


def unlimited(server, noisy):
    share = capacity(noisy) / 2
    print("share of one of two tenants: %.0f/s" % share, flush=True)
    return Kind({"alone": 0, "20 × 50/s": FACTOR * QUIET,
                 "20 × its share": int(FACTOR * share)},
                [("20 × 50/s", "alone"), ("20 × its share", "alone")])


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    wanted = sys.argv[2:] or ["limited", "open"]
    kinds = {"limited": limited, "open": unlimited}
    for name in wanted:
        with tempfile.TemporaryDirectory(prefix="usher-fair-") as folder, \
                Server(folder=folder) as server:
            measure(kinds[name], server, rounds)


def measure(kind, server, rounds):
    quiet, noisy = Tenant(server, "quiet"), Tenant(server, "noisy")
    rates, compared = kind(server, noisy)
    p99 = collections.defaultdict(list)
    names = list(rates)
    for n in range(rounds):
        for name in names[n % len(names):] + names[:n % len(names)]:
            found, noise, idle = turn(quiet, noisy, rates[name])
            p99[name].append(found["p99_ms"])
            show("round %d  %s" % (n + 1, name), found, noise, idle)
    for name in names:
        print("%-16s p99 median %.1f ms" % (
            name, statistics.median(p99[name])))
    for one, other in compared:
        ratios = [a / b for a, b in zip(p99[one], p99[other])]
        print("p99 %s ÷ %s: median %.2f of %s" % (
            one, other, statistics.median(ratios),
            " ".join("%.2f" % x for x in ratios)))


if __name__ == "__main__":
    main()
