#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scim_resume.py - a SCIM client gets everybody across, however often the
server is killed; TAP.

Clients bring people in Bulk, with managers who are made in the same request,
and singly; the parent, the front or the vault is killed (-9) at random moments
and comes back.  A client repeats what had no answer, as it was sent; whom it
is told to be there (409) it looks up.  At the end everybody is there exactly
once, with the id that was acknowledged, their manager, and exactly one seat.

Before that, what else may end or come in the middle of a Bulk: errors, other
clients, the client, the server.

The rig is first shown what it must find: planted histories, and a build of the
server in which nothing is anybody's alone (plant.py).

USHER_TIER: quick and normal 3,000 people, full 100,000.  USHER_SEED repeats the
choices of a run (not the moments).
"""
import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time

import checklib
import plant
from usherlib import BUILD, TIER, Client, Raw, Server, Tap

PEOPLE = int(os.environ.get("USHER_PEOPLE", {
    "quick": 3000, "normal": 3000, "full": 100000}[TIER]))
HUNTED = 600        # people for a planted bug
HUNTS = 25
CLIENTS = 4
CHUNK = (1, 400)    # people of one client's next errand; one goes singly
KILLS = ("parent", "parent", "front", "vault")
PAUSE_S = (.01, .2) # from a restart to the next kill, at first
CALM = 30           # so many kills later twice as long, and so on
REFUSED = ("429", "503", "507")     # not done, or of unknown outcome
TRIES = 200         # of one errand

GONE = (OSError, http.client.HTTPException)

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MESSAGES = "urn:ietf:params:scim:api:messages:2.0:"


def catalogue(people):
    return json.dumps({
        "catalogue": 1, "products": {"mail": {"cap": 100}},
        "pools": {"mail-all": {"product": "mail", "quota": people}}})


def ref_of(number):
    return "r%d" % number


class History:
    """What was heard: {ref: id} acknowledged, and {ref: ref of the manager}."""

    def __init__(self):
        self.lock = threading.Lock()
        self.ids, self.boss = {}, {}
        self.bulks = self.singles = self.cut = self.found = 0

    def hear(self, ref, number):
        with self.lock:
            self.ids[ref] = number

    def count(self, what):
        with self.lock:
            setattr(self, what, getattr(self, what) + 1)


# --- a client ----------------------------------------------------------------

class Errand:
    """A chunk of people who are to be there before the next one is begun."""

    def __init__(self, server, api, history, refs):
        self.server, self.api, self.history = server, api, history
        self.refs, self.faults = refs, []

    def run(self):
        for _ in range(TRIES):
            left = [ref for ref in self.refs if ref not in self.history.ids]
            if not left or self.faults:
                return
            try:
                if len(self.refs) == 1:
                    self.single(left[0])
                else:
                    self.bulk(left)
            except GONE:
                self.history.count("cut")
                self.api.close()
                time.sleep(.02)
        self.faults.append("%s is not there after %d tries" % (
            left[0], TRIES))

    def user(self, ref):
        """The manager by id if it is known, else by what the request calls it."""
        boss = self.history.boss.get(ref)
        user = {"schemas": [CORE], "userName": "u." + ref, "externalId": ref,
                "displayName": "Person " + ref, "entitlements": ["mail"]}
        if boss is not None:
            user["schemas"].append(ENTERPRISE)
            user[ENTERPRISE] = {"manager": {
                "value": self.history.ids.get(boss, "bulkId:" + boss)}}
        return user

    def single(self, ref):
        self.history.count("singles")
        reply = self.api.post("/scim/v2/Users", self.user(ref))
        self.told(ref, str(reply.status), reply.json,
                  lambda: reply.json["id"])

    def bulk(self, left):
        self.history.count("bulks")
        reply = self.api.post("/scim/v2/Bulk", {
            "schemas": [MESSAGES + "BulkRequest"], "Operations": [
                {"method": "POST", "path": "/Users", "bulkId": ref,
                 "data": self.user(ref)} for ref in left]})
        if reply.status != 200:
            self.told(left[0], str(reply.status), reply.json, None)
            return
        told = {row["bulkId"]: row for row in reply.json["Operations"]}
        if list(told) != left:
            self.faults.append("a Bulk of %d tells of %d operations" % (
                len(left), len(told)))
            return
        for ref, row in told.items():
            self.told(ref, row["status"], row.get("response"),
                      lambda at=row: at["location"].rsplit("/", 1)[1])

    def told(self, ref, status, body, id_of):
        if status == "201":
            self.history.hear(ref, id_of())
        elif status == "409" and body.get("scimType") == "uniqueness":
            self.look_up(ref)
        elif status == "409" and ref in self.history.boss:
            pass        # the manager was there, and is named by id next time
        elif status not in REFUSED:
            self.faults.append("%s: %s %s" % (ref, status, body))

    def look_up(self, ref):
        """Who is there was made by a request of ours that had no answer."""
        reply = self.api.post("/scim/v2/Users/.search", {
            "schemas": [MESSAGES + "SearchRequest"], "attributes": ["id"],
            "filter": 'externalId eq "%s"' % ref})
        if reply.status != 200:
            return      # asked again with the next try
        rows = reply.json["Resources"]
        if len(rows) != 1:
            self.faults.append("doubled: %d persons are %s" % (len(rows), ref))
            return
        self.history.count("found")
        self.history.hear(ref, rows[0]["id"])


class Load:
    """Clients that share out the people until all of them are there."""

    def __init__(self, server, tenant, history, people, dice):
        self.server, self.tenant, self.history = server, tenant, history
        self.lock, self.faults = threading.Lock(), []
        self.errands = self.share_out(people, dice)
        self.threads = [threading.Thread(target=self.work, daemon=True)
                        for _ in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def share_out(self, people, dice):
        errands, at = [], 0
        while at < people:
            size = 1 if dice.random() < .5 else dice.randint(*CHUNK)
            refs = [ref_of(n) for n in range(at, min(at + size, people))]
            for ref in refs[1:]:    # the manager may stand before or behind
                self.history.boss[ref] = dice.choice((refs[0], refs[-1]))
            if len(refs) > 1:
                del self.history.boss[refs[-1]]
            errands.append(refs)
            at += size
        return errands[::-1]

    def work(self):
        api = self.tenant.client()
        while not self.faults:
            with self.lock:
                if not self.errands:
                    break
                refs = self.errands.pop()
            errand = Errand(self.server, api, self.history, refs)
            try:
                errand.run()
            except Exception as error:      # shown by the run
                errand.faults.append("a client: %r" % error)
            self.faults += errand.faults
        api.close()

    def is_done(self):
        return not any(thread.is_alive() for thread in self.threads)


# --- what is there in the end ------------------------------------------------

class View:
    """users [(ref, id, manager's id or None)], seats {(product, person)},
    faults the server or the log told itself."""

    def __init__(self):
        self.users, self.seats, self.faults = [], set(), []


def look(api):
    view, cursor = View(), ""
    while True:
        reply = api.get("/scim/v2/Users?count=500&attributes=externalId,"
                        "%s:manager&cursor=%s" % (ENTERPRISE, cursor))
        if reply.status != 200:
            view.faults.append("listing: %s" % reply)
            break
        for row in reply.json["Resources"]:
            manager = row.get(ENTERPRISE, {}).get("manager", {})
            view.users.append((row.get("externalId"), row["id"],
                               manager.get("value")))
        cursor = reply.json.get("nextCursor")
        if not cursor:
            break
    total = api.get("/scim/v2/Users?count=0").json["totalResults"]
    if total != len(view.users):
        view.faults.append("%d users are listed, %d counted" % (
            len(view.users), total))
    view.faults += checklib.verify_faults(api)
    tables = checklib.Tables.read(api)
    view.seats = set(tables.seats)
    view.faults += checklib.table_faults(tables)
    view.faults += checklib.check_log(api)[0]
    view.faults += checklib.Replay(tables.name).run(
        checklib.events(api)).differences(tables)
    return view


def compare(history, people, view):
    faults = list(view.faults)
    there = {}
    for ref, number, manager in view.users:
        if ref in there:
            faults.append("doubled: %s is %s and %s" % (
                ref, there[ref][0], number))
        there[ref] = number, manager
    for ref in map(ref_of, range(people)):
        number, manager = there.pop(ref, (None, None))
        boss = history.boss.get(ref)
        if number is None:
            faults.append("missing: " + ref)
        elif number != history.ids.get(ref):
            faults.append("acknowledged, then lost: %s was %s, is %s" % (
                ref, history.ids.get(ref), number))
        if boss is not None and manager != history.ids.get(boss):
            faults.append("%s has the manager %s, not %s" % (
                ref, manager, history.ids.get(boss)))
        if number is not None and ("mail", number) not in view.seats:
            faults.append("%s has no seat" % ref)
    faults += ["%s was never sent" % ref for ref in there]
    if len(view.seats) != people:
        faults.append("%d seats of %d people" % (len(view.seats), people))
    return faults


# --- a run -------------------------------------------------------------------

def run(build, people, dice, keeps=True):
    """(faults, history, kills)."""
    history, kills = History(), 0
    with Server(build=build) as server:
        tenant = server.tenant("acme")
        tenant.apply(catalogue(people))
        load = Load(server, tenant, history, people, dice)
        while not load.is_done():
            time.sleep(dice.uniform(*PAUSE_S) * 2 ** (kills // CALM))
            if load.is_done():
                break
            kills += 1
            kill(server, dice.choice(KILLS))
        faults = load.faults
        if not faults:
            faults = compare(history, people, look(tenant.client()))
        if faults and keeps:
            server.close(keep=True)
    return faults, history, kills


def kill(server, what):
    """What is killed comes back: the pair by its parent, or all by us."""
    old = server.kill(what)
    end = time.monotonic() + 30
    while what != "parent" and time.monotonic() < end:
        if server.process.poll() is not None:
            break
        if server.pids().get(what) not in (None, old):
            server.wait_ready()
            return
        time.sleep(.005)
    if server.process.poll() is None:
        raise RuntimeError("%s was killed and nothing followed" % what)
    server.start()


# --- what else may end or come in the middle of a Bulk ------------------------

def bulk_of(refs):
    return {"schemas": [MESSAGES + "BulkRequest"], "Operations": [
        {"method": "POST", "path": "/Users", "bulkId": ref, "data": {
            "schemas": [CORE], "userName": ref, "externalId": ref}}
        for ref in refs]}


def errors_end(tap):
    """However many run at once, what is begun is what would have been one by
    one: every seventh has no name, and the twentieth of those is the last."""
    bulk = bulk_of(ref_of(n) for n in range(300))
    bulk["failOnErrors"] = 20
    for row in bulk["Operations"][6::7]:
        del row["data"]["userName"]
    with Server() as server:
        api = server.tenant("acme").client()
        rows = api.post("/scim/v2/Bulk", bulk).json["Operations"]
        tap.equal([row["bulkId"] for row in rows],
                  [ref_of(n) for n in range(140)],
                  "after so many errors nothing more was begun")
        tap.equal([row["status"] for row in rows],
                  ["400" if n % 7 == 6 else "201" for n in range(140)],
                  "and what was begun was done")
        tap.equal(count(api), 120, "and nothing else")
        api.close()


def others_come(tap):
    """Sixteen Bulks of one tenant keep no other from being served."""
    with Server() as server:
        acme, blue = server.tenant("acme"), server.tenant("blue")
        replies, api = [], blue.client()
        threads = [threading.Thread(target=lambda at=at: replies.append(
            acme.client().post("/scim/v2/Bulk", bulk_of(
                "%d.%d" % (at, n) for n in range(1000)))))
            for at in range(16)]
        for thread in threads:
            thread.start()
        until(lambda: count(acme.client()) > 0)
        made = api.post("/scim/v2/Users", {
            "schemas": [CORE], "userName": "ana"}).status
        shown = count(api)
        busy = sum(thread.is_alive() for thread in threads)
        for thread in threads:
            thread.join()
        told = {row["status"] for reply in replies
                for row in reply.json["Operations"]}
        tap.ok(made == 201 and shown == 1 and busy > 0,
               "who comes while Bulks are under way is served before they end",
               (made, shown, busy))
        tap.ok(told == {"201"}, "and no operation is refused by the others",
               told)


def count(api):
    return api.get("/scim/v2/Users?count=0").json["totalResults"]


def until(what):
    """Whether it came to be so."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(.005)
    return False


def in_flight(server):
    client = Client(server.management)
    text = client.get("/metrics").body.decode()
    client.close()
    return [line.split()[1] for line in text.splitlines()
            if line.startswith("usher_http_requests_in_flight ")]


def hangs_up(tap):
    """Nobody waits for the reply: what was sent is done, and nothing stays."""
    with Server() as server:
        tenant = server.tenant("acme")
        api = tenant.client()
        raw = Raw(server.address)
        raw.send_request("POST", "/scim/v2/Bulk", bulk_of(
            ref_of(n) for n in range(1000)), tenant.token)
        raw.close()
        tap.ok(until(lambda: count(api) == 1000),
               "who hangs up in the middle of a Bulk has asked for it",
               count(api))
        tap.ok(until(lambda: in_flight(server) == ["0"]),
               "and leaves nothing under way", in_flight(server))
        api.close()


def stops(tap):
    """In order: the reply still comes, and tells what was done."""
    with Server() as server:
        tenant = server.tenant("acme")
        api, asker, got = tenant.client(), tenant.client(), []
        thread = threading.Thread(target=lambda: got.append(asker.post(
            "/scim/v2/Bulk", bulk_of(ref_of(n) for n in range(1000)))))
        thread.start()
        until(lambda: count(api) > 0)
        status = server.stop()
        thread.join()
        told = [row["status"] for row in got[0].json["Operations"]]
        server.start()
        there = count(tenant.client())
        tap.ok(status == 0 and len(told) == 1000
               and set(told) <= {"201", "429"},
               "a server that ends tells each operation of a Bulk what became "
               "of it", (status, set(told)))
        tap.equal(there, told.count("201"), "and what it told is so")


# --- the rig finds what it must ----------------------------------------------

def controls(tap):
    def planted(change):
        history, view = History(), View()
        history.ids = {"r0": "a", "r1": "b"}
        history.boss = {"r1": "r0"}
        view.users = [("r0", "a", None), ("r1", "b", "a")]
        view.seats = {("mail", "a"), ("mail", "b")}
        change(view)
        return compare(history, 2, view)

    def rename(view):
        view.users[0] = "r0", "c", None

    def reassign(view):
        view.users[1] = "r1", "b", "b"

    tap.ok(not planted(lambda view: None), "controls: a whole history passes")
    for name, change in (
            ("somebody missing", lambda v: v.users.pop()),
            ("somebody doubled", lambda v: v.users.append(("r1", "c", "a"))),
            ("somebody nobody sent", lambda v: v.users.append(("x", "c", "a"))),
            ("another than was acknowledged", rename),
            ("another manager", reassign),
            ("a lost seat", lambda v: v.seats.pop()),
            ("a seat too many", lambda v: v.seats.add(("mail", "c"))),
            ("what the server itself finds",
             lambda v: v.faults.append("a pool counts wrong"))):
        tap.ok(planted(change), "controls: %s is found" % name)


def hunt(tap, name, says, dice):
    test = "controls: the bug %s is found" % name
    try:
        build = plant.build(name)
    except (plant.Gone, subprocess.CalledProcessError) as error:
        tap.ok(False, test, "%s\n%s" % (
            error, (getattr(error, "output", None) or "")[-2000:]))
        return
    found = []
    # A kill finds the moment between a commit and its answer now and then.
    for _ in range(HUNTS):
        found = run(build, HUNTED, dice, keeps=False)[0]
        if any(says in fault for fault in found):
            break
    tap.ok(any(says in fault for fault in found), test,
           "\n".join(found[:20]) or "nothing was found")


def main():
    tap = Tap()
    seed = int(os.environ.get("USHER_SEED") or random.randrange(1 << 30))
    tap.note("USHER_SEED=%d, %d people" % (seed, PEOPLE))
    dice = random.Random(seed)
    controls(tap)
    hunt(tap, "no-unique", "doubled", dice)
    errors_end(tap)
    others_come(tap)
    hangs_up(tap)
    stops(tap)
    began = time.monotonic()
    faults, history, kills = run(BUILD, PEOPLE, dice)
    tap.ok(not faults, "%d people are there once, with one seat each, after "
           "%d kills" % (PEOPLE, kills), "\n".join(faults[:20]))
    tap.ok(kills > 0 and history.cut > 0 and history.found > 0,
           "kills met requests under way, and of some the answer was lost",
           vars(history).keys())
    tap.note("%d Bulks, %d single requests, %d without an answer; %d people "
             "were there when they were sent again; %.0f s" % (
                 history.bulks, history.singles, history.cut, history.found,
                 time.monotonic() - began))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
