/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve_log.c - signing checkpoints of what the vault hashed itself, and
 * nothing that does not extend what it signed before (SECURITY.md 6.4).
 */
#include "vault/serve_int.h"

#include <string.h>

#include "base/arena.h"

#include "audit/note.h"

#define SIGN_MEMORY (1u << 20)

static struct head head_of(const struct request *);
static bool extends(const struct request *, const struct head *,
    struct str root);
static void note_make(struct request *, struct arena *, struct head *);
static struct verifier verifier_of(struct request *, struct arena *);
static struct str origin_of(struct request *, struct arena *, uint32_t origin);
static enum frame_status conflict(struct request *);
static bool pass_by(struct request *, uint32_t origin, struct str note);
static bool is_passed(const struct attempt *, const struct frontier *);
static bool take_piece(struct request *, struct attempt *);

/* A log of which nothing was signed begins at origin 0. */
static struct head
head_of(const struct request *rq)
{
	const struct head *h = heads_find(&rq->s->heads, rq->frame->tenant);

	return h != NULL ? *h : (struct head) { .tenant = rq->frame->tenant };
}

enum frame_status
log_head_get(struct request *rq)
{
	struct head head = head_of(rq);

	if (!get_end(&rq->in))
		return STATUS_MALFORMED;
	buf_u32(rq->out, head.origin);
	buf_u64(rq->out, head.frontier.size);
	return STATUS_OK;
}

enum frame_status
log_begin(struct request *rq)
{
	struct attempt *a = &rq->peer->attempt;
	struct head head = head_of(rq);
	const uint32_t origin = get_u32(&rq->in);
	const uint64_t size = get_u64(&rq->in);
	const struct str note = get_lp(&rq->in);

	if (!get_end(&rq->in))
		return STATUS_MALFORMED;
	a->is_open = a->follows = a->is_apart = false;
	a->pass_size = 0;
	if (note.n > 0 && !pass_by(rq, origin, note))
		return conflict(rq);
	if (origin > head.origin && size == 0 && a->pass_size > 0) {
		a->follows = true;
		memset(&head.frontier, 0, sizeof(head.frontier));
		head.origin = origin;
	}
	if (origin != head.origin || size != head.frontier.size)
		return conflict(rq);
	if (a->pass_size <= size && !is_passed(a, &head.frontier))
		return conflict(rq);
	a->is_open = true;
	a->tenant = rq->frame->tenant;
	a->origin = origin;
	a->from = size;
	a->frontier = head.frontier;
	buf_clear(&a->entry);
	return STATUS_OK;
}

/* Another vault's checkpoint, of this origin, is what the log must come by. */
static bool
pass_by(struct request *rq, uint32_t origin, struct str note)
{
	struct attempt *a = &rq->peer->attempt;
	struct arena *arena = arena_open(SIGN_MEMORY);
	const struct verifier v = verifier_of(rq, arena);
	struct checkpoint c;
	const char *why;
	bool is_signed =
	    note_check(arena, note, &v, origin_of(rq, arena, origin), &c, &why);

	if (is_signed) {
		a->pass_size = c.size;
		a->pass_root = c.root;
	}
	arena_close(arena);
	return is_signed;
}

/* Of a checkpoint before TREE only what lies behind us could tell. */
static bool
is_passed(const struct attempt *a, const struct frontier *tree)
{
	struct hash root;

	if (a->pass_size == 0 || a->pass_size != tree->size)
		return true;
	frontier_root(tree, &root);
	return memcmp(&root, &a->pass_root, sizeof(root)) == 0;
}

static enum frame_status
conflict(struct request *rq)
{
	rq->peer->attempt.is_open = false;
	alarm_raise(rq, ALARM_LOG_CONFLICT);
	return STATUS_CONFLICT;
}

/* Pieces of entries, since an entry may be larger than a frame. */
enum frame_status
log_add(struct request *rq)
{
	struct attempt *a = &rq->peer->attempt;

	/* What was refused at its beginning raised its alarm there. */
	if (!a->is_open || a->tenant != rq->frame->tenant)
		return STATUS_CONFLICT;
	while (rq->in.left.n > 0) {
		if (!take_piece(rq, a))
			return STATUS_MALFORMED;
		if (!a->entry.over)
			continue;
		a->is_open = false;
		return STATUS_TOO_LARGE;
	}
	return STATUS_OK;
}

static bool
take_piece(struct request *rq, struct attempt *a)
{
	const uint8_t is_last = get_u8(&rq->in);
	const struct str piece = get_lp(&rq->in);
	struct hash leaf;

	if (rq->in.bad || is_last > 1)
		return false;
	buf_str(&a->entry, piece);
	if (is_last == 0 || a->entry.over)
		return true;
	tree_leaf(buf_view(&a->entry), &leaf);
	frontier_append(&a->frontier, &leaf);
	buf_clear(&a->entry);
	a->is_apart |= !is_passed(a, &a->frontier);
	return true;
}

enum frame_status
log_sign(struct request *rq)
{
	struct attempt *a = &rq->peer->attempt;
	struct head head = head_of(rq);
	const uint64_t size = get_u64(&rq->in);
	const struct str root = get_bytes(&rq->in, sizeof(struct hash));
	struct arena *arena;

	if (!get_end(&rq->in))
		return STATUS_MALFORMED;
	if (!a->is_open)
		return STATUS_CONFLICT;
	if (a->follows && a->origin > head.origin) {
		head.origin = a->origin;
		memset(&head.frontier, 0, sizeof(head.frontier));
	}
	if (size != a->frontier.size || a->is_apart || size < a->pass_size ||
	    !extends(rq, &head, root))
		return conflict(rq);
	a->is_open = false;
	head.frontier = a->frontier;
	arena = arena_open(SIGN_MEMORY);
	note_make(rq, arena, &head);
	arena_close(arena);
	/* What is not remembered as signed must not be handed out. */
	if (!heads_put(&rq->s->heads, &head))
		return STATUS_FULL;
	buf_bytes(rq->out, head.note, head.note_n);
	rq->s->state.signed_checkpoints++;
	return STATUS_OK;
}

/* Another channel may have signed since this attempt began. */
static bool
extends(const struct request *rq, const struct head *head, struct str root)
{
	const struct attempt *a = &rq->peer->attempt;
	struct hash own;

	frontier_root(&a->frontier, &own);
	return a->tenant == rq->frame->tenant && a->origin == head->origin &&
	    a->from == head->frontier.size && a->entry.n == 0 &&
	    str_eq(root, (struct str) { (char *)own.bytes, sizeof(own) });
}

static void
note_make(struct request *rq, struct arena *a, struct head *head)
{
	const struct verifier v = verifier_of(rq, a);
	struct checkpoint c = { .size = head->frontier.size };
	struct str text, note;
	uint8_t signature[64];

	c.origin = origin_of(rq, a, head->origin);
	frontier_root(&head->frontier, &c.root);
	text = checkpoint_text(a, &c);
	keys_sign(&rq->s->keys, text, signature);
	note = note_sign(a, text, &v, signature);
	must(note.n <= sizeof(head->note));
	memcpy(head->note, note.p, note.n);
	head->note_n = note.n;
}

static struct verifier
verifier_of(struct request *rq, struct arena *a)
{
	const struct str id = { (char *)rq->s->keys.deployment, 4 };
	struct str hex = str_hex(a, id);
	struct verifier v;

	verifier_init(
	    &v, str_fmt(a, "usher-%.*s", STR_ARG(hex)), rq->s->keys.log_public);
	return v;
}

static struct str
origin_of(struct request *rq, struct arena *a, uint32_t origin)
{
	const struct str id = { (char *)rq->s->keys.deployment, 8 };
	struct str hex = str_hex(a, id);

	return str_fmt(a, "usher-%.*s/audit/%u/%u", STR_ARG(hex),
	    rq->frame->tenant, origin);
}

/*
 * A new origin that begins empty; the last signed note is kept through it, for
 * it becomes the new log's first leaf.  An origin in which nothing was signed
 * yet serves again, so asking twice does not leave empty origins behind.
 */
enum frame_status
log_rollback(struct request *rq)
{
	struct head head = head_of(rq);

	if (!get_end(&rq->in))
		return STATUS_MALFORMED;
	if (head.frontier.size > 0) {
		head.origin++;
		memset(&head.frontier, 0, sizeof(head.frontier));
		if (!heads_put(&rq->s->heads, &head))
			return STATUS_FULL;
	}
	heads_sync(&rq->s->heads);
	buf_u32(rq->out, head.origin);
	buf_u64(rq->out, head.frontier.size);
	buf_bytes(rq->out, head.note, head.note_n);
	return STATUS_OK;
}

enum frame_status
log_key_get(struct request *rq)
{
	struct head head = head_of(rq);
	struct arena *arena;
	struct verifier v;

	if (!get_end(&rq->in))
		return STATUS_MALFORMED;
	arena = arena_open(SIGN_MEMORY);
	v = verifier_of(rq, arena);
	buf_lp(rq->out, verifier_text(arena, &v));
	buf_lp(rq->out, origin_of(rq, arena, head.origin));
	arena_close(arena);
	return STATUS_OK;
}
