#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""stopped.py - a vault that stands still leaves nobody without an answer; TAP.

The vault is stopped (SIGSTOP), not killed: its channels stay open and nothing
comes.  Whoever asks then is told `sealed` and when to ask again, nothing of it
was done, and the server starts both processes again by itself.
"""
import signal
import sys
import threading

import checklib
from usherlib import Server, Tap

CHANGES = 4


class Asked(threading.Thread):
    """One request on a connection of its own, and its reply."""

    def __init__(self, tenant, method, path, body=None):
        super().__init__()
        self.what, self.reply = (method, path, body), None
        self.client = tenant.client()

    def run(self):
        try:
            self.reply = self.client.request(*self.what)
        except Exception as why:            # shown where the reply is missed
            self.reply = why
        self.client.close()


def person(name):
    return {"userName": name, "name": {"familyName": name}}


def is_told(reply):
    return getattr(reply, "status", None) == 503 \
        and reply.code == "sealed" and "retry-after" in reply.headers


def main():
    tap = Tap()
    with Server() as server:
        acme = server.tenant("acme")
        acme.apply("catalogue: 1\n")
        api = acme.client()
        api.post("/api/v1/persons", person("before"))
        stopped = server.kill("vault", signal.SIGSTOP)
        asked = [Asked(acme, "POST", "/api/v1/persons", person("p%d" % i))
                 for i in range(CHANGES)]
        asked.append(Asked(acme, "GET", "/api/v1/persons"))
        for one in asked:
            one.start()
        tap.ok(api.get("/api/v1/pools").status == 200,
               "what needs no vault is answered meanwhile")
        for one in asked:
            one.join()
        tap.ok(all(is_told(one.reply) for one in asked),
               "everybody is told `sealed` and when to ask again",
               "\n".join(str(one.reply) for one in asked))
        api.close()
        # Whoever comes now waits for the pair that is started, or meets the old
        # front in its last moment and is told so.
        after = api.post("/api/v1/persons", person("after"))
        while is_told(after):
            after = api.post("/api/v1/persons", person("after"))
        tap.ok(after.status == 201, "the next one is served", after)
        server.wait_ready()
        pid = server.pids().get("vault")
        tap.ok(pid not in (None, stopped), "by another vault", pid)
        names = sorted(p["userName"] for p in api.pages("/api/v1/persons"))
        tap.equal(names, ["after", "before"], "what was refused was not done")
        again = [api.post("/api/v1/persons", person("p%d" % i)).status
                 for i in range(CHANGES)]
        tap.equal(again, [201] * CHANGES, "and may be asked for again")
        faults = checklib.check_all(acme.client())
        tap.ok(not faults, "the log and the seats are whole",
               "\n".join(faults[:20]))
        api.close()
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
