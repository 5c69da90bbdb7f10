/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scope_test.c - lists and files under a scope: a page holds whoever is seen,
 * and tells nothing of the many who are not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

#include "core/filter.h"

#include "imports.h"

#define MANY	 1205	/* more than a list reads at once */
#define OTHERS	 5001
#define TEXT_MAX (1 << 20)
#define FAR	 "9;Fern;Ed;ed@example.org;München;Lager;3;V9;01.02.2020;\n"

static void
see_only(struct rig *r, const char *text)
{
	struct filter *scope;

	assert_int_equal(
	    filter_compile(&r->cx, str_of(text), FILTER_RULE, false, &scope),
	    OK);
	r->actor.scope = scope;
}

/*
 * MANY persons in Munich and three among them in Berlin, all of a department
 * that gets a product for which most have to wait.
 */
static const char *
crowd(struct rig *r)
{
	struct buf b;

	buf_init(&b, r->arena, TEXT_MAX);
	buf_z(&b, HEADER);
	for (int i = 1; i <= MANY; i++)
		buf_fmt(&b,
		    "%d;Viele;V%d;v%d@example.org;%s;Vertrieb;;W%d;"
		    "01.02.2020;\n",
		    i, i, i,
		    i == 10 || i == 600 || i == MANY ? "Berlin HQ" : "München",
		    i);
	return str_z(r->arena, buf_view(&b));
}

static void
raise_quota(struct rig *r)
{
	struct quota_in quota = { STR("all-global"), 2 * MANY, -1 };
	struct quota_out *out;

	assert_int_equal(rig_do(r, &pool_quota, &quota, &out), OK);
}

/* Page after page of one: every page is full, and nothing follows the last. */
static void
waits_by_one(struct rig *r, int64_t *person)
{
	struct page_in page = { .of = STR("all"), .limit = 1 };
	struct waits_out *out;
	int64_t place = 0;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(rig_query(r, waits_list, &page, &out), OK);
		assert_int_equal(out->n, 1);
		assert_true(out->wait[0].position > place);
		place = out->wait[0].position;
		person[i] = page.after = out->wait[0].row.person;
		assert_int_equal(out->next, i < 2 ? person[i] : 0);
	}
}

static void
seats_by_one(struct rig *r, const int64_t *person)
{
	struct page_in page = { .of = STR("all"), .limit = 1 };
	struct seats_out *out;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(rig_query(r, seats_list, &page, &out), OK);
		assert_int_equal(out->n, 1);
		page.after = out->seat[0].row.person;
		assert_true(page.after == person[0] ||
		    page.after == person[1] || page.after == person[2]);
		assert_int_equal(out->next, i < 2 ? page.after : 0);
	}
}

static void
found_by_two(struct rig *r)
{
	struct page_in page = { .of = STR("viele"), .limit = 2 };
	struct persons_out *out;

	assert_int_equal(rig_query(r, persons_list, &page, &out), OK);
	assert_int_equal(out->n, 2);
	assert_int_equal(out->next, out->person[1].row.id);
	page.after = out->next;
	assert_int_equal(rig_query(r, persons_list, &page, &out), OK);
	assert_int_equal(out->n, 1);
	assert_int_equal(out->next, 0);
}

static void
a_page_is_full_however_many_are_not_seen(void **state)
{
	struct rig *r = *state;
	struct page_in page = { .of = STR("all"), .limit = 1 };
	struct seats_out *none;
	int64_t person[3];

	assert_report(import(r, crowd(r)), MANY, 0, 0, 0, 0);
	see_only(r, "site eq \"ber\"");
	waits_by_one(r, person);
	found_by_two(r);
	r->actor.scope = NULL;
	raise_quota(r);
	see_only(r, "site eq \"ber\"");
	seats_by_one(r, person);
	see_only(r, "title eq \"nobody has it\"");
	assert_int_equal(rig_query(r, seats_list, &page, &none), OK);
	assert_int_equal(none->n, 0);
	assert_int_equal(none->next, 0);
}

/* Copies of somebody, with all that they are found by, whom another source brought. */
static void
others_like(struct rig *r, const struct person *who, size_t n)
{
	const struct rows words = plant_rows(r, &IX_SEARCH);
	struct person *p = arena_array(r->arena, n, sizeof(*p));
	struct search_row *word =
	    arena_array(r->arena, n * words.n, sizeof(*word));
	size_t nword = 0;

	for (size_t i = 0; i < n; i++) {
		p[i] = *who;
		p[i].id = 1 + (int64_t)i; /* nobody has these */
		p[i].source = who->source + 1;
		p[i].version = 0;
		for (size_t j = 0; j < words.n; j++) {
			word[nword] = ((struct search_row *)words.row)[j];
			if (word[nword].person == who->id)
				word[nword++].person = p[i].id;
		}
	}
	plant_all(r, &PERSON, p, n);
	plant_all(r, &IX_SEARCH, word, nword);
}

/* Others whom the same word finds, however many, are not told of by a refusal. */
static void
ones_own_are_found_among_many_of_others(void **state)
{
	struct rig *r = *state;
	struct page_in page = {
		.filter = STR("emails.value eq \"ana@example.org\""),
		.limit = 100,
		.first = 1,
		.is_counted = true
	};
	struct persons_out *out;
	struct person ana;

	assert_report(import(r, HEADER ANA BO CY), 3, 0, 0, 0, 0);
	ana = person_named(r, "ana.muster")->row;
	page.source = ana.source;
	others_like(r, &ana, OTHERS);
	assert_int_equal(rig_query(r, persons_list, &page, &out), OK);
	assert_int_equal(out->total, 1);
	assert_int_equal(out->person[0].row.id, ana.id);
	page.filter =
	    STR("emails.value eq \"ana@example.org\" and active eq false");
	assert_int_equal(rig_query(r, persons_list, &page, &out), OK);
	assert_int_equal(out->total, 0);
	/* Theirs are too many for whom they are. */
	page.source = 0;
	page.filter = STR("name.givenName sw \"ana\"");
	assert_int_equal(
	    rig_query(r, persons_list, &page, &out), ERR_BAD_INPUT);
	assert_int_equal(r->cx.fault.msg, MSG_QUERY_TOO_MANY);
	see_only(r, "site eq \"muc\"");
	assert_int_equal(rig_query(r, persons_list, &page, &out), OK);
	assert_int_equal(out->total, 0);
}

/* --- roles ---------------------------------------------------------------------- */

static void
give(struct rig *r, int64_t person, const char *role)
{
	struct order o = { .kind = ORDER_ROLE_GIVE, .person = person,
		.reason = STR("for the test"), .body = STR("{}"),
		.role = str_of(role) };
	struct order_out *out;

	assert_int_equal(rig_do(r, &person_order, &o, &out), OK);
}

static void
roles_of_who_is_not_seen_are_not_there(void **state)
{
	struct rig *r = *state;
	int64_t ana =
	    rig_onboarded(r, rig_onboard(r, "ana", "ber", ""))->person;
	int64_t bo = rig_onboarded(r, rig_onboard(r, "bo", "muc", ""))->person;
	int64_t cy = rig_onboarded(r, rig_onboard(r, "cy", "ber", ""))->person;
	int64_t di = rig_onboarded(r, rig_onboard(r, "di", "muc", ""))->person;
	struct page_in page = { .limit = 1 }, of_bo = { .person = bo };
	struct roles_out *out;

	give(r, ana, "hr");
	give(r, ana, "auditor");
	give(r, bo, "hr");
	give(r, cy, "hr");
	give(r, di, "hr");
	see_only(r, "site eq \"ber\"");
	assert_int_equal(rig_query(r, roles_held_list, &page, &out), OK);
	assert_int_equal(out->n, 2); /* never parted */
	assert_int_equal(out->next, ana);
	page.after = ana;
	assert_int_equal(rig_query(r, roles_held_list, &page, &out), OK);
	assert_int_equal(out->n, 1);
	assert_int_equal(out->role[0].row.person, cy);
	assert_int_equal(out->next, 0);
	assert_int_equal(
	    rig_query(r, roles_held_list, &of_bo, &out), ERR_NOT_FOUND);
	of_bo.person = bo + 1000;
	assert_int_equal(
	    rig_query(r, roles_held_list, &of_bo, &out), ERR_NOT_FOUND);
}

/* --- files ---------------------------------------------------------------------- */

/*
 * Whether a row says what is stored of somebody unseen is not told, nor how
 * many are not in the file; and nobody of them leaves.
 */
static void
a_file_is_silent_on_who_is_not_seen(void **state)
{
	struct rig *r = *state;
	struct import_open_in in = asked();
	struct import_report *rep;

	assert_report(import(r, HEADER ANA BO CY DI), 4, 0, 0, 0, 0);
	see_only(r, "site eq \"ber\"");
	in.is_dry = true;
	assert_report(imported(r, &in, HEADER ANA BO CY DI), 2, 0, 2, 0, 0);
	assert_report(imported(r, &in, HEADER ANA CY), 1, 0, 1, 1, 0);
	in.is_dry = false;
	rep = imported(r, &in, HEADER ANA BO CY FAR);
	assert_report(rep, 0, 0, 1, 1, 3);
	/* Two who are there, and one who is not. */
	for (size_t i = 0; i < 3; i++) {
		const struct fault *f = &rep->reject[i].fault;

		assert_int_equal(f->err, ERR_DENIED);
		assert_int_equal(f->msg, MSG_ORDER_SCOPE);
		assert_true(str_eq(f->field, STR("person")));
	}
	r->actor.scope = NULL;
	assert_int_equal(
	    person_named(r, "bo.lang")->row.lifecycle, LIFE_ACTIVE);
	rig_verify(r);
}

static int
open_rig(void **state)
{
	static struct rig rig;

	rig_open(&rig);
	*state = &rig;
	return 0;
}

static int
close_rig(void **state)
{
	rig_close(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_page_is_full_however_many_are_not_seen, open_rig,
		    close_rig),
		cmocka_unit_test_setup_teardown(
		    ones_own_are_found_among_many_of_others, open_rig,
		    close_rig),
		cmocka_unit_test_setup_teardown(
		    roles_of_who_is_not_seen_are_not_there, open_rig,
		    close_rig),
		cmocka_unit_test_setup_teardown(
		    a_file_is_silent_on_who_is_not_seen, open_rig, close_rig),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
