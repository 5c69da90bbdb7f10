/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue_test.c - queues that pause and go on, and bounds that nobody passes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/queue.h"

#include "act/import_int.h"
#include "act/world_int.h"

#include "imports.h"

static struct queue_view *
shown(struct rig *r, enum work_queue queue)
{
	struct queues_out *out;

	assert_int_equal(rig_query(r, queues_list, NULL, &out), OK);
	assert_int_equal(out->n, WORK_QUEUE_END - 1);
	return &out->queue[queue - 1];
}

static void
set(struct rig *r, enum queue_state state, const char *reason)
{
	struct queue_in in = { WORK_QUEUE_IMPORT, state, str_of(reason), 0 };
	enum work_queue *which;

	assert_int_equal(rig_do(r, &queue_set, &in, &which), OK);
	assert_int_equal(*which, WORK_QUEUE_IMPORT);
}

static enum err
set_deployment(struct rig *r, const char *name, int64_t value)
{
	struct deployment_in in = { str_of(name), value };
	void *none;

	return rig_do(r, &deployment_set, &in, &none);
}

/* Servers that share a database read the settings each second. */
static void
a_setting_that_was_just_changed_stays_so(void **state)
{
	struct rig *r = *state;
	struct db *db = db_open_reader(r->store, DB_DATA);
	struct ctx cx = { .arena = r->arena };
	uint64_t sets = deployment_sets(r->world);
	struct tx *tx = tx_begin_all(db, &cx);
	struct deployment_row any = { 0 };
	struct rows rows;

	/* The snapshot is taken. */
	assert_int_equal(store_load(tx, &DEPLOYMENT, &any, 1, 1, 0, &rows), OK);
	assert_int_equal(set_deployment(r, "admission.tenant_rate", 50), OK);
	assert_int_equal(deployment_read(r->world, tx, sets), OK);
	assert_int_equal(
	    world_deployment(r->world, DEPLOYMENT_TENANT_RATE), 50);
	tx_end(tx);
	sets = deployment_sets(r->world);
	tx = tx_begin_all(db, &cx);
	/* As though it had been another: what is stored counts. */
	r->world->deployment[DEPLOYMENT_TENANT_RATE] = 7;
	assert_int_equal(deployment_read(r->world, tx, sets), OK);
	assert_int_equal(
	    world_deployment(r->world, DEPLOYMENT_TENANT_RATE), 50);
	tx_end(tx);
	db_close(db);
}

/* How many entries of the log have this action. */
static size_t
logged(struct rig *r, enum action action)
{
	struct page_in in = { .after = -1, .limit = PAGE_MAX };
	struct events_out *out;
	size_t n = 0;

	assert_int_equal(rig_query(r, events_list, &in, &out), OK);
	for (size_t i = 0; i < out->n; i++)
		n += out->event[i].entry.action == action;
	return n;
}

static void
a_pause_is_logged_once_and_stays_over_a_restart(void **state)
{
	struct rig *r = *state;
	const struct queue_view *v = shown(r, WORK_QUEUE_IMPORT);

	assert_int_equal(v->state, QUEUE_RUNNING);
	assert_int_equal(v->actor_kind, 0);
	set(r, QUEUE_RELEASED, "nothing to resume");
	assert_int_equal(logged(r, ACTION_QUEUE_RESUMED), 0);
	set(r, QUEUE_PAUSED, "the HR system is moving");
	set(r, QUEUE_PAUSED, "again");
	assert_int_equal(logged(r, ACTION_QUEUE_PAUSED), 1);
	rig_stop(r);
	assert_int_equal(rig_start(r, false), OK);
	v = shown(r, WORK_QUEUE_IMPORT);
	assert_int_equal(v->state, QUEUE_PAUSED);
	assert_int_equal(v->actor_kind, ACTOR_CLIENT);
	assert_int_equal(v->actor, r->actor.id);
	assert_true(v->since_ms > 0);
	assert_true(str_eq(v->reason, STR("the HR system is moving")));
	assert_int_equal(shown(r, WORK_QUEUE_DELIVERY)->state, QUEUE_RUNNING);
	/* Another tenant's queue of this name is another queue. */
	r->actor.tenant = r->other;
	assert_int_equal(shown(r, WORK_QUEUE_IMPORT)->state, QUEUE_RUNNING);
	r->actor.tenant = r->acme;
	set(r, QUEUE_RELEASED, "done");
	assert_int_equal(logged(r, ACTION_QUEUE_RESUMED), 1);
	assert_true(str_eq(shown(r, WORK_QUEUE_IMPORT)->reason, STR("done")));
	rig_verify(r);
}

/* The reason is somebody's words: not readable at rest, neither in the row nor in the log. */
static void
a_reason_is_sealed(void **state)
{
	struct rig *r = *state;
	const struct queue_row *row;
	struct rows rows;

	set(r, QUEUE_PAUSED, "the HR system is moving");
	rows = plant_rows(r, &QUEUE_STATE);
	assert_int_equal(rows.n, 1);
	row = rows.row;
	assert_true(row->reason.n > 0);
	assert_null(memmem(row->reason.p, row->reason.n, "moving", 6));
}

/* Pass 2 of an import, under way on a thread of the world. */
struct applier {
	struct file	 file;
	struct import_in in;
	struct query	 query;
	struct queue	*ended;
};

static void
apply_ended(struct query *q)
{
	must(queue_put(q->owner, q));
}

static void
apply_start(struct rig *r, struct applier *a)
{
	struct import_open_in in = asked();
	struct ctx *cx = arena_alloc(r->arena, sizeof(*cx));
	struct actor *own = arena_copy(r->arena, &r->actor, sizeof(*own));
	struct import_report *report;

	*cx = (struct ctx) { .arena = arena_open(64 << 20), .actor = own };
	cx->request_id = (struct str) { arena_alloc(cx->arena, 16), 16 };
	a->file = file_of(HEADER ANA BO CY);
	a->in.run = opened(r, &in);
	assert_int_equal(scanned(r, a->in.run, a->file.text, &report), OK);
	a->in.digest = report->digest;
	a->in.read = file_piece;
	a->in.read_arg = &a->file;
	a->ended = queue_open(1);
	a->query = (struct query) { .cx = cx,
		.run = import_apply,
		.in = &a->in,
		.done = apply_ended,
		.owner = a->ended };
	assert_int_equal(world_long(r->world, &a->query), OK);
}

/* Its end; ADDED persons, if it ends well. */
static void
apply_wait(struct applier *a, enum err want, int added)
{
	void *one;

	assert_int_equal(queue_take(a->ended, &one, 1, -1), 1);
	queue_close(a->ended);
	assert_int_equal(a->query.err, want);
	if (want == OK)
		assert_report(a->query.out, added, 0, 0, 0, 0);
	arena_close(a->query.cx->arena);
}

/* Until the import has put its rows into the queue. */
static struct queue_view *
wait_depth(struct rig *r)
{
	struct queue_view *v;

	while ((v = shown(r, WORK_QUEUE_IMPORT))->depth == 0)
		clock_sleep_ms(1);
	return v;
}

static void
an_import_waits_while_its_queue_is_paused(void **state)
{
	struct rig *r = *state;
	struct applier a = { 0 };
	const struct queue_view *v;
	struct import_view *run;

	set(r, QUEUE_PAUSED, "night");
	apply_start(r, &a);
	v = wait_depth(r);
	assert_int_equal(v->depth, 3);
	assert_int_equal(v->forecast_s, -1);
	assert_int_equal(rig_query(r, import_show, &a.in.run, &run), OK);
	assert_int_equal(run->row.state, IMPORT_APPLYING);
	assert_int_equal(run->total, 3);
	assert_int_equal(run->done, 0);
	assert_true(run->is_paused);
	assert_true(str_eq(run->why, STR("night")));
	set(r, QUEUE_RELEASED, "morning");
	apply_wait(&a, OK, 3);
	v = shown(r, WORK_QUEUE_IMPORT);
	assert_int_equal(v->depth, 0);
	assert_int_equal(v->forecast_s, 0);
	assert_int_equal(rig_query(r, import_show, &a.in.run, &run), OK);
	assert_false(run->is_paused);
	rig_verify(r);
}

/* --- places of long tasks -------------------------------------------------------- */

/* A long task that stands in its place until it is let go. */
struct holder {
	struct query  query;
	struct queue *let_go, *ended;
};

static enum err
hold(struct reader *reader, struct ctx *cx, const void *let_go, void **out)
{
	void *one;

	(void)reader, (void)cx, (void)out;
	must(queue_take(*(struct queue *const *)let_go, &one, 1, -1) == 1);
	return OK;
}

static enum err
hold_start(struct rig *r, struct holder *h)
{
	struct ctx *cx = arena_alloc(r->arena, sizeof(*cx));
	enum err err;

	*cx = (struct ctx) { .arena = arena_open(1 << 20), .actor = &r->actor };
	h->let_go = queue_open(1);
	h->ended = queue_open(1);
	h->query = (struct query) { .cx = cx,
		.run = hold,
		.in = &h->let_go,
		.done = apply_ended,
		.owner = h->ended };
	err = world_long(r->world, &h->query);
	if (err != OK) {
		arena_close(cx->arena);
		queue_close(h->let_go);
		queue_close(h->ended);
	}
	return err;
}

static void
hold_end(struct holder *h)
{
	void *one;

	must(queue_put(h->let_go, h));
	assert_int_equal(queue_take(h->ended, &one, 1, -1), 1);
	queue_close(h->let_go);
	queue_close(h->ended);
	arena_close(h->query.cx->arena);
}

static size_t
place_states(struct rig *r, enum place_state state)
{
	size_t n = 0;

	lock_take(r->world->mu);
	for (size_t i = 0; i < PLACES; i++)
		n += r->world->long_state[i] == state;
	lock_give(r->world->mu);
	return n;
}

/* All that a tenant may have can run beside it; then it waits for one of them. */
static void
a_paused_import_keeps_no_place(void **state)
{
	struct rig *r = *state;
	struct applier a = { 0 };
	struct holder h[3] = { 0 };
	struct import_view *run;

	set(r, QUEUE_PAUSED, "night");
	apply_start(r, &a);
	wait_depth(r);
	/* It has counted what it brings, and comes to wait. */
	while (hold_start(r, &h[0]) != OK)
		clock_sleep_ms(1);
	while (hold_start(r, &h[1]) != OK)
		clock_sleep_ms(1);
	assert_int_equal(hold_start(r, &h[2]), ERR_LIMITED);
	set(r, QUEUE_RELEASED, "morning");
	while (place_states(r, PLACE_GOES_ON) == 0)
		clock_sleep_ms(1);
	assert_int_equal(rig_query(r, import_show, &a.in.run, &run), OK);
	assert_int_equal(run->row.state, IMPORT_APPLYING);
	assert_int_equal(run->done, 0);
	hold_end(&h[0]);
	apply_wait(&a, OK, 3);
	assert_int_equal(hold_start(r, &h[0]), OK);
	hold_end(&h[0]);
	hold_end(&h[1]);
	rig_verify(r);
}

/* Who waits for a place does so no more when the queue is paused again. */
static void
an_import_paused_again_lets_others_in(void **state)
{
	struct rig *r = *state;
	struct applier a = { 0 };
	struct holder h[3] = { 0 };

	set(r, QUEUE_PAUSED, "night");
	apply_start(r, &a);
	wait_depth(r);
	while (hold_start(r, &h[0]) != OK)
		clock_sleep_ms(1);
	while (hold_start(r, &h[1]) != OK)
		clock_sleep_ms(1);
	set(r, QUEUE_RELEASED, "morning");
	while (place_states(r, PLACE_GOES_ON) == 0)
		clock_sleep_ms(1);
	set(r, QUEUE_PAUSED, "no");
	while (place_states(r, PLACE_PAUSED) == 0)
		clock_sleep_ms(1);
	hold_end(&h[0]);
	assert_int_equal(hold_start(r, &h[0]), OK);
	set(r, QUEUE_RELEASED, "yes");
	while (place_states(r, PLACE_GOES_ON) == 0)
		clock_sleep_ms(1);
	hold_end(&h[0]);
	hold_end(&h[1]);
	apply_wait(&a, OK, 3);
}

/*
 * Eight paused imports are all the runs there may be: the ninth tenant's has
 * the place of the eldest, which ends and is told why.
 */
static void
paused_imports_keep_no_tenant_out(void **state)
{
	struct rig *r = *state;
	struct import_run **run = r->world->run;
	const struct import_open_in in = asked();
	struct import_report *report;
	struct applier a = { 0 };
	struct import_view *shown_run;
	int64_t fresh;

	set(r, QUEUE_PAUSED, "night");
	apply_start(r, &a);
	while (place_states(r, PLACE_PAUSED) == 0)
		clock_sleep_ms(1);
	/* Seven others, of seven tenants, as far as runs are asked. */
	r->actor.tenant = r->other;
	for (uint32_t i = 1; i < RUNS_MAX; i++) {
		opened(r, &in);
		run[i]->tenant = 1000 + i;
		run[i]->is_busy = true;
	}
	fresh = opened(r, &in);
	apply_wait(&a, ERR_LIMITED, 0);
	assert_int_equal(place_states(r, PLACE_OUSTED), 0);
	assert_int_equal(run[0]->id, fresh);
	assert_int_equal(scanned(r, fresh, HEADER ANA BO CY, &report), OK);
	/* What works, or has its turn yet, makes no room. */
	run[0]->tenant = 1000;
	run[0]->is_busy = true;
	assert_int_equal(
	    rig_long(r, import_open, &in, &(int64_t *) { NULL }), ERR_LIMITED);
	run[0]->tenant = r->other;
	for (size_t i = 0; i < RUNS_MAX; i++)
		run[i]->is_busy = false;
	r->actor.tenant = r->acme;
	assert_int_equal(rig_query(r, import_show, &a.in.run, &shown_run), OK);
	assert_int_equal(shown_run->row.state, IMPORT_BROKEN);
	assert_int_equal(shown(r, WORK_QUEUE_IMPORT)->depth, 0);
	/* It comes again, when there is room. */
	run[1]->touched_ms = 0;
	set(r, QUEUE_RELEASED, "morning");
	report = import(r, HEADER ANA BO CY);
	assert_report(report, 3, 0, 0, 0, 0);
	rig_verify(r);
}

/* A tenant may be deleted while somebody asks for its queues. */
static void
a_tenant_that_is_gone_has_the_limits_of_all(void **state)
{
	struct rig *r = *state;
	int64_t depth = setting_info(SETTING_IMPORT_DEPTH)->fallback;

	r->actor.tenant = 4711;
	assert_int_equal(
	    shown(r, WORK_QUEUE_IMPORT)->limits.depth_pause, depth);
	r->actor.tenant = r->acme;
}

static void
catalogue_with(struct rig *r, const char *setting)
{
	struct catalogue_in in = { .text = str_fmt(r->arena,
	    "%ssettings: { %s }\n", rig_catalogue, setting) };
	struct catalogue_out *out;

	assert_int_equal(rig_long(r, catalogue_put, &in, &out), OK);
}

/* Somebody must look; who has looked and lets it go on is not asked again. */
static void
depth_over_the_threshold_pauses_until_somebody_looks(void **state)
{
	struct rig *r = *state;
	struct applier a = { 0 };
	const struct queue_view *v;

	catalogue_with(r, "import.depth_pause: 2");
	apply_start(r, &a);
	while ((v = shown(r, WORK_QUEUE_IMPORT))->state != QUEUE_PAUSED)
		clock_sleep_ms(1);
	assert_int_equal(v->actor_kind, ACTOR_NODE);
	assert_int_equal(v->paused_depth, 3);
	assert_int_equal(v->depth, 3);
	assert_int_equal(logged(r, ACTION_QUEUE_PAUSED), 1);
	set(r, QUEUE_RELEASED, "that many is right");
	apply_wait(&a, OK, 3);
	assert_int_equal(logged(r, ACTION_QUEUE_PAUSED), 1);
}

/* What was done stays, and the same file again does the rest. */
static void
a_server_that_ends_does_not_wait_for_a_paused_queue(void **state)
{
	struct rig *r = *state;
	struct applier a = { 0 };

	set(r, QUEUE_PAUSED, "night");
	apply_start(r, &a);
	wait_depth(r);
	world_ending(r->world);
	apply_wait(&a, ERR_BUSY, 0);
	assert_int_equal(shown(r, WORK_QUEUE_IMPORT)->depth, 0);
	rig_stop(r);
	assert_int_equal(rig_start(r, false), OK);
	set(r, QUEUE_RELEASED, "morning");
	assert_report(import(r, HEADER ANA BO CY), 3, 0, 0, 0, 0);
}

/* --- bounds -------------------------------------------------------------------- */

/* CX's actor is refused, and told by which bound. */
static void
assert_limited(struct rig *r, struct ctx *cx, enum msg msg, const char *told)
{
	const struct str *args = cx->fault.args;

	assert_int_equal(world_enter(r->world, cx), ERR_LIMITED);
	assert_int_equal(cx->fault.msg, msg);
	assert_true(str_eq(str_of(told),
	    str_fmt(cx->arena, "%.*s %.*s %.*s", STR_ARG(args[0]),
		STR_ARG(args[1]), STR_ARG(args[2]))));
}

static void
what_is_under_way_has_a_bound_of_client_and_tenant(void **state)
{
	struct rig *r = *state;
	struct actor second = r->actor, far = r->actor;
	struct ctx one = r->cx, two = r->cx, three = r->cx;
	struct world_count counts;

	second.id++;
	far.tenant = r->other;
	one.actor = &r->actor;
	two.actor = &second;
	three.actor = &far;
	assert_int_equal(
	    set_deployment(r, "admission.tenant_under_way", 3), OK);
	catalogue_with(r, "admission.client_under_way: 2");
	assert_int_equal(world_enter(r->world, &one), OK);
	assert_int_equal(world_enter(r->world, &one), OK);
	assert_limited(r, &one, MSG_LIMIT_CLIENT_UNDER_WAY,
	    "admission.client_under_way 2 2");
	assert_int_equal(world_enter(r->world, &two), OK);
	assert_limited(r, &two, MSG_LIMIT_TENANT_UNDER_WAY,
	    "admission.tenant_under_way 3 3");
	assert_int_equal(world_enter(r->world, &three), OK);
	world_counts(r->world, &counts);
	assert_int_equal(counts.admission.under_way, 4);
	assert_int_equal(counts.admission.refused_tenant, 1);
	assert_int_equal(counts.admission.refused_client, 1);
	world_leave(r->world, &r->actor);
	assert_int_equal(world_enter(r->world, &two), OK);
	world_leave(r->world, &r->actor);
	world_leave(r->world, &second);
	world_leave(r->world, &second);
	world_leave(r->world, &far);
	world_counts(r->world, &counts);
	assert_int_equal(counts.admission.under_way, 0);
}

static void
bytes_of_bodies_have_a_bound_of_the_tenant(void **state)
{
	const size_t mib = 1024 * 1024;
	struct rig *r = *state;
	struct actor second = r->actor, far = r->actor;
	struct ctx one = r->cx, two = r->cx, three = r->cx;

	second.id++;
	far.tenant = r->other;
	one.actor = &r->actor;
	two.actor = &second;
	three.actor = &far;
	assert_int_equal(
	    set_deployment(r, "admission.tenant_body_bytes", 1), ERR_BAD_INPUT);
	assert_int_equal(set_deployment(r, "admission.tenant_body_bytes",
			     16 * (int64_t)mib),
	    OK);
	assert_int_equal(world_bytes_take(r->world, &one, 10 * mib), OK);
	assert_int_equal(
	    world_bytes_take(r->world, &two, 6 * mib + 1), ERR_LIMITED);
	assert_int_equal(two.fault.msg, MSG_LIMIT_TENANT_BODY_BYTES);
	assert_true(str_eq(two.fault.args[2], STR("10485760")));
	assert_int_equal(world_bytes_take(r->world, &two, 6 * mib), OK);
	assert_int_equal(world_bytes_take(r->world, &one, 1), ERR_LIMITED);
	assert_int_equal(world_bytes_take(r->world, &three, 16 * mib), OK);
	/* Beside what is under way. */
	assert_int_equal(world_enter(r->world, &one), OK);
	world_bytes_give(r->world, &r->actor, 10 * mib);
	world_leave(r->world, &r->actor);
	assert_int_equal(world_bytes_take(r->world, &one, 10 * mib), OK);
	world_bytes_give(r->world, &r->actor, 10 * mib);
	world_bytes_give(r->world, &second, 6 * mib);
	world_bytes_give(r->world, &far, 16 * mib);
}

#define NOW_MS 7000000

/* N more requests of CX's actor may come at MS. */
static void
assert_paced(struct rig *r, struct ctx *cx, int64_t ms, int n)
{
	for (int i = 0; i < n; i++)
		assert_int_equal(world_pace(r->world, cx, ms), OK);
	assert_int_equal(world_pace(r->world, cx, ms), ERR_LIMITED);
	assert_int_equal(cx->fault.msg, MSG_LIMIT_TENANT_RATE);
}

static void
limit_tenant(struct rig *r, int64_t rate, int64_t burst)
{
	world_tenant_limit(r->world, r->acme, LIMIT_RATE, rate);
	world_tenant_limit(r->world, r->acme, LIMIT_BURST, burst);
}

static void
a_tenant_sends_so_many_requests_a_second(void **state)
{
	struct rig *r = *state;
	struct actor far = r->actor, operator= r->operator;
	struct ctx one = r->cx, two = r->cx, three = r->cx;

	far.tenant = r->other;
	operator.tenant = r->acme;
	one.actor = &r->actor;
	two.actor = &far;
	three.actor = &operator;
	/* Nothing is set: there is no rate. */
	for (int i = 0; i < 1000; i++)
		assert_int_equal(world_pace(r->world, &one, NOW_MS), OK);
	assert_int_equal(set_deployment(r, "admission.tenant_rate", 50), OK);
	assert_int_equal(set_deployment(r, "admission.tenant_burst", 20), OK);
	assert_paced(r, &one, NOW_MS, 20);
	assert_true(str_eq(one.fault.args[0], STR("admission.tenant_rate")));
	assert_true(str_eq(one.fault.args[1], STR("50")));
	assert_true(str_eq(one.fault.args[2], STR("20")));
	/* Another tenant has its own; the operator is never refused. */
	assert_paced(r, &two, NOW_MS, 20);
	for (int i = 0; i < 100; i++)
		assert_int_equal(world_pace(r->world, &three, NOW_MS), OK);
	assert_paced(r, &one, NOW_MS + 100, 5);
	limit_tenant(r, 1000, 0);
	assert_paced(r, &one, NOW_MS + 110, 10);
	assert_paced(r, &two, NOW_MS + 110, 5);
	limit_tenant(r, 0, 2);
	assert_paced(r, &one, NOW_MS + 1000, 2);
	/* Nobody without a tenant is paced: they are counted by address. */
	one.actor = NULL;
	assert_int_equal(world_pace(r->world, &one, NOW_MS), OK);
}

static void
bounds_are_shown_with_their_load(void **state)
{
	struct rig *r = *state;
	struct bound_view b[BOUNDS];
	struct ctx cx = r->cx;

	cx.actor = &r->actor;
	world_bounds(r->world, &cx, b);
	assert_string_equal(b[4].name, "admission.tenant_rate");
	assert_int_equal(b[4].value, 0);
	assert_string_equal(b[5].name, "admission.tenant_burst");
	assert_int_equal(b[5].value, 0);
	limit_tenant(r, 1, 20);
	for (int i = 0; i < 15; i++)
		assert_int_equal(world_pace(r->world, &cx, INT64_MAX / 4), OK);
	world_bounds(r->world, &cx, b);
	assert_int_equal(b[4].value, 1);
	assert_int_equal(b[5].value, 20);
	assert_int_equal(b[5].load, 15);
}

static void
a_setting_of_the_deployment_stays_over_a_restart(void **state)
{
	struct rig *r = *state;
	struct deployment_out *out;

	assert_int_equal(set_deployment(r, "throttle.global_cap", 77), OK);
	assert_int_equal(
	    set_deployment(r, "throttle.global_cap", 0), ERR_BAD_INPUT);
	assert_int_equal(r->cx.fault.msg, MSG_DEPLOYMENT_RANGE);
	assert_int_equal(set_deployment(r, "throttle.rate", 5), ERR_NOT_FOUND);
	assert_int_equal(
	    shown(r, WORK_QUEUE_DELIVERY)->limits.rate[THROTTLE_GLOBAL], 77);
	rig_stop(r);
	assert_int_equal(rig_start(r, false), OK);
	assert_int_equal(rig_query(r, deployment_show, NULL, &out), OK);
	assert_int_equal(out->setting[DEPLOYMENT_GLOBAL_CAP].value, 77);
	assert_int_equal(out->setting[DEPLOYMENT_TENANT_QUEUED].value, 4000);
}

#define CASE(name) \
	cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_pause_is_logged_once_and_stays_over_a_restart),
		CASE(a_reason_is_sealed),
		CASE(an_import_waits_while_its_queue_is_paused),
		CASE(a_paused_import_keeps_no_place),
		CASE(an_import_paused_again_lets_others_in),
		CASE(paused_imports_keep_no_tenant_out),
		CASE(a_tenant_that_is_gone_has_the_limits_of_all),
		CASE(depth_over_the_threshold_pauses_until_somebody_looks),
		CASE(a_server_that_ends_does_not_wait_for_a_paused_queue),
		CASE(what_is_under_way_has_a_bound_of_client_and_tenant),
		CASE(bytes_of_bodies_have_a_bound_of_the_tenant),
		CASE(a_tenant_sends_so_many_requests_a_second),
		CASE(bounds_are_shown_with_their_load),
		CASE(a_setting_of_the_deployment_stays_over_a_restart),
		CASE(a_setting_that_was_just_changed_stays_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
