#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""run.py - what Usher promises while its PostgreSQL cluster fails it; TAP.

    tool/cluster-test [--runs N] [--fault NAME] [--no-control]

A run: clients onboard people by haproxy's primary; the host that leads is
killed, frozen, cut off, or cut off in one direction; the others elect a new
one; then it is healed.  Nothing acknowledged may be lost and nothing doubled;
the write gap is told.  The rig is shown what it must find: doctored histories,
a cluster that is known to lose what it acknowledged, and one that is made to.
"""
import argparse
import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "drive")]

import cluster as clusters
import control
import faults
import history as histories
import kill
from rig import DATABASE, READY_S, Rig, wait_writes
from usherlib import TIER, Tap

RUNS = {"quick": 1, "normal": 1, "full": 20}[TIER]
BEFORE_S, AFTER_S = 3, 4    # of load, before the fault and after the healing
HEAL_S = 120


class Result:
    def __init__(self):
        self.faults, self.gap, self.heard = [], 0, 0
        self.refused = self.silent = 0      # asked again, later or elsewhere
        self.gaps = []      # of each server


def one_run(rig, fault, dice):
    """The fault lasts until others write again."""
    result, some = Result(), rig.tenants()
    rig.cluster.wait_whole(HEAL_S)
    host = rig.cluster.primary()
    load = histories.Load(rig.servers, some, dice)
    time.sleep(BEFORE_S)
    fault.harm(host)
    try:
        wait_writes(load)
    finally:
        fault.heal(host)
    rig.cluster.wait_whole(HEAL_S)
    time.sleep(AFTER_S)
    load.stop()
    result.faults += rig.not_ready(READY_S)
    result.gap = load.gap()
    result.refused, result.silent = len(load.refused), len(load.silent)
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


def run(tap, rig, names, dice):
    gaps, done = [], 0
    tap.equal(rig.ill(), set(), "the doctor finds this cluster well")
    for name in names:
        begin = time.monotonic()
        result = one_run(rig, faults.BY_NAME[name], dice)
        gaps.append(result.gap)
        tap.ok(not result.faults and result.heard,
               "the primary is %s: of %d heard nothing is lost, nothing is "
               "doubled (%d refused, %d without an answer; write gap %.1f s)"
               % (name, result.heard, result.refused, result.silent,
                  result.gap),
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
    parser.add_argument("--control", action="store_true", help="nothing else")
    args = parser.parse_args()
    clusters.make_private()
    tap = Tap()
    seed = int(os.environ.get("USHER_SEED") or random.randrange(1 << 30))
    dice = random.Random(seed)
    tap.note("USHER_SEED=%d, %d runs" % (seed, args.runs))
    kill.controls(tap)
    if not args.no_control:
        control.by_itself(tap, dice)
    names = [args.fault or faults.FAULTS[at % len(faults.FAULTS)].name
             for at in range(args.runs)]
    with Rig("etcd") as rig:
        if not args.control:
            run(tap, rig, names, dice)
        if not args.no_control:
            control.constructed(tap, rig, dice)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
