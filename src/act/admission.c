/* SPDX-License-Identifier: Apache-2.0 */
#include "act/admission.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"

#include "act/world_int.h"

#define BUCKETS 1024

/* Requests under way, of a tenant (no client: kind -1) or of a client. */
struct counted {
	struct fair_key key;
	size_t		n, bytes;	/* of bodies: of a tenant */
	struct counted *same_bucket;
};

struct admission {
	struct lock    *mu;	/* guards what follows */
	struct counted *bucket[BUCKETS];
	uint64_t	refused[2];	/* by the tenant's bound, by the client's */
	size_t		under_way;
};

static struct pace_limit limit_of(struct world *, const struct realm_slot *);
static struct counted **find(struct admission *, const struct fair_key *);
static struct counted count(struct admission *, const struct fair_key *);
static void add(struct admission *, const struct fair_key *, size_t n,
    size_t bytes);
static void drop(struct admission *, const struct fair_key *, size_t n,
    size_t bytes);
static struct fair_key tenant_key(const struct actor *);
static struct fair_key client_key(const struct actor *);
static enum err limited(struct ctx *, enum msg, const char *, int64_t, size_t);

struct admission *
admission_open(void)
{
	struct admission *a = heap_alloc(1, sizeof(*a));

	a->mu = lock_open();
	return a;
}

void
admission_close(struct admission *a)
{
	must(a->under_way == 0);
	for (size_t i = 0; i < BUCKETS; i++)
		must(a->bucket[i] == NULL);
	lock_close(a->mu);
	heap_free(a);
}

/* Who has no tenant is nobody yet, and waits with everybody who is. */
static bool
is_counted(const struct actor *actor)
{
	return actor != NULL && actor->tenant != 0 &&
	    actor->kind != ACTOR_OPERATOR;
}

/* --- requests a second ------------------------------------------------------------- */

enum err
world_pace(struct world *w, struct ctx *cx, int64_t now_ms)
{
	struct pace_limit limit = { 0, 0 };
	struct realm_slot *slot;
	int64_t wait_ms = 0;

	if (!is_counted(cx->actor))
		return OK;
	lock_take(w->mu);
	slot = realm_find(w, cx->actor->tenant);
	if (slot != NULL) {
		limit = limit_of(w, slot);
		wait_ms = pace_take(&slot->pace, &limit, now_ms);
	}
	lock_give(w->mu);
	/* At one request a second the wait is no longer than Retry-After says. */
	if (wait_ms > 0)
		return limited(cx, MSG_LIMIT_TENANT_RATE,
		    deployment_info(DEPLOYMENT_TENANT_RATE)->name, limit.rate,
		    (size_t)limit.burst);
	return OK;
}

/* A tenant's own, else that of all. */
static struct pace_limit
limit_of(struct world *w, const struct realm_slot *slot)
{
	const int64_t *most = slot->most;

	return (struct pace_limit) {
		most[LIMIT_RATE] > 0
		    ? most[LIMIT_RATE]
		    : world_deployment(w, DEPLOYMENT_TENANT_RATE),
		most[LIMIT_BURST] > 0
		    ? most[LIMIT_BURST]
		    : world_deployment(w, DEPLOYMENT_TENANT_BURST),
	};
}

static void
pace_bounds(struct world *w, uint32_t tenant, struct bound_view out[2])
{
	int64_t now_ms = clock_mono_ns() / 1000000;
	struct pace_limit limit = { 0, 0 };
	struct pace pace = { 0 };
	struct realm_slot *slot;

	lock_take(w->mu);
	slot = realm_find(w, tenant);
	if (slot != NULL) {
		limit = limit_of(w, slot);
		pace = slot->pace;
	}
	lock_give(w->mu);
	out[0] =
	    (struct bound_view) { deployment_info(DEPLOYMENT_TENANT_RATE)->name,
		    limit.rate, pace_came(&pace, now_ms) };
	out[1] = (struct bound_view) {
		deployment_info(DEPLOYMENT_TENANT_BURST)->name,
		limit.rate > 0 ? limit.burst : 0,
		pace_taken(&pace, &limit, now_ms)
	};
}

/* --- requests under way ------------------------------------------------------------ */

enum err
world_enter(struct world *w, struct ctx *cx)
{
	struct admission *a = w->admission;
	const struct actor *actor = cx->actor;
	struct fair_key of_tenant, of_client;
	int64_t tenant_max, client_max;
	size_t tenant, client;

	if (!is_counted(actor))
		return OK;
	of_tenant = tenant_key(actor);
	of_client = client_key(actor);
	tenant_max = world_deployment(w, DEPLOYMENT_TENANT_UNDER_WAY);
	client_max = setting_of(w, actor->tenant, SETTING_CLIENT_UNDER_WAY);
	lock_take(a->mu);
	tenant = count(a, &of_tenant).n;
	client = count(a, &of_client).n;
	if (client >= (size_t)client_max) {
		a->refused[1]++;
	} else if (tenant >= (size_t)tenant_max) {
		a->refused[0]++;
	} else {
		add(a, &of_tenant, 1, 0);
		add(a, &of_client, 1, 0);
		a->under_way++;
	}
	lock_give(a->mu);
	if (client >= (size_t)client_max)
		return limited(cx, MSG_LIMIT_CLIENT_UNDER_WAY,
		    setting_info(SETTING_CLIENT_UNDER_WAY)->name, client_max,
		    client);
	if (tenant >= (size_t)tenant_max)
		return limited(cx, MSG_LIMIT_TENANT_UNDER_WAY,
		    deployment_info(DEPLOYMENT_TENANT_UNDER_WAY)->name,
		    tenant_max, tenant);
	return OK;
}

void
world_leave(struct world *w, const struct actor *actor)
{
	struct admission *a = w->admission;
	struct fair_key of_tenant, of_client;

	if (!is_counted(actor))
		return;
	of_tenant = tenant_key(actor);
	of_client = client_key(actor);
	lock_take(a->mu);
	drop(a, &of_tenant, 1, 0);
	drop(a, &of_client, 1, 0);
	a->under_way--;
	lock_give(a->mu);
}

/* --- bytes of bodies --------------------------------------------------------------- */

enum err
world_bytes_take(struct world *w, struct ctx *cx, size_t bytes)
{
	struct admission *a = w->admission;
	const int64_t max = world_deployment(w, DEPLOYMENT_TENANT_BODY_BYTES);
	struct fair_key of_tenant;
	size_t load;

	if (!is_counted(cx->actor))
		return OK;
	of_tenant = tenant_key(cx->actor);
	lock_take(a->mu);
	load = count(a, &of_tenant).bytes;
	if (load + bytes > (size_t)max)
		a->refused[0]++;
	else
		add(a, &of_tenant, 0, bytes);
	lock_give(a->mu);
	if (load + bytes <= (size_t)max)
		return OK;
	return limited(cx, MSG_LIMIT_TENANT_BODY_BYTES,
	    deployment_info(DEPLOYMENT_TENANT_BODY_BYTES)->name, max, load);
}

void
world_bytes_give(struct world *w, const struct actor *actor, size_t bytes)
{
	struct admission *a = w->admission;
	struct fair_key of_tenant;

	if (!is_counted(actor))
		return;
	of_tenant = tenant_key(actor);
	lock_take(a->mu);
	drop(a, &of_tenant, 0, bytes);
	lock_give(a->mu);
}

size_t
admission_of(struct admission *a, uint32_t tenant)
{
	size_t n;

	lock_take(a->mu);
	n = count(a, &(struct fair_key) { tenant, -1, 0 }).n;
	lock_give(a->mu);
	return n;
}

static struct fair_key
tenant_key(const struct actor *actor)
{
	return (struct fair_key) { actor->tenant, -1, 0 };
}

static struct fair_key
client_key(const struct actor *actor)
{
	return (struct fair_key) { actor->tenant, (int)actor->kind, actor->id };
}

static enum err
limited(
    struct ctx *cx, enum msg msg, const char *name, int64_t value, size_t load)
{
	return fail(cx, ERR_LIMITED, msg, "", name,
	    str_z(cx->arena, str_fmt(cx->arena, "%lld", (long long)value)),
	    str_z(cx->arena, str_fmt(cx->arena, "%zu", load)));
}

/* Where it hangs, or where it would. */
static struct counted **
find(struct admission *a, const struct fair_key *key)
{
	uint64_t h = ((uint64_t)key->client * 31 + (uint64_t)key->kind) * 31 +
	    key->tenant;
	struct counted **at = &a->bucket[(h ^ h >> 20) % BUCKETS];

	while (*at != NULL &&
	    ((*at)->key.client != key->client || (*at)->key.kind != key->kind ||
		(*at)->key.tenant != key->tenant))
		at = &(*at)->same_bucket;
	return at;
}

static struct counted
count(struct admission *a, const struct fair_key *key)
{
	const struct counted *c = *find(a, key);

	return c != NULL ? *c : (struct counted) { 0 };
}

static void
add(struct admission *a, const struct fair_key *key, size_t n, size_t bytes)
{
	struct counted **at = find(a, key);

	if (*at == NULL) {
		*at = heap_alloc(1, sizeof(**at));
		(*at)->key = *key;
	}
	(*at)->n += n;
	(*at)->bytes += bytes;
}

static void
drop(struct admission *a, const struct fair_key *key, size_t n, size_t bytes)
{
	struct counted **at = find(a, key), *c = *at;

	must(c != NULL && c->n >= n && c->bytes >= bytes);
	c->n -= n;
	c->bytes -= bytes;
	if (c->n > 0 || c->bytes > 0)
		return;
	*at = c->same_bucket;
	heap_free(c);
}

/* --- what waits -------------------------------------------------------------------- */

struct queue_max
world_queue_max(struct world *w, uint32_t tenant)
{
	return (struct queue_max) {
		(size_t)world_deployment(w, DEPLOYMENT_TENANT_QUEUED),
		(size_t)setting_of(w, tenant, SETTING_CLIENT_QUEUED),
		deployment_info(DEPLOYMENT_TENANT_QUEUED)->name,
		setting_info(SETTING_CLIENT_QUEUED)->name,
	};
}

void
world_bounds(
    struct world *w, const struct ctx *cx, struct bound_view out[BOUNDS])
{
	struct admission *a = w->admission;
	struct fair_key of_tenant = tenant_key(cx->actor);
	struct fair_key of_client = client_key(cx->actor);
	struct queue_max max = world_queue_max(w, cx->actor->tenant);
	struct fair_load waiting = pipeline_load(w->pipeline, &of_client);
	struct counted tenant, client;

	lock_take(a->mu);
	tenant = count(a, &of_tenant);
	client = count(a, &of_client);
	lock_give(a->mu);
	out[0] = (struct bound_view) {
		deployment_info(DEPLOYMENT_TENANT_UNDER_WAY)->name,
		world_deployment(w, DEPLOYMENT_TENANT_UNDER_WAY),
		(int64_t)tenant.n
	};
	out[1] = (struct bound_view) { max.tenant_name, (int64_t)max.tenant,
		(int64_t)waiting.tenant };
	out[2] =
	    (struct bound_view) { setting_info(SETTING_CLIENT_UNDER_WAY)->name,
		    setting_of(w, cx->actor->tenant, SETTING_CLIENT_UNDER_WAY),
		    (int64_t)client.n };
	out[3] = (struct bound_view) { max.client_name, (int64_t)max.client,
		(int64_t)waiting.client };
	pace_bounds(w, cx->actor->tenant, &out[4]);
	out[6] = (struct bound_view) {
		deployment_info(DEPLOYMENT_TENANT_BODY_BYTES)->name,
		world_deployment(w, DEPLOYMENT_TENANT_BODY_BYTES),
		(int64_t)tenant.bytes
	};
}

void
admission_counts(struct admission *a, struct admission_count *out)
{
	lock_take(a->mu);
	*out = (struct admission_count) { a->under_way, a->refused[0],
		a->refused[1] };
	lock_give(a->mu);
}

/* --- the deployment's settings ------------------------------------------------------- */

int64_t
world_deployment(struct world *w, enum deployment_setting s)
{
	return atomic_load_explicit(&w->deployment[s], memory_order_relaxed);
}

uint64_t
deployment_sets(struct world *w)
{
	uint64_t sets;

	lock_take(w->mu);
	sets = w->deployment_sets;
	lock_give(w->mu);
	return sets;
}

enum err
deployment_read(struct world *w, struct tx *tx, uint64_t sets)
{
	struct deployment_row key = { 0 };
	const struct deployment_row *row;
	struct rows rows;
	int64_t value[DEPLOYMENT_COUNT];

	for (int s = 0; s < DEPLOYMENT_COUNT; s++)
		value[s] =
		    deployment_info((enum deployment_setting)s)->fallback;
	TRY(store_load(tx, &DEPLOYMENT, &key, 1, 1, 0, &rows));
	row = rows.row;
	for (size_t i = 0; i < rows.n; i++) {
		enum deployment_setting s = deployment_parse(row[i].name);

		/* One that a later version had is not ours to know. */
		if (s < DEPLOYMENT_COUNT)
			value[s] = row[i].value;
	}
	lock_take(w->mu);
	for (int s = 0; s < DEPLOYMENT_COUNT; s++)
		if (w->deployment_sets == sets)
			atomic_store(&w->deployment[s], value[s]);
	lock_give(w->mu);
	return OK;
}

static void
decide(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		const struct deployment_in *in = it->in;
		enum deployment_setting s = deployment_parse(in->name);
		struct arena *a = it->cx->arena;
		const struct setting_info *info;

		if (s == DEPLOYMENT_COUNT) {
			it->err = fail(it->cx, ERR_NOT_FOUND,
			    MSG_DEPLOYMENT_SETTING, "setting",
			    str_utf8(in->name) ? str_z(a, in->name) : "");
			continue;
		}
		info = deployment_info(s);
		if (in->value < info->min || in->value > info->max)
			it->err = fail(it->cx, ERR_BAD_INPUT,
			    MSG_DEPLOYMENT_RANGE, "value", info->name,
			    str_z(a, str_fmt(a, "%lld", (long long)info->min)),
			    str_z(a, str_fmt(a, "%lld", (long long)info->max)));
	}
}

static enum err
save(struct batch *b, struct tx *tx)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct deployment_in *in = b->item[i]->in;
		struct deployment_row row = { 0, in->name, in->value };

		if (b->item[i]->err == OK)
			TRY(store_save(tx, &DEPLOYMENT, &row, 1, NULL));
	}
	return OK;
}

static void
committed(struct batch *b)
{
	struct world *w = b->world;

	for (size_t i = 0; i < b->n; i++) {
		const struct deployment_in *in = b->item[i]->in;

		if (b->item[i]->err != OK)
			continue;
		lock_take(w->mu);
		w->deployment[deployment_parse(in->name)] = in->value;
		w->deployment_sets++;
		lock_give(w->mu);
		log_event(LOG_INFO, "setting_changed",
		    LOG_WORD("setting",
			deployment_info(deployment_parse(in->name))->name),
		    LOG_NUM("value", in->value));
	}
}

const struct use_case deployment_set = { .name = "deployment_set",
	.decide = decide, .save = save, .committed = committed };

enum err
deployment_show(struct reader *r, struct ctx *cx, const void *none, void **out)
{
	struct deployment_out *o = arena_alloc(cx->arena, sizeof(*o));

	(void)none;
	for (int s = 0; s < DEPLOYMENT_COUNT; s++)
		o->setting[s] = (struct deployment_view) {
			deployment_info((enum deployment_setting)s),
			world_deployment(r->world, (enum deployment_setting)s)
		};
	*out = o;
	return OK;
}
