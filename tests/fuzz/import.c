/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz: core base.  A map and a file, with a line of --- between them: every
 * row is mapped or refused with a reason.
 */
#include "core/import.h"

#include <string.h>

#include "base/yaml.h"

#include "fuzz.h"

static void
rows(struct ctx *cx, struct import_map *map, struct str file)
{
	struct csv *csv = csv_open(import_map_separator(map),
	    import_map_windows_1252(map));
	struct csv_record r;
	struct import_row row;
	bool has_header = false;

	csv_feed(csv, file, true);
	while (csv_next(csv, &r)) {
		if (!has_header && import_map_header(cx, map, &r) != OK)
			break;
		if (has_header && r.error == MSG_NONE) {
			if (import_row_map(cx, map, &r, &row) != OK)
				fuzz_refused(cx);
			else
				must(row.ref.n > 0 && row.nuser_name <= 8);
		}
		has_header = true;
	}
	csv_close(csv);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char cut[] = "\n---\n";
	const uint8_t *at = memmem(p, n, cut, sizeof(cut) - 1);
	struct ctx cx = fuzz_open();
	struct import_map *map;
	const struct js *js;

	if (at != NULL) {
		struct str yaml = { (const char *)p, (size_t)(at - p) };
		size_t skip = yaml.n + sizeof(cut) - 1;
		struct str file = { (const char *)p + skip, n - skip };

		if (yaml_parse(&cx, yaml, &js) == OK &&
		    import_map_decode(&cx, js, &map) == OK)
			rows(&cx, map, file);
		else
			fuzz_refused(&cx);
	}
	fuzz_close(&cx);
	return 0;
}
