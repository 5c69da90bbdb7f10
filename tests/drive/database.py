#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""database.py - what a server promises while its PostgreSQL fails it; TAP.

Sessions are ended, statements cancelled, the whole cluster stopped and brought
back, as in order or as if the power had failed, all under load: the process
lives, who cannot be served is told so (503), what was acknowledged is there,
nothing is doubled.  A commit that nobody answered, or that may stand on one
machine only, is told as unknown, and what the server keeps in memory is right
whatever became of it.  Then what must never be: passwords where others can
read them, tenants in sight of each other, a database that loses commits.
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
import flows
import kill
import usherlib
from usherlib import TIER, Client, Server, Tap

ROUNDS = {"quick": 1, "normal": 2, "full": 20}[TIER]
LEASE_S = 12                        # act/node.c
GONE = (OSError, http.client.HTTPException)
OURS = "usename LIKE 'usher%'"


# --- under load --------------------------------------------------------------

def end_sessions(cluster):
    for _ in range(5):
        cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE " + OURS)
        time.sleep(.2)


def cancel_statements(cluster):
    for _ in range(20):
        cluster.sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity "
                    "WHERE state = 'active' AND " + OURS)
        time.sleep(.05)


def restart_in_order(cluster):
    cluster.stop(signal.SIGINT)
    time.sleep(1)
    cluster.start()


def lose_power(cluster):
    cluster.stop(signal.SIGQUIT)
    time.sleep(1)
    cluster.start()


def end_committing(cluster):
    """Sessions that are at their COMMIT right now, as many as can be met."""
    for _ in range(40):
        cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE query = 'COMMIT' AND state = 'active' AND " + OURS)
        time.sleep(.01)


TROUBLES = (end_sessions, cancel_statements, restart_in_order, lose_power,
            end_committing)


def wait_well(server, seconds=30):
    """Until it serves: the clock finds out that it can write again."""
    client = Client(server.address, timeout=5)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if client.get("/readyz").status == 200:
                client.close()
                return True
        except GONE:
            client.close()
        time.sleep(.1)
    return False


def trouble(tap, rig, cluster, what, dice, is_last):
    front = rig.server.pids().get("front")
    load = Work(rig.server, rig.histories, dice)
    time.sleep(.5)
    what(cluster)
    time.sleep(.7)
    load.stop()
    name = what.__name__.replace("_", " ")
    tap.ok(wait_well(rig.server), name + ": it is ready again",
           rig.server.log_text()[-2000:])
    faults = load.odd
    heard = sum(len(h.fresh) for h in rig.histories)
    for history in rig.histories:
        faults += kill.compare(history, kill.look(history, dice, is_last))
    tap.ok(not faults and heard, "%s: nothing acknowledged is lost, nothing "
           "doubled (%d heard, %d refused)" % (name, heard, load.refused),
           "\n".join(faults[:20]) or "nobody was heard")
    # It reads anew what it cannot know, and goes on.
    tap.ok(rig.server.pids().get("front") == front,
           name + ": the process lives", rig.server.log_text()[-3000:])
    until = time.monotonic() + 10
    while time.monotonic() < until and in_doubt(rig.server):
        time.sleep(.1)
    tap.equal(in_doubt(rig.server), 0, name + ": no commit is in doubt")


class Work(kill.Load):
    """Goes on when it is refused; the server must not hang up."""

    def __init__(self, *all_):
        self.refused = 0
        super().__init__(*all_)

    def work(self, dice):
        while not self.end.is_set():
            super().work(dice)
            time.sleep(.05)

    def onboard(self, api, history, dice):
        super().onboard(api, history, dice)
        with history.lock:
            self.refused = len(history.unknown)
        # Each is asked again afterwards, and a refusal costs nothing.
        if self.refused > kill.CLIENTS:
            time.sleep(.05)


# --- a database that is away -------------------------------------------------

def walk(tap, server, tenant):
    """Every route, while nothing can be read: an answer, and never 500."""
    odd, told = [], 0
    for method, path, _right in flows.routes():
        local = path.startswith("/operator")
        client = server.operator() if local else tenant.client()
        asked = path
        while "{" in asked:
            asked = asked[:asked.index("{")] + "03AJ9ZDFC006P" + asked[
                asked.index("}") + 1:]
        try:
            reply = client.request(method, asked, {} if method not in (
                "GET", "DELETE") else None, {"Idempotency-Key": "walk"})
            told += reply.code == "away"
            # What is read may be in memory; nothing can be written.
            if reply.status == 500 or (
                    method != "GET" and reply.status in (200, 201)):
                odd.append("%s %s: %s" % (method, path, reply))
        except GONE as error:
            odd.append("%s %s: %r" % (method, path, error))
        client.close()
    tap.ok(told > 20 and not odd, "every route answers without a database "
           "(%d: away)" % told, "\n".join(odd))


def away(tap, server, cluster, tenant):
    api = tenant.client()
    key = {"idempotency_key": "away"}
    body = {"person": {"userName": "away"}}
    front = server.pids()["front"]
    cluster.stop()
    time.sleep(LEASE_S + 1)     # until its ids are used up
    for name, ask in (
            ("a write", lambda: api.post("/api/v1/onboardings", body, **key)),
            ("a read", lambda: api.get("/api/v1/persons"))):
        begin = time.monotonic()
        reply = ask()
        tap.ok(reply.status == 503 and reply.code == "away",
               "without a database %s is answered 503 away" % name, reply)
        tap.ok(reply.headers.get("retry-after"), name + ": and when to repeat")
        tap.ok(time.monotonic() - begin < 10, name + ": without a long wait")
    walk(tap, server, tenant)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        reply = Client(server.address).get("/readyz")
        if reply.status == 503:
            break
        time.sleep(.1)
    tap.ok(reply.status == 503, "it is not ready", reply)
    cluster.start()
    tap.ok(wait_well(server), "it is ready when the database is back")
    reply = api.post("/api/v1/onboardings", body, **key)
    tap.ok(reply.status == 201, "the request is done when it is repeated",
           reply)
    tap.equal(server.pids()["front"], front, "by the same process")


def notes(tap, server, cluster, tenant):
    """What the clock notes down is kept while the database takes nothing."""
    database = server.env["USHER_STORE"].split("?")[0].rsplit("/", 1)[1]
    tables, api = ("access_log", "log"), tenant.client()

    def sql(text):
        return cluster.sql(text, database=database)

    def noted():
        return (int(sql("SELECT count(*) FROM access_log")), sum(
            event["action"] == "login.failed"
            for event in checklib.events(api)))

    before = noted()
    sql("CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'away' USING ERRCODE = '53000'; END $$")
    for table in tables:
        sql("CREATE TRIGGER away BEFORE INSERT ON %s FOR EACH ROW"
            " EXECUTE FUNCTION away()" % table)
    read = api.get("/api/v1/persons")
    login = Client(server.address).post("/api/v1/login", {
        "tenant": tenant.name, "userName": "ana", "password": "wrong words"})
    time.sleep(4)               # several rounds of the clock
    for table in tables:
        sql("DROP TRIGGER away ON " + table)
    until, after = time.monotonic() + 15, before
    while time.monotonic() < until and not (
            after[0] > before[0] and after[1] > before[1]):
        time.sleep(.5)
        after = noted()
    tap.ok(read.status == 200 and login.status == 401
           and after[0] > before[0] and after[1] == before[1] + 1,
           "who read what, and who failed to sign in, is noted when the "
           "database takes it again", (read, login, before, after))
    api.close()


# --- commits that nobody vouches for -----------------------------------------

def waits_for_standby(cluster):
    found = cluster.sql("SELECT count(*) FROM pg_stat_activity WHERE "
                        "wait_event = 'SyncRep' AND " + OURS)
    return int(found) > 0


def without_standby(cluster, how, ask):
    """What ASK gives while its COMMIT waits for a standby that there is not;
    HOW ends the wait."""
    answers = []
    cluster.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    cluster.sql("SELECT pg_reload_conf()")
    time.sleep(.3)
    thread = threading.Thread(target=lambda: answers.append(ask()))
    thread.start()
    until = time.monotonic() + 20
    while time.monotonic() < until and not answers:
        if waits_for_standby(cluster):
            cluster.sql("SELECT %s(pid) FROM pg_stat_activity WHERE "
                        "wait_event = 'SyncRep' AND usename = 'usher'" % how)
        time.sleep(.05)
    thread.join(30)
    cluster.sql("ALTER SYSTEM RESET synchronous_standby_names")
    cluster.sql("SELECT pg_reload_conf()")
    return answers[0] if answers else None


def is_unknown(answer):
    return answer and answer.status == 503 and answer.code == "unknown"


def unconfirmed(tap, server, cluster, tenant, how):
    api = tenant.client()
    name = how.split("_")[1]
    body = {"person": {"userName": "unsure-" + name}}
    key = {"idempotency_key": "unsure-" + name}
    answer = without_standby(cluster, how, lambda: api.post(
        "/api/v1/onboardings", body, **key))
    tap.ok(is_unknown(answer), "a commit that may stand on one machine only "
           "is unknown (%s)" % name, answer)
    tap.ok(wait_well(server), name + ": it is ready again")
    again = api.post("/api/v1/onboardings", body, **key)
    tap.ok(again.status in (200, 201), name + ": the same key tells what "
           "became of it", again)
    found = api.get("/api/v1/persons").json["items"]
    tap.equal(sum(p.get("userName") == body["person"]["userName"]
                  for p in found), 1, name + ": and it is there once")
    faults = kill.checklib.verify_faults(api)
    tap.ok(not faults, name + ": seats and log are whole", faults)


def unconfirmed_tenant(tap, server, cluster, how):
    """Its name is taken, though nobody was told so."""
    operator = server.operator()
    name = "half-" + how.split("_")[1]

    def make():
        return operator.request("POST", "/operator/v1/tenants",
                                {"name": name})

    answer = without_standby(cluster, how, make)
    tap.ok(is_unknown(answer), name + ": a tenant that may be", answer)
    tap.ok(wait_well(server), name + ": it is ready again")
    until = time.monotonic() + 20
    while time.monotonic() < until and in_doubt(server):
        time.sleep(.1)
    again = make()
    tap.ok(again.status == 409 and again.code == "conflict",
           name + ": is there, and its name is taken", again)
    named = [t for t in operator.request(
        "GET", "/operator/v1/tenants").json["items"] if t["name"] == name]
    tap.equal(len(named), 1, name + ": once")


def frozen(tap, server, cluster, tenant):
    """A server that neither answers nor ends: its sessions are given up."""
    pids = [int(pid) for pid in cluster.sql(
        "SELECT pid FROM pg_stat_activity WHERE " + OURS).split()]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        reply = tenant.client().post(
            "/api/v1/onboardings", {"person": {"userName": "patient"}},
            idempotency_key="frozen")
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    tap.ok(reply.status == 201, "silent sessions are given up, and the work "
           "is done in others", reply)
    tap.ok(wait_well(server), "it is ready again")


def busy(tap, server, cluster, tenant):
    """A statement that waits for long is ended; its connection is not lost."""
    database = server.env["USHER_STORE"].split("?")[0].rsplit("/", 1)[1]
    lost = len(server.log_events("database_lost"))
    holder = threading.Thread(target=lambda: cluster.sql(
        "BEGIN; LOCK TABLE person IN EXCLUSIVE MODE; SELECT pg_sleep(32)",
        database=database))
    holder.start()
    time.sleep(1)
    api = Client(server.address, tenant.token, timeout=90)
    reply = api.post("/api/v1/persons", {"userName": "persistent"})
    holder.join()
    tap.ok(reply.status == 201, "who waits longer than a statement may is "
           "done when it is tried again", reply)
    tap.equal(len(server.log_events("database_lost")), lost,
              "and nobody takes the database for lost")
    api.close()


def in_doubt(server):
    """How many commits are."""
    return len(server.log_events("commit_in_doubt")) - len(
        server.log_events("doubt_settled"))


def doubtful(tap, server, cluster, tenant):
    """A commit stands, and its answer is gone with the database."""
    api, answers = tenant.client(), []
    made = api.post("/api/v1/tokens", {"label": "child",
                                       "rights": ["person.read"]}).json
    child = tenant.client(made["token"])
    front = server.pids()["front"]
    tap.equal(child.get("/api/v1/persons").status, 200, "a token is good")
    name = server.env["USHER_STORE"].split("@/")[1].split("?")[0]
    asking = "EXECUTE ON FUNCTION pg_xact_status(xid8) %s PUBLIC"
    cluster.sql("REVOKE " + asking % "FROM", name)
    cluster.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    cluster.sql("SELECT pg_reload_conf()")
    time.sleep(.3)
    thread = threading.Thread(target=lambda: answers.append(
        api.delete("/api/v1/tokens/" + made["id"])))
    thread.start()
    until = time.monotonic() + 20
    while time.monotonic() < until and not waits_for_standby(cluster):
        time.sleep(.05)
    time.sleep(.5)
    cluster.sql("ALTER SYSTEM RESET synchronous_standby_names")
    cluster.stop(signal.SIGQUIT)
    thread.join(30)
    tap.ok(answers and answers[0].status == 503 and
           answers[0].code == "unknown",
           "a commit whose answer is gone is unknown",
           answers[0] if answers else "no answer")
    told = server.log_events("commit_in_doubt")
    tap.ok(any(row["tenant"] == tenant.number for row in told),
           "and in doubt", told)
    cluster.start()
    time.sleep(1)
    tap.equal(in_doubt(server), 1, "whoever may not ask stays in doubt")
    cluster.sql("GRANT " + asking % "TO", name)
    tap.ok(wait_well(server), "it is ready again")
    until = time.monotonic() + 20
    while time.monotonic() < until and in_doubt(server):
        time.sleep(.1)
    tap.equal(in_doubt(server), 0, "the doubt is settled")
    tap.equal(child.get("/api/v1/persons").status, 401,
              "the token is revoked in memory, too")
    tap.equal(server.pids()["front"], front, "and the process lives")
    reply = api.post("/api/v1/persons", {"userName": "after-doubt"})
    tap.equal(reply.status, 201, "it goes on")


# --- what must never be ------------------------------------------------------

def secrets(tap, cluster):
    url = cluster.make().replace("usher@", "usher:hunter2@")
    for where in ("environment", "flag"):
        more = {"env": {"USHER_STORE": url}} if where == "environment" else {
            "args": ["--store=" + url], "env": {"USHER_STORE": ""}}
        with Server(**more) as server:
            seen = []
            for name, pid in server.pids().items():
                for file in ("cmdline", "environ"):
                    if (name, file) == ("front", "environ"):
                        continue        # root's and its own, as its memory
                    with open("/proc/%d/%s" % (pid, file), "rb") as text:
                        if b"hunter2" in text.read():
                            seen.append((name, file))
            tap.ok(not seen, "nobody reads a password that came by "
                   + where, seen)
            doctor = server.usher("doctor").stdout
            tap.ok("PostgreSQL 15" in doctor and "hunter2" not in doctor,
                   "the doctor names the engine and no password", doctor)
            server.stop()
            tap.ok("hunter2" not in server.log_text(), "nor in the log")
    # Of a move that was exported for another command the vault hears nothing.
    with Server(env={"USHER_TO": url}) as server:
        with open("/proc/%d/environ" % server.pids()["vault"], "rb") as text:
            tap.ok(b"hunter2" not in text.read(),
                   "the vault is not told where a move goes")


def neighbours(tap, cluster, url, tenants):
    """The database itself keeps them apart, whatever a statement says."""
    name = url.split("@/")[1].split("?")[0]

    def count(setting):
        return int(cluster.sql(
            "BEGIN; SET LOCAL usher.tenant = '%s'; "
            "SELECT count(*) FROM person" % setting, name, "usher"))

    numbers = [str(t.number) for t in tenants]
    each = [count(n) for n in numbers]
    tap.ok(all(each), "each tenant has people", each)
    tap.equal(count(""), 0, "who names no tenant sees nobody")
    tap.equal(count(",".join(numbers)), sum(each), "who names both sees both")
    tap.equal(count("all"), sum(each), "who says all sees all")
    try:
        cluster.sql("BEGIN; SET LOCAL usher.tenant = '%s'; INSERT INTO due "
                    "VALUES (%s, 1, 1, 1, 1, 1)" % tuple(numbers), name,
                    "usher")
        tap.ok(False, "a row of another tenant is refused")
    except RuntimeError as error:
        tap.ok("row-level security" in str(error),
               "a row of another tenant is refused", error)
    keys = cluster.sql("SELECT has_database_privilege('usher', '%s_keys', "
                       "'CONNECT') AND has_table_privilege('usher', "
                       "'person_key', 'SELECT')" % name, name + "_keys")
    tap.equal(keys, "f", "the data's role cannot read the keys")


REFUSALS = (
    ("a role that no policy binds", "ALTER ROLE usher BYPASSRLS",
     "ALTER ROLE usher NOBYPASSRLS", "bypass row-level security"),
    ("a role whose commits may be lost",
     "ALTER ROLE usher SET synchronous_commit = off",
     "ALTER ROLE usher RESET synchronous_commit", "synchronous_commit is off"),
    ("a role that may not connect", "ALTER ROLE usher_keys NOLOGIN",
     "ALTER ROLE usher_keys LOGIN", "usher_keys"),
)


def refusals(tap, cluster):
    for name, make, undo, want in REFUSALS:
        url = cluster.make()
        cluster.sql(make)
        done = start_once(url)
        cluster.sql(undo)
        tap.ok(done.returncode not in (0, None) and want in done.stderr,
               name + " is refused", done.stderr[-600:])
    url = cluster.make("later")
    with Server(env={"USHER_STORE": url}):
        pass
    cluster.sql("UPDATE usher_schema SET version = 9999", "later")
    done = start_once(url)
    tap.ok(done.returncode == 5 and "newer version" in done.stderr,
           "a schema of a later program is refused", done.stderr[-600:])
    cluster.make("stranger")
    cluster.sql("CREATE TABLE invoice (id BIGINT)", "stranger")
    done = start_once(cluster.url("stranger"))
    tap.ok(done.returncode == 5 and "not the one" in done.stderr,
           "somebody else's database is refused", done.stderr[-600:])


PATRONI = """
loop_wait: 5
synchronous_mode: true
synchronous_mode_strict: true
"""
# What is set, undone, and which row of which database then is ill.
UNSAFE = (
    (None, None, ("synchronous_standby_names", "data")),
    ("ALTER ROLE usher SET synchronous_commit = local",
     "ALTER ROLE usher RESET synchronous_commit",
     ("synchronous_commit", "data")),
    ("ALTER DATABASE {name}_keys SET synchronous_commit = remote_write",
     "ALTER DATABASE {name}_keys RESET synchronous_commit",
     ("synchronous_commit", "keys")),
)


def doctor(tap, cluster):
    """What the database servers are set to, whatever Patroni's file says."""
    name = "clustered"
    with Server(env={"USHER_STORE": cluster.make(name)}) as server:
        path = os.path.join(server.folder, "patroni.yml")
        with open(path, "w", encoding="ascii") as file:
            file.write(PATRONI)

        def ill():
            told = server.usher("doctor", "--json", "--patroni", path)
            return {(row["what"], row["found"].split()[-1].strip("()"))
                    for row in json.loads(told.stdout)["items"]
                    if not row["ok"]}

        for make, undo, row in UNSAFE:
            if make:
                cluster.sql(make.format(name=name))
            found = ill()
            if undo:
                cluster.sql(undo.format(name=name))
            tap.ok(row in found, "the doctor finds %s of %s" % row, found)
        cluster.sql("ALTER ROLE usher_keys RESET synchronous_commit")
        cluster.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        cluster.sql("SELECT pg_reload_conf()")
        found = {row for row in ill() if row[1] in ("data", "keys")}
        cluster.sql("ALTER SYSTEM RESET synchronous_standby_names")
        cluster.sql("SELECT pg_reload_conf()")
        tap.ok(not found, "and nothing of servers that are as they should be",
               found)
        plain = server.usher("doctor", "--json")
        tap.ok(".db" not in plain.stdout, "nor for files that a server stands "
               "for", plain.stdout)
        tap.ok("synchronous" not in plain.stdout, "which it does not look at "
               "where there is no cluster", plain.stdout)


def start_once(url):
    with Server(start=False) as server:
        return subprocess.run(
            [server.program, "serve", "--data", server.data, "--restarts=0",
             "--listen", "127.0.0.1:%d" % usherlib.free_port(),
             "--management="],
            env={**os.environ, "USHER_STORE": url, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60, check=False)


def main():
    tap = Tap()
    usherlib.STORE = "postgresql"
    cluster = usherlib.cluster()
    doctor(tap, cluster)
    # Of the keys' commits nobody is told: a key may be written twice.
    cluster.sql("ALTER ROLE usher_keys SET synchronous_commit = local")
    secrets(tap, cluster)
    refusals(tap, cluster)
    with Server() as server:
        tenants = [server.tenant(name) for name in ("acme", "blue")]
        for tenant in tenants:
            reply = tenant.client().post(
                "/api/v1/persons", {"userName": "ana"})
            tap.ok(reply.status == 201, "a person of " + tenant.name, reply)
        neighbours(tap, cluster, server.env["USHER_STORE"], tenants)
        notes(tap, server, cluster, tenants[0])
        away(tap, server, cluster, tenants[0])
        for how in ("pg_cancel_backend", "pg_terminate_backend"):
            unconfirmed(tap, server, cluster, tenants[0], how)
            unconfirmed_tenant(tap, server, cluster, how)
        if TIER != "quick":
            busy(tap, server, cluster, tenants[0])
            frozen(tap, server, cluster, tenants[0])
        doubtful(tap, server, cluster, tenants[0])
    dice = random.Random(os.environ.get("USHER_SEED", "1"))
    rig = kill.Rig()
    try:
        for number in range(ROUNDS):
            for what in TROUBLES:
                trouble(tap, rig, cluster, what, dice,
                        number == ROUNDS - 1 and what is TROUBLES[-1])
    finally:
        rig.close(keep=bool(tap.failed))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
