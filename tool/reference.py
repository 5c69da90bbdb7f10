#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""reference.py - writes doc/reference.md from the tables in the sources, and
doc/scim-conformance.md from the one of the RFCs' rules.

    tool/reference.py            writes them
    tool/reference.py --check    status 1 if one is not up to date
"""
import argparse
import collections
import difflib
import os
import re
import sys
import textwrap

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUT = "doc/reference.md"
CONFORMANCE = "doc/scim-conformance.md"
RULES = ("tests/rfc", "test/rfc")

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)\'|[A-Za-z_]\w*|.',
                   re.S)
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
COMMENT = re.compile(r'("(?:[^"\\]|\\.)*")|/\*.*?\*/', re.S)
ESCAPES = {"\\n": "\n", "\\t": "\t", '\\"': '"', "\\\\": "\\"}
OPENING, CLOSING = "({[", ")}]"
METRIC_TAILS = {"COUNTER": "_total", "INFO": "_info"}


class Bad(Exception):
    """A table is not written as this program reads them."""


# --- C tables ----------------------------------------------------------------

class Source:
    """Files, one text; with the #defines of the headers that they use."""

    def __init__(self, *paths):
        self.text = "\n".join(strip(path) for path in paths)
        self.defines = dict(re.findall(
            r"^#define[ \t]+(\w+)[ \t]+(.+)$", self.text, re.M))

    def table(self, name):
        """The rows of `NAME[] = { … }`, each a list of its fields."""
        match = re.search(r"\b%s\[\] = \{" % name, self.text)
        if match is None:
            raise Bad("there is no table " + name)
        body = self.expand(inside(self.text, match.end() - 1))
        return [split(row[1:-1]) for row in split(body)]

    def list(self, name):
        """The rows of `#define NAME(X) X(…) X(…)`."""
        match = re.search(r"^#define %s\(X\)(.*)$" % name, self.text, re.M)
        if match is None:
            raise Bad("there is no list " + name)
        rows = []
        for row in re.finditer(r"\bX\(", match.group(1)):
            rows.append(split(inside(match.group(1), row.end() - 1)))
        return rows

    def expand(self, text):
        """Macros without parameters that hold rows or texts."""
        for _ in range(3):
            text = "".join(self.defines.get(t, t) for t in TOKEN.findall(text))
        return text

    def number(self, text):
        """The value of a constant expression."""
        text = re.sub(r"\((?:size_t|u?int\d+_t)\)", "", self.expand(text))
        text = text.strip()
        if not re.fullmatch(r"[\d\s()*<+-]+", text):
            return text
        return eval(text, {"__builtins__": {}})


def strip(path):
    """The file without comments, continued lines joined."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        text = file.read()
    text = COMMENT.sub(lambda match: match.group(1) or " ", text)
    return text.replace("\\\n", " ")


def inside(text, at):
    """What stands between the bracket at AT and its partner."""
    depth, start = 0, at + 1
    for token in TOKEN.finditer(text, at):
        if token.group() in OPENING:
            depth += 1
        elif token.group() in CLOSING:
            depth -= 1
            if depth == 0:
                return text[start:token.start()]
    raise Bad("a bracket is not closed")


def split(text):
    """The parts between the commas that stand in no brackets."""
    parts, depth = [""], 0
    for token in TOKEN.findall(text):
        depth += (token in OPENING) - (token in CLOSING)
        if token == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += token
    return [part.strip() for part in parts if part.strip()]


def string(text):
    """The string that adjacent literals make; "" for NULL."""
    raw = "".join(STRING.findall(text))
    return re.sub(r"\\.", lambda match: ESCAPES[match.group()], raw)


def files(folder, ending):
    names = sorted(os.listdir(os.path.join(ROOT, folder)))
    return [folder + "/" + name for name in names if name.endswith(ending)]


# --- what the sources say ------------------------------------------------------

Route = collections.namedtuple("Route", "method path right body query summary")
Command = collections.namedtuple(
    "Command", "name words options door right summary help example config")


def english():
    """{id: (text, remedy)} of the messages; no remedy where T has none."""
    found = {}
    for path in files("src/base/messages", ".def"):
        text = strip(path)
        for row in re.finditer(r"^([MT])\(", text, re.M):
            name, first, *_ = split(inside(text, row.end() - 1))
            if row.group(1) == "M":
                found[name] = [string(part)
                               for part in split(inside(first, 2))]
            else:
                found[name] = [string(first), ""]
    return found


ENGLISH = english()


def message(field):
    """The English text of a field such as MSG_FLAG_DATA."""
    return ENGLISH[field.removeprefix("MSG_")][0]


RIGHTS = Source("src/core/actor.h").list("RIGHTS")
RIGHT_NAMES = {row[0]: string(row[1]) for row in RIGHTS}


def right_name(text):
    name = text.removeprefix("RIGHT_")
    return {"PUBLIC": "none", "NONE": ""}.get(name) or RIGHT_NAMES.get(name, "")


def size(n):
    for unit, bits in (("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if n and n % (1 << bits) == 0:
            return "%d %s" % (n >> bits, unit)
    return "%d" % n if n else ""


def query_of(source, work):
    """The query parameters that a route's work takes."""
    if work.startswith("LIST("):
        return string(split(inside(work, 4))[3])
    if work.startswith("&"):
        match = re.search(r"\b%s = \{" % work[1:], source.text)
        named = inside(source.text, match.end() - 1)
        match = re.search(r'\.query = ("[^"]*")', named)
        return string(match.group(1)) if match else ""
    return ""


def routes():
    found = []
    for path in files("src/api", ".c") + files("src/scim", ".c"):
        source = Source("src/api/api_int.h", "src/api/call.h",
                        "src/scim/scim_int.h", path)
        for name in re.findall(r"const struct route (\w+)\[\] =", source.text):
            for row in source.table(name):
                if row == ["0"]:
                    continue
                method, url, right, body, _, work, summary = row
                where = (" (management listener)"
                         if name == "manage_routes" else "")
                found.append(Route(
                    method, string(url), right_name(right),
                    size(source.number(body)), query_of(source, work),
                    string(summary) + where))
    return found


def options_of(source, name):
    if name == "NO_OPTIONS":
        return []
    return [option(source, row) for row in source.table(inside(name, 7))]


def option(source, row):
    name, kind, fallback, least, most, _, text = row
    value = {"OPTION_TEXT": "TEXT", "OPTION_INT": "N", "OPTION_PATH": "PATH",
             "OPTION_BOOL": ""}[kind]
    notes = []
    if kind == "OPTION_INT":
        most = source.number(most)
        notes.append("from %s" % least if most == "INT64_MAX"
                     else "%s to %s" % (source.number(least), most))
    if kind != "OPTION_BOOL" and fallback != "NULL":
        notes.append("default " + string(fallback))
    return ("--%s %s" % (string(name), value)).strip(), message(text), notes


def person_options(source):
    """PERSON_OPTIONS, as if the rows had been written out."""
    rows = ("{ %s, OPTION_TEXT, NULL, 0, 0, false, %s }" % (flag, text)
            for flag, _, text in source.list("PERSON_FLAGS"))
    source.defines["PERSON_OPTIONS"] = ", ".join(rows)


def rows_of(noun):
    """The file with the noun's rows: NOUN.c, or for client oauth_client.c."""
    own = "src/usher/%s.c" % noun
    return own if noun != "client" else "src/usher/oauth_client.c"


def commands():
    nouns = Source("src/usher/commands.h").text
    nouns = re.search(r"#define COMMAND_NOUNS\(X\)(.*)", nouns).group(1)
    found = []
    for noun in re.findall(r"X\((\w+)\)", nouns):
        source = Source(*files("src/usher", ".h"), "src/core/catalogue.h",
                        rows_of(noun))
        person_options(source)
        for row in source.table(noun + "_commands"):
            if row[-1] != "true":
                found.append(command(source, row))
    return found


def command(source, row):
    if row[6] == "NO_OPTIONS" or row[6].startswith("OPTIONS("):
        noun, verb, _, words, _, _, options, door, right, text, lines, conf, _ \
            = row
    else:	# NO_OPTIONS, written out by expand()
        noun, verb, _, words, _, _, _, _, door, right, text, lines, conf, _ = row
        options = "NO_OPTIONS"
    return Command(
        (string(noun) + " " + string(verb)).strip(), string(words),
        options_of(source, options), door, right_name(right),
        *ENGLISH[text.removeprefix("MSG_")], string(lines), string(conf))


def messages():
    return [(os.path.basename(path).removesuffix(".def"),
             len(re.findall(r"^[MT]\(", strip(path), re.M)))
            for path in files("src/base/messages", ".def")
            if not path.endswith("all.def")]


# --- the page ------------------------------------------------------------------

def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        cells = (str(cell).replace("|", "\\|") for cell in row)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def code(text):
    return "`%s`" % text if text else ""


def page_routes():
    return table(
        ["", "path", "right", "body at most", "query", "what it does"],
        [(r.method, code(r.path), r.right, r.body, r.query, r.summary)
         for r in sorted(routes(), key=lambda r: r.path.startswith("/op"))])


def page_errors():
    rows = Source("src/base/err.h").list("ERRORS")
    return table(
        ["code", "HTTP", "exit code", "may be tried again"],
        [(code(string(row[4])), row[1], row[2],
          "yes" if row[3] == "true" else "")
         for row in rows])


def page_rights():
    return table(["right", "under a scope", "what it allows"],
                 [(code(string(row[1])),
                   "nothing" if row[2] == "WHOLE" else "these persons",
                   message("RIGHT_" + row[0]))
                  for row in RIGHTS])


def page_deployment():
    source = Source("src/core/deployment.h")
    return table(["setting", "default", "from, to", "what it bounds"],
                 [(code(string(row[1])), row[2], "%s to %s" % (row[3], row[4]),
                   string(row[5]))
                  for row in source.list("DEPLOYMENT_SETTINGS")])


def page_settings():
    source = Source("src/core/catalogue.h", *files("src/core", "_int.h"),
                    "src/core/catalogue.c")
    rows = [(string(row[1]), row[2], "%s to %s" % (row[3], row[4]),
             string(row[5])) for row in source.list("SETTINGS")]
    for row in re.findall(r"= \{ (\"[^}]*?, true, [^;]*?) \}", source.text):
        name, _, fallback, _, _, _, text = split(source.expand(row))
        rows.append((string(name), code(string(fallback)), "text",
                     string(text)))
    return table(["setting", "default", "from, to", "what it does"],
                 [(code(row[0]), *row[1:]) for row in sorted(rows)])


def page_attributes():
    kinds = {"ATTR_STRING": "text", "ATTR_BOOL": "true or false",
             "ATTR_DATE": "date", "ATTR_REF": "slug or id",
             "ATTR_INT": "number",
             "ATTR_JSON": "objects by URN"}
    notes = (("ATTR_UNIQUE", "one person's only"),
             ("ATTR_MULTI", "several"), ("ATTR_SEARCH", "found by search"))
    rows = []
    source = Source("src/core/attr.h")
    rights = {name: [right_name(read), right_name(write)]
              for name, read, write in re.findall(
                  r"#define ATTR_RIGHTS_(\w+)\s+(\w+),\s*(\w+)",
                  source.text)}
    for _, path, kind, group, flags, guard in source.list("ATTRIBUTES"):
        told = [text for flag, text in notes if flag in flags]
        rows.append((code(string(path)), kinds[kind],
                     "personal" if group == "ATTR_PERSONAL"
                     else "organisational", *rights[guard],
                     ", ".join(told)))
    return table(["attribute", "value", "class", "read by", "written by", ""],
                 rows)


def page_actions():
    rows = Source("src/core/entry.h").list("ACTIONS")
    return "\n".join("- " + code(string(row[1])) for row in rows)


def option_lines(options):
    return ["- `%s` - %s%s" % (
        name, text, " (%s)" % ", ".join(notes) if notes else "")
        for name, text, notes in options]


def page_command(c):
    usage = " ".join(["usher", c.name, c.words]).strip()
    lines = ["### usher " + c.name, "", "    " + usage
             + (" [OPTIONS]" if c.options else ""), "",
             c.summary[0].upper() + c.summary[1:] + ".", ""]
    for paragraph in c.help.split("\n"):
        lines += textwrap.wrap(paragraph, 79, break_long_words=False,
                               break_on_hyphens=False) + [""]
    if c.example:
        lines += ["```text", textwrap.dedent(c.example).strip(), "```", ""]
    if c.options:
        lines += option_lines(c.options) + [""]
    if c.right:
        lines += ["Needs the right `%s`%s." % (
            c.right, ", and goes through the operator's socket"
            if c.door == "DOOR_OPERATOR" else ""), ""]
    if c.config:
        lines += ["Reads `%s` if it is there." % c.config, ""]
    return lines


def page_commands():
    source = Source("src/usher/cli.h", "src/usher/cli.c")
    lines = ["Every command that asks a server takes these:", ""]
    lines += option_lines(
        option(source, row) for row in source.table("global_options"))
    lines.append("")
    for c in commands():
        lines += page_command(c)
    return "\n".join(lines).rstrip()


def page_metrics():
    rows = []
    for _, kind, name, unit, labels, _, text in \
            Source("src/base/metric.h").list("METRICS"):
        names, _, values = string(labels).partition("=")
        if values:
            names += ": " + values.replace(",", ", ")
        rows.append((code(string(name) + METRIC_TAILS.get(kind, "")),
                     kind.lower(), string(unit), names, string(text)))
    return table(["metric", "type", "unit", "labels", "what it says"], rows)


def page_messages():
    counts = messages()
    return "%d messages in four languages, faults with a remedy: %s." % (
        sum(n for _, n in counts),
        ", ".join("%s %d" % (room, n) for room, n in counts))


SECTIONS = (
    ("Routes", "`/operator/v1/` answers on the operator's socket only. What the others take and\n"
     "answer is told by `GET /api/v1/openapi.json` and `usher openapi`.",
     page_routes),
    ("Errors", "`code` stands in every problem+json; commands end with the "
     "exit code.\nBesides: 0 done, 17 no server answers, 70 a defect, or "
     "`serve` gave up restarting.", page_errors),
    ("Rights", "", page_rights),
    ("Settings", "Of the catalogue, under `settings:`.", page_settings),
    ("Settings of the deployment", "The operator's: `usher setting`.",
     page_deployment),
    ("Attributes", "Of a person. Personal ones are sealed in one record; "
     "filters run over\norganisational ones.", page_attributes),
    ("Events", "Actions, as `usher event list` and `GET /api/v1/events` name "
     "them.", page_actions),
    ("Metrics", "`GET /metrics` of the management listener. A histogram has "
     "`_bucket`, `_count`\nand `_sum`; seats and quotas are some seconds old.",
     page_metrics),
    ("Commands", "", page_commands),
    ("Messages", "", page_messages),
)


def page():
    parts = ["# Reference", "Written by `tool/reference.py` from the tables "
             "in the sources; do not edit."]
    for title, text, body in SECTIONS:
        parts += ["## " + title] + ([text] if text else []) + [body()]
    return "\n\n".join(parts) + "\n"


def conformance():
    """Each sentence of the RFCs, whether it is so, and the test of it."""
    folder = next(folder for folder in RULES
                  if os.path.isdir(os.path.join(ROOT, folder)))
    rfcs, count = {}, collections.Counter()
    for path in files(folder, ".table"):
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            for line in map(str.strip, file):
                if line.startswith("= "):
                    rows = rfcs.setdefault(line[2:], [])
                elif line and not line.startswith("#"):
                    rows.append(rule(line))
                    count[rows[-1][3].partition(":")[0]] += 1
    parts = []
    for rfc, rows in rfcs.items():
        rows.sort(key=lambda row: [int(n) for n in row[0].split(".")])
        parts += ["## RFC " + rfc, table(
            ["section", "", "what it says", "so here", "test"], rows)]
    return "\n\n".join([
        "# SCIM: what the RFCs ask, and what Usher does",
        "Written by `tool/reference.py` from `%s/*.table`; do not edit. Each "
        "row is a sentence that\nbinds a service provider, in short; the test "
        "of that name is in `tests/drive/scim*.py` and holds\nwhat the row "
        "says." % folder,
        "%d sentences: %s." % (sum(count.values()), ", ".join(
            "%d %s" % (n, word) for word, n in count.most_common())),
        *parts]) + "\n"


def rule(line):
    """A line of the table as a row of the page."""
    section, level, text, test, *note = (
        field.strip() for field in line.split("|"))
    return [section, level, text, note[0] if note else "yes",
            "" if test == "-" else code(test)]


def check(path, text):
    try:
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            there = file.read()
    except FileNotFoundError:
        there = ""
    if there == text:
        return 0
    sys.stdout.writelines(difflib.unified_diff(
        there.splitlines(True), text.splitlines(True), path, "sources", n=1))
    print("%s is not up to date: run tool/reference.py" % path)
    return 1


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    pages = (OUT, page()), (CONFORMANCE, conformance())
    if args.check:
        return max(check(*each) for each in pages)
    for path, text in pages:
        with open(os.path.join(ROOT, path), "w", encoding="utf-8") as file:
            file.write(text)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Bad as bad:
        sys.exit("reference: %s" % bad)
