#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""wide.py - whatever a client puts into people, resources and groups, a page
of them is an answer: 200, or a refusal that says what to ask for; TAP.

What a page needs in memory must not grow with all that its records are made
of.  A server that needs more than a request may have ends, and takes everybody's
requests with it: so it must be the same process after each answer.
"""
import http.client
import json
import os
import sys

from usherlib import Server, Tap

WIDE = 500          # records of a page: they took more than a request may have
ATTRIBUTES, VALUES = 96, 75         # of each
ROWS = 1000         # of a file that are read together
GROUPS, MEMBERS = 200, 500
FACE = "\U0001F600"                 # four bytes
CORE = "urn:ietf:params:scim:schemas:core:2.0:"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
BADGE, DEVICE = "urn:example:wide:2.0:Badge", "urn:example:wide:2.0:Device"
GONE = (OSError, http.client.HTTPException)


def catalogue():
    many = {"a%d" % i: {"type": "integer", "multi": True}
            for i in range(ATTRIBUTES)}
    many["colour"] = {"type": "string", "searchable": True}
    return json.dumps({
        "catalogue": 1,
        "schemas": {
            "badge": {"urn": BADGE, "attributes": many},
            "device": {"urn": DEVICE, "of": "resource", "attributes": many}},
        "resource_types": {"device": {
            "name": "Device", "endpoint": "/Devices", "schema": "device"}}})


def wide():
    """As many values as a body has room for."""
    values = {"a%d" % i: list(range(10, 10 + VALUES))
              for i in range(ATTRIBUTES)}
    return {**values, "colour": "red"}


def post(api, path, body):
    made = api.post("/scim/v2" + path, json.dumps(body, separators=(",", ":")),
                    content_type="application/scim+json")
    if made.status not in (200, 201):
        raise RuntimeError("%s: %s" % (path, made))
    return made.json


class Page:
    """An answer, and whether the server lived through it."""

    def __init__(self, server, api, path):
        front = server.pids().get("front")
        try:
            self.reply = api.get(path)
        except GONE as gone:
            self.reply = None
            self.text = "no answer: %r" % gone
            server.wait_ready()
        self.lives = front == server.pids().get("front")
        if self.reply is not None:
            self.text = str(self.reply)[:500]

    def is_whole(self, n, name="Resources"):
        return self.lives and self.reply is not None and \
            self.reply.status == 200 and len(self.reply.json[name]) == n

    def is_refused(self):
        return self.lives and self.reply is not None and \
            self.reply.status == 400 and \
            self.reply.json["scimType"] == "tooMany"


def records(tap, server, api):
    for i in range(WIDE):
        post(api, "/Users", {"schemas": [CORE + "User"], "userName": "u%d" % i,
                             BADGE: wide()})
        post(api, "/Devices", {"schemas": [DEVICE], **wide()})
    for path, name, what in (
            ("/scim/v2/Users?count=500", "Resources", "a page of people"),
            ("/scim/v2/Devices?count=500", "Resources", "one of resources"),
            ("/scim/v2/Users?count=500&filter=" + BADGE +
             ":colour+eq+%22red%22", "Resources", "people by an attribute"),
            ("/scim/v2/Devices?count=500&filter=colour+eq+%22red%22",
             "Resources", "resources by an attribute"),
            ("/api/v1/persons?limit=500", "items", "a page of the native API")):
        page = Page(server, api, path)
        tap.ok(page.is_whole(WIDE, name), "%s with all that is theirs" % what,
               page.text)


def rows(tap, server, tenant):
    """A file that fills every attribute."""
    front = server.pids().get("front")
    paths = [os.path.join(server.folder, name)
             for name in ("wide.csv", "wide.yaml")]
    with open(paths[0], "w", encoding="ascii") as file:
        for i in range(-1, ROWS):
            file.write(",".join(
                ["r%d" % i if i >= 0 else "ref"] +
                [str(i) if i >= 0 else "a%d" % at
                 for at in range(ATTRIBUTES)]) + "\n")
    with open(paths[1], "w", encoding="ascii") as file:
        json.dump({"source": "wide", "ref": "{ref}", "person": {
            "userName": "{ref}", **{"%s:a%d" % (BADGE, at): "{a%d}" % at
                                    for at in range(ATTRIBUTES)}}}, file)
    done = tenant.usher("import", paths[0], "--map", paths[1])
    tap.ok(done.returncode == 0 and front == server.pids().get("front"),
           "a file that fills every attribute", done.stdout + done.stderr)
    token = tenant.client().post("/api/v1/tokens", {
        "label": "wide", "rights": ["person.read"], "source": "wide"})
    made = tenant.client(token.json["token"]).get(
        "/scim/v2/Users?filter=userName+eq+%22r7%22").json["Resources"]
    tap.equal([row[BADGE]["a%d" % (ATTRIBUTES - 1)] for row in made], [[7]],
              "each has what stood in its row")


def groups(tap, server, api):
    made = post(api, "/Bulk", {"schemas": [BULK], "Operations": [
        {"method": "POST", "path": "/Users", "bulkId": "b%d" % i,
         "data": {"schemas": [CORE + "User"], "userName": "u%d" % i}}
        for i in range(MEMBERS)]})
    people = [{"value": row["location"].rsplit("/", 1)[1]}
              for row in made["Operations"]]
    for i in range(GROUPS):
        post(api, "/Groups", {
            "schemas": [CORE + "Group"], "members": people,
            "displayName": "%03d" % i + FACE * 253})
    page = Page(server, api, "/scim/v2/Users?count=500")
    tap.ok(page.is_refused(), "people of too many groups are too many",
           page.text)
    page = Page(server, api, "/scim/v2/Users?count=100")
    tap.ok(page.is_whole(100) and all(
        len(row["groups"]) == GROUPS for row in page.reply.json["Resources"]),
        "fewer of them are shown, with all of theirs", page.text)
    page = Page(server, api,
                "/scim/v2/Users?count=500&excludedAttributes=groups")
    tap.ok(page.is_whole(MEMBERS), "all of them without", page.text)


def main():
    tap = Tap()
    with Server() as server:
        first = server.tenant("first")
        first.apply(catalogue())
        records(tap, server, first.client())
        rows(tap, server, first)
        groups(tap, server, server.tenant("second").client())
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
