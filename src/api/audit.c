/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.c - the log as it stands: entries for an export, its checkpoint, its
 * key.
 */
#include "api/api_int.h"

static void
entries_encode(struct call *c)
{
	const struct log_out *out = c->out;
	struct js_out *js = &c->js;

	js_open_object(js);
	js_key(js, "items");
	js_open_array(js);
	for (size_t i = 0; i < out->n; i++)
		js_put_str(js, str_base64(c->cx->arena, out->entry[i]));
	js_close_array(js);
	js_key(js, "next");
	js_put_int(js, out->next);
	js_key(js, "size");
	js_put_int(js, out->log_size);
	put_text_or_null(js, "checkpoint", out->note);
	js_key(js, "vkey");
	js_put_str(js, out->vkey);
	js_key(js, "origin");
	js_put_str(js, out->origin);
	js_close_object(js);
}

static void
key_encode(struct call *c)
{
	const struct log_out *out = c->out;

	js_open_object(&c->js);
	js_key(&c->js, "vkey");
	js_put_str(&c->js, out->vkey);
	js_key(&c->js, "origin");
	js_put_str(&c->js, out->origin);
	js_close_object(&c->js);
}

const struct route audit_routes[] = {
	{ GET, "/api/v1/audit/entries", RIGHT_AUDIT_READ, 0, false,
	    LIST(log_page, log_page_decode, entries_encode, "after limit"), "Entries of the log and their checkpoint" },
	{ GET, "/api/v1/audit/key", RIGHT_AUDIT_READ, 0, false, QUERY(log_key, NULL, key_encode),
	    "The key that checkpoints are signed with" },
	{ 0 }
};
