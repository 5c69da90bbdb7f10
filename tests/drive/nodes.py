#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""nodes.py - several servers on one PostgreSQL database; TAP.

Four servers, each with a vault of its own that was laid from one recovery
archive, serve the same tenants and pools.  None talks to another.  What one of
them does the others know within a second; a token revoked on one is refused by
all; the same key sent to two at once has one effect and one answer; a server
that stood still for longer than its leases, or was killed, harms nobody.

    nodes.py [PART...]

The rig is shown that it finds what it looks for: builds of the server with a
planted bug (plant.py), one for each part that could overlook one.

USHER_TIER: quick two servers, short loads, no plants; else four and all.
"""
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

import checklib
import plant
import postgres
from usherlib import TIER, Server, Tap

QUICK = TIER == "quick"
NODES = 2 if QUICK else 4
CLIENTS = 4 if QUICK else 16        # of each server
LOAD_S = 4 if QUICK else 15
KILLS = 2 if QUICK else 6
LEASE_S = 12                        # act/node.c
REVOKED_S = 5                       # DESIGN.md 8
POLLED_S = 2                        # the poll's second, and a busy machine's
PLANT_S = 300
TWINS = int(os.environ.get("USHER_TWINS", 3 if QUICK else 10))
PASSPHRASE = "correct horse battery staple"
# Bugs that a part of the rig must find.
PLANTS = (("number-of-another", "numbers"), ("change-untold", "caches"),
          ("change-untold", "tokens"), ("keys-unshared", "tenants"),
          ("name-of-two", "tenants"),
          ("row-unlocked", "load"), ("number-kept", "stopped"),
          ("loss-unseen", "loss"))
GONE = (OSError, http.client.HTTPException)
REFUSED = (429, 503)
CATALOGUE = """
catalogue: 1
products:
  mail: {cap: 100}
  crm: {cap: 90}
pools:
  mail-all: {product: mail, quota: 300}
  crm-all: {product: crm, quota: 100000}
"""
MORE = CATALOGUE.replace("products:", "products:\n  wiki: {}") + "  %s\n"


# --- servers -----------------------------------------------------------------

class Node(Server):
    """One of several; its vault comes from the recovery archive ARCHIVE."""

    def __init__(self, url, archive=None, start=True, **more):
        super().__init__(start=False, env={"USHER_STORE": url}, **more)
        if archive is not None:
            self.usher("key", "recover", "--archive", archive,
                       "--passphrase-file", archive + ".pass", check=0)
        try:
            if start:
                self.start()
        except BaseException:
            self.close(keep=True)
            raise


class Nodes:
    def __init__(self, count):
        self.cluster, self.node = postgres.Cluster(), []
        try:
            self.open(count)
        except BaseException:
            self.close(True)
            raise

    def open(self, count):
        self.name = "shop"
        self.url = self.cluster.make(self.name)
        self.folder = tempfile.mkdtemp(prefix="usher-keys-")
        self.archive = os.path.join(self.folder, "keys")
        with open(os.open(self.archive + ".pass", os.O_WRONLY | os.O_CREAT,
                          0o600), "w", encoding="ascii") as file:
            file.write(PASSPHRASE + "\n")
        self.node.append(Node(self.url))
        self.tenant = self.node[0].tenant("acme")
        self.tenant.apply(CATALOGUE)
        self.node[0].usher("key", "export", "--out", self.archive,
                           "--passphrase-file", self.archive + ".pass",
                           check=0)
        while len(self.node) < count:
            self.node.append(Node(self.url, self.archive))

    def client(self, at, token=None):
        client = self.tenant.client(token)
        client.address = self.node[at].address
        return client

    def sql(self, text):
        return self.cluster.sql(text, database=self.name)

    def snapshot(self):
        """The data as they are now, beside them; no session may be open."""
        self.move("CREATE DATABASE %(name)s_old"
                  " TEMPLATE %(name)s OWNER usher")

    def roll_back(self):
        self.move("DROP DATABASE %(name)s",
                  "ALTER DATABASE %(name)s_old RENAME TO %(name)s")

    def move(self, *texts):
        self.cluster.sql("ALTER DATABASE %s ALLOW_CONNECTIONS false"
                         % self.name)
        self.cluster.sql("SELECT pg_terminate_backend(pid, 5000) FROM"
                         " pg_stat_activity WHERE datname = '%s'" % self.name)
        for text in texts:
            self.cluster.sql(text % {"name": self.name})
        self.cluster.sql("ALTER DATABASE %s ALLOW_CONNECTIONS true"
                         % self.name)

    def close(self, keep):
        for node in self.node:
            node.close(keep)
        self.cluster.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close(kind is not None)


def until(seconds, what):
    """Whether WHAT comes true in time; how long it took."""
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        if what():
            return True, time.monotonic() - begin
        time.sleep(.02)
    return False, seconds


def person(name):
    return {"userName": name, "externalId": name, "displayName": name}


def order(name, *products):
    return {"person": person(name), "products": list(products)}


# --- the load ----------------------------------------------------------------

class Load:
    """Every client of every server, on the same pools, until it is stopped."""

    count = 0

    def __init__(self, nodes, token=None):
        self.nodes, self.token = nodes, token
        Load.count += 1
        self.name = "l%d" % Load.count
        self.end, self.guard = threading.Event(), threading.Lock()
        self.heard, self.unknown, self.odd = {}, {}, []
        self.refused_at = {}        # server: when its first 401 came
        self.accepted_at = {}       # server: when its last 201 came
        self.threads = [
            threading.Thread(target=self.work, args=(at, number), daemon=True)
            for at in range(len(nodes.node)) for number in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.end.set()
        for thread in self.threads:
            thread.join()

    def work(self, at, number):
        api = self.nodes.client(at, self.token)
        count = 0
        while not self.end.is_set():
            name = "%s.n%d.c%d.%d" % (self.name, at, number, count)
            count += 1
            body = order(name, "crm", *(["mail"] if count % 3 == 0 else []))
            try:
                self.onboard(api, at, name, body)
            except GONE:
                with self.guard:
                    self.unknown[name] = body
                time.sleep(.1)
        api.close()

    def onboard(self, api, at, name, body):
        with self.guard:
            self.unknown[name] = body
        reply = api.post("/api/v1/onboardings", body, idempotency_key=name)
        now = time.monotonic()
        with self.guard:
            if reply.status == 201:
                self.heard[name] = reply.json
                self.unknown.pop(name)
                self.accepted_at[at] = now
            elif reply.status == 401:
                self.unknown.pop(name)
                self.refused_at.setdefault(at, now)
            elif reply.status not in REFUSED:
                self.odd.append("%s: %s" % (name, reply))
        if reply.status != 201:
            time.sleep(.02)


def lost(load, api):
    """What was acknowledged and is not there, or is there twice."""
    faults, seen = list(load.odd), {}
    for row in api.pages("/api/v1/persons"):
        ref = row.get("externalId")
        if ref in seen:
            faults.append("%s is there twice" % ref)
        seen[ref] = row["id"]
    for name, answer in load.heard.items():
        if seen.get(name) != answer["person"]:
            faults.append("acknowledged, then lost: %s" % name)
    return faults


def deadlocks(nodes):
    return int(nodes.sql("SELECT deadlocks FROM pg_stat_database"
                         " WHERE datname = 'shop'"))


# --- the tests ---------------------------------------------------------------

def test_numbers(tap, nodes):
    rows = nodes.sql("SELECT name - 1000, count(DISTINCT holder) FROM lease"
                     " WHERE name >= 1000 GROUP BY name ORDER BY name")
    tap.equal([row.split("|")[0] for row in rows.splitlines()],
              [str(i) for i in range(NODES)], "each server has its number")
    extra = []
    starts = [threading.Thread(target=lambda: extra.append(
        Node(nodes.url, nodes.archive))) for _ in range(4)]
    for thread in starts:
        thread.start()
    for thread in starts:
        thread.join()
    numbers = [node.log_events("node")[-1]["number"] for node in extra]
    numbers += [node.log_events("node")[-1]["number"] for node in nodes.node]
    tap.ok(len(numbers) == len(set(numbers)) == NODES + 4,
           "servers that start at once have different numbers", numbers)
    for node in extra:
        node.close()


def test_joining(tap, nodes):
    """Who has not the passphrase lays no vault."""
    wrong = nodes.archive + ".wrong"
    with open(os.open(wrong, os.O_WRONLY | os.O_CREAT, 0o600), "w",
              encoding="ascii") as file:
        file.write(PASSPHRASE + "s\n")
    extra = Node(nodes.url, start=False)
    refused = extra.usher("key", "recover", "--archive", nodes.archive,
                          "--passphrase-file", wrong)
    tap.ok(refused.returncode != 0 and "passphrase" in refused.stderr,
           "a wrong passphrase is called so", (
               refused.returncode, refused.stderr))
    extra.usher("key", "recover", "--archive", nodes.archive,
                "--passphrase-file", nodes.archive + ".pass", check=0)
    extra.start()
    tap.ok(number_of(extra) >= NODES, "with the right one it joins after that")
    extra.close()


def test_caches(tap, nodes):
    api = [nodes.client(at) for at in range(NODES)]
    last = NODES - 1
    nodes.tenant.apply(MORE % "wiki-a: {product: wiki, quota: 5}")
    reply = api[last].post("/api/v1/onboardings", order("cached", "wiki"),
                           idempotency_key="cached")
    tap.ok(reply.status == 201
           and reply.json["seats"][0]["outcome"] == "assigned",
           "who decides right after a catalogue was applied elsewhere does so "
           "by it", reply)
    nodes.tenant.apply(MORE % (
        "wiki-a: {product: wiki, quota: 5}\n"
        "  wiki-b: {product: wiki, quota: 5}"))
    said, took = until(POLLED_S, lambda: "wiki-b" in api[last].get(
        "/api/v1/pools").body.decode())
    tap.ok(said, "the others show it within a second", took)
    made = api[0].post("/api/v1/persons", {
        **person("worded"), "department": "Vertrieb Nord"})
    path = "/api/v1/persons/%s" % made.json["id"]
    said, took = until(POLLED_S, lambda: (api[last].get(path).json or {}).get(
        "department") == "Vertrieb Nord")
    tap.ok(said, "a word that is new is known to the others", (
        took, made, api[last].get(path)))
    events = [e["seq"] for e in checklib.events(api[last])]
    mine = [e["seq"] for e in checklib.events(api[0])]
    tap.equal(events, mine, "the feed of events is the same everywhere")
    for client in api:
        client.close()


def test_tenants(tap, nodes):
    """Made on one server, with keys that its vault made."""
    made = nodes.node[0].tenant("blue")
    made.apply(CATALOGUE)
    api = nodes.client(NODES - 1, made.token)
    said, took = until(POLLED_S + 1, lambda: api.get(
        "/api/v1/pools").status == 200)
    tap.ok(said, "a tenant that is new is there on all servers", took)
    reply = api.post("/api/v1/onboardings", order("azul", "crm"),
                     idempotency_key="azul")
    tap.ok(reply.status == 201, "and served by all, with the same keys", reply)
    mine = made.client()
    seen = mine.get("/api/v1/persons/%s" % reply.json["person"])
    tap.equal((seen.json or {}).get("userName"), "azul",
              "what one sealed another opens")
    names, replies = ["t%d" % i for i in range(6)], {}

    def make(at, name, place=None):
        operator, place = nodes.node[at].operator(), place or name
        reply = operator.post("/operator/v1/tenants", {"name": name})
        # At once: before it is known here what another made.
        while reply.status == 409 and reply.code == "busy":
            reply = operator.post("/operator/v1/tenants", {"name": name})
        replies[place] = reply

    threads = [threading.Thread(target=make, args=(i % NODES, name))
               for i, name in enumerate(names)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    time.sleep(POLLED_S)
    tap.equal({r.status for r in replies.values()}, {201},
              "tenants that are made at once on several have different "
              "numbers")
    for number in range(TWINS):
        twin, started = "twin%d" % number, [
            threading.Thread(target=make, args=(at, "twin%d" % number,
                                                "twin%d.%d" % (number, at)))
            for at in range(NODES)]
        for thread in started:
            thread.start()
        for thread in started:
            thread.join()
        replies[twin] = sorted(
            replies.pop("%s.%d" % (twin, at)).status for at in range(NODES))
    twins = [replies[name] for name in replies if name.startswith("twin")]
    tap.equal([statuses for statuses in twins
               if statuses != [201] + [409] * (NODES - 1)], [],
              "one name that all are asked for at once is one tenant's")
    ok = []
    for at in range(NODES):
        for name in names:
            token = nodes.node[at].login(name).token
            client = nodes.client((at + 1) % NODES, token)
            ok.append(until(POLLED_S, lambda c=client, a=at: c.post(
                "/api/v1/persons", person("p%d" % a)).status == 201)[0])
            client.close()
    tap.ok(all(ok), "and keys that every vault has", ok)
    faults = checklib.check_all(mine, 2 * LEASE_S)
    tap.ok(not faults, "their logs are whole", "\n".join(faults[:5]))
    # Deleted on one, it is gone from all.
    operator = nodes.node[NODES - 1].usher("tenant", "suspend", "blue",
                                           "--reason", "test")
    gone = nodes.node[NODES - 1].usher("tenant", "delete", "blue",
                                       "--confirm", "blue", "--reason", "test")
    said, took = until(LEASE_S, lambda: all(
        nodes.client(at, made.token).get("/api/v1/pools").status == 401
        for at in range(NODES)))
    tap.ok(said and gone.returncode == 0, "deleted on one, it is gone from "
           "all", (operator.stderr, gone.stderr, took))
    api.close()
    mine.close()


def test_tokens(tap, nodes):
    operator = nodes.node[0].operator()
    made = operator.post("/operator/v1/tenants/acme/token", {"label": "x"})
    token = made.json["token"]
    load = None
    said = [until(POLLED_S, lambda: nodes.client(at, token).get(
        "/api/v1/pools").status == 200)[0] for at in range(NODES)]
    tap.ok(all(said), "a token made on one server is taken by all", said)
    load = Load(nodes, token)
    time.sleep(LOAD_S / 3)
    boss = nodes.client(NODES - 1)
    rows = [row for row in boss.get("/api/v1/tokens").json["items"]
            if row["label"] == "x" and row.get("revoked") is None]
    gone = boss.delete("/api/v1/tokens/%s" % rows[-1]["id"])
    begin = time.monotonic()
    until(REVOKED_S + 2, lambda: len(load.refused_at) == NODES)
    time.sleep(.5)
    load.stop()
    late = [load.accepted_at.get(at, 0) - begin for at in range(NODES)]
    tap.ok(gone.status in (200, 204) and max(late) < REVOKED_S
           and len(load.refused_at) == NODES,
           "revoked on one under load, it is refused by all within %d s"
           % REVOKED_S, (gone, late, load.refused_at))
    tap.note("the last one was accepted %.2f s after" % max(late))
    tap.ok(not load.odd, "and nothing else went wrong",
           "\n".join(load.odd[:5]))
    boss.close()


def test_same_key(tap, nodes):
    answers, guard = {}, threading.Barrier(2)

    def ask(at, name):
        api = nodes.client(at)
        guard.wait()
        reply = api.post("/api/v1/onboardings", order(name, "crm"),
                         idempotency_key=name)
        answers[at, name] = reply
        api.close()

    count = 10 if QUICK else 40
    for number in range(count):
        pair = [threading.Thread(target=ask, args=(at, "same%d" % number))
                for at in (0, NODES - 1)]
        for thread in pair:
            thread.start()
        for thread in pair:
            thread.join()
    same = [name for name in {name for _at, name in answers}
            if answers[0, name].status == answers[NODES - 1, name].status
            == 201 and answers[0, name].json["person"]
            == answers[NODES - 1, name].json["person"]]
    tap.equal(len(same), count, "the same key to two at once: one effect, "
              "one answer")


# What must hold whoever wrote it; each counts where it does not.
INVARIANTS = {
    "a pool counts its seats":
        "SELECT count(*) FROM pool p WHERE held + assigned <> (SELECT count(*)"
        " FROM seat s WHERE s.tenant = p.tenant AND s.pool = p.id)",
    "no pool gives more than it has":
        "SELECT count(*) FROM pool WHERE held + assigned > quota",
    "a tenant counts its persons":
        "SELECT count(*) FROM tenant t WHERE state < 3 AND persons <> (SELECT count(*)"
        " FROM person p WHERE p.tenant = t.tenant)",
    "a log has all its entries":
        "SELECT count(*) FROM tenant t WHERE state < 3 AND log_origin = 0"
        " AND log_size <> (SELECT count(*) FROM log l WHERE l.tenant = t.tenant)",
    "no id is larger than the latest of its tenant":
        "SELECT count(*) FROM person p JOIN tenant t USING (tenant)"
        " WHERE p.id > t.last_id",
}


def broken(nodes):
    return ["%s: not %s times" % (name, count) for name, text in
            INVARIANTS.items() for count in [nodes.sql(text)] if count != "0"]


def test_load(tap, nodes):
    before = deadlocks(nodes)
    load = Load(nodes)
    time.sleep(LOAD_S)
    load.stop()
    api = nodes.client(0)
    faults = lost(load, api) + checklib.check_all(api)
    tap.ok(not faults, "%d servers with %d clients each on the same pools: "
           "seats, log and persons are whole" % (NODES, CLIENTS),
           "\n".join(faults[:20]))
    tap.note("%d onboardings in %d s" % (len(load.heard), LOAD_S))
    faults = broken(nodes)
    tap.ok(not faults, "the rows fit together", "\n".join(faults))
    verified = nodes.tenant.usher("seat", "verify")
    tap.equal(verified.returncode, 0, "and so says usher seat verify")
    tap.ok(all(load.accepted_at.get(at) for at in range(NODES)),
           "each of them got through", load.accepted_at)
    tap.equal(deadlocks(nodes) - before, 0, "no deadlock")
    api.close()


def test_stopped(tap, nodes):
    """Stands still for longer than every lease, in the middle of the load."""
    load = Load(nodes)
    time.sleep(1)
    until(2 * LEASE_S, lambda: clock_of(nodes) is not None)
    holder = clock_of(nodes)
    front = nodes.node[holder].pids()["front"]
    os.kill(front, signal.SIGSTOP)
    number = number_of(nodes.node[holder])
    moved, took = until(LEASE_S * 3, lambda: clock_of(nodes) not in (
        holder, None))
    tap.ok(moved, "another does the clock's work and signs", took)
    until(LEASE_S, lambda: nodes.sql(
        "SELECT until_ms < extract(epoch FROM clock_timestamp()) * 1000"
        " FROM lease WHERE name = 1000 + %d" % number) == "t")
    extra = [Node(nodes.url, nodes.archive)]
    while number_of(extra[-1]) != number and len(extra) < 2 * NODES:
        extra.append(Node(nodes.url, nodes.archive))
    tap.equal(number_of(extra[-1]), number,
              "a new server takes the number of one that stands still")
    os.kill(front, signal.SIGCONT)
    ended, took = until(LEASE_S, lambda: nodes.node[holder].pids().get(
        "front") not in (front, None))
    tap.ok(ended, "who goes on and finds its number lost ends, and is started "
           "again", took)
    for node in extra:
        node.close()
    nodes.node[holder].wait_ready()
    load.stop()
    check_after(tap, nodes, load, "nothing of what it was at had an effect "
                "twice")


def number_of(node):
    return node.log_events("node")[-1]["number"]


def clock_of(nodes):
    """Which server does the clock's work."""
    row = nodes.sql("SELECT n.name - 1000 FROM lease c JOIN lease n"
                    " USING (holder) WHERE c.name = 1 AND n.name >= 1000"
                    " ORDER BY n.until_ms DESC LIMIT 1")
    for at, node in enumerate(nodes.node):
        events = node.log_events("node")
        if row and events and events[-1]["number"] == int(row):
            return at
    return None


def check_after(tap, nodes, load, what):
    api = nodes.client(0)
    for name, body in load.unknown.items():
        reply = api.post("/api/v1/onboardings", body, idempotency_key=name)
        if reply.status not in (200, 201):
            load.odd.append("%s again: %s" % (name, reply))
        else:
            load.heard[name] = reply.json
    # Who signed may be among the killed: another does after the lease.
    faults = lost(load, api) + checklib.check_all(api, 2 * LEASE_S)
    tap.ok(not faults, what, "\n".join(faults[:20]))
    api.close()


def test_kills(tap, nodes, dice):
    load = Load(nodes)
    for _ in range(KILLS):
        time.sleep(dice.uniform(.2, LOAD_S / KILLS))
        node = dice.choice(nodes.node)
        which = dice.choice(("parent", "front", "vault"))
        node.kill(which)
        if which == "parent":
            node.start(wait=False)
    for node in nodes.node:
        node.wait_ready()
    load.stop()
    check_after(tap, nodes, load, "servers are killed at random: nothing "
                "acknowledged is lost, nothing is done twice")


def test_schema(tap, nodes):
    """During an upgrade a newer server has migrated the database."""
    version = schema(nodes)
    nodes.sql("UPDATE usher_schema SET version = %d WHERE kind = 0"
              % (version + 1))
    extra = Node(nodes.url, nodes.archive, start=False)
    extra.start(wait=False)
    tap.equal(extra.process.wait(30), 5,
              "an older server does not start on a newer schema")
    api = nodes.client(0)
    reply = api.post("/api/v1/persons", person("upgraded"))
    tap.ok(reply.status == 201, "those that run go on beside the new ones",
           reply)
    nodes.sql("UPDATE usher_schema SET version = %d WHERE kind = 0" % version)
    extra.close()
    api.close()


def schema(nodes):
    return int(nodes.sql("SELECT version FROM usher_schema WHERE kind = 0"))


def test_upgrade(tap, nodes):
    """The version after this one comes, one server after the other."""
    build, before = plant.build("next-version"), schema(nodes)
    for node in nodes.node:
        if node.process is None:
            node.start()
    old, load = nodes.node[0], Load(nodes)
    time.sleep(1)
    newer = Node(nodes.url, nodes.archive, build=build)
    nodes.node.append(newer)
    tap.equal(schema(nodes), before + 1,
              "a newer program migrates the database of those that run")
    both = Load(nodes)
    time.sleep(LOAD_S)
    load.stop()
    both.stop()
    tap.ok(all(both.accepted_at.get(at) for at in range(len(nodes.node))),
           "old and new serve the same pools side by side", both.accepted_at)
    check_after(tap, nodes, load, "nothing is lost as the new one comes")
    check_after(tap, nodes, both, "nor while both are there")
    faults = broken(nodes)
    tap.ok(not faults, "and the rows fit together", "\n".join(faults))
    old.stop()
    old.start(wait=False)
    tap.equal(old.process.wait(30), 5,
              "the old program does not start again")
    old.process = None
    old.program = newer.program
    old.start()
    api = nodes.client(0)
    made(api, "of-next")
    tap.ok(True, "in its place the new one does, with the same vault")
    api.close()


def test_loss(tap, nodes):
    """An older database takes the place of the one that servers use."""
    node, api = nodes.node[0], nodes.client(0)
    api.post("/api/v1/persons", person("kept"))
    for one in nodes.node[1:]:
        one.stop()
    # A log that only this server signs: of others' it knows no origin.
    other = node.tenant("half")
    other.apply(CATALOGUE)
    checklib.check_log(other.client(), 2 * LEASE_S)
    nodes.snapshot()
    made(other.client(), "lost")
    for number in range(5):
        made(api, "lost%d" % number)
    last = list(checklib.events(api))[-1]["seq"] & checklib.ORIGIN_MASK
    nodes.roll_back()
    said, took = until(LEASE_S, lambda: node.log_events(
        "acknowledged_data_missing"))
    tap.ok(said, "a server notices that what it acknowledged is missing", took)
    alarm = (node.log_events("acknowledged_data_missing") or [{}])[-1]
    tap.equal((alarm.get("from"), alarm.get("to")), (last - 4, last),
              "and says which entries")
    until(LEASE_S, lambda: answers(api, "/api/v1/pools"))
    reply = api.post("/api/v1/persons", person("after"))
    tap.ok(reply.status == 503 and reply.code == "rolled_back",
           "it changes nothing any more", reply)
    tap.ok(api.get("/api/v1/persons").status == 200, "and still shows what is "
           "there")
    ready = api.get("/readyz")
    doctor = node.usher("doctor")
    watch = nodes.client(0)
    watch.address = node.management
    metrics = watch.get("/metrics").body.decode()
    tap.ok(ready.status == 503 and doctor.returncode != 0
           and "%d" % last in doctor.stdout
           and "usher_log_lost_entries 5" in metrics,
           "readiness, the doctor and the metrics tell", (
               ready, doctor.stdout, [line for line in metrics.splitlines()
                                      if "lost" in line]))
    accept_half(tap, nodes, api, other)
    accepted = node.usher("loss", "accept")
    tap.ok(accepted.returncode == 0, "an operator accepts the loss",
           accepted.stdout + accepted.stderr)
    replies = [client.post("/api/v1/persons", person("after"))
               for client in (api, other.client())]
    tap.equal([r.status for r in replies], [201, 201], "then it goes on")
    again = node.usher("loss", "accept")
    tap.equal(again.returncode, 5, "which is not asked for twice")
    faults = checklib.check_log(api, 2 * LEASE_S)[0]
    tap.ok(not faults, "in a new origin of the log, which is signed",
           "\n".join(faults[:5]))
    # The others' vaults signed, or know of nothing: they follow.
    for one in nodes.node[1:]:
        one.start()
    node.stop()
    api = nodes.client(1)
    made(api, "followed")
    faults = checklib.check_log(api, 2 * LEASE_S)[0]
    tap.ok(not faults, "another server signs on where that one stopped",
           "\n".join(faults[:5]))
    api.close()
    watch.close()


def accept_half(tap, nodes, api, other):
    """A loss whose acceptance fails half way: the database refuses it for OTHER."""
    node = nodes.node[0]
    number = nodes.sql("SELECT max(tenant) FROM tenant")
    nodes.sql(
        "CREATE FUNCTION half() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'half' USING ERRCODE = '53000'; END $$;"
        " CREATE TRIGGER half BEFORE UPDATE ON tenant FOR EACH ROW WHEN"
        " (new.tenant = %s AND new.log_origin > old.log_origin)"
        " EXECUTE FUNCTION half()" % number)
    half = node.usher("loss", "accept")
    nodes.sql("DROP TRIGGER half ON tenant; DROP FUNCTION half")
    replies = [client.post("/api/v1/persons", person("half"))
               for client in (api, other.client())]
    doctor = node.usher("doctor")
    tap.ok(half.returncode != 0 and doctor.returncode != 0
           and [r.code for r in replies] == ["rolled_back"] * 2,
           "what an acceptance that failed half way did not reach stays lost",
           (half, replies, doctor.stdout))


def made(api, name):
    """Made, when the database is back."""
    if not until(LEASE_S, lambda: api.post(
            "/api/v1/persons", person(name)).status == 201)[0]:
        raise RuntimeError("%s is not made" % name)


def answers(api, path):
    try:
        return api.get(path).status == 200
    except GONE:
        return False


def hunt(tap, bug, part):
    """PART of this rig against a build with a bug in it."""
    name = "planted: %s finds %s" % (part, bug)
    try:
        build = plant.build(bug)
    except (plant.Gone, subprocess.CalledProcessError) as error:
        tap.ok(False, name, getattr(error, "output", None) or str(error))
        return
    done = subprocess.run(
        [sys.executable, __file__, part], check=False, timeout=PLANT_S,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, "USHER_BUILD": build, "USHER_TIER": "quick",
             "USHER_TWINS": "20"})
    lines = done.stdout.splitlines()
    found = [line for line in lines if line.startswith("not ok")]
    tap.ok(done.returncode != 0, name, done.stdout[-2000:])
    tap.note((found + lines[-1:])[0] if lines else "it said nothing")


def main():
    tap, dice = Tap(), random.Random(os.environ.get("USHER_SEED", "1"))
    words = sys.argv[1:]
    tests = {
        "numbers": test_numbers, "joining": test_joining, "caches": test_caches,
        "tenants": test_tenants, "tokens": test_tokens,
        "same": test_same_key, "load": test_load,
        "kills": lambda t, n: test_kills(t, n, dice),
        "stopped": test_stopped, "schema": test_schema, "loss": test_loss,
    }
    if not QUICK:
        tests["upgrade"] = test_upgrade
    chosen = [name for name in tests if not words or name in words]
    if chosen:
        with Nodes(NODES) as nodes:
            for name in chosen:
                tests[name](tap, nodes)
    for bug, part in PLANTS:
        if "planted" in words or not (words or QUICK):
            hunt(tap, bug, part)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
