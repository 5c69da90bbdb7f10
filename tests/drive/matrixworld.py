# SPDX-License-Identifier: Apache-2.0
"""matrixworld.py - two tenants that look alike, and who may see what of them.

    with Server() as server:
        world = World(server)
        acme, blue = world.sides        # each a Side with the same data
        acme.people, acme.credentials   # Person, Credential
        credential.sees(person)         # by its scope, as this file knows it

Every text that can be stored says whose it is: Qz, the letter of the tenant,
the kind, a number, z, the field.  leaks() finds what a credential must not
see in an answer, by these texts, by ids and by dates of birth.  What may be
seen is computed here from rights and scope alone; the server is not asked.
"""
import base64
import datetime
import itertools
import json
import re
import threading
import time

from usherlib import Client

CANARY = re.compile(r"qz([ab])([a-z])(\d{3,})z([a-z]+)", re.I)
ID = re.compile(r"(?<![0-9A-Z])[0-9A-HJKMNP-TV-Z]{13}(?![0-9A-Z])")
DATE = re.compile(r"(?<!\d)1[89]\d\d-\d\d-\d\d(?!\d)")
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BORN = {"a": datetime.date(1920, 1, 1), "b": datetime.date(1850, 1, 1)}

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
DEVICE = "urn:example:scim:2.0:Device"
OPERATOR = {"operate", "tenant.read", "tenant.write"}
PRIVATE = {"street", "city", "region", "postal", "birth"}
PASSWORD = "seven grey ducks swim"
PARTNER = 6         # the number of the organisation that is in scope
EXPIRES_S = 2
LIMITED_S = 20

# Which right shows which text of the catalogue.
SHOWS = {"product": {"product.read", "catalogue.read"},
         "organisation": {"product.read", "catalogue.read"},
         "role": {"role.read", "catalogue.read"}}

CATALOGUE = """catalogue: 1
settings: {{ client.removals_least: 100000 }}
sites:
  ber: {{ name: "{c}001zsite", country: DE, zone: Europe/Berlin }}
  lyo: {{ name: "{c}002zsite", country: FR, zone: Europe/Paris }}
  {s}001zsite: {{ name: "{c}003zsite", country: FR, zone: Europe/Paris }}
departments:
  sales: {{ name: "{c}004zdepartment" }}
  {s}002zdepartment: {{ name: "{c}005zdepartment" }}
organisations:
  partner: {{ name: "{c}006zorganisation" }}
  {s}003zorganisation: {{ name: "{c}007zorganisation" }}
products:
  mail: {{ name: "{c}008zproduct", cap: 100 }}
  crm: {{ name: "{c}009zproduct", cap: 100 }}
  spare: {{ name: "{c}010zproduct", cap: 100 }}
  {s}004zproduct: {{ name: "{c}011zproduct", cap: 100 }}
pools:
  mail-all: {{ product: mail, quota: 100000 }}
  crm-all: {{ product: crm, quota: 4 }}
  mail-partner: {{ product: mail, organisation: partner, quota: 100000 }}
  crm-partner: {{ product: crm, organisation: partner, quota: 3 }}
  spare-partner: {{ product: spare, organisation: partner, quota: 1000 }}
  spare-all: {{ product: spare, quota: 1000 }}
  {s}005zpool: {{ product: {s}004zproduct, quota: 5 }}
roles:
  plain: {{ name: "{c}012zrole", rights: [self] }}
  twice: {{ name: "{c}013zrole", rights: [self], two_persons: true }}
  {s}006zrole: {{ name: "{c}014zrole", rights: [self] }}
schemas:
  device:
    urn: "urn:example:scim:2.0:Device"
    of: resource
    attributes: {{ serial: {{ type: string, required: true, unique: true }} }}
resource_types:
  device: {{ name: Device, endpoint: /Devices, schema: device }}
"""

MAP = """source: hr
ref: "{Nr}"
person: { userName: "{Name}", nickName: "{Nick}" }
contracts: { site: "{Ort}", organization: "{Org}" }
"""


class Asker(Client):
    """A client whose credential may be headers, such as a cookie's."""

    headers = {}

    def request(self, method, path, body=None, headers=None):
        return super().request(
            method, path, body, {**self.headers, **(headers or {})})


class Person:
    """Somebody of a side: where they stand is what scopes are about."""

    def __init__(self, number, site, org, manager):
        self.number, self.site, self.org = number, site, org
        self.manager = manager      # an id, or None
        self.id = self.onboarding = self.grant = self.pending = None
        self.activation = None


class Credential:
    """RIGHTS is None where it is no valid credential.  SCOPE names one of
    Side.scopes, or is None."""

    def __init__(self, side, name, token, rights=None, scope=None):
        self.side, self.name, self.token = side, name, token
        self.rights, self.scope = rights, scope
        self.id = self.session = self.person = None
        self.headers = {}       # where it is no bearer token

    def __str__(self):
        return "%s's %s" % (self.side.name, self.name)

    @property
    def filter(self):
        return self.side.scopes[self.scope] if self.scope else None

    def sees(self, person):
        if self.rights is None or person is None:
            return False
        return {None: True, "site": person.site == "ber",
                "org": person.org == "partner",
                "manager": person.manager == self.side.boss.id,
                }[self.scope]

    def is_own(self, person):
        """Everybody sees their own record."""
        return self.person is not None and person is self.person

    def may_see_text(self, kind, number, field):
        person = self.side.by_number.get(number)
        if self.rights is None or kind == "i":
            return False    # reasons of imports are only in the log, sealed
        if kind == "s":
            return True     # a slug stands wherever its thing is named
        if kind == "c" and field == "organisation" and self.scope == "org":
            return number == PARTNER
        if kind == "c":
            return bool(self.rights & SHOWS.get(field, {"catalogue.read"}))
        if kind == "t":
            return "token.read" in self.rights and (
                not self.scope or self.side.labels.get(number) == self.scope)
        if kind == "g":     # names of groups say nothing of who is in
            return "person.read" in self.rights
        if kind == "d":     # of no person, and of the whole tenant
            return "resource.read" in self.rights and not self.scope
        if kind == "q":     # whoever pauses a queue is shown it
            return bool(self.rights & {"queue.read", "queue.manage"})
        if self.is_own(person) and field not in ("reason", "rolescope"):
            return True
        if not self.sees(person):
            return False
        if field in ("reason", "rolescope"):
            # Who gives and takes roles sees what they are about.
            return bool(self.rights & {"role.read", "role.grant"})
        return "person.read" in self.rights and (
            field not in PRIVATE or "person.private.read" in self.rights)

    def may_see_id(self, found):
        """Ids of another tenant never; of what belongs to a person only if
        the person is seen: who is not is not named as a manager either, but
        where the scope names them."""
        side, person = self.side.world.owner[found]
        if side is not self.side:
            return False
        if self.scope == "manager" and found == side.boss.id:
            return True
        return person is None or self.is_own(person) or self.sees(person)


class Side:
    """A tenant with its world."""

    def __init__(self, world, name, letter):
        self.world, self.name, self.letter = world, name, letter
        self.tenant = world.server.tenant(name)
        self.api = self.tenant.client()
        self.guard = threading.Lock()       # of the one connection of api
        self.turn = threading.Lock()
        self.labels = {}        # of each token's number: its scope
        self.numbers = itertools.count(1)
        self.by_number, self.people = {}, []
        self.catalogue = CATALOGUE.format(
            c="Qz%sc" % letter, s="qz%ss" % letter)
        self.only = {noun: "qz%ss%03dz%s" % (letter, number, noun)
                     for number, noun in enumerate((
                         "site", "department", "organisation", "product",
                         "pool", "role"), 1)}
        self.tenant.apply(self.catalogue)
        self.boss = self.person("ber", None, None)
        self.populate()
        self.scopes = {
            "site": 'site eq "ber"',
            "org": 'organization eq "partner"',
            "manager": 'manager eq "%s"' % self.boss.id}
        self.rights = frozenset(
            self.call("GET", "/api/v1/self").json["rights"]) - OPERATOR

    def text(self, kind, number, field):
        return "Qz%s%s%03dz%s" % (self.letter, kind, number, field)

    def call(self, method, path, body=None, wanted=(), **headers):
        """Asks with every right; anything but success and what is WANTED ends
        the run."""
        with self.guard:
            reply = self.api.request(
                method, path, body,
                {k.replace("_", "-"): v for k, v in headers.items()})
        if reply.status not in wanted and reply.status >= 300:
            raise RuntimeError("%s %s: %s" % (method, path, reply))
        return reply

    def next(self):
        return next(self.numbers)

    # persons

    def attributes(self, number, site, org=None, manager=None):
        """A person as sent, with a canary wherever a text may stand."""
        def text(field):
            return self.text("p", number, field)

        born = BORN[self.letter] + datetime.timedelta(number)
        found = {
            "userName": text("username"), "externalId": text("external"),
            "name": {"familyName": text("family"), "givenName": text("given"),
                     "middleName": text("middle"),
                     "honorificPrefix": text("prefix"),
                     "honorificSuffix": text("suffix")},
            "displayName": text("display"), "nickName": text("nick"),
            "birthDate": born.isoformat(), "employeeNumber": text("employee"),
            "emails": [{"value": text("email") + "@x.example",
                        "type": "work"}],
            "phoneNumbers": [{"value": text("phone"), "type": "work"}],
            "addresses": [{
                "type": "work", "streetAddress": text("street"),
                "locality": text("city"), "region": text("region"),
                "postalCode": text("postal"), "country": "DE"}],
            "site": site, "department": "sales", "title": text("title"),
            "costCenter": text("cost"), "division": text("division"),
            "userType": text("usertype")}
        if org:
            found["organization"] = org
        if manager:
            found["manager"] = manager
        return found

    def known(self, number, site, org, manager):
        person = Person(number, site, org, manager)
        self.by_number[number] = person
        return person

    def person(self, site="ber", org="partner", manager="boss", **order):
        """Takes somebody in; without arguments one whom every scope sees."""
        if manager == "boss":
            manager = self.boss.id
        number = self.next()
        person = self.known(number, site, org, manager)
        made = self.call(
            "POST", "/api/v1/onboardings",
            {"person": self.attributes(number, site, org, manager), **order},
            Idempotency_Key="world-%d" % number).json
        person.id, person.onboarding = made["person"], made["id"]
        person.activation = made.get("activation")
        self.own(person.id, person)
        self.own(person.onboarding, person)
        shown = self.call("GET", "/api/v1/persons/" + person.id).json
        for contract in shown["contracts"]:
            self.own(contract["id"], person)
        return person

    def own(self, identity, person=None):
        self.world.owner[identity] = self, person
        return identity

    def grant(self, person, role, scope=None):
        """Gives a role; its id."""
        there = "/api/v1/persons/%s/roles" % person.id
        before = {row["id"] for row in self.call("GET", there).json["items"]}
        order = {"role": role,
                 "reason": self.text("p", person.number, "reason")}
        if scope:
            order["scope"] = scope
        after = self.call("POST", there, order).json["items"]
        made, = [row["id"] for row in after if row["id"] not in before]
        return self.own(made, person)

    def populate(self):
        """Who is in every scope, in one of them, and in none."""
        places = (("ber", "partner", "boss"),) * 4 + (
            ("ber", None, None), ("lyo", "partner", None),
            ("lyo", None, "boss"), ("lyo", None, None)) * 3
        for number, place in enumerate(places):
            person = self.person(
                *place, products=["mail", "crm"], check=number % 4 == 1)
            self.people.append(person)
            person.grant = self.grant(
                person, "plain",
                'title eq "%s"' % self.text("p", person.number, "rolescope"))
            person.pending = self.grant(person, "twice")
        self.inside = self.people[0]    # of every scope
        self.outside = self.people[-1]  # of none
        self.imported = self.known(self.next(), "lyo", None, None)
        self.bring(self.imported)
        self.run = self.open_run(self.api, self.import_order())
        self.scan(self.api, self.run, self.rows())
        self.end_run()
        self.group = self.make_group(self.inside, self.outside)
        other = Client(self.world.server.address, self.token(
            {"self", "person.write", "person.read"}, source="other")[1])
        self.others_group = self.make_group(api=other)
        self.device = self.make_device()
        self.others_device = self.make_device(api=Client(
            self.world.server.address, self.token(
                {"self", "resource.write", "resource.read"},
                source="other")[1]))

    def make_group(self, *people, api=None):
        """A group of SCIM's, of the source api or of another client."""
        order = {"schemas": [GROUP], "displayName": self.text(
            "g", self.next(), "group"),
                 "members": [{"value": person.id} for person in people]}
        made = api.post("/scim/v2/Groups", order) if api else self.call(
            "POST", "/scim/v2/Groups", order)
        return self.own(done(made)["id"])

    def new_device(self):
        """Of the type of resource that the catalogue declares."""
        return {"schemas": [DEVICE], "serial": self.text(
            "d", self.next(), "serial")}

    def make_device(self, api=None):
        order = self.new_device()
        made = api.post("/scim/v2/Devices", order) if api else self.call(
            "POST", "/scim/v2/Devices", order)
        return self.own(done(made)["id"])

    # imports

    def import_order(self):
        return {"source": "hr", "map": MAP,
                "reason": self.text("i", self.next(), "reason"),
                "allow_removals": 1, "partial": True}

    def open_run(self, api, order):
        """A run of an import, opened through API: its id."""
        return self.own(done(patient(
            lambda: api.post("/api/v1/imports", order)))["id"])

    def end_run(self):
        """Whose it is, for only one is open: the administrator puts a run in
        its place, and a file without a row ends that."""
        run = self.own(done(patient(lambda: self.call(
            "POST", "/api/v1/imports", self.import_order(),
            wanted=(429,))))["id"])
        ended = patient(lambda: self.call(
            "PUT", "/api/v1/imports/%s/scan" % run, "", wanted=(400, 429),
            Content_Type="text/csv"))
        if ended.status != 400:
            raise RuntimeError("a run has not ended: %s" % ended)

    def scan(self, api, run, rows):
        """Its first pass: the digest."""
        return done(patient(lambda: api.put(
            "/api/v1/imports/%s/scan" % run, rows,
            content_type="text/csv")))["digest"]

    def rows(self):
        """A file of one row, in scope but where that is about managers."""
        return self.row(self.known(self.next(), "ber", "partner", None))

    def row(self, person, ref=None):
        return "Nr;Name;Nick;Ort;Org\n%s;%s;%s;%s;%s\n" % (
            ref or person.number, self.text("p", person.number, "username"),
            self.text("p", person.number, "nick"), person.site,
            person.org or "")

    def bring(self, person):
        """Imports somebody whom the source knows from then on."""
        rows, run = self.row(person), self.open_run(
            self.api, self.import_order())
        digest = self.scan(self.api, run, rows)
        self.call("PUT", "/api/v1/imports/%s/rows?digest=%s" % (run, digest),
                  rows, Content_Type="text/csv")
        found, = self.call("POST", "/api/v1/persons/.search", {
            "filter": 'userName eq "%s"' % self.text(
                "p", person.number, "username")}).json["items"]
        person.id = self.own(found["id"], person)
        for contract in found["contracts"]:
            self.own(contract["id"], person)

    # credentials

    def token(self, rights, scope=None, is_client=False, **order):
        """(id, secret) of a token or a client."""
        number = self.next()
        self.labels[number] = scope
        order = {"label": self.text("t", number, "label"),
                 "rights": sorted(rights), **order}
        if scope:
            order["scope"] = self.scopes.get(scope, scope)
        made = self.call("POST", "/api/v1/%s" % (
            "clients" if is_client else "tokens"), order).json
        return self.own(made["id"]), made["secret" if is_client else "token"]

    def credential(self, name, rights, scope=None):
        found = Credential(self, name, None, frozenset(rights), scope)
        found.id, found.token = self.token(rights, scope)
        return found

    def make_credentials(self, is_whole, has):
        """Valid ones in self.credentials, others in self.invalid.  IS_WHOLE:
        every right alone, too.  HAS(operation): whether the server does."""
        self.token({"self"}, 'title eq "%s"' % self.text(
            "t", self.next(), "scope"))
        everything = self.credential("all rights", self.rights)
        self.credentials = [everything] + [
            self.credential("all rights in scope " + scope, self.rights, scope)
            for scope in self.scopes]
        if is_whole:
            for right in sorted(self.rights):
                self.credentials += [
                    self.credential(right, {right, "self"}),
                    self.credential(right + " in scope site",
                                    {right, "self"}, "site")]
        self.session = None
        if has("postOauthToken"):
            self.credentials += [self.client(None), self.client("site")]
        if has("postLogin"):
            self.make_sessions()
        self.make_invalid(everything.token)

    def client(self, scope):
        """An OAuth client's access token."""
        found = Credential(self, "a client's access in scope %s" % scope,
                           None, self.rights, scope)
        found.id, secret = self.token(self.rights, scope, True)
        reply = Client(self.world.server.address).request(
            "POST", "/oauth/token", "grant_type=client_credentials"
            "&client_id=%s&client_secret=%s" % (found.id, secret),
            {"Content-Type": "application/x-www-form-urlencoded"})
        found.token = done(reply)["access_token"]
        return found

    def make_sessions(self):
        """People with all rights, with those in a scope, and with none; by
        access token and by cookie."""
        for role, scope in (("tenant-administrator", None),
                            ("tenant-administrator", "site"), (None, None)):
            person = self.person(activation=True)
            self.activate(person)   # a role would end the token
            if role:
                self.grant(person, role, self.scopes.get(scope))
            rights = self.rights if role else frozenset({"self"})
            for name in ("access", "session"):
                self.credentials.append(self.sign_in(
                    person, "the %s of a person %s" % (
                        name, "in scope %s" % scope if role else "of no role"),
                    rights, scope, name == "session"))

    def activate(self, person):
        done(Client(self.world.server.address).post("/api/v1/activate", {
            "token": person.activation, "password": PASSWORD}))

    def begin_codes(self, person):
        begun = done(Client(self.world.server.address).post(
            "/api/v1/activate", {"token": person.activation}))
        done(Client(self.world.server.address, begun["access_token"]).post(
            "/api/v1/me/totp", {}))

    def sign_in(self, person, name, rights, scope, is_cookie):
        found = Credential(self, name, None, rights, scope)
        found.person = person
        reply = Client(self.world.server.address).post("/api/v1/login", {
            "tenant": self.name, "password": PASSWORD, "token": not is_cookie,
            "userName": self.text("p", person.number, "username")})
        opened = done(reply)
        self.session = found.session = self.own(opened["session"], person)
        if is_cookie:
            cookie = reply.headers["set-cookie"].partition(";")[0]
            found.headers = {
                "Cookie": cookie, "X-CSRF-Token": opened["csrf"],
                "Origin": self.world.server.url}
        else:
            found.token = opened["access_token"]
        return found

    def make_invalid(self, token):
        soon = (datetime.datetime.now(datetime.timezone.utc)
                + datetime.timedelta(seconds=EXPIRES_S))
        _id, expired = self.token(
            self.rights, expires=soon.isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"))
        gone, revoked = self.token(self.rights)
        self.call("DELETE", "/api/v1/tokens/" + gone)
        wrong = token[:-1] + ("A" if token[-1] != "A" else "B")
        self.invalid = [Credential(self, name, secret) for name, secret in (
            ("no credential", None), ("wrong token", wrong),
            ("revoked token", revoked), ("expired token", expired),
            ("token of a suspended tenant", self.world.suspended()))]
        time.sleep(EXPIRES_S + 0.1)

    # the state

    def digest(self):
        """Everything that the API shows of the tenant, as texts by name."""
        found = {}
        for path in ("persons", "role-grants", "products/mail/seats",
                     "products/mail/waits", "products/crm/seats",
                     "products/crm/waits"):
            with self.guard:
                found[path] = list(self.api.pages("/api/v1/" + path))
        for path in ("products", "pools", "tokens", "roles"):
            found[path] = self.call("GET", "/api/v1/" + path).json["items"]
            for row in found[path]:
                row.pop("last_used", None)
        found["catalogue"] = self.call("GET", "/api/v1/catalogue").body.decode()
        found["log"] = self.call(
            "GET", "/api/v1/audit/entries?limit=1").json["size"]
        for person in self.people:
            path = "onboardings/" + person.onboarding
            found[path] = self.call("GET", "/api/v1/" + path).json
        found["imports/" + self.run] = self.call(
            "GET", "/api/v1/imports/" + self.run).json
        return {name: json.dumps(value, sort_keys=True)
                for name, value in found.items()}


class World:
    def __init__(self, server):
        self.server = server
        self.owner = {}     # of each id: (side, person or None)
        self.sides = [Side(self, "acme", "a"), Side(self, "blue", "b")]
        self.here, self.there = self.sides

    def make_credentials(self, is_whole, has, either):
        """EITHER: rights that may be held under a scope or not, and a list by
        which it is seen what the server does."""
        for side in self.sides:
            side.make_credentials(is_whole, has)
        api = self.client(self.here.credentials[1])
        self.bounded = {right for right, path in either.items()
                        if api.get(path).status == 200}

    def suspended(self):
        """The token of a tenant that was suspended."""
        name = "gone-%s" % len(self.owner)
        token = self.server.tenant(name).token
        done(self.server.operator().post(
            "/operator/v1/tenants/%s/suspend" % name,
            {"reason": "for the test"}))
        return token

    def other(self, side):
        return self.there if side is self.here else self.here

    def client(self, credential):
        return Client(self.server.address, credential.token)

    def leaks(self, credential, sent, reply):
        """What stands in the reply and may not, unless it was sent.

        SENT is the text of the whole request."""
        head = "\n".join("%s: %s" % pair for pair in reply.headers.items())
        text = head + "\n" + reply.body.decode(errors="replace")
        sent = sent.lower()
        found = []
        for match in CANARY.finditer(text):
            letter, kind, number, field = match.groups()
            if match[0].lower() in sent:
                continue
            is_own = letter.lower() == credential.side.letter
            if reply.status >= 400 or not is_own or not (
                    credential.may_see_text(
                        kind.lower(), int(number), field.lower())):
                found.append(match[0])
        for identity in set(ID.findall(text)):
            if identity.lower() not in sent and identity in self.owner and (
                    not credential.may_see_id(identity)):
                found.append("the id " + identity)
        for date in set(DATE.findall(text)):
            if date not in sent and not self.may_see_date(credential, date):
                found.append("born " + date)
        return found + self.log_leaks(credential, reply)

    def may_see_date(self, credential, date):
        day = datetime.date.fromisoformat(date)
        letter = "a" if day >= BORN["a"] else "b"
        number = (day - BORN[letter]).days
        return letter == credential.side.letter and credential.may_see_text(
            "p", number, "birth")

    def log_leaks(self, credential, reply):
        """Ids in the bytes of exported entries."""
        page = reply.json
        if not isinstance(page, dict) or "checkpoint" not in page:
            return []
        data = b"".join(base64.b64decode(text) for text in page["items"])
        return ["the id %s in the log" % identity
                for identity in list(self.owner)
                if number_of(identity).to_bytes(8, "big") in data
                and not credential.may_see_id(identity)]


def patient(request):
    """Few long tasks run at a time: asks again while there are too many."""
    end = time.monotonic() + LIMITED_S
    while True:
        reply = request()
        if reply.status != 429 or time.monotonic() > end:
            return reply
        time.sleep(0.05)


def done(reply):
    if reply.status >= 300:
        raise RuntimeError("the world is not made: %s" % reply)
    return reply.json


def number_of(identity):
    number = 0
    for letter in identity:
        number = number << 5 | CROCKFORD.index(letter)
    return number & (1 << 64) - 1
