/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role_test.c - who may give, approve and end which role; and random tenants in
 * which nobody ever comes to more than somebody held at the start.
 *
 * USHER_GRAPHS: how many random tenants (default 20,000; full: 1,000,000).
 */
#include "attr_try.h"

#include "core/person.h"
#include "core/role.h"

#define NOW 1000

static struct catalogue catalogue;
static struct facts facts;
static struct filter_subject who = { &facts, NULL, 0, NOW, 0 };

static const struct filter *
rule(const char *text)
{
	struct filter *f;

	if (text == NULL)
		return NULL;
	assert_int_equal(filter_compile(&cx, str_of(text), FILTER_RULE, false,
	    &f), OK);
	return f;
}

static struct role
named(const char *slug)
{
	struct role role;

	assert_true(role_named(&catalogue, str_of(slug), &role));
	return role;
}

static struct role_held
held(const char *slug, const char *scope)
{
	return (struct role_held) { 1, named(slug).id, ROLE_ACTIVE,
		rule(scope), 0, 0, 5 };
}

/* Person 1 with these roles acts. */
static struct actor
acting(const struct role_held *has, size_t n)
{
	struct actor a = { .kind = ACTOR_PERSON, .tenant = 1, .id = 1,
		.person = 1 };

	actor_of_roles(cx.arena, &catalogue, 1, has, n, NOW, &a);
	return a;
}

static void
a_role_counts_while_it_is_active_and_its_time_lasts(void **state)
{
	static const struct {
		enum role_state state;
		int64_t		since, until;
		bool		want;
	} cases[] = {
		{ ROLE_ACTIVE, 0, 0, true },
		{ ROLE_ACTIVE, NOW, 0, true },
		{ ROLE_ACTIVE, NOW + 1, 0, false },
		{ ROLE_ACTIVE, 0, NOW, false },
		{ ROLE_ACTIVE, 0, NOW + 1, true },
		{ ROLE_PENDING, 0, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct role_held h = held("hr", NULL);

		h.state = cases[i].state;
		h.since_ms = cases[i].since;
		h.until_ms = cases[i].until;
		assert_int_equal(role_counts(&h, NOW), cases[i].want);
		assert_int_equal(actor_may(&(struct actor) {
		    .rights = acting(&h, 1).rights }, RIGHT_IMPORT_RUN),
		    cases[i].want);
	}
}

static void
roles_without_a_scope_of_their_own_have_the_built_in_one(void **state)
{
	struct role_held h = held("manager", NULL);
	struct actor a = acting(&h, 1);
	const struct filter *scope;

	(void)state;
	assert_true(actor_scope(cx.arena, &a, RIGHT_PERSON_READ, &scope));
	FACT(&facts, MANAGER) = 1;
	assert_true(filter_match(scope, NULL, &who));
	FACT(&facts, MANAGER) = 2;
	assert_false(filter_match(scope, NULL, &who));
	assert_true(actor_scope(cx.arena, &a, RIGHT_SELF, &scope));
	FACT(&facts, ID) = 1;
	assert_true(filter_match(scope, NULL, &who));
	FACT(&facts, ID) = 2;
	assert_false(filter_match(scope, NULL, &who));
}

static void
people_are_blocked_by_those_who_answer_for_people(void **state)
{
	static const struct {
		const char *role;
		bool	    want;
	} cases[] = {
		{ "tenant-administrator", true },
		{ "person-administrator", true },
		{ "reviewer", true },
		{ "licence-administrator", false },
		{ "auditor", false },
		{ "hr", false },
		{ "manager", false },
		{ "partner-administrator", false },
		{ "api-client", false },
		{ "self", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (((named(cases[i].role).rights &
			 RIGHT_BIT(RIGHT_PERSON_BLOCK)) != 0) != cases[i].want)
			wrong("%s", cases[i].role);
}

/* --- one decision ------------------------------------------------------------------- */

static const struct give_case {
	const char *what;
	const char *has, *has_scope;	/* of the actor */
	const char *role, *scope;	/* given to person 2 */
	const char *other;		/* that person 2 holds */
	enum err    err;
	enum msg    msg;
	enum role_state state;
} gives[] = {
	{ "an administrator", "tenant-administrator", NULL, "hr", NULL, NULL, OK, MSG_NONE, ROLE_ACTIVE },
	{ "its own", "person-administrator", NULL, "reviewer", NULL, NULL, OK, MSG_NONE, ROLE_ACTIVE },
	{ "more than its own", "person-administrator", NULL, "auditor", NULL, NULL, ERR_DENIED, MSG_ACCESS_BEYOND, 0 },
	{ "a wider scope", "person-administrator", "active eq true", "reviewer", NULL, NULL, ERR_DENIED,
	    MSG_ACCESS_BEYOND, 0 },
	{ "the same scope", "person-administrator", "active eq true", "reviewer", "active eq true", NULL, OK,
	    MSG_NONE, ROLE_ACTIVE },
	{ "a narrower scope", "person-administrator", "active eq true", "reviewer", "active eq true and title pr", NULL,
	    OK, MSG_NONE, ROLE_ACTIVE },
	{ "out of the scope", "person-administrator", "active eq false", "reviewer", "active eq false", NULL,
	    ERR_DENIED, MSG_ORDER_SCOPE, 0 },
	{ "without the right", "hr", NULL, "reviewer", NULL, NULL, ERR_DENIED, MSG_ORDER_SCOPE, 0 },
	{ "twice", "tenant-administrator", NULL, "hr", NULL, "hr", ERR_CONFLICT, MSG_ACCESS_TWICE, 0 },
	{ "excluded", "tenant-administrator", NULL, "payer", NULL, "hr", ERR_CONFLICT, MSG_ACCESS_EXCLUDES, 0 },
	{ "excluded the other way", "tenant-administrator", NULL, "hr", NULL, "payer", ERR_CONFLICT,
	    MSG_ACCESS_EXCLUDES, 0 },
	{ "of two persons", "tenant-administrator", NULL, "boss", NULL, NULL, OK, MSG_NONE, ROLE_PENDING },
	{ "nobody's", "tenant-administrator", NULL, "operator", NULL, NULL, ERR_BAD_INPUT, MSG_ACCESS_NO_ROLE, 0 },
	{ "without its scope", "tenant-administrator", NULL, "partner-administrator", NULL, NULL, ERR_BAD_INPUT,
	    MSG_ACCESS_SCOPE, 0 },
};

static void
who_may_give_what(void **state)
{
	(void)state;
	FACT(&facts, ACTIVE) = 1;
	for (size_t i = 0; i < COUNT(gives); i++) {
		const struct give_case *c = &gives[i];
		struct role_held has = held(c->has, c->has_scope);
		struct role_held other = c->other != NULL
		    ? held(c->other, NULL) : (struct role_held) { 0 };
		struct actor a = acting(&has, 1);
		struct role_scene scene = { &catalogue, NULL, &who, 2, &other,
			c->other != NULL, 0 };
		struct role_wish wish = { named(c->role), rule(c->scope), 0,
			0 };
		enum role_state got = 0;
		enum err err;

		cx.actor = &a;
		cx.fault = (struct fault) { 0 };
		err = role_give(&cx, &scene, &wish, &got);
		if (err != c->err || cx.fault.msg != c->msg || got != c->state)
			wrong("%s: %d %s", c->what, err,
			    msg_name(cx.fault.msg));
		scene.id = 1;
		if (err == OK)
			assert_int_equal(role_give(&cx, &scene, &wish, &got),
			    ERR_DENIED);
	}
}

static void
a_second_person_approves_and_never_who_asked_or_gets(void **state)
{
	struct role_held has = held("tenant-administrator", NULL);
	struct role_held boss = held("boss", NULL);
	struct role_scene scene = { &catalogue, NULL, &who, 2, NULL, 0, 0 };
	struct actor a = acting(&has, 1);

	(void)state;
	cx.actor = &a;
	assert_int_equal(role_approve(&cx, &scene, &boss), ERR_CONFLICT);
	boss.state = ROLE_PENDING;
	assert_int_equal(role_approve(&cx, &scene, &boss), OK);
	boss.author = 1;
	assert_int_equal(role_approve(&cx, &scene, &boss), ERR_DENIED);
	assert_int_equal(cx.fault.msg, MSG_ACCESS_SECOND);
	boss.author = 5;
	scene.id = 1;
	assert_int_equal(role_approve(&cx, &scene, &boss), ERR_DENIED);
	scene.id = 2;
	has = held("reviewer", NULL);
	a = acting(&has, 1);
	assert_int_equal(role_approve(&cx, &scene, &boss), ERR_DENIED);
}

static void
the_last_administrator_stays(void **state)
{
	struct role_held has = held("tenant-administrator", NULL);
	struct role_held other = held("tenant-administrator", NULL);
	struct role_scene scene = { &catalogue, NULL, &who, 2, NULL, 0, 0 };
	struct actor a = acting(&has, 1);

	(void)state;
	cx.actor = &a;
	assert_int_equal(role_end(&cx, &scene, &other), ERR_CONFLICT);
	assert_int_equal(cx.fault.msg, MSG_ACCESS_LAST);
	scene.administrators = 1;
	assert_int_equal(role_end(&cx, &scene, &other), OK);
	scene.administrators = 0;
	other.until_ms = NOW + 5;	/* ends by itself: not the last for good */
	assert_int_equal(role_end(&cx, &scene, &other), OK);
	scene.id = 1;
	assert_int_equal(role_end(&cx, &scene, &other), ERR_DENIED);
	scene.id = 2;
	has = held("person-administrator", NULL);
	a = acting(&has, 1);
	assert_int_equal(role_end(&cx, &scene, &other), ERR_DENIED);
	assert_int_equal(cx.fault.msg, MSG_ACCESS_BEYOND);
}

/* --- random tenants ------------------------------------------------------------------- */

#define PEOPLE 4
#define HOLDS  6
#define STEPS  12
#define KINDS  8	/* of people there can be: active, manager, title */

static uint32_t seed;

static unsigned
dice(unsigned n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

struct tenant {
	struct role	  role[5];
	struct role_held  has[PEOPLE][HOLDS];
	size_t		  n[PEOPLE];
	uint64_t	  start[KINDS];	/* what anybody could do to whom */
};

static const char *const scopes[] = { NULL, "active eq true",
	"active eq false", "title pr", "active eq true and title pr",
	"manager eq me", "not (title pr)", "active eq true or title pr" };

static void
kind(unsigned k)
{
	facts = (struct facts) { 0 };
	FACT(&facts, ACTIVE) = k & 1;
	FACT(&facts, TITLE) = k >> 1 & 1;
	FACT(&facts, MANAGER) = k >> 2 & 1 ? 1 : 0;
}

/* What anybody can do to a person of each kind; SELF, which all have, apart. */
static void
reach(const struct tenant *t, uint64_t out[KINDS])
{
	for (unsigned k = 0; k < KINDS; k++) {
		kind(k);
		out[k] = 0;
		for (unsigned p = 0; p < PEOPLE; p++) {
			struct actor a = { .id = p + 1 };

			actor_of_roles(cx.arena, &catalogue, p + 1, t->has[p],
			    t->n[p], NOW, &a);
			out[k] |= actor_rights_over(&a, NULL, &who)
			    & ~RIGHT_BIT(RIGHT_SELF);
		}
	}
}

static void
begin(struct tenant *t)
{
	static const char *const slugs[] = { "a", "b", "c", "d", "e" };

	*t = (struct tenant) { 0 };
	for (size_t i = 0; i < COUNT(t->role); i++) {
		t->role[i] = (struct role) { .id = (int64_t)i + 1,
			.slug = str_of(slugs[i]),
			.two_persons = dice(6) == 0 };
		for (int r = 0; r < 4; r++)
			if (dice(2))
				t->role[i].rights |=
				    RIGHT_BIT(RIGHT_PERSON_READ + r);
		if (dice(2))
			t->role[i].rights |= RIGHT_BIT(RIGHT_ROLE_GRANT);
		if (dice(3) == 0)
			t->role[i].rights |= RIGHT_BIT(RIGHT_CATALOGUE_WRITE);
	}
	catalogue.role = t->role;
	catalogue.nrole = COUNT(t->role);
	for (unsigned p = 0; p < PEOPLE; p++)
		for (unsigned i = dice(3); i > 0; i--)
			t->has[p][t->n[p]++] = (struct role_held) {
				dice(1u << 20), 1 + dice(5), ROLE_ACTIVE,
				rule(scopes[dice(COUNT(scopes))]), 0, 0, 9 };
	reach(t, t->start);
}

/* Somebody who may apply a catalogue tries to give a role a right, or to let one person give it. */
static void
declare(struct tenant *t)
{
	struct role next[COUNT(t->role)];
	struct catalogue after = { .role = next, .nrole = COUNT(next) };
	unsigned which = dice(COUNT(t->role));

	memcpy(next, t->role, sizeof(next));
	if (dice(3) == 0)
		next[which].two_persons = false;
	else
		next[which].rights |= RIGHT_BIT(
		    dice(5) == 0 ? RIGHT_ROLE_GRANT
		    : RIGHT_PERSON_READ + dice(4));
	if (actor_may(cx.actor, RIGHT_CATALOGUE_WRITE)
	    && roles_may_become(&cx, &catalogue, &after) == OK)
		memcpy(t->role, next, sizeof(next));
}

/* Somebody tries to do something about somebody's roles, or about roles. */
static void
step(struct tenant *t)
{
	unsigned by = dice(PEOPLE), to = dice(PEOPLE), what = dice(5);
	struct actor a = { .kind = ACTOR_PERSON, .id = by + 1,
		.person = by + 1 };
	struct role_scene scene = { &catalogue, NULL, &who, to + 1,
		t->has[to], t->n[to], 1 };
	struct role_wish wish = { t->role[dice(5)],
		rule(scopes[dice(COUNT(scopes))]), 0, 0 };
	size_t at = t->n[to] > 0 ? dice((unsigned)t->n[to]) : 0;
	struct role_held *h = &t->has[to][at];
	enum role_state state;

	kind(dice(KINDS));
	actor_of_roles(cx.arena, &catalogue, by + 1, t->has[by], t->n[by], NOW,
	    &a);
	cx.actor = &a;
	if (what < 2 && t->n[to] < HOLDS
	    && role_give(&cx, &scene, &wish, &state) == OK)
		t->has[to][t->n[to]++] = (struct role_held) {
			dice(1u << 20), wish.role.id, state, wish.scope, 0, 0,
			by + 1 };
	if (what == 2 && t->n[to] > 0 && role_approve(&cx, &scene, h) == OK)
		h->state = ROLE_ACTIVE;
	if (what == 3 && t->n[to] > 0 && role_end(&cx, &scene, h) == OK)
		*h = t->has[to][--t->n[to]];
	if (what == 4)
		declare(t);
}

static void
nobody_comes_to_more_than_somebody_held(void **state)
{
	const char *wanted = getenv("USHER_GRAPHS");
	long graphs = wanted != NULL ? strtol(wanted, NULL, 10) : 20000;
	struct catalogue kept = catalogue;
	uint64_t now[KINDS];

	(void)state;
	for (long g = 0; g < graphs; g++) {
		struct ctx outer = cx;
		struct tenant t;

		seed = (uint32_t)g;
		cx.arena = arena_open(1 << 24);
		begin(&t);
		for (int i = 0; i < STEPS; i++)
			step(&t);
		reach(&t, now);
		for (unsigned k = 0; k < KINDS; k++)
			if ((now[k] & ~t.start[k]) != 0)
				wrong("tenant %ld: more over kind %u", g, k);
		arena_close(cx.arena);
		cx = outer;
	}
	catalogue = kept;
}

/* A tenant's own roles; sorted by slug. */
static int
open_roles(void **state)
{
	static const struct str not_hr[] = { { "hr", 2 } };
	static struct role own[] = {
		{ .id = 1, .slug = { "boss", 4 }, .two_persons = true },
		{ .id = 2, .slug = { "payer", 5 }, .excludes = not_hr,
		    .nexcludes = 1 },
	};

	catalogue.role = own;
	catalogue.nrole = COUNT(own);
	return open_ctx(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_role_counts_while_it_is_active_and_its_time_lasts),
		cmocka_unit_test(
		    roles_without_a_scope_of_their_own_have_the_built_in_one),
		cmocka_unit_test(
		    people_are_blocked_by_those_who_answer_for_people),
		cmocka_unit_test(who_may_give_what),
		cmocka_unit_test(
		    a_second_person_approves_and_never_who_asked_or_gets),
		cmocka_unit_test(the_last_administrator_stays),
		cmocka_unit_test(nobody_comes_to_more_than_somebody_held),
	};

	return cmocka_run_group_tests(tests, open_roles, close_ctx);
}
