/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refuse.c - an error in SCIM's form, from the same fault as everybody's.
 */
#include "scim/scim_int.h"

#define ERROR_SCHEMA "urn:ietf:params:scim:api:messages:2.0:Error"
#define ERROR_MAX    (64 * 1024)

/* What does not follow from the kind of error.  Messages of a kind stand together. */
static const struct {
	enum msg    first, last;
	const char *type;
} types[] = {
	{ MSG_FILTER_LONG, MSG_FILTER_NOT_CONTRACT, "invalidFilter" },
	{ MSG_SCIM_FILTER, MSG_SCIM_GROUP_FILTER, "invalidFilter" },
	{ MSG_QUERY_SEALED, MSG_QUERY_SEALED, "invalidFilter" },
	{ MSG_QUERY_PRODUCTS, MSG_QUERY_TOO_MANY, "tooMany" },
	{ MSG_HTTP_REQUEST_LINE, MSG_HTTP_LINE_END, "invalidSyntax" },
	{ MSG_HTTP_FIELD, MSG_HTTP_TRAILER, "invalidSyntax" },
	{ MSG_HTTP_CUT_SHORT, MSG_HTTP_CUT_SHORT, "invalidSyntax" },
	{ MSG_JSON_SYNTAX, MSG_JSON_TOO_MANY, "invalidSyntax" },
	{ MSG_API_NOT_OBJECT, MSG_API_UNKNOWN_MEMBER, "invalidSyntax" },
	{ MSG_ATTR_UNKNOWN, MSG_ATTR_UNKNOWN, "invalidSyntax" },
	{ MSG_ATTR_NOT_OBJECT, MSG_ATTR_NOT_LIST, "invalidSyntax" },
	{ MSG_SCIM_SCHEMAS, MSG_SCIM_SCHEMAS, "invalidSyntax" },
	{ MSG_SCIM_OPERATIONS, MSG_SCIM_OP, "invalidSyntax" },
	{ MSG_SCIM_READ_ONLY, MSG_SCIM_IMMUTABLE, "mutability" },
	{ MSG_API_READ_ONLY, MSG_API_READ_ONLY, "mutability" },
	{ MSG_API_REF_FIXED, MSG_API_REF_FIXED, "mutability" },
	{ MSG_SCIM_PATH, MSG_SCIM_PATH_FILTER, "invalidPath" },
	{ MSG_SCIM_NO_PATH, MSG_SCIM_NO_PATH, "noTarget" },
	{ MSG_SCIM_NO_TARGET, MSG_SCIM_NO_TARGET, "noTarget" },
	{ MSG_SCIM_SENSITIVE, MSG_SCIM_SENSITIVE, "sensitive" },
	{ MSG_SCIM_BULK_OPERATIONS, MSG_SCIM_BULK_OPERATIONS, "invalidSyntax" },
	{ MSG_SCIM_BULK_METHOD, MSG_SCIM_BULK_METHOD, "invalidSyntax" },
	{ MSG_SCIM_CURSOR, MSG_SCIM_CURSOR, "invalidCursor" },
	{ MSG_SCIM_COUNT, MSG_SCIM_COUNT, "invalidCount" },
	{ MSG_SCIM_VERSION, MSG_SCIM_VERSION, "invalidVers" },
	{ MSG_ORDER_EXISTS, MSG_ORDER_TAKEN, "uniqueness" },
	{ MSG_GROUP_TAKEN, MSG_GROUP_ROLE, "uniqueness" },
	{ MSG_GROUP_SHOWN_OF, MSG_GROUP_SHOWN, "tooMany" },
	{ MSG_GROUP_ROLE_FIXED, MSG_GROUP_ROLE_FIXED, "mutability" },
	{ MSG_RESOURCE_TAKEN, MSG_RESOURCE_TAKEN, "uniqueness" },
	{ MSG_RESOURCE_FILTER, MSG_RESOURCE_FILTER, "invalidFilter" },
};

/* Of a path: what stands around the filter in it. */
static const enum msg of_paths[] = { MSG_FILTER_LONG, MSG_FILTER_BRACKET,
	MSG_FILTER_ELEMENT, MSG_FILTER_PATH_END, MSG_FILTER_ATTRIBUTE };

static bool is_of_path(const struct fault *);

const char *
scim_type_of(const struct fault *f)
{
	if (is_of_path(f))
		return "invalidPath";
	for (size_t i = 0; i < COUNT(types); i++)
		if (f->msg >= types[i].first && f->msg <= types[i].last)
			return types[i].type;
	if (f->err != ERR_BAD_INPUT || http_status_of(f->msg, 400) != 400)
		return NULL;
	return "invalidValue";
}

static bool
is_of_path(const struct fault *f)
{
	if (!str_eq(f->field, STR("path")))
		return false;
	for (size_t i = 0; i < COUNT(of_paths); i++)
		if (f->msg == of_paths[i])
			return true;
	return false;
}

/* Text and remedy together: SCIM has one member for what people read. */
void
scim_refuse(struct ctx *cx, enum err err, struct reply *reply)
{
	const struct fault f = problem_fault(cx, err);
	const int status = http_status_of(f.msg, err_info(err)->http);
	const char *type = scim_type_of(&f);
	struct arena *a = cx->arena;
	struct buf b;
	struct js_out js;

	problem_count(cx, err);
	buf_init(&b, a, ERROR_MAX);
	js_begin(&js, &b);
	js_open_object(&js);
	js_key(&js, "schemas");
	js_open_array(&js);
	js_put_z(&js, ERROR_SCHEMA);
	js_close_array(&js);
	js_key(&js, "status");
	js_put_str(&js, str_fmt(a, "%d", status));
	if (type != NULL) {
		js_key(&js, "scimType");
		js_put_z(&js, type);
	}
	js_key(&js, "detail");
	js_put_str(&js,
	    str_fmt(a, "%.*s %.*s",
		STR_ARG(msg_text(a, f.msg, cx->lang, f.args)),
		STR_ARG(msg_remedy(a, f.msg, cx->lang, f.args))));
	js_close_object(&js);
	must(!b.over);
	reply->status = status;
	reply->content_type = SCIM_MEDIA;
	reply->body = buf_view(&b);
	problem_headers(cx, err, reply);
}

/* RFC 7644 section 3.13: a version stands before the endpoint, as v and a number. */
enum err
scim_missing(struct ctx *cx, struct str path)
{
	struct str rest = str_sub(path, sizeof(SCIM_ROOT "/") - 1, path.n);
	struct str version = str_cut(&rest, '/');
	int64_t number;

	if (!str_starts(version, STR("v")) ||
	    !str_int(str_sub(version, 1, version.n), &number) || number == 2)
		return OK;
	return fail(cx, ERR_BAD_INPUT, MSG_SCIM_VERSION, "",
	    str_z(cx->arena, version));
}
