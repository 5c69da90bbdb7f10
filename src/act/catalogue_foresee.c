/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalogue_foresee.c - what a catalogue would do to people, before anything
 * of it is in force: the rules of the next one, and the roles that its products
 * require, asked person by person, with the code that will decide, in one
 * snapshot.
 *
 * A page of persons is in memory at a time; what is kept is a line a product
 * and the counts of the pools.
 */
#include "act/order_int.h"

#include <string.h>

#include "act/group_int.h"
#include "act/import_int.h"

#define PERSONS_A_PAGE 500
#define PAGE_MEM       (256 << 20)

struct seer {
	struct world	       *world;
	const struct catalogue *before, *next;
	struct realm		realm;	/* as it would be */
	struct pool	       *pool;	/* count on from person to person */
	size_t			npool;
	bool		       *is_touched;
	struct foresight_line  *line;	/* of the next catalogue's products, then of the present one's */
	struct group_entry     *entry;	/* of the next catalogue, by group */
	size_t			nentry;
	struct foresight       *out;
};

static enum err check_version(struct ctx *, struct tx *, const struct realm *);
static enum err load_pools(struct seer *, struct tx *);
static enum err match_groups(struct seer *, struct reader *, struct ctx *,
    struct tx *);
static enum err look_at_all(struct seer *, struct ctx *, struct tx *);
static enum err look_at_page(struct seer *, struct ctx *, struct tx *,
    const struct rows *);
static void look_at(struct seer *, struct ctx *, struct gate *,
    struct order_batch *, const struct subject *);
static void count(struct seer *, const struct person_move *);
static bool is_moved(const struct change_list *, size_t);
static bool ends_grant(const struct change *);
static struct foresight_line *line_of(struct seer *, int64_t product);
static void tell_lines(struct seer *);
static void guard(struct seer *, int64_t allow_losses);
static int64_t may_lose(const struct seer *, int64_t of);

enum err
catalogue_foresee(struct reader *r, struct ctx *cx, const struct realm *realm,
    const struct sight_in *in, struct foresight *out)
{
	struct seer s = { .world = r->world,
		.before = realm->catalogue,
		.next = in->next,
		.realm = *realm,
		.out = out };
	struct db *db = db_open_reader(world_store(r->world), DB_DATA);
	struct tx *tx = tx_begin(db, cx);
	enum err err;

	s.realm.catalogue = in->next;
	s.realm.names_arg.catalogue = in->next;
	s.realm.names = names_of(&s.realm.names_arg);
	s.line = arena_array(cx->arena,
	    s.next->nproduct + s.before->nproduct + 1, sizeof(*s.line));
	err = check_version(cx, tx, realm);
	if (err == OK)
		err = load_pools(&s, tx);
	if (err == OK)
		err = match_groups(&s, r, cx, tx);
	if (err == OK)
		err = look_at_all(&s, cx, tx);
	tx_end(tx);
	db_close(db);
	tell_lines(&s);
	guard(&s, in->allow_losses);
	return err;
}

/* The snapshot is of the catalogue that NEXT was compared with, or all is begun again. */
static enum err
check_version(struct ctx *cx, struct tx *tx, const struct realm *realm)
{
	struct tenant_row key = { .tenant = realm->tenant };
	struct rows rows;

	TRY(store_load(tx, &TENANT, &key, 1, 1, 0, &rows));
	must(rows.n == 1);
	if (((struct tenant_row *)rows.row)->catalogue_version ==
	    realm->catalogue->version)
		return OK;
	return fail(cx, ERR_BUSY, MSG_CATALOGUE_RACE, "catalogue");
}

/* Those that are there, with the quotas they would have, and those that would be made. */
static enum err
load_pools(struct seer *s, struct tx *tx)
{
	struct arena *arena = tx_ctx(tx)->arena;
	struct pool key = { .tenant = s->realm.tenant };
	struct rows rows;
	size_t max;

	TRY(store_load(tx, &POOL, &key, 1, 1, 0, &rows));
	max = rows.n + s->next->npool;
	s->pool = arena_array(arena, max + 1, sizeof(*s->pool));
	s->is_touched = arena_array(arena, max + 1, sizeof(bool));
	if (rows.n > 0)
		memcpy(s->pool, rows.row, rows.n * sizeof(*s->pool));
	s->npool = rows.n;
	for (size_t i = 0; i < rows.n; i++) {
		const struct pool_info *was =
		    catalogue_pool(s->before, s->pool[i].id);
		const struct pool_info *is =
		    catalogue_pool(s->next, s->pool[i].id);

		if (was != NULL && is != NULL && was->quota != is->quota)
			s->pool[i].quota = is->quota;
	}
	for (size_t i = 0; i < s->next->npool; i++) {
		const struct pool_info *is = &s->next->pool[i];

		if (catalogue_pool(s->before, is->id) == NULL)
			s->pool[s->npool++] = (struct pool) { key.tenant,
				is->id, is->product, is->quota, 0, 0, 0 };
	}
	return OK;
}

static enum err
match_groups(
    struct seer *s, struct reader *r, struct ctx *cx, struct tx *tx)
{
	const struct index_out *index;
	struct capability capability;
	struct vault_call call;

	if (s->next->ngroup == 0)
		return OK;
	TRY(world_capability(r->world, r->vault, cx, cx->actor, &capability));
	vault_call_init(&call, cx->arena);
	call.tenant = s->realm.tenant;
	call.capability = &capability;
	index = groups_index(&call, s->next);
	TRY(vault_run(r->vault, cx, &call));
	if (index->err != OK)
		return fail_sealed(cx, index->err, "groups");
	return groups_match(
	    tx, s->realm.tenant, s->next, index, &s->entry, &s->nentry);
}

static enum err
look_at_all(struct seer *s, struct ctx *cx, struct tx *tx)
{
	struct person from = { .tenant = s->realm.tenant };
	struct ctx page = *cx;
	struct rows rows;
	enum err err;

	do {
		page.arena = arena_open(PAGE_MEM);
		tx_switch(tx, &page);
		err = store_page(
		    tx, &PERSON, &from, 1, from.id == 0, PERSONS_A_PAGE, &rows);
		if (err == OK && rows.n > 0) {
			from.id = ((struct person *)rows.row)[rows.n - 1].id;
			err = look_at_page(s, &page, tx, &rows);
		}
		if (err != OK)
			fault_copy(cx, &page);
		tx_switch(tx, cx);
		arena_close(page.arena);
	} while (err == OK && rows.n == PERSONS_A_PAGE);
	return err;
}

static enum err
look_at_page(
    struct seer *s, struct ctx *cx, struct tx *tx, const struct rows *persons)
{
	struct order_batch ob = { .arena = cx->arena };
	struct effects fx = { .arena = cx->arena };
	struct gate gate = {
		.arena = cx->arena,
		.catalogue = s->next,
		.names = s->realm.names,
		.tenant = s->realm.tenant,
		.now_ms = cx->now_ms,
		.pool = s->pool,
		.npool = s->npool,
		.is_touched = s->is_touched,
		.fx = &fx,
	};
	struct subject *sub = arena_array(cx->arena, persons->n, sizeof(*sub));

	for (size_t i = 0; i < persons->n; i++) {
		sub[i].row = ((struct person *)persons->row)[i];
		list_add(ob.arena, &ob.subject, &sub[i]);
	}
	TRY(subjects_load(&ob, tx));
	TRY(subjects_load_roles(&ob, NULL, tx));
	for (size_t i = 0; i < ob.group.n; i++)
		ob.group.v[i].row.gives = group_entry_of(
		    s->entry, s->nentry, ob.group.v[i].row.id);
	for (size_t i = 0; i < persons->n; i++)
		look_at(s, cx, &gate, &ob, &sub[i]);
	return OK;
}

static void
look_at(struct seer *s, struct ctx *cx, struct gate *g, struct order_batch *ob,
    const struct subject *sub)
{
	struct person_move m = {
		.before = &sub->row,
		.after = sub->row,
		.contract = sub->contract,
		.ncontract = sub->ncontract,
		.today = order_today(&s->realm, sub->row.site, cx->now_ms),
		.holding = sub->holding,
		.nholding = sub->nholding,
		.has_open_checks = sub->open.onboarding != 0,
		.onboarding = sub->open.onboarding,
		.hold_until_ms = sub->open.expires_ms,
		.rule_priority = RULE_PRIORITY,
	};
	struct subject then = *sub;
	int64_t *role;
	bool is_holder = false;

	groups_roles(ob, &then, s->next, cx);
	m.nrole = roles_now(cx->arena, &then, cx->now_ms, &role);
	m.role = role;
	m.ngift = groups_gifts(ob, sub, s->next, &m.gift);
	for (size_t i = 0; i < sub->nholding; i++) {
		if (sub->holding[i].seat.state == SEAT_NONE)
			continue;
		is_holder = true;
		line_of(s, sub->holding[i].product)->seats++;
	}
	s->out->persons++;
	s->out->holders += is_holder;
	rules_foresee(cx, g, &m);
	count(s, &m);
}

static void
count(struct seer *s, const struct person_move *m)
{
	bool gains = false, loses = false;

	for (size_t i = 0; i < m->changes.n; i++) {
		const struct change *c = &m->changes.change[i];
		struct foresight_line *line = line_of(s, c->object);

		line->grants_lost += ends_grant(c) &&
		    !(i > 0 && ends_grant(c - 1) && c[-1].object == c->object);
		if (c->kind != CHANGE_SEAT)
			continue;
		/* From one share into another: the person has it on. */
		if (is_moved(&m->changes, i)) {
			i++;
			continue;
		}
		line->seats_lost += c->after == SEAT_NONE;
		line->seats_gained += c->after != SEAT_NONE;
		loses |= c->after == SEAT_NONE;
	}
	/* Who must wait has the grant, too. */
	for (size_t i = 0; i < m->noutcome; i++) {
		const struct outcome_row *o = &m->outcome[i];

		if (o->outcome == OUTCOME_REFUSED && o->reason != MSG_SEAT_FULL)
			continue;
		line_of(s, o->product)->grants_gained++;
		gains = true;
	}
	s->out->will_gain += gains;
	s->out->will_lose += loses;
}

/* A seat that ends here and begins in the next change. */
static bool
is_moved(const struct change_list *list, size_t i)
{
	const struct change *c = &list->change[i];

	return c->after == SEAT_NONE && i + 1 < list->n &&
	    c[1].kind == CHANGE_SEAT && c[1].object == c->object &&
	    c[1].after != SEAT_NONE;
}

/* Who loses the role that a product requires loses every grant of it at once. */
static bool
ends_grant(const struct change *c)
{
	return c->kind == CHANGE_GRANT && c->after == 0;
}

static struct foresight_line *
line_of(struct seer *s, int64_t product)
{
	const struct product *p = catalogue_product(s->next, product);

	if (p != NULL)
		return &s->line[p - s->next->product];
	p = catalogue_product(s->before, product);
	/* Of one that went before these there may be a grant still: not told. */
	if (p == NULL)
		return &s->line[s->next->nproduct + s->before->nproduct];
	return &s->line[s->next->nproduct + (size_t)(p - s->before->product)];
}

/* Only products that somebody gains or loses. */
static void
tell_lines(struct seer *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->next->nproduct + s->before->nproduct; i++) {
		struct foresight_line *l = &s->line[i];

		l->product = i < s->next->nproduct
		    ? s->next->product[i].slug
		    : s->before->product[i - s->next->nproduct].slug;
		if (l->grants_gained + l->grants_lost + l->seats_gained +
			l->seats_lost >
		    0)
			s->line[n++] = *l;
	}
	s->out->line = s->line;
	s->out->nline = n;
}

/*
 * The limits are those in force: a catalogue does not lift its own guard.  More
 * losers than the share, of all who hold a seat or of one product, and not few:
 * stopped, unless so many were allowed.
 */
static void
guard(struct seer *s, int64_t allow_losses)
{
	struct foresight *out = s->out;

	out->percent = s->before->setting[SETTING_CATALOGUE_LOSSES_PERCENT];
	out->losses_allowed = may_lose(s, out->holders);
	out->is_over = out->will_lose > out->losses_allowed;
	for (size_t i = 0; i < out->nline; i++)
		out->is_over |=
		    out->line[i].seats_lost > may_lose(s, out->line[i].seats);
	out->is_stopped = out->is_over && out->will_lose > allow_losses;
}

static int64_t
may_lose(const struct seer *s, int64_t of)
{
	int64_t share = of * s->out->percent / 100;
	int64_t least = s->before->setting[SETTING_CATALOGUE_LOSSES_LEAST];

	return share > least ? share : least;
}
