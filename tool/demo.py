#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""demo.py - writes the demo company: its HR export and what goes with it.

    tool/demo.py --people 5000 --seed 7 --out demo/
    tool/demo.py --people 1000000 --out /tmp/large    (memory: one name table)
    tool/demo.py --check demo/                        is the folder up to date?

It writes, for the day --today:

    hr.csv         the export, as a real HR system writes it
    hr-next.csv    the same a month later: joiners, leavers, movers, marriages
    hr-map.yaml    how a row becomes a person
    catalogue.yaml sites, departments, products, pools sized to the people
    expect.json    what a correct import must find in both files

The same arguments give the same bytes.  Every person comes from a generator
seeded with the person's number alone, so both exports tell the same story and
nothing but the organisation has to be held in memory.
"""
import argparse
import array
import datetime
import filecmp
import heapq
import json
import os
import random
import sys
import tempfile
import unicodedata

import demo_catalogue
import demo_names as names

HEAD = ("Personalnummer;Nachname;Vorname;Geburtsdatum;E-Mail;Standort;"
        "Abteilung;Stelle;Kostenstelle;Vorgesetzter;Vertragsnummer;Eintritt;"
        "Austritt;Sprache;Telefon;Straße;PLZ;Ort").split(";")
COLUMN = {name: i for i, name in enumerate(HEAD)}
DOMAIN = "nordwind.example"

# Of a thousand people who lead nobody, in the month between the exports.
REMOVED, LEAVING, MOVED, MARRIED, PROMOTED, NEW_PHONE = 8, 6, 20, 5, 10, 12
JOINERS = 10

# Of a thousand people, the day of the first export.
LEFT, STARTING, SECOND_CONTRACT, LATER_CONTRACT, APART = 42, 14, 70, 25, 150


class Organisation:
    """Who works where and under whom; the only thing held in memory."""

    def __init__(self, people, seed):
        rng = random.Random(seed)
        sites, departments = demo_catalogue.SITES, demo_catalogue.DEPARTMENTS
        self.people = people
        self.site = array.array("B", rng.choices(
            range(len(sites)), [s["share"] for s in sites], k=people))
        self.department = array.array("B", rng.choices(
            range(len(departments)), [d["share"] for d in departments],
            k=people))
        self.manager = array.array("i", [-1]) * people
        self.is_lead = bytearray(people)
        self.head = {}
        self._staff(rng)

    def _staff(self, rng):
        """Teams of about twelve; leads report to the unit's head, and so on."""
        units = {}
        for i in range(self.people):
            unit = self.site[i], self.department[i]
            units.setdefault(unit, array.array("i")).append(i)
        for unit, members in sorted(units.items()):
            self._teams(rng, unit, members)
        site_head = {}
        for (site, _), head in sorted(self.head.items()):
            site_head.setdefault(site, head)
        chief = min(site_head.values())
        for (site, _), head in self.head.items():
            if head != site_head[site]:
                self.manager[head] = site_head[site]
            elif head != chief:
                self.manager[head] = chief

    def _teams(self, rng, unit, members):
        for at in range(0, len(members), 12):
            team = members[at:at + 12]
            lead = team[rng.randrange(len(team))]
            self.is_lead[lead] = 1
            self.head.setdefault(unit, lead)
            for i in team:
                self.manager[i] = lead if i != lead else self.head[unit]


class Company:
    """Makes the rows of one person after another, for both exports."""

    def __init__(self, people, seed, today):
        self.people, self.seed, self.today = people, seed, today
        self.org = Organisation(people, seed)
        self.double_names = 0.03 + 0.42 * min(1, people / 1e6)
        self.addresses = {}
        self.demand = {}
        self.expect = {"people": 0, "contracts": 0, "active": 0, "next": dict(
            joined=0, removed=0, leaving=0, moved=0, married=0, promoted=0,
            phone=0, changed=0, unchanged=0)}

    # --- one person ------------------------------------------------------

    def person(self, i):
        """The person's rows as (now, next); either may be empty."""
        rng = random.Random(self.seed * 1_000_003 + i)
        joins_later = i >= self.people
        base = self._base(rng, i, joins_later)
        rows = self._contracts(rng, i, base, joins_later)
        self._hide(rng, rows)
        if joins_later:
            self.expect["next"]["joined"] += 1
            return [], rows
        self._count(rows)
        return rows, self._next(rng, i, rows)

    def _base(self, rng, i, joins_later):
        site, department = self._unit(rng, i, joins_later)
        country = demo_catalogue.SITES[site]["country"]
        given, family, language = self._name(rng, country)
        row = [""] * len(HEAD)
        put(row, "Personalnummer", number(i))
        put(row, "Nachname", family)
        put(row, "Vorname", given)
        put(row, "E-Mail", self._address(rng, given, family))
        put(row, "Sprache", spoken(rng, country, language))
        put(row, "Telefon", phone(rng, site))
        put(row, "Straße", street(rng, country))
        place(row, rng, site)
        work(row, rng, site, department)
        put(row, "Vorgesetzter", self._manager(i, site, department))
        put(row, "Vertragsnummer", contract(i, 1))
        return row

    def _unit(self, rng, i, joins_later):
        if not joins_later:
            return self.org.site[i], self.org.department[i]
        return rng.choice(sorted(self.org.head))

    def _manager(self, i, site, department):
        if i >= self.people:
            return number(self.org.head[site, department])
        boss = self.org.manager[i]
        return number(boss) if boss not in (-1, i) else ""

    def _name(self, rng, country):
        mix = names.MIX[country]
        language = rng.choices(list(mix), list(mix.values()))[0]
        given = skewed(rng, names.GIVEN[language])
        family = skewed(rng, names.FAMILY[language])
        if language == "pl" and given.endswith("a") and family[-3:] in (
                "ski", "cki"):
            family = family[:-1] + "a"
        if rng.random() < self.double_names:
            family += "-" + skewed(rng, names.FAMILY[language])
        return given, family, language

    def _address(self, rng, given, family):
        local = "%s.%s" % (plain(given.split()[0]), plain(family))
        n = self.addresses[local] = self.addresses.get(local, 0) + 1
        if n > 1:
            local += str(n)
        if rng.random() < 0.15:		# some systems keep what was typed
            local = local.title()
        return local + "@" + DOMAIN

    def _contracts(self, rng, i, base, joins_later):
        leads = not joins_later and self.org.is_lead[i]
        start, end = self._term(rng, leads, joins_later)
        put(base, "Geburtsdatum", dotted(
            start - datetime.timedelta(days=rng.randrange(6600, 16000))))
        put(base, "Eintritt", dotted(start))
        put(base, "Austritt", dotted(end) if end else "")
        rows = [base]
        if joins_later or rng.random() * 1000 >= SECOND_CONTRACT:
            return rows
        return rows + [self._second(rng, i, base, start)]

    def _term(self, rng, leads, joins_later):
        """First and last day (or None) of the person's main contract."""
        day = datetime.timedelta(days=1)
        start = self.today - day * rng.randrange(30, 9000)
        draw = rng.random() * 1000
        if joins_later:
            return self.today + day * rng.randrange(1, 30), None
        if leads:
            return start, None
        if draw < LEFT:
            return start - day * 800, self.today - day * rng.randrange(1, 700)
        if draw < LEFT + STARTING:
            return self.today + day * rng.randrange(1, 60), None
        if draw < LEFT + STARTING + 60:	# fixed terms
            return start, self.today + day * rng.randrange(40, 900)
        return start, None

    def _second(self, rng, i, base, start):
        """An earlier contract, or a second one beside the first."""
        row = list(base)
        put(row, "Vertragsnummer", contract(i, 2))
        site, department = rng.choice(sorted(self.org.head))
        work(row, rng, site, department)
        put(row, "Vorgesetzter", number(self.org.head[site, department]))
        if row[COLUMN["Vorgesetzter"]] == number(i):
            put(row, "Vorgesetzter", "")
        if rng.random() < 0.6:
            day = datetime.timedelta(days=1)
            put(row, "Eintritt",
                dotted(start - day * rng.randrange(200, 2000)))
            put(row, "Austritt", dotted(start - day))
        return row

    @staticmethod
    def _hide(rng, rows):
        """What people do to fields: blanks, and `for ever' as a date."""
        if rng.random() < 0.02:
            put(rows[0], "Standort", rows[0][COLUMN["Standort"]] + "  ")
        if rng.random() < 0.01:
            put(rows[0], "Nachname", " " + rows[0][COLUMN["Nachname"]])
        if rng.random() < 0.02 and not rows[0][COLUMN["Austritt"]]:
            put(rows[0], "Austritt", "31.12.9999")

    def _count(self, rows):
        self.expect["people"] += 1
        self.expect["contracts"] += len(rows)
        today = self.today.strftime("%Y%m%d")
        for row in rows:
            start = sortable(row[COLUMN["Eintritt"]])
            end = sortable(row[COLUMN["Austritt"]]) or "9"
            if start <= today <= end:
                self.expect["active"] += 1
                key = (row[COLUMN["Standort"]].strip(),
                       row[COLUMN["Abteilung"]])
                self.demand[key] = self.demand.get(key, 0) + 1
                return

    # --- a month later ---------------------------------------------------

    def _next(self, rng, i, rows):
        draw = -1.0 if self.org.is_lead[i] else rng.random() * 1000
        change = self.expect["next"]
        if draw < 0:
            change["unchanged"] += 1
            return rows
        for share, name, make in (
                (REMOVED, "removed", None), (LEAVING, "leaving", self._leave),
                (MOVED, "moved", self._move), (MARRIED, "married", self._marry),
                (PROMOTED, "promoted", self._promote),
                (NEW_PHONE, "phone", self._phone)):
            if draw >= share:
                draw -= share
                continue
            after = make(rng, i, [list(row) for row in rows]) if make else []
            if after == rows:
                break
            change[name] += 1
            change["changed"] += make is not None
            return after
        change["unchanged"] += 1
        return rows

    def _leave(self, rng, _, rows):
        gone = self.today + datetime.timedelta(days=rng.randrange(2, 29))
        last = gone.strftime("%Y%m%d")
        for row in rows:
            end = sortable(row[COLUMN["Austritt"]]) or "9"
            if sortable(row[COLUMN["Eintritt"]]) < last < end:
                put(row, "Austritt", dotted(gone))
        return rows

    def _move(self, rng, i, rows):
        first = self.today + datetime.timedelta(days=rng.randrange(3, 25))
        row = list(rows[0])
        if sortable(row[COLUMN["Eintritt"]]) >= first.strftime("%Y%m%d"):
            return rows
        if (sortable(row[COLUMN["Austritt"]]) or "9") < "%d" % first.year:
            return rows
        site, department = rng.choice(sorted(self.org.head))
        put(rows[0], "Austritt", dotted(first - datetime.timedelta(days=1)))
        work(row, rng, site, department)
        put(row, "Vorgesetzter", number(self.org.head[site, department]))
        put(row, "Vertragsnummer", contract(i, 3))
        put(row, "Eintritt", dotted(first))
        put(row, "Austritt", "")
        return rows + [row]

    def _marry(self, rng, _, rows):
        old = rows[0][COLUMN["Nachname"]].strip()
        new = skewed(rng, names.FAMILY["de"])
        if rng.random() < 0.5:
            new = old + "-" + new
        for row in rows:
            put(row, "Nachname", new)
        return rows

    def _promote(self, rng, _, rows):
        put(rows[0], "Stelle", "Senior " + rows[0][COLUMN["Stelle"]])
        return rows

    def _phone(self, rng, _, rows):
        new = phone(rng, self.site_of(rows[0]))
        for row in rows:
            put(row, "Telefon", new)
        return rows

    @staticmethod
    def site_of(row):
        name = row[COLUMN["Standort"]].strip()
        return [s["hr"] for s in demo_catalogue.SITES].index(name)


# --- the parts of a row ----------------------------------------------------

def put(row, column, text):
    row[COLUMN[column]] = text


def number(i):
    return "%08d" % (10_000_017 + i * 3)


def contract(i, n):
    return "V%08d-%d" % (i + 1, n)


def dotted(day):
    return "%02d.%02d.%04d" % (day.day, day.month, day.year)


def sortable(text):
    """dd.mm.yyyy as yyyymmdd."""
    return text[6:] + text[3:5] + text[:2]


def skewed(rng, choices):
    """Common names come first in the lists and more often in life."""
    return choices[int(len(choices) * rng.random() ** 1.35)]


SPELLED = str.maketrans({
    "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o",
    "ł": "l", "ı": "i", "'": "", "’": "", " ": "", ".": ""})


def plain(name):
    """ASCII letters of a name, as HR systems build addresses from it."""
    text = name.lower().translate(SPELLED)
    text = unicodedata.normalize("NFD", text)
    return "".join(c for c in text if c.isascii())


def spoken(rng, country, language):
    usual = {"DE": "DE", "AT": "DE", "FR": "FR", "NL": "NL"}[country]
    if language in ("pl", "tr") and rng.random() < 0.3:
        return "EN"
    return usual if rng.random() < 0.97 else ""


def phone(rng, site):
    return "%s-%d" % (demo_catalogue.SITES[site]["phone"],
                      rng.randrange(100, 9999))


def street(rng, country):
    text = "%s %d" % (rng.choice(names.STREETS[country]), rng.randrange(1, 240))
    draw = rng.random()
    if draw < 0.012:
        return "c/o Familie \"%s\"\n%s" % (
            skewed(rng, names.FAMILY["de"]), text)
    if draw < 0.02:
        return text + "\r\nHinterhaus, 2. Stock; links"
    return text


def place(row, rng, site):
    code, town = rng.choice(demo_catalogue.SITES[site]["towns"])
    put(row, "PLZ", code)
    put(row, "Ort", town)


def work(row, rng, site, department):
    slug = demo_catalogue.DEPARTMENTS[department]["slug"]
    put(row, "Standort", demo_catalogue.SITES[site]["hr"])
    put(row, "Abteilung", demo_catalogue.DEPARTMENTS[department]["name"])
    put(row, "Stelle", rng.choice(names.TITLES.get(slug, names.TITLES_OTHER)))
    put(row, "Kostenstelle", "%d%03d" % (site + 1, (department + 1) * 10))


# --- the wrong rows ---------------------------------------------------------

def wrong_rows(company):
    """(row, column, why, whether HR has corrected it a month later)."""
    bad_day = ("Eintritt", "31.02.2026")
    before = ("Austritt", dotted(company.today
                                 - datetime.timedelta(days=9000)))
    return [
        (("Standort", "Hamburg"), "unknown site", True),
        (bad_day, "impossible date", True),
        (("Personalnummer", " "), "missing employee number", False),
        (("E-Mail", "lena.vogt(at)" + DOMAIN), "bad e-mail address", True),
        (before, "ends before it starts", True),
        (("Vertragsnummer", contract(5, 1)), "contract number twice", True),
        ((None, None), "wrong number of columns", False),
        (("Vorgesetzter", "99999999"), "unknown manager", True),
    ]


class WrongRows:
    """People with one mistake each, spread over the file."""

    def __init__(self, company, joiners):
        self.made = []
        self.at = {}
        wrong = wrong_rows(company)
        step = max(1, company.people // (len(wrong) + 1))
        counts = json.dumps(company.expect)
        demand = dict(company.demand)
        for k, (change, why, corrected) in enumerate(wrong):
            i = company.people + joiners + k
            _, rows = company.person(i)
            good = rows[0]
            bad = list(good)
            if change[0] is None:
                bad = bad[:-1]
            else:
                put(bad, *change)
            after = good if corrected else bad
            self.at[step * (k + 1)] = len(self.made)
            self.made.append((bad, after, change[0], why, corrected))
        company.expect, company.demand = json.loads(counts), demand


# --- writing ----------------------------------------------------------------

class Export:
    """One CSV file: BOM, semicolons, CRLF; most rows of a person together."""

    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8", newline="")
        self.file.write("\ufeff")
        self.line, self.count, self.held = 1, 0, []
        self.write(HEAD)

    def write(self, row):
        """Returns the line the record starts on."""
        text = ";".join(map(quoted, row)) + "\r\n"
        self.file.write(text)
        line, self.line = self.line, self.line + text.count("\n")
        self.count += 1
        while self.held and self.held[0][0] <= self.count:
            self.write(heapq.heappop(self.held)[1])
        return line

    def person(self, rows, apart):
        for k, row in enumerate(rows):
            if k and apart:
                heapq.heappush(self.held, (self.count + apart, row))
            else:
                self.write(row)

    def close(self):
        while self.held:
            self.write(heapq.heappop(self.held)[1])
        self.file.close()


def quoted(field):
    if any(c in field for c in ";\"\r\n") or field[:1] == " ":
        return "\"" + field.replace("\"", "\"\"") + "\""
    return field


def write_company(args):
    os.makedirs(args.out, exist_ok=True)
    company = Company(args.people, args.seed, args.today)
    joiners = max(1, args.people * JOINERS // 1000)
    wrong = WrongRows(company, joiners)
    now = Export(os.path.join(args.out, "hr.csv"))
    then = Export(os.path.join(args.out, "hr-next.csv"))
    rejected, rejected_next = [], []
    for i in range(args.people + joiners):
        rows, rows_next = company.person(i)
        rng = random.Random(args.seed ^ (i * 7919))
        apart = rng.random() * 1000 < APART and rng.randrange(3, 400)
        now.person(rows, apart)
        then.person(rows_next, apart)
        if i in wrong.at:
            bad, after, column, why, corrected = wrong.made[wrong.at[i]]
            note_wrong(rejected, now.write(bad), column, why)
            line = then.write(after)
            if not corrected:
                note_wrong(rejected_next, line, column, why)
    now.close()
    then.close()
    finish(args, company, rejected, rejected_next, wrong)


def note_wrong(into, line, column, why):
    into.append({"line": line, "column": column or "", "why": why})


def finish(args, company, rejected, rejected_next, wrong):
    expect = company.expect
    expect["rejected"] = rejected
    expect["next"]["rejected"] = rejected_next
    expect["next"]["joined"] += sum(made[4] for made in wrong.made)
    with open(os.path.join(args.out, "expect.json"), "w",
              encoding="utf-8") as out:
        json.dump(expect, out, indent=1)
        out.write("\n")
    for name, text in (
            ("hr-map.yaml", demo_catalogue.hr_map(args.people)),
            ("catalogue.yaml", demo_catalogue.catalogue(company.demand))):
        with open(os.path.join(args.out, name), "w", encoding="utf-8") as out:
            out.write(text)
    if not args.quiet:
        print("%d people, %d contracts, %d wrong rows in %s" % (
            expect["people"], expect["contracts"], len(rejected), args.out))


def check(args):
    """Whether the folder holds what this program would write today."""
    folder = args.check
    with tempfile.TemporaryDirectory() as fresh:
        args.out, args.quiet = fresh, True
        write_company(args)
        files = sorted(os.listdir(fresh))
        _, differ, missing = filecmp.cmpfiles(fresh, folder, files, False)
    for name in differ + missing:
        print("%s: not what tool/demo.py writes" % os.path.join(folder, name))
    return 1 if differ or missing else 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", default="demo")
    parser.add_argument("--today", default="2026-11-23",
                        type=datetime.date.fromisoformat)
    parser.add_argument("--quiet", action="store_true")
    parser.add_argument("--check", metavar="FOLDER")
    args = parser.parse_args()
    if not 100 <= args.people <= 3_000_000:
        parser.error("--people: between 100 and 3000000")
    if args.check:
        return check(args)
    write_company(args)
    return 0


if __name__ == "__main__":
    sys.exit(main())
