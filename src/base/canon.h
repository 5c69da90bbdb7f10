/* SPDX-License-Identifier: Apache-2.0 */
/*
 * canon.h - the one canonical form of a name (MODEL.md 1), shared by front and
 * vault, so that two spellings of one name can never be two people.
 *
 * CANON_VERSION changes when any result changes; blind-index rows carry it.
 */
#ifndef BASE_CANON_H
#define BASE_CANON_H

#include "base/arena.h"
#include "base/str.h"

#define CANON_VERSION 1
#define NAME_MAX_CHARS 256

/*
 * NFC form of TEXT as it is to be stored.  false: not UTF-8, a control or bidi
 * control character, or more than MAX_CHARS code points.
 */
bool canon_store(struct arena *, struct str text, size_t max_chars, struct str *out) USE_RESULT;

/* For equality: usual width, NFC, Unicode case fold, white space trimmed and squeezed.  Same refusals. */
bool canon_key(struct arena *, struct str text, struct str *out) USE_RESULT;

/* For search and ascii templates: as canon_key, marks removed, and the usual Latin letters spelled out (ß ss, æ ae, ø o, ł l, ð d, þ th). */
bool canon_plain(struct arena *, struct str text, struct str *out) USE_RESULT;

/* As canon_plain, with German spelling: ä ae, ö oe, ü ue. */
bool canon_ascii(struct arena *, struct str text, struct str *out) USE_RESULT;

/* The words of a canonical text (split at anything but letters and digits), at most MAX.  Returns how many. */
size_t canon_words(struct str plain, struct str *words, size_t max);

#endif
