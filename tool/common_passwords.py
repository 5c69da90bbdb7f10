#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""common_passwords.py - the list of passwords that nobody may choose, as C.

    common_passwords.py PASSWORD.LST OUT

Reads the list of Debian's john-data: a word a line, #! begins a comment.
Those that are long enough to be a password here, in lower case, sorted.
"""
import sys

LEAST = 8


def main():
    with open(sys.argv[1], encoding="latin-1") as file:
        words = {line.strip().lower() for line in file
                 if not line.startswith("#!")}
    words = sorted(w for w in words
                   if len(w) >= LEAST and w.isascii() and w.isprintable()
                   and '"' not in w and "\\" not in w)
    with open(sys.argv[2], "w", encoding="ascii") as file:
        file.write('#include "core/password.h"\n\n'
                   "const char *const common_passwords[] = {\n")
        file.writelines('\t"%s",\n' % word for word in words)
        file.write("};\nconst size_t common_password_count = "
                   "COUNT(common_passwords);\n")


if __name__ == "__main__":
    main()
