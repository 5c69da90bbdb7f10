/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz: core base.  A filter that compiles is within its limits and can be
 * asked about anybody; a path ends where its parts do.  The first byte is the
 * dialect.
 */
#include "core/filter_tree.h"

#include "fuzz.h"

static int64_t
find(const void *arg, enum attribute a, struct str value)
{
	(void)arg;
	return (int64_t)(value.n % 5) + (int64_t)a % 2;
}

static struct str
text(const void *arg, enum attribute a, int64_t id)
{
	(void)arg;
	(void)a;
	return id % 2 == 0 ? STR("engineering") : (struct str) { NULL, 0 };
}

/* Bound or not, the answer is the same. */
static void
ask(struct ctx *cx, const struct filter *f)
{
	const struct filter_names names = { find, text, NULL };
	struct facts facts[3] = { 0 };
	struct filter_subject s = { &facts[0], &facts[1], 2,
		INT64_C(1795392000000), 20780 };
	const struct filter *bound = filter_bind(cx->arena, f, &names);

	for (size_t i = 0; i < FACT_COUNT; i++) {
		facts[0].v[i] = (int64_t)i % 4;
		facts[1].v[i] = DAY_BIAS + 20780 - (int64_t)i;
	}
	must(filter_match(f, &names, &s) == filter_match(bound, &names, &s));
	s.ncontract = 0;
	must(filter_match(f, &names, &s) == filter_match(bound, &names, &s));
}

/* Every operand lies before its node. */
static void
walk(const struct filter_tree *tree)
{
	must(tree->n > 0 && tree->n <= FILTER_NODES_MAX);
	for (size_t i = 0; i < tree->n; i++)
		must(tree->node[i].nodes <= i);
}

static void
read_path(struct ctx *cx, struct str written)
{
	struct filter_path path, again;
	struct str text;

	if (filter_path_parse(cx, written, &path) != OK) {
		fuzz_refused(cx);
		return;
	}
	must(path.name.n > 0);
	must(path.sub.n == 0 || path.has_filter);
	if (path.has_filter)
		walk(&path.filter);
	text = str_sub(written, (size_t)(path.name.p - written.p), written.n);
	must(filter_path_parse(cx, text, &again) == OK);
	must(str_eq(path.name, again.name) && str_eq(path.sub, again.sub));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ctx cx = fuzz_open();
	struct filter *f, *again;
	struct filter_tree tree;
	size_t nodes;

	if (n > 0) {
		struct str written = { (const char *)p + 1, n - 1 };
		enum filter_dialect d = p[0] & 1 ? FILTER_RULE : FILTER_SCIM;
		bool personal = (p[0] & 2) != 0;

		read_path(&cx, written);
		if (filter_tree_parse(&cx, written, d, &tree) == OK)
			walk(&tree);
		if (filter_compile(&cx, written, d, personal, &f) == OK) {
			must(filter_tree_parse(&cx, written, d, &tree) == OK);
			filter_nodes(f, &nodes);
			must(nodes > 0 && nodes <= FILTER_NODES_MAX);
			ask(&cx, f);
			must(filter_compile(&cx, filter_text(f), d, personal,
				 &again) == OK);
		} else
			fuzz_refused(&cx);
	}
	fuzz_close(&cx);
	return 0;
}
