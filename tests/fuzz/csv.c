/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz: base.  However the bytes are cut, the records are the same, and a
 * record without an error has fields that are UTF-8.  The first byte says how
 * to read and to cut.
 */
#include "base/csv.h"

#include "base/buf.h"

#include "fuzz.h"

static void
take(struct csv *csv, struct buf *seen)
{
	struct csv_record r;

	while (csv_next(csv, &r)) {
		buf_u64(seen, (uint64_t)r.line);
		buf_u32(seen, r.error);
		buf_u64(seen, r.error_field);
		buf_lp(seen, r.raw);
		must(r.n <= CSV_FIELDS_MAX);
		for (size_t i = 0; i < r.n; i++) {
			buf_lp(seen, r.field[i]);
			must(r.error != MSG_NONE || str_utf8(r.field[i]));
		}
	}
}

/* All that comes out of BYTES in pieces of PIECE. */
static struct str
records(struct ctx *cx, struct str bytes, size_t piece, uint8_t how)
{
	static const char separators[] = { 0, ';', ',', '\t' };
	struct csv *csv = csv_open(separators[how & 3], (how & 4) != 0);
	struct buf seen;

	buf_init(&seen, cx->arena, FUZZ_ARENA_MAX / 4);
	for (size_t at = 0; at < bytes.n; at += piece) {
		csv_feed(csv, str_sub(bytes, at, piece), false);
		take(csv, &seen);
	}
	csv_feed(csv, STR(""), true);
	take(csv, &seen);
	csv_close(csv);
	must(!seen.over);
	return buf_view(&seen);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ctx cx = fuzz_open();

	if (n > 1) {
		struct str bytes = { (const char *)p + 1, n - 1 };
		struct str whole = records(&cx, bytes, bytes.n, p[0]);

		must(str_eq(whole, records(&cx, bytes, 1 + p[0] % 7, p[0])));
	}
	fuzz_close(&cx);
	return 0;
}
