/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: base.  Every value of an accepted YAML text stands on a line. */
#include "base/yaml.h"

#include "fuzz.h"

static void
visit(const struct js *js, int depth)
{
	struct str key;

	must(depth <= JS_DEPTH_MAX && js_line(js) > 0);
	if (js_type(js) == JS_STRING)
		must(str_utf8(js_str(js)));
	for (size_t i = 0; js_type(js) == JS_ARRAY && i < js_count(js); i++)
		visit(js_at(js, i), depth + 1);
	for (size_t i = 0; js_type(js) == JS_OBJECT && i < js_count(js); i++)
		visit(js_member(js, i, &key), depth + 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ctx cx = fuzz_open();
	const struct js *js;

	if (yaml_parse(&cx, (struct str) { (const char *)p, n }, &js) == OK)
		visit(js, 0);
	else
		fuzz_refused(&cx);
	fuzz_close(&cx);
	return 0;
}
