# SPDX-License-Identifier: Apache-2.0
"""What the demo company has: sites, departments, partners, products, pools."""

# `hr` is what the HR export calls a site; `share` is out of a hundred people.
SITES = [
    {"slug": "ber", "name": "Berlin", "hr": "Berlin HQ", "country": "DE",
     "zone": "Europe/Berlin", "failover": ["muc"], "share": 32,
     "phone": "+49 30 55500",
     "towns": [("10115", "Berlin"), ("12043", "Berlin Neukölln"),
               ("14467", "Potsdam")]},
    {"slug": "muc", "name": "München", "hr": "München", "country": "DE",
     "zone": "Europe/Berlin", "failover": ["ber", "vie"], "share": 22,
     "phone": "+49 89 55501",
     "towns": [("80331", "München"), ("82256", "Fürstenfeldbruck"),
               ("85221", "Dachau")]},
    {"slug": "lyo", "name": "Lyon", "hr": "Lyon", "country": "FR",
     "zone": "Europe/Paris", "failover": [], "share": 14,
     "phone": "+33 4 7255 55",
     "towns": [("69002", "Lyon"), ("69100", "Villeurbanne"),
               ("69600", "Oullins-Pierre-Bénite")]},
    {"slug": "utr", "name": "Utrecht", "hr": "Utrecht", "country": "NL",
     "zone": "Europe/Amsterdam", "failover": ["rtm"], "share": 12,
     "phone": "+31 30 555 55",
     "towns": [("3511 AD", "Utrecht"), ("3401 JX", "IJsselstein")]},
    {"slug": "rtm", "name": "Rotterdam", "hr": "Rotterdam", "country": "NL",
     "zone": "Europe/Amsterdam", "failover": ["utr"], "share": 10,
     "phone": "+31 10 555 55",
     "towns": [("3011 AA", "Rotterdam"), ("3117 HV", "Schiedam")]},
    {"slug": "vie", "name": "Wien", "hr": "Wien", "country": "AT",
     "zone": "Europe/Vienna", "failover": ["muc"], "share": 10,
     "phone": "+43 1 55505",
     "towns": [("1010", "Wien"), ("1180", "Wien Währing"),
               ("3400", "Klosterneuburg")]},
]

DEPARTMENTS = [
    {"slug": slug, "name": name, "share": share} for slug, name, share in (
        ("management", "Geschäftsleitung", 1),
        ("sales", "Vertrieb", 12),
        ("marketing", "Marketing", 4),
        ("service", "Kundendienst", 9),
        ("finance", "Finanzbuchhaltung", 4),
        ("controlling", "Controlling", 2),
        ("purchasing", "Einkauf", 3),
        ("engineering", "Konstruktion", 11),
        ("design", "Gestaltung", 3),
        ("research", "Forschung & Entwicklung", 6),
        ("production", "Fertigung", 14),
        ("quality", "Qualitätssicherung", 4),
        ("logistics", "Logistik", 8),
        ("maintenance", "Instandhaltung", 3),
        ("hr", "Personalwesen", 3),
        ("it", "Informationstechnik", 4),
        ("legal", "Recht", 1),
        ("compliance", "Revision und Compliance", 1),
        ("communication", "Öffentlichkeitsarbeit", 1),
        ("facilities", "Gebäudemanagement", 2),
        ("training", "Aus- und Weiterbildung", 1),
        ("projects", "Projektbüro", 1),
        ("export", "Export / Zoll", 1),
        ("security", "Werkschutz", 1),
        ("works-council", "Betriebsrat", 1),
    )
]

# What a product is, who gets it, and how much of what a site asks for its own
# pool and the global one hold, in percent.  Below 100 together, people wait.
PRODUCTS = [
    {"slug": "mail", "name": "Mail", "departments": None, "site": 108,
     "global": 6, "bound": False},
    {"slug": "office", "name": "Office", "not": ["production", "logistics"],
     "departments": None, "site": 104, "global": 14, "bound": False},
    {"slug": "erp", "name": "ERP", "site": 92, "global": 9, "bound": True,
     "departments": ["finance", "controlling", "purchasing", "logistics",
                     "production"]},
    {"slug": "cad", "name": "CAD workplace", "site": 84, "global": 8,
     "bound": True, "departments": ["engineering", "design"]},
    {"slug": "crm", "name": "CRM", "site": 98, "global": 30, "bound": False,
     "departments": ["sales", "marketing", "service"]},
]

# Who works for the company and is not of it: the people come through the
# partner's own administrator, and no HR file knows them.
PARTNERS = [
    {"slug": "kaiser", "name": "Kaiser Montage GmbH",
     "defaults": {"site": "muc", "department": "maintenance",
                  "country": "DE", "preferredLanguage": "de-DE",
                  "userType": "partner"},
     "shares": {"mail": 12, "erp": 4}},
]


# Eight numbers are tried for a user name; beyond this many people that is not
# enough for the most common names, and their numbers have to serve.
NAMES_SUFFICE = 6000
USER_NAME = "{Vorname|trim|ascii|lower}.{Nachname|trim|ascii|lower}{n}"
USER_NUMBER = "p{Personalnummer|trim}"


def hr_map(people):
    values = ", ".join("\"%s\": %s" % (s["hr"], s["slug"]) for s in SITES)
    user_name = USER_NAME if people <= NAMES_SUFFICE else USER_NUMBER
    return HR_MAP.replace("@SITES@", values).replace("@USER@", user_name)


HR_MAP = """\
# How a row of the HR export becomes a person and a contract.
#
#   source, format    whose file it is, and how it is written; encoding utf-8
#                     or windows-1252; a separator not named is found
#   ref, contract     the key of a person in the file, and of a contract;
#                     rows with the same ref are one person's contracts
#   person            personal attributes, from the first row of the person
#   contracts         organisational attributes, from each row
#   values            what the file calls it: what the catalogue calls it
#
# On the right stand templates: text with {column|filter|filter:argument}.
# Filters: trim lower upper first (character) ascii (ae for ä) date (as the
# format writes it) concat:TEXT (appends it to what is not empty).  A template
# with {n} is tried with nothing, 2, 3 ... until the name is free.
source: hr
format: { separator: ";", encoding: utf-8, dates: dd.mm.yyyy }
ref: "{Personalnummer|trim}"
contract: "{Vertragsnummer|trim}"

# Geburtsdatum has no line here: what is not needed is not stored.
person:
  name.familyName: "{Nachname|trim}"
  name.givenName: "{Vorname|trim}"
  userName: "@USER@"
  emails[work].value: "{E-Mail|trim|lower}"
  phoneNumbers[work].value: "{Telefon|trim}"
  addresses[home].streetAddress: "{Straße|trim}"
  addresses[home].postalCode: "{PLZ|trim}"
  addresses[home].locality: "{Ort|trim}"

contracts:
  site: "{Standort|trim}"
  department: "{Abteilung|trim}"
  title: "{Stelle|trim}"
  costCenter: "{Kostenstelle|trim}"
  preferredLanguage: "{Sprache|trim|lower}"
  manager: "{Vorgesetzter|trim}"
  start: "{Eintritt|date}"
  end: "{Austritt|date}"

values:
  site: { @SITES@ }
"""


def grant(product):
    """The filter that says who gets the product without asking."""
    if product["departments"]:
        terms = " or ".join(
            "department eq \"%s\"" % d for d in product["departments"])
        return "active eq true and (%s)" % terms
    if "not" in product:
        terms = " or ".join("department eq \"%s\"" % d for d in product["not"])
        return "active eq true and not (%s)" % terms
    return "active eq true"


def wanted(product, demand, site):
    """How many active people of SITE are granted the product."""
    slugs = {d["name"]: d["slug"] for d in DEPARTMENTS}
    total = 0
    for (hr_site, department), people in demand.items():
        slug = slugs[department]
        if hr_site != site["hr"] or slug in product.get("not", ()):
            continue
        if product["departments"] is None or slug in product["departments"]:
            total += people
    return total


def site_pool(product, site, demand):
    quota = max(1, wanted(product, demand, site) * product["site"] // 100)
    text = "product: %s, site: %s, quota: %d, priority: 5" % (
        product["slug"], site["slug"], quota)
    if product["bound"]:
        text += ", eligibility: 'site eq \"%s\"'" % site["slug"]
    return "  %s-%s: { %s }" % (product["slug"], site["slug"], text)


def global_pool(product, demand):
    total = sum(wanted(product, demand, site) for site in SITES)
    quota = max(1, total * product["global"] // 100)
    return "  %s-global: { product: %s, quota: %d, priority: 9 }" % (
        product["slug"], product["slug"], quota)


def partner(p):
    """An organisation and what its people need not be told."""
    defaults = ", ".join("%s: %s" % item for item in p["defaults"].items())
    return "\n".join((
        "  %s:" % p["slug"], "    name: \"%s\"" % p["name"],
        "    defaults: { %s }" % defaults,
        "    products: [%s]" % ", ".join(p["shares"])))


def share(p, product):
    return "  %s-%s: { product: %s, organisation: %s, quota: %d }" % (
        product, p["slug"], product, p["slug"], p["shares"][product])


def catalogue(demand):
    lines = ["# The demo company's catalogue: what there is, and who gets it.",
             "catalogue: 1", "", "sites:"]
    for s in SITES:
        lines.append(
            "  %s: { name: \"%s\", country: %s, zone: %s, failover: [%s] }" % (
                s["slug"], s["name"], s["country"], s["zone"],
                ", ".join(s["failover"])))
    lines += ["", "# An HR value may be the slug or the name.", "departments:"]
    for d in DEPARTMENTS:
        lines.append("  %s: { name: \"%s\" }" % (d["slug"], d["name"]))
    lines += ["", "# Partners: what is filled in for their people, and what"
              " they may have.", "organisations:"]
    lines += [partner(p) for p in PARTNERS]
    lines += ["", "products:"]
    for p in PRODUCTS:
        lines += ["  %s:" % p["slug"], "    name: \"%s\"" % p["name"],
                  "    grant: '%s'" % grant(p), "    cap: 90"]
    lines += ["", "# A pool for each site, and the global one for what is"
              " beyond them.", "pools:"]
    for p in PRODUCTS:
        lines += [site_pool(p, s, demand) for s in SITES]
        lines.append(global_pool(p, demand))
    lines += ["  # A partner's share is a pool of its own."]
    lines += [share(p, product) for p in PARTNERS for product in p["shares"]]
    lines += ["", "settings:", "  import.removals_percent: 5",
              "  import.removals_least: 20", ""]
    return "\n".join(lines)
