/* SPDX-License-Identifier: Apache-2.0 */
#include "core/attr.h"

#include <stdio.h>
#include <string.h>

#include "base/canon.h"
#include "base/clock.h"

#include "core/doc_int.h"

/* RFC 5321 4.5.3.1: octets of the local part, of the domain, of the whole. */
#define LOCAL_MAX   64
#define DOMAIN_MAX  255
#define MAILBOX_MAX 254
#define LABEL_MAX   63 /* RFC 1035 2.3.4 */

#define LANGUAGE_MAX 35 /* RFC 5646 4.4.1 */

static const struct attr_info infos[A_COUNT] = {
#define X(name, path, type, class, flags, rights) { path, type, class, flags, ATTR_RIGHTS_##rights },
	ATTRIBUTES(X)
#undef X
};

/* Every path cut in two, and which begin alike: looked up for each member of each document, so made once. */
static struct str texts[A_COUNT];
static struct attr_path paths[A_COUNT];
static enum attribute families[A_COUNT]; /* the first of the same head; A_COUNT: it has no sub */

static bool is_break(char);
static enum msg misfit(enum attribute, struct str);
static enum msg refusal(struct str, size_t);
static size_t chars_max(enum attribute);
static size_t char_count(struct str);
static bool is_email(struct str);
static bool is_local_part(struct str);
static bool is_domain(struct str);
static bool is_label(struct str);
static bool has_space(struct str);
static bool is_alnum(char);
static bool is_language(struct str);

const struct attr_info *
attr_info(enum attribute a)
{
	must(a < A_COUNT);
	return &infos[a];
}

struct str
attr_head(enum attribute a)
{
	return attr_split(a).head;
}

enum attribute
attr_find(struct str path)
{
	for (int i = 0; i < A_COUNT; i++)
		if (str_eq_nocase(texts[i], path))
			return (enum attribute)i;
	return A_COUNT;
}

__attribute__((constructor)) static void
cut_paths(void)
{
	for (int i = 0; i < A_COUNT; i++) {
		struct str rest = texts[i] = str_of(infos[i].path);
		int first = 0;

		paths[i].head = str_cut(&rest, '.');
		paths[i].sub = rest;
		while (!str_eq(paths[first].head, paths[i].head))
			first++;
		families[i] = rest.n > 0 ? (enum attribute)first : A_COUNT;
	}
}

struct attr_path
attr_split(enum attribute a)
{
	must(a < A_COUNT);
	return paths[a];
}

bool
attr_is_sibling(enum attribute a, enum attribute b)
{
	must(a < A_COUNT && b < A_COUNT);
	return families[a] != A_COUNT && families[a] == families[b];
}

bool
attr_is_multi(enum attribute a)
{
	return (attr_info(a)->flags & ATTR_MULTI) != 0;
}

enum attribute
attr_sibling(enum attribute a, struct str sub)
{
	for (int i = 0; i < A_COUNT; i++) {
		enum attribute b = (enum attribute)i;

		if (attr_is_sibling(a, b) &&
		    str_eq_nocase(attr_split(b).sub, sub))
			return b;
	}
	return A_COUNT;
}

struct str
attr_path_text(struct arena *arena, enum attribute a, uint16_t index)
{
	struct attr_path path = attr_split(a);

	if (!attr_is_multi(a))
		return str_of(attr_info(a)->path);
	return str_fmt(arena, "%.*s[%u].%.*s", STR_ARG(path.head),
	    (unsigned)index, STR_ARG(path.sub));
}

int
attr_cmp(const struct attr *a, const struct attr *b)
{
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

enum err
attr_value(struct ctx *cx, enum attribute a, struct str field, struct str text,
    struct str *out)
{
	enum msg why;

	TRY(attr_text(cx, field, text, chars_max(a), out));
	why = misfit(a, *out);
	return why == MSG_NONE
	    ? OK
	    : fail(cx, ERR_BAD_INPUT, why, str_z(cx->arena, field));
}

enum err
attr_text(struct ctx *cx, struct str field, struct str text, size_t most,
    struct str *out)
{
	char limit[24];

	text = attr_one_line(cx->arena, str_trim(text));
	if (canon_store(cx->arena, text, most, out))
		return OK;
	snprintf(limit, sizeof(limit), "%zu", most);
	return fail(cx, ERR_BAD_INPUT, refusal(text, most),
	    str_z(cx->arena, field), limit);
}

struct str
attr_one_line(struct arena *arena, struct str text)
{
	bool has_break = false, was_space = false;
	char *line;
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		has_break |= is_break(text.p[i]);
	if (!has_break)
		return text;
	line = arena_alloc(arena, text.n);
	for (size_t i = 0; i < text.n; i++) {
		char c = is_break(text.p[i]) ? ' ' : text.p[i];

		if (c != ' ' || !was_space)
			line[n++] = c;
		was_space = c == ' ';
	}
	return (struct str) { line, n };
}

static bool
is_break(char c)
{
	return c == '\t' || c == '\n' || c == '\r';
}

static enum msg
misfit(enum attribute a, struct str value)
{
	int32_t day;

	if (value.n == 0)
		return MSG_NONE;
	if (attr_info(a)->type == ATTR_BOOL && !str_eq(value, STR("true")) &&
	    !str_eq(value, STR("false")))
		return MSG_ATTR_NOT_BOOL;
	if (attr_info(a)->type == ATTR_DATE && !date_parse(value, &day))
		return MSG_ATTR_NOT_DATE;
	if (a == A_EMAIL_VALUE && !is_email(value))
		return MSG_ATTR_EMAIL;
	return a == A_LANGUAGE && !is_language(value) ? MSG_ATTR_LANGUAGE
						      : MSG_NONE;
}

/* Why canon_store() did not take TEXT. */
static enum msg
refusal(struct str text, size_t most)
{
	if (!str_utf8(text))
		return MSG_ATTR_UTF8;
	return char_count(text) > most ? MSG_ATTR_LONG : MSG_ATTR_CONTROL;
}

/* Names are short; only addresses need room. */
static size_t
chars_max(enum attribute a)
{
	return a >= A_ADDRESS_FORMATTED && a <= A_ADDRESS_COUNTRY
	    ? VALUE_CHARS_MAX
	    : NAME_MAX_CHARS;
}

static size_t
char_count(struct str text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += (text.p[i] & 0xc0) != 0x80;
	return n;
}

/*
 * A mailbox that real systems deliver to: no quoted local parts, no address
 * literals.  Letters beyond ASCII are allowed on both sides (RFC 6531).
 */
static bool
is_email(struct str text)
{
	struct str domain = text, local;

	if (text.n > MAILBOX_MAX || has_space(text))
		return false;
	local = str_cut(&domain, '@');
	return is_local_part(local) && is_domain(domain);
}

static bool
is_local_part(struct str s)
{
	if (s.n == 0 || s.n > LOCAL_MAX || s.p[0] == '.' || s.p[s.n - 1] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (memchr("\"(),:;<>@[\\]", s.p[i], 12) != NULL)
			return false;
		if (s.p[i] == '.' && s.p[i - 1] == '.')
			return false;
	}
	return true;
}

static bool
is_domain(struct str domain)
{
	if (domain.n == 0 || domain.n > DOMAIN_MAX ||
	    domain.p[domain.n - 1] == '.')
		return false;
	while (domain.n > 0)
		if (!is_label(str_cut(&domain, '.')))
			return false;
	return true;
}

static bool
is_label(struct str s)
{
	if (s.n == 0 || s.n > LABEL_MAX || s.p[0] == '-' || s.p[s.n - 1] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i]) && s.p[i] != '-' && !(s.p[i] & 0x80))
			return false;
	return true;
}

/* Any of Unicode's spaces (Zs, Zl, Zp), and the space of no width. */
static bool
has_space(struct str text)
{
	static const char *const spaces[] = { " ", "\u00a0", "\u1680",
		"\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005",
		"\u2006", "\u2007", "\u2008", "\u2009", "\u200a", "\u200b",
		"\u2028", "\u2029", "\u202f", "\u205f", "\u3000" };

	for (size_t i = 0; i < COUNT(spaces); i++)
		if (memmem(text.p, text.n, spaces[i], strlen(spaces[i])))
			return true;
	return false;
}

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z');
}

/* A language tag in its outer form (RFC 5646 2.1): de, de-CH, zh-Hant-TW, x-piglatin. */
static bool
is_language(struct str text)
{
	bool is_first = true;

	if (text.n > LANGUAGE_MAX || text.p[text.n - 1] == '-')
		return false;
	for (; text.n > 0; is_first = false) {
		struct str part = str_cut(&text, '-');

		if (part.n == 0 || part.n > 8 ||
		    (is_first && part.n == 1 &&
			(text.n == 0 || !str_eq_nocase(part, STR("x")))))
			return false;
		for (size_t i = 0; i < part.n; i++)
			if (!is_alnum(part.p[i]) ||
			    (is_first && part.p[i] <= '9'))
				return false;
	}
	return true;
}
