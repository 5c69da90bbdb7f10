#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scim.py - every MUST and SHOULD of SCIM that applies to a server; TAP.

    scim.py [WORD...]       only the tests whose names contain a word

The tables in tests/rfc have a row for each sentence of RFC 7643, 7644 and 9865
that binds a service provider, and the row names its test: a small function of
a module scim*.py beside this one.  A row without a test, a test without a row and a
test that fails are faults.  What is not done says so in its row, and the test
holds what is done instead.

Before the server is believed, it is made to break rules: each of LIES changes
what the tests send or are told, and exactly the tests that its row names must
notice.
"""
import glob
import importlib
import json
import os
import sys
import traceback

from scimlib import TESTS, Fault, World
from usherlib import STORE, TESTS as FOLDER, Server, Tap

TABLES = os.path.join(FOLDER, "rfc", "*.table")
MODULES = os.path.join(FOLDER, "drive", "scim?*.py")
LEVELS = {"MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"}
OF_USERS = "scim.table"     # whose tests must notice lies
NONE, NOT_HERE = "-", "not applicable: "


for module in sorted(glob.glob(MODULES)):
    importlib.import_module(os.path.basename(module)[:-len(".py")])


# --- the table ---------------------------------------------------------------

class Row:
    """NUMBER says where it stands."""

    def __init__(self, number, rfc, line):
        fields = [field.strip() for field in line.split("|")]
        if len(fields) not in (4, 5):
            raise ValueError("%s: %d fields" % (number, len(fields)))
        self.number = number
        self.section = "%s %s" % (rfc, fields[0])
        self.level, self.text, self.test = fields[1:4]
        self.note = fields[4] if len(fields) == 5 else ""

    def __str__(self):
        return "%s %s: %s (%s)" % (
            self.section, self.level, self.text, self.test)


def rows():
    found = []
    for path in sorted(glob.glob(TABLES)):
        with open(path, encoding="utf-8") as file:
            found += rows_of(os.path.basename(path), file)
    return found


def rows_of(name, lines):
    rfc = None
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if line.startswith("= "):
            rfc = line[2:].split(":")[0]
        elif line and not line.startswith("#"):
            yield Row("%s:%d" % (name, number), rfc, line)


def table_faults(table, tests):
    faults = []
    for row in table:
        where = row.number + ": "
        if row.level not in LEVELS:
            faults.append(where + "no level: " + row.level)
        if row.test == NONE and not row.note.startswith(NOT_HERE):
            faults.append(where + "neither a test nor a reason")
        if row.test != NONE and row.test not in tests:
            faults.append(where + "no such test: " + row.test)
    named = {row.test for row in table}
    return faults + ["no row for the test " + name
                     for name in tests if name not in named]


# --- planted faults ----------------------------------------------------------

def changed(reply, change):
    """REPLY with another body; CHANGE gets what the old one holds."""
    found = reply.json
    if isinstance(found, dict):
        reply.body = json.dumps(change(found) or found).encode()
    return reply


class WrongStatus:
    """Who is made is answered 200."""

    @staticmethod
    def told(method, path, reply):
        if method == "POST" and reply.status == 201:
            reply.status = 200
        return reply


class NoLocation:
    """Who is made is somewhere that is not told."""

    @staticmethod
    def told(_method, _path, reply):
        reply.headers.pop("location", None)
        return reply


class ExactNames:
    """Names of members of a body are only known as they are described."""

    @staticmethod
    def ask(method, path, body):
        if isinstance(body, dict):
            body = {name: value for name, value in body.items()
                    if name == "schemas" or name != name.upper()
                    and name != "eMails" and name != "Name"}
        return method, path, body


class Conflicts:
    """Who is there already is no conflict of SCIM's."""

    @staticmethod
    def told(_method, _path, reply):
        if reply.status == 409:
            changed(reply, lambda e: {key: value for key, value in e.items()
                                      if key != "scimType"})
        return reply


class NoTag:
    @staticmethod
    def told(_method, _path, reply):
        reply.headers.pop("etag", None)
        return reply


class NoAddress:
    """What is shown does not say in its header where it is."""

    @staticmethod
    def told(_method, _path, reply):
        reply.headers.pop("content-location", None)
        return reply


class Misdescribed:
    """Titles are said to be true or false."""

    @staticmethod
    def told(_method, path, reply):
        if path.startswith("/Schemas") and reply.status == 200:
            reply.body = reply.body.replace(
                b'"name":"title","type":"string",', b'"name":"title",'
                b'"type":"boolean",')
        return reply


class Undeleted:
    """Who was deleted is answered as if it were not so."""

    @staticmethod
    def told(method, _path, reply):
        if method == "DELETE" and reply.status == 404:
            reply.status = 204
        return reply


# lie: the tests that must notice, which are all that may
LIES = {
    WrongStatus: {"creating_answers_201",
                  "bodies_are_taken_as_json_and_scim_json"},
    NoLocation: {"creating_tells_where"},
    ExactNames: {"attribute_names_are_in_any_case"},
    NoTag: {"tags_are_headers_and_in_meta", "version_is_the_etag",
            "patch_may_answer_204_with_a_tag", "the_configuration_is_true",
            "what_is_known_is_not_sent_again"},
    NoAddress: {"location_is_the_content_location",
                "locations_are_in_each_answer"},
    Misdescribed: {"attributes_are_described_as_in_the_rfc",
                   "what_is_announced_can_be_written"},
    Undeleted: {"what_was_deleted_is_not_there",
                "a_client_reaches_what_it_brought"},
    Conflicts: {name for name in TESTS if name in (
        "user_names_are_alone_in_any_case", "each_kind_of_error_is_told",
        "the_same_user_name_is_a_conflict", "patch_is_all_or_nothing",
        "the_same_external_id_is_a_conflict",
        "external_ids_are_written_at_any_time",
        "the_name_of_whom_others_deleted_is_not_free",
        "user_names_are_prepared_before_they_are_compared",
        "user_names_are_folded_not_only_lowered",
        "user_names_of_another_width_are_the_same")},
}


def failed(world, lie, names):
    """Which tests fail under a lie."""
    world.lie, found = lie, {}
    for name in names:
        why = run(world, name)
        if why:
            found[name] = why
    world.lie = None
    return found


def run(world, name):
    """Why the test fails; None: it does not."""
    try:
        TESTS[name](world)
    except Fault as fault:
        return str(fault)
    except Exception as error:
        return "".join(traceback.format_exception(error)[-3:])
    return None


# What waits for the server to lose its patience, or has much made, is not tried with each lie.
SLOW = {"a_request_that_does_not_go_on_is_refused_in_scims_words",
        "what_many_people_have_is_bounded_in_one_answer"}


def plant(tap, world):
    names = {row.test for row in rows() if row.number.startswith(OF_USERS)
             and row.test != NONE} - SLOW
    for lie, wanted in LIES.items():
        found = set(failed(world, lie, sorted(names)))
        tap.ok(found == wanted, "planted and found: %s" % lie.__name__,
               "not noticed by %s\nnoticed by %s, too" % (
                   sorted(wanted - found), sorted(found - wanted)))
    missing = [row for row in rows() if row.test != "creating_answers_201"]
    faults = table_faults(missing, TESTS)
    tap.ok(faults == ["no row for the test creating_answers_201"],
           "planted and found: a test without a row", faults)
    faults = table_faults(rows(), {
        name: None for name in TESTS if name != "creating_answers_201"})
    tap.ok(len(faults) == 1 and "no such test" in faults[0],
           "planted and found: a row without its test", faults)


def main():
    tap, table = Tap(), rows()
    words = sys.argv[1:]
    faults = table_faults(table, TESTS)
    tap.ok(not faults, "each row has its test, and each test a row",
           "\n".join(faults))
    with Server() as server:
        world = World(server)
        names = [name for name in TESTS
                 if not words or any(word in name for word in words)]
        why = failed(world, None, names)
        for row in table:
            if row.test in names:
                tap.ok(row.test not in why, str(row), why.get(row.test))
        # What is lied about is what the client is told: one engine will do.
        if not words and not STORE:
            plant(tap, world)
    tap.note("%d sentences, %d of them not applicable, %d not or not wholly "
             "so; %d tests" % (
                 len(table), sum(row.note.startswith(NOT_HERE)
                                 for row in table),
                 sum(row.note.startswith(("no: ", "partly: "))
                     for row in table), len(TESTS)))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
