# SPDX-License-Identifier: Apache-2.0
"""scimattrs.py - tests of RFC 7643 2 to 4, attribute by attribute: what each of
them holds, and what is done with those that nobody here has."""
import subprocess

from scimlib import (ENTERPRISE, GROUP, USER, USHER, fine, op, refused, same,
                     status, test, true, without)

# What RFC 7643 4.1 and 8.7.1 have and no person here.
SPARE = {"profileUrl": "https://x.example/b", "locale": "en_US",
         "timezone": "Europe/Berlin", "ims": [{"value": "b", "type": "aim"}],
         "photos": [{"value": "https://x.example/b.png", "type": "photo"}],
         "roles": [{"value": "Student", "primary": True}],
         "x509Certificates": [{"value": "MIIB"}]}
PARTS = {"emails": {"display": "B"}, "phoneNumbers": {"display": "B"},
         "addresses": {"display": "B", "primary": True}}


# --- what nobody here has ----------------------------------------------------

@test
def attributes_that_nobody_has_are_passed_over(w):
    """All of them are OPTIONAL; clients send them to whoever."""
    for client in w.scim, w.strict:
        made = w.user(client, title="T", **SPARE)
        same(set(made) & set(SPARE), set())
        after = fine(client.put("/Users/" + made["id"], {
            **w.draft(), "userName": made["userName"], "title": "T",
            **SPARE}))
        same(without(after, "meta"), without(made, "meta"))
        for name, value in SPARE.items():
            for each in op("add", name, value), op("replace", name, value), (
                    op("remove", name)):
                status(w.change(made, each, client=client), 200, 204)
        for path in ('roles[primary eq "True"].value', "ims.value",
                     'photos[type eq "photo"].value',
                     USER + ":profileUrl"):
            status(w.change(made, op("add", path, "x"), client=client),
                   200, 204)
        same(w.show(made, client=client)["meta"]["version"],
             after["meta"]["version"])


@test
def parts_that_nobody_has_are_passed_over(w):
    """Of what is there, too: by itself or beside others."""
    made = w.user(
        emails=[{"value": "p@x.example", "type": "work", "display": "B"}],
        phoneNumbers=[{"value": "1", "type": "work", "display": "B"}],
        addresses=[{"type": "work", "locality": "X", "primary": True}])
    for name, parts in PARTS.items():
        row, = made[name]
        same(set(row) & set(parts) - {"primary"}, set())
        for sub, value in parts.items():
            for path in ('%s[type eq "work"].%s' % (name, sub),
                         "%s.%s" % (name, sub),
                         "%s:%s.%s" % (USER, name, sub)):
                after = fine(w.change(made, op("replace", path, value)))
                same(after["meta"], made["meta"], path)
    fine(w.change(made, op("add", ENTERPRISE + ":manager.displayName", "B")))
    refused(w.change(made, op("add", 'emails[type eq "work"].shoes', "B")),
            400, "invalidPath")
    refused(w.change(made, op("add", "name.display", "B")), 400,
            "invalidPath")


# --- 4.1.1: singular ones ----------------------------------------------------

@test
def both_forms_of_a_name_follow_its_parts(w):
    made = w.user(name={"givenName": "Ana", "familyName": "Berg"})
    after = fine(w.change(made, op("replace", "name.familyName", "Cole")))
    same((after["name"]["formatted"], after["displayName"]),
         ("Ana Cole", "Ana Cole"))
    after = fine(w.scim.put("/Users/" + made["id"], {
        **after, "name": {**after["name"], "givenName": "Eva"}}))
    same((after["name"]["formatted"], after["displayName"]),
         ("Eva Cole", "Eva Cole"))
    # What the client wrote itself stays.
    after = fine(w.change(made, op("replace", "name", {
        "formatted": "Dr. E. Cole"})))
    after = fine(w.change(made, op("replace", "name.givenName", "Ida")))
    same(after["name"]["formatted"], "Dr. E. Cole")


# --- 4.1.2: those with many values -------------------------------------------

@test
def addresses_are_kept_in_all_parts(w):
    row = {"type": "work", "formatted": "Main 1, X, DE",
           "streetAddress": "Main 1", "locality": "X", "region": "Y",
           "postalCode": "Z", "country": "DE"}
    made = w.user(addresses=[row])
    same(made["addresses"], [row])
    after = fine(w.change(made, op(
        "replace", 'addresses[type eq "work"].formatted', "Main 2")))
    same(after["addresses"], [{**row, "formatted": "Main 2"}])
    alone = fine(w.change(w.user(), op(
        "add", 'addresses[type eq "work"].formatted', "Main 3")))
    same(alone["addresses"], [{"type": "work", "formatted": "Main 3"}])


@test
def addresses_are_in_one_line(w):
    made = w.user(addresses=[{"type": "work", "formatted": "A\nB",
                              "streetAddress": "1\r\n2"}])
    same([made["addresses"][0][name] for name in (
        "formatted", "streetAddress")], ["A B", "1 2"])


# --- 2.4: the parts that many have -------------------------------------------

@test
def who_says_nothing_of_primary_has_none(w):
    """But the first e-mail address of who has none is: news goes there."""
    two = [{"value": "1", "type": "work"},
           {"value": "2", "type": "home", "primary": False}]
    made = w.user(phoneNumbers=two, emails=[
        {"value": "p%s@x.example" % row["value"], "type": row["type"]}
        for row in two])
    same([row.get("primary") for row in made["phoneNumbers"]], [None, None])
    same([row.get("primary") for row in made["emails"]], [True, None])
    after = fine(w.change(made, op(
        "replace", 'emails[type eq "home"].primary', True)))
    same({row["type"]: bool(row.get("primary")) for row in after["emails"]},
         {"work": False, "home": True})


@test
def one_is_primary_of_two_that_were_sent_so(w):
    """The last one, as if one had been added after the other."""
    for name, mark in (("emails", "@x.example"), ("phoneNumbers", "")):
        made = w.user(**{name: [
            {"value": kind + mark, "type": kind, "primary": True}
            for kind in ("work", "home")]})
        same({row["type"]: bool(row.get("primary")) for row in made[name]},
             {"work": False, "home": True})
        refused(w.change(made, op("replace", name, [
            {"value": kind + mark, "type": kind, "primary": True}
            for kind in ("work", "other")])), 400, "invalidValue")


@test
def references_that_are_sent_are_passed_over(w):
    """The server makes them of the value, whatever stands in them."""
    boss = w.user()
    for ref in ("../Users/" + boss["id"], "http://x.example/v1/Users/1", 5):
        made = w.user(schemas=[USER, ENTERPRISE], **{ENTERPRISE: {
            "manager": {"value": boss["id"], "$ref": ref}}})
        same(made[ENTERPRISE]["manager"]["$ref"], boss["meta"]["location"])
        found = fine(w.scim.post("/Groups", {
            "schemas": [GROUP], "displayName": "r " + w.name(),
            "members": [{"value": boss["id"], "$ref": ref,
                         "display": "B"}]}))
        same(found["members"][0]["$ref"], boss["meta"]["location"])


@test
def managers_are_there(w):
    for wrong in ("0000000000ABC", "x", w.user(w.other)["id"]):
        refused(w.scim.post("/Users", w.draft(
            schemas=[USER, ENTERPRISE], **{ENTERPRISE: {
                "manager": {"value": wrong}}})), 400, "invalidValue")


# --- 3: schemas, extensions, what all have -----------------------------------

@test
def schemas_of_other_types_are_passed_over(w):
    for more in (GROUP, "urn:x:nobody"):
        made = w.user(schemas=[USER, more])
        true(more not in made["schemas"], made)
        refused(w.strict.post("/Users", w.draft(schemas=[USER, more])), 400,
                "invalidSyntax")


@test
def extensions_are_containers(w):
    """What is an extension's stands under its URN and nowhere else."""
    for name, urn in (("costCenter", ENTERPRISE), ("site", USHER)):
        refused(w.scim.post("/Users", w.draft(**{name: "ber"})), 400,
                "invalidPath")
        refused(w.change(w.user(), op("add", name, "ber")), 400,
                "invalidPath")
        made = w.user(schemas=[USER, urn], **{urn: {name: "ber"}})
        true(name not in made and made[urn][name] == "ber", made)
    refused(w.scim.post("/Users", w.draft(**{ENTERPRISE: {
        "title": "T"}})), 400, "invalidPath")


@test
def ids_are_the_same_in_any_case(w):
    made = w.user()
    low = made["id"].lower()
    same(fine(w.scim.get("/Users/" + low))["id"], made["id"])
    same(w.found('id eq "%s"' % low), {made["id"]})


@test
def locations_are_in_each_answer(w):
    made = w.user()
    group = fine(w.scim.post("/Groups", {
        "schemas": [GROUP], "displayName": "l " + w.name()}))
    for row in made, group:
        path = row["meta"]["location"].partition("/scim/v2")[2]
        true(path.endswith("/" + row["id"]), row)
        for reply in (w.scim.put(path, row), w.scim.get(path), w.scim.patch(
                path, op("add", "displayName", "l " + w.name()))):
            same(fine(reply)["meta"]["location"], row["meta"]["location"])
            same(reply.headers["content-location"], row["meta"]["location"])


# --- 4: users ----------------------------------------------------------------

@test
def display_names_are_of_the_name(w):
    made = w.user(name={"givenName": "Ana", "familyName": "Berg"})
    same(made["displayName"], "Ana Berg")
    made = w.user(displayName="Babs", name={"givenName": "Ana"})
    same(made["displayName"], "Babs")
    same(w.user(name={"formatted": "Ana Berg"})["displayName"], "Ana Berg")
    true("displayName" not in w.user(), "it was made of nothing")


@test
def user_types_are_any_text(w):
    for text in ("Contractor", "Unknown", "Gärtner"):
        same(w.user(userType=text)["userType"], text)


@test
def who_is_not_active_is_blocked(w):
    made = w.user(active=False)
    same((made["active"], made[USHER]["blocks"]), (False, ["manual"]))
    after = fine(w.change(made, op("replace", "active", True)))
    same((after["active"], after[USHER].get("blocks")), (True, None))


@test
def passwords_are_not_asked_for(w):
    for text in ('password eq "x"', "password pr", 'password sw "x"'):
        refused(w.scim.search(filter=text), 400, "invalidFilter")


@test
def email_addresses_are_addresses(w):
    for bad in ("nobody", "a b@x.example", "@x.example", "a@", "a@b@c"):
        refused(w.scim.post("/Users", w.draft(emails=[
            {"value": bad, "type": "work"}])), 400, "invalidValue")
    made = w.user(emails=[{"value": "o'x+y@x.example", "type": "work"}])
    same(made["emails"][0]["value"], "o'x+y@x.example")


@test
def languages_are_tags(w):
    for good in ("fr", "en-US", "es-419", "az-Arab", "zh-Hant-TW",
                 "x-pig-latin"):
        same(w.user(preferredLanguage=good)["preferredLanguage"], good)
    same(w.user(preferredLanguage="de_CH")["preferredLanguage"], "de-CH")
    for bad in ("-", "de-", "x", "x-", "y-a", "en US"):
        refused(w.scim.post("/Users", w.draft(preferredLanguage=bad)), 400,
                "invalidValue")


@test
def of_languages_the_most_preferred_is_kept(w):
    for text, wanted in (
            ("de-CH, fr;q=0.5", "de-CH"), ("fr;q=0.8,de;q=0.85,en", "en"),
            ("fr;q=0.8 , nl; Q=0.81,*;q=0.9", "nl"), ("fr,de", "fr"),
            ("en;q=1.000, de;q=1", "en"), ("da;q=0, de;q=0.001", "de")):
        made = w.user(preferredLanguage=text)
        same(made["preferredLanguage"], wanted, text)
        again = fine(w.change(made, op("replace", "preferredLanguage", text)))
        same(again["meta"], made["meta"], text)


@test
def versions_tell_of_all_but_groups(w):
    """Nor of who may see what: those are no change of the person."""
    made = w.user()
    fine(w.scim.post("/Groups", {
        "schemas": [GROUP], "displayName": "v " + w.name(),
        "members": [{"value": made["id"]}]}))
    shown = w.show(made)
    same((shown["meta"], len(shown["groups"])), (made["meta"], 1))
    true(made["meta"]["version"].startswith('"'), made["meta"])


@test
def a_name_is_enough(w):
    same(set(w.user()), {"schemas", "id", "userName", "active", "meta",
                         USHER})


# --- 7, 9: case, secrets -----------------------------------------------------

@test
def case_is_kept(w):
    """Where it matters (caseExact), and of what is personal, too."""
    name = "MiXed-" + w.name()
    made = w.user(userName=name, externalId=name, title="McX", emails=[
        {"value": name + "@X.example", "type": "WorK"}])
    shown = w.show(made)
    same((shown["userName"], shown["externalId"], shown["title"],
          shown["emails"][0]["value"], shown["emails"][0]["type"]),
         (name, name, "McX", name + "@X.example", "WorK"))


@test
def words_of_the_organisation_are_as_first_written(w):
    """Title, department and so on are one word in whatever case."""
    mark = w.name()
    first = w.user(title="Lead " + mark)
    second = w.user(title="LEAD " + mark.upper())
    same((first["title"], second["title"]), ("Lead " + mark,) * 2)


@test
def secrets_are_not_stored_in_the_clear(w):
    """Neither what clients authenticate with, nor passwords that are sent."""
    secret = "pass word " + w.name()
    w.user(password=secret)
    made = w.of(rights=["self"]).client.token
    for text in (secret, made, made[-22:]):
        same(subprocess.run(["grep", "-rlF", "--", text, w.server.folder],
                            capture_output=True, text=True).stdout, "")
