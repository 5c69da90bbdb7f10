/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: audit audit_tree core base.  One entry has one encoding. */
#include "audit/log.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str bytes = { (const char *)p, n };
	struct ctx cx = fuzz_open();
	struct entry e;

	if (entry_decode(cx.arena, bytes, &e))
		must(str_eq(entry_encode(cx.arena, &e), bytes));
	fuzz_close(&cx);
	return 0;
}
