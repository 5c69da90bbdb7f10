/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi.c - the API description (OpenAPI 3.1), made from the tables of
 * routes, rights and errors.
 *
 * What a row does not say it says by what it is: which errors a route can
 * answer follows from its right, its path, its body and its work.  Where
 * something cannot be told, that is a complaint, and a test fails with it.
 */
#include "api/openapi_int.h"

#include <string.h>

#define TEXT_MAX  (1024 * 1024)
#define LACKS_MAX (64 * 1024)
#define SEGMENTS_MAX 10
#define NAME_MAX_BYTES 200

/* What stands in { } of paths, and after their ?. */
static const struct parameter {
	const char *name, *type, *text;
	bool	    is_required;
} params[] = {
	{ "check", "CheckKind", "Which check.", true },
	{ "client", "id", "Of an OAuth client.", true },
	{ "grant", "id", "Of a role that somebody holds.", true },
	{ "import", "id", "Of a run.", true },
	{ "kind", "BlockKind", "Which block.", true },
	{ "onboarding", "id", "Of an onboarding.", true },
	{ "organisation", "slug", "Of an organisation.", true },
	{ "person", "id", "Of a person.", true },
	{ "pool", "slug", "Of a pool.", true },
	{ "product", "slug", "Of a product.", true },
	{ "queue", "QueueName", "Which queue.", true },
	{ "session", "id", "Of a session.", true },
	{ "token", "id", "Of an API token.", true },
}, queries[] = {
	{ "after", "count", "Where the page before said to go on; from the start if absent.", false },
	{ "allow_losses", "count", "So many persons may lose a seat, once; needs a reason.", false },
	{ "allow_removals", "flag", "1: what is no longer there may go; needs a reason.", false },
	{ "cursor", "id", "The next of the page before.", false },
	{ "digest", "hex", "What the first pass said.", true },
	{ "dry", "flag", "1: only tell what would change.", false },
	{ "filter", "text", "SCIM (RFC 7644), over organisational attributes.", false },
	{ "limit", "limit", "How many; 100 if absent.", false },
	{ "product", "slug", "Only those of this product.", false },
	{ "reason", "text", "Why, for the log.", false },
	/* Taken only to be refused with a hint: no personal data in URLs. */
	{ "search", NULL, NULL, false },
}, headers[] = {
	{ "ETag", "text", "The version, for If-Match and If-None-Match.", true },
	{ "Location", "uri", "Where it stands now.", true },
	{ "Request-Id", "hex", "To find the request in the server's log.", true },
	{ "Retry-After", "count", "Seconds.", true },
	{ "WWW-Authenticate", "text", "How to say who asks (RFC 6750).", true },
};

/* Nouns, by the first segment of a path. */
static const struct tag {
	const char *segment, *name, *text;
} tags[] = {
	{ ".well-known", "credentials", NULL },
	{ "activate", "sign-in", NULL },
	{ "audit", "audit", "The log that cannot be bent, and what is needed to verify it." },
	{ "catalogue", "catalogue", "Sites, products, pools, rules and settings, as one document." },
	{ "clients", "credentials", NULL },
	{ "events", "events", "What happened, by cursor." },
	{ "imports", "imports", "Files of a source, in two passes." },
	{ "login", "sign-in", "Who somebody is, and until when." },
	{ "logout", "sign-in", NULL },
	{ "me", "sign-in", NULL },
	{ "oauth", "credentials", NULL },
	{ "onboardings", "onboardings", "People who come." },
	{ "persons", "persons", "People, their contracts and seats." },
	{ "pools", "pools", "Where seats are taken from." },
	{ "organisations", "organisations", "Partners, and what their people may choose." },
	{ "products", "products", "What people have seats of." },
	{ "queues", "queues", "Work that waits, and what may be asked at once." },
	{ "removals", "removals", "How many people clients may let go." },
	{ "rights", "roles", NULL },
	{ "role-grants", "roles", NULL },
	{ "roles", "roles", "What people may do here, and over whom." },
	{ "seats", "products", NULL },
	{ "sessions", "sign-in", NULL },
	{ "step-up", "sign-in", NULL },
	{ "self", "server", NULL },
	{ "openapi.json", "server", NULL },
	{ "version", "server", NULL },
	{ "healthz", "server", NULL },
	{ "readyz", "server", "Who asks, and who answers." },
	{ "tokens", "credentials", "Of programs: API tokens and OAuth clients." },
};

static const char about[] =
    "Generated from the tables that the server itself runs by.\n\n"
    "Every error is a problem (RFC 9457) with a code and a remedy, in English, "
    "German, French or Dutch. A request that breaks HTTP itself is answered "
    "with a problem and a status of `x-usher-http-statuses`, whatever the "
    "operation. Every GET may be a HEAD. The operator's routes answer on a "
    "local socket only and are not listed.";

static void put_document(struct openapi *);
static void put_info(struct openapi *);
static void put_tags(struct openapi *);
static void put_paths(struct openapi *);
static bool is_first_of_path(const struct route *);
static void put_path(struct openapi *, const char *path);
static void put_path_parameters(struct openapi *, const char *path);
static void put_right(struct openapi *, enum right);
static struct str operation_id(struct openapi *, const struct route *);
static struct str camel(struct arena *, struct str word);
static const char *tag_of(struct openapi *, const char *path);
static void put_parameters(struct openapi *, const struct route *);
static void put_parameter(struct openapi *, const struct parameter *,
    const char *in);
static const struct parameter *parameter_find(const struct parameter *,
    size_t n, struct str name);
static void put_body(struct openapi *, const struct route *);
static void put_content(struct openapi *, const char *type);
static void put_refusal(struct openapi *, const char *type);
static uint32_t errors_of(const struct route *);
static enum err next_status(uint32_t bits, int after);
static void put_responses(struct openapi *, const struct route *);
static void put_success(struct openapi *, const struct route *, int status);
static void put_headers(struct openapi *, const char *, const char *);
static void put_components(struct openapi *);
static void put_problem_response(struct openapi *, enum err first);
static void put_problem_schema(struct openapi *, int status);
static bool is_operators(const struct route *);

struct str
api_description(struct arena *arena, struct str *lacks)
{
	struct buf text, missing;
	struct js_out js;
	struct openapi o = { &js, arena, &missing, "the document" };

	buf_init(&text, arena, TEXT_MAX);
	buf_init(&missing, arena, LACKS_MAX);
	js_begin(&js, &text);
	put_document(&o);
	must(!text.over && !missing.over);
	*lacks = buf_view(&missing);
	return buf_view(&text);
}

void
openapi_lacks(struct openapi *o, const char *what, const char *do_this)
{
	buf_fmt(o->lacks, "%s: %s: %s\n", o->where, what, do_this);
}

static void
put_document(struct openapi *o)
{
	js_open_object(o->js);
	put_pair(o, "openapi", "3.1.0");
	put_info(o);
	js_key(o->js, "servers");
	js_put_raw(o->js,
	    STR("[{\"url\":\"/\",\"description\":"
		"\"The server that this came from.\"}]"));
	put_tags(o);
	js_key(o->js, "security");
	js_put_raw(o->js, STR("[{\"bearer\":[]},{\"session\":[]}]"));
	put_paths(o);
	put_components(o);
	js_key(o->js, "x-usher-http-statuses");
	js_open_array(o->js);
	for (size_t i = 0; http_own_status(i) != 0; i++)
		if (i == 0 || http_own_status(i) != http_own_status(i - 1))
			js_put_int(o->js, http_own_status(i));
	js_close_array(o->js);
	js_close_object(o->js);
}

static void
put_info(struct openapi *o)
{
	js_key(o->js, "info");
	js_open_object(o->js);
	put_pair(o, "title", "Usher");
	put_pair(o, "version", USHER_VERSION);
	put_pair(o, "summary", "Shows every new person to their seat.");
	put_pair(o, "description", about);
	js_key(o->js, "license");
	js_put_raw(o->js,
	    STR("{\"name\":\"Apache License 2.0\","
		"\"identifier\":\"Apache-2.0\"}"));
	js_close_object(o->js);
}

static void
put_tags(struct openapi *o)
{
	js_key(o->js, "tags");
	js_open_array(o->js);
	for (size_t i = 0; i < COUNT(tags); i++) {
		if (tags[i].text == NULL)
			continue;
		js_open_object(o->js);
		put_pair(o, "name", tags[i].name);
		put_pair(o, "description", tags[i].text);
		js_close_object(o->js);
	}
	js_close_array(o->js);
}

/* --- paths ------------------------------------------------------------------------ */

#define EACH_ROUTE(r) \
	for (size_t n_, i_ = 0; api_routes(&n_), i_ < n_; i_++) \
		for (const struct route *r = api_routes(&n_)[i_]; \
		     r->method != 0; r++)

static void
put_paths(struct openapi *o)
{
	js_key(o->js, "paths");
	js_open_object(o->js);
	EACH_ROUTE(r)
	if (!is_operators(r) && is_first_of_path(r))
		put_path(o, r->path);
	js_close_object(o->js);
}

static bool
is_operators(const struct route *r)
{
	return str_starts(str_of(r->path), STR("/operator/"));
}

static bool
is_first_of_path(const struct route *row)
{
	EACH_ROUTE(r)
	if (strcmp(r->path, row->path) == 0)
		return r == row;
	return false;
}

static void
put_path(struct openapi *o, const char *path)
{
	js_key(o->js, path);
	js_open_object(o->js);
	put_path_parameters(o, path);
	EACH_ROUTE(r)
	if (strcmp(r->path, path) == 0)
		put_operation(o, r);
	js_close_object(o->js);
}

static void
put_path_parameters(struct openapi *o, const char *path)
{
	struct str rest = str_of(path);

	o->where = path;
	js_key(o->js, "parameters");
	js_open_array(o->js);
	js_open_object(o->js);
	put_ref(o, "parameters", STR("AcceptLanguage"));
	js_close_object(o->js);
	str_cut(&rest, '{');
	while (rest.n > 0) {
		struct str name = str_cut(&rest, '}');
		const struct parameter *p =
		    parameter_find(params, COUNT(params), name);

		if (p != NULL)
			put_parameter(o, p, "path");
		else
			openapi_lacks(o,
			    str_z(o->arena,
				str_fmt(o->arena, "{%.*s} is not described",
				    STR_ARG(name))),
			    "add a row to params[] in openapi.c");
		str_cut(&rest, '{');
	}
	js_close_array(o->js);
}

static const struct parameter *
parameter_find(const struct parameter *p, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(str_of(p[i].name), name))
			return &p[i];
	return NULL;
}

static void
put_parameter(struct openapi *o, const struct parameter *p, const char *in)
{
	js_open_object(o->js);
	put_pair(o, "name", p->name);
	put_pair(o, "in", in);
	put_pair(o, "description", p->text);
	js_key(o->js, "required");
	js_put_bool(o->js, p->is_required);
	js_key(o->js, "schema");
	put_type(o, p->type, "");
	js_close_object(o->js);
}

/* --- operations --------------------------------------------------------------------- */

void
put_operation(struct openapi *o, const struct route *r)
{
	char method[16] = "";
	const bool is_public = r->right == RIGHT_PUBLIC;

	for (size_t i = 0; method_name(r->method)[i] != '\0'; i++)
		method[i] = (char)(method_name(r->method)[i] | 0x20);
	o->where = str_z(o->arena,
	    str_fmt(o->arena, "%s %s", method_name(r->method), r->path));
	js_key(o->js, method);
	js_open_object(o->js);
	js_key(o->js, "operationId");
	js_put_str(o->js, operation_id(o, r));
	put_pair(o, "summary", r->summary);
	js_key(o->js, "tags");
	js_open_array(o->js);
	js_put_z(o->js, tag_of(o, r->path));
	js_close_array(o->js);
	if (is_public) {
		js_key(o->js, "security");
		js_put_raw(o->js, STR("[]"));
	} else
		put_right(o, (enum right)r->right);
	put_parameters(o, r);
	put_body(o, r);
	put_responses(o, r);
	js_close_object(o->js);
}

static void
put_right(struct openapi *o, enum right right)
{
	const struct str none[4] = { 0 };

	js_key(o->js, "description");
	js_put_str(o->js,
	    str_fmt(o->arena, "Needs the right `%s`: %.*s", right_name(right),
		STR_ARG(msg_text(o->arena, right_msg(right), LANG_EN, none))));
	put_pair(o, "x-usher-right", right_name(right));
}

/*
 * Method and path in one word, which is as stable as they are: GET
 * /api/v1/persons/{person}/seats is getPersonSeats.  A parameter that its
 * segment is the plural of stands for both.
 */
static struct str
operation_id(struct openapi *o, const struct route *r)
{
	struct str rest = str_of(r->path), word;
	struct buf id;

	if (str_starts(rest, STR("/api/v1/")))
		rest = str_sub(rest, 8, rest.n);
	buf_init(&id, o->arena, NAME_MAX_BYTES);
	for (const char *p = method_name(r->method); *p != '\0'; p++)
		buf_u8(&id, (uint8_t)(*p | 0x20));
	while (rest.n > 0) {
		struct str param = { NULL, 0 };

		word = str_cut(&rest, '/');
		if (str_starts(rest, STR("{"))) {
			param = str_cut(&rest, '/');
			param = str_sub(param, 1, param.n - 2);
		}
		if (!str_starts(word, param) || param.n == 0)
			buf_str(&id, camel(o->arena, word));
		buf_str(&id, camel(o->arena, param));
	}
	return buf_view(&id);
}

/* Letters and digits; what follows another character, or nothing, is a capital. */
static struct str
camel(struct arena *arena, struct str word)
{
	struct buf b;
	bool begins = true;

	buf_init(&b, arena, NAME_MAX_BYTES);
	for (size_t i = 0; i < word.n; i++) {
		char c = word.p[i];
		bool is_lower = c >= 'a' && c <= 'z';
		bool is_digit = c >= '0' && c <= '9';

		if (is_lower || is_digit)
			buf_u8(
			    &b, (uint8_t)(begins && is_lower ? c - 0x20 : c));
		begins = !is_lower && !is_digit;
	}
	return buf_view(&b);
}

static const char *
tag_of(struct openapi *o, const char *path)
{
	struct str rest = str_of(path), segment;

	if (str_starts(rest, STR("/api/v1")))
		rest = str_sub(rest, 7, rest.n);
	rest = str_sub(rest, 1, rest.n);
	segment = str_cut(&rest, '/');
	for (size_t i = 0; i < COUNT(tags); i++)
		if (str_eq(segment, str_of(tags[i].segment)))
			return tags[i].name;
	openapi_lacks(
	    o, "it belongs to no noun", "add a row to tags[] in openapi.c");
	return "";
}

static void
put_parameters(struct openapi *o, const struct route *r)
{
	static const struct parameter key = { "Idempotency-Key", "key",
		"The same request with the same key is carried out once.",
		true };
	const struct route_work *w = r->work;
	const struct parameter match = { "If-Match", "text",
		"The ETag that the change is meant for; * means any.",
		(w->traits & GUARDED) != 0 };
	static const struct parameter none_match = { "If-None-Match", "text",
		"ETags that are known: if it is one of them, 304.", false };
	struct str names = str_of(api_route_query(r));

	js_key(o->js, "parameters");
	js_open_array(o->js);
	while (names.n > 0) {
		struct str name = str_cut(&names, ' ');
		const struct parameter *p =
		    parameter_find(queries, COUNT(queries), name);

		if (p == NULL)
			openapi_lacks(o,
			    str_z(o->arena,
				str_fmt(o->arena,
				    "parameter %.*s is not described",
				    STR_ARG(name))),
			    "add a row to queries[] in openapi.c");
		else if (p->type != NULL)
			put_parameter(o, p, "query");
	}
	if ((w->traits & KEYED) != 0)
		put_parameter(o, &key, "header");
	if ((w->traits & (GUARDED | GUARDABLE)) != 0)
		put_parameter(o, &match, "header");
	if ((w->traits & TAGS) != 0 && r->method == GET)
		put_parameter(o, &none_match, "header");
	js_close_array(o->js);
}

static void
put_body(struct openapi *o, const struct route *r)
{
	const struct route_work *w = r->work;
	const struct shape *s = shape_find(str_of(w->body));

	if (r->body_max == 0)
		return;
	if (s == NULL) {
		openapi_lacks(o,
		    str_z(o->arena,
			str_fmt(o->arena, "its body \"%s\" is no shape",
			    w->body != NULL ? w->body : "")),
		    "say .body = in its work, and add that shape to the "
		    "shapes of its file");
		return;
	}
	js_key(o->js, "requestBody");
	js_open_object(o->js);
	put_pair(o, "description", s->text);
	js_key(o->js, "required");
	js_put_bool(
	    o->js, s->field != NULL || s->members != NULL || s->media != NULL);
	put_content(o, w->body);
	js_close_object(o->js);
}

static void
put_content(struct openapi *o, const char *type)
{
	const struct shape *s = shape_find(str_of(type));
	const char *media = s != NULL ? s->media : NULL;

	js_key(o->js, "content");
	js_open_object(o->js);
	js_key(o->js, media != NULL ? media : "application/json");
	js_open_object(o->js);
	js_key(o->js, "schema");
	if (media != NULL)
		put_type(o, "text", s->text);
	else
		put_reply_type(o, type);
	js_close_object(o->js);
	js_close_object(o->js);
}

/* --- responses ------------------------------------------------------------------------- */

static void
put_responses(struct openapi *o, const struct route *r)
{
	const struct route_work *w = r->work;
	uint32_t bits = errors_of(r);

	if (w->reply == NULL)
		openapi_lacks(o, "it has no reply",
		    "say .reply = in its work, and add that shape to the "
		    "shapes of its file");
	js_key(o->js, "responses");
	js_open_object(o->js);
	if ((w->traits & CREATES) == 0 || (w->traits & FINDS) != 0)
		put_success(o, r, 200);
	if ((w->traits & CREATES) != 0)
		put_success(o, r, 201);
	if ((w->traits & TAGS) != 0 && r->method == GET) {
		js_key(o->js, "304");
		js_open_object(o->js);
		put_pair(o, "description", "It is known already.");
		put_headers(o, "ETag", NULL);
		js_close_object(o->js);
	}
	for (enum err e = next_status(bits, 0); e != ERR_COUNT;
	     e = next_status(bits, err_info(e)->http)) {
		struct str status = str_fmt(o->arena, "%d", err_info(e)->http);

		js_key_str(o->js, status);
		js_open_object(o->js);
		if (w->refusal != NULL) {
			put_refusal(o, w->refusal);
			js_close_object(o->js);
			continue;
		}
		put_ref(o, "responses",
		    str_fmt(o->arena, "Problem%.*s", STR_ARG(status)));
		js_close_object(o->js);
	}
	if ((w->traits & FAILS) != 0)
		put_success(o, r, 503);
	js_close_object(o->js);
}

/* An error in a form of its own. */
static void
put_refusal(struct openapi *o, const char *type)
{
	put_pair(o, "description", shape_find(str_of(type))->text);
	put_headers(o, NULL, NULL);
	put_content(o, type);
}

/*
 * ERR_BITs of what a route can answer: everybody may send nonsense; who must
 * say who they are, may be nobody or have too much under way; what is named in
 * the path may not be there; what is queued may find no room, no keys, or an
 * end without a word; what writes may meet another state, another writer, or a
 * full disk.
 */
static uint32_t
errors_of(const struct route *r)
{
	const struct route_work *first = r->work;
	uint32_t bits = ERR_BIT(BAD_INPUT) | first->errors;

	if (r->right != RIGHT_PUBLIC)
		bits |= ERR_BIT(UNAUTHENTICATED) | ERR_BIT(LIMITED);
	/* With a cookie, what changes something can come from elsewhere. */
	if (r->right != RIGHT_PUBLIC &&
	    (r->right != RIGHT_SELF || r->method != GET))
		bits |= ERR_BIT(DENIED);
	if (strchr(r->path, '{') != NULL)
		bits |= ERR_BIT(NOT_FOUND);
	if (r->body_max > 0)
		bits |= ERR_BIT(TOO_LARGE);
	if (first->traits & (GUARDED | GUARDABLE))
		bits |= ERR_BIT(STALE);
	if (first->traits & GUARDED)
		bits |= ERR_BIT(NO_PRECONDITION);
	if (first->traits & KEYED)
		bits |= ERR_BIT(KEY_REUSED);
	for (const struct route_work *w = first; w != NULL; w = w->next) {
		if (w->kind != WORK_LOCAL)
			bits |= ERR_BIT(LIMITED) | ERR_BIT(SEALED) |
			    ERR_BIT(UNKNOWN) | ERR_BIT(AWAY);
		if (w->kind == WORK_USE_CASE || w->kind == WORK_LONG)
			bits |= ERR_BIT(CONFLICT) | ERR_BIT(BUSY) |
			    ERR_BIT(ROLLED_BACK) | ERR_BIT(FULL);
	}
	return bits;
}

/* The first error of each status, in order; ERR_COUNT after the last. */
static enum err
next_status(uint32_t bits, int after)
{
	enum err best = ERR_COUNT;

	for (int e = OK + 1; e < ERR_COUNT; e++) {
		int status = err_info((enum err)e)->http;

		if ((bits & (UINT32_C(1) << e)) == 0 || status <= after)
			continue;
		if (best == ERR_COUNT || status < err_info(best)->http)
			best = (enum err)e;
	}
	return best;
}

static void
put_success(struct openapi *o, const struct route *r, int status)
{
	const struct route_work *w = r->work;
	const struct shape *s = shape_find(str_of(w->reply));

	js_key_str(o->js, str_fmt(o->arena, "%d", status));
	js_open_object(o->js);
	put_pair(o, "description",
	    s != NULL && s->text != NULL ? s->text : r->summary);
	put_headers(o, (w->traits & TAGS) != 0 ? "ETag" : NULL,
	    (w->traits & LOCATES) != 0 && status == 201 ? "Location" : NULL);
	if (w->reply != NULL)
		put_content(o, w->reply);
	js_close_object(o->js);
}

/* Every reply has an id; FIRST and SECOND may be NULL. */
static void
put_headers(struct openapi *o, const char *first, const char *second)
{
	const char *const names[] = { "Request-Id", first, second };

	js_key(o->js, "headers");
	js_open_object(o->js);
	for (size_t i = 0; i < COUNT(names); i++) {
		if (names[i] == NULL)
			continue;
		js_key(o->js, names[i]);
		js_open_object(o->js);
		put_ref(o, "headers", str_of(names[i]));
		js_close_object(o->js);
	}
	js_close_object(o->js);
}

/* --- components ----------------------------------------------------------------------------- */

static void
put_components(struct openapi *o)
{
	uint32_t used = 0;

	js_key(o->js, "components");
	js_open_object(o->js);
	js_key(o->js, "securitySchemes");
	js_put_raw(o->js,
	    STR("{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\","
		"\"description\":\"An API token, or an access token "
		"(RFC 6750).\"},"
		"\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\","
		"\"name\":\"__Host-usher\",\"description\":\"Of who "
		"signed in. What changes something needs X-CSRF-Token, "
		"and an Origin that is the server's.\"}}"));
	js_key(o->js, "parameters");
	js_put_raw(o->js,
	    STR("{\"AcceptLanguage\":{\"name\":\"Accept-Language\","
		"\"in\":\"header\",\"description\":\"Of texts for people: "
		"en, de, fr or nl.\",\"schema\":{\"type\":\"string\","
		"\"examples\":[\"de\"]}}}"));
	js_key(o->js, "headers");
	js_open_object(o->js);
	for (size_t i = 0; i < COUNT(headers); i++) {
		js_key(o->js, headers[i].name);
		js_open_object(o->js);
		put_pair(o, "description", headers[i].text);
		js_key(o->js, "required");
		js_put_bool(o->js, headers[i].is_required);
		js_key(o->js, "schema");
		put_type(o, headers[i].type, "");
		js_close_object(o->js);
	}
	js_close_object(o->js);
	EACH_ROUTE(r)
	if (!is_operators(r))
		used |= errors_of(r);
	js_key(o->js, "responses");
	js_open_object(o->js);
	for (enum err e = next_status(used, 0); e != ERR_COUNT;
	     e = next_status(used, err_info(e)->http))
		put_problem_response(o, e);
	js_close_object(o->js);
	put_schemas(o);
	js_close_object(o->js);
}

/* FIRST of the errors with its status. */
static void
put_problem_response(struct openapi *o, enum err first)
{
	const struct str none[4] = { 0 };
	int status = err_info(first)->http;
	struct str text = { NULL, 0 };

	for (int e = OK + 1; e < ERR_COUNT; e++)
		if (err_info((enum err)e)->http == status)
			text = str_fmt(o->arena, "%.*s%s`%s`: %.*s",
			    STR_ARG(text), text.n > 0 ? " " : "",
			    err_info((enum err)e)->code,
			    STR_ARG(msg_text(o->arena, problem_msg((enum err)e),
				LANG_EN, none)));
	js_key_str(o->js, str_fmt(o->arena, "Problem%d", status));
	js_open_object(o->js);
	js_key(o->js, "description");
	js_put_str(o->js, text);
	put_headers(o, problem_header(first), NULL);
	js_key(o->js, "content");
	js_open_object(o->js);
	js_key(o->js, "application/problem+json");
	js_open_object(o->js);
	js_key(o->js, "schema");
	put_problem_schema(o, status);
	js_close_object(o->js);
	js_close_object(o->js);
	js_close_object(o->js);
}

/* A problem whose code is one of STATUS's. */
static void
put_problem_schema(struct openapi *o, int status)
{
	js_open_object(o->js);
	js_key(o->js, "allOf");
	js_open_array(o->js);
	js_open_object(o->js);
	put_ref(o, "schemas", STR("Problem"));
	js_close_object(o->js);
	js_open_object(o->js);
	js_key(o->js, "properties");
	js_open_object(o->js);
	js_key(o->js, "code");
	js_open_object(o->js);
	js_key(o->js, "enum");
	js_open_array(o->js);
	for (int e = OK + 1; e < ERR_COUNT; e++)
		if (err_info((enum err)e)->http == status)
			js_put_z(o->js, err_info((enum err)e)->code);
	js_close_array(o->js);
	js_close_object(o->js);
	js_key(o->js, "status");
	js_put_raw(o->js, str_fmt(o->arena, "{\"const\":%d}", status));
	js_close_object(o->js);
	js_close_object(o->js);
	js_close_array(o->js);
	js_close_object(o->js);
}
