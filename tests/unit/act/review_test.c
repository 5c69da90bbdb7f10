/* SPDX-License-Identifier: Apache-2.0 */
/*
 * review_test.c - what happens to orders that meet: several in one commit, a
 * catalogue that changes meanwhile, refusals that must leave nothing behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/id.h"

#include "act/act_int.h"

#include "imports.h"
#include "together.h"

#define TEXT_ROOM (256 * 1024)

static struct order *move_to(struct rig *, int64_t person, const char *site);

static int
setup(void **state)
{
	struct rig *r = heap_alloc(1, sizeof(*r));

	rig_open(r);
	*state = r;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	rig_verify(r);
	rig_close(r);
	heap_free(r);
	clock_set(0);
	return 0;
}

/* --- many words -------------------------------------------------------------- */

#define WORDY	50	/* contracts of each */
#define WORDIES 25

static struct dictionary *
words_of(struct rig *r)
{
	const struct realm *realm;

	assert_int_equal(world_realm(r->world, &r->cx, r->acme, &realm), OK);
	return realm->dictionary;
}

static struct str
long_word(struct rig *r, int person, int contract, const char *kind)
{
	return str_fmt(r->arena, "%s %d %d %0*d", kind, person, contract, 200,
	    0);
}

static void
a_person_may_have_many_unique_addresses(void **state)
{
	struct rig *r = *state;
	struct catalogue_in in = { .text = str_fmt(r->arena,
	    "%ssettings: { person.email_unique: 1 }\n", rig_catalogue) };
	struct catalogue_out *put;
	struct order *o = rig_onboard(r, "ana", "ber", "");
	struct attr *attr = arena_array(r->arena, o->doc.n + 200,
	    sizeof(*attr));
	size_t n = 0;

	assert_int_equal(rig_long(r, catalogue_put, &in, &put), OK);
	for (size_t i = 0; i < o->doc.n; i++)
		if (o->doc.attr[i].id < A_EMAIL_VALUE)
			attr[n++] = o->doc.attr[i];
	for (uint16_t i = 0; i < 200; i++)
		attr[n++] = (struct attr) { A_EMAIL_VALUE, i,
			str_fmt(r->arena, "a%u@example.org", i) };
	o->doc = (struct doc) { attr, n };
	assert_true(rig_onboarded(r, o)->is_new);
}

/* Of a large dictionary a page at a time is opened at start. */
static void
a_large_dictionary_is_there_again_after_a_restart(void **state)
{
	struct rig *r = *state;
	int64_t id = 0;
	size_t n;

	for (int i = 0; i < WORDIES; i++) {
		struct order *o = rig_onboard(r,
		    str_fmt(r->arena, "p%d", i).p, "ber", "");
		struct contract_in *c = arena_array(r->arena, WORDY,
		    sizeof(*c));

		for (int j = 0; j < WORDY; j++) {
			c[j].key = str_fmt(r->arena, "%d", j);
			c[j].title = long_word(r, i, j, "title");
			c[j].department = long_word(r, i, j, "department");
			c[j].cost_center = long_word(r, i, j, "centre");
			c[j].division = long_word(r, i, j, "division");
		}
		o->contract = c;
		o->ncontract = WORDY;
		rig_onboarded(r, o);
	}
	n = dictionary_count(words_of(r));
	assert_true(n >= 4 * WORDY * WORDIES);
	id = dictionary_find(words_of(r), long_word(r, 3, 4, "title"));
	assert_true(id > 0);
	rig_stop(r);
	assert_int_equal(rig_start(r, false), OK);
	assert_int_equal(dictionary_count(words_of(r)), n);
	assert_int_equal(dictionary_find(words_of(r),
	    long_word(r, 3, 4, "title")), id);
}

static void
a_dictionary_that_is_full_takes_no_new_word(void **state)
{
	struct rig *r = *state;
	struct dictionary *words = words_of(r);
	struct order *o = rig_onboard(r, "ana", "ber", "");
	struct contract_in *c = (struct contract_in *)o->contract;
	struct order_out *out;
	char word[1024];
	int64_t id = 1;

	dictionary_add(words, id++, STR("known"));
	for (; !dictionary_is_full(words); id++) {
		int n = snprintf(word, sizeof(word), "%01000lld",
		    (long long)id);

		dictionary_add(words, id, (struct str) { word, (size_t)n });
	}
	c->title = STR("new");
	assert_int_equal(rig_do(r, &person_order, o, &out), ERR_FULL);
	assert_int_equal(r->cx.fault.msg, MSG_ORDER_DICTIONARY);
	c->title = STR("Known");
	assert_true(rig_onboarded(r, o)->is_new);
}

/* --- refusals ---------------------------------------------------------------- */

/* The word goes into the dictionary with the commit, though nobody needs it. */
static void
a_refused_order_may_bring_a_new_word(void **state)
{
	struct rig *r = *state;
	struct order *o = rig_onboard(r, "ana", "ber", "mail");
	struct contract_in *c = (struct contract_in *)o->contract;
	char nobody[ID_TEXT];
	struct order_out *out;

	id_encode(id_new(), nobody);
	c->department = STR("Never heard of");
	c->manager = (struct str) { nobody, sizeof(nobody) };
	assert_int_equal(rig_do(r, &person_order, o, &out), ERR_BAD_INPUT);
	assert_int_equal(r->cx.fault.msg, MSG_ORDER_MANAGER);
	c->manager = STR("");
	assert_true(rig_onboarded(r, o)->is_new);
}

static void
what_a_fault_quotes_is_short(void **state)
{
	struct rig *r = *state;
	char *text = arena_alloc(r->arena, 100001);
	struct str told;

	for (size_t i = 0; i < 100000; i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	assert_int_equal(fail(&r->cx, ERR_BAD_INPUT, MSG_ATTR_UNKNOWN, text,
	    text), ERR_BAD_INPUT);
	told = r->cx.fault.args[0];
	assert_in_range(told.n, 100, 1000);
	assert_true(str_utf8(told));
	assert_true(str_starts(str_of(text), str_sub(told, 0, 100)));
	assert_true(r->cx.fault.field.n < 1000);
}

/* --- scopes ------------------------------------------------------------------- */

static const struct filter *
scope_of(struct rig *r, const char *text)
{
	struct filter *scope;

	assert_int_equal(filter_compile(&r->cx, str_of(text), FILTER_RULE,
	    false, &scope), OK);
	return scope;
}

static void
a_ref_tells_nothing_of_who_is_out_of_scope(void **state)
{
	struct rig *r = *state;
	struct order *ana = rig_onboard(r, "ana", "ber", "mail");
	struct order *bo = rig_onboard(r, "bo", "ber", "mail");
	struct item *item[2];
	struct order_out *out;

	rig_onboarded(r, ana);
	item[0] = together_item(r, &person_order, bo);
	r->actor.id++;
	r->actor.scope = scope_of(r, "site eq \"muc\"");
	assert_int_equal(rig_do(r, &person_order, ana, &out), ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_ORDER_EXISTS);
	/* Nor of one who comes in the same commit. */
	item[1] = together_item(r, &person_order, bo);
	together_do(r, item, COUNT(item));
	assert_int_equal(item[0]->err, OK);
	assert_int_equal(item[1]->err, ERR_CONFLICT);
	r->actor.scope = scope_of(r, "site eq \"ber\"");
	assert_true(rig_onboarded(r, ana)->was_repeated);
}

/* Not as they were before the commit: as the orders before them leave them. */
static void
who_was_just_moved_away_is_not_there_for_the_next(void **state)
{
	struct rig *r = *state;
	struct order *there = move_to(r, rig_onboarded(r, rig_onboard(r,
	    "ana", "ber", ""))->person, "muc"), *back;
	struct order *here = move_to(r, rig_onboarded(r, rig_onboard(r, "bo",
	    "muc", ""))->person, "ber"), *again;
	struct item *item[4];

	back = arena_copy(r->arena, move_to(r, there->person, "ber"),
	    sizeof(*back));
	again = arena_copy(r->arena, move_to(r, here->person, "ber"),
	    sizeof(*again));
	back->if_version = again->if_version = -1;
	item[0] = together_item(r, &person_order, there);
	item[2] = together_item(r, &person_order, here);
	r->actor.scope = scope_of(r, "site eq \"ber\"");
	item[1] = together_item(r, &person_order, back);
	item[3] = together_item(r, &person_order, again);
	together_do(r, item, COUNT(item));
	r->actor.scope = NULL;
	assert_int_equal(item[0]->err, OK);
	assert_int_equal(item[1]->err, ERR_NOT_FOUND);
	assert_int_equal(item[2]->err, OK);
	assert_int_equal(item[3]->err, OK);
}

/* The good rows go in, and the others are told apart. */
static void
rows_out_of_scope_are_rejected_and_end_no_import(void **state)
{
	struct rig *r = *state;
	struct import_report *rep;

	r->actor.scope = scope_of(r, "site eq \"muc\"");
	rep = import(r, HEADER ANA BO CY DI);
	assert_report(rep, 2, 0, 0, 0, 2);
	assert_int_equal(rep->reject[0].fault.msg, MSG_ORDER_SCOPE);
	assert_int_equal(plant_count(r, &PERSON), 2);
}

/* --- the same version twice --------------------------------------------------- */

static struct order *
move_to(struct rig *r, int64_t person, const char *site)
{
	struct order *o = arena_alloc(r->arena, sizeof(*o));
	struct contract_in *c = arena_alloc(r->arena, sizeof(*c));

	c->site = str_of(site);
	*o = (struct order) { .kind = ORDER_CHANGE, .person = person,
		.source = 1, .has_contracts = true, .contract = c,
		.ncontract = 1, .if_version = 1, .priority = 5 };
	return o;
}

/* Neither touches the record: only the row's version tells them apart. */
static void
one_version_is_changed_once_also_within_a_commit(void **state)
{
	struct rig *r = *state;
	int64_t id = rig_onboarded(r, rig_onboard(r, "ana", "ber", ""))
	    ->person;
	struct item *item[2];

	item[0] = together_item(r, &person_order, move_to(r, id, "muc"));
	item[1] = together_item(r, &person_order, move_to(r, id, ""));
	together_do(r, item, COUNT(item));
	assert_int_equal(item[0]->err, OK);
	assert_int_equal(item[1]->err, ERR_STALE);
}

/* --- a catalogue in the same commit -------------------------------------------- */

/* The rig's catalogue without its last pool. */
static struct str
without_last_pool(struct rig *r)
{
	struct str text = str_copy(r->arena, str_of(rig_catalogue));

	text.n--;
	while (text.p[text.n - 1] != '\n')
		text.n--;
	return text;
}

static void
a_pool_that_goes_gives_no_seat_in_the_same_commit(void **state)
{
	struct rig *r = *state;
	struct catalogue_in cat = { .text = without_last_pool(r),
		.allow_removals = true, .reason = STR("fewer") };
	struct order *o = rig_onboard(r, "ana", "ber", "all");
	struct item *item[2];

	item[0] = together_item(r, &catalogue_apply, &cat);
	item[1] = together_item(r, &person_order, o);
	together_do(r, item, COUNT(item));
	/* She came before it, whatever the order of arrival: it sees her seat. */
	assert_int_equal(item[1]->err, OK);
	assert_int_equal(item[0]->err, ERR_CONFLICT);
	assert_int_equal(item[0]->cx->fault.msg, MSG_CATALOGUE_POOL);
	assert_int_equal(rig_assigned(r, "all-global"), 1);
}

static void
a_quota_of_a_pool_that_goes_is_no_bug(void **state)
{
	struct rig *r = *state;
	struct catalogue_in cat = { .text = without_last_pool(r),
		.allow_removals = true, .reason = STR("fewer") };
	struct quota_in quota = { STR("all-global"), 7, -1 };
	struct item *item[2];

	item[0] = together_item(r, &catalogue_apply, &cat);
	item[1] = together_item(r, &pool_quota, &quota);
	together_do(r, item, COUNT(item));
	assert_int_equal(item[1]->err, OK);
	assert_int_equal(item[0]->err, OK);
}

/* --- an entry of many changes --------------------------------------------------- */

static struct str
many_products(struct rig *r, size_t n)
{
	struct buf b;

	buf_init(&b, r->arena, TEXT_ROOM);
	buf_z(&b, "catalogue: 1\nproducts:\n");
	for (size_t i = 0; i < n; i++)
		buf_fmt(&b, "  p%zu: { name: P, grant: 'active eq true' }\n",
		    i);
	buf_z(&b, "pools:\n");
	for (size_t i = 0; i < n; i++)
		buf_fmt(&b, "  p%zu: { product: p%zu, quota: 3 }\n", i, i);
	assert_false(b.over);
	return buf_view(&b);
}

/* The teardown replays the log: doubled changes would not give the tables. */
static void
changes_that_do_not_fit_one_entry_stand_in_several(void **state)
{
	struct rig *r = *state;
	struct catalogue_in cat = { .text = many_products(r, 300),
		.allow_removals = true, .reason = STR("others") };
	struct catalogue_out *applied;
	struct order *o = rig_onboard(r, "ana", "", "");
	struct order_out *out;

	o->ncontract = 0;
	o->has_contracts = false;
	assert_int_equal(rig_long(r, catalogue_put, &cat, &applied), OK);
	out = rig_onboarded(r, o);
	assert_int_equal(out->nseat, 300);
	assert_true(out->log_seq > 0);
}

/* --- days in several zones ------------------------------------------------------- */

static const char zones[] =
    "catalogue: 1\n"
    "sites:\n"
    "  ny: { name: New York, country: US, zone: America/New_York }\n"
    "  tok: { name: Tokyo, country: JP, zone: Asia/Tokyo }\n"
    "products: { mail: { name: Mail } }\n"
    "pools: { mail: { product: mail, quota: 9 } }\n";

static bool
is_due(struct rig *r, int64_t person, int64_t after_ms)
{
	struct ctx cx = { .arena = r->arena };
	struct db *db = db_open_reader(r->store, DB_DATA);
	struct tx *tx = tx_begin(db, &cx);
	struct rows rows;
	bool found = false;

	assert_int_equal(due_list(tx, INT64_MAX, 1000, &rows), OK);
	tx_end(tx);
	db_close(db);
	for (size_t i = 0; i < rows.n; i++) {
		const struct due_row *d = &((struct due_row *)rows.row)[i];

		found |= d->subject == person && d->due_ms > after_ms;
	}
	return found;
}

/*
 * Her Tokyo contract ends; one in New York has ended long ago.  Whichever is
 * looked at first, the day is that of the one that counts.
 */
static void
the_last_day_is_that_of_the_contract_that_counts(void **state)
{
	struct rig *r = *state;
	struct catalogue_in cat = { .text = str_of(zones),
		.allow_removals = true, .reason = STR("others") };
	struct order clock = { .kind = ORDER_CLOCK };
	struct catalogue_out *applied;
	struct order_out *out;
	int64_t now;

	assert_true(time_parse(STR("2026-11-20T12:00:00.000Z"), &now));
	clock_set(now);
	assert_int_equal(rig_long(r, catalogue_put, &cat, &applied), OK);
	for (size_t i = 0; i < 8; i++) {
		const char *ref = str_z(r->arena,
		    str_fmt(r->arena, "p%zu", i));
		struct order *o = rig_onboard(r, ref, "tok", "mail");
		struct contract_in *c = arena_array(r->arena, 2, sizeof(*c));

		c[0] = (struct contract_in) { .key = STR("a"),
			.site = STR("ny"), .start = STR("2020-01-01"),
			.end = STR("2021-01-01") };
		c[1] = (struct contract_in) { .key = STR("b"),
			.site = STR("tok"), .start = STR("2022-01-01"),
			.end = STR("2026-11-30") };
		o->contract = c;
		o->ncontract = 2;
		assert_true(time_parse(STR("2026-11-20T12:00:00.000Z"), &now));
		clock_set(now);
		clock.person = rig_onboarded(r, o)->person;
		assert_true(is_due(r, clock.person, now));
		/* Just after midnight in Tokyo: afternoon in New York. */
		assert_true(time_parse(STR("2026-11-30T15:00:01.000Z"), &now));
		clock_set(now);
		assert_int_equal(rig_do(r, &person_order, &clock, &out), OK);
		assert_true(out->lifecycle == LIFE_LEFT
		    || is_due(r, clock.person, now));
		assert_int_equal(out->lifecycle, LIFE_LEFT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(a_person_may_have_many_unique_addresses),
		T(a_large_dictionary_is_there_again_after_a_restart),
		T(a_dictionary_that_is_full_takes_no_new_word),
		T(a_refused_order_may_bring_a_new_word),
		T(what_a_fault_quotes_is_short),
		T(a_ref_tells_nothing_of_who_is_out_of_scope),
		T(who_was_just_moved_away_is_not_there_for_the_next),
		T(rows_out_of_scope_are_rejected_and_end_no_import),
		T(one_version_is_changed_once_also_within_a_commit),
		T(a_pool_that_goes_gives_no_seat_in_the_same_commit),
		T(a_quota_of_a_pool_that_goes_is_no_bug),
		T(changes_that_do_not_fit_one_entry_stand_in_several),
		T(the_last_day_is_that_of_the_contract_that_counts),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
