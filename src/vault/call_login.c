/* SPDX-License-Identifier: Apache-2.0 */
/* call_login.c - signing in and signing, as work of a vault call. */
#include "vault/client_int.h"

#include <string.h>

#include "base/arena.h"

#define BODY_MAX (FRAME_MAX - FRAME_HEAD)

struct login_in {
	int64_t	   person;
	struct str sealed, text;
	uint32_t   code;
};

typedef void encoder(struct buf *, const struct vault_op *);
typedef bool decoder(struct vault_op *, struct cursor *);

static encoder make_encode, check_encode, seed_encode, code_encode, sign_encode;
static decoder text_decode, check_decode, code_decode, seed_decode;

static const struct op_shape
	password_make_shape = { make_encode, text_decode },
	password_check_shape = { check_encode, check_decode },
	totp_make_shape = { seed_encode, seed_decode },
	totp_check_shape = { code_encode, code_decode },
	sign_shape = { sign_encode, text_decode };

static void add(struct vault_call *, enum frame_op, const struct op_shape *,
    const struct login_in *, void *out, enum err *);
static enum vault_purpose purpose_of(enum frame_op);

static void
add(struct vault_call *call, enum frame_op frame_op,
    const struct op_shape *shape, const struct login_in *in, void *out,
    enum err *err)
{
	struct vault_op *op;

	must(call->capability != NULL);
	if (8 + 4 + in->sealed.n + 4 + in->text.n + 4 > BODY_MAX) {
		*err = ERR_TOO_LARGE;
		return;
	}
	op = op_add(call, frame_op, shape, err);
	op->frame.purpose = (uint8_t)purpose_of(frame_op);
	op->in = arena_copy(call->arena, in, sizeof(*in));
	op->out = out;
}

static enum vault_purpose
purpose_of(enum frame_op op)
{
	if (op == OP_PASSWORD_MAKE || op == OP_PASSWORD_CHECK)
		return PURPOSE_PASSWORD;
	return op == OP_TOKEN_SIGN ? 0 : PURPOSE_TOTP;
}

const struct text_out *
vault_password_make(
    struct vault_call *call, int64_t person, struct str password)
{
	const struct login_in in = { .person = person, .text = password };
	struct text_out *out = arena_alloc(call->arena, sizeof(*out));

	add(call, OP_PASSWORD_MAKE, &password_make_shape, &in, out, &out->err);
	return out;
}

const struct check_out *
vault_password_check(struct vault_call *call, int64_t person,
    struct str sealed, struct str password)
{
	const struct login_in in = { person, sealed, password, 0 };
	struct check_out *out = arena_alloc(call->arena, sizeof(*out));

	add(call, OP_PASSWORD_CHECK, &password_check_shape, &in, out,
	    &out->err);
	return out;
}

const struct seed_out *
vault_totp_make(struct vault_call *call, int64_t person)
{
	const struct login_in in = { .person = person };
	struct seed_out *out = arena_alloc(call->arena, sizeof(*out));

	add(call, OP_TOTP_MAKE, &totp_make_shape, &in, out, &out->err);
	return out;
}

const struct check_out *
vault_totp_check(struct vault_call *call, int64_t person, struct str sealed,
    uint32_t code)
{
	const struct login_in in = { person, sealed, STR(""), code };
	struct check_out *out = arena_alloc(call->arena, sizeof(*out));

	add(call, OP_TOTP_CHECK, &totp_check_shape, &in, out, &out->err);
	return out;
}

const struct text_out *
vault_token_sign(struct vault_call *call, struct str claims)
{
	const struct login_in in = { .text = claims };
	struct text_out *out = arena_alloc(call->arena, sizeof(*out));

	add(call, OP_TOKEN_SIGN, &sign_shape, &in, out, &out->err);
	return out;
}

/* --- on the wire ------------------------------------------------------------------ */

static void
make_encode(struct buf *b, const struct vault_op *op)
{
	const struct login_in *in = op->in;

	buf_u64(b, (uint64_t)in->person);
	buf_lp(b, in->text);
}

static void
check_encode(struct buf *b, const struct vault_op *op)
{
	const struct login_in *in = op->in;

	buf_u64(b, (uint64_t)in->person);
	buf_lp(b, in->sealed);
	buf_lp(b, in->text);
}

static void
seed_encode(struct buf *b, const struct vault_op *op)
{
	const struct login_in *in = op->in;

	buf_u64(b, (uint64_t)in->person);
}

static void
code_encode(struct buf *b, const struct vault_op *op)
{
	const struct login_in *in = op->in;

	buf_u64(b, (uint64_t)in->person);
	buf_lp(b, in->sealed);
	buf_u32(b, in->code);
}

static void
sign_encode(struct buf *b, const struct vault_op *op)
{
	const struct login_in *in = op->in;

	buf_lp(b, in->text);
}

static bool
text_decode(struct vault_op *op, struct cursor *c)
{
	struct text_out *out = op->out;

	out->text = str_copy(op->arena, get_bytes(c, c->left.n));
	return out->text.n > 0;
}

static bool
check_decode(struct vault_op *op, struct cursor *c)
{
	struct check_out *out = op->out;

	out->is_right = get_u8(c) == 1;
	return true;
}

static bool
code_decode(struct vault_op *op, struct cursor *c)
{
	struct check_out *out = op->out;

	out->is_right = get_u8(c) == 1;
	out->step = (int64_t)get_u64(c);
	return true;
}

static bool
seed_decode(struct vault_op *op, struct cursor *c)
{
	struct seed_out *out = op->out;

	out->sealed = str_copy(op->arena, get_lp(c));
	out->secret = str_copy(op->arena, get_lp(c));
	return !c->bad;
}
