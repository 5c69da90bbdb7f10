# SPDX-License-Identifier: Apache-2.0
"""scimquery.py - tests of RFC 7644 3.4, 3.9, 3.10 and RFC 9865: what is shown
and found."""
import re
from urllib.parse import quote

from scimlib import (ENTERPRISE, LIST, MESSAGE, SEARCH, USER, USHER, World,
                     fine, op, refused, same, status, test, true)


def marked(w, n, **more):
    """N users that a title of their own finds; their ids in order, and it."""
    mark = "mark " + w.name()
    return [w.user(title=mark, **more)["id"] for _ in range(n)], mark


def ids(reply):
    return [row["id"] for row in fine(reply)["Resources"]]


# --- 3.4.1 -------------------------------------------------------------------

@test
def one_that_is_known_is_shown(w):
    made = w.user()
    reply = status(w.scim.get("/Users/" + made["id"]), 200)
    same((reply.json["id"], reply.json["userName"]),
         (made["id"], made["userName"]))


@test
def one_that_is_not_known_is_not_there(w):
    for path in ("0000000000ABC", "x", "%20", "00000000-0000", "a" * 500):
        refused(w.scim.get("/Users/" + path), 404)
    for path in ("%00", "%2f", "..", "%zz"):
        refused(w.scim.get("/Users/" + path), 400)


# --- 3.4.2: lists ------------------------------------------------------------

@test
def lists_say_what_they_are(w):
    for reply in (w.scim.get("/Users?count=1"), w.scim.search(count=1),
                  w.scim.get("/Schemas"), w.scim.get("/ResourceTypes")):
        same(status(reply, 200).json["schemas"], [LIST])
        true(isinstance(reply.json["totalResults"], int), reply)
        true(isinstance(reply.json["Resources"], list), reply)


@test
def a_part_of_a_list_says_which(w):
    _rows, mark = marked(w, 3)
    found = fine(w.scim.list(filter='title eq "%s"' % mark, startIndex=2,
                             count=1))
    same((found["totalResults"], found["startIndex"], found["itemsPerPage"],
          len(found["Resources"])), (3, 2, 1, 1))
    beyond = fine(w.scim.list(filter='title eq "%s"' % mark, startIndex=9))
    same((beyond["totalResults"], beyond["itemsPerPage"],
          beyond["Resources"]), (3, 0, []))


@test
def nothing_found_is_no_error(w):
    for text in ('userName eq "nobody at all"', 'title eq "nothing at all"'):
        reply = status(w.scim.list(filter=text), 200)
        same((reply.json["totalResults"], reply.json["Resources"]), (0, []))


@test
def unknown_parameters_are_passed_over(w):
    made = w.user()
    for query in ("?unheardOf=1", "?a=b&c", "?x%20y=%22"):
        fine(w.scim.get("/Users" + query))
        fine(w.scim.get("/Users/%s%s" % (made["id"], query)))
        fine(w.scim.get("/Schemas" + query))
        fine(w.scim.post("/Users" + query, w.draft()))
        fine(w.scim.patch("/Users/" + made["id"] + query,
                          op("add", "title", "T")))


@test
def the_root_is_not_asked(w):
    """Queries of all types at once are optional, and not there."""
    for path in ("", "/", "?filter=active%20eq%20true"):
        refused(w.scim.get(path), 404)
    refused(w.scim.search("", filter="active eq true"), 404)


@test
def one_resource_is_shown_whatever_is_asked_of_it(w):
    """Queries of one resource are optional: a filter there is passed over."""
    made = w.user(title="T")
    same(w.show(made, "?filter=" + quote('title eq "U"')), made)
    refused(w.scim.search("/Users/" + made["id"]), 404)


@test
def too_many_results_are_refused(w):
    """Of what is sealed: the rest comes in pages."""
    client, word = w.of(source=w.name()), "zq" + w.name().replace("-", "q")
    most = fine(w.scim.get("/ServiceProviderConfig"))["filter"]["maxResults"]

    def make(n):
        reply = status(client.post("/Bulk", {
            "schemas": [MESSAGE + "BulkRequest"],
            "Operations": [{"method": "POST", "path": "/Users",
                            "bulkId": str(i), "data": w.draft(
                                name={"familyName": word})}
                           for i in range(n)]}), 200)
        true(all(row["status"] == "201" for row in reply.json["Operations"]),
             reply)

    text = 'name.familyName sw "%s"' % word
    make(most)
    same(fine(client.search(filter=text, count=1))["totalResults"], most)
    make(1)
    for reply in (client.list(filter=text), client.search(filter=text)):
        refused(reply, 400, "tooMany")
    same(fine(client.get("/Users?count=1"))["totalResults"], most + 1)


# --- 3.4.2.2: filters --------------------------------------------------------

@test
def filters_do_not_mind_case(w):
    rows, mark = marked(w, 1)
    for text in ('TITLE EQ "%s"', 'title Eq "%s" AND ACTIVE eq true',
                 USER.upper() + ':Title eq "%s"', 'NOT (title ne "%s")'):
        same(w.found(text % mark), set(rows), text)


@test
def a_filter_is_an_expression(w):
    for text in ("title", "title eq", 'eq "x"', 'title eq "x" and', "()", " ",
                 'title eq "x" "y"', '(title eq "x"', 'title eq "x")',
                 "title eq x", "title eq 'x'", 'title  eq "x', "not title pr",
                 'emails[type eq "work"', "emails[]", "title pr pr"):
        for reply in (w.scim.list(filter=text), w.scim.search(filter=text)):
            refused(reply, 400, "invalidFilter")


@test
def unknown_operators_are_refused(w):
    for reply in (w.scim.list(filter='title regex ".*"'),
                  w.scim.search(filter='title regex ".*"'),
                  w.scim.search("/Groups", filter='displayName regex ".*"')):
        told = refused(reply, 400, "invalidFilter")
        true("regex" in told["detail"], told)
    refused(w.scim.list(filter='shoeSize eq "1"'), 400, "invalidFilter")


@test
def each_operator_does_what_it_says(w):
    mark = w.name()
    rows = {word: w.user(title="%s %s" % (word, mark), **{
        "schemas": [USER, ENTERPRISE], ENTERPRISE: {"costCenter": mark}})["id"]
        for word in ("alpha", "beta", "gamma")}
    mine = ' and %s:costCenter eq "%s"' % (ENTERPRISE, mark)
    for text, wanted in (
            ('title eq "beta %s"', "beta"), ('title ne "beta %s"',
                                             "alpha gamma"),
            ('title co "et"', "beta"), ('title sw "al"', "alpha"),
            ('title ew "%s"', "alpha beta gamma"),
            ('title co "beta %s"', "beta"), ('title sw "beta %s"', "beta"),
            ('title ew "beta %s"', "beta"), ('title co "beta %sx"', ""),
            ("title pr", "alpha beta gamma"),
            ('title gt "beta %s"', "gamma"), ('title ge "beta %s"',
                                              "beta gamma"),
            ('title lt "beta %s"', "alpha"), ('title le "beta %s"',
                                              "alpha beta"),
            ("not (userType pr)", "alpha beta gamma"),
            ("userType pr", "")):
        text = (text % mark if "%s" in text else text) + mine
        same(w.found(text), {rows[word] for word in wanted.split()}, text)


@test
def days_are_compared_as_days(w):
    mark = w.name()
    rows = {day: w.user(title=mark, schemas=[USER, USHER], **{
        USHER: {"start": day, "end": "2040-01-01"}})["id"]
        for day in ("2009-12-31", "2010-01-01", "2020-02-02")}
    for verb, wanted in (("gt", {"2020-02-02"}), ("ge", {
            "2010-01-01", "2020-02-02"}), ("lt", {"2009-12-31"}), ("le", {
                "2009-12-31", "2010-01-01"}), ("eq", {"2010-01-01"}), ("ne", {
                    "2009-12-31", "2020-02-02"})):
        same(w.found('title eq "%s" and %s:start %s "2010-01-01"' % (
            mark, USHER, verb)), {rows[day] for day in wanted}, verb)


@test
def filters_follow_the_grammar(w):
    rows, mark = marked(w, 1)
    for text in ('not(title ne "%s")', 'not (not(title eq "%s"))',
                 '((title eq "%s"))', 'title eq "%s" AND not (active EQ false)',
                 '(title eq "%s" and (active eq true or active eq false))'):
        same(w.found(text % mark), set(rows), text)
    # Literals are JSON's, and those are in small letters.
    for text in ("active eq TRUE", "title eq NULL", "title eq", "title co",
                 "title pr true", "1title pr", "ti tle pr", "title.x.y pr"):
        refused(w.scim.search(filter=text), 400, "invalidFilter")


@test
def of_complex_attributes_a_part_is_named(w):
    for text in ('name eq "x"', 'name co "x"', "name pr", 'meta eq "x"',
                 'addresses eq "x"'):
        refused(w.scim.search(filter=text), 400, "invalidFilter")


@test
def presence_is_of_what_is_not_empty(w):
    boss, mark = w.user(), w.name()
    managed = w.user(title=mark, schemas=[USER, ENTERPRISE], **{
        ENTERPRISE: {"manager": {"value": boss["id"]}}})
    w.user(title=mark)
    same(w.found('title eq "%s" and %s:manager pr' % (mark, ENTERPRISE)),
         {managed["id"]})
    mark = w.name()
    rows = {name: w.user(title=mark, **more)["id"] for name, more in (
        ("none", {}), ("null", {"userType": None}), ("empty", {
            "userType": ""}), ("there", {"userType": "x"}))}
    same(w.found('title eq "%s" and userType pr' % mark), {rows["there"]})


@test
def precedence_is_not_and_or(w):
    mark = w.name()
    rows = {kind: w.user(title=mark, userType=kind)["id"] for kind in "abc"}

    def of(text):
        return {kind for kind in rows if rows[kind] in w.found(
            'title eq "%s" and (%s)' % (mark, text))}

    same(of('userType eq "a" or userType eq "b" and userType eq "c"'), {"a"})
    same(of('(userType eq "a" or userType eq "b") and userType eq "b"'),
         {"b"})
    same(of('not (userType eq "a") and userType eq "b" or userType eq "c"'),
         {"b", "c"})
    same(of('not (userType eq "a" or userType eq "b")'), {"c"})


@test
def order_is_not_for_booleans(w):
    for verb in ("gt", "ge", "lt", "le"):
        refused(w.scim.list(filter="active %s true" % verb), 400,
                "invalidFilter")


@test
def one_of_many_values_is_enough(w):
    mark = w.name()
    made = w.user(emails=[
        {"value": "%s.%s@x.example" % (mark, kind), "type": kind}
        for kind in ("work", "home")])
    for kind in ("work", "home"):
        same(w.found('emails.value eq "%s.%s@x.example"' % (mark, kind)),
             {made["id"]})


@test
def brackets_are_about_one_value(w):
    """Also as Entra ID writes it, when an address is what it matches by."""
    mark = w.name()
    made = w.user(title=mark, emails=[
        {"value": mark + ".work@x.example", "type": "work"},
        {"value": mark + ".home@x.example", "type": "Home",
         "primary": True}])["id"]
    kept = w.user(emails=[{"value": mark + ".work@x.example",
                           "type": "home"}])["id"]
    for text, wanted in (
            ('emails[value eq "%s.work@x.example"]', {made, kept}),
            ('emails[type eq "work" and value eq "%s.work@x.example"]',
             {made}),
            ('emails[type eq "work"].value eq "%s.WORK@x.example"', {made}),
            ('%s:emails[TYPE EQ "home"].VALUE EQ "%%s.home@x.example"' % USER,
             {made}),
            ('emails[type eq "work"].value eq "%s.home@x.example"', set()),
            ('emails[primary eq true].value eq "%s.home@x.example"', {made}),
            ('emails[value eq "%s.work@x.example" and primary eq "True"]',
             {kept}),
            ('emails[value eq "%s.work@x.example"] and title pr', {made})):
        same(w.found(text % mark), wanted, text)
    for text in ('emails[type eq "work"]', 'emails[value sw "a"]',
                 'emails[value eq "a" or value eq "b"]',
                 'emails[type eq "work"].value eq "a" or title eq "a"',
                 'phoneNumbers[value eq "1"]', 'emails[kind eq "a"]',
                 'emails[type eq "work"].', 'emails[type eq "work"].value'):
        refused(w.scim.search(filter=text), 400, "invalidFilter")


@test
def one_value_may_be_of_two_types(w):
    """An address and a number too; who has it is found once."""
    mark = w.name() + "@x.example"
    both = [{"value": mark, "type": "work", "primary": True},
            {"value": mark, "type": "home"}]
    made = w.user(emails=both, phoneNumbers=both)
    same(made["emails"], [{"primary": True, "type": "work", "value": mark},
                          {"type": "home", "value": mark}])
    same(len(made["phoneNumbers"]), 2)
    page = fine(w.scim.list(filter='emails.value eq "%s"' % mark))
    same([row["id"] for row in page["Resources"]], [made["id"]])
    same(page["totalResults"], 1)
    fine(w.change(made, op("remove", 'emails[type eq "work"]')))
    for text, wanted in (("home", {made["id"]}), ("work", set())):
        same(w.found('emails[type eq "%s" and value eq "%s"]' % (text, mark)),
             wanted)
    fine(w.change(made, op("remove", "emails")))
    same(w.found('emails.value eq "%s"' % mark), set())


@test
def filters_take_qualified_names(w):
    mark = w.name()
    made = w.user(schemas=[USER, ENTERPRISE, USHER], title=mark, **{
        ENTERPRISE: {"costCenter": mark}, USHER: {"site": "ber"}})
    for text in ('%s:title eq "%s"' % (USER, mark),
                 '%s:costCenter eq "%s"' % (ENTERPRISE, mark),
                 '%s:site eq "ber" and title eq "%s"' % (USHER, mark)):
        same(w.found(text), {made["id"]}, text)


@test
def filters_find_managers(w):
    boss = w.user()
    made = w.user(schemas=[USER, ENTERPRISE], **{ENTERPRISE: {
        "manager": {"value": boss["id"]}}})
    for name in ("manager", "manager.value"):
        same(w.found('%s:%s eq "%s"' % (ENTERPRISE, name, boss["id"])),
             {made["id"]}, name)


@test
def filters_are_decoded(w):
    mark = 'a "b" \\ + & = % ü ' + w.name()
    made = w.user(title=mark)
    text = 'title eq "%s"' % mark.replace("\\", "\\\\").replace('"', '\\"')
    same(w.found(text), {made["id"]})
    for form in (quote(text, safe=""), quote(text).replace("%20", "+"),
                 "".join("%%%02x" % each for each in text.encode())):
        same(ids(w.scim.get("/Users?filter=" + form)), [made["id"]], form)


@test
def filters_have_bounds(w):
    many = " or ".join(["active eq true"] * 101)
    for reply in (w.scim.search(filter=many),
                  w.scim.search(filter="(" * 200 + "title pr" + ")" * 200),
                  w.scim.search(filter='title eq "%s"' % ("x" * 9000)),
                  w.scim.search(filter="not (" * 200 + "title pr" + ")" * 200)):
        refused(reply, 400, "invalidFilter")
    fine(w.scim.search(count=0, filter=" or ".join(["active eq true"] * 20)))


@test
def sealed_attributes_are_found_when_equal_and_else_refused(w):
    made = w.user(externalId="s-" + w.name(), name={"familyName": "Seal"})
    same(w.found('userName eq "%s"' % made["userName"]), {made["id"]})
    for text in ('userName co "s"', 'name.familyName co "e"',
                 'phoneNumbers.value eq "1"', 'name.middleName eq "e"'):
        refused(w.scim.list(filter=text), 400, "invalidFilter")


@test
def names_are_found_when_equal(w):
    """Whole, short ones too; by the index of their words."""
    mark = w.name().replace("-", "")
    made = w.user(name={"givenName": "Li", "familyName": mark + " Ng"})["id"]
    other = w.user(name={"givenName": "Lin", "familyName": mark})["id"]
    for text, wanted in (
            ('name.familyName eq "%s"', {other}),
            ('name.familyName eq "%s NG"', {made}),
            ('name.familyName eq "%s N"', set()),
            ('displayName eq "Li %s Ng"', {made}),
            ('displayName eq "Lin %s"', {other}),
            ('name.familyName eq "%s ng" and active eq true', {made}),
            ('name.familyName eq "%s ng" and title pr', set())):
        same(w.found(text % mark), wanted, text)
    true(made in w.found('name.givenName eq "LI"'), "a short name")
    true(other not in w.found('name.givenName eq "LI"'), "a longer name")
    refused(w.scim.search(filter='displayName eq "-"'), 400, "invalidFilter")


@test
def restricted_filters_in_an_address_are_forbidden(w):
    """As soon as the tenant wants it so."""
    made = w.user(w.strict)
    text = 'userName eq "%s"' % made["userName"]
    told = refused(w.strict.list(filter=text), 403, "sensitive")
    true(".search" in told["detail"], told)
    same(w.found(text, w.strict), {made["id"]})


@test
def filters_of_meta_are_refused(w):
    """Rather than passed over: nobody takes all for those that match."""
    for text in ('meta.lastModified gt "2011-05-13T04:42:34Z"',
                 'meta.resourceType eq "User"', 'schemas eq "%s"' % ENTERPRISE,
                 "meta pr"):
        refused(w.scim.search(filter=text), 400, "invalidFilter")


@test
def values_have_the_type_of_their_attribute(w):
    for text in ("title eq 5", "title eq true", 'active eq "true"',
                 "active eq 1", "title gt null", "active gt null"):
        refused(w.scim.search(filter=text), 400, "invalidFilter")
    rows, mark = marked(w, 1)
    same(w.found('title eq "%s" and userType eq null' % mark), set(rows))
    same(w.found('title eq "%s" and userType ne null' % mark), set())


# --- 3.4.2.3: sorting --------------------------------------------------------


# --- 3.4.2.4: pages ----------------------------------------------------------

@test
def the_first_is_1(w):
    rows, mark = marked(w, 3)
    text = 'title eq "%s"' % mark
    for start in (1, 0, -1, -99):
        found = fine(w.scim.list(filter=text, startIndex=start, count=2))
        same((found["startIndex"], [row["id"] for row in found["Resources"]]),
             (1, rows[:2]), start)
    same(ids(w.scim.list(filter=text, startIndex=3)), rows[2:])


@test
def no_more_than_asked_for(w):
    _rows, mark = marked(w, 3)
    for count in (1, 2, 3, 4, 500, 501, 100000):
        found = fine(w.scim.list(filter='title eq "%s"' % mark, count=count))
        same(len(found["Resources"]), min(count, 3), count)
        same(found["itemsPerPage"], min(count, 3), count)


@test
def a_count_of_nothing_counts(w):
    _rows, mark = marked(w, 3)
    for count in (0, -1, -99):
        found = fine(w.scim.list(filter='title eq "%s"' % mark, count=count))
        same((found["totalResults"], found["Resources"],
              found["itemsPerPage"]), (3, [], 0), count)


@test
def pages_are_all_and_nothing_twice(w):
    rows, mark = marked(w, 5)
    found = []
    for start in (1, 3, 5, 7):
        found += ids(w.scim.list(filter='title eq "%s"' % mark,
                                 startIndex=start, count=2))
    same(found, rows)


@test
def numbers_that_are_none_are_refused(w):
    for query in ("startIndex=x", "count=x", "count=1.5", "startIndex=",
                  "count=99999999999999999999"):
        refused(w.scim.get("/Users?" + query), 400)


@test
def lists_are_not_longer_than_announced(w):
    most = fine(w.scim.get("/ServiceProviderConfig"))["filter"]["maxResults"]
    found = fine(w.scim.get("/Users?count=%d" % (most + 100)))
    true(len(found["Resources"]) <= most, len(found["Resources"]))


# --- 3.4.2.5, 3.9: attributes ------------------------------------------------

FULL = {"schemas": [USER, ENTERPRISE, USHER],
        "name": {"givenName": "A", "familyName": "B"}, "nickName": "N",
        "emails": [{"value": "a@x.example", "type": "work"}],
        ENTERPRISE: {"costCenter": "c", "division": "d"},
        USHER: {"site": "ber"}}
LEAST = {"schemas", "id"}


def every_way(w, made, query):
    """The user as each operation shows it that may be asked for parts."""
    path, mark = "/Users/" + made["id"], made["title"]
    body = {**FULL, "userName": made["userName"], "title": mark}
    names = {key: value.split(",") for key, value in [query.split("=", 1)]}
    yield w.scim.get(path + "?" + query).json
    yield w.scim.put(path + "?" + query, body).json
    yield w.scim.patch(path + "?" + query, op("add", "userType", "x")).json
    yield fine(w.scim.get("/Users?%s&filter=%s" % (query, quote(
        'title eq "%s"' % mark))))["Resources"][0]
    yield fine(w.scim.search(filter='title eq "%s"' % mark,
                             **names))["Resources"][0]
    yield fine(w.scim.post("/Users?" + query, {
        **FULL, "userName": w.name(), "title": "other " + mark}))


@test
def attributes_that_are_asked_for_are_all_there_are(w):
    made = w.user(title="t " + w.name(), **FULL)
    for shown in every_way(w, made, "attributes=nickName,emails.type"):
        same(set(shown), LEAST | {"nickName", "emails"})
        same((shown["nickName"], shown["emails"]), ("N", [{"type": "work"}]))


@test
def attributes_that_are_excluded_are_left_out(w):
    made = w.user(title="t " + w.name(), **FULL)
    for shown in every_way(
            w, made, "excludedAttributes=nickName,name.givenName,id,schemas"):
        true(LEAST <= set(shown), shown)
        true("nickName" not in shown and "emails" in shown, shown)
        true("givenName" not in shown["name"] and "B" == shown["name"][
            "familyName"], shown)


@test
def attributes_take_every_form_of_a_name(w):
    made = w.user(title="T", **FULL)
    for name, wanted in (
            ("NICKNAME", {"nickName": "N"}),
            (USER + ":nickName", {"nickName": "N"}),
            ("name", {"name": w.show(made)["name"]}),
            ("Name.FamilyName", {"name": {"familyName": "B"}}),
            (ENTERPRISE + ":costCenter", {ENTERPRISE: {"costCenter": "c"}}),
            (ENTERPRISE.lower() + ":COSTCENTER",
             {ENTERPRISE: {"costCenter": "c"}}),
            (ENTERPRISE, {ENTERPRISE: {"costCenter": "c", "division": "d"}}),
            ("meta.location", {"meta": {
                "location": made["meta"]["location"]}}),
            ("nothing", {}), ("nickName, title", {"nickName": "N",
                                                  "title": "T"})):
        shown = w.show(made, "?attributes=" + quote(name))
        same({key: value for key, value in shown.items()
              if key not in LEAST}, wanted, name)


@test
def attributes_and_excluded_are_one_or_the_other(w):
    made = w.user()
    query = "?attributes=title&excludedAttributes=name"
    refused(w.scim.get("/Users/" + made["id"] + query), 400)
    refused(w.scim.get("/Users" + query), 400)
    refused(w.scim.search(attributes=["title"], excludedAttributes=["name"]),
            400)


# --- 3.4.3: by POST ----------------------------------------------------------

@test
def a_search_says_what_it_is(w):
    for body in ({"filter": "active eq true"}, {"schemas": []},
                 {"schemas": [LIST]}):
        refused(w.scim.post("/Users/.search", body), 400, "invalidSyntax")
    status(w.scim.post("/Users/.search", {"schemas": [SEARCH]}), 200)


@test
def what_is_asked_is_of_its_type(w):
    """Else all would be taken for those that match."""
    for path in ("/Users", "/Groups"):
        for name in ("filter", "sortBy", "sortOrder", "cursor"):
            for value in (5, True, ["x"], {"x": "y"}):
                refused(w.scim.search(path, **{name: value}), 400,
                        "invalidValue")
        for name in ("attributes", "excludedAttributes"):
            for value in ("id", 5, [5], [None], {"x": "y"}):
                refused(w.scim.search(path, **{name: value}), 400,
                        "invalidValue")
        for name in ("startIndex", "count"):
            for value in (True, 1.5, [1], "x"):
                refused(w.scim.search(path, **{name: value}), 400)


@test
def what_is_null_or_empty_is_not_asked(w):
    """As clients send it whose forms have a place for each."""
    rows, mark = marked(w, 1)
    same(ids(w.scim.search(filter='title eq "%s"' % mark, attributes=None,
                           sortBy=None, sortOrder="", cursor=None,
                           excludedAttributes=["name"], count=None)), rows)
    total = fine(w.scim.get("/Users?count=0"))["totalResults"]
    for reply in (w.scim.get("/Users?filter=&count=0"),
                  w.scim.search(filter="", count=0),
                  w.scim.search(filter=None, count=0)):
        same(fine(reply)["totalResults"], total)


@test
def a_search_is_as_a_query(w):
    rows, mark = marked(w, 3)
    text = 'title eq "%s"' % mark
    same(fine(w.scim.search(filter=text, startIndex=2, count=1,
                            attributes=["title"])),
         fine(w.scim.list(filter=text, startIndex=2, count=1,
                          attributes="title")))
    same(ids(w.scim.search(filter=text)), rows)


# --- 3.10: names -------------------------------------------------------------

@test
def names_do_not_mind_case_anywhere(w):
    made = w.user(title="T", nickName="N")
    after = fine(w.change(made, op("replace", "TITLE", "U"), op(
        "add", ENTERPRISE.upper() + ":COSTCENTER", "c"), op(
            "add", "NAME.FAMILYNAME", "B")))
    same((after["title"], after[ENTERPRISE]["costCenter"],
          after["name"]["familyName"]), ("U", "c", "B"))


@test
def extensions_are_named_in_full(w):
    made = w.user()
    refused(w.change(made, op("add", "costCenter", "c")), 400, "invalidPath")
    refused(w.change(made, op("add", ENTERPRISE + ":nothing", "c")), 400,
            "invalidPath")


# --- RFC 9865 ----------------------------------------------------------------

def pages(w, text, count, ask=World.found):
    """Each page by cursor, from the first."""
    cursor = ""
    while cursor is not None:
        found = fine(w.scim.list(filter=text, count=count, cursor=cursor))
        yield found
        cursor = found.get("nextCursor")


@test
def cursors_lead_through_all(w):
    rows, mark = marked(w, 5)
    found = list(pages(w, 'title eq "%s"' % mark, 2))
    same([row["id"] for page in found for row in page["Resources"]], rows)
    true(len(found) <= 4, len(found))
    for page in found[:-1]:
        true("nextCursor" in page, page)
    true("nextCursor" not in found[-1], found[-1])
    for page in found:
        same((page["totalResults"], "startIndex" in page), (5, False))
        same(page["itemsPerPage"], len(page["Resources"]))


@test
def cursors_lead_through_searches(w):
    rows, mark = marked(w, 3)
    text = 'title eq "%s"' % mark
    first = fine(w.scim.search(filter=text, cursor="", count=2))
    same([row["id"] for row in first["Resources"]], rows[:2])
    same(ids(w.scim.search(filter=text, count=2,
                           cursor=first["nextCursor"])), rows[2:])


@test
def cursors_are_unreserved_characters(w):
    _rows, mark = marked(w, 3)
    for page in pages(w, 'title eq "%s"' % mark, 1):
        true(re.fullmatch(r"[A-Za-z0-9._~-]+", page.get("nextCursor", "x")),
             page["nextCursor"] if "nextCursor" in page else "")


@test
def a_cursor_page_is_no_longer_than_asked(w):
    _rows, mark = marked(w, 3)
    for page in pages(w, 'title eq "%s"' % mark, 2):
        true(len(page["Resources"]) <= 2, page)


@test
def the_count_may_change_between_pages(w):
    rows, mark = marked(w, 5)
    text = 'title eq "%s"' % mark
    first = fine(w.scim.list(filter=text, count=1, cursor=""))
    same(ids(w.scim.list(filter=text, count=3, cursor=first["nextCursor"])),
         rows[1:4])


@test
def wrong_cursors_are_told(w):
    for cursor in ("nonsense", "%20", "0", "-1", "zzzzzzzzzzzzzzzzzzzz"):
        refused(w.scim.get("/Users?count=1&cursor=" + cursor), 400,
                "invalidCursor")
    refused(w.scim.search(count=1, cursor="nonsense"), 400, "invalidCursor")


@test
def wrong_counts_are_told(w):
    for count in ("x", "1.5"):
        refused(w.scim.get("/Users?cursor&count=" + count), 400,
                "invalidCount")


@test
def cursors_do_not_end(w):
    """One stays good though who it names is gone; none is announced to end."""
    rows, mark = marked(w, 3)
    text = 'title eq "%s"' % mark
    first = fine(w.scim.list(filter=text, count=1, cursor=""))
    w.scim.delete("/Users/" + rows[0])
    same(ids(w.scim.list(filter=text, count=2, cursor=first["nextCursor"])),
         rows[1:])
    told = fine(w.scim.get("/ServiceProviderConfig")).get("pagination", {})
    true("cursorTimeout" not in told, told)


@test
def without_either_pages_go_by_index(w):
    rows, mark = marked(w, 2)
    found = fine(w.scim.list(filter='title eq "%s"' % mark))
    same((found["startIndex"], "nextCursor" in found), (1, False))
    same([row["id"] for row in found["Resources"]], rows)


@test
def an_index_and_a_cursor_are_not_mixed(w):
    rows, mark = marked(w, 2)
    reply = w.scim.list(filter='title eq "%s"' % mark, cursor="", startIndex=2)
    if reply.status < 300:
        same((ids(reply), "startIndex" in reply.json), (rows, False))
    else:
        refused(reply, 400)


@test
def pagination_is_announced(w):
    config = fine(w.scim.get("/ServiceProviderConfig"))
    found = config["pagination"]
    same((found["cursor"], found["index"]), (True, True))
    same(found["defaultPaginationMethod"], "index")
    same(found["maxPageSize"], config["filter"]["maxResults"])
    size = found["defaultPageSize"]
    true(0 < size <= found["maxPageSize"], found)


@test
def nobody_pages_through_what_they_may_not_see(w):
    """A cursor of another tenant or source leads to nobody of theirs."""
    _rows, mark = marked(w, 3)
    first = fine(w.scim.list(filter='title eq "%s"' % mark, count=1,
                             cursor=""))
    for client in (w.other, w.foreign):
        found = fine(client.list(filter='title eq "%s"' % mark, count=1,
                                 cursor=first["nextCursor"]))
        same(found["Resources"], [])


@test
def so_many_attributes_are_asked_for_at_once(w):
    made = w.user()
    names = ["a%d" % i for i in range(101)]
    for name in ("attributes", "excludedAttributes"):
        refused(w.scim.get("/Users/%s?%s=%s" % (
            made["id"], name, ",".join(names))), 400, "invalidSyntax")
        refused(w.scim.search(**{name: names}), 400, "invalidSyntax")
        # One a hundred times is one.
        fine(w.scim.get("/Users/%s?%s=%s" % (
            made["id"], name, ",".join(["title"] * 101))))
