/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.c - tenants, their catalogues and dictionaries in memory, opened from
 * their sealed rows at start, replaced by use cases after their commits.
 */
#include "act/world_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/js.h"

#include "act/move.h"

#define SLUG_KEPT 64

static void call_init(void *, struct vault_call **, struct arena *);
static enum err call_run(void *, size_t lane, struct ctx *,
    struct vault_call *);
static struct queue_max queue_max(void *, uint32_t);
static enum err open_vault(struct world *, struct ctx *,
    const struct world_conf *);
static size_t realm_place(const struct world *, uint32_t tenant);
static const int64_t *in_force(struct world *, uint32_t tenant);
static void release(void *);
static void release_words(struct words *);

enum err
world_open(struct ctx *cx, const struct world_conf *conf, struct world **out)
{
	struct world *w;
	struct pipeline_conf pc = {
		.store = conf->store,
		.lanes = conf->nvault - WORLD_CHANNELS,
		.read_anew = world_anew,
		.call_init = call_init,
		.call_run = call_run,
		.queue_max = queue_max,
	};
	struct db *db;
	enum err err;

	if (!conf->is_still)
		TRY(move_whole(cx, conf->store));
	w = pc.world = heap_alloc(1, sizeof(*w));
	w->store = conf->store;
	w->data_dir = conf->data_dir;
	w->issuer = conf->issuer;
	w->mu = lock_open();
	w->census_lock = lock_open();
	w->making = lock_open();
	w->signed_ns = clock_mono_ns();
	w->vault_is_open = true;
	w->admission = admission_open();
	w->queues = queues_open();
	TRY(open_vault(w, cx, conf));
	TRY(token_keys_read(w, cx));
	if (!conf->is_still && store_is_shared(w->store))
		TRY(node_open(w, cx));
	TRY(world_read(w, cx));
	if (w->node != NULL) {
		pc.await = node_await;
		pc.admit = node_admit;
		pc.leave = node_leave;
	}
	if (!conf->is_still)
		w->pipeline = pipeline_open(&pc);
	if (w->node != NULL)
		node_start(w);
	db = db_open_reader(w->store, DB_DATA);
	struct tx *tx = tx_begin_all(db, cx);
	err = check_logs(w, cx, tx, conf->accept_rollback);
	tx_end(tx);
	db_close(db);
	TRY(err);
	*out = w;
	if (conf->is_still)
		return OK;
	for (size_t i = 0; i < w->nvault; i++)
		vault_watch(
		    w->vault[i], conf->vault_silent, conf->vault_silent_arg);
	readers_start(w);
	clock_start(w);
	return OK;
}

static enum err
open_vault(struct world *w, struct ctx *cx, const struct world_conf *conf)
{
	struct vault_state state;

	must(conf->nvault <= WORLD_CHANNELS_MAX &&
	    (conf->is_still ? conf->nvault >= WORLD_CHANNELS
			    : conf->nvault > WORLD_CHANNELS));
	w->nvault = conf->nvault;
	for (size_t i = 0; i < w->nvault; i++)
		w->vault[i] = vault_connect(conf->vault_fd[i]);
	TRY(vault_status(w->vault[CHANNEL_CLOCK], cx, &state));
	if (!state.has_keys)
		return fail(cx, ERR_SEALED, MSG_WORLD_SEALED, "vault");
	return OK;
}

void
world_close(struct world *w)
{
	world_ending(w);
	if (w->pipeline != NULL) {
		clock_stop(w);
		readers_stop(w);
		pipeline_close(w->pipeline);
	}
	node_stop(w);
	for (size_t i = 0; i < w->nvault; i++)
		vault_close(w->vault[i]);
	for (size_t i = 0; i < w->nrealm; i++)
		realm_release(&w->realm[i]);
	keyring_close(&w->keyring);
	runs_close(w);
	queues_close(w->queues);
	admission_close(w->admission);
	heap_free(w->access);
	heap_free(w->fail);
	heap_free(w->realm);
	for (size_t i = 0; i < w->nrole; i++)
		if (w->role[i].arena != NULL)
			arena_close(w->role[i].arena);
	heap_free(w->role);
	census_close(w);
	lock_close(w->making);
	lock_close(w->census_lock);
	lock_close(w->mu);
	heap_free(w);
}

static void
call_init(void *world, struct vault_call **call, struct arena *arena)
{
	(void)world;
	*call = arena_alloc(arena, sizeof(**call));
	vault_call_init(*call, arena);
}

static enum err
call_run(void *world, size_t lane, struct ctx *cx, struct vault_call *call)
{
	struct world *w = world;

	return call->n == 0
	    ? OK
	    : vault_run(w->vault[CHANNEL_SEALER + lane], cx, call);
}

static struct queue_max
queue_max(void *world, uint32_t tenant)
{
	return world_queue_max(world, tenant);
}

struct pipeline *
world_pipeline(struct world *w)
{
	return w->pipeline;
}

struct store *
world_store(struct world *w)
{
	return w->store;
}

/* --- realms --------------------------------------------------------------------- */

struct realm_slot *
realm_find(struct world *w, uint32_t tenant)
{
	size_t at = realm_place(w, tenant);

	return at < w->nrealm && w->realm[at].tenant == tenant ? &w->realm[at]
							       : NULL;
}

/* Where it stands, or would: they are sorted, for every request asks. */
static size_t
realm_place(const struct world *w, uint32_t tenant)
{
	size_t from = 0, to = w->nrealm;

	while (from < to) {
		size_t mid = (from + to) / 2;

		if (w->realm[mid].tenant < tenant)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

enum err
world_realm(
    struct world *w, struct ctx *cx, uint32_t tenant, const struct realm **out)
{
	struct realm *realm = arena_alloc(cx->arena, sizeof(*realm));
	struct realm_slot *slot;
	struct edition *edition = NULL;

	lock_take(w->mu);
	slot = realm_find(w, tenant);
	/* Without a catalogue it is still on its way into memory. */
	if (slot != NULL && slot->edition != NULL) {
		edition = slot->edition;
		__atomic_add_fetch(&edition->refs, 1, __ATOMIC_RELAXED);
		realm->tenant = tenant;
		realm->slug = str_copy(
		    cx->arena, (struct str) { slot->slug, slot->slug_n });
		realm->state = slot->state;
		memcpy(realm->most, slot->most, sizeof(realm->most));
		realm->catalogue = edition->catalogue;
		realm->dictionary = edition->words->dictionary;
		realm->capability = slot->capability;
	}
	lock_give(w->mu);
	if (edition == NULL)
		return fail(cx, ERR_NOT_FOUND, MSG_WORLD_NO_TENANT, "tenant");
	arena_defer(cx->arena, release, edition);
	realm->names_arg.catalogue = realm->catalogue;
	realm->names_arg.dictionary = realm->dictionary;
	realm->names = names_of(&realm->names_arg);
	*out = realm;
	return OK;
}

static void
release(void *object)
{
	struct edition *edition = object;

	struct words *words = edition->words;

	if (__atomic_sub_fetch(&edition->refs, 1, __ATOMIC_ACQ_REL) == 0) {
		arena_close(edition->arena);
		release_words(words);
	}
}

void
realm_release(const struct realm_slot *slot)
{
	release(slot->edition);
	release_words(slot->words);
}

static void
release_words(struct words *words)
{
	if (__atomic_sub_fetch(&words->refs, 1, __ATOMIC_ACQ_REL) == 0) {
		dictionary_close(words->dictionary);
		heap_free(words);
	}
}

int64_t
setting_of(struct world *w, uint32_t tenant, enum setting s)
{
	int64_t value = setting_info(s)->fallback;
	const int64_t *setting;

	lock_take(w->mu);
	setting = in_force(w, tenant);
	if (setting != NULL)
		value = setting[s];
	lock_give(w->mu);
	return value;
}

void
settings_of(struct world *w, uint32_t tenant, int64_t out[SETTING_COUNT])
{
	const int64_t *setting;

	for (int s = 0; s < SETTING_COUNT; s++)
		out[s] = setting_info((enum setting)s)->fallback;
	lock_take(w->mu);
	setting = in_force(w, tenant);
	if (setting != NULL)
		memcpy(out, setting, SETTING_COUNT * sizeof(*out));
	lock_give(w->mu);
}

/* mu held.  NULL: the tenant is being made, or is not there. */
static const int64_t *
in_force(struct world *w, uint32_t tenant)
{
	const struct realm_slot *slot = realm_find(w, tenant);

	return slot != NULL && slot->edition != NULL
	    ? slot->edition->catalogue->setting
	    : NULL;
}

size_t
world_tenants(struct world *w, struct arena *arena, uint32_t **out)
{
	size_t n;

	size_t kept = 0;

	lock_take(w->mu);
	n = w->nrealm;
	*out = arena_array(arena, n + 1, sizeof(**out));
	for (size_t i = 0; i < n; i++)
		if (w->realm[i].state < TENANT_DELETING)
			(*out)[kept++] = w->realm[i].tenant;
	lock_give(w->mu);
	return kept;
}

uint32_t
world_tenant_named(struct world *w, struct str slug)
{
	uint32_t tenant = 0;

	lock_take(w->mu);
	for (size_t i = 0; i < w->nrealm; i++)
		if (str_eq(slug,
			(struct str) { w->realm[i].slug, w->realm[i].slug_n }))
			tenant = w->realm[i].tenant;
	lock_give(w->mu);
	return tenant;
}

bool
world_tenant_has(struct world *w, uint32_t tenant)
{
	bool has;

	lock_take(w->mu);
	has = realm_find(w, tenant) != NULL;
	lock_give(w->mu);
	return has;
}

void
world_tenant_add(struct world *w, uint32_t tenant, struct str slug,
    const struct capability *capability)
{
	struct realm_slot slot = { .tenant = tenant, .state = TENANT_ACTIVE,
		.capability = *capability, .slug_n = slug.n };
	size_t at;

	must(slug.n < sizeof(slot.slug));
	memcpy(slot.slug, slug.p, slug.n);
	slot.words = heap_alloc(1, sizeof(*slot.words));
	*slot.words = (struct words) { dictionary_open(), 1 };
	lock_take(w->mu);
	at = realm_place(w, tenant);
	w->realm = heap_grow(w->realm, w->nrealm + 1, sizeof(*w->realm));
	memmove(&w->realm[at + 1], &w->realm[at],
	    (w->nrealm++ - at) * sizeof(*w->realm));
	w->realm[at] = slot;
	lock_give(w->mu);
	world_catalogue_set(w, tenant, STR("{\"catalogue\":1}"), 0);
}

/* The stored form was checked when it was applied: that it does not decode is a bug. */
void
world_catalogue_set(
    struct world *w, uint32_t tenant, struct str canonical, int64_t version)
{
	struct edition *edition, *before;
	struct arena *arena = arena_open(256 << 20);
	struct ctx cx = { .arena = arena };
	struct catalogue *catalogue;
	struct realm_slot *slot;
	const struct js *js;

	must(js_parse(&cx, str_copy(arena, canonical), &js) == OK);
	must(catalogue_decode(&cx, js, NULL, version != 0, &catalogue) == OK);
	catalogue->version = version;
	edition = arena_alloc(arena, sizeof(*edition));
	*edition = (struct edition) { arena, catalogue, NULL, 1 };
	lock_take(w->mu);
	slot = realm_find(w, tenant);
	must(slot != NULL);
	edition->words = slot->words;
	__atomic_add_fetch(&slot->words->refs, 1, __ATOMIC_RELAXED);
	before = slot->edition;
	slot->edition = edition;
	lock_give(w->mu);
	if (before != NULL)
		release(before);
}

enum err
realm_renew(struct world *w, struct ctx *cx, uint32_t tenant)
{
	struct grant_in in = { .tenant = tenant,
		.open_per_minute = UINT32_MAX, .seal_per_minute = UINT32_MAX };
	struct capability capability;
	struct realm_slot *slot;

	TRY(vault_grant(w->vault[CHANNEL_CLOCK], cx, &in, &capability));
	lock_take(w->mu);
	slot = realm_find(w, tenant);
	if (slot != NULL)
		slot->capability = capability;
	lock_give(w->mu);
	return OK;
}

/* --- capabilities ----------------------------------------------------------------- */

enum err
world_capability(struct world *w, struct vault *vault, struct ctx *cx,
    const struct actor *actor, struct capability *out)
{
	struct minted fresh = { actor->tenant, actor->kind, actor->id,
		clock_now_ms() + INT64_C(43200000), { { 0 } } };
	const struct realm *realm;
	struct grant_in in = { .tenant = actor->tenant, .actor = actor->id };
	bool found = false;

	lock_take(w->mu);
	for (size_t i = 0; i < w->nminted && !found; i++) {
		const struct minted *m = &w->minted[i];

		found = m->tenant == actor->tenant && m->kind == actor->kind &&
		    m->actor == actor->id && m->until_ms > clock_now_ms();
		if (found)
			*out = m->capability;
	}
	lock_give(w->mu);
	if (found)
		return OK;
	TRY(world_realm(w, cx, actor->tenant, &realm));
	in.open_per_minute =
	    (uint32_t)realm->catalogue->setting[SETTING_OPEN_PER_MINUTE];
	in.seal_per_minute =
	    (uint32_t)realm->catalogue->setting[SETTING_SEAL_PER_MINUTE];
	TRY(vault_grant(vault, cx, &in, &fresh.capability));
	lock_take(w->mu);
	w->minted[w->nminted < MINTED_MAX ? w->nminted++
					  : (size_t)actor->id % MINTED_MAX] =
	    fresh;
	lock_give(w->mu);
	*out = fresh.capability;
	return OK;
}

enum err
fail_sealed(struct ctx *cx, enum err err, const char *field)
{
	static const enum msg reasons[ERR_COUNT] = {
		[ERR_LIMITED] = MSG_VAULT_LIMITED,
		[ERR_TOO_LARGE] = MSG_ORDER_RECORD,
	};
	enum msg msg = reasons[err];

	return fail(cx, err, msg != 0 ? msg : MSG_ORDER_SEALED, field);
}

/* The arena it stands in ends before the caller reads it. */
void
fault_copy(struct ctx *to, const struct ctx *from)
{
	to->fault = from->fault;
	to->fault.field = str_copy(to->arena, from->fault.field);
	for (size_t i = 0; i < COUNT(to->fault.args); i++)
		to->fault.args[i] = str_copy(to->arena, from->fault.args[i]);
}

void
world_counts(struct world *w, struct world_count *out)
{
	struct loss loss;

	memset(out, 0, sizeof(*out));
	pipeline_counts(w->pipeline, &out->pipeline);
	lock_take(w->mu);
	out->queries = w->queries;
	out->checkpoints = w->checkpoints;
	out->due_done = w->due_done;
	memcpy(out->dropped, w->dropped, sizeof(out->dropped));
	out->log_alarm = w->log_alarm;
	lock_give(w->mu);
	if (node_history(w) != NULL && history_loss(node_history(w), &loss))
		out->lost = loss.to - loss.from;
	lock_take(w->queries_mu);
	out->query_depth = fair_depth(w->query_fair);
	lock_give(w->queries_mu);
	admission_counts(w->admission, &out->admission);
}
