/* SPDX-License-Identifier: Apache-2.0 */
/* frame.c - both ends of the vault's wire. */
#include "vault/frame.h"

#include <string.h>

#define AT_LENGTH 0
#define AT_STATUS (ANSWER_HEAD - 1)

static enum frame_next take(struct str *, size_t head, struct cursor *);
static void put_length(struct buf *, size_t begin);

enum frame_next
frame_take(struct str *bytes, struct frame *out)
{
	struct cursor c;
	struct str capability;
	enum frame_next next = take(bytes, FRAME_HEAD, &c);

	if (next != FRAME_WHOLE)
		return next;
	out->op = get_u8(&c);
	out->request = get_u64(&c);
	out->tenant = get_u32(&c);
	capability = get_bytes(&c, sizeof(out->capability));
	memcpy(&out->capability, capability.p, sizeof(out->capability));
	out->purpose = get_u8(&c);
	out->body = c.left;
	if (out->op == OP_NONE || out->op >= OP_COUNT ||
	    out->purpose >= PURPOSE_COUNT)
		return FRAME_BAD;
	return FRAME_WHOLE;
}

enum frame_next
answer_take(struct str *bytes, struct answer *out)
{
	struct cursor c;
	enum frame_next next = take(bytes, ANSWER_HEAD, &c);

	if (next != FRAME_WHOLE)
		return next;
	out->op = get_u8(&c);
	out->request = get_u64(&c);
	out->status = get_u8(&c);
	out->body = c.left;
	if (out->status >= STATUS_COUNT ||
	    (out->status != STATUS_OK && out->body.n > 0))
		return FRAME_BAD;
	return FRAME_WHOLE;
}

/* Length and version are the same in both directions; C is left after them. */
static enum frame_next
take(struct str *bytes, size_t head, struct cursor *c)
{
	uint32_t length;

	*c = (struct cursor) { .left = *bytes };
	if (bytes->n < 4)
		return FRAME_MORE;
	length = get_u32(c);
	if (length < head || length > FRAME_MAX)
		return FRAME_BAD;
	if (bytes->n < length)
		return FRAME_MORE;
	c->left = str_sub(*bytes, 4, length - 4);
	*bytes = str_sub(*bytes, length, bytes->n - length);
	return get_u8(c) == FRAME_VERSION ? FRAME_WHOLE : FRAME_BAD;
}

size_t
frame_begin(struct buf *b, const struct frame *f)
{
	size_t begin = b->n;

	buf_u32(b, 0);
	buf_u8(b, FRAME_VERSION);
	buf_u8(b, (uint8_t)f->op);
	buf_u64(b, f->request);
	buf_u32(b, f->tenant);
	buf_bytes(b, f->capability.bytes, sizeof(f->capability));
	buf_u8(b, f->purpose);
	return begin;
}

size_t
answer_begin(struct buf *b, const struct frame *f)
{
	size_t begin = b->n;

	buf_u32(b, 0);
	buf_u8(b, FRAME_VERSION);
	buf_u8(b, (uint8_t)f->op);
	buf_u64(b, f->request);
	buf_u8(b, STATUS_OK);
	return begin;
}

void
frame_end(struct buf *b, size_t begin)
{
	must(!b->over && b->n - begin <= FRAME_MAX);
	put_length(b, begin);
}

void
answer_end(struct buf *b, size_t begin, enum frame_status status)
{
	must(!b->over && status < STATUS_COUNT);
	if (status == STATUS_OK && b->n - begin > FRAME_MAX)
		status = STATUS_TOO_LARGE;
	if (status != STATUS_OK)
		b->n = begin + ANSWER_HEAD;
	b->p[begin + AT_STATUS] = (char)status;
	put_length(b, begin);
}

static void
put_length(struct buf *b, size_t begin)
{
	uint32_t length = (uint32_t)(b->n - begin);

	for (size_t i = 0; i < 4; i++)
		b->p[begin + AT_LENGTH + i] = (char)(length >> (24 - 8 * i));
}
