#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verifies exports of Usher's log, independently of Usher.

    verify-log.py [--origin ORIGIN] [--older FILE] VKEY DIR [DIR ...]

VKEY is the verifier key in one line, got from elsewhere than the export, or
@FILE with it.  ORIGIN: the log must be this one.  FILE is an older checkpoint
that somebody kept; the log must extend it.

One line is printed for each DIR: "DIR: whole, N entries, root HEX", or
"DIR: wrong: " and the first thing that is wrong, in the words of
`usher audit verify`.

Exit status: 0 every log is whole; 1 something is wrong with one; 2 nothing
could be verified: wrong usage, malformed key, or a DIR that cannot be read.

This is the second of two verifiers.  It shares no code with the first one
(src/audit/), was written from the formats alone (RFC 6962, RFC 8032,
c2sp.org/signed-note, tlog-checkpoint and tlog-tiles) and needs only Python 3.
"""

import argparse
import base64
import binascii
import hashlib
import os
import re
import stat
import struct
import sys

WIDTH = 256             # hashes in a full tile
SIZE_LIMIT = 1 << 40
BACKWARDS_MS = 5000
NOTE_MAX = 64 * 1024
SIGNATURES_MAX = 16
ENTRY_MAX = 65535
NAMES_MAX = 4096        # in one folder
DEPTH_MAX = 8
NAME = re.compile(rb"[!-*,-~]{1,256}\Z")
SIGNATURE = re.compile("\u2014 ".encode() + rb"([!-*,-~]{1,256}) (.+)\Z")
TILE = re.compile(r"tile/(entries|[0-4])/((?:x\d{3}/)*\d{3})"
                  r"(?:\.p/(\d{1,3}))?\Z", re.ASCII)

# What entries of version 1 may hold.
ACTOR_KINDS = range(1, 5)
ACTIONS = range(1, 52)
SUBJECT_KINDS = range(1, 13)
CHANGE_KINDS = range(1, 17)


class Finding(Exception):
    """Something is wrong with the log."""


class Unusable(Exception):
    """Nothing can be said about the log."""


# --- Ed25519 (RFC 8032 5.1.7): public values only, so time may vary ----------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def point_add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_times(n, p):
    q = (0, 1, 1, 0)
    while n > 0:
        if n & 1:
            q = point_add(q, p)
        p = point_add(p, p)
        n >>= 1
    return q


def x_of(y, sign):
    """The x of a point, or None."""
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_ONE % P
    if x * x % P != square or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def point_decode(data):
    number = int.from_bytes(data, "little")
    y = number & (2**255 - 1)
    x = x_of(y, number >> 255)
    return None if x is None else (x, y, 1, x * y % P)


def point_encode(p):
    inverse = pow(p[2], P - 2, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = (x_of(4 * pow(5, P - 2, P) % P, 0), 4 * pow(5, P - 2, P) % P)
BASE = (BASE[0], BASE[1], 1, BASE[0] * BASE[1] % P)


def ed25519_ok(public_key, message, signature):
    a = point_decode(public_key)
    s = int.from_bytes(signature[32:], "little")
    if a is None or len(signature) != 64 or s >= L:
        return False
    k = hashlib.sha512(signature[:32] + public_key + message).digest()
    k = int.from_bytes(k, "little") % L
    minus_a = (P - a[0], a[1], 1, P - a[3])
    r = point_add(point_times(s, BASE), point_times(k, minus_a))
    return point_encode(r) == signature[:32]


# --- signed notes and checkpoints --------------------------------------------

def unbase64(text):
    """The bytes, or None: only the text that encoding would give."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data) == text else None


class Key:
    def __init__(self, text):
        part = text.encode().split(b"+", 2)
        data = unbase64(part[2]) if len(part) == 3 else None
        if data is None or len(data) != 33 or data[0] != 1:
            raise Unusable("the verifier key is malformed")
        self.text = text.encode()
        self.name = part[0]
        self.public = data[1:]
        self.hash = hashlib.sha256(self.name + b"\n" + data).digest()[:4]
        if not NAME.match(self.name) or self.hash.hex().encode() != part[1]:
            raise Unusable("the verifier key is malformed")


class Checkpoint:
    """A note that was checked; ValueError says what is wrong with it."""

    def __init__(self, note, key, origin=None):
        parts = note.split(b"\n", 4)
        if len(note) > NOTE_MAX or len(parts) != 5 or parts[3] != b"":
            raise ValueError(self.MALFORMED)
        self.origin, size, root, _, signatures = parts
        self.root = unbase64(root)
        if (not NAME.match(self.origin) or self.root is None
                or len(self.root) != 32
                or not re.match(rb"(0|[1-9][0-9]{0,12})\Z", size)
                or int(size) >= SIZE_LIMIT):
            raise ValueError(self.MALFORMED)
        self.size = int(size)
        text = b"\n".join(parts[:3]) + b"\n"
        self.check_signatures(text, signatures, key)
        if origin is not None and origin != self.origin:
            raise ValueError("it is the checkpoint of another log")

    MALFORMED = "it is not a checkpoint in the one form that is allowed"

    @staticmethod
    def check_signatures(text, signatures, key):
        ours = 0
        lines = signatures.split(b"\n")
        open_line = lines.pop()
        if open_line != b"":
            lines.append(b"no newline at its end")
        for number, line in enumerate(lines):
            match = SIGNATURE.match(line)
            data = unbase64(match[2]) if match else None
            if number >= SIGNATURES_MAX or data is None or len(data) <= 4:
                raise ValueError("it has a malformed signature line")
            if match[1] != key.name or data[:4] != key.hash:
                continue
            ours += 1
            if not ed25519_ok(key.public, text, data[4:]):
                raise ValueError("its signature is wrong")
        if ours != 1:
            raise ValueError("it is signed twice with one key" if ours else
                             "it is not signed with the trusted key")


# --- entries -----------------------------------------------------------------

class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def bytes(self, n):
        if n > len(self.data) - self.at:
            raise EOFError
        self.at += n
        return self.data[self.at - n:self.at]

    def number(self, form):
        return struct.unpack(">" + form, self.bytes(struct.calcsize(form)))[0]

    def counted(self):
        return self.bytes(self.number("I"))


def entry_time(data):
    """The time of an entry; ValueError says why it is none."""
    r = Reader(data)
    if data[:1] != b"\1":
        raise ValueError("its version is unknown")
    try:
        r.bytes(1)
        time, _node, request_id = r.number("q"), r.number("H"), r.counted()
        actor_kind, _actor = r.number("B"), r.number("q")
        _factors = r.number("B")
        action, subject_kind = r.number("H"), r.number("B")
        _subject, _key_version = r.number("q"), r.number("q")
        before, after = r.counted(), r.counted()
        changes = [r.bytes(33)[0] for _ in range(r.number("H"))]
        r.counted()
    except EOFError:
        raise ValueError("it is cut short") from None
    if r.at != len(data):
        raise ValueError("bytes follow its end")
    if len(request_id) not in (0, 16):
        raise ValueError("its request id is malformed")
    if actor_kind not in ACTOR_KINDS:
        raise ValueError("its actor is of an unknown kind")
    if action not in ACTIONS:
        raise ValueError("its action is unknown")
    if subject_kind not in SUBJECT_KINDS:
        raise ValueError("its subject is of an unknown kind")
    if len(before) not in (0, 32) or len(after) not in (0, 32):
        raise ValueError("its digests are malformed")
    if any(kind not in CHANGE_KINDS for kind in changes):
        raise ValueError("a change is of an unknown kind")
    return time


# --- the tree ----------------------------------------------------------------

def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def tree_root(hashes):
    """RFC 6962 2.1 over hashes of leaves, or of equal full subtrees."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    while len(hashes) > 1:
        pairs = zip(hashes[::2], hashes[1::2])
        odd = hashes[len(hashes) & ~1:]
        hashes = [node(left, right) for left, right in pairs] + odd
    return hashes[0]


def tile_path(level, n, width):
    group = ["%03d" % (n % 1000)]
    while n >= 1000:
        n //= 1000
        group.insert(0, "x%03d" % (n % 1000))
    partial = ".p/%d" % width if width < WIDTH else ""
    return "tile/%s/%s%s" % (level, "/".join(group), partial)


def tile_belongs(path, size):
    match = TILE.match(path)
    if not match:
        return False
    n = int(re.sub(r"\D", "", match[2]))
    width = int(match[3]) if match[3] else WIDTH
    level = 0 if match[1] == "entries" else int(match[1])
    full, rest = divmod(size >> 8 * level, WIDTH)
    return (tile_path(match[1], n, width) == path and width > 0
            and (n < full and width == WIDTH or n == full and width == rest))


# --- an export ---------------------------------------------------------------

def shown(path):
    """A stranger's file name must not play with the reader's terminal."""
    return re.sub(rb"[^!-~]", b"?", path[:200]).decode() or "."


class Export:
    def __init__(self, folder, key, origin, older):
        self.folder, self.key = folder, key
        self.levels = [[]]      # hashes of full subtrees of 256 ** i leaves
        self.latest = -2**63
        try:
            os.listdir(folder)
        except OSError as error:
            raise Unusable("%s: %s" % (folder, error.strerror)) from None
        note = self.load("checkpoint", NOTE_MAX)
        self.now = self.checkpoint("checkpoint", note, origin)
        self.older = None
        if older is not None:
            self.older = self.checkpoint("older checkpoint", older,
                                         self.now.origin)
            self.check_older_size()

    def checkpoint(self, what, note, origin):
        try:
            return Checkpoint(note, self.key, origin)
        except ValueError as error:
            raise Finding("%s: %s" % (what, error)) from None

    def verify(self):
        self.check_names(b"", 0)
        self.check_line("vkey", self.key.text, "it is not the trusted key")
        self.check_line("origin", self.now.origin,
                        "it is not the origin of the checkpoint")
        for start in range(0, self.now.size, WIDTH):
            self.check_bundle(start, min(WIDTH, self.now.size - start))
        if self.root() != self.now.root:
            raise Finding("checkpoint: its root is not the one that the "
                          "entries give")

    def check_older_size(self):
        if self.older.size > self.now.size:
            raise Finding("older checkpoint: it is of %d entries, this log has "
                          "only %d: it was rolled back"
                          % (self.older.size, self.now.size))
        self.check_older()

    def check_older(self):
        if (self.older is not None and self.older.size == len(self.levels[0])
                and self.root() != self.older.root):
            raise Finding("older checkpoint: its root is not the one that the "
                          "first %d entries give: the log shows two faces"
                          % self.older.size)

    def root(self):
        return tree_root(self.levels[0])

    def kind(self, path):
        try:
            return stat.S_IFMT(os.lstat(self.full(path)).st_mode)
        except OSError:
            return 0

    def full(self, path):
        return os.path.join(os.fsencode(self.folder), path)

    def load(self, path, limit):
        kind = self.kind(path.encode())
        if kind == 0:
            raise Finding("%s: the file is missing" % path)
        if kind != stat.S_IFREG:
            raise Finding("%s: it is not a plain file" % path)
        try:
            with open(os.path.join(self.folder, path), "rb") as file:
                data = file.read(limit + 1)
        except OSError:
            raise Finding("%s: it cannot be read" % path) from None
        if len(data) > limit:
            raise Finding("%s: its length is wrong" % path)
        return data

    def check_names(self, path, depth):
        try:
            names = sorted(os.listdir(self.full(path)))
        except OSError:
            names = None
        if names is None or len(names) >= NAMES_MAX:
            raise Finding("%s: the folder cannot be read or holds too many "
                          "names" % shown(path))
        if not names:
            raise Finding("%s: the folder is empty" % shown(path))
        for name in names:
            self.check_name(os.path.join(path, name), depth)

    def check_name(self, path, depth):
        if self.kind(path) == stat.S_IFDIR and depth < DEPTH_MAX:
            self.check_names(path, depth + 1)
            return
        if path in (b"checkpoint", b"origin", b"vkey"):
            return
        if not tile_belongs(path.decode("latin-1"), self.now.size):
            raise Finding("%s: it does not belong to a log of %d entries"
                          % (shown(path), self.now.size))

    def check_line(self, path, want, why):
        if self.load(path, NOTE_MAX) != want + b"\n":
            raise Finding("%s: %s" % (path, why))

    def check_bundle(self, start, width):
        path = tile_path("entries", start // WIDTH, width)
        entries = self.split(path, self.load(path, WIDTH * (2 + ENTRY_MAX)),
                             start, width)
        for entry in entries:
            self.levels[0].append(hashlib.sha256(b"\0" + entry).digest())
            self.check_older()
        self.check_tiles(0)
        for number, entry in enumerate(entries, start):
            self.check_entry(number, entry)

    @staticmethod
    def split(path, data, start, width):
        r, entries = Reader(data), []
        for i in range(width):
            try:
                entries.append(r.bytes(r.number("H")))
            except EOFError:
                raise Finding("%s: it ends within entry %d"
                              % (path, start + i)) from None
        if r.at != len(data):
            raise Finding("%s: bytes follow its last entry" % path)
        return entries

    def check_tiles(self, level):
        """The tiles that the last bundle finished, lowest first."""
        hashes = self.levels[level]
        is_last = len(self.levels[0]) == self.now.size
        if len(hashes) % WIDTH == 0 and hashes:
            self.check_tile(level, len(hashes) // WIDTH - 1, hashes[-WIDTH:])
            if level + 1 == len(self.levels):
                self.levels.append([])
            self.levels[level + 1].append(tree_root(hashes[-WIDTH:]))
            self.check_tiles(level + 1)
        elif is_last:
            self.check_partial(level)

    def check_partial(self, level):
        for i in range(level, len(self.levels)):
            rest = len(self.levels[i]) % WIDTH
            if rest > 0:
                self.check_tile(i, len(self.levels[i]) // WIDTH,
                                self.levels[i][-rest:])

    def check_tile(self, level, n, hashes):
        path = tile_path(level, n, len(hashes))
        data = self.load(path, WIDTH * 32)
        if len(data) != 32 * len(hashes):
            raise Finding("%s: its length is wrong" % path)
        for i, want in enumerate(hashes):
            if data[32 * i:32 * i + 32] != want:
                raise Finding("%s: hash %d is not the one that the entries "
                              "give" % (path, i))

    def check_entry(self, number, entry):
        before = self.origin_before() if number == 0 else None
        if before is not None:
            self.check_continued(entry, before)
            return
        try:
            time = entry_time(entry)
        except ValueError as error:
            raise Finding("entry %d: %s" % (number, error)) from None
        if time < self.latest - BACKWARDS_MS:
            raise Finding("entry %d: its time is more than 5 s before that of "
                          "an earlier one" % number)
        self.latest = max(self.latest, time)

    def origin_before(self):
        match = re.match(rb"(.*/)([1-9][0-9]*)\Z", self.now.origin)
        if not match or int(match[2]) >= 2**63:
            return None
        return match[1] + b"%d" % (int(match[2]) - 1)

    def check_continued(self, entry, before):
        try:
            Checkpoint(entry, self.key, before)
        except ValueError as error:
            raise Finding("entry 0: the last checkpoint of the origin before "
                          "must stand here: %s" % error) from None


def main():
    parser = argparse.ArgumentParser(
        description="Verifies exports of Usher's log.",
        epilog="exit status: 0 whole, 1 something is wrong, 2 not verifiable")
    parser.add_argument("--origin", help="the log must be this one")
    parser.add_argument("--older", metavar="FILE",
                        help="an older checkpoint that the log must extend")
    parser.add_argument("vkey", help="the trusted verifier key, or @FILE")
    parser.add_argument("dir", nargs="+", help="the folder of an export")
    args = parser.parse_args()
    status = 0
    try:
        vkey = args.vkey
        if vkey.startswith("@"):
            with open(vkey[1:], encoding="ascii") as file:
                vkey = file.read().strip()
        key = Key(vkey)
        older = None
        if args.older:
            with open(args.older, "rb") as file:
                older = file.read()
        origin = args.origin.encode() if args.origin else None
        for folder in args.dir:
            try:
                export = Export(folder, key, origin, older)
                export.verify()
                print("%s: whole, %d entries, root %s"
                      % (folder, export.now.size, export.now.root.hex()))
            except Finding as finding:
                print("%s: wrong: %s" % (folder, finding))
                status = 1
    except (Unusable, OSError, UnicodeError) as error:
        print("verify-log.py: %s" % error, file=sys.stderr)
        return 2
    return status


if __name__ == "__main__":
    sys.exit(main())
