/* SPDX-License-Identifier: Apache-2.0 */
#include "base/canon.h"

#include <string.h>

#include <utf8proc.h>

/*
 * No composed character is longer in its other forms than this many bytes, so
 * longer texts need not be looked at.
 */
#define BYTES_PER_CHAR 16

#define COMPOSED  (UTF8PROC_STABLE | UTF8PROC_COMPOSE)
#define FOLDED	  (COMPOSED | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE)
#define UNMARKED  (FOLDED | UTF8PROC_STRIPMARK)
#define STACK_MAX 512

/* What a letter is written as; sorted by letter. */
struct spelling {
	utf8proc_int32_t letter;
	const char	*as;
};

/*
 * Letters that no decomposition reaches.  Case folding has been here before: ß
 * is ss already, and there are no capitals.
 */
static const struct spelling latin[] = {
	{ 0x00e6, "ae" },	/* æ */
	{ 0x00f0, "d" },	/* ð */
	{ 0x00f8, "o" },	/* ø */
	{ 0x00fe, "th" },	/* þ */
	{ 0x0111, "d" },	/* đ */
	{ 0x0127, "h" },	/* ħ */
	{ 0x0131, "i" },	/* ı */
	{ 0x0133, "ij" },	/* ĳ */
	{ 0x0138, "k" },	/* ĸ */
	{ 0x0140, "l" },	/* ŀ */
	{ 0x0142, "l" },	/* ł */
	{ 0x0149, "n" },	/* ŉ */
	{ 0x014b, "n" },	/* ŋ */
	{ 0x0153, "oe" },	/* œ */
	{ 0x0167, "t" },	/* ŧ */
	{ 0x01e5, "g" },	/* ǥ */
};

static const struct spelling german[] = {
	{ 0x00e4, "ae" },	/* ä */
	{ 0x00f6, "oe" },	/* ö */
	{ 0x00fc, "ue" },	/* ü */
};

/*
 * Characters of another width whose other forms go further than the usual
 * width: letters of Hangul, and the macron.
 */
static const struct {
	utf8proc_int32_t first, last, usual;
} widths[] = {
	{ 0xffa1, 0xffbe, 0x3131 },
	{ 0xffc2, 0xffc7, 0x314f },
	{ 0xffca, 0xffcf, 0x3155 },
	{ 0xffd2, 0xffd7, 0x315b },
	{ 0xffda, 0xffdc, 0x3161 },
	{ 0xffe3, 0xffe3, 0x00af },
};

/* A spelling table and how far it goes. */
struct spellings {
	const struct spelling *row;
	size_t		       n;
};

static const struct spellings no_spelling = { NULL, 0 };
static const struct spellings latin_spelling = { latin, COUNT(latin) };
static const struct spellings german_spelling = { german, COUNT(german) };

static bool is_plain_ascii(struct str, bool *);
static bool is_clean(struct str);
static bool is_refused(utf8proc_int32_t);
static struct str ascii_key(struct arena *, struct str);
static bool key_of(struct arena *, struct str, utf8proc_option_t,
    const struct spellings *, struct str *);
static struct str usual_width(struct arena *, struct str);
static utf8proc_int32_t usual_char(utf8proc_int32_t);
static struct str fold(struct arena *, struct str, utf8proc_option_t,
    const struct spellings *);
static utf8proc_int32_t *chars_of(struct arena *, struct str,
    utf8proc_option_t, utf8proc_int32_t *, size_t *);
static struct str text_of(struct arena *, const utf8proc_int32_t *, size_t,
    const struct spellings *);
static const char *spelled(const struct spellings *, utf8proc_int32_t);
static bool is_space(utf8proc_int32_t);
static size_t char_count(struct str);
static size_t word_char(struct str, bool *);

bool
canon_store(struct arena *a, struct str text, size_t max_chars, struct str *out)
{
	utf8proc_int32_t stack[STACK_MAX], *chars;
	char *p;
	size_t n, len = 0;
	bool is_ascii;

	if (text.n / BYTES_PER_CHAR > max_chars)
		return false;
	if (is_plain_ascii(text, &is_ascii)) {
		*out = str_copy(a, text);
		return text.n <= max_chars;
	}
	if (is_ascii || !is_clean(text))
		return false;
	chars = chars_of(a, text, COMPOSED, stack, &n);
	if (n > max_chars)
		return false;
	p = arena_array(a, n, 4);
	for (size_t i = 0; i < n; i++)
		len += (size_t)utf8proc_encode_char(
		    chars[i], (utf8proc_uint8_t *)p + len);
	*out = (struct str) { p, len };
	return true;
}

bool
canon_key(struct arena *a, struct str text, struct str *out)
{
	return key_of(a, text, FOLDED, &no_spelling, out);
}

bool
canon_plain(struct arena *a, struct str text, struct str *out)
{
	return key_of(a, text, UNMARKED, &latin_spelling, out);
}

bool
canon_ascii(struct arena *a, struct str text, struct str *out)
{
	if (!key_of(a, text, FOLDED, &german_spelling, out))
		return false;
	*out = fold(a, *out, UNMARKED, &latin_spelling);
	return true;
}

static bool
key_of(struct arena *a, struct str text, utf8proc_option_t options,
    const struct spellings *spell, struct str *out)
{
	bool is_ascii;

	if (text.n / BYTES_PER_CHAR > NAME_MAX_CHARS)
		return false;
	if (is_plain_ascii(text, &is_ascii)) {
		if (text.n > NAME_MAX_CHARS)
			return false;
		*out = ascii_key(a, text);
		return true;
	}
	if (is_ascii || !is_clean(text))
		return false;
	if (char_count(text) > NAME_MAX_CHARS &&
	    !canon_store(a, text, NAME_MAX_CHARS, &text))
		return false;
	*out = fold(a, usual_width(a, text), options, spell);
	return true;
}

/* All printable ASCII; tells also whether it is ASCII at all. */
static bool
is_plain_ascii(struct str text, bool *is_ascii)
{
	unsigned char high = 0, control = 0;

	/* No way out of the loop, so that the compiler can take 16 at once. */
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		high |= c & 0x80;
		control |= c < 0x20 || c == 0x7f;
	}
	*is_ascii = high == 0;
	return high == 0 && control == 0;
}

static bool
is_clean(struct str text)
{
	const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)text.p;
	utf8proc_int32_t c;

	if (!str_utf8(text))
		return false;
	for (size_t i = 0; i < text.n;) {
		i += (size_t)utf8proc_iterate(
		    p + i, (utf8proc_ssize_t)(text.n - i), &c);
		if (is_refused(c))
			return false;
	}
	return true;
}

/* C0, DEL and C1; ALM, LRM and RLM; embeddings, overrides and isolates. */
static bool
is_refused(utf8proc_int32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x061c ||
	    c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069);
}

static size_t
char_count(struct str text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += (text.p[i] & 0xc0) != 0x80;
	return n;
}

static struct str
ascii_key(struct arena *a, struct str text)
{
	char *p = arena_alloc(a, text.n);
	size_t n = 0;
	bool was_space = true;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == ' ' && was_space)
			continue;
		was_space = c == ' ';
		p[n++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	if (n > 0 && was_space)
		n--;
	return (struct str) { p, n };
}

/* RFC 8265 section 3.3.1: full-width and half-width characters are the usual ones. */
static struct str
usual_width(struct arena *a, struct str text)
{
	const utf8proc_uint8_t *from = (const utf8proc_uint8_t *)text.p;
	utf8proc_uint8_t *to = arena_array(a, text.n, 4);
	struct str out = { (const char *)to, 0 };
	utf8proc_int32_t c;

	for (size_t i = 0; i < text.n;) {
		i += (size_t)utf8proc_iterate(
		    from + i, (utf8proc_ssize_t)(text.n - i), &c);
		out.n += (size_t)utf8proc_encode_char(
		    usual_char(c), to + out.n);
	}
	return out;
}

static utf8proc_int32_t
usual_char(utf8proc_int32_t c)
{
	utf8proc_propval_t kind = utf8proc_get_property(c)->decomp_type;
	utf8proc_int32_t usual = c;
	int unused = 0;

	if (kind != UTF8PROC_DECOMP_TYPE_WIDE &&
	    kind != UTF8PROC_DECOMP_TYPE_NARROW)
		return c;
	for (size_t i = 0; i < COUNT(widths); i++)
		if (c >= widths[i].first && c <= widths[i].last)
			return widths[i].usual + (c - widths[i].first);
	must(utf8proc_decompose_char(c, &usual, 1,
		 UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, &unused) == 1);
	return usual;
}

static struct str
fold(struct arena *a, struct str text, utf8proc_option_t options,
    const struct spellings *spell)
{
	utf8proc_int32_t stack[STACK_MAX], *chars;
	size_t n;

	chars = chars_of(a, text, options, stack, &n);
	return text_of(a, chars, n, spell);
}

/*
 * The characters of TEXT, which is well formed, in the form that OPTIONS ask
 * for; on STACK if they fit.
 */
static utf8proc_int32_t *
chars_of(struct arena *a, struct str text, utf8proc_option_t options,
    utf8proc_int32_t *stack, size_t *n)
{
	const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)text.p;
	utf8proc_ssize_t bytes = (utf8proc_ssize_t)text.n, need, got;
	utf8proc_int32_t *chars = stack;

	need = utf8proc_decompose(p, bytes, chars, STACK_MAX, options);
	must(need >= 0);
	if (need > STACK_MAX) {
		chars = arena_array(a, (size_t)need, sizeof(chars[0]));
		must(
		    utf8proc_decompose(p, bytes, chars, need, options) == need);
	}
	got = utf8proc_normalize_utf32(chars, need, options);
	must(got >= 0);
	*n = (size_t)got;
	return chars;
}

/* White space trimmed and squeezed, letters spelled. */
static struct str
text_of(struct arena *a, const utf8proc_int32_t *chars, size_t n,
    const struct spellings *spell)
{
	char *p = arena_array(a, n, 4);
	bool was_space = true;
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		const char *as = spelled(spell, chars[i]);
		bool space = is_space(chars[i]);

		if (space && was_space)
			continue;
		was_space = space;
		if (as != NULL) {
			memcpy(p + len, as, strlen(as));
			len += strlen(as);
		} else {
			len +=
			    (size_t)utf8proc_encode_char(space ? ' ' : chars[i],
				(utf8proc_uint8_t *)p + len);
		}
	}
	if (len > 0 && was_space)
		len--;
	return (struct str) { p, len };
}

static const char *
spelled(const struct spellings *spell, utf8proc_int32_t letter)
{
	if (letter < 0x80)
		return NULL;
	for (size_t i = 0; i < spell->n && spell->row[i].letter <= letter; i++)
		if (spell->row[i].letter == letter)
			return spell->row[i].as;
	return NULL;
}

/* Unicode's Zs, Zl and Zp. */
static bool
is_space(utf8proc_int32_t c)
{
	return c == ' ' || c == 0xa0 || c == 0x1680 ||
	    (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
	    c == 0x202f || c == 0x205f || c == 0x3000;
}

size_t
canon_words(struct str plain, struct str *words, size_t max)
{
	size_t n = 0, from = 0, i = 0;
	bool in_word = false, is_word;

	while (i < plain.n) {
		size_t step = word_char(str_sub(plain, i, plain.n), &is_word);

		if (is_word && !in_word) {
			if (n == max)
				return n;
			from = i;
		}
		if (!is_word && in_word)
			words[n++] = str_sub(plain, from, i - from);
		in_word = is_word;
		i += step;
	}
	if (in_word)
		words[n++] = str_sub(plain, from, i - from);
	return n;
}

/*
 * Bytes of the first character of TEXT, and whether words are made of such:
 * letters, their marks, and digits.
 */
static size_t
word_char(struct str text, bool *is_word)
{
	unsigned char first = (unsigned char)text.p[0];
	utf8proc_int32_t c;
	utf8proc_ssize_t n;
	utf8proc_category_t kind;

	if (first < 0x80) {
		*is_word = (first >= '0' && first <= '9') ||
		    ((first | 0x20) >= 'a' && (first | 0x20) <= 'z');
		return 1;
	}
	n = utf8proc_iterate(
	    (const utf8proc_uint8_t *)text.p, (utf8proc_ssize_t)text.n, &c);
	must(n > 0);
	kind = utf8proc_category(c);
	*is_word = kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_NO;
	return (size_t)n;
}
