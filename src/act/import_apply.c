/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_apply.c - pass 2 of an import: the same file again; who is new or
 * changed becomes an order, many under way at once, after the managers they
 * name; then the managers that were not known before, then those who are gone.
 *
 * A person whose rows are not what pass 1 saw ends the run: what went in
 * before stays, and importing again continues from there.
 */
#include "act/import_int.h"

#include <string.h>

#include "base/clock.h"

#define UNDER_WAY  400
#define ORDER_MEM  (256 << 20)
#define BUSY_TRIES 10
#define LIMIT_TRIES 90	/* seconds: the vault counts by minutes */

struct place {			/* one order under way */
	struct ctx	 cx;
	struct item	 item;
	struct order	 order;
	uint32_t	 person;	/* of the run */
	const int64_t	*line;		/* of its rows */
	size_t		 nline;
	struct applying *of;
};

struct pending {		/* rows of a person that has several, until all are there */
	uint32_t person;
	size_t	 n;
	struct key256 sum;	/* of their keyed hashes */
	struct str raw[CONTRACTS_MAX];
	int64_t	 line[CONTRACTS_MAX];
	struct pending *next;
};

#define PENDING_SLOTS 4096

struct lacking {		/* managers to be set when all are in */
	uint32_t	    person;
	struct str	    ref;
	struct contract_in *contract;	/* key and manager only */
	size_t		    n;
};

struct applying {
	struct reader	  *r;
	struct ctx	  *cx;
	struct import_run *run;
	const struct rows_reader *rr;
	struct place	  *place;
	struct queue	  *free;
	struct pending	  *pending[PENDING_SLOTS];
	struct aside_list *aside;
	size_t		   nrow;	/* that came; each is the run's of pass 1 */
	size_t		   nperson;	/* orders made for them */
	struct arena	  *arena;	/* of what lacks a manager */
	LIST(struct lacking) lacking;
	struct csv	  *csv;		/* rows again, one at a time; opened at the first */
	size_t		   in_batch;	/* orders until the next look at the queue */
	enum err	   err;
};

static int64_t orders_of(const struct import_run *);
static enum err apply_rows(void *, struct ctx *, struct keyed_row *, size_t);
static enum err apply_row(struct applying *, struct ctx *,
    struct keyed_row *);
static enum err apply_one(struct applying *, uint32_t person,
    const struct keyed_row *);
static enum err apply_released(struct applying *);
static enum err apply_all_aside(struct applying *);
static struct pending *pend(struct applying *, uint32_t person);
static void unpend(struct applying *, struct pending *);
static struct str heap_copy(struct str);
static enum err apply_person(struct applying *, uint32_t person,
    const struct str *raw, const int64_t *line, size_t n);
static enum err map_rows(struct applying *, struct place *,
    const struct str *raw, const int64_t *line, size_t n);
static void take_person(const struct applying *, const struct import_row *,
    struct place *);
static void take_contract(const struct import_row *, struct contract_in *,
    struct order *);
static enum err check_complete(struct applying *);
static enum err take_place(struct applying *, struct place **);
static enum err next_batch(struct applying *);
static void count_orders(struct applying *, int64_t);
static void give_back(struct item *);
static void persist(struct applying *, struct place *);
static bool is_over_budget(const struct place *);
static bool is_refusal(enum err);
static void settle(struct applying *, struct place *);
static void refused(struct applying *, struct place *);
static void tell_nothing(struct place *);
static void note_lacking(struct applying *, const struct place *);
static enum err submit(struct applying *, struct place *);
static enum err drain(struct applying *);
static enum err set_managers(struct applying *);
static enum err remove_gone(struct applying *);
static void applying_open(struct applying *);
static void applying_close(struct applying *);

enum err
import_apply(struct reader *r, struct ctx *cx, const void *arg, void **out)
{
	const struct import_in *in = arg;
	struct applying a = { .r = r, .cx = cx };
	struct rows_reader rr = { .r = r, .in = in, .each = apply_rows,
		.arg = &a, .keys_only = true };
	enum err err;

	TRY(run_take(r, cx, in->run, IMPORT_SCANNED, &a.run));
	rr.run = a.run;
	a.rr = &rr;
	if (!str_eq(in->digest, a.run->report.digest)) {
		run_give(a.run);
		return fail(cx, ERR_CONFLICT, MSG_IMPORT_DIGEST, "digest");
	}
	run_state(a.run, IMPORT_APPLYING);
	reader_let_go(r);
	applying_open(&a);
	count_orders(&a, orders_of(a.run));
	err = rows_read(&rr, cx);
	if (err == OK)
		err = apply_all_aside(&a);
	if (err == OK)
		err = check_complete(&a);
	if (err == OK)
		err = set_managers(&a);
	/* A tenant that was suspended meanwhile loses nobody by it. */
	if (err == OK)
		err = world_is_active(r->world, cx, a.run->tenant);
	if (err == OK)
		err = remove_gone(&a);
	applying_close(&a);
	run_state(a.run, err == OK ? IMPORT_DONE : IMPORT_BROKEN);
	if (err == OK && run_has_work(a.run))
		err = run_note(r, cx, a.run, ACTION_IMPORT_ENDED);
	if (err == OK)
		*out = run_report(cx, a.run);
	run_end(a.run);
	return err;
}

/* How many persons pass 2 has something to do for; managers come on top. */
static int64_t
orders_of(const struct import_run *run)
{
	int64_t n = (int64_t)run->ngone;

	for (size_t i = 0; i < run->nperson; i++)
		n += !run->person[i].is_rejected &&
		    run->person[i].found != FOUND_UNCHANGED;
	return n;
}

static void
applying_open(struct applying *a)
{
	a->place = heap_alloc(UNDER_WAY, sizeof(*a->place));
	a->free = queue_open(UNDER_WAY);
	a->arena = arena_open(256 << 20);
	a->aside = aside_open();
	for (size_t i = 0; i < UNDER_WAY; i++) {
		a->place[i].cx = *a->cx;
		a->place[i].cx.arena = arena_open(ORDER_MEM);
		a->place[i].of = a;
		must(queue_try_put(a->free, &a->place[i]));
	}
}

static void
applying_close(struct applying *a)
{
	(void)!drain(a); /* what failed was told already */
	queue_forget(a->r->world, a->run->tenant, WORK_QUEUE_IMPORT,
	    a->run->total - a->run->done);
	for (size_t i = 0; i < UNDER_WAY; i++)
		arena_close(a->place[i].cx.arena);
	for (size_t i = 0; i < PENDING_SLOTS; i++)
		while (a->pending[i] != NULL) {
			struct pending *p = a->pending[i];

			a->pending[i] = p->next;
			for (size_t j = 0; j < p->n; j++)
				heap_free((void *)p->raw[j].p);
			heap_free(p);
		}
	aside_close(a->aside);
	queue_close(a->free);
	if (a->csv != NULL)
		csv_close(a->csv);
	arena_close(a->arena);
	heap_free(a->place);
}

/* --- rows -------------------------------------------------------------------------- */

static enum err
apply_rows(void *arg, struct ctx *cx, struct keyed_row *row, size_t n)
{
	struct applying *a = arg;

	for (size_t i = 0; i < n; i++) {
		TRY(apply_row(a, cx, &row[i]));
		TRY(apply_released(a));
	}
	return a->err;
}

static enum err
apply_row(struct applying *a, struct ctx *cx, struct keyed_row *row)
{
	struct found_person *p;
	struct pending *wait;
	uint32_t at;
	enum err err;

	a->nrow++;
	if (!row->has_ref)
		return OK; /* rejected in pass 1 */
	p = found_find(a->run, &row->ref);
	if (p == NULL || ++p->seen > p->rows)
		return fail(cx, ERR_CONFLICT, MSG_IMPORT_OTHER_FILE, "file");
	if (p->is_rejected || p->found == FOUND_UNCHANGED)
		return OK;
	at = (uint32_t)(p - a->run->person);
	if (p->rows == 1) {
		if (memcmp(&row->hash, &p->rows_hash, sizeof(row->hash)) != 0)
			return fail(
			    cx, ERR_CONFLICT, MSG_IMPORT_OTHER_FILE, "file");
		return apply_one(a, at, row);
	}
	wait = pend(a, at);
	if (wait->n == CONTRACTS_MAX)
		return fail(cx, ERR_BAD_INPUT, MSG_ORDER_CONTRACTS, "file");
	wait->raw[wait->n] = heap_copy(row->raw);
	wait->line[wait->n++] = row->line;
	key_sum(&wait->sum, &row->hash);
	if (wait->n < p->rows)
		return OK;
	if (memcmp(&wait->sum, &p->rows_hash, sizeof(wait->sum)) != 0)
		return fail(cx, ERR_CONFLICT, MSG_IMPORT_OTHER_FILE, "file");
	err = apply_person(a, at, wait->raw, wait->line, wait->n);
	unpend(a, wait);
	return err;
}

/* A person of one row, unless the manager is new too and not yet in. */
static enum err
apply_one(struct applying *a, uint32_t person, const struct keyed_row *row)
{
	const struct import_run *run = a->run;
	const struct found_person *manager = NULL;
	struct aside aside = { .person = person, .line = row->line,
		.raw = row->raw };

	if (a->nrow <= run->nrow)
		manager = found_prefix(run, run->row[a->nrow - 1].manager);
	if (manager != NULL && manager->found == FOUND_NEW &&
	    !manager->is_rejected && !manager->is_settled) {
		aside.manager = (uint32_t)(manager - run->person);
		if (aside_put(a->aside, &aside))
			return OK;
	}
	return apply_person(a, person, &row->raw, &row->line, 1);
}

static enum err
apply_released(struct applying *a)
{
	struct aside *row;
	enum err err = OK;

	while (err == OK && (row = aside_take(a->aside)) != NULL) {
		err = apply_person(a, row->person, &row->raw, &row->line, 1);
		heap_free(row);
	}
	return err;
}

/* Managers first, as far down as there are any; who is left are each other's. */
static enum err
apply_all_aside(struct applying *a)
{
	size_t before;

	do {
		before = a->nperson;
		TRY(drain(a));
		TRY(apply_released(a));
	} while (a->nperson > before);
	aside_release_all(a->aside);
	TRY(apply_released(a));
	return drain(a);
}

/* A file that ended early is another one: nobody is gone because of it. */
static enum err
check_complete(struct applying *a)
{
	for (size_t i = 0; i < a->run->nperson; i++)
		if (a->run->person[i].seen != a->run->person[i].rows)
			return fail(
			    a->cx, ERR_CONFLICT, MSG_IMPORT_OTHER_FILE, "file");
	return OK;
}

static struct pending **
pending_slot(struct applying *a, uint32_t person)
{
	struct pending **at = &a->pending[person % PENDING_SLOTS];

	while (*at != NULL && (*at)->person != person)
		at = &(*at)->next;
	return at;
}

static struct pending *
pend(struct applying *a, uint32_t person)
{
	struct pending **at = pending_slot(a, person);

	if (*at == NULL) {
		*at = heap_alloc(1, sizeof(**at));
		(*at)->person = person;
	}
	return *at;
}

static void
unpend(struct applying *a, struct pending *p)
{
	*pending_slot(a, p->person) = p->next;
	for (size_t i = 0; i < p->n; i++)
		heap_free((void *)p->raw[i].p);
	heap_free(p);
}

static struct str
heap_copy(struct str s)
{
	char *p = heap_alloc(s.n + 1, 1);

	memcpy(p, s.p, s.n);
	return (struct str) { p, s.n };
}

/* --- persons ------------------------------------------------------------------------ */

static enum err
apply_person(struct applying *a, uint32_t person, const struct str *raw,
    const int64_t *line, size_t n)
{
	struct place *pl;
	const struct found_person *p = &a->run->person[person];
	enum err err;

	TRY(take_place(a, &pl));
	a->nperson++;
	pl->person = person;
	pl->line = arena_copy(pl->cx.arena, line, n * sizeof(*line));
	pl->nline = n;
	pl->order = (struct order) {
		.kind = ORDER_IMPORT,
		.person = p->person,
		.source = a->run->source,
		.row_hash = p->rows_hash,
		.has_contracts = true,
		.priority = 5,
		.line = line[0],
	};
	err = map_rows(a, pl, raw, line, n);
	if (err != OK) {
		must(queue_try_put(a->free, pl));
		return err;
	}
	return submit(a, pl);
}

/* The rows again, now into the order's own memory. */
static enum err
map_rows(struct applying *a, struct place *pl, const struct str *raw,
    const int64_t *line, size_t n)
{
	struct order *o = &pl->order;
	struct contract_in *c = arena_array(pl->cx.arena, n, sizeof(*c));
	struct buf body;

	/* Kept rows are UTF-8 already, whatever the file is written in. */
	if (a->csv == NULL)
		a->csv = csv_open(a->rr->separator, false);
	buf_init(&body, pl->cx.arena, n * (CSV_RECORD_MAX + 1));
	for (size_t i = 0; i < n; i++) {
		struct csv_record rec;
		struct import_row row;

		csv_feed(a->csv, raw[i], false);
		csv_feed(a->csv, STR("\n"), false);
		must(csv_next(a->csv, &rec));
		rec.line = line[i];
		TRY(import_row_map(&pl->cx, a->run->map, &rec, &row));
		buf_str(&body, raw[i]);
		buf_z(&body, "\n");
		if (i == 0)
			take_person(a, &row, pl);
		take_contract(&row, &c[i], o);
	}
	o->contract = c;
	o->ncontract = n;
	o->body = buf_view(&body);
	return OK;
}

/* What the map fills and the row leaves empty is gone; but who is there keeps a name that was made. */
static void
take_person(
    const struct applying *a, const struct import_row *row, struct place *pl)
{
	struct order *o = &pl->order;
	enum attribute *removed =
	    arena_array(pl->cx.arena, A_COUNT, sizeof(*removed));
	size_t n = import_map_person(a->run->map, removed);

	o->ref = row->ref;
	o->doc = row->person;
	memcpy(o->user_name, row->user_name, sizeof(o->user_name));
	o->nuser_name = o->person == 0 ? row->nuser_name : 0;
	o->removed = removed;
	for (size_t i = 0; i < n; i++) {
		bool has = removed[i] == A_USER_NAME;

		for (size_t j = 0; j < row->person.n; j++)
			has |= row->person.attr[j].id == removed[i];
		if (!has)
			removed[o->nremoved++] = removed[i];
	}
	if (import_map_column(a->run->map, A_COUNTRY).p != NULL)
		o->country = STR("");
	if (import_map_column(a->run->map, A_LANGUAGE).p != NULL)
		o->language = STR("");
	if (import_map_column(a->run->map, A_USER_TYPE).p != NULL)
		o->user_type = STR("");
}

static void
take_contract(
    const struct import_row *row, struct contract_in *c, struct order *o)
{
	c->key = row->contract;
	for (size_t i = 0; i < row->org.n; i++) {
		struct str v = row->org.attr[i].value;

		switch (row->org.attr[i].id) {
		case A_SITE:
			c->site = v;
			break;
		case A_DEPARTMENT:
			c->department = v;
			break;
		case A_TITLE:
			c->title = v;
			break;
		case A_COST_CENTER:
			c->cost_center = v;
			break;
		case A_DIVISION:
			c->division = v;
			break;
		case A_ORGANIZATION:
			c->organization = v;
			break;
		case A_MANAGER:
			c->manager = v;
			break;
		case A_START:
			c->start = v;
			break;
		case A_END:
			c->end = v;
			break;
		case A_COUNTRY:
			o->country = v;
			break;
		case A_LANGUAGE:
			o->language = v;
			break;
		case A_USER_TYPE:
			o->user_type = v;
			break;
		default:
			break;
		}
	}
}

/* --- orders under way ------------------------------------------------------------------ */

/* A free place; the order that ended in it is counted first, and may end the run. */
static enum err
take_place(struct applying *a, struct place **out)
{
	void *item;

	TRY(next_batch(a));
	must(queue_take(a->free, &item, 1, -1) == 1);
	settle(a, item);
	if (a->err != OK)
		must(queue_try_put(a->free, item));
	*out = item;
	return a->err;
}

/* Between two batches the queue may be paused. */
static enum err
next_batch(struct applying *a)
{
	struct world *w = a->r->world;
	uint32_t tenant = a->run->tenant;

	if (a->in_batch == 0) {
		TRY(queue_pass(a->r, a->cx, tenant, WORK_QUEUE_IMPORT));
		a->in_batch = queue_batch(w, tenant, WORK_QUEUE_IMPORT);
	}
	a->in_batch--;
	return OK;
}

static void
count_orders(struct applying *a, int64_t n)
{
	lock_take(a->r->world->mu);
	a->run->total += n;
	lock_give(a->r->world->mu);
	queue_count(a->r->world, a->run->tenant, WORK_QUEUE_IMPORT,
	    &(struct window) { .came = n });
}

/*
 * Names that many want are lost to others again and again: that ends no run.
 * Nor does the vault, which opens only so many records a minute.
 */
static void
persist(struct applying *a, struct place *pl)
{
	for (int i = 0; i < BUSY_TRIES && pl->item.err == ERR_BUSY; i++)
		pl->item.err = pipeline_do(
		    world_pipeline(a->r->world), &pl->item, ITEM_BULK);
	for (int i = 0; i < LIMIT_TRIES && is_over_budget(pl); i++) {
		clock_sleep_ms(1000);
		pl->item.err = pipeline_do(
		    world_pipeline(a->r->world), &pl->item, ITEM_BULK);
	}
}

static bool
is_over_budget(const struct place *pl)
{
	return pl->item.err == ERR_LIMITED &&
	    pl->cx.fault.msg == MSG_VAULT_LIMITED;
}

/* The person's, not the run's: also of one whom the actor may not touch. */
static bool
is_refusal(enum err err)
{
	return err == ERR_BAD_INPUT || err == ERR_CONFLICT ||
	    err == ERR_TOO_LARGE || err == ERR_DENIED || err == ERR_NOT_FOUND ||
	    err == ERR_BUSY;
}

static void
settle(struct applying *a, struct place *pl)
{
	struct import_run *run = a->run;
	const struct order_out *out;

	if (pl->item.use_case == NULL)
		return;
	persist(a, pl);
	out = pl->item.out;
	if (pl->item.err != OK) {
		if (is_refusal(pl->item.err) ||
		    pl->cx.fault.msg == MSG_TENANT_PERSONS) {
			refused(a, pl);
		} else if (a->err == OK) {
			fault_copy(a->cx, &pl->cx);
			a->err = pl->item.err;
		}
	} else {
		for (size_t i = 0; i < out->nseat; i++) {
			run->report.seats_assigned +=
			    out->seat[i].outcome == OUTCOME_ASSIGNED;
			run->report.seats_queued +=
			    out->seat[i].outcome == OUTCOME_QUEUED;
		}
		if (pl->order.kind == ORDER_IMPORT)
			run->person[pl->person].person = out->person;
		if (out->lacks_manager)
			note_lacking(a, pl);
	}
	if (pl->order.kind == ORDER_IMPORT) {
		run->person[pl->person].is_settled = true;
		aside_release(a->aside, pl->person);
	}
	pl->item = (struct item) { 0 };
	pl->cx.fault = (struct fault) { 0 };
	arena_reset(pl->cx.arena);
}

/* What pass 1 could not know, such as a name that is somebody else's: the person stays as it was. */
static void
refused(struct applying *a, struct place *pl)
{
	struct import_run *run = a->run;
	struct fault sibling = { .err = ERR_BAD_INPUT,
		.msg = MSG_IMPORT_SIBLING };

	if (pl->order.kind == ORDER_MANAGER)
		return;
	if (pl->order.kind == ORDER_LEAVE) {
		run->report.removed--;
		return;
	}
	if (run->person[pl->person].is_hidden)
		tell_nothing(pl);
	run->report.persons--;
	if (run->person[pl->person].found == FOUND_NEW)
		run->report.added--;
	else
		run->report.changed--;
	for (size_t i = 0; i < pl->nline; i++)
		run_reject(run, pl->line[i],
		    i == 0 ? pl->cx.fault.field : STR(""),
		    i == 0 ? &pl->cx.fault : &sibling);
}

/* Who is there and not seen is refused as somebody new who would not be seen either. */
static void
tell_nothing(struct place *pl)
{
	pl->cx.fault = (struct fault) { 0 };
	pl->item.err = fail(&pl->cx, ERR_DENIED, MSG_ORDER_SCOPE, "person");
}

static void
note_lacking(struct applying *a, const struct place *pl)
{
	const struct order *o = &pl->order;
	struct lacking l = { .person = pl->person };

	l.ref = str_copy(a->arena, o->ref);
	l.contract = arena_array(a->arena, o->ncontract, sizeof(*l.contract));
	for (size_t i = 0; i < o->ncontract; i++) {
		if (o->contract[i].manager.n == 0)
			continue;
		l.contract[l.n++] = (struct contract_in) {
			.key = str_copy(a->arena, o->contract[i].key),
			.manager = str_copy(a->arena, o->contract[i].manager),
		};
	}
	list_add(a->arena, &a->lacking, l);
}

static enum err
submit(struct applying *a, struct place *pl)
{
	pl->cx.now_ms = clock_now_ms();
	pl->item = (struct item) {
		.cx = &pl->cx,
		.use_case = &person_order,
		.tenant = a->run->tenant,
		.in = &pl->order,
		.done = give_back,
		.owner = pl,
	};
	if (pipeline_submit(
		world_pipeline(a->r->world), &pl->item, ITEM_BULK) == OK)
		return OK;
	/* The queue is full: wait for this one. */
	pl->cx.fault = (struct fault) { 0 };
	pl->item.err =
	    pipeline_do(world_pipeline(a->r->world), &pl->item, ITEM_BULK);
	pl->item.owner = pl;
	give_back(&pl->item);
	return OK;
}

/* Any thread.  Once it is back it is the run's again. */
static void
give_back(struct item *it)
{
	struct place *pl = it->owner;
	struct applying *a = pl->of;
	const struct window w = { 0, it->err == OK, it->err != OK };

	queue_count(a->r->world, a->run->tenant, WORK_QUEUE_IMPORT, &w);
	lock_take(a->r->world->mu);
	a->run->done++;
	lock_give(a->r->world->mu);
	must(queue_try_put(a->free, pl));
}

/* Waits until nothing is under way. */
static enum err
drain(struct applying *a)
{
	struct place *all[UNDER_WAY];
	size_t n = 0;
	void *item;

	while (n < UNDER_WAY && queue_take(a->free, &item, 1, -1) == 1) {
		settle(a, item);
		all[n++] = item;
	}
	for (size_t i = 0; i < n; i++)
		must(queue_try_put(a->free, all[i]));
	return a->err;
}

/* --- afterwards ---------------------------------------------------------------------------- */

/* Who is still not there was rejected: the next import asks again. */
static enum err
set_managers(struct applying *a)
{
	count_orders(a, (int64_t)a->lacking.n);
	for (size_t i = 0; i < a->lacking.n; i++) {
		const struct lacking *l = &a->lacking.v[i];
		struct place *pl;

		TRY(take_place(a, &pl));
		pl->person = l->person;
		pl->nline = 0;
		pl->order = (struct order) {
			.kind = ORDER_MANAGER,
			.person = a->run->person[l->person].person,
			.source = a->run->source,
			.ref = l->ref,
			.row_hash = a->run->person[l->person].rows_hash,
			.contract = l->contract,
			.ncontract = l->n,
			.priority = 5,
		};
		TRY(submit(a, pl));
	}
	return drain(a);
}

static enum err
remove_gone(struct applying *a)
{
	for (size_t i = 0; i < a->run->ngone; i++) {
		struct place *pl;

		TRY(take_place(a, &pl));
		pl->order = (struct order) {
			.kind = ORDER_LEAVE,
			.person = a->run->gone[i],
			.source = a->run->source,
			.ref_key = a->run->gone_ref[i],
			.priority = 5,
		};
		TRY(submit(a, pl));
	}
	return drain(a);
}
