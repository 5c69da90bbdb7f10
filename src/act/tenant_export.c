/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenant_export.c - the rows of a tenant for its owner: every table but those
 * named here, every column with what it is made of.  A new table is exported
 * by itself; a new column of bytes must be named here before it is.
 */
#include "act/world_int.h"

#include <string.h>

#include "base/id.h"

#include "act/query.h"

/* What is not handed over row by row, and why. */
static const struct table *const left_out[] = {
	&PERSON, &CONTRACT,		/* persons go as the API shows them */
	&LOG, &CHECKPOINT,		/* the log goes as tiles */
	&IX_UNIQUE, &IX_SEARCH, &IDEMPOTENCY,	/* keyed hashes: nothing without the key */
	&DICTIONARY,			/* its words stand where they are used */
	&WAIT_POOL, &WAIT_COUNT, &PRESENT, &RESOURCE_COUNT, &REMOVAL_HOUR, &DUE,	/* follow from the others */
	&LEASE, &NOTICE,		/* the deployment's */
	&TENANT_GONE,
	&MOVE, &MOVE_KEYS,
	&PERSON_KEY, &TENANT_KEY,	/* wrapped keys */
	&SESSION, &LOGIN, &RECOVERY, &ACTIVATION, &THROTTLE,	/* what people sign in with */
	&OPEN_CHECKS,			/* follows from onboardings */
	&GROUP_NAME, &MEMBER_OF,	/* follow from groups and members */
};

enum made_of {
	BYTES_KEPT_BACK,	/* secrets, hashes that only we can make, what the rest says already */
	BYTES_HEX,
	BYTES_TEXT,
	BYTES_SEALED,		/* under the tenant's key, bound to the number in column SUBJECT */
	BYTES_OUTCOME
};

static const struct bytes {
	const struct table *table;
	const char	   *column;
	enum made_of	    made_of;
	enum vault_purpose  purpose;
	const char	   *subject;
} bytes[] = {
	{ &TENANT,     "name",	   BYTES_SEALED,    PURPOSE_NAME,      "tenant" },
	{ &TENANT,     "name_key", BYTES_KEPT_BACK, 0, NULL },
	{ &TENANT,     "frontier", BYTES_KEPT_BACK, 0, NULL },
	{ &CATALOGUE,  "sealed",   BYTES_SEALED,    PURPOSE_CATALOGUE, "version" },
	{ &CATALOGUE,  "digest",   BYTES_HEX,	    0, NULL },
	{ &TOKEN,      "hash",	   BYTES_KEPT_BACK, 0, NULL },
	{ &TOKEN,      "label",	   BYTES_SEALED,    PURPOSE_NAME,      "id" },
	{ &TOKEN,      "scope",	   BYTES_SEALED,    PURPOSE_NAME,      "id" },
	{ &CLIENT,     "hash",	   BYTES_KEPT_BACK, 0, NULL },
	{ &CLIENT,     "label",	   BYTES_SEALED,    PURPOSE_NAME,      "id" },
	{ &CLIENT,     "scope",	   BYTES_SEALED,    PURPOSE_NAME,      "id" },
	{ &NET,	       "net",	   BYTES_HEX,	    0, NULL },
	{ &ROLE,       "scope",	   BYTES_SEALED,    PURPOSE_NAME,      "id" },
	{ &ROLE,       "reason",   BYTES_SEALED,    PURPOSE_NAME,      "id" },
	{ &ROLE_PAST,  "scope",	   BYTES_SEALED,    PURPOSE_NAME,      "id" },
	{ &ROLE_PAST,  "reason",   BYTES_SEALED,    PURPOSE_NAME,      "id" },
	{ &RESOURCE,   "record",   BYTES_SEALED,    PURPOSE_NAME,      "id" },
	{ &RESOURCE,   "keys",	   BYTES_KEPT_BACK, 0, NULL },
	{ &SOURCE,     "name",	   BYTES_SEALED,    PURPOSE_NAME,      "id" },
	{ &SOURCE,     "name_key", BYTES_KEPT_BACK, 0, NULL },
	{ &SOURCE_REF, "key",	   BYTES_KEPT_BACK, 0, NULL },
	{ &SOURCE_REF, "row",	   BYTES_KEPT_BACK, 0, NULL },
	{ &GROUP,      "name",	   BYTES_SEALED,    PURPOSE_NAME,      "id" },
	{ &GROUP,      "external_id", BYTES_SEALED, PURPOSE_NAME,      "id" },
	{ &WAIT,       "pools",	   BYTES_KEPT_BACK, 0, NULL },
	{ &ONBOARDING, "outcome",  BYTES_OUTCOME,   0, NULL },
	{ &IMPORT,     "digest",   BYTES_HEX,	    0, NULL },
	{ &JOB,	       "payload",  BYTES_KEPT_BACK, 0, NULL },
	{ &ACCESS_LOG, "query",	   BYTES_HEX,	    0, NULL },
	{ &DEPLOYMENT, "name",	   BYTES_TEXT,	    0, NULL },
	{ &QUEUE_STATE, "reason",  BYTES_SEALED,    PURPOSE_NAME,      "queue" },
};

/* What the numbers of a column are, by its name, which means the same in every table. */
enum number_of {
	NUMBER_PLAIN, NUMBER_ID,
	NUMBER_SITE, NUMBER_ORGANISATION, NUMBER_PRODUCT, NUMBER_POOL,
	NUMBER_ROLE,	/* of the catalogue */
	NUMBER_TYPE	/* of resources */
};

static const struct {
	const char     *column;
	enum number_of	is;
} numbers[] = {
	{ "id",		  NUMBER_ID },
	{ "person",	  NUMBER_ID },
	{ "contract",	  NUMBER_ID },
	{ "onboarding",	  NUMBER_ID },
	{ "source",	  NUMBER_ID },
	{ "client",	  NUMBER_ID },
	{ "actor",	  NUMBER_ID },
	{ "author",	  NUMBER_ID },
	{ "family",	  NUMBER_ID },
	{ "approver",	  NUMBER_ID },
	{ "ended_by",	  NUMBER_ID },
	{ "holder",	  NUMBER_ID },
	{ "subject",	  NUMBER_ID },
	{ "since",	  NUMBER_ID },
	{ "in_group",	  NUMBER_ID },
	{ "site",	  NUMBER_SITE },
	{ "organization", NUMBER_ORGANISATION },
	{ "organisation", NUMBER_ORGANISATION },
	{ "product",	  NUMBER_PRODUCT },
	{ "pool",	  NUMBER_POOL },
	{ "role",	  NUMBER_ROLE },
	{ "type",	  NUMBER_TYPE },
};

#define NAME(what, type) \
	static const char *what##_of(int64_t n) \
	{ \
		return what##_name((enum type)n); \
	}
NAME(seat_state, seat_state)
NAME(grant_reason, grant_reason)
NAME(seat_end, seat_end)
NAME(block_kind, block_kind)
NAME(block_reason, block_reason)
NAME(actor_kind, actor_kind)
#undef NAME

/* Where numbers have names: a function's, or these from 1 on. */
static const struct named_column {
	const struct table *table;
	const char	   *column;
	const char	 *(*name)(int64_t);
	const char	   *word[5];
} names[] = {
	{ &TENANT,	 "state",      NULL, { "active", "suspended" } },
	{ &SEAT,	 "state",      seat_state_of, { NULL } },
	{ &SEAT_PAST,	 "reason",     seat_end_of, { NULL } },
	{ &GRANT,	 "reason",     grant_reason_of, { NULL } },
	{ &GRANT_PAST,	 "reason",     grant_reason_of, { NULL } },
	{ &BLOCK,	 "kind",       block_kind_of, { NULL } },
	{ &BLOCK_PAST,	 "kind",       block_kind_of, { NULL } },
	{ &BLOCK,	 "reason",     block_reason_of, { NULL } },
	{ &ROLE,	 "state",      NULL, { "pending", "active" } },
	{ &SOURCE,	 "kind",       NULL, { "file", "client" } },
	{ &SOURCE_REF,	 "state",      NULL, { "present", "removed" } },
	{ &ONBOARDING,	 "state",      NULL, { "open", "done", "failed", "expired" } },
	{ &CHECK_ROW,	 "kind",       NULL, { "role", "risk", "attestation", "manual" } },
	{ &CHECK_ROW,	 "state",      NULL, { "open", "passed", "failed" } },
	{ &IMPORT,	 "state",      NULL, { "scanned", "stopped", "applying", "done", "broken" } },
	{ &ACCESS_LOG,	 "actor_kind", actor_kind_of, { NULL } },
	{ &QUEUE_STATE,	 "actor_kind", actor_kind_of, { NULL } },
};

struct showing {
	struct reader	   *r;
	struct ctx	   *cx;
	const struct realm *realm;
	const struct table *table;
	struct vault_call   call;
	struct cell	   *cell;
	const struct text_out **opened;	/* for each cell; NULL: it is not sealed */
};

static bool is_exported(const struct table *);
static const struct table *find_table(struct str name);
static const struct bytes *find_bytes(const struct table *,
    const struct column *);
static bool is_shown(const struct table *, const struct column *);
static enum err read_rows(struct showing *, const struct table_in *,
    struct rows *, struct str *next);
static struct str cursor_of(struct arena *, const struct table *,
    const void *row);
static bool cursor_row(struct arena *, const struct table *, struct str text,
    void *row);
static size_t show_row(struct showing *, const void *row, size_t at);
static void show_bytes(struct showing *, const void *row,
    const struct column *, size_t at);
static void show_number(struct showing *, int64_t, const struct column *,
    struct cell *);
static void show_name(const struct named_column *, struct cell *);
static void show_rights(struct showing *, struct cell *);
static struct str slug_of(const struct showing *, enum number_of, int64_t);
static int64_t number_of_row(const struct table *, const void *row,
    const char *column);
static enum err open_cells(struct showing *, size_t n);
static bool ends_in(const char *name, const char *end);

const char *
table_exported(size_t at)
{
	const struct table *const *t = store_tables();

	for (; *t != NULL; t++)
		if (is_exported(*t) && at-- == 0)
			return (*t)->name;
	return NULL;
}

static bool
is_exported(const struct table *t)
{
	for (size_t i = 0; i < COUNT(left_out); i++)
		if (left_out[i] == t)
			return false;
	return true;
}

bool
column_is_known(const struct table *t, const struct column *c)
{
	return !c->is_bytes || find_bytes(t, c) != NULL;
}

enum err
table_show(struct reader *r, struct ctx *cx, const void *arg, void **result)
{
	const struct table_in *in = arg;
	struct table_out *out = arena_alloc(cx->arena, sizeof(*out));
	struct showing s = { .r = r, .cx = cx, .table = find_table(in->table) };
	struct rows rows;
	size_t n = 0;

	if (s.table == NULL)
		return fail(cx, ERR_NOT_FOUND, MSG_TENANT_TABLE, "table");
	TRY(world_realm(r->world, cx, cx->actor->tenant, &s.realm));
	TRY(read_rows(&s, in, &rows, &out->next));
	out->n = rows.n;
	for (size_t i = 0; i < s.table->ncolumn; i++)
		out->ncell += is_shown(s.table, &s.table->column[i]);
	s.cell =
	    arena_array(cx->arena, rows.n * out->ncell + 1, sizeof(*s.cell));
	s.opened = arena_array(cx->arena, rows.n * out->ncell + 1,
	    sizeof(const struct text_out *));
	vault_call_init(&s.call, cx->arena);
	s.call.tenant = s.realm->tenant;
	s.call.capability = &s.realm->capability;
	for (size_t i = 0; i < rows.n; i++)
		n = show_row(&s, (char *)rows.row + i * s.table->row_size, n);
	must(n == rows.n * out->ncell);
	TRY(open_cells(&s, n));
	out->cell = s.cell;
	*result = out;
	return OK;
}

static const struct table *
find_table(struct str name)
{
	const struct table *const *t = store_tables();

	for (; *t != NULL; t++)
		if (str_eq(name, str_of((*t)->name)) && is_exported(*t))
			return *t;
	return NULL;
}

static const struct bytes *
find_bytes(const struct table *t, const struct column *c)
{
	for (size_t i = 0; i < COUNT(bytes); i++)
		if (bytes[i].table == t &&
		    strcmp(bytes[i].column, c->name) == 0)
			return &bytes[i];
	return NULL;
}

static bool
is_shown(const struct table *t, const struct column *c)
{
	const struct bytes *b = c->is_bytes ? find_bytes(t, c) : NULL;

	return !c->is_bytes || (b != NULL && b->made_of != BYTES_KEPT_BACK);
}

/* --- pages ----------------------------------------------------------------------- */

static enum err
read_rows(struct showing *s, const struct table_in *in, struct rows *rows,
    struct str *next)
{
	const struct table *t = s->table;
	struct tx *tx = t->db == DB_DATA ? s->r->data : s->r->keys;
	void *from = arena_alloc(s->cx->arena, t->row_size);

	if (!cursor_row(s->cx->arena, t, in->after, from))
		return fail(s->cx, ERR_BAD_INPUT, MSG_TENANT_TABLE, "cursor");
	row_set_int(&t->column[0], from, s->realm->tenant);
	if (t->nkey == 1)
		return in->after.n > 0 ? OK
				       : store_load(tx, t, from, 1, 1, 0, rows);
	TRY(store_page(tx, t, from, 1, in->after.n == 0, in->limit, rows));
	if (rows->n == in->limit)
		*next = cursor_of(s->cx->arena, t,
		    (char *)rows->row + (rows->n - 1) * t->row_size);
	return OK;
}

/* The key after the tenant: 8 bytes a number, bytes with their length before them; as hex. */
static struct str
cursor_of(struct arena *arena, const struct table *t, const void *row)
{
	struct buf b;

	buf_init(&b, arena, 4096);
	for (size_t i = 1; i < t->nkey; i++) {
		const struct column *c = &t->column[i];

		if (c->is_bytes)
			buf_lp(&b, row_bytes(c, row));
		else
			buf_u64(&b, (uint64_t)row_int(c, row));
	}
	must(!b.over);
	return str_hex(arena, buf_view(&b));
}

/* Empty: from the start.  A number that its field cannot hold was never told. */
static bool
cursor_row(
    struct arena *arena, const struct table *t, struct str text, void *row)
{
	struct cursor at = { 0 };

	if (text.n == 0)
		return true;
	if (!str_unhex(arena, text, &at.left))
		return false;
	for (size_t i = 1; i < t->nkey; i++) {
		const struct column *c = &t->column[i];
		int64_t n;

		if (c->is_bytes) {
			struct str v = get_lp(&at);

			memcpy((char *)row + c->offset, &v, sizeof(v));
			continue;
		}
		n = (int64_t)get_u64(&at);
		if (c->size < 8 && (n >> (8 * c->size - 1)) != 0)
			return false;
		row_set_int(c, row, n);
	}
	return get_end(&at);
}

/* --- cells ----------------------------------------------------------------------- */

static size_t
show_row(struct showing *s, const void *row, size_t at)
{
	for (size_t i = 0; i < s->table->ncolumn; i++) {
		const struct column *c = &s->table->column[i];

		if (!is_shown(s->table, c))
			continue;
		s->cell[at].name = c->name;
		if (c->is_bytes)
			show_bytes(s, row, c, at);
		else
			show_number(s, row_int(c, row), c, &s->cell[at]);
		at++;
	}
	return at;
}

static void
show_bytes(
    struct showing *s, const void *row, const struct column *c, size_t at)
{
	const struct bytes *b = find_bytes(s->table, c);
	const struct str v = row_bytes(c, row);
	struct cell *cell = &s->cell[at];
	struct outcome_row *outcome;

	cell->kind = CELL_TEXT;
	switch (b->made_of) {
	case BYTES_SEALED:
		if (v.n > 0)
			s->opened[at] = vault_text_open(&s->call, b->purpose,
			    number_of_row(s->table, row, b->subject), v);
		return;
	case BYTES_TEXT:
		cell->text = v;
		return;
	case BYTES_HEX:
		cell->text = str_hex(s->cx->arena, v);
		return;
	case BYTES_OUTCOME:
		cell->kind = CELL_TOLD;
		cell->ntold = outcome_unpack(s->cx->arena, v, &outcome);
		cell->told = outcome_tell(
		    s->cx->arena, s->realm->catalogue, outcome, cell->ntold);
		return;
	case BYTES_KEPT_BACK:
		break;
	}
	bug("a column that is kept back");
}

static enum err
open_cells(struct showing *s, size_t n)
{
	size_t asked = 0;

	for (size_t i = 0; i < n; i++)
		asked += s->opened[i] != NULL;
	if (asked > 0)
		TRY(vault_run(s->r->vault, s->cx, &s->call));
	for (size_t i = 0; i < n; i++) {
		if (s->opened[i] == NULL)
			continue;
		if (s->opened[i]->err != OK)
			return fail_sealed(
			    s->cx, s->opened[i]->err, s->cell[i].name);
		s->cell[i].text = s->opened[i]->text;
	}
	return OK;
}

static int64_t
number_of_row(const struct table *t, const void *row, const char *column)
{
	for (size_t i = 0; i < t->ncolumn; i++)
		if (strcmp(t->column[i].name, column) == 0)
			return row_int(&t->column[i], row);
	bug("a column that is not there");
}

static void
show_number(
    struct showing *s, int64_t n, const struct column *c, struct cell *cell)
{
	enum number_of is = NUMBER_PLAIN;

	cell->number = n;
	for (size_t i = 0; i < COUNT(names); i++)
		if (names[i].table == s->table &&
		    strcmp(names[i].column, c->name) == 0) {
			show_name(&names[i], cell);
			return;
		}
	for (size_t i = 0; i < COUNT(numbers); i++)
		if (strcmp(numbers[i].column, c->name) == 0)
			is = numbers[i].is;
	if (strcmp(c->name, "rights") == 0)
		show_rights(s, cell);
	else if (ends_in(c->name, "_ms"))
		cell->kind = CELL_TIME;
	else if (ends_in(c->name, "_day"))
		cell->kind = CELL_DAY; /* biased, as it is stored */
	else if (is == NUMBER_ID)
		cell->kind = CELL_ID;
	else if (is != NUMBER_PLAIN) {
		cell->kind = CELL_TEXT;
		cell->text = slug_of(s, is, n);
	}
}

/* A number that has no name stays one. */
static void
show_name(const struct named_column *of, struct cell *cell)
{
	const char *name = NULL;

	if (of->name != NULL)
		name = of->name(cell->number);
	else if (cell->number > 0 && cell->number <= (int64_t)COUNT(of->word))
		name = of->word[cell->number - 1];
	if (name == NULL)
		return;
	cell->kind = CELL_TEXT;
	cell->text = str_of(name);
}

static void
show_rights(struct showing *s, struct cell *cell)
{
	struct buf b;

	buf_init(&b, s->cx->arena, 4096);
	for (enum right r = RIGHT_PUBLIC + 1; r < RIGHT_COUNT; r++)
		if (((uint64_t)cell->number & RIGHT_BIT(r)) != 0)
			buf_fmt(&b, "%s%s", b.n > 0 ? " " : "", right_name(r));
	cell->kind = CELL_TEXT;
	cell->text = buf_view(&b);
}

/* What the catalogue has lost meanwhile stands under its id. */
static struct str
slug_of(const struct showing *s, enum number_of is, int64_t id)
{
	const struct catalogue *cat = s->realm->catalogue;
	const struct site *site = catalogue_site(cat, id);
	const struct organisation *organisation =
	    catalogue_organisation(cat, id);
	const struct product *product = catalogue_product(cat, id);
	const struct pool_info *pool = catalogue_pool(cat, id);
	const struct declared_type *type = catalogue_type(cat, id);
	struct role role;

	if (id == 0)
		return STR("");
	if (is == NUMBER_SITE && site != NULL)
		return site->slug;
	if (is == NUMBER_ORGANISATION && organisation != NULL)
		return organisation->slug;
	if (is == NUMBER_PRODUCT && product != NULL)
		return product->slug;
	if (is == NUMBER_POOL && pool != NULL)
		return pool->slug;
	if (is == NUMBER_ROLE && role_of(cat, id, &role))
		return role.slug;
	if (is == NUMBER_TYPE && type != NULL)
		return type->slug;
	return id_text(s->cx->arena, id);
}

static bool
ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && strcmp(name + n - m, end) == 0;
}
