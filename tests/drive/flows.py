#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""flows.py - runs the stories of flow/*.flow, and walks every route; TAP.

    flows.py                    every story of the tier
    flows.py retried quotas     those whose names hold one of the words

The grammar stands in flow/README.  Stories share one server, a tenant or two
each, and run several at a time; one that says `server own` has one of its own.
After its last line the log of each of its tenants is verified and replayed.
Every answer is held against the API description.
"""
import base64
import concurrent.futures
import glob
import hmac
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time
import traceback

import checklib
import openapi
from usherlib import ROOT, STORE, TESTS, TIER, Client, Server, Tap

FLOWS = os.path.join(TESTS, "flow")
API = os.path.join(ROOT, "src", "api")
AT_ONCE = 3         # the server runs four long tasks at a time
LATER_S = 20

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
WORDS = METHODS | {
    "have", "send", "body", "reply", "header", "text", "lacks", "until",
    "usher", "stdin", "run", "exit", "prints", "hides", "seats", "log",
    "server", "stop", "start", "fails", "store", "tier", "at", "copy", "move",
    "edit", "keep", "cookie", "totp",
    "gone"}


MAKING = threading.Lock()    # tenants are made one after the other


class Broken(Exception):
    """The story does not come true."""


# --- reading -----------------------------------------------------------------

class Line:
    def __init__(self, number, word, rest):
        self.number, self.word, self.rest, self.more = number, word, rest, []


def read_story(path):
    """The promise (the first comment) and the lines of a story."""
    promise, lines = [], []
    with open(path, encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            text = text.rstrip("\n")
            if text.startswith("#"):
                if not lines:
                    promise.append(text[1:].strip())
            elif text[:1] in (" ", "\t") and lines:
                lines[-1].more.append(text)
            elif text.strip():
                word, *rest = text.split(None, 1)
                if word not in WORDS:
                    raise Broken("line %d: no such word: %s" % (number, word))
                lines.append(Line(number, word, "".join(rest).strip()))
    return " ".join(promise), lines


def dedent(lines):
    """Indented lines without what they have in common."""
    full = [line for line in lines if line.strip()]
    depth = min((len(line) - len(line.lstrip()) for line in full), default=0)
    return "".join(line[depth:] + "\n" for line in lines)


# --- what a reply should look like -------------------------------------------

ABSENT = object()


def matches(wanted, found, known):
    """None, or where FOUND is not as WANTED says; fills KNOWN."""
    if isinstance(wanted, str):
        return text_matches(wanted, found, known)
    if found is ABSENT:
        return "is missing"
    if isinstance(wanted, dict):
        if not isinstance(found, dict):
            return "is %r, no object" % (found,)
        for key, value in wanted.items():
            why = matches(value, found.get(key, ABSENT), known)
            if why:
                return ".%s %s" % (key, why)
        return None
    if isinstance(wanted, list):
        return list_matches(wanted, found, known)
    if type(wanted) is not type(found) or wanted != found:
        return "is %r, not %r" % (found, wanted)
    return None


def text_matches(wanted, found, known):
    if wanted == "-":
        return None if found is ABSENT else "is there: %r" % (found,)
    if found is ABSENT:
        return "is missing"
    name = re.fullmatch(r"<([\w-]+)>", wanted)
    if wanted == "*" or name and name[1] not in known:
        if name:
            known[name[1]] = found
        return None
    if name:
        wanted = known[name[1]]
    elif wanted.startswith("~"):
        return None if wanted[1:] in str(found) else "lacks %r: %r" % (
            wanted[1:], found)
    return None if wanted == found else "is %r, not %r" % (found, wanted)


def list_matches(wanted, found, known):
    if not isinstance(found, list):
        return "is %r, no list" % (found,)
    is_open = bool(wanted) and wanted[-1] == "..."
    if is_open:
        wanted = wanted[:-1]
    if len(found) < len(wanted) or len(found) > len(wanted) and not is_open:
        return "has %d elements, not %d" % (len(found), len(wanted))
    for i, (want, have) in enumerate(zip(wanted, found)):
        why = matches(want, have, known)
        if why:
            return "[%d] %s" % (i, why)
    return None


def totp(secret, later=0):
    """RFC 6238: the code of the step of now, or LATER ones."""
    step = int(time.time()) // 30 + later
    mac = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"),
                      "sha1")
    at = mac[-1] & 15
    return "%06d" % ((int.from_bytes(mac[at:at + 4], "big") & 0x7fffffff)
                     % 1000000)


# --- telling -----------------------------------------------------------------

class Teller:
    """Makes one story come true, line by line."""

    def __init__(self, name, shared):
        self.name, self.server = name, shared
        self.is_own = False
        self.known = {"build": os.environ.get("USHER_BUILD", "")}
        self.tenants, self.tokens, self.clients = {}, {}, {}
        self.files, self.cursor = None, {}
        self.request = self.reply = self.done = self.stdin = None

    def tell(self, lines):
        try:
            for line in lines:
                try:
                    getattr(self, "do_" + line.word.lower())(line)
                except Broken as why:
                    raise Broken("line %d: %s" % (line.number, why)) from None
            self.check_tenants()
        finally:
            for client in self.clients.values():
                client.close()
            if self.is_own:
                self.server.close(keep=sys.exc_info()[0] is not None)

    def check_tenants(self):
        if self.server.process is None:
            return
        for tenant in self.tenants.values():
            faults = checklib.check_all(tenant.client())
            if faults:
                raise Broken("at the end, %s:\n%s" % (
                    tenant.name, "\n".join(faults[:20])))

    def fill(self, text):
        """{name} is what was captured under it."""
        if "{files}" in text:
            self.path_of("")
        self.known["address"] = "%s:%d" % tuple(self.server.address)
        def value(match):
            if match[1] not in self.known:
                return match[0]
            return str(self.known[match[1]])
        return re.sub(r"\{([a-z][\w.-]*)\}", value, text)

    def text_of(self, line):
        return self.fill(" ".join([line.rest] + [m.strip() for m in line.more]))

    # the scene

    def do_store(self, _line):
        """Read before the story begins."""

    def do_tier(self, _line):
        pass            # chosen before

    def do_server(self, line):
        if line.rest.split()[:1] != ["own"]:
            raise Broken("server own [ARGUMENTS]")
        self.is_own = True
        self.server = Server(args=shlex.split(line.rest)[1:])
        self.known["data"] = self.server.data

    def do_stop(self, _line):
        for client in self.clients.values():
            client.close()
        status = self.server.stop()
        if status != 0:
            raise Broken("it ended with %s" % status)

    def do_start(self, line):
        """start [+MINUTES]: that much later."""
        if line.rest:
            later = (time.time() + 60 * int(line.rest)) * 1000
            self.server.env["USHER_NOW"] = "%d" % later
        self.server.start()

    def do_fails(self, line):
        """Starting fails and says so."""
        self.server.start(wait=False)
        try:
            status = self.server.process.wait(LATER_S)
        except subprocess.TimeoutExpired:
            raise Broken("it runs") from None
        self.server.process = None
        if status == 0:
            raise Broken("it ended with 0")
        if self.fill(line.rest) not in self.server.log_text():
            raise Broken("it did not say so: %s" % self.server.log_text())

    def do_have(self, line):
        words = self.fill(line.rest).split()
        getattr(self, "have_" + words[0])(words[1:], line)

    def have_tenant(self, words, _line):
        name = words[0]
        slug = name if self.is_own else "%s-%s" % (
            re.sub(r"[^a-z0-9]+", "-", self.name)[:40].strip("-"), name)
        with MAKING:
            tenant = self.server.tenant(slug)
        self.tenants[name], self.tokens[name] = tenant, tenant.token
        self.known[name + "-token"] = tenant.token
        self.known.setdefault("tenant", slug)
        self.cursor[name] = 0

    def do_gone(self, line):
        """gone TENANT: it was deleted; nothing of it is verified at the end."""
        del self.tenants[self.fill(line.rest)]

    def have_catalogue(self, words, line):
        """have catalogue FILE [for TENANT], or its text in lines below."""
        tenant = self.tenants[words[words.index("for") + 1] if "for" in words
                              else next(iter(self.tenants))]
        if line.more:
            text = dedent(line.more)
        else:
            with open(os.path.join(FLOWS, words[0] + ".yaml"),
                      encoding="utf-8") as file:
                text = file.read()
        tenant.apply(text)
        self.drain(self.who_of(tenant))

    def who_of(self, tenant):
        return next(n for n, t in self.tenants.items() if t is tenant)

    def have_token(self, words, _line):
        """have token NAME RIGHT... [of SOURCE] [scope FILTER]"""
        rights, body = words[1:], {"label": words[0]}
        if "scope" in words:
            at = rights.index("scope")
            rights, body["scope"] = rights[:at], " ".join(rights[at + 1:])
        if "of" in rights:
            at = rights.index("of")
            rights, body["source"] = rights[:at], rights[at + 1]
        body["rights"] = rights
        made = self.client(None).post("/api/v1/tokens", body)
        if made.status != 201:
            raise Broken("token: %s" % made)
        self.tokens[words[0]] = made.json["token"]
        self.known[words[0] + "-token"] = made.json["token"]
        self.known[words[0] + "-id"] = made.json["id"]
        self.drain(next(iter(self.tenants)))

    def have_file(self, words, line):
        """A file of the story's own folder; {name} is its path.  Its text in
        the lines below, or `from` a file of the stories or repository."""
        path = self.path_of(words[0])
        if len(words) == 3 and words[1] == "from":
            place = FLOWS if "/" not in words[2] else ROOT
            with open(os.path.join(place, words[2]), "rb") as file:
                data = file.read()
        else:
            data = self.fill(dedent(line.more)).encode()
        with open(path, "wb") as file:
            file.write(data)

    def path_of(self, name):
        if self.files is None:
            self.files = os.path.join(self.server.folder, "files-" + self.name)
            os.makedirs(self.files, exist_ok=True)
            self.known["files"] = self.files
        self.known[name] = os.path.join(self.files, name)
        return self.known[name]

    def do_copy(self, line):
        source, target = self.fill(line.rest).split()
        subprocess.run(["cp", "-a", source, self.path_of(target)
                        if "/" not in target else target], check=True)

    def do_move(self, line):
        """move PATTERN FOLDER"""
        pattern, folder = self.fill(line.rest).split()
        found = glob.glob(pattern)
        if not found:
            raise Broken("there is no %s" % pattern)
        for path in found:
            shutil.move(path, folder)

    def do_edit(self, line):
        """edit FILE /OLD/NEW/: every OLD of a file by NEW."""
        name, what = self.fill(line.rest).split(" ", 1)
        _, old, new, _ = what.split(what[0])
        path = self.known.get(name, name)
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
        if old not in text:
            raise Broken("%r is not in %s:\n%s" % (old, name, text[:500]))
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text.replace(old, new))

    def do_keep(self, line):
        """keep NAME REGEX: its group of what the command printed."""
        name, pattern = line.rest.split(" ", 1)
        found = re.search(self.fill(pattern), self.output())
        if not found:
            raise Broken("nothing like %s in:\n%s" % (pattern, self.output()))
        self.known[name] = found[1]

    # requests

    def client(self, who):
        who = who or next(iter(self.tenants), "nobody")
        if who not in self.clients:
            if who == "operator":
                self.clients[who] = self.server.operator()
            elif who == "nobody":
                self.clients[who] = Client(self.server.address, None)
            else:
                self.clients[who] = Client(
                    self.server.address, self.tokens[who])
        return self.clients[who]

    def ask(self, line):
        words = self.fill(line.rest)
        path, _, who = words.partition(" as ")
        self.request = [line.word, path.strip(), None, {}, who.strip() or None]

    do_get = do_post = do_put = do_patch = do_delete = ask

    def do_send(self, line):
        name, _, value = self.fill(line.rest).partition(":")
        self.request[3][name.strip()] = value.strip()

    def do_body(self, line):
        if line.rest.startswith("@"):
            with open(self.known[line.rest[1:]], "rb") as file:
                self.request[2] = file.read()
        elif line.rest:
            self.request[2] = self.text_of(line).encode()
        else:
            self.request[2] = self.fill(dedent(line.more)).encode()

    def perform(self):
        method, path, body, headers, who = self.request
        self.reply = self.client(who).request(method, path, body, headers)

    def do_reply(self, line):
        self.perform()
        why = self.reply_differs(line)
        if why:
            raise Broken("%s %s: %s\n%s" % (*self.request[:2], why, self.reply))

    def do_until(self, line):
        """As reply, asked again for a while until it is so."""
        end = time.monotonic() + LATER_S
        while True:
            self.perform()
            why = self.reply_differs(line)
            if not why:
                return
            if time.monotonic() > end:
                raise Broken("%s %s: %s\n%s" % (
                    *self.request[:2], why, self.reply))
            time.sleep(0.2)

    def reply_differs(self, line):
        status, _, rest = self.text_of(line).partition(" ")
        if self.reply.status != int(status):
            return "status %d, not %s" % (self.reply.status, status)
        if not rest.strip():
            return None
        try:
            wanted = json.loads(rest)
        except ValueError as error:
            return "the story's JSON: %s: %s" % (error, rest)
        found = self.reply.json
        if found is None and self.reply.body:
            return "no JSON"
        return matches(wanted, found, self.known)

    def do_header(self, line):
        name, _, wanted = self.fill(line.rest).partition(":")
        found = self.reply.headers.get(name.strip().lower(), ABSENT)
        why = matches(wanted.strip(), found, self.known)
        if why:
            raise Broken("%s %s" % (name, why))

    def do_text(self, line):
        if self.fill(line.rest) not in self.reply.body.decode():
            raise Broken("not in %s" % self.reply)

    def do_lacks(self, line):
        if self.fill(line.rest) in self.reply.body.decode():
            raise Broken("is in %s" % self.reply)

    def do_cookie(self, line):
        """cookie NAME: the session's cookie that the reply set."""
        found = re.match(r"__Host-usher=([^;]+); Path=/; Secure; HttpOnly; "
                         r"SameSite=Strict$",
                         self.reply.headers.get("set-cookie", ""))
        if not found:
            raise Broken("no cookie: %s" % self.reply)
        self.known[line.rest] = found[1]

    def do_totp(self, line):
        """totp NAME SECRET [STEP]: a one-time code, of now or so many steps
        of 30 seconds later."""
        name, secret, *step = self.fill(line.rest).split()
        self.known[name] = totp(secret, int(step[0]) if step else 0)

    # the command line

    def do_stdin(self, line):
        self.stdin = self.fill(dedent(line.more)) if line.more else self.fill(
            line.rest)

    def do_usher(self, line):
        """As the first tenant; `as operator` on the socket alone."""
        words = shlex.split(self.text_of(line))
        run = self.server.usher
        if words[-2:] == ["as", "operator"]:
            words = words[:-2]
        elif self.tenants:
            run = next(iter(self.tenants.values())).usher
        env = {}
        while words and re.match(r"[A-Z_]+=", words[0]):
            name, _, value = words.pop(0).partition("=")
            env[name] = value
        self.done = run(*words, stdin=self.stdin, env=env)
        self.stdin = None

    def do_run(self, line):
        """A tool of the repository: run tool/verify-log.py ..."""
        words = shlex.split(self.text_of(line))
        self.done = subprocess.run(
            ["python3", os.path.join(ROOT, words[0]), *words[1:]],
            capture_output=True, text=True, stdin=subprocess.DEVNULL,
            timeout=300)

    def output(self):
        return self.done.stdout + self.done.stderr

    def do_exit(self, line):
        if self.done.returncode != int(line.rest):
            raise Broken("status %d, not %s:\n%s" % (
                self.done.returncode, line.rest, self.output()))

    def do_prints(self, line):
        """The words stand in the output; JSON is matched as a reply is."""
        wanted = self.text_of(line)
        if wanted[:1] not in "{[":
            if wanted not in self.output():
                raise Broken("%r is not in:\n%s" % (wanted, self.output()))
            return
        try:
            found = json.loads(self.done.stdout)
        except ValueError:
            raise Broken("no JSON: %s" % self.output()) from None
        why = matches(json.loads(wanted), found, self.known)
        if why:
            raise Broken("%s\n%s" % (why, self.output()))

    def do_hides(self, line):
        if self.fill(line.rest) in self.output():
            raise Broken("is in:\n%s" % self.output())

    def do_at(self, line):
        """at PATH: a file is there."""
        if not os.path.exists(self.fill(line.rest)):
            raise Broken("there is no %s" % self.fill(line.rest))

    # seats and the log

    def do_seats(self, line):
        """PRODUCT: PERSON assigned POOL; PERSON held; PERSON waiting 1"""
        product, _, rest = self.text_of(line).partition(":")
        wanted = sorted(part.split() for part in rest.split(";")
                        if part.strip())
        found = []
        path = "/api/v1/products/%s/" % product.strip()
        for row in self.client(None).pages(path + "seats"):
            found.append([row["person"], row["state"], row["pool"]])
        for row in self.client(None).pages(path + "waits"):
            found.append([row["person"], "waiting", str(row["position"])])
        found.sort()
        short = [row[:len(want)] for row, want in zip(found, wanted)]
        if len(found) != len(wanted) or short != wanted:
            raise Broken("%s: %s" % (product, "; ".join(
                " ".join(row) for row in found) or "nobody"))

    def do_log(self, line):
        """The actions since the last log line (or have), in order; NAME+:
        once or several times, as the clock will have it."""
        wanted = [w.strip() for w in self.text_of(line).split(",") if w.strip()]
        who = next(iter(self.tenants))
        found = [item["action"] for item in self.drain(who)]
        for at, name in enumerate(wanted):
            if name.endswith("+"):
                wanted[at] = name[:-1]
                while found[at + 1:at + 2] == found[at:at + 1] == [name[:-1]]:
                    del found[at]
        if found != wanted:
            raise Broken("the log says: %s" % ", ".join(found))

    def drain(self, who):
        items = list(checklib.events(
            Client(self.server.address, self.tenants[who].token),
            self.cursor[who]))
        if items:
            self.cursor[who] = items[-1]["seq"] + 1
        return items


# --- every route -------------------------------------------------------------

ROW = re.compile(r"\{\s*(GET|POST|PUT|PATCH|DELETE),\s*"
                 r"\"(/[^\"]*)\",\s*RIGHT_(\w+)")


def routes():
    """(method, path, right) of every row of the tables of src/api/, but for
    those of the management listener, which is another door."""
    found = []
    for path in sorted(glob.glob(os.path.join(API, "*.c"))):
        if os.path.basename(path) == "manage.c":
            continue
        with open(path, encoding="utf-8") as file:
            found += ROW.findall(file.read())
    return found


def walk(tap, server):
    """No route answers without a credential, or with a wrong one."""
    rows = routes()
    tap.ok(len(rows) >= 30, "the route tables are found", len(rows))
    token = server.tenant("walk").token
    other = "A" if token[-1] != "A" else "B"
    wrong = [None, "usher_api_x", token[:-1] + other, token + "A"]
    api = Client(server.address, None)
    bad = []
    for method, path, right in rows:
        path = re.sub(r"\{\w+\}", "00000000000AB", path)
        for credential in wrong:
            head = ({"Authorization": "Bearer " + credential}
                    if credential else {})
            reply = api.request(method, path, b"" if method != "GET" else None,
                                head)
            want = ((404,) if path.startswith("/operator/") else
                    (401,) if right != "PUBLIC" else
                    (200,) if method == "GET" else (400, 401))
            if reply.status not in want:
                bad.append("%s %s with %s: %s" % (
                    method, path, credential and "a wrong token", reply))
            elif reply.status == 401 and "www-authenticate" not in reply.headers:
                bad.append("%s %s: no WWW-Authenticate" % (method, path))
    tap.equal(api.get("/metrics").status, 404, "metrics have another door")
    tap.ok(not bad, "no route answers without or with a wrong token",
           "\n".join(bad[:20]))
    walk_rights(tap, server, rows, token)


def walk_rights(tap, server, rows, token):
    """A token with one right is refused at every other route."""
    made = Client(server.address, token).post(
        "/api/v1/tokens", {"label": "reader", "rights": ["person.read"]})
    api = Client(server.address, made.json["token"])
    bad = []
    for method, path, right in rows:
        if right in ("PUBLIC", "SELF", "PERSON_READ") or "/operator/" in path:
            continue
        path = re.sub(r"\{\w+\}", "00000000000AB", path)
        reply = api.request(method, path, b"" if method != "GET" else None)
        if reply.status != 403 or reply.code != "denied":
            bad.append("%s %s: %s" % (method, path, reply))
    tap.ok(not bad, "a token with one right is refused everywhere else",
           "\n".join(bad[:20]))


# --- every answer --------------------------------------------------------------

# Operations that no story can bring to success, and members of replies that
# none can bring about, with the reason.
UNREACHED = {}
UNSEEN = {
    "OrganisationPage.next": "organisations come in one page",
    "PoolPage.next": "pools come in one page",
    "ProductPage.next": "products come in one page",
    "RightInfoPage.next": "rights come in one page",
    "RolePage.next": "roles come in one page",
    "Import.paused_why": "an import waits beside others: storm_fair.py",
    "Queue.rate": "known after a second of work: tests/unit",
    "Queue.remedy": "a queue too deep holds its import: tests/unit",
    "SessionPage.next": "sessions come in one page",
    "TokenPage.next": "tokens come in one page",
    "SeatFault.message": "no story breaks an invariant",
    "SeatFault.text": "no story breaks an invariant",
}


class Watch:
    """Holds every answer of every story against the API description."""

    def __init__(self, server):
        with MAKING:
            reply = server.tenant("watch").client().get(
                "/api/v1/openapi.json")
        self.description = openapi.Description(reply.json)
        self.count, self.faults = 0, []
        self.guard = threading.Lock()

    def __call__(self, client, method, path, body, headers, reply):
        if isinstance(client.address, str):
            return      # the operator's socket is not described
        with self.guard:
            self.count += 1
            self.faults += self.description.check(
                method, path, body, headers, reply)

    def tell(self, tap, is_all):
        tap.ok(self.count and not self.faults,
               "every answer is as the API description says (%d)" % self.count,
               "\n".join(sorted(set(self.faults))[:40]))
        if not is_all:
            return
        bad = [str(op) for op in self.description.unreached()]
        tap.equal(sorted(bad), sorted(UNREACHED),
                  "a story brings every operation to success")
        bad = self.description.unseen()
        tap.equal(sorted(bad), sorted(UNSEEN),
                  "a story brings about every described member")


# --- all ---------------------------------------------------------------------

def chosen(words):
    found = []
    for path in sorted(glob.glob(os.path.join(FLOWS, "*.flow"))):
        name = os.path.basename(path)[:-5]
        if not words or any(word in name for word in words):
            found.append((name, path))
    return found


def tell(name, path, shared):
    """(passed, why, seconds), or None where tier or store leave it out."""
    begin = time.monotonic()
    try:
        promise, lines = read_story(path)
        if not promise:
            raise Broken("it promises nothing: say in a comment what and why")
        tiers = [line.rest for line in lines if line.word == "tier"]
        stores = [line.rest for line in lines if line.word == "store"]
        if TIER == "quick" and tiers:
            return None
        if stores and stores != ["server" if STORE else "files"]:
            return None
        Teller(name, shared).tell(lines)
    except Broken as why:
        return False, "%s: %s" % (path, why), time.monotonic() - begin
    except Exception:
        return (False, "%s\n%s" % (path, traceback.format_exc()),
                time.monotonic() - begin)
    return True, "", time.monotonic() - begin


def controls(tap):
    """The matcher tells what is not so: else every story would come true."""
    cases = (
        ({"a": 1}, {"a": 2}), ({"a": 1}, {}), ({"a": 1}, {"a": "1"}),
        ({"a": 1}, {"a": True}), ({"a": "*"}, {}), ({"a": "-"}, {"a": 0}),
        ([1], [1, 2]), ([1, 2], [1]), ([1, 2, "..."], [1]),
        ({"a": [2]}, {"a": 2}),
        ({"a": "~x"}, {"a": "y"}), ({"a": "<k>"}, {"a": "other"}),
        ({"a": None}, {"a": 0}), ({"a": None}, {}),
        ({"a": {"b": 1}}, {"a": [1]}))
    missed = [case for case in cases if not matches(*case, {"k": "kept"})]
    tap.ok(not missed, "the matcher sees what differs", missed)
    known = {}
    good = ({"a": "<n>", "b": [1, "..."], "c": "-"}, {"a": 5, "b": [1, 2]})
    tap.ok(matches(*good, known) is None and known == {"n": 5},
           "the matcher takes what is the same and keeps what it is told to")


def main():
    tap = Tap()
    controls(tap)
    words = sys.argv[1:]
    stories = chosen(words)
    with Server() as server, concurrent.futures.ThreadPoolExecutor(
            AT_ONCE) as pool:
        Client.watch = watch = Watch(server)
        if not words:
            walk(tap, server)
        told = [(name, pool.submit(tell, name, path, server))
                for name, path in stories]
        for name, story in told:
            result = story.result()
            name = name.replace("-", " ")
            if result is None:
                tap.skip(name, "not of this tier or store")
            else:
                tap.ok(result[0], "%s (%.1f s)" % (name, result[2]), result[1])
        Client.watch = None
        watch.tell(tap, not words and TIER != "quick")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
