# SPDX-License-Identifier: Apache-2.0
"""scimdeclared.py - tests of schemas that a catalogue declares: RFC 7643 2, 3.3
and 7 hold of them as of those that are built in."""
import json

from scimlib import (CATALOGUE, GROUP, STRICT, USER, fine, op, refused, same,
                     status, test, true)

BADGE = "urn:example:scim:schemas:2.0:Badge"
PLAIN = "urn:example:scim:schemas:2.0:Plain"
DEVICE = "urn:example:scim:schemas:2.0:Device"
LEASE = "urn:example:scim:schemas:2.0:Lease"
DECLARED = """schemas:
  badge:
    urn: %s
    name: Badge
    text: "What opens doors."
    attributes:
      number: { type: string, required: true, unique: true, exact: true, text: "On it." }
      floors: { type: integer, multi: true, searchable: true, text: "Where it opens." }
      colour: { type: string, searchable: true, canonical: [red, blue], text: "Its colour." }
      since: { type: dateTime, mutability: immutable, text: "When it was made." }
      weight: { type: decimal, text: "In grams." }
      valid: { type: boolean, text: "Whether it opens." }
      picture: { type: reference, text: "Where its picture is." }
      twin: { type: reference, searchable: true, canonical: [User, Device], text: "Its like." }
      maker: { type: string, mutability: readOnly, text: "Who made it." }
      secret: { type: string, returned: request, text: "Only if asked for." }
      kind: { type: string, returned: always, text: "Whatever is asked for." }
      car:
        type: complex
        text: "What is parked."
        attributes:
          plate: { type: string, text: "Its plate." }
          electric: { type: boolean, text: "Whether it is charged." }
          doors: { type: integer, multi: true, text: "Where one gets in." }
  plain:
    urn: %s
    name: Plain
    text: "Another."
    attributes:
      word: { type: string, text: "A word." }
      tags: { type: string, multi: true, searchable: true, text: "Words for it." }
      code: { type: string, mutability: immutable, text: "As it was first." }
  device:
    urn: %s
    of: resource
    name: Device
    text: "A thing with a plug."
    attributes:
      model: { type: string, searchable: true, text: "What it is." }
      labels: { type: string, multi: true, text: "What is written on it." }
      serial: { type: string, unique: true, text: "On its back." }
      ports: { type: string, multi: true, text: "Where it is plugged in." }
  lease:
    urn: %s
    of: resource
    name: Lease
    text: "Whose it is until when."
    attributes:
      contract: { type: string, text: "Where that is written." }
resource_types:
  device: { name: Device, endpoint: /Devices, schema: device }
  desk: { name: Desk, endpoint: /Desks, schema: device, extensions: [lease] }
""" % (BADGE, PLAIN, DEVICE, LEASE)


def client(w):
    """A client of a tenant whose catalogue declares schemas."""
    if not hasattr(w, "declared"):
        made = w.server.tenant("declared")
        made.apply(CATALOGUE % "" + DECLARED)
        w.declared, w.declared_tenant = w.client(made), made
    return w.declared


def badge(w, **more):
    return {"number": "No-" + w.name(), **more}


def user(w, part, **more):
    return fine(client(w).post("/Users", w.draft(
        schemas=[USER, BADGE], **{BADGE: part}, **more)))


def show(w, made, query=""):
    return w.show(made, query, client(w))


def change(w, made, *operations):
    return w.change(made, *operations, client=client(w))


def described(w):
    found = fine(client(w).get("/Schemas/" + BADGE))
    return found, {attr["name"]: attr for attr in found["attributes"]}


@test
def declared_schemas_are_described(w):
    found, rows = described(w)
    same((found["id"], found["name"], found["description"]),
         (BADGE, "Badge", "What opens doors."))
    same({name: (row["type"], row["multiValued"], row["required"],
                 row["mutability"], row["returned"], row["uniqueness"])
          for name, row in rows.items()}, {
        "number": ("string", False, True, "readWrite", "default", "server"),
        "floors": ("integer", True, False, "readWrite", "default", "none"),
        "colour": ("string", False, False, "readWrite", "default", "none"),
        "since": ("dateTime", False, False, "immutable", "default", "none"),
        "weight": ("decimal", False, False, "readWrite", "default", "none"),
        "valid": ("boolean", False, False, "readWrite", "default", "none"),
        "picture": ("reference", False, False, "readWrite", "default",
                    "none"),
        "twin": ("reference", False, False, "readWrite", "default", "none"),
        "maker": ("string", False, False, "readOnly", "default", "none"),
        "secret": ("string", False, False, "readWrite", "request", "none"),
        "kind": ("string", False, False, "readWrite", "always", "none"),
        "car": ("complex", False, False, "readWrite", "default", "none")})
    same((rows["number"]["caseExact"], rows["colour"]["caseExact"],
          set(rows["colour"]["canonicalValues"])),
         (True, False, {"red", "blue"}))
    same({sub["name"] for sub in rows["car"]["subAttributes"]},
         {"plate", "electric", "doors"})


@test
def declared_schemas_are_extensions_of_users(w):
    extensions = {row["schema"]: row["required"] for row in fine(client(w).get(
        "/ResourceTypes/User"))["schemaExtensions"]}
    same((extensions.get(BADGE), extensions.get(PLAIN)), (False, False))
    listed = {row["id"] for row in fine(client(w).get("/Schemas"))[
        "Resources"]}
    true({BADGE, PLAIN} <= listed, listed)
    true(BADGE not in {row["id"] for row in fine(w.scim.get("/Schemas"))[
        "Resources"]}, "another tenant has it, too")


@test
def declared_attributes_are_kept_as_sent(w):
    part = badge(w, floors=[3, 1], colour="green", weight=12.5, valid=False,
                 since="2020-01-01T00:00:00Z", picture="https://x.example/p",
                 kind="k", car={"plate": "B 1", "electric": True})
    made = user(w, part)
    same(made[BADGE], part)
    true(BADGE in made["schemas"] and PLAIN not in made["schemas"], made)
    same(show(w, made)[BADGE], part)
    same(show(w, user(w, badge(w)))["schemas"].count(BADGE), 1)


@test
def declared_attributes_are_of_their_type(w):
    for part in ({"floors": ["x"]}, {"floors": [1.5]}, {"valid": "perhaps"},
                 {"since": "yesterday"}, {"weight": "heavy"},
                 {"car": "fast"}, {"colour": {"a": 1}}):
        refused(client(w).post("/Users", w.draft(
            schemas=[USER, BADGE], **{BADGE: badge(w, **part)})), 400,
                "invalidValue")


@test
def declared_references_are_uris(w):
    found, rows = described(w)
    same((rows["picture"]["caseExact"], rows["picture"]["referenceTypes"],
          rows["twin"]["referenceTypes"], "canonicalValues" in rows["twin"]),
         (True, ["external", "uri"], ["User", "Device"], False))
    for good in ("https://x.example/a%20b?c#d", "../Users/1", "urn:x:y",
                 "Users/1", "http://[::1]/"):
        same(user(w, badge(w, picture=good))[BADGE]["picture"], good)
    for bad in ("a b", "a\\b", "http://x/\u00e9", "%2", "<x>", '"x"'):
        refused(client(w).post("/Users", w.draft(
            schemas=[USER, BADGE], **{BADGE: badge(w, picture=bad)})), 400,
                "invalidValue")
    mark = w.name()
    made = user(w, badge(w, twin="urn:X:" + mark))
    for text, wanted in (("urn:X:" + mark, {made["id"]}),
                         ("urn:x:" + mark, set())):
        same(w.found('%s:twin eq "%s"' % (BADGE, text), client(w)), wanted)


@test
def declared_numbers_and_times_are_exact(w):
    for part in ({"floors": [1, 10, -3]}, {"weight": 1.5}, {"weight": 2},
                 {"since": "2020-02-29T00:00:00.5Z"},
                 {"since": "2020-01-01T00:00:00+01:00"}):
        made = user(w, badge(w, **part))
        same({name: made[BADGE][name] for name in part}, part)
    for part in ({"floors": [1.0]}, {"floors": ["1"]}, {"weight": "1.5"},
                 {"since": "2020-01-01"}, {"since": "10:00:00Z"},
                 {"since": "2021-02-29T00:00:00Z"},
                 {"since": "2020-13-01T00:00:00Z"},
                 {"since": "20200101T000000Z"}, {"since": 1577836800}):
        refused(client(w).post("/Users", w.draft(
            schemas=[USER, BADGE], **{BADGE: badge(w, **part)})), 400,
                "invalidValue")
    raw = json.dumps(w.draft(schemas=[USER, BADGE], **{
        BADGE: badge(w, floors=["?"])})).replace('"?"', "1e1")
    refused(client(w).post("/Users", raw.encode()), 400, "invalidValue")


@test
def what_a_declared_schema_requires_is_asked_for(w):
    refused(client(w).post("/Users", w.draft(
        schemas=[USER, BADGE], **{BADGE: {"colour": "red"}})), 400,
            "invalidValue")
    made = user(w, badge(w, colour="red"))
    refused(change(w, made, op("remove", BADGE + ":number")), 400)
    fine(client(w).post("/Users", w.draft()))   # nothing of it, nothing asked


@test
def declared_attributes_are_unique(w):
    part = badge(w)
    made = user(w, part)
    refused(client(w).post("/Users", w.draft(
        schemas=[USER, BADGE], **{BADGE: part})), 409, "uniqueness")
    other = user(w, badge(w))
    refused(change(w, other, op("replace", BADGE + ":number",
                                part["number"])), 409, "uniqueness")
    user(w, {"number": part["number"].upper()})     # case is exact
    same(show(w, made)[BADGE], part)


@test
def declared_attributes_are_found_when_equal(w):
    mark = w.name()
    part = badge(w, colour="Colour " + mark, floors=[7])
    made = user(w, part)
    for text, is_found in (
            ('%s:number eq "%s"' % (BADGE, part["number"]), True),
            ('%s:number eq "%s"' % (BADGE, part["number"].upper()), False),
            ('%s:colour eq "colour %s"' % (BADGE.upper(), mark), True),
            ('%s:COLOUR EQ "colour %s"' % (BADGE, mark), True)):
        same(w.found(text, client(w)), {made["id"]} if is_found else set(),
             text)
    true(made["id"] in w.found("%s:floors eq 7" % BADGE, client(w)), "floors")
    for text in ('%s:colour co "x"' % BADGE, "%s:weight eq 1" % BADGE,
                 '%s:nothing eq "x"' % BADGE):
        refused(client(w).search(filter=text), 400, "invalidFilter")


@test
def declared_mutability_is_obeyed(w):
    made = user(w, badge(w, since="2020-01-01T00:00:00Z", maker="me"))
    true("maker" not in made[BADGE], made)
    refused(change(w, made, op("add", BADGE + ":maker", "me")), 400,
            "mutability")
    refused(change(w, made, op("replace", BADGE + ":since",
                               "2021-01-01T00:00:00Z")), 400, "mutability")
    other = user(w, badge(w))
    after = fine(change(w, other, op("add", BADGE + ":since",
                                     "2021-01-01T00:00:00Z")))
    same(after[BADGE]["since"], "2021-01-01T00:00:00Z")
    body = {**show(w, made), BADGE: {**made[BADGE],
                                     "since": "2022-01-01T00:00:00Z"}}
    refused(client(w).put("/Users/" + made["id"], body), 400, "mutability")
    body[BADGE] = {**made[BADGE], "maker": "me", "colour": "blue"}
    after = fine(client(w).put("/Users/" + made["id"], body))
    same((after[BADGE]["colour"], "maker" in after[BADGE]), ("blue", False))
    third = user(w, badge(w))
    body = {**show(w, third), BADGE: {**third[BADGE],
                                      "since": "2022-01-01T00:00:00Z"}}
    after = fine(client(w).put("/Users/" + third["id"], body))
    same(after[BADGE]["since"], "2022-01-01T00:00:00Z")


@test
def declared_returned_rules_are_obeyed(w):
    made = user(w, badge(w, secret="s", kind="k", colour="red"))
    same(made[BADGE]["secret"], "s", "it was sent:")
    true("secret" not in show(w, made)[BADGE], made)
    after = fine(change(w, made, op("add", BADGE + ":secret", "t")))
    same(after[BADGE]["secret"], "t", "it was sent:")
    after = fine(change(w, made, op("add", BADGE + ":secret", "s"),
                        op("remove", BADGE + ":colour")))
    after = fine(change(w, made, op("add", BADGE + ":colour", "red")))
    true("secret" not in after[BADGE], after)
    same(show(w, made, "?attributes=%s:secret" % BADGE)[BADGE],
         {"secret": "s", "kind": "k"})
    same(show(w, made, "?attributes=userName").get(BADGE), {"kind": "k"})
    shown = show(w, made, "?excludedAttributes=%s:kind,%s:colour" % (
        BADGE, BADGE))[BADGE]
    same((shown.get("kind"), "colour" in shown, "secret" in shown),
         ("k", False, False))


@test
def declared_attributes_are_patched(w):
    made = user(w, badge(w, floors=[1], colour="red",
                         car={"plate": "B 1", "electric": True}))
    after = fine(change(
        w, made, op("add", BADGE + ":floors", [2]),
        op("replace", BADGE + ":colour", "blue"),
        op("replace", BADGE + ":car.plate", "B 2"),
        op("add", None, {BADGE: {"weight": 1.5}}),
        op("add", PLAIN + ":word", "w")))
    same((set(after[BADGE]["floors"]), after[BADGE]["colour"],
          after[BADGE]["car"], after[BADGE]["weight"], after[PLAIN]),
         ({1, 2}, "blue", {"plate": "B 2", "electric": True}, 1.5,
          {"word": "w"}))
    true(PLAIN in after["schemas"], after)
    for path, value, doors in (
            (None, {BADGE: {"car": {"doors": [2, 4]}}}, [2, 4]),
            (BADGE + ":car.doors", [4, 5], [2, 4, 5]),
            (BADGE + ":car.doors", 6, [2, 4, 5, 6])):
        after = fine(change(w, made, op("add", path, value)))
        same(after[BADGE]["car"], {
            "plate": "B 2", "electric": True, "doors": doors})
    after = fine(change(w, made, op("replace", BADGE + ":car.doors", [1])))
    same(after[BADGE]["car"]["doors"], [1])
    refused(change(w, made, op("add", BADGE + ":car.doors", ["x"])), 400,
            "invalidValue")
    after = fine(change(w, made, op("remove", BADGE + ":car"),
                        op("remove", PLAIN)))
    true("car" not in after[BADGE] and PLAIN not in after["schemas"], after)
    refused(change(w, made, op("add", BADGE + ":nothing", "x")), 400,
            "invalidPath")
    # What only users have is no attribute of a device, known or not.
    refused(client(w).post("/Devices", {
        "schemas": [DEVICE], "profileUrl": "https://x.example"}), 400,
            "invalidPath")


@test
def declared_resources_are_sorted(w):
    client(w)
    mine = w.of(w.declared_tenant, source=w.name())
    made = [fine(mine.post("/Devices", {"schemas": [DEVICE], "model": "m"}))
            ["id"] for _ in range(5)]
    for asked in {}, {"filter": 'model eq "m"'}:
        for order, wanted in ("ascending", made), ("descending", made[::-1]):
            found = fine(mine.list("/Devices", sortBy="id", sortOrder=order,
                                   **asked))
            same([row["id"] for row in found["Resources"]], wanted, order)
            found, cursor, queries = [], "", 0
            while cursor is not None and queries < 9:
                page = fine(mine.list("/Devices", sortBy="meta.created",
                                      sortOrder=order, count=2,
                                      cursor=cursor, **asked))
                same(page["totalResults"], 5)
                found += [row["id"] for row in page["Resources"]]
                cursor, queries = page.get("nextCursor"), queries + 1
            same(found, wanted, order)
            found = []
            for start in 1, 3, 5:
                found += [row["id"] for row in fine(mine.list(
                    "/Devices", sortBy="id", sortOrder=order, count=2,
                    startIndex=start, **asked))["Resources"]]
            same(found, wanted, order)


@test
def declared_attributes_are_replaced(w):
    made = user(w, badge(w, floors=[1], colour="red"))
    reply = status(client(w).put("/Users/" + made["id"], {
        "schemas": [USER, BADGE], "userName": made["userName"],
        BADGE: {"number": made[BADGE]["number"], "floors": []}}), 200)
    same(reply.json[BADGE], {"number": made[BADGE]["number"]})
    same(fine(client(w).put("/Users/" + made["id"], show(w, made)))[BADGE],
         reply.json[BADGE])


def terse(w):
    """A client of the strictest tenant that declares the same."""
    if not hasattr(w, "terse"):
        made = w.server.tenant("terse")
        made.apply(CATALOGUE % STRICT + DECLARED)
        w.terse = w.client(made)
    return w.terse


@test
def a_change_of_what_is_declared_is_shown_in_parts(w):
    for asks in (client(w), terse(w)):
        device = fine(asks.post("/Devices", {
            "schemas": [DEVICE], "externalId": "x", "model": "M"}))
        path = "/Devices/" + device["id"]
        reply = asks.patch(path + "?attributes=model",
                           op("replace", "model", "N"))
        same(set(status(reply, 200).json), {"schemas", "id", "model"})
        same(reply.json["model"], "N")
        person = fine(asks.post("/Users", w.draft(
            schemas=[USER, BADGE], **{BADGE: badge(w)})))
        reply = asks.patch("/Users/%s?attributes=%s:colour" % (
            person["id"], BADGE), op("add", BADGE + ":colour", "red"))
        same(status(reply, 200).json[BADGE]["colour"], "red")
        true("userName" not in reply.json, reply.json)
    # Who asks for nothing is told nothing, but the version.
    for asked in (path, path + "?excludedAttributes=model",
                  path + "?attributes="):
        reply = status(asks.patch(asked, op("replace", "model", asked)), 204)
        same(reply.body, b"")
        same(reply.etag, fine(asks.get(path))["meta"]["version"])


@test
def what_is_declared_is_asked_for_by_what_has_an_index(w):
    mine, model = client(w), w.name()
    made = fine(mine.post("/Devices", {
        "schemas": [DEVICE], "externalId": model, "model": model}))
    for text in ('model eq "%s"' % model, 'externalId eq "%s"' % model,
                 DEVICE + ':model eq "%s"' % model,
                 'id eq "%s"' % made["id"]):
        same([row["id"] for row in fine(mine.list(
            "/Devices", filter=text))["Resources"]], [made["id"]])
    same(fine(mine.list("/Devices", filter='id eq "x"'))["totalResults"], 0)
    for text in ('colour eq "red"', 'meta.created pr', 'meta eq "x"',
                 'model sw "user"', 'schemas eq "x"', 'model.x eq "y"',
                 'model eq "x" and model eq "y"', 'model eq true',
                 'model eq'):
        refused(mine.list("/Devices", filter=text), 400, "invalidFilter")


@test
def what_is_declared_is_not_asked_for_in_addresses_if_so_set(w):
    asks, model = terse(w), w.name()
    made = fine(asks.post("/Devices", {"schemas": [DEVICE], "model": model}))
    text = 'model eq "%s"' % model
    refused(asks.list("/Devices", filter=text), 403, "sensitive")
    same([row["id"] for row in fine(asks.search(
        "/Devices", filter=text))["Resources"]], [made["id"]])
    same(fine(asks.list("/Devices", filter='id eq "%s"' % made["id"]))[
        "totalResults"], 1)


@test
def declared_values_have_their_bounds(w):
    def device(**more):
        return client(w).post("/Devices", {"schemas": [DEVICE], **more})

    refused(device(model="x" * 1025), 400, "invalidValue")
    refused(device(model="a", externalId="a\u0007b"), 400, "invalidValue")
    refused(device(model="a", externalId="x" * 257), 400, "invalidValue")
    # All of it together, too: of one request, and of what comes to it.
    long = ["%d" % i + "x" * 1000 for i in range(40)]
    refused(device(labels=long), 413)
    path = "/Devices/" + fine(device(labels=long[:20]))["id"]
    told = refused(client(w).patch(path, op("add", "labels", long[20:])), 413)
    true("24576" not in told["detail"], told)
    same(len(fine(client(w).get(path))["labels"]), 20)
    refused(client(w).post("/Users", w.draft(
        schemas=[USER, PLAIN], **{PLAIN: {"tags": long}})), 413)
    refused(client(w).post("/Users", w.draft(
        schemas=[USER, PLAIN], **{PLAIN: {
            "tags": ["t%d" % i for i in range(101)]}})), 400)


@test
def resources_have_what_all_have(w):
    """RFC 7643 3.1, of types that are declared."""
    reply = status(client(w).post("/Devices", {
        "schemas": [DEVICE], "model": "M", "id": "mine",
        "meta": {"created": "2000-01-01T00:00:00Z"}}), 201)
    made, meta = reply.json, reply.json["meta"]
    same((made["schemas"], made["model"], meta["resourceType"]),
         ([DEVICE], "M", "Device"))
    same((reply.headers["location"], reply.etag, meta["lastModified"]),
         (meta["location"], meta["version"], meta["created"]))
    true(meta["location"].endswith("/scim/v2/Devices/" + made["id"]), meta)
    true(meta["created"] > "2001" and made["id"] != "mine", made)
    path = "/Devices/" + made["id"]
    for each in (reply, client(w).get(path), client(w).put(path, made),
                 client(w).patch(path, op("replace", "model", "N"))):
        same(fine(each)["meta"]["location"], meta["location"])
        same((each.headers.get("content-location"), each.etag),
             (meta["location"], each.json["meta"]["version"]))


@test
def a_resource_that_is_as_asked_is_not_changed(w):
    made = fine(client(w).post("/Devices", {
        "schemas": [DEVICE], "model": "m " + w.name(),
        "externalId": "d-" + w.name()}))
    path = "/Devices/" + made["id"]
    for each in (op("add", "model", made["model"]),
                 op("replace", "model", made["model"]),
                 op("add", None, {"model": made["model"]}),
                 op("add", "externalId", made["externalId"])):
        same(fine(client(w).patch(path, each)), made, each)
    same(fine(client(w).put(path, made)), made)
    after = fine(client(w).patch(path, op("add", "model", "other")))
    true(after["meta"]["version"] != made["meta"]["version"], after)
    true(after["meta"]["lastModified"] > made["meta"]["lastModified"], after)


@test
def what_a_resource_does_not_have_changes_nothing(w):
    """Neither a schema of its type nor any value: it is as it was."""
    for part in ({}, {"model": "m"}, {"model": "m", LEASE: {"contract": "C"}},
                 {LEASE: {"contract": "C"}}):
        made = fine(client(w).post("/Desks", {
            "schemas": [DEVICE, LEASE], **part}))
        path = "/Desks/" + made["id"]
        for body in made, {**made, LEASE: made.get(LEASE, {})}, {
                **made, "labels": []}:
            same(fine(client(w).put(path, body)), made, body)
        same(fine(client(w).patch(path, op("remove", "labels"))), made)
        after = fine(client(w).patch(path, op("add", "externalId", w.name())))
        same(after["meta"]["version"], '"2"')


@test
def all_types_are_listed_alike(w):
    # Who may not read roles is shown the groups alone.
    mine = w.of(client(w).world.declared_tenant, source=w.name(), rights=[
        "onboarding.write", "person.read", "person.write", "resource.read",
        "resource.write"])
    for path, body in (("/Users", lambda: w.draft()), ("/Groups", lambda: {
            "schemas": [GROUP], "displayName": w.name()}), (
                "/Devices", lambda: {"schemas": [DEVICE], "model": "m"})):
        made = [fine(mine.post(path, body()))["id"] for _ in range(3)]
        for query, first, rows in (
                ("", 1, made), ("startIndex=0&count=2", 1, made[:2]),
                ("startIndex=-3&count=2", 1, made[:2]),
                ("startIndex=2&count=1", 2, made[1:2]),
                ("startIndex=9", 9, []), ("count=0", 1, []),
                ("count=-1", 1, []), ("count=501", 1, made)):
            found = fine(mine.get("%s?%s" % (path, query)))
            same((found["totalResults"], found["startIndex"],
                  found["itemsPerPage"]), (3, first, len(rows)), path, query)
            same([row["id"] for row in found["Resources"]], rows, path, query)
        for query in ("startIndex=x", "count=x"):
            refused(mine.get("%s?%s" % (path, query)), 400)
        refused(mine.get(path + "?filter=x"), 400, "invalidFilter")
        kinds = {row["meta"]["resourceType"]
                 for row in fine(mine.get(path))["Resources"]}
        same(kinds, {path[1:-1]})


@test
def a_full_last_page_is_the_last(w):
    """RFC 9865 2: where nothing follows there is no cursor to it."""
    mine = w.of(client(w).world.declared_tenant, source=w.name(), rights=[
        "onboarding.write", "person.read", "person.write", "resource.read",
        "resource.write"])
    for path, body, more in (
            ("/Users", lambda: w.draft(title="T", displayName="Zoe"), [
                {"filter": 'title eq "T"'}, {"filter": 'displayName eq "Zoe"'},
                {"sortBy": "id", "sortOrder": "descending"}]),
            ("/Groups", lambda: {"schemas": [GROUP],
                                 "displayName": w.name()}, []),
            ("/Devices", lambda: {"schemas": [DEVICE], "model": "Zoe"}, [
                {"filter": 'model eq "Zoe"'},
                {"sortBy": "id", "sortOrder": "descending"}])):
        made = {fine(mine.post(path, body()))["id"] for _ in range(4)}
        for asked in [{}] + more:
            first = fine(mine.list(path, count=2, cursor="", **asked))
            last = fine(mine.list(path, count=2, cursor=first["nextCursor"],
                                  **asked))
            true("nextCursor" not in last, path, asked, last)
            same({row["id"] for page in (first, last)
                  for row in page["Resources"]}, made, path, asked)


@test
def a_filter_finds_ones_own_among_many(w):
    """However many of another client have the same value."""
    mine, model = client(w), w.name()

    def device():
        return {"schemas": [DEVICE], "model": model}

    other = w.of(w.declared_tenant, source="plugs")
    status(other.post("/Bulk", {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [{"method": "POST", "path": "/Devices",
                        "bulkId": str(i), "data": device()}
                       for i in range(600)]}), 200)
    made = {fine(mine.post("/Devices", device()))["id"] for _ in range(2)}
    asked = '/Devices?filter=model%20eq%20%22' + model + '%22'
    found = fine(mine.get(asked))
    same((found["totalResults"], {row["id"] for row in found["Resources"]}),
         (2, made))
    refused(other.get(asked), 400, "tooMany")


@test
def hostile_declared_values_harm_nobody(w):
    made = user(w, badge(w))
    deep = "x"
    for _ in range(28):
        deep = [deep]
    nothing = json.loads(json.dumps(deep).replace('"x"', ""))
    many = ["t%d" % i for i in range(80)]
    for part in ({"car": {"plate": deep}}, {"car": deep}, {"colour": deep}):
        refused(client(w).post("/Users", w.draft(
            schemas=[USER, BADGE], **{BADGE: badge(w, **part)})), 400)
    # What holds nothing is absent, however deep that is.
    user(w, badge(w, car={"plate": nothing, "electric": True}))
    # Of both schemas together no more is indexed than is found again.
    refused(client(w).post("/Users", w.draft(
        schemas=[USER, BADGE, PLAIN], **{
            BADGE: badge(w, floors=list(range(40))),
            PLAIN: {"tags": many[:40]}})), 400)
    refused(client(w).post("/Users", w.draft(
        schemas=[USER, PLAIN], **{PLAIN: {"tags": many}})), 400)
    native = w.declared_tenant.client()

    def patch(body):
        return native.request(
            "PATCH", "/api/v1/persons/" + made["id"],
            {"extensions": body}, {"If-Match": "*"}).status

    same(patch({BADGE: {"colour": "red", "COLOUR": "blue"}}), 400)
    same(patch({PLAIN: {"word": "a"}, PLAIN.upper(): {"word": "b"}}), 400)
    same(patch({PLAIN: {"word": nothing}}), 400)
    # What is immutable does not change by going and coming again.
    same(patch({PLAIN: {"code": "1"}}), 200)
    same(patch({PLAIN: None}), 400)
    same(patch(None), 400)
    same(show(w, made)[PLAIN], {"code": "1"})
