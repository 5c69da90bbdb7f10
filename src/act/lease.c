/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease.c - who does timed work.  A lease is a row with a fencing number that
 * grows with each new holder, so that work done in its name can be told from
 * that of a holder who came back too late (S-T27).
 *
 * The embedded engine's lock on its folder already lets in one node only; the
 * row stands for the engines that let in several.
 */
#include "act/world_int.h"

#include "base/id.h"

static enum err
save(struct batch *b, struct tx *tx)
{
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		const struct lease_in *in = it->in;
		struct lease_row row = { .name = in->name };
		struct lease_out *out =
		    arena_alloc(it->cx->arena, sizeof(*out));
		struct rows rows;

		TRY(store_load(tx, &LEASE, &row, 1, 2, 0, &rows));
		if (rows.n == 1)
			row = *(struct lease_row *)rows.row;
		out->is_held = row.fence == 0 || row.fence == in->fence
		    || row.until_ms <= in->now_ms
		    || row.holder == (int64_t)id_node();
		it->out = out;
		if (!out->is_held)
			continue;
		if (row.fence == 0 || row.fence != in->fence)
			row.fence++;
		row.holder = id_node();
		row.until_ms = in->now_ms + in->for_ms;
		out->fence = row.fence;
		TRY(store_save(tx, &LEASE, &row, 1, NULL));
	}
	return OK;
}

const struct use_case lease_take = { .name = "lease", .save = save };
