#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scim.py - what the SCIM door costs beside the native one and beside slapd.

    bench/scim.py [ROUNDS [KIND...]]

KIND is one of

onboard  a new person with a seat       POST /Users, slapd: add
read     one person by userName         GET /Users?filter=…, slapd: search
patch    another title                  PATCH /Users/{id}, slapd: modify
list     pages of 100                   GET /Users?count=100, slapd: the first 100
batch    1,000 new persons in one       POST /Bulk, slapd: as many adds
flood    the same by 64 connections     POST /Bulk, slapd: as many adds

All but batch by 64 connections, each with one request under way; batch by two,
and flood without the native door, which refuses what finds no room.  In turns the doors and
slapd are asked the same, beginning with another one each round; what is
compared is divided within a round, and the median of the rounds is shown with
all of them.  "CPU" is front's and the vault's for one person.  The gate is
SCIM ÷ native in seconds of a request at most 1.25.

slapd answers from one map in memory and says nothing of rights, seats or a log:
it tells how fast the machine is.  USHER_BUILD names the build.
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

import peers
import watch
from usherlib import BUILD, Server, free_port

CONNECTIONS = 64
GATE = 1.25
PAUSE_S = .3
PEOPLE = 12_000     # there before the first round, at both
BULK = 1_000
CATALOGUE = json.dumps({
    "catalogue": 1,
    "sites": {site: {"country": "DE", "zone": "Europe/Berlin"}
              for site in ("ber", "muc", "lyo")},
    "products": {"seat": {}},
    "pools": {"seat-all": {"product": "seat", "quota": 100000000}},
    "settings": {"vault.open_per_minute": 100000000,
                 "vault.seal_per_minute": 100000000,
                 "admission.client_queued": 1000000}})

# Of a request: what bench_load calls it, how many there are in a turn, persons
# in one, by how many connections, slapd's word for it, and how many of slapd's
# make one.
Kind = collections.namedtuple(
    "Kind", "word count persons connections ldap adds argument")
KINDS = {
    "onboard": Kind("onboard", 6_000, 1, CONNECTIONS, "add", 1, "seat"),
    "read": Kind("read", 12_000, 1, CONNECTIONS, "read", 1, "names"),
    "patch": Kind("patch", 6_000, 1, CONNECTIONS, "modify", 1, "ids"),
    "list": Kind("list", 400, 100, CONNECTIONS, "list", 1, "100"),
    "batch": Kind("batch", 12, BULK, 2, "add", .3, "seat"),
    "flood": Kind("batch", 64, BULK, CONNECTIONS, "add", .1, "seat"),
}
ONE_DOOR = {"flood"}


class Bench:
    def __init__(self, server, slapd, folder):
        self.server, self.slapd, self.folder = server, slapd, folder
        self.tenant = server.tenant("bench")
        self.tenant.apply(CATALOGUE)
        self.next = 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def load(self, kind, count, persons, argument, connections=CONNECTIONS):
        # A batch's number is that of its thousand.
        first = -(-self.next // persons)
        if "onboard" in kind or "batch" in kind:
            self.next = (first + count) * persons
        done = subprocess.run(
            [os.path.join(BUILD, "bench", "bench_load"),
             str(self.server.address[1]), self.tenant.token_file,
             str(min(connections, count)), str(count), str(first), kind,
             self.path(argument) if argument in ("names", "ids")
             else argument], stdout=subprocess.PIPE)
        if done.returncode != 0:
            raise RuntimeError("bench_load %s: %s" % (kind, done.stdout))
        return json.loads(done.stdout)

    def prepare(self):
        """People at both, with their names and ids in files."""
        self.load("onboard", PEOPLE, 1, "seat")
        with open(self.path("names"), "w", encoding="utf-8") as names, \
                open(self.path("ids"), "w", encoding="utf-8") as ids:
            for person in self.tenant.client().pages("/api/v1/persons"):
                names.write(person["userName"] + "\n")
                ids.write(person["id"] + "\n")
        if self.slapd:
            self.slapd.add(CONNECTIONS, PEOPLE)

    def door(self, name, kind):
        of = KINDS[kind]
        pids = self.server.pids()
        before = watch.use(pids)
        found = self.load(name + of.word, of.count, of.persons, of.argument,
                          of.connections)
        after = watch.use(pids)
        found["cpu_us"] = sum(
            after[p].cpu_s - before[p].cpu_s for p in after
        ) * 1e6 / of.count / of.persons
        return found

    def ldap(self, kind):
        of = KINDS[kind]
        if of.ldap == "add":
            return self.slapd.add(
                CONNECTIONS, int(of.count * of.persons * of.adds))
        return self.slapd.ask(
            of.ldap, CONNECTIONS,
            min(of.count, PEOPLE if of.ldap != "list" else of.count), 1)

    def turns(self, kind):
        turns = {"native": lambda: self.door("", kind),
                 "SCIM": lambda: self.door("scim-", kind)}
        if self.slapd:
            turns["slapd"] = lambda: self.ldap(kind)
        if kind in ONE_DOOR:
            del turns["native"]
        return turns


def show(kind, name, found):
    print("%-8s %-7s %8.0f/s  p50 %7.2f  p99 %7.2f ms%s" % (
        kind, name, found["rate"], found["p50_ms"], found["p99_ms"],
        "  CPU %6.0f us" % found["cpu_us"] if "cpu_us" in found else ""),
          flush=True)


def words(ratios):
    return "%.2f (%s)" % (statistics.median(ratios),
                          " ".join("%.2f" % r for r in ratios))


def measure(bench, kind, rounds):
    found = collections.defaultdict(list)
    turns = bench.turns(kind)
    order = list(turns)
    for n in range(rounds):
        for name in order[n % len(order):] + order[:n % len(order)]:
            found[name].append(turns[name]())
            show(kind, name, found[name][-1])
            time.sleep(PAUSE_S)
    native, scim = found["native"], found["SCIM"]
    lines = []
    if native:
        # The inverse of rates is the time of a request, as many at once have it.
        cost = [a["rate"] / b["rate"] for a, b in zip(native, scim)]
        lines = ["%s: a request of SCIM ÷ native %s, gate %.2f: %s" % (
            kind, words(cost), GATE,
            "met" if statistics.median(cost) <= GATE else "not met"),
                 "%s: CPU SCIM ÷ native %s" % (kind, words(
                     [b["cpu_us"] / a["cpu_us"]
                      for a, b in zip(native, scim)]))]
    if "slapd" in found:
        scale = KINDS[kind].persons if KINDS[kind].ldap == "add" else 1
        lines.append("%s: SCIM ÷ slapd %s" % (kind, words(
            [a["rate"] * scale / b["rate"]
             for a, b in zip(scim, found["slapd"])])))
    return lines


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    kinds = sys.argv[2:] or list(KINDS)
    subprocess.run(["ninja", "-C", BUILD, "bench/bench_load",
                    "bench/bench_slapd"], check=True,
                   stdout=subprocess.DEVNULL)
    lines = []
    with tempfile.TemporaryDirectory(prefix="usher-scim-") as folder, \
            Server(folder=folder,
                   args=["--open-ceiling", "100000000"]) as server:
        slapd = None
        if peers.find_slapd():
            slapd = peers.Slapd(os.path.join(BUILD, "bench", "bench_slapd"),
                                os.path.join(folder, "slapd"), free_port())
        try:
            bench = Bench(server, slapd, folder)
            bench.prepare()
            for kind in kinds:
                lines += measure(bench, kind, rounds)
        finally:
            if slapd:
                slapd.close()
    print("\n".join(lines))


if __name__ == "__main__":
    main()
