# SPDX-License-Identifier: Apache-2.0
"""scimroles.py - tests of roles as groups (decision 0021): who reads and gives
roles finds them among the groups."""
from scimgroups import change, draft, group, ids, listed, members, show
from scimlib import (BASE, GROUP, MESSAGE, PATCH_OP, USER, fine, op, refused,
                     same, status, test, true)

KIND = "urn:ietf:params:scim:schemas:extension:usher:2.0:Group"
AUDITOR = {"id": "role-auditor"}    # a built-in role


def role(w, name, client=None):
    """The role that is shown so."""
    found = fine((client or w.scim).search(
        "/Groups", filter='displayName eq "%s"' % name))["Resources"]
    true(len(found) == 1, name, found)
    return found[0]


def value(*users):
    return [{"value": user["id"]} for user in users]


def add(w, made, *users, client=None):
    return (client or w.scim).patch("/Groups/" + made["id"], op(
        "add", "members", value(*users)))


def drop(w, made, *users, client=None):
    return (client or w.scim).patch("/Groups/" + made["id"], op(
        "remove", "members", value(*users)))


def grants(w, user):
    """As the native API has them."""
    return fine(w.acme.client().get("/api/v1/persons/%s/roles" % user["id"]))[
        "items"]


def give(w, user, name, **more):
    """By the native API."""
    return status(w.acme.client().post(
        "/api/v1/persons/%s/roles" % user["id"],
        {"role": name, "reason": "x", **more}), 201).json["items"][-1]


def kinds(w, client=None):
    found = fine((client or w.scim).get("/Groups?count=500"))["Resources"]
    return {row["id"]: row[KIND]["type"] for row in found}


# --- shown -------------------------------------------------------------------

@test
def roles_are_shown_as_groups(w):
    made = group(w)
    found = kinds(w)
    same((found[made["id"]], found[AUDITOR["id"]]), ("group", "role"))
    true("role-operator" not in found and "role-self" not in found, found)
    shown = show(w, AUDITOR)
    same((shown["schemas"][0], shown["displayName"], shown[KIND]["type"]),
         (GROUP, "auditor", "role"))
    own = role(w, "Fleet manager")
    true(own["id"].startswith("role-"), own)
    same(show(w, own)["displayName"], "Fleet manager")
    for path in ("role-", "role-fleet", "role-self", "role-x", "auditor"):
        refused(w.scim.get("/Groups/" + path), 404)


@test
def a_role_has_no_version(w):
    """None is better than one that stays the same when members change."""
    reply = status(w.scim.get("/Groups/role-auditor"), 200)
    same((reply.etag, set(reply.json["meta"])),
         (None, {"resourceType", "location"}))
    true(reply.json["meta"]["location"].endswith(
        BASE + "/Groups/role-auditor"), reply)
    ana = w.user()
    same(status(add(w, AUDITOR, ana), 200).etag, None)
    for old in ('"1"', 'W/"1"'):
        refused(w.scim.patch("/Groups/role-auditor", op(
            "remove", "members", value(ana)), If_Match=old), 412)
    true(ana["id"] in members(show(w, AUDITOR)), "it is gone")
    fine(w.scim.patch("/Groups/role-auditor", op(
        "remove", "members", value(ana)), If_Match="*"))
    reply = w.strict.patch("/Groups/role-auditor", op(
        "add", "members", value(w.user(w.strict))))
    same((status(reply, 204).body, reply.etag), (b"", None))


@test
def roles_come_behind_the_groups(w):
    """Whichever way through the list, and however it is turned."""
    for _ in range(3):
        group(w)
    whole = [row["id"] for row in fine(w.scim.get(
        "/Groups?count=500&excludedAttributes=members"))["Resources"]]
    same(whole, sorted(whole))
    true(whole[-1].startswith("role-") and not whole[0].startswith("role-"),
         whole)
    for turned in False, True:
        order = "&sortBy=id&sortOrder=" + (
            "descending" if turned else "ascending")
        wanted = whole[::-1] if turned else whole
        for count in 1, 4, 500:
            seen, cursor = [], ""
            while cursor is not None:
                page = fine(w.scim.get("/Groups?count=%d&cursor=%s%s" % (
                    count, cursor, order)))
                same(page["totalResults"], len(whole))
                true(len(page["Resources"]) <= count, page)
                seen += [row["id"] for row in page["Resources"]]
                cursor = page.get("nextCursor")
            same(seen, wanted)
            seen = []
            while len(seen) < len(whole):
                page = fine(w.scim.get("/Groups?count=%d&startIndex=%d%s" % (
                    count, len(seen) + 1, order)))
                same((page["totalResults"], page["startIndex"]),
                     (len(whole), len(seen) + 1))
                true(page["Resources"], "an empty page")
                seen += [row["id"] for row in page["Resources"]]
            same(seen, wanted)


@test
def roles_are_found(w):
    ana, bo, made = w.user(), w.user(), group(w, externalId="f-" + w.name())
    fine(add(w, AUDITOR, ana))
    for text in ('displayName eq "AUDITOR"', 'id eq "role-auditor"',
                 'members.value eq "%s"' % ana["id"],
                 'members[value eq "%s"]' % ana["id"],
                 'id eq "role-auditor" and members[value eq "%s"]' % ana["id"],
                 KIND + ':type eq "Role" and displayName eq "auditor"'):
        same(listed(w, text), {"role-auditor"}, text)
    for text in ('members.value eq "%s"' % bo["id"],
                 'id eq "role-auditor" and members.value eq "%s"' % bo["id"],
                 'id eq "role-nobody"', 'id eq "role-self"',
                 KIND + ':type eq "shoe"',
                 KIND + ':type eq "group" and id eq "role-auditor"',
                 KIND + ':type eq "role" and id eq "%s"' % made["id"],
                 KIND + ':type eq "role" and externalId eq "%s"' % (
                     made["externalId"])):
        same(listed(w, text), set(), text)
    for kind in "group", "role":
        same({kind}, {row[KIND]["type"] for row in fine(w.scim.search(
            "/Groups", filter=KIND + ':type eq "%s"' % kind, count=500))[
                "Resources"]})


@test
def a_user_shows_the_roles_that_it_has(w):
    ana = w.user()
    made = group(w, ana)
    fine(add(w, AUDITOR, ana))
    give(w, ana, "hr", scope='title eq "x"')
    same({row["value"]: row["display"] for row in w.show(ana)["groups"]},
         {made["id"]: made["displayName"], "role-auditor": "auditor"})
    blind = w.of(rights=["self", "person.read"])
    same([row["value"] for row in w.show(ana, client=blind)["groups"]],
         [made["id"]])
    fine(drop(w, AUDITOR, ana))
    same([row["value"] for row in w.show(ana)["groups"]], [made["id"]])


@test
def a_member_has_the_role_over_everybody_now(w):
    ana, bo, cy, di = w.user(), w.user(), w.user(), w.user()
    give(w, ana, "auditor")
    give(w, bo, "auditor", scope='title eq "x"')
    give(w, cy, "auditor", since="2126-01-01T00:00:00Z")
    give(w, di, "auditor", until="2126-01-01T00:00:00Z")
    true(members(show(w, AUDITOR)) & ids(ana, bo, cy, di) == ids(ana, di),
         "not these")
    fine(w.scim.delete("/Users/" + ana["id"]))
    true(ana["id"] not in members(show(w, AUDITOR)), "still in")


# --- changed -----------------------------------------------------------------

@test
def adding_a_member_gives_the_role(w):
    ana, bo = w.user(), w.user()
    own = role(w, "Fleet manager")
    after = fine(add(w, own, ana))
    true(ana["id"] in members(after), after)
    held, = grants(w, ana)
    same((held["role"], held["state"], held["scope"], held["until"],
          held["reason"]), ("fleet", "active", None, None, "SCIM"))
    same(fine(w.acme.client().get("/api/v1/persons/" + ana["id"]))["id"],
         ana["id"])
    fine(add(w, own, ana, bo))
    same([row["id"] for row in grants(w, ana)], [held["id"]])
    fine(change(w, own, op("remove", 'members[value eq "%s"]' % ana["id"])))
    same((grants(w, ana), len(grants(w, bo))), ([], 1))
    fine(drop(w, own, ana))
    fine(drop(w, own, bo))
    same(members(show(w, own)) & ids(ana, bo), set())


@test
def members_of_a_role_are_replaced(w):
    own = role(w, "Fleet manager")
    ana, bo, theirs = w.user(), w.user(), w.user(w.other)
    give(w, theirs, "fleet")
    fine(change(w, own, op("replace", "members", value(ana))))
    same(members(show(w, own)), ids(ana))
    first = grants(w, ana)
    after = fine(w.scim.put("/Groups/" + own["id"], {
        **show(w, own), "members": value(ana, bo)}))
    same((members(after), grants(w, ana)), (ids(ana, bo), first))
    fine(w.scim.put("/Groups/" + own["id"], {
        "schemas": [GROUP], "displayName": "FLEET manager"}))
    same(members(show(w, own)), ids(ana, bo))
    fine(change(w, own, op("remove", "members")))
    same(members(show(w, own)), set())
    same(len(grants(w, theirs)), 1)


@test
def members_of_a_role_that_are_left_out_stay(w):
    """Even where a PUT takes away what it does not say."""
    user = w.user(w.strict)
    path, body = "/Groups/" + AUDITOR["id"], {
        "schemas": [GROUP], "displayName": "auditor"}
    fine(w.strict.put(path, {**body, "members": value(user)}))
    same(members(fine(w.strict.put(path, body))), ids(user))
    same(members(fine(w.strict.put(path, {**body, "members": []}))), set())


@test
def changes_of_roles_are_all_or_nothing(w):
    own, ana, bo = role(w, "Fleet manager"), w.user(), w.user()
    theirs = w.user(w.other)
    for wrong in theirs, {"id": "0000000000ABC"}, group(w), AUDITOR:
        refused(add(w, own, ana, wrong), 400, "invalidValue")
    give(w, bo, "trader")
    told = refused(add(w, own, ana, bo), 409)
    true("trader" in told["detail"], told)
    same((grants(w, ana), len(grants(w, bo))), ([], 1))
    many = [{"value": ana["id"][:10] + "%03d" % i} for i in range(201)]
    refused(change(w, own, op("add", "members", many)), 413)


@test
def what_no_group_gives_is_not_given_by_one(w):
    """A role over some people only, and one that needs a second person."""
    ana = w.user()
    for name in "partner-administrator", "Key keeper":
        made = role(w, name)
        told = refused(add(w, made, ana), 409)
        true("/roles" in told["detail"], told)
    same(grants(w, ana), [])


@test
def what_a_group_gives_is_taken_out_of_that_group(w):
    ana, own = w.user(), role(w, "Fleet manager")
    made = fine(w.scim.search(
        "/Groups", filter='displayName eq "Drivers"'))["Resources"]
    made = made[0] if made else group(w, displayName="Drivers")
    fine(add(w, made, ana))
    true(ana["id"] in members(show(w, own)), "not in")
    fine(add(w, own, ana))
    same(len(grants(w, ana)), 1)
    told = refused(drop(w, own, ana), 409)
    true(made["id"] in told["detail"], told)
    fine(drop(w, made, ana))
    true(ana["id"] not in members(show(w, own)), "still in")


@test
def a_role_is_the_catalogues(w):
    for name, kind in ("displayName", "other"), ("externalId", "x"):
        refused(change(w, AUDITOR, op("replace", name, kind)), 400,
                "mutability")
    refused(w.scim.put("/Groups/role-auditor", draft(w)), 400, "mutability")
    refused(w.scim.delete("/Groups/role-auditor"), 403)
    for name in "auditor", "Auditor", "Fleet manager", "fleet":
        refused(w.scim.post("/Groups", draft(w, displayName=name)), 409,
                "uniqueness")
    fine(change(w, AUDITOR, op("replace", "displayName", "Auditor")))


@test
def the_last_administrator_stays(w):
    made = {"id": "role-tenant-administrator"}
    ana = w.user()
    fine(add(w, made, ana))
    refused(drop(w, made, ana), 409)
    same(members(show(w, made)), ids(ana))


# --- who may -----------------------------------------------------------------

@test
def roles_are_there_for_who_reads_roles(w):
    ana = w.user()
    fine(add(w, AUDITOR, ana))
    blind = w.of(rights=["self", "person.read", "person.write", "role.grant"])
    true("role" not in kinds(w, blind).values(), "roles are told")
    refused(blind.get("/Groups/role-auditor"), 404)
    refused(add(w, AUDITOR, w.user(), client=blind), 404)
    for text in ('id eq "role-auditor"', 'displayName eq "auditor"',
                 'members.value eq "%s"' % ana["id"]):
        same(listed(w, text, blind), set())


@test
def a_client_sees_its_own_people_in_a_role(w):
    ana, theirs = w.user(), w.user(w.other)
    fine(add(w, AUDITOR, ana))
    fine(add(w, AUDITOR, theirs, client=w.other))
    found = members(show(w, AUDITOR))
    true(ana["id"] in found and theirs["id"] not in found, found)
    same(listed(w, 'members.value eq "%s"' % theirs["id"]), set())
    same(len(grants(w, theirs)), 1)
    fine(drop(w, AUDITOR, theirs))
    same(len(grants(w, theirs)), 1)


@test
def a_scope_ends_at_its_people_in_a_role(w):
    ana, bo = w.user(title="Inside"), w.user(title="Outside")
    fine(add(w, AUDITOR, ana, bo))
    scoped = w.of(rights=["self", "person.read", "person.write", "role.read",
                          "role.grant"], scope='title eq "Inside"')
    found = members(show(w, AUDITOR, client=scoped))
    true(ana["id"] in found and bo["id"] not in found, found)
    same(listed(w, 'members.value eq "%s"' % bo["id"], scoped), set())
    refused(add(w, AUDITOR, bo, client=scoped), 400, "invalidValue")
    refused(drop(w, AUDITOR, ana, client=scoped), 403)


@test
def nobody_gives_more_than_they_hold(w):
    ana, own = w.user(), role(w, "Fleet manager")
    rights = ["self", "person.read", "person.write", "role.read"]
    lacks = w.of(rights=rights)
    refused(add(w, own, ana, client=lacks), 403)
    refused(drop(w, own, ana, client=lacks), 403)
    less = w.of(rights=rights + ["role.grant"])
    fine(add(w, own, ana, client=less))
    for more in AUDITOR, {"id": "role-tenant-administrator"}:
        refused(add(w, more, ana, client=less), 403)
        fine(drop(w, more, ana, client=less))
    fine(add(w, AUDITOR, ana))
    refused(drop(w, AUDITOR, ana, client=less), 403)
    refused(w.of(rights=rights[:2] + ["role.read", "role.grant"]).patch(
        "/Groups/" + own["id"], op("remove", "members")), 403)
    same({row["role"] for row in grants(w, ana)}, {"fleet", "auditor"})


@test
def a_bulk_brings_people_with_their_roles(w):
    own, name = role(w, "Fleet manager"), w.name()
    reply = status(w.scim.post("/Bulk", {
        "schemas": [MESSAGE + "BulkRequest"], "Operations": [
            {"method": "PATCH", "path": "/Groups/" + own["id"], "data": {
                "schemas": [PATCH_OP], "Operations": [op("add", "members", [
                    {"value": "bulkId:new"}])]}},
            {"method": "POST", "path": "/Users", "bulkId": "new",
             "data": {"schemas": [USER], "userName": name}}]}), 200)
    first, second = reply.json["Operations"]
    same((first["status"], second["status"], "version" in first),
         ("200", "201", False))
    true(first["location"].endswith("/Groups/" + own["id"]), first)
    made = {"id": second["location"].rpartition("/")[2]}
    same([row["role"] for row in grants(w, made)], ["fleet"])
