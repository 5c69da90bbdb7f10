#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run.py - what Usher promises while its PostgreSQL cluster fails it; TAP.

    tool/cluster-test [--runs N] [--fault NAME] [--no-control]

A run: clients onboard people by haproxy's primary; the host that leads is
killed, frozen, cut off, or cut off in one direction; the others elect a new
one; then it is healed.  Nothing acknowledged may be lost and nothing doubled;
the write gap is told.  First the rig is shown what it must find: doctored
histories, and a cluster that is known to lose what it acknowledged.
"""
import argparse
import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "drive")]

import cluster as clusters
import faults
import history as histories
import kill
import servers
from usherlib import TIER, Client, Tap

RUNS = {"quick": 1, "normal": 1, "full": 20}[TIER]
SERVERS = 3
BEFORE_S, AFTER_S = 3, 4    # of load, before the fault and after the healing
FAULT_S = 60                # at most: enough for another leader
GOES_ON_S = 8               # of writing at the new leader before the healing
QUIET_S = 8                 # what is heard before may be the old leader's
CONTROL_S = 38
CONTROL_TRIES = 3
HEAL_S = 120
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


class Result:
    def __init__(self):
        self.faults, self.gap, self.heard, self.refused = [], 0, 0, 0
        self.gaps = []      # of each server


def one_run(rig, fault, least, dice):
    """The fault lasts until others write again, and LEAST seconds."""
    result, some = Result(), rig.tenants()
    rig.cluster.wait_whole(HEAL_S)
    host = rig.cluster.primary()
    load = histories.Load(rig.servers, some, dice)
    time.sleep(BEFORE_S)
    fault.harm(host)
    try:
        wait_writes(load, least)
    finally:
        fault.heal(host)
    rig.cluster.wait_whole(HEAL_S)
    time.sleep(AFTER_S)
    load.stop()
    result.faults += rig.not_ready(READY_S)
    result.gap, result.refused = load.gap(), load.refused()
    result.heard, result.gaps = len(load.times()), load.gaps()
    result.faults += load.odd + ["u%d was never heard" % (at + 1) for at, gap
                                 in enumerate(result.gaps) if gap is None]
    for history in some:
        try:
            result.faults += histories.check(rig.servers, history,
                                             dice)
        except (RuntimeError, *histories.GONE) as error:
            result.faults.append("the check ended: %r" % error)
    result.faults += histories.broken(rig.cluster, DATABASE)
    return result


def wait_writes(load, least):
    began = at = time.monotonic()
    while at - began < FAULT_S:
        heard = [t for t in load.times() if t > began + QUIET_S]
        if heard and at - began > least and at - heard[0] > GOES_ON_S:
            return
        time.sleep(.5)
        at = time.monotonic()


def control(tap, dice):
    """The pair of Debian 12 that loses what it acknowledged."""
    lost = []
    with Rig("etcd3") as rig:
        for _ in range(CONTROL_TRIES):
            result = one_run(rig, faults.BY_NAME["cut off"], CONTROL_S, dice)
            lost = [f for f in result.faults if "lost" in f]
            tap.note("control: %d heard, %d lost, write gap %.1f s" % (
                result.heard, len(lost), result.gap))
            if lost:
                break
    tap.ok(lost, "control: Patroni 3.0.2 with etcd3 loses what was "
           "acknowledged, and the checker finds it")


def run(tap, rig, names, dice):
    gaps, done = [], 0
    for name in names:
        begin = time.monotonic()
        result = one_run(rig, faults.BY_NAME[name], 0, dice)
        gaps.append(result.gap)
        tap.ok(not result.faults and result.heard,
               "the primary is %s: of %d heard nothing is lost, nothing is "
               "doubled (%d refused; write gap %.1f s)" % (
                   name, result.heard, result.refused, result.gap),
               "\n".join(result.faults[:20]))
        tap.note("%.0f s; each server's own gap: %s" % (
            time.monotonic() - begin,
            ", ".join("%.1f s" % gap for gap in result.gaps if gap)))
        done += 1
    tap.note(sizes(rig.cluster))
    gaps.sort()
    tap.note("%d runs; write gap %.1f s in the middle, %.1f s at most" % (
        done, gaps[len(gaps) // 2], gaps[-1]))


def sizes(cluster):
    """What a person costs, by the database's own words."""
    return "persons, bytes of data and keys, bytes of WAL, connections: " + (
        cluster.sql("SELECT (SELECT count(*) FROM person), "
                    "pg_database_size('%s'), pg_database_size('%s_keys'), "
                    "pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0'), "
                    "(SELECT count(*) FROM pg_stat_activity WHERE usename "
                    "LIKE 'usher%%')" % (DATABASE, DATABASE), DATABASE))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--fault", choices=sorted(faults.BY_NAME))
    parser.add_argument("--no-control", action="store_true")
    parser.add_argument("--control", action="store_true", help="only this")
    args = parser.parse_args()
    clusters.make_private()
    tap = Tap()
    seed = int(os.environ.get("USHER_SEED") or random.randrange(1 << 30))
    dice = random.Random(seed)
    tap.note("USHER_SEED=%d, %d runs" % (seed, args.runs))
    kill.controls(tap)
    if not args.no_control:
        control(tap, dice)
    if args.control:
        return tap.done()
    names = [args.fault or faults.FAULTS[at % len(faults.FAULTS)].name
             for at in range(args.runs)]
    with Rig("etcd") as rig:
        run(tap, rig, names, dice)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
