/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: base.  A canonical form is its own canonical form. */
#include "base/canon.h"

#include "fuzz.h"

#define WORDS_MAX 64

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str text = { (const char *)p, n }, once, twice;
	struct str word[WORDS_MAX];
	struct ctx cx = fuzz_open();

	if (canon_store(cx.arena, text, NAME_MAX_CHARS, &once)) {
		must(str_utf8(once));
		must(canon_store(cx.arena, once, NAME_MAX_CHARS, &twice));
		must(str_eq(once, twice));
	}
	if (canon_key(cx.arena, text, &once) &&
	    canon_key(cx.arena, once, &twice))
		must(str_eq(once, twice));
	if (canon_plain(cx.arena, text, &once)) {
		size_t words = canon_words(once, word, WORDS_MAX);

		must(str_utf8(once) && words <= WORDS_MAX);
		for (size_t i = 0; i < words; i++)
			must(word[i].n > 0);
	}
	if (canon_ascii(cx.arena, text, &once))
		must(str_utf8(once));
	fuzz_close(&cx);
	return 0;
}
