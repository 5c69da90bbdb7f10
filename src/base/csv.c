/* SPDX-License-Identifier: Apache-2.0 */
#include "base/csv.h"

#include <string.h>

#include "base/buf.h"

#define HEAD_MAX 3 /* bytes of a BOM */

/* What a byte may mean; everything that means nothing is skipped in one run. */
enum meaning { PLAIN, ODD, SEPARATOR, QUOTE, LINE_END };

enum state {
	FIELD_START,
	IN_FIELD,
	IN_QUOTES,
	AFTER_QUOTE,	/* it closed the field, or it is the first of two */
	AFTER_ERROR,	/* nothing counts up to the end of the line */
	DONE
};

/* Where a field stands, counted from the first byte of its record. */
struct span {
	size_t from, to;
	bool   has_quotes; /* doubled ones inside */
};

struct csv {
	/* The text: what was fed and not yet read. */
	char  *p;
	size_t n, cap;
	bool   is_last;	       /* no more will come */
	char   head[HEAD_MAX]; /* the start, until it can be told from a BOM */
	size_t n_head;
	bool   head_done, is_1252;
	char   separator;
	unsigned char meaning[256];
	size_t expected; /* fields of the first record; 0: none yet */

	/* The record that is being read. */
	size_t	    record, at; /* its first byte; the next to look at */
	int64_t	    line;	/* of its first byte */
	bool	    after_cr;	/* an LF now belongs to the CR before it */
	enum state  state;
	struct span span[CSV_FIELDS_MAX];
	size_t	    n_fields; /* counted on past the maximum */
	size_t	    field_from;
	bool	    field_quotes;
	bool	    is_odd;	  /* has a byte that is not ASCII, or NUL */
	bool	    quoted_cr;	  /* the last byte was a CR in quotes */
	int64_t	    quoted_lines; /* line ends in quotes */
	enum msg    error;
	size_t	    error_at, error_field;

	/* What the last csv_next() gave. */
	struct str field[CSV_FIELDS_MAX];
	char	   unquoted[CSV_RECORD_MAX];
};

static void feed_text(struct csv *, struct str);
static void feed_1252(struct csv *, struct str);
static void make_room(struct csv *, size_t);
static void skip_line_ends(struct csv *);
static bool find_separator(struct csv *);
static bool scan(struct csv *);
static void skip_plain(struct csv *);
static enum state field_start(struct csv *);
static enum state in_field(struct csv *);
static enum state in_quotes(struct csv *);
static void count_quoted_line(struct csv *);
static enum state after_quote(struct csv *);
static enum state after_error(struct csv *);
static void end_of_text(struct csv *);
static void add_field(struct csv *, size_t);
static enum state end_field(struct csv *, size_t);
static enum state broken(struct csv *, enum msg);
static void finish(struct csv *, struct csv_record *);
static void set_fields(struct csv *, struct csv_record *);
static struct str unquote(struct str, char *);
static void check_length(struct csv *, struct csv_record *);
static void check_text(struct csv_record *);
static void check_count(struct csv *, struct csv_record *);
static void next_record(struct csv *);
static bool needs_quotes(struct str, char);
static bool is_formula(struct str);

static enum state (*const steps[])(struct csv *) = {
	[FIELD_START] = field_start, [IN_FIELD] = in_field,
	[IN_QUOTES] = in_quotes, [AFTER_QUOTE] = after_quote,
	[AFTER_ERROR] = after_error
};

/*
 * Windows-1252 from 0x80 to 0x9f as UTF-8.  The five that it leaves open stay
 * as they are, which is not UTF-8, so that their record is an error.
 */
static const char windows_1252[32][4] = {
	"€", "\x81", "‚", "ƒ", "„", "…", "†", "‡",
	"ˆ", "‰", "Š", "‹", "Œ", "\x8d", "Ž", "\x8f",
	"\x90", "‘", "’", "“", "”", "•", "–", "—",
	"˜", "™", "š", "›", "œ", "\x9d", "ž", "Ÿ"
};

struct csv *
csv_open(char separator, bool is_1252)
{
	struct csv *c = heap_alloc(1, sizeof(*c));

	c->line = 1;
	c->is_1252 = is_1252;
	c->separator = separator;
	memset(c->meaning + 0x80, ODD, 0x80);
	c->meaning[0] = ODD;
	c->meaning['"'] = QUOTE;
	c->meaning['\r'] = LINE_END;
	c->meaning['\n'] = LINE_END;
	if (separator != 0)
		c->meaning[(unsigned char)separator] = SEPARATOR;
	return c;
}

void
csv_close(struct csv *c)
{
	if (c == NULL)
		return;
	heap_free(c->p);
	heap_free(c);
}

char
csv_separator(const struct csv *c)
{
	return c->separator;
}

void
csv_feed(struct csv *c, struct str bytes, bool end)
{
	static const char bom[HEAD_MAX] = "\xef\xbb\xbf";

	must(!c->is_last || bytes.n == 0);
	c->is_last = end || c->is_last;
	while (!c->head_done && bytes.n > 0 && bytes.p[0] == bom[c->n_head]) {
		c->head[c->n_head++] = bytes.p[0];
		bytes = str_sub(bytes, 1, bytes.n);
		c->head_done = c->n_head == HEAD_MAX;
		if (c->head_done) {
			c->n_head = 0;
			c->is_1252 = false;
		}
	}
	if (!c->head_done && bytes.n == 0 && !c->is_last)
		return;
	if (c->n_head > 0)
		feed_text(c, (struct str) { c->head, c->n_head });
	c->n_head = 0;
	c->head_done = true;
	feed_text(c, bytes);
}

static void
feed_text(struct csv *c, struct str bytes)
{
	if (bytes.n == 0)
		return;
	if (c->is_1252) {
		feed_1252(c, bytes);
		return;
	}
	make_room(c, bytes.n);
	memcpy(c->p + c->n, bytes.p, bytes.n);
	c->n += bytes.n;
}

static void
feed_1252(struct csv *c, struct str bytes)
{
	char *p;

	make_room(c, 3 * bytes.n);
	p = c->p + c->n;
	for (size_t i = 0; i < bytes.n; i++) {
		unsigned char b = (unsigned char)bytes.p[i];

		if (b < 0x80) {
			*p++ = (char)b;
		} else if (b < 0xa0) {
			size_t n = strlen(windows_1252[b - 0x80]);

			memcpy(p, windows_1252[b - 0x80], n);
			p += n;
		} else {
			*p++ = (char)(0xc0 | b >> 6);
			*p++ = (char)(0x80 | (b & 0x3f));
		}
	}
	c->n = (size_t)(p - c->p);
}

/*
 * Room for N more bytes.  What was read goes, and of a record that is too long
 * what is past the maximum: it only still has to end.
 */
static void
make_room(struct csv *c, size_t n)
{
	size_t have = c->at - c->record, kept = have, cap;

	/* Two past the maximum: what is known to be too long stays so. */
	if (have > CSV_RECORD_MAX + 2)
		kept = CSV_RECORD_MAX + 2;
	if (c->record > 0)
		memmove(c->p, c->p + c->record, kept);
	if (c->record + have > kept)
		memmove(c->p + kept, c->p + c->at, c->n - c->at);
	c->n -= c->at - kept;
	c->at = kept;
	c->record = 0;
	if (n <= c->cap - c->n)
		return;
	cap = c->n + n > 2 * c->cap ? c->n + n : 2 * c->cap;
	c->p = heap_grow(c->p, cap, 1);
	c->cap = cap;
}

bool
csv_next(struct csv *c, struct csv_record *r)
{
	if (c->at == c->record)
		skip_line_ends(c);
	if (c->separator == 0 && !find_separator(c))
		return false;
	if (!scan(c))
		return false;
	finish(c, r);
	return true;
}

/* Before a record: empty lines, and the LF of a CRLF that fell apart. */
static void
skip_line_ends(struct csv *c)
{
	for (; c->at < c->n; c->at++) {
		char b = c->p[c->at];

		if (b != '\r' && b != '\n')
			break;
		if (b == '\r' || !c->after_cr)
			c->line++;
		c->after_cr = b == '\r';
	}
	if (c->at < c->n)
		c->after_cr = false;
	c->record = c->at;
}

/* The candidate that is most frequent in the header; the first of equals. */
static bool
find_separator(struct csv *c)
{
	static const char candidates[] = ",;\t|";
	size_t count[COUNT(candidates) - 1] = { 0 }, best = 0, i;
	bool is_quoted = false;

	for (i = c->at; i < c->n && i - c->at < CSV_RECORD_MAX; i++) {
		const char *which;

		if (c->p[i] == '"')
			is_quoted = !is_quoted;
		if (is_quoted || c->p[i] == '\0')
			continue;
		if (c->p[i] == '\r' || c->p[i] == '\n')
			break;
		which = strchr(candidates, c->p[i]);
		if (which != NULL)
			count[which - candidates]++;
	}
	if (i == c->n && i - c->at < CSV_RECORD_MAX && !c->is_last)
		return false;
	for (i = 1; i < COUNT(count); i++)
		if (count[i] > count[best])
			best = i;
	c->separator = candidates[best];
	c->meaning[(unsigned char)c->separator] = SEPARATOR;
	return true;
}

/* Goes on from where the last piece ended; false: the record is not whole. */
static bool
scan(struct csv *c)
{
	while (c->at < c->n && c->state != DONE)
		c->state = steps[c->state](c);
	if (c->state != DONE && c->is_last && c->at > c->record)
		end_of_text(c);
	return c->state == DONE;
}

static enum state
field_start(struct csv *c)
{
	c->field_quotes = false;
	c->field_from = c->at - c->record;
	if (c->p[c->at] != '"')
		return in_field(c);
	c->field_from++;
	c->at++;
	return IN_QUOTES;
}

static enum state
in_field(struct csv *c)
{
	for (;; c->at++) {
		skip_plain(c);
		if (c->at == c->n)
			return IN_FIELD;
		switch (c->meaning[(unsigned char)c->p[c->at]]) {
		case ODD:
			c->is_odd = true;
			break;
		case QUOTE:
			return broken(c, MSG_CSV_STRAY_QUOTE);
		default:
			return end_field(c, c->at - c->record);
		}
	}
}

/* The loop that most bytes go through. */
static void
skip_plain(struct csv *c)
{
	const unsigned char *p = (const unsigned char *)c->p + c->at;
	const unsigned char *end = (const unsigned char *)c->p + c->n;

	while (p < end && c->meaning[*p] == PLAIN)
		p++;
	c->at = (size_t)(p - (const unsigned char *)c->p);
}

static enum state
in_quotes(struct csv *c)
{
	for (;; c->at++) {
		size_t from = c->at;

		skip_plain(c);
		if (c->at > from)
			c->quoted_cr = false;
		if (c->at == c->n)
			return IN_QUOTES;
		switch (c->meaning[(unsigned char)c->p[c->at]]) {
		case LINE_END:
			count_quoted_line(c);
			continue;
		case QUOTE:
			c->quoted_cr = false;
			c->at++;
			return AFTER_QUOTE;
		case ODD:
			c->is_odd = true;
			break;
		default:
			break;
		}
		c->quoted_cr = false;
	}
}

static void
count_quoted_line(struct csv *c)
{
	bool is_cr = c->p[c->at] == '\r';

	if (is_cr || !c->quoted_cr)
		c->quoted_lines++;
	c->quoted_cr = is_cr;
}

static enum state
after_quote(struct csv *c)
{
	switch (c->meaning[(unsigned char)c->p[c->at]]) {
	case QUOTE:
		c->field_quotes = true;
		c->at++;
		return IN_QUOTES;
	case SEPARATOR:
	case LINE_END:
		return end_field(c, c->at - c->record - 1);
	default:
		return broken(c, MSG_CSV_STRAY_QUOTE);
	}
}

static enum state
after_error(struct csv *c)
{
	while (c->at < c->n && c->p[c->at] != '\r' && c->p[c->at] != '\n')
		c->at++;
	return c->at < c->n ? DONE : AFTER_ERROR;
}

static enum state
end_field(struct csv *c, size_t to)
{
	add_field(c, to);
	if (c->meaning[(unsigned char)c->p[c->at]] != SEPARATOR)
		return DONE;
	c->at++;
	return FIELD_START;
}

static void
add_field(struct csv *c, size_t to)
{
	if (c->n_fields < CSV_FIELDS_MAX)
		c->span[c->n_fields] =
		    (struct span) { c->field_from, to, c->field_quotes };
	c->n_fields++;
}

static enum state
broken(struct csv *c, enum msg msg)
{
	c->error = msg;
	c->error_at = c->at - c->record;
	c->error_field = c->n_fields;
	return AFTER_ERROR;
}

/* The last record ends without a line end. */
static void
end_of_text(struct csv *c)
{
	size_t end = c->at - c->record;

	if (c->state == FIELD_START) {
		c->field_quotes = false;
		c->field_from = end;
	}
	if (c->state == FIELD_START || c->state == IN_FIELD)
		add_field(c, end);
	if (c->state == AFTER_QUOTE)
		add_field(c, end - 1);
	if (c->state == IN_QUOTES) {
		broken(c, MSG_CSV_OPEN_QUOTE);
		c->error_at = c->field_from;
	}
	c->state = DONE;
}

static void
finish(struct csv *c, struct csv_record *r)
{
	*r = (struct csv_record) {
		.field = c->field,
		.line = c->line,
		.raw = { c->p + c->record, c->at - c->record },
		.error = c->error,
		.error_field = c->error_field,
	};
	check_length(c, r);
	set_fields(c, r);
	if (c->is_odd && r->error == MSG_NONE)
		check_text(r);
	check_count(c, r);
	next_record(c);
}

/* A record is too long unless what ails it stands before that shows. */
static void
check_length(struct csv *c, struct csv_record *r)
{
	if (r->raw.n <= CSV_RECORD_MAX)
		return;
	r->raw.n = CSV_RECORD_MAX;
	while (c->n_fields > 0 &&
	    (c->n_fields > CSV_FIELDS_MAX ||
		c->span[c->n_fields - 1].to >= CSV_RECORD_MAX))
		c->n_fields--;
	if (r->error != MSG_NONE && c->error_at <= CSV_RECORD_MAX)
		return;
	r->error = MSG_CSV_TOO_LONG;
	r->error_field = c->n_fields;
}

static void
set_fields(struct csv *c, struct csv_record *r)
{
	char *room = c->unquoted;

	r->n = c->n_fields < CSV_FIELDS_MAX ? c->n_fields : CSV_FIELDS_MAX;
	for (size_t i = 0; i < r->n; i++) {
		struct str text = { r->raw.p + c->span[i].from,
			c->span[i].to - c->span[i].from };

		if (c->span[i].has_quotes) {
			text = unquote(text, room);
			room += text.n;
		}
		c->field[i] = text;
	}
}

/* Every two quotes are one. */
static struct str
unquote(struct str text, char *room)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		room[n++] = text.p[i];
		if (text.p[i] == '"')
			i++;
	}
	return (struct str) { room, n };
}

static void
check_text(struct csv_record *r)
{
	for (size_t i = 0; i < r->n; i++) {
		if (str_utf8(r->field[i]))
			continue;
		r->error_field = i;
		r->error = str_find(r->field[i], '\0') < r->field[i].n
		    ? MSG_CSV_NUL
		    : MSG_CSV_ENCODING;
		return;
	}
}

static void
check_count(struct csv *c, struct csv_record *r)
{
	if (r->error != MSG_NONE)
		return;
	if (c->n_fields > CSV_FIELDS_MAX) {
		r->error = MSG_CSV_TOO_MANY_FIELDS;
		r->error_field = CSV_FIELDS_MAX;
		return;
	}
	if (c->expected == 0)
		c->expected = r->n;
	if (r->n == c->expected)
		return;
	r->error = MSG_CSV_FIELD_COUNT;
	r->error_field = r->n < c->expected ? r->n : c->expected;
}

/* Passes over the line end and makes ready for what follows it. */
static void
next_record(struct csv *c)
{
	c->line += c->quoted_lines;
	if (c->at < c->n) {
		c->after_cr = c->p[c->at] == '\r';
		c->line++;
		c->at++;
	}
	c->record = c->at;
	c->state = FIELD_START;
	c->n_fields = 0;
	c->is_odd = false;
	c->quoted_cr = false;
	c->quoted_lines = 0;
	c->error = MSG_NONE;
	c->error_field = 0;
}

void
csv_write(struct buf *b, struct str field, char separator, bool defuse)
{
	bool is_quoted = needs_quotes(field, separator);

	if (is_quoted)
		buf_u8(b, '"');
	if (defuse && is_formula(field))
		buf_u8(b, '\'');
	while (is_quoted && str_find(field, '"') < field.n) {
		buf_str(b, str_cut(&field, '"'));
		buf_z(b, "\"\"");
	}
	buf_str(b, field);
	if (is_quoted)
		buf_u8(b, '"');
}

static bool
needs_quotes(struct str field, char separator)
{
	return str_find(field, separator) < field.n ||
	    str_find(field, '"') < field.n || str_find(field, '\r') < field.n ||
	    str_find(field, '\n') < field.n || str_trim(field).n < field.n;
}

/* What a spreadsheet would run: also the full-width forms of = + - @. */
static bool
is_formula(struct str field)
{
	static const char wide[][4] = { "\xef\xbc\x9d", "\xef\xbc\x8b",
		"\xef\xbc\x8d", "\xef\xbc\xa0" };

	if (field.n == 0)
		return false;
	for (size_t i = 0; i < COUNT(wide); i++)
		if (str_starts(field, str_of(wide[i])))
			return true;
	return field.p[0] != '\0' && strchr("=+-@\t\r\n", field.p[0]) != NULL;
}
