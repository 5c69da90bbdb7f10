/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz: audit_tree base.  A checkpoint from a stranger is refused with a
 * reason; a verifier key and a frontier that parse are written the same.
 */
#include "audit/note.h"

#include <string.h>

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str text = { (const char *)p, n };
	struct ctx cx = fuzz_open();
	struct verifier any = { STR("usher"), { 0 }, { 0 } }, v;
	uint8_t bytes[FRONTIER_BYTES_MAX];
	struct frontier *f = arena_alloc(cx.arena, sizeof(*f));
	struct checkpoint c;
	const char *why = NULL;

	/* No signature is right: nobody has this key's other half. */
	memset(any.public_key, 0x42, sizeof(any.public_key));
	must(!note_check(cx.arena, text, &any, STR(""), &c, &why));
	must(why != NULL);
	if (verifier_parse(cx.arena, text, &v))
		must(str_eq(verifier_text(cx.arena, &v), text));
	if (frontier_decode(text, f)) {
		must(frontier_encode(f, bytes) == n);
		must(memcmp(bytes, p, n) == 0);
	}
	fuzz_close(&cx);
	return 0;
}
