/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form.c - what a request says who it is from, as text: the headers
 * Authorization and Cookie, and the form that OAuth sends.  Nothing is looked
 * up here.
 */
#include "api/api_int.h"

#include "act/jwt.h"

#define FIELDS_MAX 32
#define SECRET_MAX 128

static bool unescape(struct arena *, struct str, struct str *out);
static int hex(char);

/* RFC 6750 2.1; empty: there is none. */
struct str
bearer_of(struct str header)
{
	struct str token = header, scheme = str_cut(&token, ' ');

	token = str_trim(token);
	if (!str_eq_nocase(scheme, STR("Bearer")) || token.n > JWT_BYTES_MAX)
		return STR("");
	return token;
}

/* The cookie of ours in a Cookie header (RFC 6265 5.4); twice is none. */
bool
cookie_of(struct str header, struct str *out)
{
	bool found = false;

	while (header.p != NULL) {
		struct str pair = str_trim(str_cut(&header, ';'));
		struct str name = str_cut(&pair, '=');

		if (!str_eq(name, STR(SESSION_COOKIE)))
			continue;
		if (found || pair.p == NULL || pair.n == 0 ||
		    pair.n > SECRET_MAX)
			return false;
		*out = pair;
		found = true;
	}
	return found;
}

bool
form_field(struct arena *a, struct str body, const char *name, struct str *out)
{
	struct str left = body, key, value;
	size_t n = 0;

	*out = (struct str) { NULL, 0 };
	if (body.n == 0)
		return true;
	while (left.p != NULL) {
		value = str_cut(&left, '&');
		key = str_cut(&value, '=');
		if (++n > FIELDS_MAX || key.n == 0 || value.p == NULL ||
		    !unescape(a, key, &key) || !unescape(a, value, &value))
			return false;
		if (!str_eq(key, str_of(name)))
			continue;
		if (out->p != NULL)
			return false;
		*out = value;
	}
	return true;
}

static bool
unescape(struct arena *a, struct str s, struct str *out)
{
	char *to = arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i] == '+' ? ' ' : s.p[i];

		if (c == '%') {
			if (s.n - i < 3 || hex(s.p[i + 1]) < 0 ||
			    hex(s.p[i + 2]) < 0)
				return false;
			c = (char)(hex(s.p[i + 1]) << 4 | hex(s.p[i + 2]));
			i += 2;
		}
		to[n++] = c;
	}
	*out = (struct str) { to, n };
	return str_utf8(*out);
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
