/* SPDX-License-Identifier: Apache-2.0 */
/* keys.c - keys in memory, and as the bytes that are stored sealed. */
#include "vault/keys.h"

#include <string.h>

#include <sodium.h>

#include "base/clock.h"

#define FORM	     2	/* of the encoded keys; 1 had no root of token keys */
#define ROOT_BYTES   (1 + 16 + 2 * KEY_BYTES + 4)
#define TOKEN_KEY_MS (TOKEN_KEY_DAYS * INT64_C(86400000))
#define KEK_BYTES    (8 + 4 + 1 + 8 + KEY_BYTES)
#define TENANT_BYTES (4 + 1 + 8 + KEY_BYTES + 4 + KEY_BYTES)

static struct tenant_keys *insert(struct keys *, uint32_t tenant);
static size_t place(const struct keys *, uint32_t tenant);
static void log_key_make(struct keys *);
static void tenant_encode(const struct tenant_keys *, struct buf *);
static bool tenant_decode(struct keys *, struct cursor *);
static bool kek_decode(struct cursor *, struct kek *);
static void token_pair(const struct keys *, int64_t now_ms, int age,
    uint8_t public[32], uint8_t secret[64]);
static void token_kid(const struct keys *, const uint8_t public[32],
    char kid[TOKEN_KID]);
static void key_get(struct cursor *, uint8_t key[KEY_BYTES]);

void
keys_open(struct keys *k, struct crypt *c)
{
	*k = (struct keys) { .crypt = c };
	secret_open(&k->root_memory, sizeof(*k->root));
	k->root = (struct root_keys *)k->root_memory.p;
	k->tenant = heap_alloc(TENANTS_MAX, sizeof(struct tenant_keys *));
	k->tenant_memory = heap_alloc(TENANTS_MAX, sizeof(struct secret));
	for (size_t i = 1; i < INDEX_COUNT; i++)
		mac_open(&k->index[i]);
}

void
keys_close(struct keys *k)
{
	for (size_t i = 0; i < k->n; i++)
		secret_close(&k->tenant_memory[i]);
	for (size_t i = 1; i < INDEX_COUNT; i++)
		mac_close(&k->index[i]);
	heap_free(k->tenant);
	heap_free(k->tenant_memory);
	heap_free(k->dir);
	secret_close(&k->root_memory);
}

void
keys_make(struct keys *k)
{
	random_bytes(k->deployment, sizeof(k->deployment));
	random_bytes(k->root->master, sizeof(k->root->master));
	random_bytes(k->root->log_seed, sizeof(k->root->log_seed));
	random_bytes(k->root->token_root, sizeof(k->root->token_root));
	log_key_make(k);
}

static void
log_key_make(struct keys *k)
{
	if (crypto_sign_seed_keypair(
		k->log_public, k->root->log_key, k->root->log_seed) != 0)
		fatal("the log's key");
}

const struct tenant_keys *
keys_tenant(const struct keys *k, uint32_t tenant)
{
	size_t i = place(k, tenant);

	if (i == k->n || k->tenant[i]->tenant != tenant)
		return NULL;
	return k->tenant[i];
}

/* Where TENANT stands, or would. */
static size_t
place(const struct keys *k, uint32_t tenant)
{
	size_t from = 0, to = k->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (k->tenant[middle]->tenant < tenant)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

bool
keys_tenant_make(struct keys *k, uint32_t tenant)
{
	struct tenant_keys *t;

	must(keys_tenant(k, tenant) == NULL);
	if (k->n == TENANTS_MAX)
		return false;
	t = insert(k, tenant);
	t->index_epoch = 1;
	t->nkek = 1;
	t->kek[0].epoch = 1;
	t->kek[0].state = KEK_WRAPS;
	t->kek[0].created_ms = clock_now_ms();
	random_bytes(t->text, sizeof(t->text));
	random_bytes(t->index, sizeof(t->index));
	random_bytes(&t->text_id, sizeof(t->text_id));
	random_bytes(t->kek[0].key, sizeof(t->kek[0].key));
	random_bytes(&t->kek[0].id, sizeof(t->kek[0].id));
	return true;
}

static struct tenant_keys *
insert(struct keys *k, uint32_t tenant)
{
	size_t at = place(k, tenant), after = k->n - at;
	struct secret memory;

	secret_open(&memory, sizeof(struct tenant_keys));
	memmove(k->tenant + at + 1, k->tenant + at, after * sizeof(*k->tenant));
	memmove(k->tenant_memory + at + 1, k->tenant_memory + at,
	    after * sizeof(*k->tenant_memory));
	k->tenant_memory[at] = memory;
	k->tenant[at] = (struct tenant_keys *)memory.p;
	k->tenant[at]->tenant = tenant;
	k->n++;
	return k->tenant[at];
}

void
keys_tenant_drop(struct keys *k, uint32_t tenant)
{
	size_t at = place(k, tenant), after = k->n - at - 1;

	must(keys_tenant(k, tenant) != NULL);
	secret_close(&k->tenant_memory[at]);
	memmove(k->tenant + at, k->tenant + at + 1, after * sizeof(*k->tenant));
	memmove(k->tenant_memory + at, k->tenant_memory + at + 1,
	    after * sizeof(*k->tenant_memory));
	k->n--;
	memset(k->is_indexed, 0, sizeof(k->is_indexed));
}

void
keys_tenant_hide(struct keys *k, uint32_t tenant, bool is_hidden)
{
	must(keys_tenant(k, tenant) != NULL);
	k->tenant[place(k, tenant)]->is_hidden = is_hidden;
}

const struct kek *
kek_newest(const struct tenant_keys *t)
{
	return &t->kek[t->nkek - 1];
}

const struct kek *
kek_by_id(const struct tenant_keys *t, uint64_t id)
{
	for (size_t i = t->nkek; i-- > 0;)
		if (t->kek[i].id == id)
			return &t->kek[i];
	return NULL;
}

void
keys_index(struct keys *k, const struct tenant_keys *t,
    const struct index_value *v, struct key256 *out)
{
	const enum index_kind kind = v->kind;
	uint8_t key[KEY_BYTES];

	/* A batch is mostly of one tenant: its keys are derived once. */
	if (!k->is_indexed[kind] || k->index_tenant[kind] != t->tenant) {
		key_derive(k->crypt, t->index, "index",
		    (uint64_t)kind << 32 | t->index_epoch, key);
		mac_key(k->crypt, &k->index[kind],
		    (struct str) { (char *)key, sizeof(key) });
		secret_wipe(key, sizeof(key));
		k->index_tenant[kind] = t->tenant;
		k->is_indexed[kind] = true;
	}
	mac_make(k->crypt, &k->index[kind], &v->value, 1, out->bytes);
	if (kind == INDEX_SEARCH)
		memset(out->bytes + 6, 0, sizeof(out->bytes) - 6);
}

void
keys_sign(const struct keys *k, struct str text, uint8_t signature[64])
{
	if (crypto_sign_detached(signature, NULL, (const uint8_t *)text.p,
		text.n, k->root->log_key) != 0)
		fatal("a signature");
}

void
keys_token_key(
    const struct keys *k, int64_t now_ms, int age, struct token_key *out)
{
	uint8_t secret[64];

	token_pair(k, now_ms, age, out->public, secret);
	secret_wipe(secret, sizeof(secret));
	token_kid(k, out->public, out->kid);
}

void
keys_token_sign(const struct keys *k, int64_t now_ms, struct str text,
    uint8_t signature[64])
{
	uint8_t public[32], secret[64];

	token_pair(k, now_ms, 0, public, secret);
	if (crypto_sign_detached(
		signature, NULL, (const uint8_t *)text.p, text.n, secret) != 0)
		fatal("a signature");
	secret_wipe(secret, sizeof(secret));
}

static void
token_pair(const struct keys *k, int64_t now_ms, int age, uint8_t public[32],
    uint8_t secret[64])
{
	uint8_t seed[KEY_BYTES];

	key_derive(k->crypt, k->root->token_root, "token",
	    (uint64_t)(now_ms / TOKEN_KEY_MS + age), seed);
	if (crypto_sign_seed_keypair(public, secret, seed) != 0)
		fatal("a key of tokens");
	secret_wipe(seed, sizeof(seed));
}

static void
token_kid(const struct keys *k, const uint8_t public[32], char kid[TOKEN_KID])
{
	char text[TOKEN_KID + 1];
	uint8_t digest[32];

	digest_make(
	    k->crypt, &(struct str) { (const char *)public, 32 }, 1, digest);
	sodium_bin2base64(text, sizeof(text), digest, TOKEN_KID / 4 * 3,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	memcpy(kid, text, TOKEN_KID);
}

void
keys_encode(const struct keys *k, struct secret *out)
{
	struct buf b;
	size_t n = ROOT_BYTES, shown = 0;

	for (size_t i = 0; i < k->n; i++) {
		if (k->tenant[i]->is_hidden)
			continue;
		n += TENANT_BYTES + k->tenant[i]->nkek * KEK_BYTES;
		shown++;
	}
	secret_open(out, n);
	b = secret_buf(out);
	buf_u8(&b, FORM);
	buf_bytes(&b, k->deployment, sizeof(k->deployment));
	buf_bytes(&b, k->root->log_seed, KEY_BYTES);
	buf_bytes(&b, k->root->token_root, KEY_BYTES);
	buf_u32(&b, (uint32_t)shown);
	for (size_t i = 0; i < k->n; i++)
		if (!k->tenant[i]->is_hidden)
			tenant_encode(k->tenant[i], &b);
	must(!b.over && b.n == n);
}

static void
tenant_encode(const struct tenant_keys *t, struct buf *b)
{
	buf_u32(b, t->tenant);
	buf_u64(b, t->text_id);
	buf_bytes(b, t->text, KEY_BYTES);
	buf_u32(b, t->index_epoch);
	buf_bytes(b, t->index, KEY_BYTES);
	buf_u8(b, (uint8_t)t->nkek);
	for (size_t i = 0; i < t->nkek; i++) {
		const struct kek *e = &t->kek[i];

		buf_u64(b, e->id);
		buf_u32(b, e->epoch);
		buf_u8(b, (uint8_t)e->state);
		buf_u64(b, (uint64_t)e->created_ms);
		buf_bytes(b, e->key, KEY_BYTES);
	}
}

void
keys_tenant_encode(const struct tenant_keys *t, struct secret *out)
{
	struct buf b;

	secret_open(out, TENANT_BYTES + t->nkek * KEK_BYTES);
	b = secret_buf(out);
	tenant_encode(t, &b);
	must(!b.over && b.n == out->n);
}

bool
keys_tenant_decode(struct keys *k, uint32_t tenant, struct str bytes)
{
	struct cursor c = { .left = bytes };
	struct cursor number = c;

	if (get_u32(&number) != tenant || number.bad || k->n == TENANTS_MAX)
		return false;
	if (keys_tenant(k, tenant) != NULL)
		keys_tenant_drop(k, tenant);
	/* Another vault of ours made them: that they do not decode is a bug. */
	must(tenant_decode(k, &c) && get_end(&c));
	return true;
}

void
keys_share(const struct keys *k, uint8_t key[KEY_BYTES])
{
	key_derive(k->crypt, k->root->token_root, "share", 0, key);
}

bool
keys_decode(struct keys *k, struct str bytes)
{
	struct cursor c = { .left = bytes };
	struct str deployment;
	uint32_t n;
	uint8_t form = get_u8(&c);

	if (form == 0 || form > FORM)
		return false;
	deployment = get_bytes(&c, sizeof(k->deployment));
	if (!c.bad)
		memcpy(k->deployment, deployment.p, deployment.n);
	key_get(&c, k->root->log_seed);
	k->is_older = form < FORM;
	if (k->is_older)
		random_bytes(k->root->token_root, KEY_BYTES);
	else
		key_get(&c, k->root->token_root);
	n = get_u32(&c);
	if (c.bad || n > TENANTS_MAX)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (!tenant_decode(k, &c))
			return false;
	log_key_make(k);
	return get_end(&c);
}

static bool
tenant_decode(struct keys *k, struct cursor *c)
{
	uint32_t tenant = get_u32(c);
	struct tenant_keys *t;

	if (c->bad || keys_tenant(k, tenant) != NULL)
		return false;
	t = insert(k, tenant);
	t->text_id = get_u64(c);
	key_get(c, t->text);
	t->index_epoch = get_u32(c);
	key_get(c, t->index);
	t->nkek = get_u8(c);
	if (t->nkek == 0 || t->nkek > KEKS_MAX)
		return false;
	for (size_t i = 0; i < t->nkek; i++)
		if (!kek_decode(c, &t->kek[i]))
			return false;
	return kek_newest(t)->state == KEK_WRAPS;
}

static bool
kek_decode(struct cursor *c, struct kek *e)
{
	e->id = get_u64(c);
	e->epoch = get_u32(c);
	e->state = get_u8(c);
	e->created_ms = (int64_t)get_u64(c);
	key_get(c, e->key);
	return !c->bad && e->state > 0 && e->state < KEK_STATE_COUNT;
}

static void
key_get(struct cursor *c, uint8_t key[KEY_BYTES])
{
	struct str bytes = get_bytes(c, KEY_BYTES);

	if (!c->bad)
		memcpy(key, bytes.p, KEY_BYTES);
}
