# SPDX-License-Identifier: Apache-2.0
"""rig.py - a cluster, the servers on it, and tenants that all of them know."""
import json
import os
import time

import cluster as clusters
import history as histories
import kill
import servers
from usherlib import Client

SERVERS = 3
FAULT_S = 60                # at most: enough for another leader
GOES_ON_S = 8               # of writing at the new leader before the healing
QUIET_S = 8                 # what is heard before may be the old leader's
READY_S = 30
DATABASE = "shop"


class Rig:
    """A cluster and the servers on it."""

    def __init__(self, store):
        self.cluster = clusters.Cluster(store)
        self.count, self.servers = 0, []
        try:
            url = self.cluster.make(DATABASE)
            self.servers = servers.make(self.cluster, url, SERVERS)
        except BaseException:
            self.close(keep=True)
            raise

    def tenants(self):
        made = []
        for _ in range(2):
            self.count += 1
            tenant = self.servers[0].tenant("tenant%d" % self.count)
            tenant.apply(kill.CATALOGUE)
            made.append(histories.History(tenant))
        for history in made:
            for server in self.servers:
                wait_known(server, history.tenant)
        return made

    def not_ready(self, seconds):
        """Faults: who does not serve in time."""
        until, found = time.monotonic() + seconds, []
        for server in self.servers:
            while not is_ready(server):
                if time.monotonic() > until:
                    found.append("not ready after the healing: " +
                                 server.log_text()[-1000:])
                    break
                time.sleep(.2)
        return found

    def ill(self):
        """What of the cluster the doctor finds ill, by Patroni's own file."""
        server = self.servers[0]
        told = server.usher("doctor", "--json", "--patroni", os.path.join(
            self.cluster.hosts[0].folder, "patroni.yml"),
            "--patroni-version", "3.0.2")
        return {row["what"] for row in json.loads(told.stdout)["items"]
                if not row["ok"]} - {"space", "free room", "files"}

    def close(self, keep=False):
        for server in self.servers:
            server.close(keep)
        self.cluster.close(keep)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close(keep=kind is not None)


def is_ready(server):
    client = Client(server.address, timeout=5)
    try:
        return client.get("/readyz").status == 200
    except histories.GONE:
        return False
    finally:
        client.close()


def wait_known(server, tenant):
    client = tenant.client()
    client.address, until = server.address, time.monotonic() + READY_S
    while client.get("/api/v1/pools").status != 200:
        if time.monotonic() > until:
            raise RuntimeError("u%d does not know %s" % (
                server.number, tenant.name))
        time.sleep(.1)
    client.close()


def wait_writes(load):
    """Until others write, and have for a while; else in vain."""
    began = at = time.monotonic()
    while at - began < FAULT_S:
        heard = [t for t in load.times() if t > began + QUIET_S]
        if heard and at - heard[0] > GOES_ON_S:
            return
        time.sleep(.5)
        at = time.monotonic()
