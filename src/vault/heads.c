/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heads.c - the file of signed heads.
 *
 *	record: "UHD1"  u32 body length  body  MAC(length || body)
 *	body:	u32 tenant  u32 origin  lp frontier  lp note
 */
#include "vault/heads.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"

#include "vault/keys.h"

#define MAGIC	     "UHD1"
#define AROUND	     (4 + 4 + 32)
#define BODY_MAX     (4 + 4 + 4 + FRONTIER_BYTES_MAX + 4 + HEAD_NOTE_MAX)
#define RECORD_MAX   (AROUND + BODY_MAX)
#define COMPACT_SIZE (4u << 20)

static void head_encode(struct buf *, const struct head *);
static bool head_decode(struct str, struct head *);
static void record_encode(struct heads *, struct buf *, const struct head *);
static size_t record_decode(struct heads *, struct str, struct head *);
static void take_in(struct heads *, struct str);
static bool is_older(const struct head *, const struct head *);
static void remember(struct heads *, const struct head *);
static size_t place(const struct heads *, uint32_t tenant);
static bool append(struct heads *, const struct head *);
static bool reopen(struct heads *);
static bool compact(struct heads *);

void
heads_open(struct heads *h, struct crypt *c)
{
	*h = (struct heads) { .crypt = c, .fd = -1 };
	mac_open(&h->mac);
	h->head = heap_alloc(TENANTS_MAX, sizeof(struct head *));
}

void
heads_key(struct heads *h, const uint8_t key[KEY_BYTES])
{
	const struct str k = { (const char *)key, KEY_BYTES };

	mac_key(h->crypt, &h->mac, k);
}

bool
heads_load(struct heads *h, const char *path)
{
	struct arena *a = arena_open(HEADS_FILE_MAX + (1 << 20));
	struct str bytes;
	bool ok;

	h->path = heap_alloc(strlen(path) + 1, 1);
	memcpy(h->path, path, strlen(path));
	ok = file_read(a, path, HEADS_FILE_MAX, &bytes);
	if (ok)
		take_in(h, bytes);
	arena_close(a);
	if (!ok || !reopen(h))
		return false;
	return h->size < h->compact_at || compact(h);
}

/*
 * Whole records count wherever they stand: a power cut may spoil any page that
 * was not synced.
 */
static void
take_in(struct heads *h, struct str bytes)
{
	struct head head;
	size_t spoilt = 0, at = 0, n;

	while (at < bytes.n) {
		n = record_decode(h, str_sub(bytes, at, RECORD_MAX), &head);
		if (n > 0)
			remember(h, &head);
		else
			spoilt++;
		at += n > 0 ? n : 1;
	}
	if (spoilt > 0)
		log_event(LOG_WARN, "heads_torn", LOG_NUM("bytes", spoilt));
}

/* Bytes of the record that BYTES begin with; 0: none does. */
static size_t
record_decode(struct heads *h, struct str bytes, struct head *head)
{
	struct cursor c = { .left = bytes };
	struct str body, mac;
	uint8_t want[32];
	uint32_t n;

	if (!str_eq(get_bytes(&c, 4), STR(MAGIC)))
		return 0;
	n = get_u32(&c);
	body = get_bytes(&c, n);
	mac = get_bytes(&c, sizeof(want));
	if (c.bad)
		return 0;
	mac_make(h->crypt, &h->mac,
	    (struct str[]) { str_sub(bytes, 4, 4), body }, 2, want);
	if (!str_eq_secret(mac, (struct str) { (char *)want, sizeof(want) }))
		return 0;
	return head_decode(body, head) ? AROUND + (size_t)n : 0;
}

static bool
head_decode(struct str body, struct head *head)
{
	struct cursor c = { .left = body };
	struct str note;

	memset(head, 0, sizeof(*head));
	head->tenant = get_u32(&c);
	head->origin = get_u32(&c);
	if (!frontier_decode(get_lp(&c), &head->frontier))
		return false;
	note = get_lp(&c);
	if (!get_end(&c) || note.n > sizeof(head->note))
		return false;
	head->note_n = note.n;
	if (note.n > 0)
		memcpy(head->note, note.p, note.n);
	return true;
}

static void
head_encode(struct buf *b, const struct head *head)
{
	uint8_t frontier[FRONTIER_BYTES_MAX];
	size_t n = frontier_encode(&head->frontier, frontier);

	buf_u32(b, head->tenant);
	buf_u32(b, head->origin);
	buf_lp(b, (struct str) { (char *)frontier, n });
	buf_lp(b, (struct str) { head->note, head->note_n });
}

/* Signed heads never go back, whatever order records come in. */
static void
remember(struct heads *h, const struct head *head)
{
	size_t at = place(h, head->tenant);

	if (at < h->n && h->head[at]->tenant == head->tenant) {
		if (!is_older(head, h->head[at]))
			*h->head[at] = *head;
		return;
	}
	must(h->n < TENANTS_MAX);
	memmove(h->head + at + 1, h->head + at, (h->n - at) * sizeof(*h->head));
	h->head[at] = heap_alloc(1, sizeof(*head));
	*h->head[at] = *head;
	h->n++;
}

static bool
is_older(const struct head *a, const struct head *b)
{
	if (a->origin != b->origin)
		return a->origin < b->origin;
	return a->frontier.size < b->frontier.size;
}

static size_t
place(const struct heads *h, uint32_t tenant)
{
	size_t from = 0, to = h->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (h->head[middle]->tenant < tenant)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static bool
reopen(struct heads *h)
{
	off_t size;

	if (h->fd >= 0)
		close(h->fd);
	h->fd = open(h->path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	if (h->fd < 0)
		return false;
	size = lseek(h->fd, 0, SEEK_END);
	if (size < 0)
		return false;
	h->size = (uint64_t)size;
	if (h->compact_at == 0)
		h->compact_at = COMPACT_SIZE;
	return true;
}

/* The same heads, one record each; the next time when it has grown fourfold. */
static bool
compact(struct heads *h)
{
	struct buf b;
	bool ok;

	buf_init(&b, NULL, HEADS_FILE_MAX);
	heads_records(h, &b);
	ok = !b.over && file_replace(h->path, buf_view(&b), 0600) && reopen(h);
	buf_fini(&b);
	if (!ok)
		return false;
	h->dirty_since_ns = 0;
	h->compact_at = h->size * 4 > COMPACT_SIZE ? h->size * 4 : COMPACT_SIZE;
	return true;
}

void
heads_records(struct heads *h, struct buf *b)
{
	for (size_t i = 0; i < h->n; i++)
		record_encode(h, b, h->head[i]);
}

static void
record_encode(struct heads *h, struct buf *b, const struct head *head)
{
	struct str bytes;
	uint8_t mac[32];
	char body[BODY_MAX];
	struct buf in = { .p = body, .cap = sizeof(body), .max = sizeof(body) };
	size_t from;

	head_encode(&in, head);
	must(!in.over);
	buf_z(b, MAGIC);
	from = b->n;
	buf_lp(b, buf_view(&in));
	if (b->over)
		return;
	bytes = (struct str) { b->p + from, b->n - from };
	mac_make(h->crypt, &h->mac, &bytes, 1, mac);
	buf_bytes(b, mac, sizeof(mac));
}

void
heads_close(struct heads *h)
{
	heads_sync(h);
	if (h->fd >= 0)
		close(h->fd);
	for (size_t i = 0; i < h->n; i++)
		heap_free(h->head[i]);
	heap_free(h->head);
	heap_free(h->path);
	mac_close(&h->mac);
}

const struct head *
heads_find(const struct heads *h, uint32_t tenant)
{
	size_t at = place(h, tenant);

	if (at == h->n || h->head[at]->tenant != tenant)
		return NULL;
	return h->head[at];
}

bool
heads_put(struct heads *h, const struct head *head)
{
	if (h->path != NULL && !append(h, head))
		return false;
	remember(h, head);
	if (h->path != NULL && h->size >= h->compact_at && !compact(h))
		fatal("heads.log");
	return true;
}

static bool
append(struct heads *h, const struct head *head)
{
	char record[RECORD_MAX];
	struct buf b = { .p = record, .cap = sizeof(record), .max = sizeof(record) };

	record_encode(h, &b, head);
	must(!b.over);
	if (!fd_write_all(h->fd, buf_view(&b))) {
		/* Half a record does no harm, but it would stay. */
		if (ftruncate(h->fd, (off_t)h->size) != 0)
			fatal("heads.log");
		return false;
	}
	h->size += b.n;
	if (h->dirty_since_ns == 0)
		h->dirty_since_ns = clock_mono_ns();
	return true;
}

void
heads_sync(struct heads *h)
{
	if (h->dirty_since_ns == 0)
		return;
	fd_sync(h->fd);
	h->dirty_since_ns = 0;
}

int
heads_due_ms(const struct heads *h, int64_t now_ns)
{
	int64_t due;

	if (h->dirty_since_ns == 0)
		return -1;
	due = HEADS_SYNC_MS - (now_ns - h->dirty_since_ns) / 1000000;
	return due < 0 ? 0 : (int)due;
}

void
heads_encode(const struct heads *h, struct buf *b)
{
	buf_u32(b, (uint32_t)h->n);
	for (size_t i = 0; i < h->n; i++) {
		char body[BODY_MAX];
		struct buf in = { .p = body, .cap = sizeof(body), .max = sizeof(body) };

		head_encode(&in, h->head[i]);
		must(!in.over);
		buf_lp(b, buf_view(&in));
	}
}

bool
heads_decode(struct heads *h, struct str bytes)
{
	struct cursor c = { .left = bytes };
	struct head head;
	uint32_t n = get_u32(&c);

	if (n > TENANTS_MAX)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		if (!head_decode(get_lp(&c), &head) || !heads_put(h, &head))
			return false;
	}
	return get_end(&c);
}
