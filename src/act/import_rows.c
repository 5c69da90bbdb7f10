/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_rows.c - a streamed file as mapped rows, each with the keyed hashes
 * of its ref, its manager and itself, a thousand at a time.
 */
#include "act/import_int.h"

#include <string.h>

#include "base/clock.h"

#define CHUNK	  65536
#define CALL_MAX  32768		/* bytes of values in one frame, below the vault's 64 KiB */
#define ARENA_MAX (256 << 20)

struct file {
	struct rows_reader *rr;
	struct ctx	    cx;		/* of the rows being collected */
	struct csv	   *csv;
	struct keyed_row   *row;
	size_t		    n;
	bool		    has_header;
	const struct realm *realm;	/* of the rows being collected */
};

static enum err read_all(struct file *, struct ctx *, char *chunk);
static enum err take_records(struct file *, struct ctx *);
static enum err take_header(struct file *, struct ctx *,
    const struct csv_record *);
static void take_row(struct file *, const struct csv_record *);
static void check_row(struct file *, struct keyed_row *);
static void refuse_row(struct file *, struct keyed_row *, enum msg,
    enum attribute, struct str arg);
static enum err hand_over(struct file *);
static enum err key_rows(struct file *);

enum err
rows_read(struct rows_reader *rr, struct ctx *cx)
{
	struct file f = { .rr = rr, .cx = *cx };
	char *chunk = arena_alloc(cx->arena, CHUNK);
	enum err err;

	f.csv = csv_open(import_map_separator(rr->run->map),
	    import_map_windows_1252(rr->run->map));
	f.cx.arena = arena_open(ARENA_MAX);
	f.row = heap_alloc(ROWS_A_TIME, sizeof(*f.row));
	err = read_all(&f, cx, chunk);
	if (err == OK)
		err = hand_over(&f);
	if (err != OK && cx->fault.err == OK)
		fault_copy(cx, &f.cx);
	if (err == OK && !f.has_header)
		err = fail(cx, ERR_BAD_INPUT, MSG_IMPORT_EMPTY, "file");
	heap_free(f.row);
	arena_close(f.cx.arena);
	csv_close(f.csv);
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

static void
take_row(struct file *f, const struct csv_record *rec)
{
	struct keyed_row *row = &f->row[f->n++];
	struct csv_record kept = *rec;

	memset(row, 0, sizeof(*row));
	row->line = rec->line;
	row->raw = str_copy(f->cx.arena, rec->raw);
	f->cx.fault = (struct fault) { 0 };
	row->err = import_row_map(&f->cx, f->rr->run->map, &kept, &row->row);
	row->fault = f->cx.fault;
	row->has_ref = row->row.ref.n > 0;
	if (row->err == OK)
		check_row(f, row);
}

/* What the catalogue knows better than the map. */
static void
check_row(struct file *f, struct keyed_row *row)
{
	struct str site = STR(""), organisation = STR("");
	struct str start = STR(""), end = STR("");

	if (f->realm == NULL && world_realm(f->rr->r->world, &f->cx,
	    f->rr->run->tenant, &f->realm) != OK)
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
		case A_MANAGER:
			row->has_manager = true;
			row->manager_ref = a->value;
			break;
		default:
			break;
		}
	}
	if (site.n > 0
	    && catalogue_site_slug(f->realm->catalogue, site) == NULL)
		refuse_row(f, row, MSG_ORDER_SITE, A_SITE, site);
	else if (organisation.n > 0 && catalogue_organisation_slug(
	    f->realm->catalogue, organisation) == NULL)
		refuse_row(f, row, MSG_ORDER_ORGANISATION, A_ORGANIZATION,
		    organisation);
	else if (start.n > 0 && end.n > 0 && str_cmp(end, start) < 0)
		refuse_row(f, row, MSG_CONTRACT_END, A_END, end);
	else if (row->has_manager && str_eq(row->manager_ref, row->row.ref))
		refuse_row(f, row, MSG_ORDER_OWN_MANAGER, A_MANAGER,
		    row->manager_ref);
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

/* --- the keyed hashes ---------------------------------------------------------------- */

static enum err
hand_over(struct file *f)
{
	enum err err = key_rows(f);

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

struct answer {
	const struct index_out *keys;
	size_t			n;
};

struct asking {
	struct vault_call	call;
	struct index_value     *value;	/* of the frame being filled */
	struct key256	      **to;	/* where each answer goes */
	size_t			n, bytes;
	LIST(struct answer) out;
	LIST(struct key256 *) where;
};

static void
flush(struct file *f, struct asking *a)
{
	struct index_value *value;
	struct answer answer = { .n = a->n };

	if (a->n == 0)
		return;
	value = arena_copy(f->cx.arena, a->value, a->n * sizeof(*value));
	answer.keys = vault_index(&a->call, value, a->n);
	list_add(f->cx.arena, &a->out, answer);
	a->n = a->bytes = 0;
}

static void
ask(struct file *f, struct asking *a, enum index_kind kind, struct str value,
    struct key256 *to)
{
	if (a->bytes + value.n + 64 > CALL_MAX || a->n == ROWS_A_TIME)
		flush(f, a);
	a->value[a->n++] = (struct index_value) { kind, value };
	a->bytes += value.n + 64;
	list_add(f->cx.arena, &a->where, to);
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

static enum err
key_rows(struct file *f)
{
	struct import_run *run = f->rr->run;
	struct arena *arena = f->cx.arena;
	struct asking a = { 0 };
	struct capability capability;
	size_t at = 0;

	TRY(world_capability(f->rr->r->world, f->rr->r->vault, &f->cx,
	    f->cx.actor, &capability));
	vault_call_init(&a.call, arena);
	a.call.tenant = run->tenant;
	a.call.capability = &capability;
	a.value = arena_array(arena, ROWS_A_TIME, sizeof(*a.value));
	for (size_t i = 0; i < f->n; i++) {
		struct keyed_row *row = &f->row[i];

		if (!row->has_ref)
			continue;
		ask(f, &a, INDEX_SOURCE_REF, str_fmt(arena, "%lld/%.*s",
		    (long long)run->source, STR_ARG(row->row.ref)),
		    &row->ref);
		ask(f, &a, INDEX_SOURCE_ROW, row_value(f, row), &row->hash);
		if (import_map_has_contracts(run->map)
		    && row->row.contract.n > 0)
			ask(f, &a, INDEX_SOURCE_REF, str_fmt(arena,
			    "contract/%lld/%.*s", (long long)run->source,
			    STR_ARG(row->row.contract)), &row->contract);
		if (row->has_manager)
			ask(f, &a, INDEX_SOURCE_REF, str_fmt(arena,
			    "%lld/%.*s", (long long)run->source,
			    STR_ARG(row->manager_ref)), &row->manager);
	}
	flush(f, &a);
	if (a.out.n == 0)
		return OK;
	TRY(vault_run(f->rr->r->vault, &f->cx, &a.call));
	for (size_t i = 0; i < a.out.n; i++) {
		TRY(a.out.v[i].keys->err);
		for (size_t j = 0; j < a.out.v[i].n; j++)
			*a.where.v[at++] = a.out.v[i].keys->key[j];
	}
	must(at == a.where.n);
	return OK;
}
