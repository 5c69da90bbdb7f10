/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_lists.c - index keys and the lists that have no filter.
 */
#include <string.h>

#include "store_contract.h"

/* A key of KIND whose bytes all are BYTE. */
static struct index_key
key_of(uint8_t kind, uint8_t byte)
{
	struct index_key k = { .kind = kind };

	memset(k.bytes, byte, sizeof(k.bytes));
	return k;
}

static enum err
put(struct fixture *f, int64_t tenant, const struct index_change *c, size_t n)
{
	struct tx *tx = tx_begin_all(f->data, &f->cx);
	enum err err = index_put(tx, tenant, c, n);

	if (err != OK)
		tx_rollback(tx);
	else
		err = tx_commit(tx);
	return err;
}

static int64_t
owner(struct fixture *f, int64_t tenant, struct index_key k)
{
	struct tx *tx = tx_begin_all(f->reader, &f->cx);
	int64_t person;

	assert_int_equal(index_find(tx, tenant, &k, 1, &person), OK);
	tx_end(tx);
	return person;
}

static void
packed_keys_come_back(void **state)
{
	struct fixture *f = *state;
	struct index_key key[] = { key_of(1, 7), key_of(0, 9), key_of(3, 0),
		key_of(0, 255) };
	const struct index_key *got;
	struct str packed = index_pack(f->arena, key, COUNT(key));

	assert_int_equal(packed.n, 2 * 33 + 2 * 7);
	assert_int_equal(index_unpack(f->arena, packed, &got), COUNT(key));
	for (size_t i = 0; i < COUNT(key); i++) {
		assert_int_equal(got[i].kind, key[i].kind);
		assert_memory_equal(
		    got[i].bytes, key[i].bytes, key[i].kind == 0 ? 6 : 32);
	}
	assert_int_equal(index_unpack(f->arena, STR(""), &got), 0);
}

/* Several questions, one wait: each has its own answer, in whatever order they are looked at. */
static void
what_is_asked_for_together_is_answered_apart(void **state)
{
	struct fixture *f = *state;
	struct idempotency_row had[] = {
		{ 1, 100, 7, STR("a"), STR("x"), 5, 201 },
		{ 1, 103, 7, STR("b"), STR("y"), 6, 201 },
		{ 1, 103, 8, STR("b"), STR("z"), 7, 201 },
		{ 2, 105, 7, STR("a"), STR("x"), 8, 201 },
	};
	struct person person[] = { a_person(1, 10), a_person(1, 11) };
	struct rows slots, persons, rows, none;
	bool stale[2];
	struct tx *tx;

	save_all(f, &IDEMPOTENCY, had, COUNT(had));
	save_one(f, &PERSON, &person[0]);
	tx = tx_begin(f->data, &f->cx);
	tx_tenants(tx, NULL, 0, true);
	assert_int_equal(idempotency_slots(tx, 1, 100, 26, &slots), OK);
	assert_int_equal(store_save_later(tx, &PERSON, person, 2, stale), OK);
	assert_int_equal(
	    store_load_later(tx, &PERSON, person, 2, 2, 0, &persons), OK);
	assert_int_equal(
	    store_load_later(tx, &IDEMPOTENCY, had, 4, 4, 0, &rows), OK);
	assert_int_equal(
	    store_load_later(tx, &PERSON, NULL, 0, 2, 0, &none), OK);
	assert_int_equal(store_settle(tx), OK);
	assert_int_equal(slots.n, 2);
	assert_int_equal(((int64_t *)slots.row)[0], 100);
	assert_int_equal(((int64_t *)slots.row)[1], 103);
	/* The first is there already. */
	assert_true(stale[0]);
	assert_false(stale[1]);
	assert_int_equal(persons.n, 2);
	assert_int_equal(rows.n, 4);
	assert_int_equal(rows.key[2], 2);
	assert_int_equal(((struct idempotency_row *)rows.row)[2].onboarding, 7);
	assert_int_equal(none.n, 0);
	/* Who does not wait for an answer has none, and is not in the way. */
	assert_int_equal(
	    store_load_later(tx, &PERSON, person, 2, 2, 0, &rows), OK);
	assert_int_equal(tx_commit(tx), OK);
	tx = tx_begin_all(f->reader, &f->cx);
	assert_int_equal(idempotency_slots(tx, 1, 101, 26, &slots), OK);
	assert_int_equal(idempotency_slots(tx, 1, 104, 26, &none), OK);
	assert_int_equal(store_settle(tx), OK);
	assert_int_equal(slots.n, 1);
	assert_int_equal(none.n, 0);
	tx_end(tx);
}

static void
a_unique_key_belongs_to_one_person_of_a_tenant(void **state)
{
	struct fixture *f = *state;
	struct index_key name = key_of(1, 1);
	struct index_change a = { .person = 10, .put = &name, .nput = 1 };
	struct index_change b = { .person = 20, .put = &name, .nput = 1 };

	assert_int_equal(owner(f, 1, name), 0);
	assert_int_equal(put(f, 1, &a, 1), OK);
	assert_int_equal(put(f, 1, &a, 1), OK);
	assert_int_equal(put(f, 1, &b, 1), ERR_CONFLICT);
	assert_int_equal(f->cx.fault.msg, MSG_STORE_UNIQUE);
	assert_int_equal(put(f, 2, &b, 1), OK);
	assert_int_equal(owner(f, 1, name), 10);
	assert_int_equal(owner(f, 2, name), 20);
	/* Another kind is another name space. */
	name.kind = 2;
	assert_int_equal(owner(f, 1, name), 0);
	assert_int_equal(put(f, 1, &b, 1), OK);
}

static void
two_persons_of_a_batch_cannot_take_one_key(void **state)
{
	struct fixture *f = *state;
	struct index_key name = key_of(1, 1);
	struct index_change c[] = { { .person = 10, .put = &name, .nput = 1 },
		{ .person = 20, .put = &name, .nput = 1 } };

	assert_int_equal(put(f, 1, c, 2), ERR_CONFLICT);
	assert_int_equal(owner(f, 1, name), 0);
}

static void
two_persons_may_swap_their_names(void **state)
{
	struct fixture *f = *state;
	struct index_key one = key_of(1, 1), two = key_of(1, 2);
	struct index_change before[] = {
		{ .person = 10, .put = &one, .nput = 1 },
		{ .person = 20, .put = &two, .nput = 1 }
	};
	struct index_change swap[] = { { .person = 10,
					   .put = &two,
					   .drop = &one,
					   .nput = 1,
					   .ndrop = 1 },
		{ .person = 20,
		    .put = &one,
		    .drop = &two,
		    .nput = 1,
		    .ndrop = 1 } };

	assert_int_equal(put(f, 1, before, 2), OK);
	assert_int_equal(put(f, 1, swap, 2), OK);
	assert_int_equal(owner(f, 1, one), 20);
	assert_int_equal(owner(f, 1, two), 10);
}

static size_t
search(struct fixture *f, const struct index_key *k, size_t n, int64_t after,
    size_t limit, int64_t *person)
{
	struct tx *tx = tx_begin_all(f->reader, &f->cx);
	struct rows got;

	assert_int_equal(index_search(tx, 1, k, n, after, limit, &got), OK);
	for (size_t i = 0; i < got.n; i++)
		person[i] = ((struct search_row *)got.row)[i].person;
	tx_end(tx);
	return got.n;
}

/* Person p has the words of its set bits. */
static void
a_search_finds_who_has_every_word(void **state)
{
	struct fixture *f = *state;
	struct index_key word[4] = { key_of(0, 1), key_of(0, 2), key_of(0, 3),
		key_of(0, 0xff) };
	struct index_change alien = { .person = 15, .put = word, .nput = 4 };
	int64_t got[32];

	for (int64_t p = 1; p < 16; p++) {
		struct index_change c[4];
		size_t n = 0;

		for (size_t w = 0; w < 4; w++)
			if (p & (INT64_C(1) << w))
				c[n++] = (struct index_change) {
					.person = p, .put = &word[w], .nput = 1
				};
		assert_int_equal(put(f, 1, c, n), OK);
	}
	assert_int_equal(put(f, 2, &alien, 1), OK);
	for (unsigned set = 0; set < 16; set++) {
		struct index_key k[4];
		size_t n = 0, want = 0, found;

		for (size_t w = 0; w < 4; w++)
			if (set & (1U << w))
				k[n++] = word[w];
		found = search(f, k, n, 3, 100, got);
		for (int64_t p = 4; p < 16 && n > 0; p++) {
			if (((unsigned)p & set) != set)
				continue;
			assert_true(want < found);
			assert_int_equal(got[want++], p);
		}
		assert_int_equal(found, want);
	}
	assert_int_equal(search(f, word, 1, 0, 2, got), 2);
	assert_int_equal(got[1], 3);
}

static void
a_dropped_word_is_not_found_again(void **state)
{
	struct fixture *f = *state;
	struct index_key word = key_of(0, 5);
	struct index_change c[] = { { .person = 1, .put = &word, .nput = 1 },
		{ .person = 2, .put = &word, .nput = 1 } };
	struct index_change gone = { .person = 1, .drop = &word, .ndrop = 1 };
	int64_t got[8];

	assert_int_equal(put(f, 1, c, 2), OK);
	assert_int_equal(put(f, 1, c, 2), OK);
	assert_int_equal(put(f, 1, &gone, 1), OK);
	assert_int_equal(search(f, &word, 1, 0, 8, got), 1);
	assert_int_equal(got[0], 2);
}

static void
a_search_of_too_many_words_is_refused(void **state)
{
	struct fixture *f = *state;
	struct index_key word[SEARCH_KEYS_MAX + 1];
	struct tx *tx = tx_begin_all(f->reader, &f->cx);
	struct rows got;

	for (size_t i = 0; i < COUNT(word); i++)
		word[i] = key_of(0, (uint8_t)i);
	assert_int_equal(
	    index_search(tx, 1, word, SEARCH_KEYS_MAX, 0, 9, &got), OK);
	assert_int_equal(
	    index_search(tx, 1, word, COUNT(word), 0, 9, &got), ERR_BAD_INPUT);
	assert_int_equal(f->cx.fault.msg, MSG_STORE_SEARCH);
	tx_end(tx);
}

/* --- lists ------------------------------------------------------------------ */

static void
those_before_are_those_of_a_lower_rank_or_longer_there(void **state)
{
	struct fixture *f = *state;
	/* tenant pool rank since person product */
	struct wait_pool row[] = { { 1, 1, 2, 10, 1, 1 }, { 1, 1, 2, 20, 2, 1 },
		{ 1, 1, 4, 5, 3, 1 }, { 1, 1, 9, 1, 4, 1 },
		{ 1, 2, 0, 0, 5, 1 }, { 2, 1, 0, 0, 6, 1 } };
	struct wait_pool ask[] = { row[0], row[1], row[2], row[3],
		{ 1, 1, 3, 0, 0, 0 }, { 1, 7, 9, 9, 0, 0 } };
	static const int64_t want[] = { 0, 1, 2, 3, 2, 0 };
	int64_t before[COUNT(ask)];
	struct tx *tx;

	save_all(f, &WAIT_POOL, row, COUNT(row));
	tx = tx_begin_all(f->reader, &f->cx);
	assert_int_equal(wait_position(tx, ask, COUNT(ask), before), OK);
	tx_end(tx);
	for (size_t i = 0; i < COUNT(ask); i++)
		assert_int_equal(before[i], want[i]);
}

static void
due_work_of_all_active_tenants_comes_by_time(void **state)
{
	struct fixture *f = *state;
	struct tenant_row tenant[] = { { 1, .state = TENANT_ACTIVE },
		{ 2, .state = TENANT_ACTIVE }, { 3, .state = TENANT_ACTIVE },
		{ 4, .state = TENANT_SUSPENDED } };
	struct due_row row[] = { { 1, 50, .id = 1 }, { 1, 10, .id = 2 },
		{ 2, 20, .id = 3 }, { 2, 10, .id = 4 }, { 2, 99, .id = 5 },
		{ 1, INT64_MAX, .id = 6 }, { 4, 15, .id = 7 } };
	static const int64_t want[] = { 2, 4, 3, 1 };
	struct tx *tx = tx_begin_all(f->reader, &f->cx);
	struct rows due;
	int64_t next;

	assert_int_equal(due_next(tx, &next), OK);
	assert_int_equal(next, INT64_MAX);
	assert_int_equal(due_list(tx, INT64_MAX, 10, &due), OK);
	assert_int_equal(due.n, 0);
	tx_end(tx);

	save_all(f, &TENANT, tenant, COUNT(tenant));
	save_all(f, &DUE, row, COUNT(row));
	tx = tx_begin_all(f->reader, &f->cx);
	assert_int_equal(due_next(tx, &next), OK);
	assert_int_equal(next, 10);
	assert_int_equal(due_list(tx, 9, 10, &due), OK);
	assert_int_equal(due.n, 0);
	for (size_t limit = 1; limit <= 10; limit++) {
		assert_int_equal(due_list(tx, 50, limit, &due), OK);
		assert_int_equal(due.n, limit < 4 ? limit : 4);
		for (size_t i = 0; i < due.n; i++)
			assert_int_equal(
			    ((struct due_row *)due.row)[i].id, want[i]);
	}
	tx_end(tx);
}

static int64_t
last_of(struct fixture *f, int64_t tenant)
{
	struct tx *tx = tx_begin_all(f->reader, &f->cx);
	int64_t id;

	assert_int_equal(id_last(tx, tenant, &id), OK);
	tx_end(tx);
	return id;
}

static void
the_last_id_is_the_largest_of_all_tables(void **state)
{
	struct fixture *f = *state;
	struct source_row source = { .tenant = 1, .id = 40 };
	struct import_row_state import = { .tenant = 1, .id = 70 };
	struct job_row job = { .tenant = 1, .id = 30 };
	struct access_row access = { .tenant = 2, .id = 900 };

	assert_int_equal(last_of(f, 1), 0);
	save_all(f, &SOURCE, &source, 1);
	assert_int_equal(last_of(f, 1), 40);
	save_all(f, &IMPORT, &import, 1);
	save_all(f, &JOB, &job, 1);
	save_all(f, &ACCESS_LOG, &access, 1);
	assert_int_equal(last_of(f, 1), 70);
	assert_int_equal(last_of(f, 2), 900);
	assert_int_equal(last_of(f, 3), 0);
}

static void
pages_of_refs_give_those_present_in_key_order(void **state)
{
	struct fixture *f = *state;
	static const char keys[][4] = { "a", "ab", "b", "c", "d" };
	struct source_ref row[COUNT(keys) + 1];
	struct source_ref_page page = { .tenant = 1, .source = 2, .limit = 2 };
	struct tx *tx;
	struct rows got;
	const struct source_ref *ref;

	for (size_t i = 0; i < COUNT(keys); i++)
		row[i] = (struct source_ref) { 1, 2, str_of(keys[i]),
			(int64_t)i, STR("row"), 1 + (i == 2), 0 };
	row[COUNT(keys)] =
	    (struct source_ref) { 1, 3, STR("aa"), 9, STR("r"), 1, 0 };
	save_all(f, &SOURCE_REF, row, COUNT(row));
	tx = tx_begin_all(f->reader, &f->cx);
	assert_int_equal(source_ref_page(tx, &page, &got), OK);
	ref = got.row;
	assert_int_equal(got.n, 2);
	assert_int_equal(ref[0].person, 0);
	assert_int_equal(ref[1].person, 1);
	page.after = ref[1].key;
	assert_int_equal(source_ref_page(tx, &page, &got), OK);
	ref = got.row;
	assert_int_equal(got.n, 2);
	assert_int_equal(ref[0].person, 3);
	assert_int_equal(ref[1].person, 4);
	page.after = ref[1].key;
	assert_int_equal(source_ref_page(tx, &page, &got), OK);
	assert_int_equal(got.n, 0);
	tx_end(tx);
}

/* Three persons with three keys each; the pages never cut a person in two. */
static void
pages_of_old_keys_keep_a_persons_keys_together(void **state)
{
	struct fixture *f = *state;
	struct key_row row[9];
	struct tx *tx;
	struct rows got;
	size_t total = 0;
	int64_t after = 0;

	for (int i = 0; i < 9; i++)
		row[i] = (struct key_row) { 1, 1 + i / 3, i % 3, KEY_ACTIVE, 1,
			i < 8 ? 100 : 200, STR("w") };
	save_all(f, &PERSON_KEY, row, COUNT(row));
	tx = tx_begin_all(f->keys, &f->cx);
	for (;;) {
		assert_int_equal(key_list(tx, 1, after, 200, 2, &got), OK);
		if (got.n == 0)
			break;
		total += got.n;
		after = ((struct key_row *)got.row)[got.n - 1].person;
		assert_int_equal(got.n, after == 3 ? 2 : 3);
	}
	assert_int_equal(total, 8);
	assert_int_equal(key_list(tx, 1, 0, 100, 2, &got), OK);
	assert_int_equal(got.n, 0);
	assert_int_equal(key_list(tx, 1, 0, 201, 100, &got), OK);
	assert_int_equal(got.n, 9);
	tx_rollback(tx);
}

static void
a_sources_enabled_persons_are_counted(void **state)
{
	struct fixture *f = *state;
	struct person p[6];
	struct tx *tx;
	int64_t n;

	for (int i = 0; i < 6; i++) {
		p[i] = a_person(1, i + 1);
		p[i].source = 5;
	}
	p[1].lifecycle = LIFE_LEFT;
	p[2].blocks = 1U << BLOCK_MANUAL;
	p[3].source = 6;
	p[4].tenant = 2;
	save_all(f, &PERSON, p, COUNT(p));
	tx = tx_begin_all(f->reader, &f->cx);
	assert_int_equal(person_count_source(tx, 1, 5, &n), OK);
	assert_int_equal(n, 2);
	tx_end(tx);
}

int
run_list_tests(void)
{
	const struct CMUnitTest tests[] = {
		CASE(packed_keys_come_back),
		CASE(what_is_asked_for_together_is_answered_apart),
		CASE(a_unique_key_belongs_to_one_person_of_a_tenant),
		CASE(two_persons_of_a_batch_cannot_take_one_key),
		CASE(two_persons_may_swap_their_names),
		CASE(a_search_finds_who_has_every_word),
		CASE(a_dropped_word_is_not_found_again),
		CASE(a_search_of_too_many_words_is_refused),
		CASE(those_before_are_those_of_a_lower_rank_or_longer_there),
		CASE(the_last_id_is_the_largest_of_all_tables),
		CASE(due_work_of_all_active_tenants_comes_by_time),
		CASE(pages_of_refs_give_those_present_in_key_order),
		CASE(pages_of_old_keys_keep_a_persons_keys_together),
		CASE(a_sources_enabled_persons_are_counted),
	};

	return cmocka_run_group_tests_name("store lists", tests, NULL, NULL);
}
