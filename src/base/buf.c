/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"

#define FIRST_CAP 256

static void grow(struct buf *, size_t);
static void put_be(struct buf *, uint64_t, size_t);
static uint64_t get_be(struct cursor *, size_t);

void
buf_init(struct buf *b, struct arena *a, size_t max)
{
	*b = (struct buf) { .arena = a, .max = max };
}

void
buf_fini(struct buf *b)
{
	if (b->arena == NULL)
		heap_free(b->p);
	buf_init(b, b->arena, b->max);
}

void
buf_clear(struct buf *b)
{
	b->n = 0;
	b->over = false;
}

void
buf_drop(struct buf *b, size_t n)
{
	must(n <= b->n);
	if (n == 0)
		return;
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}

char *
buf_reserve(struct buf *b, size_t n)
{
	if (b->over || n > b->max - b->n) {
		b->over = true;
		return NULL;
	}
	if (n > b->cap - b->n || b->p == NULL)
		grow(b, b->n + n);
	return b->p + b->n;
}

/*
 * Room for NEED bytes in all, doubling so that a byte is copied twice at most
 * on average; and one byte more, for the NUL that vsnprintf insists on.
 */
static void
grow(struct buf *b, size_t need)
{
	size_t cap = b->cap < FIRST_CAP ? FIRST_CAP : b->cap;
	char *p;

	while (cap < need)
		cap = cap > b->max / 2 ? b->max : 2 * cap;
	if (cap > b->max)
		cap = b->max;
	if (b->arena == NULL) {
		b->p = heap_grow(b->p, cap + 1, 1);
	} else {
		p = arena_alloc(b->arena, cap + 1);
		if (b->n > 0)
			memcpy(p, b->p, b->n);
		b->p = p;
	}
	b->cap = cap;
}

void
buf_bytes(struct buf *b, const void *bytes, size_t n)
{
	char *p = buf_reserve(b, n);

	if (p == NULL || n == 0)
		return;
	memcpy(p, bytes, n);
	b->n += n;
}

void
buf_str(struct buf *b, struct str s)
{
	buf_bytes(b, s.p, s.n);
}

void
buf_z(struct buf *b, const char *z)
{
	buf_bytes(b, z, strlen(z));
}

void
buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	char *p;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	must(n >= 0);
	p = buf_reserve(b, (size_t)n);
	if (p != NULL) {
		vsnprintf(p, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
	va_end(ap);
}

void
buf_u8(struct buf *b, uint8_t v)
{
	put_be(b, v, 1);
}

void
buf_u16(struct buf *b, uint16_t v)
{
	put_be(b, v, 2);
}

void
buf_u32(struct buf *b, uint32_t v)
{
	put_be(b, v, 4);
}

void
buf_u64(struct buf *b, uint64_t v)
{
	put_be(b, v, 8);
}

static void
put_be(struct buf *b, uint64_t v, size_t n)
{
	char *p = buf_reserve(b, n);

	if (p == NULL)
		return;
	for (size_t i = 0; i < n; i++)
		p[i] = (char)(v >> (8 * (n - 1 - i)));
	b->n += n;
}

void
buf_lp(struct buf *b, struct str s)
{
	must(s.n <= UINT32_MAX);
	buf_u32(b, (uint32_t)s.n);
	buf_str(b, s);
}

struct str
buf_view(const struct buf *b)
{
	return (struct str) { b->p, b->n };
}

uint8_t
get_u8(struct cursor *c)
{
	return (uint8_t)get_be(c, 1);
}

uint16_t
get_u16(struct cursor *c)
{
	return (uint16_t)get_be(c, 2);
}

uint32_t
get_u32(struct cursor *c)
{
	return (uint32_t)get_be(c, 4);
}

uint64_t
get_u64(struct cursor *c)
{
	return get_be(c, 8);
}

static uint64_t
get_be(struct cursor *c, size_t n)
{
	struct str bytes = get_bytes(c, n);
	uint64_t v = 0;

	for (size_t i = 0; i < bytes.n; i++)
		v = v << 8 | (unsigned char)bytes.p[i];
	return v;
}

struct str
get_bytes(struct cursor *c, size_t n)
{
	struct str bytes;

	if (c->bad || n > c->left.n) {
		c->bad = true;
		return STR("");
	}
	bytes = str_sub(c->left, 0, n);
	c->left = str_sub(c->left, n, c->left.n - n);
	return bytes;
}

struct str
get_lp(struct cursor *c)
{
	return get_bytes(c, get_u32(c));
}

bool
get_end(const struct cursor *c)
{
	return !c->bad && c->left.n == 0;
}
