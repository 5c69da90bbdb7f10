/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operator.c - what the deployment's operator does, by the local socket only:
 * tenants, a tenant's first token, backup, keys, self-examination.
 */
#include "api/api_int.h"

#define LABEL_MAX	400
#define PASSPHRASE_LEAST 12
#define PASSPHRASE_MAX	1024

/* --- tenants ------------------------------------------------------------------- */

static const struct member tenant_members[] = {
	{ "name", MEMBER_TEXT, offsetof(struct tenant_in, slug), 1, SLUG_MAX, true },
};
static const struct member_table tenant_table = { tenant_members, COUNT(tenant_members), "" };

static enum err
tenant_decode(struct call *c, void **in)
{
	struct tenant_in *tenant = arena_alloc(c->cx->arena, sizeof(*tenant));

	*in = tenant;
	return body_decode(c, &tenant_table, tenant);
}

static void
tenant_encode(struct call *c)
{
	const struct tenant_out *out = c->out;
	const struct tenant_in *in = c->in;

	c->reply.status = 201;
	js_open_object(&c->js);
	js_key(&c->js, "tenant");
	js_put_int(&c->js, out->tenant);
	js_key(&c->js, "name");
	js_put_str(&c->js, in->slug);
	js_close_object(&c->js);
}

static const struct member token_members[] = {
	{ "label", MEMBER_TEXT, offsetof(struct token_in, label), 1, LABEL_MAX, false },
	{ "expires", MEMBER_TIME, offsetof(struct token_in, expires_ms), 0, 0, false },
};
static const struct member_table token_table = { token_members, COUNT(token_members), "" };

/* The first token of a tenant: it may do everything inside it. */
static enum err
token_decode(struct call *c, void **in)
{
	struct token_in *token = arena_alloc(c->cx->arena, sizeof(*token));

	c->tenant = world_tenant_named(c->world, c->rq->param[0]);
	if (c->tenant == 0)
		return fail(c->cx, ERR_NOT_FOUND, MSG_WORLD_NO_TENANT, "tenant",
		    str_z(c->cx->arena, c->rq->param[0]));
	token->label = STR("bootstrap");
	token->source = STR("api");
	token->rights = rights_of_tenant();
	*in = token;
	return body_decode(c, &token_table, token);
}

/* --- backup, keys ----------------------------------------------------------------- */

static void
backup_encode(struct call *c)
{
	const struct backup_out *out = c->out;
	struct js_out *js = &c->js;

	js_open_object(js);
	js_key(js, "data");
	js_put_str(js, out->data_path);
	js_key(js, "keys");
	js_put_str(js, out->keys_path);
	js_key(js, "data_bytes");
	js_put_int(js, out->data_bytes);
	js_key(js, "keys_bytes");
	js_put_int(js, out->keys_bytes);
	js_close_object(js);
}

struct export_in {
	struct str passphrase;
};

static const struct member export_members[] = {
	{ "passphrase", MEMBER_TEXT, offsetof(struct export_in, passphrase), PASSPHRASE_LEAST, PASSPHRASE_MAX, true },
};
static const struct member_table export_table = { export_members, COUNT(export_members), "" };

static enum err
export_decode(struct call *c, void **in)
{
	struct export_in *export = arena_alloc(c->cx->arena, sizeof(*export));

	*in = &export->passphrase;
	return body_decode(c, &export_table, export);
}

static void
export_encode(struct call *c)
{
	const struct str *archive = c->out;

	js_open_object(&c->js);
	js_key(&c->js, "archive");
	js_put_str(&c->js, str_base64(c->cx->arena, *archive));
	js_close_object(&c->js);
}

/* --- doctor ------------------------------------------------------------------------- */

static void
doctor_encode(struct call *c)
{
	const struct doctor_out *out = c->out;
	struct js_out *js = &c->js;

	js_open_object(js);
	js_key(js, "items");
	js_open_array(js);
	for (size_t i = 0; i < out->n; i++) {
		js_open_object(js);
		js_key(js, "what");
		js_put_z(js, out->row[i].what);
		js_key(js, "ok");
		js_put_bool(js, out->row[i].is_ok);
		put_text_or_null(js, "found", out->row[i].found);
		put_text_or_null(js, "remedy", out->row[i].remedy);
		js_close_object(js);
	}
	js_close_array(js);
	js_key(js, "settings");
	js_open_array(js);
	for (size_t i = 0; i < out->nsetting; i++) {
		const struct doctor_setting *s = &out->setting[i];

		js_open_object(js);
		js_key(js, "database");
		js_put_z(js, s->database);
		js_key(js, "name");
		js_put_z(js, s->is.name);
		js_key(js, "value");
		js_put_str(js, s->is.value);
		js_close_object(js);
	}
	js_close_array(js);
	js_close_object(js);
}

/* --- a loss --------------------------------------------------------------------------- */

static void
loss_encode(struct call *c)
{
	const struct loss *loss = c->out;
	struct js_out *js = &c->js;

	js_open_object(js);
	js_key(js, "tenant");
	js_put_int(js, loss->tenant);
	js_key(js, "origin");
	js_put_int(js, loss->origin);
	js_key(js, "from");
	js_put_int(js, loss->from);
	js_key(js, "to");
	js_put_int(js, loss->to - 1);
	js_close_object(js);
}

const struct route operator_routes[] = {
	{ POST, "/operator/v1/tenants", RIGHT_TENANT_WRITE, SMALL_BODY_MAX, false,
	    LONG(tenant_make, tenant_decode, tenant_encode), "Make a tenant" },
	{ POST, "/operator/v1/tenants/{tenant}/token", RIGHT_OPERATE, SMALL_BODY_MAX, false,
	    WRITE(token_create, token_decode, token_made_encode), "Make a tenant's first token" },
	{ POST, "/operator/v1/backup", RIGHT_OPERATE, SMALL_BODY_MAX, false,
	    LONG(backup_make, nothing_decode, backup_encode), "Copy data and keys into the backup folder" },
	{ POST, "/operator/v1/key-export", RIGHT_OPERATE, SMALL_BODY_MAX, false,
	    LONG(key_export, export_decode, export_encode), "An archive of the keys under a passphrase" },
	{ GET, "/operator/v1/doctor", RIGHT_OPERATE, 0, false, LONG(doctor_run, NULL, doctor_encode),
	    "Examine the deployment" },
	{ POST, "/operator/v1/loss-accept", RIGHT_OPERATE, SMALL_BODY_MAX, false,
	    LONG(loss_accept, nothing_decode, loss_encode), "Go on with a database that lost what was acknowledged" },
	{ 0 }
};
