# SPDX-License-Identifier: Apache-2.0
"""scimproducts.py - tests of entitlements: the products that somebody asked
for, which come and go by POST, PUT and PATCH through the one gate."""
from scimlib import USER, USHER, fine, op, refused, same, status, test, true

CATALOGUE = """catalogue: 1
settings: { client.removals_least: 100000 }
departments:
  it: { name: "IT" }
products:
  mail: { name: "Mail", cap: 100 }
  cad: { name: "Drawing", cap: 100 }
  wiki: { name: "Wiki", cap: 100, grant: 'title eq "W"' }
  rare: { name: "Rare", cap: 100 }
groups:
  drawers: { name: "Drawers", products: [cad] }
pools:
  mail-all: { product: mail, quota: 1000 }
  cad-all: { product: cad, quota: 1000 }
  wiki-all: { product: wiki, quota: 1000 }
  rare-all: { product: rare, quota: 1 }
"""
BOTH = "?attributes=entitlements,%s:licences" % USHER
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


def client(w):
    """A client of a tenant with rules, groups and a product that is rare."""
    if not hasattr(w, "products"):
        w.selling = w.server.tenant("selling")
        w.selling.apply(CATALOGUE)
        w.products = w.client(w.selling)
    return w.products


def user(w, *slugs, **more):
    return fine(client(w).post("/Users", w.draft(
        entitlements=[{"value": slug} for slug in slugs], **more)))


def change(w, made, *operations, by=None):
    return w.change(made, *operations, client=by or client(w))


def asked(row):
    return sorted(one["value"] for one in row.get("entitlements", []))


def licences(row):
    return {one["value"]: one["outcome"]
            for one in row.get(USHER, {}).get("licences", [])}


def shown(w, made):
    row = w.show(made, BOTH, client(w))
    return asked(row), licences(row)


def seats(w, made):
    """As the native API tells it."""
    told = w.selling.client().get(
        "/api/v1/persons/%s/seats" % made["id"]).json
    return sorted(row["product"] for row in told["items"])


@test
def entitlements_come_and_go_by_patch(w):
    made = user(w)
    same(shown(w, made), ([], {}))
    after = fine(change(w, made, op("add", "entitlements", [
        {"value": "mail"}, {"value": "cad"}])))
    same((asked(after), licences(after)),
         (["cad", "mail"], {"mail": "assigned", "cad": "assigned"}))
    same(after["entitlements"][0].keys(), {"value", "display"})
    same(seats(w, made), ["cad", "mail"])
    # Once more changes nothing, in whatever form.
    for value in ["mail"], {"value": "mail"}, [{"value": "mail"}]:
        again = fine(change(w, made, op("Add", "entitlements", value)))
        same(again["meta"]["version"], after["meta"]["version"], value)
    after = fine(change(w, made, op(
        "remove", 'entitlements[value eq "mail"]')))
    same((shown(w, made), seats(w, made)),
         ((["cad"], {"cad": "assigned"}), ["cad"]))
    fine(change(w, made, op("replace", "entitlements", ["mail"])))
    same((shown(w, made), seats(w, made)),
         ((["mail"], {"mail": "assigned"}), ["mail"]))
    fine(change(w, made, op("remove", "entitlements")))
    same((shown(w, made), seats(w, made)), (([], {}), []))


@test
def put_replaces_entitlements_that_it_names(w):
    made = user(w, "mail", "cad")
    body = {"schemas": [USER], "userName": made["userName"]}
    fine(client(w).put("/Users/" + made["id"], body))
    same(shown(w, made)[0], ["cad", "mail"], "left out, so as they were:")
    after = fine(client(w).put("/Users/" + made["id"], {
        **body, "entitlements": [{"value": "wiki"}, {"value": "cad"}]}))
    same((asked(after), licences(after)),
         (["cad", "wiki"], {"wiki": "assigned", "cad": "assigned"}))
    same(seats(w, made), ["cad", "wiki"])
    fine(client(w).put("/Users/" + made["id"], {**body, "entitlements": []}))
    same((shown(w, made), seats(w, made)), (([], {}), []))


@test
def entitlements_are_what_was_asked_for_by_name(w):
    """What rules and groups give is among the licences, and stays."""
    made = user(w, "wiki", "cad", title="W")
    group = fine(client(w).post("/Groups", {
        "schemas": [GROUP], "displayName": "Drawers",
        "members": [{"value": made["id"]}]}))
    all_three = {"wiki": "assigned", "cad": "assigned"}
    same(shown(w, made), (["cad", "wiki"], all_three))
    fine(change(w, made, op("remove", "entitlements")))
    same(shown(w, made), ([], all_three))
    status(client(w).delete("/Groups/" + group["id"]), 204)
    same(shown(w, made), ([], {"wiki": "assigned"}))
    # From asked for to given by a rule, at once: the seat stays.
    other = user(w, "wiki")
    since = w.selling.client().get(
        "/api/v1/persons/%s/seats" % other["id"]).json["items"]
    fine(change(w, other, op("replace", "title", "W"),
                op("remove", "entitlements")))
    same(w.selling.client().get(
        "/api/v1/persons/%s/seats" % other["id"]).json["items"], since)
    same(shown(w, other), ([], {"wiki": "assigned"}))


@test
def who_gives_a_product_back_makes_room(w):
    first, second = user(w, "rare"), user(w, "rare")
    row = w.show(second, BOTH, client(w))
    same((asked(row), licences(row)), (["rare"], {"rare": "queued"}))
    fine(change(w, first, op("remove", 'entitlements[value eq "rare"]')))
    # Nobody changed who was served, but what is shown of them is not as it was.
    reply = client(w).get("/Users/%s%s" % (second["id"], BOTH),
                          If_None_Match=row.get("meta", second["meta"])[
                              "version"])
    same(licences(fine(status(reply, 200))), {"rare": "assigned"})
    third = fine(change(w, first, op("add", "entitlements", ["rare"])))
    same(third[USHER]["licences"][0]["outcome"], "queued")
    same(third[USHER]["licences"][0]["position"], 1)
    for one in first, second:
        fine(change(w, one, op("remove", "entitlements")))


@test
def entitlements_are_products_or_refused(w):
    made = user(w, "mail")
    refused(change(w, made, op("add", "title", "T"),
                   op("add", "entitlements", ["nothing"])), 400,
            "invalidValue")
    refused(change(w, made, op("add", "entitlements", [
        {"value": "p%d" % i} for i in range(101)])), 400, "invalidValue")
    refused(client(w).post("/Users", w.draft(entitlements=[
        {"value": "p%d" % i} for i in range(101)])), 400, "invalidValue")
    refused(change(w, made, op("add", "title", "T"), op(
        "remove", 'entitlements[nothing eq "x"]')), 400)
    row = w.show(made, "?attributes=title,entitlements", client(w))
    same((asked(row), row.get("title")), (["mail"], None))
    refused(client(w).search(filter='entitlements eq "mail"'), 400,
            "invalidFilter")
    # What a filter says of an element that is not there makes it.
    after = fine(change(w, made, op(
        "replace", 'entitlements[value eq "cad"].value', "cad")))
    same(asked(after), ["cad", "mail"])


@test
def entitlements_need_the_rights_of_seats(w):
    base = ["person.read", "person.write"]
    made = user(w, "mail")
    adding, ending = (op("add", "entitlements", ["cad"]),
                      op("remove", 'entitlements[value eq "mail"]'))
    for rights, may_add, may_end, sees in (
            ([], False, False, False),
            (["onboarding.write"], True, False, False),
            (["seat.write"], False, True, False),
            (["seat.read"], False, False, True),
            (["onboarding.write", "seat.write"], True, True, False)):
        by = w.of(w.selling, rights=base + rights)
        reply = change(w, made, adding, by=by)
        same(reply.status, 200 if may_add else 403, rights, reply)
        same("entitlements" in reply.json, False, rights)
        reply = change(w, made, ending, by=by)
        # Who sees no entitlements finds none to remove.
        same(reply.status, 200 if may_end else 403 if rights else 200,
             rights, reply)
        same(asked(w.show(made, BOTH, by)), [] if not sees else ["mail"])
        same(shown(w, made)[0], sorted(
            {"mail"} - ({"mail"} if may_end else set())
            | ({"cad"} if may_add else set())), rights)
        fine(change(w, made, op("replace", "entitlements", ["mail"])))
    # What is sent as it stands asks for nothing.
    by = w.of(w.selling, rights=base + ["seat.read"])
    body = {"schemas": [USER], "userName": made["userName"],
            "entitlements": ["mail"]}
    fine(by.put("/Users/" + made["id"], body))
    fine(by.put("/Users/" + made["id"], {
        "schemas": [USER], "userName": made["userName"],
        "nickName": "entitlements"}))
    refused(by.put("/Users/" + made["id"], {**body, "entitlements": []}), 403)
    same(shown(w, made)[0], ["mail"])


@test
def what_is_returned_on_request_is_returned_when_sent(w):
    """RFC 7643 7: it was specified by the client, or it was asked for."""
    made = user(w, "mail")
    same(asked(made), ["mail"])
    true("entitlements" not in w.show(made, "", client(w)), "not asked for")
    true("entitlements" not in w.show(
        made, "?excludedAttributes=title", client(w)), "not asked for")
    true("entitlements" not in fine(change(w, made, op(
        "add", "title", "T"))), "not sent")
    true("entitlements" not in fine(client(w).put("/Users/" + made["id"], {
        "schemas": [USER], "userName": made["userName"]})), "not sent")
    reply = client(w).request("PATCH", "/Users/%s?attributes=title" %
                              made["id"], {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [op("add", "entitlements", ["cad"])]})
    true("entitlements" not in fine(reply), "something else was asked for")
    rows = fine(client(w).search(
        filter='userName eq "%s"' % made["userName"],
        attributes=["entitlements"]))["Resources"]
    same([asked(row) for row in rows], [["cad", "mail"]])
    same(licences(rows[0]), {})


@test
def what_came_of_products_is_told_to_who_asked_for_them(w):
    made = user(w)
    by = w.of(w.selling, rights=["person.read", "person.write"])
    after = fine(change(w, made, op("replace", "title", "W"), by=by))
    same(licences(after), {}, "a rule gave it, and who did that may not read:")
    same(shown(w, made), ([], {"wiki": "assigned"}))
    # What is asked for by name is told beside what is there already.
    reply = client(w).request("PATCH", "/Users/%s%s" % (made["id"], BOTH), {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [op("add", "entitlements", ["mail", "cad"])]})
    same(licences(fine(reply)), dict.fromkeys(
        ("wiki", "mail", "cad"), "assigned"))


def many(w):
    """A client of a tenant with many products, all of which title T gives."""
    names = ["p%03d" % i for i in range(150)]
    if not hasattr(w, "many"):
        made = w.server.tenant("many")
        made.apply("catalogue: 1\nproducts:\n%spools:\n%s" % (
            "".join("  %s: { cap: 100, grant: 'title eq \"T\"' }\n" % name
                    for name in names),
            "".join("  %s: { product: %s, quota: 90 }\n" % (name, name)
                    for name in names)))
        w.many = w.client(made)
    return w.many, names


@test
def many_entitlements_are_given_back_one_by_one(w):
    """However many are there: what is bounded is how many are new."""
    by, names = many(w)
    made = w.user(by, entitlements=names[:100])
    same(len(fine(w.change(made, op("add", "entitlements", names[100:]),
                           client=by))["entitlements"]), 150)
    after = fine(w.change(made, op("remove", 'entitlements[value eq "p003"]'),
                          client=by))
    same(len(after["entitlements"]), 149)
    fine(w.change(made, op("remove", "entitlements"), client=by))
    refused(w.change(made, op("add", "entitlements", names[:101]), client=by),
            400, "invalidValue")
    same(w.show(made, BOTH, by).get("entitlements"), None)


@test
def what_many_people_have_is_bounded_in_one_answer(w):
    by, names = many(w)
    fine(by.post("/Bulk", {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [{"method": "POST", "path": "/Users", "bulkId": str(i),
                        "data": w.draft(title="T")} for i in range(135)]}))
    refused(by.get("/Users" + BOTH + "&count=500"), 400, "tooMany")
    refused(by.search(filter='title eq "T"', count=500,
                      attributes=["entitlements"]), 400, "tooMany")
    rows = fine(by.get("/Users" + BOTH + "&count=100"))["Resources"]
    same({len(licences(row)) for row in rows if licences(row)}, {150})
    same(len(fine(by.get("/Users?count=500"))["Resources"]) >= 135, True)
