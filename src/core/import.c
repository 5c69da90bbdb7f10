/* SPDX-License-Identifier: Apache-2.0 */
#include "core/import.h"

#include <stdlib.h>
#include <string.h>

#include "base/canon.h"
#include "base/yaml.h"

#include "core/doc_int.h"
#include "core/extension.h"

#define SOURCE_MAX    64
#define CANONICAL_MAX (4 * 1024 * 1024)
#define VALUES_MAX    10000

/* One line of `person` or `contracts`: a template and where its text goes. */
struct target {
	struct doc_place       place;
	const struct template *template;
};

struct targets {
	struct target *target;
	size_t	       n;
};

/* How one value of the source is called here. */
struct rename {
	struct str key, value;	/* key in canon_key() form */
};

struct import_map {
	struct str	       source, dates, canonical;
	char		       separator;
	bool		       is_windows_1252;
	const struct template *ref, *contract;
	struct targets	       person, org;
	struct rename	      *rename[A_COUNT];	/* sorted by key */
	size_t		       nrename[A_COUNT];
	struct str	       column[CSV_FIELDS_MAX]; /* that the templates name */
	size_t		       where[CSV_FIELDS_MAX];  /* each in a record */
	size_t		       ncolumn;
	const struct str      *header;	/* of the file; NULL: not seen yet */
	size_t		       nheader;
};

/* What the templates' resolver needs. */
struct resolver {
	struct import_map *map;
};

/* The row being mapped, for the templates. */
struct source_row {
	const struct import_map	*map;
	const struct csv_record *record;
	struct arena		*arena;
};

struct section {
	const char  *key;
	enum js_type type;
	bool	     is_required;
	enum err (*decode)(struct ctx *, struct import_map *,
	    const struct js *);
};

static enum err decode_source(struct ctx *, struct import_map *,
    const struct js *);
static enum err decode_format(struct ctx *, struct import_map *,
    const struct js *);
static enum err decode_ref(struct ctx *, struct import_map *,
    const struct js *);
static enum err decode_contract(struct ctx *, struct import_map *,
    const struct js *);
static enum err decode_person(struct ctx *, struct import_map *,
    const struct js *);
static enum err decode_contracts(struct ctx *, struct import_map *,
    const struct js *);
static enum err decode_values(struct ctx *, struct import_map *,
    const struct js *);
static enum err decode_separator(struct ctx *, struct import_map *,
    const struct js *);
static enum err decode_encoding(struct ctx *, struct import_map *,
    const struct js *);
static enum err decode_dates(struct ctx *, struct import_map *,
    const struct js *);
static enum err decode_sections(struct ctx *, struct import_map *,
    const struct js *, const struct section *, size_t);
static enum err decode_target(struct ctx *, struct import_map *,
    struct str, const struct js *);
static enum err decode_renames(struct ctx *, struct import_map *,
    enum attribute, const struct js *);
static enum err decode_template(struct ctx *, struct import_map *,
    const struct js *, const char *, const struct template **);
static int column_number(const void *, struct str);
static bool is_slug(struct str);
static bool is_given(enum attribute);
static int by_key(const void *, const void *);
static enum err at_line(struct ctx *, enum err, const struct js *,
    struct str);
static void put_tree(struct js_out *, const struct js *);
static struct template_env env_of(const struct source_row *);
static bool same_name(struct arena *, struct str, struct str);
static enum err map_org(struct ctx *, const struct template_env *,
    struct import_row *);
static bool rename_value(struct ctx *, const struct import_map *,
    enum attribute, struct str *);
static enum err map_person(struct ctx *, const struct template_env *,
    struct import_row *);
static enum err map_user_names(struct ctx *, const struct target *,
    const struct template_env *, struct import_row *);
static enum err complete(struct ctx *, const struct import_map *,
    struct import_row *);
static struct str column_of(const struct import_map *, struct str);
static enum err map_key(struct ctx *, const struct template *,
    const struct template_env *, struct str *);
static struct str field_of(const void *, int);

static const struct section sections[] = {
	{ "source", JS_STRING, true, decode_source },
	{ "format", JS_OBJECT, false, decode_format },
	{ "ref", JS_STRING, true, decode_ref },
	{ "contract", JS_STRING, false, decode_contract },
	{ "person", JS_OBJECT, true, decode_person },
	{ "contracts", JS_OBJECT, false, decode_contracts },
	{ "values", JS_OBJECT, false, decode_values },
};

static const struct section format_sections[] = {
	{ "separator", JS_STRING, false, decode_separator },
	{ "encoding", JS_STRING, false, decode_encoding },
	{ "dates", JS_STRING, false, decode_dates },
};

enum err
import_map_decode(struct ctx *cx, const struct js *js, struct import_map **out)
{
	struct import_map *map = arena_alloc(cx->arena, sizeof(*map));
	struct js_out canonical;
	struct buf b;

	if (js_type(js) != JS_OBJECT)
		return fail(cx, ERR_BAD_INPUT, MSG_ATTR_NOT_OBJECT, "");
	map->dates = STR("yyyy-mm-dd");
	TRY(decode_sections(cx, map, js, sections, COUNT(sections)));
	buf_init(&b, cx->arena, CANONICAL_MAX);
	js_begin(&canonical, &b);
	put_tree(&canonical, js);
	if (b.over)
		return fail(cx, ERR_BAD_INPUT, MSG_IMPORT_LARGE, "");
	map->canonical = buf_view(&b);
	*out = map;
	return OK;
}

/* Each member by its section; none is unknown, none that is required is missing. */
static enum err
decode_sections(struct ctx *cx, struct import_map *map, const struct js *js,
    const struct section *section, size_t n)
{
	struct str key;

	for (size_t i = 0; i < js_count(js); i++) {
		const struct js *value = js_member(js, i, &key);
		bool is_known = false;

		for (size_t j = 0; j < n; j++)
			is_known |= str_eq(key, str_of(section[j].key));
		if (!is_known)
			return at_line(cx,
			    fail(cx, ERR_BAD_INPUT, MSG_IMPORT_KEY, "",
				str_z(cx->arena, key)),
			    value, key);
	}
	for (size_t i = 0; i < n; i++) {
		const struct js *value = js_get(js, section[i].key);
		enum err err = OK;

		key = str_of(section[i].key);
		if (value == NULL && section[i].is_required)
			err = fail(cx, ERR_BAD_INPUT, MSG_IMPORT_MISSING, "",
			    section[i].key);
		else if (value != NULL && js_type(value) != section[i].type)
			err = fail(cx, ERR_BAD_INPUT,
			    section[i].type == JS_STRING ? MSG_ATTR_NOT_TEXT
							 : MSG_ATTR_NOT_OBJECT,
			    "");
		TRY(at_line(cx, err, value == NULL ? js : value, key));
		if (value != NULL)
			TRY(section[i].decode(cx, map, value));
	}
	return OK;
}

/* The fault's field becomes "person.userName (line 7)"; without a line, the key. */
static enum err
at_line(struct ctx *cx, enum err err, const struct js *js, struct str key)
{
	if (err == OK)
		return OK;
	cx->fault.field = str_copy(cx->arena, key);
	if (js_line(js) > 0)
		cx->fault.field = str_fmt(
		    cx->arena, "%.*s (line %d)", STR_ARG(key), js_line(js));
	return err;
}

static enum err
decode_source(struct ctx *cx, struct import_map *map, const struct js *js)
{
	if (!is_slug(js_str(js)))
		return at_line(cx,
		    fail(cx, ERR_BAD_INPUT, MSG_IMPORT_SOURCE, ""), js,
		    STR("source"));
	map->source = str_copy(cx->arena, js_str(js));
	return OK;
}

static bool
is_slug(struct str s)
{
	if (s.n == 0 || s.n > SOURCE_MAX || s.p[0] == '-' ||
	    s.p[s.n - 1] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= 'a' && s.p[i] <= 'z') &&
		    !(s.p[i] >= '0' && s.p[i] <= '9') && s.p[i] != '-')
			return false;
	return true;
}

static enum err
decode_format(struct ctx *cx, struct import_map *map, const struct js *js)
{
	return decode_sections(
	    cx, map, js, format_sections, COUNT(format_sections));
}

static enum err
decode_separator(struct ctx *cx, struct import_map *map, const struct js *js)
{
	struct str s = js_str(js);

	if (s.n != 1 || memchr(",;\t|", s.p[0], 4) == NULL)
		return at_line(cx,
		    fail(cx, ERR_BAD_INPUT, MSG_IMPORT_SEPARATOR, ""), js,
		    STR("format.separator"));
	map->separator = s.p[0];
	return OK;
}

static enum err
decode_encoding(struct ctx *cx, struct import_map *map, const struct js *js)
{
	map->is_windows_1252 = str_eq_nocase(js_str(js), STR("windows-1252"));
	if (!map->is_windows_1252 && !str_eq_nocase(js_str(js), STR("utf-8")))
		return at_line(cx,
		    fail(cx, ERR_BAD_INPUT, MSG_IMPORT_ENCODING, ""), js,
		    STR("format.encoding"));
	return OK;
}

static enum err
decode_dates(struct ctx *cx, struct import_map *map, const struct js *js)
{
	if (!date_form_is_known(js_str(js)))
		return at_line(cx,
		    fail(cx, ERR_BAD_INPUT, MSG_IMPORT_DATES, ""), js,
		    STR("format.dates"));
	map->dates = str_copy(cx->arena, js_str(js));
	return OK;
}

static enum err
decode_ref(struct ctx *cx, struct import_map *map, const struct js *js)
{
	TRY(decode_template(cx, map, js, "ref", &map->ref));
	/* A ref that is the same for every row would make all rows one person. */
	if (template_first_name(map->ref).n == 0)
		return at_line(cx,
		    fail(cx, ERR_BAD_INPUT, MSG_IMPORT_REF_FIXED, ""), js,
		    STR("ref"));
	return OK;
}

static enum err
decode_contract(struct ctx *cx, struct import_map *map, const struct js *js)
{
	return decode_template(cx, map, js, "contract", &map->contract);
}

static enum err
decode_template(struct ctx *cx, struct import_map *map, const struct js *js,
    const char *key, const struct template **out)
{
	struct resolver resolver = { map };
	struct template *template;
	enum err err;

	if (js_type(js) != JS_STRING)
		return at_line(cx,
		    fail(cx, ERR_BAD_INPUT, MSG_ATTR_NOT_TEXT, ""), js,
		    str_of(key));
	err = template_compile(
	    cx, js_str(js), column_number, &resolver, &template);
	if (err == OK && template_has_number(template) &&
	    strcmp(key, "person.userName") != 0)
		err = fail(cx, ERR_BAD_INPUT, MSG_IMPORT_NUMBER, "");
	*out = template;
	return at_line(cx, err, js, str_of(key));
}

/* Every name in a template is a column; the header line will tell where it stands. */
static int
column_number(const void *arg, struct str name)
{
	struct import_map *map = ((const struct resolver *)arg)->map;

	for (size_t i = 0; i < map->ncolumn; i++)
		if (str_eq(map->column[i], name))
			return (int)i;
	if (map->ncolumn == CSV_FIELDS_MAX)
		return -1;
	map->column[map->ncolumn] = name;
	return (int)map->ncolumn++;
}

static enum err
decode_person(struct ctx *cx, struct import_map *map, const struct js *js)
{
	struct str key;

	map->person.target = arena_array(
	    cx->arena, js_count(js) + 1, sizeof(*map->person.target));
	for (size_t i = 0; i < js_count(js); i++) {
		const struct js *value = js_member(js, i, &key);

		TRY(decode_target(cx, map, key, value));
	}
	return OK;
}

static enum err
decode_target(struct ctx *cx, struct import_map *map, struct str path,
    const struct js *js)
{
	struct target *t = &map->person.target[map->person.n];
	struct str key = str_fmt(cx->arena, "person.%.*s", STR_ARG(path));
	enum err err;

	t->place.path = str_copy(cx->arena, path);
	err = doc_path(cx, t->place.path, &t->place.a, &t->place.selector);
	if (err == OK && attr_info(t->place.a)->class == ATTR_ORG)
		err = fail(cx, ERR_BAD_INPUT, MSG_IMPORT_NOT_PERSON, "",
		    str_z(cx->arena, path));
	TRY(at_line(cx, err, js, key));
	TRY(decode_template(cx, map, js,
	    t->place.a == A_USER_NAME ? "person.userName"
				      : str_z(cx->arena, key),
	    &t->template));
	map->person.n++;
	return OK;
}

static enum err
decode_contracts(struct ctx *cx, struct import_map *map, const struct js *js)
{
	struct str name;

	map->org.target =
	    arena_array(cx->arena, js_count(js) + 1, sizeof(*map->org.target));
	for (size_t i = 0; i < js_count(js); i++) {
		const struct js *value = js_member(js, i, &name);
		struct target *t = &map->org.target[map->org.n++];
		struct str key =
		    str_fmt(cx->arena, "contracts.%.*s", STR_ARG(name));

		t->place.a = attr_find(name);
		if (!is_given(t->place.a))
			return at_line(cx,
			    fail(cx, ERR_BAD_INPUT, MSG_IMPORT_NOT_CONTRACT, "",
				str_z(cx->arena, name)),
			    value, key);
		t->place.path = str_of(attr_info(t->place.a)->path);
		TRY(decode_template(
		    cx, map, value, str_z(cx->arena, key), &t->template));
	}
	return OK;
}

/* Organisational, and not a state that Usher keeps itself. */
static bool
is_given(enum attribute a)
{
	return a != A_COUNT && attr_info(a)->class == ATTR_ORG &&
	    a != A_SOURCE && a != A_LIFECYCLE && a != A_CERTIFICATION &&
	    a != A_ACTIVE && a != A_ID;
}

static enum err
decode_values(struct ctx *cx, struct import_map *map, const struct js *js)
{
	struct str name;

	for (size_t i = 0; i < js_count(js); i++) {
		const struct js *value = js_member(js, i, &name);
		struct str key =
		    str_fmt(cx->arena, "values.%.*s", STR_ARG(name));
		enum attribute a = attr_find(name);
		enum err err = OK;

		if (!is_given(a) || attr_info(a)->type == ATTR_DATE)
			err = fail(cx, ERR_BAD_INPUT, MSG_IMPORT_NOT_CONTRACT,
			    "", str_z(cx->arena, name));
		else if (js_type(value) != JS_OBJECT ||
		    js_count(value) > VALUES_MAX)
			err = fail(cx, ERR_BAD_INPUT, MSG_ATTR_NOT_OBJECT, "");
		TRY(at_line(cx, err, value, key));
		TRY(decode_renames(cx, map, a, value));
	}
	return OK;
}

static enum err
decode_renames(struct ctx *cx, struct import_map *map, enum attribute a,
    const struct js *js)
{
	size_t n = js_count(js);
	struct rename *rename = arena_array(cx->arena, n + 1, sizeof(*rename));
	struct str name;

	for (size_t i = 0; i < n; i++) {
		const struct js *value = js_member(js, i, &name);

		if (js_type(value) != JS_STRING ||
		    !canon_key(cx->arena, name, &rename[i].key))
			return at_line(cx,
			    fail(cx, ERR_BAD_INPUT, MSG_ATTR_NOT_TEXT, ""),
			    value, name);
		rename[i].value = str_copy(cx->arena, js_str(value));
	}
	qsort(rename, n, sizeof(*rename), by_key);
	for (size_t i = 1; i < n; i++)
		if (by_key(&rename[i - 1], &rename[i]) == 0)
			return at_line(cx,
			    fail(cx, ERR_BAD_INPUT, MSG_ATTR_TWICE, ""), js,
			    rename[i].key);
	map->rename[a] = rename;
	map->nrename[a] = n;
	return OK;
}

static int
by_key(const void *a, const void *b)
{
	return str_cmp(
	    ((const struct rename *)a)->key, ((const struct rename *)b)->key);
}

/*
 * In the order written: it decides which e-mail is the first, so two maps that
 * differ in it are two maps.
 */
static void
put_tree(struct js_out *out, const struct js *js)
{
	struct str key;

	if (js_type(js) == JS_STRING) {
		js_put_str(out, js_str(js));
		return;
	}
	js_open_object(out);
	for (size_t i = 0; i < js_count(js); i++) {
		const struct js *value = js_member(js, i, &key);

		js_key_str(out, key);
		put_tree(out, value);
	}
	js_close_object(out);
}

struct str
import_map_source(const struct import_map *map)
{
	return map->source;
}

char
import_map_separator(const struct import_map *map)
{
	return map->separator;
}

bool
import_map_windows_1252(const struct import_map *map)
{
	return map->is_windows_1252;
}

struct str
import_map_canonical(const struct import_map *map)
{
	return map->canonical;
}

enum err
import_map_header(
    struct ctx *cx, struct import_map *map, const struct csv_record *record)
{
	struct str *header =
	    arena_array(cx->arena, record->n + 1, sizeof(*header));

	if (record->error != MSG_NONE)
		return fail(cx, ERR_BAD_INPUT, record->error, "");
	for (size_t i = 0; i < record->n; i++)
		header[i] = str_copy(cx->arena, str_trim(record->field[i]));
	for (size_t i = 0; i < map->ncolumn; i++) {
		const char *name = str_z(cx->arena, map->column[i]);
		size_t found = 0;

		for (size_t j = 0; j < record->n; j++) {
			if (!same_name(cx->arena, header[j], map->column[i]))
				continue;
			map->where[i] = j;
			found++;
		}
		if (found != 1)
			return fail(cx, ERR_BAD_INPUT,
			    found == 0 ? MSG_IMPORT_NO_COLUMN
				       : MSG_IMPORT_TWO_COLUMNS,
			    name, name);
	}
	map->header = header;
	map->nheader = record->n;
	return OK;
}

static bool
same_name(struct arena *arena, struct str a, struct str b)
{
	struct str x, y;

	return canon_key(arena, a, &x) && canon_key(arena, b, &y) &&
	    str_eq(x, y);
}

enum err
import_row_map(struct ctx *cx, const struct import_map *map,
    const struct csv_record *record, struct import_row *out)
{
	TRY(import_row_contract(cx, map, record, out));
	return import_row_person(cx, map, record, out);
}

enum err
import_row_ref(struct ctx *cx, const struct import_map *map,
    const struct csv_record *record, struct import_row *out)
{
	struct source_row row = { map, record, cx->arena };
	const struct template_env env = env_of(&row);

	must(map->header != NULL);
	*out = (struct import_row) { .line = record->line };
	if (record->error != MSG_NONE)
		return fail(cx, ERR_BAD_INPUT, record->error,
		    record->error_field < map->nheader
			? str_z(cx->arena, map->header[record->error_field])
			: "");
	return map_key(cx, map->ref, &env, &out->ref);
}

enum err
import_row_contract(struct ctx *cx, const struct import_map *map,
    const struct csv_record *record, struct import_row *out)
{
	struct source_row row = { map, record, cx->arena };
	const struct template_env env = env_of(&row);

	TRY(import_row_ref(cx, map, record, out));
	TRY(map_org(cx, &env, out));
	if (map->contract != NULL)
		return map_key(cx, map->contract, &env, &out->contract);
	out->contract = doc_get(&out->org, A_START, 0);
	return OK;
}

enum err
import_row_person(struct ctx *cx, const struct import_map *map,
    const struct csv_record *record, struct import_row *out)
{
	struct source_row row = { map, record, cx->arena };
	const struct template_env env = env_of(&row);

	TRY(map_person(cx, &env, out));
	return complete(cx, map, out);
}

static struct template_env
env_of(const struct source_row *row)
{
	return (struct template_env) { .value = field_of, .arg = row,
		.dates = row->map->dates };
}

static struct str
field_of(const void *arg, int column)
{
	const struct source_row *row = arg;
	size_t i = row->map->where[column];

	if (i >= row->record->n)
		return (struct str) { NULL, 0 };
	return attr_one_line(row->arena, row->record->field[i]);
}

/* A key is never empty: rows without one would become one person. */
static enum err
map_key(struct ctx *cx, const struct template *template,
    const struct template_env *env, struct str *out)
{
	const char *column = str_z(cx->arena, template_first_name(template));
	struct str text;

	TRY(template_run(cx, template, env, &text, 1));
	if (!canon_store(cx->arena, str_trim(text), NAME_MAX_CHARS, out))
		return fail(cx, ERR_BAD_INPUT, MSG_IMPORT_BAD_KEY, column);
	if (out->n == 0)
		return fail(cx, ERR_BAD_INPUT, MSG_IMPORT_NO_KEY, column);
	return OK;
}

static enum err
map_org(struct ctx *cx, const struct template_env *env, struct import_row *out)
{
	const struct source_row *row = env->arg;

	for (size_t i = 0; i < row->map->org.n; i++) {
		const struct target *t = &row->map->org.target[i];
		struct str column = template_first_name(t->template), text;
		enum err err;

		TRY(template_run(cx, t->template, env, &text, 1));
		if (!rename_value(cx, row->map, t->place.a, &text))
			return fail(cx, ERR_BAD_INPUT, MSG_IMPORT_VALUE,
			    str_z(cx->arena, column));
		err = doc_set_at(cx, &out->org, &t->place, text);
		if (err != OK && column.n > 0)
			cx->fault.field = column;
		TRY(err);
	}
	return OK;
}

/*
 * A value by `values`; one that is not there stays, except for references: of
 * these the whole list is known, and a guess would put a person at no site.
 */
static bool
rename_value(struct ctx *cx, const struct import_map *map, enum attribute a,
    struct str *text)
{
	struct rename key, *found;
	size_t n = map->nrename[a];

	*text = str_trim(*text);
	if (text->n == 0 || n == 0 || !canon_key(cx->arena, *text, &key.key))
		return true;
	found = bsearch(&key, map->rename[a], n, sizeof(key), by_key);
	if (found != NULL) {
		*text = found->value;
		return true;
	}
	if (attr_info(a)->type != ATTR_REF)
		return true;
	for (size_t i = 0; i < n; i++)
		if (str_eq(map->rename[a][i].value, *text))
			return true;
	return false;
}

static enum err
map_person(
    struct ctx *cx, const struct template_env *env, struct import_row *out)
{
	const struct source_row *row = env->arg;

	for (size_t i = 0; i < row->map->person.n; i++) {
		const struct target *t = &row->map->person.target[i];
		struct str column = template_first_name(t->template), text;
		enum err err;

		if (template_has_number(t->template)) {
			err = map_user_names(cx, t, env, out);
		} else {
			TRY(template_run(cx, t->template, env, &text, 1));
			err = t->place.a == A_EXTENSIONS
			    ? doc_declare(cx, &out->declared, &t->place, text)
			    : doc_set_at(cx, &out->person, &t->place, text);
		}
		if (err != OK && column.n > 0)
			cx->fault.field = column;
		TRY(err);
	}
	return OK;
}

/* Where the columns are empty, the dot between them is no name. */
static enum err
map_user_names(struct ctx *cx, const struct target *t,
    const struct template_env *env, struct import_row *out)
{
	size_t n = COUNT(out->user_name);
	struct str plain, word;

	TRY(template_run(cx, t->template, env, out->user_name, n));
	for (size_t i = 0; i < n; i++)
		TRY(attr_value(cx, A_USER_NAME, t->place.path,
		    out->user_name[i], &out->user_name[i]));
	if (canon_plain(cx->arena, out->user_name[0], &plain) &&
	    canon_words(plain, &word, 1) > 0)
		out->nuser_name = n;
	return OK;
}

/* Which of the names is free comes later; that there will be one is enough here. */
static enum err
complete(struct ctx *cx, const struct import_map *map, struct import_row *out)
{
	enum err err;

	if (out->nuser_name > 0)
		TRY(doc_set(
		    cx, &out->person, STR("userName"), out->user_name[0]));
	if (out->declared != NULL)
		doc_set_extensions(cx->arena, &out->person,
		    extension_text(cx->arena, out->declared));
	err = doc_complete(cx, &out->person);
	if (err != OK) {
		cx->fault.field = column_of(map, cx->fault.field);
		return err;
	}
	if (out->nuser_name > 0)
		TRY(doc_set(cx, &out->person, STR("userName"), STR("")));
	return OK;
}

bool
import_map_has_contracts(const struct import_map *map)
{
	return map->contract != NULL;
}

struct str
import_map_column(const struct import_map *map, enum attribute a)
{
	if (a == A_COUNT && map->contract != NULL)
		return template_first_name(map->contract);
	for (size_t i = 0; i < map->org.n; i++)
		if (map->org.target[i].place.a == a)
			return template_first_name(
			    map->org.target[i].template);
	return (struct str) { NULL, 0 };
}

size_t
import_map_person(const struct import_map *map, enum attribute out[A_COUNT])
{
	bool is_filled[A_COUNT] = { false };
	size_t n = 0;

	for (size_t i = 0; i < map->person.n; i++) {
		enum attribute a = map->person.target[i].place.a;

		if (!is_filled[a])
			out[n++] = a;
		is_filled[a] = true;
	}
	return n;
}

/* The column that fills what stands at PATH, or else the first that fills anything. */
static struct str
column_of(const struct import_map *map, struct str path)
{
	struct str column = template_first_name(map->ref);

	for (size_t i = map->person.n; i-- > 0;) {
		const struct target *t = &map->person.target[i];
		struct str name = template_first_name(t->template);
		struct str head = attr_split(t->place.a).head;

		if (name.n > 0)
			column = name;
		if (name.n > 0 && str_eq(str_sub(path, 0, head.n), head))
			return name;
	}
	return column;
}
