/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bulk_plan.c - the operations of a Bulk, and who waits for whom.
 *
 * The steps come in the order of the request, but for what an operation refers
 * to, which comes before it.  Whoever is met again on that way closes a circle:
 * the reference that met it is left for later.  Only POSTs are referred to, so
 * only they stand in circles.
 */
#include "scim/bulk_plan.h"

#include <stdlib.h>
#include <string.h>

#include "core/catalogue.h"

#include "scim/patch.h"

#define PREFIX "bulkId:"
#define NONE   SIZE_MAX
/* No id is that much longer than the shortest reference to it. */
#define TEXT_MAX (8u * JS_TEXT_MAX)

struct planner {
	struct arena	 *arena;
	struct bulk_plan *plan;
	size_t		  ref_max;
	size_t		 *seen;		/* who referred to it last, from 1 */
	size_t		 *before;	/* the operation before it on the same resource; NONE */
	enum { NEW, UNDER_WAY, PLANNED } *state;
	size_t		 *lacks;	/* so many of its later references have no step yet */
	size_t		 *later;	/* the newest later reference to each operation, from 1 */
	size_t		 *older;	/* of each reference, the one before that */
	size_t		 *step, *rest;	/* the step of each operation, and of its rest */
	struct bulk_name *gone;		/* the ids of what is removed, sorted, and by whom */
	size_t		  ngone;
	size_t		 *named;	/* of each of them: who named it last, from 1 */
	struct pair	 *pair;		/* of who removes something and who names it */
	size_t		  npair, pair_max;
};

/* Two operations, as they stand in the request. */
struct pair {
	size_t first, then;
};

static enum err ops_parse(struct ctx *, const struct js *, struct bulk_plan *);
static void op_parse(const struct js *, struct bulk_op *);
static bool is_path(const struct bulk_op *);
static const struct js *member(const struct js *, const char *);
static size_t count_of(const struct js *);
static struct str text_of(const struct js *);
static void wrong(struct bulk_op *, enum msg, const char *field, struct str);
static void ids_sort(struct planner *);
static void paths_sort(struct planner *);
static bool refers(struct str, struct str *, struct str *, struct str *);
static bool begins_at(struct str, size_t);
static void refs_of_text(struct planner *, size_t op, struct str, bool);
static void refs_find(struct planner *);
static void refs_in(struct planner *, size_t op, const struct js *);
static void gone_sort(struct planner *);
static void gone_in(struct planner *, size_t op, const struct js *);
static void gone_named(struct planner *, size_t op, struct str);
static void pair_add(struct planner *, size_t op, size_t remover);
static void ref_add(struct planner *, size_t op, struct str, bool is_in_path);
static void visit(struct planner *, size_t op);
static void emit(struct planner *, size_t op, bool is_rest);
static void link_steps(struct planner *);

enum err
bulk_plan(struct ctx *cx, const struct js *body, struct bulk_plan *plan)
{
	struct planner p = { .arena = cx->arena, .plan = plan };
	size_t n;

	TRY(ops_parse(cx, body, plan));
	n = plan->n;
	plan->first_ref = arena_array(p.arena, n + 1, sizeof(size_t));
	p.seen = arena_array(p.arena, n, sizeof(*p.seen));
	p.before = arena_array(p.arena, n, sizeof(*p.before));
	p.state = arena_array(p.arena, n, sizeof(*p.state));
	p.later = arena_array(p.arena, n, sizeof(*p.later));
	p.lacks = arena_array(p.arena, n, sizeof(*p.lacks));
	p.step = arena_array(p.arena, n, sizeof(*p.step));
	p.rest = arena_array(p.arena, n, sizeof(*p.rest));
	plan->step = arena_array(p.arena, 2 * n, sizeof(*plan->step));
	ids_sort(&p);
	paths_sort(&p);
	refs_find(&p);
	gone_sort(&p);
	p.older = arena_array(p.arena, plan->nref, sizeof(*p.older));
	for (size_t i = 0; i < n; i++)
		if (p.state[i] == NEW)
			visit(&p, i);
	link_steps(&p);
	return OK;
}

/* --- what was sent ------------------------------------------------------------ */

static enum err
ops_parse(struct ctx *cx, const struct js *body, struct bulk_plan *plan)
{
	const struct js *schemas = member(body, "schemas");
	const struct js *ops = member(body, "Operations");
	const struct js *most = member(body, "failOnErrors");
	bool is_bulk = false;

	*plan = (struct bulk_plan) { .n = count_of(ops) };
	for (size_t i = 0; i < count_of(schemas); i++)
		is_bulk |= str_eq_nocase(
		    text_of(js_at(schemas, i)), STR(BULK_REQUEST));
	if (!is_bulk)
		return fail(cx, ERR_BAD_INPUT, MSG_SCIM_SCHEMAS, "schemas",
		    BULK_REQUEST);
	if (ops == NULL || js_type(ops) != JS_ARRAY)
		return fail(
		    cx, ERR_BAD_INPUT, MSG_SCIM_BULK_OPERATIONS, "Operations");
	if (plan->n > BULK_OPERATIONS_MAX)
		return fail(cx, ERR_TOO_LARGE, MSG_SCIM_BULK_MANY, "Operations",
		    LIMIT_TEXT(BULK_OPERATIONS_MAX));
	if (most != NULL && (js_type(most) != JS_INT || js_int(most) < 1))
		return fail(
		    cx, ERR_BAD_INPUT, MSG_SCIM_BULK_ERRORS, "failOnErrors");
	plan->errors_max = most != NULL ? js_int(most) : 0;
	plan->op = arena_array(cx->arena, plan->n, sizeof(*plan->op));
	for (size_t i = 0; i < plan->n; i++) {
		if (js_type(js_at(ops, i)) != JS_OBJECT)
			return fail(cx, ERR_BAD_INPUT, MSG_SCIM_BULK_OPERATIONS,
			    "Operations");
		op_parse(js_at(ops, i), &plan->op[i]);
	}
	return OK;
}

static void
op_parse(const struct js *js, struct bulk_op *op)
{
	static const enum method methods[] = { POST, PUT, PATCH, DELETE };
	const struct js *version = member(js, "version");

	op->sent = text_of(member(js, "method"));
	op->path = text_of(member(js, "path"));
	op->bulk_id = text_of(member(js, "bulkId"));
	op->version = text_of(version);
	op->data = member(js, "data");
	for (size_t i = 0; i < COUNT(methods); i++)
		if (str_eq_nocase(op->sent, str_of(method_name(methods[i]))))
			op->method = methods[i];
	if (op->method == 0)
		wrong(op, MSG_SCIM_BULK_METHOD, "method", op->sent);
	else if (!is_path(op))
		wrong(op, MSG_SCIM_BULK_PATH, "path", op->path);
	else if (op->method == POST && op->bulk_id.n == 0)
		wrong(op, MSG_SCIM_BULK_ID, "bulkId", STR(""));
	else if (op->method != DELETE &&
	    (op->data == NULL || js_type(op->data) != JS_OBJECT))
		wrong(op, MSG_SCIM_BULK_DATA, "data", STR(""));
	/* Whoever sends one means it: without it the change could not be stopped. */
	else if (op->method != POST && version != NULL &&
	    js_type(version) != JS_STRING)
		wrong(op, MSG_API_IF_MATCH, "version", STR(""));
	if (op->data != NULL && js_type(op->data) != JS_OBJECT)
		op->data = NULL;
}

/* Nothing that only reads, no Bulk again, and no query: such a path is not one of a resource. */
static bool
is_path(const struct bulk_op *op)
{
	struct str left = op->path;

	if (!str_starts(left, STR("/")) || left.n > BULK_PATH_MAX ||
	    str_find(left, '?') < left.n || str_find(left, '#') < left.n ||
	    str_eq_nocase(left, STR("/Bulk")))
		return false;
	while (left.p != NULL)
		if (str_starts(str_cut(&left, '/'), STR(".")))
			return false;
	return true;
}

/* Without case; of several the first; null is absent. */
static const struct js *
member(const struct js *object, const char *name)
{
	struct str key;

	if (object == NULL || js_type(object) != JS_OBJECT)
		return NULL;
	for (size_t i = 0; i < js_count(object); i++) {
		const struct js *js = js_member(object, i, &key);

		if (str_eq_nocase(key, str_of(name)))
			return js_type(js) != JS_NULL ? js : NULL;
	}
	return NULL;
}

static size_t
count_of(const struct js *array)
{
	return array != NULL && js_type(array) == JS_ARRAY ? js_count(array)
							   : 0;
}

static struct str
text_of(const struct js *js)
{
	return js != NULL && js_type(js) == JS_STRING ? js_str(js) : STR("");
}

static void
wrong(struct bulk_op *op, enum msg msg, const char *field, struct str arg)
{
	if (op->err != OK)
		return;
	op->err = msg == MSG_SCIM_BULK_CIRCULAR ? ERR_CONFLICT : ERR_BAD_INPUT;
	op->msg = msg;
	op->field = field;
	op->arg = arg;
}

/* --- who is called what ---------------------------------------------------------- */

static int
by_name(const void *a, const void *b)
{
	const struct bulk_name *x = a, *y = b;
	int order = str_cmp(x->name, y->name);

	return order != 0 ? order : (x->op > y->op) - (x->op < y->op);
}

/* A bulkId that two have is nobody's. */
static void
ids_sort(struct planner *p)
{
	struct bulk_op *op = p->plan->op;
	struct bulk_name *all = arena_array(p->arena, p->plan->n, sizeof(*all));
	size_t n = 0;

	p->plan->name = arena_array(p->arena, p->plan->n, sizeof(*all));
	for (size_t i = 0; i < p->plan->n; i++)
		if (op[i].bulk_id.n > 0)
			all[n++] = (struct bulk_name) { op[i].bulk_id, i };
	qsort(all, n, sizeof(*all), by_name);
	for (size_t i = 1; i < n; i++)
		if (str_eq(all[i - 1].name, all[i].name)) {
			wrong(&op[all[i - 1].op], MSG_SCIM_BULK_ID_TWICE,
			    "bulkId", all[i].name);
			wrong(&op[all[i].op], MSG_SCIM_BULK_ID_TWICE, "bulkId",
			    all[i].name);
		}
	for (size_t i = 0; i < n; i++)
		if (op[all[i].op].method == POST)
			p->plan->name[p->plan->nname++] = all[i];
}

size_t
bulk_named(const struct bulk_plan *plan, struct str name)
{
	size_t from = 0, to = plan->nname;

	while (from < to) {
		size_t at = from + (to - from) / 2;

		if (str_cmp(plan->name[at].name, name) < 0)
			from = at + 1;
		else
			to = at;
	}
	return from < plan->nname && str_eq(plan->name[from].name, name)
	    ? plan->name[from].op
	    : NONE;
}

static int
by_target(const void *a, const void *b)
{
	const struct bulk_ref *x = a, *y = b;

	return (x->target > y->target) - (x->target < y->target);
}

bool
bulk_is_later(const struct bulk_plan *plan, size_t op, struct str name)
{
	const struct bulk_ref key = { .target = bulk_named(plan, name) };
	const size_t first = plan->first_ref[op];
	const size_t n = plan->first_ref[op + 1] - first;
	const struct bulk_ref *ref = n == 0
	    ? NULL
	    : bsearch(&key, &plan->ref[first], n, sizeof(key), by_target);

	return ref != NULL && ref->is_later;
}

static int
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static int
nocase(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;

	for (size_t i = 0; i < n; i++) {
		int order = lower(a.p[i]) - lower(b.p[i]);

		if (order != 0)
			return order;
	}
	return (a.n > b.n) - (a.n < b.n);
}

static int
by_path(const void *a, const void *b)
{
	const struct bulk_name *x = a, *y = b;
	int order = nocase(x->name, y->name);

	return order != 0 ? order : (x->op > y->op) - (x->op < y->op);
}

/* Ids are read without case; who else is taken for the same only waits. */
static void
paths_sort(struct planner *p)
{
	const struct bulk_op *op = p->plan->op;
	struct bulk_name *all = arena_array(p->arena, p->plan->n, sizeof(*all));
	size_t n = 0;

	for (size_t i = 0; i < p->plan->n; i++) {
		p->before[i] = NONE;
		if (op[i].method != POST && op[i].err == OK)
			all[n++] = (struct bulk_name) { op[i].path, i };
	}
	qsort(all, n, sizeof(*all), by_path);
	for (size_t i = 1; i < n; i++)
		if (str_eq_nocase(all[i - 1].name, all[i].name))
			p->before[all[i].op] = all[i - 1].op;
}

/* --- who refers to whom -------------------------------------------------------------- */

/* The first reference in TEXT; BEFORE and AFTER are what stands around it. */
static bool
refers(struct str text, struct str *before, struct str *name, struct str *after)
{
	size_t at = 0;

	*before = *after = STR("");
	if (str_starts(text, STR(PREFIX))) {
		*name = str_sub(text, sizeof(PREFIX) - 1, text.n);
		return true;
	}
	while (at < text.n && !begins_at(text, at))
		at++;
	if (at == text.n)
		return false;
	*before = str_sub(text, 0, at + 1);
	text = str_sub(text, at + sizeof(PREFIX), text.n);
	for (at = 0; at < text.n && text.p[at] != '/' && text.p[at] != '"';)
		at++;
	*name = str_sub(text, 0, at);
	*after = str_sub(text, at, text.n);
	return true;
}

static bool
begins_at(struct str text, size_t at)
{
	return (text.p[at] == '/' || text.p[at] == '"') &&
	    str_starts(str_sub(text, at + 1, text.n), STR(PREFIX));
}

static void
refs_find(struct planner *p)
{
	struct bulk_plan *plan = p->plan;

	for (size_t i = 0; i < plan->n; i++) {
		plan->first_ref[i] = plan->nref;
		if (plan->op[i].err != OK)
			continue;
		refs_of_text(p, i, plan->op[i].path, true);
		if (plan->op[i].data != NULL)
			refs_in(p, i, plan->op[i].data);
		/* Nothing waits for one that is not begun, nor it for anybody. */
		if (plan->op[i].err != OK)
			plan->nref = plan->first_ref[i];
		else if (plan->nref > plan->first_ref[i])
			qsort(&plan->ref[plan->first_ref[i]],
			    plan->nref - plan->first_ref[i], sizeof(*plan->ref),
			    by_target);
	}
	plan->first_ref[plan->n] = plan->nref;
}

static void
refs_in(struct planner *p, size_t op, const struct js *js)
{
	struct str key;

	if (js_type(js) == JS_STRING)
		refs_of_text(p, op, js_str(js), false);
	for (size_t i = 0; i < js_count(js); i++)
		refs_in(p, op,
		    js_type(js) == JS_ARRAY ? js_at(js, i)
					    : js_member(js, i, &key));
}

static void
refs_of_text(struct planner *p, size_t op, struct str text, bool is_in_path)
{
	struct str before, name;

	while (refers(text, &before, &name, &text))
		ref_add(p, op, name, is_in_path);
}

static void
ref_add(struct planner *p, size_t op, struct str name, bool is_in_path)
{
	struct bulk_plan *plan = p->plan;
	struct bulk_ref *more;
	size_t target;

	target = bulk_named(plan, name);
	if (target == NONE) {
		wrong(&plan->op[op], MSG_SCIM_BULK_UNKNOWN,
		    is_in_path ? "path" : "data", name);
		return;
	}
	if (p->seen[target] == op + 1)
		return;
	p->seen[target] = op + 1;
	if (plan->nref == p->ref_max) {
		p->ref_max = p->ref_max * 2 + 64;
		more = arena_array(p->arena, p->ref_max, sizeof(*more));
		if (plan->nref > 0)
			memcpy(more, plan->ref, plan->nref * sizeof(*more));
		plan->ref = more;
	}
	plan->ref[plan->nref++] =
	    (struct bulk_ref) { op, target, is_in_path, false };
}

/* --- who names what is removed ------------------------------------------------------ */

static void
gone_sort(struct planner *p)
{
	const struct bulk_op *op = p->plan->op;
	struct str path;

	p->gone = arena_array(p->arena, p->plan->n, sizeof(*p->gone));
	p->named = arena_array(p->arena, p->plan->n, sizeof(*p->named));
	for (size_t i = 0; i < p->plan->n; i++) {
		struct bulk_name *gone = &p->gone[p->ngone];

		if (op[i].method != DELETE || op[i].err != OK)
			continue;
		for (path = op[i].path; path.p != NULL;)
			gone->name = str_cut(&path, '/');
		gone->op = i;
		p->ngone++;
	}
	qsort(p->gone, p->ngone, sizeof(*p->gone), by_path);
	for (size_t i = 0; p->ngone > 0 && i < p->plan->n; i++)
		if (op[i].err == OK && op[i].data != NULL)
			gone_in(p, i, op[i].data);
}

static void
gone_in(struct planner *p, size_t op, const struct js *js)
{
	struct str text, key, part;

	if (js_type(js) == JS_STRING)
		for (text = js_str(js); text.p != NULL;)
			for (part = str_cut(&text, '/'); part.p != NULL;)
				gone_named(p, op, str_cut(&part, '"'));
	for (size_t i = 0; i < js_count(js); i++)
		gone_in(p, op,
		    js_type(js) == JS_ARRAY ? js_at(js, i)
					    : js_member(js, i, &key));
}

static void
gone_named(struct planner *p, size_t op, struct str id)
{
	size_t from = 0, to = p->ngone;

	while (from < to) {
		size_t at = from + (to - from) / 2;

		if (nocase(p->gone[at].name, id) < 0)
			from = at + 1;
		else
			to = at;
	}
	/* Once for each operation, however often it names it. */
	if (id.n == 0 || from == p->ngone ||
	    nocase(p->gone[from].name, id) != 0 || p->named[from] == op + 1)
		return;
	p->named[from] = op + 1;
	for (; from < p->ngone && nocase(p->gone[from].name, id) == 0; from++)
		pair_add(p, op, p->gone[from].op);
}

static void
pair_add(struct planner *p, size_t op, size_t remover)
{
	struct pair *more;

	if (p->npair == p->pair_max) {
		p->pair_max = p->pair_max * 2 + 64;
		more = arena_array(p->arena, p->pair_max, sizeof(*more));
		if (p->npair > 0)
			memcpy(more, p->pair, p->npair * sizeof(*more));
		p->pair = more;
	}
	p->pair[p->npair++] = op < remover ? (struct pair) { op, remover }
					   : (struct pair) { remover, op };
}

/* --- who comes before whom -------------------------------------------------------------- */

/* As deep as operations refer to each other, so at most as there are. */
static void
visit(struct planner *p, size_t op)
{
	struct bulk_plan *plan = p->plan;
	struct bulk_op *at = &plan->op[op];
	size_t before = p->before[op];

	p->state[op] = UNDER_WAY;
	if (before != NONE && p->state[before] == NEW)
		visit(p, before);
	for (size_t i = plan->first_ref[op]; i < plan->first_ref[op + 1]; i++) {
		struct bulk_ref *ref = &plan->ref[i];

		if (p->state[ref->target] == NEW)
			visit(p, ref->target);
		if (p->state[ref->target] != UNDER_WAY)
			continue;
		if (ref->is_in_path) {
			wrong(at, MSG_SCIM_BULK_CIRCULAR, "path", at->bulk_id);
			continue;
		}
		ref->is_later = at->is_split = true;
		p->lacks[op]++;
		p->older[i] = p->later[ref->target];
		p->later[ref->target] = i + 1;
	}
	p->state[op] = PLANNED;
	emit(p, op, false);
	/* Whoever was left out for this one had its step already. */
	for (size_t i = p->later[op]; i > 0; i = p->older[i - 1])
		if (--p->lacks[plan->ref[i - 1].op] == 0)
			emit(p, plan->ref[i - 1].op, true);
}

static void
emit(struct planner *p, size_t op, bool is_rest)
{
	struct bulk_plan *plan = p->plan;
	size_t *at = is_rest ? p->rest : p->step;

	must(plan->nstep < 2 * plan->n);
	at[op] = plan->nstep;
	plan->step[plan->nstep++] =
	    (struct bulk_step) { .op = op, .is_rest = is_rest };
}

/* When it is as it shall be: a POST is waited for by POSTs as soon as it has its id. */
static size_t
whole(const struct planner *p, size_t op)
{
	return p->plan->op[op].is_split ? p->rest[op] : p->step[op];
}

/* Calls FN for each pair of steps of which one waits for the other. */
static void
each_wait(struct planner *p, void (*fn)(struct bulk_plan *, size_t, size_t))
{
	struct bulk_plan *plan = p->plan;

	for (size_t i = 0; i < plan->n; i++) {
		if (p->before[i] != NONE)
			fn(plan, p->step[p->before[i]], p->step[i]);
		if (plan->op[i].is_split)
			fn(plan, p->step[i], p->rest[i]);
	}
	for (size_t i = 0; i < plan->nref; i++) {
		const struct bulk_ref *ref = &plan->ref[i];

		/* Who is refused waits for nobody; least of all for itself. */
		if (plan->op[ref->op].err != OK && !ref->is_later)
			continue;
		if (ref->is_later)
			fn(plan, p->step[ref->target], p->rest[ref->op]);
		else if (plan->op[ref->op].method == POST)
			fn(plan, p->step[ref->target], p->step[ref->op]);
		else
			fn(plan, whole(p, ref->target), p->step[ref->op]);
	}
	/* But who is referred to comes first, whatever it names. */
	for (size_t i = 0; i < p->npair; i++) {
		size_t first = whole(p, p->pair[i].first);
		size_t then = p->step[p->pair[i].then];

		if (first < then)
			fn(plan, first, then);
	}
}

static void
count_wait(struct bulk_plan *plan, size_t first, size_t then)
{
	plan->step[first].nnext++;
	plan->step[then].waits++;
}

static void
note_wait(struct bulk_plan *plan, size_t first, size_t then)
{
	struct bulk_step *step = &plan->step[first];

	step->next[step->nnext++] = (uint32_t)then;
}

static void
link_steps(struct planner *p)
{
	struct bulk_plan *plan = p->plan;

	each_wait(p, count_wait);
	for (size_t i = 0; i < plan->nstep; i++) {
		plan->step[i].next = arena_array(
		    p->arena, plan->step[i].nnext, sizeof(uint32_t));
		plan->step[i].nnext = 0;
	}
	each_wait(p, note_wait);
}

/* --- references and what they become --------------------------------------------------- */

bool
bulk_text(struct arena *arena, struct str *text, bulk_id_of *id_of, void *arg,
    struct str *name)
{
	struct str left = *text, before, after, id;
	struct buf b;

	if (!refers(left, &before, name, &after))
		return true;
	buf_init(&b, arena, TEXT_MAX);
	do {
		id = id_of(arg, *name);
		if (id.n == 0)
			return false;
		buf_str(&b, before);
		buf_str(&b, id);
		left = after;
	} while (refers(left, &before, name, &after));
	buf_str(&b, left);
	must(!b.over);
	*text = buf_view(&b);
	return true;
}

bool
bulk_texts(struct arena *arena, struct value *v, bulk_id_of *id_of, void *arg,
    struct str *name)
{
	if (v->type == JS_STRING)
		return bulk_text(arena, &v->text, id_of, arg, name);
	for (struct value *c = v->first; c != NULL; c = c->next)
		if (!bulk_texts(arena, c, id_of, arg, name))
			return false;
	return true;
}

static bool
has_later(
    const struct value *v, bool (*is_later)(void *, struct str), void *arg)
{
	struct str text = v->text, before, name;

	while (v->type == JS_STRING && refers(text, &before, &name, &text))
		if (is_later(arg, name))
			return true;
	for (const struct value *c = v->first; c != NULL; c = c->next)
		if (has_later(c, is_later, arg))
			return true;
	return false;
}

/* An extension is an object only to keep its attributes apart. */
static bool
is_urn(struct str name)
{
	return str_find(name, ':') < name.n;
}

/* Behind the last one, under the name it has: nobody else has that here. */
static void
append(struct value *to, struct value *child)
{
	child->next = NULL;
	if (to->last == NULL)
		to->first = child;
	else
		to->last->next = child;
	to->last = child;
}

/* Once over the members, however many there are. */
struct value *
bulk_split(struct arena *arena, struct value *data,
    bool (*is_later)(void *, struct str), void *arg)
{
	struct value *out =
	    data->type == JS_ARRAY ? value_array(arena) : value_object(arena);
	struct value *next, *part;
	struct value *first = data->first;

	data->first = data->last = NULL;
	for (struct value *c = first; c != NULL; c = next) {
		next = c->next;
		if (!has_later(c, is_later, arg)) {
			append(data, c);
		} else if (data->type != JS_ARRAY &&
		    (c->type == JS_ARRAY ||
			(c->type == JS_OBJECT && is_urn(c->name)))) {
			part = bulk_split(arena, c, is_later, arg);
			part->name = c->name;
			append(out, part);
			if (c->first != NULL)
				append(data, c);
		} else {
			append(out, c);
		}
	}
	return out;
}

struct value *
bulk_add(struct arena *arena, struct value *value)
{
	struct value *body = value_object(arena), *op = value_object(arena);
	struct value *schemas = value_array(arena), *ops = value_array(arena);

	value_add(schemas, value_text(arena, STR(SCIM_PATCH_OP)));
	value_put(op, STR("op"), value_text(arena, STR("add")));
	value_put(op, STR("value"), value);
	value_add(ops, op);
	value_put(body, STR("schemas"), schemas);
	value_put(body, STR("Operations"), ops);
	return body;
}
