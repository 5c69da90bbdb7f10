/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access.c - the access log: who read how much personal data, by which query.
 * Written by the clock, many rows a commit; not part of the tree.
 */
#include "act/world_int.h"

#include <string.h>

#include "base/id.h"
#include "base/log.h"

static void note_again(struct world *, const void *);

void
access_note(struct world *w, const struct access_row *row,
    const uint8_t digest[32])
{
	struct access_noted *at = NULL;

	lock_take(w->mu);
	if (w->access == NULL)
		w->access = heap_alloc(ACCESS_MAX, sizeof(*w->access));
	for (size_t i = w->naccess; i-- > 0 && at == NULL;)
		if (w->access[i].row.actor == row->actor
		    && w->access[i].row.tenant == row->tenant
		    && (memcmp(w->access[i].digest, digest, 32) == 0
		    || w->naccess == ACCESS_MAX))
			at = &w->access[i];
	if (at != NULL) {
		at->row.count += row->count;
	} else if (w->naccess < ACCESS_MAX) {
		at = &w->access[w->naccess++];
		at->row = *row;
		memcpy(at->digest, digest, 32);
	} else {
		w->dropped[NOTE_ACCESS] += (uint64_t)row->count;
	}
	lock_give(w->mu);
}

/* The database was away.  Of a tenant that is no more nobody asks. */
static void
note_again(struct world *w, const void *row)
{
	const struct access_noted *noted = row;

	if (world_state_of(w, (uint32_t)noted->row.tenant) != 0)
		access_note(w, &noted->row, noted->digest);
}

static enum err
save(struct batch *b, struct tx *tx)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct share *in = b->item[i]->in;
		const struct access_noted *noted = in->row;

		for (size_t j = 0; j < in->n; j++) {
			struct access_row row = noted[j].row;

			row.id = id_new();
			row.query = (struct str) {
				(const char *)noted[j].digest, 32 };
			TRY(store_save(tx, &ACCESS_LOG, &row, 1, NULL));
		}
	}
	return OK;
}

static const struct use_case access_save = { .name = "access",
	.save = save };

void
access_write(struct world *w)
{
	struct arena *arena = arena_open(16 << 20);
	struct access_noted *noted = NULL;
	size_t n;

	lock_take(w->mu);
	n = w->naccess;
	if (n > 0)
		noted = arena_copy(arena, w->access, n * sizeof(*noted));
	w->naccess = 0;
	lock_give(w->mu);
	(void)shares_write(w, &access_save, NULL,
	    &(struct row_list) { noted, n, sizeof(*noted), 0, note_again });
	arena_close(arena);
}

void
notes_tell(struct world *w, bool ends)
{
	uint64_t access, login;

	lock_take(w->mu);
	for (size_t i = 0; ends && i < w->naccess; i++)
		w->dropped[NOTE_ACCESS] += (uint64_t)w->access[i].row.count;
	for (size_t i = 0; ends && i < w->nfail; i++)
		w->dropped[NOTE_LOGIN] += (uint64_t)w->fail[i].count;
	access = w->dropped[NOTE_ACCESS] - w->dropped_told[NOTE_ACCESS];
	login = w->dropped[NOTE_LOGIN] - w->dropped_told[NOTE_LOGIN];
	memcpy(w->dropped_told, w->dropped, sizeof(w->dropped));
	lock_give(w->mu);
	if (access + login > 0)
		log_event(LOG_ERROR, "notes_dropped",
		    LOG_NUM("reads", access), LOG_NUM("logins", login));
}
