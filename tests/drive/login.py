#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""login.py - signing in and its end, many at once; TAP.

A thousand submit one one-time code: exactly one wins, and neither the crowd
nor a restart gives more tries (S-T13).  A token, a client and a session are
revoked under load: of the requests that begin after the reply, none is
answered (S-T1).  Then no secret of all these stands in a file, a write-ahead
log or a log line (S-T36); where USHER_STORE says PostgreSQL, in none of its
files, and in no dump.
"""
import base64
import hmac
import http.client
import os
import sys
import threading
import time

from usherlib import STORE, Client, Server, Tap, cluster

PASSWORD = "seven grey ducks swim"
CROWD, THREADS = 1000, 40
MANY = 150          # more than may wait for the thread of passwords
WORKERS, BEFORE_S = 8, 0.7
CATALOGUE = """catalogue: 1
settings: { login.tries: 100, login.address_tries: 1000000 }
"""


def code_of(secret, later=0):
    """RFC 6238: the code of the step of now, or LATER ones."""
    step = int(time.time()) // 30 + later
    mac = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"),
                      "sha1")
    at = mac[-1] & 15
    number = int.from_bytes(mac[at:at + 4], "big") & 0x7fffffff
    return "%06d" % (number % 1000000)


def at_once(n, do, threads=THREADS):
    """Calls DO(client) N times from many threads, each with a connection."""
    left, lock, results = [n], threading.Lock(), []

    def work(client):
        while True:
            with lock:
                if left[0] == 0:
                    break
                left[0] -= 1
            result = do(client)
            with lock:
                results.append(result)
        client.close()

    workers = [threading.Thread(target=work, args=(Client(at_once.address),))
               for _ in range(threads)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    return results


class Person:
    """Somebody with a password, one-time codes and sessions."""

    def __init__(self, server, tenant, name, secrets):
        self.server, self.tenant, self.name = server, tenant, name
        self.secrets = secrets
        api = tenant.client()
        made = api.post("/api/v1/onboardings",
                        {"person": {"userName": name}, "activation": True},
                        idempotency_key=name)
        self.id = made.json["person"]
        self.secrets.append(made.json["activation"])
        begun = self.post("/api/v1/activate", {
            "token": made.json["activation"], "password": PASSWORD})
        self.keep(begun)
        self.token = begun.json["access_token"]

    def post(self, path, body, token=None, headers=None):
        client = Client(self.server.address, token)
        try:
            return client.request("POST", path, body, headers)
        finally:
            client.close()

    def keep(self, reply):
        """The session that REPLY opened."""
        if reply.status != 200:
            raise RuntimeError("%s: %s" % (self.name, reply))
        cookie = reply.headers["set-cookie"].split(";")[0]
        self.head = {"Cookie": cookie, "Origin": self.server.url,
                     "X-CSRF-Token": reply.json["csrf"]}
        self.secrets += [cookie.split("=")[1], reply.json["csrf"]]
        if "access_token" in reply.json:
            self.secrets.append(reply.json["access_token"])
        return reply

    def enrol(self):
        made = self.post("/api/v1/me/totp", {}, self.token).json
        self.secret = made["secret"]
        done = self.post("/api/v1/me/totp/confirm",
                         {"totp": code_of(self.secret, -1)}, self.token)
        self.secrets += [self.secret] + done.json["recovery"]

    def login(self, **more):
        return self.post("/api/v1/login", {
            "tenant": self.tenant.name, "userName": self.name,
            "password": PASSWORD, **more})


def middle_of_a_step():
    """Until what is made now is good for a while."""
    while time.time() % 30 > 15:
        time.sleep(0.2)


def crowd(tap, server, tenant, secrets):
    ana = Person(server, tenant, "ana", secrets)
    ana.enrol()
    middle_of_a_step()
    body = {"tenant": tenant.name, "userName": "ana", "password": PASSWORD,
            "totp": code_of(ana.secret)}
    replies = at_once(CROWD, lambda c: c.post("/api/v1/login", body))
    won = [r for r in replies if r.status == 200]
    for reply in won:
        ana.keep(reply)
    tap.ok(len(replies) == CROWD and len(won) == 1,
           "a thousand sign in with one code: one does",
           sorted((r.status, r.code) for r in replies)[:3])
    tap.ok({r.status for r in replies} <= {200, 401, 429},
           "the others are wrong, or wait", {r.status for r in replies})
    # By the session alone: no password, so nothing slows the crowd down.
    bo = Person(server, tenant, "bo", secrets)
    bo.enrol()
    middle_of_a_step()
    body = {"totp": code_of(bo.secret, 1)}
    replies = at_once(CROWD, lambda c: c.request(
        "POST", "/api/v1/step-up", body, bo.head))
    won = [r for r in replies if r.status == 200]
    tap.ok(len(won) == 1, "a thousand step up with one code: one does",
           len(won))
    for reply in won:
        bo.keep(reply)
    return ana


def most(began):
    """How many tries there may have been since then: a hundred, and one after
    each wait (15 seconds, then twice as long each time) that may be over."""
    tried, wait, left = 100, 15, time.monotonic() - began
    while left >= wait:
        tried, wait, left = tried + 1, 2 * wait, left - wait
    return tried


def tries(tap, server, tenant):
    """More tries than there are, at once; then a restart."""
    wrong = {"tenant": tenant.name, "userName": "nobody", "password": "x" * 15}
    began = time.monotonic()
    replies = at_once(300, lambda c: c.post("/api/v1/login", wrong), MANY)
    tried = sum(r.status == 401 for r in replies)
    full = sum(r.code == "limited" for r in replies)
    busy = sum(r.json["message"] == "LOGIN_BUSY" for r in replies)
    tap.ok(tried <= most(began) and tried + full == len(replies),
           "three hundred at once are a hundred tries at most", tried)
    client = Client(server.address)

    def go_on(tried):
        """Until it waits: a slow machine may have waited already."""
        reply = client.post("/api/v1/login", wrong)
        while reply.status == 401 and tried <= most(began):
            tried += 1
            reply = client.post("/api/v1/login", wrong)
        return tried, reply

    tried, reply = go_on(tried)
    tap.ok(busy > 0 and 100 <= tried <= most(began)
           and reply.json["message"] == "LOGIN_WAIT",
           "%d that found no place do not count, all others do" % busy,
           "%d tries, %s" % (tried, reply))
    client.close()
    server.stop()
    server.start()
    tried, reply = go_on(tried)
    tap.ok(reply.status == 429 and reply.json["message"] == "LOGIN_WAIT"
           and tried <= most(began)
           and int(reply.headers["retry-after"]) > 0,
           "a restart gives no more of them", reply)
    client.close()


def revoked_under_load(tap, server, what, headers, revoke):
    """REVOKE() while many use it: who begins after the reply is refused."""
    stop, seen, lock = threading.Event(), [], threading.Lock()

    def work():
        client = Client(server.address)
        own = []
        while not stop.is_set():
            begin = time.monotonic()
            try:
                status = client.request(
                    "GET", "/api/v1/self", None, headers).status
            except (OSError, http.client.HTTPException):
                status = 0
            own.append((begin, status))
        client.close()
        with lock:
            seen.extend(own)

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    time.sleep(BEFORE_S)
    reply = revoke()
    ended = time.monotonic()
    time.sleep(BEFORE_S)
    stop.set()
    for thread in threads:
        thread.join()
    before = [s for begin, s in seen if begin < ended]
    after = [s for begin, s in seen if begin > ended]
    tap.ok(reply.status == 200 and before.count(200) > 100,
           "%s: used %d times" % (what, before.count(200)), reply)
    tap.ok(len(after) > 100 and set(after) == {401},
           "%s: of %d requests after its end none is answered" % (
               what, len(after)), sorted(set(after)))


def revocations(tap, server, tenant, secrets):
    api = tenant.client()
    made = api.post("/api/v1/tokens", {
        "label": "load", "rights": ["person.read"]}).json
    secrets.append(made["token"])
    revoked_under_load(
        tap, server, "an API token",
        {"Authorization": "Bearer " + made["token"]},
        lambda: api.delete("/api/v1/tokens/" + made["id"]))
    made = api.post("/api/v1/clients", {
        "label": "load", "rights": ["person.read"]}).json
    access = Client(server.address).request(
        "POST", "/oauth/token", "grant_type=client_credentials&client_id="
        "%s&client_secret=%s" % (made["id"], made["secret"])).json
    secrets += [made["secret"], access["access_token"]]
    revoked_under_load(
        tap, server, "a client's access token",
        {"Authorization": "Bearer " + access["access_token"]},
        lambda: api.delete("/api/v1/clients/" + made["id"]))
    cy = Person(server, tenant, "cy", secrets)
    revoked_under_load(
        tap, server, "a session's cookie", {"Cookie": cy.head["Cookie"]},
        lambda: cy.post("/api/v1/logout", {"all": True}, None, cy.head))
    cy.keep(cy.login())
    revoked_under_load(
        tap, server, "the session of who leaves",
        {"Cookie": cy.head["Cookie"]},
        lambda: api.patch("/api/v1/persons/" + cy.id, {"end": "2020-01-01",
                          "start": "2019-01-01"}, if_match="*"))


def files_of(server):
    """The server's files, and its database's where that has its own."""
    found = [server.log_path]
    folders = [server.data]
    if STORE:
        cluster().sql("CHECKPOINT")
        folders.append(cluster().folder)
    for folder in folders:
        for root, _, names in os.walk(folder):
            found += [os.path.join(root, name) for name in names]
    return [path for path in found if os.path.isfile(path)]


def databases(server):
    """The names of the server's two databases, if they are PostgreSQL's."""
    if not STORE:
        return []
    name = server.env["USHER_STORE"].split("@/")[1].split("?")[0]
    return [name, name + "_keys"]


def search(server, wanted):
    """[(where, first letters)] of the secrets that are found."""
    found = []
    for path in files_of(server):
        with open(path, "rb") as file:
            data = file.read()
        found += [(path, s[:12]) for s in wanted if s in data]
    for name in databases(server):
        data = cluster().dump(name)
        found += [("dump of " + name, s[:12]) for s in wanted
                  if s in data or s.hex().encode() in data]
    return found


def is_log(path):
    return path.endswith("-wal") or "/pg_wal/" in path


def canaries(tap, server, secrets):
    wanted = {s.encode() for s in [PASSWORD, *secrets]}
    wanted |= {base64.b64decode(s + "=" * (-len(s) % 4), b"-_")
               for s in secrets if len(s) == 43}
    wanted |= {base64.b32decode(s) for s in secrets
               if len(s) == 32 and s.isupper()}
    tap.ok(len(wanted) > 20 and any(map(is_log, files_of(server))),
           "there is something to look for, and where", len(wanted))
    where = search(server, wanted)
    tap.ok(not where, "no secret stands in a file or a log line", where[:5])
    if STORE:
        plant(tap, server, wanted)


def plant(tap, server, wanted):
    """The last test: what is written into the cluster stays in its log."""
    cluster().sql("CREATE TABLE planted AS SELECT '%s'::text, '\\x%s'::bytea" % (
        PASSWORD, PASSWORD.encode().hex()), databases(server)[0])
    where = [path for path, _ in search(server, wanted)]
    tap.ok(any(map(is_log, where)) and any("/base/" in p for p in where)
           and any(p.startswith("dump") for p in where),
           "controls: one that is planted is found in log, table and dump",
           where)


def main():
    tap = Tap()
    with Server(args=["--access-log=true"]) as server:
        at_once.address = server.address
        tenant = server.tenant("acme")
        tenant.apply(CATALOGUE)
        secrets = [tenant.token]
        crowd(tap, server, tenant, secrets)
        revocations(tap, server, tenant, secrets)
        tries(tap, server, tenant)
        canaries(tap, server, secrets)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
