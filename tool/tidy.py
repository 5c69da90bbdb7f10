#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tidy.py - the checks of the house style that a machine can make.

    tool/tidy.py              checks the tree; prints file:line: reason
    tool/tidy.py --selftest   plants each kind of defect and must find it

Lengths: code has 80 columns (tabs of 8).  Rows of tables have 120: lines of a
brace initialiser, lines that begin with a macro of one letter as in X(...),
constants of a file that stand on one line, and lines that end in a comment, if
the code before it has 80.  A header is read like a table, so what stands on one
line may have 160 there; Python has 99 (PEP 8).  Message files have a line for
each language, however long.  A function has 70 lines, a file 800.

Everything else stands in the tables below, exceptions with their reason in
EXCEPTIONS.  The tree is read as text: comments and strings are blanked first
where only code counts.
"""
import argparse
import collections
import fnmatch
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

LINE, PYTHON_LINE, TABLE_LINE, HEADER_LINE, MESSAGE_LINE = 80, 99, 120, 160, 1000
FUNCTION_LINES, FILE_LINES = 70, 800

# Which rooms a room may include, beside itself (STYLE.md 3).
MAY_INCLUDE = {
    "base": [],
    "core": ["base"],
    "store": ["base", "core"],
    "vault": ["base"],
    "audit": ["base", "core"],
    "act": ["base", "core", "store", "audit", "vault/vault.h"],
    "http": ["base"],
    "api": ["base", "core", "store", "act", "http"],
    "scim": ["base", "core", "store", "act", "http", "api/call.h"],
    "usher": ["base", "core", "store", "vault", "audit", "act", "http", "api",
              "scim"],
}

# What only these places may name, in code.
ONLY_PLACE = [
    (r"\b(malloc|calloc|realloc|free|strdup|strndup)\s*\(", ["base/*"]),
    (r"\bpthread_\w+", ["base/*"]),
    (r"\b(time|gettimeofday|clock_gettime|getrandom)\s*\(", ["base/*"]),
    (r"\b(sqlite3_\w+|PQ[a-z]\w+)", ["store/*"]),
    (r"\bjson_(t|load\w*|dump\w*|object\w*|array\w*|string\w*|integer\w*"
     r"|incref|decref|error_t)\b", ["base/js*"]),
    (r"\byaml_(parser|event|document|emitter|token|node)_\w+",
     ["base/yaml.c"]),
    (r"\b(EVP_\w+|SHA256\w*)", ["audit/*", "vault/*"]),
    (r"\b(crypto_\w+|sodium_\w+)\s*\(", ["vault/*"]),
    (r"\b(fork|vfork|execve|execv|execvp|posix_spawn|set[eg]*uid)\s*\(",
     ["usher/*"]),
]

# What only these places may write in a string.
ONLY_PLACE_TEXT = [
    (r"\b(SELECT\b.*\bFROM|INSERT INTO|DELETE FROM|CREATE (TABLE|INDEX)"
     r"|UPDATE \w+ SET)\b", ["store/*"]),
]

BANNED = ("strcpy strcat sprintf vsprintf strncpy strncat strtok atoi atol "
          "system popen rand srand gets setjmp longjmp alloca").split()

LIBRARY_HEADERS = ("cmocka.h ini.h jansson.h libpq-fe.h openssl/* seccomp.h "
                   "sodium.h sqlite3.h utf8proc.h yaml.h").split()

# rule, file (below src/ or the tests), what was found, why it is right there
EXCEPTIONS = [
    ("include", "vault/*", "audit/tree.h",
     "one tree hashing code for front and vault (decision 0002)"),
    ("include", "vault/*", "audit/note.h",
     "the vault signs what audit/ formats (decision 0002)"),
    ("printed", "usher/completion.c", "",
     "it prints a script"),
]

Defect = collections.namedtuple("Defect", "path line rule why")


class File:
    """One source file: as it stands, and with comments or strings blanked."""

    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), encoding="utf-8",
                  newline="") as file:
            self.text = file.read()
        parts = path.split(os.sep)
        self.is_test = parts[0] != "src"
        self.room = parts[1] if not self.is_test and len(parts) > 2 else ""
        self.name = os.sep.join(parts[1:])
        self.kind = os.path.splitext(path)[1]
        self.lines = self.text.split("\n")
        self.code = self.literal = self.text
        if self.kind in (".c", ".h", ".def"):
            self.code, self.literal = blank(self.text)


TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def blank(text):
    """(code without comments and strings, text without comments)."""
    def spaces(found):
        return re.sub(r"[^\n]", " ", found.group())

    def code(found):
        token = found.group()
        if token[0] == "/":
            return spaces(found)
        return token[0] + " " * (len(token) - 2) + token[0]

    def literal(found):
        return spaces(found) if found.group()[0] == "/" else found.group()

    return TOKEN.sub(code, text), TOKEN.sub(literal, text)


def line_of(text, at):
    return text.count("\n", 0, at) + 1


# --- layout -----------------------------------------------------------------

def table_lines(code):
    """Numbers of the lines that belong to a brace initialiser."""
    rows, stack, before, line = set(), [], "", 1
    for c in code:
        if c == "\n":
            line += 1
        if stack and stack[-1]:
            rows.add(line)
        if c == "{":
            inside = bool(stack) and stack[-1]
            stack.append(before in ("=", "(", ",") or inside)
        elif c == "}" and stack:
            stack.pop()
        if not c.isspace():
            before = c
    return rows


ROW = r"\s*[A-Z]\(|(static )?const [^{]*;$"


def width_of(file, number, line, rows):
    if file.kind == ".def":
        return MESSAGE_LINE
    if file.path.endswith(".py"):
        return PYTHON_LINE
    if file.kind == ".h":
        return HEADER_LINE
    if number in rows or re.match(ROW, line):
        return TABLE_LINE
    code, mark, comment = line.partition("/*")
    if mark and comment.find("*/") == len(comment) - 2:
        return TABLE_LINE if columns(code.rstrip()) <= LINE else LINE
    return LINE


def columns(line):
    return len(line.expandtabs(8))


def check_layout(tree):
    for file in tree.files:
        rows = table_lines(file.code) if file.kind == ".c" else ()
        if len(file.lines) - 1 > FILE_LINES:
            yield file, FILE_LINES, "size", "the file has %d lines, %d may" % (
                len(file.lines) - 1, FILE_LINES)
        if "SPDX-License-Identifier: Apache-2.0" not in "".join(
                file.lines[:2]):
            yield file, 1, "licence", "no SPDX line at the top"
        for number, line in enumerate(file.lines, 1):
            may = width_of(file, number, line, rows)
            if columns(line) > may:
                yield file, number, "width", "%d columns, %d may be" % (
                    columns(line), may)
            if line != line.rstrip():
                yield file, number, "space", "space at the end of the line"
        if not file.text.endswith("\n"):
            yield file, len(file.lines), "space", "no newline at the end"


def check_words(tree):
    """Words that have no place in a finished file."""
    for file in tree.files:
        for found in re.finditer(r"\b(TODO|FIXME|XXX)\b", file.text):
            if file.name.startswith("tidy"):
                continue
            yield (file, line_of(file.text, found.start()), "todo",
                   found.group() + " in the source")
        if file.kind in (".c", ".h"):
            for found in re.finditer(r";[ \t]*;(?![^\n]*\))", file.code):
                yield (file, line_of(file.code, found.start()), "semicolon",
                       "an empty statement, ;;")


def functions(file):
    """(name, line of the name, lines, last line) of each function."""
    name, at, start = None, 0, 0
    for number, line in enumerate(file.code.split("\n"), 1):
        head = re.match(r"(\w+)\(", line)
        if head:
            name, at = head.group(1), number
        if line.startswith("{") and name:
            start = number
        if line.startswith("}") and start:
            yield name, at, number - start + 1, number
            name, start = None, 0


def check_functions(tree):
    for file in tree.c:
        for name, line, length, _ in functions(file):
            if length > FUNCTION_LINES:
                yield file, line, "function", "%s has %d lines, %d may" % (
                    name, length, FUNCTION_LINES)


# --- who may name what -------------------------------------------------------

def check_banned(tree):
    pattern = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(BANNED))
    for file in tree.c + tree.h:
        for found in pattern.finditer(file.code):
            yield (file, line_of(file.code, found.start()), "banned",
                   found.group(1) + " is banned")


def check_only_place(tree):
    for table, source in ((ONLY_PLACE, "code"), (ONLY_PLACE_TEXT, "literal")):
        for pattern, places in table:
            for file in tree.c + tree.h:
                if file.is_test or any(
                        fnmatch.fnmatch(file.name, p) for p in places):
                    continue
                text = getattr(file, source)
                for found in re.finditer(pattern, text):
                    yield (file, line_of(text, found.start()), "place",
                           "%s may be named only in %s" % (
                               re.split(r"[ (]", found.group())[0],
                               ", ".join(places)))


INCLUDE = re.compile(r'^#include\s+([<"])([^>"]+)[>"]', re.M)


def check_includes(tree):
    for file in tree.c + tree.h:
        for found in INCLUDE.finditer(file.literal):
            line = line_of(file.text, found.start())
            if found.group(1) == "<" or found.group(2).endswith(".def"):
                continue
            why = refuse_include(tree, file, found.group(2))
            if why:
                yield file, line, "include", why


def refuse_include(tree, file, target):
    room = target.split("/")[0]
    if file.is_test:
        return None
    if "/" not in target:
        return "include it as \"room/%s\"" % target
    if not tree.has(os.path.join("src", target)):
        return target + " does not exist"
    if room == file.room:
        return None
    if target.endswith("_int.h"):
        return target + " is private to " + room
    allowed = MAY_INCLUDE.get(file.room, [])
    if room in allowed or target in allowed:
        return None
    return "%s may not include %s" % (file.room or file.path, target)


def include_rank(file, last, bracket, target):
    """Own header, libc, library, base, core, the rest.

    Own are the headers of the room that come first; for a test, the first.
    """
    if bracket == "<":
        is_library = any(fnmatch.fnmatch(target, h) for h in LIBRARY_HEADERS)
        return 2 if is_library else 1
    room = target.split("/")[0]
    if last == -1 and file.is_test or last < 1 and room == file.room:
        return 0
    return {"base": 3, "core": 4}.get(room, 5)


def check_include_order(tree):
    for file in tree.c:
        last, last_line = -1, 0
        for found in INCLUDE.finditer(file.literal):
            if found.group(2).endswith(".def"):
                continue
            line = line_of(file.text, found.start())
            rank = include_rank(file, last, found.group(1), found.group(2))
            if rank < last:
                yield (file, line, "order", "includes stand in the order own "
                       "header, libc, library, base, core, the rest")
            elif rank > last >= 0 and line == last_line + 1:
                yield (file, line, "order",
                       "a blank line stands between groups of includes")
            last, last_line = max(rank, last), line


# --- what is declared --------------------------------------------------------

DECLARATION = re.compile(
    r"^(?!typedef|static|#|extern)[a-z][\w \t*]*?[ *](\w+)\([^;{}]*\)"
    r"(?:\s*[A-Z_]+(?:\([^)]*\))?)*;", re.M)


MACRO = re.compile(r"^#define\s+\w+\(((?:[^\n]*\\\n)*[^\n]*)", re.M)


def check_exports(tree):
    """A function in a header is defined, and somebody else uses it."""
    defined, used = {}, collections.defaultdict(set)
    for file in tree.c:
        for name, _, _, _ in functions(file):
            defined.setdefault(name, file.path)
    for file in tree.files:
        for word in set(re.findall(r"\b[a-z]\w+\b", file.code)):
            used[word].add(file.path)
        for macro in MACRO.findall(file.code):
            for word in re.findall(r"\b[a-z]\w+\b", macro):
                used[word].add("a macro")
    for file in tree.h:
        if file.is_test:
            continue
        for found in DECLARATION.finditer(file.code):
            name = found.group(1)
            line = line_of(file.code, found.start(1))
            others = used[name] - {file.path, defined.get(name)}
            if name not in defined:
                yield file, line, "export", name + " is defined nowhere"
            elif not others:
                yield (file, line, "export",
                       name + " is used by no other file and no test")


ROUTE = re.compile(
    r"\{\s*(GET|POST|PUT|PATCH|DELETE)\s*,\s*\"([^\"]*)\"([^}]*)")


def check_routes(tree):
    for file in tree.c:
        if file.is_test:
            continue
        for found in ROUTE.finditer(file.literal):
            rights = re.findall(r"\bRIGHT_(\w+)", found.group(3))
            if not rights or "NONE" in rights:
                yield (file, line_of(file.text, found.start()), "route",
                       "%s %s names no right" % found.group(1, 2))


OPTION = re.compile(r"\{\s*\"([\w.-]+)\"\s*,\s*OPTION_\w+\s*,([^{}]*)\}")


def check_options(tree):
    for file in tree.c:
        if file.is_test:
            continue
        for found in OPTION.finditer(file.literal):
            if not re.search(r"\bMSG_(?!NONE\b)\w+\s*,?\s*$",
                             found.group(2)):
                yield (file, line_of(file.text, found.start()), "option",
                       "option %s has no help" % found.group(1))


# --- messages ----------------------------------------------------------------

LANGUAGES = ["EN", "DE", "FR", "NL"]
PARTS = {"M": ["text", "remedy"], "T": ["text"]}
WORD = re.compile(r'(?P<string>"(?:\\.|[^"\\])*")|(?P<name>\w+)'
                  r"|(?P<mark>[(),])")


def messages(file):
    """(M or T, id, line, {language: [text, remedy]}); T has texts only."""
    rows = re.sub(r"^#.*$", "", file.literal, flags=re.M)
    words = [(w.lastgroup, w.group(), w.start())
             for w in WORD.finditer(rows)]
    starts = [i for i in range(len(words) - 2)
              if words[i][1] in ("M", "T") and words[i + 1][1] == "("]
    for n, start in enumerate(starts):
        end = starts[n + 1] if n + 1 < len(starts) else len(words)
        row = words[start + 3:end]
        texts = with_remedies(row) if words[start][1] == "M" else plain(row)
        yield (words[start][1], words[start + 2][1],
               line_of(rows, words[start][2]), texts)


def with_remedies(row):
    """EN(text, remedy), DE(text, remedy), …"""
    texts, language = {}, None
    for kind, word, _ in row:
        if kind == "name":
            language = word
            texts[language] = [""]
        elif kind == "string" and language:
            texts[language][-1] += word[1:-1]
        elif word == "," and language:
            texts[language].append("")
        elif word == ")":
            language = None
    return texts


def plain(row):
    """text, text, … in the order of LANGUAGES."""
    parts = [""]
    for kind, word, _ in row[1:]:
        if kind == "string":
            parts[-1] += word[1:-1]
        elif word == ",":
            parts.append("")
        elif word == ")":
            break
    return {language: [part] for language, part in zip(LANGUAGES, parts)}


def wrong_message(kind, texts):
    if sorted(texts) != sorted(LANGUAGES):
        return "has %s, not EN, DE, FR and NL" % ", ".join(texts)
    for language in LANGUAGES:
        if not all(part.strip() for part in texts[language]) \
                or len(texts[language]) != len(PARTS[kind]):
            return "needs a %s in %s" % (
                " and a ".join(PARTS[kind]), language)
    for part, word in enumerate(PARTS[kind]):
        english = places(texts["EN"][part])
        for language in LANGUAGES[1:]:
            if places(texts[language][part]) != english:
                return "the %s in %s has other {n} than the English" % (
                    word, language)
            if (texts[language][part] == texts["EN"][part]
                    and len(english) == 0 and " " in texts["EN"][part].strip()):
                return "the %s in %s is the English one" % (word, language)
    return None


def places(text):
    return set(re.findall(r"\{(\d+)(?:\|[^|{}]+\|[^|{}]+)?\}", text))


def check_messages(tree):
    seen = {}
    code = "\n".join(f.code for f in tree.c + tree.h)
    used = set(re.findall(r"\bMSG_(\w+)", code))
    used |= {kind + row for kind in ("RIGHT_", "ROLE_")
             for row in re.findall(r"\bX\((\w+),", code)}
    for file in tree.files:
        if file.kind != ".def":
            continue
        for kind, name, line, texts in messages(file):
            why = wrong_message(kind, texts)
            if why:
                yield file, line, "message", "%s %s" % (name, why)
            if name in seen:
                yield file, line, "message", name + " stands twice"
            if name not in used:
                yield file, line, "message", name + " is used by nobody"
            seen[name] = line


PRINTS = re.compile(r"\b(v?f?d?printf|f?puts|perror|fd_write_all)\s*\(")
STRING = re.compile(r'"((?:\\.|[^"\\])*)"')
NO_WORDS = re.compile(r"^usher: |\\.|%[-+ #0-9.*]*[hlzj]*[a-zA-Z%]")


def check_printed(tree):
    """What usher/ prints to people comes from a message table."""
    for file in tree.c:
        if file.is_test or file.room != "usher":
            continue
        for call in PRINTS.finditer(file.code):
            inside = file.literal[call.end():closing(file.code, call.end())]
            words = re.search(r"[A-Za-z]{2,}", " ".join(
                NO_WORDS.sub(" ", text) for text in STRING.findall(inside)))
            if words:
                yield (file, line_of(file.code, call.start()), "printed",
                       "“%s” is printed, but stands in no message table"
                       % words.group())


def closing(code, at):
    """Where the bracket closes that opened before AT."""
    depth = 1
    while depth > 0 and at < len(code):
        depth += (code[at] == "(") - (code[at] == ")")
        at += 1
    return at


# --- words -------------------------------------------------------------------

def refused_words(root):
    """Words the glossary refuses: '**seat** - ... Not: licence, slot.'"""
    refused = {}
    path = os.path.join(root, "doc", "glossary.md")
    if not os.path.exists(path):
        return refused
    with open(path, encoding="utf-8") as glossary:
        for found in re.finditer(
                r"^\*\*([^*\n]+)\*\* .*\bNot: ([^.\n]+)", glossary.read(),
                re.M):
            for word in found.group(2).split(","):
                refused[word.strip()] = found.group(1)
    return refused


def check_glossary(tree):
    """Names in headers are made of the glossary's words."""
    refused = refused_words(tree.root)
    for file in tree.h:
        if file.is_test:
            continue
        for found in re.finditer(r"\b[a-z]+(?:_[a-z]+)*\b", file.code):
            for word in found.group().split("_"):
                if word in refused:
                    yield (file, line_of(file.code, found.start()),
                           "glossary", "%s: the word is %s, not %s" % (
                               found.group(), refused[word], word))


# --- the tree ----------------------------------------------------------------

CHECKS = [check_layout, check_words, check_functions, check_banned,
          check_only_place, check_includes, check_include_order,
          check_exports, check_routes, check_options, check_messages,
          check_printed, check_glossary]

FOLDERS = ["src", "test", "tests", "bench", "tool"]
KINDS = [".c", ".h", ".def", ".py", ".sh"]


class Tree:
    def __init__(self, root):
        self.root = root
        self.files = []
        for folder in FOLDERS:
            for where, _, names in sorted(os.walk(os.path.join(root, folder))):
                for name in sorted(names):
                    path = os.path.relpath(os.path.join(where, name), root)
                    if os.path.splitext(name)[1] in KINDS:
                        self.files.append(File(root, path))
        self.c = [f for f in self.files if f.kind == ".c"]
        self.h = [f for f in self.files if f.kind == ".h"]
        self.paths = {f.path for f in self.files}

    def has(self, path):
        return path in self.paths


def is_excepted(file, rule, why):
    return any(
        rule == r and fnmatch.fnmatch(file.name, path) and what in why
        for r, path, what, _ in EXCEPTIONS)


def defects(root):
    tree = Tree(root)
    found = []
    for check in CHECKS:
        for file, line, rule, why in check(tree):
            if not is_excepted(file, rule, why):
                found.append(Defect(file.path, line, rule, why))
    return sorted(found)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--selftest", action="store_true")
    parser.add_argument("--root", default=ROOT)
    parser.add_argument("path", nargs="*", help="only what begins with these")
    args = parser.parse_args()
    if args.selftest:
        import tidy_selftest
        return tidy_selftest.run(defects)
    found = [d for d in defects(args.root)
             if not args.path or d.path.startswith(tuple(args.path))]
    for defect in found:
        print("%s:%d: %s" % (defect.path, defect.line, defect.why))
    if found:
        print("tidy: %d defects" % len(found), file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
