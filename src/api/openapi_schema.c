/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi_schema.c - the shapes of all nouns as JSON Schema (2020-12): bodies
 * from their decoders' tables, persons from the attribute table, texts that
 * are one of several from the enums they come from.
 *
 * Schemas are closed: a member that nobody described is a fault.
 */
#include "api/openapi_int.h"

#include <string.h>

#define TEXTS_BYTES_MAX 256

static const struct shape *const tables[] = {
	audit_shapes, block_shapes, catalogue_shapes, encode_shapes, event_shapes, import_shapes,
	login_shapes, me_shapes, oauth_shapes, onboarding_shapes, organisation_shapes, person_shapes, pool_shapes,
	problem_shapes, product_shapes, queue_shapes, removals_shapes, role_shapes, self_shapes, token_shapes,
};

/* The words of a field's type; REST are the other members of the schema. */
static const struct word_type {
	const char *word, *type, *rest;
} types[] = {
	{ "id", "\"string\"", ",\"pattern\":\"^[0-9A-HJKMNP-TV-Z]{13}$\",\"examples\":[\"00VKWWQR7A001\"]" },
	{ "slug", "\"string\"", ",\"pattern\":\"^[a-z0-9][a-z0-9-]*$\",\"maxLength\":64,\"examples\":[\"mail\"]" },
	{ "text", "\"string\"", "" },
	{ "bool", "\"boolean\"", "" },
	{ "extensions", "\"object\"", ",\"additionalProperties\":{\"type\":[\"object\",\"null\"]}" },
	{ "int", "\"integer\"", "" },
	{ "count", "\"integer\"", ",\"minimum\":0" },
	{ "number", "\"number\"", ",\"minimum\":0" },
	{ "id or int", "\"string\",\"integer\",\"null\"", "" },
	{ "time", "\"string\"", ",\"format\":\"date-time\","
	    "\"pattern\":\"^[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}[.][0-9]{3}Z$\","
	    "\"examples\":[\"2026-03-01T08:00:00.000Z\"]" },
	{ "date", "\"string\"", ",\"format\":\"date\",\"pattern\":\"^[0-9]{4}-[0-9]{2}-[0-9]{2}$\"" },
	{ "hex", "\"string\"", ",\"pattern\":\"^[0-9a-f]*$\"" },
	{ "base64", "\"string\"", ",\"contentEncoding\":\"base64\"" },
	{ "uri", "\"string\"", ",\"format\":\"uri\"" },
	{ "message", "\"string\"", ",\"pattern\":\"^[A-Z0-9_]+$\",\"examples\":[\"API_MISSING\"]" },
	{ "key", "\"string\"", ",\"pattern\":\"^[!-~]{1,200}$\"" },
	{ "flag", "\"string\"", ",\"enum\":[\"0\",\"1\"]" },
	{ "limit", "\"integer\"", ",\"minimum\":1,\"maximum\":500" },
	{ "any", "\"object\"", "" },
};

/* Texts that are one of an enum's names. */
#define ENUMS(X) \
	X("Lifecycle", lifecycle, LIFE_PENDING, LIFE_DELETED, "Follows from the contracts.") \
	X("Certification", certification, CERT_CERTIFIED, CERT_DENIED, "Whether somebody confirmed the person.") \
	X("BlockKind", block_kind, BLOCK_NEW, BLOCK_COUNT - 1, "Who put a block, and may lift it.") \
	X("BlockReason", block_reason, BLOCK_BY_HAND, BLOCK_REASON_COUNT - 1, "What put a block there.") \
	X("SeatState", seat_state, SEAT_HELD, SEAT_ASSIGNED, "Held while checks are open.") \
	X("Outcome", outcome, OUTCOME_ASSIGNED, OUTCOME_REFUSED, "What became of a wanted product.") \
	X("Action", action, ACTION_NONE + 1, ACTION_COUNT - 1, "What was done.") \
	X("ActorKind", actor_kind, ACTOR_PERSON, ACTOR_OPERATOR, "What kind of actor.") \
	X("SubjectKind", subject_kind, SUBJECT_TENANT, SUBJECT_COUNT - 1, "What kind of subject.") \
	X("ChangeKind", change_kind, CHANGE_LIFECYCLE, CHANGE_COUNT - 1, "What kind of change.") \
	X("Right", right, RIGHT_PUBLIC + 1, RIGHT_COUNT - 1, "What may be done.") \
	X("ErrorCode", err, OK + 1, ERR_COUNT - 1, "What the caller may do now.")

/* A type taken apart. */
struct spec {
	struct str word;
	bool	   is_list, may_null, may_lack;
};

static struct spec spec_of(const char *type);
static void put_limited(struct openapi *, const char *, const char *,
    const struct member *);
static void put_range(struct openapi *, const char *, int64_t, const char *,
    int64_t);
static void put_word(struct openapi *, struct str word, bool may_null);
static void put_shape(struct openapi *, const struct shape *);
static void put_object(struct openapi *, const struct shape *);
static void put_members(struct openapi *, const struct shape *);
static const struct field *field_of(const struct shape *, const char *name);
static void put_member(struct openapi *, const struct member *, const char *);
static void put_limits(struct openapi *, const struct member *);
static void put_required(struct openapi *, const struct shape *);
static bool is_member(const struct shape *, const char *name);
static void put_attributes(struct openapi *, struct spec);
static void put_attribute(struct openapi *, enum attribute, struct str,
    bool may_null);
static bool is_wanted(enum attribute, struct str which);
static size_t put_group(struct openapi *, size_t a, struct spec);
static void put_words(struct openapi *, const char *const *, size_t);
static void put_page(struct openapi *, const struct shape *);
static bool is_paged(const char *list);

static const char *
err_name(enum err err)
{
	return err_info(err)->code;
}

#define X(name, noun, first, last, text) \
	static const char *noun##_word(int i) \
	{ \
		return noun##_name((enum noun)i); \
	}
ENUMS(X)
#undef X

static const struct enum_type {
	const char *name;
	const char *(*word)(int);
	int	    first, last;
	const char *text;
} enums[] = {
#define X(name, noun, first, last, text) { name, noun##_word, first, last, text },
	ENUMS(X)
#undef X
};

/* --- types -------------------------------------------------------------------- */

void
put_pair(struct openapi *o, const char *key, const char *text)
{
	js_key(o->js, key);
	js_put_z(o->js, text);
}

void
put_ref(struct openapi *o, const char *section, struct str name)
{
	js_key(o->js, "$ref");
	js_put_str(o->js,
	    str_fmt(o->arena, "#/components/%s/%.*s", section, STR_ARG(name)));
}

static struct spec
spec_of(const char *type)
{
	struct spec s = { .word = str_of(type) };

	if (s.word.n > 0 && s.word.p[s.word.n - 1] == '-') {
		s.may_lack = true;
		s.word.n--;
	}
	if (s.word.n > 0 && s.word.p[s.word.n - 1] == '?') {
		s.may_null = true;
		s.word.n--;
	}
	if (s.word.n > 1 && s.word.p[0] == '[') {
		s.is_list = true;
		s.word = str_sub(s.word, 1, s.word.n - 2);
	}
	return s;
}

void
put_type(struct openapi *o, const char *type, const char *text)
{
	put_limited(o, type, text, NULL);
}

/* A list that is read by M has its limits. */
static void
put_limited(struct openapi *o, const char *type, const char *text,
    const struct member *m)
{
	struct spec s = spec_of(type);

	js_open_object(o->js);
	if (s.is_list) {
		js_key(o->js, "type");
		js_put_raw(o->js,
		    s.may_null ? STR("[\"array\",\"null\"]")
			       : STR("\"array\""));
		js_key(o->js, "items");
		js_open_object(o->js);
		put_word(o, s.word, false);
		js_close_object(o->js);
		if (m != NULL && m->max > 0)
			put_range(o, "minItems", m->min, "maxItems", m->max);
	} else
		put_word(o, s.word, s.may_null);
	if (text[0] != '\0')
		put_pair(o, "description", text);
	js_close_object(o->js);
}

/* The members of a schema. */
static void
put_word(struct openapi *o, struct str word, bool may_null)
{
	const char *null = may_null ? ",\"null\"" : "";

	for (size_t i = 0; i < COUNT(types); i++) {
		const struct word_type *t = &types[i];

		if (!str_eq(word, str_of(t->word)))
			continue;
		js_key(o->js, "type");
		js_put_raw(o->js,
		    may_null || strchr(t->type, ',') != NULL
			? str_fmt(o->arena, "[%s%s]%s", t->type, null, t->rest)
			: str_fmt(o->arena, "%s%s", t->type, t->rest));
		return;
	}
	if (shape_find(word) == NULL)
		openapi_lacks(o,
		    str_z(o->arena,
			str_fmt(
			    o->arena, "there is no type %.*s", STR_ARG(word))),
		    "name a shape, or a word of types[] in openapi_schema.c");
	if (!may_null) {
		put_ref(o, "schemas", word);
		return;
	}
	js_key(o->js, "anyOf");
	js_open_array(o->js);
	js_open_object(o->js);
	put_ref(o, "schemas", word);
	js_close_object(o->js);
	js_put_raw(o->js, STR("{\"type\":\"null\"}"));
	js_close_array(o->js);
}

const struct shape *
shape_find(struct str name)
{
	static const struct shape is_enum = { .name = "" };

	for (size_t i = 0; i < COUNT(enums); i++)
		if (str_eq(name, str_of(enums[i].name)))
			return &is_enum;
	for (size_t i = 0; i < COUNT(tables); i++)
		for (const struct shape *s = tables[i]; s->name != NULL; s++)
			if (str_eq(name, str_of(s->name)))
				return s;
	return NULL;
}

void
put_reply_type(struct openapi *o, const char *reply)
{
	struct spec s = spec_of(reply);

	if (!s.is_list) {
		put_type(o, reply, "");
		return;
	}
	js_open_object(o->js);
	put_ref(o, "schemas", str_fmt(o->arena, "%.*sPage", STR_ARG(s.word)));
	js_close_object(o->js);
}

/* --- components ------------------------------------------------------------------ */

void
put_schemas(struct openapi *o)
{
	js_key(o->js, "schemas");
	js_open_object(o->js);
	for (size_t i = 0; i < COUNT(tables); i++)
		for (const struct shape *s = tables[i]; s->name != NULL; s++)
			if (s->media == NULL) {
				put_shape(o, s);
				put_page(o, s);
			}
	for (size_t i = 0; i < COUNT(enums); i++) {
		const struct enum_type *e = &enums[i];

		js_key(o->js, e->name);
		js_open_object(o->js);
		put_pair(o, "type", "string");
		put_pair(o, "description", e->text);
		js_key(o->js, "enum");
		js_open_array(o->js);
		for (int w = e->first; w <= e->last; w++)
			js_put_z(o->js, e->word(w));
		js_close_array(o->js);
		js_close_object(o->js);
	}
	js_close_object(o->js);
}

static void
put_shape(struct openapi *o, const struct shape *s)
{
	o->where = s->name;
	js_key(o->js, s->name);
	js_open_object(o->js);
	put_pair(o, "type", s->word != NULL ? "string" : "object");
	put_pair(o, "description", s->text);
	if (s->word != NULL)
		put_words(o, s->word, s->nword);
	else
		put_object(o, s);
	js_close_object(o->js);
}

static void
put_words(struct openapi *o, const char *const *word, size_t n)
{
	js_key(o->js, "enum");
	js_open_array(o->js);
	for (size_t i = 0; i < n; i++)
		if (word[i] != NULL)
			js_put_z(o->js, word[i]);
	js_close_array(o->js);
}

static void
put_object(struct openapi *o, const struct shape *s)
{
	js_key(o->js, "properties");
	js_open_object(o->js);
	if (s->members != NULL)
		put_members(o, s);
	for (const struct field *f = s->field; f != NULL && f->name != NULL;
	     f++) {
		if (is_member(s, f->name))
			continue;
		if (strcmp(f->name, "*") == 0) {
			put_attributes(o, spec_of(f->type));
			continue;
		}
		js_key(o->js, f->name);
		put_type(o, f->type, f->text);
	}
	js_close_object(o->js);
	put_required(o, s);
	js_key(o->js, "additionalProperties");
	js_put_bool(o->js, false);
}

static bool
is_member(const struct shape *s, const char *name)
{
	for (size_t i = 0; s->members != NULL && i < s->members->n; i++)
		if (strcmp(s->members->member[i].name, name) == 0)
			return true;
	return false;
}

static void
put_required(struct openapi *o, const struct shape *s)
{
	js_key(o->js, "required");
	js_open_array(o->js);
	for (size_t i = 0; s->members != NULL && i < s->members->n; i++)
		if (s->members->member[i].is_required)
			js_put_z(o->js, s->members->member[i].name);
	for (const struct field *f = s->field; f != NULL && f->name != NULL;
	     f++)
		if (!is_member(s, f->name) && !spec_of(f->type).may_lack)
			js_put_z(o->js, f->name);
	js_close_array(o->js);
}

/* A page of S, if some route tells one. */
static void
put_page(struct openapi *o, const struct shape *s)
{
	const char *list = str_z(o->arena, str_fmt(o->arena, "[%s]", s->name));

	if (!is_paged(list))
		return;
	js_key_str(o->js, str_fmt(o->arena, "%sPage", s->name));
	js_open_object(o->js);
	put_pair(o, "type", "object");
	put_pair(o, "description", "A page of a list.");
	js_key(o->js, "properties");
	js_open_object(o->js);
	js_key(o->js, "items");
	put_type(o, list, "");
	js_key(o->js, "next");
	put_type(o, "id?", "The cursor of the next page; null: there is none.");
	js_close_object(o->js);
	js_key(o->js, "required");
	js_put_raw(o->js, STR("[\"items\",\"next\"]"));
	js_key(o->js, "additionalProperties");
	js_put_bool(o->js, false);
	js_close_object(o->js);
}

static bool
is_paged(const char *list)
{
	size_t n;
	const struct route *const *routes = api_routes(&n);

	for (size_t i = 0; i < n; i++)
		for (const struct route *r = routes[i]; r->method != 0; r++)
			if (str_eq(str_of(((const struct route_work *)r->work)
					      ->reply),
				str_of(list)))
				return true;
	return false;
}

/* --- bodies -------------------------------------------------------------------------- */

static void
put_members(struct openapi *o, const struct shape *s)
{
	for (size_t i = 0; i < s->members->n; i++) {
		const struct member *m = &s->members->member[i];
		const struct field *f = field_of(s, m->name);

		js_key(o->js, m->name);
		if (f != NULL && f->type[0] != '\0')
			put_limited(o, f->type, f->text, m);
		else
			put_member(o, m, f != NULL ? f->text : "");
	}
}

static const struct field *
field_of(const struct shape *s, const char *name)
{
	for (const struct field *f = s->field; f != NULL && f->name != NULL;
	     f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

/* null is the same as leaving out, so only what is required may not be it. */
static void
put_member(struct openapi *o, const struct member *m, const char *text)
{
	static const char *const names[] = {
		[MEMBER_TEXT] = "string",
		[MEMBER_INT] = "integer",
		[MEMBER_BOOL] = "boolean",
		[MEMBER_TIME] = "string",
		[MEMBER_TEXTS] = "array",
	};

	if (m->type == MEMBER_ANY)
		openapi_lacks(o,
		    str_z(o->arena,
			str_fmt(
			    o->arena, "member %s may be anything", m->name)),
		    "give the shape a field of its name that has a type");
	js_open_object(o->js);
	js_key(o->js, "type");
	if (m->type == MEMBER_ANY)
		js_put_z(o->js, "object");
	else if (m->is_required)
		js_put_z(o->js, names[m->type]);
	else
		js_put_raw(o->js,
		    str_fmt(o->arena, "[\"%s\",\"null\"]", names[m->type]));
	put_limits(o, m);
	if (text[0] != '\0')
		put_pair(o, "description", text);
	js_close_object(o->js);
}

/* A text's limits are bytes, and it has no more characters than those. */
static void
put_limits(struct openapi *o, const struct member *m)
{
	static const char *const least[] = { [MEMBER_TEXT] = "minLength",
		[MEMBER_INT] = "minimum", [MEMBER_TEXTS] = "minItems",
		[MEMBER_ANY] = NULL };
	static const char *const most[] = { [MEMBER_TEXT] = "maxLength",
		[MEMBER_INT] = "maximum", [MEMBER_TEXTS] = "maxItems",
		[MEMBER_ANY] = NULL };

	if (m->type == MEMBER_TIME)
		put_pair(o, "format", "date-time");
	if (m->type == MEMBER_TEXTS) {
		js_key(o->js, "items");
		js_put_raw(o->js,
		    str_fmt(o->arena,
			"{\"type\":\"string\",\"minLength\":1,"
			"\"maxLength\":%d}",
			TEXTS_BYTES_MAX));
	}
	if (least[m->type] != NULL)
		put_range(o, least[m->type],
		    m->type == MEMBER_TEXT && m->min > 1 ? 1 : m->min,
		    most[m->type], m->max);
}

static void
put_range(struct openapi *o, const char *least, int64_t min, const char *most,
    int64_t max)
{
	js_key(o->js, least);
	js_put_int(o->js, min);
	js_key(o->js, most);
	js_put_int(o->js, max);
}

/* --- persons --------------------------------------------------------------------------- */

static void
put_attributes(struct openapi *o, struct spec which)
{
	size_t a = 0;

	while (a < A_COUNT) {
		const struct attr_info *info = attr_info((enum attribute)a);

		if (!is_wanted((enum attribute)a, which.word))
			a++;
		else if (strchr(info->path, '.') != NULL)
			a = put_group(o, a, which);
		else {
			put_attribute(o, (enum attribute)a, str_of(info->path),
			    which.may_null);
			a++;
		}
	}
}

static bool
is_wanted(enum attribute a, struct str which)
{
	if (str_eq(which, STR("personal")))
		return attr_info(a)->class == ATTR_PERSONAL;
	if (str_eq(which, STR("contract")))
		return is_of_contract(a);
	return is_of_person(a);
}

/* What stands under one head, as name or emails; its rows are neighbours.  One past the last. */
static size_t
put_group(struct openapi *o, size_t a, struct spec which)
{
	struct str sub = str_of(attr_info((enum attribute)a)->path);
	struct str head = str_cut(&sub, '.');
	bool is_multi = attr_info((enum attribute)a)->flags & ATTR_MULTI;
	const char *type = is_multi ? "array" : "object";

	js_key_str(o->js, head);
	js_open_object(o->js);
	js_key(o->js, "type");
	js_put_raw(o->js,
	    str_fmt(o->arena, which.may_null ? "[\"%s\",\"null\"]" : "\"%s\"",
		type));
	if (is_multi) {
		js_key(o->js, "items");
		js_open_object(o->js);
		put_pair(o, "type", "object");
	}
	js_key(o->js, "properties");
	js_open_object(o->js);
	for (; a < A_COUNT; a++) {
		struct str rest = str_of(attr_info((enum attribute)a)->path);

		if (!str_eq(str_cut(&rest, '.'), head))
			break;
		put_attribute(o, (enum attribute)a, rest, which.may_null);
	}
	js_close_object(o->js);
	js_key(o->js, "additionalProperties");
	js_put_bool(o->js, false);
	if (is_multi)
		js_close_object(o->js);
	js_close_object(o->js);
	return a;
}

/* Who sends may name a manager as the source does, and a site by its name; told are an id and a slug. */
static void
put_attribute(
    struct openapi *o, enum attribute a, struct str name, bool may_null)
{
	static const char *const words[] = {
		[ATTR_STRING] = "text",
		[ATTR_BOOL] = "bool",
		[ATTR_DATE] = "date",
		[ATTR_INT] = "int",
		[ATTR_REF] = "slug",
		[ATTR_JSON] = "extensions",
	};
	const struct attr_info *info = attr_info(a);
	const char *word = words[info->type];

	if (info->type == ATTR_REF && may_null)
		word = "text";
	else if (a == A_MANAGER)
		word = "id";
	js_key_str(o->js, name);
	js_open_object(o->js);
	put_word(o, str_of(word), may_null);
	if (info->read != RIGHT_PERSON_READ ||
	    info->write != RIGHT_PERSON_WRITE)
		put_pair(o, "description",
		    str_z(o->arena,
			str_fmt(o->arena, "Read by %s, written by %s.",
			    right_name(info->read), right_name(info->write))));
	js_close_object(o->js);
}
