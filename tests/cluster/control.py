# SPDX-License-Identifier: Apache-2.0
"""control.py - clusters that lose what they acknowledged, and who tells.

    by_itself       Patroni 3.0.2 with etcd's v3 interface: after a partition
                    or a standstill the old leader may take the lead back
    constructed     made to lose: a replica that lags is promoted by hand

In both the checker must find the loss, and each server that acknowledged a
part of it must tell: within NOTICE_S of reconnecting it has raised its alarm,
acknowledges nothing more, and shows what is there.
"""
import datetime
import json
import time

import faults
import history as histories
import kill
from rig import DATABASE, GOES_ON_S, Rig, is_ready, wait_writes
from usherlib import Client

NOTICE_S = 5                # SECURITY.md 6.7
HEAL_S = 120
TELL_S = 30                 # for the other servers, once one has told
LATE_S = .5                 # of an answer that was on its way
BEFORE_S = 3
ORDER = {"person": {"userName": "after"}, "products": [kill.PRODUCTS[0]]}
TRIES = ("frozen", "cut off") * 3


# --- two ways to lose --------------------------------------------------------

def by_itself(tap, dice):
    """The pair that loses does not always: so many tries were needed."""
    with Rig("etcd3") as rig:
        tap.equal(rig.ill(), {"patroni"}, "by itself: the doctor refuses this "
                  "pair")
        for number, name in enumerate(TRIES, 1):
            some = rig.tenants()
            rig.cluster.wait_whole(HEAL_S)
            load, host = start(rig, some, dice), rig.cluster.primary()
            faults.BY_NAME[name].harm(host)
            host.since = time.time()
            try:
                wait_writes(load)
            finally:
                faults.BY_NAME[name].heal(host)
            until(HEAL_S, lambda: told(rig) or rig.cluster.is_whole())
            until(TELL_S, lambda: not told(rig) or len(told(rig)) == len(
                rig.servers))
            load.stop()
            lost = missing(some)
            tap.note("by itself, try %d: the leader is %s; %d heard, %d lost, "
                     "write gap %.1f s" % (number, name, len(load.times()),
                                           len(lost), load.gap()))
            if lost or told(rig):
                break
        if not lost and not told(rig):
            tap.note("by itself: nothing was lost in %d tries; the one that "
                     "is constructed stands for it" % number)
            return
        judge(tap, load, host, lost, "by itself: Patroni 3.0.2 with etcd3, "
              "try %d" % number)


def constructed(tap, rig, dice):
    """Ends RIG's cluster.  The third host is cut off, so it lags; then the two
    others fail, and it is promoted by hand."""
    some = rig.tenants()
    rig.cluster.wait_whole(HEAL_S)
    leader, sync, late = (rig.cluster.primary(), rig.cluster.standby(True),
                          rig.cluster.standby(False))
    load = start(rig, some, dice)
    late.cut("input", "output")
    time.sleep(GOES_ON_S)
    for host in (leader, sync):
        host.power_off()
    late.join()
    late.since = time.time()
    late.promote()
    until(HEAL_S, lambda: len(told(rig)) == len(rig.servers))
    load.stop()
    judge(tap, load, late, missing(some), "constructed: a replica that lags "
          "is promoted by hand")


def start(rig, some, dice):
    load = histories.Load(rig.servers, some, dice)
    time.sleep(BEFORE_S)
    return load


def until(seconds, what):
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(.2)


# --- who tells ---------------------------------------------------------------

def told(rig):
    """The servers that have raised the alarm."""
    return [server for server in rig.servers
            if server.log_events("acknowledged_data_missing")]


def missing(some):
    """[(history, answer)]: acknowledged, and the person is not there."""
    lost = []
    for history in some:
        api, end = history.tenant.client(), time.monotonic() + TELL_S
        while True:
            try:
                there = {row["id"] for row in api.pages("/api/v1/persons")}
                break
            except (RuntimeError, *histories.GONE):
                if time.monotonic() > end:
                    raise
                time.sleep(.5)
        lost += [(history, one) for one in history.answers
                 if history.heard[one.key][1] not in there]
        api.close()
    return lost


def judge(tap, load, leader, lost, name):
    """LEADER is the host with the older history, which has led again since
    LEADER.since.  Its own log says when each server connected to it."""
    tap.ok(lost, name + ": %d of %d acknowledged are lost, and the checker "
           "finds it" % (len(lost), len(load.answers())))
    found, delays = [], []
    for server in load.servers:
        mine = [history for history, one in lost
                if one.server == server.address]
        if not mine:
            continue
        alarms = [at(event) for event in server.log_events(
            "acknowledged_data_missing")]
        connected = leader.connected(server.ip, DATABASE)
        if not alarms or not connected:
            found.append("u%d: alarms %s, connected %s" % (
                server.number, alarms, connected))
            continue
        delays.append(alarms[0] - connected[0])
        found += after_alarm(server, alarms[-1], mine[0])
    tap.ok(delays and not found and 0 < min(delays)
           and max(delays) < NOTICE_S,
           name + ": %d servers acknowledged some of it, and all of them tell, "
           "%.2f s after connecting at most" % (
               len(delays), max(delays, default=-1)),
           "\n".join(found + [str(delays)]))


def after_alarm(server, alarm, history):
    """What is wrong with a server that should change nothing of a tenant that
    lost something, and say why; ALARM was its last."""
    client = history.tenant.client()
    client.address = server.address
    reply = client.post("/api/v1/onboardings", ORDER, idempotency_key="after")
    checks = {
        "acknowledges after its alarm": not [
            one for one in history.answers
            if one.server == server.address and one.clock > alarm + LATE_S],
        "changes something: %s" % reply: (reply.status, reply.code) == (
            503, "rolled_back"),
        "does not show what is there": client.get(
            "/api/v1/persons?limit=1").status == 200,
        "is ready": not is_ready(server),
        "has a doctor that finds nothing": [
            row for row in json.loads(server.usher(
                "doctor", "--json").stdout)["items"]
            if row["what"] == "log" and not row["ok"]],
        "has no number of it": lost_entries(server) > 0,
    }
    client.close()
    return ["u%d %s" % (server.number, name)
            for name, is_well in checks.items() if not is_well]


def lost_entries(server):
    client = Client(server.management)
    text = client.get("/metrics").body.decode()
    client.close()
    return sum(float(line.split()[-1]) for line in text.splitlines()
               if line.startswith("usher_log_lost_entries"))


def at(event):
    """When something was logged, as a time of the clock."""
    return datetime.datetime.fromisoformat(
        event["time"].replace("Z", "+00:00")).timestamp()
