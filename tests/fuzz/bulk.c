/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz: scim http core base.  Whatever a Bulk says, its plan has each operation
 * once; whoever does its steps in order waits for nobody, and so does whoever
 * does them as they become free, last first.  What a step sends refers to
 * nothing that is not made by then, and nothing of the data is lost between an
 * operation and its rest.
 */
#include "scim/bulk_plan.h"

#include "fuzz.h"

struct walk {
	const struct bulk_plan *plan;
	bool		       *is_made;	/* of each operation, that its step was done */
	size_t			op;
};

static struct str
id_of(void *arg, struct str name)
{
	const struct walk *w = arg;
	size_t op = bulk_named(w->plan, name);

	return op != SIZE_MAX && w->is_made[op] ? STR("0ID") : STR("");
}

static bool
is_later(void *arg, struct str name)
{
	const struct walk *w = arg;

	return bulk_is_later(w->plan, w->op, name);
}

static size_t
texts_in(const struct value *v)
{
	size_t n = v->first == NULL;

	for (const struct value *c = v->first; c != NULL; c = c->next)
		n += texts_in(c);
	return n;
}

static void
check_body(struct ctx *cx, const struct bulk_step *step, struct walk *w)
{
	const struct bulk_op *op = &w->plan->op[step->op];
	struct value *data, *rest, *part;
	struct str path = op->path, name;
	size_t n;

	if (op->err != OK)
		return;
	must(bulk_text(cx->arena, &path, id_of, w, &name));
	if (op->data == NULL || op->method == DELETE)
		return;
	data = value_of(cx->arena, op->data);
	n = texts_in(data);
	w->op = step->op;
	rest = bulk_split(cx->arena, data, is_later, w);
	must((rest->first != NULL) == op->is_split);
	/* An object or a list that is left empty counts as one. */
	must(texts_in(data) + texts_in(rest) >= n);
	part = step->is_rest ? bulk_add(cx->arena, rest) : data;
	must(bulk_texts(cx->arena, part, id_of, w, &name));
}

static void
check_step(
    struct ctx *cx, const struct bulk_plan *plan, size_t at, struct walk *w)
{
	const struct bulk_step *step = &plan->step[at];

	must(step->op < plan->n);
	must(!step->is_rest || plan->op[step->op].is_split);
	must(step->is_rest == w->is_made[step->op]);
	check_body(cx, step, w);
	w->is_made[step->op] = true;
}

/* In order, or, IS_FREE, always the last one that waits for nobody. */
static void
walk(struct ctx *cx, const struct bulk_plan *plan, bool is_free)
{
	struct walk w = { .plan = plan };
	size_t *waits = arena_array(cx->arena, plan->nstep, sizeof(*waits));
	bool *is_done = arena_array(cx->arena, plan->nstep, sizeof(*is_done));

	w.is_made = arena_array(cx->arena, plan->n, sizeof(*w.is_made));
	for (size_t i = 0; i < plan->nstep; i++)
		waits[i] = plan->step[i].waits;
	for (size_t done = 0; done < plan->nstep; done++) {
		size_t at = is_free ? plan->nstep - 1 : done;

		while (is_done[at] || waits[at] > 0) {
			must(is_free && at > 0);
			at--;
		}
		is_done[at] = true;
		check_step(cx, plan, at, &w);
		for (size_t i = 0; i < plan->step[at].nnext; i++) {
			must(plan->step[at].next[i] > at);
			must(waits[plan->step[at].next[i]]-- > 0);
		}
	}
	for (size_t i = 0; i < plan->n; i++)
		must(w.is_made[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ctx cx = fuzz_open();
	struct bulk_plan plan;
	const struct js *body;

	if (js_parse(&cx, (struct str) { (const char *)p, n }, &body) == OK) {
		if (bulk_plan(&cx, body, &plan) == OK) {
			walk(&cx, &plan, false);
			walk(&cx, &plan, true);
		} else {
			fuzz_refused(&cx);
		}
	}
	fuzz_close(&cx);
	return 0;
}
