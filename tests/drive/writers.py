#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""writers.py - many clients over the same pools, on several writers; TAP.

16 connections onboard people for seats of the same few pools while others
release seats, so that those who wait are served: all in one tenant, in two
whose writers are two, and in two whose writer is one.  PostgreSQL reports no
deadlock, nobody is told that somebody was in the way, and seats and log are
whole.  That a deadlock would be seen is seen first.

USHER_TIER: quick 200, normal 2,000, full 20,000 people a part.
"""
import http.client
import json
import os
import subprocess
import sys
import threading
import time

import checklib
import postgres
import usherlib
from usherlib import TIER, Server, Tap

PEOPLE = {"quick": 200, "normal": 2000, "full": 20000}[TIER]
THREADS = 16
WRITERS = 4
CATALOGUE = json.dumps({
    "catalogue": 1,
    "sites": {"ber": {"country": "DE", "zone": "Europe/Berlin"}},
    "products": {"mail": {}, "cad": {}, "erp": {}},
    "pools": {
        "mail-ber": {"product": "mail", "site": "ber", "quota": PEOPLE // 8},
        "mail-all": {"product": "mail", "quota": PEOPLE // 8},
        "cad-all": {"product": "cad", "quota": PEOPLE // 4},
        "erp-ber": {"product": "erp", "site": "ber", "quota": 5}},
    "settings": {"vault.open_per_minute": 100000000,
                 "vault.seal_per_minute": 100000000}})
# Each in another order: who would lock them as they come would be caught.
PRODUCTS = [["mail", "cad", "erp"], ["erp", "cad", "mail"],
            ["cad", "erp", "mail"], ["mail", "erp", "cad"]]


def deadlocks(cluster):
    # A session tells what it counted a second after it did, or when it ends.
    time.sleep(1.5)
    return int(cluster.sql("SELECT sum(deadlocks) FROM pg_stat_database"))


def cross(cluster, first, second):
    """A session that locks FIRST, then SECOND."""
    return subprocess.Popen(
        [*cluster.user, os.path.join(postgres.BIN, "psql"), "-X", "-q",
         "-h", cluster.folder, "-p", str(cluster.port), "-U", postgres.OWNER,
         "crossed", "-c",
         "BEGIN; UPDATE two SET n = n + 1 WHERE id = %d; "
         "SELECT pg_sleep(1); UPDATE two SET n = n + 1 WHERE id = %d; COMMIT"
         % (first, second)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")


def control(tap, cluster):
    cluster.sql("CREATE DATABASE crossed")
    cluster.sql("CREATE TABLE two (id INT, n INT)", "crossed")
    cluster.sql("INSERT INTO two VALUES (1, 0), (2, 0)", "crossed")
    pair = [cross(cluster, 1, 2), cross(cluster, 2, 1)]
    for one in pair:
        one.wait(30)
    found = deadlocks(cluster)
    tap.ok(found == 1, "control: a deadlock is seen", found)
    return found


class Crowd:
    def __init__(self, tenants, part):
        self.odd, self.made, self.released = [], 0, 0
        self.lock = threading.Lock()
        self.threads = [
            threading.Thread(target=self.work, args=(
                tenants[i % len(tenants)], "%s-%d" % (part, i), i))
            for i in range(THREADS)]

    def run(self):
        begin = time.monotonic()
        for thread in self.threads:
            thread.start()
        for thread in self.threads:
            thread.join()
        return time.monotonic() - begin

    def work(self, tenant, name, number):
        api, mine = tenant.client(), []
        try:
            for i in range(PEOPLE // THREADS):
                self.onboard(api, "%s-%d" % (name, i), number + i, mine)
                if i % 5 == 4:
                    self.release(api, mine.pop(0))
        except (OSError, http.client.HTTPException) as error:
            self.note("%s: %r" % (name, error))

    def onboard(self, api, name, turn, mine):
        reply = api.post("/api/v1/onboardings", {
            "person": {"userName": name, "externalId": name, "site": "ber"},
            "products": PRODUCTS[turn % len(PRODUCTS)],
            "priority": turn % 10}, idempotency_key=name)
        if reply.status != 201:
            self.note("%s: %s" % (name, reply))
            return
        with self.lock:
            self.made += 1
        mine.append(reply.json["person"])

    def release(self, api, person):
        for product in PRODUCTS[0]:
            reply = api.delete("/api/v1/persons/%s/seats/%s"
                               % (person, product))
            if reply.status not in (200, 404):
                self.note("release: %s" % reply)
            with self.lock:
                self.released += reply.status == 200

    def note(self, text):
        with self.lock:
            self.odd.append(text)


def part(tap, cluster, name, tenants, before):
    crowd = Crowd(tenants, name.replace(" ", "-"))
    seconds = crowd.run()
    tap.note("%s: %d onboardings in %.1f s, %d seats released" % (
        name, crowd.made, seconds, crowd.released))
    tap.ok(not crowd.odd, name + ": nobody was told anything else",
           "\n".join(crowd.odd[:10]))
    tap.ok(crowd.made and crowd.released, name + ": there was work")
    tap.equal(deadlocks(cluster), before, name + ": no deadlock")
    for tenant in tenants:
        faults = checklib.verify_faults(tenant.client())
        tap.ok(not faults, "%s: seats and log of %s are whole" % (
            name, tenant.name), "\n".join(faults[:10]))


def channels(writers):
    """To the vault: each writer's sealer has its own."""
    with Server(args=["--writers=%d" % writers]) as server:
        return server.log_events("vault_started")[0]["channels"]


def main():
    tap = Tap()
    usherlib.STORE = "postgresql"
    cluster = usherlib.cluster()
    seen = control(tap, cluster)
    tap.equal(channels(8) - channels(2), 6, "as many writers as are asked for")
    with Server(args=["--writers=%d" % WRITERS]) as server:
        tenants = [server.tenant("t%d" % i) for i in range(WRITERS + 1)]
        for tenant in tenants:
            tenant.apply(CATALOGUE)
        first, second, again = tenants[0], tenants[1], tenants[WRITERS]
        tap.equal(again.number, first.number + WRITERS, "two share a writer")
        part(tap, cluster, "one tenant", [first], seen)
        part(tap, cluster, "two writers", [first, second], seen)
        part(tap, cluster, "one writer", [first, again], seen)
        tap.equal(server.stop(), 0, "the server ends in order")
        told = [row["event"] for row in server.log_events()
                if row.get("level") == "error"]
        tap.ok(not told, "nothing was logged as an error", told)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
