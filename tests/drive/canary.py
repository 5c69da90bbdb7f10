#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""canary.py - nothing that was said is readable at rest; TAP.

One marker stands in every value that goes through every door: names, e-mail
addresses, departments, slugs, labels, keys, reasons, rows of a file, and what
is refused.  Then every file that the server has written and every command line
is searched for the marker, in the ways a text may be written down; where
USHER_STORE says PostgreSQL, its files too: tables, its own log, what it logs.
"""
import base64
import glob
import json
import os
import re
import shutil
import sqlite3
import sys
import urllib.parse

from usherlib import STORE, Client, Raw, Server, Tap, cluster

MARK = "Qzkanarivogl"       # twelve letters: no two of its encodings meet
NAME = MARK + "ü %s"        # what is not ASCII is written down in more ways
SLUG = MARK.lower() + "-%s"


def forms():
    """{name: bytes} of every way to write the marker that is looked for."""
    found = {}
    for case, text in (("", MARK), (" lower", MARK.lower()),
                       (" upper", MARK.upper())):
        data = text.encode()
        found["plain" + case] = data
        found["reversed" + case] = data[::-1]
        found["utf-16le" + case] = text.encode("utf-16le")
        found["utf-16be" + case] = text.encode("utf-16be")
        found["utf-32le" + case] = text.encode("utf-32le")
        found["hex" + case] = data.hex().encode()
        found["HEX" + case] = data.hex().upper().encode()
        for name, way in (("url", "%%%02x"), ("URL", "%%%02X"),
                          ("json", "\\u%04x"), ("JSON", "\\u%04X"),
                          ("c", "\\x%02x")):
            found[name + case] = "".join(way % b for b in data).encode()
        for at in range(3):     # the letters that the neighbours do not change
            coded = base64.b64encode(b"\0" * at + data)
            first = -(-8 * at // 6)
            last = (at + len(data)) * 8 // 6
            found["base64+%d%s" % (at, case)] = coded[first:last]
    return found


FORMS = forms()
ANY = re.compile(b"|".join(re.escape(f) for f in sorted(set(FORMS.values()))))


def search(path, data):
    """Where the marker stands in the bytes, with what is around it."""
    found = []
    for match in ANY.finditer(data):
        a, b = match.span()
        found.append("%s at %d: %r" % (path, a, data[max(0, a - 40):b + 40]))
        if len(found) == 3:
            break
    return found


def search_file(path):
    try:
        with open(path, "rb") as file:
            return search(path, file.read())
    except OSError:
        return []       # a socket, or gone meanwhile


def search_tree(folder, spared=()):
    found, count = [], 0
    for root, _folders, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            if path in spared or not os.path.isfile(path):
                continue
            count += 1
            found += search(path + " (its name)", os.fsencode(name))
            found += search_file(path)
    return found, count


def search_processes(server):
    """Command lines and environments, of the processes and their threads."""
    found = []
    for pid in server.pids().values():
        for name in ("cmdline", "environ", "comm", "status"):
            found += search_file("/proc/%d/%s" % (pid, name))
        for task in glob.glob("/proc/%d/task/*/comm" % pid):
            found += search_file(task)
        for fd in glob.glob("/proc/%d/fd/*" % pid):
            try:
                found += search(fd, os.fsencode(os.readlink(fd)))
            except OSError:
                pass
    return found


# --- the doors ---------------------------------------------------------------

class Doors:
    """Puts a canary through every door; each must have let it in, or refused
    it as it should."""

    def __init__(self, tap, server):
        self.tap, self.server, self.count = tap, server, 0
        self.folder = os.path.join(server.folder, "user")   # the user's own
        os.makedirs(self.folder, exist_ok=True)

    def name(self):
        self.count += 1
        return NAME % self.number()

    def number(self):
        return "%03d" % self.count

    def expect(self, reply, status, what):
        self.tap.ok(reply.status == status, "a canary through: " + what, reply)
        return reply.json

    def person(self):
        self.count += 1
        n = self.number()
        return {
            "externalId": NAME % n, "userName": "%s.%s" % (MARK, n),
            "displayName": NAME % n, "nickName": NAME % n,
            "name": {part: NAME % n for part in (
                "givenName", "familyName", "middleName", "honorificPrefix",
                "honorificSuffix", "formatted")},
            "employeeNumber": NAME % n, "country": "DE", "userType": NAME % n,
            "emails": [{"value": "%s.%s@%s.example" % (MARK, n, MARK),
                        "type": "work", "primary": True}],
            "phoneNumbers": [{"value": NAME % n, "type": "work"}],
            "addresses": [{"formatted": NAME % n, "streetAddress": NAME % n,
                           "locality": NAME % n,
                           "postalCode": NAME % n, "region": NAME % n,
                           "type": "home"}],
            "site": SLUG % "site", "department": SLUG % "dep",
            "title": NAME % n, "costCenter": NAME % n, "division": NAME % n,
            "organization": SLUG % "org", "start": "2020-01-01"}

    def go(self):
        self.tenant = self.server.tenant(SLUG % "tenant")
        self.api = self.tenant.client()
        self.catalogue()
        self.persons()
        self.onboardings()
        self.tokens()
        self.imports()
        self.refused()
        self.raw()

    def catalogue(self):
        slug = SLUG % "%s"
        text = json.dumps({
            "catalogue": 1,
            "sites": {slug % "site": {"name": self.name(), "country": "DE",
                                      "zone": "Europe/Berlin"}},
            "departments": {slug % "dep": {"name": self.name()}},
            "organisations": {slug % "org": {"name": self.name(), "overflow": True}},
            "products": {
                slug % "product": {
                    "name": self.name(), "cap": 100,
                    "grant": 'title eq "%s"' % self.name()},
                slug % "gone": {"name": self.name()}},
            "pools": {
                slug % "pool": {
                    "product": slug % "product", "quota": 5,
                    "eligibility": 'site eq "%s"' % (slug % "site")},
                slug % "two": {"product": slug % "product", "quota": 0}}})
        self.expect(self.api.put("/api/v1/catalogue", text), 200, "catalogue")
        path = "/api/v1/catalogue?allow_removals=1&reason=" + (
            urllib.parse.quote(self.name()))
        less = json.loads(text)
        del less["products"][slug % "gone"]
        self.expect(self.api.put(path, json.dumps(less)), 200,
                    "a catalogue's reason")
        reply = self.api.patch("/api/v1/pools/" + slug % "pool", {"quota": 6},
                               if_match="*")
        self.expect(reply, 200, "a pool's slug in a path")

    def persons(self):
        made = self.expect(self.api.post("/api/v1/persons", self.person()),
                           201, "a person")
        path = "/api/v1/persons/" + made["id"]
        self.expect(self.api.patch(path, {
            "displayName": self.name(), "title": self.name(),
            "name": {"familyName": self.name()}}, if_match="*"), 200,
            "a person changed")
        self.expect(self.api.post(path + "/seats", {
            "products": [SLUG % "product"]}), 200, "a seat")
        self.expect(self.api.post("/api/v1/persons/.search", {
            "filter": 'userName eq "%s"' % self.name()}), 200, "a filter")
        self.expect(self.api.post("/api/v1/persons/.search", {
            "search": MARK}), 200, "a word that is searched")
        self.expect(self.api.get("/api/v1/persons?filter=" + urllib.parse.quote(
            'title eq "%s"' % self.name())), 200, "a filter in a path")
        self.expect(self.api.get("/api/v1/persons/%s/seats" % made["id"]), 200,
                    "a list of seats")
        self.expect(self.api.delete("%s/seats/%s" % (path, SLUG % "product")),
                    200, "a seat released")

    def onboardings(self):
        key = MARK + "-key-1"
        made = self.expect(self.api.post("/api/v1/onboardings", {
            "person": self.person(), "products": [SLUG % "product"],
            "check": True}, idempotency_key=key), 201, "an onboarding")
        self.expect(self.api.post(
            "/api/v1/onboardings/%s/checks/manual" % made["id"],
            {"result": "passed"}), 200, "a check")
        items = [{"key": MARK + "-b%d" % i, "person": self.person(),
                  "products": [SLUG % "product"]} for i in range(8)]
        self.expect(self.api.post("/api/v1/onboardings/batch",
                                  {"items": items}), 200, "a batch")

    def tokens(self):
        made = self.expect(self.api.post("/api/v1/tokens", {
            "label": self.name(), "rights": ["person.read"],
            "scope": 'title eq "%s"' % self.name(),
            "source": self.name()}), 201, "a token")
        api = self.tenant.client(made["token"])
        self.expect(api.get("/api/v1/persons"), 200, "a token's scope")
        self.expect(self.api.delete("/api/v1/tokens/" + made["id"]), 200,
                    "a token revoked")
        self.expect(self.api.post("/api/v1/clients", {
            "label": self.name(), "rights": ["person.read"],
            "scope": 'title eq "%s"' % self.name(),
            "source": self.name()}), 201, "a client")
        self.logins()
        operator = self.server.operator()
        self.expect(operator.post(
            "/operator/v1/tenants/%s/token" % (SLUG % "tenant"),
            {"label": self.name()}), 201, "the operator's token")

    def logins(self):
        """Right and wrong passwords, of somebody and of nobody."""
        made = self.expect(self.api.post(
            "/api/v1/onboardings", {"person": self.person(),
                                    "activation": True},
            idempotency_key=MARK + "-activation"), 201, "an activation")
        nobody = Client(self.server.address)
        words = MARK + " and seven ducks"
        self.expect(nobody.post("/api/v1/activate", {
            "token": made["activation"], "password": words}), 200,
            "an account is activated")
        for tenant in (SLUG % "tenant", SLUG % "nowhere"):
            for name in (MARK, self.name()):
                self.expect(nobody.post("/api/v1/login", {
                    "tenant": tenant, "userName": name,
                    "password": words + "!"}), 401, "a wrong password")
        nobody.close()

    def imports(self):
        """By the command line: rows that go in, rows that are rejected."""
        head = "Nr;Vertrag;Vorname;Nachname;Mail;Ort;Stelle;Seit\n"
        good = "".join("%s%d;%d;%s;%s;%s%d@x.example;%s;%s;01.02.2020\n" % (
            MARK, i, i, self.name(), self.name(), MARK, i, SLUG % "site",
            self.name()) for i in range(40))
        bad = "%s;1;%s;%s;no address %s;%s;%s;31.02.2020\n" % (
            self.name(), self.name(), self.name(), MARK, self.name(),
            self.name())
        rows = self.write("hr.csv", head + good + bad)
        map_path = self.write("map.yaml", IMPORT_MAP % {
            "source": MARK.lower(), "site": SLUG % "site",
            "name": self.name()})
        run = ["import", rows, "--source", MARK.lower(), "--map", map_path]
        done = self.tenant.usher(*run)
        self.tap.ok("40" in done.stdout, "a canary through: an import",
                    done.stdout + done.stderr)
        few = self.write("hr.csv", head + good[:400].rsplit("\n", 1)[0] + "\n")
        done = self.tenant.usher("import", few, *run[2:])
        self.tap.ok(done.returncode == 5, "a canary through: a guard stops",
                    done.stdout + done.stderr)
        done = self.tenant.usher("import", few, *run[2:], "--allow-removals",
                                 "100", "--reason", self.name())
        self.tap.ok(done.returncode == 0, "a canary through: a guard's reason",
                    done.stdout + done.stderr)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def refused(self):
        """What is refused is not kept either."""
        for body in ({MARK: 1}, {"userName": MARK + "\u202e"},
                     {"userName": {"$sealed": MARK}}, {"site": self.name()},
                     {"start": self.name()}, MARK, [MARK]):
            self.expect(self.api.post("/api/v1/persons", json.dumps(body)), 400,
                        "a refused person")
        self.expect(self.api.post("/api/v1/persons", '{"%s' % MARK), 400,
                    "broken JSON")
        self.expect(self.api.post(
            "/api/v1/persons", json.dumps(self.person()).encode(),
            content_type="application/json; charset=" + MARK), 201,
                    "a content type")
        self.expect(self.api.get("/api/v1/persons?%s=%s" % (MARK, MARK)), 400,
                    "an unknown parameter")
        self.expect(self.api.get(
            "/api/v1/persons?filter=" + urllib.parse.quote(
                'userName eq "%s"' % MARK)), 400, "personal data in a path")
        self.expect(self.api.get("/api/v1/" + MARK), 404, "an unknown path")
        self.expect(self.api.get("/api/v1/self", traceparent=MARK,
                                 tracestate="a=" + MARK, user_agent=MARK),
                    200, "the headers of a trace")
        self.expect(self.api.get("/api/v1/persons/" + MARK), 404,
                    "an unknown person")
        self.expect(self.api.post("/api/v1/onboardings", {},
                                  idempotency_key=MARK + " "), 400,
                    "a refused key")
        self.expect(self.tenant.client("usher_api_1_" + MARK).get(
            "/api/v1/self"), 401, "a wrong token")
        self.expect(self.api.put("/api/v1/catalogue",
                                 "sites: { %s: 1 }" % MARK), 400,
                    "a refused catalogue")
        self.expect(self.server.operator().post(
            "/operator/v1/tenants", {"name": self.name()}), 400,
            "a refused tenant")

    def raw(self):
        """Heads that no client would send."""
        for head in ("GET /%s\x01 HTTP/1.1\r\nHost: h\r\n\r\n",
                     "%s / HTTP/1.1\r\nHost: h\r\n\r\n",
                     "GET / HTTP/1.1\r\nHost: h\r\n%s\r\n\r\n",
                     "GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: %s\r\n\r\n",
                     "GET / HTTP/9.9 %s\r\n\r\n"):
            raw = Raw(self.server.address)
            raw.send((head % MARK).encode("latin-1"))
            reply = raw.reply()
            raw.close()
            self.tap.ok(reply is not None and reply.status >= 400,
                        "a canary through: a malformed head", reply)


IMPORT_MAP = """
source: "%(source)s"
format: { separator: ";", encoding: utf-8, dates: dd.mm.yyyy }
ref: "{Nr|trim}"
contract: "{Vertrag|trim}"
person:
  name.familyName: "{Nachname|trim}"
  name.givenName: "{Vorname|trim}"
  nickName: "{Vorname|trim|concat: %(name)s}"
  userName: "{Nr|trim}{n}"
  emails[work].value: "{Mail|trim}"
contracts:
  site: "{Ort|trim}"
  title: "{Stelle|trim}"
  start: "{Seit|date}"
values:
  site: { "%(name)s": "%(site)s" }
"""


# --- the searches ------------------------------------------------------------

def controls(tap, server):
    """The search finds the marker in each form, in a file like those."""
    path = os.path.join(server.folder, "planted")
    with open(database_file(server), "rb") as file:
        whole = file.read()
    missed = []
    for name, form in FORMS.items():
        with open(path, "wb") as file:
            file.write(whole[:5000] + form + whole[5000:])
        if not search_tree(server.folder, spared(server))[0]:
            missed.append(name)
    os.unlink(path)
    tap.ok(not missed, "controls: the marker is found in every form", missed)
    for at in range(3):
        text = base64.b64encode(b"x" * at + b'{"a":"' + MARK.encode() + b'"}')
        if not search("", text):
            missed.append("base64 at %d" % at)
    tap.ok(not missed, "controls: it is found within longer texts", missed)
    with open(path, "wb") as file:
        file.write(whole)
    found = search_tree(server.folder, spared(server))[0]
    tap.ok(not found, "controls: without it nothing is found",
           "\n".join(found[:5]))
    os.unlink(path)


def database(server):
    """The name of the server's PostgreSQL database."""
    return server.env["USHER_STORE"].split("@/")[1].split("?")[0]


def search_dump(server):
    """(found, its bytes) in what pg_dump writes of both databases."""
    found, count = [], 0
    for name in (database(server), database(server) + "_keys"):
        text = cluster().dump(name)
        found += search("dump of " + name, text)
        count += len(text)
    return found, count


def dump_controls(tap, server):
    """The last test: what is written into the cluster stays in its log."""
    found, count = search_dump(server)
    tap.ok(not found and count > 50000, "none in a dump of %d bytes" % count,
           "\n".join(found[:20]))
    cluster().sql("CREATE TABLE planted AS SELECT '%s'::text" % MARK,
                  database(server))
    tap.ok(search_dump(server)[0], "controls: a dump with it is found")
    for what in ("log", "table"):
        found = search_tree(cluster().folder, set())[0]
        tap.ok(any(("pg_wal" in line) == (what == "log") for line in found),
               "controls: it is found in PostgreSQL's " + what)
        cluster().sql("CHECKPOINT")


def database_file(server):
    """A file that persons are in."""
    if not STORE:
        return os.path.join(server.data, "usher.db")
    return os.path.join(cluster().data, cluster().sql(
        "SELECT pg_relation_filepath('person')", database(server)))


def spared(server):
    """The user's own files are not the server's."""
    folder = os.path.join(server.folder, "user")
    return {os.path.join(root, name) for root, _folders, names
            in os.walk(folder) for name in names}.union(
                glob.glob(os.path.join(server.folder, "*.token")))


def look(tap, server, when, is_all=False):
    """IS_ALL: PostgreSQL's files too, of which there are many."""
    found, count = search_tree(server.folder, spared(server))
    if STORE and is_all:
        # From memory into the tables' files; the log has them already.
        cluster().sql("CHECKPOINT")
        more, files = search_tree(cluster().folder, set())
        found, count = found + more, count + files
    tap.ok(not found and count >= 4, "%s: none in %d files" % (when, count),
           "\n".join(found[:20]))


def persons_are_there(tap, doors):
    """What is searched for was really stored."""
    found = sum(MARK in json.dumps(row) for row in doors.api.pages(
        "/api/v1/persons"))
    tap.ok(found >= 10, "the server knows the canaries: %d persons" % found)
    tap.ok(rows_of(doors) >= found, "as many are in what is searched")


def rows_of(doors):
    """Persons that are stored."""
    if STORE:
        return int(cluster().sql("SELECT count(*) FROM person",
                                 database(doors.server)))
    path = database_file(doors.server)
    copy = os.path.join(doors.folder, "copy.db")
    for tail in ("", "-wal", "-shm"):
        if os.path.exists(path + tail):
            shutil.copy(path + tail, copy + tail)
    with sqlite3.connect(copy) as db:
        return db.execute("SELECT count(*) FROM person").fetchone()[0]


def requests_are_logged(tap, path):
    """What is searched beside the databases: a line for each request."""
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    routes = {row["route"] for row in rows}
    tap.ok(len(rows) > 50 and "/api/v1/persons/{person}" in routes
           and "none" in routes, "the access log has %d lines" % len(rows),
           routes)


def main():
    tap = Tap()
    server = Server(start=False)
    access = os.path.join(server.folder, "access.log")
    server.args.append("--access-log-file=" + access)
    os.makedirs(os.path.join(server.folder, "tmp"), exist_ok=True)
    # Whatever anybody leaves behind in TMPDIR is found too.
    os.environ["TMPDIR"] = os.path.join(server.folder, "tmp")
    server.start()
    with server:
        doors = Doors(tap, server)
        doors.go()
        persons_are_there(tap, doors)
        requests_are_logged(tap, access)
        look(tap, server, "while it runs", True)
        found = search_processes(server)
        tap.ok(not found, "none in command lines and environments",
               "\n".join(found[:20]))
        if not STORE:   # else it is PostgreSQL's own affair
            done = server.usher("backup")
            tap.ok(done.returncode == 0, "a backup is made", done.stderr)
        done = doors.tenant.usher(
            "audit", "export", os.path.join(server.folder, "export"))
        tap.ok(done.returncode == 0, "the log is exported", done.stderr)
        done = server.usher(
            "key", "export", "--out", os.path.join(server.folder, "archive"),
            "--passphrase-file", doors.write("passphrase", MARK + " 12345"))
        tap.ok(done.returncode == 0, "the keys are exported", done.stderr)
        look(tap, server, "with backup and exports")
        doors.api.close()
        tap.equal(server.stop(), 0, "the server ends in order")
        look(tap, server, "after the end")
        server.start()
        look(tap, server, "after the next start")
        server.kill("parent")
        look(tap, server, "after a kill")
        controls(tap, server)
        if STORE:
            look(tap, server, "in the end", True)
            dump_controls(tap, server)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
