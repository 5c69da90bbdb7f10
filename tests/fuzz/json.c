/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: base.  What JSON was accepted can be written, and reads the same. */
#include "base/js.h"

#include "fuzz.h"

#define TEXT_MAX ((size_t)16 << 20)

static void put(struct js_out *, const struct js *);
static struct str written(struct ctx *, const struct js *);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ctx cx = fuzz_open();
	const struct js *js;

	if (js_parse(&cx, (struct str) { (const char *)p, n }, &js) == OK) {
		struct str text = written(&cx, js);

		must(js_parse(&cx, text, &js) == OK);
		must(str_eq(text, written(&cx, js)));
	} else
		fuzz_refused(&cx);
	fuzz_close(&cx);
	return 0;
}

static struct str
written(struct ctx *cx, const struct js *js)
{
	struct js_out out;
	struct buf b;

	buf_init(&b, cx->arena, TEXT_MAX);
	js_begin(&out, &b);
	put(&out, js);
	must(!b.over);
	return buf_view(&b);
}

static void
put_object(struct js_out *out, const struct js *js)
{
	struct str key;

	js_open_object(out);
	for (size_t i = 0; i < js_count(js); i++) {
		const struct js *value = js_member(js, i, &key);

		js_key_str(out, key);
		put(out, value);
	}
	js_close_object(out);
}

static void
put_array(struct js_out *out, const struct js *js)
{
	js_open_array(out);
	for (size_t i = 0; i < js_count(js); i++)
		put(out, js_at(js, i));
	js_close_array(out);
}

static void
put(struct js_out *out, const struct js *js)
{
	switch (js_type(js)) {
	case JS_OBJECT:
		put_object(out, js);
		return;
	case JS_ARRAY:
		put_array(out, js);
		return;
	case JS_STRING:
		must(str_utf8(js_str(js)));
		js_put_str(out, js_str(js));
		return;
	case JS_INT:
		js_put_int(out, js_int(js));
		return;
	case JS_BOOL:
		js_put_bool(out, js_bool(js));
		return;
	case JS_REAL:		/* the writer has none */
	case JS_NULL:
		js_put_null(out);
		return;
	}
}
