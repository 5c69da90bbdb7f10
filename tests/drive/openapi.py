#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""openapi.py - the API description: well formed, and kept.

    openapi.py          prints it by `usher openapi`, lints it, plants faults

    description = Description(document)
    faults = description.check(method, path, body, headers, reply)
    description.unreached(), description.unseen()

A reply must have a status that its operation declares, its content type, every
header it promises, and a body that fits the schema, which is closed: a member
that nobody described is a fault.  A request that was accepted must fit too.
The linter is redocly (tests/node), installed in a build folder; it talks to
nobody.
"""
import copy
import json
import os
import re
import subprocess
import sys
import urllib.parse

import npmlib
from usherlib import BUILD, PROGRAM, Reply, Tap

try:
    from jsonschema import Draft202012Validator, FormatChecker
except ImportError:
    sys.exit("openapi: this python has no jsonschema 4: install Debian's "
             "python3-jsonschema, or it by pip for another python")

METHODS = ("get", "post", "put", "patch", "delete")
PROBLEM = "application/problem+json"
OPERATOR = "/operator/"
SCIM, SCIM_MEDIA = "/scim/v2/", "application/scim+json"
SCIM_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
AT_MOST = 3     # faults told of one reply


class Operation:
    def __init__(self, method, template, row, item):
        self.method, self.template, self.row = method, template, row
        self.id = row["operationId"]
        self.parameters = row.get("parameters", []) + item.get(
            "parameters", [])
        self.reached = set()

    def __str__(self):
        return "%s %s" % (self.method.upper(), self.template)


class Description:
    """The document; what was seen of it grows with each check()."""

    def __init__(self, document):
        self.document = document
        self.validators, self.seen = {}, set()
        self.own = set(document["x-usher-http-statuses"])
        self.operations = [
            Operation(method, template, item[method], item)
            for template, item in document["paths"].items()
            for method in METHODS if method in item]
        # Literal segments win, as in the server's router.
        self.patterns = sorted(
            ((re.compile(re.sub(r"\\\{\w+\\\}", "([^/]+)",
                                re.escape(op.template)) + "$"), op)
             for op in self.operations),
            key=lambda pair: pair[1].template.count("{"))

    def find(self, method, path):
        """(operation, values of the path) or (None, ())"""
        for pattern, op in self.patterns:
            match = pattern.match(path)
            if match and op.method == method.lower():
                return op, match.groups()
        return None, ()

    # one exchange

    def check(self, method, path, body, headers, reply):
        """What is not as described, as lines."""
        bare, _, query = path.partition("?")
        if bare.startswith(OPERATOR):
            return []
        if bare.startswith(SCIM):
            return ["%s %s %d: %s" % (method, bare, reply.status, fault)
                    for fault in self.of_scim(reply)]
        op, values = self.find(method, bare)
        if op is None or reply.status in self.own:
            faults = self.of_problem(reply)
        else:
            faults = self.of_reply(op, reply)
            if reply.status < 400:
                op.reached.add(reply.status)
                faults += self.of_request(
                    op, values, query, body, headers, reply)
        where = "%s %s %d: " % (
            method, op.template if op else bare, reply.status)
        return [where + fault for fault in faults[:AT_MOST]]

    def of_scim(self, reply):
        """SCIM describes itself by /Schemas; errors have one form there."""
        if not reply.body:
            return []
        media = reply.headers.get("content-type")
        if media != SCIM_MEDIA:
            return ["it is %s" % media]
        told = reply.json
        if reply.status >= 400 and (
                told.get("schemas") != [SCIM_ERROR] or not told.get("detail")
                or told.get("status") != str(reply.status)):
            return ["no error as RFC 7644 3.12 has it"]
        return []

    def of_problem(self, reply):
        """An answer that belongs to no operation is a refusal."""
        if reply.status < 400:
            return ["no such operation is described"]
        return self.of_body(
            {"$ref": "#/components/schemas/Problem"}, PROBLEM, reply)

    def of_reply(self, op, reply):
        row = op.row["responses"].get(str(reply.status))
        if row is None:
            return ["the status is not declared"]
        row = self.resolve(row)
        faults = []
        for name, header in row.get("headers", {}).items():
            faults += self.of_header(
                name, self.resolve(header), reply.headers.get(name.lower()))
        content = row.get("content")
        if content is None:
            return faults + (["it has a body"] if reply.body else [])
        (media, of_media), = content.items()
        return faults + self.of_body(of_media["schema"], media, reply)

    def of_header(self, name, header, value):
        if value is None:
            return ["no header " + name] if header.get("required") else []
        return self.of_text("header " + name, header["schema"], value)

    def of_body(self, schema, media, reply):
        found = reply.headers.get("content-type")
        if found != media:
            return ["it is %s, not %s" % (found, media)]
        if "json" not in media:
            return []
        try:
            value = json.loads(reply.body)
        except ValueError:
            return ["its body is no JSON"]
        faults = self.of_value("body", schema, value)
        if not faults:
            self.note(schema, value, None)
        return faults

    def of_request(self, op, values, query, body, headers, reply):
        faults = []
        known = {(p["in"], p["name"].lower()): p
                 for p in map(self.resolve, op.parameters)}
        given = {("header", name.lower()): value
                 for name, value in headers.items()}
        given.update({("query", name): value for name, value in
                      urllib.parse.parse_qsl(query, keep_blank_values=True)})
        names = re.findall(r"\{(\w+)\}", op.template)
        given.update({("path", name): urllib.parse.unquote(value)
                      for name, value in zip(names, values)})
        for key, parameter in known.items():
            if key in given:
                faults += self.of_text(
                    "%s %s" % key, parameter["schema"], given[key])
            elif parameter.get("required"):
                faults.append("it was accepted without %s %s" % key)
        faults += ["%s %s is not described, and was accepted" % key
                   for key in given if key[0] == "query" and key not in known]
        return faults + self.of_request_body(
            op.row.get("requestBody"), body, reply)

    def of_request_body(self, row, body, reply):
        if isinstance(body, str):
            body = body.encode()
        if row is None:
            return ["a body was accepted"] if body else []
        if body is None or body == b"":
            return (["it was accepted without a body"] if row["required"]
                    else [])
        schema = row["content"].get("application/json", {}).get("schema")
        if schema is None:
            return []
        if isinstance(body, bytes):
            body = json.loads(body)
        return self.of_value("request", schema, taken(body, reply))

    # values

    def of_text(self, what, schema, text):
        """A header's or parameter's value, which is a number in some."""
        kind = self.resolve(schema).get("type")
        if kind == "integer" and re.fullmatch(r"\d+", text):
            return self.of_value(what, schema, int(text))
        return self.of_value(what, schema, text)

    def of_value(self, what, schema, value):
        key = json.dumps(schema, sort_keys=True)
        if key not in self.validators:
            self.validators[key] = Draft202012Validator(
                {**schema, "components": self.document["components"]},
                format_checker=FormatChecker())
        return ["%s%s: %s" % (
                    what, "".join("[%r]" % part for part in error.path),
                    error.message[:300])
                for error in self.validators[key].iter_errors(value)]

    def resolve(self, row):
        while "$ref" in row:
            found = self.document
            for part in row["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            row = found
        return row

    # what was seen

    def note(self, schema, value, name):
        """Remembers which described members had a value."""
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            schema = self.resolve(schema)
        for part in schema.get("anyOf", []) + schema.get("allOf", []):
            if value is not None:
                self.note(part, value, name)
        if isinstance(value, list) and "items" in schema:
            for element in value:
                self.note(schema["items"], element, name)
        if isinstance(value, dict):
            for key, part in schema.get("properties", {}).items():
                if value.get(key) is not None:
                    self.seen.add((name, key))
                    self.note(part, value[key], "%s.%s" % (name, key))

    def unreached(self):
        return [op for op in self.operations if not op.reached]

    def unseen(self):
        """Members of replies that are described and never had a value."""
        found, done = [], set()

        def walk(schema, name):
            if "$ref" in schema:
                name = schema["$ref"].rsplit("/", 1)[1]
                if name in done:
                    return
                done.add(name)
                schema = self.resolve(schema)
            for part in schema.get("anyOf", []) + schema.get("allOf", []):
                walk(part, name)
            if "items" in schema:
                walk(schema["items"], name)
            for key, part in schema.get("properties", {}).items():
                if (name, key) not in self.seen:
                    found.append("%s.%s" % (name, key))
                walk(part, "%s.%s" % (name, key))

        for op in self.operations:
            for row in op.row["responses"].values():
                for media in self.resolve(row).get("content", {}).values():
                    walk(media["schema"], None)
        return [name for name in found if not name.startswith("None.")]


def taken(body, reply):
    """BODY without the items of a batch that were refused one by one."""
    told = reply.json
    items = told.get("items") if isinstance(told, dict) else None
    if not (isinstance(body, dict) and isinstance(body.get("items"), list)
            and items and "status" in items[0]):
        return body
    return {**body, "items": [item for item, outcome in zip(
        body["items"], items) if outcome["status"] < 400]}


# --- it can fail -------------------------------------------------------------

ID = "00VKWWQR7A001"
HEADERS = {"content-type": "application/json", "request-id": "0a"}
POOL = {"id": ID, "slug": "mail-all", "product": "mail", "site": None,
        "organisation": None,
        "priority": 0, "quota": 3, "held": 0, "assigned": 1, "free": 2,
        "waiting": 0, "reserve": False, "version": 1}
DENIED = {"type": "https://usher.invalid/errors/denied", "code": "denied",
          "status": 403, "title": "No.", "params": [], "message": "API_RIGHT",
          "remedy": "Ask.", "request": "0a"}
TAGGED = {**HEADERS, "etag": '"1"'}
REFUSED = {**HEADERS, "content-type": PROBLEM}
ONE, MANY = "/api/v1/pools/mail-all", "/api/v1/pools"
PATCH = ("PATCH", ONE, '{"quota": 3}', {"If-Match": "*"}, 200, TAGGED,
         {**POOL, "served": 0})


def without(row, *names):
    return {key: row[key] for key in row if key not in names}


# what is wrong, method, path, request body and headers, status, headers, body
GOOD = (
    ("a pool", "GET", ONE, None, {}, 200, TAGGED, POOL),
    ("a page", "GET", MANY + "?product=mail", None, {}, 200, HEADERS,
     {"items": [POOL], "next": None}),
    ("a change", *PATCH),
    ("a refusal", "GET", ONE, None, {}, 403, REFUSED, DENIED),
    ("what is known", "GET", ONE, None, {}, 304, without(
        TAGGED, "content-type"), None),
    ("broken HTTP", "GET", ONE, None, {}, 415, REFUSED,
     {**DENIED, "code": "bad_input", "status": 415}),
    ("no such path", "GET", "/api/v1/x", None, {}, 404, REFUSED,
     {**DENIED, "code": "not_found", "status": 404}),
)
# the same, with what must be said of it in second place
BAD = (
    ("a member that nobody described",
     "body: Additional properties",
     "GET", ONE, None, {}, 200, TAGGED,
     {**POOL, "secret": 1}),
    ("one deep inside",
     "body['items'][0]: Additional properties",
     "GET", MANY, None, {}, 200, HEADERS,
     {"items": [{**POOL, "secret": 1}], "next": None}),
    ("one in a refusal",
     "body: Additional properties",
     "GET", ONE, None, {}, 403, REFUSED,
     {**DENIED, "secret": 1}),
    ("a member that is missing",
     "'free' is a required property",
     "GET", ONE, None, {}, 200, TAGGED,
     without(POOL, "free")),
    ("a wrong type",
     "body['quota']: '3' is not of type",
     "GET", ONE, None, {}, 200, TAGGED, {**POOL, "quota": "3"}),
    ("a null that is not declared",
     "body['slug']: None is not of type",
     "GET", ONE, None, {}, 200, TAGGED,
     {**POOL, "slug": None}),
    ("a wrong id",
     "body['id']: '17' does not match",
     "GET", ONE, None, {}, 200, TAGGED, {**POOL, "id": "17"}),
    ("a status that is not declared",
     "the status is not declared",
     "GET", ONE, None, {}, 201, TAGGED, POOL),
    ("a refusal that is not declared",
     "the status is not declared",
     "GET", ONE, None, {}, 422, REFUSED,
     {**DENIED, "code": "key_reused", "status": 422}),
    ("a code of another status",
     "body['code']: 'conflict' is not one of",
     "GET", ONE, None, {}, 403, REFUSED,
     {**DENIED, "code": "conflict"}),
    ("no problem",
     "it is application/json, not",
     "GET", ONE, None, {}, 403, HEADERS, DENIED),
    ("another content type",
     "it is text/html, not",
     "GET", ONE, None, {}, 200,
     {**TAGGED, "content-type": "text/html"}, POOL),
    ("no JSON",
     "its body is no JSON",
     "GET", ONE, None, {}, 200, TAGGED, "{"),
    ("a promised header that is missing",
     "no header ETag",
     "GET", ONE, None, {}, 200, HEADERS,
     POOL),
    ("no request id",
     "no header Request-Id",
     "GET", ONE, None, {}, 200, without(TAGGED, "request-id"),
     POOL),
    ("a body where none may be",
     "it has a body",
     "GET", ONE, None, {}, 304, TAGGED, POOL),
    ("a path that is not described",
     "no such operation",
     "GET", "/api/v1/x", None, {}, 200,
     HEADERS, {}),
    ("a request member that nobody described",
     "request: Additional properties",
     *PATCH[:2], '{"quota": 3, "more": 1}', *PATCH[3:]),
    ("a request member out of bounds",
     "request['quota']: -1 is less than",
     *PATCH[:2], '{"quota": -1}', *PATCH[3:]),
    ("a request without its header",
     "without header if-match",
     *PATCH[:3], {}, *PATCH[4:]),
    ("a request without its body",
     "without a body",
     *PATCH[:2], None, *PATCH[3:]),
    ("a parameter that nobody described",
     "query x is not described",
     "GET", MANY + "?x=1", None, {}, 200,
     HEADERS, {"items": [], "next": None}),
    ("a parameter out of bounds",
     "query limit: 501 is greater than",
     "GET", "/api/v1/persons?limit=501", None, {},
     200, HEADERS, {"items": [], "next": None}),
)


def told(description, case):
    _, method, path, body, headers, status, replied, text = case
    if text is None:
        text = ""
    elif not isinstance(text, str):
        text = json.dumps(text)
    return description.check(method, path, body, headers,
                             Reply(status, replied, text.encode()))


def controls(tap, document):
    """The checker takes what is described, and sees what is not."""
    for case in GOOD:
        faults = told(Description(document), case)
        tap.ok(not faults, "taken: " + case[0], "\n".join(faults))
    for name, reason, *case in BAD:
        faults = told(Description(document), (name, *case))
        tap.ok(any(reason in fault for fault in faults), "found: " + name,
               "\n".join(faults) or "nothing was found")
    description = Description(document)
    told(description, GOOD[1])
    tap.ok(len(description.unreached()) == len(description.operations) - 1,
           "found: an operation that nobody reaches")
    unseen = description.unseen()
    tap.ok("Pool.site" in unseen and "Pool.quota" not in unseen,
           "found: a member that nobody tells", unseen)


# --- the linter --------------------------------------------------------------

def lint(text):
    """(problems, what the linter printed)"""
    folder = npmlib.install()
    path = os.path.join(folder, "usher.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    done = subprocess.run(
        [os.path.join(folder, "node_modules", ".bin", "redocly"), "lint",
         path, "--config", os.path.join(npmlib.NODE, "redocly.yaml"),
         "--format", "json"],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300,
        env={**os.environ, "REDOCLY_TELEMETRY": "off",
             "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "CI": "true"})
    at = done.stdout.find("{")
    if at < 0:
        raise RuntimeError("redocly: %s%s" % (done.stdout, done.stderr))
    totals = json.JSONDecoder().raw_decode(done.stdout[at:])[0]["totals"]
    return sum(totals.values()), done.stdout + done.stderr


def check_lint(tap, document, text):
    count, output = lint(text)
    tap.ok(count == 0, "the linter finds no error and no warning", output)
    worse = copy.deepcopy(document)
    del worse["info"]["license"]
    worse["paths"]["/api/v1/self"]["get"]["operationId"] = "getVersion"
    count, output = lint(json.dumps(worse))
    tap.ok(count >= 2, "the linter finds what is planted", output)


def check_lock(tap):
    with open(os.path.join(npmlib.NODE, "package-lock.json"),
              encoding="utf-8") as file:
        rows = json.load(file)["packages"]
    bad = [name for name, row in rows.items() if not row.get(
        "resolved", "https://registry.npmjs.org/").startswith(
            "https://registry.npmjs.org/")]
    tap.ok(not bad, "the lock file names no registry but npm's", bad)
    bad = [name for name, row in rows.items()
           if name and "integrity" not in row]
    tap.ok(not bad, "the lock file has the digest of each package", bad)


def main():
    tap = Tap()
    done = subprocess.run([os.path.join(BUILD, PROGRAM), "openapi"],
                          capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    tap.ok(done.returncode == 0 and not done.stderr,
           "usher openapi prints the description", done.stderr)
    document = json.loads(done.stdout)
    tap.ok(document["openapi"].startswith("3.1."), "it is OpenAPI 3.1")
    bad = []
    for name, schema in document["components"]["schemas"].items():
        try:
            Draft202012Validator.check_schema(schema)
        except Exception as why:
            bad.append("%s: %s" % (name, why))
    tap.ok(not bad, "every schema is JSON Schema 2020-12", "\n".join(bad))
    controls(tap, document)
    check_lock(tap)
    check_lint(tap, document, done.stdout)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
