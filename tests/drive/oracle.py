#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""oracle.py - SCIM's patches and filters beside another implementation; TAP.

Random patches over random users, and random filters over e-mail addresses, are
given to this program's functions and to npm's scim-patch and
scim2-parse-filter; and a server is searched for users by random filters, which
npm's package finds among all that the server lists.

Where the two differ, a reason of the lists below must explain it: it says how
theirs has to be asked to agree, or what to do with its answer.  A reason that
explains nothing is a failure, for it would hide what comes later.

Each run has the same questions; USHER_SEED gives others.
"""
import collections
import copy
import json
import os
import random
import re
import subprocess
import sys

import npmlib
from usherlib import BUILD, TESTS, TIER, Server, Tap

COUNT = 20000 if TIER == "full" else 3000
SEED = int(os.environ.get("USHER_SEED", "7644"))
SHOWN = 5       # disagreements

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SCIM_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

SINGLE = ("displayName", "nickName", "title", "userType", "preferredLanguage")
NAME = ("familyName", "givenName", "middleName", "honorificPrefix")
PLACE = ("employeeNumber", "costCenter", "division", "department")
LISTS = {"emails": ("work", "home", "other"),
         "phoneNumbers": ("work", "mobile", "fax")}
WORDS = ("ana", "Bo", "carl", "it", "É", "", "a b", "x\"y")


# --- asking ------------------------------------------------------------------

def ask(argv, questions, folder=None):
    done = subprocess.run(
        argv, cwd=folder, text=True, capture_output=True, check=True,
        input="".join(json.dumps(q) + "\n" for q in questions))
    return [json.loads(line) for line in done.stdout.splitlines()]


def ours(questions):
    return ask([os.path.join(BUILD, "tests", "oracle", "scim_oracle")],
               questions)


def theirs(questions):
    return ask(["node", os.path.join(TESTS, "oracle", "scim.js")], questions,
               npmlib.install())


# --- random users and patches ------------------------------------------------

class Maker:
    literals = ("work", "home", "a@w", "a", "w", "", "x\"y")

    def __init__(self, seed):
        self.random = random.Random(seed)

    def some(self, *choices):
        return self.random.choice(choices)

    def word(self):
        return self.random.choice(WORDS)

    def perhaps(self, share):
        return self.random.random() < share

    def element(self, of):
        made = {"value": self.some("a@w", "b@h", "c@x", "d@w")}
        if self.perhaps(.8):
            made["type"] = self.random.choice(LISTS[of])
        if self.perhaps(.3):
            made["primary"] = self.perhaps(.5)
        return made

    def elements(self, of, least=0):
        """No two have the same value, and one at most is primary."""
        made = {}
        for _ in range(self.random.randint(least, 3)):
            element = self.element(of)
            made.setdefault(element["value"], element)
        seen = False
        for element in made.values():
            if seen and element.get("primary"):
                element["primary"] = False
            seen = seen or element.get("primary", False)
        return list(made.values())

    def some_of(self, names):
        return {name: self.word() or "z" for name in names if self.perhaps(.5)}

    def user(self):
        user = {"id": "1", "userName": "ana", "active": self.perhaps(.5),
                **self.some_of(SINGLE)}
        for name, made in (("name", self.some_of(NAME)),
                           (ENTERPRISE, self.some_of(PLACE)),
                           *((of, self.elements(of)) for of in LISTS)):
            if made:
                user[name] = made
        return user

    def filter(self):
        kind = self.random.randint(0, 9)
        if kind < 5:
            return 'type eq "%s"' % self.some("work", "home", "other", "fax")
        if kind < 6:
            return "primary eq %s" % self.some("true", "false")
        return filter_text(self, 2)

    def operation(self):
        return self.random.choice((
            self.single, self.single, self.sub, self.place, self.whole,
            self.chosen, self.chosen_part, self.chosen_part, self.every_part,
            self.by_value, self.without_path, self.odd))()

    def op(self, *among):
        name = self.random.choice(among or ("add", "replace", "remove"))
        return name.capitalize() if self.perhaps(.2) else name

    def write(self, op, path, value):
        made = {"op": op, "path": path}
        if op.lower() != "remove":
            made["value"] = value
        return made

    def single(self):
        name = self.some(*SINGLE, "userName", "active")
        if name == "active":
            return self.write(self.op("add", "replace"), name,
                              self.perhaps(.5))
        if name == "userName":
            return self.write(self.op("add", "replace"), name, "bo")
        if self.perhaps(.3):
            name = SCIM_USER + ":" + name
        return self.write(self.op(), name, self.word())

    def sub(self):
        name = self.random.choice(NAME)
        return self.write(self.op(), "name." + name, self.word())

    def place(self):
        name = self.random.choice(PLACE)
        return self.write(self.op(), ENTERPRISE + ":" + name, self.word())

    def whole(self):
        of = self.random.choice(list(LISTS) + ["name"])
        op = self.op()
        if of == "name":
            return self.write(op, of, self.some_of(NAME))
        value = self.elements(of)
        if op.lower() == "add" and self.perhaps(.5):
            value = self.element(of)
        return self.write(op, of, value)

    def chosen(self):
        of = self.random.choice(list(LISTS))
        op = self.op()
        chosen = self.filter() if op.lower() == "remove" else (
            'type eq "%s"' % self.random.choice(LISTS[of]))
        return self.write(op, "%s[%s]" % (of, chosen), self.element(of))

    def chosen_part(self):
        of = self.random.choice(list(LISTS))
        part = self.some("value", "type", "primary")
        value = {"value": self.some("n@w", "a@w"),
                 "type": self.random.choice(LISTS[of]),
                 "primary": self.perhaps(.5)}[part]
        chosen = self.filter()
        if part == "primary":
            chosen = 'type eq "%s"' % self.random.choice(LISTS[of])
        return self.write(self.op(), "%s[%s].%s" % (of, chosen, part), value)

    def every_part(self):
        of = self.random.choice(list(LISTS))
        return self.write(self.op("replace", "remove"), of + ".type",
                          self.random.choice(LISTS[of]))

    def by_value(self):
        of = self.random.choice(list(LISTS))
        value = self.elements(of, 1)
        return {"op": self.op("remove"), "path": of, "value": value}

    def without_path(self):
        value = {name: self.word() for name in SINGLE if self.perhaps(.5)}
        if self.perhaps(.4):
            value["name"] = {"givenName": self.word(), **self.some_of(NAME)}
        if self.perhaps(.4):
            value["name." + self.random.choice(NAME)] = self.word()
        if self.perhaps(.4):
            value[ENTERPRISE] = self.some_of(PLACE)
        if self.perhaps(.4):
            value[ENTERPRISE + ":department"] = self.word()
        if self.perhaps(.4):
            value["emails"] = self.elements("emails")
        return {"op": self.op("add", "replace"), "value": value}

    def odd(self):
        """What must not be taken, and what is written otherwise."""
        return self.random.choice((
            {"op": "move", "path": "title", "value": "x"},
            {"op": "remove"},
            {"op": "add", "path": "title"},
            {"op": "add", "path": 1, "value": "x"},
            {"op": "ADD", "path": "title", "value": "x"},
            {"op": "replace", "path": "TITLE", "value": "x"},
            {"op": "add", "path": "shoeSize", "value": "x"},
            {"op": "replace", "path": "emails[type eq]", "value": {}},
            {"op": "replace", "path": "emails[type xx \"work\"].value",
             "value": "x"},
            {"op": "replace", "path": "id", "value": "2"},
            {"op": "remove", "path": "userName"},
            {"op": "replace", "path": "title", "value": {"x": 1}},
            {"op": "replace", "path": "emails[shoe eq \"x\"].value",
             "value": "x"}))

    def question(self):
        return {"resource": self.user(),
                "patch": {"schemas": [PATCH_OP],
                          "Operations": [self.operation()]}}


def filter_text(make, depth):
    kind = make.random.randint(0, 9)
    if depth and kind < 2:
        return "%s %s %s" % (filter_text(make, depth - 1),
                             make.some("and", "or", "AND"),
                             filter_text(make, depth - 1))
    if depth and kind < 4:
        return "%s(%s)" % (make.some("", "not ", "NOT "),
                           filter_text(make, depth - 1))
    name = make.some("value", "type", "primary", "VALUE", "Type")
    if kind == 4:
        return name + " pr"
    if name == "primary":
        return "primary %s %s" % (make.some("eq", "ne"),
                                  make.some("true", "false", "null"))
    return "%s %s %s" % (
        name, make.some("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le",
                        "EQ", "Co"),
        json.dumps(make.some(*make.literals), ensure_ascii=False))


def filter_question(make):
    make.literals = Maker.literals + ("Work", "C@X")
    text = filter_text(make, 3)
    del make.literals
    if make.perhaps(.1):        # broken: a letter, a word or a bracket less
        at = make.random.randrange(len(text))
        text = text[:at] + text[at + make.random.randint(1, 3):]
    if make.perhaps(.02):
        text = 'type eq "\\work"'
    element = make.element("emails")
    if make.perhaps(.3):
        element["value"] = element["value"].upper()
    return {"element": element, "of": "emails", "filter": text}


# --- comparing ---------------------------------------------------------------

def plain(value):
    """Without what is absent in all but name (RFC 7643 section 2.5)."""
    if isinstance(value, dict):
        made = {name: plain(v) for name, v in value.items()}
        return {name: v for name, v in made.items() if v not in
                ("", None, {}, [])}
    if isinstance(value, list):
        made = [plain(v) for v in value]
        return [v for v in made if v not in ("", None, {}, [])]
    return value


def same(one, other):
    if "refused" in one or "refused" in other:
        return "refused" in one and "refused" in other
    return plain(one) == plain(other)


# Why they differ, how theirs must be asked to say the same, and what must be
# done to its answer.
Reason = collections.namedtuple("Reason", "why ask mend", defaults=(
    lambda question: question, lambda question, answer: answer))


def ask_theirs(questions, reasons):
    asked = []
    for question in questions:
        question = copy.deepcopy(question)
        for reason in reasons:
            question = reason.ask(question)
        asked.append(question)
    answers = theirs(asked)
    for reason in reasons:
        answers = [reason.mend(q, a) for q, a in zip(questions, answers)]
    return answers


def judge(tap, what, questions, reasons):
    first = ours(questions)
    tap.ok(len(first) == len(questions),
           "%s: every question is answered" % what)

    def differing(some):
        return [row for row in zip(questions, first,
                                   ask_theirs(questions, some))
                if not same(*row[1:])]

    left = differing(reasons)
    tap.note("%s: %d questions, %d refused, %d answered otherwise" % (
        what, len(questions), sum("refused" in a for a in first),
        len(differing(()))))
    tap.ok(not left, "%s: every disagreement of %d is explained" % (
        what, len(questions)), "\n".join(
            "%s\n  ours   %s\n  theirs %s" % tuple(
                json.dumps(x, ensure_ascii=False) for x in row)
            for row in left[:SHOWN]) + "\n%d in all" % len(left))
    for reason in reasons:
        count = len(differing([r for r in reasons if r is not reason]))
        tap.ok(count, "%s: explains %d: %s" % (
            what, count, reason.why))
    first = first[1:] + first[:1]
    tap.ok(differing(reasons), "%s: found: wrong answers" % what)


# --- reasons -----------------------------------------------------------------

REFUSED = {"op": "none"}
COMPARED = re.compile(r'(\w+) ne ("(?:[^"\\]|\\.)*"|\w+)', re.I)
TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
NAMED = re.compile("VALUE|Type")
ABSENT = re.compile(r"(\w+) eq null", re.I)
PARTS = {"value", "type", "primary", "display"}


def meant(text):
    """A filter as theirs must have it."""
    text = NAMED.sub(lambda found: found.group(0).lower(), text)
    text = COMPARED.sub(r"(not (\1 eq \2))", text)
    return ABSENT.sub(r"(not (\1 pr))", text)


def filter_cased(question):
    for name, value in question["element"].items():
        if isinstance(value, str):
            question["element"][name] = value.lower()
    question["filter"] = question["filter"].lower()
    return question


def filter_absent(question):
    question["filter"] = meant(question["filter"])
    return question


def filter_unspaced(question):
    if re.search(r'\w"|"\w', TEXT.sub('""', question["filter"])):
        question["filter"] = "("
    return question


def filter_escaped(question):
    """What is no escape of JSON (RFC 7644 section 3.4.2.2)."""
    for text in TEXT.findall(question["filter"]):
        try:
            json.loads(text)
        except ValueError:
            question["filter"] = "("
    return question


def filter_unknown(question):
    text = TEXT.sub("", question["filter"])
    for name in re.findall(r"(\w+) +(?:pr|eq|ne|co|sw|ew|[gl][te])\b", text,
                           re.I):
        if name.lower() not in PARTS:
            question["filter"] = "("
    return question


FILTER_REASONS = (
    Reason("theirs needs no space beside a text", filter_unspaced),
    Reason("texts are compared without case unless the schema says so (RFC "
           "7643 section 2.2); theirs knows no schema", filter_cased),
    Reason("what is absent is null, and ne to everything else; to theirs it "
           "is nothing at all", filter_absent),
    Reason("theirs takes names of nothing", filter_unknown),
    Reason("theirs takes any letter after a \\", filter_escaped),
)


# What a schema forbids: unknown, the server's, required, of another type.
FORBIDDEN = (
    {"op": "add", "path": "shoeSize", "value": "x"},
    {"op": "replace", "path": "emails[shoe eq \"x\"].value", "value": "x"},
    {"op": "replace", "path": "id", "value": "2"},
    {"op": "remove", "path": "userName"},
    {"op": "replace", "path": "title", "value": {"x": 1}})
NO_TARGET = re.compile("A matching array entry was not found|Impossible to "
                       "search|supported only for array")
EQUAL = re.compile(r'(\w+) eq ("(?:[^"\\]|\\.)*"|true|false)$', re.I)
CHOSEN = re.compile(r'(\w+)\[type eq "(\w+)"\]$')


def operation(question):
    return question["patch"]["Operations"][0]


def ask_instead(question, op):
    question["patch"]["Operations"] = [op]
    return question


def nothing(question):
    return ask_instead(question, {"op": "replace", "path": "active",
                                  "value": question["resource"]["active"]})


def verb(op):
    return str(op.get("op")).lower()


def path_of(op):
    return op["path"] if isinstance(op.get("path"), str) else ""


def ask_forbidden(question):
    if operation(question) in FORBIDDEN:
        return ask_instead(question, REFUSED)
    return question


def ask_cased(question):
    op = operation(question)
    if op["op"] == "ADD":
        op["op"] = "add"
    if op.get("path") == "TITLE":
        op["path"] = "title"
    return question


def ask_chosen(question):
    """Names in filters too are meant as the schema has them."""
    op = operation(question)
    if "[" in path_of(op):
        before, filter_, after = re.split(r"[][]", op["path"])
        op["path"] = "%s[%s]%s" % (before, meant(filter_), after)
    return question


def mend_removed(question, answer):
    op = operation(question)
    if verb(op) == "remove" and NO_TARGET.search(answer.get("refused", "")):
        return {"made": copy.deepcopy(question["resource"])}
    return answer


def ask_emptied(question):
    op = operation(question)
    if op.get("path") == "name" and op.get("value") == {}:
        return nothing(question) if "name" not in question["resource"] \
            else ask_instead(question, {"op": "remove", "path": "name"})
    return question


def ask_replaced(question):
    op = operation(question)
    if verb(op) == "replace" and CHOSEN.match(path_of(op)):
        op["value"] = {"value": None, "type": None, "primary": None,
                       **op["value"]}
    return question


def ask_members(question):
    op = operation(question)
    if "path" in op or not isinstance(op.get("value"), dict):
        return question
    flat = {}
    for name, value in op["value"].items():
        if isinstance(value, dict):
            between = ":" if name.startswith("urn:") else "."
            for part, v in value.items():
                flat[name + between + part] = v
        else:
            flat[name] = value
    op["value"] = flat
    return question


def elements_added(op):
    """(the list's name, the elements)"""
    if verb(op) != "add":
        return "", []
    if path_of(op) in LISTS:
        value = op.get("value")
        return op["path"], value if isinstance(value, list) else [value]
    if "path" not in op and isinstance(op.get("value"), dict):
        return "emails", op["value"].get("emails", [])
    return "", []


def ask_same(question):
    op = operation(question)
    of, added = elements_added(op)
    have = question["resource"].get(of, [])
    left = []
    for element in added:
        twin = [e for e in have if "value" in e and e.get("value") == element.get("value") and
                e.get("type") == element.get("type")]
        if twin:
            if element.get("primary"):
                for e in have:
                    if e.get("primary"):
                        e["primary"] = False
            twin[0].update(element)
        else:
            left.append(element)
    if len(left) == len(added):
        return question
    if path_of(op):
        if not left:
            return nothing(question)
        op["value"] = left
    else:
        op["value"]["emails"] = left
    return question


def ask_by_value(question):
    op = operation(question)
    if verb(op) == "remove" and isinstance(op.get("value"), list):
        have = question["resource"].get(op["path"], [])
        op["value"] = [e for e in have if any(
            v.items() <= e.items() for v in op["value"])] or op["value"]
    return question


def mend_list(question, answer):
    for of in LISTS:
        if isinstance(answer.get("made", {}).get(of), dict):
            answer["made"][of] = [answer["made"][of]]
    return answer


def mend_primary(question, answer):
    """The last of those that were not primary before, or of all chosen."""
    for of in LISTS:
        was = [e.get("value") for e in question["resource"].get(of, [])
               if e.get("primary")]
        have = answer.get("made", {}).get(of, [])
        have = [e for e in have if e.get("primary")] \
            if isinstance(have, list) else []
        chosen = CHOSEN.match(path_of(operation(question))[:-len(".primary")])
        have.sort(key=lambda e: e.get("value") not in was or (
            chosen is not None and e.get("type") == chosen.group(2)))
        for element in have[:-1]:
            element["primary"] = False
    return answer


def equalities(filter_):
    """What a filter of `eq` and `and` alone says is equal, else []."""
    found = []
    for part in re.split(" and ", filter_, flags=re.I):
        match = EQUAL.match(part.strip("( )"))
        if match is None:
            return []
        found.append((match.group(1).lower(), json.loads(match.group(2))))
    return found


def ask_made(question):
    op = operation(question)
    if "[" not in path_of(op) or verb(op) not in ("add", "replace"):
        return question
    of, filter_, part = re.split(r"[][]", op["path"])
    wanted = equalities(filter_)
    if not wanted or not part and verb(op) == "replace" or any(
            all(e.get(name) == v for name, v in wanted)
            for e in question["resource"].get(of, [])):
        return question
    made = dict(wanted)
    if any(made[name] != v or v == "" for name, v in wanted):
        return ask_instead(question, REFUSED)
    made.update({part[1:]: op["value"]} if part else op["value"])
    return ask_instead(question, {"op": "add", "path": of, "value": [made]})


PATCH_REASONS = (
    Reason("theirs knows no schema", ask_forbidden),
    Reason("op and names have no case (RFC 7643 section 2.1)", ask_cased),
    Reason("what is absent is null, and ne to everything else", ask_chosen),
    Reason("removing what is not there is done: clients repeat themselves",
           mend=mend_removed),
    Reason("nothing in the place of something: it is absent (RFC 7643 section "
           "2.5)", ask_emptied),
    Reason("a chosen element is replaced, not merged (RFC 7644 section "
           "3.5.2.3)", ask_replaced),
    Reason("complex attributes are merged, without path too", ask_members),
    Reason("an element that is chosen and not there is made", ask_made),
    Reason("the same value of the same type is the same element", ask_same),
    Reason("an element is removed by what is sent of it", ask_by_value),
    Reason("a multi-valued attribute is a list, with one value too",
           mend=mend_list),
    Reason("a new primary value ends the one before (RFC 7644 section 3.5.2)",
           mend=mend_primary),
)


# --- a server's own users -------------------------------------------------------

CATALOGUE = """
catalogue: 1
sites:
  ber: { name: "ber", country: DE, zone: Europe/Berlin }
  lyo: { name: "lyo", country: FR, zone: Europe/Paris }
"""
PERSONS = 60
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
USHER = "urn:ietf:params:scim:schemas:extension:usher:2.0:User"
FACTS = {   # how a filter names it, where it stands, and what it may be
    "title": ("", ("lead", "clerk", "clerk ii")),
    "userType": ("", ("employee", "guest")),
    "preferredLanguage": ("", ("de", "fr", "en-us")),
    "department": (ENTERPRISE, ("it", "sales", "it ops")),
    "costCenter": (ENTERPRISE, ("100", "101", "200")),
    "division": (ENTERPRISE, ("north", "south")),
    "site": (USHER, ("ber", "lyo")),
    "country": (USHER, ("de", "fr")),
    "start": (USHER, ("2020-01-01", "2021-06-30", "2031-01-01")),
}
DATES = ("eq", "ne", "gt", "ge", "lt", "le")
TEXTS = DATES + ("co", "sw", "ew")


def server_users(make, client):
    for n in range(PERSONS):
        user = {"schemas": [SCIM_USER], "userName": "u%d" % n,
                "active": make.perhaps(.8)}
        for name, (schema, values) in FACTS.items():
            if make.perhaps(.7):
                value = make.random.choice(values)
                if name == "country":
                    value = value.upper()
                (user.setdefault(schema, {}) if schema else user)[name] = value
        made = client.post("/scim/v2/Users", user)
        assert made.status == 201, made
    listed = client.get("/scim/v2/Users?count=500").json
    assert listed["totalResults"] == PERSONS, listed["totalResults"]
    return listed["Resources"]


def server_filter(make, depth):
    kind = make.random.randint(0, 9)
    if depth and kind < 3:
        return "%s %s %s" % (server_filter(make, depth - 1),
                             make.some("and", "or"),
                             server_filter(make, depth - 1))
    if depth and kind < 5:
        return "%s(%s)" % (make.some("", "not "),
                           server_filter(make, depth - 1))
    if kind == 5:
        return "active eq %s" % make.some("true", "false")
    name = make.random.choice(list(FACTS))
    schema, values = FACTS[name]
    path = (schema + ":" if schema else make.some("", SCIM_USER + ":")) + name
    if kind == 6:
        return path + " pr"
    literal = make.random.choice(values + ("x",) if name != "start" else values)
    if name == "start":
        return '%s %s "%s"' % (path, make.random.choice(DATES), literal)
    if make.perhaps(.3):
        literal = literal[:2]
    if name == "preferredLanguage" or name == "country" or name == "site":
        literal = make.random.choice(values)
    return '%s %s "%s"' % (path, make.random.choice(TEXTS), literal)


def lowered(value):
    if isinstance(value, dict):
        return {name: lowered(v) for name, v in value.items()}
    return value.lower() if isinstance(value, str) else value


def theirs_meant(text):
    """Core attributes stand without their URN in a resource."""
    text = re.sub(r'([\w:.-]+) ne ("[^"]*")', r"(not (\1 eq \2))", text)
    return text.replace(SCIM_USER + ":", "").lower()


def search_server(tap, make, count):
    with Server() as server:
        tenant = server.tenant("acme")
        tenant.apply(CATALOGUE)
        client = tenant.client()
        users = server_users(make, client)
        filters = [server_filter(make, 3) for _ in range(count)]
        found, wrong = [], []
        for text in filters:
            reply = client.post("/scim/v2/Users/.search", {
                "schemas": [SEARCH], "filter": text, "count": 500,
                "attributes": ["id"]})
            if reply.status != 200:
                wrong.append("%s: %s" % (text, reply))
            found.append({row["id"] for row in reply.json["Resources"]}
                         if reply.status == 200 else None)
        answers = theirs([{"element": lowered(user),
                           "filter": theirs_meant(text)}
                          for text in filters for user in users])
        wanted = [{user["id"] for user, answer in zip(
            users, answers[at * len(users):]) if answer["matches"]}
                  for at in range(count)]
        wrong += ["%s: only ours %s, only theirs %s" % (
            text, sorted(f - w)[:2], sorted(w - f)[:2])
            for text, f, w in zip(filters, found, wanted)
            if f is not None and f != w]
        some = sum(f is not None and 0 < len(f) < len(users) for f in found)
        tap.ok(not wrong, "a server finds by %d filters whom the other does"
               % count, "\n".join(wrong[:SHOWN]) + "\n%d" % len(wrong))
        tap.ok(found[1:] != wanted[:-1], "found: answers to other filters")
        tap.ok(some > count / 3, "%d of them find some and not all" % some)


# --- main --------------------------------------------------------------------

def main():
    tap = Tap()
    make = Maker(SEED)
    judge(tap, "filters", [filter_question(make) for _ in range(COUNT)],
          FILTER_REASONS)
    judge(tap, "patches", [make.question() for _ in range(COUNT)],
          PATCH_REASONS)
    search_server(tap, make, COUNT * 2 // 3)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
