/* SPDX-License-Identifier: Apache-2.0 */
/*
 * move_copy.c - the rows themselves: a page of the source becomes a transaction
 * of the target, with the note of how far that is.
 */
#include "act/move_int.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"

#define KEY_MAX 4096

static enum err count_all(struct move *);
static enum err count_database(struct move *, enum db_kind);
static enum err copy_database(struct move *, enum db_kind);
static enum err copy_table(struct move *, struct tx *, const struct table *,
    struct str last);
static enum err put_page(struct move *, struct pages *);
static const struct table *bare(const struct move *, const struct table *);

enum err
move_copy(struct move *m)
{
	int64_t began_ns = clock_mono_ns();

	m->done = m->out->had = m->state[DB_DATA].rows + m->state[DB_KEYS].rows;
	TRY(count_all(m));
	move_step(m, MOVE_COPYING, m->done, m->total);
	for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++)
		TRY(copy_database(m, k));
	m->out->copy_ms = (clock_mono_ns() - began_ns) / 1000000;
	m->out->rows = m->done;
	return OK;
}

static enum err
count_all(struct move *m)
{
	m->total = 0;
	for (enum db_kind k = DB_DATA; k <= DB_KEYS; k++)
		TRY(count_database(m, k));
	return OK;
}

static enum err
count_database(struct move *m, enum db_kind kind)
{
	struct db *db = db_open_reader(m->conf->from, kind);
	struct tx *tx = tx_begin_all(db, m->cx);
	enum err err = OK;

	for (size_t i = 0; err == OK && i < m->ntable; i++) {
		int64_t n = 0;

		if (m->table[i]->db == kind)
			err = store_count(tx, m->table[i], NULL, 0, &n);
		m->total += n;
	}
	tx_end(tx);
	db_close(db);
	return err;
}

/* One snapshot of the source; from the table and the key where the target ends. */
static enum err
copy_database(struct move *m, enum db_kind kind)
{
	struct str place = m->state[kind].place, last = m->state[kind].last;
	struct db *db = db_open_reader(m->conf->from, kind);
	struct tx *tx = tx_begin_all(db, m->cx);
	enum err err = OK;

	for (size_t i = 0; err == OK && i < m->ntable; i++) {
		const struct table *t = m->table[i];

		if (t->db != kind ||
		    (place.n > 0 && !str_eq(place, str_of(t->name))))
			continue;
		err = copy_table(m, tx, t, last);
		place = last = STR("");
	}
	/* A newer program's, which store_open() refuses. */
	must(err != OK || place.n == 0);
	tx_end(tx);
	db_close(db);
	return err;
}

static enum err
copy_table(
    struct move *m, struct tx *tx, const struct table *t, struct str last)
{
	void *from = arena_alloc(m->cx->arena, t->row_size);
	struct pages p;
	enum err err = OK;

	must(last.n == 0 || row_decode(last, t, from, t->nkey));
	pages_open(&p, tx, t, from, 0, last.n > 0);
	while (err == OK) {
		err = pages_next(&p);
		if (err != OK || p.rows.n == 0)
			break;
		err = put_page(m, &p);
	}
	pages_close(&p);
	return err;
}

static enum err
put_page(struct move *m, struct pages *p)
{
	const struct table *t = p->table;
	struct move_row row = m->state[t->db];
	struct ctx cx = p->page;
	struct tx *tx = tx_begin_all(m->writer[t->db], &cx);
	struct buf key;
	enum err err;

	buf_init(&key, cx.arena, KEY_MAX);
	row_encode(&key, t, p->from, t->nkey);
	row.place = str_of(t->name);
	row.last = buf_view(&key);
	row.rows += (int64_t)p->rows.n;
	/* Nobody has any of it in memory. */
	tx_quiet(tx, true);
	err = store_save(tx, bare(m, t), p->rows.row, p->rows.n, NULL);
	if (err == OK)
		err = store_save(tx, move_table(t->db), &row, 1, NULL);
	if (err == OK)
		err = tx_commit(tx);
	else
		tx_rollback(tx);
	if (err != OK) {
		fault_copy(m->cx, &cx);
		return err;
	}
	(void)db_checkpoint(m->writer[t->db], false);
	m->state[t->db].rows = row.rows;
	m->done += (int64_t)p->rows.n;
	move_step(m, MOVE_COPYING, m->done, m->total);
	return OK;
}

/*
 * A row goes as it is, its version too, and one that is there already is a
 * fault.  Connections remember these tables.
 */
static const struct table *
bare(const struct move *m, const struct table *t)
{
	static struct table tables[MOVE_TABLES];
	size_t at = 0;

	while (m->table[at] != t)
		at++;
	tables[at] = *t;
	tables[at].when_exists = EXISTS_FAILS;
	return &tables[at];
}
