/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_rows.c - a streamed file as mapped rows, each with the keyed hashes
 * of its ref, its manager and itself, a thousand at a time.  A row that went
 * in before by the same map is not mapped to a person again.
 */
#include "act/import_int.h"

#include <string.h>

#include "base/clock.h"

#define CHUNK	    65536
#define ARENA_MAX   (256 << 20)
#define VALUES_MAX  4		/* of one row: ref, hash, contract, manager */

struct file {
	struct rows_reader *rr;
	struct ctx	    cx;		/* of the rows being collected */
	struct arena	   *scratch;	/* of one row, while it is mapped */
	struct csv	   *csv;
	struct csv	   *again;	/* rows once more, one at a time; opened at the first */
	struct keyed_row   *row;
	size_t		    n;
	bool		    has_header;
	struct str	    of_person, of_contract; /* what goes before a key */
	const struct realm *realm;	/* of the rows being collected */
	struct sight	    sight;	/* of it; open as long as realm is set */
};

static enum err read_all(struct file *, struct ctx *, char *chunk);
static enum err take_records(struct file *, struct ctx *);
static enum err take_header(struct file *, struct ctx *,
    const struct csv_record *);
static void take_row(struct file *, const struct csv_record *);
static enum err hand_over(struct file *);
static enum err key_rows(struct file *);
static void find_known(struct file *);
static void finish_row(struct file *, struct keyed_row *);
static void map_person(struct file *, struct keyed_row *,
    const struct csv_record *);
static void check_row(struct file *, struct keyed_row *);
static bool see_realm(struct file *);
static bool is_seen(const struct file *, struct str slug);
static void refuse_row(struct file *, struct keyed_row *, enum msg,
    enum attribute, struct str arg);

enum err
rows_read(struct rows_reader *rr, struct ctx *cx)
{
	struct file f = { .rr = rr, .cx = *cx };
	char *chunk = arena_alloc(cx->arena, CHUNK);
	enum err err;

	f.csv = csv_open(import_map_separator(rr->run->map),
	    import_map_windows_1252(rr->run->map));
	f.cx.arena = arena_open(ARENA_MAX);
	f.scratch = arena_open(ARENA_MAX);
	f.row = heap_alloc(ROWS_A_TIME, sizeof(*f.row));
	f.of_person = str_fmt(cx->arena, "%lld/", (long long)rr->run->source);
	f.of_contract = str_fmt(cx->arena, "contract/%lld/",
	    (long long)rr->run->source);
	err = read_all(&f, cx, chunk);
	if (err == OK)
		err = hand_over(&f);
	if (err != OK && cx->fault.err == OK)
		fault_copy(cx, &f.cx);
	if (err == OK && !f.has_header)
		err = fail(cx, ERR_BAD_INPUT, MSG_IMPORT_EMPTY, "file");
	heap_free(f.row);
	arena_close(f.cx.arena);
	arena_close(f.scratch);
	csv_close(f.csv);
	if (f.again != NULL)
		csv_close(f.again);
	return err;
}

static enum err
read_all(struct file *f, struct ctx *cx, char *chunk)
{
	for (;;) {
		ssize_t n = f->rr->in->read(f->rr->in->read_arg, chunk,
		    CHUNK);

		if (n < 0)
			return fail(cx, ERR_BAD_INPUT, MSG_IMPORT_CUT, "file");
		csv_feed(f->csv, (struct str) { chunk, (size_t)n }, n == 0);
		TRY(take_records(f, cx));
		if (n == 0)
			return OK;
	}
}

static enum err
take_records(struct file *f, struct ctx *cx)
{
	struct csv_record rec;

	while (csv_next(f->csv, &rec)) {
		if (!f->has_header) {
			TRY(take_header(f, cx, &rec));
			continue;
		}
		take_row(f, &rec);
		if (f->n == ROWS_A_TIME
		    || arena_used(f->cx.arena) > ARENA_MAX / 2)
			TRY(hand_over(f));
	}
	return OK;
}

static enum err
take_header(struct file *f, struct ctx *cx, const struct csv_record *rec)
{
	f->has_header = true;
	f->rr->separator = csv_separator(f->csv);
	return import_map_header(cx, f->rr->run->map, rec);
}

/* What its keys are made from.  A row that is known needs no more than that. */
static void
take_row(struct file *f, const struct csv_record *rec)
{
	struct keyed_row *row = &f->row[f->n++];
	const struct import_map *map = f->rr->run->map;

	memset(row, 0, sizeof(*row));
	row->line = rec->line;
	row->raw = str_copy(f->cx.arena, rec->raw);
	f->cx.fault = (struct fault) { 0 };
	row->err = f->rr->keys_only
	    ? import_row_ref(&f->cx, map, rec, &row->row)
	    : import_row_contract(&f->cx, map, rec, &row->row);
	row->fault = f->cx.fault;
	row->has_ref = row->row.ref.n > 0;
	row->manager_ref = doc_get(&row->row.org, A_MANAGER, 0);
	row->has_manager = row->manager_ref.n > 0;
}

/* --- the keyed hashes ---------------------------------------------------------------- */

static enum err
hand_over(struct file *f)
{
	enum err err = world_is_active(f->rr->r->world, &f->cx,
	    f->rr->run->tenant);

	if (err == OK)
		err = key_rows(f);
	if (err == OK && !f->rr->keys_only)
		find_known(f);
	for (size_t i = 0; err == OK && !f->rr->keys_only && i < f->n; i++)
		if (f->row[i].err == OK)
			finish_row(f, &f->row[i]);
	if (err == OK && f->n > 0)
		err = f->rr->each(f->rr->arg, &f->cx, f->row, f->n);
	f->n = 0;
	f->realm = NULL;
	if (err == OK) {
		f->cx.fault = (struct fault) { 0 };
		arena_reset(f->cx.arena);
	}
	return err;
}

struct asking {
	struct index_value *value;
	struct key256	  **to;		/* where each answer goes */
	size_t		    n;
};

static void
ask(struct asking *a, enum index_kind kind, struct str value,
    struct key256 *to)
{
	a->value[a->n] = (struct index_value) { kind, value };
	a->to[a->n++] = to;
}

/* Refs and contracts of different sources are different. */
static struct str
key_value(struct file *f, struct str before, struct str key)
{
	char *p = arena_alloc(f->cx.arena, before.n + key.n);

	memcpy(p, before.p, before.n);
	memcpy(p + before.n, key.p, key.n);
	return (struct str) { p, before.n + key.n };
}

/* The map and the row, each as a digest: a row may be longer than a frame. */
static struct str
row_value(struct file *f, const struct keyed_row *row)
{
	struct hash *digest = arena_array(f->cx.arena, 2, sizeof(*digest));

	must(f->rr->run->map_key.n == sizeof(*digest));
	memcpy(&digest[0], f->rr->run->map_key.p, sizeof(*digest));
	sha256(row->raw, &digest[1]);
	return (struct str) { (const char *)digest, 2 * sizeof(*digest) };
}

static void
ask_row(struct file *f, struct keyed_row *row, struct asking *a)
{
	ask(a, INDEX_SOURCE_REF, key_value(f, f->of_person, row->row.ref),
	    &row->ref);
	ask(a, INDEX_SOURCE_ROW, row_value(f, row), &row->hash);
	if (import_map_has_contracts(f->rr->run->map)
	    && row->row.contract.n > 0)
		ask(a, INDEX_SOURCE_REF, key_value(f, f->of_contract,
		    row->row.contract), &row->contract);
	if (row->has_manager)
		ask(a, INDEX_SOURCE_REF, key_value(f, f->of_person,
		    row->manager_ref), &row->manager);
}

static enum err
key_rows(struct file *f)
{
	struct arena *arena = f->cx.arena;
	struct asking a = { 0 };
	struct capability capability;
	struct vault_call call;
	const struct index_out *keys;

	TRY(world_capability(f->rr->r->world, f->rr->r->vault, &f->cx,
	    f->cx.actor, &capability));
	a.value = arena_array(arena, f->n * VALUES_MAX, sizeof(*a.value));
	a.to = arena_array(arena, f->n * VALUES_MAX, sizeof(struct key256 *));
	for (size_t i = 0; i < f->n; i++)
		if (f->row[i].has_ref)
			ask_row(f, &f->row[i], &a);
	if (a.n == 0)
		return OK;
	vault_call_init(&call, arena);
	call.tenant = f->rr->run->tenant;
	call.capability = &capability;
	keys = vault_index(&call, a.value, a.n);
	TRY(vault_run(f->rr->r->vault, &f->cx, &call));
	TRY(keys->err);
	for (size_t i = 0; i < a.n; i++)
		*a.to[i] = keys->key[i];
	return OK;
}

/* --- what is known of a row, and what the catalogue says of it ------------------------ */

/* What went in before by the same map would be mapped to the same again. */
static void
find_known(struct file *f)
{
	const struct import_run *run = f->rr->run;

	for (size_t i = 0; i < f->n; i++) {
		struct keyed_row *row = &f->row[i];
		const struct found_person *p;

		if (row->err != OK)
			continue;
		p = found_find(run, &row->ref);
		row->is_known = p != NULL && p < run->person + run->npresent
		    && memcmp(&run->stored[p - run->person], &row->hash,
		    sizeof(row->hash)) == 0;
	}
}

/* The rest of the map, unless the row is known; and the catalogue, which may have changed. */
static void
finish_row(struct file *f, struct keyed_row *row)
{
	struct csv_record rec;

	f->cx.fault = (struct fault) { 0 };
	if (!row->is_known) {
		/* Kept rows are UTF-8 already, whatever the file is written in. */
		if (f->again == NULL)
			f->again = csv_open(f->rr->separator, false);
		csv_feed(f->again, row->raw, false);
		csv_feed(f->again, STR("\n"), false);
		must(csv_next(f->again, &rec));
		map_person(f, row, &rec);
	}
	if (row->err == OK)
		check_row(f, row);
}

/* What a row is mapped by takes many times its bytes: only what becomes of it stays. */
static void
map_person(
    struct file *f, struct keyed_row *row, const struct csv_record *rec)
{
	struct import_row *made = &row->row;
	struct ctx own = f->cx;

	own.arena = f->scratch;
	row->err = import_row_person(&own, f->rr->run->map, rec, made);
	if (row->err != OK)
		fault_copy(&f->cx, &own);
	row->fault = f->cx.fault;
	made->person = doc_copy(f->cx.arena, &made->person);
	for (size_t i = 0; i < COUNT(made->user_name); i++)
		made->user_name[i] =
		    str_copy(f->cx.arena, made->user_name[i]);
	made->declared = NULL;
	arena_reset(f->scratch);
}

/* What the catalogue knows better than the map. */
static void
check_row(struct file *f, struct keyed_row *row)
{
	struct str site = STR(""), organisation = STR("");
	struct str start = STR(""), end = STR("");

	if (!see_realm(f))
		return;
	for (size_t i = 0; i < row->row.org.n; i++) {
		const struct attr *a = &row->row.org.attr[i];

		switch (a->id) {
		case A_SITE:
			site = a->value;
			break;
		case A_ORGANIZATION:
			organisation = a->value;
			break;
		case A_START:
			start = a->value;
			break;
		case A_END:
			end = a->value;
			break;
		default:
			break;
		}
	}
	if (site.n > 0
	    && catalogue_site_slug(f->realm->catalogue, site) == NULL)
		refuse_row(f, row, MSG_ORDER_SITE, A_SITE, site);
	else if (organisation.n > 0 && !is_seen(f, organisation))
		refuse_row(f, row, MSG_ORDER_ORGANISATION, A_ORGANIZATION,
		    organisation);
	else if (start.n > 0 && end.n > 0 && str_cmp(end, start) < 0)
		refuse_row(f, row, MSG_CONTRACT_END, A_END, end);
	else if (row->has_manager && str_eq(row->manager_ref, row->row.ref))
		refuse_row(f, row, MSG_ORDER_OWN_MANAGER, A_MANAGER,
		    row->manager_ref);
}

static bool
see_realm(struct file *f)
{
	if (f->realm != NULL)
		return true;
	if (world_realm(f->rr->r->world, &f->cx, f->rr->run->tenant,
	    &f->realm) != OK)
		return false;
	sight_of(&f->cx, f->realm, &f->sight);
	return true;
}

/* An organisation that is not seen is refused as one that is not there, and at once. */
static bool
is_seen(const struct file *f, struct str slug)
{
	const struct organisation *o =
	    catalogue_organisation_slug(f->realm->catalogue, slug);

	return o != NULL && sees_organisation(&f->sight, o->id);
}

static void
refuse_row(struct file *f, struct keyed_row *row, enum msg msg,
    enum attribute at, struct str arg)
{
	row->err = fail(&f->cx, ERR_BAD_INPUT, msg,
	    str_z(f->cx.arena, import_map_column(f->rr->run->map, at)),
	    str_z(f->cx.arena, arg));
	row->fault = f->cx.fault;
}
