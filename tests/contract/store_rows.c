/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_rows.c - every declared table, with whatever its columns can hold.
 */
#include <stdlib.h>
#include <string.h>

#include "store/store_int.h"

#include "store_contract.h"

#define ROWS	  60
#define BYTES_MAX 2000
#define PARENTS	  8

/* Keys of the rows that others refer to. */
static const int64_t tenants[] = { 1, UINT32_MAX };
static const int64_t parents[PARENTS] = { INT64_MIN, -1, 0, 1, 77, 4096,
	INT64_C(1) << 40, INT64_MAX };

static const struct table *sorted_table;

static int
by_key(const void *a, const void *b)
{
	for (size_t i = 0; i < sorted_table->nkey; i++) {
		const struct column *c = &sorted_table->column[i];

		if (c->is_bytes) {
			struct str x = row_bytes(c, a), y = row_bytes(c, b);
			size_t n = x.n < y.n ? x.n : y.n;
			int order = n > 0 ? memcmp(x.p, y.p, n) : 0;

			if (order != 0 || x.n != y.n)
				return order != 0 ? order : x.n < y.n ? -1 : 1;
		} else if (row_int(c, a) != row_int(c, b)) {
			return row_int(c, a) < row_int(c, b) ? -1 : 1;
		}
	}
	return 0;
}

static int64_t
any_int(size_t size)
{
	int bits = size == 1 ? 1 : (int)size * 8;
	int64_t v = (int64_t)chance();

	if (bits == 1)
		return BELOW(2);
	switch (chance() % 6) {
	case 0:
		v = INT64_MIN;
		break;
	case 1:
		v = INT64_MAX;
		break;
	case 2:
		return 0;
	case 3:
		return -1;
	default:
		break;
	}
	return v >> (64 - bits);
}

static struct str
any_bytes(struct arena *arena)
{
	size_t n = chance() % 4 == 0 ? 0 : (size_t)BELOW(BYTES_MAX + 1);
	char *p = arena_alloc(arena, n);

	for (size_t i = 0; i < n; i++)
		p[i] = (char)chance();
	return (struct str) { p, n };
}

static void
set(const struct table *t, void *row, const char *name, int64_t v)
{
	for (size_t i = 0; i < t->ncolumn; i++)
		if (strcmp(t->column[i].name, name) == 0)
			row_set_int(&t->column[i], row, v);
}

static bool
is_parent(const struct table *t)
{
	return t == &PERSON || t == &POOL || t == &GROUP;
}

/* What the constraints ask for; all else is anything. */
static void
keep_rules(const struct table *t, void *row)
{
	set(t, row, "tenant", tenants[chance() % COUNT(tenants)]);
	if (!is_parent(t)) {
		set(t, row, "person", parents[chance() % PARENTS]);
		set(t, row, "in_group", parents[chance() % PARENTS]);
		set(t, row, "pool", parents[chance() % PARENTS]);
	}
	if (t == &POOL) {
		struct pool *p = row;

		p->held = BELOW(1000);
		p->assigned = BELOW(1000);
		p->quota = p->held + p->assigned + BELOW(3);
	}
	if (t == &WAIT_COUNT)
		set(t, row, "waiting", BELOW(INT64_MAX));
	if (t == &PRESENT || t == &REMOVAL_HOUR)
		set(t, row, "persons", BELOW(INT64_MAX));
	if (t == &RESOURCE_COUNT)
		set(t, row, "resources", BELOW(INT64_MAX));
	if (t == &GROUP)
		set(t, row, "members", BELOW(INT64_MAX));
	if (t == &REMOVAL_HOUR)
		set(t, row, "has_left", BELOW(INT64_MAX));
	if (t->when_exists == EXISTS_VERSIONED)
		set(t, row, "version", 0);
}

static void
any_row(struct arena *arena, const struct table *t, void *row)
{
	for (size_t i = 0; i < t->ncolumn; i++) {
		const struct column *c = &t->column[i];

		if (c->is_bytes)
			*(struct str *)((char *)row + c->offset) =
			    any_bytes(arena);
		else
			row_set_int(c, row, any_int(c->size));
	}
	keep_rules(t, row);
}

/* Sorted rows with different keys; how many. */
static size_t
any_rows(struct arena *arena, const struct table *t, char *rows)
{
	size_t n = 0;

	sorted_table = t;
	for (size_t i = 0; i < ROWS; i++)
		any_row(arena, t, rows + i * t->row_size);
	qsort(rows, ROWS, t->row_size, by_key);
	for (size_t i = 0; i < ROWS; i++)
		if (n == 0 ||
		    by_key(rows + (n - 1) * t->row_size,
			rows + i * t->row_size) != 0)
			memmove(rows + n++ * t->row_size,
			    rows + i * t->row_size, t->row_size);
	return n;
}

static void
assert_same_row(const struct table *t, const void *a, const void *b)
{
	for (size_t i = 0; i < t->ncolumn; i++) {
		const struct column *c = &t->column[i];

		if (c->is_bytes)
			assert_true(str_eq(row_bytes(c, a), row_bytes(c, b)));
		else
			assert_int_equal(row_int(c, a), row_int(c, b));
	}
}

static bool
same_prefix(const struct table *t, size_t n, const void *a, const void *b)
{
	struct table only = *t;

	only.nkey = n;
	sorted_table = &only;
	n = by_key(a, b) == 0;
	sorted_table = t;
	return n;
}

/* Everybody in every group. */
static void
save_members(struct fixture *f)
{
	struct member_row row[COUNT(tenants) * PARENTS * PARENTS];

	for (size_t i = 0; i < COUNT(row); i++)
		row[i] = (struct member_row) { .tenant = tenants[i % 2],
			.in_group = parents[i / 2 % PARENTS],
			.person = parents[i / 2 / PARENTS] };
	save_all(f, &MEMBER, row, COUNT(row));
}

static void
save_parents(struct fixture *f)
{
	for (size_t i = 0; i < PARENTS * COUNT(tenants); i++) {
		struct person p = a_person(tenants[i % 2], parents[i / 2]);
		struct pool pool = { .tenant = p.tenant, .id = p.id };
		struct group_row group = { .tenant = p.tenant, .id = p.id };

		save_one(f, &PERSON, &p);
		save_one(f, &GROUP, &group);
		save_one(f, &POOL, &pool);
	}
}

static struct tx *
begin(struct fixture *f, const struct table *t)
{
	return tx_begin_all(t->db == DB_DATA ? f->data : f->keys, &f->cx);
}

/* A load by each prefix gives, for each key in turn, the rows that have it, in order. */
static void
check_loads(struct tx *tx, const struct table *t, const char *rows, size_t n)
{
	for (size_t nprefix = 1; nprefix <= t->nkey; nprefix++) {
		struct rows got;
		size_t at = 0;

		assert_int_equal(
		    store_load(tx, t, rows, n, nprefix, 2, &got), OK);
		for (size_t k = 0; k < n; k++) {
			size_t found = 0;

			for (size_t i = 0; i < n && found < 2; i++) {
				if (!same_prefix(t, nprefix,
					rows + k * t->row_size,
					rows + i * t->row_size))
					continue;
				assert_true(at < got.n);
				assert_int_equal(got.key[at], k);
				assert_same_row(t, rows + i * t->row_size,
				    (char *)got.row + at * t->row_size);
				at++;
				found++;
			}
		}
		assert_int_equal(at, got.n);
	}
}

/* Pages of 7 over each prefix give every row of it once, in order; and so many they are. */
static void
check_pages(struct tx *tx, const struct table *t, const char *rows, size_t n)
{
	for (size_t nprefix = 0; nprefix < t->nkey; nprefix++) {
		const char *from = rows;
		size_t at = 0;
		int64_t count;
		struct rows page;
		bool is_first = true;

		do {
			assert_int_equal(store_page(tx, t, from, nprefix,
					     is_first, 7, &page),
			    OK);
			for (size_t i = 0; i < page.n; i++, at++)
				assert_same_row(t, rows + at * t->row_size,
				    (char *)page.row + i * t->row_size);
			if (page.n > 0)
				from = (char *)page.row +
				    (page.n - 1) * t->row_size;
			is_first = false;
		} while (page.n > 0);
		assert_int_equal(store_count(tx, t, rows, nprefix, &count), OK);
		assert_int_equal(at, count);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(same_prefix(t, nprefix, rows,
					     rows + i * t->row_size),
			    i < at);
	}
}

static void
check_rule(struct tx *tx, const struct table *t, char *rows, size_t n)
{
	char *other = arena_array(tx_ctx(tx)->arena, n, t->row_size);
	bool stale[ROWS] = { false };
	struct rows got;

	for (size_t i = 0; i < n; i++) {
		const char *row = rows + i * t->row_size;
		char *changed = other + i * t->row_size;

		any_row(tx_ctx(tx)->arena, t, changed);
		for (size_t c = 0; c < t->nkey; c++) {
			const struct column *col = &t->column[c];

			memcpy(changed + col->offset, row + col->offset,
			    col->is_bytes ? sizeof(struct str) : col->size);
		}
	}
	if (t->when_exists == EXISTS_FAILS) {
		assert_int_equal(tx_savepoint(tx), OK);
		assert_refused(tx, store_save(tx, t, other, n, NULL));
		assert_int_equal(tx_ctx(tx)->fault.msg, MSG_STORE_EXISTS);
		assert_true(str_eq(tx_ctx(tx)->fault.args[0], str_of(t->name)));
	} else {
		assert_int_equal(store_save(tx, t, other, n, stale), OK);
	}
	assert_int_equal(store_load(tx, t, rows, n, t->nkey, 0, &got), OK);
	assert_int_equal(got.n, n);
	for (size_t i = 0; i < n; i++) {
		bool is_new = t->when_exists == EXISTS_REPLACES;

		assert_same_row(t, (is_new ? other : rows) + i * t->row_size,
		    (char *)got.row + i * t->row_size);
		assert_int_equal(stale[i],
		    t->when_exists == EXISTS_STAYS ||
			t->when_exists == EXISTS_VERSIONED);
	}
}

static void
check_drops(struct tx *tx, const struct table *t, const char *rows, size_t n)
{
	int64_t gone, count, left = (int64_t)n;

	for (size_t nprefix = t->nkey; nprefix > 0; nprefix--) {
		int64_t want = 0;

		assert_int_equal(store_count(tx, t, rows, nprefix, &want), OK);
		assert_int_equal(
		    store_drop(tx, t, rows, 1, nprefix, &gone), OK);
		assert_int_equal(gone, want);
		left -= gone;
		assert_int_equal(store_count(tx, t, NULL, 0, &count), OK);
		assert_int_equal(count, left);
	}
	assert_int_equal(store_drop(tx, t, rows, n, t->nkey, NULL), OK);
	assert_int_equal(store_count(tx, t, NULL, 0, &count), OK);
	assert_int_equal(count, 0);
}

static void
every_table_gives_back_what_it_was_given(void **state)
{
	struct fixture *f = *state;
	bool has_parents = false;

	/* The tables that others refer to come first, while nobody does. */
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; tables[i] != NULL; i++) {
			const struct table *t = tables[i];
			char *rows = arena_array(f->arena, ROWS, t->row_size);
			bool stale[ROWS];
			struct tx *tx;
			size_t n;

			if (is_parent(t) != (round == 0))
				continue;
			if (!is_parent(t) && !has_parents)
				save_parents(f);
			has_parents = !is_parent(t);
			if (t == &MEMBER_OF)
				save_members(f);
			n = any_rows(f->arena, t, rows);
			assert_true(n > 1);
			tx = begin(f, t);
			assert_int_equal(store_save(tx, t, rows, n, stale), OK);
			for (size_t r = 0; r < n; r++) {
				assert_false(stale[r]);
				if (t->when_exists == EXISTS_VERSIONED)
					set(t, rows + r * t->row_size,
					    "version", 1);
			}
			check_loads(tx, t, rows, n);
			check_pages(tx, t, rows, n);
			check_rule(tx, t, rows, n);
			check_drops(tx, t, rows, n);
			assert_int_equal(tx_commit(tx), OK);
		}
	}
}

/* A field that no column names would be lost without a word. */
static void
every_field_of_a_row_has_its_column(void **state)
{
	(void)state;
	for (size_t i = 0; tables[i] != NULL; i++) {
		const struct table *t = tables[i];
		size_t covered = 0;

		for (size_t c = 0; c < t->ncolumn; c++) {
			size_t size = t->column[c].size;

			assert_true(t->column[c].offset + size <= t->row_size);
			/* What is shorter than a word may be padded to one. */
			covered += size;
			for (size_t d = 0; d < c; d++)
				assert_int_not_equal(
				    t->column[d].offset, t->column[c].offset);
		}
		assert_true(covered + 8 > t->row_size);
	}
}

static void
a_load_takes_from_none_to_500_keys(void **state)
{
	static const size_t counts[] = { 0, 1, 2, 63, 500 };
	struct fixture *f = *state;
	struct log_row *row = arena_array(f->arena, 500, sizeof(*row));

	for (size_t i = 0; i < 500; i++)
		row[i] = (struct log_row) { 7, LOG_SEQ(1, i), STR("entry") };
	save_all(f, &LOG, row, 500);
	for (size_t i = 0; i < COUNT(counts); i++) {
		struct tx *tx = tx_begin_all(f->reader, &f->cx);
		struct rows got;

		assert_int_equal(
		    store_load(tx, &LOG, row, counts[i], 2, 0, &got), OK);
		assert_int_equal(got.n, counts[i]);
		for (size_t j = 0; j < got.n; j++)
			assert_int_equal(
			    ((struct log_row *)got.row)[j].seq, row[j].seq);
		assert_int_equal(
		    store_load(tx, &LOG, row, counts[i], 1, counts[i], &got),
		    OK);
		assert_int_equal(got.n, counts[i] * counts[i]);
		tx_end(tx);
	}
}

static const struct {
	int64_t stored, given;
	bool	is_stale;
	int64_t after;
} version_cases[] = {
	/* stored given stale after; 0 stored: no row */
	{ 0, 0, false, 1 },
	{ 0, 1, true, 0 },
	{ 1, 0, true, 1 },
	{ 1, 1, false, 2 },
	{ 1, 2, true, 1 },
	{ 3, 2, true, 3 },
	{ 3, 3, false, 4 },
};

static void
only_the_version_that_was_read_is_replaced(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(version_cases); i++) {
		struct person p = a_person(1, 100 + (int64_t)i);
		struct tx *tx = tx_begin_all(f->data, &f->cx);
		struct rows got;
		bool stale;

		for (p.version = 0; p.version < version_cases[i].stored;
		     p.version++)
			assert_int_equal(
			    store_save(tx, &PERSON, &p, 1, &stale), OK);
		p.version = version_cases[i].given;
		p.site = 99;
		assert_int_equal(store_save(tx, &PERSON, &p, 1, &stale), OK);
		assert_int_equal(stale, version_cases[i].is_stale);
		assert_int_equal(p.version, version_cases[i].given);
		assert_int_equal(
		    store_load(tx, &PERSON, &p, 1, 2, 0, &got), OK);
		assert_int_equal(got.n, version_cases[i].after > 0);
		if (got.n > 0) {
			struct person *row = got.row;

			assert_int_equal(row->version, version_cases[i].after);
			assert_int_equal(row->site, stale ? 0 : 99);
		}
		assert_int_equal(tx_commit(tx), OK);
	}
}

/* One stale row does not keep the others from being saved. */
static void
a_stale_row_is_left_out_of_a_set(void **state)
{
	struct fixture *f = *state;
	struct person p[3] = { a_person(1, 1), a_person(1, 2), a_person(1, 3) };
	struct tx *tx;
	bool stale[3];

	save_all(f, &PERSON, p, 3);
	p[0].version = p[2].version = 1;
	p[1].version = 9;
	tx = tx_begin_all(f->data, &f->cx);
	assert_int_equal(store_save(tx, &PERSON, p, 3, stale), OK);
	assert_int_equal(tx_commit(tx), OK);
	assert_false(stale[0]);
	assert_true(stale[1]);
	assert_false(stale[2]);
}

/* What comes of a key that a call has twice is what came of one call after the other. */
static void
rows_of_one_call_follow_each_other(void **state)
{
	struct fixture *f = *state;
	struct person p[4] = { a_person(1, 1), a_person(1, 2), a_person(1, 1),
		a_person(1, 1) };
	struct due_row due[3] = { { 1, 5, 1, .kind = 1 }, { 1, 6, 1, .kind = 1 },
		{ 1, 5, 1, .kind = 2 } };
	struct dictionary_row word[3] = { { 1, STR("a"), .id = 1 },
		{ 1, STR("b"), .id = 2 }, { 1, STR("a"), .id = 3 } };
	struct log_row twice[2] = { { 1, 1, STR("a") }, { 1, 1, STR("b") } };
	struct tx *tx = tx_begin_all(f->data, &f->cx);
	bool stale[4];
	struct rows got;

	p[2].version = 1;
	p[2].site = 7;
	p[3].version = 1;
	p[3].site = 8;
	assert_int_equal(store_save(tx, &PERSON, p, 4, stale), OK);
	assert_false(stale[0] || stale[1] || stale[2]);
	assert_true(stale[3]);
	assert_int_equal(store_load(tx, &PERSON, p, 1, 2, 0, &got), OK);
	assert_int_equal(((struct person *)got.row)->version, 2);
	assert_int_equal(((struct person *)got.row)->site, 7);

	assert_int_equal(store_save(tx, &DUE, due, 3, stale), OK);
	assert_false(stale[0] || stale[1] || stale[2]);
	assert_int_equal(store_load(tx, &DUE, due, 1, 1, 0, &got), OK);
	assert_int_equal(got.n, 2);
	assert_int_equal(((struct due_row *)got.row)->kind, 2);

	assert_int_equal(store_save(tx, &DICTIONARY, word, 3, stale), OK);
	assert_false(stale[0] || stale[1]);
	assert_true(stale[2]);
	assert_int_equal(store_load(tx, &DICTIONARY, word, 1, 2, 0, &got), OK);
	assert_int_equal(((struct dictionary_row *)got.row)->id, 1);

	assert_int_equal(tx_savepoint(tx), OK);
	assert_refused(tx, store_save(tx, &LOG, twice, 2, NULL));
	assert_int_equal(tx_commit(tx), OK);
}

/* --- all of a tenant --------------------------------------------------------- */

static void
fill_every_table(struct fixture *f)
{
	save_parents(f);
	for (size_t i = 0; tables[i] != NULL; i++) {
		const struct table *t = tables[i];
		char *rows = arena_array(f->arena, ROWS, t->row_size);
		bool stale[ROWS];
		struct tx *tx;

		if (is_parent(t))
			continue;
		if (t == &MEMBER_OF)
			save_members(f);
		tx = begin(f, t);
		assert_int_equal(
		    store_save(tx, t, rows, any_rows(f->arena, t, rows), stale),
		    OK);
		assert_int_equal(tx_commit(tx), OK);
	}
}

static int64_t
rows_of(struct fixture *f, const struct table *t, int64_t tenant)
{
	void *key = arena_alloc(f->arena, t->row_size);
	struct tx *tx = begin(f, t);
	int64_t n;

	row_set_int(&t->column[0], key, tenant);
	assert_int_equal(store_count(tx, t, key, 1, &n), OK);
	tx_rollback(tx);
	return n;
}

/* Some at a time, whatever refers to whatever, and nobody else's. */
static void
a_purged_tenant_leaves_nothing_but_that_it_was(void **state)
{
	struct fixture *f = *state;
	int64_t before[2][64], gone[2] = { 0 }, want[2] = { 0 }, n;

	fill_every_table(f);
	for (size_t i = 0; tables[i] != NULL; i++) {
		must(i < COUNT(before[0]));
		for (int t = 0; t < 2; t++)
			before[t][i] = rows_of(f, tables[i], tenants[t]);
		assert_true(before[0][i] > 0);
		if (!table_stays(tables[i]))
			want[tables[i]->db] += before[0][i];
	}
	for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++) {
		do {
			struct tx *tx = tx_begin_all(
			    k == DB_DATA ? f->data : f->keys, &f->cx);

			assert_int_equal(
			    tenant_purge(tx, tenants[0], 7, &n), OK);
			assert_int_equal(tx_commit(tx), OK);
			gone[k] += n;
		} while (n >= 7);
		assert_int_equal(gone[k], want[k]);
	}
	for (size_t i = 0; tables[i] != NULL; i++) {
		assert_int_equal(rows_of(f, tables[i], tenants[0]),
		    table_stays(tables[i]) ? before[0][i] : 0);
		assert_int_equal(
		    rows_of(f, tables[i], tenants[1]), before[1][i]);
	}
	assert_true(db_empty_log(f->data));
	assert_true(db_empty_log(f->keys));
}

int
run_row_tests(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_table_gives_back_what_it_was_given),
		cmocka_unit_test(every_field_of_a_row_has_its_column),
		CASE(a_load_takes_from_none_to_500_keys),
		CASE(only_the_version_that_was_read_is_replaced),
		CASE(a_stale_row_is_left_out_of_a_set),
		CASE(rows_of_one_call_follow_each_other),
		CASE(a_purged_tenant_leaves_nothing_but_that_it_was),
	};

	return cmocka_run_group_tests_name("store rows", tests, NULL, NULL);
}
