/* SPDX-License-Identifier: Apache-2.0 */
#include "core/password.h"

#include <string.h>

#include "base/arena.h"
#include "base/canon.h"

#define WORDS_MAX 32
#define WORD_LEAST 4	/* shorter ones are in many good passwords */
#define REPEAT_MAX 4	/* "abcabcabc" is as good as "abc" */

static size_t chars(struct str);
static bool is_common(struct str lower);
static bool is_pattern(struct str lower);
static bool is_own(struct arena *, struct str lower,
    const struct password_wish *);
static void cover(struct str text, struct str word, bool *covered);

bool
password_form(struct arena *a, struct str password, struct str *out)
{
	return password.n > 0 &&
	    canon_store(a, password, PASSWORD_CHARS_MAX, out);
}

enum err
password_check_new(struct ctx *cx, const struct password_wish *w)
{
	const size_t least =
	    w->has_totp ? PASSWORD_CHARS : PASSWORD_CHARS_ALONE;
	struct str password, lower;

	if (!password_form(cx->arena, w->password, &password) ||
	    !canon_key(cx->arena, password, &lower))
		return fail(cx, ERR_BAD_INPUT, MSG_PASSWORD_FORM, "password");
	if (chars(password) < least)
		return fail(cx, ERR_BAD_INPUT, MSG_PASSWORD_SHORT, "password",
		    w->has_totp ? "8" : "15");
	if (is_common(lower) || is_pattern(lower))
		return fail(cx, ERR_BAD_INPUT, MSG_PASSWORD_COMMON, "password");
	if (is_own(cx->arena, lower, w))
		return fail(cx, ERR_BAD_INPUT, MSG_PASSWORD_OWN, "password");
	return OK;
}

static size_t
chars(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

static bool
is_common(struct str lower)
{
	size_t from = 0, to = common_password_count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order = str_cmp(str_of(common_passwords[middle]), lower);

		if (order == 0)
			return true;
		if (order < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return false;
}

/* A short piece again and again, or characters in a row: "abababab", "12345678". */
static bool
is_pattern(struct str s)
{
	bool rises = true, falls = true;

	for (size_t piece = 1; piece <= REPEAT_MAX && piece < s.n; piece++) {
		size_t i = piece;

		while (i < s.n && s.p[i] == s.p[i - piece])
			i++;
		if (i == s.n)
			return true;
	}
	for (size_t i = 1; i < s.n; i++) {
		const int step = s.p[i] - s.p[i - 1];

		rises = rises && (step == 1 || step == -9);
		falls = falls && (step == -1 || step == 9);
	}
	return rises || falls;
}

/* Words of their own, with less around them than a password must have. */
static bool
is_own(struct arena *a, struct str lower, const struct password_wish *w)
{
	bool *covered = arena_array(a, lower.n + 1, sizeof(*covered));
	struct str word[WORDS_MAX], key;
	size_t left = 0, n;

	for (size_t i = 0; i < w->nown; i++) {
		if (!canon_key(a, w->own[i], &key))
			continue;
		n = canon_words(key, word, WORDS_MAX);
		for (size_t j = 0; j < n; j++)
			if (word[j].n >= WORD_LEAST)
				cover(lower, word[j], covered);
	}
	for (size_t i = 0; i < lower.n; i++)
		left += !covered[i];
	return left < PASSWORD_CHARS && left < lower.n;
}

static void
cover(struct str text, struct str word, bool *covered)
{
	for (size_t i = 0; i + word.n <= text.n; i++)
		if (memcmp(text.p + i, word.p, word.n) == 0)
			memset(covered + i, true, word.n);
}
