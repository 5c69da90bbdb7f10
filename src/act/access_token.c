/* SPDX-License-Identifier: Apache-2.0 */
/* access_token.c - short-lived signed access tokens, for clients and sessions. */
#include "act/world_int.h"

#include "act/jwt.h"
#include "act/login.h"
#include "act/query.h"

#include "base/clock.h"
#include "base/id.h"

#define PERSONS_TOLD 512

/* A long one would make a token that no door takes; here it is looked up anyway. */
static struct str
scope_told(const struct actor *actor)
{
	struct str text = STR("");

	if (actor->scope != NULL)
		text = filter_text(actor->scope);
	return text.n <= PERSONS_TOLD ? text : STR("limited");
}

enum err
client_access(struct reader *r, struct ctx *cx, const void *in, void **result)
{
	const struct client_grant *grant = in;
	struct access_out *out = arena_alloc(cx->arena, sizeof(*out));
	struct actor actor = { .address = cx->actor->address };
	uint64_t own = RIGHT_BIT(RIGHT_SELF);
	struct jwt jwt;

	TRY(world_client(r->world, cx, grant->client, grant->secret, &actor));
	out->rights = actor.rights;
	if (grant->rights != 0)
		out->rights &= grant->rights | own;
	/* Asked for something, and may none of it (RFC 6749 5.2, invalid_scope). */
	if (grant->rights != 0
	    && (grant->rights & ~own & ~actor.rights) != 0)
		return fail(cx, ERR_DENIED, MSG_OAUTH_SCOPE, "scope");
	jwt = (struct jwt) {
		.tenant = actor.tenant,
		.subject = actor.id,
		.client = actor.id,
		.session = actor.id,
		.rights = out->rights,
		.persons = scope_told(&actor),
	};
	out->seconds = JWT_SECONDS;
	*result = out;
	return access_sign(r, cx, &jwt, &out->token);
}

enum err
access_sign(struct reader *r, struct ctx *cx, struct jwt *jwt, struct str *out)
{
	const struct text_out *token;
	const struct realm *realm;
	struct vault_call call;

	jwt->issuer = world_issuer(r->world);
	jwt->id = id_new();
	jwt->issued_ms = clock_now_ms();
	TRY(world_realm(r->world, cx, jwt->tenant, &realm));
	vault_call_init(&call, cx->arena);
	call.tenant = jwt->tenant;
	call.capability = &realm->capability;
	token = vault_token_sign(&call, jwt_claims(cx->arena, jwt));
	TRY(vault_run(r->vault, cx, &call));
	if (token->err != OK)
		return fail(cx, token->err, MSG_ORDER_SEALED, "");
	*out = token->text;
	return OK;
}
