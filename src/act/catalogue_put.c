/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalogue_put.c - a new version of the catalogue: foreseen and guarded,
 * checked and sealed, then its pools and quotas in one transaction, then each
 * person's grants again.
 */
#include "act/group_int.h"
#include "act/import_int.h"

#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/queue.h"
#include "base/yaml.h"

#include "core/role.h"

#define PERSONS_A_PAGE 500
#define TRIES	       3
#define PRODUCTS_TOLD  10

struct put_state {
	const struct realm     *realm;
	struct catalogue       *next;
	struct catalogue_diff	diff;
	struct hash		digest;
	const struct text_out  *sealed, *reason;
	const struct index_out *groups;	/* keys of what its groups are called; NULL: there are none */
	struct catalogue_out   *out;
	bool			is_same;
	struct session_list	begun_end;	/* of who holds more by it */
};

static enum err parse(struct item *, struct put_state *);
static enum err put_one(struct item *, struct tx *);
static enum err drop_pools(struct item *, struct tx *, struct put_state *,
    struct logbook *);
static enum err check_types(struct item *, struct tx *,
    const struct put_state *);
static void log_quota(struct item *, struct logbook *, const struct pool *,
    int64_t before, int64_t after);
static enum err make_pools(struct item *, struct tx *, struct put_state *,
    struct logbook *);
static enum err set_quotas(struct item *, struct tx *, struct put_state *,
    struct logbook *);
static enum err end_beginnings(struct item *, struct tx *,
    struct put_state *);
static enum err match_groups(struct item *, struct tx *, struct put_state *);
static enum err check_own(struct item *, struct tx *,
    const struct put_state *, const struct group_row *, int64_t gives);
static bool gives_role(const struct group_info *, int64_t role);
static enum err save_version(struct item *, struct tx *, struct put_state *,
    struct logbook *);
static enum err check_losses(struct ctx *, const struct catalogue_in *);
static enum err foresee(struct reader *, struct ctx *, struct catalogue_in *,
    struct foresight *);
static enum err stopped(struct ctx *, const struct foresight *);
static enum err regrant(struct reader *, struct ctx *, int64_t *);
static enum err regrant_page(struct reader *, struct ctx *,
    const struct person *, size_t);

/* --- before the transaction ----------------------------------------------------- */

static enum err
want(struct batch *b, struct tx *data, struct vault_call *call)
{
	(void)data;
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];
		const struct catalogue_in *in = it->in;
		struct put_state *s = arena_alloc(it->cx->arena, sizeof(*s));

		it->state = s;
		it->err = world_realm(b->world, it->cx, it->tenant,
		    &s->realm);
		if (it->err == OK && in->allow_removals && in->reason.n == 0)
			it->err = fail(it->cx, ERR_BAD_INPUT,
			    MSG_CATALOGUE_REASON, "reason");
		if (it->err == OK)
			it->err = parse(it, s);
		if (it->err != OK)
			continue;
		call->tenant = it->tenant;
		call->capability = &s->realm->capability;
		s->groups = groups_index(call, s->next);
		s->sealed = vault_text_seal(call, PURPOSE_CATALOGUE,
		    s->next->version, s->next->canonical);
		/* Somebody's words: sealed, under the tenant's own key. */
		if (s->diff.removed > 0 || in->overrides_guard)
			s->reason = vault_text_seal(call, PURPOSE_AUDIT,
			    s->next->version, in->reason);
	}
	return OK;
}

static enum err
parse(struct item *it, struct put_state *s)
{
	const struct catalogue_in *in = it->in;
	const struct catalogue *before = s->realm->catalogue;
	const struct js *js;
	int32_t day;

	if (in->is_foreseen && in->foreseen_from != before->version)
		return fail(it->cx, ERR_BUSY, MSG_CATALOGUE_RACE, "catalogue");
	TRY(yaml_parse(it->cx, in->text, &js));
	TRY(catalogue_decode(it->cx, js, before, false, &s->next));
	TRY(roles_may_become(it->cx, before, s->next));
	for (size_t i = 0; i < s->next->nsite; i++)
		if (!zone_day(s->next->site[i].zone, it->cx->now_ms, &day))
			return fail(it->cx, ERR_BAD_INPUT,
			    MSG_CATALOGUE_NO_ZONE, "sites", str_z(it->cx->arena,
			    s->next->site[i].zone));
	if (s->realm->most[LIMIT_CATALOGUE] > 0 && s->next->canonical.n
	    > (size_t)s->realm->most[LIMIT_CATALOGUE])
		return fail(it->cx, ERR_FULL, MSG_TENANT_CATALOGUE,
		    "catalogue", str_z(it->cx->arena, str_fmt(it->cx->arena,
		    "%lld", (long long)s->realm->most[LIMIT_CATALOGUE])));
	s->next->version = before->version + 1;
	sha256(s->next->canonical, &s->digest);
	catalogue_compare(it->cx->arena, before, s->next, &s->diff);
	s->is_same = before->version > 0
	    && str_eq(before->canonical, s->next->canonical);
	if (s->diff.removed > 0 && !in->allow_removals)
		return fail(it->cx, ERR_CONFLICT, MSG_CATALOGUE_REMOVALS,
		    "catalogue", str_z(it->cx->arena, str_fmt(it->cx->arena,
		    "%zu", s->diff.removed)),
		    str_z(it->cx->arena, s->diff.removed_text));
	s->out = arena_alloc(it->cx->arena, sizeof(*s->out));
	s->out->version = s->is_same ? before->version : s->next->version;
	s->out->digest = str_hex(it->cx->arena,
	    (struct str) { (char *)s->digest.bytes, 32 });
	s->out->added = s->diff.added;
	s->out->changed = s->diff.changed;
	s->out->removed = s->diff.removed;
	s->out->is_changed = !s->is_same;
	return OK;
}

/* --- in the transaction ----------------------------------------------------------- */

static enum err
save(struct batch *b, struct tx *tx)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->item[i]->err == OK)
			TRY(put_one(b->item[i], tx));
	return OK;
}

static enum err
put_one(struct item *it, struct tx *tx)
{
	struct put_state *s = it->state;
	const struct catalogue_in *in = it->in;
	struct logbook book = { .arena = tx_ctx(tx)->arena };
	struct tenant_row key = { .tenant = it->tenant };
	struct rows rows;

	TRY(s->sealed->err);
	if (s->reason != NULL)
		TRY(s->reason->err);
	if (s->groups != NULL)
		TRY(s->groups->err);
	TRY(store_load(tx, &TENANT, &key, 1, 1, 0, &rows));
	must(rows.n == 1);
	if (((struct tenant_row *)rows.row)->catalogue_version
	    != s->next->version - 1) {
		it->again = true;
		return OK;
	}
	it->out = s->out;
	if (s->is_same)
		return OK;
	/* A refusal here must leave nothing: this item is alone in its savepoint. */
	TRY(tx_savepoint(tx));
	it->err = check_types(it, tx, s);
	if (it->err == OK)
		it->err = drop_pools(it, tx, s, &book);
	if (it->err == OK)
		it->err = make_pools(it, tx, s, &book);
	if (it->err == OK)
		it->err = set_quotas(it, tx, s, &book);
	if (it->err == OK)
		it->err = end_beginnings(it, tx, s);
	if (it->err == OK)
		it->err = match_groups(it, tx, s);
	if (it->err == OK)
		it->err = save_version(it, tx, s, &book);
	/* Nothing is left that could still fail, though it does not stay. */
	if (it->err == OK && in->is_dry)
		it->err = tx_savepoint(tx);
	if (it->err == OK)
		it->err = tx_keep(tx);
	if (it->err != OK || in->is_dry)
		tx_undo(tx);
	return OK;
}

/* Whoever made a resource could not reach it any more. */
static enum err
check_types(struct item *it, struct tx *tx, const struct put_state *s)
{
	for (size_t i = 0; i < s->diff.ntype_gone; i++) {
		const struct declared_type *type = catalogue_type(
		    s->realm->catalogue, s->diff.type_gone[i]);
		const struct resource_page page = { .tenant = it->tenant,
			.type = type->id, .limit = 1 };
		struct rows rows;

		TRY(resource_page(tx, &page, &rows));
		if (rows.n > 0)
			return fail(it->cx, ERR_CONFLICT, MSG_CATALOGUE_TYPE,
			    "resource_types",
			    str_z(it->cx->arena, type->slug));
	}
	return OK;
}

/* A pool goes only when nobody sits in it. */
static enum err
drop_pools(struct item *it, struct tx *tx, struct put_state *s,
    struct logbook *book)
{
	for (size_t i = 0; i < s->diff.npool_gone; i++) {
		struct pool key = { .tenant = it->tenant,
			.id = s->diff.pool_gone[i] };
		struct wait_pool place = { .tenant = it->tenant,
			.pool = key.id };
		const struct pool *row;
		struct rows rows;

		TRY(store_load(tx, &POOL, &key, 1, 2, 0, &rows));
		must(rows.n == 1);
		row = rows.row;
		if (row->held + row->assigned > 0)
			return fail(it->cx, ERR_CONFLICT, MSG_CATALOGUE_POOL,
			    "pools", str_z(it->cx->arena, catalogue_pool(
			    s->realm->catalogue, key.id)->slug),
			    str_z(it->cx->arena, str_fmt(it->cx->arena,
			    "%lld", (long long)(row->held
			    + row->assigned))));
		TRY(store_drop(tx, &WAIT_POOL, &place, 1, 2, NULL));
		TRY(store_drop(tx, &POOL, &key, 1, 2, NULL));
		log_quota(it, book, row, row->quota, 0);
	}
	return OK;
}

static enum err
make_pools(struct item *it, struct tx *tx, struct put_state *s,
    struct logbook *book)
{
	for (size_t i = 0; i < s->diff.npool_new; i++) {
		const struct pool_info *info = s->diff.pool_new[i];
		struct pool row = { .tenant = it->tenant, .id = info->id,
			.product = info->product, .quota = info->quota,
			.version = 1 };

		TRY(store_save(tx, &POOL, &row, 1, NULL));
		log_quota(it, book, &row, 0, row.quota);
	}
	return OK;
}

static void
log_quota(struct item *it, struct logbook *book, const struct pool *pool,
    int64_t before, int64_t after)
{
	struct change_list changes = { .arena = book->arena };
	struct entry e = entry_by(it->cx, ACTION_POOL_CHANGED, SUBJECT_POOL,
	    pool->id);

	change_add(&changes, CHANGE_QUOTA, pool->id, pool->product, before,
	    after);
	e.change = changes.change;
	e.nchange = changes.n;
	logbook_add(book, it->tenant, &e, NULL);
}

/* Only quotas whose declaration changed: what was bought since stays. */
static enum err
set_quotas(struct item *it, struct tx *tx, struct put_state *s,
    struct logbook *book)
{
	for (size_t i = 0; i < s->diff.npool_quota; i++) {
		const struct pool_info *info = s->diff.pool_quota[i];
		struct str slug = catalogue_pool(s->realm->catalogue,
		    info->id)->slug;	/* before a rename */
		struct quota_in in = { slug, info->quota, -1 };

		TRY(quota_set(it->cx, tx, s->realm, &in, book, NULL));
	}
	return OK;
}

/* Rights that a role comes to are given to all who hold it, like a role. */
static enum err
end_beginnings(struct item *it, struct tx *tx, struct put_state *s)
{
	struct role_row key = { .tenant = it->tenant };
	struct role_row *held;
	struct rows rows;
	size_t n = 0;

	s->begun_end = (struct session_list) { 0 };
	TRY(store_load(tx, &ROLE, &key, 1, 1, 0, &rows));
	held = rows.row;
	for (size_t i = 0; i < rows.n; i++)
		if (role_grows(s->realm->catalogue, s->next, held[i].role))
			held[n++] = held[i];
	return beginnings_end(tx, held, n, &s->begun_end);
}

/* Each group knows the entry of its name. */
static enum err
match_groups(struct item *it, struct tx *tx, struct put_state *s)
{
	struct group_row key = { .tenant = it->tenant }, *row;
	struct group_entry *entry;
	struct rows rows;
	size_t nentry, n = 0;
	bool *stale;

	if (s->next->ngroup + s->realm->catalogue->ngroup == 0)
		return OK;
	TRY(groups_match(tx, it->tenant, s->next, s->groups, &entry, &nentry));
	TRY(store_load(tx, &GROUP, &key, 1, 1, 0, &rows));
	row = rows.row;
	for (size_t i = 0; i < rows.n; i++) {
		const int64_t gives =
		    group_entry_of(entry, nentry, row[i].id);

		TRY(check_own(it, tx, s, &row[i], gives));
		if (row[i].gives == gives)
			continue;
		row[n] = row[i];
		row[n++].gives = gives;
	}
	stale = arena_array(tx_ctx(tx)->arena, n + 1, sizeof(*stale));
	TRY(store_save(tx, &GROUP, row, n, stale));
	for (size_t i = 0; i < n; i++)
		must(!stale[i]);	/* loaded in this transaction */
	return OK;
}

/* Nobody gives themselves a role by what a group gives in which they are. */
static enum err
check_own(struct item *it, struct tx *tx, const struct put_state *s,
    const struct group_row *group, int64_t gives)
{
	const struct group_info *now =
	    catalogue_group(s->realm->catalogue, group->gives);
	const struct group_info *then = catalogue_group(s->next, gives);
	const struct member_row key = { .tenant = it->tenant,
		.in_group = group->id,
		.person = it->cx->actor->person };
	size_t added = 0;
	struct rows rows;

	for (size_t i = 0; then != NULL && i < then->nrole; i++)
		added += !gives_role(now, then->role[i]);
	if (key.person == 0 || added == 0)
		return OK;
	TRY(store_load(tx, &MEMBER, &key, 1, 3, 0, &rows));
	return rows.n == 0
	    ? OK
	    : fail(it->cx, ERR_DENIED, MSG_ACCESS_OWN, "groups");
}

static bool
gives_role(const struct group_info *group, int64_t role)
{
	for (size_t i = 0; group != NULL && i < group->nrole; i++)
		if (group->role[i] == role)
			return true;
	return false;
}

static enum err
save_version(struct item *it, struct tx *tx, struct put_state *s,
    struct logbook *book)
{
	struct catalogue_row row = {
		.tenant = it->tenant,
		.version = s->next->version,
		.sealed = s->sealed->text,
		.digest = { (char *)s->digest.bytes, 32 },
		.author = it->cx->actor->id,
		.created_ms = it->cx->now_ms,
	};
	struct tenant_row key = { .tenant = it->tenant };
	struct change_list changes = { .arena = book->arena };
	struct entry e = entry_by(it->cx, ACTION_CATALOGUE_APPLIED,
	    SUBJECT_CATALOGUE, row.version);
	struct entry why = entry_by(it->cx, ACTION_GUARD_OVERRIDDEN,
	    SUBJECT_CATALOGUE, row.version);
	struct tenant_row *tenant;
	struct rows rows;

	if (s->reason != NULL) {
		why.sealed = s->reason->text;
		logbook_add(book, it->tenant, &why, NULL);
	}
	change_add(&changes, CHANGE_VERSION, 0, 0, row.version - 1,
	    row.version);
	e.change = changes.change;
	e.nchange = changes.n;
	e.after = row.digest;
	logbook_add(book, it->tenant, &e, NULL);
	TRY(store_save(tx, &CATALOGUE, &row, 1, NULL));
	TRY(store_load(tx, &TENANT, &key, 1, 1, 0, &rows));
	tenant = rows.row;
	tenant->catalogue_version = row.version;
	TRY(store_save(tx, &TENANT, tenant, 1, NULL));
	return logbook_save(book, tx);
}

static void
committed(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct item *it = b->item[i];
		const struct catalogue_in *in = it->in;
		const struct put_state *s = it->state;

		if (it->err != OK || it->again || s->is_same || in->is_dry)
			continue;
		beginnings_ended(b->world, &s->begun_end);
		world_catalogue_set(b->world, it->tenant, s->next->canonical,
		    s->next->version);
	}
}

const struct use_case catalogue_apply = {
	.name = "catalogue_apply",
	.want = want,
	.save = save,
	.committed = committed,
	.comes_last = true,
};

/* --- afterwards ---------------------------------------------------------------------- */

/* Also of an unchanged one: the process may have ended before all were through. */
enum err
catalogue_put(struct reader *r, struct ctx *cx, const void *arg, void **out)
{
	struct catalogue_in in = *(const struct catalogue_in *)arg;
	struct foresight sight;
	struct catalogue_out *told;
	struct item it;
	int tries = 0;
	enum err err;

	TRY(check_losses(cx, &in));
	/* Somebody else's may come in force between the look and the leap. */
	do {
		cx->fault = (struct fault) { 0 };
		it = (struct item) { .cx = cx, .use_case = &catalogue_apply,
			.tenant = cx->actor->tenant, .in = &in };
		err = foresee(r, cx, &in, &sight);
		if (err == OK && sight.is_stopped && !in.is_dry)
			err = stopped(cx, &sight);
		if (err == OK)
			err = pipeline_do(world_pipeline(r->world), &it,
			    ITEM_INTERACTIVE);
	} while (err == ERR_BUSY && ++tries < TRIES);
	TRY(err);
	told = it.out;
	told->sight = sight;
	*out = told;
	return in.is_dry ? OK : regrant(r, cx, &told->regranted);
}

static enum err
check_losses(struct ctx *cx, const struct catalogue_in *in)
{
	if (in->allow_losses == 0)
		return OK;
	if (in->reason.n == 0)
		return fail(cx, ERR_BAD_INPUT, MSG_CATALOGUE_LOSSES_REASON,
		    "reason");
	if (!actor_may(cx->actor, RIGHT_GUARD_OVERRIDE))
		return fail(cx, ERR_DENIED, MSG_IMPORT_GUARD, "allow_losses");
	return OK;
}

/* What is in force already is not asked about: its work is only made good. */
static enum err
foresee(struct reader *r, struct ctx *cx, struct catalogue_in *in,
    struct foresight *sight)
{
	struct put_state s = { 0 };
	struct item it = { .cx = cx, .in = in };
	struct sight_in look = { .allow_losses = in->allow_losses };

	*sight = (struct foresight) { 0 };
	in->is_foreseen = false;
	TRY(world_realm(r->world, cx, cx->actor->tenant, &s.realm));
	TRY(parse(&it, &s));
	in->is_foreseen = true;
	in->foreseen_from = s.realm->catalogue->version;
	look.next = s.next;
	if (s.is_same)
		return OK;
	TRY(catalogue_foresee(r, cx, s.realm, &look, sight));
	in->overrides_guard = sight->is_over;
	return OK;
}

/* Names the products, most of them at least. */
static enum err
stopped(struct ctx *cx, const struct foresight *sight)
{
	struct buf b;
	size_t n = 0;

	buf_init(&b, cx->arena, 1024);
	for (size_t i = 0; i < sight->nline; i++) {
		const struct foresight_line *l = &sight->line[i];

		if (l->seats_lost == 0)
			continue;
		if (++n > PRODUCTS_TOLD) {
			buf_z(&b, ", …");
			break;
		}
		buf_fmt(&b, "%s%.*s %lld/%lld", n > 1 ? ", " : "",
		    STR_ARG(l->product), (long long)l->seats_lost,
		    (long long)l->seats);
	}
	return fail(cx, ERR_CONFLICT, MSG_CATALOGUE_LOSSES, "catalogue",
	    str_z(cx->arena, str_fmt(cx->arena, "%lld",
	    (long long)sight->will_lose)),
	    str_z(cx->arena, str_fmt(cx->arena, "%lld",
	    (long long)sight->losses_allowed)),
	    str_z(cx->arena, buf_view(&b)),
	    str_z(cx->arena, str_fmt(cx->arena, "%lld",
	    (long long)sight->percent)));
}

/*
 * Everybody's rules and waiting places again, a page at a time, each from its
 * own snapshot: the reader's is older than the catalogue, and who came in
 * between would be passed over.  Whoever comes later is decided by it anyway.
 */
static enum err
regrant(struct reader *r, struct ctx *cx, int64_t *persons)
{
	struct db *db = db_open_reader(world_store(r->world), DB_DATA);
	struct person from = { .tenant = cx->actor->tenant };
	int64_t last = id_new();
	size_t n = PERSONS_A_PAGE;
	enum err err = OK;

	while (err == OK && n == PERSONS_A_PAGE && from.id < last) {
		struct ctx page = *cx;
		struct tx *tx;
		struct rows rows;

		page.arena = arena_open(256 << 20);
		tx = tx_begin(db, &page);
		err = store_page(tx, &PERSON, &from, 1, from.id == 0,
		    PERSONS_A_PAGE, &rows);
		tx_end(tx);
		n = err == OK ? rows.n : 0;
		if (n > 0) {
			from.id = ((struct person *)rows.row)[n - 1].id;
			err = regrant_page(r, &page, rows.row, n);
			*persons += (int64_t)n;
		}
		if (err != OK)
			fault_copy(cx, &page);
		arena_close(page.arena);
	}
	db_close(db);
	return err;
}

static void
order_ended(struct item *it)
{
	must(queue_try_put(it->owner, it));
}

static enum err
regrant_page(struct reader *r, struct ctx *cx, const struct person *p,
    size_t n)
{
	struct item *item = arena_array(cx->arena, n + 1, sizeof(*item));
	struct queue *ended = queue_open(n + 1);
	struct actor actor = *cx->actor;
	size_t waiting = 0;
	void *one;
	enum err err = OK;

	/* It concerns all, whoever declared it. */
	actor.scope = NULL;
	for (size_t i = 0; i < n; i++) {
		struct order *o = arena_alloc(cx->arena, sizeof(*o));
		struct ctx *own = arena_copy(cx->arena, cx, sizeof(*cx));

		o->kind = ORDER_CLOCK;
		o->person = p[i].id;
		own->arena = arena_open(16 << 20);
		own->actor = &actor;
		item[i] = (struct item) { .cx = own,
			.use_case = &person_order,
			.tenant = (uint32_t)p[i].tenant, .in = o,
			.done = order_ended, .owner = ended };
		if (pipeline_submit(world_pipeline(r->world), &item[i],
		    ITEM_BULK) == OK) {
			waiting++;
			continue;
		}
		/* The queue is full: wait for this one. */
		own->fault = (struct fault) { 0 };
		item[i].err = pipeline_do(world_pipeline(r->world), &item[i],
		    ITEM_BULK);
	}
	for (size_t i = 0; i < waiting; i++)
		must(queue_take(ended, &one, 1, -1) == 1);
	for (size_t i = 0; i < n; i++) {
		if (err == OK && item[i].err != OK
		    && item[i].err != ERR_NOT_FOUND) {
			err = item[i].err;
			fault_copy(cx, item[i].cx);
		}
		arena_close(item[i].cx->arena);
	}
	queue_close(ended);
	return err;
}
