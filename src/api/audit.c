/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.c - the log as it stands: entries for an export, its checkpoint, its
 * key.
 */
#include "api/api_int.h"

void
log_entries_encode(struct call *c)
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

static const struct field page_fields[] = {
	{ "items", "[base64]", "Entries, in order." },
	{ "next", "count", "What `after` of the next page is." },
	{ "size", "count", "How many entries the log has." },
	{ "checkpoint", "text?", "The newest signed note over at most the entries before `next`; null: none yet." },
	{ "vkey", "text", "The key that verifies it." },
	{ "origin", "text", "The first line of its notes." },
	{ 0 }
};

static const struct field key_fields[] = {
	{ "vkey", "text", "The key that verifies checkpoints." },
	{ "origin", "text", "The first line of the log's notes." },
	{ 0 }
};

const struct shape audit_shapes[] = {
	{ .name = "LogPage", .text = "Entries of the log as they stand in its tree.", .field = page_fields },
	{ .name = "LogKey", .text = "The key of a log.", .field = key_fields },
	{ 0 }
};

const struct route audit_routes[] = {
	{ GET, "/api/v1/audit/entries", RIGHT_AUDIT_READ, 0, false,
	    LIST(log_page, log_page_decode, log_entries_encode, "after limit", .reply = "LogPage"),
	    "Entries of the log and their checkpoint" },
	{ GET, "/api/v1/audit/key", RIGHT_AUDIT_READ, 0, false,
	    QUERY(log_key, NULL, key_encode, .reply = "LogKey"), "The key that checkpoints are signed with" },
	{ 0 }
};
