/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: core base.  What is sealed of a person is what comes back. */
#include "core/attr.h"

#include "fuzz.h"

static void
check(struct ctx *cx, struct doc *doc)
{
	struct doc back;
	struct str sealed;

	if (doc_complete(cx, doc) != OK) {
		fuzz_refused(cx);
		return;
	}
	must(doc->n <= DOC_ATTRS_MAX);
	sealed = doc_canonical(cx->arena, doc);
	doc_restore(cx, sealed, &back);
	must(doc_eq(doc, &back));
	must(str_eq(sealed, doc_canonical(cx->arena, &back)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ctx cx = fuzz_open();
	struct doc doc = { 0 }, org = { 0 };
	const struct js *js;

	if (js_parse(&cx, (struct str) { (const char *)p, n }, &js) != OK ||
	    js_type(js) != JS_OBJECT)
		;
	else if (doc_decode(&cx, js, &doc, &org) == OK)
		check(&cx, &doc);
	else
		fuzz_refused(&cx);
	fuzz_close(&cx);
	return 0;
}
