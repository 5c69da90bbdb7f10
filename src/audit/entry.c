/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entry.c - the bytes of a log entry.  One entry has one encoding and one
 * encoding is one entry; numbers are big-endian, lengths 32 bits:
 *
 *	u8 version (1)	 i64 time	  u16 node	 lp request id
 *	u8 actor kind	 i64 actor	  u8 factors	 u16 action
 *	u8 subject kind	 i64 subject	  i64 key version
 *	lp before	 lp after
 *	u16 n, n times (u8 kind, i64 object, in, before, after)
 *	lp sealed
 */
#include "audit/log_int.h"

#include "base/buf.h"

#include "core/actor.h"

#define VERSION	     1
#define CHANGE_BYTES (1 + 4 * 8)
#define FIXED_BYTES  (1 + 8 + 2 + 4 + 1 + 8 + 1 + 2 + 1 + 8 + 8 + 4 + 4 + 2 + 4)
#define REQUEST_ID   16
#define DIGEST	     32

static void put_changes(struct buf *, const struct entry *);
static void get_head(struct cursor *, struct entry *);
static void get_changes(struct arena *, struct cursor *, struct entry *);
static const char *fault_of(const struct entry *);

struct str
entry_encode(struct arena *a, const struct entry *e)
{
	struct buf b;

	must(fault_of(e) == NULL && e->nchange <= UINT16_MAX);
	buf_init(&b, a, ENTRY_BYTES_MAX);
	buf_reserve(&b,
	    FIXED_BYTES + e->request_id.n + e->before.n + e->after.n +
		e->nchange * CHANGE_BYTES + e->sealed.n);
	buf_u8(&b, VERSION);
	buf_u64(&b, (uint64_t)e->time_ms);
	buf_u16(&b, e->node);
	buf_lp(&b, e->request_id);
	buf_u8(&b, e->actor_kind);
	buf_u64(&b, (uint64_t)e->actor);
	buf_u8(&b, e->factors);
	buf_u16(&b, (uint16_t)e->action);
	buf_u8(&b, (uint8_t)e->subject_kind);
	buf_u64(&b, (uint64_t)e->subject);
	buf_u64(&b, (uint64_t)e->key_version);
	buf_lp(&b, e->before);
	buf_lp(&b, e->after);
	put_changes(&b, e);
	buf_lp(&b, e->sealed);
	must(!b.over);
	return buf_view(&b);
}

bool
entry_decode(struct arena *a, struct str bytes, struct entry *out)
{
	return entry_read(a, bytes, out) == NULL;
}

const char *
entry_read(struct arena *a, struct str bytes, struct entry *out)
{
	struct cursor c = { .left = bytes };
	struct entry e = { 0 };

	if (get_u8(&c) != VERSION)
		return "its version is unknown";
	get_head(&c, &e);
	get_changes(a, &c, &e);
	e.sealed = get_lp(&c);
	if (c.bad)
		return "it is cut short";
	if (!get_end(&c) || bytes.n > ENTRY_BYTES_MAX)
		return "bytes follow its end";
	*out = e;
	return fault_of(out);
}

static void
put_changes(struct buf *b, const struct entry *e)
{
	buf_u16(b, (uint16_t)e->nchange);
	for (size_t i = 0; i < e->nchange; i++) {
		const struct change *c = &e->change[i];

		buf_u8(b, (uint8_t)c->kind);
		buf_u64(b, (uint64_t)c->object);
		buf_u64(b, (uint64_t)c->in);
		buf_u64(b, (uint64_t)c->before);
		buf_u64(b, (uint64_t)c->after);
	}
}

static void
get_head(struct cursor *c, struct entry *e)
{
	e->time_ms = (int64_t)get_u64(c);
	e->node = get_u16(c);
	e->request_id = get_lp(c);
	e->actor_kind = get_u8(c);
	e->actor = (int64_t)get_u64(c);
	e->factors = get_u8(c);
	e->action = get_u16(c);
	e->subject_kind = get_u8(c);
	e->subject = (int64_t)get_u64(c);
	e->key_version = (int64_t)get_u64(c);
	e->before = get_lp(c);
	e->after = get_lp(c);
}

static void
get_changes(struct arena *a, struct cursor *c, struct entry *e)
{
	size_t n = get_u16(c);
	struct change *change;

	if (n * CHANGE_BYTES > c->left.n)
		c->bad = true;
	if (c->bad || n == 0)
		return;
	change = arena_array(a, n, sizeof(*change));
	for (size_t i = 0; i < n; i++) {
		change[i].kind = get_u8(c);
		change[i].object = (int64_t)get_u64(c);
		change[i].in = (int64_t)get_u64(c);
		change[i].before = (int64_t)get_u64(c);
		change[i].after = (int64_t)get_u64(c);
	}
	e->change = change;
	e->nchange = n;
}

static const char *
fault_of(const struct entry *e)
{
	if (e->request_id.n != 0 && e->request_id.n != REQUEST_ID)
		return "its request id is malformed";
	if (e->actor_kind < ACTOR_PERSON || e->actor_kind > ACTOR_OPERATOR)
		return "its actor is of an unknown kind";
	if (e->action <= ACTION_NONE || e->action >= ACTION_COUNT)
		return "its action is unknown";
	if (e->subject_kind < SUBJECT_TENANT ||
	    e->subject_kind >= SUBJECT_COUNT)
		return "its subject is of an unknown kind";
	if ((e->before.n != 0 && e->before.n != DIGEST) ||
	    (e->after.n != 0 && e->after.n != DIGEST))
		return "its digests are malformed";
	for (size_t i = 0; i < e->nchange; i++)
		if (e->change[i].kind < CHANGE_LIFECYCLE ||
		    e->change[i].kind >= CHANGE_COUNT)
			return "a change is of an unknown kind";
	return NULL;
}
