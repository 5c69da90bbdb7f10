#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill.py - what was acknowledged survives kill -9 at any moment; TAP.

A round: clients onboard people and release seats in two tenants, and make,
change and remove resources (killdevices.py); parent, front or vault is killed
at a random moment, or the front kills itself at one of the points that matter
(USHER_FAULT); it is started again.  Then every answer that was heard must be
given again, every request of unknown outcome is repeated, and nobody may be
lost, doubled or without a key.

The rig is first shown what it must find: planted histories, and builds of the
server with a planted bug (plant.py).

USHER_TIER: quick 3 rounds, normal 50, full 5,000.  USHER_SEED repeats the
choices of a run (not the moments).
"""
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

import checklib
import killdevices
import plant
from usherlib import BUILD, ROOT, TIER, Server, Tap

DEMO = os.path.join(ROOT, "demo")
ROUNDS = int(os.environ.get("USHER_ROUNDS", {
    "quick": 3, "normal": 50, "full": 5000}[TIER]))
FRESH = 25          # rounds in one data directory
CLIENTS = 6
LOAD_S = (.05, .6)
READY_S = 2.0       # restart to first answer (issue 2)
SLOW_ROUNDS = 3     # so many in a row fail
OLD = 20            # acknowledged ones of earlier rounds that are asked again

CATALOGUE = json.dumps({
    "catalogue": 1,
    "products": {"mail": {"cap": 100}, "crm": {"cap": 90}},
    "pools": {"mail-all": {"product": "mail", "quota": 300},
              "crm-all": {"product": "crm", "quota": 2000}},
    **killdevices.DECLARED})
PRODUCTS = ("mail", "crm")

# How a round ends the server.  At a point it is the time of this number at
# most, counted from the start of each process.
KILLS = ("parent", "front", "vault")
POINTS = {"kill-before-commit": 40, "kill-after-commit": 40,
          "kill-after-keys": 40, "kill-vault": 80, "kill-sync": 3}

# What fails once, without a kill; then the parent is killed.
FAULTS = {"commit": 40, "vault": 80, "read": 80}
REFUSED = (429, 503, 507)   # not done, or of unknown outcome

GONE = (OSError, http.client.HTTPException)


class History:
    """What the clients of one tenant said and heard."""

    def __init__(self, tenant):
        self.tenant = tenant
        self.lock = threading.Lock()        # guards the rest
        self.sent = {}                      # key: body
        self.heard = {}                     # key: told()
        self.unknown = set()                # keys without an answer
        self.fresh = []                     # keys heard since the last check
        self.released = set()               # (product, person), acknowledged
        self.maybe = set()                  # (product, person), unknown
        self.devices = None                 # None: there are none

    def hear(self, key, told):
        with self.lock:
            self.heard[key] = told
            self.unknown.discard(key)
            self.fresh.append(key)


def told(reply):
    found = reply.json
    return found["id"], found["person"], reply.status, tuple(
        (seat["product"], seat["outcome"]) for seat in found["seats"])


# --- the load ----------------------------------------------------------------

class Load:
    """Clients that work until they are stopped or the server is gone."""

    def __init__(self, server, histories, dice):
        self.server, self.histories = server, histories
        self.end = threading.Event()
        self.odd = []
        self.threads = [
            threading.Thread(target=self.work, args=(random.Random(
                dice.random()),), daemon=True) for _ in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.end.set()
        for thread in self.threads:
            thread.join()

    def work(self, dice):
        clients = [h.tenant.client() for h in self.histories]
        try:
            while not self.end.is_set():
                at = dice.randrange(len(clients))
                self.step(clients[at], self.histories[at], dice)
        except GONE:
            pass
        except Exception as error:      # shown by the round
            self.odd.append("a client: %r" % error)
        for client in clients:
            client.close()

    def step(self, api, history, dice):
        chance = dice.random()
        if chance < .15 and history.fresh:
            self.release(api, history, dice)
        elif chance < .5 and history.devices is not None:
            history.devices.step(api, dice, self.odd)
        else:
            self.onboard(api, history, dice)

    def onboard(self, api, history, dice):
        with history.lock:
            key = "key-%d" % len(history.sent)
            body = json.dumps({
                "person": {"userName": "u." + key, "externalId": key,
                           "displayName": "Person " + key},
                "products": [p for p in PRODUCTS if dice.random() < .7],
                "priority": dice.randrange(10)})
            history.sent[key] = body
            history.unknown.add(key)
        self.ask(api, history, key)

    def ask(self, api, history, key):
        reply = api.post("/api/v1/onboardings", history.sent[key].encode(),
                         idempotency_key=key)
        if reply.status == 201:
            history.hear(key, told(reply))
        elif reply.status not in REFUSED:
            self.odd.append("onboarding: %s" % reply)

    def release(self, api, history, dice):
        with history.lock:
            key = dice.choice(history.fresh)
            _id, person, _status, seats = history.heard[key]
            if not seats:
                return
            what = dice.choice(seats)[0], person
            if what in history.released or what in history.maybe:
                return
            history.maybe.add(what)
        reply = api.delete("/api/v1/persons/%s/seats/%s" % what[::-1])
        if reply.status == 200:
            with history.lock:
                history.maybe.discard(what)
                history.released.add(what)
        elif reply.status not in REFUSED:
            self.odd.append("release: %s" % reply)


# --- what the server says afterwards -----------------------------------------

class View:
    """repeats {key: (status, told or text)}, persons [(id, ref)], seats and
    waits as (product, person), devices as killdevices.py tells them, faults the
    server or the log told itself."""

    def __init__(self):
        self.repeats, self.persons = {}, []
        self.seats, self.devices, self.faults = set(), [], []


def look(history, dice, is_last):
    view, api = View(), history.tenant.client()
    old = list(history.heard)
    ask = set(history.fresh) | history.unknown | set(
        dice.sample(old, min(OLD, len(old))))
    for key in ask:
        reply = api.post("/api/v1/onboardings", history.sent[key].encode(),
                         idempotency_key=key)
        view.repeats[key] = reply.status, (
            told(reply) if reply.status in (200, 201) else str(reply))
    if history.devices is not None:
        view.devices, faults = history.devices.look(api, dice)
        view.faults += faults
    view.faults += checklib.verify_faults(api)
    try:
        for row in api.pages("/api/v1/persons"):
            view.persons.append((row["id"], row.get("externalId")))
    except GONE as error:
        view.faults.append("listing persons: %s" % error)
    tables = checklib.Tables.read(api)
    view.seats = set(tables.seats) | {
        (product, person) for product, waits in tables.waits.items()
        for person, _priority in waits}
    view.faults += checklib.table_faults(tables)
    if is_last:
        view.faults += checklib.check_log(api)[0]
        view.faults += checklib.Replay(tables.name).run(
            checklib.events(api)).differences(tables)
    api.close()
    return view


def compare(history, view):
    """Faults; what was unknown is known afterwards."""
    faults = list(view.faults)
    for key, (status, answer) in view.repeats.items():
        before = history.heard.get(key)
        if status not in (200, 201):
            faults.append("%s is answered with %s" % (key, answer))
        elif before is None:
            history.hear(key, answer)
        elif answer != before:
            faults.append("acknowledged, then lost: %s was %s, is %s" % (
                key, before, answer))
    person_of = {ref: person for person, ref in view.persons}
    if len(person_of) != len(view.persons):
        faults.append("doubled: %d persons of %d references" % (
            len(view.persons), len(person_of)))
    for key, (_id, person, *_rest) in history.heard.items():
        if person_of.get(key) != person:
            faults.append("acknowledged, then lost: the person of %s is %s, "
                          "not %s" % (key, person_of.get(key), person))
    faults += ["%s was never asked for" % ref for ref in person_of
               if ref not in history.sent]
    for product, person in history.released & view.seats:
        faults.append("acknowledged, then lost: %s of %s is released, and "
                      "there" % (product, person))
    for _id, person, _status, seats in history.heard.values():
        for product, _outcome in seats:
            what = product, person
            if not (what in view.seats or what in history.released
                    or what in history.maybe):
                faults.append("%s has lost %s" % (person, product))
    if history.devices is not None:
        faults += history.devices.compare(view.devices)
    history.fresh, history.unknown = [], set()
    return faults


def restart(server, fault):
    """With a fault, which may meet the start itself: then without."""
    server.stop()
    server.env["USHER_FAULT"] = fault
    try:
        server.start()
    except RuntimeError:
        del server.env["USHER_FAULT"]
        server.start()


# --- a round -----------------------------------------------------------------

class Rig:
    """A server, its two tenants, and what was said to them."""

    def __init__(self, build=BUILD):
        self.server = Server(build=build)
        self.histories = []
        for name in ("acme", "blue"):
            tenant = self.server.tenant(name)
            tenant.apply(CATALOGUE)
            history = History(tenant)
            history.devices = killdevices.Devices()
            self.histories.append(history)

    def round(self, how, dice, is_last=False):
        """(faults, seconds to the first answer)."""
        most = {**POINTS, **FAULTS}.get(how)
        if most:
            # The first calls of the vault are the start's own, which refuses to go on without.
            least = 20 if how == "vault" else 2
            restart(self.server, "%s:%d" % (how, dice.randrange(least, most)))
        load = Load(self.server, self.histories, dice)
        if how in POINTS:
            seconds = self.until_faulted(load)
        else:
            seconds = self.until_ended("parent" if most else how, dice)
        load.stop()
        faults = load.odd
        self.heard = sum(len(h.fresh) for h in self.histories)
        self.unknown = sum(len(h.unknown) for h in self.histories)
        for history in self.histories:
            faults += compare(history, look(history, dice, is_last))
        return faults, seconds

    def until_ended(self, how, dice):
        time.sleep(dice.uniform(*LOAD_S))
        self.server.env.pop("USHER_FAULT", None)
        old = self.server.kill(how)
        begin = time.monotonic()
        if how != "parent" and self.is_back(how, old):
            return time.monotonic() - begin
        begin = time.monotonic()
        self.server.start()
        return time.monotonic() - begin

    def is_back(self, how, old):
        """The parent has made the pair anew; False: it has ended."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if self.server.process.poll() is not None:
                return False
            if self.server.pids().get(how) not in (None, old):
                self.server.wait_ready()
                return True
            time.sleep(.005)
        raise RuntimeError("%s was killed and nothing followed" % how)

    def until_faulted(self, load):
        """The front kills itself; then all is started without the fault."""
        front = self.server.pids().get("front")
        end = time.monotonic() + 5
        while (self.server.pids().get("front") == front
               and time.monotonic() < end):
            time.sleep(.005)
        load.end.set()
        self.server.kill("parent")
        self.server.env.pop("USHER_FAULT", None)
        begin = time.monotonic()
        self.server.start()
        return time.monotonic() - begin

    def close(self, keep=False):
        self.server.close(keep)


# --- the rig finds what it must ----------------------------------------------

def controls(tap):
    """Planted histories: each is one fault away from a whole one."""
    def planted(change):
        history = History(None)
        history.sent = {"k1": "", "k2": ""}
        history.heard = {"k1": ("o1", "p1", 201, (("mail", "assigned"),)),
                         "k2": ("o2", "p2", 201, (("mail", "assigned"),))}
        history.fresh = ["k1", "k2"]
        history.released = {("mail", "p2")}
        view = View()
        view.repeats = {k: (201, v) for k, v in history.heard.items()}
        view.persons = [("p1", "k1"), ("p2", "k2")]
        view.seats = {("mail", "p1")}
        change(view)
        return compare(history, view)

    def lose_answer(view):
        view.repeats["k1"] = 201, ("o9", "p1", 201, (("mail", "assigned"),))

    def refuse(view):
        view.repeats["k1"] = 409, "conflict"

    tap.ok(not planted(lambda view: None), "controls: a whole history passes")
    for name, change in (
            ("a lost acknowledgement", lose_answer),
            ("an answer that is an error now", refuse),
            ("a lost person", lambda v: v.persons.pop()),
            ("a doubled person", lambda v: v.persons.append(("p3", "k1"))),
            ("a person nobody sent", lambda v: v.persons.append(("p3", "x"))),
            ("a lost seat", lambda v: v.seats.clear()),
            ("a released seat that is back",
             lambda v: v.seats.add(("mail", "p2"))),
            ("what the server itself finds",
             lambda v: v.faults.append("a person without a key"))):
        tap.ok(planted(change), "controls: %s is found" % name)


# name of the build, the points that show it best, what the fault must say
PLANTS = (
    ("reply-before-commit", ("kill-before-commit",), "lost"),
    ("reply-before-commit", ("kill-before-commit",), "lost: device"),
    ("no-unique", ("kill-after-commit", "front"), " persons of "),
    ("no-unique", ("kill-after-commit", "front"), "doubled: device"),
    ("commit-before-key", ("kill-after-commit",), "wrapped key"),
)
PLANT_ROUNDS = 8


def hunt(tap, name, points, says, dice):
    test = "controls: the bug %s is found: %s" % (name, says)
    try:
        build = plant.build(name)
    except (plant.Gone, subprocess.CalledProcessError) as error:
        tap.ok(False, test, "%s\n%s" % (
            error, (getattr(error, "output", None) or "")[-2000:]))
        return
    found, rig = [], Rig(build)
    try:
        for i in range(PLANT_ROUNDS):
            try:
                found = rig.round(points[i % len(points)], dice)[0]
            except (RuntimeError, *GONE) as error:
                found = [str(error)]
            if any(says in fault for fault in found):
                break
    finally:
        kill_all(rig.server)
        rig.close()
    tap.ok(any(says in fault for fault in found), test,
           "\n".join(found[:5]) or "nothing in %d rounds" % PLANT_ROUNDS)
    tap.note("".join(found[:1])[:300])


def kill_all(server):
    """A server with a bug need not end in order."""
    for pid in server.pids().values():
        os.kill(pid, signal.SIGKILL)
    if server.process is not None:
        server.process.wait()
        server.process = None


# --- a signature ---------------------------------------------------------------

def signatures(tap):
    """The vault has signed, and the front is killed before it stored that."""
    faults = []
    with Server() as server:
        tenant = server.tenant("acme")
        for number in range(2, 8):
            server.stop()
            server.env["USHER_FAULT"] = "kill-before-commit:%d" % number
            server.start()
            api = tenant.client()
            front = server.pids()["front"]
            try:
                api.post("/api/v1/persons", {"userName": "u%d" % number})
            except GONE:        # it was this commit
                pass
            api.close()
            end = time.monotonic() + 3
            while (server.pids().get("front") == front
                   and time.monotonic() < end):
                time.sleep(.01)
            server.kill("parent")
            del server.env["USHER_FAULT"]
            server.start()
            faults += ["commit %d: %s" % (number, fault)
                       for fault in checklib.check_log(tenant.client(), 5)[0]]
    tap.ok(not faults, "a signature that was lost on its way is made again",
           "\n".join(faults))


# --- an import ---------------------------------------------------------------

IMPORT_KILLS = {"quick": 1, "normal": 4, "full": 100}[TIER]
IMPORT_POINTS = ("kill-before-commit", "kill-after-commit", "kill-after-keys")
IMPORT_COMMITS = (2, 9)     # of a process; the file takes some thirty
IMPORT_SERVERS = 2 + IMPORT_KILLS
COUNTS = ("added", "changed", "unchanged", "removed", "rejected")


def imports(tap, dice):
    """An import that was killed and run again ends as one that was not; a
    server whose import was through before the next kill gives way to another,
    but not before it was looked at."""
    killed, wanted = imported(0, dice)
    faults, servers = [], 0
    while killed < IMPORT_KILLS and servers < IMPORT_SERVERS:
        some, found = imported(IMPORT_KILLS - killed, dice)
        killed += some
        servers += 1
        faults += ["server %d, killed %d times: %s: %s" % (
            servers, some, what, difference(found[what], wanted[what]))
            for what in wanted if wanted[what] != found[what]]
    tap.ok(not faults and killed == IMPORT_KILLS,
           "an import that was killed, on %d servers %d of %d times, ends in"
           " the same state" % (servers, killed, IMPORT_KILLS),
           "\n".join(faults))


def difference(found, wanted):
    """The first few members that differ."""
    if not isinstance(wanted, dict):
        return "%s, not %s" % (str(found)[:500], str(wanted)[:500])
    keys = [key for key in sorted(found.keys() | wanted.keys())
            if found.get(key) != wanted.get(key)]
    return "%d differ\n" % len(keys) + "\n".join("%s: %s\nnot %s" % (
        key, found.get(key), wanted.get(key)) for key in keys[:3])


def imported(kills, dice):
    """How often an import into a new server was killed, at most so many times,
    and what the server knows after the demo's file."""
    killed = 0
    with Server() as server:
        tenant = server.tenant("acme")
        with open(os.path.join(DEMO, "catalogue.yaml"),
                  encoding="utf-8") as file:
            tenant.apply(file.read())
        while killed < kills and import_killed(server, tenant, dice):
            killed += 1
        for _ in range(2):      # the second has nothing left to do
            last = run_import(tenant)
            report, _none = last.communicate()
            if last.returncode != 0:
                raise RuntimeError("the import ended with %d: %s" % (
                    last.returncode, report))
        report = json.loads(report)
        return killed, {**state_of(tenant.client()),
                        "last": [report[k] for k in COUNTS]}


def run_import(tenant):
    return subprocess.Popen(
        [tenant.server.program, "--server", tenant.server.url, "--token-file",
         tenant.token_file, "import", os.path.join(DEMO, "hr.csv"), "--json",
         "--map", os.path.join(DEMO, "hr-map.yaml"), "--rejects",
         os.path.join(tenant.server.folder, "rejects.csv")],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        stderr=subprocess.STDOUT)


def import_killed(server, tenant, dice):
    """Whether a kill came before its end; the server runs again.  The time of
    it is a number of commits: a clock would miss an import on a fast machine
    and every one that has little left to do."""
    restart(server, "%s:%d" % (dice.choice(IMPORT_POINTS),
                               dice.randrange(*IMPORT_COMMITS)))
    running = run_import(tenant)
    running.communicate()
    server.kill("parent")
    server.env.pop("USHER_FAULT", None)
    server.start()
    return running.returncode != 0


def state_of(api):
    """Of persons and seats what the file says; not what order and keys decide:
    numbers in user names, and which of two equal contracts is the primary."""
    name, persons = {}, {}
    for row in api.pages("/api/v1/persons"):
        address = row["emails"][0]["value"]
        name[row["id"]] = address
        persons[address] = {
            key: row.get(key) for key in ("name", "displayName", "emails",
                                          "phoneNumbers", "lifecycle")}
        persons[address]["contracts"] = row["contracts"]
    for row in persons.values():
        for contract in row["contracts"]:
            del contract["id"], contract["primary"]
            if "manager" in contract:
                contract["manager"] = name.get(contract["manager"])
        row["contracts"].sort(key=json.dumps)
    tables = checklib.Tables.read(api)
    return {"persons": persons, "faults": checklib.check_all(api),
            "mail": sorted(name[person] for product, person in tables.seats
                           if product == "mail"),
            "waits for mail": len(tables.waits["mail"])}


# --- all ---------------------------------------------------------------------

def ways(dice):
    """Endless: each way once in an order of chance, then anew."""
    while True:
        some = [*KILLS, *KILLS, *POINTS, *FAULTS]
        dice.shuffle(some)
        yield from some


def run(tap, dice):
    faults, times, slow, slow_max = [], [], 0, 0
    heard = unknown = 0
    rig, way = None, ways(dice)
    try:
        for number in range(ROUNDS):
            if number % FRESH == 0:
                if rig:
                    rig.close()
                rig = Rig()
            how = next(way)
            is_last = number % FRESH == FRESH - 1 or number == ROUNDS - 1
            try:
                some, seconds = rig.round(how, dice, is_last)
            except (RuntimeError, *GONE) as error:
                faults.append("round %d, %s: %r\n%s" % (
                    number, how, error, rig.server.log_text()[-4000:]))
                break
            heard += rig.heard
            unknown += rig.unknown
            faults += ["round %d, %s: %s" % (number, how, f) for f in some]
            times.append(seconds)
            slow = slow + 1 if seconds > READY_S else 0
            slow_max = max(slow, slow_max)
            if len(faults) > 20:
                break
    finally:
        if rig:
            rig.close(keep=bool(faults))
    tap.ok(not faults, "%d rounds: nothing acknowledged is lost, nothing is "
           "doubled, nobody without a key" % len(times), "\n".join(faults[:20]))
    times = sorted(times) or [0]
    tap.ok(slow_max < SLOW_ROUNDS, "it answers %.1f s after a start" % READY_S,
           times[-5:])
    tap.note("%d onboardings were acknowledged before a kill, %d were not"
             % (heard, unknown))
    tap.note("first answer after %.2f s in the middle, %.2f s at most; %d "
             "rounds above %.1f s" % (times[len(times) // 2], times[-1],
                                      sum(t > READY_S for t in times), READY_S))


def main():
    tap = Tap()
    seed = int(os.environ.get("USHER_SEED") or random.randrange(1 << 30))
    tap.note("USHER_SEED=%d, %d rounds" % (seed, ROUNDS))
    dice = random.Random(seed)
    controls(tap)
    killdevices.controls(tap)
    for plant in PLANTS:
        hunt(tap, *plant, dice)
    signatures(tap)
    imports(tap, dice)
    run(tap, dice)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
