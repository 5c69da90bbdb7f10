/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_owner_test.c - whose a run is: who began it sees and continues it,
 * from its first moment on, and with the token that took the place of theirs;
 * for others it is not there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "act/import_int.h"
#include "imports.h"

#define HOUR_MS INT64_C(3600000)

/* A token that may import and what that needs, and is no administrator. */
static struct token_out *
token(struct rig *r)
{
	struct token_in in = { .label = STR("hr"), .source = STR("hr"),
		.rights = rights_of_tenant() & ~RIGHT_BIT(RIGHT_GUARD_OVERRIDE) };
	struct token_out *out;

	assert_int_equal(rig_do(r, &token_create, &in, &out), OK);
	return out;
}

/* From here on the token asks. */
static void
ask_with(struct rig *r, const struct token_out *t)
{
	r->actor = (struct actor) { 0 };
	assert_int_equal(
	    world_authenticate(r->world, &r->cx, t->token, &r->actor), OK);
}

static enum err
show(struct rig *r, int64_t id, struct import_view **v)
{
	return rig_query(r, import_show, &id, v);
}

static void
assert_state(struct rig *r, int64_t id, enum import_state state)
{
	struct import_view *v;

	assert_int_equal(show(r, id, &v), OK);
	assert_int_equal(v->row.state, state);
	assert_int_equal(v->row.id, id);
	assert_true(v->row.started_ms > 0);
}

static enum err
open_again(struct rig *r)
{
	struct import_open_in in = asked();
	int64_t *id;

	return rig_long(r, import_open, &in, &id);
}

static void
a_run_is_there_from_its_first_moment(void **state)
{
	struct rig *r = *state;
	struct import_open_in in = asked();
	int64_t id = opened(r, &in);
	struct import_report *rep;
	struct import_view *v;

	assert_state(r, id, 0);
	assert_int_equal(scanned(r, id, HEADER ANA BO CY, &rep), OK);
	assert_state(r, id, IMPORT_SCANNED);
	assert_int_equal(show(r, id, &v), OK);
	assert_int_equal(v->row.added, 3);
	assert_true(str_eq(v->row.digest, rep->digest));
	assert_int_equal(applied(r, id, HEADER ANA BO CY, &rep), OK);
	assert_state(r, id, IMPORT_DONE);
	/* Without anything to do it is stored nowhere, and is there all the same. */
	id = opened(r, &in);
	assert_int_equal(scanned(r, id, HEADER ANA BO CY, &rep), OK);
	assert_state(r, id, IMPORT_SCANNED);
	assert_int_equal(show(r, id, &v), OK);
	assert_int_equal(v->row.unchanged, 3);
}

/* Whoever was cut off may see that nothing will come of it any more. */
static void
a_run_that_can_go_on_no_more_says_so(void **state)
{
	struct rig *r = *state;
	struct import_open_in in = asked();
	int64_t id = opened(r, &in), other;
	struct import_report *rep;
	struct file cut = file_of(HEADER ANA BO CY);

	assert_int_equal(scanned(r, id, cut.text, &rep), OK);
	cut.cut = 90;
	assert_int_equal(pass(r, import_apply, id, &cut, &rep), ERR_BAD_INPUT);
	assert_state(r, id, IMPORT_BROKEN);
	id = opened(r, &in);
	assert_int_equal(scanned(r, id, HEADER ANA BO DI CY, &rep), OK);
	other = opened(r, &in); /* the same actor makes room */
	assert_state(r, id, IMPORT_BROKEN);
	assert_state(r, other, 0);
}

static void
a_run_of_another_is_not_there(void **state)
{
	struct rig *r = *state;
	const struct actor administrator = r->actor;
	const struct token_out *one = token(r), *two = token(r);
	struct import_open_in in = asked();
	struct import_report *rep, *none = NULL;
	struct import_view *v;
	struct file f = file_of(HEADER ANA BO CY);
	int64_t id;

	ask_with(r, one);
	id = opened(r, &in);
	ask_with(r, two);
	assert_int_equal(show(r, id, &v), ERR_NOT_FOUND);
	assert_int_equal(pass(r, import_scan, id, &f, &none), ERR_NOT_FOUND);
	ask_with(r, one);
	assert_int_equal(scanned(r, id, f.text, &rep), OK);
	ask_with(r, two);
	assert_int_equal(show(r, id, &v), ERR_NOT_FOUND);
	none = rep;
	assert_int_equal(pass(r, import_apply, id, &f, &none), ERR_NOT_FOUND);
	assert_int_equal(r->cx.fault.msg, MSG_IMPORT_NONE);
	/* An administrator does not read it either. */
	r->actor = administrator;
	assert_int_equal(show(r, id, &v), ERR_NOT_FOUND);
	ask_with(r, one);
	assert_int_equal(applied(r, id, f.text, &rep), OK);
	assert_state(r, id, IMPORT_DONE);
	ask_with(r, two);
	assert_int_equal(show(r, id, &v), ERR_NOT_FOUND);
}

static void
a_run_of_another_makes_no_room(void **state)
{
	struct rig *r = *state;
	const struct actor administrator = r->actor;
	const struct token_out *one = token(r), *two = token(r);
	struct import_open_in in = asked();
	struct import_report *rep;
	struct import_view *v;
	int64_t id;

	ask_with(r, one);
	id = opened(r, &in);
	ask_with(r, two);
	assert_int_equal(open_again(r), ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_IMPORT_OTHERS);
	ask_with(r, one);
	assert_int_equal(scanned(r, id, HEADER ANA CY, &rep), OK);
	ask_with(r, two);
	assert_int_equal(open_again(r), ERR_CONFLICT);
	/* Left for longer than an hour: it is nobody's. */
	for (size_t i = 0; i < RUNS_MAX; i++)
		if (r->world->run[i] != NULL)
			r->world->run[i]->touched_ms -= HOUR_MS + 1;
	assert_int_equal(open_again(r), OK);
	ask_with(r, one);
	assert_state(r, id, IMPORT_BROKEN);
	assert_int_equal(open_again(r), ERR_CONFLICT);
	/* Who answers for whole files may. */
	r->actor = administrator;
	assert_int_equal(open_again(r), OK);
	ask_with(r, two);
	assert_int_equal(open_again(r), ERR_CONFLICT);
	assert_int_equal(show(r, id, &v), ERR_NOT_FOUND);
}

/* The program that begins in the evening has another token in the morning. */
static void
a_token_goes_on_with_what_the_one_before_it_began(void **state)
{
	struct rig *r = *state;
	const struct actor administrator = r->actor;
	const struct token_out *first = token(r), *last = first;
	struct import_open_in in = asked();
	struct import_report *rep;
	int64_t id;

	ask_with(r, first);
	id = opened(r, &in);
	assert_int_equal(scanned(r, id, HEADER ANA CY, &rep), OK);
	r->actor = administrator;
	for (int i = 0; i < 2; i++) {
		struct token_rotate_in turn = { last->id, HOUR_MS };
		struct token_out *next;

		assert_int_equal(rig_do(r, &token_rotate, &turn, &next), OK);
		last = next;
	}
	ask_with(r, last);
	assert_state(r, id, IMPORT_SCANNED);
	assert_int_equal(applied(r, id, HEADER ANA CY, &rep), OK);
	assert_state(r, id, IMPORT_DONE);
	id = opened(r, &in);
	ask_with(r, first); /* within the overlap */
	assert_state(r, id, 0);
	assert_int_equal(open_again(r), OK);
	/* So it stays over a restart, where all is read again. */
	rig_stop(r);
	assert_int_equal(rig_start(r, false), OK);
	ask_with(r, last);
	assert_int_equal(open_again(r), OK);
	ask_with(r, first);
	assert_int_equal(open_again(r), OK);
}

/* A run of a source of this name. */
static enum err
open_source(struct rig *r, const char *name)
{
	const char *rest = import_map_text + strlen("source: hr");
	struct import_open_in in = { .source = str_of(name),
		.map = str_fmt(r->arena, "source: %s%s", name, rest) };
	int64_t *id;

	return rig_long(r, import_open, &in, &id);
}

/* Two tenants with as many runs as each may have are all there can be. */
static void
idle_runs_of_others_keep_no_tenant_out(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d" };
	struct rig *r = *state;
	struct import_run **run = r->world->run;
	size_t left[2] = { 0, 0 };

	for (uint32_t t = 0; t < 2; t++)
		for (size_t i = 0; i < COUNT(names); i++) {
			assert_int_equal(open_source(r, names[i]), OK);
			/* Two others, as far as runs are asked. */
			run[t * COUNT(names) + i]->tenant = 1000 + t;
			run[t * COUNT(names) + i]->touched_ms -= (int64_t)i;
		}
	run[3]->is_busy = run[7]->is_busy = true;
	assert_int_equal(open_source(r, "a"), OK);
	for (size_t i = 0; i < RUNS_MAX; i++)
		if (run[i]->tenant != r->acme)
			left[run[i]->tenant - 1000]++;
	assert_int_equal(left[0] + left[1], RUNS_MAX - 1);
	assert_true(run[3]->tenant == 1000 && run[7]->tenant == 1001);
	/* Whoever has one takes no more of others. */
	assert_int_equal(open_source(r, "b"), ERR_LIMITED);
	run[3]->is_busy = run[7]->is_busy = false;
}

#define CASE(name) \
	cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_run_is_there_from_its_first_moment),
		CASE(a_run_that_can_go_on_no_more_says_so),
		CASE(a_run_of_another_is_not_there),
		CASE(a_run_of_another_makes_no_room),
		CASE(idle_runs_of_others_keep_no_tenant_out),
		CASE(a_token_goes_on_with_what_the_one_before_it_began),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
