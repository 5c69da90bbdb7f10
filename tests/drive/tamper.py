#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tamper.py - whatever is done to the log is noticed; TAP.

On a real exported log of about 100 entries: every flipped bit, every deletion,
duplicate, swap, truncation and rollback, through the functions of
tool/verify-log.py, and samples of each through `usher audit verify`.  Then on
a real server: databases altered and rolled back under the vault, restored with
and without --accept-rollback.
"""
import functools
import glob
import hashlib
import json
import multiprocessing
import os
import random
import shutil
import sqlite3
import struct
import subprocess
import sys

import checklib
import killdevices
from usherlib import Server, Tap

V = checklib.VERIFIER
ENTRIES = 100
CLI_SAMPLES = 60
CATALOGUE = """
catalogue: 1
products: { mail: { cap: 100 } }
pools: { mail-all: { product: mail, quota: 20 } }
""" + "".join("%s: %s\n" % (section, json.dumps(rows))
              for section, rows in killdevices.DECLARED.items())

# Most flips leave the checkpoint as it is: its signature is computed once.
V.ed25519_ok = functools.lru_cache(4096)(V.ed25519_ok)


# --- an export in memory -----------------------------------------------------

def read_export(folder):
    """{path: bytes} of its files."""
    found = {}
    for root, _folders, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = file.read()
    return found


def write_export(files, folder):
    shutil.rmtree(folder, ignore_errors=True)
    for path, data in files.items():
        path = os.path.join(folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)


class Memory(V.Export):
    """The verifier over files in memory."""

    def __init__(self, files, vkey, origin=None, older=None):
        self.files = files
        super().__init__("/", V.Key(vkey), origin, older)

    def load(self, path, limit):
        if path not in self.files:
            raise V.Finding("%s: the file is missing" % path)
        if len(self.files[path]) > limit:
            raise V.Finding("%s: its length is wrong" % path)
        return self.files[path]

    def check_names(self, _path, _depth):
        for path in self.files:
            if path not in ("checkpoint", "origin", "vkey") and (
                    not V.tile_belongs(path, self.now.size)):
                raise V.Finding("%s: it does not belong" % path)


def is_whole(files, vkey, older=None, origin=None):
    try:
        Memory(files, vkey, origin, older).verify()
        return True
    except V.Finding:
        return False


def entries_of(files):
    found = []
    for path in sorted(p for p in files if p.startswith("tile/entries/")):
        data, at = files[path], 0
        while at < len(data):
            (n,) = struct.unpack_from(">H", data, at)
            found.append(data[at + 2:at + 2 + n])
            at += 2 + n
    return found


def with_entries(files, entries, tiles):
    """The export with other entries; TILES: hashes made to fit them, as who
    has no key can do."""
    out = {path: data for path, data in files.items()
           if not path.startswith("tile/")}
    hashes = [hashlib.sha256(b"\0" + e).digest() for e in entries]
    if not tiles:
        out.update((path, data) for path, data in files.items()
                   if not path.startswith("tile/entries/"))
    for n in range(0, len(entries), V.WIDTH):
        some = entries[n:n + V.WIDTH]
        at = n // V.WIDTH
        out[V.tile_path("entries", at, len(some))] = b"".join(
            struct.pack(">H", len(e)) + e for e in some)
        if tiles:
            out[V.tile_path(0, at, len(some))] = b"".join(hashes[n:n + V.WIDTH])
    return out


def resized(files, size):
    """The checkpoint's text with another size; its signature stays."""
    lines = files["checkpoint"].split(b"\n")
    lines[1] = b"%d" % size
    return {**files, "checkpoint": b"\n".join(lines)}


# --- in memory ---------------------------------------------------------------

def flip(data, bit):
    out = bytearray(data)
    out[bit // 8] ^= 1 << bit % 8
    return bytes(out)


def missed_flips(args):
    files, vkey, path, bits = args
    return [(path, bit) for bit in bits
            if is_whole({**files, path: flip(files[path], bit)}, vkey)]


def flips(tap, files, vkey):
    work = []
    for path, data in files.items():
        bits = range(8 * len(data))
        work += [(files, vkey, path, bits[i:i + 400])
                 for i in range(0, len(bits), 400)]
    with multiprocessing.Pool(2) as pool:
        missed = sum(pool.map(missed_flips, work, chunksize=4), [])
    tap.ok(not missed, "every one of %d flipped bits is found" % sum(
        len(w[3]) for w in work), missed[:20])


def reorderings(entries):
    """(what was done, the entries then), each way at each place."""
    n = len(entries)
    for i in range(n):
        yield "entry %d deleted" % i, entries[:i] + entries[i + 1:]
        yield "entry %d doubled" % i, entries[:i + 1] + entries[i:]
        yield "cut before entry %d" % i, entries[:i]
        j = (i + 1 + i * 7 % (n - 1)) % n
        other = list(entries)
        other[i], other[j] = other[j], other[i]
        yield "entries %d and %d swapped" % (i, j), other
        yield "entry %d in the place of %d" % (i, j), (
            entries[:j] + [entries[i]] + entries[j + 1:])
    yield "an entry more", entries + [entries[-1][:-1] + b"\0"]
    yield "all in reverse", entries[::-1]


def shapes(tap, files, vkey):
    entries, missed, count = entries_of(files), [], 0
    for what, other in reorderings(entries):
        if other == entries:
            continue
        for tiles in (False, True):
            for sized in (False, True):
                changed = with_entries(files, other, tiles)
                if sized:
                    changed = resized(changed, len(other))
                count += 1
                if is_whole(changed, vkey):
                    missed.append((what, tiles, sized))
    tap.ok(not missed, "every deletion, duplicate, swap and cut is found: %d"
           % count, missed[:20])
    missed = [path for path in files if is_whole(
        {p: d for p, d in files.items() if p != path}, vkey)]
    missed += [path for path in files if is_whole(
        {**files, path: files[path][:-1]}, vkey)]
    missed += [path for path in files if is_whole(
        {**files, path: files[path] + b"\n"}, vkey)]
    missed += [path for path in ("tile/0/001", "tile/1/000", "more",
                                 "tile/entries/000.p/1")
               if is_whole({**files, path: b""}, vkey)]
    tap.ok(not missed, "every file lost, cut, longer or too many is found",
           missed)


def rollbacks(tap, older, newer, vkey):
    """An older export is whole in itself; who kept a checkpoint sees it."""
    tap.ok(is_whole(older, vkey) and is_whole(newer, vkey),
           "both exports are whole")
    tap.ok(is_whole(newer, vkey, older=older["checkpoint"]),
           "the newer one extends the older checkpoint")
    tap.ok(not is_whole(older, vkey, older=newer["checkpoint"]),
           "a rollback of the whole export is found with a newer checkpoint")
    mixed = {**newer, "checkpoint": older["checkpoint"]}
    tap.ok(not is_whole(mixed, vkey), "an older checkpoint does not fit")
    mixed = {**older, "checkpoint": newer["checkpoint"]}
    tap.ok(not is_whole(mixed, vkey), "a newer checkpoint does not fit")


# --- through the command line ------------------------------------------------

def verify(tenant, folder, vkey, *more):
    return tenant.usher("audit", "verify", folder, "--key", vkey, *more)


def samples(tap, tenant, files, vkey, dice):
    """The other verifier says the same of a sample of each kind."""
    folder = os.path.join(tenant.server.folder, "altered")
    other = list(reorderings(entries_of(files)))
    changed = [(what, with_entries(files, entries, tiles=i % 2 == 0))
               for i, (what, entries) in enumerate(dice.sample(other, 30))]
    for path in files:
        changed.append(("%s lost" % path, {
            p: d for p, d in files.items() if p != path}))
    for _ in range(CLI_SAMPLES):
        path = dice.choice(list(files))
        bit = dice.randrange(8 * len(files[path]))
        changed.append(("bit %d of %s" % (bit, path),
                        {**files, path: flip(files[path], bit)}))
    missed = []
    for what, altered in changed:
        write_export(altered, folder)
        done = verify(tenant, folder, vkey)
        if done.returncode == 0 or done.returncode < 0:
            missed.append("%s: %d %s" % (what, done.returncode, done.stdout))
    tap.ok(not missed, "usher audit verify finds each of %d samples"
           % len(changed), "\n".join(missed[:10]))
    write_export(files, folder)
    done = verify(tenant, folder, vkey)
    tap.ok(done.returncode == 0, "and passes what was not altered",
           done.stdout + done.stderr)


def cli_rollback(tap, tenant, older, newer, vkey):
    folder = tenant.server.folder
    kept = os.path.join(folder, "kept-checkpoint")
    for files, mark, want in ((newer, older, True), (older, newer, False)):
        with open(kept, "wb") as file:
            file.write(mark["checkpoint"])
        write_export(files, os.path.join(folder, "altered"))
        done = verify(tenant, os.path.join(folder, "altered"), vkey,
                      "--extends", kept)
        tap.ok((done.returncode == 0) == want,
               "--extends %s" % ("passes a log that grew" if want
                                 else "finds a rollback"),
               done.stdout + done.stderr)


# --- a log -------------------------------------------------------------------

def fill(tenant, first, last):
    api = tenant.client()
    for i in range(first, last):
        reply = api.post("/api/v1/onboardings", {
            "person": {"userName": "u%d" % i, "externalId": "e%d" % i},
            "products": ["mail"], "priority": i % 10},
            idempotency_key="k%d" % i)
        if reply.status != 201:
            raise RuntimeError(str(reply))
        if i % 3 == 0:
            api.delete("/api/v1/persons/%s/seats/mail" % reply.json["person"])
    api.close()


def export(tap, tenant, name):
    folder = os.path.join(tenant.server.folder, name)
    done = tenant.usher("audit", "export", folder)
    tap.ok(done.returncode == 0, "an export is made", done.stdout + done.stderr)
    return read_export(folder)


def the_export(tap, tenant, vkey, dice):
    fill(tenant, 0, ENTRIES // 4)
    older = export(tap, tenant, "older")
    fill(tenant, ENTRIES // 4, ENTRIES * 3 // 5)
    newer = export(tap, tenant, "newer")
    size = len(entries_of(newer))
    tap.ok(80 <= size <= 160, "the log has about 100 entries: %d" % size)
    rollbacks(tap, older, newer, vkey)
    shapes(tap, newer, vkey)
    flips(tap, newer, vkey)
    cli_rollback(tap, tenant, older, newer, vkey)
    samples(tap, tenant, newer, vkey, dice)
    return newer


# --- a server ----------------------------------------------------------------

def keep(server, name):
    """A copy of the databases of the stopped server."""
    folder = os.path.join(server.folder, name)
    os.makedirs(folder)
    for path in glob.glob(os.path.join(server.data, "*.db*")):
        shutil.copy2(path, folder)
    return folder


def put_back(server, folder, pattern="usher.db*"):
    for path in glob.glob(os.path.join(server.data, pattern)):
        os.unlink(path)
    for path in glob.glob(os.path.join(folder, pattern)):
        shutil.copy2(path, server.data)


def refuses_to_start(tap, server, says, name):
    at = len(server.log_text())
    server.start(wait=False)
    try:
        status = server.process.wait(30)
    except subprocess.TimeoutExpired:
        status = None
        server.kill("parent")
    server.process = None
    log = server.log_text()[at:]
    return tap.ok(status not in (0, None) and says in log, name,
                  "status %s\n%s" % (status, log[-1500:]))


def rolled_back(tap, server, tenant):
    """An older copy of the database under a vault that signed more."""
    fill(tenant, 200, 210)
    server.stop()
    old = keep(server, "old")
    server.start()
    fill(tenant, 210, 230)
    wait_signed(tenant)
    server.stop()
    new = keep(server, "new")
    put_back(server, old)
    refuses_to_start(tap, server, "accept-rollback",
                     "an older database is refused, with the way out")
    put_back(server, new)
    server.start()
    tap.ok(not checklib.check_all(tenant.client()),
           "with the newest database it runs again and is whole",
           "\n".join(checklib.check_all(tenant.client())[:5]))
    return old


def wait_signed(tenant):
    faults = checklib.check_log(tenant.client())[0]
    if faults:
        raise RuntimeError("the log is not signed: %s" % faults)


def accepted(tap, server, tenant, vkey):
    """usher restore goes on in a new origin, and only when told to."""
    api = tenant.client()
    made = server.operator().post("/operator/v1/backup")
    tap.ok(made.status == 200, "a backup is made while it runs", made)
    if made.status != 200:
        return
    data, keys = (os.path.join(server.data, made.json[k])
                  for k in ("data", "keys"))
    before = entries_of(export(tap, tenant, "before"))
    fill(tenant, 300, 310)
    wait_signed(tenant)
    lost = export(tap, tenant, "lost")
    api.close()
    server.stop()
    restore = ["restore", "--from", data, "--keys", keys]
    done = server.usher(*restore)
    tap.ok(done.returncode == 5, "a backup does not overwrite databases",
           done.stdout + done.stderr)
    keep(server, "lost-databases")
    for path in glob.glob(os.path.join(server.data, "*.db*")):
        os.unlink(path)
    done = server.usher(*restore)
    tap.ok(done.returncode == 0, "a backup is laid", done.stdout + done.stderr)
    refuses_to_start(tap, server, "accept-rollback",
                     "a restored backup is not run without being told to")
    done = server.usher("restore", "--accept-rollback")
    tap.ok(done.returncode == 0, "usher restore --accept-rollback",
           done.stdout + done.stderr)
    server.start()
    faults = checklib.check_all(tenant.client())
    tap.ok(not faults, "it runs, and is whole", "\n".join(faults[:5]))
    fill(tenant, 310, 320)
    after = export(tap, tenant, "after")
    leaves = entries_of(after)
    tap.ok(leaves and leaves[0] == lost["checkpoint"],
           "the new origin begins with the last checkpoint of the old one",
           leaves[:1])
    tap.ok(is_whole(after, vkey), "tool/verify-log.py passes the new origin")
    done = verify(tenant, os.path.join(server.folder, "after"), vkey)
    tap.ok(done.returncode == 0, "usher audit verify passes it too",
           done.stdout + done.stderr)
    tap.ok(not is_whole(after, vkey, older=lost["checkpoint"]),
           "what was signed and lost does not go unnoticed")
    first = os.path.join(server.folder, "first")
    done = tenant.usher("audit", "export", first, "--number", "0")
    tap.ok(done.returncode == 0 and entries_of(read_export(first))
           == before[:len(entries_of(read_export(first)))],
           "the old origin can still be exported", done.stdout + done.stderr)


def altered(tap, server, tenant):
    """Rows changed in the file by somebody who can write it."""
    cases = (
        ("an entry changed", "UPDATE log SET entry = CAST(substr(entry, 1, 60) "
         "|| x'ff' || substr(entry, 62) AS BLOB) WHERE tenant = 1 AND seq = "
         "(SELECT max(seq) - 3 FROM log WHERE tenant = 1)"),
        ("an entry deleted", "DELETE FROM log WHERE tenant = 1 AND seq = "
         "(SELECT max(seq) - 3 FROM log WHERE tenant = 1)"),
        ("a seat added", "INSERT INTO seat SELECT tenant, product, "
         "(SELECT id FROM person p WHERE p.tenant = seat.tenant AND NOT EXISTS "
         "(SELECT 1 FROM seat s WHERE s.person = p.id) LIMIT 1), pool, state, "
         "since_ms, expires_ms, onboarding FROM seat WHERE tenant = 1 LIMIT 1"),
        ("a seat removed", "DELETE FROM seat WHERE (tenant, product, person) "
         "IN (SELECT tenant, product, person FROM seat WHERE tenant = 1 "
         "LIMIT 1)"),
        ("a person removed", "DELETE FROM person WHERE tenant = 1 AND id = "
         "(SELECT max(id) FROM person WHERE tenant = 1)"),
        ("a quota changed", "UPDATE pool SET quota = quota + 1 WHERE "
         "tenant = 1"),
        ("somebody's turn changed", "UPDATE wait SET priority = 9 - priority "
         "WHERE tenant = 1"),
        ("whose a resource is changed", "UPDATE resource SET source = 77 "
         "WHERE tenant = 1"),
        ("a resource removed", "DELETE FROM resource WHERE tenant = 1"),
        ("an older record of a resource put back", "UPDATE resource SET "
         "record = (SELECT record FROM kept.resource) WHERE tenant = 1"),
    )
    older = with_resource(server, tenant)
    server.stop()
    good = keep(server, "good")
    for name, statement in cases:
        alter(server, statement, older)
        found = whatever_it_says(server, tenant)
        tap.ok(found, "%s in the database is noticed" % name)
        tap.note(found[:200])
        put_back(server, good, "*.db*")
    server.start()


def with_resource(server, tenant):
    """A resource was made and changed; the databases of before its change."""
    api = tenant.client()
    body = {"schemas": [killdevices.DEVICE], "serial": "S", "model": "old"}
    made = api.post(killdevices.PATH, body)
    api.close()
    server.stop()
    older = keep(server, "before-change")
    server.start()
    api = tenant.client()
    done = api.put(killdevices.PATH + "/" + made.json["id"],
                   {**body, "model": "new"})
    api.close()
    if (made.status, done.status) != (201, 200):
        raise RuntimeError("%s %s" % (made, done))
    return older


def alter(server, statement, older):
    db = sqlite3.connect(os.path.join(server.data, "usher.db"),
                         isolation_level=None)
    db.execute("ATTACH ? AS kept", (os.path.join(older, "usher.db"),))
    changed = db.execute(statement).rowcount
    db.close()
    if changed < 1:
        raise RuntimeError("nothing was altered by: " + statement)


def whatever_it_says(server, tenant):
    """What start, seat verify, audit verify or the records say; "" nothing."""
    try:
        server.start()
    except RuntimeError as error:
        server.process = None
        return "start: %s" % str(error)[-300:]
    try:
        found = []
        done = tenant.usher("seat", "verify")
        if done.returncode != 0:
            found.append("seat verify: " + (done.stdout + done.stderr)[:300])
        done = tenant.usher("audit", "verify")
        if done.returncode != 0:
            found.append("audit verify: " + (done.stdout + done.stderr)[:300])
        return "; ".join(found)
    finally:
        server.kill("parent")
        server.process = None


def lost_keys(tap, server, tenant):
    """keys.db from before: whose key is gone is named, nothing is guessed."""
    server.stop()
    old = keep(server, "old-keys")
    server.start()
    fill(tenant, 400, 405)
    server.stop()
    put_back(server, old, "keys.db*")
    found = whatever_it_says(server, tenant)
    tap.ok(found, "an older keys.db is noticed")
    tap.note(found[:200])
    server.start()
    front = server.pids().get("front")
    try:
        reply = tenant.client().get("/api/v1/persons?limit=500")
    except OSError as error:
        reply = error
    tap.ok(server.pids().get("front") == front,
           "a record without its key does not end the server", reply)


def main():
    tap = Tap()
    dice = random.Random(int(os.environ.get("USHER_SEED", "7")))
    with Server() as server:
        tenant = server.tenant("acme")
        tenant.apply(CATALOGUE)
        other = server.tenant("blue")
        other.apply(CATALOGUE)
        vkey = tenant.client().get("/api/v1/audit/key").json["vkey"]
        the_export(tap, tenant, vkey, dice)
        fill(other, 0, 5)
        rolled_back(tap, server, tenant)
        altered(tap, server, tenant)
        accepted(tap, server, tenant, vkey)
        faults = checklib.check_all(other.client())
        tap.ok(not faults, "the other tenant is whole", "\n".join(faults[:5]))
        lost_keys(tap, server, tenant)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
