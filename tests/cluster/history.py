# SPDX-License-Identifier: Apache-2.0
"""history.py - what was said to Usher while its database failed, and is it so?

The load, the histories and what is compared are those of kill.py: every
onboarding has a key; what was heard must be answered again, be there once and
keep its seats; what nobody answered is asked again and then known.  Here the
clients have several servers, go on when they are refused, and remember when
and where they were heard.
"""
import collections
import http.client
import time

import checklib
import kill

PAUSE_S = .1        # between two requests of a client: time is what counts here
REPLY_S = 40        # then the client asks elsewhere
AGAIN = .3          # of requests, while there are some without an answer
SIGNED_S = 30       # two leases of the clock's work
GONE = (OSError, http.client.HTTPException)

# By SQL, past everything Usher keeps in memory: each must find nothing.
INVARIANTS = {
    "a pool that does not count its seats":
        "SELECT count(*) FROM pool p WHERE held + assigned <> (SELECT count(*)"
        " FROM seat s WHERE s.tenant = p.tenant AND s.pool = p.id)",
    "a pool that gives more than it has":
        "SELECT count(*) FROM pool WHERE held + assigned > quota",
    "a person with two seats of one product":
        "SELECT count(*) FROM (SELECT 1 FROM seat GROUP BY tenant, product,"
        " person HAVING count(*) > 1) twice",
    "a log that does not have all its entries":
        "SELECT count(*) FROM tenant t WHERE log_origin = 0 AND log_size <>"
        " (SELECT count(*) FROM log l WHERE l.tenant = t.tenant)",
}


# An answer: when, by the clock that runs evenly and by the one of the servers'
# logs; from which address, to which key.
Heard = collections.namedtuple("Heard", "at clock server key")


class History(kill.History):
    """Remembers when and where each answer was heard."""

    def __init__(self, tenant):
        super().__init__(tenant)
        self.answers, self.differ = [], []

    def hear_at(self, server, key, told):
        """KEY may have been asked for at two servers at once."""
        before = self.heard.setdefault(key, told)
        if before != told:
            self.differ.append("%s has two answers: %s and %s" % (
                key, before, told))
            return
        self.hear(key, told)
        with self.lock:
            self.answers.append(Heard(time.monotonic(), time.time(), server,
                                      key))


class Load(kill.Load):
    """Clients of several servers; none stops because it was refused.

    Each request goes to a server of chance.  What one has not answered is
    asked for again at another, maybe while the first is still at it.
    """

    def __init__(self, servers, histories, dice):
        self.servers = servers
        self.refused, self.silent = [], []  # when; appending needs no lock
        super().__init__(servers[0], histories, dice)

    def work(self, dice):
        clients = [[history.tenant.client() for history in self.histories]
                   for _ in self.servers]
        for server, row in zip(self.servers, clients):
            for client in row:
                client.address, client.timeout = server.address, REPLY_S
        while not self.end.is_set():
            at = dice.randrange(len(self.histories))
            client = dice.choice(clients)[at]
            try:
                self.step(client, self.histories[at], dice)
            except GONE:
                self.silent.append(time.monotonic())
            except Exception as error:      # shown by the round
                self.odd.append("a client: %r" % error)
                return
            time.sleep(PAUSE_S)
        for row in clients:
            for client in row:
                client.close()

    def step(self, api, history, dice):
        with history.lock:
            open_keys = sorted(history.unknown)
        if open_keys and dice.random() < AGAIN:
            self.ask(api, history, dice.choice(open_keys))
        else:
            super().step(api, history, dice)

    def ask(self, api, history, key):
        reply = api.post("/api/v1/onboardings", history.sent[key].encode(),
                         idempotency_key=key)
        if reply.status in (200, 201):
            history.hear_at(api.address, key, kill.told(reply))
        elif reply.status in kill.REFUSED:
            self.refused.append(time.monotonic())
        else:
            self.odd.append("onboarding: %s" % reply)

    def times(self):
        """When somebody was heard."""
        return sorted(one.at for one in self.answers())

    def answers(self):
        return [one for history in self.histories
                for one in list(history.answers)]

    def gap(self):
        """The longest time in which nobody was heard."""
        return longest(self.times())

    def gaps(self):
        """That of each server, none if it was never heard."""
        found = []
        for server in self.servers:
            times = sorted(one.at for one in self.answers()
                           if one.server == server.address)
            found.append(longest(times) if times else None)
        return found


def longest(times):
    return max((b - a for a, b in zip(times, times[1:])), default=0)


def check(servers, history, dice):
    """Faults of one tenant after everything was healed: each server must
    answer, show and verify all of it, and all of them the same."""
    tenant, faults, shown = history.tenant, list(history.differ), []
    for server in dice.sample(servers, len(servers)):
        tenant.server = server
        # Who signed may be another since: that takes the lease's time.
        faults += checklib.check_log(tenant.client(), SIGNED_S)[0]
        view = kill.look(history, dice, True)
        some = kill.compare(history, view)
        faults += ["u%d: %s" % (server.number, fault) for fault in some]
        shown.append(state(tenant.client()))
    tenant.server = servers[0]
    faults += ["the servers differ in " + what for what in shown[0]
               if any(one[what] != shown[0][what] for one in shown)]
    return faults


def state(api):
    """What of a tenant every server must show alike."""
    tables = checklib.Tables.read(api)
    return {"persons": sorted(api.pages("/api/v1/persons"), key=str),
            "seats": tables.seats, "waits": tables.waits,
            "pools": tables.pools,
            "log": [(entries, page["origin"], page["checkpoint"])
                    for entries, page in checklib.read_log(api)]}


def broken(cluster, database):
    return ["by SQL, %s: %s" % (name, found) for name, text in
            INVARIANTS.items() for found in [cluster.sql(text, database)]
            if found != "0"]
