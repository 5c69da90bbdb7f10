/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_run.c - the runs of imports in this process: opened, taken for a
 * pass, given back, ended; and what is stored of them.
 *
 * A run lives in memory only.  If the process ends, the file is imported
 * again: what went in is unchanged then.
 */
#include "act/import_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/yaml.h"

#define IDLE_MS	    INT64_C(3600000)
#define MAP_MAX	    (128 << 20)	/* the most that YAML of a request's size takes (base/yaml.h) */

static enum err check_open(struct ctx *, const struct import_open_in *);
static enum err read_map(struct ctx *, struct import_run *,
    const struct import_open_in *);
static enum err check_map(struct ctx *, const struct import_map *);
static enum err find_source(struct reader *, struct ctx *,
    struct import_run *);
static enum err add_run(struct ctx *, struct world *, struct import_run *);
static struct import_run **make_room(struct world *, bool *ousts);
static size_t runs_of(const struct world *, uint32_t tenant);
static bool is_paused(const struct world *, const struct import_run *);
static bool is_own(const struct ctx *, const struct import_run *);
static bool may_displace(const struct ctx *, const struct import_run *);
static void free_run(struct import_run *);
static struct import_run **find_run(struct world *, int64_t id);
static void row_of(const struct import_run *, struct import_row_state *);

enum err
import_open(struct reader *r, struct ctx *cx, const void *arg, void **out)
{
	const struct import_open_in *in = arg;
	struct import_run *run;
	int64_t *id = arena_alloc(cx->arena, sizeof(*id));
	enum err err;

	TRY(check_open(cx, in));
	run = heap_alloc(1, sizeof(*run));
	run->arena = arena_open(MAP_MAX);
	run->world = r->world;
	run->id = id_new();
	run->tenant = cx->actor->tenant;
	run->owner_kind = cx->actor->kind;
	run->owner = actor_family(cx->actor);
	run->touched_ms = clock_now_ms();
	run->today = (int32_t)(clock_now_ms() / INT64_C(86400000));
	err = read_map(cx, run, in);
	if (err == OK)
		err = check_map(cx, run->map);
	if (err == OK)
		err = find_source(r, cx, run);
	if (err == OK) {
		row_of(run, &run->shown);
		err = add_run(cx, r->world, run);
	}
	if (err != OK) {
		free_run(run);
		return err;
	}
	*id = run->id;
	*out = id;
	return OK;
}

static enum err
check_open(struct ctx *cx, const struct import_open_in *in)
{
	if (in->allow_removals < 0)
		return fail(
		    cx, ERR_BAD_INPUT, MSG_IMPORT_ALLOW, "allow_removals");
	if (in->allow_removals > 0 && in->reason.n == 0)
		return fail(cx, ERR_BAD_INPUT, MSG_IMPORT_REASON, "reason");
	if (in->allow_removals > 0 &&
	    !actor_may(cx->actor, RIGHT_GUARD_OVERRIDE))
		return fail(cx, ERR_DENIED, MSG_IMPORT_GUARD, "allow_removals");
	return OK;
}

/* The run has its own copy of everything it needs later. */
static enum err
read_map(
    struct ctx *cx, struct import_run *run, const struct import_open_in *in)
{
	struct ctx own = *cx;
	const struct js *js;
	struct hash hash;
	enum err err;

	own.arena = run->arena;
	run->in = *in;
	run->in.map = str_copy(run->arena, in->map);
	run->in.source = str_copy(run->arena, in->source);
	run->in.reason = str_copy(run->arena, in->reason);
	err = yaml_parse(&own, run->in.map, &js);
	if (err == OK)
		err = import_map_decode(&own, js, &run->map);
	if (err != OK) {
		fault_copy(cx, &own);
		return err;
	}
	if (!str_eq(import_map_source(run->map), in->source))
		return fail(cx, ERR_BAD_INPUT, MSG_IMPORT_WRONG_SOURCE,
		    "source", str_z(cx->arena, import_map_source(run->map)));
	sha256(import_map_canonical(run->map), &hash);
	run->map_key =
	    str_copy(run->arena, (struct str) { (char *)hash.bytes, 32 });
	return OK;
}

/*
 * What has a right of its own is written by whoever holds that too.  Over whom
 * is looked at row by row; so is who changes how people who are there sign in,
 * for whoever imports people gives them their first names and addresses.
 */
static enum err
check_map(struct ctx *cx, const struct import_map *map)
{
	enum attribute a[A_COUNT];
	size_t n = import_map_person(map, a);

	for (size_t i = 0; i < n; i++) {
		enum right right = attr_info(a[i])->write;
		const char *name = str_z(cx->arena, attr_head(a[i]));

		if (right != RIGHT_PERSON_WRITE &&
		    right != RIGHT_PERSON_LOGIN_WRITE &&
		    !actor_may(cx->actor, right))
			return fail(cx, ERR_DENIED, MSG_ORDER_FIELD, name, name,
			    right_name(right));
	}
	return OK;
}

static enum err
find_source(struct reader *r, struct ctx *cx, struct import_run *run)
{
	struct source_in in = { run->in.source, 1 };
	struct item it = { .cx = cx, .use_case = &source_ensure,
		.tenant = run->tenant, .in = &in };

	TRY(pipeline_do(world_pipeline(r->world), &it, ITEM_INTERACTIVE));
	run->source = ((struct source_out *)it.out)->id;
	return OK;
}

/*
 * One run a source.  One that nobody works on makes room for another of who
 * began it, such as whose connection broke; for somebody else's only when it
 * was left for long, or if they answer for whole files.
 */
static enum err
add_run(struct ctx *cx, struct world *w, struct import_run *run)
{
	struct import_run **place = NULL;
	int64_t now = clock_now_ms();
	bool is_open = false, is_others = false, ousts = false;
	size_t own = 0;

	lock_take(w->mu);
	for (size_t i = 0; i < RUNS_MAX; i++) {
		struct import_run *r = w->run[i];
		bool is_same = r != NULL && r->tenant == run->tenant &&
		    r->source == run->source;

		if (r != NULL && !r->is_busy &&
		    (now - r->touched_ms > IDLE_MS ||
			(is_same && may_displace(cx, r)))) {
			free_run(r);
			w->run[i] = r = NULL;
		}
		is_open |= r != NULL && is_same;
		is_others |= r != NULL && is_same && !is_own(cx, r);
		own += r != NULL && r->tenant == run->tenant;
		if (r == NULL && place == NULL)
			place = &w->run[i];
	}
	if (place == NULL && own == 0)
		place = make_room(w, &ousts);
	if (own >= RUNS_A_TENANT)
		place = NULL;
	if (!is_open && place != NULL)
		*place = run;
	lock_give(w->mu);
	if (ousts)
		queues_wake(w);
	if (is_others)
		return fail(cx, ERR_CONFLICT, MSG_IMPORT_OTHERS, "source",
		    right_name(RIGHT_GUARD_OVERRIDE));
	if (is_open)
		return fail(cx, ERR_CONFLICT, MSG_IMPORT_RUNNING, "source");
	if (place == NULL)
		return fail(cx, ERR_LIMITED, MSG_WORLD_LONG, "",
		    own >= RUNS_A_TENANT ? "tenant" : "server",
		    own >= RUNS_A_TENANT ? LIMIT_TEXT(RUNS_A_TENANT)
					 : LIMIT_TEXT(RUNS_MAX),
		    own >= RUNS_A_TENANT ? LIMIT_TEXT(RUNS_A_TENANT)
					 : LIMIT_TEXT(RUNS_MAX));
	return OK;
}

/*
 * Tenants with several runs keep nobody out with those that nobody works on:
 * the one that was left for longest goes.  Else one that is paused, however few
 * its tenant has: of who has most the oldest, whose task ends and frees it.
 * NULL: there is none.
 */
static struct import_run **
make_room(struct world *w, bool *ousts)
{
	struct import_run **idle = NULL, **paused = NULL;
	size_t most = 0;

	for (size_t i = 0; i < RUNS_MAX; i++) {
		const struct import_run *r = w->run[i];
		size_t n = runs_of(w, r->tenant);

		if (n > 1 && !r->is_busy &&
		    (idle == NULL || r->touched_ms < (*idle)->touched_ms))
			idle = &w->run[i];
		if (is_paused(w, r) &&
		    (n > most ||
			(n == most && r->touched_ms < (*paused)->touched_ms))) {
			paused = &w->run[i];
			most = n;
		}
	}
	if (idle != NULL) {
		free_run(*idle);
		return idle;
	}
	*ousts = paused != NULL;
	if (*ousts)
		w->long_state[(*paused)->place - 1] = PLACE_OUSTED;
	return paused;
}

static size_t
runs_of(const struct world *w, uint32_t tenant)
{
	size_t n = 0;

	for (size_t i = 0; i < RUNS_MAX; i++)
		n += w->run[i] != NULL && w->run[i]->tenant == tenant;
	return n;
}

static bool
is_paused(const struct world *w, const struct import_run *run)
{
	return run->is_busy && run->place > 0 &&
	    w->long_state[run->place - 1] == PLACE_PAUSED;
}

static bool
is_own(const struct ctx *cx, const struct import_run *run)
{
	return run->tenant == cx->actor->tenant &&
	    run->owner_kind == cx->actor->kind &&
	    run->owner == actor_family(cx->actor);
}

static bool
may_displace(const struct ctx *cx, const struct import_run *run)
{
	return is_own(cx, run) || actor_may(cx->actor, RIGHT_GUARD_OVERRIDE);
}

bool
run_row_is_own(const struct ctx *cx, const struct import_row_state *row)
{
	return row->tenant == cx->actor->tenant &&
	    row->actor == actor_family(cx->actor);
}

static void
free_run(struct import_run *run)
{
	heap_free(run->person);
	heap_free(run->stored);
	heap_free(run->slot);
	heap_free(run->row);
	heap_free(run->gone);
	heap_free(run->gone_ref);
	heap_free(run->reject);
	arena_close(run->arena);
	heap_free(run);
}

bool
runs_drop(struct world *w, uint32_t tenant)
{
	bool is_busy = false;

	for (size_t i = 0; i < RUNS_MAX; i++) {
		struct import_run *run = w->run[i];

		if (run == NULL || run->tenant != tenant)
			continue;
		is_busy |= run->is_busy;
		if (run->is_busy)
			continue;
		free_run(run);
		w->run[i] = NULL;
	}
	return !is_busy;
}

void
runs_close(struct world *w)
{
	for (size_t i = 0; i < RUNS_MAX; i++)
		if (w->run[i] != NULL)
			free_run(w->run[i]);
}

static struct import_run **
find_run(struct world *w, int64_t id)
{
	for (size_t i = 0; i < RUNS_MAX; i++)
		if (w->run[i] != NULL && w->run[i]->id == id)
			return &w->run[i];
	return NULL;
}

enum err
run_take(struct reader *r, struct ctx *cx, int64_t id, enum import_state wanted,
    struct import_run **out)
{
	struct import_run **at;
	enum err err = OK;

	lock_take(r->world->mu);
	at = find_run(r->world, id);
	if (at == NULL || !is_own(cx, *at)) {
		err = ERR_NOT_FOUND;
	} else if ((*at)->is_busy) {
		err = ERR_BUSY;
	} else if ((*at)->state != wanted) {
		err = ERR_CONFLICT;
	} else {
		(*at)->is_busy = true;
		(*at)->place = r->place;
	}
	*out = err == OK ? *at : NULL;
	lock_give(r->world->mu);
	if (err == ERR_NOT_FOUND)
		return fail(cx, err, MSG_IMPORT_NONE, "import");
	if (err == ERR_BUSY)
		return fail(cx, err, MSG_IMPORT_BUSY, "import");
	if (err == ERR_CONFLICT)
		return fail(cx, err, MSG_IMPORT_ORDER, "import");
	return OK;
}

/* What stands in it changes while a pass is under way; what is shown, when one has ended. */
bool
run_view(struct world *w, struct ctx *cx, int64_t id, struct import_view *v)
{
	struct import_run **at;
	bool is_there;

	lock_take(w->mu);
	at = find_run(w, id);
	is_there = at != NULL && is_own(cx, *at);
	if (is_there) {
		const struct import_run *run = *at;

		v->row = run->shown;
		v->row.digest = str_copy(cx->arena, run->shown.digest);
		v->total = run->total;
		v->done = run->done;
	}
	lock_give(w->mu);
	return is_there;
}

void
run_state(struct import_run *run, enum import_state state)
{
	lock_take(run->world->mu);
	run->state = state;
	if (state == IMPORT_APPLYING)
		run->shown.state = state;
	else
		row_of(run, &run->shown);
	lock_give(run->world->mu);
}

void
run_give(struct import_run *run)
{
	lock_take(run->world->mu);
	run->is_busy = false;
	run->place = 0;
	run->touched_ms = clock_now_ms();
	lock_give(run->world->mu);
}

void
run_end(struct import_run *run)
{
	struct world *w = run->world;
	struct import_run **at;

	lock_take(w->mu);
	at = find_run(w, run->id);
	if (at != NULL) /* else it was ousted */
		*at = NULL;
	lock_give(w->mu);
	free_run(run);
}

void
run_gone(struct import_run *run, const struct found_person *p)
{
	if (run->ngone == run->capgone) {
		run->capgone = run->capgone == 0 ? 64 : run->capgone * 2;
		run->gone =
		    heap_grow(run->gone, run->capgone, sizeof(*run->gone));
		run->gone_ref = heap_grow(
		    run->gone_ref, run->capgone, sizeof(*run->gone_ref));
	}
	run->gone[run->ngone] = p->person;
	run->gone_ref[run->ngone++] = p->ref;
}

bool
run_has_work(const struct import_run *run)
{
	return run->report.added + run->report.changed + run->report.removed >
	    0;
}

/* --- what is stored of a run ---------------------------------------------------------- */

struct note_in {
	struct import_row_state row;
	enum action action;
	struct str  override;		/* why a guard was overridden; empty: it was not */
};

/* The reason is somebody's words: sealed, under the tenant's own key. */
static enum err
note_want(struct batch *b, struct tx *data, struct vault_call *call)
{
	(void)data;
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		const struct note_in *in = it->in;
		const struct realm *realm;

		it->err = world_realm(b->world, it->cx, it->tenant, &realm);
		if (it->err != OK || in->override.n == 0)
			continue;
		call->tenant = it->tenant;
		call->capability = &realm->capability;
		it->state = (void *)vault_text_seal(
		    call, PURPOSE_AUDIT, in->row.id, in->override);
	}
	return OK;
}

static enum err
note_save(struct batch *b, struct tx *tx)
{
	struct logbook book = { .arena = tx_ctx(tx)->arena };

	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		const struct note_in *in = it->in;
		struct change_list changes = { .arena = book.arena };
		struct entry e =
		    entry_by(it->cx, in->action, SUBJECT_IMPORT, in->row.id);

		TRY(store_save(tx, &IMPORT, &in->row, 1, NULL));
		change_add(&changes, CHANGE_VERSION, in->row.removed,
		    in->row.rejected, in->row.added, in->row.changed);
		e.change = changes.change;
		e.nchange = changes.n;
		logbook_add(&book, it->tenant, &e, NULL);
		if (it->state == NULL)
			continue;
		TRY(((const struct text_out *)it->state)->err);
		e.action = ACTION_GUARD_OVERRIDDEN;
		e.sealed = ((const struct text_out *)it->state)->text;
		logbook_add(&book, it->tenant, &e, NULL);
	}
	return logbook_save(&book, tx);
}

static const struct use_case import_note = { .name = "import_note",
	.want = note_want, .save = note_save };

enum err
run_note(struct reader *r, struct ctx *cx, struct import_run *run,
    enum action action)
{
	const struct import_report *rep = &run->report;
	struct note_in in = { .action = action };
	struct item it = { .cx = cx, .use_case = &import_note,
		.tenant = run->tenant, .in = &in };

	row_of(run, &in.row);
	if (action == ACTION_IMPORT_ENDED)
		in.row.ended_ms = clock_now_ms();
	if (action == ACTION_IMPORT_STARTED && !rep->is_stopped &&
	    rep->removed + rep->disabled > rep->removals_allowed)
		in.override = run->in.reason;
	return pipeline_do(world_pipeline(r->world), &it, ITEM_INTERACTIVE);
}

static void
row_of(const struct import_run *run, struct import_row_state *row)
{
	const struct import_report *rep = &run->report;

	*row = (struct import_row_state) {
		.tenant = run->tenant,
		.id = run->id,
		.source = run->source,
		.state = run->state,
		.rows = rep->rows,
		.persons = rep->persons,
		.added = rep->added,
		.changed = rep->changed,
		.unchanged = rep->unchanged,
		.removed = rep->removed,
		.rejected = rep->rejected,
		.digest = rep->digest,
		.started_ms = id_ms(run->id),
		.actor = run->owner,
	};
}
