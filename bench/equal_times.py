#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""equal_times.py - whether the time of an answer says who exists (S-T34).

    bench/equal_times.py [ROUNDS] [--only GROUP] [--planted PERCENT]

Each round asks once of every kind, in an order of chance: signing in as
somebody with a wrong password, as nobody, as somebody without one, as somebody
who is blocked ...; and the same of the other routes that answer without a
credential.  A kind is compared with the first of its group by two figures, each
with an interval of 99.8 % from resampled rounds: how often it is slower than
the first within a round (ties halved; .5: the time tells nothing), and how much
its quickest tenth is slower (0: likewise), which other work on the machine
disturbs least.

Two kinds are controls.  "again" is as the first kind and must not differ;
"planted" is too, but PERCENT (5, the bound of S-T34) of the time are added where
it is measured, and that must be found.  The exit status is 1 if it is not, or if
the quickest tenth of a kind that differs does so by more than the bound.  On a
machine that is busy with something else the intervals are wide and the figures
say little: look at the load, and at the p95.  USHER_BUILD names the build.
"""
import argparse
import os
import random
import statistics
import sys
import time

BENCH = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(BENCH), "tests", "drive")]

from login import code_of
from usherlib import Client, Server

WARM = 20           # rounds that are not looked at
OF_A_NAME = 80      # tries; more than 100 would wait
CHEAP = 10          # times as many rounds of what takes no hashing
RESAMPLED = 2000
OUTSIDE = 2         # of them, at each side of the interval
QUICKEST = .1
BOUND = 5           # percent: S-T34
PASSWORD, WRONG = "seven grey ducks swim", "seven grey ducks swam"
CATALOGUE = """catalogue: 1
settings: { login.tries: 100, login.address_tries: 1000000,
  vault.open_per_minute: 100000000, vault.seal_per_minute: 100000000 }
"""


class Kind:
    """Requests that must be as quick as those of the group's first kind."""

    def __init__(self, name, path, bodies):
        self.name, self.path, self.bodies = name, path, bodies
        self.planted_s = 0
        self.times = []

    def ask(self, client, at):
        body = self.bodies[at % len(self.bodies)]
        begin = time.perf_counter()
        reply = client.request("POST", self.path, body)
        if self.planted_s:
            until = time.perf_counter() + self.planted_s
            while time.perf_counter() < until:
                pass        # a sleep is no shorter than a timer's slack
        self.times.append(time.perf_counter() - begin)
        if reply.status != 401:
            raise RuntimeError("%s: %s" % (self.name, reply))


class World:
    """People of each kind, enough of them that nobody has to wait."""

    def __init__(self, server, rounds):
        self.server = server
        self.tenant = server.tenant("acme")
        self.tenant.apply(CATALOGUE)
        self.api = self.tenant.client()
        self.n = (rounds + WARM) // OF_A_NAME + 1

    def done(self, reply):
        if reply.status not in (200, 201):
            raise RuntimeError(reply)
        return reply.json

    def person(self, name):
        return self.done(self.api.post(
            "/api/v1/onboardings",
            {"person": {"userName": name}, "activation": True},
            idempotency_key=name))

    def people(self, kind, *steps):
        """Names; each is somebody who went through the STEPS."""
        names = ["%s%03d" % (kind, i) for i in range(self.n)]
        for name in names:
            made = self.person(name) if steps else None
            for step in steps:
                step(made)
        return names

    # steps

    def somebody(self, made):
        """No step more."""

    def begins(self, made):
        opened = self.done(Client(self.server.address).post(
            "/api/v1/activate", {"token": made["activation"],
                                 "password": PASSWORD}))
        made["token"] = opened["access_token"]

    def enrols(self, made):
        client = Client(self.server.address, made["token"])
        secret = self.done(client.post("/api/v1/me/totp", {}))["secret"]
        self.done(client.post("/api/v1/me/totp/confirm",
                              {"totp": code_of(secret, -1)}))
        client.close()

    def is_blocked(self, made):
        self.done(self.api.request(
            "PUT", "/api/v1/persons/%s/blocks/manual" % made["person"],
            {"reason": "measured"}, {"If-Match": "*"}))

    # groups

    def logins(self):
        def kind(name, names, password=WRONG, tenant=None, **more):
            return Kind(name, "/api/v1/login", [
                {"tenant": tenant or self.tenant.name, "userName": user,
                 "password": password, **more} for user in names])

        begun = [self.somebody, self.begins]
        return [
            kind("wrong password", self.people("wrong", *begun)),
            kind("again", self.people("again", *begun)),
            kind("planted", self.people("plant", *begun)),
            kind("nobody", self.people("nobod")),
            kind("no such tenant", self.people("tenan"), tenant="none"),
            kind("no password yet", self.people("never", self.somebody)),
            kind("blocked", self.people("block", *begun, self.is_blocked)),
            kind("blocked, right", self.people(
                "right", *begun, self.is_blocked), PASSWORD),
            kind("has codes", self.people("codes", *begun, self.enrols)),
            kind("has codes, sent", self.people(
                "codis", *begun, self.enrols), totp="123456"),
            kind("nobody, code", self.people("nocod"), totp="123456"),
        ]

    def activations(self):
        def kind(name, people):
            return Kind(name, "/api/v1/activate", [
                {"token": "usher_act_%d_%s_%s" % (
                    self.tenant.number, person, "A" * 22),
                 "password": PASSWORD} for person in people])

        invited = [self.person("invite%d" % i)["person"] for i in range(4)]
        begun = [self.person("begun%d" % i) for i in range(4)]
        for made in begun:
            self.begins(made)
        nobody = [person[:-3] + "ZZZ" for person in invited]
        return [kind("open activation", invited), kind("again", invited),
                kind("planted", invited),
                kind("no activation", [made["person"] for made in begun]),
                kind("nobody", nobody)]

    def clients(self):
        def kind(name, client):
            return Kind(name, "/oauth/token", [
                "grant_type=client_credentials&client_id=%s&client_secret="
                "usher_secret_1_%s" % (client, "A" * 43)])

        made = self.done(self.api.post("/api/v1/clients", {
            "label": "measured", "rights": ["person.read"]}))["id"]
        return [kind("wrong secret", made), kind("again", made),
                kind("planted", made),
                kind("no such client", made[:-3] + "ZZZ")]


# A figure is made of the times of a kind and of the first, round by round.

def slower(kind, first):
    return statistics.fmean(
        (a > b) + (a == b) / 2 for a, b in zip(kind, first))


def quickest_ms(kind, first):
    at = int(len(kind) * QUICKEST)
    return (sorted(kind)[at] - sorted(first)[at]) * 1e3


def interval(figure, kind, first, dice):
    found = []
    for _ in range(RESAMPLED):
        rounds = dice.choices(range(len(kind)), k=len(kind))
        found.append(figure([kind[i] for i in rounds],
                            [first[i] for i in rounds]))
    found.sort()
    return found[OUTSIDE], found[-1 - OUTSIDE]


def measure(client, group, rounds, percent, dice):
    turn = list(group)
    for at in range(WARM + rounds):
        if at == WARM:
            plant(group, percent)
        dice.shuffle(turn)
        for kind in turn:
            kind.ask(client, at)


def plant(group, percent):
    took = statistics.median(group[0].times)
    for kind in group:
        kind.times = []
        if kind.name == "planted":
            kind.planted_s = took * percent / 100


def show(name, group, dice):
    """The table of a group; whether it is as it should be."""
    first, is_good = group[0], True
    tenth = sorted(first.times)[int(len(first.times) * QUICKEST)]
    print("\n%-16s %9s %9s %6s  %-20s  %s" % (
        name, "median ms", "p95 ms", "ratio", "slower",
        "quickest tenth slower, ms"))
    for kind in group:
        median = statistics.median(kind.times)
        line = "%-16s %9.3f %9.3f" % (
            kind.name, median * 1e3,
            statistics.quantiles(kind.times, n=20)[-1] * 1e3)
        if kind is first:
            print(line)
            continue
        times, differs = (kind.times, first.times), False
        line += " %6.3f" % (median / statistics.median(first.times))
        for figure, none, form in (
                (slower, .5, "  %.3f (%.3f ... %.3f)"),
                (quickest_ms, 0, "  %+.3f (%+.3f ... %+.3f)")):
            low, high = interval(figure, *times, dice)
            differs |= not low <= none <= high
            line += form % (figure(*times), low, high)
        share = abs(quickest_ms(*times)) / tenth / 10
        print(line + ("  differs" if differs else ""))
        if kind.name in ("again", "planted"):
            is_good &= differs == (kind.name == "planted")
        else:
            is_good &= not differs or share <= BOUND
    return is_good


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rounds", nargs="?", type=int, default=400)
    parser.add_argument("--only", choices=("login", "activate", "client"))
    parser.add_argument("--planted", type=float, default=BOUND,
                        metavar="PERCENT")
    options = parser.parse_args()
    dice = random.Random(1)
    with Server() as server:
        world = World(server, options.rounds)
        groups = [(name, make(), times * options.rounds)
                  for name, make, times in (
                      ("login", world.logins, 1),
                      ("activate", world.activations, CHEAP),
                      ("client", world.clients, CHEAP))
                  if options.only in (None, name)]
        client = Client(server.address)
        print("load before: %.2f %.2f %.2f" % os.getloadavg(), flush=True)
        for _, group, rounds in groups:
            measure(client, group, rounds, options.planted, dice)
        print("load after: %.2f %.2f %.2f" % os.getloadavg())
    good = [show(name, group, dice) for name, group, _ in groups]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
