/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - adding work to a vault call, and its form on the wire. */
#include "vault/client_int.h"

#include <string.h>

#include "base/arena.h"

#define BODY_MAX  (FRAME_MAX - FRAME_HEAD)
#define SEALED_MORE 1024	/* a wrapped key and what sealing adds, amply */
#define VALUE_MIN (1 + 4)	/* of an index value: kind and length */

/* A text and what it is bound to. */
struct text_in {
	int64_t	   subject;
	struct str text;
};

static void seal_encode(struct buf *, const struct vault_op *);
static bool seal_decode(struct vault_op *, struct cursor *);
static bool audit_decode(struct vault_op *, struct cursor *);
static void open_encode(struct buf *, const struct vault_op *);
static bool open_decode(struct vault_op *, struct cursor *);
static void index_encode(struct buf *, const struct vault_op *);
static bool index_decode(struct vault_op *, struct cursor *);
static void text_encode(struct buf *, const struct vault_op *);
static bool text_decode(struct vault_op *, struct cursor *);

static const struct op_shape
	seal_shape = { seal_encode, seal_decode },
	audit_shape = { seal_encode, audit_decode },
	open_shape = { open_encode, open_decode },
	index_shape = { index_encode, index_decode },
	text_shape = { text_encode, text_decode };

static void spread(struct vault_call *, const struct seal_in *,
    struct seal_out *);
static void add_seal(struct vault_call *, const struct seal_in *,
    const struct op_shape *, struct seal_out *);
static bool seal_fits(const struct seal_in *);
static size_t seal_size(const struct seal_in *);
static size_t values_size(const struct index_value *, size_t n);
static size_t values_fitting(const struct index_value *, size_t n);
static void put_values(struct buf *, const struct index_value *, size_t n);
static bool get_keys(struct cursor *, struct key256 *, size_t n);
static void add_values(struct vault_call *, const struct index_value *,
    size_t n, struct index_out *, enum err *);
static const struct text_out *text_add(struct vault_call *, enum frame_op,
    enum vault_purpose, const struct text_in *);

void
vault_call_init(struct vault_call *call, struct arena *arena)
{
	*call = (struct vault_call) { .arena = arena };
	call->last = &call->first;
}

struct vault_op *
op_add(struct vault_call *call, enum frame_op op, const struct op_shape *shape,
    enum err *err)
{
	struct vault_op *o = arena_alloc(call->arena, sizeof(*o));

	o->shape = shape;
	o->err = err;
	o->arena = call->arena;
	o->frame.op = op;
	o->frame.tenant = call->tenant;
	if (call->capability != NULL)
		o->frame.capability = *call->capability;
	*call->last = o;
	call->last = &o->next;
	call->n++;
	return o;
}

const struct seal_out *
vault_seal(struct vault_call *call, const struct seal_in *in)
{
	struct seal_out *out = arena_alloc(call->arena, sizeof(*out));

	must(call->capability != NULL);
	if (in->nindex > FRAME_VALUES_MAX) {
		out->err = ERR_TOO_LARGE;
		return out;
	}
	out->key = arena_array(call->arena, in->nindex, sizeof(*out->key));
	if (!seal_fits(in))
		spread(call, in, out);
	else
		add_seal(call, in, &seal_shape, out);
	return out;
}

/* The values in frames of their own, and then also the audit, if its key is there already. */
static void
spread(struct vault_call *call, const struct seal_in *in, struct seal_out *out)
{
	struct seal_in record = *in, audit = *in;
	struct index_out *keys = arena_alloc(call->arena, sizeof(*keys));

	keys->key = out->key;
	record.nindex = audit.nindex = 0;
	audit.record = STR("");
	if (!seal_fits(&record) && in->wrapped_key.n > 0)
		record.audit = STR("");
	if (!seal_fits(&record) ||
	    (record.audit.n == 0 && !seal_fits(&audit))) {
		out->err = ERR_TOO_LARGE;
		return;
	}
	add_seal(call, &record, &seal_shape, out);
	if (record.audit.n < in->audit.n)
		add_seal(call, &audit, &audit_shape, out);
	add_values(call, in->index, in->nindex, keys, &out->err);
}

static void
add_seal(struct vault_call *call, const struct seal_in *in,
    const struct op_shape *shape, struct seal_out *out)
{
	struct vault_op *op = op_add(call, OP_SEAL, shape, &out->err);
	struct seal_in *kept = arena_copy(call->arena, in, sizeof(*in));

	kept->index =
	    arena_copy(call->arena, in->index, in->nindex * sizeof(*in->index));
	op->frame.purpose = PURPOSE_PERSON;
	op->in = kept;
	op->out = out;
	op->n = in->nindex;
}

/* Request and answer, each in a frame. */
static bool
seal_fits(const struct seal_in *in)
{
	const size_t answer = SEALED_MORE + in->record.n + in->audit.n +
	    in->nindex * sizeof(struct key256);

	return seal_size(in) <= BODY_MAX && answer <= BODY_MAX;
}

static size_t
seal_size(const struct seal_in *in)
{
	return 3 * 8 + 4 + in->wrapped_key.n + 4 + in->record.n + 4 +
	    in->audit.n + 2 + values_size(in->index, in->nindex);
}

static void
seal_encode(struct buf *b, const struct vault_op *op)
{
	const struct seal_in *in = op->in;

	buf_u64(b, (uint64_t)in->person);
	buf_u64(b, (uint64_t)in->version);
	buf_u64(b, (uint64_t)in->key_version);
	buf_lp(b, in->wrapped_key);
	buf_lp(b, in->record);
	buf_lp(b, in->audit);
	put_values(b, in->index, in->nindex);
}

static bool
seal_decode(struct vault_op *op, struct cursor *c)
{
	struct seal_out *out = op->out;

	out->wrapped_key = str_copy(op->arena, get_lp(c));
	out->key_version = (int64_t)get_u64(c);
	out->kek_epoch = get_u32(c);
	out->record = str_copy(op->arena, get_lp(c));
	out->audit = str_copy(op->arena, get_lp(c));
	return get_keys(c, out->key, op->n);
}

/* Of what was sealed in a second frame; the first told the rest. */
static bool
audit_decode(struct vault_op *op, struct cursor *c)
{
	struct seal_out *out = op->out;

	get_lp(c);
	get_u64(c);
	get_u32(c);
	get_lp(c);
	out->audit = str_copy(op->arena, get_lp(c));
	return !c->bad;
}

const struct open_out *
vault_open(struct vault_call *call, const struct open_in *in)
{
	struct open_out *out = arena_alloc(call->arena, sizeof(*out));
	struct vault_op *op;

	must(call->capability != NULL);
	must(in->purpose == PURPOSE_PERSON || in->purpose == PURPOSE_AUDIT);
	if (3 * 8 + 4 + in->wrapped_key.n + 4 + in->sealed.n > BODY_MAX) {
		out->err = ERR_TOO_LARGE;
		return out;
	}
	op = op_add(call, OP_OPEN, &open_shape, &out->err);
	op->frame.purpose = (uint8_t)in->purpose;
	op->in = arena_copy(call->arena, in, sizeof(*in));
	op->out = out;
	return out;
}

static void
open_encode(struct buf *b, const struct vault_op *op)
{
	const struct open_in *in = op->in;

	buf_u64(b, (uint64_t)in->person);
	buf_u64(b, (uint64_t)in->version);
	buf_u64(b, (uint64_t)in->key_version);
	buf_lp(b, in->wrapped_key);
	buf_lp(b, in->sealed);
}

static bool
open_decode(struct vault_op *op, struct cursor *c)
{
	struct open_out *out = op->out;

	out->text = str_copy(op->arena, get_bytes(c, c->left.n));
	return true;
}

/* Many values are several frames with one output. */
const struct index_out *
vault_index(struct vault_call *call, const struct index_value *value, size_t n)
{
	struct index_out *out = arena_alloc(call->arena, sizeof(*out));

	must(call->capability != NULL);
	out->key = arena_array(call->arena, n, sizeof(*out->key));
	add_values(call, value, n, out, &out->err);
	return out;
}

static void
add_values(struct vault_call *call, const struct index_value *value, size_t n,
    struct index_out *out, enum err *err)
{
	size_t taken;

	for (size_t from = 0; from < n; from += taken) {
		struct vault_op *op;

		taken = values_fitting(value + from, n - from);
		if (taken == 0) {
			*err = ERR_TOO_LARGE;
			return;
		}
		op = op_add(call, OP_INDEX, &index_shape, err);
		op->in = arena_copy(
		    call->arena, value + from, taken * sizeof(*value));
		op->out = out;
		op->from = from;
		op->n = taken;
	}
}

/* How many of the first N fill a frame; 0: not even one fits. */
static size_t
values_fitting(const struct index_value *value, size_t n)
{
	size_t size = 2, i;

	for (i = 0; i < n && i < FRAME_VALUES_MAX; i++) {
		if (value[i].value.n > BODY_MAX - VALUE_MIN - size)
			break;
		size += VALUE_MIN + value[i].value.n;
		if (size > BODY_MAX - VALUE_MIN)
			return i + 1;
	}
	return i;
}

static size_t
values_size(const struct index_value *value, size_t n)
{
	size_t size = 0;

	for (size_t i = 0; i < n; i++)
		size += VALUE_MIN + value[i].value.n;
	return size;
}

static void
index_encode(struct buf *b, const struct vault_op *op)
{
	put_values(b, op->in, op->n);
}

static void
put_values(struct buf *b, const struct index_value *value, size_t n)
{
	buf_u16(b, (uint16_t)n);
	for (size_t i = 0; i < n; i++) {
		must(value[i].kind > 0 && value[i].kind < INDEX_COUNT);
		buf_u8(b, (uint8_t)value[i].kind);
		buf_lp(b, value[i].value);
	}
}

static bool
index_decode(struct vault_op *op, struct cursor *c)
{
	struct index_out *out = op->out;

	return get_keys(c, out->key + op->from, op->n);
}

static bool
get_keys(struct cursor *c, struct key256 *key, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct str bytes = get_bytes(c, sizeof(*key));

		if (c->bad)
			return false;
		memcpy(key[i].bytes, bytes.p, sizeof(*key));
	}
	return true;
}

const struct text_out *
vault_text_seal(struct vault_call *call, enum vault_purpose purpose,
    int64_t subject, struct str text)
{
	const struct text_in in = { subject, text };

	return text_add(call, OP_TEXT_SEAL, purpose, &in);
}

const struct text_out *
vault_text_open(struct vault_call *call, enum vault_purpose purpose,
    int64_t subject, struct str sealed)
{
	const struct text_in in = { subject, sealed };

	return text_add(call, OP_TEXT_OPEN, purpose, &in);
}

static const struct text_out *
text_add(struct vault_call *call, enum frame_op frame_op,
    enum vault_purpose purpose, const struct text_in *in)
{
	struct text_out *out = arena_alloc(call->arena, sizeof(*out));
	struct vault_op *op;

	must(call->capability != NULL);
	must(purpose >= PURPOSE_AUDIT && purpose <= PURPOSE_NAME);
	if (8 + 4 + in->text.n > BODY_MAX) {
		out->err = ERR_TOO_LARGE;
		return out;
	}
	op = op_add(call, frame_op, &text_shape, &out->err);
	op->frame.purpose = (uint8_t)purpose;
	op->in = arena_copy(call->arena, in, sizeof(*in));
	op->out = out;
	return out;
}

static void
text_encode(struct buf *b, const struct vault_op *op)
{
	const struct text_in *in = op->in;

	buf_u64(b, (uint64_t)in->subject);
	buf_lp(b, in->text);
}

static bool
text_decode(struct vault_op *op, struct cursor *c)
{
	struct text_out *out = op->out;

	out->text = str_copy(op->arena, get_bytes(c, c->left.n));
	return true;
}
