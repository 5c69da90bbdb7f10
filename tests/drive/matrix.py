#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""matrix.py - every operation asked by every kind of credential for every kind
of thing: nobody sees or changes what is another tenant's or out of scope; TAP.

The operations are those of the API description; each has a row here that says
how to ask for it.  A cell is one operation, one credential, and for each of its
parameters a kind of id: of the tenant and in scope, of the tenant and out of
scope, of the other tenant, well formed and nobody's, malformed, and of another
noun.  What must come of it is computed from rights, scopes and tenants alone.
What is refused says the same whether the thing exists or not, letter by letter;
no answer holds a text, an id or a date that the credential may not see
(matrixworld.py); and what was refused has changed nothing.

Before the server is believed, it is made to err: replies of a more mighty
credential, as if a right, a scope or a tenant had not been looked at; in the
full tier servers are built that err so (plant.py).
"""
import collections
import concurrent.futures
import contextlib
import itertools
import json
import re
import subprocess
import sys
import threading
import time
import traceback

import checklib
import matrixscim
import plant
from matrixrows import (EITHER, FIELDS, LATE, NOBODY, REFERENCES, Ask, Desk,
                        Dry, operations)
from matrixworld import Asker, World, patient
from usherlib import TIER, Server, Tap

AT_ONCE = 4
PLANTS = ("scope-left-out", "right-left-out", "tenant-of-another")
FLOOR = {"quick": 4000, "normal": 15000, "full": 20000}
SHOWN = 25

MALFORMED = ("x", "0000000000AB", "000000000000U", "%00", "00000000-0000")

IN, OUT, FOREIGN, RANDOM, BAD, NOUN, BROUGHT = KINDS = (
    "in scope", "out of scope", "the other tenant's", "nobody's", "malformed",
    "of another noun", "brought by another source")


# --- the cells ---------------------------------------------------------------

class Rig:
    """Asks, counts, and keeps what was wrong.

    LIE(operation, credential, url) is a planted fault: the credential whose
    answer is given instead, or None.
    """

    def __init__(self, world, ops, lie=None):
        self.world, self.ops, self.lie = world, ops, lie
        self.faults, self.count = [], 0
        self.codes = collections.Counter()
        self.guard = threading.Lock()
        self.local = threading.local()

    def client(self, credential):
        """A connection of this thread."""
        if not hasattr(self.local, "client"):
            self.local.client = Asker(self.world.server.address)
        self.local.client.token = credential.token
        self.local.client.headers = credential.headers
        return self.local.client

    def send(self, op, credential, asked):
        url = op.url(asked.params, asked.query)
        asker = self.lie and self.lie(op, credential, url) or credential
        send = (lambda: self.client(asker).request(
            op.method, url, asked.body, asked.headers))
        reply = send() if op.is_public() else patient(send)
        sent = "%s %s %s" % (url, json.dumps(asked.body), asked.headers)
        where = "%s: %s %s" % (credential, op, url)
        with self.guard:
            self.count += 1
            self.codes[reply.status] += 1
            if reply.status >= 500:
                self.faults.append("%s: %s" % (where, reply))
        for leak in self.world.leaks(credential, sent, reply):
            self.fault("%s: %d tells %s" % (where, reply.status, leak))
        self.learn(op, credential, reply)
        return reply

    def learn(self, op, credential, reply):
        """Ids of what was just made belong to the side; persons of a new
        victim are known by number."""
        found = reply.json
        if reply.status == 201 and isinstance(found, dict):
            for name in ("id", "person"):
                identity = found.get(name)
                if isinstance(identity, str):
                    self.world.owner.setdefault(
                        identity, (credential.side, None))

    def fault(self, text):
        with self.guard:
            self.faults.append(text)

    def expect(self, reply, wanted, what):
        if reply.status not in wanted:
            self.fault("%s: wanted %s, got %s" % (
                what, " or ".join(map(str, sorted(wanted))),
                str(reply)[:300]))
        return reply.status in wanted

    # what ids to ask for

    def value(self, op, at, kind, credential, good):
        """The parameter at place AT of this kind; None: there is none."""
        noun, side = op.nouns[at], credential.side
        other = self.world.other(side)
        if kind == IN:
            return good
        if kind == RANDOM:
            return "nobodys" if noun in credential.side.only else NOBODY
        if kind == BAD:
            return MALFORMED[at % len(MALFORMED)]
        if kind == NOUN:
            return side.boss.onboarding if noun == "person" else side.boss.id
        if kind == BROUGHT:
            # SCIM shows a client whom it brought; people, whom they may see.
            if not op.is_scim or credential.person is not None:
                return None
            return {"person": side.imported.id, "group": side.others_group,
                    "resource": side.others_device}.get(noun)
        source = other if kind == FOREIGN else side
        if kind == OUT and not self.has_outside(credential, noun):
            return None
        return {
            "person": source.outside.id,
            "onboarding": source.outside.onboarding,
            "grant": source.outside.grant if "end" in op.path
            else source.outside.pending,
            **other.only,
            "token": source.credentials[0].id, "import": source.run,
            "client": source.credentials[0].id, "session": source.session,
            "group": source.group, "resource": source.device,
        }.get(noun)

    @staticmethod
    def has_outside(credential, noun):
        return noun == "import" or credential.scope and noun in (
            "person", "onboarding", "grant", "token", "client")

    def base(self, op, credential):
        """An Ask that needs nothing to be made: for what is refused."""
        if op.row is None:
            return Ask([NOBODY] * len(op.nouns),
                       {} if op.takes_body else None, {}, "")
        return op.row.make(Dry(self, credential))

    # blocks

    def run(self, work):
        """WORK is a list of (function, arguments): in several threads."""
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for future, args in [(pool.submit(f, *args), args)
                                 for f, *args in work]:
                error = future.exception()
                if error:
                    self.fault("%s: %s" % (
                        ", ".join(map(str, args)), "".join(
                            traceback.format_exception(error)[-2:])))

    def refused(self, op, credential):
        """Credentials that are none, and those without the right."""
        if op.is_public():
            reply = self.send(op, credential, self.base(op, credential))
            self.expect(reply, {200} if op.method == "GET" else {
                400, 401, 429},
                        "%s: %s" % (credential, op))
            return
        wanted = {401 if credential.rights is None else 403}
        if credential.scope and op.right in LATE & credential.rights:
            wanted = {403, 404}
        kinds = (IN, FOREIGN, RANDOM, BAD) if op.nouns else (IN,)
        if op.nouns and TIER == "full":
            kinds = KINDS
        said = {}
        for kind in kinds:
            asked = self.with_kinds(op, credential, (kind,) * len(op.nouns))
            if asked is None:
                continue
            reply = self.send(op, credential, asked)
            self.expect(reply, wanted, "%s: %s %s" % (credential, op, kind))
            if kind != IN or len(wanted) == 1:
                said[kind] = neutral(reply, asked.params)
        self.same(said, RANDOM, "%s: %s" % (credential, op))

    def with_kinds(self, op, credential, kinds, base=None):
        """The Ask for these kinds; None if there are no such things."""
        base = base or self.base(op, credential)
        params = [self.value(op, at, kind, credential, base.params[at])
                  for at, kind in enumerate(kinds)]
        if None in params:
            return None
        return base._replace(params=params)

    def absent(self, op, credential):
        """The right is held; what is asked for is not there for it."""
        said = {}
        for kinds in itertools.product(KINDS, repeat=len(op.nouns)):
            if all(kind == IN for kind in kinds):
                continue
            asked = self.with_kinds(op, credential, kinds)
            if asked is None:
                continue
            reply = self.send(op, credential, asked)
            what = "%s: %s %s" % (credential, op, ", ".join(kinds))
            if op.row is None:
                self.expect(reply, {400, 403, 404, 409, 422, 428}, what)
                continue
            self.expect(reply, self.when_absent(op, kinds), what)
            said[kinds] = neutral(reply, asked.params)
        # A thing that may not be seen is like one that is not there.
        for kinds in said:
            like = tuple(RANDOM if kind in (OUT, FOREIGN, NOUN, BROUGHT)
                         else kind
                         for kind in kinds)
            if like in said:
                self.same({kinds: said[kinds], like: said[like]}, like,
                          "%s: %s" % (credential, op))

    @staticmethod
    def when_absent(op, kinds):
        if BAD in kinds or op.nouns[-1] in ("check", "kind") and (
                kinds[0] == IN):
            return {400, 404}
        if op.row.is_own:
            return {400, 403, 404}      # there are none but a person's
        return {404}

    def same(self, said, like, what):
        for kind in said:
            if like in said and kind != BAD and said[kind] != said[like]:
                self.fault("%s: %s is told from %s:\n  %s\n  %s" % (
                    what, kind, like, said[kind], said[like]))

    def granted(self, op, credential):
        """What must succeed, and the answer tells nothing else."""
        is_anothers = op.row.is_own and credential.person is None
        wanted = {200, 201, 204}
        if is_anothers:
            wanted = {200, 400, 403, 404, 409}
        elif op.id in matrixscim.OF_SOURCES and credential.person:
            wanted = {409}
        desk = (Dry if is_anothers else Desk)(self, credential)
        with turn(op, credential.side):
            reply = self.send(op, credential, op.row.make(desk))
        self.expect(reply, wanted, "%s: %s" % (credential, op))


def turn(op, side):
    """A source's run ends that of before, and a queue has one state: one at a
    time."""
    is_shared = "/imports" in op.path or "/queues" in op.path
    return side.turn if is_shared else contextlib.nullcontext()


def neutral(reply, sent):
    """What a reply says, without what differs each time or was just sent."""
    text = reply.body.decode(errors="replace")
    text = re.sub(r'"request":"[0-9a-f]*"', '"request":""', text)
    for value in sorted(filter(None, sent), key=len, reverse=True):
        text = text.replace(value, "SENT")
    head = sorted("%s: %s" % (name, value)
                  for name, value in reply.headers.items()
                  if name not in ("date", "request-id", "content-length",
                                  "connection", "traceparent"))
    return "%d %s %s" % (reply.status, head, text)


def named(side, what):
    """(what there is of this side, what is like it and nobody's)"""
    if what in side.only:
        return side.only[what], "nobodys-" + what
    if what == "person":
        return side.outside.id, NOBODY
    if what == "rolename":
        return side.text("c", 14, "role"), side.text("c", 999999, "role")
    return tuple(side.text("p", number, what)
                 for number in (side.outside.number, 999999))


class References(Rig):
    """Bodies, queries and fields; these change what may be changed."""

    def reference(self, name, what, put, credential):
        op = self.by_id(name)
        if op is None or not op.may(credential):
            return
        kinds = {FOREIGN: self.world.other(credential.side)}
        if credential.scope and not put.may_be_out and (
                what not in credential.side.only):
            kinds[OUT] = credential.side
        for kind, side in kinds.items():
            said = [self.answer(op, put, value, credential)
                    for value in named(side, what)]
            if said[0] != said[1]:
                self.fault("%s: %s naming a %s, %s, is told:\n  %s\n  %s" % (
                    credential, op, what, kind, *said))

    def answer(self, op, put, value, credential):
        with turn(op, credential.side):
            reply = self.send(op, credential, put(
                op.row.make(Desk(self, credential)), value))
        # What was done has ids of its own, and is compared no further.
        if op.row.changes and reply.status < 300 and op.id != "putImportScan":
            return str(reply.status)
        return re.sub(r'"(digest|import)":"\w+"', "",
                      neutral(reply, [value]))

    def by_id(self, name):
        return next((op for op in self.ops if op.id == name), None)

    def field(self, name, member, value, right, credential):
        op = self.by_id(name)
        if not op.may(credential):
            return
        asked = op.row.make(Desk(self, credential))
        number = credential.side.next()
        credential.side.known(number, "ber", "partner",
                              credential.side.boss.id)
        if value is None:
            value = credential.side.attributes(number, "ber")[member]
        reply = self.send(op, credential,
                          asked._replace(body={member: value}))
        self.expect(reply, {200} if right in credential.rights else {403},
                    "%s: %s with %s" % (credential, op, member))

    def scim_field(self, name, path, value, right, credential):
        """An attribute of SCIM that needs a right of its own."""
        op = self.by_id(name)
        if not op.may(credential):
            return
        asked = op.row.make(Desk(self, credential))
        reply = self.send(op, credential, asked._replace(
            body=matrixscim.field_order(credential, path, value)))
        self.expect(reply, {200} if right in credential.rights else {403},
                    "%s: %s with %s" % (credential, op, path))

    def outward(self, credential):
        """Nobody is moved or made where the credential may not act."""
        for name, put in (
                ("patchPerson", dict), ("postPersons", None),
                ("postOnboardings", "person")):
            op = self.by_id(name)
            if not credential.scope or not op.may(credential):
                continue
            away = {"site": "lyo",
                    "organization": credential.side.only["organisation"],
                    "manager": credential.side.outside.id}
            asked = op.row.make(Desk(self, credential))
            if put is dict:
                body = away
            elif put is None:
                body = {**asked.body, **away}
            else:
                body = {**asked.body, put: {**asked.body[put], **away}}
            reply = self.send(op, credential, asked._replace(body=body))
            # That the manager is not there for it may be said first.
            # So may that another source brought the contracts.
            self.expect(reply, {400, 403, 409}, "%s: %s out of scope" % (
                credential, op))

    def imported(self, credential):
        """A file says nothing of, and does nothing to, who is out of scope."""
        op = self.by_id("putImportScan")
        if not credential.scope or not op.may(credential):
            return
        side, said = credential.side, []
        with turn(op, side):
            for ref in (side.imported.number, "nobody"):
                desk = Desk(self, credential)
                row = side.row(side.imported, ref)
                reply = self.send(op, credential, Ask(
                    [desk.run()], row, {"Content-Type": "text/csv"}, ""))
                said.append(re.sub(r'"(digest|import)":"\w+"', "",
                                   neutral(reply, [str(ref)])))
            if said[0] != said[1]:
                self.fault("%s: a row of who is out of scope is told:\n  %s"
                           "\n  %s" % (credential, *said))
            self.whole_file(credential)
        path = "/api/v1/persons/" + side.imported.id
        if side.call("GET", path).json["lifecycle"] != "active":
            self.fault("%s: who is out of scope has left" % credential)

    def whole_file(self, credential):
        """Who is not in it leaves, in scope."""
        op, desk = self.by_id("putImportRows"), Desk(self, credential)
        order = {**desk.import_order(), "partial": False}
        desk.end_run()
        run = desk.side.open_run(self.client(credential), order)
        rows = desk.side.rows()
        digest = desk.scan(run, rows)
        reply = self.send(op, credential, Ask(
            [run], rows, {"Content-Type": "text/csv"}, "?digest=" + digest))
        self.expect(reply, {200}, "%s: a whole file" % credential)

    def same_key(self, credential):
        """A key and a reference of the other tenant are nobody's here."""
        op = self.by_id("postOnboardings")
        if not op.may(credential) or credential.headers:
            return      # whose keys are those of the person's other session
        other = self.world.other(credential.side)
        asked = op.row.make(Desk(self, credential))
        for member in ("userName", "externalId"):
            asked.body["person"][member] = other.attributes(
                other.outside.number, "ber")[member] + str(
                    credential.side.next())
        asked.headers["Idempotency-Key"] = "world-%d" % other.inside.number
        self.expect(self.send(op, credential, asked), {201},
                    "%s: a key of the other tenant" % credential)


# --- lists -------------------------------------------------------------------

LISTS = (
    ("getPersons", (), "id"), ("getProductSeats", ("mail",), "person"),
    ("getProductSeats", ("crm",), "person"),
    ("getProductWaits", ("crm",), "person"), ("getRoleGrants", (), "person"))
LIMITS = ("1", "2", "3", "500")
BAD_LIMITS = ("0", "-1", "501", "abc", "1.5", "99999999999999999999")


class Lists(Rig):
    def walk(self, name, params, member, credential):
        """Every page is full but the last, and the items are exactly those of
        the persons that are seen."""
        op = next(op for op in self.ops if op.id == name)
        if not op.may(credential):
            return
        full = credential.side.call("GET", op.url(
            params, "?limit=500")).json["items"]
        seen = {person.id for person in credential.side.by_number.values()
                if credential.sees(person)}
        wanted = sorted(json.dumps(row, sort_keys=True)
                        for row in (self.stripped(row, credential)
                                    for row in full)
                        if row[member] in seen)
        for limit in LIMITS:
            self.pages(op, params, credential, int(limit), wanted)
        for limit in BAD_LIMITS:
            reply = self.send(op, credential,
                              Ask(params, None, {}, "?limit=" + limit))
            self.expect(reply, {400}, "%s: %s limit %s" % (
                credential, op, limit))
        for cursor in (NOBODY, credential.side.outside.id,
                       self.world.other(credential.side).outside.id):
            self.send(op, credential, Ask(
                params, None, {}, "?limit=2&cursor=" + cursor))

    def stripped(self, row, credential=None):
        """What a right of its own shows is another test's matter; a manager
        is named to whom CREDENTIAL lets see them."""
        shown = {name: value for name, value in row.items()
                 if name not in ("birthDate", "addresses")}
        if credential and not credential.may_see_id(
                shown.get("manager", row.get("id", row.get("person")))):
            shown.pop("manager", None)
        if "contracts" in row:
            shown["contracts"] = [self.stripped(contract, credential)
                                  for contract in row["contracts"]]
        return shown

    def pages(self, op, params, credential, limit, wanted):
        found, query = [], "?limit=%d" % limit
        what = "%s: %s by %d" % (credential, op.url(params), limit)
        while True:
            reply = self.send(op, credential, Ask(params, None, {}, query))
            if not self.expect(reply, {200}, what):
                return
            items, follows = reply.json["items"], reply.json["next"]
            found += [json.dumps(self.stripped(row), sort_keys=True)
                      for row in items]
            if follows is None:
                break
            # A person may hold several roles, which are never parted.
            if len(items) < limit:
                self.fault("%s: a page of %d says that more follow" % (
                    what, len(items)))
            if len(found) > 10 * (len(wanted) + limit):
                self.fault("%s: there is no end" % what)
                return
            query = "?limit=%d&cursor=%s" % (limit, follows)
        if sorted(found) != wanted:
            self.fault("%s: %d items, not the %d in scope: %s" % (
                what, len(found), len(wanted),
                sorted(set(found) ^ set(wanted))[:2]))

    def users(self, op, credential):
        """SCIM's list, by index and by cursor."""
        if op.may(credential):
            for fault in matrixscim.list_faults(self, op, credential):
                self.fault(fault)

    def events(self, credential):
        op = next(op for op in self.ops if op.id == "getEvents")
        if not op.may(credential):
            return
        seen = {person.id for person in credential.side.by_number.values()
                if credential.sees(person)}
        with credential.side.guard:
            everything = list(checklib.events(credential.side.api))
        wanted = [item for item in everything
                  if item["subject"]["kind"] == "person"
                  and item["subject"]["id"] in seen]
        for limit in (3, 500):
            found, after = [], 0
            while True:
                reply = self.send(op, credential, Ask(
                    (), None, {}, "?limit=%d&after=%d" % (limit, after)))
                page = reply.json
                found += [item for item in page["items"]
                          if item["subject"]["kind"] == "person"]
                if page["next"] == after:
                    break
                after = page["next"]
            if found != wanted:
                self.fault("%s: events by %d: %d, not %d" % (
                    credential, limit, len(found), len(wanted)))


# --- planted lies ------------------------------------------------------------

def lies(world):
    """name: (what is asked, the lie).  Each is answered as if a check had been
    left out of one route."""
    here = world.here
    mighty, other = here.credentials[0], world.there.credentials[0]
    scoped = here.credentials[1]
    reader = next((c for c in here.credentials if c.name == "person.read"),
                  None)
    revoked = here.invalid[2]

    def on(name, test, answer):
        return lambda op, credential, url: answer if (
            op.id == name and test(credential, url)) else None

    def done_anyway(op, credential, url):
        if op.id == "patchPool" and credential is revoked:
            here.call("PATCH", "/api/v1/pools/mail-all", {"quota": 99999},
                      If_Match="*")

    found = {
        "a revoked token is taken": (
            "refused", "getPerson", revoked,
            on("getPerson", lambda c, u: c is revoked, mighty)),
        "a scope is not looked at": (
            "absent", "getPersonSeats", scoped,
            on("getPersonSeats", lambda c, u: c.scope, mighty)),
        "a scope is not looked at in a change": (
            "absent", "deletePersonSeatsProduct", scoped,
            on("deletePersonSeatsProduct", lambda c, u: c.scope, mighty)),
        "the tenant is that of the id": (
            "absent", "getOnboarding", mighty,
            on("getOnboarding",
               lambda c, u: world.there.outside.onboarding in u, other)),
        "the scope is left out of a list": (
            "granted", "getRoleGrants", scoped,
            on("getRoleGrants", lambda c, u: c.scope, mighty)),
        "a catalogue is another tenant's": (
            "granted", "getCatalogue", mighty,
            on("getCatalogue", lambda c, u: True, other)),
        "what was refused is done": (
            "refused", "patchPool", revoked, done_anyway)}
    signed_in = next((c for c in here.credentials
                      if c.person and not c.scope and c.rights > {"self"}),
                     None)
    if signed_in:
        found["SCIM does not ask who brought somebody"] = (
            "absent", "PATCH /Users/{user}", mighty,
            on("PATCH /Users/{user}",
               lambda c, u: here.imported.id in u, signed_in))
        found["a list of SCIM shows whom others brought"] = (
            "users", "GET /Users", mighty,
            on("GET /Users", lambda c, u: True, signed_in))
    if reader:
        found["a right is not looked at"] = (
            "refused", "getOnboarding", reader,
            on("getOnboarding", lambda c, u: True, mighty))
        found["a field is shown without its right"] = (
            "granted", "getPerson", reader,
            on("getPerson", lambda c, u: True, mighty))
    return found


def plant_lies(tap, world, ops):
    for name, (block, op, credential, lie) in lies(world).items():
        op = next(each for each in ops if each.id == op)
        found = [faults_of(world, ops, block, op, credential, each)
                 for each in (None, lie)]
        tap.ok(not found[0] and found[1], "planted and found: " + name,
               "without it %s\nwith it %s" % tuple(found))


def faults_of(world, ops, block, op, credential, lie):
    before, rig = digests(world), Lists(world, ops, lie)
    getattr(rig, block)(op, credential)
    return rig.faults + changed(before, digests(world))


def digests(world):
    return [side.digest() for side in world.sides]


def changed(before, after):
    return ["%s has changed: %s\n  %s\n  %s" % (
        name, key, old[key][:300], new[key][:300])
        for name, old, new in zip(("acme", "blue"), before, after)
        for key in old if old[key] != new[key]]


class Matrix:
    def __init__(self, tap, world, ops):
        self.tap, self.world, self.ops = tap, world, ops
        self.count = 0
        self.codes = collections.Counter()

    def block(self, name, rig, work, still=()):
        """Runs WORK; the sides of STILL must be what they were."""
        begin, before = time.monotonic(), digests(self.world)
        rig.run(work)
        after = digests(self.world)
        faults = rig.faults + [
            fault for fault in changed(before, after)
            if any(fault.startswith(side.name) for side in still)]
        for side in self.world.sides:
            faults += checklib.verify_faults(side.api)
        self.count += rig.count
        self.codes += rig.codes
        self.tap.ok(not faults, "%s (%d cells, %.0f s)" % (
            name, rig.count, time.monotonic() - begin),
            "%d faults\n%s" % (len(faults), "\n".join(
                sorted(faults)[:SHOWN])))

    def all(self):
        world, ops = self.world, self.ops
        for side in world.sides:
            lacking = side.invalid + side.credentials
            self.block(
                "%s: who may not is refused" % side.name,
                rig := Rig(world, ops),
                [(rig.refused, op, c) for c in lacking for op in ops
                 if not op.may(c)], world.sides)
            self.block(
                "%s: what is not theirs is not there" % side.name,
                rig := Rig(world, ops),
                [(rig.absent, op, c) for c in side.credentials for op in ops
                 if op.may(c) and op.nouns], world.sides)
            self.block(
                "%s: lists end where the scope ends" % side.name,
                rig := Lists(world, ops),
                [(rig.walk, *row, c) for c in side.credentials
                 for row in LISTS]
                + [(rig.events, c) for c in side.credentials]
                + [(rig.users, op, c) for c in side.credentials
                   for op in ops if op.id == "GET /Users"], world.sides)
        for side in world.sides:
            other = [world.other(side)]
            self.block(
                "%s: who may is served" % side.name, rig := Rig(world, ops),
                [(rig.granted, op, c) for c in side.credentials for op in ops
                 if op.row and op.may(c)
                 and not (op.row.is_last and c.person)], other)
            self.block(
                "%s: what a request names tells nothing" % side.name,
                rig := References(world, ops), self.references(rig, side),
                other)

    @staticmethod
    def references(rig, side):
        work = []
        for credential in side.credentials:
            work += [(rig.reference, *row, credential) for row in REFERENCES]
            work += [(rig.reference, *row, credential)
                     for row in matrixscim.SCIM_REFERENCES]
            work += [(rig.field, *row, credential) for row in FIELDS]
            work += [(rig.scim_field, *row, credential)
                     for row in matrixscim.SCIM_FIELDS]
            work += [(rig.outward, credential), (rig.same_key, credential),
                     (rig.imported, credential)]
        return work


def opened(server):
    world = World(server)
    ops = operations(world.here.api) + matrixscim.operations()
    names = {op.id for op in ops}
    world.make_credentials(TIER != "quick", names.__contains__, EITHER)
    return world, ops


class Quiet(Tap):
    """Keeps which tests failed."""

    def __init__(self):
        super().__init__()
        self.names = []

    def ok(self, passed, name, why=""):
        self.names += [] if passed else [name]
        return bool(passed)


def hunt(tap, name):
    """A server that was built with a bug is told from one without."""
    try:
        build = plant.build(name)
    except (plant.Gone, subprocess.CalledProcessError) as error:
        tap.ok(False, "built and found: " + name,
               getattr(error, "output", None) or error)
        return
    found = Quiet()
    with Server(build=build) as server:
        Matrix(found, *opened(server)).all()
    tap.ok(found.names, "built and found: " + name)
    tap.note("\n".join(found.names))


def main():
    tap = Tap()
    for name in PLANTS if TIER == "full" else ():
        hunt(tap, name)
    with Server() as server:
        world, ops = opened(server)
        missing = [str(op) for op in ops if op.row is None]
        tap.ok(not missing, "every operation has a row (%d)" % len(ops),
               "\n".join(missing))
        plant_lies(tap, world, ops)
        matrix = Matrix(tap, world, ops)
        matrix.all()
        for side in world.sides:
            faults, _entries = checklib.check_log(side.api)
            faults += checklib.verify_faults(side.api)
            tap.ok(not faults, "%s is whole" % side.name, "\n".join(faults))
        tap.note("%d cells: %s" % (matrix.count, ", ".join(
            "%d x %d" % (n, code)
            for code, n in sorted(matrix.codes.items()))))
        tap.ok(matrix.count >= FLOOR[TIER],
               "at least %d cells" % FLOOR[TIER], matrix.count)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
