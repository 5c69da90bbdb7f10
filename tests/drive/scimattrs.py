# SPDX-License-Identifier: Apache-2.0
"""scimattrs.py - tests of RFC 7643 2 to 4, attribute by attribute: what each of
them holds, and what is done with those that nobody here has."""
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
