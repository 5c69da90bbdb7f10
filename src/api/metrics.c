/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.c - what /metrics tells: each metric of the table, counted where it
 * happens or collected here.  Tenants are numbers; pools and products are
 * slugs, which are held in memory only.
 */
#include "api/manage.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/metric_text.h"
#include "base/process.h"

#define CLASSES	   4	/* of statuses, 2xx to 5xx */
#define ROUTES_MAX 127	/* beside the one of requests without a route */
#define TABLES_MAX 32

struct scrape {
	struct exposition	  x;
	struct manage_view	  view;
	struct world_count	  world;
	struct vault_state	  vault;
	const struct census_row	 *row;
	size_t			  nrow, pools;
	uint64_t		  npool, ntenant, has_alarm, lost;
	bool			  is_ready[READY_COUNT];
	struct arena		 *arena;
};

/* Where the rows of each table begin in the numbering. */
static struct {
	const struct route *table[TABLES_MAX];
	size_t		    from[TABLES_MAX + 1], n;
} numbering;

static const char *const classes[CLASSES] = { "2xx", "3xx", "4xx", "5xx" };

/* Who counts as meeting which limit. */
static const struct {
	enum msg msg;
	size_t	 limit;
} limits[] = {
	{ MSG_STORE_QUEUE, LIMIT_QUEUE },   { MSG_STORE_CLOSING, LIMIT_CLOSING }, { MSG_WORLD_BUSY, LIMIT_READERS },
	{ MSG_WORLD_LONG, LIMIT_LONG },	    { MSG_VAULT_LIMITED, LIMIT_BUDGET },
	{ MSG_STORE_QUEUE_CLIENT, LIMIT_QUEUE },
	{ MSG_LIMIT_TENANT_UNDER_WAY, LIMIT_UNDER_WAY },
	{ MSG_LIMIT_TENANT_BODY_BYTES, LIMIT_UNDER_WAY },
	{ MSG_LIMIT_CLIENT_UNDER_WAY, LIMIT_UNDER_WAY },
	{ MSG_LIMIT_TENANT_RATE, LIMIT_BY_RATE },
};

static bool tell_plain(struct scrape *, enum metric);

/* --- counting ------------------------------------------------------------------- */

void
routes_number(const struct route *const *tables, size_t n)
{
	must(n <= TABLES_MAX);
	numbering.n = n;
	for (size_t i = 0; i < n; i++) {
		size_t rows = 0;

		while (tables[i][rows].method != 0)
			rows++;
		numbering.table[i] = tables[i];
		numbering.from[i + 1] = numbering.from[i] + rows;
	}
	must(numbering.from[n] <= ROUTES_MAX);
}

size_t
route_series(const struct route *route, int status)
{
	size_t number = numbering.from[numbering.n];
	size_t class = status >= 200 && status < 600 ? (size_t)status / 100 - 2
						     : CLASSES - 1;

	for (size_t i = 0; i < numbering.n && route != NULL; i++) {
		const struct route *first = numbering.table[i];
		size_t rows = numbering.from[i + 1] - numbering.from[i];

		if (route >= first && route < first + rows)
			number = numbering.from[i] + (size_t)(route - first);
	}
	return number * CLASSES + class;
}

void
problem_count(const struct ctx *cx, enum err err)
{
	size_t limit = LIMIT_OTHER;

	metric_add(METRIC_ERRORS, err, 1);
	if (err == ERR_BUSY)
		metric_add(METRIC_CONTENTION, CONTENTION_BUSY, 1);
	if (err == ERR_STALE)
		metric_add(METRIC_CONTENTION, CONTENTION_STALE, 1);
	if (err != ERR_LIMITED)
		return;
	for (size_t i = 0; i < COUNT(limits); i++)
		if (cx->fault.err == err && cx->fault.msg == limits[i].msg)
			limit = limits[i].limit;
	metric_add(METRIC_LIMITED, limit, 1);
}

void
refusal_count(const struct item *it)
{
	const struct order *order = it->in;

	if (it->use_case == &person_order && order->kind == ORDER_ONBOARD)
		metric_add(METRIC_ONBOARDINGS, ONBOARDED_REFUSED, 1);
}

/* --- telling -------------------------------------------------------------------- */

static void
number(struct scrape *s, size_t n, int64_t value)
{
	struct str label = exposition_label(&s->x, n);

	exposition_number(&s->x, &label, value);
}

static void
build(struct scrape *s)
{
	const struct str version = STR(USHER_VERSION);

	exposition_number(&s->x, &version, 1);
}

static void
start(struct scrape *s)
{
	exposition_seconds(&s->x, NULL, s->view.started_ms * 1000000);
}

static void
uptime(struct scrape *s)
{
	exposition_seconds(&s->x, NULL, clock_mono_ns() - s->view.started_ns);
}

static void
ready(struct scrape *s)
{
	const struct str running = STR("running");

	for (size_t i = 0; i < READY_COUNT; i++) {
		struct str name = str_of(readiness_name((enum readiness)i));

		exposition_number(&s->x, &name, s->is_ready[i]);
	}
	exposition_number(&s->x, &running, !s->view.is_stopping);
}

static void
restarts(struct scrape *s)
{
	for (size_t i = 0; i < COUNT(s->view.restarts); i++)
		number(s, i, s->view.restarts[i]);
}

/* The parent's and ours the system tells, the vault's the vault. */
static void
processes(struct scrape *s, int64_t (*ask)(int pid), int64_t vault)
{
	const struct {
		struct str name;
		int64_t value;
	} of[] = {
		{ STR("parent"), ask(getppid()) },
		{ STR("front"), ask(0) },
		{ STR("vault"), vault },
	};

	for (size_t i = 0; i < COUNT(of); i++)
		if (of[i].value > 0)
			exposition_number(&s->x, &of[i].name, of[i].value);
}

static void
memory(struct scrape *s)
{
	processes(s, process_memory, s->vault.memory);
}

static void
descriptors(struct scrape *s)
{
	processes(s, process_descriptors, s->vault.descriptors);
}

static const struct route *
route_at(size_t at)
{
	for (size_t i = 0; i < numbering.n; i++)
		if (at < numbering.from[i + 1])
			return numbering.table[i] + (at - numbering.from[i]);
	return NULL;
}

/* What was never asked for is not told. */
static void
requests(struct scrape *s)
{
	for (size_t at = 0; at <= numbering.from[numbering.n]; at++) {
		const struct route *r = route_at(at);

		for (size_t class = 0; class < CLASSES; class ++) {
			struct str label[] = { str_of(r != NULL
				    ? method_name(r->method) : "none"),
				str_of(r != NULL ? r->path : "none"),
				str_of(classes[class]) };
			struct histogram h;

			metric_read_histogram(
			    METRIC_REQUEST_SECONDS, at * CLASSES + class, &h);
			if (h.below[h.n] > 0)
				exposition_series(
				    &s->x, label, at * CLASSES + class);
		}
	}
}

static void
errors(struct scrape *s)
{
	for (size_t e = OK + 1; e < ERR_COUNT; e++) {
		struct str code = str_of(err_info((enum err)e)->code);

		exposition_series(&s->x, &code, e);
	}
}

static void
bytes(struct scrape *s)
{
	number(s, 0, (int64_t)s->view.http.bytes_in);
	number(s, 1, (int64_t)s->view.http.bytes_out);
}

static void
queue(struct scrape *s)
{
	for (size_t i = 0; i < COUNT(s->world.pipeline.depth_of); i++)
		number(s, i, (int64_t)s->world.pipeline.depth_of[i]);
	number(s, COUNT(s->world.pipeline.depth_of),
	    (int64_t)s->world.query_depth);
}

static void
sealed(struct scrape *s)
{
	number(s, 0, (int64_t)s->vault.sealed);
	number(s, 1, (int64_t)s->vault.opened);
	number(s, 2, (int64_t)s->vault.indexed);
}

static void
dropped(struct scrape *s)
{
	for (size_t i = 0; i < COUNT(s->world.dropped); i++)
		number(s, i, (int64_t)s->world.dropped[i]);
}

static void
seats(struct scrape *s)
{
	for (size_t i = 0; i < s->nrow; i++) {
		const struct census_row *r = &s->row[i];
		struct str label[] = { str_fmt(s->arena, "%u", r->tenant),
			r->product, r->pool, STR("assigned") };
		bool is_pool = r->pool_id != 0 || r->product_id == 0;

		if (is_pool) {
			exposition_number(&s->x, label, r->assigned);
			label[3] = STR("held");
			exposition_number(&s->x, label, r->held);
		}
		label[3] = STR("waiting");
		if (!is_pool || r->product_id == 0)
			exposition_number(&s->x, label, r->waiting);
	}
}

static void
quota(struct scrape *s)
{
	for (size_t i = 0; i < s->nrow; i++) {
		const struct census_row *r = &s->row[i];
		struct str label[] = { str_fmt(s->arena, "%u", r->tenant),
			r->product, r->pool };

		if (r->pool_id != 0 || r->product_id == 0)
			exposition_number(&s->x, label, r->quota);
	}
}

/* Numbers as they stand in the scrape. */
static const struct {
	enum metric metric;
	size_t	    at;		/* of a uint64_t */
} plain[] = {
	{ METRIC_CONNECTIONS, offsetof(struct scrape, view.http.open) },
	{ METRIC_ACCEPTED, offsetof(struct scrape, view.http.connections) },
	{ METRIC_BAD_HEADS, offsetof(struct scrape, view.http.refused_heads) },
	{ METRIC_SLOW, offsetof(struct scrape, view.http.slow_closed) },
	{ METRIC_QUERIES, offsetof(struct scrape, world.queries) },
	{ METRIC_POOLS, offsetof(struct scrape, npool) },
	{ METRIC_TENANTS, offsetof(struct scrape, ntenant) },
	{ METRIC_ALARMS, offsetof(struct scrape, vault.alarms) },
	{ METRIC_CHECKPOINTS, offsetof(struct scrape, world.checkpoints) },
	{ METRIC_LOG_ALARM, offsetof(struct scrape, has_alarm) },
	{ METRIC_LOG_LOST, offsetof(struct scrape, lost) },
	{ METRIC_DUE, offsetof(struct scrape, world.due_done) },
};

/* What takes more than that; of the rest the table's series are told. */
static void (*const collect[METRIC_COUNT])(struct scrape *) = {
	[METRIC_BUILD] = build,
	[METRIC_START] = start,
	[METRIC_UPTIME] = uptime,
	[METRIC_READY] = ready,
	[METRIC_RESTARTS] = restarts,
	[METRIC_MEMORY] = memory,
	[METRIC_DESCRIPTORS] = descriptors,
	[METRIC_REQUEST_SECONDS] = requests,
	[METRIC_BYTES] = bytes,
	[METRIC_ERRORS] = errors,
	[METRIC_QUEUE] = queue,
	[METRIC_SEATS] = seats,
	[METRIC_QUOTA] = quota,
	[METRIC_SEALED] = sealed,
	[METRIC_DROPPED] = dropped,
};

void
metrics_encode(struct call *c)
{
	struct scrape s = { .arena = c->cx->arena };
	struct census_row *row;
	uint32_t *tenant;
	bool is_open =
	    exposition_wants_open_metrics(request_header(c->rq, "accept"));

	manage_look(&s.view);
	world_counts(c->world, &s.world);
	world_vault_state(c->world, &s.vault);
	world_readiness(c->world, s.is_ready);
	s.ntenant = world_tenants(c->world, s.arena, &tenant);
	s.nrow = world_census(c->world, s.arena, &row, &s.pools);
	s.row = row;
	s.npool = s.pools;
	s.has_alarm = s.world.log_alarm;
	s.lost = (uint64_t)s.world.lost;
	exposition_begin(&s.x, &c->buf, is_open);
	for (enum metric m = 0; m < METRIC_COUNT; m++) {
		exposition_metric(&s.x, m);
		if (collect[m] != NULL)
			collect[m](&s);
		else if (!tell_plain(&s, m))
			exposition_counted(&s.x);
	}
	exposition_end(&s.x);
	c->reply.content_type = exposition_content_type(is_open);
}

static bool
tell_plain(struct scrape *s, enum metric m)
{
	uint64_t n;

	for (size_t i = 0; i < COUNT(plain); i++) {
		if (plain[i].metric != m)
			continue;
		memcpy(&n, (const char *)s + plain[i].at, sizeof(n));
		exposition_number(&s->x, NULL, (int64_t)n);
		return true;
	}
	return false;
}
