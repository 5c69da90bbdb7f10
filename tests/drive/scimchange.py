# SPDX-License-Identifier: Apache-2.0
"""scimchange.py - tests of RFC 7644 3.3, 3.5, 3.6: what is made, replaced,
changed and removed."""
from scimlib import (BASE, ENTERPRISE, GROUP, MESSAGE, PATCH_OP, USER, USHER,
                     fine, op, refused, same, status, test, true, without)


def mails(*kinds, primary=None):
    return [{"value": "%s@x.example" % kind, "type": kind,
             **({"primary": True} if kind == primary else {})}
            for kind in kinds]


def by_type(user):
    return {row["type"]: row for row in user.get("emails", [])}


# --- 3.3: made ---------------------------------------------------------------

@test
def creating_answers_201(w):
    status(w.scim.post("/Users", w.draft()), 201)


@test
def creating_tells_where(w):
    reply = w.scim.post("/Users", w.draft())
    same(reply.headers.get("location"), reply.json["meta"]["location"])
    true(reply.headers.get("location", "").endswith(
        BASE + "/Users/" + reply.json["id"]), reply.headers)


@test
def creating_answers_with_the_resource(w):
    sent = w.draft(nickName="N", title="T")
    made = fine(w.scim.post("/Users", sent))
    for name in ("userName", "nickName", "title"):
        same(made[name], sent[name])
    same(made, w.show(made))


@test
def creating_passes_over_what_is_read_only(w):
    made = w.user(schemas=[USER, USHER], id="x", meta={"version": "9"},
                  groups=[{"value": "g"}],
                  **{USHER: {"source": "x", "lifecycle": "left",
                             "blocks": ["manual"]}})
    true(made["id"] != "x" and not made.get("groups"), made)
    same((made[USHER]["lifecycle"], made["active"]), ("active", True))
    true(made[USHER]["source"] != "x", made)


@test
def the_same_user_name_is_a_conflict(w):
    made = w.user()
    refused(w.scim.post("/Users", w.draft(userName=made["userName"])), 409,
            "uniqueness")


@test
def the_same_external_id_is_a_conflict(w):
    made = w.user(externalId="e-" + w.name())
    refused(w.scim.post("/Users", w.draft(externalId=made["externalId"])),
            409, "uniqueness")


@test
def the_resource_type_follows_from_the_endpoint(w):
    same(w.user(meta={"resourceType": "Group"})["meta"]["resourceType"],
         "User")
    same(fine(w.scim.post("/Groups", {
        "schemas": [GROUP], "displayName": w.name(),
        "meta": {"resourceType": "User"}}))["meta"]["resourceType"], "Group")


@test
def put_does_not_create(w):
    refused(w.scim.put("/Users/0000000000ABC", w.draft()), 404)
    refused(w.scim.put("/Users", w.draft()), 405)


# --- 3.5.1: replaced ---------------------------------------------------------

@test
def put_replaces_and_answers_with_all(w):
    made = w.user(nickName="N", title="T")
    reply = w.scim.put("/Users/" + made["id"], {
        "schemas": [USER], "userName": made["userName"], "title": "T2"})
    status(reply, 200)
    same(reply.json["title"], "T2")
    true("nickName" not in reply.json, reply)
    same(reply.json, w.show(made))


@test
def put_keeps_some_of_what_is_left_out(w):
    """What is blocked stays so, and other domains' names and extensions stay."""
    made = w.user(schemas=[USER, ENTERPRISE], externalId="k-" + w.name(),
                  nickName="N", **{ENTERPRISE: {"costCenter": "c",
                                                "division": "d"}})
    fine(w.change(made, op("replace", "active", False)))
    body = {"schemas": [USER, ENTERPRISE], "userName": made["userName"]}
    path = "/Users/" + made["id"]
    after = fine(w.scim.put(path, body))
    same((after["active"], after["externalId"], after[ENTERPRISE]),
         (False, made["externalId"], made[ENTERPRISE]))
    true("nickName" not in after, after)
    after = fine(w.scim.put(path, {**body, ENTERPRISE: {"division": "e"}}))
    same(after[ENTERPRISE], {"division": "e"})


@test
def put_takes_what_get_gave(w):
    boss = w.user()
    made = w.user(
        schemas=[USER, ENTERPRISE, USHER], nickName="N", externalId=w.name(),
        name={"givenName": "A", "familyName": "B"},
        emails=mails("work", "home", primary="work"),
        **{ENTERPRISE: {"manager": {"value": boss["id"]}, "costCenter": "c"},
           USHER: {"site": "ber"}})
    after = fine(w.scim.put("/Users/" + made["id"], w.show(made)))
    same(without(after, "meta"), without(made, "meta"))


@test
def put_keeps_what_is_read_only(w):
    made = w.user()
    after = fine(w.scim.put("/Users/" + made["id"], {
        "schemas": [USER, USHER], "userName": made["userName"], "id": "x",
        "meta": {"created": "2000-01-01T00:00:00Z"},
        USHER: {"lifecycle": "left", "source": "x"}}))
    same((after["id"], after["meta"]["created"], after[USHER]),
         (made["id"], made["meta"]["created"], made[USHER]))


@test
def put_asks_for_what_is_required(w):
    made = w.user()
    refused(w.scim.put("/Users/" + made["id"], {"schemas": [USER]}), 400,
            "invalidValue")


@test
def put_may_ask_for_attributes(w):
    made = w.user()
    after = fine(w.scim.put("/Users/%s?attributes=title" % made["id"], {
        "schemas": [USER], "userName": made["userName"], "title": "T"}))
    same(set(after), {"schemas", "id", "title"})


# --- 3.5.2: changed ----------------------------------------------------------

@test
def patch_names_its_schema(w):
    path = "/Users/" + w.user()["id"]
    for schemas in ([], [USER], None):
        refused(w.scim.request("PATCH", path, {
            "schemas": schemas, "Operations": [
                op("add", "title", "x")]}), 400, "invalidSyntax")


@test
def patch_has_operations(w):
    path = "/Users/" + w.user()["id"]
    for body in ({}, {"Operations": {}}, {"Operations": "x"}):
        refused(w.scim.request("PATCH", path, {
            "schemas": [PATCH_OP], **body}), 400, "invalidSyntax")


@test
def patch_takes_an_empty_list(w):
    made = w.user()
    same(fine(w.change(made)), made)


@test
def patch_knows_three_verbs(w):
    made = w.user()
    for verb in ("move", "", None, 1):
        refused(w.change(made, {"op": verb, "path": "title", "value": "x"}),
                400, "invalidSyntax")
    refused(w.change(made, {"path": "title", "value": "x"}), 400,
            "invalidSyntax")
    twice = ('{"schemas":["%s"],"Operations":[{"op":"add","op":"remove",'
             '"path":"title","value":"x"}]}' % PATCH_OP)
    refused(w.scim.request("PATCH", "/Users/" + made["id"], twice), 400,
            "invalidSyntax")
    for verb in ("Add", "REPLACE", "remove"):
        fine(w.change(made, {"op": verb, "path": "title", "value": "x"}))


@test
def patch_obeys_mutability(w):
    made = w.user(externalId="e-" + w.name())
    for path in ("id", "meta.version", USHER + ":source"):
        refused(w.change(made, op("replace", path, "x")), 400, "mutability")


@test
def patch_obeys_types(w):
    made = w.user()
    for each in (op("add", "active", "perhaps"), op("add", "title", {"a": 1}),
                 op("add", "emails", 5), op("replace", "name", "x")):
        refused(w.change(made, each), 400, "invalidValue")


@test
def patch_takes_qualified_names(w):
    made = w.user()
    after = fine(w.change(made, op("add", USER + ":nickName", "N"), op(
        "add", ENTERPRISE + ":costCenter", "c")))
    same((after["nickName"], after[ENTERPRISE]["costCenter"]), ("N", "c"))


@test
def patch_adds_the_schema_of_what_it_adds(w):
    made = w.user()
    true(ENTERPRISE not in made["schemas"], made)
    after = fine(w.change(made, op("add", ENTERPRISE + ":costCenter", "c")))
    true(ENTERPRISE in after["schemas"], after)
    after = fine(w.change(made, op("remove", ENTERPRISE + ":costCenter")))
    true(ENTERPRISE not in after["schemas"], after)


@test
def patch_paths_follow_the_grammar(w):
    """Nor are places in lists counted, as JSON Patch does."""
    made = w.user(emails=mails("work"))
    for path in ("emails[0]", "emails[0].value", "emails.0", "emails/0/value",
                 "/title", "emails[type eq", 'emails[type eq "work"',
                 'emails[type eq "work"]value', 'emails[type eq "work"].',
                 "name.givenName.x", "title.", ".title", "ti tle"):
        for verb in ("add", "replace", "remove"):
            reply = w.change(made, op(verb, path, "x@x.example"))
            told = refused(reply, 400)
            true(told["scimType"] in ("invalidPath", "invalidFilter"), path,
                 told)
    same(w.show(made), made)


@test
def filters_in_paths_are_filters(w):
    made = w.user(emails=mails("work", primary="work"))
    for text in ('type foo "x"', "type eq", "type eq x", "primary gt true",
                 'type eq "work" or value foo', "primary le false",
                 'not (type eq "work") and primary ge true', 'primary co "t"'):
        for verb in ("add", "replace", "remove"):
            refused(w.change(made, op(verb, "emails[%s].value" % text, "x")),
                    400, "invalidFilter")
    for path in ('emails[type eq "work"', "emails[", "emails[]",
                 'emails[type eq "work"]]', 'emails[nothing eq "x"]',
                 'emails[a[b pr]]'):
        refused(w.change(made, op("remove", path)), 400, "invalidPath")
    same(w.show(made), made)


@test
def patch_filters_are_of_one_value(w):
    """Both halves are true of some value, and of no value together."""
    made = w.user(emails=mails("work", "home"))
    path = 'emails[type eq "work" and value sw "home"]'
    refused(w.change(made, op("replace", path, {"value": "n@x.example"})),
            400, "noTarget")
    same(fine(w.change(made, op("remove", path))), made)
    after = fine(w.change(made, op("remove", 'emails[type eq "work" and '
                                             '(value sw "work" or value pr)]')))
    same(set(by_type(after)), {"home"})


@test
def schemas_follow_what_is_there(w):
    """Whatever an operation says that they be."""
    made = w.user(schemas=[USER, ENTERPRISE],
                  **{ENTERPRISE: {"costCenter": "c"}})
    for each in (op("remove", "schemas"), op("replace", "schemas", [USER]),
                 op("add", "schemas", [USER + "2"]),
                 op("add", None, {"schemas": [USER]})):
        same(fine(w.change(made, each)), made, each)
    after = fine(w.change(made, op("remove", ENTERPRISE)))
    true(ENTERPRISE not in after["schemas"] and ENTERPRISE not in after, after)
    after = fine(w.change(made, op("add", "schemas", [USER, ENTERPRISE]), op(
        "add", ENTERPRISE + ":division", "d")))
    true(ENTERPRISE in after["schemas"], after)


@test
def patch_goes_by_the_order(w):
    made = w.user()
    after = fine(w.change(
        made, op("add", "title", "1"), op("replace", "title", "2"),
        op("remove", "nickName"), op("add", "nickName", "N"),
        op("remove", "title"), op("add", "title", "3")))
    same((after["title"], after["nickName"]), ("3", "N"))


@test
def a_new_primary_ends_the_old(w):
    made = w.user(emails=mails("work", "home", primary="work"))
    after = by_type(fine(w.change(
        made, op("replace", 'emails[type eq "home"].primary', True))))
    true(after["home"]["primary"] is True, after)
    true(not after["work"].get("primary"), after)
    after = by_type(fine(w.change(made, op("add", "emails", [
        {"value": "o@x.example", "type": "other", "primary": True}]))))
    same([kind for kind in after if after[kind].get("primary")], ["other"])


@test
def patch_is_all_or_nothing(w):
    made = w.user(title="T")
    refused(w.change(made, op("replace", "title", "x"), op(
        "add", "nickName", "x"), op("replace", "id", "x")), 400, "mutability")
    same(w.show(made), made)
    other = w.user()
    refused(w.change(made, op("replace", "title", "x"), op(
        "replace", "userName", other["userName"])), 409, "uniqueness")
    same(w.show(made), made)


@test
def patch_answers_with_the_whole(w):
    made = w.user(title="T")
    reply = status(w.change(made, op("add", "nickName", "N")), 200)
    same((reply.json["title"], reply.json["nickName"]), ("T", "N"))
    same(reply.json, w.show(made))


@test
def patch_may_answer_204_with_a_tag(w):
    made = w.user(w.strict)
    reply = w.change(made, op("add", "nickName", "N"), client=w.strict)
    status(reply, 204)
    same(reply.body, b"")
    same(reply.etag, w.show(made, client=w.strict)["meta"]["version"])


@test
def patch_with_attributes_answers_200(w):
    for client in (w.scim, w.strict):
        made = w.user(client, title="T")
        reply = client.patch("/Users/%s?attributes=nickName" % made["id"],
                             op("add", "nickName", "N"))
        status(reply, 200)
        same(set(reply.json), {"schemas", "id", "nickName"})


@test
def paths_of_an_extension_take_no_filter(w):
    made = w.user()
    refused(w.change(made, op("replace", ENTERPRISE + '[department eq "x"]',
                              {"department": "sales"})), 400, "invalidPath")
    refused(w.change(made, op("replace", ENTERPRISE, "sales")), 400)
    same(w.show(made), made)


@test
def what_no_element_can_be_is_not_made(w):
    made = w.user()
    for path in ('emails[type eq "work" and type eq "home"].value',
                 'emails[type eq "work" and not (type eq "work")].value',
                 'emails[type eq "work" and type eq "home"]'):
        value = "x@example.org"
        if path.endswith("]"):
            value = {"value": value}
        refused(w.change(made, op("replace", path, value)), 400)
    same(w.show(made), made)


# add

@test
def add_needs_a_value(w):
    made = w.user()
    for verb in ("add", "replace"):
        refused(w.change(made, op(verb, "title")), 400, "invalidValue")
        refused(w.change(made, op(verb)), 400, "invalidValue")


@test
def add_without_a_path_adds_members(w):
    made = w.user(title="T")
    after = fine(w.change(made, op("add", None, {
        "nickName": "N", "emails": mails("work"),
        ENTERPRISE: {"costCenter": "c"}})))
    same((after["nickName"], after["title"], len(after["emails"]),
          after[ENTERPRISE]["costCenter"]), ("N", "T", 1, "c"))


@test
def add_to_a_complex_attribute_adds_parts(w):
    made = w.user(name={"givenName": "A"})
    after = fine(w.change(made, op("add", "name", {"familyName": "B"})))
    same((after["name"]["givenName"], after["name"]["familyName"]),
         ("A", "B"))


@test
def add_to_many_adds_one(w):
    made = w.user(emails=mails("work"))
    after = fine(w.change(made, op("add", "emails", mails("home"))))
    same(set(by_type(after)), {"work", "home"})
    after = fine(w.change(w.user(), op("add", "emails", mails("home"))))
    same(set(by_type(after)), {"home"})


@test
def who_may_not_see_adds_without_loss(w):
    blind = w.of(rights=["self", "person.write", "person.login.write",
                         "person.private.write"])
    made = w.user(nickName="N", emails=mails("work"), addresses=[
        {"type": "work", "locality": "X"}])
    reply = w.change(made, op("add", "emails", mails("home")), op(
        "add", "addresses", [{"type": "home", "locality": "Y"}]),
        client=blind)
    shown = fine(reply)
    true(not {"userName", "nickName", "emails", "addresses"} & set(shown),
         shown)
    after = w.show(made)
    same((set(by_type(after)), len(after["addresses"]), after["nickName"]),
         ({"work", "home"}, 2, "N"))


@test
def add_to_one_replaces_it(w):
    made = w.user(title="T")
    same(fine(w.change(made, op("add", "title", "T2")))["title"], "T2")


@test
def add_of_what_is_there_changes_nothing(w):
    made = w.user(title="T", emails=mails("work"))
    after = fine(w.change(made, op("add", "title", "T"),
                          op("add", "emails", mails("work"))))
    same(after["meta"], made["meta"])
    same(after, made)


# remove

@test
def remove_without_a_path_has_no_target(w):
    refused(w.change(w.user(), op("remove")), 400, "noTarget")


@test
def remove_of_one_makes_it_unassigned(w):
    made = w.user(title="T", name={"givenName": "A", "familyName": "B"})
    after = fine(w.change(made, op("remove", "title"),
                          op("remove", "name.familyName")))
    true("title" not in after and "familyName" not in after["name"], after)


@test
def remove_of_many_removes_all(w):
    made = w.user(emails=mails("work", "home"))
    true(not fine(w.change(made, op("remove", "emails"))).get("emails"),
         "some are left")


@test
def remove_with_a_filter_removes_what_matches(w):
    made = w.user(emails=mails("work", "home", "other"))
    after = fine(w.change(made, op(
        "remove", 'emails[type eq "work" or value sw "home"]')))
    same(set(by_type(after)), {"other"})
    after = fine(w.change(made, op(
        "remove", 'emails[value eq "other@x.example"]')))
    true(not after.get("emails"), after)


@test
def remove_of_a_part_leaves_the_rest(w):
    made = w.user(addresses=[
        {"type": "work", "locality": "X", "region": "Y"},
        {"type": "home", "locality": "Z"}])
    after = fine(w.change(made, op(
        "remove", 'addresses[type eq "work"].region')))
    work, = [row for row in after["addresses"] if row["type"] == "work"]
    same(work.get("region"), None)
    same((work["locality"], len(after["addresses"])), ("X", 2))


@test
def remove_of_what_is_required_is_refused(w):
    made = w.user()
    refused(w.change(made, op("remove", "userName")), 400, "mutability")
    same(w.show(made)["userName"], made["userName"])


@test
def remove_of_what_is_read_only_is_refused(w):
    made = w.user()
    fine(w.scim.post("/Groups", {"schemas": [GROUP], "displayName": w.name(),
                                 "members": [{"value": made["id"]}]}))
    for path in ("id", "meta", "meta.created", USHER + ":lifecycle", "groups",
                 "groups.value", "groups.display", "groups[value pr]",
                 "groups[value pr].display"):
        refused(w.change(made, op("remove", path)), 400, "mutability")


# replace

@test
def replace_without_a_path_replaces_members(w):
    made = w.user(title="T", nickName="N", emails=mails("work", "home"))
    after = fine(w.change(made, op("replace", None, {
        "title": "T2", "emails": mails("other")})))
    same((after["title"], after["nickName"], set(by_type(after))),
         ("T2", "N", {"other"}))


@test
def replace_of_one_replaces_it(w):
    made = w.user(title="T")
    same(fine(w.change(made, op("replace", "title", "T2")))["title"], "T2")


@test
def replace_of_many_replaces_all(w):
    made = w.user(emails=mails("work", "home"))
    after = fine(w.change(made, op("replace", "emails", mails("other"))))
    same(set(by_type(after)), {"other"})


@test
def replace_of_what_is_not_there_adds(w):
    after = fine(w.change(w.user(), op("replace", "title", "T"), op(
        "replace", "emails", mails("work"))))
    same((after["title"], set(by_type(after))), ("T", {"work"}))


@test
def replace_of_a_complex_attribute_leaves_what_is_not_named(w):
    made = w.user(name={"givenName": "A", "familyName": "B"})
    after = fine(w.change(made, op("replace", "name", {"familyName": "C"})))
    same((after["name"]["givenName"], after["name"]["familyName"]),
         ("A", "C"))


@test
def replace_with_a_filter_replaces_what_matches(w):
    made = w.user(emails=mails("work", "home"))
    after = by_type(fine(w.change(made, op(
        "replace", 'emails[type eq "work"]',
        {"type": "work", "value": "new@x.example"}))))
    same((after["work"]["value"], after["home"]["value"]),
         ("new@x.example", "home@x.example"))


@test
def replace_of_a_part_goes_to_all_that_match(w):
    made = w.user(addresses=[
        {"type": kind, "locality": "X"} for kind in ("work", "home", "other")])
    after = fine(w.change(made, op(
        "replace", 'addresses[type eq "work" or type eq "home"].locality',
        "Y")))
    same({row["type"]: row["locality"] for row in after["addresses"]},
         {"work": "Y", "home": "Y", "other": "X"})


@test
def replace_of_nothing_that_matches_has_no_target(w):
    made = w.user(emails=mails("work"))
    for path in ('emails[type eq "home"]', 'emails[value sw "x"].value',
                 'emails[type eq "home" or type eq "other"].value'):
        value = "n@x.example" if path.endswith("value") else mails("home")[0]
        refused(w.change(made, op("replace", path, value)), 400, "noTarget")


@test
def replace_of_a_part_of_what_is_not_there_makes_it(w):
    """As Entra ID writes it; RFC 7644 3.5.2.3 would have it noTarget."""
    after = by_type(fine(w.change(w.user(), op(
        "replace", 'emails[type eq "work"].value', "n@x.example"))))
    same(after["work"]["value"], "n@x.example")


# --- 3.6: removed ------------------------------------------------------------

@test
def deleting_answers_204(w):
    reply = status(w.scim.delete("/Users/" + w.user()["id"]), 204)
    same(reply.body, b"")


@test
def what_was_deleted_is_not_there(w):
    made = w.user()
    path = "/Users/" + made["id"]
    fine(w.scim.delete(path))
    for reply in (w.scim.get(path), w.scim.delete(path),
                  w.scim.put(path, w.draft()),
                  w.scim.patch(path, op("add", "title", "T"))):
        refused(reply, 404)
    done = fine(w.scim.post("/Bulk", {
        "schemas": [MESSAGE + "BulkRequest"],
        "Operations": [{"method": "DELETE", "path": path}, {
            "method": "PATCH", "path": path, "data": {
                "schemas": [PATCH_OP],
                "Operations": [op("add", "title", "T")]}}]}))
    same([row["status"] for row in done["Operations"]], ["404", "404"])
    refused(w.scim.post("/Groups", {
        "schemas": [GROUP], "displayName": w.name(),
        "members": [{"value": made["id"]}]}), 400, "invalidValue")


@test
def what_was_deleted_is_in_no_list(w):
    mark = w.name()
    made = w.user(title=mark, externalId=mark)
    same(w.found('title eq "%s"' % mark), {made["id"]})
    w.scim.delete("/Users/" + made["id"])
    for text in ('title eq "%s"' % mark, 'externalId eq "%s"' % mark,
                 'userName eq "%s"' % made["userName"]):
        same(w.found(text), set(), text)


@test
def the_name_of_who_was_deleted_is_free(w):
    made = w.user()
    w.scim.delete("/Users/" + made["id"])
    again = w.scim.post("/Users", w.draft(userName=made["userName"]))
    true(again.status < 300, again)
    same(w.scim.get("/Users/" + again.json["id"]).json["userName"],
         made["userName"])


@test
def who_comes_back_is_the_same_person_as_sent_now(w):
    made = w.user(nickName="N", title="T", externalId="r-" + w.name(),
                  schemas=[USER, ENTERPRISE, USHER],
                  **{ENTERPRISE: {"costCenter": "c"},
                     USHER: {"site": "ber", "start": "2020-01-01"}})
    fine(w.scim.delete("/Users/" + made["id"]))
    back = w.user(userName=made["userName"], externalId=made["externalId"])
    same((back["id"], "nickName" in back), (made["id"], False))
    fine(w.scim.delete("/Users/" + made["id"]))
    back = w.user(userName=made["userName"], externalId=made["externalId"])
    for name in "title", ENTERPRISE:
        true(name not in back, back)
    same(set(back[USHER]), {"source", "lifecycle", "certification"})
    same(w.found('externalId eq "%s"' % made["externalId"]), {made["id"]})


@test
def the_name_of_whom_others_deleted_is_not_free(w):
    made = w.user(w.other)
    fine(w.other.delete("/Users/" + made["id"]))
    refused(w.scim.post("/Users", w.draft(userName=made["userName"])), 409,
            "uniqueness")


# --- 3.14: versions ----------------------------------------------------------

@test
def tags_are_headers_and_in_meta(w):
    made = w.scim.post("/Users", w.draft())
    path = "/Users/" + made.json["id"]
    for reply in (made, w.scim.get(path), w.scim.patch(
            path, op("add", "title", "T")), w.scim.put(path, {
                "schemas": [USER], "userName": made.json["userName"]})):
        true(reply.etag, reply.headers)
        same(reply.etag, reply.json["meta"]["version"])


@test
def tags_change_with_a_change(w):
    made = w.user()
    after = fine(w.change(made, op("add", "title", "T")))
    true(after["meta"]["version"] != made["meta"]["version"], after["meta"])


@test
def a_change_of_what_changed_is_refused(w):
    made = w.user()
    path, old = "/Users/" + made["id"], made["meta"]["version"]
    fine(w.change(made, op("add", "title", "T")))
    body = {"schemas": [USER], "userName": made["userName"]}
    for reply in (w.scim.put(path, body, If_Match=old),
                  w.scim.patch(path, op("add", "title", "x"), If_Match=old),
                  w.scim.delete(path, If_Match=old)):
        refused(reply, 412)
    same(w.show(made)["title"], "T")


@test
def a_change_of_what_is_known_is_made(w):
    made = w.user()
    path, tag = "/Users/" + made["id"], made["meta"]["version"]
    after = fine(w.scim.patch(path, op("add", "title", "T"), If_Match=tag))
    # RFC 9110 13.1.1: a weak tag is never enough for a change.
    refused(w.scim.patch(path, op("add", "title", "U"), If_Match=(
        "W/" + after["meta"]["version"])), 412)
    after = fine(w.scim.patch(path, op("add", "title", "V"), If_Match="*"))
    for word in ("1", "nothing", '"1", "2"'):
        refused(w.scim.patch(path, op("add", "title", "W"), If_Match=word),
                400)
    status(w.scim.delete(path, If_Match=after["meta"]["version"]), 204)


@test
def what_is_known_is_not_sent_again(w):
    made = w.user()
    path, tag = "/Users/" + made["id"], made["meta"]["version"]
    for known in (tag, "W/" + tag, '"0", ' + tag, "*"):
        reply = status(w.scim.get(path, If_None_Match=known), 304)
        same((reply.body, reply.etag), (b"", tag), known)
    for other in ('"0"', '"x"', 'W/"0"'):
        status(w.scim.get(path, If_None_Match=other), 200)
