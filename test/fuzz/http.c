/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz: http base.  However a request is cut into pieces, the reader says the
 * same about it.  The first byte is the size of the pieces.
 */
#include "http/reader.h"

#include "fuzz.h"

#define SEEN_MAX ((size_t)8 << 20)

/* Events and body bytes; pieces of a body count as one. */
static void
saw(struct buf *seen, const struct reader *r, enum reader_event event,
    struct str piece)
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
	buf_lp(seen, reader_target(r));
	n = reader_headers(r, header);
	must(n <= READER_FIELDS_MAX);
	for (size_t i = 0; i < n; i++) {
		buf_lp(seen, header[i].name);
		buf_lp(seen, header[i].value);
	}
}

/* Reads requests until the bytes end or one is refused. */
static struct str
read_all(struct ctx *cx, struct str bytes, size_t piece_max)
{
	enum reader_event event = READER_MORE;
	struct reader r;
	struct buf head, seen;
	struct str piece;

	buf_init(&head, cx->arena, READER_HEAD_MAX);
	buf_init(&seen, cx->arena, SEEN_MAX);
	reader_init(&r, &head);
	for (size_t at = 0; at < bytes.n && event != READER_REFUSED;
	    at += piece_max) {
		struct str in = str_sub(bytes, at, piece_max);

		do {
			event = reader_feed(&r, &in, &piece);
			if (event != READER_MORE)
				saw(&seen, &r, event, piece);
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

	if (n > 1) {
		struct str bytes = { (const char *)p + 1, n - 1 };
		struct str whole = read_all(&cx, bytes, bytes.n);

		must(str_eq(whole, read_all(&cx, bytes, 1 + p[0] % 16)));
	}
	fuzz_close(&cx);
	return 0;
}
