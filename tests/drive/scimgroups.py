# SPDX-License-Identifier: Apache-2.0
"""scimgroups.py - tests of groups: RFC 7643 4.2, and RFC 7644 where groups are
not as users."""
from scimlib import (BASE, ENTERPRISE, ERROR, GROUP, LIST, fine, op, refused,
                     same, status, test, true, without)


def draft(w, *members, **more):
    return {"schemas": [GROUP], "displayName": "group " + w.name(),
            **({"members": [{"value": each["id"]} for each in members]}
               if members else {}), **more}


def group(w, *members, client=None, **more):
    return fine((client or w.scim).post("/Groups", draft(w, *members, **more)))


def show(w, made, query="", client=None):
    return fine((client or w.scim).get("/Groups/%s%s" % (made["id"], query)))


def change(w, made, *operations):
    return w.scim.patch("/Groups/" + made["id"], *operations)


def members(found):
    return {row["value"] for row in found.get("members", [])}


def ids(*users):
    return {user["id"] for user in users}


def refs(*users):
    return [{"value": user["id"]} for user in users]


def listed(w, text, client=None):
    return {row["id"] for row in fine((client or w.scim).search(
        "/Groups", filter=text))["Resources"]}


# --- made, shown -------------------------------------------------------------

@test
def groups_are_made_as_users_are(w):
    ana = w.user()
    reply = status(w.scim.post("/Groups", draft(w, ana, id="mine", meta={
        "version": "9"})), 201)
    made = reply.json
    same(reply.headers["location"], made["meta"]["location"])
    true(made["meta"]["location"].endswith(BASE + "/Groups/" + made["id"]),
         made["meta"])
    true(made["id"] != "mine" and "bulkid" not in made["id"].lower(), made)
    same(made["meta"]["resourceType"], "Group")
    same((reply.etag, reply.headers.get("content-location")),
         (made["meta"]["version"], made["meta"]["location"]))
    same(made["meta"]["created"], made["meta"]["lastModified"])
    same(made["schemas"][0], GROUP)
    same(members(made), ids(ana))
    same(without(show(w, made), "meta"), without(made, "meta"))


@test
def groups_have_a_name(w):
    for value in (None, "", " "):
        refused(w.scim.post("/Groups", {"schemas": [GROUP],
                                        "displayName": value}), 400,
                "invalidValue")
    refused(w.scim.post("/Groups", {"schemas": [GROUP]}), 400, "invalidValue")
    refused(w.scim.post("/Groups", {"displayName": "x"}), 400,
            "invalidSyntax")


@test
def groups_of_one_name_are_a_conflict(w):
    made = group(w, externalId="g-" + w.name())
    for more in ({"displayName": made["displayName"]},
                 {"displayName": made["displayName"].upper()},
                 {"externalId": made["externalId"]}):
        refused(w.scim.post("/Groups", draft(w, **more)), 409, "uniqueness")


@test
def members_are_shown_by_id_and_reference(w):
    ana = w.user()
    row, = group(w, ana)["members"]
    same(row["value"], ana["id"])
    same(row["$ref"], ana["meta"]["location"])
    same(row.get("type", "User"), "User")
    same(fine(w.scim.get(row["$ref"].partition(BASE)[2]))["id"], ana["id"])


@test
def members_are_there(w):
    for wrong in ("0000000000ABC", "x", ""):
        refused(w.scim.post("/Groups", draft(w, members=[
            {"value": wrong}])), 400, "invalidValue")
    for bare in ({}, {"type": "User"}, {"$ref": "http://x/Users/"}):
        refused(w.scim.post("/Groups", draft(w, members=[bare])), 400,
                "invalidValue")
    theirs = w.user(w.other)
    refused(w.scim.post("/Groups", draft(w, theirs)), 400, "invalidValue")


@test
def groups_in_groups_are_refused(w):
    inner, outer = group(w), group(w)
    told = refused(w.scim.post("/Groups", draft(w, inner)), 400,
                   "invalidValue")
    true("group" in told["detail"].lower(), told)
    refused(change(w, outer, op("add", "members", [
        {"value": inner["id"], "type": "Group"}])), 400, "invalidValue")


@test
def a_user_shows_the_groups_that_it_is_in(w):
    ana = w.user()
    made = group(w, ana)
    row, = w.show(ana)["groups"]
    same((row["value"], row["$ref"], row.get("display",
                                             made["displayName"])),
         (made["id"], made["meta"]["location"], made["displayName"]))
    same(row["type"], "direct")
    fine(w.scim.put("/Users/" + ana["id"], {
        **w.show(ana), "groups": []}))
    same(members(show(w, made)), ids(ana))
    fine(change(w, made, op("remove", "members")))
    true(not w.show(ana).get("groups"), "still in")


@test
def groups_are_each_clients_own(w):
    made = group(w)
    path = "/Groups/" + made["id"]
    for client in (w.other, w.foreign):
        for reply in (client.get(path), client.delete(path),
                      client.put(path, draft(w)),
                      client.patch(path, op("replace", "displayName", "x"))):
            refused(reply, 404)
        same(listed(w, 'id eq "%s"' % made["id"], client), set())
    for path in ("x", "0000000000ABC", w.user()["id"]):
        refused(w.scim.get("/Groups/" + path), 404)
    refused(w.scim.get("/Users/" + made["id"]), 404)


# --- found -------------------------------------------------------------------

@test
def groups_are_listed(w):
    made = group(w)
    for reply in (w.scim.get("/Groups?count=500"),
                  w.scim.search("/Groups", count=500)):
        same(status(reply, 200).json["schemas"], [LIST])
        true(made["id"] in {row["id"] for row in reply.json["Resources"]},
             "it is not there")
    found = fine(w.scim.get("/Groups?startIndex=1&count=1"))
    same((found["startIndex"], found["itemsPerPage"],
          len(found["Resources"])), (1, 1, 1))
    same(fine(w.scim.get("/Groups?count=0"))["Resources"], [])
    seen, cursor = [], ""
    while cursor is not None:
        page = fine(w.scim.get("/Groups?count=2&cursor=" + cursor))
        seen += [row["id"] for row in page["Resources"]]
        cursor = page.get("nextCursor")
    same((len(seen), made["id"] in seen), (found["totalResults"], True))
    same(len(set(seen)), len(seen))
    refused(w.scim.get("/Groups?cursor=nonsense"), 400, "invalidCursor")


@test
def groups_are_found(w):
    ana, bo = w.user(), w.user()
    made = group(w, ana, externalId="f-" + w.name())
    for text in ('displayName eq "%s"' % made["displayName"].upper(),
                 'DISPLAYNAME EQ "%s"' % made["displayName"],
                 GROUP + ':displayName eq "%s"' % made["displayName"],
                 'externalId eq "%s"' % made["externalId"],
                 'id eq "%s"' % made["id"],
                 'members.value eq "%s"' % ana["id"],
                 'members[value eq "%s"]' % ana["id"],
                 'id eq "%s" and members[value eq "%s"]' % (
                     made["id"], ana["id"])):
        same(listed(w, text), {made["id"]}, text)
    for text in ('members.value eq "%s"' % bo["id"],
                 'id eq "%s" and members.value eq "%s"' % (
                     made["id"], bo["id"]),
                 'externalId eq "%s"' % made["externalId"].upper(),
                 'displayName eq "nothing at all"'):
        same(listed(w, text), set(), text)


@test
def other_filters_of_groups_are_refused(w):
    for text in ('displayName co "x"', "displayName pr", 'shoes eq "x"',
                 'displayName regex "x"', "displayName", 'not (id eq "x")',
                 'id eq "x" or id eq "y"'):
        refused(w.scim.search("/Groups", filter=text), 400, "invalidFilter")


@test
def groups_are_shown_in_parts(w):
    made = group(w, w.user())
    same(set(show(w, made, "?attributes=displayName")),
         {"schemas", "id", "displayName"})
    path = "/Groups/%s?attributes=displayName" % made["id"]
    for reply in (w.scim.put(path, show(w, made)), w.scim.patch(path, op(
            "add", "displayName", made["displayName"])),
                  w.scim.post("/Groups?attributes=displayName", draft(w))):
        same(set(fine(reply)), {"schemas", "id", "displayName"})
    for reply in (w.scim.get("/Groups?count=1&attributes=displayName"),
                  w.scim.search("/Groups", count=1,
                                attributes=["displayName"])):
        same(set(fine(reply)["Resources"][0]),
             {"schemas", "id", "displayName"})
    same(set(show(w, made, "?attributes=members.value")["members"][0]),
         {"value"})
    shown = show(w, made, "?excludedAttributes=members,id")
    true("members" not in shown and "id" in shown and "displayName" in shown,
         shown)


# --- changed -----------------------------------------------------------------

@test
def groups_are_replaced(w):
    ana, bo = w.user(), w.user()
    made = group(w, ana)
    after = fine(w.scim.put("/Groups/" + made["id"], {
        **show(w, made), "displayName": made["displayName"] + "2",
        "members": [{"value": bo["id"]}]}))
    same((after["displayName"], members(after)),
         (made["displayName"] + "2", ids(bo)))
    after = fine(w.scim.put("/Groups/" + made["id"], {
        "schemas": [GROUP], "displayName": made["displayName"],
        "members": []}))
    same(members(after), set())
    refused(w.scim.put("/Groups/" + made["id"], {"schemas": [GROUP]}), 400,
            "invalidValue")
    refused(w.scim.put("/Groups/0000000000ABC", draft(w)), 404)


@test
def members_that_are_left_out_stay(w):
    """As those who push groups without their members mean it."""
    ana = w.user()
    made = group(w, ana)
    after = fine(w.scim.put("/Groups/" + made["id"], {
        "schemas": [GROUP], "displayName": made["displayName"]}))
    same(members(show(w, after)), ids(ana))


@test
def members_that_are_left_out_go_where_a_tenant_wants_it(w):
    """As those who leave out what is empty mean it."""
    ana, bo = w.user(w.strict), w.user(w.strict)
    made = fine(w.strict.post("/Groups", {
        "schemas": [GROUP], "displayName": w.name(), "externalId": w.name(),
        "members": refs(ana, bo)}))
    path, whole = "/Groups/" + made["id"], {
        "schemas": [GROUP], "displayName": made["displayName"]}
    for sent, left in (([ana], [ana]), ([], []), ([bo], [bo]), (None, [])):
        more = {} if sent is None else {"members": refs(*sent)}
        after = fine(w.strict.put(path, {**whole, **more}))
        same(members(after), ids(*left))
        same(after["externalId"], made["externalId"])
    fine(w.strict.put(path, {**whole, "members": refs(ana)}))
    status(w.strict.patch(path, op("replace", "displayName", w.name())), 204)
    same(members(fine(w.strict.get(path))), ids(ana))


@test
def members_may_be_named_by_their_address_alone(w):
    """And managers; where a value is given, too, that is who is meant."""
    ana, bo = w.user(), w.user()
    made = group(w, members=[{"$ref": ana["meta"]["location"]}])
    same(members(made), ids(ana))
    after = fine(change(w, made, op("add", "members", [
        {"$ref": "../Users/" + bo["id"]}])))
    same(members(after), ids(ana, bo))
    after = fine(change(w, made, op("remove", "members", [
        {"value": ana["id"], "$ref": bo["meta"]["location"]}])))
    same(members(after), ids(bo))
    refused(change(w, made, op("add", "members", [
        {"$ref": "../Users/nobody"}])), 400, "invalidValue")
    path = ENTERPRISE + ":manager"
    for sent, boss in (({"$ref": "../Users/" + bo["id"]}, bo),
                       ({"$ref": bo["id"], "value": made["id"]}, None),
                       ({"displayName": "Bo"}, bo),
                       ({"$ref": w.scim.client.address[0]}, None)):
        reply = w.scim.patch("/Users/" + ana["id"], op("replace", path, sent))
        if boss is None:
            refused(reply, 400, "invalidValue")
        else:
            same(fine(reply)[ENTERPRISE]["manager"]["value"], boss["id"])


@test
def members_come_and_go(w):
    ana, bo, cy = w.user(), w.user(), w.user()
    made = group(w, ana)

    def now(*operations):
        after = fine(change(w, made, *operations))
        shown = show(w, made)
        same(after["meta"]["version"], shown["meta"]["version"])
        return members(shown)

    def value(*users):
        return [{"value": user["id"]} for user in users]

    same(now(op("add", "members", value(bo, cy))), ids(ana, bo, cy))
    same(now(op("remove", 'members[value eq "%s"]' % bo["id"])), ids(ana, cy))
    same(now(op("Remove", "members", value(cy))), ids(ana))
    same(now(op("Add", "members", value(bo)[0])), ids(ana, bo))
    same(now(op("replace", "members", value(cy))), ids(cy))
    same(now(op("remove", "members")), set())
    same(now(op("add", None, {"members": value(ana)})), ids(ana))
    same(now(op("replace", None, {"displayName": "new " + w.name()})),
         ids(ana))
    same(now(op("add", "members", value(bo)),
             op("remove", 'members[value eq "%s"]' % ana["id"])), ids(bo))


@test
def who_is_in_is_added_without_a_change(w):
    ana, bo = w.user(), w.user()
    made = group(w, ana)
    for each in (op("add", "members", [{"value": ana["id"]}]),
                 op("remove", 'members[value eq "%s"]' % bo["id"]),
                 op("replace", "displayName", made["displayName"])):
        fine(change(w, made, each))
        same(show(w, made)["meta"], made["meta"])


@test
def parts_of_members_are_not_changed(w):
    ana = w.user()
    made = group(w, ana)
    for each in (op("replace", 'members[value eq "%s"].value' % ana["id"],
                    w.user()["id"]),
                 op("replace", 'members[value eq "%s"].$ref' % ana["id"],
                    "http://x"),
                 op("replace", "id", "x"), op("remove", "id"),
                 op("replace", "meta.version", "x")):
        refused(change(w, made, each), 400, "mutability")
    same(members(show(w, made)), ids(ana))


@test
def changes_of_groups_are_all_or_nothing(w):
    ana, bo = w.user(), w.user()
    made = group(w, ana)
    refused(change(w, made, op("add", "members", [{"value": bo["id"]}]), op(
        "replace", "displayName", "other"), op("add", "shoes", "x")), 400,
            "invalidPath")
    refused(change(w, made, op("add", "members", [
        {"value": bo["id"]}, {"value": "0000000000ABC"}])), 400,
            "invalidValue")
    other = group(w)
    refused(change(w, made, op("remove", "members"), op(
        "replace", "displayName", other["displayName"])), 409, "uniqueness")
    same(show(w, made), made)


@test
def wrong_changes_of_groups_are_refused(w):
    made = group(w)
    for each, kind in ((op("remove"), "noTarget"),
                       (op("remove", "displayName"), "mutability"),
                       (op("replace", "displayName", ""), None),
                       (op("add", "members", "x"), "invalidValue"),
                       (op("add", "members"), "invalidValue"),
                       (op("add", "members[", []), "invalidPath"),
                       ({"op": "move", "path": "members"}, "invalidSyntax")):
        refused(change(w, made, each), 400, kind)


@test
def a_group_that_changed_is_not_changed_blindly(w):
    made = group(w)
    path, old = "/Groups/" + made["id"], made["meta"]["version"]
    reply = status(w.scim.get(path, If_None_Match=old), 304)
    same(reply.body, b"")
    after = fine(change(w, made, op("add", "members", [
        {"value": w.user()["id"]}])))
    true(after["meta"]["version"] != old, after["meta"])
    status(w.scim.get(path, If_None_Match=old), 200)
    for reply in (w.scim.delete(path, If_Match=old), w.scim.patch(
            path, op("remove", "members"), If_Match=old),
                  w.scim.put(path, draft(w), If_Match=old)):
        refused(reply, 412)
    fine(w.scim.patch(path, op("remove", "members"),
                      If_Match=after["meta"]["version"]))


@test
def a_change_of_a_group_is_shown_in_parts(w):
    for client in (w.scim, w.strict):
        made = group(w, client=client)
        reply = client.patch("/Groups/%s?attributes=displayName" % made["id"],
                             op("replace", "displayName", "n " + w.name()))
        same(set(status(reply, 200).json), {"schemas", "id", "displayName"})
    reply = w.strict.patch("/Groups/" + made["id"], op("remove", "members"))
    same((status(reply, 204).body, bool(reply.etag)), (b"", True))


@test
def a_group_is_sent_as_an_object(w):
    made = group(w)
    for reply in (w.scim.post("/Groups", []), w.scim.post("/Groups", "x"),
                  w.scim.put("/Groups/" + made["id"], []),
                  w.scim.request("PATCH", "/Groups/" + made["id"], [])):
        refused(reply, 400, "invalidSyntax")


@test
def one_request_names_so_many_members(w):
    made = group(w)
    many = [{"value": "%013d" % i} for i in range(1, 10002)]
    for verb in ("add", "remove"):
        told = refused(w.scim.patch("/Groups/" + made["id"],
                                    op(verb, "members", many)), 413)
        true("10" in told["detail"], told)
    same(fine(w.scim.get("/Groups/" + made["id"]))["members"], [])


# --- removed -----------------------------------------------------------------

@test
def groups_are_removed_and_people_stay(w):
    ana = w.user()
    made = group(w, ana)
    path = "/Groups/" + made["id"]
    status(w.scim.delete(path), 204)
    for reply in (w.scim.get(path), w.scim.delete(path),
                  w.scim.put(path, draft(w)),
                  w.scim.patch(path, op("remove", "members"))):
        refused(reply, 404)
    same(listed(w, 'displayName eq "%s"' % made["displayName"]), set())
    true(not w.show(ana).get("groups"), "still in")
    status(w.scim.post("/Groups", draft(
        w, displayName=made["displayName"])), 201)


@test
def who_is_removed_is_in_no_group(w):
    ana = w.user()
    made = group(w, ana)
    fine(w.scim.delete("/Users/" + ana["id"]))
    same(members(show(w, made)), set())


@test
def groups_need_the_rights_of_groups(w):
    made = group(w)
    for reply in (w.narrow.post("/Groups", draft(w)),
                  w.narrow.delete("/Groups/" + made["id"]),
                  w.narrow.patch("/Groups/" + made["id"],
                                 op("remove", "members"))):
        refused(reply, 403)
    told = refused(w.nobody.get("/Groups"), 401)
    same(told["schemas"], [ERROR])


@test
def who_only_changes_groups_is_not_told_what_is_in_them(w):
    made, ana = group(w, w.user(), externalId="b-" + w.name()), w.user()
    blind = w.of(rights=["self", "person.write"])
    reply = blind.patch("/Groups/" + made["id"], op("add", "members", [
        {"value": ana["id"]}]))
    same(set(fine(reply)) & {"displayName", "externalId", "members"}, set())
    true(ana["id"] in members(show(w, made)), "it was not added")


# --- who may, and how much ---------------------------------------------------

@test
def a_scope_ends_at_groups_with_others_in_them(w):
    """What concerns all who are in is done by whom they are all in reach of."""
    ana, bo = w.user(title="Inside"), w.user(title="Outside")
    mixed, own = group(w, ana, bo), group(w, ana)
    scoped = w.of(rights=["self", "person.read", "person.write"],
                  scope='title eq "Inside"')
    for made, wanted in (mixed, 403), (own, 200):
        same(scoped.patch("/Groups/" + made["id"], op(
            "replace", "displayName", "by scope " + w.name())).status, wanted)
    same(scoped.delete("/Groups/" + mixed["id"]).status, 403)
    same(scoped.delete("/Groups/" + own["id"]).status, 204)
    same(members(show(w, mixed)), ids(ana, bo))


@test
def groups_are_told_to_whom_sees_somebody_in_them(w):
    mark = "Seen " + w.name()
    ana, bo = w.user(title=mark), w.user(title="Unseen")
    mixed, other, empty = group(w, ana, bo), group(w, bo), group(w)
    scoped = w.of(rights=["self", "person.read", "person.write"],
                  scope='title eq "%s"' % mark)
    for order in ("ascending", "descending"):
        found, cursor = set(), ""
        while cursor is not None:
            page = fine(scoped.list("/Groups", sortBy="id", count=100,
                                    sortOrder=order, cursor=cursor))
            found |= {row["id"] for row in page["Resources"]}
            cursor = page.get("nextCursor")
        true({mixed["id"], empty["id"]} <= found, found)
        true(other["id"] not in found, "the group of others is listed")
    for reply in (scoped.get("/Groups/" + other["id"]),
                  scoped.delete("/Groups/" + other["id"]),
                  scoped.patch("/Groups/" + other["id"],
                               op("remove", "members[value eq \"x\"]")),
                  scoped.put("/Groups/" + other["id"], draft(w))):
        refused(reply, 404)
    same(members(fine(scoped.get("/Groups/" + mixed["id"]))), ids(ana))
    same(members(show(w, mixed)), ids(ana, bo))
    # Who reaches all of its own sees them all.
    for made in mixed, other, empty:
        show(w, made)


@test
def groups_of_users_are_not_told_to_whom_may_not_read(w):
    made = w.user()
    group(w, made)
    blind = w.of(rights=["self", "person.write"])
    reply = status(blind.patch("/Users/" + made["id"], op(
        "replace", "title", "Known")), 200)
    same(reply.json.get("groups"), None)
    true(w.show(made)["groups"], "they are not there")


@test
def a_person_is_in_so_many_groups(w):
    """And is read with all of them."""
    made, name = w.user(), w.name()
    status(w.scim.post("/Bulk", {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [{"method": "POST", "path": "/Groups",
                        "bulkId": str(i), "data": {
                            "schemas": [GROUP],
                            "displayName": "%s-%d" % (name, i),
                            "members": [{"value": made["id"]}]}}
                       for i in range(200)]}), 200)
    same(len(w.show(made)["groups"]), 200)
    same(w.scim.post("/Groups", draft(w, made)).status, 507)
    same(len(w.show(made)["groups"]), 200)
