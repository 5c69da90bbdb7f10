# SPDX-License-Identifier: Apache-2.0
"""tidy_selftest.py - every check of tidy.py finds what it is for; TAP.

Each case plants one defect in a small tree that is otherwise clean.
"""
import os
import tempfile

SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"

MESSAGE = """\
M(SEAT_NONE,
  EN("There is no seat {0}.", "Look for {1}."),
  DE("Es gibt keinen Platz {0}.", "Suchen Sie {1}."),
  FR("Il n'y a pas de place {0}.", "Cherchez {1}."),
  NL("Er is geen plaats {0}.", "Zoek {1}."))
"""

TEXT = """\
#define T(id) M(id, EN(en))
T(FLAG_LISTEN, "where {0} {0|seat is|seats are}", "wo {0} {0|Platz ist|Plätze sind}",
  "où {0}", "waar {0}")
"""

SEAT_C = SPDX + """\
#include "core/seat.h"

#include <string.h>

#include "base/str.h"

/* free( and ;; in a comment, TABLES of 120 columns: none of it counts. */
static const struct row { const char *p; } rows[] = {
	{ "a row of a table may be wider than eighty columns", "@FILLER@" },
};

int
seat_find(struct str s)
{
	for (;;)
		return str_eq(s, rows, MSG_SEAT_NONE, "malloc(");
}
""".replace("@FILLER@", "x" * 40)

ROUTE = """\
const struct route routes[] = {
	{ GET, "/api/v1/seats", RIGHT_SEAT_READ, 0, NULL, "List seats" },
};
"""

OPTION = """\
static const struct option options[] = {
	{ "listen", OPTION_TEXT, "127.0.0.1:8420", 0, 0, false,
	    MSG_FLAG_LISTEN },
};
"""

# The clean tree that every case starts from.
CLEAN = {
    "src/base/str.h": SPDX + "bool str_eq(struct str);\n",
    "src/base/str.c": SPDX + "#include \"base/str.h\"\n\nbool\n"
                             "str_eq(struct str s)\n{\n\treturn s.n;\n}\n",
    "src/base/messages/core.def": SPDX + MESSAGE,
    "src/base/messages/flag.def": SPDX + TEXT,
    "src/core/seat.h": SPDX + "int seat_find(struct str);\n",
    "src/core/seat.c": SEAT_C,
    "src/store/store.h": SPDX,
    "src/store/store_int.h": SPDX,
    "src/audit/tree.h": SPDX,
    "src/vault/tree.c": SPDX + "#include \"audit/tree.h\"\n",
    "src/store/seat.c": SPDX + "#include \"store/store.h\"\n"
                               "#include \"store/store_int.h\"\n",
    "src/api/seat.c": SPDX + ROUTE,
    "src/usher/main.c": SPDX + OPTION,
    "test/unit/core/seat_test.c": SPDX + "int x = seat_find(1);\n",
    "doc/glossary.md": "**seat** - what a person holds. Not: licence, slot.\n",
}


def changed(path, old, new):
    assert old in CLEAN[path], (path, old)
    return {path: CLEAN[path].replace(old, new)}


def added(path, text):
    return {path: CLEAN.get(path, SPDX) + text}


def function(lines):
    return "int\nseat_long(void)\n{\n%s}\n" % ("\tf();\n" * (lines - 2))


DEF = "src/base/messages/core.def"
TEXTS = "src/base/messages/flag.def"

# name, files to plant, where and what must be found (None: nothing)
CASES = [
    ("the clean tree", {}, None, None),
    ("81 columns of code", added("src/core/seat.c", "int %s;\n" % ("x" * 76)),
     "src/core/seat.c", "81 columns"),
    ("81 columns of code before a comment", added(
        "src/core/seat.c", "int %s; /* x */\n" % ("x" * 76)),
     "src/core/seat.c", "columns, 80 may be"),
    ("81 columns inside a comment", added(
        "src/core/seat.c", "/*\n * %s\n */\n" % ("x" * 78)),
     "src/core/seat.c", "81 columns"),
    ("121 columns that end in a comment", added(
        "src/core/seat.c", "int x; /* %s */\n" % ("x" * 108)),
     "src/core/seat.c", "121 columns"),
    ("a constant on one line", added(
        "src/core/seat.c", "const struct table T = TABLE(%s);\n" % ("x" * 80)),
     None, None),
    ("120 columns that end in a comment", added(
        "src/core/seat.c", "int x; /* %s */\n" % ("x" * 107)), None, None),
    ("tabs count as eight", added("src/core/seat.c", "\t" * 10 + "ab;\n"),
     "src/core/seat.c", "83 columns"),
    ("121 columns in a table", added(
        "src/core/seat.c", "static int t[] = {\n\t%s\n};\n" % ("1" * 113)),
     "src/core/seat.c", "121 columns"),
    ("161 columns in a header", added(
        "src/core/seat.h", "/* %s */\n" % ("x" * 155)),
     "src/core/seat.h", "161 columns"),
    ("160 columns in a header", added(
        "src/core/seat.h", "/* %s */\n" % ("x" * 154)), None, None),
    ("a function of 71 lines", added("src/core/seat.c", function(71)),
     "src/core/seat.c", "71 lines"),
    ("a function of 70 lines", added("src/core/seat.c", function(70)),
     None, None),
    ("a file of 801 lines", {"src/core/x.c": SPDX + "\n" * 800},
     "src/core/x.c", "801 lines"),
    ("space at the end", added("src/core/seat.c", "int x; \n"),
     "src/core/seat.c", "space at the end"),
    ("no newline at the end", added("src/core/seat.c", "int x;"),
     "src/core/seat.c", "no newline"),
    ("no licence line", {"src/core/x.c": "int x;\n"},
     "src/core/x.c", "no SPDX"),
    ("an empty statement", added("src/core/seat.c", "int x;;\n"),
     "src/core/seat.c", "empty statement"),
    ("unfinished work", added("src/core/seat.c", "/* TO" "DO: all */\n"),
     "src/core/seat.c", "in the source"),
    ("a banned call", added("src/core/seat.c", "int x = atoi (s);\n"),
     "src/core/seat.c", "atoi is banned"),
    ("a member named like a banned call",
     added("src/core/seat.c", "int x = f->system(s);\n"), None, None),
    ("malloc outside base", added("src/core/seat.c", "int x = malloc(1);\n"),
     "src/core/seat.c", "may be named only in base"),
    ("a thread outside base", added("src/core/seat.c", "pthread_t x;\n"),
     "src/core/seat.c", "pthread_t may be named only"),
    ("the clock outside base", added("src/core/seat.c", "int x = time(0);\n"),
     "src/core/seat.c", "may be named only in base"),
    ("sqlite outside store", added("src/core/seat.c", "sqlite3_stmt *x;\n"),
     "src/core/seat.c", "only in store"),
    ("SQL outside store", added(
        "src/core/seat.c", "const char *x = \"DELETE FROM seat\";\n"),
     "src/core/seat.c", "only in store"),
    ("jansson outside js.c", added("src/base/str.c", "json_t *x;\n"),
     "src/base/str.c", "only in base/js"),
    ("libyaml outside yaml.c", added("src/base/str.c", "yaml_event_t x;\n"),
     "src/base/str.c", "only in base/yaml"),
    ("hashing outside audit and vault",
     added("src/core/seat.c", "EVP_MD *x;\n"),
     "src/core/seat.c", "only in audit"),
    ("fork outside usher", added("src/core/seat.c", "int x = fork();\n"),
     "src/core/seat.c", "only in usher"),
    ("core includes store", changed(
        "src/core/seat.c", "#include \"base/str.h\"\n",
        "#include \"base/str.h\"\n\n#include \"store/store.h\"\n"),
     "src/core/seat.c", "core may not include store/store.h"),
    ("a private header", added(
        "src/api/seat.c", "#include \"store/store_int.h\"\n"),
     "src/api/seat.c", "private to store"),
    ("a header that is not there", added(
        "src/api/seat.c", "#include \"store/none.h\"\n"),
     "src/api/seat.c", "does not exist"),
    ("an include without its room", added(
        "src/store/seat.c", "\n#include \"seat.h\"\n"),
     "src/store/seat.c", "include it as"),
    ("includes out of order", changed(
        "src/core/seat.c", "#include <string.h>\n\n#include \"base/str.h\"\n",
        "#include \"base/str.h\"\n\n#include <string.h>\n"),
     "src/core/seat.c", "includes stand in the order"),
    ("groups without a blank line", changed(
        "src/core/seat.c", "<string.h>\n\n", "<string.h>\n"),
     "src/core/seat.c", "a blank line stands between"),
    ("an export nobody uses", {
        "test/unit/core/seat_test.c": SPDX + "int x;\n"},
     "src/core/seat.h", "seat_find is used by no other file"),
    ("an export that a macro uses", {
        "test/unit/core/seat_test.c": SPDX + "int x;\n",
        "src/core/seat.h": SPDX + "int seat_find(struct str);\n"
                                  "#define SEAT(x) (x + \\\n\tseat_find(x))\n"},
     None, None),
    ("an export nobody defines", added(
        "src/core/seat.h", "int seat_lose(struct str) USE_RESULT;\n"),
     "src/core/seat.h", "seat_lose is defined nowhere"),
    ("a route without a right", changed(
        "src/api/seat.c", "RIGHT_SEAT_READ", "0"),
     "src/api/seat.c", "GET /api/v1/seats names no right"),
    ("a route with RIGHT_NONE", changed(
        "src/api/seat.c", "RIGHT_SEAT_READ", "RIGHT_NONE"),
     "src/api/seat.c", "names no right"),
    ("an option without help", added(
        "src/usher/main.c", OPTION.replace("MSG_FLAG_LISTEN", "MSG_NONE")),
     "src/usher/main.c", "option listen has no help"),
    ("a message in three languages", changed(
        DEF, "  NL(\"Er is geen plaats {0}.\", \"Zoek {1}.\"))", "  )"),
     DEF, "not EN, DE, FR and NL"),
    ("a message without a remedy", changed(DEF, ", \"Suchen Sie {1}.\"", ""),
     DEF, "needs a text and a remedy in DE"),
    ("an empty remedy", changed(DEF, "\"Suchen Sie {1}.\"", "\" \""),
     DEF, "needs a text and a remedy in DE"),
    ("other places in a text", changed(DEF, "Platz {0}", "Platz"),
     DEF, "the text in DE has other {n}"),
    ("other places in a remedy", changed(DEF, "Zoek {1}", "Zoek {2}"),
     DEF, "the remedy in NL has other {n}"),
    ("an untranslated text", {DEF: SPDX + MESSAGE.replace(
        "There is no seat {0}", "No seat").replace(
            "Es gibt keinen Platz {0}", "No seat").replace(
                "pas de place {0}", "x").replace("plaats {0}", "y")},
     DEF, "the text in DE is the English one"),
    ("a message twice", {DEF: SPDX + MESSAGE * 2}, DEF, "stands twice"),
    ("a message nobody uses", changed(
        "src/core/seat.c", "MSG_SEAT_NONE", "MSG_NONE"),
     DEF, "SEAT_NONE is used by nobody"),
    ("a text in three languages", changed(TEXTS, ", \"waar {0}\"", ""),
     TEXTS, "FLAG_LISTEN has EN, DE, FR, not EN, DE, FR and NL"),
    ("an empty text", changed(TEXTS, "\"où {0}\"", "\" \""),
     TEXTS, "needs a text in FR"),
    ("other places in a text without a remedy",
     changed(TEXTS, "waar {0}", "waar"),
     TEXTS, "the text in NL has other {n}"),
    ("one and many of another number",
     changed(TEXTS, "{0|Platz", "{1|Platz"),
     TEXTS, "the text in DE has other {n}"),
    ("an untranslated text without a remedy", {TEXTS: SPDX + (
        "T(FLAG_LISTEN, \"where to\", \"where to\", \"où\", \"waar\")\n")},
     TEXTS, "the text in DE is the English one"),
    ("words that are printed", added(
        "src/usher/main.c", "int x = printf(\"%d seats\\n\", 1);\n"),
     "src/usher/main.c", "“seats” is printed"),
    ("words that are printed in pieces", added(
        "src/usher/main.c", "int x = fputs(is_one ? \"a\" : \"%s\"\n"
        "    \"seats\", out);\n"),
     "src/usher/main.c", "“seats” is printed"),
    ("a format without words", added(
        "src/usher/main.c", "int x = printf(\"usher: %-8.*s %llu\\n\", a);\n"),
     None, None),
    ("words of another room", added(
        "src/store/seat.c", "int x = printf(\"seats\");\n"), None, None),
    ("a word the glossary refuses", added(
        "src/core/seat.h", "struct licence_row { int x; };\n"),
     "src/core/seat.h", "the word is seat, not licence"),
]


def plant(root, files):
    for path, text in {**CLEAN, **files}.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)


def missed(found, path, why):
    if why is None:
        return found
    if not any(d.path == path and why in d.why for d in found):
        return found or ["nothing"]
    return [d for d in found if why not in d.why]


def run(defects):
    failed = 0
    print("1..%d" % len(CASES))
    for n, (name, files, path, why) in enumerate(CASES, 1):
        with tempfile.TemporaryDirectory() as root:
            plant(root, files)
            wrong = missed(defects(root), path, why)
        failed += bool(wrong)
        print("%s %d - tidy: %s" % ("not ok" if wrong else "ok", n, name))
        for defect in wrong:
            print("# found: %s" % (defect,))
    return 1 if failed else 0
