#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""storm.py - many clients, few seats: everybody once, everybody in turn; TAP.

64 connections send N onboardings, each three times with its key, in random
order and never twice on one connection; some people are sent once more under
another key.  Meanwhile another client releases seats and changes quotas.
Then what the API shows must be what was asked for, what the log gives, and
what `seat verify` recomputes.

USHER_TIER: quick 500, normal 50,000, full 200,000.  USHER_SEED repeats a run.
"""
import collections
import concurrent.futures
import json
import multiprocessing
import os
import random
import selectors
import socket
import subprocess
import sys
import tempfile
import time

import checklib
from usherlib import ROOT, TIER, Server, Tap

N = int(os.environ.get("USHER_STORM", {
    "quick": 500, "normal": 50000, "full": 200000}[TIER]))
CONNECTIONS = 64
WORKERS = 2
WINDOW = 4          # requests under way on a connection
COPIES = 3
AGAIN = 50          # each so manieth person also under a second key
TRIES = 50          # of one request that is limited or unknown

SITES = {"ber": ["ber"], "lyo": ["lyo", "ber"], "utr": ["utr", "lyo", "ber"]}

# slug: cap, {pool: (site or None, seats)}, how often asked for, and whether
# quotas change.  `only` pools have an eligibility of their own site.
PRODUCTS = {
    "one": (100, {"one-all": (None, 1)}, .02, False),
    "few": (90, {"few-all": (None, 7)}, .05, True),
    "flat": (90, {"flat-all": (None, 500)}, .3, False),
    "site": (90, {"site-ber": ("ber", 40), "site-lyo": ("lyo", 120),
                  "site-utr": ("utr", 500)}, .3, True),
    "near": (100, {"near-ber": ("ber", 90), "near-lyo": ("lyo", 30),
                   "near-utr": ("utr", 200), "near-all": (None, 60)}, .3, True),
    "ample": (90, {"ample-all": (None, 500)}, 200 / N, False),
}
LOW_ONLY = {"flat", "ample"}    # asked for with priorities below 7 only
PASS = 7                        # who may take what is above the cap


def catalogue():
    out = {"catalogue": 1, "sites": {}, "products": {}, "pools": {},
           "settings": {"vault.open_per_minute": 100000000,
                        "vault.seal_per_minute": 100000000}}
    for site, near in SITES.items():
        out["sites"][site] = {"country": "DE", "zone": "Europe/Berlin",
                              "failover": near[1:]}
    for product, (cap, pools, _often, _moves) in PRODUCTS.items():
        out["products"][product] = {"cap": cap}
        for pool, (site, quota) in pools.items():
            row = out["pools"][pool] = {"product": product, "quota": quota}
            if site:
                row["site"] = site
            if product == "site":
                row["eligibility"] = 'site eq "%s"' % site
    return json.dumps(out)


class Want:
    """One person's wishes."""

    def __init__(self, i, dice):
        self.ref = "ref-%06d" % i
        self.site = dice.choice(list(SITES))
        self.products = [p for p, row in PRODUCTS.items()
                         if dice.random() < row[2]]
        self.priority = dice.randrange(
            PASS if LOW_ONLY & set(self.products) else 10)

    def body(self):
        return json.dumps({
            "person": {"userName": self.ref, "externalId": self.ref,
                       "site": self.site},
            "products": self.products, "priority": self.priority}).encode()

    def may_use(self, pool):
        product, site = pool_row(pool)
        if product == "site":
            return site == self.site
        return site is None or site in SITES[self.site]


def pool_row(pool):
    product = pool.split("-")[0]
    return product, PRODUCTS[product][1][pool][0]


def wants(seed):
    dice = random.Random(seed)
    return [Want(i, dice) for i in range(N)]


def schedule(seed):
    """For each connection the (person, copy) it sends, in order."""
    dice = random.Random(seed + 1)
    lines = [[] for _ in range(CONNECTIONS)]
    for i in range(N):
        copies = COPIES + (i % AGAIN == 0)
        for copy, at in enumerate(dice.sample(range(CONNECTIONS), copies)):
            lines[at].append((i, copy))
    for line in lines:
        dice.shuffle(line)
    return lines


# --- the clients -------------------------------------------------------------

class Line:
    """A connection with its requests still to be sent and under way."""

    def __init__(self, address, todo):
        self.sock = socket.create_connection(address)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setblocking(False)
        self.todo = collections.deque(todo)
        self.sent = collections.deque()
        self.out, self.inp = b"", b""


def send_all(address, token, people, todo, results):
    """A worker: drives its connections until everything is answered."""
    heads = (b"POST /api/v1/onboardings HTTP/1.1\r\nHost: h\r\n"
             b"Authorization: Bearer " + token.encode() + b"\r\n"
             b"Content-Type: application/json\r\nIdempotency-Key: ")
    found, tries = [], collections.Counter()
    selector = selectors.DefaultSelector()
    for line in todo:
        one = Line(address, line)
        selector.register(one.sock, selectors.EVENT_READ, one)
        fill(one, heads, people)
    waiting = len(todo)
    while waiting:
        for key, _mask in selector.select(30):
            line = key.data
            data = line.sock.recv(1 << 18)
            if not data:
                raise ConnectionError("the server closed a connection")
            line.inp += data
            for sent, status, body in replies(line):
                again = status in (429, 503) or (
                    status == 409 and b'"busy"' in body)
                if again and tries[sent] < TRIES:
                    tries[sent] += 1
                    line.todo.append(sent)
                else:
                    found.append((*sent, status, told(status, body)))
            fill(line, heads, people)
            if not line.todo and not line.sent:
                selector.unregister(line.sock)
                line.sock.close()
                waiting -= 1
    results.put((found, sum(tries.values())))


def fill(line, heads, people):
    while line.todo and len(line.sent) < WINDOW:
        i, copy = sent = line.todo.popleft()
        body = people[i].body()
        key = "key-%d" % i if copy < COPIES else "key-%d-again" % i
        line.out += b"%s%s\r\nContent-Length: %d\r\n\r\n%s" % (
            heads, key.encode(), len(body), body)
        line.sent.append(sent)
    while line.out:
        try:
            line.out = line.out[line.sock.send(line.out):]
        except BlockingIOError:
            time.sleep(0.001)


def replies(line):
    """The whole replies that have come: (what was sent, status, body)."""
    while True:
        end = line.inp.find(b"\r\n\r\n")
        if end < 0:
            return
        head = line.inp[:end].lower()
        at = head.index(b"content-length:")
        length = int(head[at + 15:].split(b"\r\n", 1)[0])
        if len(line.inp) < end + 4 + length:
            return
        body = line.inp[end + 4:end + 4 + length]
        line.inp = line.inp[end + 4 + length:]
        yield line.sent.popleft(), int(head[9:12]), body


def told(status, body):
    """What of an answer must be the same each time; an error's text."""
    if status not in (200, 201):
        return body.decode(errors="replace")[:300]
    found = json.loads(body)
    return (found["id"], found["person"], found["repeated"], tuple(
        (s["product"], s["outcome"]) for s in found["seats"]))


def churn(address, token, seed, end, results):
    """Another client: releases seats, moves quotas up and down."""
    from usherlib import Client
    api = Client(address, token)
    dice = random.Random(seed + 2)
    released, refused, moved, odd = [], 0, 0, []
    while not end.is_set():
        product = dice.choice(list(PRODUCTS))
        seats = api.get("/api/v1/products/%s/seats?limit=50"
                        % product).json["items"]
        for seat in dice.sample(seats, min(3, len(seats))):
            reply = api.delete("/api/v1/persons/%s/seats/%s"
                               % (seat["person"], product))
            if reply.status == 200:
                released.append((product, seat["person"]))
            else:
                odd.append("release: %s" % reply)
        if PRODUCTS[product][3]:
            pool, (_site, quota) = dice.choice(
                list(PRODUCTS[product][1].items()))
            reply = api.patch(
                "/api/v1/pools/" + pool,
                {"quota": dice.randrange(quota // 2, quota * 2)}, if_match="*")
            if reply.status == 409 and reply.json["message"].endswith(
                    "POOL_BELOW_USAGE"):
                refused += 1
            elif reply.status == 200:
                moved += 1
            else:
                odd.append("quota: %s" % reply)
        time.sleep(0.01)
    results.put((released, moved, refused, odd))


def storm(server, token, seed):
    """Runs it: (answers, seconds, retried, churn's own report)."""
    people = wants(seed)
    lines = schedule(seed)
    results, churned = multiprocessing.Queue(), multiprocessing.Queue()
    end = multiprocessing.Event()
    begin = time.monotonic()
    other = multiprocessing.Process(
        target=churn, args=(server.address, token, seed, end, churned))
    other.start()
    workers = [multiprocessing.Process(
        target=send_all, args=(server.address, token, people,
                               lines[w::WORKERS], results))
        for w in range(WORKERS)]
    for worker in workers:
        worker.start()
    found, retried = [], 0
    for _ in workers:
        some, again = get(results, workers)
        found += some
        retried += again
    seconds = time.monotonic() - begin
    end.set()
    report = get(churned, [other])
    for worker in workers + [other]:
        worker.join()
    return people, found, seconds, retried, report


def get(results, processes):
    """The next result; raises when somebody died without one."""
    while True:
        try:
            return results.get(timeout=1)
        except multiprocessing.queues.Empty:
            if any(p.exitcode not in (None, 0) for p in processes):
                raise RuntimeError("a client died") from None


# --- what must hold ----------------------------------------------------------

def answer_faults(people, found):
    """(faults, {person id: Want}): one onboarding and one person for each."""
    by_one, faults = collections.defaultdict(list), []
    for i, copy, status, what in found:
        by_one[i].append((copy, status, what))
    owner = {}
    for i, want in enumerate(people):
        answers = by_one.get(i, [])
        if len(answers) != COPIES + (i % AGAIN == 0):
            faults.append("%s was answered %d times" % (want.ref, len(answers)))
            continue
        bad = [a for a in answers if a[1] not in (200, 201)]
        if bad:
            faults.append("%s: %s" % (want.ref, bad[0]))
            continue
        if sum(not a[2][2] for a in answers) != 1:
            faults.append("%s was not made exactly once: %s" % (
                want.ref, answers))
        # The same key gets the same status; another finds what there is.
        if any(a[1] != (201 if a[0] < COPIES else 200) for a in answers) and (
                sum(a[1] == 201 for a in answers if a[0] >= COPIES) != 1):
            faults.append("%s got a wrong status: %s" % (want.ref, answers))
        if len({a[2][:2] + a[2][3:] for a in answers}) != 1:
            faults.append("%s got different answers: %s" % (want.ref, answers))
        person = answers[0][2][1]
        if person in owner:
            faults.append("%s and %s are one person" % (
                want.ref, owner[person].ref))
        owner[person] = want
    return faults, owner


def person_faults(people, owner, shown):
    """SHOWN: (id, externalId) of everybody listed."""
    faults = []
    count = collections.Counter(ref for _id, ref in shown)
    faults += ["%s is %d persons" % (want.ref, count[want.ref])
               for want in people if count[want.ref] != 1]
    if len(shown) != len(people):
        faults.append("%d persons, not %d" % (len(shown), len(people)))
    faults += ["%s is shown as %s, told as %s" % (
        person, ref, owner[person].ref if person in owner else "nobody")
        for person, ref in shown
        if person not in owner or owner[person].ref != ref]
    return faults


def demand_faults(owner, released, tables):
    """Everybody has or awaits what was wanted and not released: no more."""
    faults = []
    demand = {(product, person) for person, want in owner.items()
              for product in want.products
              if any(want.may_use(pool) for pool in PRODUCTS[product][1])}
    demand -= set(released)
    waiting = {(product, person) for product, waits in tables.waits.items()
               for person, _priority in waits}
    have = set(tables.seats) | waiting
    faults += ["%s is lost for %s" % key for key in demand - have]
    faults += ["%s was never wanted by %s" % key for key in have - demand]
    for (product, person), (pool, _state) in tables.seats.items():
        if person in owner and not owner[person].may_use(pool):
            faults.append("%s must not have a seat of %s" % (person, pool))
    for product, waits in tables.waits.items():
        faults += ["%s waits for %s with priority %d" % (person, product, p)
                   for person, p in waits
                   if person in owner and owner[person].priority != p]
    return faults


def idle_faults(owner, tables):
    """No seat that may be used is free while somebody waits for it."""
    faults = []
    used = collections.Counter(pool for pool, _s in tables.seats.values())
    for product, waits in tables.waits.items():
        cap = PRODUCTS[product][0]
        for pool in PRODUCTS[product][1]:
            quota = tables.pools[pool]["quota"]
            usable = quota - quota * (100 - cap) // 100
            for person, priority in waits:
                if person not in owner or not owner[person].may_use(pool):
                    continue
                limit = quota if priority >= PASS else usable
                if used[pool] < limit:
                    faults.append("%s waits for %s: %d of %d are used" % (
                        person, pool, used[pool], limit))
                break       # the first in line needs least
    return faults


def exact_faults(owner, released, tables):
    """Where nobody may pass the cap: assigned = min(demand, usable)."""
    faults = []
    gone = collections.Counter(product for product, _p in set(released))
    for product in LOW_ONLY:
        cap, pools, _often, _moves = PRODUCTS[product]
        (quota,) = [q for _site, q in pools.values()]
        usable = quota - quota * (100 - cap) // 100
        demand = sum(product in want.products for want in owner.values())
        wanted = min(demand - gone[product], usable)
        assigned = sum(key[0] == product for key in tables.seats)
        if assigned != wanted:
            faults.append("%s: %d are assigned, not min(%d - %d, %d)" % (
                product, assigned, demand, gone[product], usable))
    return faults


def turn_rules(owner):
    return {"may_use": lambda person, pool: owner[person].may_use(pool),
            "priority": lambda person: owner[person].priority}


# --- the checks themselves ---------------------------------------------------

def controls(tap, owner, released, tables, events):
    """Each check is first shown what it must find; TABLES were whole."""
    def planted(change):
        copy = checklib.Tables()
        copy.name = tables.name
        copy.seats, copy.products = dict(tables.seats), tables.products
        copy.waits = {p: list(w) for p, w in tables.waits.items()}
        copy.pools = {p: dict(row) for p, row in tables.pools.items()}
        change(copy)
        return (checklib.table_faults(copy) + idle_faults(owner, copy)
                + demand_faults(owner, released, copy)
                + exact_faults(owner, released, copy)
                + checklib.Replay(copy.name).run(events).differences(copy))

    key, (pool, state) = next(iter(tables.seats.items()))
    line = next((p for p, w in tables.waits.items()
                 if len({priority for _n, priority in w}) > 1), None)

    def lose(t):
        del t.seats[key]

    def add(t):
        t.seats[key[0], "0000000000000"] = pool, state

    def free(t):
        t.pools[pool]["quota"] += 50

    def count(t):
        t.pools[pool]["assigned"] += 1

    def both(t):
        t.waits[key[0]] = t.waits[key[0]] + [(key[1], 0)]

    def turn(t):
        t.waits[line] = t.waits[line][::-1]

    cases = [("a lost seat", lose), ("a seat nobody asked for", add),
             ("another quota", free), ("a wrong counter", count),
             ("a seat and a wait", both)]
    if line:
        cases.append(("a list in another order", turn))
    tap.ok(not planted(lambda t: None), "controls: nothing planted, nothing "
           "found")
    for name, change in cases:
        tap.ok(planted(change), "controls: %s is found" % name)
    control_turns(tap, owner)


def control_turns(tap, owner):
    """A seat given out of turn is found in the events."""
    names = {"P": "one", "Q": "one-all"}

    def event(seq, person, *changes):
        return {"seq": seq, "action": "x", "subject": {"id": person},
                "changes": [dict(zip(("kind", "object", "in", "before",
                                      "after"), c)) for c in changes]}

    def faults(*items):
        replay = checklib.Replay(names, lambda person, pool: True,
                                 lambda person: 5)
        return replay.run(items).faults

    first = event(1, "a", ("wait", "P", 0, 0, 6))
    second = event(2, "b", ("wait", "P", 0, 0, 6))
    serve = [("wait", "P", 0, 6, 0), ("seat", "P", "Q", 0, 2)]
    tap.ok(not faults(first, second, event(3, "a", *serve)),
           "controls: who was first is served first")
    tap.ok(faults(first, second, event(3, "b", *serve)),
           "controls: a seat out of turn is found")
    tap.ok(faults(first, event(2, "b", ("seat", "P", "Q", 0, 2))),
           "controls: a newcomer before a waiter is found")
    tap.ok(faults(first, event(3, "a", *serve)),
           "controls: a missing event is found")


def answer_controls(tap, people, found):
    """A person made twice, and an answer lost."""
    i = found[0][0]
    lost = [row for row in found if row[:2] != found[0][:2]]
    tap.ok(answer_faults(people, lost)[0], "controls: a lost answer is found")
    twice = [(*row[:3], (*row[3][:2], False, row[3][3])) if row[0] == i
             else row for row in found]
    tap.ok(answer_faults(people, twice)[0],
           "controls: a person made twice is found")


# --- all ---------------------------------------------------------------------

def verify_export(tap, tenant):
    """Both verifiers pass the exported log."""
    api = tenant.client()
    vkey = api.get("/api/v1/audit/key").json["vkey"]
    with tempfile.TemporaryDirectory(prefix="usher-test-") as folder:
        out = os.path.join(folder, "log")
        done = tenant.usher("audit", "export", out)
        tap.ok(done.returncode == 0, "the log is exported",
               done.stdout + done.stderr)
        done = tenant.usher("audit", "verify", out, "--key", vkey)
        tap.ok(done.returncode == 0, "usher audit verify passes the export",
               done.stdout + done.stderr)
        done = subprocess.run(
            ["python3", os.path.join(ROOT, "tool", "verify-log.py"), vkey, out],
            capture_output=True, text=True)
        tap.ok(done.returncode == 0, "tool/verify-log.py passes the export",
               done.stdout + done.stderr)


def main():
    tap = Tap()
    seed = int(os.environ.get("USHER_SEED") or random.randrange(1 << 30))
    tap.note("USHER_SEED=%d, %d persons" % (seed, N))
    with Server() as server:
        tenant, other = server.tenant("storm"), server.tenant("other")
        tenant.apply(catalogue())
        other.apply(catalogue())
        api = tenant.client()
        people, found, seconds, retried, report = storm(
            server, tenant.token, seed)
        released, moved, refused, odd = report
        tap.note("%d requests in %.1f s: %.0f a second; %d retried; %d seats "
                 "released; quotas: %d moved, %d refused" % (
                     len(found), seconds, len(found) / seconds, retried,
                     len(released), moved, refused))
        check(tap, api, people, found, report)
        tap.ok(released and moved and (refused or TIER == "quick"),
               "seats were released and quotas moved meanwhile", report[1:])
        tap.ok(not odd, "nothing else was answered to that", "\n".join(odd[:9]))
        tap.equal(list(other.client().pages("/api/v1/persons")), [],
                  "the other tenant has nobody")
        verify_export(tap, tenant)
        one_name(tap, server)
        tap.equal(server.stop(), 0, "the server ends in order")
    return tap.done()


def one_name(tap, server):
    """Many make a tenant of the same name at once: one does."""
    def make(name):
        return server.operator().request(
            "POST", "/operator/v1/tenants", {"name": name}).status

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for name in ("twin-a", "twin-b", "twin-c"):
            answers = sorted(pool.map(make, [name] * 4))
            tap.equal(answers, [201] + [409] * 3, "one makes tenant " + name)
    names = [t["name"] for t in server.operator().get(
        "/operator/v1/tenants").json["items"]]
    tap.equal(len(names), len(set(names)), "no two tenants have one name")


def check(tap, api, people, found, report):
    def none(faults, name):
        tap.ok(not faults, name, "%d:\n%s" % (
            len(faults), "\n".join(map(str, faults[:20]))))

    released = report[0]
    begin = time.monotonic()
    faults, owner = answer_faults(people, found)
    none(faults, "each copy of a request got the same answer, one made it")
    shown = [(row["id"], row.get("externalId"))
             for row in api.pages("/api/v1/persons")]
    none(person_faults(people, owner, shown), "one person for each reference")
    tables = checklib.Tables.read(api)
    none(checklib.table_faults(tables),
         "one seat a person and product, no pool above its quota")
    none(demand_faults(owner, released, tables),
         "everybody has or awaits what was asked for, nobody anything else")
    none(exact_faults(owner, released, tables),
         "assigned = min(demand, usable)")
    none(idle_faults(owner, tables), "nobody waits for a free seat")
    none(checklib.verify_faults(api), "seat verify finds nothing")
    none(checklib.check_log(api)[0], "the log and its checkpoint verify")
    events = list(checklib.events(api))
    replay = checklib.Replay(tables.name, **turn_rules(owner)).run(events)
    none(replay.differences(tables),
         "the log gives the tables, and everybody was served in turn")
    tap.equal(replay.count.get("person.onboarded"), N,
              "one entry says that a person was onboarded")
    tap.note("checked in %.1f s" % (time.monotonic() - begin))
    answer_controls(tap, people, found)
    controls(tap, owner, released, tables, events)


if __name__ == "__main__":
    sys.exit(main())
