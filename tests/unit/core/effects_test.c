/* SPDX-License-Identifier: Apache-2.0 */
/* effects_test.c - ends first, then puts: each key once, as it is to be stored. */
#include "attr_try.h"

#include "core/seat.h"

static void
the_net_effect_of_a_key_stands_once(void **state)
{
	struct effects fx = { .arena = cx.arena };

	(void)state;
	for (int64_t i = 0; i < 1000; i++)
		effect_seat_put(&fx,
		    &(struct seat) {
			.tenant = 1, .person = i, .product = 3, .pool = 1 });
	for (int64_t i = 0; i < 1000; i += 2)
		effect_seat_put(&fx,
		    &(struct seat) {
			.tenant = 1, .person = i, .product = 3, .pool = 2 });
	assert_int_equal(fx.nseat_put, 1000);
	for (int64_t i = 0; i < 1000; i += 3)
		effect_seat_end(&fx,
		    &(struct seat) { .tenant = 1, .person = i, .product = 3 });
	assert_int_equal(fx.nseat_put, 666);
	assert_int_equal(fx.nseat_end, 334);
	for (size_t i = 0; i < fx.nseat_put; i++) {
		assert_true(fx.seat_put[i].person % 3 != 0);
		assert_int_equal(fx.seat_put[i].pool,
		    fx.seat_put[i].person % 2 == 0 ? 2 : 1);
	}
	effect_seat_put(
	    &fx, &(struct seat) { .tenant = 1, .person = 9, .product = 3 });
	effect_seat_put(
	    &fx, &(struct seat) { .tenant = 1, .person = 9, .product = 4 });
	effect_seat_put(
	    &fx, &(struct seat) { .tenant = 2, .person = 9, .product = 3 });
	assert_int_equal(fx.nseat_put, 669);
	/* another table's key is another key */
	effect_wait_end(
	    &fx, &(struct wait) { .tenant = 1, .person = 9, .product = 3 });
	effect_grant_put(&fx,
	    &(struct grant) {
		.tenant = 1, .person = 9, .product = 3, .reason = GRANT_RULE });
	effect_grant_end(&fx,
	    &(struct grant) { .tenant = 1,
		.person = 9,
		.product = 3,
		.reason = GRANT_REQUEST });
	assert_int_equal(fx.nseat_put, 669);
	assert_int_equal(fx.ngrant_put, 1);
	assert_int_equal(fx.ngrant_end, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_net_effect_of_a_key_stands_once),
	};

	return cmocka_run_group_tests(tests, open_ctx, close_ctx);
}
