# SPDX-License-Identifier: Apache-2.0
"""scimdoor.py - tests of RFC 7644 2, 3.1, 3.8, 3.12, 4 to 7: who is let in,
what is taken, how it is refused."""
import json
import socket
import re
import subprocess

from scimlib import (BASE, CORE, ERROR, MEDIA, MESSAGE, USER, Scim, fine,
                     named, op, refused, same, status, test, true)
from usherlib import BUILD, PROGRAM, Client, Raw

TYPES = {"invalidFilter", "tooMany", "uniqueness", "mutability",
         "invalidSyntax", "invalidPath", "noTarget", "invalidValue",
         "invalidVers", "sensitive", "invalidCursor", "expiredCursor",
         "invalidCount"}
LANGUAGES = ("en", "de", "fr", "nl")


# --- 2: who asks -------------------------------------------------------------

@test
def who_is_not_known_is_told_how_to_be(w):
    for client in (w.nobody, Scim(w, Client(w.server.address, "nonsense"))):
        for reply in (client.get("/Users"), client.get("/Schemas"),
                      client.post("/Users", w.draft())):
            refused(reply, 401)
            true(reply.headers.get("www-authenticate", "").startswith(
                "Bearer"), reply.headers)


@test
def a_password_is_no_credential(w):
    for word in ("Basic dXNlcjpwYXNz", "Digest username=x", "Negotiate eA=="):
        reply = w.nobody.get("/Users", Authorization=word)
        refused(reply, 401)
        true("basic" not in reply.headers["www-authenticate"].lower(),
             reply.headers)


@test
def a_scope_of_rights_is_heeded(w):
    mark = w.name()
    inside, outside = w.user(title=mark), w.user(title=mark + " not")
    scoped = w.of(rights=["self", "person.read", "person.write"],
                  scope='title eq "%s"' % mark)
    path = "/Users/%s"
    fine(scoped.patch(path % inside["id"], op("add", "userType", "x")))
    for reply in (scoped.get(path % outside["id"]),
                  scoped.put(path % outside["id"], w.draft()),
                  scoped.patch(path % outside["id"],
                               op("add", "userType", "x"))):
        refused(reply, 404)
    same(w.found('title sw "%s"' % mark, scoped), {inside["id"]})
    refused(scoped.post("/Users", w.draft(title=mark)), 403)
    same(w.show(outside), outside)


@test
def nobody_comes_without_a_credential(w):
    for path in ("/Users", "/ServiceProviderConfig", "/ResourceTypes",
                 "/Schemas", "/Users/x"):
        refused(w.nobody.get(path), 401)
    refused(w.nobody.post("/Users", w.draft()), 401)


@test
def a_credential_may_what_its_rights_say(w):
    made = w.user()
    narrow = w.narrow
    fine(narrow.get("/Users"))
    fine(narrow.get("/Schemas"))
    for reply in (narrow.post("/Users", w.draft()),
                  narrow.put("/Users/" + made["id"], w.draft()),
                  narrow.patch("/Users/" + made["id"], op("add", "title", "x")),
                  narrow.delete("/Users/" + made["id"])):
        refused(reply, 403)


@test
def a_client_reaches_what_it_brought(w):
    made = w.user()
    path = "/Users/" + made["id"]
    for client in (w.other, w.foreign):
        for reply in (client.get(path), client.delete(path),
                      client.put(path, w.draft()),
                      client.patch(path, op("add", "title", "x"))):
            refused(reply, 404)
        same(w.found('userName eq "%s"' % made["userName"], client), set())
    fine(w.scim.get(path))


@test
def ids_of_tenants_are_their_own(w):
    here, there = w.user(), w.user(w.foreign)
    true(here["id"] != there["id"], here["id"])
    refused(w.scim.get("/Users/" + there["id"]), 404)
    refused(w.foreign.get("/Users/" + here["id"]), 404)


@test
def tokens_end(w):
    made = w.acme.client().post("/api/v1/tokens", {
        "label": w.name(), "rights": ["self"],
        "expires": "2030-01-01T00:00:00.000Z"})
    same(made.status, 201, made)
    client = w.client(w.acme, made.json["token"])
    fine(client.get("/Schemas"))
    gone = w.acme.client().delete("/api/v1/tokens/" + made.json["id"])
    true(gone.status < 300, gone)
    refused(client.get("/Schemas"), 401)


@test
def access_tokens_are_short_lived(w):
    made = w.acme.client().post("/api/v1/clients", {
        "label": w.name(), "rights": ["self", "person.read"]}).json
    reply = Client(w.server.address).request(
        "POST", "/oauth/token", "grant_type=client_credentials&client_id=%s"
        "&client_secret=%s" % (made["id"], made["secret"]),
        {"Content-Type": "application/x-www-form-urlencoded"})
    true(0 < reply.json["expires_in"] <= 3600, reply)
    fine(w.client(w.acme, reply.json["access_token"]).get("/Users"))


@test
def credentials_in_an_address_are_none(w):
    token = w.scim.client.token
    refused(w.nobody.get("/Users?access_token=" + token), 401)


@test
def tokens_are_given_to_who_is_known(w):
    order = {"label": w.name(), "rights": ["self"]}
    for client in (w.nobody, w.of(rights=["self", "person.read"])):
        reply = client.client.post("/api/v1/tokens", order)
        true(reply.status in (401, 403), reply)
    # And nobody gives more than they have.
    few = w.of(rights=["self", "token.write"])
    reply = few.client.post("/api/v1/tokens", {
        **order, "rights": ["person.write"]})
    true(reply.status in (400, 403), reply)
    made = w.acme.client().post("/api/v1/clients", {
        "label": w.name(), "rights": ["self", "person.read"]}).json
    for secret in ("", "a guess", made["secret"][:-1]):
        reply = Client(w.server.address).request(
            "POST", "/oauth/token", "grant_type=client_credentials"
            "&client_id=%s&client_secret=%s" % (made["id"], secret),
            {"Content-Type": "application/x-www-form-urlencoded"})
        true(reply.status in (400, 401) and "access_token" not in reply.json,
             reply)


@test
def api_tokens_end_when_they_are_told_to(w):
    """Or never, if whoever made one did not say when."""
    ask = w.acme.client().post
    ends = ask("/api/v1/tokens", {
        "label": w.name(), "rights": ["self"],
        "expires": "2030-01-01T00:00:00.000Z"}).json["expires"]
    same(ends, "2030-01-01T00:00:00.000Z")
    endless = ask("/api/v1/tokens", {"label": w.name(), "rights": ["self"]})
    same(endless.json["expires"], None)
    gone = ask("/api/v1/tokens", {
        "label": w.name(), "rights": ["self"],
        "expires": "2020-01-01T00:00:00.000Z"})
    true(gone.status >= 400, gone)


@test
def cookies_end_with_the_browser(w):
    api = w.acme.client()
    made = api.post("/api/v1/onboardings", {
        "person": {"userName": w.name()}, "activation": True},
        Idempotency_Key=w.name()).json
    cookie = Client(w.server.address).post("/api/v1/activate", {
        "token": made["activation"],
        "password": "seven grey ducks swim"}).headers["set-cookie"].lower()
    true("expires=" not in cookie and "max-age=" not in cookie, cookie)
    for word in ("secure", "httponly", "samesite=strict"):
        true(word in cookie, cookie)
    value = cookie.partition("=")[2].partition(";")[0]
    true(len(value) >= 22, len(value))                  # 128 bits and more


@test
def who_guesses_passwords_waits(w):
    """However right the next guess is."""
    name, api = w.name(), w.acme.client()
    made = api.post("/api/v1/onboardings", {
        "person": {"userName": name}, "activation": True},
        Idempotency_Key=w.name()).json
    client = Client(w.server.address)
    client.post("/api/v1/activate", {"token": made["activation"],
                                     "password": "seven grey ducks swim"})
    body = {"tenant": "acme", "userName": name, "password": "a guess"}
    tries = [client.post("/api/v1/login", body).status for _ in range(30)]
    same((tries[0], tries[-1]), (401, 429), tries)
    body["password"] = "seven grey ducks swim"
    same(client.post("/api/v1/login", body).status, 429)


@test
def tokens_cannot_be_guessed(w):
    token = w.scim.client.token
    true(len(token) >= 43, len(token))
    others = [w.of(rights=["self"]).client.token for _ in range(3)]
    same(len({each[-22:] for each in others}), 3)   # 128 bits and more


@test
def there_is_no_way_in_from_outside_without_tls(w):
    done = subprocess.run(
        ["%s/%s" % (BUILD, PROGRAM), "serve", "--data",
         w.server.folder + "/none", "--listen", "0.0.0.0:0"],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    true(done.returncode != 0, done)


# --- 1, 3.1, 3.8: forms ------------------------------------------------------

ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~:@!$&'()*+,"
                     r";=-]+|/%[0-9A-F]{2})+$")


@test
def addresses_have_no_query_and_are_encoded(w):
    """Clients append to them."""
    made = w.user()
    rows = [made] + [row for path in ("/Schemas", "/ResourceTypes")
                     for row in fine(w.scim.get(path))["Resources"]]
    rows.append(fine(w.scim.get("/ServiceProviderConfig")))
    for row in rows:
        true(ADDRESS.match(row["meta"]["location"]), row["meta"]["location"])
    text = "/Users?filter=" + "".join(
        "%%%02x" % each for each in b'id eq "%s"' % made["id"].encode())
    same(fine(w.scim.get(text))["totalResults"], 1)


@test
def messages_name_their_schema(w):
    made = w.user()
    for reply in (w.scim.get("/Users?count=1"), w.scim.search(count=1),
                  w.scim.get("/Schemas"), w.scim.get("/Nothing"),
                  w.scim.delete("/Users/x"), w.scim.post("/Bulk", {
                      "schemas": [MESSAGE + "BulkRequest"],
                      "Operations": []})):
        urn, = reply.json["schemas"]
        true(urn.startswith("urn:ietf:params:scim:api:"), urn)
    for row in (made, fine(w.scim.get("/ServiceProviderConfig"))):
        true(row["schemas"], row)


@test
def messages_are_not_among_the_schemas(w):
    for row in fine(w.scim.get("/Schemas"))["Resources"]:
        true(":api:" not in row["id"], row["id"])
    for name in ("ListResponse", "PatchOp", "Error"):
        refused(w.scim.get("/Schemas/" + MESSAGE + name), 404)


@test
def answers_are_scim_json(w):
    made = w.user()
    for reply in (w.scim.get("/Users"), w.scim.get("/Users/" + made["id"]),
                  w.scim.get("/Schemas"), w.scim.get("/ResourceTypes"),
                  w.scim.get("/ServiceProviderConfig"),
                  w.scim.post("/Users", w.draft()), w.scim.search(count=1),
                  w.scim.get("/Nothing"), w.nobody.get("/Users")):
        same(reply.headers["content-type"].partition(";")[0], MEDIA)
        reply.body.decode("utf-8")


@test
def bodies_are_taken_as_json_and_scim_json(w):
    for media in (MEDIA, "application/json", MEDIA + "; charset=utf-8",
                  "application/json;charset=UTF-8", "Application/SCIM+JSON"):
        status(w.scim.post("/Users", w.draft(), Content_Type=media), 201)


@test
def other_bodies_are_refused(w):
    for media in ("text/plain", "application/xml", "application/jsonx",
                  "application/x-www-form-urlencoded", "text/json"):
        refused(w.scim.post("/Users", w.draft(), Content_Type=media), 415)


@test
def either_form_may_be_asked_for(w):
    path = "/Users/" + w.user()["id"]
    for accept in (MEDIA, "application/json", "*/*", MEDIA +
                   ", application/json;q=0.5", "application/*"):
        reply = status(w.scim.get(path, Accept=accept), 200)
        true("json" in reply.headers["content-type"], reply.headers)


@test
def texts_are_utf_8(w):
    text = "Zoë 千 \U0001F600"
    made = w.user(nickName=text)
    same(w.show(made)["nickName"], text)
    bad = json.dumps(w.draft(nickName="?")).encode().replace(b"?", b"\xff\xfe")
    refused(w.scim.post("/Users", bad), 400, "invalidSyntax")
    for word in ("iso-8859-1", "utf-16"):
        bad = json.dumps(w.draft(nickName="Zoë"), ensure_ascii=False)
        refused(w.scim.post("/Users", bad.encode(word), Content_Type=(
            MEDIA + ";charset=" + word)), 400, "invalidSyntax")


@test
def a_form_is_not_asked_for_by_a_suffix(w):
    path = "/Users/" + w.user()["id"]
    for suffix in (".scim", ".json"):
        refused(w.scim.get(path + suffix), 404)


@test
def methods_that_are_not_there_are_refused(w):
    made = w.user()
    for method, path, may in (
            ("DELETE", "/Users", "GET"), ("PATCH", "/Users", "POST"),
            ("POST", "/Users/" + made["id"], "PATCH"),
            ("PUT", "/ServiceProviderConfig", "GET"),
            ("POST", "/Schemas", "GET"), ("DELETE", "/ResourceTypes", "GET"),
            ("GET", "/Users/.search/x", None), ("PUT", "/Users/.search", None)):
        reply = w.scim.request(method, path, {} if method != "DELETE" else None)
        refused(reply, 405 if may else reply.status)
        true(reply.status in (404, 405), reply)
        if may:
            true(may in reply.headers.get("allow", ""), reply.headers)


@test
def each_endpoint_has_its_methods(w):
    """A method that none has is told which ones there are."""
    for path, unknown, wanted in (
            ("/Users", "DELETE", {"GET", "POST"}),
            ("/Groups", "DELETE", {"GET", "POST"}),
            ("/Users/x", "POST", {"GET", "PUT", "PATCH", "DELETE"}),
            ("/Groups/x", "POST", {"GET", "PUT", "PATCH", "DELETE"}),
            ("/Me", "POST", {"GET", "PUT", "PATCH"}),
            ("/ServiceProviderConfig", "POST", {"GET"}),
            ("/ResourceTypes", "POST", {"GET"}),
            ("/Schemas", "POST", {"GET"}), ("/Bulk", "GET", {"POST"})):
        reply = w.scim.request(unknown, path)
        refused(reply, 405)
        same(set(reply.headers["allow"].split(", ")) - {"HEAD"}, wanted, path)
    fine(w.scim.search("/Groups", count=0))
    fine(w.scim.search("/Users", count=0))


@test
def endpoints_are_plurals_of_names(w):
    for row in fine(w.scim.get("/ResourceTypes"))["Resources"]:
        same(row["endpoint"], "/%ss" % row["name"])


@test
def bodies_have_their_bounds(w):
    large = {**w.draft(), "nickName": "x" * 70000}
    for reply in (w.scim.post("/Users", large),
                  w.scim.put("/Users/0000000000ABC", large),
                  w.scim.patch("/Users/0000000000ABC",
                               op("add", "nickName", "x" * 70000)),
                  w.scim.search(filter="x" * 70000)):
        refused(reply, 413)


@test
def json_is_read_strictly(w):
    name = w.name()
    start = b'{"schemas":["%s"],"userName":"%s"' % (USER.encode(),
                                                   name.encode())
    for body in (start, start + b',}', start + b',"userName":"b"}', b"", b"[]",
                 b'"x"', b"null", start + b'} {}', start + b',"a":01}',
                 start + b',"a":"\x01"}', start + b',"a":NaN}',
                 start + b",'a':1}", b"\xef\xbb\xbf" + start + b"}",
                 start + b',"title":' + b"[" * 200 + b"]" * 200 + b"}",
                 start + b',"title":' + b'{"a":' * 200 + b"1" + b"}" * 201,
                 start + b',"name":{"givenName":"a","givenName":"b"}}'):
        refused(w.scim.post("/Users", body), 400, "invalidSyntax")
    same(w.found('userName eq "%s"' % name), set())


@test
def a_member_twice_in_other_case_is_one_twice(w):
    """Names do not mind case, so the two could not be told apart."""
    reply = w.scim.post("/Users", {**w.draft(nickName="a"), "NICKNAME": "b"})
    if reply.status >= 300:
        refused(reply, 400)
    else:
        true(reply.json["nickName"] in ("a", "b"), reply)


# --- 3.12: errors ------------------------------------------------------------

@test
def errors_have_one_form(w):
    made = w.user()
    path = "/Users/" + made["id"]
    for reply in (
            w.scim.get("/Users/x"), w.nobody.get("/Users"),
            w.narrow.delete(path), w.scim.get("/Nothing"),
            w.scim.post("/Users", {}), w.scim.post("/Users", b"{"),
            w.scim.list(filter="x"), w.scim.request("DELETE", "/Users"),
            w.scim.patch(path, op("remove")),
            w.scim.patch(path, op("add", "title", "x"), If_Match='"0"'),
            w.scim.post("/Users", w.draft(userName=made["userName"])),
            w.scim.post("/Users", w.draft(), Content_Type="text/plain"),
            w.scim.post("/Users", "x" * 100000)):
        told = refused(reply, reply.status)
        true(set(told) <= {"schemas", "status", "scimType", "detail"}, told)
        true(told.get("scimType", "mutability") in TYPES, told)
        same(reply.headers["content-type"], MEDIA)


@test
def a_broken_request_is_refused_in_scims_words(w):
    """As soon as its path can be read; else it is nobody's."""
    host = b" HTTP/1.1\r\nHost: x\r\n"
    users = b"%s/Users" % BASE.encode()
    for line, code, kind in (
            (b"GET " + users + host + b"Bad Header\r\n", 400, "invalidSyntax"),
            (b"GET " + users + b" HTTP/1.1\r\n\r\n", 400, None),
            (b"GET " + users + host + b"Host: x\r\n", 400, "invalidSyntax"),
            (b"GET " + users + b" HTTP/1.1\n", 400, "invalidSyntax"),
            (b"POST " + users + host + b"Content-Length: x\r\n", 400,
             "invalidSyntax"),
            (b"GET " + users + b" HTTP/9\r\n", 400, "invalidSyntax"),
            (b"GET " + users + host + b"Expect: tea\r\n", 417, None),
            (b"GET " + users + host + b"Content-Encoding: gzip\r\n", 415,
             None),
            (b"GET " + users + host + b"X: " + 40000 * b"x", 431, None),
            (b"GET " + users + b"?filter=" + 9000 * b"x", 414, None),
            (b"GET " + users + b" HTTP/1.0\r\n", 505, None),
            (b"PURGE " + users + host, 501, None)):
        raw = Raw(w.server.address)
        raw.send(line)
        reply = raw.reply()
        refused(reply, code, kind)
        same(reply.headers.get("content-type"), MEDIA)
        raw.close()
    refused(w.scim.request("OPTIONS", "/Users"), 501)
    # What breaks off is told so; here the client ends its half.
    raw = Raw(w.server.address)
    raw.send(b"GET " + users + host)
    raw.sock.shutdown(socket.SHUT_WR)
    refused(raw.reply(), 400, "invalidSyntax")
    raw.close()
    for line in (b"GET\r\n", b"GET x HTTP/1.1\r\n", b"GET /scimx HTTP/9\r\n"):
        raw = Raw(w.server.address)
        raw.send(line)
        same(raw.reply().headers.get("content-type"),
             "application/problem+json")
        raw.close()


@test
def a_body_that_grows_too_large_is_refused_in_scims_words(w):
    raw = Raw(w.server.address)
    raw.send(b"POST %s/Users HTTP/1.1\r\nHost: x\r\n"
             b"Authorization: Bearer %s\r\nTransfer-Encoding: chunked\r\n\r\n"
             b"f4240\r\n" % (BASE.encode(), w.scim.client.token.encode())
             + 1000000 * b" ")
    refused(raw.reply(), 413)
    raw.close()


@test
def a_request_that_does_not_go_on_is_refused_in_scims_words(w):
    raw = Raw(w.server.address, timeout=60)
    raw.send(b"GET %s/Users HTTP/1.1\r\nHost: x\r\n" % BASE.encode())
    refused(raw.reply(), 408)
    raw.close()


@test
def errors_speak_four_languages(w):
    made = w.user()
    path = "/Users/" + made["id"]
    for ask in (
            lambda **lang: w.scim.get("/Users/x", **lang),
            lambda **lang: w.scim.get("/Nothing", **lang),
            lambda **lang: w.nobody.get("/Users", **lang),
            lambda **lang: w.narrow.delete(path, **lang),
            lambda **lang: w.scim.get("/Users?filter=x", **lang),
            lambda **lang: w.scim.get("/Users?cursor=x", **lang),
            lambda **lang: w.scim.get("/Users?count=x", **lang),
            lambda **lang: w.scim.post("/Users", {}, **lang),
            lambda **lang: w.scim.post("/Users", b"{", **lang),
            lambda **lang: w.scim.post("/Users", w.draft(
                userName=made["userName"]), **lang),
            lambda **lang: w.scim.post("/Users", "x" * 100000, **lang),
            lambda **lang: w.scim.request("DELETE", "/Users", None,
                                          named(lang)),
            lambda **lang: w.scim.patch(path, op("remove"), **lang),
            lambda **lang: w.scim.patch(path, op("remove", "userName"),
                                        **lang),
            lambda **lang: w.scim.patch(path, op("add", "title", "x"),
                                        If_Match='"0"', **lang),
            lambda **lang: w.strict.get(
                "/Users?filter=userName%20eq%20%22x%22", **lang)):
        told = {lang: ask(Accept_Language=lang) for lang in LANGUAGES}
        codes = {reply.status for reply in told.values()}
        same(len(codes), 1, codes)
        said = {refused(reply, reply.status)["detail"]
                for reply in told.values()}
        same(len(said), len(LANGUAGES), said)


@test
def errors_name_what_is_wrong(w):
    told = refused(w.scim.post("/Users", w.draft(active="perhaps")), 400,
                   "invalidValue")
    true("active" in told["detail"], told)
    told = refused(w.change(w.user(), op("replace", "shoes", "x")), 400,
                   "invalidPath")
    true("shoes" in told["detail"], told)


@test
def each_kind_of_error_is_told(w):
    made = w.user(externalId="k-" + w.name())
    path = "/Users/" + made["id"]
    for reply, code, kind in (
            (w.scim.list(filter="x"), 400, "invalidFilter"),
            (w.scim.post("/Users", w.draft(userName=made["userName"])), 409,
             "uniqueness"),
            (w.scim.put("/Users/" + w.user()["id"], w.draft(
                userName=made["userName"])), 409, "uniqueness"),
            (w.change(w.user(), op("replace", "userName", made["userName"])),
             409, "uniqueness"),
            (w.scim.patch(path, op("replace", "id", "x")), 400, "mutability"),
            (w.scim.post("/Users", b"{"), 400, "invalidSyntax"),
            (w.scim.put(path, b"{"), 400, "invalidSyntax"),
            (w.scim.post("/Users/.search", b"{"), 400, "invalidSyntax"),
            (w.scim.post("/Bulk", b"{"), 400, "invalidSyntax"),
            (w.scim.list(startIndex="x"), 400, "invalidValue"),
            (w.scim.search(startIndex="x"), 400, "invalidValue"),
            (w.scim.put(path, {"schemas": [USER]}), 400, "invalidValue"),
            (w.scim.patch(path, op("add", "active", 5)), 400, "invalidValue"),
            (w.scim.patch(path, op("add", "x y", "x")), 400, "invalidPath"),
            (w.scim.patch(path, op("add", "emails[", "x")), 400,
             "invalidPath"),
            (w.scim.patch(path, op("remove")), 400, "noTarget"),
            (w.scim.post("/Users", w.draft(active=5)), 400, "invalidValue"),
            (w.strict.list(filter='userName eq "x"'), 403, "sensitive")):
        refused(reply, code, kind)


@test
def errors_that_have_no_kind_tell_none(w):
    for reply in (w.scim.get("/Users/x"), w.nobody.get("/Users"),
                  w.narrow.post("/Users", w.draft())):
        true("scimType" not in refused(reply, reply.status), reply)


# --- 3.11, 3.13, 4: addresses ------------------------------------------------

@test
def the_version_stands_in_the_address(w):
    fine(w.scim.get("/Schemas"))
    ask = w.scim.client.request
    for version in ("v1", "v3", "v20", "v0"):
        for path in ("/Users", "", "/Users/x"):
            for method in ("GET", "POST", "DELETE"):
                told = refused(ask(method, "/scim/%s%s" % (version, path)),
                               400, "invalidVers")
                true(version in told["detail"], told)
    for path in ("/Users", "/V2/Users", "/v/Users", "/v2x/Users", "/v1.1/Users",
                 "", "/", "/Users/v1"):
        refused(ask("GET", "/scim" + path), 404)
    true(ask("GET", "/scimv1/Users").json.get("code"), "of the native API")


@test
def the_configuration_is_what_it_says(w):
    reply = status(w.scim.get("/ServiceProviderConfig"), 200)
    same(reply.json["schemas"], [CORE + "ServiceProviderConfig"])
    same(reply.json["meta"]["resourceType"], "ServiceProviderConfig")


@test
def all_schemas_are_listed(w):
    found = fine(w.scim.get("/Schemas"))
    same(len(found["Resources"]), found["totalResults"])
    urns = {row["id"] for row in found["Resources"]}
    for row in fine(w.scim.get("/ResourceTypes"))["Resources"]:
        true({row["schema"], *(each["schema"] for each in row.get(
            "schemaExtensions", []))} <= urns, row)


@test
def one_of_each_is_shown_alone(w):
    for path in ("/Schemas", "/ResourceTypes"):
        for row in fine(w.scim.get(path))["Resources"]:
            same(fine(w.scim.get("%s/%s" % (path, row["id"]))), row)
            same(fine(w.scim.get(row["meta"]["location"].partition(BASE)[2])),
                 row)
        refused(w.scim.get(path + "/nothing"), 404)


@test
def what_describes_the_server_is_not_filtered(w):
    for path in ("/Schemas", "/ResourceTypes", "/ServiceProviderConfig",
                 "/Schemas/" + USER, "/ResourceTypes/User"):
        refused(w.scim.list(path, filter='name eq "User"'), 403)


@test
def what_describes_the_server_is_not_sorted_or_paged(w):
    for path in ("/Schemas", "/ResourceTypes"):
        whole = fine(w.scim.get(path))
        same(fine(w.scim.get(path + "?startIndex=2&count=1&sortBy=name"
                             "&sortOrder=descending&cursor=x"
                             "&attributes=name")), whole)
        same((whole["startIndex"], whole["itemsPerPage"]),
             (1, whole["totalResults"]))


# --- 5, 7: texts and secrets -------------------------------------------------

@test
def user_names_are_prepared_before_they_are_compared(w):
    for made, like in (("Straße%s", "STRASSE%s"), ("éa%s", "e\u0301a%s"),
                       ("ÄB%s", "äb%s")):
        number = w.name()
        user = w.user(userName=made % number)
        refused(w.scim.post("/Users", w.draft(userName=like % number)), 409,
                "uniqueness")
        same(w.found('userName eq "%s"' % (like % number)), {user["id"]})


@test
def user_names_of_another_width_are_the_same(w):
    number = w.name()
    wide = w.user(userName="\uff21b\uff76" + number)
    same(fine(w.scim.get("/Users/" + wide["id"]))["userName"],
         "\uff21b\uff76" + number)
    refused(w.scim.post("/Users", w.draft(userName="a\uff22\u30ab" + number)),
            409, "uniqueness")
    same(w.found('userName eq "Ab\u30ab%s"' % number), {wide["id"]})
    same(w.found('userName sw "Ab\u30ab%s"' % number), {wide["id"]})


@test
def user_names_are_folded_not_only_lowered(w):
    """RFC 8265 would lower them, and hold these to be two names."""
    number = w.name()
    for made, like in (("wei\u00df%s", "weiss%s"),
                       ("\u03b1\u03c2%s", "\u03b1\u03c3%s")):
        w.user(userName=made % number)
        refused(w.scim.post("/Users", w.draft(userName=like % number)), 409,
                "uniqueness")


@test
def user_names_hold_no_controls(w):
    for bad in ("\u0007", "\u007f", "\u0085", "\u200e", "\u202e", "\u2066"):
        refused(w.scim.post("/Users", w.draft(userName="a" + bad + w.name())),
                400, "invalidValue")
    # What RFC 8264 disallows beside these is taken.
    for odd in ("\u263a", "\u201ca\u201d"):
        w.user(userName=odd + w.name())


@test
def user_names_in_two_directions_are_taken(w):
    """RFC 5893 would refuse letters of both in one name."""
    w.user(userName="a\u05d0b" + w.name())


@test
def filters_compare_prepared_texts(w):
    mark = w.name()
    made = w.user(title="Äe\u0301" + mark)
    same(w.found('title eq "äé%s"' % mark.upper()), {made["id"]})


@test
def what_is_personal_is_not_stored_in_the_clear(w):
    mark = "Qz" + w.name().replace("-", "z")
    w.user(userName=mark, nickName=mark, name={"familyName": mark},
           emails=[{"value": mark + "@x.example", "type": "work"}])
    same(subprocess.run(["grep", "-rliF", "--", mark, w.server.folder],
                        capture_output=True, text=True).stdout, "")


@test
def hostile_texts_are_texts(w):
    for text in ("'; DROP TABLE person; --", "${x}", "%s%n", "<b>",
                 "a\\b", "1=1 OR '1'='1"):
        made = w.user(nickName=text, title=text)
        same((made["nickName"], made["title"]), (text, text))
        true(made["id"] in w.found('title eq %s' % json.dumps(
            text, ensure_ascii=False)), text)
    # What would change how the rest is read is none.
    refused(w.scim.post("/Users", w.draft(title="a\u202eb")), 400,
            "invalidValue")


@test
def the_form_of_an_error_is_the_same_without_an_address(w):
    told = refused(w.scim.get("/"), 404)
    same(told["schemas"], [ERROR])
