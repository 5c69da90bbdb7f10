/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_scan.c - pass 1 of an import: who is new, changed, unchanged, gone;
 * which rows cannot go in; and whether the guard lets the run pass.  Nothing
 * is touched.
 */
#include "act/import_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define PAGE	 1000
#define ROWS_MAX 10000000	/* they are kept in memory: see import_int.h */

static const uint8_t none[16];	/* no keyed hash is this */

static enum err load_present(struct reader *, struct ctx *,
    struct import_run *);
static void add_present(struct import_run *, const struct source_ref *);
static enum err scan_rows(void *, struct ctx *, struct keyed_row *, size_t);
static void scan_row(struct import_run *, struct keyed_row *);
static bool is_over(const struct keyed_row *, int32_t today);
static void reject_unknown_managers(struct import_run *);
static void reject_double_contracts(struct import_run *);
static void reject_crowds(struct import_run *);
static void reject_siblings(struct import_run *);
static void note_lacking(struct import_run *);
static bool is_unchanged(const struct found_person *, const struct key256 *);
static bool stored_hash(const struct source_ref *, struct key256 *);
static enum err compare(struct reader *, struct ctx *, struct import_run *);
static enum err compare_page(struct tx *, struct import_run *, size_t from,
    size_t n);
static enum err hide(struct tx *, struct import_run *, size_t from, size_t n);
static void find_gone(struct import_run *);
static void take_digest(struct import_run *);
static enum err guard(struct ctx *, struct import_run *);

enum err
import_scan(struct reader *r, struct ctx *cx, const void *arg, void **out)
{
	const struct import_in *in = arg;
	struct import_run *run;
	struct rows_reader rr = { .r = r, .in = in, .each = scan_rows };
	enum err err;

	TRY(run_take(r, cx, in->run, 0, &run));
	rr.run = rr.arg = run;
	err = run->in.is_partial ? OK : load_present(r, cx, run);
	if (err == OK)
		err = rows_read(&rr, cx);
	if (err == OK) {
		reject_unknown_managers(run);
		reject_double_contracts(run);
		reject_crowds(run);
		reject_siblings(run);
		note_lacking(run);
		err = compare(r, cx, run);
	}
	if (err == OK) {
		find_gone(run);
		take_digest(run);
		err = guard(cx, run);
	}
	if (err == OK && !run->in.is_dry && run_has_work(run))
		err = run_note(r, cx, run, ACTION_IMPORT_STARTED);
	if (err == OK)
		*out = run_report(cx, run);
	heap_free(run->stored);
	run->stored = NULL;
	if (err != OK || run->in.is_dry || run->report.is_stopped)
		run_end(run);
	else
		run_give(run);
	return err;
}

/* --- who was there before ------------------------------------------------------- */

/* In the order of their table: row by row of the file it would be one leap each. */
static enum err
load_present(struct reader *r, struct ctx *cx, struct import_run *run)
{
	struct source_ref_page page = { run->tenant, run->source, STR(""),
		PAGE };
	struct arena *arena = arena_open(64 << 20);
	uint8_t after[32];
	struct ctx own = *cx;
	struct rows refs;
	enum err err;

	own.arena = arena;
	do {
		arena_reset(arena);
		tx_switch(r->data, &own);
		err = source_ref_page(r->data, &page, &refs);
		tx_switch(r->data, cx);
		for (size_t i = 0; err == OK && i < refs.n; i++)
			add_present(run, &((struct source_ref *)refs.row)[i]);
		if (err != OK || refs.n == 0)
			break;
		memcpy(after, run->person[run->npresent - 1].ref.bytes,
		    sizeof(after));
		page.after = (struct str) { (char *)after, sizeof(after) };
	} while (refs.n == PAGE);
	arena_close(arena);
	return err;
}

static void
add_present(struct import_run *run, const struct source_ref *ref)
{
	const struct key256 *key = (const void *)ref->key.p;
	struct found_person *p;
	size_t had = run->capperson;

	p = found_add(run, key);
	p->person = ref->person;
	p->found = FOUND_UNCHANGED;
	if (run->capperson != had)
		run->stored = heap_grow(run->stored, run->capperson,
		    sizeof(*run->stored));
	(void)stored_hash(ref, &run->stored[run->npresent++]);
	must(run->npresent == run->nperson);
}

/* --- rows ------------------------------------------------------------------------ */

static enum err
scan_rows(void *arg, struct ctx *cx, struct keyed_row *row, size_t n)
{
	struct import_run *run = arg;

	if (run->nrow + n > ROWS_MAX)
		return fail(cx, ERR_TOO_LARGE, MSG_API_TOO_LARGE, "file");
	for (size_t i = 0; i < n; i++)
		scan_row(run, &row[i]);
	return OK;
}

static void
scan_row(struct import_run *run, struct keyed_row *row)
{
	struct found_row found = { .line = (uint32_t)row->line,
		.person = UINT32_MAX };
	struct found_person *p = NULL;

	run->report.rows++;
	if (row->err != OK)
		run_reject(run, row->line, row->fault.field, &row->fault);
	if (row->has_ref) {
		p = found_find(run, &row->ref);
		if (p == NULL)
			p = found_add(run, &row->ref);
		p->rows++;
		p->is_rejected |= row->err != OK;
		key_sum(&p->rows_hash, &row->hash);
		p->stays |= row->err == OK && !is_over(row, run->today);
		found.person = (uint32_t)(p - run->person);
	}
	found.is_rejected = row->err != OK;
	if (row->has_manager && row->err == OK)
		memcpy(found.manager, row->manager.bytes,
		    sizeof(found.manager));
	if (row->err == OK)
		memcpy(found.contract, row->contract.bytes,
		    sizeof(found.contract));
	found_row_add(run, &found);
}

/* UTC's day will do for a guard's count. */
static bool
is_over(const struct keyed_row *row, int32_t today)
{
	struct str end = STR("");
	int32_t day;

	for (size_t i = 0; i < row->row.org.n; i++)
		if (row->row.org.attr[i].id == A_END)
			end = row->row.org.attr[i].value;
	return end.n > 0 && date_parse(end, &day) && day < today;
}

static void
reject_row(struct import_run *run, struct found_row *row, enum msg msg,
    enum attribute at)
{
	struct fault fault = { .err = ERR_BAD_INPUT, .msg = msg,
		.field = import_map_column(run->map, at) };

	run_reject(run, row->line, fault.field, &fault);
	row->is_rejected = true;
	run->person[row->person].is_rejected = true;
}

static bool
stands_in_file(const struct found_person *p)
{
	return p != NULL && p->rows > 0;
}

/*
 * A manager must stand in the file.  Of a part of a file that is not known
 * before its rows go in.
 */
static void
reject_unknown_managers(struct import_run *run)
{
	for (size_t i = 0; i < run->nrow && !run->in.is_partial; i++)
		if (memcmp(run->row[i].manager, none, sizeof(none)) != 0
		    && !stands_in_file(found_prefix(run,
		    run->row[i].manager)))
			reject_row(run, &run->row[i], MSG_ORDER_MANAGER,
			    A_MANAGER);
}

static int
by_contract(const void *a, const void *b)
{
	const struct found_row *x = *(const struct found_row *const *)a;
	const struct found_row *y = *(const struct found_row *const *)b;
	int order = memcmp(x->contract, y->contract, sizeof(x->contract));

	return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

/* A contract's key stands once in a file; the first row that has it keeps it. */
static void
reject_double_contracts(struct import_run *run)
{
	struct found_row **row = heap_alloc(run->nrow + 1, sizeof(*row));

	for (size_t i = 0; i < run->nrow; i++)
		row[i] = &run->row[i];
	qsort(row, run->nrow, sizeof(*row), by_contract);
	for (size_t i = 1; i < run->nrow; i++)
		if (memcmp(row[i]->contract, none, sizeof(none)) != 0
		    && memcmp(row[i]->contract, row[i - 1]->contract,
		    sizeof(none)) == 0)
			reject_row(run, row[i], MSG_CONTRACT_TWICE, A_COUNT);
	heap_free(row);
}

/* More contracts than a person may have: the row that is one too many says so. */
static void
reject_crowds(struct import_run *run)
{
	uint32_t *n = heap_alloc(run->nperson + 1, sizeof(*n));

	for (size_t i = 0; i < run->nrow; i++) {
		struct found_row *row = &run->row[i];

		if (row->person != UINT32_MAX && !row->is_rejected
		    && ++n[row->person] == CONTRACTS_MAX + 1)
			reject_row(run, row, MSG_ORDER_CONTRACTS, A_COUNT);
	}
	heap_free(n);
}

/* Whose manager does not go in goes in without; the next import asks again. */
static void
note_lacking(struct import_run *run)
{
	for (size_t i = 0; i < run->nrow; i++) {
		const struct found_row *row = &run->row[i];
		const struct found_person *manager;

		if (memcmp(row->manager, none, sizeof(none)) == 0)
			continue;
		manager = found_prefix(run, row->manager);
		run->person[row->person].lacks |= manager != NULL
		    && manager->is_rejected;
	}
}

/* The rows of one person go in together, or not at all. */
static void
reject_siblings(struct import_run *run)
{
	struct fault fault = { .err = ERR_BAD_INPUT,
		.msg = MSG_IMPORT_SIBLING };

	for (size_t i = 0; i < run->nrow; i++) {
		const struct found_row *row = &run->row[i];

		if (!row->is_rejected && row->person != UINT32_MAX
		    && run->person[row->person].is_rejected)
			run_reject(run, row->line, STR(""), &fault);
	}
}

/* --- against what is stored -------------------------------------------------------- */

static enum err
compare(struct reader *r, struct ctx *cx, struct import_run *run)
{
	for (size_t at = 0; at < run->nperson; at += PAGE) {
		struct arena *arena = arena_open(64 << 20);
		struct ctx page = *cx;
		size_t n = run->nperson - at < PAGE ? run->nperson - at
		    : PAGE;
		enum err err;

		page.arena = arena;
		tx_switch(r->data, &page);
		err = compare_page(r->data, run, at, n);
		tx_switch(r->data, cx);
		arena_close(arena);
		TRY(err);
	}
	return OK;
}

static enum err
compare_page(struct tx *tx, struct import_run *run, size_t from, size_t n)
{
	struct arena *arena = tx_ctx(tx)->arena;
	struct source_ref *key = arena_array(arena, n, sizeof(*key));
	struct person *who = arena_array(arena, n, sizeof(*who));
	struct found_person **asked = arena_array(arena, n,
	    sizeof(struct found_person *));
	struct found_person **unsure = arena_array(arena, n,
	    sizeof(struct found_person *));
	struct rows refs, persons;
	size_t nwho = 0, nunsure = 0;

	for (size_t i = 0; i < n; i++) {
		struct found_person *p = &run->person[from + i];

		if (from + i < run->npresent) {
			p->found = is_unchanged(p, &run->stored[from + i])
			    ? FOUND_UNCHANGED : FOUND_CHANGED;
			continue;
		}
		unsure[nunsure] = p;
		key[nunsure++] = (struct source_ref) {
			.tenant = run->tenant,
			.source = run->source,
			.key = { (char *)p->ref.bytes, 32 },
		};
	}
	TRY(store_load(tx, &SOURCE_REF, key, nunsure, 3, 0, &refs));
	for (size_t i = 0; i < refs.n; i++) {
		const struct source_ref *ref =
		    &((struct source_ref *)refs.row)[i];
		struct found_person *p = unsure[refs.key[i]];
		struct key256 stored;

		p->person = ref->person;
		p->found = ref->state == 1 && stored_hash(ref, &stored)
		    && is_unchanged(p, &stored) ? FOUND_UNCHANGED
		    : FOUND_CHANGED;
	}
	TRY(hide(tx, run, from, n));
	/* Who may be disabled by it: the guard counts them. */
	for (size_t i = 0; i < n; i++) {
		struct found_person *p = &run->person[from + i];

		if (p->rows == 0 || p->found != FOUND_CHANGED || p->stays)
			continue;
		who[nwho].tenant = run->tenant;
		who[nwho].id = p->person;
		asked[nwho++] = p;
	}
	TRY(store_load(tx, &PERSON, who, nwho, 2, 0, &persons));
	for (size_t i = 0; i < persons.n; i++)
		asked[persons.key[i]]->was_active =
		    ((struct person *)persons.row)[i].lifecycle
		    == LIFE_ACTIVE;
	for (size_t i = 0; i < n; i++) {
		const struct found_person *p = &run->person[from + i];

		if (p->rows == 0 || p->is_rejected)
			continue;
		run->report.persons++;
		run->report.added += p->found == FOUND_NEW;
		run->report.changed += p->found == FOUND_CHANGED;
		run->report.unchanged += p->found == FOUND_UNCHANGED;
		run->report.disabled += p->found == FOUND_CHANGED
		    && p->was_active && !p->stays;
	}
	return OK;
}

/*
 * Whoever imports under a scope learns of nobody else: not whether somebody is
 * there, nor that a row says what is stored.  Pass 2 refuses to change them.
 */
static enum err
hide(struct tx *tx, struct import_run *run, size_t from, size_t n)
{
	struct ctx *cx = tx_ctx(tx);
	struct person_query q = { .tenant = run->tenant,
		.scope = cx->actor->scope };
	struct found_person *p = &run->person[from];
	int64_t *id = arena_array(cx->arena, n, sizeof(*id));
	bool *in = arena_array(cx->arena, n, sizeof(*in));
	const struct realm *realm;

	if (q.scope == NULL)
		return OK;
	TRY(world_realm(run->world, cx, run->tenant, &realm));
	q.names = &realm->names;
	q.today = order_today(realm, 0, cx->now_ms);
	for (size_t i = 0; i < n; i++)
		id[i] = p[i].person;
	TRY(person_in_scope(tx, &q, id, n, in));
	for (size_t i = 0; i < n; i++) {
		if (in[i] || p[i].found == FOUND_NEW)
			continue;
		p[i].found = FOUND_NEW;
		p[i].is_hidden = true;
		run->nhidden += from + i < run->npresent;
	}
	return OK;
}

/* As it went in before, or as far as it could: without a manager that is not there now either. */
static bool
is_unchanged(const struct found_person *p, const struct key256 *stored)
{
	struct key256 lacking = p->rows_hash;

	if (memcmp(stored, &p->rows_hash, sizeof(*stored)) == 0)
		return true;
	for (size_t i = 0; i < sizeof(lacking); i++)
		lacking.bytes[i] = (uint8_t)~lacking.bytes[i];
	return p->lacks && memcmp(stored, &lacking, sizeof(lacking)) == 0;
}

/* false: it came from no file. */
static bool
stored_hash(const struct source_ref *ref, struct key256 *out)
{
	memset(out, 0, sizeof(*out));
	if (ref->row.n != sizeof(*out))
		return false;
	memcpy(out, ref->row.p, sizeof(*out));
	return true;
}

/* Present in the source before, and not in the file. */
static void
find_gone(struct import_run *run)
{
	for (size_t i = 0; i < run->npresent; i++)
		if (run->person[i].rows == 0 && !run->person[i].is_hidden)
			run_gone(run, &run->person[i]);
	run->report.removed = (int64_t)run->ngone;
}

/* --- digest and guard -------------------------------------------------------------- */

static int
by_ref(const void *a, const void *b)
{
	const struct found_person *x = *(const struct found_person *const *)a;
	const struct found_person *y = *(const struct found_person *const *)b;

	return memcmp(x->ref.bytes, y->ref.bytes, sizeof(x->ref.bytes));
}

/* Over what the file says of everybody, in an order that is not the file's. */
static void
take_digest(struct import_run *run)
{
	const struct found_person **p = heap_alloc(run->nperson + 1,
	    sizeof(const struct found_person *));
	struct buf b;
	struct hash hash;
	size_t n = 0;

	buf_init(&b, NULL, 64 * run->nperson + 1);
	for (size_t i = 0; i < run->nperson; i++)
		if (run->person[i].rows > 0)
			p[n++] = &run->person[i];
	qsort(p, n, sizeof(*p), by_ref);
	for (size_t i = 0; i < n; i++) {
		buf_bytes(&b, p[i]->ref.bytes, 32);
		buf_bytes(&b, p[i]->rows_hash.bytes, 32);
	}
	must(!b.over);
	sha256(buf_view(&b), &hash);
	run->report.digest = str_hex(run->arena,
	    (struct str) { (char *)hash.bytes, 32 });
	buf_fini(&b);
	heap_free(p);
}

/*
 * More removals than the share, and not few: stopped before the first person
 * is touched, unless the run was allowed this many.
 */
static enum err
guard(struct ctx *cx, struct import_run *run)
{
	const struct realm *realm;
	int64_t removals = run->report.removed + run->report.disabled;
	int64_t percent, least, share;

	TRY(world_realm(run->world, cx, run->tenant, &realm));
	percent = realm->catalogue->setting[SETTING_IMPORT_REMOVALS_PERCENT];
	least = realm->catalogue->setting[SETTING_IMPORT_REMOVALS_LEAST];
	share = (int64_t)(run->npresent - run->nhidden) * percent / 100;
	run->report.removals_allowed = share > least ? share : least;
	run->report.is_stopped = removals > run->report.removals_allowed
	    && removals > run->in.allow_removals;
	run_state(run, run->report.is_stopped ? IMPORT_STOPPED
	    : IMPORT_SCANNED);
	return OK;
}
