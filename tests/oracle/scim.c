/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scim.c - what this program makes of patches and filters, for a driver that
 * asks another implementation the same.
 *
 * One JSON object a line in, one out:
 *	{"resource": {…}, "patch": {…}}			{"made": {…}}
 *	{"element": {…}, "of": "emails", "filter": "…"}	{"matches": true}
 * and {"refused": "why"} for either.
 */
#include <stdio.h>
#include <stdlib.h>

#include "scim/match.h"
#include "scim/patch.h"

#define ARENA_MAX   ((size_t)64 << 20)
#define WRITTEN_MAX ((size_t)1 << 20)

static enum err answer(struct ctx *, struct str, struct js_out *);
static enum err patched(struct ctx *, const struct js *, struct js_out *);
static enum err matched(struct ctx *, const struct js *, struct js_out *);

int
main(void)
{
	struct arena *arena = arena_open(ARENA_MAX);
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	while ((n = getline(&line, &room, stdin)) > 0) {
		struct ctx cx = { .arena = arena };
		struct js_out js;
		struct buf b;

		buf_init(&b, arena, WRITTEN_MAX);
		js_begin(&js, &b);
		js_open_object(&js);
		if (answer(&cx, (struct str) { line, (size_t)n }, &js) != OK) {
			js_key(&js, "refused");
			js_put_str(&js,
			    msg_text(
				arena, cx.fault.msg, LANG_EN, cx.fault.args));
		}
		js_close_object(&js);
		must(!b.over);
		printf("%.*s\n", STR_ARG(buf_view(&b)));
		arena_reset(arena);
	}
	free(line);
	arena_close(arena);
	return 0;
}

static enum err
answer(struct ctx *cx, struct str line, struct js_out *out)
{
	const struct js *asked;

	must(js_parse(cx, line, &asked) == OK);
	return js_get(asked, "patch") != NULL ? patched(cx, asked, out)
					      : matched(cx, asked, out);
}

static enum err
patched(struct ctx *cx, const struct js *asked, struct js_out *out)
{
	struct value *before = value_of(cx->arena, js_get(asked, "resource"));
	struct value *made;

	TRY(scim_patch(
	    cx, &scim_user_resource, before, js_get(asked, "patch"), &made));
	js_key(out, "made");
	value_write(out, made);
	return OK;
}

/* The filter stands in brackets, as in a path. */
static enum err
matched(struct ctx *cx, const struct js *asked, struct js_out *out)
{
	struct str of = js_str(js_get(asked, "of"));
	struct value *element = value_of(cx->arena, js_get(asked, "element"));
	struct scim_target target;
	struct filter_path path;

	must(scim_resolve(&scim_user_resource, of, &target));
	TRY(filter_path_parse(cx,
	    str_fmt(cx->arena, "%.*s[%.*s]", STR_ARG(of),
		STR_ARG(js_str(js_get(asked, "filter")))),
	    &path));
	TRY(scim_match_check(cx, target.attr, &path.filter));
	js_key(out, "matches");
	js_put_bool(
	    out, scim_matches(cx->arena, target.attr, &path.filter, element));
	return OK;
}
