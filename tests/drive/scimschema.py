# SPDX-License-Identifier: Apache-2.0
"""scimschema.py - tests of RFC 7643: attributes, resources, descriptions."""
import time

from scimlib import (CORE, DATE_TIME, ENTERPRISE, GROUP, USER, USHER, fine, op,
                     refused, same, status, test, text_of, true, without)

TYPES = {"string", "boolean", "decimal", "integer", "dateTime", "binary",
         "reference", "complex"}
MUTABILITY = {"readOnly", "readWrite", "immutable", "writeOnly"}
RETURNED = {"always", "never", "default", "request"}
UNIQUENESS = {"none", "server", "global"}


def schemas(w):
    return {row["id"]: row for row in fine(w.scim.get("/Schemas"))["Resources"]}


def attributes(w):
    """(schema, attribute or sub-attribute) of everything described."""
    for row in schemas(w).values():
        for attr in row["attributes"]:
            yield row["id"], attr
            for sub in attr.get("subAttributes", []):
                yield row["id"], sub


# --- 2: attributes -----------------------------------------------------------

@test
def attribute_names_are_in_any_case(w):
    name = w.name()
    made = fine(w.scim.post("/Users", {
        "SCHEMAS": [USER.upper(), ENTERPRISE.lower()], "USERNAME": name,
        "Name": {"FAMILYNAME": "Berg"},
        "eMails": [{"VALUE": name + "@x.example", "Type": "work"}],
        ENTERPRISE.upper(): {"COSTCENTER": "c1"}}))
    same(made["userName"], name)
    same(made["name"]["familyName"], "Berg")
    same(made["emails"][0]["value"], name + "@x.example")
    same(made[ENTERPRISE]["costCenter"], "c1")


@test
def attribute_names_follow_the_grammar(w):
    for schema, attr in attributes(w):
        bare = attr["name"].lstrip("$")
        true(bare[0].isalpha() and bare.replace("-", "").replace(
            "_", "").isalnum() and bare.isascii(), schema, attr["name"])


@test
def attribute_names_are_camel_case(w):
    for schema, attr in attributes(w):
        bare = attr["name"].lstrip("$")
        true(bare[0].islower() and "_" not in bare and "-" not in bare,
             schema, attr["name"])


@test
def date_times_have_a_date_and_a_time(w):
    meta = w.user()["meta"]
    for name in ("created", "lastModified"):
        true(DATE_TIME.match(meta[name]), name, meta)


@test
def booleans_are_true_or_false(w):
    made = w.user(active=True, emails=[
        {"value": "b@x.example", "type": "work", "primary": True}])
    true(made["active"] is True and made["emails"][0]["primary"] is True, made)


@test
def references_are_absolute_and_can_be_fetched(w):
    boss = w.user()
    made = w.user(**{"schemas": [USER, ENTERPRISE], ENTERPRISE: {
        "manager": {"value": boss["id"]}}})
    for found, wanted in ((made["meta"]["location"], made["id"]),
                          (made[ENTERPRISE]["manager"]["$ref"], boss["id"])):
        true(found.startswith("http"), found)
        same(fine(w.scim.get(found.partition("/scim/v2")[2]))["id"], wanted)


@test
def references_are_case_exact(w):
    for schema, attr in attributes(w):
        if attr["type"] == "reference":
            true(attr["caseExact"] is True, schema, attr)


@test
def complex_attributes_are_one_deep(w):
    for row in schemas(w).values():
        for attr in row["attributes"]:
            same("subAttributes" in attr, attr["type"] == "complex", attr)
            for sub in attr.get("subAttributes", []):
                true(sub["type"] != "complex" or row["id"] == CORE + "Schema",
                     row["id"], attr["name"], sub)


@test
def the_order_of_attributes_means_nothing(w):
    name = w.name()
    made = fine(w.scim.post("/Users", {
        ENTERPRISE: {"costCenter": "c1"}, "name": {"givenName": "Ana"},
        "userName": name, "schemas": [ENTERPRISE, USER]}))
    same(made["userName"], name)
    same(made[ENTERPRISE]["costCenter"], "c1")


@test
def at_most_one_value_is_primary(w):
    for name, mark in (("emails", "@x.example"), ("phoneNumbers", "")):
        rows = [{"value": kind + mark, "type": kind, "primary": True}
                for kind in ("work", "home", "other")]
        made = w.user(**{name: rows[:2]})
        for after in (made, w.show(made), fine(w.change(
                made, op("add", name, rows[2]))), fine(w.change(made, op(
                    "replace", name + '[type eq "work"].primary', True)))):
            same(sum(bool(row.get("primary")) for row in after[name]), 1)


@test
def types_stay_as_sent_and_match_in_any_case(w):
    made = w.user(emails=[{"value": "c@x.example", "type": "WORK"}])
    same(made["emails"][0]["type"], "WORK")
    after = fine(w.change(made, op(
        "replace", 'emails[type eq "work"].value', "d@x.example")))
    same([row["value"] for row in after["emails"]], ["d@x.example"])


@test
def no_type_and_value_twice(w):
    for name, value in (("emails", "t@x.example"), ("phoneNumbers", "1")):
        row = {"value": value, "type": "work"}
        made = w.user(**{name: [row, row]})
        same([without(each, "primary") for each in made[name]], [row])
        after = fine(w.change(made, op("add", name, [row])))
        same(after["meta"], made["meta"])


@test
def unassigned_null_and_empty_are_one(w):
    mark = w.name()
    rows = [w.user(title=mark, **more) for more in (
        {}, {"nickName": None, "emails": None}, {"emails": [], "name": {}})]
    for made in rows:
        true(not made.get("emails") and not made.get("nickName"), made)
        true("familyName" not in made.get("name", {}), made)
    same(w.found('title eq "%s" and not (userType pr)' % mark),
         {made["id"] for made in rows})


@test
def null_and_empty_make_unassigned(w):
    made = w.user(nickName="An", emails=[{"value": "n@x.example"}])
    after = fine(w.scim.put("/Users/" + made["id"], {
        "schemas": [USER], "userName": made["userName"], "nickName": None,
        "emails": []}))
    true("nickName" not in after and not after.get("emails"), after)
    made = w.user(nickName="An", phoneNumbers=[{"value": "1"}], name={
        "givenName": "Ana", "familyName": "Berg"})
    after = fine(w.change(made, *(
        {"op": "replace", "path": path, "value": value} for path, value in (
            ("nickName", None), ("phoneNumbers", []),
            ("name.familyName", None)))))
    same((after.get("nickName"), after.get("phoneNumbers"),
          after["name"].get("familyName")), (None, None, None))


# --- 3: resources ------------------------------------------------------------

@test
def schemas_are_those_of_the_type(w):
    made = w.user(**{"schemas": [USER, ENTERPRISE],
                     ENTERPRISE: {"costCenter": "c1"}})
    true(made["schemas"], made)
    same(len(set(made["schemas"])), len(made["schemas"]))
    true(set(made["schemas"]) <= {USER, ENTERPRISE, USHER}, made)
    true({USER, ENTERPRISE} <= set(made["schemas"]), made)


@test
def extensions_in_use_are_in_schemas(w):
    made = w.user(**{"schemas": [USER, ENTERPRISE],
                     ENTERPRISE: {"costCenter": "c1"}})
    for name in made:
        true(":" not in name or name in made["schemas"], name, made["schemas"])


@test
def schemas_are_asked_for(w):
    refused(w.scim.post("/Users", {"userName": w.name()}), 400,
            "invalidSyntax")
    refused(w.scim.post("/Users", {"schemas": [], "userName": w.name()}), 400,
            "invalidSyntax")
    refused(w.scim.post("/Users", {"schemas": [ENTERPRISE],
                                   "userName": w.name()}), 400,
            "invalidSyntax")


@test
def a_schema_twice_is_as_once(w):
    made = w.user(schemas=[USER, USER])
    same(made["schemas"].count(USER), 1)


@test
def ids_are_given_by_the_server(w):
    made = w.user(id="mine")
    true(made["id"] and made["id"] != "mine", made)
    true("bulkid" not in made["id"].lower(), made["id"])


@test
def ids_are_stable_and_alone(w):
    rows = [w.user() for _ in range(5)]
    rows.append(fine(w.scim.post("/Groups", {
        "schemas": [GROUP], "displayName": "i " + w.name()})))
    same(len({row["id"] for row in rows}), 6)
    w.change(rows[0], op("replace", "userName", w.name()))
    same(w.show(rows[0])["id"], rows[0]["id"])


@test
def ids_are_not_made_of_personal_data(w):
    first, second = w.user(), w.user()
    for row in (first, second):
        true(row["userName"] not in row["meta"]["location"], row["meta"])
        true(row["userName"] not in row["id"], row["id"])


@test
def ids_of_the_gone_are_not_given_again(w):
    gone = w.user()
    w.scim.delete("/Users/" + gone["id"])
    true(gone["id"] not in {w.user()["id"] for _ in range(5)}, gone["id"])


@test
def external_ids_are_only_the_clients(w):
    true("externalId" not in w.user(), "the server made an externalId")
    mark = "X-" + w.name()
    made = w.user(externalId=mark)
    same(made["externalId"], mark)
    same(w.found('externalId eq "%s"' % mark), {made["id"]})


@test
def external_ids_are_each_clients_own(w):
    mark = "shared-" + w.name()
    first = w.user(externalId=mark)
    second = w.user(w.other, externalId=mark)
    third = w.user(w.foreign, externalId=mark)
    for client, made in ((w.scim, first), (w.other, second),
                         (w.foreign, third)):
        same(w.found('externalId eq "%s"' % mark, client), {made["id"]})


@test
def external_ids_are_case_exact(w):
    mark = "Case-" + w.name()
    made = w.user(externalId=mark)
    same(w.found('externalId eq "%s"' % mark.lower()), set())
    same(w.found('externalId eq "%s"' % mark), {made["id"]})


@test
def meta_is_the_servers(w):
    made = w.user(meta={"resourceType": "Group", "location": "http://x",
                        "version": "9", "created": "2000-01-01T00:00:00Z"})
    same(made["meta"]["resourceType"], "User")
    true("http://x" != made["meta"]["location"], made["meta"])
    true(not made["meta"]["created"].startswith("2000"), made["meta"])
    after = fine(w.scim.put("/Users/" + made["id"], {
        **without(made, "meta"), "meta": {"version": "7"}}))
    same(after["meta"]["created"], made["meta"]["created"])
    true(after["meta"]["version"] != "7", after["meta"])


@test
def meta_is_returned_by_default(w):
    meta = w.show(w.user())["meta"]
    same(set(meta), {"resourceType", "created", "lastModified", "location",
                     "version"})


@test
def location_is_the_content_location(w):
    made = w.scim.post("/Users", w.draft())
    for reply in (made, w.scim.get("/Users/" + made.json["id"])):
        same(reply.headers.get("content-location"),
             reply.json["meta"]["location"])


@test
def version_is_the_etag(w):
    made = w.user()
    reply = w.scim.get("/Users/" + made["id"])
    same(reply.etag, reply.json["meta"]["version"])
    same(reply.etag, made["meta"]["version"])
    row, = fine(w.scim.search(filter='id eq "%s"' % made["id"]))["Resources"]
    same(row["meta"], made["meta"])


@test
def never_modified_is_modified_when_created(w):
    meta = w.user()["meta"]
    same(meta["lastModified"], meta["created"])


@test
def modified_moves_with_a_change(w):
    made = w.user()
    time.sleep(0.005)   # times are told in milliseconds
    after = fine(w.change(made, op("replace", "nickName", "Nick")))
    true(after["meta"]["lastModified"] > made["meta"]["lastModified"],
         made["meta"], after["meta"])
    same(after["meta"]["created"], made["meta"]["created"])


# --- 4: users ----------------------------------------------------------------

@test
def user_names_are_there_and_not_empty(w):
    for value in (None, "", " "):
        refused(w.scim.post("/Users", {
            "schemas": [USER], "userName": value}), 400, "invalidValue")
    refused(w.scim.post("/Users", {"schemas": [USER]}), 400, "invalidValue")


@test
def user_names_are_alone_in_any_case(w):
    made = w.user()
    refused(w.scim.post("/Users", w.draft(
        userName=made["userName"].upper())), 409, "uniqueness")
    same(w.found('userName eq "%s"' % made["userName"].upper()), {made["id"]})


@test
def both_forms_of_a_name_are_of_one_name(w):
    made = w.user(name={"givenName": "Ana", "familyName": "Berg"})
    same(made["name"].get("formatted"), "Ana Berg")


@test
def passwords_are_never_shown(w):
    secret = "correct horse battery %s" % w.name()
    made = w.scim.post("/Users", w.draft(password=secret))
    path = "/Users/" + fine(made)["id"]
    body = {"schemas": [USER], "userName": made.json["userName"],
            "password": secret}
    for reply in (made, w.scim.get(path), w.scim.put(path, body),
                  w.scim.patch(path, op("replace", "password", secret)),
                  w.scim.get(path + "?attributes=password"),
                  w.scim.post("/Users?attributes=password",
                              w.draft(password=secret)),
                  w.scim.search(attributes=["password"])):
        true(reply.status < 300, reply)
        true(secret not in reply.body.decode(), reply)
        true('"password"' not in reply.body.decode(), reply)
    true(secret not in w.server.log_text(), "it is in the server's log")


@test
def passwords_are_not_taken_and_not_announced(w):
    same(fine(w.scim.get("/ServiceProviderConfig"))["changePassword"],
         {"supported": False})
    true("password" not in {attr["name"] for attr in
                            schemas(w)[USER]["attributes"]}, "it is described")


@test
def email_addresses_stay_as_sent_and_are_found_in_any_case(w):
    mark = w.name()
    made = w.user(emails=[{"value": mark + "@EXAMPLE.com", "type": "work"}])
    same(made["emails"][0]["value"], mark + "@EXAMPLE.com")
    same(w.found('emails.value eq "%s@example.COM"' % mark), {made["id"]})


@test
def phone_numbers_stay_as_sent(w):
    made = w.user(phoneNumbers=[{"value": "tel:+49-30-1", "type": "work"},
                                {"value": "030 2", "type": "home"}])
    same({row["value"] for row in made["phoneNumbers"]},
         {"tel:+49-30-1", "030 2"})


@test
def countries_of_addresses_stay_as_sent(w):
    for value in ("DE", "Germany"):
        made = w.user(addresses=[{"type": "work", "country": value}])
        same(made["addresses"][0]["country"], value)


@test
def managers_are_shown_by_id_and_reference(w):
    boss = w.user()
    made = w.user(**{"schemas": [USER, ENTERPRISE], ENTERPRISE: {
        "manager": {"value": boss["id"]}}})
    same(made[ENTERPRISE]["manager"], {
        "value": boss["id"], "$ref": boss["meta"]["location"]})


@test
def the_groups_of_a_user_are_not_changed_there(w):
    made = w.user(groups=[{"value": "nothing"}])
    true(not made.get("groups"), made)
    after = fine(w.scim.put("/Users/" + made["id"], {
        **made, "groups": [{"value": "nothing"}]}))
    true(not after.get("groups"), after)


# --- 5, 6, 7: what the server says of itself ---------------------------------

@test
def the_configuration_has_what_is_required(w):
    found = fine(w.scim.get("/ServiceProviderConfig"))
    for name in ("patch", "bulk", "filter", "changePassword", "sort", "etag"):
        true(isinstance(found[name]["supported"], bool), name, found)
    for name in ("maxOperations", "maxPayloadSize"):
        true(isinstance(found["bulk"][name], int), found["bulk"])
    true(isinstance(found["filter"]["maxResults"], int), found["filter"])
    true(found["authenticationSchemes"], found)
    for row in found["authenticationSchemes"]:
        true(row["type"] in {"oauth", "oauth2", "oauthbearertoken",
                             "httpbasic", "httpdigest"}, row)
        true(row["name"] and row["description"], row)


@test
def the_configuration_is_true(w):
    found = fine(w.scim.get("/ServiceProviderConfig"))
    made = w.user()
    same(w.change(made, op("replace", "nickName", "N")).status < 300,
         found["patch"]["supported"])
    same(w.scim.list(filter="active eq true").status == 200,
         found["filter"]["supported"])
    same(w.scim.list(sortBy="meta.created").status == 200,
         found["sort"]["supported"])
    same(w.scim.get("/Users/" + made["id"]).etag is not None,
         found["etag"]["supported"])
    asked = w.scim.post("/Bulk", {"schemas": [], "Operations": []})
    same(asked.status not in (404, 501), found["bulk"]["supported"], asked)


@test
def resource_types_have_what_is_required(w):
    known = schemas(w)
    rows = fine(w.scim.get("/ResourceTypes"))["Resources"]
    true(rows, "there are none")
    for row in rows:
        same(row["schemas"], [CORE + "ResourceType"])
        true(row["name"] and row["endpoint"].startswith("/"), row)
        true(row["schema"] in known, row["schema"])
        for each in row.get("schemaExtensions", []):
            true(each["schema"] in known, each)
            true(isinstance(each["required"], bool), each)


@test
def the_endpoint_of_each_type_is_there(w):
    for row in fine(w.scim.get("/ResourceTypes"))["Resources"]:
        reply = status(w.scim.get(row["endpoint"] + "?count=1"), 200)
        for each in reply.json["Resources"]:
            same(each["meta"]["resourceType"], row["name"])


@test
def a_required_extension_is_asked_for(w):
    for row in fine(w.scim.get("/ResourceTypes"))["Resources"]:
        if row["name"] == "User":
            same([each for each in row["schemaExtensions"]
                  if each["required"]], [])
    w.user()    # none is, and a user without any is made


@test
def schemas_have_what_is_required(w):
    for urn, row in schemas(w).items():
        true(urn.startswith("urn:"), urn)
        true(row["name"] and row["attributes"], urn)
        same(row["meta"]["resourceType"], "Schema")
        same(row["schemas"], [CORE + "Schema"])


@test
def schemas_have_the_names_of_the_rfc(w):
    found = schemas(w)
    for urn, name in ((USER, "User"), (ENTERPRISE, "EnterpriseUser"),
                      (GROUP, "Group"), (CORE + "ResourceType",
                                         "ResourceType"),
                      (CORE + "ServiceProviderConfig",
                       "Service Provider Configuration"),
                      (CORE + "Schema", "Schema")):
        same(found[urn]["name"], name)


@test
def attributes_are_described_whole(w):
    for schema, attr in attributes(w):
        what = schema, attr
        true(attr["type"] in TYPES, *what)
        true(isinstance(attr["multiValued"], bool), *what)
        true(isinstance(attr["required"], bool), *what)
        true(attr["description"], *what)
        true(attr["mutability"] in MUTABILITY, *what)
        true(attr["returned"] in RETURNED, *what)
        true(attr.get("uniqueness", "none") in UNIQUENESS, *what)
        if attr["type"] == "string":
            true(isinstance(attr["caseExact"], bool), *what)


@test
def everything_shown_is_described(w):
    boss = w.user()
    made = w.user(
        schemas=[USER, ENTERPRISE, USHER], name={
            "givenName": "A", "familyName": "B", "middleName": "C",
            "honorificPrefix": "D", "honorificSuffix": "E"},
        externalId=w.name(), displayName="F", nickName="G", title="H",
        userType="I", preferredLanguage="de", entitlements=["mail"],
        emails=[{"value": "e@x.example", "type": "work", "primary": True}],
        phoneNumbers=[{"value": "1", "type": "fax"}],
        addresses=[{"type": "work", "country": "DE", "locality": "X"}],
        **{ENTERPRISE: {"costCenter": "c", "division": "d", "department": "it",
                        "employeeNumber": "9",
                        "manager": {"value": boss["id"]}},
           USHER: {"site": "ber", "start": "2020-01-01"}})
    common = {"schemas", "id", "externalId", "meta"}
    for urn, row in schemas(w).items():
        shown = made if urn == USER else made.get(urn, {})
        names = {attr["name"]: attr for attr in row["attributes"]}
        for name, value in shown.items():
            if name in common or ":" in name:
                continue
            true(name in names, urn, name, text_of(value))
            subs = {sub["name"] for sub in names[name].get(
                "subAttributes", [])}
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, dict):
                    true(set(part) <= subs, urn, name, part)
                else:
                    true(not subs, urn, name, part)


@test
def what_is_announced_can_be_written(w):
    """Each that is readWrite comes back, but for products and the partner's
    slug, which have tests of their own."""
    known = schemas(w)
    for urn in USER, ENTERPRISE, USHER:
        for attr in known[urn]["attributes"]:
            name = attr["name"]
            if attr["mutability"] != "readWrite" or name in (
                    "entitlements", "organization"):
                continue
            value = written(w, attr)
            made = w.user(schemas=[USER, urn], **(
                {name: value} if urn == USER else {urn: {name: value}}))
            found = (made if urn == USER else made[urn])[name]
            if name == "manager":
                found = without(found, "$ref")
            # A word of the organisation is as who wrote it first had it.
            same(*(each.lower() if isinstance(each, str) else each
                   for each in (found, value)), urn, name)


KNOWN = {"preferredLanguage": "fr", "site": "ber", "department": "it",
         "country": "DE", "start": "2020-01-01", "end": "2099-12-31"}


def written(w, attr):
    """A value that such an attribute takes."""
    if attr["type"] == "complex":
        parts = {sub["name"]: written(w, sub) for sub in attr["subAttributes"]
                 if sub["mutability"] == "readWrite"}
        if attr["name"] == "emails":
            parts["value"] = w.name() + "@x.example"
        if attr["name"] == "manager":
            parts["value"] = w.user()["id"]
        return [parts] if attr["multiValued"] else parts
    if attr["type"] == "boolean":
        return True
    return w.name() if attr["name"] == "userName" else KNOWN.get(
        attr["name"], "Value")


# --- mutability, returned, case ----------------------------------------------

@test
def read_only_is_not_changed(w):
    made = w.user()
    for path in ("id", "meta.created", USHER + ":lifecycle"):
        refused(w.change(made, op("replace", path, "x")), 400, "mutability")
    after = fine(w.scim.put("/Users/" + made["id"], {
        **made, "id": "x", USHER: {**made.get(USHER, {}),
                                   "lifecycle": "left"}}))
    same((after["id"], after[USHER]["lifecycle"]),
         (made["id"], made[USHER]["lifecycle"]))


@test
def external_ids_are_written_at_any_time(w):
    """By the client that brought them; the old one is nobody's then."""
    first, second, mark = "e-" + w.name(), "f-" + w.name(), w.user()
    made = w.user(externalId=first)
    same(fine(w.change(made, op("replace", "externalId", second)))[
        "externalId"], second)
    refused(w.change(mark, op("add", "externalId", second)), 409,
            "uniqueness")
    fine(w.change(mark, op("add", "externalId", first)))
    same(w.found('externalId eq "%s"' % first), {mark["id"]})
    same(w.found('externalId eq "%s"' % second), {made["id"]})
    gone = fine(w.change(made, op("remove", "externalId")))
    true("externalId" not in gone, gone)
    same(w.found('externalId eq "%s"' % second), set())
    put = {"schemas": [USER], "userName": made["userName"],
           "externalId": second}
    same(fine(w.scim.put("/Users/" + made["id"], put))["externalId"], second)


@test
def always_is_always_returned(w):
    made = w.user(nickName="N")
    for query in ("?attributes=nickName", "?excludedAttributes=id,schemas",
                  "?attributes=nothing"):
        shown = w.show(made, query)
        same((shown["id"], shown["schemas"][0]), (made["id"], USER), query)


@test
def default_is_returned_unless_asked_otherwise(w):
    made = w.user(nickName="N", title="T")
    true("nickName" in w.show(made), "by default")
    true("nickName" not in w.show(made, "?attributes=title"), "not asked for")
    true("nickName" not in w.show(made, "?excludedAttributes=nickName"),
         "excluded")


@test
def what_is_never_returned_is_nobodys(w):
    """There is no attribute that is never returned, or that is only written."""
    same({attr["returned"] for _schema, attr in attributes(w)}
         - {"always", "default", "request"}, set())
    same({attr["name"] for _schema, attr in attributes(w)
          if attr["returned"] == "request"}, {"entitlements", "licences"})


@test
def case_matters_where_the_schema_says_so(w):
    mark = w.name()
    made = w.user(title="Lead " + mark, **{
        "schemas": [USER, ENTERPRISE], ENTERPRISE: {"costCenter": "Cost"}})
    same(w.found('title eq "LEAD %s"' % mark), {made["id"]})
    same(w.found('title eq "Lead %s" and %s:costCenter eq "COST"' % (
        mark, ENTERPRISE)), {made["id"]})
