# SPDX-License-Identifier: Apache-2.0
"""plant.py - builds of the server with a bug in it, for rigs that must find it.

    folder = plant.build("reply-before-commit")

The bugs stand here and nowhere else: each is a few lines of a copy of the
sources replaced by others.  The copy and its build are in build-planted-NAME,
or where USHER_BUILD_PLANTED_NAME says (NAME in capitals, _ for -), and are made
anew only when a source has changed; what a bug does not touch comes from the
compiler's cache, for it is compiled by the same words as the program.  Lines
that are not found any more are an error: the bug must then be planted where
they have gone to.
"""
import fcntl
import os
import shutil
import subprocess

from usherlib import ROOT

TARGETS = ["src/usher/usher", "src/vault/usher-vault"]

# {name: [(file, lines, lines with the bug)]}
BUGS = {
    # The answer goes out while the commit can still fail or be cut off.
    "reply-before-commit": [
        ("store/stages.c",
         "\tif (err == OK) {\n\t\terr = commit(l, tx, DB_DATA);\n",
         "\tif (err == OK) {\n"
         "\t\tfor (size_t i = 0; i < g->npart; i++)\n"
         "\t\t\tif (g->part[i].batch.use_case->committed != NULL)\n"
         "\t\t\t\tg->part[i].batch.use_case->committed("
         "&g->part[i].batch);\n"
         "\t\tgroup_answer(l, g);\n\t\terr = commit(l, tx, DB_DATA);\n")],
    # A server keeps to itself what it changes of what all have in memory.
    "change-untold": [
        ("store/notice.c",
         "\t\tif (kept[k].table != t)\n\t\t\tcontinue;\n"
         "\t\tfor (size_t i",
         "\t\tif (kept[k].table != t || n > 0)\n\t\t\tcontinue;\n"
         "\t\tfor (size_t i")],
    # A number is taken though another server has it.
    "number-of-another": [
        ("act/node.c",
         "row[at].until_ms > now_ms)",
         "row[at].until_ms > INT64_MAX - 1)")],
    # Who stood still goes on as if it had not.
    "number-kept": [
        ("act/node.c",
         "\tif (lease.holder != n->holder || lease.fence != n->fence)\n",
         "\tlease.holder = n->holder;\n"
         "\tif (lease.fence < n->fence)\n")],
    # The vaults of other servers never get a tenant's keys.
    "keys-unshared": [
        ("act/key_share.c",
         "\tTRY(pipeline_do(w->pipeline, &it, ITEM_INTERACTIVE));\n",
         "\tif (tenant == 0)\n"
         "\t\tTRY(pipeline_do(w->pipeline, &it, ITEM_INTERACTIVE));\n")],
    # A tenant is made without asking whether another server made its like.
    "name-of-two": [
        ("act/tenant.c",
         "\tif (((struct world *)b->world)->node != NULL)\n",
         "\tif (b->n == 0)\n")],
    # Two servers write of one tenant at once.
    "row-unlocked": [
        ("store/postgres.c",
         "\" ORDER BY tenant FOR UPDATE\"",
         "\" ORDER BY tenant\"")],
    # What was acknowledged is compared with nothing.
    "loss-unseen": [
        ("act/history.c",
         "\tif (row == NULL || is_before(&is, end)) {\n",
         "\tif (row == NULL) {\n"),
        ("act/history.c",
         "\tif (!is_same)\n",
         "\tif (!is_same && row == NULL)\n"),
        ("act/node.c",
         "\tif (history_is_short(node->history, &mark)) {\n",
         "\tif (history_is_short(node->history, &mark) && tenant == 0) {\n"
         )],
    # No bug: the version after this one, with one migration more.
    "next-version": [
        ("store/migrate.c",
         "#undef SQL\n",
         "static const char *const data_next[] = {\n"
         "\tSQL(ALTER TABLE tenant ADD COLUMN of_next @int NOT NULL"
         " DEFAULT 0)\n"
         "\tSQL(CREATE TABLE next (\n"
         "\t\ttenant @int NOT NULL PRIMARY KEY,\n"
         "\t\tvalue @int NOT NULL) @strict)\n"
         "\tNULL };\n"
         "#undef SQL\n"),
        ("store/migrate.c",
         "\t{ DB_DATA, 10, data_0010 },\n",
         "\t{ DB_DATA, 10, data_0010 },\n"
         "\t{ DB_DATA, 11, data_next },\n")],
    # Neither keys nor references nor user names are anybody's alone.
    "no-unique": [
        ("act/order_load.c",
         "\tfor (size_t i = 0; i < rows->n; i++)\n"
         "\t\task->repeats.asker.v[rows->key[i]]->repeated =",
         "\tfor (size_t i = 0; i < 0 * rows->n; i++)\n"
         "\t\task->repeats.asker.v[rows->key[i]]->repeated ="),
        ("act/order_load.c",
         "\tfor (size_t i = 0; i < ask->refs.n; i++)\n",
         "\tfor (size_t i = 0; i < 0 * ask->refs.n; i++)\n"),
        ("store/index.c",
         "\t\tperson[rows.key[i]] = ((struct index_row *)rows.row)[i]"
         ".person;\n",
         "\t\tperson[rows.key[i]] = 0;\n"),
        ("store/index.c",
         "[i].person != there[i].person)",
         "[i].person == 0)"),
        ("store/tables_work.c",
         "idempotency_row, EXISTS_FAILS)",
         "idempotency_row, EXISTS_REPLACES)")],
    # Who is killed in between leaves a person whom nobody can open.
    "commit-before-key": [
        ("store/stages.c",
         "\tif (any_part(g, keeps))\n\t\tkeep(l, g);\n",
         ""),
        ("store/stages.c",
         "\tif (err == OK) {\n\t\terr = commit(l, tx, DB_DATA);\n",
         "\tif (err == OK) {\n\t\terr = commit(l, tx, DB_DATA);\n"
         "\t\tif (any_part(g, keeps))\n\t\t\tkeep(l, g);\n")],
    # Seats, waits and roles are shown of everybody who is there.
    "scope-left-out": [
        ("act/query_seat.c",
         "\tif (q.scope != NULL)\n"
         "\t\treturn person_in_scope(r->data, &q, id, n, in);\n",
         "\tif (q.scope != NULL && q.limit > 0)\n"
         "\t\treturn person_in_scope(r->data, &q, id, n, in);\n")],
    # A catalogue is that of the second tenant, whoever asks.
    "tenant-of-another": [
        ("act/query_log.c",
         "\tTRY(world_realm(r->world, cx, cx->actor->tenant, &realm));\n"
         "\t*yaml =",
         "\tTRY(world_realm(r->world, cx, 2, &realm));\n"
         "\t*yaml =")],
    # One right is everybody's.
    "right-left-out": [
        ("core/actor.c",
         "\tif (actor_scope(cx->arena, actor, right, &actor->scope))\n"
         "\t\treturn OK;\n",
         "\tif (actor_scope(cx->arena, actor, right, &actor->scope)\n"
         "\t    || right == RIGHT_ONBOARDING_READ)\n"
         "\t\treturn OK;\n")],
}


class Gone(Exception):
    """The lines a bug replaces are not in the sources."""


def folder_of(name):
    variable = "USHER_BUILD_PLANTED_" + name.upper().replace("-", "_")
    return os.environ.get(variable, os.path.join(
        ROOT, "build-planted-" + name))


def build(name):
    """The build's folder, as USHER_BUILD; raises Gone or CalledProcessError,
    whose output says why it did not build."""
    folder = folder_of(name)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)    # another driver may want it too
        return build_in(folder, name)


def build_in(folder, name):
    tree = os.path.join(folder, "tree")
    out = os.path.join(tree, "build")   # so the sources' names are the same
    ninja = os.path.join(out, "build.ninja")
    if os.path.exists(ninja) and (
            os.path.getmtime(ninja) < os.path.getmtime(__file__)):
        shutil.rmtree(tree)         # perhaps another bug than was built
    os.makedirs(tree, exist_ok=True)
    for top in ("src", "tool", "meson.build", "meson_options.txt"):
        copy(os.path.join(ROOT, top), os.path.join(tree, top))
    leave_out_tests(os.path.join(tree, "meson.build"))
    for path, old, new in BUGS[name]:
        plant(os.path.join(tree, "src", path), old, new)
    if not os.path.exists(ninja):
        run("meson", "setup", out, tree)
    run("ninja", "-C", out, *TARGETS)
    return out


def copy(source, target):
    """Only what differs, so that ninja builds only that; planted files differ
    and are copied each time, with the time of their source."""
    if not os.path.isdir(source):
        if not is_same(source, target):
            shutil.copy2(source, target)
        return
    os.makedirs(target, exist_ok=True)
    for name in set(os.listdir(target)) - set(os.listdir(source)):
        path = os.path.join(target, name)
        shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
    for name in os.listdir(source):
        copy(os.path.join(source, name), os.path.join(target, name))


def is_same(source, target):
    if not os.path.exists(target):
        return False
    a, b = os.stat(source), os.stat(target)
    return a.st_size == b.st_size and a.st_mtime_ns == b.st_mtime_ns


def leave_out_tests(path):
    """Of the folders only src is built; it runs programs of tool."""
    with open(path, encoding="utf-8") as file:
        lines = file.readlines()
    write(path, "".join(line for line in lines if not (
        line.startswith("subdir(") and "'src'" not in line)))


def plant(path, old, new):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if text.count(old) != 1:
        raise Gone("%s: not there once:\n%s" % (path, old))
    write(path, text.replace(old, new))


def write(path, text):
    """Keeps the time, so that the next copy and build have nothing to do."""
    was = os.stat(path)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))


def run(*argv):
    subprocess.run(argv, check=True, text=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
