#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""storm_fair.py - one tenant's storm is its own affair; TAP.

A noisy tenant sends 20 times what a quiet one does, by many connections and
without waiting for the server (S-T38), under bounds low enough to be reached.
The quiet one must not be refused once, and everything it asks for must be
there; the noisy one is refused with the bound, its value and its load, and
what it was told is done is done.  The same between two clients of one tenant.
Meanwhile an import waits for its paused queue, and goes on.

Nothing here is timed: bench/fair.py measures what it costs the quiet one.
USHER_TIER: quick 5, normal 20, full 60 seconds a storm.
"""
import json
import os
import subprocess
import sys
import time

import checklib
from usherlib import TIER, PROGRAM, BUILD, Raw, Server, Tap

SECONDS = {"quick": 5, "normal": 20, "full": 60}[TIER]
QUIET = 20          # requests a second
FACTOR = 20
# Requests under way.  The quiet one has fewer connections than that, and a
# connection has one under way; the noisy one sends more than that at once.
TENANT_BOUND = 8
CLIENT_BOUND = 6
QUIET_LINES = 4
NOISY_LINES = 64
BURST = 40

CATALOGUE = {
    "catalogue": 1,
    "sites": {"ber": {"country": "DE", "zone": "Europe/Berlin"}},
    "products": {"mail": {}},
    "pools": {"mail-all": {"product": "mail", "quota": 1000000}},
    "settings": {"vault.open_per_minute": 100000000,
                 "vault.seal_per_minute": 100000000}}

MAP = "source: hr\nref: '{id}'\nperson:\n  userName: '{id}'\n"


class Asker:
    """Sends at its rate, BURST at once, whether or not answers come.

    Over many connections; a request that comes while the one before on its
    connection is under way waits in the socket.
    """

    def __init__(self, address, token, name, is_noisy):
        self.token, self.name = token, name
        self.rate, self.burst, lines = (
            (QUIET * FACTOR, BURST, NOISY_LINES) if is_noisy
            else (QUIET, 1, QUIET_LINES))
        self.lines = [Raw(address) for _ in range(lines)]
        self.asked = [[] for _ in range(lines)]
        self.sent, self.answers = 0, []

    def send_due(self, elapsed, seconds):
        due = self.rate * min(elapsed, seconds)
        while self.sent < due - due % self.burst:
            at = self.sent % len(self.lines)
            self.lines[at].send_request(
                "POST", "/api/v1/onboardings",
                {"person": {"userName": "%s%d" % (self.name, self.sent),
                            "externalId": "%s%d" % (self.name, self.sent)},
                 "products": ["mail"]}, token=self.token,
                headers={"Idempotency-Key": "%d" % self.sent})
            self.asked[at].append(self.sent)
            self.sent += 1

    def collect(self):
        for line, asked in zip(self.lines, self.asked):
            for number in asked:
                reply = line.reply()
                self.answers.append((number, reply))
            line.close()

    def count(self, status):
        return sum(reply is not None and reply.status == status
                   for _number, reply in self.answers)

    def refused(self):
        return [reply for _number, reply in self.answers
                if reply is not None and reply.status == 429]


def storm(*askers):
    """All of them at once, for SECONDS; then their answers."""
    begin = time.monotonic()
    elapsed = 0
    while elapsed < SECONDS:
        elapsed = time.monotonic() - begin
        for asker in askers:
            asker.send_due(elapsed, SECONDS)
        time.sleep(.002)
    for asker in askers:
        asker.collect()


def check_storm(tap, quiet, noisy, bound, value, who):
    tap.note("%s: quiet %d asked; noisy %d asked, %d done, %d refused" % (
        who, quiet.sent, noisy.sent, noisy.count(201), noisy.count(429)))
    tap.equal(quiet.count(201), quiet.sent,
              "%s: everything the quiet one asked for was done" % who)
    tap.equal(quiet.count(429), 0, "%s: it was never refused" % who)
    tap.equal(noisy.count(201) + noisy.count(429), noisy.sent,
              "%s: the noisy one had every request answered" % who)
    refused = noisy.refused()
    tap.ok(refused, "%s: it was refused" % who)
    told = {tuple(reply.json["params"][:2]) for reply in refused}
    tap.equal(told, {(bound, str(value))},
              "%s: and told which bound it is, and its value" % who)
    tap.ok(all(int(r.json["params"][2]) >= value for r in refused),
           "%s: and how much there was" % who)
    tap.ok(all(r.headers.get("retry-after", "").isdigit() for r in refused),
           "%s: and when to come back" % who)


def check_done(tap, tenant, askers, who):
    """Who was told 201 is there, once; who was refused is not."""
    shown = [row["externalId"] for row in
             tenant.client().pages("/api/v1/persons")]
    wanted = sorted("%s%d" % (asker.name, number) for asker in askers
                    for number, reply in asker.answers
                    if reply.status == 201)
    tap.equal(sorted(shown), wanted, "%s: exactly those are there" % who)
    api = tenant.client()
    tap.equal(checklib.verify_faults(api), [],
              "%s: seat verify finds nothing" % who)
    tap.equal(checklib.check_log(api)[0], [], "%s: the log verifies" % who)


def tenants(tap, server):
    quiet, noisy = server.tenant("quiet"), server.tenant("noisy")
    for tenant in quiet, noisy:
        tenant.apply(json.dumps(CATALOGUE))
    reply = server.operator().request(
        "PUT", "/operator/v1/settings/admission.tenant_under_way",
        {"value": TENANT_BOUND})
    tap.equal(reply.status, 200, "the operator sets a tenant's bound")
    one = Asker(server.address, quiet.token, "q", False)
    two = Asker(server.address, noisy.token, "n", True)
    storm(one, two)
    check_storm(tap, one, two, "admission.tenant_under_way", TENANT_BOUND,
                "tenants")
    check_done(tap, quiet, [one], "quiet")
    check_done(tap, noisy, [two], "noisy")


def clients(tap, server):
    """Two clients of one tenant, the one bounded by the catalogue."""
    tenant = server.tenant("shared")
    tenant.apply(json.dumps({**CATALOGUE, "settings": {
        **CATALOGUE["settings"],
        "admission.client_under_way": CLIENT_BOUND}}))
    server.operator().request(
        "PUT", "/operator/v1/settings/admission.tenant_under_way",
        {"value": 1000})
    second = tenant.client().post("/api/v1/tokens", {
        "label": "second", "rights": ["onboarding.write", "person.read"]})
    tap.equal(second.status, 201, "a second client")
    one = Asker(server.address, tenant.token, "q", False)
    two = Asker(server.address, second.json["token"], "n", True)
    storm(one, two)
    check_storm(tap, one, two, "admission.client_under_way", CLIENT_BOUND,
                "clients")
    check_done(tap, tenant, [one, two], "shared")


def paused_import(tap, server):
    """The command line says why it waits, and ends well after the resume."""
    tenant = server.tenant("importing")
    tenant.apply(json.dumps(CATALOGUE))
    files = {"hr.csv": "id\n" + "".join("p%d\n" % i for i in range(500)),
             "map.yaml": MAP}
    for name, text in files.items():
        with open(os.path.join(server.folder, name), "w",
                  encoding="utf-8") as file:
            file.write(text)
    tenant.usher("queue", "pause", "import", "--reason", "at night", check=0)
    importing = subprocess.Popen(
        [os.path.join(BUILD, PROGRAM), "--server", server.url,
         "--token-file", tenant.token_file, "import",
         os.path.join(server.folder, "hr.csv"),
         "--map", os.path.join(server.folder, "map.yaml")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"})
    said = ""
    while "paused" not in said and importing.poll() is None:
        said += importing.stderr.readline()
    tap.ok("at night" in said, "a paused import says why it waits", said)
    api = tenant.client()
    row = api.get("/api/v1/queues").json["items"][2]
    tap.equal((row["state"], row["depth"], row["forecast_s"]),
              ("paused", 500, None), "its rows are the queue's depth")
    tap.equal(len(list(api.pages("/api/v1/persons"))), 0,
              "nobody came in meanwhile")
    tenant.usher("queue", "resume", "import", "--reason", "morning", check=0)
    out, err = importing.communicate(timeout=600)
    tap.equal(importing.returncode, 0, "resumed, it ends well: " + out + err)
    tap.equal(len(list(api.pages("/api/v1/persons"))), 500,
              "and everybody is there")
    row = api.get("/api/v1/queues").json["items"][2]
    tap.equal((row["state"], row["depth"], row["forecast_s"]),
              ("running", 0, 0), "the queue is empty again")


MIB = 1024 * 1024


def announce(server, tenant, length=10 * MIB):
    """A Bulk of which only the head came so far."""
    raw = Raw(server.address)
    raw.send(("POST /scim/v2/Bulk HTTP/1.1\r\nHost: localhost\r\n"
              "Authorization: Bearer %s\r\n%s\r\n\r\n" % (
                  tenant.token, "Content-Length: %d" % length if length
                  else "Transfer-Encoding: chunked")).encode())
    return raw


def bodies_held(tenant):
    return [row["load"] for row in
            tenant.client().get("/api/v1/queues").json["bounds"]
            if row["bound"] == "admission.tenant_body_bytes"][0]


def until(is_so, seconds=30):
    """Waits; what is asserted afterwards says whether it came."""
    end = time.monotonic() + seconds
    while not is_so() and time.monotonic() < end:
        time.sleep(0.02)


def large_bodies(tap, server):
    """What is announced counts until it is answered, or its sender is gone."""
    large, other = server.tenant("large"), server.tenant("other")
    lines = [announce(server, large) for _ in range(5)]
    lines.append(announce(server, large, None))     # ten MiB at most
    until(lambda: bodies_held(large) == 60 * MIB)
    tap.equal(bodies_held(large), 60 * MIB, "six Bulks of 10 MiB are awaited")
    for length in 10 * MIB, None:
        reply = announce(server, large, length).reply()
        tap.equal((reply.status, reply.headers.get("retry-after")),
                  (429, "1"), "the seventh is refused by its head")
        tap.ok("tenant_body_bytes" in reply.json["detail"],
               "and told by which bound", reply)
    reply = announce(server, other)
    tap.equal(large.client().get("/scim/v2/Users").status, 200,
              "what is small is served")
    tap.equal(bodies_held(other), 10 * MIB, "others have a bound of their own")
    for line in lines[:3]:
        line.close()
    until(lambda: bodies_held(large) == 30 * MIB)
    tap.equal(bodies_held(large), 30 * MIB, "who is gone holds nothing")
    body = b'{"schemas": []%s}' % (b" " * (10 * MIB - 15))
    lines[3].send(body)
    tap.equal(lines[3].reply().status, 400, "who sent all is answered")
    until(lambda: bodies_held(large) == 20 * MIB)
    tap.equal(bodies_held(large), 20 * MIB, "and holds nothing any more")
    for line in lines[3:] + [reply]:
        line.close()
    until(lambda: bodies_held(large) == 0)
    tap.equal(bodies_held(large), 0, "in the end nothing is held")


def main():
    tap = Tap()
    with Server() as server:
        large_bodies(tap, server)
        tenants(tap, server)
        clients(tap, server)
        paused_import(tap, server)
        tap.equal(server.stop(), 0, "the server ends in order")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
