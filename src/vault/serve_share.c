/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve_share.c - the vaults of a deployment give each other the keys of new
 * tenants, through whoever asks them: as bytes that only such a vault can open.
 */
#include "vault/serve_int.h"

#include <string.h>

#include "vault/store.h"
#include "vault/store_int.h"

static struct ue1_context context_of(const struct request *);
static enum frame_status take(struct request *, struct str keys);
static bool is_same(const struct tenant_keys *, struct str keys);

static struct ue1_context
context_of(const struct request *rq)
{
	return (struct ue1_context) {
		.purpose = "keys",
		.field = "tenant",
		.deployment = rq->s->keys.deployment,
		.tenant = rq->frame->tenant,
	};
}

enum frame_status
tenant_share(struct request *rq)
{
	const struct ue1_context context = context_of(rq);
	uint8_t key[KEY_BYTES];
	struct secret text;

	if (!get_end(&rq->in))
		return STATUS_MALFORMED;
	keys_share(&rq->s->keys, key);
	keys_tenant_encode(rq->tenant, &text);
	store_seal(&rq->s->crypt, key, &context, secret_view(&text), rq->out);
	secret_close(&text);
	secret_wipe(key, sizeof(key));
	return STATUS_OK;
}

enum frame_status
tenant_take(struct request *rq)
{
	const struct ue1_context context = context_of(rq);
	const struct str blob = get_bytes(&rq->in, rq->in.left.n);
	uint8_t key[KEY_BYTES];
	enum frame_status status = STATUS_DENIED;
	struct secret text;

	keys_share(&rq->s->keys, key);
	if (store_unseal(&rq->s->crypt, key, &context, blob, &text)) {
		status = take(rq, secret_view(&text));
		secret_close(&text);
	}
	secret_wipe(key, sizeof(key));
	return status;
}

/*
 * Keys of ours that are others, two vaults having made some at once, give way
 * while nothing was signed of the tenant; destroyed ones never come back.
 */
static enum frame_status
take(struct request *rq, struct str keys)
{
	struct keys *k = &rq->s->keys;
	const uint32_t tenant = rq->frame->tenant;
	enum frame_status status = STATUS_OK;
	struct secret own;
	bool had;

	if (rq->tenant != NULL && is_same(rq->tenant, keys))
		return STATUS_OK;
	if (heads_find(&rq->s->heads, tenant) != NULL)
		return STATUS_CONFLICT;
	had = rq->tenant != NULL;
	if (had)
		keys_tenant_encode(rq->tenant, &own);
	if (!keys_tenant_decode(k, tenant, keys)) {
		status = STATUS_DENIED;
	} else if (!store_save(k)) {
		status = STATUS_FULL;
		keys_tenant_drop(k, tenant);
		/* Those that are stored are in force. */
		if (had)
			must(keys_tenant_decode(k, tenant, secret_view(&own)));
	}
	if (had)
		secret_close(&own);
	return status;
}

static bool
is_same(const struct tenant_keys *t, struct str keys)
{
	struct secret own;
	bool same;

	keys_tenant_encode(t, &own);
	same = str_eq_secret(secret_view(&own), keys);
	secret_close(&own);
	return same;
}
