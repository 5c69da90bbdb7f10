#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""migrate.py - a company moves to PostgreSQL and back, and loses nothing; TAP.

5,000 people, a second tenant, seats, waits, a log.  `usher migrate` is killed
again and again on its way, by -9 and by Ctrl-C at a random moment and by itself
just before and after a commit, and goes on each time.  What the API answers and what the
log says must be the same from PostgreSQL; the files that come back must be
equal to the first ones, table by table.  A row that somebody changes on the
way is found, and nobody serves what is not whole.

USHER_TIER: quick few kills, normal ten, full a hundred.  USHER_SEED repeats
the choices of a run (not the moments).
"""
import glob
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.parse

import checklib
import postgres
import usherlib
from usherlib import ROOT, TIER, Server, Tap

DEMO = os.path.join(ROOT, "demo")
KILLS = {"quick": 2, "normal": 10, "full": 100}[TIER]
KILLS_LEAST = min(KILLS, 3)     # a quick machine is through before the last
KILL_S = (.02, .15)
ALONE_S = 600
# Rows that say how far a move came, and who works on a database.
OWN = {"move", "move_keys", "lease", "notice", "tenant_key"}
READS = ("/api/v1/persons", "/api/v1/products", "/api/v1/pools",
         "/api/v1/products/mail/seats", "/api/v1/products/mail/waits",
         "/api/v1/tokens")
CHANGING = ("manifest", "access_log", "token", "tenant.")
POINTS = ("kill-before-commit", "kill-after-commit")
BADGE, DEVICE = "urn:example:scim:2.0:Badge", "urn:example:scim:2.0:Device"
DECLARED = {
    "schemas": {
        "badge": {"urn": BADGE, "attributes": {
            "number": {"type": "string", "unique": True},
            "colour": {"type": "string", "searchable": True}}},
        "device": {"urn": DEVICE, "of": "resource", "attributes": {
            "serial": {"type": "string", "required": True, "unique": True},
            "model": {"type": "string", "searchable": True}}}},
    "resource_types": {"device": {
        "name": "Device", "endpoint": "/Devices", "schema": "device"}}}
# What is found by the keys that came along.
ASKED = [path + "?filter=" + urllib.parse.quote(text) for path, text in (
    ("/Devices", 'serial eq "S-5"'), ("/Devices", 'model eq "Think"'),
    ("/Devices", 'externalId eq "d7"'),
    ("/Users", '%s:number eq "B-1"' % BADGE),
    ("/Users", '%s:colour eq "RED"' % BADGE))]


# --- the company -------------------------------------------------------------

def company(server):
    acme, other = server.tenant("acme"), server.tenant("other")
    with open(os.path.join(DEMO, "catalogue.yaml"), encoding="utf-8") as file:
        acme.apply(file.read())
    done = acme.usher(
        "import", os.path.join(DEMO, "hr.csv"), "--map",
        os.path.join(DEMO, "hr-map.yaml"), "--rejects",
        os.path.join(server.folder, "rejects.csv"))
    if done.returncode != 0:
        raise RuntimeError(done.stdout + done.stderr)
    other.apply(json.dumps({
        "catalogue": 1, "products": {"mail": {}},
        "pools": {"all": {"product": "mail", "quota": 3}}, **DECLARED}))
    onboard(other, 0, 9)
    declared(other)
    for argv in (("create", "gone"), ("suspend", "gone", "--reason", "over"),
                 ("delete", "gone", "--confirm", "gone", "--reason", "over")):
        server.usher("tenant", *argv, check=0)
    roll_back(server, other)
    return acme, other


def onboard(tenant, first, end):
    api = tenant.client()
    for n in range(first, end):
        made = api.post("/api/v1/onboardings", {
            "person": {"userName": "o%d" % n}, "products": ["mail"]},
            idempotency_key="o%d" % n)
        if made.status != 201:
            raise RuntimeError(made)
    faults = checklib.check_log(api)[0]     # until it is signed
    if faults:
        raise RuntimeError(faults)
    api.close()


def declared(tenant):
    """Resources that were made, changed and removed, and two people with a
    declared schema."""
    api = tenant.client()
    people = api.get("/api/v1/persons").json["items"][:2]
    replies = [api.post("/scim/v2/Devices", {
        "schemas": [DEVICE], "externalId": "d%d" % n, "serial": "S-%d" % n,
        "model": "Think" if n % 2 else "Pad"}) for n in range(12)]
    gone, changed = ("/scim/v2/Devices/" + replies[n].json["id"]
                     for n in (0, 1))
    replies.append(api.delete(gone))
    replies.append(api.put(changed, {"schemas": [DEVICE], "serial": "S-x"}))
    replies += [api.request("PATCH", "/api/v1/persons/" + who["id"], {
        "extensions": {BADGE: {"number": "B-%d" % n, "colour": "red"}}},
        {"If-Match": "*"}) for n, who in enumerate(people)]
    api.close()
    odd = [reply for reply in replies if reply.status >= 300]
    if odd:
        raise RuntimeError(odd)


def asked(api):
    """{query: what it found}; where nothing is declared, that."""
    return {path: api.get("/scim/v2" + path).json
            for path in ("/Devices", *ASKED)}


def roll_back(server, tenant):
    """The logs are of two origins: older databases come back, knowingly."""
    server.stop()
    older = shutil.copytree(server.data, os.path.join(server.folder, "older"))
    server.start()
    onboard(tenant, 9, 12)
    server.stop()
    set_aside(server, "newer")
    for file in ("usher.db", "keys.db"):
        shutil.copy(os.path.join(older, file), server.data)
    server.usher("restore", "--accept-rollback", check=0)
    server.start()
    onboard(tenant, 12, 15)


def told(tenant):
    """What the API says of everything; without what each start changes."""
    api, found = tenant.client(), {}
    for path in READS:
        reply = api.get(path)
        if reply.status != 200:
            raise RuntimeError("%s: %s" % (path, reply))
        items = api.pages(path) if reply.json.get("next") \
            else reply.json["items"]
        found[path] = [{k: v for k, v in item.items() if k != "last_used"}
                       for item in items]
    found["catalogue"] = api.get("/api/v1/catalogue").body
    found["declared"] = asked(api)
    found["log"] = [entries for entries, _page in checklib.read_log(api)]
    api.close()
    return found


def exported(server, slug, name):
    """{file: bytes} of a tenant export, without the log, which grows by the
    export, and without what reading and signing in leave behind."""
    folder = os.path.join(server.folder, name)
    done = server.usher("tenant", "export", slug, "--out", folder,
                        "--reason", "a move")
    if done.returncode != 0:
        raise RuntimeError(done.stdout + done.stderr)
    found = {}
    for root, _folders, names in os.walk(folder):
        for file in names:
            path = os.path.relpath(os.path.join(root, file), folder)
            if not path.startswith("log/") and not any(
                    word in path for word in CHANGING):
                with open(os.path.join(root, file), "rb") as opened:
                    found[path] = opened.read()
    return found


def check(tap, name, tenants, before=None):
    """The log and the seats are whole; what is told, compared with BEFORE."""
    found = {}
    for tenant in tenants:
        api = tenant.client()
        faults = checklib.check_all(api)
        api.close()
        tap.ok(not faults, "%s: log and seats of %s are whole" % (
            name, tenant.name), "\n".join(faults[:20]))
        found[tenant.name] = told(tenant)
    for tenant, was in (before or {}).items():
        now = found[tenant]
        odd = [k for k in was if now.get(k) != was[k]]
        tap.ok(not odd, "%s: %s is told the same, person by person" % (
            name, tenant), odd)
    return found


# --- files -------------------------------------------------------------------

def tables(folder):
    """{table: rows in key order} of both databases in FOLDER."""
    found = {}
    for file in ("usher.db", "keys.db"):
        db = sqlite3.connect(os.path.join(folder, file))
        db.text_factory = bytes
        names = [row[0].decode() for row in db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table'")]
        for name in names:
            if name not in OWN:
                found[name] = sorted(db.execute("SELECT * FROM %s" % name))
        db.close()
    return found


def set_aside(server, name):
    """Moves the databases out of the data folder; where they are."""
    aside = os.path.join(server.folder, name)
    os.mkdir(aside)
    for file in ("usher.db", "keys.db"):
        for path in glob.glob(os.path.join(server.data, file + "*")):
            shutil.move(path, aside)
    return aside


# --- moving ------------------------------------------------------------------

class Mover:
    """usher migrate of a stopped server."""

    def __init__(self, server, *argv):
        self.server = server
        self.argv = [server.program, "migrate", "--data", server.data,
                     "--json", *argv]

    def start(self, fault=None):
        env = {**os.environ, "LC_ALL": "C.UTF-8"}
        if fault:
            env["USHER_FAULT"] = fault
        return subprocess.Popen(
            self.argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=env)

    def run(self, *more):
        done = subprocess.run(
            self.argv + list(more), stdin=subprocess.DEVNULL, check=False,
            capture_output=True, text=True, timeout=ALONE_S,
            env={**os.environ, "LC_ALL": "C.UTF-8"})
        return done.returncode, done.stdout, done.stderr

    def killed(self, dice, tap, at):
        """Kills a run; what it printed if it had ended before, else None."""
        if at % 3 == 2:
            point = "Ctrl-C"
            running = self.start()
            time.sleep(dice.uniform(*KILL_S))
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=ALONE_S)
        elif at % 2:
            point = dice.choice(POINTS)
            running = self.start("%s:%d" % (point, dice.randrange(2, 5)))
            out, err = running.communicate(timeout=ALONE_S)
        else:
            point = "kill -9"
            running = self.start()
            time.sleep(dice.uniform(*KILL_S))
            running.send_signal(signal.SIGKILL)
            out, err = running.communicate(timeout=ALONE_S)
        tap.note("%s: %d" % (point, running.returncode))
        if running.returncode not in (-9, 0, 5):
            raise RuntimeError(out + err)
        return out if running.returncode == 0 else None

    def to_the_end(self, tap, kills, dice, halfway=None):
        """Killed so often, then left alone; what it reports."""
        for at in range(kills):
            if at == kills // 2 and halfway:
                halfway()
            out = self.killed(dice, tap, at)
            if out:
                tap.ok(at >= KILLS_LEAST, "it was killed %d times" % at)
                return json.loads(out)
        status, out, err = self.run()
        tap.ok(status == 0, "after %d kills it goes on to the end" % kills,
               out + err)
        return json.loads(out)


def unserved(tap, server, name):
    """A server does not start, and says why."""
    try:
        server.start(wait=False)
        server.process.wait(usherlib.READY_S)
    finally:
        status = server.process.poll()
        if status is None:
            server.stop()
        server.process = None
    tap.ok(status == 5 and "has not been finished" in server.log_text()
           and "usher migrate" in server.log_text(), name,
           "%r %s" % (status, server.log_text()[-1000:]))


def refused(tap, mover, words, name):
    status, out, err = mover.run()
    tap.ok(status != 0 and words in err, name, "%d %s%s" % (status, out, err))


def misused(tap, server, url):
    """What is asked for wrongly is said, and nothing is done."""
    for words, name, argv in (
            ("CLI_MIGRATE_ENDS", "files to files",
             ("--to", "files")),
            ("CLI_MIGRATE_ENDS", "from server to server",
             ("--store", url, "--to", url)),
            ("STORE_URL", "into some other folder",
             ("--to", server.folder)),
            ("CLI_NEEDS", "nowhere", ())):
        refused(tap, Mover(server, *argv), words, "no move " + name)
    empty = Mover(server, "--to", url)
    empty.argv[3] = os.path.join(server.folder, "nothing")
    refused(tap, empty, "CLI_MIGRATE_NO_FILES", "nothing is not moved")


def hidden(tap, server, url):
    """A password in the URL: nobody else can read it, and it is not shown."""
    with_password = url.replace("usher@", "usher:geheim@", 1)
    running = Mover(server, "--to", with_password).start(
        "stall-before-commit:2")
    end, seen = time.monotonic() + usherlib.READY_S, set()
    while time.monotonic() < end and seen != {"parent", "vault"}:
        for pid in [running.pid] + children(running.pid):
            words = read_proc(pid, "cmdline")
            if words[:1] == [b"usher-vault"]:
                seen.add("vault")
                hidden_in = b"\0".join(read_proc(pid, "environ"))
                tap.ok(b"geheim" not in hidden_in, "the vault is not told")
            elif pid == running.pid and words[-1:] == [b"*" * len(
                    with_password)]:
                seen.add("parent")
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=ALONE_S)
    tap.equal(seen, {"parent", "vault"}, "a password is blotted out")
    tap.ok("geheim" not in out + err, "and told to nobody", out + err)


def children(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid),
                  encoding="ascii") as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return []


def read_proc(pid, what):
    try:
        with open("/proc/%d/%s" % (pid, what), "rb") as file:
            return file.read().split(b"\0")[:-1]
    except OSError:
        return []


def to_postgres(tap, server, cluster, dice, url):
    def halfway():
        running = mover.start("stall-before-commit:3")
        begun(cluster, "shop_keys", running)
        cluster.stop(signal.SIGQUIT)
        out, err = running.communicate(timeout=ALONE_S)
        tap.ok(running.returncode not in (0, 70) and "STORE_" in err,
               "a database that loses its power breaks it off",
               "%d %s%s" % (running.returncode, out, err))
        cluster.start()
        unserved(tap, on(server, url),
                 "what is not whole is served by nobody")
        on(server, None)

    mover = Mover(server, "--to", url)
    report = mover.to_the_end(tap, KILLS, dice, halfway)
    tap.note("%(rows)d rows, %(rows_before)d before" % report)
    tap.ok(report["rows_before"] > 0, "what had come was not sent again")
    tap.ok(report["persons"] == 5012 and report["tenants"] == 2
           and report["checkpoints"] > 0, "people and logs were verified",
           report)
    refused(tap, mover, "was finished before", "twice is once")
    return {t["table"]: t["rows"] for t in report["tables"]}


def begun(cluster, name, running):
    """The move has noted in both databases that it is under way; it stalls
    behind that, unless it was killed there before."""
    end, noted = time.monotonic() + ALONE_S, "0"
    while noted == "0" and running.poll() is None and time.monotonic() < end:
        time.sleep(.1)
        noted = cluster.sql(
            "SELECT count(*) FROM pg_class WHERE relname = 'move_keys'", name)
        if noted != "0":
            noted = cluster.sql("SELECT count(*) FROM move_keys", name)
    time.sleep(.5)


def leased(tap, server, cluster):
    """A server of another machine works on the target."""
    url = cluster.make("leased")
    mover = Mover(server, "--to", url)
    mover.start("%s:2" % POINTS[0]).communicate(timeout=ALONE_S)
    cluster.sql("INSERT INTO lease SELECT 0, 1000, 1, 1, 60000 +"
                " extract(epoch FROM clock_timestamp()) * 1000", "leased")
    refused(tap, mover, "A server works on", "what a server works on is not "
            "moved into")


def on(server, url):
    """The server, with its databases there; None: files."""
    server.env.pop("USHER_STORE", None)
    if url:
        server.env["USHER_STORE"] = url
    return server


def counts(cluster, name, names):
    found = {}
    for table in names:
        database = name + ("_keys" if table == "person_key" else "")
        found[table] = int(cluster.sql(
            "SELECT count(*) FROM %s" % table, database))
    return found


# --- faults ------------------------------------------------------------------

# One row of what has come already, in the middle of a move that goes on.
FAULTS = (
    ("a quota", "UPDATE pool SET quota = quota + 1 WHERE id = "
     "(SELECT min(id) FROM pool)", "of table pool are not the same"),
    ("a word of the dictionary", "UPDATE dictionary SET sealed = "
     "set_byte(sealed, 30, get_byte(sealed, 30) # 1) WHERE id = "
     "(SELECT max(id) FROM dictionary)",
     "of table dictionary are not the same"),
    ("an entry of the log", "DELETE FROM log WHERE seq = "
     "(SELECT max(seq) FROM log)", "Table log of the target has"),
)


def planted(tap, server, cluster):
    """A copy that breaks off after the seats; changed there; it goes on."""
    for at, (what, text, words) in enumerate(FAULTS):
        name = "planted_%d" % at
        mover = Mover(server, "--to", cluster.make(name))
        come = "0"
        while come == "0":
            running = mover.start("kill-before-commit:9")
            running.communicate(timeout=ALONE_S)
            come = cluster.sql("SELECT count(*) FROM seat", name)
        changed = cluster.sql(text + " RETURNING 1", name).splitlines()
        tap.equal(changed, ["1"], "%s is changed on the way" % what)
        status, out, err = mover.run()
        tap.ok(status == 5 and words in err, "and found", err + out)
        unserved(tap, on(server, cluster.url(name)),
                 "and served by nobody")
        on(server, None)


def main():
    tap = Tap()
    seed = os.environ.get("USHER_SEED", str(random.randrange(1 << 32)))
    dice = random.Random(seed)
    tap.note("USHER_SEED=%s" % seed)
    with postgres.Cluster() as cluster, Server() as server:
        tenants = company(server)
        export = exported(server, "acme", "export-1")
        before = check(tap, "files", tenants)
        tap.equal([found["totalResults"] for found in before["other"][
            "declared"].values()], [11, 1, 5, 1, 1, 2],
            "what the catalogue declares is there and found")
        refused(tap, Mover(server, "--to", cluster.make()),
                "A server uses", "a server that runs is not moved")
        server.stop()
        first = tables(server.data)
        url = cluster.make("shop")
        misused(tap, server, url)
        hidden(tap, server, cluster.make("hidden"))
        leased(tap, server, cluster)
        moved = to_postgres(tap, server, cluster, dice, url)
        tap.equal(tables(server.data), first, "the files are as they were")
        tap.equal(moved, {t: len(first[t]) for t in first},
                  "every row of every table has come")
        tap.equal(counts(cluster, "shop", first), moved,
                  "and stands there once")

        back = Mover(server, "--store", url, "--to", "files")
        refused(tap, back, "holds data already",
                "files that are there are not overwritten")
        aside = set_aside(server, "aside")
        back.to_the_end(tap, KILLS, dice)
        tap.equal(tables(server.data), first,
                  "the files that come back are the first ones")
        planted(tap, server, cluster)

        on(server, url).start()
        check(tap, "PostgreSQL", tenants, before)
        now = exported(server, "acme", "export-2")
        odd = [k for k in {**export, **now} if export.get(k) != now.get(k)]
        tap.ok(not odd and len(export["persons.jsonl"]) > 1000000,
               "the export is the same, byte by byte", "%s of %s" % (
                   odd, sorted(export)))
        made = tenants[0].client().post(
            "/api/v1/persons", {"userName": "after.the.move"})
        tap.ok(made.status == 201, "people come after the move", made)
        server.stop()
        # The vault has signed what these files do not know.
        on(server, None)
        refused(tap, Mover(server, "--to", cluster.make()), "has lost entries",
                "files that are behind are not moved")
        set_aside(server, "behind")
        status, out, err = back.run()
        tap.ok(status == 0, "all of it comes back once more", out + err)
        server.start()
        now = check(tap, "files again", tenants)
        tap.equal(len(now["acme"]["/api/v1/persons"]),
                  len(before["acme"]["/api/v1/persons"]) + 1,
                  "with whom came meanwhile")
        tap.note("kept aside: %s" % sorted(os.listdir(aside)))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
