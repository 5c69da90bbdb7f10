# SPDX-License-Identifier: Apache-2.0
"""checklib.py - what must hold of a tenant, checked from outside.

Everything is read through the API and compared with the log: the entries are
hashed and their checkpoint verified by tool/verify-log.py's own functions, and
the clear changes of the event feed are replayed into tables.  Checks return
lists of faults (texts), so that a driver can first show them planted ones.
"""
import base64
import bisect
import importlib.util
import os
import time

from usherlib import ROOT

SEAT_STATES = {None: 0, "none": 0, "held": 1, "assigned": 2}
CHECKPOINT_S = 10   # the signer runs once a second
LIMITED_S = 20      # few long tasks run at a time
ORIGIN_MASK = (1 << 40) - 1


def verifier():
    """tool/verify-log.py as a module."""
    path = os.path.join(ROOT, "tool", "verify-log.py")
    spec = importlib.util.spec_from_file_location("verify_log", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


VERIFIER = verifier()


# --- the log -----------------------------------------------------------------

def read_log(api):
    """Each origin's (entries as bytes, its newest page), oldest first.

    A log has one origin, and one more after each accepted rollback.
    """
    origins, after = [], 0
    while True:
        reply = api.get("/api/v1/audit/entries?limit=500&after=%d" % after)
        if reply.status != 200:
            raise RuntimeError("audit/entries: %s" % reply)
        page = reply.json
        if not page["items"]:
            return origins
        entries = [base64.b64decode(text) for text in page["items"]]
        if origins and origins[-1][1]["origin"] == page["origin"]:
            entries = origins.pop()[0] + entries
        origins.append((entries, page))
        after = page["next"]


def check_log(api, seconds=CHECKPOINT_S):
    """Faults of the log as a whole, and the entries of its last origin.

    Waits until a checkpoint covers every entry; nobody may write meanwhile.
    """
    end = time.monotonic() + seconds
    while True:
        origins, faults = read_log(api), []
        for at, (entries, page) in enumerate(origins):
            is_last = at == len(origins) - 1
            faults += origin_faults(entries, page, at, is_last)
        if not faults or time.monotonic() > end:
            return faults, origins[-1][0] if origins else []
        time.sleep(0.1)


def origin_faults(entries, page, number, is_last):
    key = VERIFIER.Key(page["vkey"])
    if page["checkpoint"] is None and not is_last:
        return []       # a backup that is older than the first signature
    try:
        note = VERIFIER.Checkpoint((page["checkpoint"] or "").encode(), key)
        if number > 0:      # it begins with the last note of the one before
            VERIFIER.Checkpoint(entries[0], key)
    except ValueError as error:
        return ["checkpoint: %s" % error]
    if note.size > len(entries) or is_last and note.size < len(entries):
        return ["the checkpoint covers %d of %d entries"
                % (note.size, len(entries))]
    return log_faults(entries[:note.size], note.root, number > 0)


def log_faults(entries, root, is_continued):
    faults = []
    hashes = [VERIFIER.hashlib.sha256(b"\0" + e).digest() for e in entries]
    if VERIFIER.tree_root(hashes) != root:
        faults.append("the checkpoint's root is not that of the entries")
    for number, entry in enumerate(entries[is_continued:], is_continued):
        try:
            VERIFIER.entry_time(entry)
        except ValueError as error:
            faults.append("entry %d: %s" % (number, error))
    return faults


def events(api, after=0):
    """Every event from a sequence number on, oldest first."""
    while True:
        reply = api.get("/api/v1/events?limit=500&after=%d" % after)
        if reply.status != 200:
            raise RuntimeError("events: %s" % reply)
        page = reply.json
        yield from page["items"]
        if not page["items"] or page["next"] == after:
            return
        after = page["next"]


# --- tables ------------------------------------------------------------------

class Tables:
    """seats {(product, person): (pool, state)}, waits {product: [(person,
    priority)]} in order, pools {slug: row}; products and pools by slug."""

    def __init__(self):
        self.seats, self.waits, self.pools = {}, {}, {}
        self.products, self.name = {}, {}
        self.doubles = []

    @classmethod
    def read(cls, api):
        self = cls()
        for row in api.get("/api/v1/pools").json["items"]:
            self.pools[row["slug"]] = row
            self.name[row["id"]] = row["slug"]
        for row in api.get("/api/v1/products").json["items"]:
            self.products[row["slug"]] = row
            self.name[row["id"]] = row["slug"]
        for slug in self.products:
            self.read_product(api, slug)
        return self

    def read_product(self, api, slug):
        for row in api.pages("/api/v1/products/%s/seats" % slug):
            key = slug, row["person"]
            if key in self.seats:
                self.doubles.append("two seats of %s for %s" % key)
            self.seats[key] = row["pool"], row["state"]
        waits = sorted(
            (row["position"], row["person"], row["priority"])
            for row in api.pages("/api/v1/products/%s/waits" % slug))
        self.waits[slug] = [wait[1:] for wait in waits]
        if [wait[0] for wait in waits] != list(range(1, len(waits) + 1)):
            self.doubles.append("%s: the positions are not 1 to %d" % (
                slug, len(waits)))


def table_faults(tables):
    """What the tables alone say: counters, one seat or wait, quotas."""
    faults = list(tables.doubles)
    used = dict.fromkeys(tables.pools, 0)
    for (product, person), (pool, _state) in tables.seats.items():
        used[pool] = used.get(pool, 0) + 1
        if tables.pools.get(pool, {}).get("product") != product:
            faults.append("%s has a seat of %s in %s" % (person, product, pool))
    for slug, row in tables.pools.items():
        if row["held"] + row["assigned"] != used[slug]:
            faults.append("pool %s counts %d + %d seats, there are %d" % (
                slug, row["held"], row["assigned"], used[slug]))
        if used[slug] > row["quota"]:
            faults.append("pool %s has %d seats of %d" % (
                slug, used[slug], row["quota"]))
    for product, waits in tables.waits.items():
        people = [person for person, _priority in waits]
        if len(set(people)) != len(people):
            faults.append("somebody waits twice for " + product)
        faults += ["%s has a seat of %s and waits for it" % (person, product)
                   for person in people if (product, person) in tables.seats]
        order = [-priority for _person, priority in waits]
        if order != sorted(order):
            faults.append("%s: the list is not in the order of priority"
                          % product)
    return faults


# --- the replay --------------------------------------------------------------

class Replay:
    """The tables as the clear changes of the log give them.

    MAY_USE(person, pool) says whether a pool may serve a person and
    PRIORITY(person) with what priority it asked, where the driver knows: then
    the order of serving is checked too.
    """

    def __init__(self, name, may_use=None, priority=None):
        self.name, self.may_use, self.priority = name, may_use, priority
        self.seats, self.quota = {}, {}
        self.waits, self.line = {}, {}  # of each product: ranks, and in order
        self.lifecycle, self.count = {}, {}
        self.faults = []
        self.last = None

    def run(self, items):
        for item in items:
            self.event(item)
        return self

    def event(self, item):
        seq = item["seq"]
        # Another origin begins with a checkpoint, which is no event.
        begins = seq & ORIGIN_MASK == 1 and seq > ORIGIN_MASK
        if self.last is not None and seq != self.last + 1 and not begins:
            self.faults.append("event %d follows %d" % (seq, self.last))
        self.last = seq
        action = item["action"]
        self.count[action] = self.count.get(action, 0) + 1
        subject = item["subject"]["id"]
        self.left = {}      # what this event ended
        # A wait that ends and a seat that begins are one step.
        for change in sorted(item["changes"],
                             key=lambda c: c["kind"] != "wait"):
            step = getattr(self, "change_" + change["kind"], None)
            if step is not None:
                step(seq, subject, change)

    def fault(self, seq, text, *args):
        self.faults.append("event %d: %s" % (seq, text % args))

    def change_seat(self, seq, person, change):
        key = self.name[change["object"]], person
        before, after = state_of(change["before"]), state_of(change["after"])
        if self.seats.get(key, (None, 0))[1] != before:
            self.fault(seq, "the seat %s was not in state %s", key, before)
        if after == 0:
            self.seats.pop(key, None)
            return
        pool = self.name[change["in"]]
        self.seats[key] = pool, after
        if before == 0:
            self.check_turn(seq, key, pool)

    def change_wait(self, seq, person, change):
        product = self.name[change["object"]]
        waits = self.waits.setdefault(product, {})
        line = self.line.setdefault(product, [])
        before, after = change["before"], change["after"]
        rank = waits.pop(person, None)
        if (1 - rank[0] if rank else 0) != before:
            self.fault(seq, "the wait of %s for %s was not %s", person, product,
                       before)
        if rank is not None:
            del line[bisect.bisect_left(line, (*rank, person))]
            self.left[product] = rank
        if after != 0:
            # Who waits keeps the age when the priority rises.
            waits[person] = 1 - after, rank[1] if rank else seq
            bisect.insort(line, (*waits[person], person))

    def check_turn(self, seq, key, pool):
        """Nobody whom POOL may serve was passed over: a waiter by nobody of a
        lower rank, nor by a newcomer of no higher priority."""
        if self.may_use is None:
            return
        product, person = key
        mine = self.left.get(product) or (1 - self.priority(person), 0)
        for *rank, other in self.line.get(product, ()):
            if tuple(rank) >= mine:
                return
            if self.may_use(other, pool):
                self.fault(seq, "%s got a seat of %s before %s", person, pool,
                           other)
                return

    def change_quota(self, _seq, _subject, change):
        self.quota[self.name.get(change["object"], change["object"])] = (
            change["after"])

    def change_lifecycle(self, _seq, person, change):
        self.lifecycle[person] = change["after"]

    def differences(self, tables):
        """Between what the log gives and what the API shows."""
        faults = list(self.faults)
        shown = {key: (pool, state_of(state))
                 for key, (pool, state) in tables.seats.items()}
        for key in shown.keys() | self.seats.keys():
            if shown.get(key) != self.seats.get(key):
                faults.append("seat %s is %s, the log gives %s" % (
                    key, shown.get(key), self.seats.get(key)))
        for product, waits in tables.waits.items():
            mine = [(person, -rank) for rank, _age, person
                    in self.line.get(product, ())]
            if mine != waits:
                faults.append("the list of %s (%d) is not the one that the log "
                              "gives (%d)" % (product, len(waits), len(mine)))
        for slug, row in tables.pools.items():
            if slug in self.quota and self.quota[slug] != row["quota"]:
                faults.append("quota of %s is %d, the log gives %d" % (
                    slug, row["quota"], self.quota[slug]))
        return faults


def state_of(value):
    return value if isinstance(value, int) else SEAT_STATES[value]


def verify_faults(api):
    """What the server itself finds (`usher seat verify`)."""
    end = time.monotonic() + LIMITED_S
    reply = api.post("/api/v1/seats/verify")
    while reply.status == 429 and time.monotonic() < end:
        time.sleep(0.1)
        reply = api.post("/api/v1/seats/verify")
    if reply.status != 200:
        return ["seats/verify: %s" % reply]
    found = reply.json
    if found["whole"] and not found["faults"]:
        return []
    return ["seats/verify: %s" % (fault.get("text") or fault)
            for fault in found["faults"]] or ["seats/verify: not whole"]


def check_all(api, seconds=CHECKPOINT_S):
    """Every check that needs no knowledge of what was asked for."""
    faults, _entries = check_log(api, seconds)
    tables = Tables.read(api)
    faults += table_faults(tables)
    faults += Replay(tables.name).run(events(api)).differences(tables)
    return faults + verify_faults(api)
