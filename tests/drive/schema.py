#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""schema.py - the tables that both engines really have, from their catalogues.

Whatever the migrations say: every table, key and foreign key begins with the
tenant, there is no index that is not declared here, PostgreSQL keeps tenants
apart in every table, and both engines have the same columns, keys and checks.
Each rule is tried on planted faults, and must see them.
"""
import os
import re
import shutil
import sqlite3
import sys

import postgres
from usherlib import Server, Tap

# Beside the primary keys.  An index costs every write: unmeasured ones are
# not added.
DECLARED = []
# Of the engine's own, not of a tenant.
OWN = {"usher_schema"}
FILES = {"data": "usher.db", "keys": "keys.db"}


class Table:
    """columns: (name, type, may be null, default) in order; key: names;
    foreign: (names, table, names); checks: texts without brackets;
    indexes: names; guarded: rows of other tenants are out of sight."""

    def __init__(self, columns, key, foreign, checks, indexes, guarded=True):
        self.columns, self.key = columns, key
        self.foreign, self.checks = sorted(foreign), sorted(checks)
        self.indexes, self.guarded = indexes, guarded


def bare(check):
    return re.sub(r"[()\s]", "", check.lower())


# --- SQLite ------------------------------------------------------------------

def checks_in(text):
    """The CHECKs of a CREATE TABLE, brackets and all."""
    found = []
    for match in re.finditer(r"\bCHECK\s*\(", text, re.I):
        depth, at = 1, match.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            at += 1
        found.append(bare(text[match.end():at - 1]))
    return found


def sqlite_table(db, name, text):
    types = {"INTEGER": "int", "BLOB": "bytes"}
    info = db.execute("PRAGMA table_info(%s)" % name).fetchall()
    columns = [(column, types.get(kind, kind), not notnull, default)
               for _, column, kind, notnull, default, _ in info]
    key = [row[1] for row in sorted(info, key=lambda row: row[5]) if row[5]]
    foreign = {}
    for number, _, table, own, other, *_ in db.execute(
            "PRAGMA foreign_key_list(%s)" % name):
        way = foreign.setdefault(number, ([], table, []))
        way[0].append(own)
        way[2].append(other)
    indexes = [row[1] for row in db.execute("PRAGMA index_list(%s)" % name)
               if row[3] != "pk"]
    return Table(columns, key,
                 [(tuple(a), t, tuple(b)) for a, t, b in foreign.values()],
                 checks_in(text), indexes)


def read_sqlite(folder):
    found = {}
    for kind, file in FILES.items():
        db = sqlite3.connect(os.path.join(folder, file))
        found[kind] = {
            name: sqlite_table(db, name, text) for name, text in db.execute(
                "SELECT name, sql FROM sqlite_schema WHERE type = 'table'"
                " AND name NOT LIKE 'sqlite_%'")}
        others = db.execute(
            "SELECT type || ' ' || name FROM sqlite_schema"
            " WHERE type NOT IN ('table', 'index')").fetchall()
        found[kind + " other"] = [row[0] for row in others]
        db.close()
    return found


# --- PostgreSQL --------------------------------------------------------------

TABLES = """SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')
 AND relnamespace = 'public'::regnamespace ORDER BY 1"""
COLUMNS = """SELECT attname, format_type(atttypid, atttypmod), attnotnull,
 pg_get_expr(adbin, adrelid) FROM pg_attribute LEFT JOIN pg_attrdef
 ON adrelid = attrelid AND adnum = attnum WHERE attrelid = '%s'::regclass
 AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""
CONSTRAINTS = """SELECT contype, confrelid::regclass,
 pg_get_constraintdef(oid), (SELECT string_agg(attname, ',' ORDER BY i)
  FROM unnest(conkey) WITH ORDINALITY k(n, i) JOIN pg_attribute
  ON attrelid = conrelid AND attnum = n),
 (SELECT string_agg(attname, ',' ORDER BY i) FROM unnest(confkey)
  WITH ORDINALITY k(n, i) JOIN pg_attribute
  ON attrelid = confrelid AND attnum = n), convalidated
 FROM pg_constraint WHERE conrelid = '%s'::regclass"""
INDEXES = """SELECT indexrelid::regclass FROM pg_index
 WHERE indrelid = '%s'::regclass AND NOT indisprimary"""
GUARDED = """SELECT relrowsecurity AND relforcerowsecurity AND
 (SELECT array_agg(pg_get_expr(polqual, polrelid)) =
  ARRAY[(SELECT pg_get_expr(polqual, polrelid) FROM pg_policy
   WHERE polname = 'tenants' ORDER BY polrelid LIMIT 1)]
  AND bool_and(polcmd = '*' AND polpermissive) FROM pg_policy
  WHERE polrelid = c.oid)
 FROM pg_class c WHERE oid = '%s'::regclass"""
OTHERS = """SELECT relkind::text || ' ' || relname FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind NOT IN ('r', 'i')
 UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
 UNION ALL SELECT 'function ' || proname FROM pg_proc
 WHERE pronamespace = 'public'::regnamespace"""


def read_postgres(cluster, name):
    def rows(database, text):
        answer = cluster.sql(text, database)
        return [line.split("|") for line in answer.split("\n") if line]

    types = {"bigint": "int", "bytea": "bytes"}
    found = {}
    for kind, database in (("data", name), ("keys", name + "_keys")):
        tables = found[kind] = {}
        for (table,) in rows(database, TABLES):
            if table in OWN:
                continue
            columns = [(c, types.get(t, t), notnull != "t", default or None)
                       for c, t, notnull, default in rows(
                           database, COLUMNS % table)]
            key, foreign, checks = [], [], []
            for sort, other, text, own, theirs, valid in rows(
                    database, CONSTRAINTS % table):
                if sort == "p":
                    key = own.split(",")
                elif sort == "f":
                    foreign.append((tuple(own.split(",")), other,
                                    tuple(theirs.split(","))))
                elif sort == "c":
                    checks.append(bare(text[len("CHECK"):]))
                if valid != "t":
                    checks.append("not valid: " + text)
            tables[table] = Table(
                columns, key, foreign, checks,
                [row[0] for row in rows(database, INDEXES % table)],
                rows(database, GUARDED % table) == [["t"]])
        found[kind + " other"] = [row[0] for row in rows(database, OTHERS)]
    return found


# --- rules -------------------------------------------------------------------

def faults_of(found, engine):
    """What breaks a rule in one engine's catalogue."""
    faults = []
    for kind in FILES:
        faults += ["%s: %s" % (engine, other)
                   for other in found[kind + " other"]]
        for name, table in found[kind].items():
            where = "%s: table %s" % (engine, name)
            if [c[0] for c in table.columns[:1]] != ["tenant"]:
                faults.append(where + " does not begin with tenant")
            if table.key[:1] != ["tenant"]:
                faults.append(where + ": key does not begin with tenant")
            for own, other, theirs in table.foreign:
                if own[0] != "tenant" or theirs[0] != "tenant":
                    faults.append("%s: foreign key to %s does not begin with "
                                  "tenant" % (where, other))
            faults += ["%s: index %s is not declared" % (where, index)
                       for index in table.indexes if index not in DECLARED]
            faults += ["%s: column %s may be NULL" % (where, c[0])
                       for c in table.columns if c[2]]
            if not table.guarded:
                faults.append(where + " is not guarded")
    return faults


def differences(one, other):
    faults = []
    for kind in FILES:
        for name in sorted(set(one[kind]) | set(other[kind])):
            a, b = one[kind].get(name), other[kind].get(name)
            if a is None or b is None:
                faults.append("table %s: one engine has none" % name)
                continue
            for what in ("columns", "key", "foreign", "checks"):
                x, y = getattr(a, what), getattr(b, what)
                if x != y:
                    faults.append("table %s: %s differ:\n  %s\n  %s" % (
                        name, what, x, y))
    return faults


def all_faults(one, other):
    return (faults_of(one, "SQLite") + faults_of(other, "PostgreSQL") +
            differences(one, other))


# What is planted, and what the test must say of it.
SQLITE_PLANTS = (
    ("CREATE INDEX ix ON person (tenant, site)", "index ix is not declared"),
    ("CREATE TABLE stray (tenant INTEGER NOT NULL, id INTEGER NOT NULL "
     "PRIMARY KEY)", "stray: key does not begin"),
    ("CREATE TABLE stray (id INTEGER NOT NULL, tenant INTEGER NOT NULL, "
     "PRIMARY KEY (tenant, id))", "stray does not begin"),
    ("CREATE TABLE stray (tenant INTEGER NOT NULL, id INTEGER NOT NULL, "
     "PRIMARY KEY (tenant, id), FOREIGN KEY (id, tenant) REFERENCES "
     "person (id, tenant))", "foreign key to person does not"),
    ("CREATE VIEW stray AS SELECT 1", "view stray"),
    ("ALTER TABLE pool ADD COLUMN more INTEGER NOT NULL DEFAULT 0",
     "pool: columns differ"),
    ("ALTER TABLE pool RENAME COLUMN held TO kept", "pool: columns differ"),
    ("DROP TABLE due", "due: one engine has none"),
)
POSTGRES_PLANTS = (
    ("CREATE INDEX ix ON person (tenant, site)", "DROP INDEX ix",
     "index ix is not declared"),
    ("CREATE TABLE stray (tenant BIGINT NOT NULL, id BIGINT NOT NULL "
     "PRIMARY KEY)", "DROP TABLE stray", "stray: key does not begin"),
    ("CREATE TABLE stray (tenant BIGINT NOT NULL, id BIGINT NOT NULL, "
     "PRIMARY KEY (tenant, id))", "DROP TABLE stray", "stray is not guarded"),
    ("ALTER TABLE pool DROP CONSTRAINT pool_check",
     "ALTER TABLE pool ADD CHECK (held >= 0 AND assigned >= 0 AND "
     "held + assigned <= quota)", "pool: checks differ"),
    ("ALTER TABLE seat DROP CONSTRAINT seat_tenant_pool_fkey",
     "ALTER TABLE seat ADD FOREIGN KEY (tenant, pool) REFERENCES "
     "pool (tenant, id)", "seat: foreign differ"),
    ("ALTER TABLE person ALTER site DROP NOT NULL",
     "ALTER TABLE person ALTER site SET NOT NULL", "column site may be NULL"),
    ("ALTER TABLE due ALTER id TYPE integer",
     "ALTER TABLE due ALTER id TYPE bigint", "due: columns differ"),
    ("ALTER TABLE due DROP CONSTRAINT due_pkey, ADD PRIMARY KEY (tenant, id, "
     "due_ms)", "ALTER TABLE due DROP CONSTRAINT due_pkey, ADD PRIMARY KEY "
     "(tenant, due_ms, id)", "due: key differ"),
    ("ALTER TABLE due NO FORCE ROW LEVEL SECURITY",
     "ALTER TABLE due FORCE ROW LEVEL SECURITY", "due is not guarded"),
    ("ALTER POLICY tenants ON wait USING (true)", None,
     "wait is not guarded"),
    ("CREATE POLICY more ON due USING (true)", "DROP POLICY more ON due",
     "due is not guarded"),
)


def main():
    tap = Tap()
    with Server() as files, postgres.Cluster() as cluster:
        url = cluster.make("usher")
        with Server(env={"USHER_STORE": url}) as server:
            server.stop()
        files.stop()
        one, other = read_sqlite(files.data), read_postgres(cluster, "usher")
        for kind, least in (("data", 30), ("keys", 1)):
            tap.ok(len(one[kind]) >= least and len(other[kind]) >= least,
                   "both engines have tables of %s" % kind, sorted(one[kind]))
        faults = faults_of(one, "SQLite")
        tap.ok(not faults, "SQLite: all begins with the tenant, no index is "
               "undeclared", "\n".join(faults))
        faults = faults_of(other, "PostgreSQL")
        tap.ok(not faults, "PostgreSQL: the same, and every table is guarded",
               "\n".join(faults))
        faults = differences(one, other)
        tap.ok(not faults, "both have the same columns, keys, foreign keys "
               "and checks", "\n".join(faults))
        copy = os.path.join(files.folder, "copy")
        for text, want in SQLITE_PLANTS:
            shutil.copytree(files.data, copy,
                            ignore=shutil.ignore_patterns("*.sock"))
            db = sqlite3.connect(os.path.join(copy, FILES["data"]))
            db.execute(text)
            db.commit()
            db.close()
            told = all_faults(read_sqlite(copy), other)
            tap.ok(any(want in line for line in told),
                   "SQLite, planted: " + text[:50], told)
            shutil.rmtree(copy)
        for text, back, want in POSTGRES_PLANTS:
            cluster.sql(text, "usher")
            told = all_faults(one, read_postgres(cluster, "usher"))
            tap.ok(any(want in line for line in told),
                   "PostgreSQL, planted: " + text[:50], told)
            if back is not None:
                cluster.sql(back, "usher")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
