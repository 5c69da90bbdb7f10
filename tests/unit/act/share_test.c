/* SPDX-License-Identifier: Apache-2.0 */
/*
 * share_test.c - rows of many tenants: each tenant's go its own way, and what
 * comes to nothing is counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "act/world_int.h"

#include "rig.h"

#define TENANTS 7
#define ROWS	100

struct row {
	int64_t tenant, number;
};

static struct {
	size_t	 items[TENANTS], rows[TENANTS];
	bool	 seen[ROWS], lost[ROWS];
	int64_t	 refused;	/* a tenant */
} told;

static enum err
save(struct batch *b, struct tx *tx)
{
	(void)tx;
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		const struct share *s = it->in;
		const struct row *row = s->row;

		must(s->tenant == it->tenant && s->n > 0);
		must(it->cx->actor == NULL && it->cx->request_id.n == 16);
		if (it->tenant == told.refused) {
			it->err = fail(it->cx, ERR_DENIED, MSG_NONE, "");
			continue;
		}
		told.items[it->tenant]++;
		for (size_t j = 0; j < s->n; j++) {
			must(row[j].tenant == it->tenant);
			must(!told.seen[row[j].number]);
			told.seen[row[j].number] = true;
			told.rows[it->tenant]++;
		}
	}
	return OK;
}

static const struct use_case take = { .name = "take", .save = save };

static void
lost(struct world *w, const void *row)
{
	(void)w;
	told.lost[((const struct row *)row)->number] = true;
}

static void
each_tenant_has_its_rows_in_one_item(void **state)
{
	struct rig *r = *state;
	struct row row[ROWS];
	struct row_list list = { row, ROWS, sizeof(row[0]), 0, lost };
	size_t n;

	for (int refused = -1; refused <= 3; refused += 4) {
		memset(&told, 0, sizeof(told));
		told.refused = refused;
		for (int64_t i = 0; i < ROWS; i++)
			row[i] = (struct row) { i * 5 % TENANTS, i };
		n = shares_write(r->world, &take, NULL, &list);
		for (int t = 0; t < TENANTS; t++)
			n += told.rows[t];
		assert_int_equal(n, ROWS);
		/* Whoever wrote it knows which. */
		for (size_t i = 0; i < ROWS; i++)
			assert_true(told.lost[i] != told.seen[i]);
		for (int t = 0; t < TENANTS; t++) {
			assert_int_equal(told.items[t], t != refused);
			assert_in_range(told.rows[t],
			    t == refused ? 0 : ROWS / TENANTS,
			    t == refused ? 0 : ROWS / TENANTS + 1);
		}
	}
	list.n = 0;
	assert_int_equal(shares_write(r->world, &take, NULL, &list), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    each_tenant_has_its_rows_in_one_item, rig_set_up, rig_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
