/* SPDX-License-Identifier: Apache-2.0 */
/*
 * self.c - who am I, which version is this, and is it alive.
 */
#include "api/manage.h"

static void put_grants(struct js_out *, const struct actor *);

/* A page that is loaded again asks here for what it must send beside the cookie. */
static void
put_session_of(struct call *c)
{
	const struct actor *a = c->cx->actor;
	struct str secret;

	if (a->session == 0)
		return;
	js_key(&c->js, "session");
	js_put_id(&c->js, a->session);
	if (!cookie_of(request_header(c->rq, "cookie"), &secret))
		return;
	js_key(&c->js, "csrf");
	js_put_str(&c->js, session_csrf(c->cx->arena, secret));
}

static void
self_encode(struct call *c)
{
	const struct actor *a = c->cx->actor;
	struct js_out *js = &c->js;

	js_open_object(js);
	js_key(js, "tenant");
	js_put_int(js, a->tenant);
	js_key(js, "kind");
	js_put_z(js, actor_kind_name(a->kind));
	js_key(js, "id");
	js_put_id(js, a->id);
	put_rights(js, "rights", actor_rights(a));
	put_session_of(c);
	put_text_or_null(
	    js, "scope", a->scope != NULL ? filter_text(a->scope) : STR(""));
	if (a->nheld > 0)
		put_grants(js, a);
	js_close_object(js);
}

/* Where rights hold over different persons, which over whom. */
static void
put_grants(struct js_out *js, const struct actor *a)
{
	js_key(js, "grants");
	js_open_array(js);
	for (size_t i = 0; i < a->nheld; i++) {
		const struct filter *scope = a->held[i].scope;

		js_open_object(js);
		put_rights(js, "rights", held_rights(&a->held[i]));
		put_text_or_null(
		    js, "scope", scope != NULL ? filter_text(scope) : STR(""));
		js_close_object(js);
	}
	js_close_array(js);
}

static void
version_encode(struct call *c)
{
	js_open_object(&c->js);
	js_key(&c->js, "version");
	js_put_z(&c->js, USHER_VERSION);
	js_close_object(&c->js);
}

/* It is the same for everybody; who has no credential asks `usher openapi`. */
static void
description_encode(struct call *c)
{
	c->reply.body = door_description();
}

static const struct field self_fields[] = {
	{ "tenant", "int", "" },
	{ "kind", "ActorKind", "" },
	{ "id", "id", "Of the credential." },
	{ "session", "id-", "Of who signed in." },
	{ "csrf", "text-", "What goes with the cookie where something is changed." },
	{ "rights", "[Right]", "" },
	{ "scope", "text?", "The filter of the persons it sees; null: all." },
	{ "grants", "[Held]-", "Where rights hold over different persons, which over whom." },
	{ 0 }
};

static const struct field held_fields[] = {
	{ "rights", "[Right]", "" },
	{ "scope", "text?", "" },
	{ 0 }
};

static const struct field version_fields[] = {
	{ "version", "text", "" },
	{ 0 }
};

static const struct field health_fields[] = {
	{ "ok", "bool", "" },
	{ 0 }
};

static const struct field readiness_fields[] = {
	{ "ok", "bool", "" },
	{ "failed", "[text]", "The checks that fail: store, vault, log, running." },
	{ 0 }
};

const struct shape self_shapes[] = {
	{ .name = "Self", .text = "Who asks.", .field = self_fields },
	{ .name = "Held", .text = "Rights, and over whom.", .field = held_fields },
	{ .name = "Version", .text = "Of the program.", .field = version_fields },
	{ .name = "Health", .text = "Who answers is alive.", .field = health_fields },
	{ .name = "Readiness", .text = "Whether requests may be sent here.", .field = readiness_fields },
	{ 0 }
};

const struct route self_routes[] = {
	{ GET, "/api/v1/self", RIGHT_SELF, 0, false, LOCAL(self_encode, .reply = "Self"),
	    "Who this credential is and what it may do" },
	{ GET, "/api/v1/openapi.json", RIGHT_SELF, 0, false, LOCAL(description_encode, .reply = "any"),
	    "This description" },
	{ GET, "/api/v1/version", RIGHT_PUBLIC, 0, false, LOCAL(version_encode, .reply = "Version"),
	    "The version of the server" },
	{ GET, "/healthz", RIGHT_PUBLIC, 0, false, LOCAL(health_encode, .reply = "Health"), "The server is alive" },
	{ GET, "/readyz", RIGHT_PUBLIC, 0, false, LOCAL(ready_encode, .reply = "Readiness", .traits = FAILS),
	    "Requests may be sent here; or 503 and why" },
	{ GET, "/operator/v1/healthz", RIGHT_OPERATE, 0, false, LOCAL(health_encode), "The server is alive" },
	{ 0 }
};
