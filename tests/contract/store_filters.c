/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_filters.c - a filter as SQL and filter_match() are one judgement: over
 * 500 persons of chance they must name the same.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#include "core/filter.h"

#include "store_contract.h"

#define PERSONS	      500
#define CONTRACTS_MAX 3
#define GROUPS	      100
#define TENANT_HERE   4
#define TODAY	      20000
#define NOW_MS	      (INT64_C(86400000) * TODAY)

/* Id i + 1 of every attribute; the last is nobody's. */
static const char *const words[] = { "Berlin", "Zürich", "Sales", "sales-eu",
	"Straße", "IT", "nobody" };
#define WORDS ((int64_t)COUNT(words) - 1)

struct people {
	struct person	person[PERSONS];
	struct contract contract[PERSONS][CONTRACTS_MAX];
	size_t		ncontract[PERSONS];
};

static int64_t
find(const void *arg, enum attribute attribute, struct str value)
{
	(void)arg;
	(void)attribute;
	for (size_t i = 0; i < COUNT(words); i++)
		if (str_eq_nocase(value, str_of(words[i])))
			return (int64_t)i + 1;
	return 0;
}

static struct str
text(const void *arg, enum attribute attribute, int64_t id)
{
	(void)arg;
	(void)attribute;
	return str_of(
	    id > 0 && id <= (int64_t)COUNT(words) ? words[id - 1] : NULL);
}

static const struct filter_names names = { find, text, NULL };

static const char *const filters[] = {
	"department eq \"sales\"", "department ne \"sales\"",
	"department eq \"unknown\"", "department ne \"unknown\"",
	"department eq \"nobody\"",
	"site eq \"Berlin\"", "title pr", "not (title pr)",
	"costCenter eq \"IT\" or division eq \"IT\"",
	"organization eq \"IT\" and country eq \"IT\"",
	"preferredLanguage eq \"IT\" and not (userType eq \"IT\")",
	"source eq \"Berlin\"", "lifecycle eq \"active\"",
	"lifecycle ne \"left\"", "certification eq \"new\"",
	"active eq true", "active eq false", "active ne true", "active pr",
	"start eq \"2024-10-04\"", "start gt \"2024-10-04\"",
	"start ge \"2024-10-04\"", "end lt \"2024-10-04\"",
	"end le \"2024-10-04\"", "end pr", "not (end gt \"2024-10-04\")",
	"start gt now", "start le now+5d", "end lt now-2w",
	"title co \"ale\"", "title co \"SALES\"", "title sw \"sal\"",
	"title ew \"eu\"", "title gt \"it\"", "title ge \"it\"",
	"title lt \"sales\"", "title le \"sales\"", "title co \"zzz\"",
	"not (title co \"ale\")", "title sw \"STRASSE\"",
	"site sw \"z\"", "organization co \"i\"", "source ew \"n\"",
	"country gt \"berlin\"",
	"any contract (department eq \"sales\")",
	"all contract (department eq \"sales\")",
	"any contract (start gt now)", "all contract (end lt now)",
	"any contract (site eq \"Berlin\" and department ne \"IT\")",
	"all contract (not (site eq \"Berlin\") or title pr)",
	"any contract (title co \"ale\")",
	"not (any contract (title pr)) and active eq true",
	"any contract (site eq \"IT\") and all contract (start le now)",
	"(site eq \"Berlin\" or site eq \"IT\") and (title pr or title co \"a\") and not (lifecycle eq \"left\")",
};

static int64_t
any_word(void)
{
	return chance() % 3 == 0 ? 0 : 1 + BELOW(WORDS);
}

static int64_t
any_day(void)
{
	return chance() % 3 == 0 ? 0 : DAY_BIAS + TODAY - 30 + BELOW(60);
}

static struct contract
any_contract(const struct person *p, int64_t id)
{
	return (struct contract) { .tenant = p->tenant,
		.person = p->id,
		.id = id,
		.source = any_word(),
		.site = any_word(),
		.department = any_word(),
		.title = any_word(),
		.cost_center = any_word(),
		.division = any_word(),
		.organization = any_word(),
		.start_day = any_day(),
		.end_day = any_day(),
		.is_primary = id == 0 };
}

/* As act/ has it: the first contract is the primary, whose values the person has. */
static struct person
any_person(int64_t id, const struct contract *c, size_t n)
{
	struct person p = a_person(TENANT_HERE, id);

	p.lifecycle = (enum lifecycle)(1 + BELOW(4));
	p.certification = (enum certification)(1 + BELOW(3));
	p.blocks = chance() % 4 == 0 ? 2 : 0;
	p.source = any_word();
	p.country = any_word();
	p.language = any_word();
	p.user_type = any_word();
	if (n == 0)
		return p;
	p.site = c->site;
	p.department = c->department;
	p.title = c->title;
	p.cost_center = c->cost_center;
	p.division = c->division;
	p.organization = c->organization;
	p.start_day = c->start_day;
	p.end_day = c->end_day;
	return p;
}

static struct people *
save_people(struct fixture *f)
{
	struct people *all = arena_alloc(f->arena, sizeof(*all));
	/* The same ids in another tenant must never be seen, nor their contracts. */
	struct person *alien = arena_array(f->arena, PERSONS, sizeof(*alien));

	for (size_t i = 0; i < PERSONS; i++) {
		struct person who = a_person(TENANT_HERE, 10 + (int64_t)i * 3);

		all->ncontract[i] = (size_t)BELOW(CONTRACTS_MAX + 1);
		for (size_t c = 0; c < all->ncontract[i]; c++)
			all->contract[i][c] = any_contract(&who, (int64_t)c);
		all->person[i] =
		    any_person(who.id, all->contract[i], all->ncontract[i]);
		alien[i] = all->person[i];
		alien[i].tenant++;
	}
	save_all(f, &PERSON, all->person, PERSONS);
	save_all(f, &PERSON, alien, PERSONS);
	for (size_t i = 0; i < PERSONS; i++) {
		struct contract other = any_contract(&alien[i], 7);

		save_all(f, &CONTRACT, all->contract[i], all->ncontract[i]);
		save_one(f, &CONTRACT, &other);
	}
	for (int64_t id = 1; id <= (int64_t)COUNT(words); id++) {
		struct dictionary_row word = { TENANT_HERE,
			str_of(words[id - 1]), id, STR("sealed") };
		struct source_row source = { TENANT_HERE, id, STR("sealed"),
			STR("key"), 1, 0 };

		save_one(f, &DICTIONARY, &word);
		save_one(f, &SOURCE, &source);
	}
	return all;
}

static const struct filter *
compile(struct fixture *f, const char *z)
{
	struct filter *filter;

	if (filter_compile(&f->cx, str_of(z), FILTER_RULE, false, &filter) !=
	    OK)
		FLUNK("%s: not a filter: %s\n", z, msg_name(f->cx.fault.msg));
	return filter;
}

static bool
matches(struct people *all, size_t i, const struct filter *filter)
{
	struct facts facts, contract[CONTRACTS_MAX];
	struct filter_subject s = { &facts, contract, all->ncontract[i],
		NOW_MS, TODAY };

	person_facts(&all->person[i], &facts);
	for (size_t c = 0; c < all->ncontract[i]; c++)
		contract_facts(&all->contract[i][c], &contract[c]);
	return filter == NULL || filter_match(filter, &names, &s);
}

/* Lists by pages of 100 and compares with what filter_match() picks; how many. */
static size_t
compare(struct fixture *f, struct people *all, const struct filter *filter,
    const struct filter *scope)
{
	struct person_query q = { .tenant = TENANT_HERE, .filter = filter,
		.scope = scope, .names = &names, .today = TODAY, .limit = 100 };
	struct tx *tx = tx_begin_all(f->reader, &f->cx);
	struct rows got = { 0 };
	size_t at = 0, n = 0;

	for (size_t i = 0; i < PERSONS; i++) {
		const struct person *row;

		if (!matches(all, i, filter) || !matches(all, i, scope))
			continue;
		if (at == got.n) {
			assert_int_equal(person_list(tx, &q, &got), OK);
			at = 0;
		}
		assert_true(at < got.n);
		row = (struct person *)got.row + at++;
		assert_int_equal(row->tenant, TENANT_HERE);
		assert_int_equal(row->id, all->person[i].id);
		q.after = row->id;
		n++;
	}
	assert_int_equal(at, got.n);
	assert_int_equal(person_list(tx, &q, &got), OK);
	assert_int_equal(got.n, 0);
	tx_end(tx);
	return n;
}

static void
a_list_names_those_that_match(void **state)
{
	struct fixture *f = *state;
	struct people *all = save_people(f);
	size_t some = 0;

	assert_int_equal(compare(f, all, NULL, NULL), PERSONS);
	for (size_t i = 0; i < COUNT(filters); i++) {
		const struct filter *filter = compile(f, filters[i]);
		size_t n = compare(f, all, filter, NULL);

		assert_int_equal(n,
		    compare(
			f, all, filter_bind(f->arena, filter, &names), NULL));
		some += n > 0 && n < PERSONS;
	}
	/* Or the comparison would say little. */
	assert_true(some > COUNT(filters) * 3 / 4);
}

static void
a_scope_bounds_every_filter(void **state)
{
	struct fixture *f = *state;
	struct people *all = save_people(f);
	const struct filter *scope = compile(
	    f, "organization eq \"IT\" or any contract (site eq \"Berlin\")");

	assert_in_range(compare(f, all, NULL, scope), 1, PERSONS - 1);
	for (size_t i = 0; i < COUNT(filters); i++)
		compare(f, all, compile(f, filters[i]), scope);
}

static void
without_names_nobody_has_any(void **state)
{
	struct fixture *f = *state;
	struct person_query q = { .tenant = TENANT_HERE, .limit = PERSONS };
	struct tx *tx;
	struct rows got;

	save_people(f);
	tx = tx_begin_all(f->reader, &f->cx);
	q.filter = compile(f, "site eq \"Berlin\" or title co \"a\"");
	assert_int_equal(person_list(tx, &q, &got), OK);
	assert_int_equal(got.n, 0);
	q.filter = compile(f, "site ne \"Berlin\"");
	assert_int_equal(person_list(tx, &q, &got), OK);
	assert_int_equal(got.n, PERSONS);
	tx_end(tx);
}

static void
single_persons_are_in_scope_or_not(void **state)
{
	struct fixture *f = *state;
	struct people *all = save_people(f);
	const struct filter *scope = compile(f, "site eq \"Berlin\"");
	struct person_query q = { .tenant = TENANT_HERE, .scope = scope,
		.names = &names, .today = TODAY };
	int64_t ids[PERSONS + 2];
	bool in[PERSONS + 2];
	struct tx *tx = tx_begin_all(f->reader, &f->cx);

	/* Backwards, with one that nobody has and one twice. */
	for (size_t i = 0; i < PERSONS; i++)
		ids[i] = all->person[PERSONS - 1 - i].id;
	ids[PERSONS] = 1;
	ids[PERSONS + 1] = ids[0];
	assert_int_equal(person_in_scope(tx, &q, ids, PERSONS + 2, in), OK);
	for (size_t i = 0; i < PERSONS; i++)
		assert_int_equal(in[i], matches(all, PERSONS - 1 - i, scope));
	assert_false(in[PERSONS]);
	assert_int_equal(in[PERSONS + 1], in[0]);
	assert_int_equal(person_in_scope(tx, &q, ids, 0, in), OK);
	q.scope = NULL;
	assert_int_equal(person_in_scope(tx, &q, ids, PERSONS + 1, in), OK);
	assert_true(in[0]);
	assert_false(in[PERSONS]);
	for (size_t i = 0; i < PERSONS && q.source == 0; i++)
		q.source = all->person[i].source;
	assert_int_not_equal(q.source, 0);
	assert_int_equal(person_in_scope(tx, &q, ids, PERSONS, in), OK);
	for (size_t i = 0; i < PERSONS; i++)
		assert_int_equal(in[i],
		    all->person[PERSONS - 1 - i].source == q.source);
	q.source = 0;
	q.is_present = true;
	assert_int_equal(person_in_scope(tx, &q, ids, PERSONS, in), OK);
	for (size_t i = 0; i < PERSONS; i++)
		assert_int_equal(in[i],
		    all->person[PERSONS - 1 - i].lifecycle < LIFE_LEFT);
	tx_end(tx);
}

/* Every person is in the group of the rest of their place, by GROUPS. */
static void
groups_are_in_scope_with_somebody_in_them(void **state)
{
	struct fixture *f = *state;
	struct people *all = save_people(f);
	const struct filter *scope = compile(
	    f, "site eq \"Berlin\" and department eq \"IT\" and title pr");
	struct person_query q = { .tenant = TENANT_HERE, .scope = scope,
		.names = &names, .today = TODAY };
	struct group_row group[GROUPS] = { { 0 } };
	struct member_row member[PERSONS];
	bool is_seen[GROUPS] = { false };
	struct tx *tx;
	struct rows got, one;
	size_t n = 0;

	for (size_t i = 0; i < GROUPS; i++)
		group[i] = (struct group_row) { .tenant = TENANT_HERE,
			.id = 1 + (int64_t)i,
			.name = STR("sealed") };
	for (size_t i = 0; i < PERSONS; i++) {
		member[i] = (struct member_row) { TENANT_HERE,
			group[i % GROUPS].id, all->person[i].id, 1, 1 };
		is_seen[i % GROUPS] |= matches(all, i, scope);
	}
	save_all(f, &GROUP, group, GROUPS);
	tx = tx_begin_all(f->data, &f->cx);
	assert_int_equal(members_add(tx, member, PERSONS, NULL), OK);
	assert_int_equal(tx_commit(tx), OK);
	tx = tx_begin_all(f->reader, &f->cx);
	assert_int_equal(groups_in_scope(tx, &q, 0, &got), OK);
	for (size_t i = 0; i < GROUPS; i++) {
		assert_int_equal(
		    groups_in_scope(tx, &q, group[i].id, &one), OK);
		assert_int_equal(one.n, is_seen[i]);
		if (is_seen[i])
			assert_int_equal(
			    ((int64_t *)got.row)[n++], group[i].id);
	}
	assert_int_equal(got.n, n);
	assert_in_range(n, 1, GROUPS - 1);
	tx_end(tx);
}

static void
a_sealed_attribute_cannot_be_listed_by(void **state)
{
	struct fixture *f = *state;
	struct filter *filter;
	struct person_query q = { .tenant = TENANT_HERE, .limit = 10 };
	struct tx *tx = tx_begin_all(f->reader, &f->cx);
	struct rows got;
	bool in;

	assert_int_equal(filter_compile(&f->cx,
			     STR("active eq true and userName eq \"ana\""),
			     FILTER_SCIM, true, &filter),
	    OK);
	q.filter = filter;
	assert_int_equal(person_list(tx, &q, &got), ERR_BAD_INPUT);
	assert_int_equal(f->cx.fault.msg, MSG_STORE_FILTER);
	assert_true(str_eq(f->cx.fault.field, STR("filter")));
	assert_true(str_eq(f->cx.fault.args[0], STR("userName")));
	q.scope = filter;
	assert_int_equal(
	    person_in_scope(tx, &q, &q.tenant, 1, &in), ERR_BAD_INPUT);
	tx_end(tx);
}

static bool
is_found(struct people *all, size_t i, const struct filter *filter,
    const struct filter *scope)
{
	return all->person[i].lifecycle < LIFE_LEFT &&
	    matches(all, i, filter) && matches(all, i, scope);
}

/* A key leads to every third; a list of them shows whom the rest of the question is true of. */
static void
a_search_key_is_asked_beside_a_filter(void **state)
{
	struct fixture *f = *state;
	struct people *all = save_people(f);
	const struct index_key word = { .bytes = { 1, 2, 3, 4, 5, 6 } };
	const struct filter *filter = compile(f, "title pr");
	const struct filter *scope = compile(f, "not (site eq \"Berlin\")");
	struct person_query q = { .tenant = TENANT_HERE, .filter = filter,
		.scope = scope, .names = &names, .today = TODAY,
		.limit = PERSONS, .is_present = true, .word = &word };
	struct index_change *put = arena_array(f->arena, PERSONS, sizeof(*put));
	struct tx *tx = tx_begin_all(f->data, &f->cx);
	struct rows got;
	int64_t total;
	size_t n = 0;

	for (size_t i = 0; i < PERSONS; i++)
		put[i] = (struct index_change) { .person = all->person[i].id,
			.put = &word,
			.nput = i % 3 == 0 };
	assert_int_equal(index_put(tx, TENANT_HERE, put, PERSONS), OK);
	assert_int_equal(index_put(tx, TENANT_HERE + 1, put, 1), OK);
	assert_int_equal(tx_commit(tx), OK);
	/* Of a source that has somebody to be found. */
	for (size_t i = 0; i < PERSONS && q.source == 0; i += 3)
		if (is_found(all, i, filter, scope))
			q.source = all->person[i].source;
	tx = tx_begin_all(f->reader, &f->cx);
	assert_int_equal(person_list(tx, &q, &got), OK);
	assert_int_equal(person_count(tx, &q, &total), OK);
	for (size_t i = 0; i < PERSONS; i += 3) {
		if (all->person[i].source != q.source ||
		    !is_found(all, i, filter, scope))
			continue;
		assert_true(n < got.n);
		assert_int_equal(((struct person *)got.row)[n++].id,
		    all->person[i].id);
	}
	assert_in_range(n, 1, PERSONS / 3);
	assert_int_equal(got.n, n);
	assert_int_equal(total, n);
	tx_end(tx);
}

/* As long as the grammar allows: the parameters must suffice for both. */
static void
the_longest_filter_and_scope_fit(void **state)
{
	struct fixture *f = *state;
	struct people *all = save_people(f);
	const struct filter *filter;
	struct buf b;

	buf_init(&b, f->arena, FILTER_TEXT_MAX);
	buf_z(&b, "title eq \"x\"");
	for (int i = 0; i < 49; i++)
		buf_z(&b,
		    i % 2 == 0 ? " or site eq \"IT\"" : " or title co \"a\"");
	filter = compile(f, str_z(f->arena, buf_view(&b)));
	compare(f, all, filter, filter);
}

int
run_filter_tests(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_list_names_those_that_match),
		CASE(a_scope_bounds_every_filter),
		CASE(without_names_nobody_has_any),
		CASE(single_persons_are_in_scope_or_not),
		CASE(groups_are_in_scope_with_somebody_in_them),
		CASE(a_sealed_attribute_cannot_be_listed_by),
		CASE(a_search_key_is_asked_beside_a_filter),
		CASE(the_longest_filter_and_scope_fit),
	};

	return cmocka_run_group_tests_name("store filters", tests, NULL, NULL);
}
