/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter_logic.c - reasoning about filters without anybody to match: which one
 * lies within which (who may grant what), and who can be meant at all.
 *
 * A implies B if B is true in every way in which A can be true.  The ways are
 * the conjunctions of A's disjunctive form; in each, B is evaluated over what
 * the conjunction says, where all else is unknown.  What grows beyond the
 * limits is not shown, and so not implied.
 */
#include "core/filter.h"

#include <string.h>

#include "base/canon.h"

#include "core/filter_int.h"

#define WAYS_MAX     256
#define LITERALS_MAX 32
/* The ways of one node, and as much again for all else. */
#define NODE_BYTES   (2 * WAYS_MAX * sizeof(struct way))

enum truth { FALSE, UNKNOWN, TRUE };

/* One comparison (or a whole any/all contract), or its opposite. */
struct fact {
	const struct filter_node *node;
	bool			  is_not;
};

struct way {
	struct fact fact[LITERALS_MAX];
	size_t	    n;
};

struct ways {
	struct arena *arena;
	struct way   *way;
	size_t	      n;
	bool	      is_over;	/* too many, or one too long */
};

/* A filter's, each text by its key: compared often, it is made once. */
struct nodes {
	const struct filter_node *node;
	size_t			  n;
};

/* A node of the tree that postfix stands for. */
struct branch {
	const struct filter_node *node;
	const struct branch	 *left, *right;
};

static const struct branch *tree_of(struct arena *, const struct nodes *);
static void find_ways(struct ways *, const struct branch *, bool is_not);
static void add_ways(struct ways *, const struct ways *);
static void cross_ways(struct ways *, const struct ways *,
    const struct ways *);
static struct nodes keyed(struct arena *, const struct filter *);
static bool implies(struct arena *, const struct nodes *,
    const struct nodes *);
static bool is_copy(const struct nodes *, const struct nodes *);
static bool is_contradiction(const struct way *);
static enum truth truth_in(const struct way *, const struct branch *);
static enum truth leaf_in(const struct way *, const struct filter_node *);
static enum truth follows(const struct fact *, const struct filter_node *);
static bool is_same(const struct filter_node *, const struct filter_node *);
static bool is_same_leaf(const struct filter_node *,
    const struct filter_node *);
static bool differ(const struct filter_node *, const struct filter_node *);
static bool is_me(const struct filter_node *);
static enum truth negate(enum truth);
static enum truth both(enum truth, enum truth);
static enum truth node_with(const struct filter_node *,
    const struct filter_names *, int64_t id);

struct filter *
filter_for(struct arena *arena, const struct filter *f, int64_t person)
{
	size_t n;
	const struct filter_node *from = filter_nodes(f, &n);
	struct filter_node *node = arena_copy(arena, from, n * sizeof(*node));

	for (size_t i = 0; i < n; i++) {
		node[i].text = str_copy(arena, from[i].text);
		if (is_me(&node[i]) && person != 0)
			node[i].number = person;
	}
	return filter_make(arena, filter_text(f), node, n);
}

struct filter *
filter_without(struct arena *arena, const struct filter *f,
    enum attribute attribute, const int64_t *person, size_t npersons)
{
	size_t n;
	const struct filter_node *from = filter_nodes(f, &n);
	struct filter_node *node = arena_copy(arena, from, n * sizeof(*node));

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < npersons; j++)
			if (node[i].op <= F_NE &&
			    node[i].attribute == attribute &&
			    node[i].number == person[j])
				node[i].number = FILTER_ME;
	return filter_make(arena, filter_text(f), node, n);
}

const struct filter_node *
filter_personal(const struct filter *f)
{
	size_t n;
	const struct filter_node *node = filter_nodes(f, &n);

	for (size_t i = 0; i < n; i++)
		if (node[i].op <= F_PR &&
		    attr_info(node[i].attribute)->class == ATTR_PERSONAL)
			return &node[i];
	return NULL;
}

/* Where the expression that ends at node END begins. */
static size_t
begin_of(const struct filter_node *node, size_t end)
{
	switch (node[end].op) {
	case F_AND:
	case F_OR:
		return begin_of(node, begin_of(node, end - 1) - 1);
	case F_NOT:
		return begin_of(node, end - 1);
	case F_ANY_CONTRACT:
	case F_ALL_CONTRACT:
		return end - node[end].nodes;
	default:
		return end;
	}
}

/* All of what must hold, but NODE[BUT], joined anew. */
static size_t
copy_others(const struct filter_node *node, size_t end, size_t but,
    struct filter_node *to, size_t n)
{
	size_t begin = begin_of(node, end);

	if (end == but)
		return n;
	if (node[end].op == F_AND) {
		n = copy_others(node, begin_of(node, end - 1) - 1, but, to, n);
		return copy_others(node, end - 1, but, to, n);
	}
	memcpy(to + n, node + begin, (end - begin + 1) * sizeof(*to));
	if (n > 0)
		to[n + (end - begin) + 1] =
		    (struct filter_node) { .op = F_AND };
	return n + (end - begin) + 1 + (n > 0);
}

/* Whether NODE[AT] is one of those that must all hold. */
static bool
is_conjunct(const struct filter_node *node, size_t end, size_t at)
{
	return end == at || (node[end].op == F_AND
	    && (is_conjunct(node, end - 1, at)
	    || is_conjunct(node, begin_of(node, end - 1) - 1, at)));
}

const struct filter_node *
filter_anchor(struct arena *arena, const struct filter *f,
    const struct filter **rest)
{
	size_t n, personal = 0, at = 0;
	const struct filter_node *node = filter_nodes(f, &n);
	struct filter_node *others = arena_array(arena, n, sizeof(*others));

	*rest = NULL;
	for (size_t i = 0; i < n; i++)
		if (node[i].op <= F_PR
		    && attr_info(node[i].attribute)->class == ATTR_PERSONAL) {
			at = i;
			personal++;
		}
	if (personal != 1 || !is_conjunct(node, n - 1, at))
		return NULL;
	n = copy_others(node, n - 1, at, others, 0);
	if (n > 0)
		*rest = filter_make(arena, filter_text(f), others, n);
	return &node[at];
}

bool
filter_has_me(const struct filter *f)
{
	size_t n;
	const struct filter_node *node = filter_nodes(f, &n);

	for (size_t i = 0; i < n; i++)
		if (is_me(&node[i]))
			return true;
	return false;
}

static bool
is_me(const struct filter_node *node)
{
	return node->op < F_PR && node->type == ATTR_INT &&
	    node->number == FILTER_ME;
}

size_t
filter_count(const struct filter *f)
{
	size_t n;

	(void)filter_nodes(f, &n);
	return n;
}

const struct filter *
filter_any(struct arena *arena, const struct filter *const *f, size_t n)
{
	struct filter_node *node;
	struct str text = STR("");
	size_t all = n, at = 0;

	must(n > 0);
	if (n == 1)
		return f[0];
	for (size_t i = 0; i < n; i++)
		all += filter_count(f[i]);
	node = arena_array(arena, all, sizeof(*node));
	for (size_t i = 0; i < n; i++) {
		size_t many;
		const struct filter_node *from = filter_nodes(f[i], &many);

		memcpy(node + at, from, many * sizeof(*node));
		at += many;
		if (i > 0)
			node[at++] = (struct filter_node) { .op = F_OR };
		text = str_fmt(arena, "%.*s%s(%.*s)", STR_ARG(text),
		    i > 0 ? " or " : "", STR_ARG(filter_text(f[i])));
	}
	return filter_make(arena, text, node, at);
}

/* What it takes is bounded by the limits, so that it never meets its arena's. */
bool
filter_implies(const struct filter *a, const struct filter *b)
{
	size_t n = filter_count(a) + filter_count(b);
	struct arena *scratch = arena_open(n * NODE_BYTES);
	const struct nodes x = keyed(scratch, a), y = keyed(scratch, b);
	bool is = implies(scratch, &x, &y);

	arena_close(scratch);
	return is;
}

static struct nodes
keyed(struct arena *arena, const struct filter *f)
{
	size_t n;
	const struct filter_node *from = filter_nodes(f, &n);
	struct filter_node *node = arena_copy(arena, from, n * sizeof(*node));

	for (size_t i = 0; i < n; i++)
		if (node[i].op < F_PR && node[i].type == ATTR_STRING &&
		    !canon_key(arena, from[i].text, &node[i].text))
			node[i].text = (struct str) { 0 };
	return (struct nodes) { node, n };
}

static bool
implies(struct arena *arena, const struct nodes *a, const struct nodes *b)
{
	const struct branch *right = tree_of(arena, b);
	struct ways ways = { .arena = arena };

	if (is_copy(a, b))
		return true;
	find_ways(&ways, tree_of(arena, a), false);
	if (ways.is_over)
		return false;
	for (size_t i = 0; i < ways.n; i++)
		if (!is_contradiction(&ways.way[i]) &&
		    truth_in(&ways.way[i], right) != TRUE)
			return false;
	return true;
}

/* Node by node the same: true of the same, whatever that is. */
static bool
is_copy(const struct nodes *a, const struct nodes *b)
{
	const struct filter_node *x = a->node, *y = b->node;

	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (x[i].op != y[i].op || x[i].nodes != y[i].nodes ||
		    (x[i].op < F_AND && !is_same_leaf(&x[i], &y[i])))
			return false;
	return true;
}

/* Nobody is like this. */
static bool
is_contradiction(const struct way *w)
{
	for (size_t i = 0; i < w->n; i++) {
		enum truth own = w->fact[i].is_not ? FALSE : TRUE;

		for (size_t j = 0; j < w->n; j++) {
			enum truth t = follows(&w->fact[j], w->fact[i].node);

			if (t != UNKNOWN && t != own)
				return true;
		}
	}
	return false;
}

/* --- trees ---------------------------------------------------------------------- */

static const struct branch *
tree_of(struct arena *arena, const struct nodes *of)
{
	size_t n = of->n, depth = 0;
	const struct filter_node *node = of->node;
	struct branch *branch = arena_array(arena, n, sizeof(*branch));
	const struct branch **stack = arena_array(arena, n, sizeof(*stack));

	for (size_t i = 0; i < n; i++) {
		struct branch *b = &branch[i];

		b->node = &node[i];
		if (node[i].op == F_AND || node[i].op == F_OR)
			b->right = stack[--depth];
		if (node[i].op == F_AND || node[i].op == F_OR ||
		    node[i].op == F_NOT)
			b->left = stack[--depth];
		/* Of a contract's operand nothing is known but that it is this one. */
		if (node[i].op == F_ANY_CONTRACT ||
		    node[i].op == F_ALL_CONTRACT)
			depth--;
		/* Bound, two names that nobody has would be one. */
		must(node[i].op >= F_PR || node[i].type == ATTR_STRING ||
		    filter_kind(node[i].attribute) != KIND_TEXT);
		stack[depth++] = b;
	}
	must(depth == 1);
	return stack[0];
}

/* --- the ways in which a filter is true --------------------------------------------- */

static void
find_ways(struct ways *out, const struct branch *b, bool is_not)
{
	struct ways left = { .arena = out->arena }, right = left;
	enum filter_op op = b->node->op;

	if (op == F_NOT) {
		find_ways(out, b->left, !is_not);
		return;
	}
	if (op != F_AND && op != F_OR) {
		out->way = arena_alloc(out->arena, sizeof(*out->way));
		out->way->fact[0] = (struct fact) { b->node, is_not };
		out->way->n = 1;
		out->n = 1;
		return;
	}
	find_ways(&left, b->left, is_not);
	find_ways(&right, b->right, is_not);
	out->is_over = left.is_over || right.is_over;
	if (out->is_over)
		return;
	if ((op == F_OR) != is_not) {
		add_ways(out, &left);
		add_ways(out, &right);
	} else {
		cross_ways(out, &left, &right);
	}
}

static void
add_ways(struct ways *out, const struct ways *more)
{
	struct way *way;

	out->is_over |= out->n + more->n > WAYS_MAX;
	if (out->is_over)
		return;
	way = arena_array(out->arena, out->n + more->n, sizeof(*way));
	if (out->n > 0)
		memcpy(way, out->way, out->n * sizeof(*way));
	memcpy(way + out->n, more->way, more->n * sizeof(*way));
	out->way = way;
	out->n += more->n;
}

static void
cross_ways(struct ways *out, const struct ways *left, const struct ways *right)
{
	out->is_over = left->n * right->n > WAYS_MAX;
	if (out->is_over)
		return;
	out->way =
	    arena_array(out->arena, left->n * right->n, sizeof(*out->way));
	for (size_t i = 0; i < left->n; i++)
		for (size_t j = 0; j < right->n; j++) {
			struct way *w = &out->way[out->n++];
			const struct way *r = &right->way[j];

			*w = left->way[i];
			out->is_over |= w->n + r->n > LITERALS_MAX;
			if (out->is_over)
				return;
			memcpy(
			    w->fact + w->n, r->fact, r->n * sizeof(*r->fact));
			w->n += r->n;
		}
}

/* --- what follows from one way ---------------------------------------------------- */

static enum truth
truth_in(const struct way *w, const struct branch *b)
{
	enum truth left;

	if (b->node->op != F_AND && b->node->op != F_OR && b->node->op != F_NOT)
		return leaf_in(w, b->node);
	left = truth_in(w, b->left);
	if (b->node->op == F_NOT)
		return negate(left);
	if (b->node->op == F_AND)
		return both(left, truth_in(w, b->right));
	return negate(both(negate(left), negate(truth_in(w, b->right))));
}

static enum truth
leaf_in(const struct way *w, const struct filter_node *node)
{
	for (size_t i = 0; i < w->n; i++) {
		enum truth t = follows(&w->fact[i], node);

		if (t != UNKNOWN)
			return t;
	}
	return UNKNOWN;
}

/*
 * NODE, given FACT.  Names are compared as they are written: two names may be
 * one thing's, so that another name is no proof of another thing.
 */
static enum truth
follows(const struct fact *fact, const struct filter_node *node)
{
	const struct filter_node *known = fact->node;
	bool is_equal = known->op == F_EQ && !fact->is_not;

	is_equal |= known->op == F_NE && fact->is_not;
	if (is_same(known, node))
		return fact->is_not ? FALSE : TRUE;
	if (known->op >= F_AND || node->op >= F_AND ||
	    known->attribute != node->attribute)
		return UNKNOWN;
	/* Nothing is compared with "absent", and what is absent is only ne. */
	if (node->op == F_PR && is_equal)
		return TRUE;
	if (known->op == F_PR && fact->is_not)
		return node->op == F_NE ? TRUE : FALSE;
	if ((node->op != F_EQ && node->op != F_NE) ||
	    (known->op != F_EQ && known->op != F_NE))
		return UNKNOWN;
	if (is_same_leaf(known, node))
		return (node->op == F_EQ) == is_equal ? TRUE : FALSE;
	if (is_equal && differ(known, node))
		return node->op == F_EQ ? FALSE : TRUE;
	return UNKNOWN;
}

static bool
is_same(const struct filter_node *a, const struct filter_node *b)
{
	if (a->op != b->op || a->nodes != b->nodes)
		return false;
	for (uint32_t i = 1; i <= a->nodes; i++)
		if ((a - i)->op != (b - i)->op ||
		    ((a - i)->op < F_AND && !is_same_leaf(a - i, b - i)))
			return false;
	return a->op > F_NOT || is_same_leaf(a, b);
}

/* The same attribute and literal; the operators may differ.  The texts are keys. */
static bool
is_same_leaf(const struct filter_node *a, const struct filter_node *b)
{
	if (a->op == F_PR || b->op == F_PR)
		return a->op == b->op && a->attribute == b->attribute;
	if (a->attribute != b->attribute || a->type != b->type ||
	    a->is_relative != b->is_relative)
		return false;
	if (a->type != ATTR_STRING)
		return a->number == b->number;
	return a->text.p != NULL && b->text.p != NULL &&
	    str_eq(a->text, b->text);
}

/* Literals that can never be the same value. */
static bool
differ(const struct filter_node *a, const struct filter_node *b)
{
	return a->type != ATTR_STRING && a->type == b->type && !is_me(a) &&
	    !is_me(b) && a->is_relative == b->is_relative &&
	    a->number != b->number;
}

static enum truth
negate(enum truth t)
{
	return (enum truth)(TRUE - t);
}

static enum truth
both(enum truth a, enum truth b)
{
	return a < b ? a : b;
}

enum attribute
filter_hidden(const struct filter *f, uint64_t rights)
{
	size_t n;
	const struct filter_node *node = filter_nodes(f, &n);

	for (size_t i = 0; i < n; i++)
		if (node[i].op <= F_PR &&
		    (rights & RIGHT_BIT(attr_info(node[i].attribute)->read)) ==
			0)
			return node[i].attribute;
	return A_COUNT;
}

/* --- one attribute known --------------------------------------------------------- */

bool
filter_is_possible(const struct filter *f, const struct filter_names *names,
    enum attribute attribute, int64_t id)
{
	enum truth stack[FILTER_NODES_MAX * 2];
	size_t n, depth = 0;
	const struct filter_node *node = filter_nodes(f, &n);

	for (size_t i = 0; i < n; i++) {
		enum truth t = UNKNOWN;

		must(depth < COUNT(stack));
		if (node[i].op == F_NOT) {
			t = negate(stack[--depth]);
		} else if (node[i].op == F_AND) {
			depth -= 2;
			t = both(stack[depth], stack[depth + 1]);
		} else if (node[i].op == F_OR) {
			depth -= 2;
			t = negate(both(
			    negate(stack[depth]), negate(stack[depth + 1])));
		} else if (node[i].op == F_ANY_CONTRACT ||
		    node[i].op == F_ALL_CONTRACT) {
			/* Another contract may say something else. */
			depth--;
		} else if (node[i].attribute == attribute) {
			t = node_with(&node[i], names, id);
		}
		stack[depth++] = t;
	}
	return stack[0] != FALSE;
}

static enum truth
node_with(const struct filter_node *node, const struct filter_names *names,
    int64_t id)
{
	int64_t literal = node->number;

	if (node->op == F_PR)
		return id != 0 ? TRUE : FALSE;
	if (node->op != F_EQ && node->op != F_NE)
		return id != 0 ? UNKNOWN : FALSE;
	if (node->type == ATTR_STRING)
		literal = names->find(names->arg, node->attribute, node->text);
	if (literal == 0)
		literal = -1;
	return (literal == id) == (node->op == F_EQ) ? TRUE : FALSE;
}

bool
filter_names_person(
    const struct filter *f, enum attribute attribute, int64_t id)
{
	const struct filter_node *node;
	size_t n;

	node = filter_nodes(f, &n);
	for (size_t i = 0; i < n; i++)
		if (node[i].op <= F_NE && node[i].attribute == attribute &&
		    node[i].number == id)
			return true;
	return false;
}
