#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tenants.py - a tenant that is deleted is gone, wherever the server is killed
meanwhile, and no other tenant is touched; TAP.

Two tenants of the same people.  One is suspended, exported and deleted, and the
server is killed at each step of that, or as a commit begins or has ended.  When
it has come back by itself: no table of either database has a row of the tenant
but the two that say that it was; no piece of a wrapped key of it stands in any
file, and none of what was sealed in a write-ahead log; nothing is in clear; the
other tenant's rows are those of before, byte for byte, and its log and seats are
whole; the last checkpoint is signed, and is of the log that was exported; the
number stays taken.

Where USHER_STORE says PostgreSQL, its pages and its log are its own: there no
piece of a key, or of what was sealed, stands in a dump of either database, and
nothing is in clear in any of its files.
"""
import collections
import http.client
import json
import os
import sqlite3
import subprocess
import sys
import time

import checklib
from usherlib import ROOT, STORE, TIER, Server, Tap, cluster

PEOPLE = {"quick": 30, "normal": 150, "full": 3000}[TIER]
WAIT_S = 60
PIECE = 24      # bytes of what was sealed: no two places have the same
STAYS = {"tenant", "tenant_gone"}
GONE = (OSError, http.client.HTTPException)

STEPS = ["nothing", "kill-before-keys-end:1", "kill-keys-ended:1",
         "kill-rows-ended:1", "kill-rows-ended:2", "kill-rows-ended:3",
         "kill-after-keys:3"]
if not STORE:       # only files have a log that is emptied
    STEPS += ["kill-before-empty:1", "kill-before-empty:2"]
COMMITS = {"quick": [3], "normal": [1, 2, 3, 4, 5, 6, 8],
           "full": range(1, 40)}[TIER]
POINTS = STEPS + ["kill-%s:%d" % (name, n) for n in COMMITS
                  for name in ("before-commit", "after-commit")]

CATALOGUE = """
catalogue: 1
sites:
  ber: { name: Berlin, country: DE, zone: Europe/Berlin }
products:
  mail: { name: Mail }
pools:
  mail-all: { product: mail, quota: %d }
schemas:
  device:
    urn: "urn:example:scim:2.0:Device"
    of: resource
    attributes: { serial: { type: string, unique: true } }
resource_types:
  device: { name: Device, endpoint: /Devices, schema: device }
""" % (PEOPLE // 2)
DEVICES = 20


# --- what stands on the disk ---------------------------------------------------

def sqlite_tables(server):
    """(table, columns, rows(columns, number)) of each table of a tenant's."""
    for name in ("usher.db", "keys.db"):
        db = sqlite3.connect("file:%s?mode=ro" % os.path.join(
            server.data, name), uri=True)
        db.text_factory = bytes

        def rows(table, columns, number, db=db):
            return list(db.execute(
                'SELECT %s FROM "%s" WHERE tenant = ?' % (columns, table),
                (number,)))

        for (table,) in db.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table'"):
            table = table.decode()
            columns = [row[1].decode() for row in db.execute(
                "SELECT * FROM pragma_table_info(?)", (table,))]
            yield table, columns, rows
        db.close()


def names_of(server):
    """The names of the server's two databases in PostgreSQL."""
    name = server.env["USHER_STORE"].split("@/")[1].split("?")[0]
    return name, name + "_keys"


def postgres_tables(server):
    for name in names_of(server):
        def rows(table, columns, number, name=name):
            text = cluster().sql(
                'SELECT row_to_json(t) FROM (SELECT %s FROM "%s" '
                "WHERE tenant = %d) t" % (columns, table, number), name)
            return [tuple(map(value_of, json.loads(line).values()))
                    for line in text.splitlines()]

        tables = collections.defaultdict(list)
        for line in cluster().sql(
                "SELECT table_name, column_name "
                "FROM information_schema.columns "
                "WHERE table_schema = 'public' ORDER BY table_name, "
                "ordinal_position", name).splitlines():
            table, column = line.split("|")
            tables[table].append(column)
        for table, columns in tables.items():
            yield table, columns, rows


def value_of(value):
    """As JSON has it; bytes are told in hexadecimal."""
    if isinstance(value, str) and value.startswith("\\x"):
        return bytes.fromhex(value[2:])
    return value


def rows_of(server, number):
    """{table: sorted rows} of one tenant, from every table that has a tenant;
    without when a token was last used, which is the test's own doing."""
    found = {}
    for table, columns, rows in (postgres_tables if STORE
                                 else sqlite_tables)(server):
        if "tenant" in columns:
            shown = ", ".join('"%s"' % c for c in columns
                              if c != "last_used_ms")
            found[table] = sorted(rows(table, shown, number), key=repr)
    return found


def pieces(rows, tables):
    """From the middle of everything that was sealed or wrapped in TABLES."""
    found = set()
    for table in tables:
        for row in rows[table]:
            for value in row:
                if isinstance(value, bytes) and len(value) >= 2 * PIECE:
                    middle = len(value) // 2
                    found.add(value[middle - PIECE // 2:middle + PIECE // 2])
    return found


def left_over(server, wanted, ending=""):
    """Where a piece stands: in which files, whose names end so, or in a dump of
    which database."""
    if STORE:
        return left_in_dump(server, wanted)
    return left_in_files(server.data, wanted, ending)


def left_in_dump(server, wanted):
    found = []
    for name in names_of(server):
        for part in cluster().dump(name).split(b"\nCOPY ")[1:]:
            n = sum(piece.hex().encode() in part for piece in wanted)
            if n:
                found.append("%s of %s: %d of %d" % (
                    part.split()[0].decode(), name, n, len(wanted)))
    return found


def left_in_files(folder, wanted, ending=""):
    found = []
    for root, _folders, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            if not os.path.isfile(path) or not name.endswith(ending):
                continue
            with open(path, "rb") as file:
                data = file.read()
            n = sum(piece in data for piece in wanted)
            if n:
                found.append("%s: %d of %d" % (path, n, len(wanted)))
    return found


def in_clear(server):
    """Files of the server, and of its database's cluster, with a name."""
    found = left_in_files(server.data, {b"Kanarienvogel"})
    if STORE:
        cluster().sql("CHECKPOINT")
        found += left_in_files(cluster().folder, {b"Kanarienvogel"})
    return found


# --- the life of a tenant --------------------------------------------------------

def people(tenant):
    tenant.apply(CATALOGUE)
    api = tenant.client()
    for n in range(PEOPLE):
        made = api.post("/api/v1/onboardings", {
            "person": {"userName": "u%d" % n, "externalId": str(n),
                       "displayName": "Kanarienvogel %d" % n, "site": "ber"},
            "products": ["mail"]}, **{"Idempotency-Key": str(n)})
        if made.status != 201:
            raise RuntimeError(made)
    for n in range(DEVICES):
        made = api.post("/scim/v2/Devices", {
            "schemas": ["urn:example:scim:2.0:Device"],
            "serial": "Kanarienvogel %d" % n})
        if made.status != 201:
            raise RuntimeError(made)
    api.close()


def until_signed(tenant):
    """The clock writes nothing more of a tenant in which nothing happens."""
    faults = checklib.check_log(tenant.client(), 10)[0]
    if faults:
        raise RuntimeError(faults)


def state_of(server, number):
    listed = server.operator().get("/operator/v1/tenants").json["items"]
    return next((t for t in listed if t["tenant"] == number), None)


def delete(server, point):
    """The answer, or None if the server was killed before it came."""
    if point != "nothing" and "USHER_FAULT" not in server.env:
        server.stop()
        server.env["USHER_FAULT"] = point
        try:
            server.start()
        except RuntimeError:    # the first commits are its own, at the start
            pass
    try:
        answer = server.operator().post(
            "/operator/v1/tenants/acme/delete",
            {"confirm": "acme", "reason": "over"})
    except GONE:
        answer = None
    if point != "nothing":
        end = time.monotonic() + WAIT_S
        # It goes on by itself until it meets its end, if it does.
        while (server.process.poll() is None
               and time.monotonic() < end
               and not is_over(server)):
            time.sleep(.05)
        for pid in server.pids().values():
            os.kill(pid, 9)
        server.process.wait(WAIT_S)
        del server.env["USHER_FAULT"]
        server.start()
        if (state_of(server, 1) or {}).get("state") == "suspended":
            # Killed before the first commit: nothing was done, and it is asked again.
            answer = server.operator().post(
                "/operator/v1/tenants/acme/delete",
                {"confirm": "acme", "reason": "over"})
    return answer


def is_over(server):
    try:
        return state_of(server, 1)["state"] == "deleted"
    except (*GONE, TypeError, ValueError):
        return False


def until(what):
    end = time.monotonic() + WAIT_S
    while not what() and time.monotonic() < end:
        time.sleep(.05)
    return what()


def checkpoint_faults(export, note):
    """The last checkpoint is of the same log, one entry after the export, and
    is signed with the key that stands there."""
    with open(os.path.join(export, "log", "0", "vkey"),
              encoding="utf-8") as file:
        key = checklib.VERIFIER.Key(file.read().strip())
    try:
        checklib.VERIFIER.Checkpoint(note.encode(), key)
    except ValueError as error:
        yield str(error)
    size = int(note.split("\n")[1])
    with open(os.path.join(export, "log", "0", "checkpoint"),
              encoding="utf-8") as file:
        older = file.read()
    if note.split("\n")[0] != older.split("\n")[0]:
        yield "another origin: %r" % note
    if size != int(older.split("\n")[1]) + 1:
        yield "of %d entries, the export has %s" % (
            size, older.split("\n")[1])


def one(point):
    """Faults of one deletion that was killed at POINT."""
    faults = []
    # What was written before must still be in the log that is not emptied.
    env = {"USHER_FAULT": point} if "before-empty" in point else {}
    with Server(args=["--restarts=0"], env=env) as server:
        acme, blue = server.tenant("acme"), server.tenant("blue")
        for tenant in (acme, blue):
            people(tenant)
        server.usher("tenant", "suspend", "acme", "--reason", "over", check=0)
        export = os.path.join(server.folder, "export")
        server.usher("tenant", "export", "acme", "--out", export,
                     "--reason", "for the customer", check=0)
        until_signed(blue)
        was, theirs = rows_of(server, 1), rows_of(server, 2)
        keys = pieces(was, ["person_key"])
        # What both have, such as the form of a change, is nobody's secret.
        tables = ["person", "log", "catalogue", "dictionary", "resource"]
        sealed = pieces(was, tables) - pieces(theirs, tables)
        if len(keys) != PEOPLE or len(sealed) < 2 * (PEOPLE + DEVICES):
            faults.append("only %d and %d pieces to look for" % (
                len(keys), len(sealed)))
        if not left_over(server, keys) or not left_over(server, sealed):
            faults.append("the pieces are not found before either")
        answer = delete(server, point)
        if not until(lambda: is_over(server)):
            faults.append("not deleted: %s" % state_of(server, 1))
        shown = state_of(server, 1)
        note = shown["deletion"]["checkpoint"]
        if point == "nothing" and answer.json["checkpoint"] != note:
            faults.append("another checkpoint was told: %s" % answer)
        faults += checkpoint_faults(export, note)
        faults += ["%s: %d rows" % (table, len(rows))
                   for table, rows in rows_of(server, 1).items()
                   if rows and table not in STAYS]
        if shown["name"] is not None:
            faults.append("it still has a name: %s" % shown)
        # What SQLite leaves in pages that others use is sealed for nobody now.
        if not until(lambda: not left_over(server, keys)
                     and not left_over(server, sealed, "-wal")):
            faults += left_over(server, keys)
            faults += left_over(server, sealed, "-wal")
        faults += in_clear(server)
        now = rows_of(server, 2)
        faults += ["%s of another tenant: %d rows, %d before" % (
            table, len(now[table]), len(theirs[table]))
            for table in theirs if now[table] != theirs[table]]
        faults += checklib.check_all(blue.client())
        names = [p["displayName"] for p in blue.client().pages(
            "/api/v1/persons")]
        if len(names) != PEOPLE or "Kanarienvogel 0" not in names:
            faults.append("the other tenant's people cannot be read")
        if acme.client().get("/api/v1/self").status != 401:
            faults.append("its token is still good")
        if server.tenant("acme").number != 3:
            faults.append("its number was given again")
        checked = subprocess.run(
            [sys.executable, os.path.join(ROOT, "tool", "verify-export.py"),
             export], capture_output=True, text=True)
        if checked.returncode:
            faults.append(checked.stdout)
    return faults


def main():
    tap = Tap()
    tap.equal(pieces({"person": [(1, b"x" * 100, b"y" * PIECE)]}, ["person"]),
              {b"x" * PIECE}, "the pieces looked for are long enough")
    for point in POINTS:
        try:
            faults = one(point)
        except Exception as error:      # shown, and the others go on
            faults = ["%r" % error]
        tap.ok(not faults, "deleted, %s" % point, "\n".join(faults[:20]))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
