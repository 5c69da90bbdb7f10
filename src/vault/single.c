/* SPDX-License-Identifier: Apache-2.0 */
/* single.c - the rare calls: each a vault call of its own, run at once. */
#include "vault/client_int.h"

#include <string.h>

#include "base/arena.h"

#define BODY_MAX    (FRAME_MAX - FRAME_HEAD)
#define PIECE_MIN   (1 + 4)	/* is_last and length */
#define ARCHIVE_MAX (32u << 20)

/* One frame's worth of a log's entries, from a byte of one of them on. */
struct entries {
	const struct log_extension *log;
	size_t			    entry, at;
};

struct rollback {
	struct log_head head;
	struct str	note;
};

struct log_names {
	struct str vkey, origin_line;
};

/* The archive as it grows, and the size it will have. */
struct archive {
	struct str passphrase;
	uint32_t   size;
	struct buf bytes;
};

typedef void encoder(struct buf *, const struct vault_op *);
typedef bool decoder(struct vault_op *, struct cursor *);

static encoder grant_encode, head_encode, add_encode, take_encode,
    sign_encode, export_encode, read_encode;
static decoder grant_decode, state_decode, has_decode, head_decode, keys_decode,
    note_decode, rollback_decode, names_decode, export_decode, read_decode;

static const struct op_shape
	status_shape = { NULL, state_decode },
	grant_shape = { grant_encode, grant_decode },
	tenant_shape = { NULL, NULL },
	has_shape = { NULL, has_decode },
	share_shape = { NULL, note_decode },
	take_shape = { take_encode, NULL },
	head_shape = { NULL, head_decode },
	begin_shape = { head_encode, NULL },
	add_shape = { add_encode, NULL },
	sign_shape = { sign_encode, note_decode },
	rollback_shape = { NULL, rollback_decode },
	names_shape = { NULL, names_decode },
	keys_shape = { NULL, keys_decode },
	export_shape = { export_encode, export_decode },
	read_shape = { read_encode, read_decode };

/* What a refusal means to a person, by what the vault said. */
static const enum msg reasons[ERR_COUNT] = {
	[ERR_BAD_INPUT] = MSG_VAULT_PASSPHRASE,
	[ERR_DENIED] = MSG_VAULT_DENIED,
	[ERR_NOT_FOUND] = MSG_VAULT_TENANT,
	[ERR_CONFLICT] = MSG_VAULT_LOG_CHANGED,
	[ERR_BUSY] = MSG_VAULT_BUSY,
	[ERR_TOO_LARGE] = MSG_VAULT_TOO_LARGE,
	[ERR_LIMITED] = MSG_VAULT_LIMITED,
	[ERR_SEALED] = MSG_VAULT_SEALED,
	[ERR_FULL] = MSG_VAULT_FULL,
};

/* The work of one single call; ERR is shared by all its frames. */
struct single {
	struct vault_call call;
	enum err	  err;
};

static void begin(struct single *, struct ctx *, uint32_t tenant);
static enum err run(struct single *, struct vault *, struct ctx *) USE_RESULT;
static struct vault_op *add(struct single *, enum frame_op,
    const struct op_shape *, const void *in, void *out);
static void add_entries(struct single *, struct ctx *,
    const struct log_extension *);
static void put_pieces(struct buf *, struct entries *);

static void
begin(struct single *s, struct ctx *cx, uint32_t tenant)
{
	s->err = OK;
	vault_call_init(&s->call, cx->arena);
	s->call.tenant = tenant;
}

/* Naming no capability, it goes with the one that comes with the channel. */
static struct vault_op *
add(struct single *s, enum frame_op op, const struct op_shape *shape,
    const void *in, void *out)
{
	struct vault_op *o = op_add(&s->call, op, shape, &s->err);

	o->in = in;
	o->out = out;
	return o;
}

static enum err
run(struct single *s, struct vault *v, struct ctx *cx)
{
	TRY(vault_run(v, cx, &s->call));
	if (s->err != OK)
		return fail(cx, s->err, reasons[s->err], "");
	return OK;
}

enum err
vault_status(struct vault *v, struct ctx *cx, struct vault_state *out)
{
	struct single s;

	begin(&s, cx, 0);
	add(&s, OP_STATUS, &status_shape, NULL, out);
	return run(&s, v, cx);
}

static bool
state_decode(struct vault_op *op, struct cursor *c)
{
	struct vault_state *st = op->out;
	struct str deployment;

	st->has_keys = get_u8(c);
	deployment = get_bytes(c, sizeof(st->deployment));
	if (c->bad)
		return false;
	memcpy(st->deployment, deployment.p, sizeof(st->deployment));
	st->tenants = get_u32(c);
	st->sealed = get_u64(c);
	st->opened = get_u64(c);
	st->indexed = get_u64(c);
	st->signed_checkpoints = get_u64(c);
	st->alarms = get_u64(c);
	st->is_confined = get_u8(c);
	st->is_undumpable = get_u8(c);
	st->is_locked = get_u8(c);
	st->memory = (int64_t)get_u64(c);
	st->descriptors = (int64_t)get_u64(c);
	return true;
}

enum err
vault_grant(struct vault *v, struct ctx *cx, const struct grant_in *in,
    struct capability *out)
{
	struct single s;

	begin(&s, cx, in->tenant);
	add(&s, OP_GRANT, &grant_shape, in, out);
	return run(&s, v, cx);
}

static void
grant_encode(struct buf *b, const struct vault_op *op)
{
	const struct grant_in *in = op->in;

	buf_u64(b, (uint64_t)in->actor);
	buf_u32(b, in->open_per_minute);
	buf_u32(b, in->seal_per_minute);
}

static bool
grant_decode(struct vault_op *op, struct cursor *c)
{
	struct capability *out = op->out;
	struct str bytes = get_bytes(c, sizeof(*out));

	if (!c->bad)
		memcpy(out->bytes, bytes.p, sizeof(*out));
	return !c->bad;
}

enum err
vault_tenant_new(struct vault *v, struct ctx *cx, uint32_t tenant)
{
	struct single s;

	begin(&s, cx, tenant);
	add(&s, OP_TENANT_NEW, &tenant_shape, NULL, NULL);
	return run(&s, v, cx);
}

enum err
vault_tenant_end(struct vault *v, struct ctx *cx, uint32_t tenant)
{
	struct single s;

	begin(&s, cx, tenant);
	add(&s, OP_TENANT_END, &tenant_shape, NULL, NULL);
	return run(&s, v, cx);
}

enum err
vault_tenant_share(
    struct vault *v, struct ctx *cx, uint32_t tenant, struct str *sealed)
{
	struct single s;

	begin(&s, cx, tenant);
	add(&s, OP_TENANT_SHARE, &share_shape, NULL, sealed);
	return run(&s, v, cx);
}

enum err
vault_tenant_take(
    struct vault *v, struct ctx *cx, uint32_t tenant, struct str sealed)
{
	struct single s;

	begin(&s, cx, tenant);
	add(&s, OP_TENANT_TAKE, &take_shape, &sealed, NULL);
	return run(&s, v, cx);
}

static void
take_encode(struct buf *b, const struct vault_op *op)
{
	const struct str *sealed = op->in;

	buf_str(b, *sealed);
}

enum err
vault_tenant_keys(
    struct vault *v, struct ctx *cx, uint32_t tenant, enum tenant_has *out)
{
	struct single s;

	begin(&s, cx, tenant);
	add(&s, OP_TENANT_KEYS, &has_shape, NULL, out);
	return run(&s, v, cx);
}

static bool
has_decode(struct vault_op *op, struct cursor *c)
{
	enum tenant_has *out = op->out;

	*out = (enum tenant_has)get_u8(c);
	return !c->bad && *out <= TENANT_HAD_KEYS;
}

enum err
vault_log_head(
    struct vault *v, struct ctx *cx, uint32_t tenant, struct log_head *out)
{
	struct single s;

	begin(&s, cx, tenant);
	add(&s, OP_LOG_HEAD, &head_shape, NULL, out);
	return run(&s, v, cx);
}

static bool
head_decode(struct vault_op *op, struct cursor *c)
{
	struct log_head *out = op->out;

	out->origin = get_u32(c);
	out->size = get_u64(c);
	return true;
}

enum err
vault_log_sign(struct vault *v, struct ctx *cx, const struct log_extension *x,
    struct str *note)
{
	struct single s;

	add_entries(&s, cx, x);
	add(&s, OP_LOG_SIGN, &sign_shape, x, note);
	return run(&s, v, cx);
}

enum err
vault_log_add(struct vault *v, struct ctx *cx, const struct log_extension *x)
{
	struct single s;

	add_entries(&s, cx, x);
	return run(&s, v, cx);
}

static void
add_entries(struct single *s, struct ctx *cx, const struct log_extension *x)
{
	struct entries at = { .log = x };

	begin(s, cx, x->tenant);
	if (!x->goes_on)
		add(s, OP_LOG_BEGIN, &begin_shape, x, NULL);
	while (at.entry < x->n) {
		add(s, OP_LOG_ADD, &add_shape,
		    arena_copy(cx->arena, &at, sizeof(at)), NULL);
		put_pieces(NULL, &at);
	}
}

static void
head_encode(struct buf *b, const struct vault_op *op)
{
	const struct log_extension *x = op->in;

	buf_u32(b, x->head.origin);
	buf_u64(b, x->head.size);
	buf_lp(b, x->newest);
}

static void
add_encode(struct buf *b, const struct vault_op *op)
{
	struct entries at = *(const struct entries *)op->in;

	put_pieces(b, &at);
}

/* Moves AT over what one frame takes, and writes it if there is a B. */
static void
put_pieces(struct buf *b, struct entries *at)
{
	size_t room = BODY_MAX;

	while (at->entry < at->log->n && room > PIECE_MIN) {
		const struct str entry = at->log->entry[at->entry];
		const struct str piece =
		    str_sub(entry, at->at, room - PIECE_MIN);
		const bool is_last = at->at + piece.n == entry.n;

		if (b != NULL) {
			buf_u8(b, is_last);
			buf_lp(b, piece);
		}
		room -= PIECE_MIN + piece.n;
		at->at = is_last ? 0 : at->at + piece.n;
		at->entry += is_last;
	}
}

static void
sign_encode(struct buf *b, const struct vault_op *op)
{
	const struct log_extension *x = op->in;

	buf_u64(b, x->head.size + x->n);
	buf_bytes(b, x->root, sizeof(x->root));
}

static bool
note_decode(struct vault_op *op, struct cursor *c)
{
	struct str *note = op->out;

	*note = str_copy(op->arena, get_bytes(c, c->left.n));
	return note->n > 0;
}

enum err
vault_log_accept_rollback(struct vault *v, struct ctx *cx, uint32_t tenant,
    struct log_head *head, struct str *last_note)
{
	struct rollback out = { 0 };
	struct single s;

	begin(&s, cx, tenant);
	add(&s, OP_LOG_ROLLBACK, &rollback_shape, NULL, &out);
	TRY(run(&s, v, cx));
	*head = out.head;
	*last_note = out.note;
	return OK;
}

static bool
rollback_decode(struct vault_op *op, struct cursor *c)
{
	struct rollback *out = op->out;

	out->head.origin = get_u32(c);
	out->head.size = get_u64(c);
	out->note = str_copy(op->arena, get_bytes(c, c->left.n));
	return true;
}

enum err
vault_log_key(struct vault *v, struct ctx *cx, uint32_t tenant,
    struct str *vkey, struct str *origin_line)
{
	struct log_names out = { 0 };
	struct single s;

	begin(&s, cx, tenant);
	add(&s, OP_LOG_KEY, &names_shape, NULL, &out);
	TRY(run(&s, v, cx));
	*vkey = out.vkey;
	*origin_line = out.origin_line;
	return OK;
}

static bool
names_decode(struct vault_op *op, struct cursor *c)
{
	struct log_names *out = op->out;

	out->vkey = str_copy(op->arena, get_lp(c));
	out->origin_line = str_copy(op->arena, get_lp(c));
	return true;
}

enum err
vault_token_keys(
    struct vault *v, struct ctx *cx, struct token_key out[TOKEN_KEYS])
{
	struct single s;

	begin(&s, cx, 0);
	add(&s, OP_TOKEN_KEYS, &keys_shape, NULL, out);
	return run(&s, v, cx);
}

static bool
keys_decode(struct vault_op *op, struct cursor *c)
{
	struct token_key *key = op->out;

	for (size_t i = 0; i < TOKEN_KEYS; i++) {
		struct str kid = get_bytes(c, sizeof(key[i].kid));
		struct str public = get_bytes(c, sizeof(key[i].public));

		if (c->bad)
			return false;
		memcpy(key[i].kid, kid.p, kid.n);
		memcpy(key[i].public, public.p, public.n);
	}
	return true;
}

/* The vault makes it once, then hands it over in frames. */
enum err
vault_key_export(
    struct vault *v, struct ctx *cx, struct str passphrase, struct str *archive)
{
	struct archive x = { .passphrase = passphrase };
	struct single s;

	if (passphrase.n > BODY_MAX / 2)
		return fail(
		    cx, ERR_BAD_INPUT, MSG_VAULT_PASSPHRASE, "passphrase");
	begin(&s, cx, 0);
	add(&s, OP_EXPORT, &export_shape, &x, &x);
	TRY(run(&s, v, cx));
	buf_init(&x.bytes, cx->arena, x.size);
	while (x.bytes.n < x.size) {
		begin(&s, cx, 0);
		add(&s, OP_EXPORT_READ, &read_shape, &x, &x);
		TRY(run(&s, v, cx));
	}
	*archive = buf_view(&x.bytes);
	return OK;
}

static void
export_encode(struct buf *b, const struct vault_op *op)
{
	const struct archive *x = op->in;

	buf_lp(b, x->passphrase);
}

static bool
export_decode(struct vault_op *op, struct cursor *c)
{
	struct archive *x = op->out;

	x->size = get_u32(c);
	return x->size <= ARCHIVE_MAX;
}

static void
read_encode(struct buf *b, const struct vault_op *op)
{
	const struct archive *x = op->in;

	buf_u32(b, (uint32_t)x->bytes.n);
}

static bool
read_decode(struct vault_op *op, struct cursor *c)
{
	struct archive *x = op->out;

	buf_str(&x->bytes, get_bytes(c, c->left.n));
	return !x->bytes.over;
}
