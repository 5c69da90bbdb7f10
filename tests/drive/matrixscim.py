# SPDX-License-Identifier: Apache-2.0
"""matrixscim.py - how each operation of SCIM is asked, for matrix.py, and what
its lists must show.

SCIM is not in the description of the API.  Its operations are read from the
tables of routes, as the reference page is, so that a new one needs a row here.
"""
import importlib.util
import json
import os

from matrixrows import (NOBODY, ROWS, Ask, Operation, Put, Row, ask, no_params,
                        own)
from usherlib import ROOT

BASE = "/scim/v2"
MEDIA = "application/scim+json"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
USHER = "urn:ietf:params:scim:schemas:extension:usher:2.0:User"
MESSAGE = "urn:ietf:params:scim:api:messages:2.0:"
IN_ENTERPRISE = ("employeeNumber", "costCenter", "organization", "division",
                 "department", "manager")
NOT_THERE = ("birthDate",)


def routes():
    """The rows of the route tables, by tool/reference.py."""
    path = os.path.join(ROOT, "tool", "reference.py")
    spec = importlib.util.spec_from_file_location("reference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [row for row in module.routes() if row.path.startswith(BASE + "/")]


def operations():
    found = []
    for row in routes():
        name = "%s %s" % (row.method, row.path[len(BASE):])
        found.append(Operation(row.method, row.path, {
            "operationId": name, "x-usher-right": row.right,
            **({"requestBody": {}} if row.body else {})}))
        found[-1].is_scim = True
    return found


# --- how to ask --------------------------------------------------------------

def scim(body, *params, query=""):
    return ask(*params, body=body, query=query, Content_Type=MEDIA)


def user_of(found):
    """A native person as SCIM has it."""
    user = {"schemas": [USER, ENTERPRISE, USHER], ENTERPRISE: {}, USHER: {}}
    for name, value in found.items():
        if name == "manager":
            value = {"value": value}
        if name in NOT_THERE:
            continue
        place = user[ENTERPRISE] if name in IN_ENTERPRISE else (
            user[USHER] if name == "site" else user)
        place[name] = value
    return user


def make_user(desk):
    return scim(user_of(desk.newcomer()))


def patch(*operations):
    return {"schemas": [MESSAGE + "PatchOp"], "Operations": list(operations)}


def change_user(desk):
    person = desk.victim()
    return scim(patch({"op": "replace", "path": "nickName",
                       "value": desk.mark("nick")}), person.id)


def replace_user(desk):
    """With what is there, but for a name."""
    person = desk.victim()
    found = user_of(desk.without_private(desk.side.attributes(
        person.number, person.site, person.org, person.manager)))
    if not desk.credential.may_see_id(desk.side.boss.id):
        found[ENTERPRISE].pop("manager", None)
    return scim({**found, "nickName": desk.mark("nick")}, person.id)


def search(**order):
    return {"schemas": [MESSAGE + "SearchRequest"], **order}


SCIM_ROWS = {
    "GET /ServiceProviderConfig": Row((), no_params(), False),
    "GET /Schemas": Row((), no_params(), False),
    "GET /Schemas/{schema}": Row(("schema",), lambda d: ask(USER), False),
    "GET /ResourceTypes": Row((), no_params(), False),
    "GET /ResourceTypes/{type}": Row(("type",), lambda d: ask("User"), False),
    "POST /Users": Row((), make_user, True),
    "GET /Users": Row((), no_params(query="?count=500"), False),
    "POST /Users/.search": Row((), lambda d: scim(search(count=500)), False),
    "GET /Users/{user}": Row(("person",), lambda d: ask(
        d.side.inside.id), False),
    "PUT /Users/{user}": Row(("person",), replace_user, True),
    "PATCH /Users/{user}": Row(("person",), change_user, True),
    "DELETE /Users/{user}": Row(("person",), lambda d: ask(
        d.victim().id), True),
}

def new_group(desk):
    return {"schemas": [GROUP], "displayName": desk.side.text(
        "g", desk.side.next(), "group"),
            "members": [{"value": desk.side.inside.id}]}


def some_group(desk):
    return desk.victim_group()


SCIM_ROWS.update({
    "POST /Groups": Row((), lambda d: scim(new_group(d)), True),
    "GET /Groups": Row((), no_params(query="?count=500"), False),
    "POST /Groups/.search": Row((), lambda d: scim(search(count=500)), False),
    "GET /Groups/{group}": Row(("group",), lambda d: ask(d.side.group), False),
    "PUT /Groups/{group}": Row(("group",), lambda d: scim(
        new_group(d), d.own_group()), True),
    "PATCH /Groups/{group}": Row(("group",), lambda d: scim(patch(
        {"op": "add", "path": "members", "value": [
            {"value": d.victim().id}]}), some_group(d)), True),
    "DELETE /Groups/{group}": Row(("group",), lambda d: ask(
        d.own_group()), True),
})


SCIM_ROWS.update({
    "POST /{type}": Row(("type",), lambda d: scim(
        d.side.new_device(), "Devices"), True),
    "GET /{type}": Row(("type",), lambda d: ask(
        "Devices", query="?count=500"), False),
    "POST /{type}/.search": Row(("type",), lambda d: scim(
        search(count=500), "Devices"), False),
    "GET /{type}/{resource}": Row(("type", "resource"), lambda d: ask(
        "Devices", d.side.device), False),
    "PUT /{type}/{resource}": Row(("type", "resource"), lambda d: scim(
        d.side.new_device(), "Devices", d.victim_device()), True),
    "PATCH /{type}/{resource}": Row(("type", "resource"), lambda d: scim(
        patch({"op": "replace", "path": "serial", "value": d.side.text(
            "d", d.side.next(), "serial")}),
        "Devices", d.victim_device()), True),
    "DELETE /{type}/{resource}": Row(("type", "resource"), lambda d: ask(
        "Devices", d.victim_device()), True),
})


def in_bulk(identity):
    return {"schemas": [MESSAGE + "BulkRequest"], "Operations": [
        {"method": "DELETE", "path": "/Users/%s" % identity},
        {"method": "PATCH", "path": "/Users/%s" % identity, "data": patch(
            {"op": "replace", "path": "id", "value": "x"})},
        {"method": "PUT", "path": "/Users/%s" % identity, "data": {}}]}


SCIM_ROWS.update({
    "GET /Me": own(),
    # The one who signs in may not replace all of themselves.
    "PUT /Me": own(body={"schemas": [USER]})._replace(is_last=True),
    "PATCH /Me": own(body=patch({"op": "remove", "path": "nickName"})),
    # What it does is done by its operations, which have rows of their own.
    "POST /Bulk": Row((), lambda d: scim(in_bulk(NOBODY)), False),
})
ROWS.update(SCIM_ROWS)

# What ends or changes contracts: who signs in changes those of no source.
OF_SOURCES = {"PUT /Users/{user}", "DELETE /Users/{user}"}


# --- what bodies and filters name --------------------------------------------

def member(*path):
    def put(asked, value):
        body = json.loads(json.dumps(asked.body))
        place = body
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = value
        return asked._replace(body=body)
    return Put(put, path[-2:-1] == ("manager",))


def operation(path, may_be_out=False):
    def put(asked, value):
        return asked._replace(body=patch(
            {"op": "replace", "path": path, "value": value}))
    return Put(put, may_be_out)


def in_search(text):
    def put(asked, value):
        return asked._replace(body=search(filter=text % value))
    return Put(put)


def in_role(asked, value):
    return asked._replace(params=["role-reviewer"], body=patch(
        {"op": "add", "path": "members", "value": [{"value": value}]}))


def entitlement(asked, value):
    return asked._replace(body={**asked.body, "entitlements": [value]})


# As REFERENCES of matrixrows.py.
SCIM_REFERENCES = (
    ("POST /Groups", "person", Put(lambda asked, value: asked._replace(
        body={**asked.body, "members": [{"value": value}]}))),
    ("PATCH /Groups/{group}", "person", Put(lambda asked, value: asked._replace(
        body=patch({"op": "add", "path": "members",
                    "value": [{"value": value}]})))),
    ("PATCH /Groups/{group}", "person", Put(in_role)),
    ("POST /Groups/.search", "person", in_search('members.value eq "%s"')),
    ("POST /Groups/.search", "person", in_search(
        'id eq "role-reviewer" and members[value eq "%s"]')),
    ("POST /Groups/.search", "rolename", Put(in_search(
        'displayName eq "%s"').put, True)),
    ("POST /Bulk", "person", Put(lambda asked, value: asked._replace(
        body=in_bulk(value)))),
    ("POST /Users", "person", member(ENTERPRISE, "manager", "value")),
    ("POST /Users", "site", member(USHER, "site")),
    ("POST /Users", "department", member(ENTERPRISE, "department")),
    ("POST /Users", "organisation", member(ENTERPRISE, "organization")),
    ("POST /Users", "product", Put(entitlement)),
    ("PATCH /Users/{user}", "product", operation("entitlements")),
    ("PUT /Users/{user}", "person", member(ENTERPRISE, "manager", "value")),
    ("PUT /Users/{user}", "site", member(USHER, "site")),
    ("PATCH /Users/{user}", "person", operation(ENTERPRISE + ":manager",
                                                True)),
    ("PATCH /Users/{user}", "site", operation(USHER + ":site")),
    ("PATCH /Users/{user}", "organisation", operation(
        ENTERPRISE + ":organization")),
    ("POST /Users/.search", "person", in_search('id eq "%s"')),
    ("POST /Users/.search", "person", in_search(
        ENTERPRISE + ':manager eq "%s"')),
    ("POST /Users/.search", "site", in_search(USHER + ':site eq "%s"')),
    ("POST /Users/.search", "organisation", in_search(
        ENTERPRISE + ':organization eq "%s"')),
    ("POST /Users/.search", "title", in_search('title eq "%s"')),
    ("POST /Users/.search", "username", in_search('userName eq "%s"')),
    ("POST /Users/.search", "external", in_search('externalId eq "%s"')),
    ("POST /Users/.search", "email",
     in_search('emails.value eq "%s@x.example"')),
)

# operation, path, value (None: of the person), the right beside the route's.
SCIM_FIELDS = (
    ("PATCH /Users/{user}", "active", False, "person.block"),
    ("PATCH /Users/{user}", "entitlements", "crm", "onboarding.write"),
    ("PATCH /Users/{user}", "userName", None, "person.login.write"),
    ("PATCH /Users/{user}", "emails", None, "person.login.write"),
    ("PATCH /Users/{user}", "addresses", None, "person.private.write"),
)


def field_order(credential, path, value):
    """The body that changes this attribute."""
    number = credential.side.next()
    credential.side.known(number, "ber", "partner", credential.side.boss.id)
    if value is None:
        value = credential.side.attributes(number, "ber")[path]
    return patch({"op": "replace", "path": path, "value": value})


# --- lists -------------------------------------------------------------------

def pages_by_index(send, count):
    start = 1
    while True:
        found = send("?startIndex=%d&count=%d" % (start, count))
        yield found["totalResults"], found["Resources"]
        start += count
        if start > found["totalResults"]:
            return


def pages_by_cursor(send, count):
    cursor = ""
    while cursor is not None:
        found = send("?cursor=%s&count=%d" % (cursor, count))
        yield found["totalResults"], found["Resources"]
        cursor = found.get("nextCursor")


def list_faults(rig, op, credential):
    """Every way through the list shows exactly whom the credential sees of
    those that its source brought, and counts them."""
    native = credential.side.call("GET", "/api/v1/persons?limit=500").json
    seen = {person.id for person in credential.side.by_number.values()
            if credential.sees(person)}
    wanted = sorted(
        row["id"] for row in native["items"] if row["id"] in seen
        and row["lifecycle"] != "left" and (
            credential.person is not None or row["source"] == "api"))
    for pages in (pages_by_index, pages_by_cursor):
        for count in (1, 3, 500):
            totals, ids = set(), []
            for total, rows in pages(lambda query: rig.send(
                    op, credential, Ask((), None, {}, query)).json, count):
                totals.add(total)
                ids += [row["id"] for row in rows]
                if len(rows) > count or len(ids) > 1000:
                    break
            if sorted(ids) != wanted or totals != {len(wanted)}:
                yield "%s: %s by %d: %s and %d users, not %d: %s" % (
                    credential, pages.__name__, count, totals, len(ids),
                    len(wanted), sorted(set(ids) ^ set(wanted))[:3])
