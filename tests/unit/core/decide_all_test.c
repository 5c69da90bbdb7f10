/* SPDX-License-Identifier: Apache-2.0 */
/* decide_all_test.c - all or nothing: every product that was asked for, or no trace. */
#include "decide_try.h"

/* --- all or nothing -------------------------------------------------------------------------- */

/* Everything that a decision may write to. */
static struct str
everything(struct life *p)
{
	struct buf b;

	buf_init(&b, cx.arena, 1 << 20);
	buf_bytes(&b, w.g.pool, w.g.npool * sizeof(*w.g.pool));
	buf_bytes(&b, w.g.is_touched, w.g.npool * sizeof(*w.g.is_touched));
	buf_bytes(&b, w.g.waiter, w.g.nwaiter * sizeof(*w.g.waiter));
	buf_bytes(&b, p->m.holding, p->m.nholding * sizeof(*p->m.holding));
#define X(name, type) \
	buf_bytes(&b, w.g.fx->name, w.g.fx->n##name * sizeof(type));
	EFFECT_ROWS(X)
#undef X
	must(!b.over);
	return buf_view(&b);
}

static void
all_or_nothing_leaves_no_trace(void **state)
{
	struct life *first = person("ber", DESIGN);
	struct life *second = joined("ber", DESIGN);
	struct life *p = person("ber", DESIGN);
	struct str before;

	(void)state;
	wants(first, 0, "wiki");
	assert_int_equal(move(first), OK);
	assert_string_equal(holds(second, "cad"), "R seat");
	assert_string_equal(holds(first, "cad"), "R wait");
	assert_int_equal(move(p), OK);
	before = everything(p);

	/* wiki has a seat, cad has none: neither is given */
	wants(p, 0, "wiki");
	wants(p, 1, "cad");
	p->m.all_or_nothing = true;
	assert_int_equal(move(p), ERR_CONFLICT);
	assert_int_equal(cx.fault.msg, MSG_ONBOARD_ALL_OR_NOTHING);
	assert_str(cx.fault.field, "products");
	assert_str(cx.fault.args[0], "cad");
	assert_true(str_eq(everything(p), before));
	assert_int_equal(w.nserved, 0);
	assert_int_equal(p->m.changes.n, 0);

	/* a mover who would free a seat frees none */
	p->contract[0].department = SALES;
	wants(p, 0, "sec");
	assert_int_equal(move(p), ERR_CONFLICT);
	assert_str(cx.fault.args[0], "sec");
	assert_true(str_eq(everything(p), before));

	/* unknown products and people who left */
	wants(p, 0, "wiki");
	p->want[0].product = 4711;
	assert_int_equal(move(p), ERR_CONFLICT);
	assert_str(cx.fault.args[0], "?");
	wants(p, 0, "wiki");
	p->contract[0].end_day = DAY(-1);
	assert_int_equal(move(p), ERR_CONFLICT);
	assert_str(cx.fault.args[0], "wiki");
	assert_true(str_eq(everything(p), before));
}

static void
all_or_nothing_gives_all(void **state)
{
	struct life *p = person("ber", DESIGN);

	(void)state;
	wants(p, 0, "wiki");
	wants(p, 1, "cad");
	wants(p, 2, "wiki");
	p->m.all_or_nothing = true;
	assert_int_equal(move(p), OK);
	assert_outcome(p, 0, "wiki", OUTCOME_ASSIGNED, MSG_NONE);
	assert_outcome(p, 1, "cad", OUTCOME_ASSIGNED, MSG_NONE);
	assert_string_equal(holds(p, "cad"), "QR seat");
	/* what it has already counts */
	p->m.all_or_nothing = true;
	wants(p, 0, "cad");
	wants(p, 1, "mail");
	assert_int_equal(move(p), OK);
	/* and so does being held */
	p = person("ber", SALES);
	p->m.all_or_nothing = p->m.has_open_checks = true;
	wants(p, 0, "wiki");
	assert_int_equal(move(p), OK);
	assert_outcome(p, 0, "wiki", OUTCOME_HELD, MSG_SEAT_HELD);
}

static void
a_rule_may_queue_where_all_or_nothing_was_asked(void **state)
{
	struct life *first = joined("ber", DESIGN);
	struct life *p = person("ber", DESIGN);

	(void)state;
	(void)first;
	wants(p, 0, "wiki");
	p->m.all_or_nothing = true;
	assert_int_equal(move(p), OK);
	assert_string_equal(holds(p, "wiki"), "Q seat");
	assert_string_equal(holds(p, "cad"), "R wait");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_or_nothing_leaves_no_trace),
		TEST(all_or_nothing_gives_all),
		TEST(a_rule_may_queue_where_all_or_nothing_was_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
