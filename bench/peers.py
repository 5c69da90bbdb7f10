# SPDX-License-Identifier: Apache-2.0
"""peers.py - what Usher is compared with: raw SQLite, and OpenLDAP's slapd."""
import json
import os
import shutil
import sqlite3
import socket
import subprocess
import time

# What a batch does not bring a row of for each person is not counted.
ROWS_LEAST = .01
KEPT_TABLES = ("tenant", "pool", "source", "catalogue")
READY_S = 20


# --- raw SQLite --------------------------------------------------------------

def read_only(path):
    return sqlite3.connect("file:%s?mode=ro" % path, uri=True)


def tables(db):
    return [name for name, in db.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table'"
        " AND name NOT LIKE 'sqlite_%' ORDER BY name")]


def count_rows(data, tenant):
    """{table: rows of the tenant} of both databases of a stopped server."""
    found = {}
    for name in ("usher.db", "keys.db"):
        db = read_only(os.path.join(data, name))
        for table in tables(db):
            found[table] = db.execute(
                "SELECT count(*) FROM %s WHERE tenant = ?" % table,
                (tenant,)).fetchone()[0]
        db.close()
    return found


def rows_of_a_person(before, after, persons):
    """What bench_raw is told: table=rows, for each table that grew."""
    grown = {t: (after[t] - before.get(t, 0)) / persons for t in after}
    return {t: n for t, n in grown.items() if n >= ROWS_LEAST}


def merge(data, path):
    """Both databases of a stopped server in one file."""
    shutil.copyfile(os.path.join(data, "usher.db"), path)
    db = sqlite3.connect(path)
    db.execute("PRAGMA synchronous = OFF")
    db.execute("ATTACH ? AS k", (os.path.join(data, "keys.db"),))
    for name, sql in db.execute(
            "SELECT name, sql FROM k.sqlite_schema WHERE type = 'table'"
            " AND name NOT LIKE 'sqlite_%'").fetchall():
        db.execute(sql)
        db.execute("INSERT INTO main.%s SELECT * FROM k.%s" % (name, name))
    db.commit()
    db.close()


def empty_like(sample, path):
    """The same tables without people."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = OFF")
    db.execute("ATTACH ? AS s", (sample,))
    for name, sql in db.execute(
            "SELECT name, sql FROM s.sqlite_schema WHERE type = 'table'"
            " AND name NOT LIKE 'sqlite_%'").fetchall():
        db.execute(sql)
        if name in KEPT_TABLES:
            db.execute("INSERT INTO main.%s SELECT * FROM s.%s"
                       % (name, name))
    db.commit()
    db.close()


class Raw:
    """bench_raw with the rows of SAMPLE, a merged database."""

    def __init__(self, program, sample, tenant, rows):
        self.program, self.sample, self.tenant = program, sample, tenant
        self.rows = ["%s=%.4f" % pair for pair in sorted(rows.items())]

    def run(self, target, count, batch):
        done = subprocess.run(
            [self.program, self.sample, target, str(count), str(batch),
             str(self.tenant), *self.rows],
            stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)


# --- slapd -------------------------------------------------------------------

SUFFIX, ROOT, PASSWORD = "dc=bench", "cn=admin,dc=bench", "bench"

# A directory of people as one would set it up: names, e-mail and number
# indexed, every add synced, which is what back-mdb does unless told otherwise.
CONFIG = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/pid
database mdb
maxsize 8589934592
suffix "{suffix}"
rootdn "{root}"
rootpw {password}
directory {folder}/db
index objectClass,uid,mail,employeeNumber eq
index sn,givenName eq,sub
"""
TOP = ("dn: %s\nobjectClass: dcObject\nobjectClass: organization\n"
       "dc: bench\no: bench\n")


def find_slapd():
    return shutil.which("slapd", path=os.environ["PATH"] + ":/usr/sbin")


class Slapd:
    """An OpenLDAP server with an empty directory of its own."""

    def __init__(self, program, folder, port):
        self.program, self.port, self.first = program, port, 1
        config = os.path.join(folder, "slapd.conf")
        os.makedirs(os.path.join(folder, "db"))
        with open(config, "w", encoding="ascii") as file:
            file.write(CONFIG.format(
                folder=folder, suffix=SUFFIX, root=ROOT, password=PASSWORD))
        slapd = find_slapd()
        subprocess.run(
            [slapd, "-T", "add", "-f", config], input=TOP % SUFFIX, text=True,
            check=True, stdout=subprocess.DEVNULL)
        self.process = subprocess.Popen(
            [slapd, "-h", "ldap://127.0.0.1:%d" % port, "-f", config,
             "-d", "0"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait()

    def _wait(self):
        for _ in range(READY_S * 50):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(.02)
        raise RuntimeError("slapd does not answer")

    def add(self, connections, count):
        found = self.ask("add", connections, count, self.first)
        self.first += count
        return found

    def ask(self, kind, connections, count, first):
        done = subprocess.run(
            [self.program, str(self.port), str(connections), str(count),
             str(first), SUFFIX, ROOT, PASSWORD, kind],
            stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)

    def close(self):
        self.process.terminate()
        self.process.wait()
