# SPDX-License-Identifier: Apache-2.0
"""scimlib.py - what the tests of SCIM's rules share: see scim.py.

    from scimlib import same, status, test, true

    @test
    def creating_answers_201(w):                # W is a World
        status(w.scim.post("/Users", w.draft()), 201)

A test is a small function that raises Fault.  All of them use one server, so
each makes people of its own and asks for those.
"""
import itertools
import json
import re
from urllib.parse import quote

from usherlib import Client, Reply

BASE = "/scim/v2"
MEDIA = "application/scim+json"
CORE = "urn:ietf:params:scim:schemas:core:2.0:"
USER, GROUP = CORE + "User", CORE + "Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
USHER = "urn:ietf:params:scim:schemas:extension:usher:2.0:User"
MESSAGE = "urn:ietf:params:scim:api:messages:2.0:"
PATCH_OP, LIST = MESSAGE + "PatchOp", MESSAGE + "ListResponse"
SEARCH, ERROR = MESSAGE + "SearchRequest", MESSAGE + "Error"
DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")

CATALOGUE = """catalogue: 1
settings: { client.removals_least: 100000%s }
sites:
  ber: { name: "Berlin", country: DE, zone: Europe/Berlin }
  lyo: { name: "Lyon", country: FR, zone: Europe/Paris }
departments:
  sales: { name: "Sales" }
  it: { name: "IT" }
products:
  mail: { name: "Mail", cap: 100 }
  rare: { name: "Rare", cap: 100 }
roles:
  fleet: { name: "Fleet manager", rights: [person.read], excludes: [trader] }
  trader: { name: "Trader", rights: [person.read] }
  keys: { name: "Key keeper", rights: [person.read], two_persons: true }
groups:
  drivers: { name: "Drivers", roles: [fleet] }
pools:
  mail-all: { product: mail, quota: 1000 }
  rare-all: { product: rare, quota: 1 }
"""
STRICT = (", scim.strict: 1, scim.patch_empty: 1, scim.filter_in_url: 0"
          ", scim.put_empties: 1")

TESTS = {}


class Fault(Exception):
    """What a rule asks for is not so."""


def test(function):
    TESTS[function.__name__] = function
    return function


# --- what is asserted --------------------------------------------------------

def true(condition, *what):
    if not condition:
        raise Fault(" ".join(map(str, what)))


def same(found, wanted, *what):
    true(found == wanted, *what, "\nfound  %r\nwanted %r" % (found, wanted))


def status(reply, *wanted):
    true(reply.status in wanted, "wanted %s, got" % " or ".join(
        map(str, wanted)), reply)
    return reply


def refused(reply, code, kind=None):
    """An error as RFC 7644 3.12 has it: the status, the scimType."""
    status(reply, code)
    told = reply.json
    same(told.get("schemas"), [ERROR], "the schema of an error:")
    same(told.get("status"), str(code), "the status is a text:")
    true(told.get("detail"), "an error without detail:", reply)
    if kind is not None:
        same(told.get("scimType"), kind, str(reply))
    return told


def fine(reply):
    """Any success; which one is a test's matter of its own."""
    true(reply.status < 300, reply)
    return reply.json


# --- asking ------------------------------------------------------------------

class Scim:
    """A client of SCIM.  Paths are relative to the base URI.

    World.lie, if somebody set it, is a class whose ask() may change what is
    sent and whose told() what is answered: a fault that the tests must find.
    """

    def __init__(self, world, client):
        self.world, self.client = world, client

    def request(self, method, path, body=None, headers=None):
        head = dict(headers or {})
        if body is not None and not any(
                name.lower() == "content-type" for name in head):
            head["Content-Type"] = MEDIA
        lie = self.world.lie
        if lie is not None and hasattr(lie, "ask"):
            method, path, body = lie.ask(method, path, body)
        reply = self.client.request(method, BASE + path, body, head)
        if lie is not None and hasattr(lie, "told"):
            told = lie.told(method, path, Reply(
                reply.status, dict(reply.headers), reply.body))
            reply = told or reply
        return reply

    def get(self, path, **headers):
        return self.request("GET", path, None, named(headers))

    def post(self, path, body, **headers):
        return self.request("POST", path, body, named(headers))

    def put(self, path, body, **headers):
        return self.request("PUT", path, body, named(headers))

    def delete(self, path, **headers):
        return self.request("DELETE", path, None, named(headers))

    def patch(self, path, *operations, **headers):
        return self.request("PATCH", path, {
            "schemas": [PATCH_OP], "Operations": list(operations)},
            named(headers))

    def list(self, path="/Users", **query):
        """A query by GET."""
        return self.get(path + "?" + "&".join(
            "%s=%s" % (name, quote(str(value)))
            for name, value in query.items()))

    def search(self, path="/Users", **order):
        """The same by POST."""
        return self.post(path + "/.search", {"schemas": [SEARCH], **order})


def named(headers):
    return {name.replace("_", "-"): value for name, value in headers.items()}


def op(verb, path=None, value=None):
    found = {"op": verb}
    if path is not None:
        found["path"] = path
    if value is not None:
        found["value"] = value
    return found


# --- the world ---------------------------------------------------------------

class World:
    """A server with two tenants, and clients of them.

    scim: all rights; other: the same of another source; narrow: may read only;
    foreign: another tenant's; strict: a tenant that wants the strictest of
    each setting."""

    lie = None

    def __init__(self, server):
        self.server = server
        self.numbers = itertools.count(1)
        self.acme = self.tenant("acme", "")
        self.scim = self.client(self.acme)
        self.other = self.of(source="other")
        self.narrow = self.of(rights=["self", "person.read"])
        self.nobody = Scim(self, Client(server.address))
        self.foreign = self.client(self.tenant("blue", ""))
        self.strict = self.client(self.tenant("strict", STRICT))

    def tenant(self, name, settings):
        made = self.server.tenant(name)
        made.apply(CATALOGUE % settings)
        return made

    def client(self, tenant, token=None):
        return Scim(self, tenant.client(token))

    def of(self, tenant=None, **order):
        """A client with a token of its own."""
        tenant = tenant or self.acme
        order.setdefault("label", "client-%d" % next(self.numbers))
        order.setdefault("rights", sorted(
            set(tenant.client().get("/api/v1/self").json["rights"])
            - {"operate", "tenant.read", "tenant.write"}))
        made = tenant.client().post("/api/v1/tokens", order)
        true(made.status == 201, made)
        return self.client(tenant, made.json["token"])

    def name(self):
        return "user-%d" % next(self.numbers)

    def draft(self, **more):
        """A user as sent."""
        return {"schemas": [USER], "userName": self.name(), **more}

    def user(self, client=None, **more):
        """A user as made."""
        return fine((client or self.scim).post("/Users", self.draft(**more)))

    def show(self, user, query="", client=None):
        return fine((client or self.scim).get(
            "/Users/%s%s" % (user["id"], query)))

    def change(self, user, *operations, client=None):
        return (client or self.scim).patch("/Users/" + user["id"], *operations)

    def found(self, text, client=None, **query):
        """The ids that a filter finds."""
        reply = (client or self.scim).search(filter=text, count=500, **query)
        return {row["id"] for row in fine(reply)["Resources"]}


def without(row, *names):
    return {key: row[key] for key in row if key not in names}


def text_of(value):
    return json.dumps(value)
