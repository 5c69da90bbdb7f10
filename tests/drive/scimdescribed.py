# SPDX-License-Identifier: Apache-2.0
"""scimdescribed.py - tests of RFC 7643 5 to 8: what the server says of itself
beside what the RFC says, characteristic by characteristic.

Each difference stands in DIFFERENT, MISSING or MORE with its reason; one that
is not there is a fault, and so is one that is there and not so."""
from scimlib import (CORE, ENTERPRISE, GROUP, USER, USHER, fine, refused, same,
                     status, test, true)

CONFIG, KIND, SCHEMA = (CORE + "ServiceProviderConfig", CORE + "ResourceType",
                        CORE + "Schema")
COMMON = {"schemas", "id", "externalId", "meta"}
USUAL = {"type": "string", "multiValued": False, "required": False,
         "mutability": "readWrite", "returned": "default",
         "uniqueness": "none", "canonicalValues": [], "referenceTypes": []}


def attr(kind="string", **more):
    """An attribute with the usual characteristics (2.2), but for MORE."""
    return {**USUAL, "type": kind,
            **({"caseExact": False} if kind in ("string", "reference")
               else {}), **more}


def several(**more):
    return attr("complex", multiValued=True, **more)


def values(kind="string", **more):
    """Of an attribute with many values: the parts that most have (2.4)."""
    return {"value": attr(kind, **more), "display": attr(),
            "primary": attr("boolean")}


def types(*words):
    return attr(canonicalValues=list(words))


def only_read(parts):
    return {name: {**part, "mutability": "readOnly"}
            for name, part in parts.items()}


def within(name, head, parts):
    return {name: head, **{"%s.%s" % (name, sub): part
                           for sub, part in parts.items()}}


def texts(*names):
    return {name: attr() for name in names}


SUPPORTED = {"supported": attr("boolean", required=True)}
COUNT = attr("integer", required=True)
NEEDED = attr(required=True)
LINK = attr("reference", referenceTypes=["external"])
URI = attr("reference", referenceTypes=["uri"], required=True)
EXACT = attr(caseExact=True)


def characteristics():
    return {
        "name": attr(caseExact=True, required=True),
        "type": attr(required=True, canonicalValues=[
            "string", "complex", "boolean", "decimal", "integer", "dateTime",
            "reference"]),
        "multiValued": attr("boolean", required=True), "description": EXACT,
        "required": attr("boolean"),
        "canonicalValues": attr(caseExact=True, multiValued=True),
        "caseExact": attr("boolean"),
        "mutability": attr(caseExact=True, canonicalValues=[
            "readOnly", "readWrite", "immutable", "writeOnly"]),
        "returned": attr(caseExact=True, canonicalValues=[
            "always", "never", "default", "request"]),
        "uniqueness": attr(caseExact=True, canonicalValues=[
            "none", "server", "global"]),
        "referenceTypes": attr(caseExact=True, multiValued=True)}


# RFC 7643 8.7, but where its sections 4 to 7 say otherwise.
RFC = {
    USER: {
        "userName": attr(required=True, uniqueness="server"),
        **within("name", attr("complex"), texts(
            "formatted", "familyName", "givenName", "middleName",
            "honorificPrefix", "honorificSuffix")),
        **texts("displayName", "nickName", "title", "userType",
                "preferredLanguage", "locale", "timezone"),
        "profileUrl": LINK,
        "active": attr("boolean"),
        "password": attr(mutability="writeOnly", returned="never"),
        **within("emails", several(), {
            **values(), "type": types("work", "home", "other")}),
        **within("phoneNumbers", several(), {**values(), "type": types(
            "work", "home", "mobile", "fax", "pager", "other")}),
        **within("ims", several(), {**values(), "type": types(
            "aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo")}),
        **within("photos", several(), {
            **values("reference", referenceTypes=["external"]),
            "type": types("photo", "thumbnail")}),
        **within("addresses", several(), {
            **texts("formatted", "streetAddress", "locality", "region",
                    "postalCode", "country"),
            "type": types("work", "home", "other")}),
        **within("groups", several(mutability="readOnly"), only_read({
            "value": attr(), "display": attr(), "$ref": attr(
                "reference", referenceTypes=["User", "Group"]),
            "type": types("direct", "indirect")})),
        **within("entitlements", several(), {**values(), "type": attr()}),
        **within("roles", several(), {**values(), "type": attr()}),
        **within("x509Certificates", several(), {
            **values("binary"), "type": attr()})},
    ENTERPRISE: {
        **texts("employeeNumber", "costCenter", "organization", "division",
                "department"),
        **within("manager", attr("complex"), {
            "value": attr(),
            "$ref": attr("reference", referenceTypes=["User"]),
            "displayName": attr(mutability="readOnly")})},
    GROUP: {
        "displayName": attr(required=True),
        **within("members", several(), {
            name: {**part, "mutability": "immutable"} for name, part in {
                "value": attr(), "type": types("User", "Group"),
                "$ref": attr("reference", referenceTypes=["User", "Group"])
            }.items()})},
    CONFIG: only_read({
        "documentationUri": LINK,
        **{"%s%s" % (name, sub): part
           for name in ("patch", "changePassword", "sort", "etag")
           for sub, part in (("", attr("complex", required=True)),
                             (".supported", SUPPORTED["supported"]))},
        **within("bulk", attr("complex", required=True), {
            **SUPPORTED, "maxOperations": COUNT, "maxPayloadSize": COUNT}),
        **within("filter", attr("complex", required=True), {
            **SUPPORTED, "maxResults": COUNT}),
        **within("authenticationSchemes", several(required=True), {
            "type": attr(required=True, canonicalValues=[
                "oauth", "oauth2", "oauthbearertoken", "httpbasic",
                "httpdigest"]),
            "name": NEEDED, "description": NEEDED, "specUri": LINK,
            "documentationUri": LINK})}),
    KIND: only_read({
        "id": attr(), "name": NEEDED, "description": attr(), "endpoint": URI,
        "schema": URI, **within("schemaExtensions", several(), {
            "schema": URI, "required": attr("boolean", required=True)})}),
    SCHEMA: only_read({
        "id": attr(required=True, returned="always"), "name": attr(),
        "description": attr(),
        **within("attributes", several(required=True), {
            **characteristics(), **within(
                "subAttributes", several(), characteristics())})}),
}

OF_AN_ID = "it is an id, which minds case (3.1)"
OF_A_URI = "references mind case (2.3.7)"
NO_SUCH = "there is none"
PASSED_OVER = "nobody has that: it is passed over"
WHERE_IT_LEADS = "it leads there and nowhere else"

# (schema, name): what is otherwise, why
DIFFERENT = {
    (USER, "groups.value"): ({"caseExact": True}, OF_AN_ID),
    (USER, "groups.$ref"): (
        {"caseExact": True, "referenceTypes": ["Group"]}, WHERE_IT_LEADS),
    (USER, "groups.type"): (
        {"canonicalValues": ["direct"]}, "no group is in another"),
    (USER, "entitlements"): (
        {"returned": "request"}, "they cost two more queries for a page"),
    (USER, "entitlements.value"): (
        {"caseExact": True}, "it is a product's slug"),
    (USER, "entitlements.display"): (
        {"mutability": "readOnly"}, "it is the product's name"),
    (ENTERPRISE, "manager.value"): ({"caseExact": True}, OF_AN_ID),
    (ENTERPRISE, "manager.$ref"): (
        {"caseExact": True, "mutability": "readOnly"},
        "the server makes it of the value"),
    (GROUP, "displayName"): (
        {"uniqueness": "server"}, "what a group gives is found by its name"),
    (GROUP, "members.value"): (
        {"caseExact": True, "required": True},
        "it is an id (3.1), and asked for (4.2)"),
    (GROUP, "members.$ref"): (
        {"caseExact": True, "referenceTypes": ["User"]},
        "of a URI, and of users alone"),
    (GROUP, "members.type"): (
        {"canonicalValues": ["User"]}, "groups in groups are refused"),
    (CONFIG, "authenticationSchemes.specUri"): ({"caseExact": True}, OF_A_URI),
    (KIND, "id"): ({"returned": "always"}, "as every id (3.1)"),
    (KIND, "endpoint"): ({"caseExact": True}, OF_A_URI),
    (KIND, "schema"): ({"caseExact": True}, OF_A_URI),
    (KIND, "schemaExtensions.schema"): ({"caseExact": True}, OF_A_URI),
}
MISSING = {
    **{(USER, name): PASSED_OVER for name in (
        "profileUrl", "locale", "timezone", "emails.display",
        "phoneNumbers.display", "ims", "photos", "roles",
        "x509Certificates", "entitlements.type", "entitlements.primary")},
    (USER, "password"): "people set it themselves",
    (ENTERPRISE, "manager.displayName"): PASSED_OVER,
    (CONFIG, "documentationUri"): NO_SUCH,
    (CONFIG, "authenticationSchemes.documentationUri"): NO_SUCH,
}
MORE = {
    (CONFIG, "pagination"): "RFC 9865 4",
}


def described(w):
    return {row["id"]: row
            for row in fine(w.scim.get("/Schemas"))["Resources"]}


def flat(rows, before=""):
    """The attributes and their parts, by name: what is said of each."""
    found = {}
    for row in rows:
        name = before + row["name"]
        found[name] = {**{key: value for key, value in USUAL.items()
                          if key != "type"},
                       **{key: row[key] for key in row if key not in (
                           "name", "description", "subAttributes")}}
        found.update(flat(row.get("subAttributes", []), name + "."))
    return found


def has(names, name):
    """NAME, or what it is a part of."""
    return any(name == each or name.startswith(each + ".") for each in names)


def alike(value):
    return sorted(value) if isinstance(value, list) else value


def differences(here, there):
    return {key: here.get(key) for key in {*here, *there}
            if alike(here.get(key)) != alike(there.get(key))}


# --- 8.7 ---------------------------------------------------------------------

@test
def attributes_are_described_as_in_the_rfc(w):
    found = {urn: flat(row["attributes"])
             for urn, row in described(w).items()}
    for urn, rules in RFC.items():
        here = found[urn]
        lacks = {name for each, name in MISSING if each == urn}
        more = {name for each, name in MORE if each == urn}
        same({name for name in rules if name not in here},
             {name for name in rules if has(lacks, name)}, urn, "lacks")
        same({name for name in here if name not in rules},
             {name for name in here if has(more, name)}, urn, "has more")
        for name in rules:
            if name in here:
                wanted, why = DIFFERENT.get((urn, name), ({}, ""))
                same(differences(here[name], rules[name]), wanted, urn, name,
                     why)


@test
def the_servers_own_schemas_are_there(w):
    """For each URN in a resource there is a schema of that id."""
    known = described(w)
    shown = [fine(w.scim.get("/ServiceProviderConfig")), w.user(),
             fine(w.scim.post("/Groups", {
                 "schemas": [GROUP], "displayName": "g " + w.name()})),
             *fine(w.scim.get("/ResourceTypes"))["Resources"],
             *known.values()]
    for row in shown:
        for urn in row["schemas"]:
            true(urn in known, urn)
            same(fine(w.scim.get("/Schemas/" + urn)), known[urn])


@test
def what_the_server_says_of_itself_is_described(w):
    """Everything that is shown, of its type, and what is required."""
    known = described(w)
    rows = {CONFIG: [fine(w.scim.get("/ServiceProviderConfig"))],
            KIND: fine(w.scim.get("/ResourceTypes"))["Resources"],
            SCHEMA: list(known.values())}
    for urn, shown in rows.items():
        for row in shown:
            fits({name: row[name] for name in row
                  if name not in COMMON - {"id"}},
                 known[urn]["attributes"], urn)


KINDS = {"string": str, "reference": str, "boolean": bool, "integer": int,
         "complex": dict}


def fits(value, rows, where):
    rows = {row["name"]: row for row in rows}
    true(set(value) <= set(rows), where, set(value) - set(rows))
    for name, row in rows.items():
        at = "%s.%s" % (where, name)
        if name not in value:
            true(not row["required"], at, "is required and missing")
            continue
        same(isinstance(value[name], list), row["multiValued"], at)
        for one in value[name] if row["multiValued"] else [value[name]]:
            true(isinstance(one, KINDS[row["type"]]), at, one)
            if row.get("canonicalValues"):
                true(one in row["canonicalValues"], at, one)
            if name == "subAttributes":     # 7: as attributes themselves
                fits(one, rows.values(), at)
            elif row["type"] == "complex":
                fits(one, row["subAttributes"], at)


@test
def descriptions_are_not_changed(w):
    for path in ("/ServiceProviderConfig", "/Schemas", "/Schemas/" + USER,
                 "/ResourceTypes", "/ResourceTypes/User"):
        before = fine(w.scim.get(path))
        for method in "POST", "PUT", "PATCH", "DELETE":
            refused(w.scim.request(method, path, None if method == "DELETE"
                                   else before), 405)
        same(fine(w.scim.get(path)), before)


@test
def descriptions_say_what_things_are(w):
    for row in [*described(w).values(),
                *fine(w.scim.get("/ResourceTypes"))["Resources"]]:
        true(row["name"] and row["description"], row["id"])


@test
def references_say_where_they_lead(w):
    kinds = {row["name"]
             for row in fine(w.scim.get("/ResourceTypes"))["Resources"]}
    for urn, row in described(w).items():
        for name, part in flat(row["attributes"]).items():
            same(bool(part["referenceTypes"]), part["type"] == "reference",
                 urn, name)
            true(set(part["referenceTypes"]) <= kinds | {"external", "uri"},
                 urn, name, part)


@test
def extensions_define_nothing_anew(w):
    found = {urn: {name.lower() for name in flat(row["attributes"])
                   if "." not in name} for urn, row in described(w).items()}
    common = {name.lower() for name in COMMON}
    for urn in USHER, ENTERPRISE:
        same(found[urn] & (found[USER] | common), set(), urn)
    same(found[USHER] & found[ENTERPRISE], set())


@test
def urns_are_of_the_namespace(w):
    """urn:ietf:params:scim:{type}:{name}{:other}"""
    for urn in described(w):
        parts = urn.split(":")
        same(parts[:4], ["urn", "ietf", "params", "scim"], urn)
        true(parts[4] in ("schemas", "api") and len(parts) > 5, urn)
        true(urn.isascii() and " " not in urn, urn)
        if urn.startswith(CORE):
            true(urn in RFC, "core is the RFCs':", urn)


@test
def schemes_are_told_to_whom_is_known(w):
    """WWW-Authenticate tells others which scheme there is."""
    reply = w.nobody.get("/ServiceProviderConfig")
    refused(reply, 401)
    true(reply.headers["www-authenticate"].startswith("Bearer"), reply)
    for row in fine(status(w.narrow.get("/ServiceProviderConfig"), 200))[
            "authenticationSchemes"]:
        same(row["type"], "oauthbearertoken")
