/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.h - a buf is bytes being written, up to a ceiling it names.
 *
 * A write past the ceiling sets `over` and drops the bytes; the writer checks
 * once, at the end.  Integers are big-endian.  Storage is the arena's, or the
 * heap's when the arena is NULL (then buf_fini frees it).
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/str.h"

struct buf {
	struct arena *arena;
	char	     *p;
	size_t	      n, cap, max;
	bool	      over;
};

void buf_init(struct buf *, struct arena *, size_t max);
void buf_fini(struct buf *);
void buf_clear(struct buf *);			/* empty again, storage kept */
void buf_drop(struct buf *, size_t n);		/* removes the first N bytes */
char *buf_reserve(struct buf *, size_t n);	/* room for N more bytes, NULL if over; then add N to b->n */

void buf_bytes(struct buf *, const void *, size_t);
void buf_str(struct buf *, struct str);
void buf_z(struct buf *, const char *);
void buf_fmt(struct buf *, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_u8(struct buf *, uint8_t);
void buf_u16(struct buf *, uint16_t);
void buf_u32(struct buf *, uint32_t);
void buf_u64(struct buf *, uint64_t);
void buf_lp(struct buf *, struct str);		/* u32 length, then the bytes */
struct str buf_view(const struct buf *);

/*
 * Reading the same forms back.  A read past the end sets `bad` and gives zero;
 * the reader checks bad and left once, at the end.
 */
struct cursor {
	struct str left;
	bool	   bad;
};

uint8_t get_u8(struct cursor *);
uint16_t get_u16(struct cursor *);
uint32_t get_u32(struct cursor *);
uint64_t get_u64(struct cursor *);
struct str get_bytes(struct cursor *, size_t n);
struct str get_lp(struct cursor *);
/* Everything was read, and nothing is left over. */
bool get_end(const struct cursor *);

#endif
