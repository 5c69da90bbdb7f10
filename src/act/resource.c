/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resource.c - orders about resources of declared types: settled by the
 * catalogue, sealed and hashed before the transaction, and saved in it one
 * after the other, each in its own savepoint.
 */
#include "act/resource_int.h"

#include <string.h>

#include "base/canon.h"
#include "base/id.h"

#define RECORD_MEMORY (64u << 20) /* of one while it is read; a page has hundreds */
#define DIGESTED_MAX ((size_t)1 << 24) /* bytes of a row */

/* item->state of an order. */
struct resource_state {
	const struct resource_order *in;
	const struct realm	    *realm;
	int64_t			     id;
	bool			     is_same; /* what it shall be, it is already */
	LIST(struct index_value) value;
	LIST(struct str) unique; /* what has the first of them, the source's own key before all */
	const struct index_out *index;
	const struct text_out  *sealed, *inputs;
};

static enum err seal(struct batch *, struct item *, struct vault_call *);
static enum err settle(struct item *, struct resource_state *,
    const struct declared_type *, struct str *values);
static struct str resource_record(struct arena *, struct str external_id,
    struct str values);
static void add_keys(struct item *, struct resource_state *, struct str values);
static enum err refused(const struct resource_state *);
static enum err save_one(struct item *, struct tx *);
static bool is_as_it_was(const struct resource_state *,
    const struct resource_row *, struct str keys);
static enum err load_row(struct item *, struct tx *, struct resource_row *);
static struct index_key *keys_of(const struct resource_state *,
    struct arena *);
static enum err check_unique(struct item *, struct tx *,
    const struct index_key *);
static enum err count(struct item *, struct tx *, const struct resource_row *);
static enum err note(struct item *, struct tx *, const struct resource_row *,
    int64_t before);

/* --- before the transaction -------------------------------------------------- */

static enum err
want(struct batch *b, struct tx *data, struct vault_call *call)
{
	(void)data;
	for (size_t i = 0; i < b->n; i++)
		if (b->item[i]->err == OK)
			b->item[i]->err = seal(b, b->item[i], call);
	return OK;
}

static enum err
seal(struct batch *b, struct item *it, struct vault_call *call)
{
	struct resource_state *s = arena_alloc(it->cx->arena, sizeof(*s));
	const struct resource_order *in = it->in;
	const struct declared_type *type;
	struct arena *arena = it->cx->arena;
	struct str values;

	it->state = s;
	s->in = in;
	s->id = in->kind == RESOURCE_MAKE ? id_new() : in->id;
	TRY(world_realm(b->world, it->cx, it->tenant, &s->realm));
	type = catalogue_type(s->realm->catalogue, in->type);
	if (type == NULL)
		return fail(
		    it->cx, ERR_NOT_FOUND, MSG_SCIM_NO_RESOURCE, "id");
	call->tenant = it->tenant;
	call->capability = &s->realm->capability;
	if (in->kind == RESOURCE_REMOVE)
		return OK;
	TRY(settle(it, s, type, &values));
	s->is_same = str_eq(values, in->before) && !in->has_new_ref;
	add_keys(it, s, values);
	if (s->value.n > 0)
		s->index = vault_index(call, s->value.v, s->value.n);
	s->sealed = vault_text_seal(call, PURPOSE_NAME, s->id,
	    resource_record(arena, in->external_id, values));
	if (in->body.n > AUDIT_MAX / 2)
		return fail(it->cx, ERR_TOO_LARGE, MSG_DOC_LARGE, "");
	s->inputs = vault_text_seal(call, PURPOSE_AUDIT, s->id, in->body);
	return OK;
}

static enum err
settle(struct item *it, struct resource_state *s,
    const struct declared_type *type, struct str *values)
{
	const struct resource_order *in = s->in;
	struct str ref;

	TRY(extension_settle(it->cx, s->realm->catalogue, type, in->before,
	    in->values, values));
	if (values->n > DOC_BYTES_MAX)
		return fail(it->cx, ERR_TOO_LARGE, MSG_DOC_LARGE, "");
	if (in->external_id.n > 0 &&
	    !canon_store(
		it->cx->arena, in->external_id, NAME_MAX_CHARS, &ref))
		return fail(it->cx, ERR_BAD_INPUT, MSG_ATTR_CONTROL,
		    "externalId", LIMIT_TEXT(256));
	return OK;
}

static void
add_keys(struct item *it, struct resource_state *s, struct str values)
{
	struct extension_key key[EXTENSION_KEYS_MAX];
	const size_t n =
	    extension_keys(it->cx, s->realm->catalogue, values, key);
	struct arena *arena = it->cx->arena;
	struct index_value v = { .kind = INDEX_ATTRIBUTE };

	if (s->in->external_id.n > 0) {
		v.value = resource_ref(
		    arena, s->in->type, s->in->source, s->in->external_id);
		list_add(arena, &s->value, v);
		list_add(arena, &s->unique, STR("externalId"));
	}
	for (int is_unique = 1; is_unique >= 0; is_unique--) {
		v.kind = is_unique ? INDEX_ATTRIBUTE : INDEX_SEARCH;
		for (size_t i = 0; i < n; i++) {
			if (key[i].is_unique != is_unique)
				continue;
			v.value = digest_of(arena, key[i].text);
			list_add(arena, &s->value, v);
			if (is_unique)
				list_add(arena, &s->unique, key[i].path);
		}
	}
}

struct str
resource_ref(
    struct arena *arena, int64_t type, int64_t source, struct str external_id)
{
	return digest_of(arena,
	    str_fmt(arena, "resource/%lld/%lld/%.*s", (long long)type,
		(long long)source, STR_ARG(external_id)));
}

static struct str
resource_record(struct arena *arena, struct str external_id, struct str values)
{
	struct js_out js;
	struct buf b;

	buf_init(&b, arena, DOC_BYTES_MAX * 2);
	js_begin(&js, &b);
	js_open_object(&js);
	if (external_id.n > 0) {
		js_key(&js, "externalId");
		js_put_str(&js, external_id);
	}
	if (values.n > 0) {
		js_key(&js, "values");
		js_put_raw(&js, values);
	}
	js_close_object(&js);
	must(!b.over);
	return buf_view(&b);
}

void
resource_restore(
    struct ctx *cx, struct str record, struct resource_view *out)
{
	struct ctx own = *cx;
	const struct js *js, *part;

	own.arena = arena_open(RECORD_MEMORY);
	must(js_parse(&own, record, &js) == OK);
	part = js_get(js, "externalId");
	if (part != NULL)
		out->external_id = str_copy(cx->arena, js_str(part));
	part = js_get(js, "values");
	if (part != NULL) {
		must(extension_decode(&own, part, &out->values) == OK);
		out->values = str_copy(cx->arena, out->values);
	}
	arena_close(own.arena);
}

/* --- in it ------------------------------------------------------------------- */

static enum err
save(struct batch *b, struct tx *tx)
{
	for (size_t i = 0; i < b->n; i++) {
		struct item *it = b->item[i];

		if (it->err != OK)
			continue;
		if (refused(it->state) != OK) {
			it->err = fail_sealed(
			    it->cx, refused(it->state), "resource");
			continue;
		}
		TRY(tx_savepoint(tx));
		it->err = save_one(it, tx);
		if (it->err == OK)
			it->err = tx_keep(tx);
		if (it->err != OK)
			tx_undo(tx);
		/* What the database says is told to the batch; whose fault it was is found when it is tried alone. */
		if (tx_is_lost(tx))
			return it->err;
	}
	return OK;
}

static enum err
refused(const struct resource_state *s)
{
	if (s->sealed == NULL)
		return OK;
	TRY(s->sealed->err);
	TRY(s->inputs->err);
	return s->index != NULL ? s->index->err : OK;
}

static enum err
save_one(struct item *it, struct tx *tx)
{
	struct resource_state *s = it->state;
	struct arena *arena = tx_ctx(tx)->arena;
	struct resource_out *out = arena_alloc(it->cx->arena, sizeof(*out));
	struct resource_row row;
	struct index_change change = { .person = s->id };
	struct index_key *key = keys_of(s, arena);
	int64_t before;
	bool is_stale = false;

	TRY(load_row(it, tx, &row));
	before = row.version;
	out->id = s->id;
	out->version = before;
	it->out = out;
	if (is_as_it_was(s, &row, index_pack(arena, key, s->value.n)))
		return OK;
	TRY(check_unique(it, tx, key));
	TRY(count(it, tx, &row));
	change.ndrop = index_unpack(arena, row.keys, &change.drop);
	change.put = key;
	change.nput = s->value.n;
	TRY(index_put(tx, it->tenant, &change, 1));
	if (s->in->kind == RESOURCE_REMOVE) {
		TRY(store_drop(tx, &RESOURCE, &row, 1, 3, NULL));
		row.version = 0;
	} else {
		row.keys = index_pack(arena, key, s->value.n);
		row.record = s->sealed->text;
		row.changed_ms = it->cx->now_ms;
		TRY(store_save(tx, &RESOURCE, &row, 1, &is_stale));
		must(!is_stale); /* loaded in this transaction */
		out->version = ++row.version;
	}
	return note(it, tx, &row, before);
}

/* Nothing is written then; but what the catalogue says of its values now is. */
static bool
is_as_it_was(const struct resource_state *s, const struct resource_row *row,
    struct str keys)
{
	return s->in->kind == RESOURCE_CHANGE && s->is_same
	    && str_eq(row->keys, keys);
}

static enum err
load_row(struct item *it, struct tx *tx, struct resource_row *row)
{
	const struct resource_state *s = it->state;
	const struct resource_order *in = s->in;
	struct rows rows;

	*row = (struct resource_row) {
		.tenant = it->tenant,
		.type = in->type,
		.id = s->id,
		.source = in->source,
		.author = it->cx->actor->id,
		.created_ms = it->cx->now_ms,
	};
	if (in->kind == RESOURCE_MAKE)
		return OK;
	TRY(store_load(tx, &RESOURCE, row, 1, 3, 0, &rows));
	if (rows.n == 0 ||
	    (in->source != 0 &&
		((struct resource_row *)rows.row)->source != in->source))
		return fail(
		    it->cx, ERR_NOT_FOUND, MSG_SCIM_NO_RESOURCE, "id");
	*row = *(struct resource_row *)rows.row;
	if (in->version != -1 && in->version != row->version)
		return fail(
		    it->cx, ERR_STALE, MSG_RESOURCE_STALE, "If-Match");
	return OK;
}

static struct index_key *
keys_of(const struct resource_state *s, struct arena *arena)
{
	struct index_key *key =
	    arena_array(arena, s->value.n + 1, sizeof(*key));

	for (size_t i = 0; i < s->value.n; i++) {
		enum index_kind kind = s->value.v[i].kind;

		key[i].kind = kind == INDEX_SEARCH ? 0 : (uint8_t)kind;
		memcpy(key[i].bytes, s->index->key[i].bytes,
		    key[i].kind == 0 ? 6 : 32);
	}
	return key;
}

static enum err
check_unique(struct item *it, struct tx *tx, const struct index_key *key)
{
	const struct resource_state *s = it->state;
	int64_t *owner = arena_array(
	    tx_ctx(tx)->arena, s->unique.n + 1, sizeof(*owner));

	TRY(index_find(tx, it->tenant, key, s->unique.n, owner));
	for (size_t i = 0; i < s->unique.n; i++) {
		const char *what = str_z(it->cx->arena, s->unique.v[i]);

		if (owner[i] != 0 && owner[i] != s->id)
			return fail(it->cx, ERR_CONFLICT, MSG_RESOURCE_TAKEN,
			    what, what);
	}
	return OK;
}

/* Of the source whose the resource is. */
static enum err
count(struct item *it, struct tx *tx, const struct resource_row *resource)
{
	const struct resource_state *s = it->state;
	const int step = s->in->kind == RESOURCE_MAKE ? 1 : -1;
	struct resource_count_row row = { .tenant = it->tenant,
		.type = resource->type,
		.source = resource->source };
	int64_t all;

	if (s->in->kind == RESOURCE_CHANGE)
		return OK;
	TRY(resource_counts(
	    tx, it->tenant, row.type, row.source, &row.resources, &all));
	if (step > 0 && all >= RESOURCES_MAX)
		return fail(it->cx, ERR_FULL, MSG_RESOURCE_MANY, "",
		    LIMIT_TEXT(RESOURCES_MAX));
	row.resources += step;
	return store_save(tx, &RESOURCE_COUNT, &row, 1, NULL);
}

enum err
resource_counts(struct tx *tx, uint32_t tenant, int64_t type, int64_t source,
    int64_t *own, int64_t *all)
{
	const struct resource_count_row key = { .tenant = tenant,
		.type = type }, *row;
	struct rows rows;

	*own = *all = 0;
	TRY(store_load(tx, &RESOURCE_COUNT, &key, 1, 2, 0, &rows));
	row = rows.row;
	for (size_t i = 0; i < rows.n; i++) {
		*all += row[i].resources;
		if (row[i].source == source)
			*own = row[i].resources;
	}
	return OK;
}

/* ROW: as it stands now, its version 0 if it does not. */
static enum err
note(struct item *it, struct tx *tx, const struct resource_row *row,
    int64_t before)
{
	static const enum action actions[] = {
		[RESOURCE_MAKE] = ACTION_RESOURCE_MADE,
		[RESOURCE_CHANGE] = ACTION_RESOURCE_CHANGED,
		[RESOURCE_REMOVE] = ACTION_RESOURCE_REMOVED,
	};
	const struct resource_state *s = it->state;
	struct logbook book = { .arena = tx_ctx(tx)->arena };
	struct entry e = entry_by(
	    it->cx, actions[s->in->kind], SUBJECT_RESOURCE, s->id);
	const struct change change = { CHANGE_RESOURCE, row->type,
		row->version != 0 ? resource_digest(row) : 0, before,
		row->version };

	if (s->inputs != NULL)
		e.sealed = s->inputs->text;
	e.change = &change;
	e.nchange = 1;
	logbook_add(&book, it->tenant, &e, NULL);
	return logbook_save(&book, tx);
}

int64_t
resource_digest(const struct resource_row *row)
{
	const int64_t number[] = { row->tenant, row->type, row->id,
		row->version, row->source, row->author, row->created_ms,
		row->changed_ms };
	struct hash hash;
	struct buf b;
	int64_t digest = 0;

	buf_init(&b, NULL, DIGESTED_MAX);
	for (size_t i = 0; i < COUNT(number); i++)
		buf_u64(&b, (uint64_t)number[i]);
	buf_lp(&b, row->record);
	buf_lp(&b, row->keys);
	must(!b.over);
	sha256(buf_view(&b), &hash);
	buf_fini(&b);
	for (size_t i = 0; i < 7; i++)
		digest = digest << 8 | hash.bytes[i];
	return digest;
}

const struct use_case resource_order = {
	.name = "resource_order",
	.want = want,
	.save = save,
};
