#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""watch.py - the management listener against a server under load; TAP.

What is counted is what was done, to one; /readyz says what fails and that it
is well again; /healthz answers whatever the rest waits for; a trace goes from
the request to the access log and back; `usher top` shows the same figures.
"""
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

from usherlib import Client, Server, Tap

PATIENCE_S = 40
QUEUE = 4000        # items of a tenant that may wait
BATCH = 1000
CATALOGUE = """
catalogue: 1
sites: { ber: { name: Berlin, country: DE, zone: Europe/Berlin } }
products: { mail: { name: Mail, cap: 100 }, cad: { name: CAD, cap: 100 } }
pools:
  mail-all: { product: mail, quota: 100000 }
  cad-all: { product: cad, quota: 7 }
settings: { admission.client_queued: 4000 }
"""
OPEN_METRICS = {"Accept": "application/openmetrics-text; version=1.0.0"}
TAILS = {"gauge": [""], "counter": ["_total"], "info": ["_info"],
         "histogram": ["_bucket", "_count", "_sum"]}
SAMPLE = re.compile(r'([a-z_][a-z0-9_]*)'
                    r'(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)+)\})?'
                    r' (-?[0-9.]+)')


# --- reading -----------------------------------------------------------------

def parse(text):
    """{(name, labels): value} of an exposition; raises where it is not one."""
    if not text.endswith("\n# EOF\n"):
        raise ValueError("it does not end with # EOF")
    found, seen, name, kind = {}, set(), None, None
    for line in text.splitlines()[:-1]:
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            if name in seen:
                raise ValueError(name + " stands twice")
            seen.add(name)
            continue
        if line.startswith(("# HELP %s " % name, "# UNIT %s " % name)):
            continue
        match = SAMPLE.fullmatch(line)
        if not match or match[1] not in [name + t for t in TAILS[kind]]:
            raise ValueError("a sample of %s: %s" % (name, line))
        if match.group(1, 2) in found:
            raise ValueError("twice: " + line)
        found[match[1], match[2] or ""] = float(match[3])
    return found


class Watch:
    """One look after the other at a server's management listener."""

    def __init__(self, server):
        self.client = Client(server.management, timeout=10)

    def health(self):
        return self.client.get("/healthz").status

    def failed(self):
        """The checks that fail; None: the server is ready."""
        reply = self.client.get("/readyz")
        if reply.status == 200 and reply.json["ok"]:
            return None
        return reply.json["failed"] if reply.status == 503 else [str(reply)]

    def metrics(self):
        reply = self.client.request("GET", "/metrics", None, OPEN_METRICS)
        if "openmetrics-text; version=1.0.0" not in (
                reply.headers["content-type"]):
            raise ValueError("content type: %s" % reply.headers)
        return Figures(parse(reply.body.decode()))

    def until(self, is_so):
        """Looks until it is so; what was seen last."""
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                seen = self.failed()
            except (OSError, http.client.HTTPException) as error:
                seen = [str(error)]     # front is being started again
            if is_so(seen) or time.monotonic() > end:
                return seen
            time.sleep(0.05)


class Figures(dict):
    def of(self, name, **labels):
        """The sum of the samples that have these labels."""
        wanted = ['%s="%s"' % pair for pair in labels.items()]
        return sum(value for (sample, text), value in self.items()
                   if sample == name and all(w in text for w in wanted))


# --- what is counted -----------------------------------------------------------

def person(number):
    return {"userName": "p%s" % number, "site": "ber"}


def onboard(api, number, key, products=("mail",)):
    return api.post("/api/v1/onboardings", {
        "person": person(number), "products": list(products)},
                    idempotency_key=key)


def load(tap, server, watch):
    """So many of each; the counters move by exactly that."""
    tenant = server.tenant("acme")
    tenant.apply(CATALOGUE)
    api = tenant.client()
    before = watch.metrics()
    new, cad = 60, 12
    for n in range(new):
        products = ("mail", "cad") if n < cad else ("mail",)
        if onboard(api, n, "k%d" % n, products).status != 201:
            return tap.ok(False, "an onboarding is stored")
    for n in range(25):
        onboard(api, n, "k%d" % n, ("mail", "cad") if n < cad else ("mail",))
    for n in range(9):      # user names that are somebody's already
        onboard(api, n, "other%d" % n)
    onboard(api, 0, "k0", ("cad",))     # another body
    for _ in range(4):
        api.get("/api/v1/persons/0000000000000")
    Client(server.address).get("/api/v1/nowhere")
    api.close()
    end = time.monotonic() + PATIENCE_S
    while True:     # the counting is done when the connection has let go
        after = watch.metrics()
        if after.of("usher_http_requests_in_flight") == 0 or (
                time.monotonic() > end):
            break

    def moved(name, **labels):
        return after.of(name, **labels) - before.of(name, **labels)

    route = "/api/v1/onboardings"
    for name, labels, wanted in (
            ("usher_onboardings_total", {"result": "new"}, new),
            ("usher_onboardings_total", {"result": "repeated"}, 25),
            ("usher_onboardings_total", {"result": "refused"}, 10),
            ("usher_outcomes_total", {"outcome": "assigned"}, new + 7),
            ("usher_outcomes_total", {"outcome": "queued"}, cad - 7),
            ("usher_outcomes_total", {"outcome": "held"}, 0),
            ("usher_errors_total", {"code": "key_reused"}, 1),
            ("usher_errors_total", {"code": "conflict"}, 9),
            ("usher_errors_total", {"code": "not_found"}, 5),
            ("usher_http_request_duration_seconds_count",
             {"route": route, "status": "2xx"}, new + 25),
            ("usher_http_request_duration_seconds_count",
             {"route": route, "status": "4xx"}, 10),
            ("usher_http_request_duration_seconds_count",
             {"route": "/api/v1/persons/{person}", "status": "4xx"}, 4),
            ("usher_http_request_duration_seconds_count",
             {"route": "none", "status": "4xx"}, 1)):
        tap.equal(moved(name, **labels), wanted,
                  "%s %s is exact" % (name, labels))
    tap.ok(moved("usher_commits_total", database="data") > 0
           and moved("usher_commit_duration_seconds_count")
           == moved("usher_commits_total", database="data")
           and moved("usher_batch_items_count")
           >= moved("usher_commits_total", database="data"),
           "commits, their times and their batches agree")
    tap.ok(moved("usher_vault_round_trip_seconds_count") > 0,
           "round trips of the vault are counted")
    seats(tap, watch, tenant)
    bounded(tap, after, tenant)


def seats(tap, watch, tenant):
    """Some seconds old, and then what the API says."""
    wanted = {"mail-all": 60.0, "cad-all": 7.0}
    labels = {"tenant": str(tenant.number)}
    end = time.monotonic() + PATIENCE_S
    while True:
        seen = watch.metrics()
        found = {pool: seen.of("usher_seats", pool=pool, state="assigned",
                               **labels) for pool in wanted}
        waits = seen.of("usher_seats", product="cad", state="waiting")
        if (found, waits) == (wanted, 5.0) or time.monotonic() > end:
            break
        time.sleep(0.1)
    tap.equal((found, waits), (wanted, 5.0), "seats and waits are told")
    tap.equal(seen.of("usher_pool_quota", pool="cad-all", **labels), 7.0,
              "quotas are told")


def bounded(tap, figures, tenant):
    """Neither names of tenants nor ids are labels."""
    labels = "\n".join(text for _, text in figures)
    tap.ok(tenant.name not in labels and "p0" not in labels
           and not re.search(r'[0-9A-HJKMNP-TV-Z]{13}', labels),
           "no label tells a tenant's name, a person or an id")
    tap.ok(len(figures) < 3000, "samples are few: %d" % len(figures))
    for process in ("parent", "front", "vault"):
        tap.ok(figures.of("usher_process_resident_memory_bytes",
                          process=process) > 1 << 20
               and figures.of("usher_process_open_descriptors",
                              process=process) > 3,
               "memory and descriptors of " + process)


# --- traces ------------------------------------------------------------------

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


def traces(tap, server):
    """From the header to the log line and back; what is malformed is not."""
    client = Client(server.address)
    given = "00-%s-%s-01" % (TRACE, SPAN)
    reply = client.get("/healthz", traceparent=given)
    answered = reply.headers.get("traceresponse", "")
    tap.ok(re.fullmatch("00-%s-[0-9a-f]{16}-01" % TRACE, answered)
           and SPAN not in answered and reply.headers["request-id"] == TRACE,
           "a valid trace is taken over", reply.headers)
    malformed = {}
    for value in ("00-%s-%s-01-more" % (TRACE, SPAN), given.upper(), "x",
                  "00-%s-%s-01" % ("0" * 32, SPAN)):
        reply = client.get("/healthz", traceparent=value)
        malformed[value] = (reply.status,
                            reply.headers["request-id"] != TRACE,
                            "traceresponse" not in reply.headers)
    tap.ok(all(m == (200, True, True) for m in malformed.values()),
           "a malformed one is as if it had not been sent", malformed)
    client.close()
    rows = [row for row in access_log(server) if row["route"] == "/healthz"]
    mine = [row for row in rows if row["request"] == TRACE]
    tap.ok(len(mine) == 1 and mine[0]["traceparent"] == answered
           and mine[0]["parent"] == SPAN, "the access log has both spans",
           mine)
    tap.ok(len(rows) == 5 and all(
        re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]",
                     row["traceparent"]) for row in rows)
           and len({row["request"] for row in rows}) == 5,
           "every request has a trace of its own", rows)


def access_log(server):
    """Waits until it is quiet: a line is written after its reply."""
    path = os.path.join(server.folder, "access.log")
    before = -1
    while True:
        with open(path, encoding="ascii") as file:
            lines = file.read().splitlines()
        if len(lines) == before:
            return [json.loads(line) for line in lines]
        before = len(lines)
        time.sleep(0.2)


def actors(tap, server):
    """Who asked, in numbers; the path and the query never."""
    rows = access_log(server)
    mine = [row for row in rows
            if row["route"] == "/api/v1/persons/{person}"]
    tap.ok(mine and all(row["tenant"] == 1 and row["actor"] == "client"
                        and len(row["actor_id"]) == 13 and row["bytes"] > 0
                        and row["status"] == 404 and row["method"] == "GET"
                        for row in mine), "a line says who asked", mine[:2])
    tap.ok(not any("?" in row["route"] or "nowhere" in json.dumps(row)
                   for row in rows), "no line has a path or a query")
    tap.ok('"event":"request"' not in server.log_text(),
           "the server's own log has none of them")
    moved = os.path.join(server.folder, "access.log.1")
    os.rename(os.path.join(server.folder, "access.log"), moved)
    client = Client(server.address)
    end = time.monotonic() + PATIENCE_S
    while not os.path.exists(os.path.join(server.folder, "access.log")) and (
            time.monotonic() < end):
        client.get("/healthz")
        time.sleep(0.05)
    tap.ok(os.stat(os.path.join(server.folder, "access.log")).st_mode & 0o777
           == 0o600, "a moved access log is begun anew")
    client.close()


# --- who is ready --------------------------------------------------------------

class Flood:
    """Batches of two tenants, more than may wait."""

    def __init__(self, server, tenants):
        self.server, self.replies, self.threads = server, [], []
        for tenant in tenants:
            for batch in range(QUEUE // BATCH + 2):
                thread = threading.Thread(
                    target=self.send, args=(tenant, batch))
                thread.start()
                self.threads.append(thread)

    def send(self, tenant, batch):
        items = [{"key": "f%d-%d" % (batch, n),
                  "person": person("f%d-%d" % (batch, n)),
                  "products": ["mail"]} for n in range(BATCH)]
        reply = tenant.client().post(
            "/api/v1/onboardings/batch", {"items": items})
        self.replies += [item["status"] for item in reply.json["items"]]

    def join(self):
        for thread in self.threads:
            thread.join()


def flood(tap, server, watch):
    """The vault stands still and both tenants' queues are full."""
    tenants = [server.tenant("left"), server.tenant("right")]
    for tenant in tenants:
        tenant.apply(CATALOGUE)
    before = watch.metrics()
    server.kill("vault", signal.SIGSTOP)
    try:
        load_on = Flood(server, tenants)
        end = time.monotonic() + PATIENCE_S
        while True:
            seen = watch.metrics()
            depth = seen.of("usher_queue_depth", **{"class": "bulk"})
            if depth == 2 * QUEUE or time.monotonic() > end:
                break
        tap.equal(depth, 2.0 * QUEUE, "the queues are full, and it is told")
        public = Client(server.address, timeout=10)
        tap.equal((watch.health(), public.get("/healthz").status), (200, 200),
                  "both doors say that the process is alive")
        seen = watch.until(lambda failed: failed and "vault" in failed)
        tap.ok(seen and "vault" in seen, "the vault is what fails", seen)
        tap.equal(public.get("/readyz").status, 503,
                  "the public door says so, too")
        public.close()
    finally:
        server.kill("vault", signal.SIGCONT)
    tap.equal(watch.until(lambda failed: failed is None), None,
              "it is ready when the vault goes on")
    load_on.join()
    after = watch.metrics()
    done = load_on.replies.count(201)
    limited = load_on.replies.count(429)
    tap.equal(done + limited, len(load_on.replies),
              "everybody has an answer: %d and %d" % (done, limited))
    tap.equal((after.of("usher_onboardings_total", result="new")
               - before.of("usher_onboardings_total", result="new"),
               after.of("usher_limited_total", limit="queue")
               - before.of("usher_limited_total", limit="queue")),
              (float(done), float(limited)), "and is counted")
    tap.ok(limited > 0, "some met the limit")


def restarts(tap, server, watch):
    """Whoever ended, or did not answer any more."""
    for which, sig, wanted in (("vault", signal.SIGKILL, 1.0),
                               ("front", signal.SIGKILL, 1.0),
                               ("vault", signal.SIGSTOP, 2.0)):
        server.kill(which, sig)
        end, found = time.monotonic() + PATIENCE_S, 0
        while found != wanted and time.monotonic() < end:
            try:
                found = watch.metrics().of("usher_restarts_total",
                                           process=which)
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
        tap.equal(found, wanted, "an end of %s is counted" % which)
    watch.until(lambda failed: failed is None)


def stopping(tap, server, watch):
    """An onboarding is under way while the server is asked to end."""
    tenant = server.tenant("late")
    tenant.apply(CATALOGUE)
    server.kill("vault", signal.SIGSTOP)
    found = []
    thread = threading.Thread(target=lambda: found.append(
        onboard(tenant.client(), "late", "late").status))
    try:
        thread.start()
        while watch.metrics().of("usher_http_requests_in_flight") < 1:
            time.sleep(0.02)
        server.process.terminate()
        seen = watch.until(lambda failed: failed and "running" in failed)
        tap.ok(seen and "running" in seen,
               "who ends is not ready any more", seen)
        tap.equal(watch.health(), 200, "but alive")
    finally:
        server.kill("vault", signal.SIGCONT)
    thread.join()
    tap.equal(found, [201], "what was under way is answered")
    tap.equal(server.stop(), 0, "it ends in order")
    tap.ok(not os.path.exists(server.management), "its socket is gone")


def disk(tap):
    """Commits fail from some point on; one that failed alone is made good."""
    with Server(env={"USHER_FAULT": "commit:40+"}) as server:
        watch = Watch(server)
        api = server.tenant("acme").client()
        answers = []
        for n in range(60):
            answers.append(api.post("/api/v1/persons", {"userName": "u%d" % n}).status)
            if answers[-1] == 507:
                break
        tap.equal(answers[-1], 507, "the disk refuses")
        seen = watch.until(lambda failed: failed == ["store"])
        tap.equal(seen, ["store"], "the store is what fails")
        figures = watch.metrics()
        tap.ok(figures.of("usher_commits_failed_total") > 0,
               "failed commits are counted")
        tap.equal(watch.health(), 200, "the process is alive")
        api.close()
    with Server(env={"USHER_FAULT": "commit:40"}) as server:
        watch = Watch(server)
        api = server.tenant("acme").client()
        n = 0
        while watch.metrics().of("usher_commits_failed_total") == 0 and (
                n < 100):
            api.post("/api/v1/persons", {"userName": "u%d" % n})
            n += 1
        tap.equal(watch.metrics().of("usher_commits_failed_total"), 1.0,
                  "one commit was refused")
        tap.equal(watch.until(lambda failed: failed is None), None,
                  "nobody writes, and yet it is ready again")
        api.close()


def stalled(tap):
    """A commit that hangs is seen while it hangs, and alive is alive."""
    with Server(env={"USHER_FAULT": "stall-before-commit:15"}) as server:
        watch = Watch(server)
        api = server.tenant("acme").client()
        done = []

        def write():
            for n in range(20):
                done.append(api.post("/api/v1/persons", {"userName": "u%d" % n}).status)

        thread = threading.Thread(target=write)
        thread.start()
        seen = watch.until(lambda failed: failed and "store" in failed)
        tap.ok(seen and "store" in seen, "the writer hangs", seen)
        public = Client(server.address, timeout=10)
        tap.equal((watch.health(), public.get("/healthz").status), (200, 200),
                  "both doors answer meanwhile")
        public.close()
        thread.join()
        tap.equal(watch.until(lambda failed: failed is None), None,
                  "it is ready when the commit is done")
        tap.equal(done, [201] * 20, "and everything was stored")
        api.close()


# --- where it listens ------------------------------------------------------------

def listening(tap, server):
    """Loopback, or a socket of one user, or nowhere."""
    tap.equal(os.stat(server.management).st_mode & 0o777, 0o600,
              "the socket is its owner's")
    for address, why in (("0.0.0.0:0", "127.0.0.1"),
                         ("nowhere:1", "nowhere:1"),
                         (server.management, server.management)):
        other = Server(start=False)
        other.management = address
        other.start(wait=False)
        status = other.process.wait(PATIENCE_S)
        tap.ok(status in (2, 5) and why in other.log_text(),
               "refused: " + address.replace(server.folder, ""),
               "%d %s" % (status, other.log_text()))
        other.process = None
        other.close()
    with Server(start=False) as other:
        other.management = ""
        other.start()
        tap.ok(Client(other.address).get("/healthz").status == 200,
               "without a listener there is a server")
        found = subprocess.run(
            ["ss", "-Hltnp"], stdout=subprocess.PIPE, text=True, check=False)
        tap.ok("127.0.0.1:8421" not in found.stdout
               or "usher" not in found.stdout, "and no listener")


# --- usher top -------------------------------------------------------------------

def top(tap, server):
    """One frame for programs and tests: as wide and high as it is told."""
    done = server.usher("top", "--once", "--json", "--management",
                        server.management)
    figures = json.loads(done.stdout or "{}")
    tap.ok(done.returncode == 0 and figures.get("ready") is True
           and figures["onboardings"]["new"] >= 60,
           "usher top tells figures to programs", done.stdout + done.stderr)
    for width, height in ((80, 24), (40, 12), (200, 60), (20, 5)):
        done = server.usher(
            "top", "--once", "--management", server.management,
            env={"COLUMNS": str(width), "LINES": str(height)})
        lines = done.stdout.splitlines()
        tap.ok(done.returncode == 0 and 3 <= len(lines) <= height
               and max(map(len, lines)) <= width,
               "a frame fits into %d x %d" % (width, height),
               "\n".join(lines) + done.stderr)
    done = server.usher("top", "--once", "--management", "127.0.0.1:1")
    tap.equal(done.returncode, 17, "nobody answers there")


def main():
    tap = Tap()
    server = Server(start=False)
    server.args.append("--access-log-file=%s" % os.path.join(
        server.folder, "access.log"))
    server.start()
    with server:
        watch = Watch(server)
        tap.equal(watch.until(lambda failed: failed is None), None,
                  "a server that is well is ready")
        load(tap, server, watch)
        traces(tap, server)
        actors(tap, server)
        top(tap, server)
        flood(tap, server, watch)
        listening(tap, server)
        restarts(tap, server, watch)
        stopping(tap, server, watch)
    disk(tap)
    stalled(tap)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
