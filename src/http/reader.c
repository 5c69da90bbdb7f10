/* SPDX-License-Identifier: Apache-2.0 */
#include "http/reader.h"

#include <string.h>

/* What a byte may be part of. */
enum { TOKEN = 1, TARGET = 2, VALUE = 4, HOST = 8, ADDRESS = 16 };

/* Which known fields may be sent twice, and who looks at their value. */
struct known {
	const char *name;
	size_t	    n;
	bool	    may_repeat;
	bool (*take)(struct reader *, struct str);
};

/* The seen bits that are asked for by name; the order of known[]. */
enum { SEEN_HOST = 1, SEEN_LENGTH = 2, SEEN_TRANSFER = 4 };

static bool take_host(struct reader *, struct str);
static bool take_length(struct reader *, struct str);
static bool take_transfer(struct reader *, struct str);
static bool take_encoding(struct reader *, struct str);
static bool take_expect(struct reader *, struct str);
static bool take_connection(struct reader *, struct str);

/* A name and its length, where a str cannot stand. */
#define NAME(literal) (literal), sizeof(literal) - 1

static const struct known known[] = {
	{ NAME("Host"), false, take_host },
	{ NAME("Content-Length"), false, take_length },
	{ NAME("Transfer-Encoding"), false, take_transfer },
	{ NAME("Content-Encoding"), true, take_encoding },
	{ NAME("Expect"), false, take_expect },
	{ NAME("Connection"), true, take_connection },
	{ NAME("Authorization"), false, NULL },
	{ NAME("Content-Type"), false, NULL },
	{ NAME("Idempotency-Key"), false, NULL },
	{ NAME("If-Match"), false, NULL },
	{ NAME("If-None-Match"), false, NULL },
};

static const struct verb {
	const char *name;
	size_t	    n;
	enum method method;
	bool	    is_head;
} verbs[] = {
	{ NAME("GET"), GET, false },
	{ NAME("POST"), POST, false },
	{ NAME("PUT"), PUT, false },
	{ NAME("PATCH"), PATCH, false },
	{ NAME("DELETE"), DELETE, false },
	{ NAME("HEAD"), GET, true },
};

/* The bytes of a chunk line by class, and what each means in each place. */
enum chunk_class {
	HEX, TCHAR, EQUALS, SEMICOLON, QUOTE, BACKSLASH, TEXT, CR, LF, OTHER,
	CLASS_COUNT
};

enum chunk_place {
	SIZE0, SIZE, NAME0, NAME, VALUE0, WORD, QUOTED, PAIR, AFTER, END,
	PLACE_COUNT, DONE, NO
};

static const unsigned char chunk_next[PLACE_COUNT][CLASS_COUNT] = {
	/*            HEX     TCHAR   =       ;       "       \       TEXT    CR   LF    OTHER */
	[SIZE0]  = { SIZE,   NO,     NO,     NO,     NO,     NO,     NO,     NO,  NO,   NO },
	[SIZE]   = { SIZE,   NO,     NO,     NAME0,  NO,     NO,     NO,     END, NO,   NO },
	[NAME0]  = { NAME,   NAME,   NO,     NO,     NO,     NO,     NO,     NO,  NO,   NO },
	[NAME]   = { NAME,   NAME,   VALUE0, NAME0,  NO,     NO,     NO,     END, NO,   NO },
	[VALUE0] = { WORD,   WORD,   NO,     NO,     QUOTED, NO,     NO,     NO,  NO,   NO },
	[WORD]   = { WORD,   WORD,   NO,     NAME0,  NO,     NO,     NO,     END, NO,   NO },
	[QUOTED] = { QUOTED, QUOTED, QUOTED, QUOTED, AFTER,  PAIR,   QUOTED, NO,  NO,   NO },
	[PAIR]   = { QUOTED, QUOTED, QUOTED, QUOTED, QUOTED, QUOTED, QUOTED, NO,  NO,   NO },
	[AFTER]  = { NO,     NO,     NO,     NAME0,  NO,     NO,     NO,     END, NO,   NO },
	[END]    = { NO,     NO,     NO,     NO,     NO,     NO,     NO,     NO,  DONE, NO },
};

static enum reader_event request_line(struct reader *);
static enum reader_event fields(struct reader *);
static enum reader_event ready(struct reader *);
static enum reader_event by_length(struct reader *);
static enum reader_event chunk_size(struct reader *);
static enum reader_event chunk_data(struct reader *);
static enum reader_event chunk_end(struct reader *);
static enum reader_event last_chunk(struct reader *);
static enum reader_event stay(struct reader *);

static enum reader_event (*const step[])(struct reader *) = {
	[STATE_REQUEST_LINE] = request_line,
	[STATE_FIELDS] = fields,
	[STATE_READY] = ready,
	[STATE_LENGTH] = by_length,
	[STATE_CHUNK_SIZE] = chunk_size,
	[STATE_CHUNK_DATA] = chunk_data,
	[STATE_CHUNK_END] = chunk_end,
	[STATE_LAST] = last_chunk,
	[STATE_WHOLE] = stay,
	[STATE_BROKEN] = stay,
};

static enum reader_event refuse(struct reader *, enum msg, const char *);
static bool bad(struct reader *, enum msg, const char *);
static enum reader_event take_line(struct reader *, size_t, struct str *);
static void take_target(struct reader *, struct str);
static void take_early(struct reader *);
static bool is_version(struct str);
static bool pick_method(struct reader *, struct str);
static bool take_field(struct reader *, struct str);
static bool known_field(struct reader *, struct str, struct str);
static enum reader_event head_end(struct reader *);
static bool chunk_byte(struct reader *, unsigned char);
static enum chunk_class chunk_class(unsigned char);
static unsigned hex_value(unsigned char);
static bool crlf(struct reader *, bool *);
static bool is_all(struct str, unsigned);
static bool is_host(struct str);
static struct str trim(struct str);
static struct str advance(struct str *, size_t);
static struct span span_of(const struct reader *, struct str);
static struct str view(const struct reader *, struct span);

/* TOKEN, TARGET, VALUE, HOST and ADDRESS of the ASCII characters; other bytes are none. */
static const unsigned char kinds[256] = {
	 0,  0,  0,  0,  0,  0,  0,  0,  0,  4,  0,  0,  0,  0,  0,  0,
	 0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
	 4,  7,  4,  5,  7,  7,  7,  7,  6,  6,  7,  7,  6, 15, 31,  6,
	31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 22,  6,  4,  6,  4,  6,
	 6, 31, 31, 31, 31, 31, 31, 15, 15, 15, 15, 15, 15, 15, 15, 15,
	15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,  4,  4,  4,  5, 15,
	 5, 31, 31, 31, 31, 31, 31, 15, 15, 15, 15, 15, 15, 15, 15, 15,
	15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,  4,  5,  4,  7,  0,
};

void
reader_init(struct reader *r, struct buf *head)
{
	buf_clear(head);
	/* The spans are written before they are read; zeroing them costs. */
	memset((char *)r + offsetof(struct reader, nfield), 0,
	    sizeof(*r) - offsetof(struct reader, nfield));
	r->head = head;
	r->state = STATE_REQUEST_LINE;
	r->line = 0;
}

enum reader_event
reader_feed(struct reader *r, struct str *in, struct str *piece)
{
	enum reader_event event;

	r->in = *in;
	r->piece = (struct str) { NULL, 0 };
	do
		event = step[r->state](r);
	while (event == READER_AGAIN);
	*in = r->in;
	*piece = r->piece;
	return event;
}

struct str
reader_target(const struct reader *r)
{
	return view(r, r->target);
}

size_t
reader_headers(const struct reader *r, struct header header[READER_FIELDS_MAX])
{
	for (size_t i = 0; i < r->nfield; i++)
		header[i] = (struct header) { view(r, r->name[i]),
			view(r, r->value[i]) };
	return r->nfield;
}

/* method SP target SP HTTP/1.1 */
static enum reader_event
request_line(struct reader *r)
{
	struct str line, method, target;
	enum reader_event event = take_line(r, READER_LINE_MAX, &line);

	if (event != READER_AGAIN)
		return event;
	method = str_cut(&line, ' ');
	target = str_cut(&line, ' ');
	take_target(r, target);
	if (method.n == 0 || !is_all(method, TOKEN) || target.n == 0 ||
	    !is_version(line))
		return refuse(r, MSG_HTTP_REQUEST_LINE, "");
	if (!str_eq(line, STR("HTTP/1.1")))
		return refuse(r, MSG_HTTP_VERSION, "");
	if (r->target.n == 0)
		return refuse(r, MSG_HTTP_TARGET, "");
	if (!pick_method(r, method))
		return refuse(r, MSG_HTTP_METHOD_UNKNOWN, "");
	r->state = STATE_FIELDS;
	return READER_AGAIN;
}

/* Also of a line that is refused: in whose form that is told follows from it. */
static void
take_target(struct reader *r, struct str target)
{
	if (target.n > 0 && target.p[0] == '/' && is_all(target, TARGET))
		r->target = span_of(r, target);
}

/* Of a request line without an end, or with another than it must have. */
static void
take_early(struct reader *r)
{
	struct str line = buf_view(r->head);

	if (r->state != STATE_REQUEST_LINE)
		return;
	(void)str_cut(&line, ' ');
	take_target(r, str_cut(&line, ' '));
}

/*
 * Moves bytes into the head up to the end of the line.  READER_AGAIN: *LINE is
 * the line without its CR LF.
 */
static enum reader_event
take_line(struct reader *r, size_t max, struct str *line)
{
	size_t at = str_find(r->in, '\n'), n = at < r->in.n ? at + 1 : at;

	if (n > max - (r->head->n - r->line)) {
		if (r->state != STATE_REQUEST_LINE)
			return refuse(r, MSG_HTTP_HEAD_TOO_LARGE, "");
		buf_str(r->head,
		    str_sub(r->in, 0, READER_LINE_MAX - r->head->n));
		take_early(r);
		return refuse(r, MSG_HTTP_LINE_TOO_LONG, "");
	}
	buf_str(r->head, str_sub(r->in, 0, n));
	advance(&r->in, n);
	if (n == at)
		return READER_MORE;
	*line = str_sub(buf_view(r->head), r->line, SIZE_MAX);
	if (line->n < 2 || line->p[line->n - 2] != '\r') {
		take_early(r);
		return refuse(r, MSG_HTTP_LINE_END, "");
	}
	line->n -= 2;
	r->line = r->head->n;
	return READER_AGAIN;
}

static bool
is_version(struct str s)
{
	return s.n == 8 && str_starts(s, STR("HTTP/")) && s.p[5] >= '0' &&
	    s.p[5] <= '9' && s.p[6] == '.' && s.p[7] >= '0' && s.p[7] <= '9';
}

static bool
pick_method(struct reader *r, struct str name)
{
	for (size_t i = 0; i < COUNT(verbs); i++) {
		const struct verb *v = &verbs[i];

		if (!str_eq(name, (struct str) { v->name, v->n }))
			continue;
		r->method = v->method;
		r->is_head = v->is_head;
		return true;
	}
	return false;
}

static enum reader_event
fields(struct reader *r)
{
	struct str line;
	enum reader_event event;

	for (;;) {
		event = take_line(r, READER_HEAD_MAX - r->line, &line);
		if (event != READER_AGAIN)
			return event;
		if (line.n == 0)
			return head_end(r);
		if (!take_field(r, line))
			return READER_REFUSED;
	}
}

static bool
take_field(struct reader *r, struct str line)
{
	struct str value = line, name = str_cut(&value, ':');

	/* A folded line, a space before the colon and a line without a colon all fail here. */
	if (value.p == NULL || name.n == 0 || !is_all(name, TOKEN))
		return bad(r, MSG_HTTP_FIELD, "");
	value = trim(value);
	if (!is_all(value, VALUE))
		return bad(r, MSG_HTTP_FIELD, "");
	if (r->nfield == READER_FIELDS_MAX)
		return bad(r, MSG_HTTP_HEAD_TOO_LARGE, "");
	r->name[r->nfield] = span_of(r, name);
	r->value[r->nfield++] = span_of(r, value);
	return known_field(r, name, value);
}

static bool
known_field(struct reader *r, struct str name, struct str value)
{
	for (size_t i = 0; i < COUNT(known); i++) {
		const struct known *k = &known[i];

		if (!str_eq_nocase(name, (struct str) { k->name, k->n }))
			continue;
		if ((r->seen & 1u << i) != 0 && !k->may_repeat)
			return bad(r, MSG_HTTP_FIELD_TWICE, k->name);
		r->seen |= 1u << i;
		return k->take == NULL || k->take(r, value);
	}
	return true;
}

static bool
take_host(struct reader *r, struct str value)
{
	return is_host(value) || bad(r, MSG_HTTP_HOST, "Host");
}

static bool
take_length(struct reader *r, struct str value)
{
	int64_t length;

	if (value.n == 0 || value.p[0] == '-' || !str_int(value, &length))
		return bad(r, MSG_HTTP_LENGTH, "Content-Length");
	r->length = (uint64_t)length;
	return true;
}

static bool
take_transfer(struct reader *r, struct str value)
{
	r->is_chunked = str_eq_nocase(value, STR("chunked"));
	return r->is_chunked || bad(r, MSG_HTTP_TRANSFER, "Transfer-Encoding");
}

static bool
take_encoding(struct reader *r, struct str value)
{
	return str_eq_nocase(value, STR("identity")) ||
	    bad(r, MSG_HTTP_ENCODING, "Content-Encoding");
}

static bool
take_expect(struct reader *r, struct str value)
{
	r->expects_continue = str_eq_nocase(value, STR("100-continue"));
	return r->expects_continue || bad(r, MSG_HTTP_EXPECT, "Expect");
}

static bool
take_connection(struct reader *r, struct str value)
{
	while (value.p != NULL)
		if (str_eq_nocase(trim(str_cut(&value, ',')), STR("close")))
			r->closes = true;
	return true;
}

static enum reader_event
head_end(struct reader *r)
{
	if ((r->seen & SEEN_HOST) == 0)
		return refuse(r, MSG_HTTP_HOST, "Host");
	if ((r->seen & SEEN_LENGTH) != 0 && (r->seen & SEEN_TRANSFER) != 0)
		return refuse(r, MSG_HTTP_FRAMING, "Content-Length");
	r->state = STATE_READY;
	return READER_HEAD;
}

static enum reader_event
ready(struct reader *r)
{
	r->left = r->length;
	r->state = r->is_chunked ? STATE_CHUNK_SIZE : STATE_LENGTH;
	return READER_AGAIN;
}

static enum reader_event
by_length(struct reader *r)
{
	if (r->left == 0) {
		r->state = STATE_WHOLE;
		return READER_WHOLE;
	}
	if (r->in.n == 0)
		return READER_MORE;
	r->piece =
	    advance(&r->in, r->left < r->in.n ? (size_t)r->left : r->in.n);
	r->left -= r->piece.n;
	return READER_BODY;
}

static enum reader_event
chunk_size(struct reader *r)
{
	while (r->in.n > 0) {
		if (!chunk_byte(r, (unsigned char)advance(&r->in, 1).p[0]))
			return refuse(r, MSG_HTTP_CHUNK, "");
		if (r->chunk_state != DONE)
			continue;
		r->chunk_state = SIZE0;
		r->chunk_line = r->chunk_digits = 0;
		r->state = r->left == 0 ? STATE_LAST : STATE_CHUNK_DATA;
		return READER_AGAIN;
	}
	return READER_MORE;
}

static bool
chunk_byte(struct reader *r, unsigned char c)
{
	enum chunk_class class = chunk_class(c);

	if (++r->chunk_line > READER_CHUNK_LINE_MAX)
		return false;
	r->chunk_state = chunk_next[r->chunk_state][class];
	if (r->chunk_state == NO)
		return false;
	if (r->chunk_state == SIZE) {
		/* Fifteen digits are far more than any body has and cannot overflow. */
		r->left = r->left << 4 | hex_value(c);
		return ++r->chunk_digits <= 15;
	}
	if (r->chunk_state < END)
		return ++r->extensions <= READER_EXTENSION_MAX;
	return true;
}

static enum chunk_class
chunk_class(unsigned char c)
{
	static const struct {
		unsigned char c;
		enum chunk_class class;
	} signs[] = {
		{ '=', EQUALS },
		{ ';', SEMICOLON },
		{ '"', QUOTE },
		{ '\\', BACKSLASH },
		{ '\r', CR },
		{ '\n', LF },
	};

	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	    (c >= 'A' && c <= 'F'))
		return HEX;
	for (size_t i = 0; i < COUNT(signs); i++)
		if (signs[i].c == c)
			return signs[i].class;
	if ((kinds[c] & TOKEN) != 0)
		return TCHAR;
	return (kinds[c] & VALUE) != 0 ? TEXT : OTHER;
}

static unsigned
hex_value(unsigned char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (c | 0x20u) - 'a' + 10;
}

static enum reader_event
chunk_data(struct reader *r)
{
	if (r->left == 0) {
		r->state = STATE_CHUNK_END;
		return READER_AGAIN;
	}
	if (r->in.n == 0)
		return READER_MORE;
	r->piece =
	    advance(&r->in, r->left < r->in.n ? (size_t)r->left : r->in.n);
	r->left -= r->piece.n;
	return READER_BODY;
}

static enum reader_event
chunk_end(struct reader *r)
{
	bool is_whole;

	if (!crlf(r, &is_whole))
		return refuse(r, MSG_HTTP_CHUNK, "");
	if (!is_whole)
		return READER_MORE;
	r->state = STATE_CHUNK_SIZE;
	return READER_AGAIN;
}

static enum reader_event
last_chunk(struct reader *r)
{
	bool is_whole;

	if (!crlf(r, &is_whole))
		return refuse(r, MSG_HTTP_TRAILER, "");
	if (!is_whole)
		return READER_MORE;
	r->state = STATE_WHOLE;
	return READER_WHOLE;
}

/* The two bytes that end a chunk or the body; false: something else stands there. */
static bool
crlf(struct reader *r, bool *is_whole)
{
	static const char want[] = "\r\n";

	*is_whole = false;
	while (r->in.n > 0) {
		if (advance(&r->in, 1).p[0] != want[r->chunk_line])
			return false;
		if (++r->chunk_line < 2)
			continue;
		r->chunk_line = 0;
		*is_whole = true;
		return true;
	}
	return true;
}

/* Takes nothing more: the next request needs reader_init(). */
static enum reader_event
stay(struct reader *r)
{
	return r->state == STATE_WHOLE ? READER_WHOLE : READER_REFUSED;
}

static enum reader_event
refuse(struct reader *r, enum msg msg, const char *field)
{
	r->err = ERR_BAD_INPUT;
	r->msg = msg;
	r->field = field;
	r->state = STATE_BROKEN;
	return READER_REFUSED;
}

static bool
bad(struct reader *r, enum msg msg, const char *field)
{
	return refuse(r, msg, field) != READER_REFUSED;
}

static bool
is_all(struct str s, unsigned kind)
{
	unsigned all = kind;

	for (size_t i = 0; i < s.n; i++)
		all &= kinds[(unsigned char)s.p[i]];
	return all != 0;
}

/* name, IPv4 or [IPv6], and a port if there is a colon. */
static bool
is_host(struct str s)
{
	struct str port = s, host;

	if (s.n > 0 && s.p[0] == '[') {
		host = str_cut(&port, ']');
		if (port.p == NULL || host.n < 3 ||
		    !is_all(str_sub(host, 1, host.n - 1), ADDRESS))
			return false;
		if (port.n == 0)
			return true;
		if (port.p[0] != ':')
			return false;
		advance(&port, 1);
	} else {
		host = str_cut(&port, ':');
		if (host.n == 0 || !is_all(host, HOST))
			return false;
		if (port.p == NULL)
			return true;
	}
	for (size_t i = 0; i < port.n; i++)
		if (port.p[i] < '0' || port.p[i] > '9')
			return false;
	return port.n >= 1 && port.n <= 5;
}

/* Without the spaces and tabs at both ends (RFC 9110 5.5: OWS). */
static struct str
trim(struct str s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		advance(&s, 1);
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* Cuts N bytes off the front and returns them. */
static struct str
advance(struct str *s, size_t n)
{
	struct str front = { s->p, n };

	s->p += n;
	s->n -= n;
	return front;
}

static struct span
span_of(const struct reader *r, struct str s)
{
	return (struct span) { (uint16_t)(s.p - r->head->p), (uint16_t)s.n };
}

static struct str
view(const struct reader *r, struct span s)
{
	return (struct str) { r->head->p + s.at, s.n };
}
