/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: core base.  An accepted catalogue exports to itself. */
#include "core/catalogue.h"

#include "base/yaml.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ctx cx = fuzz_open();
	struct catalogue *one, *two;
	const struct js *js;

	if (yaml_parse(&cx, (struct str) { (const char *)p, n }, &js) != OK) {
		fuzz_refused(&cx);
	} else if (catalogue_decode(&cx, js, NULL, false, &one) != OK) {
		fuzz_refused(&cx);
	} else {
		struct str yaml = catalogue_export(cx.arena, one);

		must(yaml_parse(&cx, yaml, &js) == OK);
		must(catalogue_decode(&cx, js, one, false, &two) == OK);
		must(str_eq(one->canonical, two->canonical));
	}
	fuzz_close(&cx);
	return 0;
}
