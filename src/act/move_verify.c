/* SPDX-License-Identifier: Apache-2.0 */
/*
 * move_verify.c - what was moved is opened as a server would open it, but
 * nothing in it moves: no clock, no signer, no writer.  Then the seats are
 * recomputed, and the logs up to every checkpoint that the vault signed.
 */
#include "act/move_int.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "act/query.h"
#include "audit/note.h"

#define INDEX_OF(seq) ((seq) & ((INT64_C(1) << 40) - 1))
#define TENANT_MEMORY (INT64_C(1) << 30)

/* A tenant's log on the way through it. */
struct climb {
	struct move	  *move;
	struct ctx	  *cx;
	struct str	   slug;
	struct verifier	   signer;
	struct frontier	   tree;	/* of the present origin */
	struct pages	   notes;	/* checkpoints, in order */
	size_t		   at;		/* the next of them */
};

static enum err open_still(struct move *, struct store *, struct world **);
static enum err verify_all(struct move *, struct world *);
static enum err verify_tenant(struct move *, struct reader *, uint32_t tenant);
static enum err verify_seats(struct move *, struct reader *, struct ctx *,
    struct str slug);
static enum err verify_roots(struct move *, struct reader *, struct ctx *,
    const struct realm *);
static enum err climb_page(struct climb *, const struct rows *);
static enum err check_note(struct climb *, int64_t seq);

enum err
move_verify(struct move *m, struct store *store, bool is_all)
{
	struct world *world;
	enum err err;

	TRY(open_still(m, store, &world));
	err = is_all ? verify_all(m, world) : OK;
	world_close(world);
	return err;
}

/* The world closes its channels; ours stay. */
static enum err
open_still(struct move *m, struct store *store, struct world **out)
{
	int fd[WORLD_CHANNELS];
	const struct world_conf conf = { .store = store,
		.vault_fd = fd,
		.nvault = WORLD_CHANNELS,
		.data_dir = m->conf->data_dir,
		.is_still = true };

	must(m->conf->nvault == WORLD_CHANNELS);
	for (size_t i = 0; i < WORLD_CHANNELS; i++) {
		fd[i] = fcntl(m->conf->vault_fd[i], F_DUPFD_CLOEXEC, 3);
		if (fd[i] < 0)
			fatal("no descriptor for a channel");
	}
	return world_open(m->cx, &conf, out);
}

static enum err
verify_all(struct move *m, struct world *world)
{
	struct db *data = db_open_reader(m->conf->to, DB_DATA);
	struct db *keys = db_open_reader(m->conf->to, DB_KEYS);
	struct reader r = { .world = world,
		.vault = world->vault[CHANNEL_READER] };
	uint32_t *tenant;
	size_t n = world_tenants(world, m->cx->arena, &tenant);
	enum err err = OK;

	r.data = tx_begin_all(data, m->cx);
	r.keys = tx_begin_all(keys, m->cx);
	for (size_t i = 0; err == OK && i < n; i++)
		err = verify_tenant(m, &r, tenant[i]);
	tx_end(r.keys);
	tx_end(r.data);
	db_close(keys);
	db_close(data);
	m->out->tenants = (int64_t)n;
	return err;
}

static enum err
verify_tenant(struct move *m, struct reader *r, uint32_t tenant)
{
	const struct actor actor = { .kind = ACTOR_NODE, .tenant = tenant };
	struct ctx cx = *m->cx;
	const struct realm *realm;
	enum err err;

	cx.arena = arena_open(TENANT_MEMORY);
	cx.actor = &actor;
	tx_switch(r->data, &cx);
	tx_switch(r->keys, &cx);
	err = world_realm(r->world, &cx, tenant, &realm);
	if (err == OK)
		err = verify_seats(m, r, &cx, realm->slug);
	if (err == OK)
		err = verify_roots(m, r, &cx, realm);
	tx_switch(r->data, m->cx);
	tx_switch(r->keys, m->cx);
	if (err != OK)
		fault_copy(m->cx, &cx);
	arena_close(cx.arena);
	return err;
}

static enum err
verify_seats(struct move *m, struct reader *r, struct ctx *cx, struct str slug)
{
	struct move_out *out = m->out;
	const struct seats_verdict *v;
	void *verdict;

	TRY(seats_verify(r, cx, NULL, &verdict));
	v = verdict;
	if (!v->is_whole)
		return fail(cx, ERR_CONFLICT, MSG_MOVE_SEATS, "to",
		    str_z(cx->arena, slug),
		    str_z(cx->arena,
			msg_text(cx->arena, v->fault[0].what, cx->lang,
			    v->fault[0].args)));
	out->persons += v->persons;
	out->seats += v->seats;
	out->waits += v->waits;
	out->entries += v->entries;
	return OK;
}

/* --- the logs --------------------------------------------------------------------- */

static enum err
verify_roots(
    struct move *m, struct reader *r, struct ctx *cx, const struct realm *realm)
{
	const struct log_row from = { .tenant = realm->tenant };
	const struct checkpoint_row first = { .tenant = realm->tenant };
	struct climb c = { .move = m, .cx = cx, .slug = realm->slug };
	struct str vkey, origin;
	struct pages log;
	enum err err;

	TRY(vault_log_key(r->vault, cx, realm->tenant, &vkey, &origin));
	must(verifier_parse(cx->arena, vkey, &c.signer));
	pages_open(&log, r->data, &LOG, &from, 1, false);
	pages_open(&c.notes, r->data, &CHECKPOINT, &first, 1, false);
	err = pages_next(&c.notes);
	while (err == OK && (err = pages_next(&log)) == OK && log.rows.n > 0)
		err = climb_page(&c, &log.rows);
	/* Whatever is signed beyond the end was lost on the way. */
	if (err == OK && c.at < c.notes.rows.n)
		err = check_note(&c, -1);
	pages_close(&c.notes);
	pages_close(&log);
	return err;
}

static enum err
climb_page(struct climb *c, const struct rows *entries)
{
	const struct log_row *row = entries->row;

	for (size_t i = 0; i < entries->n; i++) {
		struct hash leaf;

		if (INDEX_OF(row[i].seq) == 0)
			c->tree = (struct frontier) { 0 };
		tree_leaf(row[i].entry, &leaf);
		frontier_append(&c->tree, &leaf);
		TRY(check_note(c, row[i].seq + 1));
	}
	return OK;
}

/* SEQ is where the log is; a checkpoint of there, if there is one, must say the same. */
static enum err
check_note(struct climb *c, int64_t seq)
{
	const struct checkpoint_row *row = c->notes.rows.row;
	struct checkpoint said;
	struct hash root;
	const char *why;

	if (c->at == c->notes.rows.n || (seq >= 0 && row[c->at].seq > seq))
		return OK;
	row = &row[c->at++];
	frontier_root(&c->tree, &root);
	if (row->seq != seq || c->tree.size != (uint64_t)INDEX_OF(seq) ||
	    !note_check(c->notes.page.arena, row->note, &c->signer, STR(""),
		&said, &why) ||
	    said.size != c->tree.size ||
	    memcmp(said.root.bytes, root.bytes, sizeof(root.bytes)) != 0)
		return fail(c->cx, ERR_CONFLICT, MSG_MOVE_ROOT, "to",
		    str_z(c->cx->arena, c->slug),
		    str_z(c->cx->arena,
			str_fmt(c->cx->arena, "%lld",
			    (long long)INDEX_OF(row->seq))));
	c->move->out->checkpoints++;
	if (c->at < c->notes.rows.n)
		return OK;
	c->at = 0;
	return pages_next(&c->notes);
}
