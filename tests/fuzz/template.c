/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz: core base.  A template and a value with a line break between them: a
 * text comes out, or a reason.
 */
#include "core/template.h"

#include "fuzz.h"

#define TRIES 8

static int
resolve(const void *arg, struct str name)
{
	(void)arg;
	return name.n == 0 ? -1 : (int)(name.n % 3);
}

static struct str
value(const void *arg, int name)
{
	const struct str *given = arg;

	return name == 2 ? STR("31.12.2026") : *given;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str rest = { (const char *)p, n }, text = str_cut(&rest, '\n');
	struct template_env env = { value, &rest, STR("dd.mm.yyyy") };
	struct ctx cx = fuzz_open();
	struct str out[TRIES];
	struct template *t;

	/* A template comes out of YAML or JSON, a value may be anything. */
	if (!str_utf8(text))
		;
	else if (template_compile(&cx, text, resolve, NULL, &t) != OK)
		fuzz_refused(&cx);
	else if (template_run(&cx, t, &env, out,
	    template_has_number(t) ? TRIES : 1) != OK)
		fuzz_refused(&cx);
	else if (template_has_number(t))
		must(!str_eq(out[0], out[1]) && !str_eq(out[1], out[2]));
	fuzz_close(&cx);
	return 0;
}
