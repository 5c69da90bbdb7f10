# SPDX-License-Identifier: Apache-2.0
"""matrixrows.py - how each operation of the API is asked, for matrix.py.

A new operation needs a row in ROWS, and what its body, filter or path names a
row in REFERENCES.
"""
import collections
import json
import re
from urllib.parse import quote

from matrixworld import done

METHODS = ("get", "post", "put", "patch", "delete")

NOBODY = "0000000000ABC"

# About all of a tenant: a scope gives none of it.
WHOLE = {"audit.read", "catalogue.read", "catalogue.write", "guard.override",
         "pool.write", "queue.manage", "resource.read", "resource.write",
         "seat.verify"}
# Refused when the thing is looked at: one that is not there is not there.
LATE = {"pool.write"}
# Of these either nothing, or what tells of nobody beyond it: both are sound.
EITHER = {"token.read": "/api/v1/tokens", "token.write": "/api/v1/tokens",
          "queue.read": "/api/v1/queues"}


# --- how to ask for each operation -------------------------------------------

Ask = collections.namedtuple("Ask", "params body headers query")


def ask(*params, body=None, query="", **headers):
    return Ask(list(params), body,
               {k.replace("_", "-"): v for k, v in headers.items()}, query)


def no_params(**kept):
    return lambda desk: ask(**kept)


def read_person(desk):
    return ask(desk.side.inside.id)


def onboarding_order(desk):
    return {"person": desk.newcomer(), "products": ["mail"]}


def onboard(desk):
    return ask(body=onboarding_order(desk), Idempotency_Key=desk.key())


def onboard_batch(desk):
    return ask(body={"items": [
        {"key": desk.key(), **onboarding_order(desk)}]})


def end_check(desk):
    person = desk.victim(products=["mail"], check=True)
    return ask(person.onboarding, "manual", body={"result": "passed"})


def change_person(desk):
    person = desk.victim()
    return ask(person.id, body={"nickName": desk.mark("nick")}, If_Match="*")


def take_seats(desk):
    return ask(desk.victim().id, body={"products": ["spare"]})


def release_seat(desk):
    return ask(desk.victim(products=["mail"]).id, "mail")


def change_pool(desk):
    return ask("spare-all", body={"quota": 1000}, If_Match="*")


def put_catalogue(desk):
    return ask(body=desk.side.catalogue, query="?dry=1",
               Content_Type="application/yaml")


def open_import(desk):
    desk.end_run()
    return ask(body=desk.import_order())


def scan_import(desk):
    return ask(desk.run(), body=desk.side.rows(), Content_Type="text/csv")


def apply_import(desk):
    run, rows = desk.run(), desk.side.rows()
    digest = desk.scan(run, rows)
    return ask(run, body=rows, query="?digest=" + digest,
               Content_Type="text/csv")


def allow_removals(desk):
    return ask(body={"source": "hr", "allow": 1000,
                     "reason": desk.side.text("i", desk.side.next(),
                                              "reason")})


def make_token(desk):
    return ask(body=with_scope(
        desk, {"label": desk.label(), "rights": ["self"]}))


def with_scope(desk, order):
    if desk.credential.scope:
        order["scope"] = desk.credential.filter
    return order


def give_role(desk):
    person = desk.victim()
    return ask(person.id, body=with_scope(
        desk, {"role": "plain", "reason": desk.mark("reason")}))


def approve_role(desk):
    person = desk.victim()
    return ask(person.id, desk.grant(person, "twice"), body={})


def end_role(desk):
    person = desk.victim()
    return ask(person.id, desk.grant(person, "plain"),
               body={"reason": desk.mark("reason")})


def pause(desk):
    desk.queue("resume")
    return ask("registration", body=desk.reason())


def resume(desk):
    desk.queue("pause")
    return ask("registration", body=desk.reason())


def sign_in(desk):
    """To no tenant: a wrong password would be logged with one."""
    return ask(body={"tenant": "nobodys", "userName": "nobody",
                     "password": "nobody has it now"})


def exchange(desk):
    return ask(body="grant_type=client_credentials&client_id=%s"
               "&client_secret=wrong" % desk.side.boss.id,
               Content_Type="application/x-www-form-urlencoded")


def end_of(noun):
    return lambda desk: ask(desk.token(noun == "client"))


def rotate_token(desk):
    return ask(desk.token(), body={})


def block(desk):
    return ask(desk.victim().id, "manual", body={"reason": desk.mark("block")},
               If_Match="*")


def lift(desk):
    person = desk.victim()
    desk.block(person)
    return ask(person.id, "manual", body={"reason": desk.mark("block")},
               If_Match="*")


def reset_codes(desk):
    person = desk.victim(activation=True)
    desk.begin_codes(person)
    return ask(person.id)


def own(**kept):
    """What people do for themselves."""
    return Row((), no_params(**kept), False, True)


# NOUNS are those of the parameters, in order.  MAKE is an Ask that succeeds,
# of a victim of its own where it changes something.  IS_OWN: only persons can,
# each their own; IS_LAST: it would end the credential, and is only refused.
Row = collections.namedtuple("Row", "nouns make changes is_own is_last",
                             defaults=(False, False))

ROWS = {
    "postOnboardings": Row((), onboard, True),
    "postOnboardingsBatch": Row((), onboard_batch, True),
    "getOnboarding": Row(("onboarding",), lambda d: ask(
        d.side.inside.onboarding), False),
    "postOnboardingCheck": Row(("onboarding", "check"), end_check, True),
    "getPersons": Row((), no_params(), False),
    "postPersons": Row((), lambda d: ask(body=d.newcomer()), True),
    "postPersonsSearch": Row((), no_params(body={}), False),
    "getPerson": Row(("person",), read_person, False),
    "patchPerson": Row(("person",), change_person, True),
    "getPersonSeats": Row(("person",), read_person, False),
    "postPersonSeats": Row(("person",), take_seats, True),
    "deletePersonSeatsProduct": Row(("person", "product"), release_seat, True),
    "getProducts": Row((), no_params(), False),
    "getProduct": Row(("product",), lambda d: ask("crm"), False),
    "getProductSeats": Row(("product",), lambda d: ask("crm"), False),
    "getProductWaits": Row(("product",), lambda d: ask("crm"), False),
    "postSeatsVerify": Row((), no_params(body={}), False),
    "getPools": Row((), no_params(), False),
    "getPool": Row(("pool",), lambda d: ask("crm-partner"), False),
    "patchPool": Row(("pool",), change_pool, True),
    "getOrganisations": Row((), no_params(), False),
    "getOrganisation": Row(("organisation",), lambda d: ask("partner"), False),
    "getCatalogue": Row((), no_params(), False),
    "putCatalogue": Row((), put_catalogue, False),
    "postImports": Row((), open_import, True),
    "putImportScan": Row(("import",), scan_import, True),
    "postRemovals": Row((), allow_removals, True),
    "putImportRows": Row(("import",), apply_import, True),
    "getImport": Row(("import",), lambda d: ask(d.scanned_run()), False),
    "getEvents": Row((), no_params(query="?limit=500"), False),
    "getAuditEntries": Row((), no_params(query="?limit=500"), False),
    "getAuditKey": Row((), no_params(), False),
    "getTokens": Row((), no_params(), False),
    "postTokens": Row((), make_token, True),
    "deleteToken": Row(("token",), end_of("token"), True),
    "postTokenRotate": Row(("token",), rotate_token, True),
    "getClients": Row((), no_params(), False),
    "postClients": Row((), make_token, True),
    "deleteClient": Row(("client",), end_of("client"), True),
    "getPersonBlocks": Row(("person",), read_person, False),
    "putPersonBlocksKind": Row(("person", "kind"), block, True),
    "deletePersonBlocksKind": Row(("person", "kind"), lift, True),
    "postPersonActivation": Row(("person",), lambda d: ask(
        d.victim().id, body={}), True),
    "deletePersonTotp": Row(("person",), reset_codes, True),
    "getMe": own(),
    "patchMe": own(body={"nickName": None}, If_Match="*"),
    "getSessions": own(),
    "deleteSession": Row(("session",), lambda d: ask(d.session()), True,
                         True, True),
    "postLogout": own(body={})._replace(is_last=True),
    "postStepUp": own(body={"password": "wrong"})._replace(is_last=True),
    "postMePassword": own(body={"password": "short"})._replace(is_last=True),
    "postMeTotp": own(body={})._replace(is_last=True),
    "postMeTotpConfirm": own(body={"totp": "000000"})._replace(is_last=True),
    "getRights": Row((), no_params(), False),
    "getRoles": Row((), no_params(), False),
    "getRoleGrants": Row((), no_params(), False),
    "getPersonRoles": Row(("person",), read_person, False),
    "postPersonRoles": Row(("person",), give_role, True),
    "postPersonRolesGrantApprove": Row(("person", "grant"), approve_role, True),
    "postPersonRolesGrantEnd": Row(("person", "grant"), end_role, True),
    "getSelf": Row((), no_params(), False),
    "getOpenapiJson": Row((), no_params(), False),
    "getQueues": Row((), no_params(), False),
    "postQueuePause": Row(("queue",), pause, True),
    "postQueueResume": Row(("queue",), resume, True),
    "getVersion": Row((), no_params(), False),
    "getHealthz": Row((), no_params(), False),
    "getReadyz": Row((), no_params(), False),
    "getWellKnownJwksJson": Row((), no_params(), False),
    "getWellKnownOauthAuthorizationServer": Row((), no_params(), False),
    "postLogin": Row((), sign_in, False),
    "postActivate": Row((), no_params(body={"token": "usher_act_x"}), False),
    "postOauthToken": Row((), exchange, False),
}


# --- the operations of the description ---------------------------------------

class Operation:
    """One of the description.  Without a row it is asked all the same, with an
    empty body, and is expected to refuse what it would refuse with any."""

    is_scim = False

    def __init__(self, method, path, row):
        self.method, self.path = method.upper(), path
        self.id, self.right = row["operationId"], row.get("x-usher-right")
        self.row = ROWS.get(self.id)
        self.nouns = self.row.nouns if self.row else re.findall(
            r"\{(\w+)\}", path)
        self.takes_body = "requestBody" in row

    def __str__(self):
        return "%s %s" % (self.method, self.path)

    def url(self, params, query=""):
        left = iter(params)
        return re.sub(r"\{\w+\}", lambda _: next(left), self.path) + query

    def may(self, credential):
        """Whether the right is held at all."""
        return credential.rights is not None and (
            self.right in credential.rights) and not (
            credential.scope and self.right in WHOLE) and not (
            credential.scope and self.right in EITHER
            and self.right not in credential.side.world.bounded)

    def is_public(self):
        return self.right is None


def operations(api):
    paths = done(api.get("/api/v1/openapi.json"))["paths"]
    return [Operation(method, path, item[method])
            for path, item in paths.items() for method in METHODS
            if method in item]


# --- what they need ----------------------------------------------------------

class Desk:
    """Makes what one credential needs to succeed."""

    def __init__(self, rig, credential):
        self.rig, self.credential = rig, credential
        self.side = credential.side
        self.number = self.side.inside.number   # of whom texts are about

    def victim(self, **order):
        person = self.side.person(**order)
        self.number = person.number
        return person

    def victim_group(self):
        """With somebody in it whom a scope does not see."""
        return self.side.make_group(self.side.inside, self.side.outside)

    def own_group(self):
        """With nobody in it whom a scope does not see: who reaches not all
        that are in does nothing that concerns all."""
        outside = () if self.credential.scope else (self.side.outside,)
        return self.side.make_group(self.side.inside, *outside)

    def victim_device(self):
        return self.side.make_device()

    def newcomer(self):
        """Somebody not there yet, whom the scope would see."""
        boss = self.side.boss.id
        if not self.credential.may_see_id(boss):
            boss = None
        number = self.side.next()
        self.side.known(number, "ber", "partner", boss)
        found = self.side.attributes(number, "ber", "partner", boss)
        return self.without_private(found)

    def without_private(self, found):
        if "person.private.write" not in self.credential.rights:
            for name in ("birthDate", "addresses"):
                del found[name]
        return found

    def mark(self, field):
        return self.side.text("p", self.number, field)

    def reason(self):
        return {"reason": self.side.text("q", self.side.next(), "reason")}

    def block(self, person):
        self.side.call(
            "PUT", "/api/v1/persons/%s/blocks/manual" % person.id,
            {"reason": self.mark("block")}, If_Match="*")

    def begin_codes(self, person):
        """A secret that waits to be confirmed."""
        self.side.begin_codes(person)

    def queue(self, action):
        """Brings it there; 409: it is there already."""
        self.side.call("POST", "/api/v1/queues/registration/" + action,
                       self.reason(), wanted=(409,))

    def label(self):
        number = self.side.next()
        self.side.labels[number] = self.credential.scope
        return self.side.text("t", number, "label")

    def import_order(self):
        """Only who may override guards says what may go."""
        order = self.side.import_order()
        if self.credential.scope or (
                "guard.override" not in self.credential.rights):
            del order["allow_removals"], order["reason"]
        return order

    def key(self):
        return "cell-%d" % self.side.next()

    def token(self, is_client=False):
        return self.side.token({"self"}, self.credential.scope,
                               is_client)[0]

    def session(self):
        return self.credential.session

    def grant(self, person, role):
        return self.side.grant(person, role, self.credential.filter)

    def end_run(self):
        self.side.end_run()

    def run(self):
        self.end_run()
        return self.side.open_run(self.rig.client(self.credential),
                                  self.import_order())

    def scan(self, run, rows):
        return self.side.scan(self.rig.client(self.credential), run, rows)

    def scanned_run(self):
        run = self.run()
        self.scan(run, self.side.rows())
        return run


class Dry(Desk):
    """A desk that makes nothing: its things are those of the world."""

    def import_order(self):
        return self.side.import_order()

    def victim(self, **order):
        return self.side.inside

    def victim_group(self):
        return self.side.group

    def own_group(self):
        return self.side.group

    def victim_device(self):
        return self.side.device

    def without_private(self, found):
        return found

    def block(self, person):
        pass

    def begin_codes(self, person):
        pass

    def queue(self, action):
        pass

    def token(self, is_client=False):
        return self.side.credentials[0].id

    def session(self):
        return NOBODY

    def grant(self, person, role):
        return person.pending if role == "twice" else person.grant

    def end_run(self):
        pass

    def run(self):
        return self.side.run

    def scan(self, run, rows):
        return "00"

    def scanned_run(self):
        return self.side.run


# --- what bodies, filters and cursors name -----------------------------------

class Put:
    """Puts a value into an Ask.  MAY_BE_OUT: it may name a person out of scope,
    for whom somebody reports to is often somewhere else."""

    def __init__(self, put, may_be_out=False):
        self.put, self.may_be_out = put, may_be_out

    def __call__(self, asked, value):
        return self.put(asked, value)


def in_body(path):
    """At this place of a body: "person.manager"."""
    def put(asked, value):
        body = json.loads(json.dumps(asked.body))
        *names, last = path.split(".")
        place = body
        for name in names:
            place = place[int(name) if name.isdigit() else name]
        place[last] = [value] if isinstance(place.get(last), list) else value
        return asked._replace(body=body)
    return Put(put, path.endswith("manager"))


def in_query(name, text="%s"):
    def put(asked, value):
        return asked._replace(query="?%s=%s" % (
            name, quote(text % value)))
    return Put(put)


def in_filter(text):
    """In the filter of a search."""
    def put(asked, value):
        return asked._replace(body={"filter": text % value})
    return Put(put)


def scope_of(text):
    def put(asked, value):
        return in_body("scope")(asked, text % value)
    return Put(put)


WORD = Put(lambda asked, value: asked._replace(body={"search": value}))


def in_catalogue(old, new):
    def put(asked, value):
        return asked._replace(body=asked.body.replace(old, new % value))
    return Put(put)


IN_ROWS = Put(lambda asked, value: asked._replace(
    body=asked.body.replace(";ber;", ";%s;" % value)))


# operation, what is named, how it is put there; the answer must be the same
# whether the other tenant has it, it is out of scope, or nobody has it.
REFERENCES = (
    ("postPersons", "person", in_body("manager")),
    ("postPersons", "site", in_body("site")),
    ("postPersons", "department", in_body("department")),
    ("postPersons", "organisation", in_body("organization")),
    ("patchPerson", "person", in_body("manager")),
    ("patchPerson", "site", in_body("site")),
    ("patchPerson", "organisation", in_body("organization")),
    ("postOnboardings", "person", in_body("person.manager")),
    ("postOnboardings", "site", in_body("person.site")),
    ("postOnboardings", "product", in_body("products")),
    ("postOnboardingsBatch", "person", in_body("items.0.person.manager")),
    ("postOnboardingsBatch", "product", in_body("items.0.products")),
    ("postPersonSeats", "product", in_body("products")),
    ("postPersonRoles", "role", in_body("role")),
    ("postPersonRoles", "person", scope_of('manager eq "%s"')),
    ("postTokens", "person", scope_of('manager eq "%s"')),
    ("postTokens", "site", scope_of('site eq "%s"')),
    ("getPersons", "person", in_query("filter", 'id eq "%s"')),
    ("getPersons", "site", in_query("filter", 'site eq "%s"')),
    ("getPersons", "organisation", in_query("filter", 'organization eq "%s"')),
    ("getPersons", "title", in_query("filter", 'title eq "%s"')),
    ("postPersonsSearch", "person", in_filter('id eq "%s"')),
    ("postPersonsSearch", "username", in_filter('userName eq "%s"')),
    ("postPersonsSearch", "external", in_filter('externalId eq "%s"')),
    ("postPersonsSearch", "email",
     in_filter('emails.value eq "%s@x.example"')),
    ("postPersonsSearch", "family", WORD),
    ("getPools", "product", in_query("product")),
    ("putCatalogue", "site", in_catalogue(
        "country: DE,", "was: %s, country: DE,")),
    ("putCatalogue", "product", in_catalogue(
        "product: mail,", "product: %s,")),
    ("putImportScan", "site", IN_ROWS),
)

# operation, member that needs a right of its own, where it is put, the right.
FIELDS = (
    ("patchPerson", "birthDate", "1999-01-01", "person.private.write"),
    ("patchPerson", "addresses", [{"type": "work", "locality": "Rom"}],
     "person.private.write"),
    ("patchPerson", "userName", None, "person.login.write"),
    ("patchPerson", "emails", None, "person.login.write"),
)
