/* SPDX-License-Identifier: Apache-2.0 */
/*
 * move_check.c - is all that was there here now?  Every table is read from both
 * stores in key order, and one digest taken of each.
 */
#include "act/move_int.h"

#include <string.h>

#include "base/buf.h"
#include "base/queue.h"

#define ROW_BYTES_MAX ((size_t)1 << 30)

static void digest_run(void *);
static enum err digest_database(struct move_side *, enum db_kind);
static enum err digest_table(struct move_side *, struct tx *,
    const struct table *, struct move_table *);
static void digest_page(const struct pages *, struct move_table *);
static enum err same(struct move *, const struct move_table *,
    const struct move_table *);
static const char *number(struct ctx *, int64_t);

enum err
move_compare(struct move *m)
{
	struct move_table *there =
	    arena_array(m->cx->arena, m->ntable, sizeof(*there));
	struct move_table *here =
	    arena_array(m->cx->arena, m->ntable, sizeof(*here));
	struct ctx own = { .arena = arena_open(1 << 20) };
	struct move_side from = { m->conf->from, m->table, m->ntable, there,
		m, m->cx, OK };
	struct move_side to = { m->conf->to, m->table, m->ntable, here, NULL,
		&own, OK };
	struct thread *thread = thread_start("compare", digest_run, &to);

	m->done = 0;
	move_step(m, MOVE_COMPARING, 0, m->total);
	move_digest(&from);
	thread_join(thread);
	if (from.err == OK && to.err != OK)
		fault_copy(m->cx, &own);
	arena_close(own.arena);
	TRY(from.err);
	TRY(to.err);
	for (size_t i = 0; i < m->ntable; i++)
		TRY(same(m, &there[i], &here[i]));
	m->out->table = here;
	m->out->ntable = m->ntable;
	return OK;
}

static void
digest_run(void *side)
{
	move_digest(side);
}

static enum err
same(struct move *m, const struct move_table *there,
    const struct move_table *here)
{
	struct ctx *cx = m->cx;

	if (there->rows != here->rows)
		return fail(cx, ERR_CONFLICT, MSG_MOVE_COUNT, "to", here->name,
		    number(cx, here->rows), number(cx, there->rows));
	if (memcmp(there->digest.bytes, here->digest.bytes,
		sizeof(here->digest.bytes)) != 0)
		return fail(
		    cx, ERR_CONFLICT, MSG_MOVE_DIFFERS, "to", here->name);
	return OK;
}

static const char *
number(struct ctx *cx, int64_t n)
{
	return str_z(cx->arena, str_fmt(cx->arena, "%lld", (long long)n));
}

/* --- one side ----------------------------------------------------------------- */

void
move_digest(struct move_side *s)
{
	s->err = OK;
	for (enum db_kind k = DB_DATA; s->err == OK && k <= DB_KEYS; k++)
		s->err = digest_database(s, k);
}

static enum err
digest_database(struct move_side *s, enum db_kind kind)
{
	struct db *db = db_open_reader(s->store, kind);
	struct tx *tx = tx_begin_all(db, s->cx);
	enum err err = OK;

	for (size_t i = 0; err == OK && i < s->n; i++)
		if (s->table[i]->db == kind)
			err = digest_table(s, tx, s->table[i], &s->out[i]);
	tx_end(tx);
	db_close(db);
	return err;
}

static enum err
digest_table(struct move_side *s, struct tx *tx, const struct table *t,
    struct move_table *out)
{
	void *from = arena_alloc(s->cx->arena, t->row_size);
	struct pages p;
	enum err err = OK;

	*out = (struct move_table) { .name = t->name };
	sha256(str_of(t->name), &out->digest);
	pages_open(&p, tx, t, from, 0, false);
	while (err == OK && (err = pages_next(&p)) == OK && p.rows.n > 0) {
		digest_page(&p, out);
		if (s->move == NULL)
			continue;
		s->move->done += (int64_t)p.rows.n;
		move_step(
		    s->move, MOVE_COMPARING, s->move->done, s->move->total);
	}
	pages_close(&p);
	return err;
}

/* Each is of the one before and the row: pages may end elsewhere on the other side. */
static void
digest_page(const struct pages *p, struct move_table *out)
{
	const struct table *t = p->table;
	const char *row = p->rows.row;
	struct buf b;

	buf_init(&b, NULL, ROW_BYTES_MAX);
	for (size_t i = 0; i < p->rows.n; i++, row += t->row_size) {
		buf_clear(&b);
		buf_bytes(&b, out->digest.bytes, sizeof(out->digest.bytes));
		row_encode(&b, t, row, t->ncolumn);
		sha256(buf_view(&b), &out->digest);
	}
	out->rows += (int64_t)p->rows.n;
	buf_fini(&b);
}
