#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""writers.py - measures Usher on PostgreSQL beside PostgreSQL alone.

    bench/writers.py           20,000 onboardings a turn, three rounds
    bench/writers.py quick     4,000

In each round, on fresh databases of one cluster: onboardings of one tenant at
64 connections; then the very rows that they left, put into empty tables of the
same shape by arrays of 200 persons (`unnest`) in libpq's pipeline mode, the
keys of the next batch while the one before commits;
then two and twenty tenants at once; then one pool that all want against twenty;
then a second server on the same databases, each of the two with one of two
tenants.  Like bench.py's, the
figures of one round are compared with each other only, and the exit status
says nothing about them.  USHER_WRITERS: how many writers.
"""
import ctypes
import json
import os
import statistics
import struct
import subprocess
import sys
import time

BENCH = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(BENCH)
sys.path[:0] = [BENCH, os.path.join(ROOT, "tests", "drive")]

import nodes
import peers
import postgres
import usherlib
from usherlib import BUILD, Server

COUNT, ROUNDS = (4_000, 2) if sys.argv[1:] == ["quick"] else (20_000, 3)
BATCH = 200         # persons, as Usher's largest
CONNECTIONS = 64
MANY = 20           # tenants, pools
SITES = ("ber", "muc", "lyo")
ROOM = 10_000_000

CATALOGUE = json.dumps({
    "catalogue": 1,
    "sites": {s: {"country": "DE", "zone": "Europe/Berlin"} for s in SITES},
    "products": {"seat": {"cap": 90}, "hot": {},
                 **{"p%d" % i: {} for i in range(MANY)}},
    "pools": {**{"seat-" + s: {"product": "seat", "site": s, "quota": ROOM}
                 for s in SITES},
              "hot-all": {"product": "hot", "quota": ROOM},
              **{"p%d-all" % i: {"product": "p%d" % i, "quota": ROOM}
                 for i in range(MANY)}},
    "settings": {"vault.open_per_minute": 100000000,
                 "vault.seal_per_minute": 100000000}})


# --- PostgreSQL alone --------------------------------------------------------

PQ = ctypes.CDLL("libpq.so.5")
for _name in ("PQconnectdb", "PQgetResult", "PQerrorMessage"):
    getattr(PQ, _name).restype = ctypes.c_void_p
PQ.PQerrorMessage.restype = ctypes.c_char_p
COMMAND_OK, PIPELINE_SYNC = 1, 10
OIDS = {"bigint": (20, 1016), "bytea": (17, 1001), "text": (25, 1009)}


class Link:
    """A connection in pipeline mode."""

    def __init__(self, url):
        self.conn = ctypes.c_void_p(PQ.PQconnectdb(url.encode()))
        if PQ.PQstatus(self.conn) != 0 or not PQ.PQenterPipelineMode(self.conn):
            raise RuntimeError(PQ.PQerrorMessage(self.conn))
        self.sent = 0

    def send(self, text, params=()):
        n = len(params)
        values = (ctypes.c_char_p * n)(*[p[1] for p in params])
        oids = (ctypes.c_uint * n)(*[p[0] for p in params])
        lengths = (ctypes.c_int * n)(*[len(p[1]) for p in params])
        formats = (ctypes.c_int * n)(*[1] * n)
        if not PQ.PQsendQueryParams(self.conn, text, n, oids, values, lengths,
                                    formats, 1):
            raise RuntimeError(PQ.PQerrorMessage(self.conn))
        self.sent += 1

    def flush(self):
        if not PQ.PQpipelineSync(self.conn):
            raise RuntimeError(PQ.PQerrorMessage(self.conn))

    def settle(self):
        for _ in range(self.sent):
            self._take(COMMAND_OK)
            if PQ.PQgetResult(self.conn):
                raise RuntimeError("a result too many")
        self._take(PIPELINE_SYNC)
        self.sent = 0

    def _take(self, want):
        result = ctypes.c_void_p(PQ.PQgetResult(self.conn))
        found = PQ.PQresultStatus(result)
        PQ.PQclear(result)
        if found != want:
            raise RuntimeError(PQ.PQerrorMessage(self.conn))

    def close(self):
        PQ.PQfinish(self.conn)


def columns_of(cluster, database, table):
    return [line.split("|") for line in cluster.sql(
        "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute "
        "WHERE attrelid = '%s'::regclass AND attnum > 0 ORDER BY attnum"
        % table, database).splitlines()]


def copy_out(cluster, database, table):
    """All rows, in the order in which they stand: lists of binary values."""
    done = subprocess.run(
        [*cluster.user, os.path.join(postgres.BIN, "psql"), "-X", "-q", "-h",
         cluster.folder, "-p", str(cluster.port), "-U", postgres.OWNER, "-d",
         database, "-c", "COPY (SELECT * FROM %s ORDER BY ctid) TO STDOUT "
         "(FORMAT binary)" % table],
        capture_output=True, cwd="/", check=True).stdout
    rows, at = [], 19
    while True:
        n, = struct.unpack_from(">h", done, at)
        at += 2
        if n < 0:
            return rows
        row = []
        for _ in range(n):
            size, = struct.unpack_from(">i", done, at)
            row.append(done[at:at + 4 + max(size, 0)])
            at += 4 + max(size, 0)
        rows.append(row)


def array(kind, values):
    """Length and bytes stand before each already, as in COPY."""
    element, whole = OIDS[kind]
    return whole, struct.pack(">iiIii", 1, 0, element, len(values), 1) + (
        b"".join(values))


class Raw:
    """The rows of COUNT onboardings, cut into batches, and tables for them."""

    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name
        self.batches = COUNT // BATCH
        self.keys, self.data, self.rows = [], [], {}
        for database, into in ((name, self.data),
                               (name + "_keys", self.keys)):
            for table in cluster.sql(
                    "SELECT relname FROM pg_class WHERE relkind = 'r' AND "
                    "relnamespace = 'public'::regnamespace AND relname <> "
                    "'usher_schema'", database).splitlines():
                self.take(database, table, into)
        for table in ("tenant", "pool"):
            cluster.sql("CREATE TABLE raw_%s (LIKE %s INCLUDING ALL); "
                        "INSERT INTO raw_%s SELECT * FROM %s; ALTER TABLE "
                        "raw_%s OWNER TO usher" % ((table,) * 5), name)

    def take(self, database, table, into):
        rows = copy_out(self.cluster, database, table)
        each = len(rows) / COUNT
        if each < peers.ROWS_LEAST or table in peers.KEPT_TABLES:
            return
        self.rows[table] = each
        columns = columns_of(self.cluster, database, table)
        self.cluster.sql(
            "CREATE TABLE raw_%s (LIKE %s INCLUDING ALL); ALTER TABLE raw_%s "
            "OWNER TO %s" % (table, table, table,
                             "usher" if into is self.data else "usher_keys"),
            database)
        text = "INSERT INTO raw_%s SELECT * FROM unnest(%s)" % (
            table, ", ".join("$%d::%s[]" % (i + 1, kind)
                             for i, (_, kind) in enumerate(columns)))
        cut = [rows[i * len(rows) // self.batches:
                    (i + 1) * len(rows) // self.batches]
               for i in range(self.batches)]
        into.append((text.encode(), [
            [array(kind, [row[c] for row in some])
             for c, (_, kind) in enumerate(columns)] for some in cut]))

    def run(self):
        """Persons a second."""
        url = self.cluster.url(self.name)
        data = Link(url)
        keys = Link(url.replace("usher@", "usher_keys@").replace(
            "/%s?" % self.name, "/%s_keys?" % self.name))
        begin = time.monotonic()
        self.send_keys(keys, 0)
        keys.settle()
        for i in range(self.batches):
            self.send_data(data, i)
            if i + 1 < self.batches:
                self.send_keys(keys, i + 1)
                keys.settle()
            data.settle()
        seconds = time.monotonic() - begin
        data.close()
        keys.close()
        return COUNT / seconds

    def send_keys(self, link, i):
        link.send(b"BEGIN")
        for text, batch in self.keys:
            link.send(text, batch[i])
        link.send(b"COMMIT")
        link.flush()

    def send_data(self, link, i):
        link.send(b"BEGIN")
        link.send(b"UPDATE raw_tenant SET log_size = log_size + 200")
        for text, batch in self.data:
            link.send(text, batch[i])
        link.send(b"UPDATE raw_pool SET assigned = assigned + 1")
        link.send(b"COMMIT")
        link.flush()


# --- Usher -------------------------------------------------------------------

class Load:
    def __init__(self, server):
        self.server, self.first = server, 1

    def run(self, parts):
        """PARTS: (tenant, product, connections, count[, server]); all at once.
        Items a second of all together."""
        running, total = [], 0
        begin = time.monotonic()
        for tenant, product, connections, count, *other in parts:
            running.append(subprocess.Popen(
                [os.path.join(BUILD, "bench", "bench_load"),
                 str((other or [self.server])[0].address[1]),
                 tenant.token_file,
                 str(connections), str(count), str(self.first), "onboard",
                 product], stdout=subprocess.PIPE))
            self.first += count
            total += count
        for one in running:
            out = one.communicate()[0]
            if one.returncode != 0:
                raise RuntimeError("bench_load: %s" % out)
        return total / (time.monotonic() - begin)


def turn(samples, name, rate):
    samples.setdefault(name, []).append(rate)
    print("# %-26s %7.0f/s" % (name, rate), flush=True)


def round_of(samples, cluster):
    with Server(args=["--open-ceiling", "100000000", "--writers",
                      os.environ.get("USHER_WRITERS", "0")]) as server:
        load = Load(server)
        tenants = [server.tenant("t%d" % i) for i in range(MANY + 1)]
        for tenant in tenants:
            tenant.apply(CATALOGUE)
        each, few = COUNT // MANY, max(CONNECTIONS // MANY, 1)
        turn(samples, "one tenant", load.run(
            [(tenants[0], "seat", CONNECTIONS, COUNT)]))
        time.sleep(2)       # the last checkpoint and last uses are written
        raw = Raw(cluster, server.env["USHER_STORE"].split(
            "@/")[1].split("?")[0])
        turn(samples, "raw unnest", raw.run())
        turn(samples, "two tenants", load.run(
            [(t, "seat", CONNECTIONS // 2, COUNT // 2)
             for t in tenants[1:3]]))
        turn(samples, "twenty tenants", load.run(
            [(t, "seat", few, each) for t in tenants[1:]]))
        turn(samples, "one hot pool", load.run(
            [(tenants[0], "hot", few, each)] * MANY))
        turn(samples, "twenty pools", load.run(
            [(tenants[0], "p%d" % i, few, each) for i in range(MANY)]))
        both(samples, server, load, tenants[1:3])
        return raw.rows


def both(samples, server, load, tenants):
    """The same load by one server, and by two."""
    archive = os.path.join(server.folder, "keys")
    with open(os.open(archive + ".pass", os.O_WRONLY | os.O_CREAT, 0o600),
              "w", encoding="ascii") as file:
        file.write(nodes.PASSPHRASE + "\n")
    server.usher("key", "export", "--out", archive, "--passphrase-file",
                 archive + ".pass", check=0)
    halves = [(t, "seat", CONNECTIONS // 2, COUNT // 2) for t in tenants]
    with nodes.Node(server.env["USHER_STORE"], archive,
                    args=server.args) as second:
        turn(samples, "one of two servers", load.run(halves))
        turn(samples, "two servers", load.run(
            [halves[0], (*halves[1], second)]))


def main():
    usherlib.STORE = "postgresql"
    cluster, samples = usherlib.cluster(), {}
    for _ in range(ROUNDS):
        rows = round_of(samples, cluster)
    print("rows of an onboarding: " + ", ".join(
        "%s %.2f" % item for item in sorted(rows.items())))
    for name, to in (("one tenant", "raw unnest"),
                     ("two tenants", "one tenant"),
                     ("twenty tenants", "one tenant"),
                     ("one hot pool", "twenty pools"),
                     ("two servers", "one of two servers")):
        ratios = [a / b for a, b in zip(samples[name], samples[to])]
        print("%-16s / %-18s %.2f  (%.0f/s)" % (
            name, to, statistics.median(ratios),
            statistics.median(samples[name])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
