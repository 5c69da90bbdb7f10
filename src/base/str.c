/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)
#define LOW_BITS  UINT64_C(0x0101010101010101)

/* What a decoder needs to know of one alphabet of 64. */
struct base64 {
	const char *alphabet;
	bool	    is_padded;
};

static const struct base64 url = {
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
	false
};
static const struct base64 standard = {
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
	true
};

static char lower(char);
static bool is_space(char);
static size_t utf8_char(const unsigned char *, size_t);
static struct str encode64(struct arena *, struct str, const struct base64 *);
static bool decode64(struct arena *, struct str, const struct base64 *,
    struct str *);
static int hex_digit(char);

struct str
str_of(const char *z)
{
	return z == NULL ? STR("") : (struct str) { z, strlen(z) };
}

bool
str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
str_eq_nocase(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

int
str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

bool
str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq(str_sub(s, 0, prefix.n), prefix);
}

bool
str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n &&
	    str_eq(str_sub(s, s.n - suffix.n, suffix.n), suffix);
}

size_t
str_find(struct str s, char c)
{
	const char *at = s.n == 0 ? NULL : memchr(s.p, c, s.n);

	return at == NULL ? s.n : (size_t)(at - s.p);
}

struct str
str_sub(struct str s, size_t from, size_t n)
{
	if (s.p == NULL)
		return s;
	if (from > s.n)
		from = s.n;
	if (n > s.n - from)
		n = s.n - from;
	return (struct str) { s.p + from, n };
}

struct str
str_trim(struct str s)
{
	while (s.n > 0 && is_space(s.p[0]))
		s = str_sub(s, 1, s.n - 1);
	while (s.n > 0 && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str
str_cut(struct str *s, char c)
{
	size_t at = str_find(*s, c);
	struct str before = str_sub(*s, 0, at);

	*s = at == s->n ? (struct str) { NULL, 0 }
			: str_sub(*s, at + 1, s->n - at - 1);
	return before;
}

struct str
str_copy(struct arena *a, struct str s)
{
	return (struct str) { arena_copy(a, s.p, s.n), s.n };
}

char *
str_z(struct arena *a, struct str s)
{
	char *z = arena_alloc(a, s.n + 1);

	must(str_find(s, '\0') == s.n);
	if (s.n > 0)
		memcpy(z, s.p, s.n);
	return z;
}

struct str
str_fmt(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *p;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	must(n >= 0);
	p = arena_alloc(a, (size_t)n + 1);
	must(vsnprintf(p, (size_t)n + 1, fmt, again) == n);
	va_end(again);
	va_end(ap);
	return (struct str) { p, (size_t)n };
}

bool
str_int(struct str s, int64_t *out)
{
	bool is_negative = s.n > 0 && s.p[0] == '-';
	int64_t value = 0;

	if (s.n == (is_negative ? 1 : 0))
		return false;
	/* Counted downwards: the smallest number has no positive twin. */
	for (size_t i = is_negative ? 1 : 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' ||
		    __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_sub_overflow(value, s.p[i] - '0', &value))
			return false;
	}
	if (!is_negative && value == INT64_MIN)
		return false;
	*out = is_negative ? value : -value;
	return true;
}

bool
str_utf8(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t i = 0, step;
	uint64_t word;

	while (i < s.n) {
		/* Eight bytes of ASCII at a time, none of them NUL. */
		while (s.n - i >= sizeof(word)) {
			memcpy(&word, p + i, sizeof(word));
			if (((word | (word - LOW_BITS)) & HIGH_BITS) != 0)
				break;
			i += sizeof(word);
		}
		if (i == s.n)
			break;
		step = utf8_char(p + i, s.n - i);
		if (step == 0)
			return false;
		i += step;
	}
	return true;
}

/* Bytes of the character at P (Unicode 15, table 3-7), 0 if it is not one. */
static size_t
utf8_char(const unsigned char *p, size_t n)
{
	unsigned char least = 0x80, most = 0xbf;
	size_t len;

	if (p[0] < 0x80)
		return p[0] == 0 ? 0 : 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (n < len)
		return 0;
	if (p[0] == 0xe0)
		least = 0xa0;
	if (p[0] == 0xed)
		most = 0x9f;
	if (p[0] == 0xf0)
		least = 0x90;
	if (p[0] == 0xf4)
		most = 0x8f;
	if (p[1] < least || p[1] > most)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

struct str
str_hex(struct arena *a, struct str bytes)
{
	static const char digits[] = "0123456789abcdef";
	char *p = arena_array(a, bytes.n, 2);

	for (size_t i = 0; i < bytes.n; i++) {
		p[2 * i] = digits[(unsigned char)bytes.p[i] >> 4];
		p[2 * i + 1] = digits[(unsigned char)bytes.p[i] & 15];
	}
	return (struct str) { p, 2 * bytes.n };
}

bool
str_unhex(struct arena *a, struct str text, struct str *out)
{
	char *p = arena_alloc(a, text.n / 2);

	if (text.n % 2 != 0)
		return false;
	for (size_t i = 0; i < text.n; i += 2) {
		int high = hex_digit(text.p[i]), low = hex_digit(text.p[i + 1]);

		if (high < 0 || low < 0)
			return false;
		p[i / 2] = (char)(high << 4 | low);
	}
	*out = (struct str) { p, text.n / 2 };
	return true;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct str
str_base64url(struct arena *a, struct str bytes)
{
	return encode64(a, bytes, &url);
}

struct str
str_base64(struct arena *a, struct str bytes)
{
	return encode64(a, bytes, &standard);
}

static struct str
encode64(struct arena *a, struct str bytes, const struct base64 *form)
{
	char *p = arena_array(a, bytes.n / 3 + 1, 4);
	size_t n = 0;

	for (size_t i = 0; i < bytes.n; i += 3) {
		size_t have = bytes.n - i < 3 ? bytes.n - i : 3;
		uint32_t bits = 0;

		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 |
			    (k < have ? (unsigned char)bytes.p[i + k] : 0);
		for (size_t k = 0; k < 4; k++) {
			if (k <= have)
				p[n++] =
				    form->alphabet[bits >> (18 - 6 * k) & 63];
			else if (form->is_padded)
				p[n++] = '=';
		}
	}
	return (struct str) { p, n };
}

bool
str_unbase64url(struct arena *a, struct str text, struct str *out)
{
	return decode64(a, text, &url, out);
}

bool
str_unbase64(struct arena *a, struct str text, struct str *out)
{
	return decode64(a, text, &standard, out);
}

/* Strict: no white space, and unused bits are zero, so one text per value. */
static bool
decode64(struct arena *a, struct str text, const struct base64 *form,
    struct str *out)
{
	unsigned char *p = arena_alloc(a, text.n / 4 * 3 + 3);
	uint32_t bits = 0;
	size_t n = 0;

	if (form->is_padded) {
		if (text.n % 4 != 0)
			return false;
		for (int i = 0; i < 2; i++)
			if (str_ends(text, STR("=")))
				text.n--;
	}
	if (text.n % 4 == 1)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		const char *at = text.p[i] == '\0'
		    ? NULL
		    : strchr(form->alphabet, text.p[i]);

		if (at == NULL)
			return false;
		bits = bits << 6 | (uint32_t)(at - form->alphabet);
		if (i % 4 != 0)
			p[n++] = (unsigned char)(bits >> (6 - i % 4 * 2));
	}
	if ((text.n % 4 == 2 && (bits & 15) != 0) ||
	    (text.n % 4 == 3 && (bits & 3) != 0))
		return false;
	*out = (struct str) { (const char *)p, n };
	return true;
}

bool
str_eq_secret(struct str a, struct str b)
{
	volatile unsigned char different = 0;

	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		different = (unsigned char)(different | (a.p[i] ^ b.p[i]));
	return different == 0;
}
