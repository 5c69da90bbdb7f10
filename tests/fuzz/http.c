/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz: http base.  However requests are cut into pieces, the reader says the
 * same about them, and what it accepts is what the rest of the program may rely
 * on.  The first byte is how many of the next ones are the sizes of the pieces,
 * used in turn.
 */
#include "http/http_int.h"

#include "fuzz.h"

#define SEEN_MAX ((size_t)8 << 20)

static const unsigned char one_piece = 0;

/* Printable ASCII: nothing that could end a line or hide in one. */
static void
check_text(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		must((s.p[i] >= ' ' && s.p[i] <= '~') || s.p[i] == '\t');
}

/* A path that was decoded names one thing only. */
static void
check_target(struct ctx *cx, struct str target)
{
	struct request rq = { .cx = *cx };
	struct str path;

	must(target.n > 0 && target.p[0] == '/');
	check_text(target);
	if (request_decode(&rq, target) != OK) {
		fuzz_refused(&rq.cx);
		return;
	}
	path = rq.path;
	must(path.n > 0 && path.p[0] == '/' && str_utf8(path));
	while (path.p != NULL) {
		struct str segment = str_cut(&path, '/');

		must(!str_eq(segment, STR(".")) && !str_eq(segment, STR("..")));
	}
}

/* Events and body bytes; pieces of a body count as one. */
static void
saw(struct ctx *cx, struct buf *seen, const struct reader *r,
    enum reader_event event, struct str piece)
{
	struct header header[READER_FIELDS_MAX];
	size_t n;

	if (event == READER_BODY) {
		buf_str(seen, piece);
		return;
	}
	buf_u8(seen, (uint8_t)event);
	if (event == READER_REFUSED) {
		must(r->err != OK && r->msg != MSG_NONE);
		buf_u32(seen, r->msg);
	}
	if (event != READER_HEAD)
		return;
	must(!r->is_chunked || r->length == 0);
	buf_lp(seen, reader_target(r));
	check_target(cx, reader_target(r));
	n = reader_headers(r, header);
	must(n > 0 && n <= READER_FIELDS_MAX);
	for (size_t i = 0; i < n; i++) {
		check_text(header[i].name);
		check_text(header[i].value);
		buf_lp(seen, header[i].name);
		buf_lp(seen, header[i].value);
	}
}

/* Reads requests until the bytes end or one is refused. */
static struct str
read_all(struct ctx *cx, struct str bytes, const unsigned char *sizes, size_t n)
{
	enum reader_event event = READER_MORE;
	struct reader r;
	struct buf head, seen;
	struct str piece, in;

	buf_init(&head, cx->arena, READER_HEAD_MAX);
	buf_init(&seen, cx->arena, SEEN_MAX);
	reader_init(&r, &head);
	for (size_t i = 0; bytes.n > 0 && event != READER_REFUSED; i++) {
		size_t size = sizes[i % n] == 0 ? bytes.n : sizes[i % n];

		in = str_sub(bytes, 0, size);
		bytes = str_sub(bytes, in.n, bytes.n);
		do {
			event = reader_feed(&r, &in, &piece);
			if (event != READER_MORE)
				saw(cx, &seen, &r, event, piece);
			if (event == READER_WHOLE)
				reader_init(&r, &head);
		} while (event != READER_MORE && event != READER_REFUSED);
	}
	must(!seen.over);
	return buf_view(&seen);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ctx cx = fuzz_open();
	size_t nsizes = n > 0 ? 1 + p[0] % 16 : 0;

	if (n > 1 + nsizes) {
		struct str bytes = { (const char *)p + 1 + nsizes,
			n - 1 - nsizes };
		struct str whole = read_all(&cx, bytes, &one_piece, 1);

		must(str_eq(whole, read_all(&cx, bytes, p + 1, nsizes)));
	}
	fuzz_close(&cx);
	return 0;
}
