/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalogue_schema.c - the catalogue's section "schemas": attributes that an
 * operator adds to what persons have (decision 0022), as the structs that
 * built-in schemas are.
 */
#include <stdlib.h>
#include <string.h>

#include "base/canon.h"
#include "base/js.h"

#include "core/catalogue_int.h"

#define ATTR_NAME_MAX	 64
#define DESCRIPTION_MAX	 500
#define CANONICAL_MAX	 50
#define DEFAULT_TEXT	 "Declared in the catalogue."

/* URNs that mean something already; nothing may stand below them either. */
static const char *const built_in[] = {
	"urn:ietf:params:scim:schemas:core:2.0",
	"urn:ietf:params:scim:api",
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
	"urn:ietf:params:scim:schemas:extension:usher:2.0:User",
};

static const char *const attr_keys[] = { "type", "text", "multi", "required",
	"exact", "unique", "searchable", "mutability", "returned", "canonical",
	"attributes", NULL };

/* Flags of an attribute, by their keys. */
static const struct {
	const char *key;
	unsigned    flag;
} flags[] = {
	{ "exact", SCIM_EXACT },
	{ "multi", SCIM_MULTI },
	{ "required", SCIM_REQUIRED },
	{ "searchable", SCIM_SEARCH },
	{ "unique", SCIM_UNIQUE },
};

/* Whose attributes they are; those of groups are what is built in. */
enum schema_of { OF_USER, OF_RESOURCE, OF_GROUP, OF_COUNT };

/* The words that a key may have; NULL ends. */
struct words {
	const char *key, *all;
	const char *(*name)(int);
	int	    n;
};

static const char *type_word(int);
static const char *mutability_word(int);
static const char *returned_word(int);
static const char *of_word(int);

static const struct words
    type_words = { "type", "string, boolean, integer, decimal, dateTime, reference, complex", type_word,
	SCIM_COMPLEX + 1 },
    mutability_words = { "mutability", "readWrite, readOnly, immutable", mutability_word, SCIM_IMMUTABLE + 1 },
    returned_words = { "returned", "default, always, request", returned_word, SCIM_REQUEST + 1 },
    of_words = { "of", "user, resource", of_word, OF_COUNT };

static enum err fill_of(struct decoder *, const struct row_in *,
    struct declared_schema *);
static enum err check_urn(struct decoder *, const struct row_in *,
    const struct declared_schema *);
static bool is_urn(struct str);
static bool is_below(struct str urn, struct str other);
static enum err fill_attrs(struct decoder *, const struct row_in *,
    size_t max, bool is_sub, const struct scim_attr **);
static enum err fill_attr(struct decoder *, const struct row_in *,
    bool is_sub, struct scim_attr *);
static enum err fill_sub(struct decoder *, const struct row_in *, bool is_sub,
    struct scim_attr *);
static enum err fill_canonical(struct decoder *, const struct row_in *,
    struct scim_attr *);
static enum err check_indexed(struct decoder *, const struct row_in *,
    bool is_sub, const struct scim_attr *);
static enum err get_word(struct decoder *, const struct row_in *,
    const struct words *, int *);
static bool is_attr_name(struct str);
static enum err check_before(struct decoder *, const struct row_in *,
    const struct declared_schema *);
static const struct declared_schema *schema_of(const struct catalogue *,
    int64_t id);
static enum err check_attrs_before(struct decoder *, struct str section,
    const struct js *, const struct scim_attr *before,
    const struct scim_attr *);
static int by_name(const void *, const void *);
static void put_schema(const struct declared_schema *, int64_t id,
    struct js_out *);
static void put_attrs(const struct scim_attr *, struct js_out *);
static void put_attr(const struct scim_attr *, struct js_out *);
static void put_pair(struct js_out *, const char *key, const char *value);

enum err
catalogue_fill_schema(struct decoder *d, const struct row_in *in, void *row)
{
	static const char *const needed[] = { "urn", "attributes", NULL };
	struct declared_schema *schema = row;
	struct arena *arena = d->cx->arena;
	struct str urn, text = STR(DEFAULT_TEXT);

	TRY(need_keys(d, in, needed));
	TRY(get_text(d, in, "urn", URN_MAX, &urn));
	TRY(get_name(d, in, &schema->name));
	TRY(get_text(d, in, "text", DESCRIPTION_MAX, &text));
	schema->schema.id = str_z(arena, urn);
	schema->schema.name = str_z(arena, schema->name);
	schema->schema.text = str_z(arena, text);
	TRY(fill_of(d, in, schema));
	TRY(check_urn(d, in, schema));
	TRY(fill_attrs(
	    d, in, SCHEMA_ATTRS_MAX, false, &schema->schema.attr));
	return check_before(d, in, schema);
}

/* Persons have few extensions; each is looked through for each of them. */
static enum err
fill_of(struct decoder *d, const struct row_in *in,
    struct declared_schema *schema)
{
	size_t n = 0;
	int word = OF_USER;

	TRY(get_word(d, in, &of_words, &word));
	if (word == OF_GROUP)
		return refuse(d, in, "of", MSG_CATALOGUE_OF_GROUP, STR(""));
	schema->is_of_resources = word == OF_RESOURCE;
	for (const struct declared_schema *s = d->out->schema; s < schema; s++)
		n += !s->is_of_resources;
	if (!schema->is_of_resources && n >= SCHEMAS_OF_USER_MAX)
		return refuse(d, in, "of", MSG_CATALOGUE_MANY,
		    STR(LIMIT_TEXT(SCHEMAS_OF_USER_MAX)));
	return OK;
}

/* A name after the colon must not be readable as the URN of another schema. */
static enum err
check_urn(struct decoder *d, const struct row_in *in,
    const struct declared_schema *schema)
{
	struct str urn = str_of(schema->schema.id);

	if (!is_urn(urn))
		return refuse(d, in, "urn", MSG_CATALOGUE_URN, urn);
	for (size_t i = 0; i < COUNT(built_in); i++)
		if (is_below(urn, str_of(built_in[i])) ||
		    is_below(str_of(built_in[i]), urn))
			return refuse(d, in, "urn", MSG_CATALOGUE_URN, urn);
	for (size_t i = 0; i < d->out->nschema; i++) {
		const struct declared_schema *other = &d->out->schema[i];

		if (other == schema || other->schema.id == NULL)
			continue;
		if (is_below(urn, str_of(other->schema.id)) ||
		    is_below(str_of(other->schema.id), urn))
			return refuse(
			    d, in, "urn", MSG_CATALOGUE_URN_TWICE, other->slug);
	}
	return OK;
}

/* RFC 8141: urn, a namespace, and what it says; here without what an attribute's path could not hold. */
static bool
is_urn(struct str urn)
{
	struct str rest = urn, word;
	size_t words = 0;

	if (!str_eq_nocase(str_sub(urn, 0, 4), STR("urn:")))
		return false;
	do {
		word = str_cut(&rest, ':');
		words++;
		if (word.n == 0)
			return false;
		for (size_t i = 0; i < word.n; i++) {
			char c = word.p[i];

			if (!((c | 0x20) >= 'a' && (c | 0x20) <= 'z') &&
			    !(c >= '0' && c <= '9') && c != '.' && c != '-' &&
			    c != '_')
				return false;
		}
	} while (rest.p != NULL);
	return words >= 3;
}

static bool
is_below(struct str urn, struct str other)
{
	return str_eq_nocase(str_sub(urn, 0, other.n), other) &&
	    (urn.n == other.n || urn.p[other.n] == ':');
}

static enum err
fill_attrs(struct decoder *d, const struct row_in *in, size_t max,
    bool is_sub, const struct scim_attr **out)
{
	struct arena *arena = d->cx->arena;
	const struct js *js = js_get(in->js, "attributes");
	struct scim_attr *attr;
	size_t n = js_count(js);

	if (js_type(js) != JS_OBJECT || n == 0)
		return refuse(
		    d, in, "attributes", MSG_CATALOGUE_OBJECT, STR(""));
	if (n > max)
		return refuse(d, in, "attributes", MSG_CATALOGUE_MANY,
		    str_fmt(arena, "%zu", max));
	attr = arena_array(arena, n + 1, sizeof(*attr));
	for (size_t i = 0; i < n; i++) {
		struct row_in at = { .section = str_z(arena,
			str_fmt(arena, "%s.%.*s.attributes", in->section,
			    STR_ARG(in->slug))) };

		at.js = js_member(js, i, &at.slug);
		if (!is_attr_name(at.slug) ||
		    scim_attr_find(attr, at.slug) != NULL) {
			struct row_in name = { .section = at.section,
				.js = at.js };

			return refuse(d, &name, "", MSG_CATALOGUE_ATTR_NAME,
			    at.slug);
		}
		if (js_type(at.js) != JS_OBJECT)
			return refuse(
			    d, &at, "", MSG_CATALOGUE_OBJECT, STR(""));
		TRY(only_keys(d, &at, attr_keys));
		attr[i].name = str_z(arena, at.slug);
		TRY(fill_attr(d, &at, is_sub, &attr[i]));
	}
	qsort(attr, n, sizeof(*attr), by_name);
	*out = attr;
	return OK;
}

static enum err
fill_attr(struct decoder *d, const struct row_in *in, bool is_sub,
    struct scim_attr *attr)
{
	static const char *const needed[] = { "type", NULL };
	struct str text = STR(DEFAULT_TEXT);
	int word = 0;

	TRY(need_keys(d, in, needed));
	TRY(get_word(d, in, &type_words, &word));
	attr->type = (enum scim_type)word;
	word = SCIM_READ_WRITE;
	TRY(get_word(d, in, &mutability_words, &word));
	attr->mutability = (enum scim_mutability)word;
	word = SCIM_DEFAULT;
	TRY(get_word(d, in, &returned_words, &word));
	attr->returned = (enum scim_returned)word;
	for (size_t i = 0; i < COUNT(flags); i++) {
		bool is_on = false;

		TRY(get_bool(d, in, flags[i].key, &is_on));
		if (is_on)
			attr->flags |= flags[i].flag;
	}
	if (attr->type == SCIM_REFERENCE)	/* RFC 7643 section 2.3.7 */
		attr->flags |= SCIM_EXACT;
	TRY(get_text(d, in, "text", DESCRIPTION_MAX, &text));
	attr->text = str_z(d->cx->arena, text);
	TRY(fill_canonical(d, in, attr));
	TRY(check_indexed(d, in, is_sub, attr));
	return fill_sub(d, in, is_sub, attr);
}

/* RFC 7643 section 2.3.8: what is complex has parts, which are not complex. */
static enum err
fill_sub(struct decoder *d, const struct row_in *in, bool is_sub,
    struct scim_attr *attr)
{
	bool has = js_get(in->js, "attributes") != NULL;

	if ((attr->type == SCIM_COMPLEX) != has || (is_sub && has))
		return refuse(d, in, "type", MSG_CATALOGUE_COMPLEX, STR(""));
	return has ? fill_attrs(d, in, SCHEMA_SUBS_MAX, true, &attr->sub) : OK;
}

/* Kept in one text, with spaces between. */
static enum err
fill_canonical(
    struct decoder *d, const struct row_in *in, struct scim_attr *attr)
{
	const struct js *list;
	struct buf b;

	TRY(get_list(d, in, "canonical", CANONICAL_MAX, &list));
	if (list == NULL || js_count(list) == 0)
		return OK;
	buf_init(&b, d->cx->arena, CANONICAL_MAX * (ATTR_NAME_MAX + 1) + 1);
	for (size_t i = 0; i < js_count(list); i++) {
		struct str word = js_str(js_at(list, i));

		if (word.n == 0 || word.n > ATTR_NAME_MAX ||
		    memchr(word.p, ' ', word.n) != NULL)
			return refuse(d, in, "canonical",
			    MSG_CATALOGUE_CANONICAL, word);
		buf_fmt(&b, "%s%.*s", i > 0 ? " " : "", STR_ARG(word));
	}
	attr->canonical = str_z(d->cx->arena, buf_view(&b));
	return OK;
}

static enum err
check_indexed(struct decoder *d, const struct row_in *in, bool is_sub,
    const struct scim_attr *attr)
{
	bool may = !is_sub &&
	    (attr->type == SCIM_STRING || attr->type == SCIM_INTEGER ||
		attr->type == SCIM_REFERENCE);

	if ((attr->flags & (SCIM_UNIQUE | SCIM_SEARCH)) == 0 || may)
		return OK;
	return refuse(d, in,
	    (attr->flags & SCIM_UNIQUE) != 0 ? "unique" : "searchable",
	    MSG_CATALOGUE_INDEXED, STR(""));
}

static enum err
get_word(struct decoder *d, const struct row_in *in, const struct words *words,
    int *out)
{
	struct str word = { 0 };

	TRY(get_text(d, in, words->key, NAME_MAX_CHARS, &word));
	if (word.n == 0)
		return OK;
	for (int i = 0; i < words->n; i++)
		if (str_eq(word, str_of(words->name(i)))) {
			*out = i;
			return OK;
		}
	return refuse(
	    d, in, words->key, MSG_CATALOGUE_WORD, str_of(words->all));
}

static const char *
type_word(int i)
{
	return scim_type_name((enum scim_type)i);
}

static const char *
mutability_word(int i)
{
	return scim_mutability_name((enum scim_mutability)i);
}

static const char *
returned_word(int i)
{
	return scim_returned_name((enum scim_returned)i);
}

static const char *
of_word(int i)
{
	static const char *const names[] = { "user", "resource", "group" };

	return names[i];
}

static bool
is_attr_name(struct str name)
{
	/* Natively the members of a resource stand under these. */
	static const char *const taken[] = { "id", "externalId", "meta",
		"schemas" };

	if (name.n == 0 || name.n > ATTR_NAME_MAX)
		return false;
	for (size_t i = 0; i < COUNT(taken); i++)
		if (str_eq_nocase(name, str_of(taken[i])))
			return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';

		if (!is_letter &&
		    (i == 0 ||
			(!(c >= '0' && c <= '9') && c != '_' && c != '-')))
			return false;
	}
	return true;
}

/* --- what may not change ----------------------------------------------------------- */

/* Values that are there are of the type they had, and in the index if it was asked for then. */
static enum err
check_before(struct decoder *d, const struct row_in *in,
    const struct declared_schema *schema)
{
	const struct declared_schema *same =
	    d->previous != NULL && !d->is_stored
	    ? schema_of(d->previous, schema->id)
	    : NULL;
	const struct scim_schema *before =
	    d->previous != NULL && !d->is_stored
	    ? catalogue_schema_urn(d->previous, str_of(schema->schema.id))
	    : NULL;

	if (same != NULL && before != &same->schema)
		return refuse(d, in, "urn", MSG_CATALOGUE_FIXED,
		    str_of(same->schema.id));
	if (before == NULL)
		return OK;
	if (same != NULL && same->is_of_resources != schema->is_of_resources)
		return refuse(d, in, "of", MSG_CATALOGUE_FIXED,
		    str_of(of_word(same->is_of_resources)));
	return check_attrs_before(d,
	    str_fmt(d->cx->arena, "%s.%.*s.attributes", in->section,
		STR_ARG(in->slug)),
	    js_get(in->js, "attributes"), before->attr, schema->schema.attr);
}

static const struct declared_schema *
schema_of(const struct catalogue *c, int64_t id)
{
	for (size_t i = 0; i < c->nschema; i++)
		if (c->schema[i].id == id)
			return &c->schema[i];
	return NULL;
}

static enum err
check_attrs_before(struct decoder *d, struct str section, const struct js *js,
    const struct scim_attr *before, const struct scim_attr *attr)
{
	static const unsigned kept = SCIM_UNIQUE | SCIM_SEARCH;
	struct arena *arena = d->cx->arena;

	for (; attr->name != NULL; attr++) {
		const struct scim_attr *was =
		    scim_attr_find(before, str_of(attr->name));
		const struct row_in at = { .section = str_z(arena, section),
			.slug = str_of(attr->name),
			.js = js_get(js, attr->name) };

		if (was == NULL)
			continue;
		if (was->type != attr->type)
			return refuse(d, &at, "type", MSG_CATALOGUE_FIXED,
			    str_of(scim_type_name(was->type)));
		if (((was->flags ^ attr->flags) & SCIM_MULTI) != 0)
			return refuse(d, &at, "multi", MSG_CATALOGUE_FIXED,
			    (was->flags & SCIM_MULTI) != 0 ? STR("true")
							   : STR("false"));
		if ((attr->flags & ~was->flags & kept) != 0)
			return refuse(d, &at,
			    (attr->flags & ~was->flags & SCIM_UNIQUE) != 0
				? "unique"
				: "searchable",
			    MSG_CATALOGUE_FIXED, STR("false"));
		if ((was->flags & attr->flags & kept) != 0 &&
		    ((was->flags ^ attr->flags) & SCIM_EXACT) != 0)
			return refuse(d, &at, "exact", MSG_CATALOGUE_FIXED,
			    (was->flags & SCIM_EXACT) != 0 ? STR("true")
							   : STR("false"));
		if (attr->sub != NULL)
			TRY(check_attrs_before(d,
			    str_fmt(arena, "%.*s.%s.attributes",
				STR_ARG(section), attr->name),
			    js_get(at.js, "attributes"), was->sub, attr->sub));
	}
	return OK;
}

static int
by_name(const void *a, const void *b)
{
	const struct scim_attr *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* --- looking up --------------------------------------------------------------------- */

const struct scim_schema *
catalogue_schema_urn(const struct catalogue *c, struct str urn)
{
	for (size_t i = 0; i < c->nschema; i++)
		if (str_eq_nocase(urn, str_of(c->schema[i].schema.id)))
			return &c->schema[i].schema;
	return NULL;
}

const struct scim_attr *
catalogue_attribute(const struct catalogue *c, struct str path,
    const struct scim_schema **schema)
{
	size_t n = path.n;
	const struct scim_schema *of;

	while (n > 0 && path.p[n - 1] != ':')
		n--;
	of = n > 0 ? catalogue_schema_urn(c, str_sub(path, 0, n - 1)) : NULL;
	if (schema != NULL)
		*schema = of;
	return of != NULL
	    ? scim_attr_find(of->attr, str_sub(path, n, path.n))
	    : NULL;
}

/* --- out ---------------------------------------------------------------------------- */

/* Left out where there are none, as before there could be any. */
void
catalogue_json_schemas(const struct catalogue *c, struct js_out *o)
{
	if (c->nschema == 0)
		return;
	js_key(o, "schemas");
	js_open_object(o);
	for (size_t i = 0; i < c->nschema; i++) {
		js_key_str(o, c->schema[i].slug);
		put_schema(&c->schema[i], c->schema[i].id, o);
	}
	js_close_object(o);
}

/* YAML reads JSON, and a schema is one line of it. */
void
catalogue_yaml_schemas(const struct catalogue *c, struct buf *b)
{
	if (c->nschema == 0)
		return;
	buf_z(b, "\nschemas:\n");
	for (size_t i = 0; i < c->nschema; i++) {
		struct js_out o;

		buf_fmt(b, "  \"%.*s\": ", STR_ARG(c->schema[i].slug));
		js_begin(&o, b);
		put_schema(&c->schema[i], 0, &o);
		buf_z(b, "\n");
	}
}

/* Members in the order of their names; ID 0: for people. */
static void
put_schema(const struct declared_schema *s, int64_t id, struct js_out *o)
{
	js_open_object(o);
	put_attrs(s->schema.attr, o);
	if (id != 0) {
		js_key(o, "id");
		js_put_int(o, id);
	}
	js_key(o, "name");
	js_put_str(o, s->name);
	if (s->is_of_resources)
		put_pair(o, "of", "resource");
	if (strcmp(s->schema.text, DEFAULT_TEXT) != 0)
		put_pair(o, "text", s->schema.text);
	put_pair(o, "urn", s->schema.id);
	js_close_object(o);
}

static void
put_attrs(const struct scim_attr *attr, struct js_out *o)
{
	js_key(o, "attributes");
	js_open_object(o);
	for (; attr->name != NULL; attr++) {
		js_key(o, attr->name);
		put_attr(attr, o);
	}
	js_close_object(o);
}

static void
put_flag(const struct scim_attr *attr, size_t at, struct js_out *o)
{
	if ((attr->flags & flags[at].flag) == 0)
		return;
	js_key(o, flags[at].key);
	js_put_bool(o, true);
}

static void
put_attr(const struct scim_attr *attr, struct js_out *o)
{
	struct str words = str_of(attr->canonical);

	js_open_object(o);
	if (attr->sub != NULL)
		put_attrs(attr->sub, o);
	if (attr->canonical != NULL) {
		js_key(o, "canonical");
		js_open_array(o);
		while (words.n > 0)
			js_put_str(o, str_cut(&words, ' '));
		js_close_array(o);
	}
	put_flag(attr, 0, o);
	put_flag(attr, 1, o);
	if (attr->mutability != SCIM_READ_WRITE)
		put_pair(o, "mutability",
		    scim_mutability_name(attr->mutability));
	put_flag(attr, 2, o);
	if (attr->returned != SCIM_DEFAULT)
		put_pair(o, "returned", scim_returned_name(attr->returned));
	put_flag(attr, 3, o);
	if (strcmp(attr->text, DEFAULT_TEXT) != 0)
		put_pair(o, "text", attr->text);
	put_pair(o, "type", scim_type_name(attr->type));
	put_flag(attr, 4, o);
	js_close_object(o);
}

static void
put_pair(struct js_out *o, const char *key, const char *value)
{
	js_key(o, key);
	js_put_z(o, value);
}

/* --- comparing ----------------------------------------------------------------------- */

static bool
same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
same_attrs(const struct scim_attr *a, const struct scim_attr *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	for (; a->name != NULL && b->name != NULL; a++, b++)
		if (strcmp(a->name, b->name) != 0 || a->type != b->type ||
		    a->flags != b->flags || a->mutability != b->mutability ||
		    a->returned != b->returned ||
		    !same_text(a->text, b->text) ||
		    !same_text(a->canonical, b->canonical) ||
		    !same_attrs(a->sub, b->sub))
			return false;
	return a->name == NULL && b->name == NULL;
}

bool
catalogue_same_schema(const void *before, const void *after)
{
	const struct declared_schema *a = before, *b = after;

	return str_eq(a->slug, b->slug) && str_eq(a->name, b->name) &&
	    a->is_of_resources == b->is_of_resources &&
	    same_text(a->schema.text, b->schema.text) &&
	    same_text(a->schema.id, b->schema.id) &&
	    same_attrs(a->schema.attr, b->schema.attr);
}
