/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.c - how changes are answered that show no resource, whatever its type.
 */
#include "scim/scim_int.h"

static bool says_nothing(const struct realm *);

bool
scim_patched_empty(struct call *c, const struct realm *realm, int64_t version)
{
	if (!says_nothing(realm) || request_query(c->rq, "attributes").n > 0)
		return false;
	scim_etag(c, version);
	c->reply.status = 204;
	return true;
}

enum err
scim_changed_brief(struct call *c, int64_t version)
{
	const struct realm *realm;

	TRY(world_realm(c->world, c->cx, c->tenant, &realm));
	if (c->rq->method == PATCH && says_nothing(realm))
		c->reply.status = 204;
	scim_etag(c, version);
	return OK;
}

bool
scim_etag(struct call *c, int64_t version)
{
	return version >= 0 && call_etag(c, version);
}

static bool
says_nothing(const struct realm *realm)
{
	return realm->catalogue->setting[SETTING_SCIM_PATCH_EMPTY] != 0;
}

void
scim_removed_encode(struct call *c)
{
	c->reply.status = 204;
}
