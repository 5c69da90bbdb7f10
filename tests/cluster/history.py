# SPDX-License-Identifier: Apache-2.0
"""history.py - what was said to Usher while its database failed, and is it so?

The load, the histories and what is compared are those of kill.py: every
onboarding has a key; what was heard must be answered again, be there once and
keep its seats; what nobody answered is asked again and then known.  Here the
clients go on when they are refused, and remember when they were heard.
"""
import http.client
import time

import kill

PAUSE_S = .1        # between two requests of a client: time is what counts here
REPLY_S = 40        # then the client asks elsewhere
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


class History(kill.History):
    """Remembers when each answer was heard."""

    def __init__(self, tenant):
        super().__init__(tenant)
        self.times = []

    def hear(self, key, told):
        super().hear(key, told)
        self.times.append(time.monotonic())


class Load(kill.Load):
    """Clients of several servers; none stops because it was refused."""

    def __init__(self, servers, histories, dice):
        self.servers = servers
        super().__init__(servers[0], histories, dice)

    def work(self, dice):
        clients = []
        for history in self.histories:
            client = history.tenant.client()
            client.address = dice.choice(self.servers).address
            client.timeout = REPLY_S
            clients.append(client)
        while not self.end.is_set():
            at = dice.randrange(len(clients))
            try:
                self.step(clients[at], self.histories[at], dice)
            except GONE:
                clients[at].address = dice.choice(self.servers).address
            except Exception as error:      # shown by the round
                self.odd.append("a client: %r" % error)
                return
            time.sleep(PAUSE_S)
        for client in clients:
            client.close()

    def times(self):
        """When somebody was heard."""
        return sorted(t for history in self.histories for t in history.times)

    def refused(self):
        return sum(len(history.unknown) for history in self.histories)

    def gap(self):
        """The longest time in which nobody was heard."""
        times = self.times()
        return max((b - a for a, b in zip(times, times[1:])), default=0)


def check(history, dice):
    """Faults of one tenant after everything was healed."""
    return kill.compare(history, kill.look(history, dice, True))


def broken(cluster, database):
    return ["by SQL, %s: %s" % (name, found) for name, text in
            INVARIANTS.items() for found in [cluster.sql(text, database)]
            if found != "0"]
