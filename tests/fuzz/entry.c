/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz: audit audit_tree core base.  One entry has one encoding, and one tile
 * one path.
 */
#include "audit/log_int.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str bytes = { (const char *)p, n };
	char path[TILE_PATH_MAX];
	struct ctx cx = fuzz_open();
	struct entry e;
	struct tile t;
	const char *why = entry_read(cx.arena, bytes, &e);

	must((why == NULL) == entry_decode(cx.arena, bytes, &e));
	if (why == NULL)
		must(str_eq(entry_encode(cx.arena, &e), bytes));
	if (tile_path_parse(bytes, &t)) {
		tile_path(&t, path);
		must(str_eq(str_of(path), bytes));
	}
	fuzz_close(&cx);
	return 0;
}
