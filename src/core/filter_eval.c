/* SPDX-License-Identifier: Apache-2.0 */
#include "core/filter.h"

#include <string.h>

#include "base/canon.h"

#include "core/filter_int.h"

/* Room for two canonical names and what making them takes. */
#define SCRATCH_MAX 262144

/* What a step does; it pushes one truth unless it is AND, OR or NOT. */
enum step_op {
	S_FALSE,
	S_TRUE,
	S_EQ,
	S_NE,
	S_GT,
	S_GE,
	S_LT,
	S_LE,
	S_PR,
	S_NAME_EQ,	/* not bound: the name is looked up each time */
	S_NAME_NE,
	S_TEXT_CO,	/* the text of the value is fetched */
	S_TEXT_SW,
	S_TEXT_EW,
	S_TEXT_GT,
	S_TEXT_GE,
	S_TEXT_LT,
	S_TEXT_LE,
	S_AND,
	S_OR,
	S_NOT,
	S_ANY,		/* the next SKIP steps, for each contract */
	S_ALL
};

struct step {
	enum step_op   op;
	uint32_t       fact;		/* index into struct facts */
	uint32_t       skip;
	enum attribute attribute;
	int64_t	       number;
	int64_t	       today_mask;	/* all ones: the day of today is added */
	struct str     text;		/* a name, canonical for S_TEXT_… */
};

struct filter {
	struct str	    text;
	struct filter_node *node;
	size_t		    n;
	struct step	   *step;	/* as many */
};

/* Truths wait on a stack that is one machine word: two for each level, and the last. */
_Static_assert(FILTER_DEPTH_MAX * 2 + 3 <= 64, "the stack of truths");

/* By enum filter_op: for numbers, for names not bound yet or fetched. */
static const struct {
	enum step_op number, text;
} step_ops[] = {
	[F_EQ] = { S_EQ, S_NAME_EQ },
	[F_NE] = { S_NE, S_NAME_NE },
	[F_CO] = { S_FALSE, S_TEXT_CO },
	[F_SW] = { S_FALSE, S_TEXT_SW },
	[F_EW] = { S_FALSE, S_TEXT_EW },
	[F_GT] = { S_GT, S_TEXT_GT },
	[F_GE] = { S_GE, S_TEXT_GE },
	[F_LT] = { S_LT, S_TEXT_LT },
	[F_LE] = { S_LE, S_TEXT_LE },
	[F_PR] = { S_PR, S_PR },
	[F_AND] = { S_AND, S_AND },
	[F_OR] = { S_OR, S_OR },
	[F_NOT] = { S_NOT, S_NOT },
};

static void add_step(struct arena *, const struct filter_node *,
    struct step *);
static struct step step_of(struct arena *, const struct filter_node *);
static bool run(const struct step *, const struct step *,
    const struct facts *, const struct filter_names *,
    const struct filter_subject *);
static bool over_contracts(const struct step *, const struct filter_names *,
    const struct filter_subject *);
static bool name_is(const struct step *, int64_t,
    const struct filter_names *);
static bool text_holds(const struct step *, int64_t,
    const struct filter_names *);
static bool compare_texts(enum step_op, struct str, struct str);

enum filter_kind
filter_kind(enum attribute a)
{
	if (a == A_LIFECYCLE || a == A_CERTIFICATION)
		return KIND_STATE;
	if (a == A_MANAGER || a == A_ID)
		return KIND_PERSON;
	if (attr_info(a)->type == ATTR_BOOL)
		return KIND_BOOL;
	return attr_info(a)->type == ATTR_DATE ? KIND_DATE : KIND_TEXT;
}

struct filter *
filter_make(
    struct arena *arena, struct str text, struct filter_node *node, size_t n)
{
	struct filter *f = arena_alloc(arena, sizeof(*f));

	f->text = str_copy(arena, text);
	f->node = node;
	f->n = n;
	f->step = arena_array(arena, n, sizeof(*f->step));
	for (size_t i = 0; i < n; i++)
		add_step(arena, &node[i], &f->step[i]);
	return f;
}

/* Each node is one step; any and all, which do not nest, move in front of their operand. */
static void
add_step(struct arena *arena, const struct filter_node *node, struct step *end)
{
	struct step *first = end - node->nodes;

	if (node->op != F_ANY_CONTRACT && node->op != F_ALL_CONTRACT) {
		*end = step_of(arena, node);
		return;
	}
	memmove(first + 1, first, node->nodes * sizeof(*first));
	*first = (struct step) {
		.op = node->op == F_ANY_CONTRACT ? S_ANY : S_ALL,
		.skip = node->nodes,
	};
}

static struct step
step_of(struct arena *arena, const struct filter_node *node)
{
	struct step step = { .attribute = node->attribute,
		.number = node->number };
	bool is_name;

	if (node->op == F_AND || node->op == F_OR || node->op == F_NOT) {
		step.op = step_ops[node->op].number;
		return step;
	}
	if (attr_info(node->attribute)->class == ATTR_PERSONAL)
		return (struct step) { .op = S_FALSE };
	if (node->op == F_PR && filter_kind(node->attribute) == KIND_BOOL)
		return (struct step) { .op = S_TRUE };
	is_name = node->type == ATTR_STRING;
	step.op = is_name ? step_ops[node->op].text : step_ops[node->op].number;
	step.fact = (uint32_t)node->attribute - A_ORG_FIRST;
	step.today_mask = node->is_relative ? -1 : 0;
	step.text = node->text;
	/* The parser has made this key before. */
	if (step.op >= S_TEXT_CO && step.op <= S_TEXT_LE)
		must(canon_key(arena, node->text, &step.text));
	return step;
}

struct filter *
filter_bind(struct arena *arena, const struct filter *f,
    const struct filter_names *names)
{
	struct filter_node *node = arena_array(arena, f->n, sizeof(*node));

	for (size_t i = 0; i < f->n; i++) {
		node[i] = f->node[i];
		node[i].text = str_copy(arena, f->node[i].text);
		if (node[i].type != ATTR_STRING ||
		    (node[i].op != F_EQ && node[i].op != F_NE) ||
		    attr_info(node[i].attribute)->class == ATTR_PERSONAL)
			continue;
		node[i].type = ATTR_INT;
		node[i].number =
		    names->find(names->arg, node[i].attribute, node[i].text);
		if (node[i].number == 0)
			node[i].number = -1;
	}
	return filter_make(arena, f->text, node, f->n);
}

bool
filter_match(const struct filter *f, const struct filter_names *names,
    const struct filter_subject *subject)
{
	return run(f->step, f->step + f->n, subject->facts, names, subject);
}

static bool
run(const struct step *step, const struct step *end, const struct facts *facts,
    const struct filter_names *names, const struct filter_subject *subject)
{
	uint64_t stack = 0;

	for (; step < end; step++) {
		int64_t v = facts->v[step->fact];
		int64_t number =
		    step->number + (subject->today & step->today_mask);
		bool truth = false;

		switch (step->op) {
		case S_AND:
			stack = stack >> 1 & (~UINT64_C(1) | (stack & 1));
			continue;
		case S_OR:
			stack = stack >> 1 | (stack & 1);
			continue;
		case S_NOT:
			stack ^= 1;
			continue;
		case S_FALSE:
			break;
		case S_TRUE:
			truth = true;
			break;
		case S_EQ:
			truth = v == number;
			break;
		case S_NE:
			truth = v != number;
			break;
		case S_GT:
			truth = v != 0 && v > number;
			break;
		case S_GE:
			truth = v != 0 && v >= number;
			break;
		case S_LT:
			truth = v != 0 && v < number;
			break;
		case S_LE:
			truth = v != 0 && v <= number;
			break;
		case S_PR:
			truth = v != 0;
			break;
		case S_NAME_EQ:
			truth = name_is(step, v, names);
			break;
		case S_NAME_NE:
			truth = !name_is(step, v, names);
			break;
		case S_ANY:
		case S_ALL:
			truth = over_contracts(step, names, subject);
			step += step->skip;
			break;
		default:
			truth = text_holds(step, v, names);
		}
		stack = stack << 1 | truth;
	}
	return stack & 1;
}

static bool
over_contracts(const struct step *step, const struct filter_names *names,
    const struct filter_subject *subject)
{
	const struct step *first = step + 1, *end = first + step->skip;
	bool is_any = step->op == S_ANY;

	for (size_t i = 0; i < subject->ncontract; i++)
		if (run(first, end, &subject->contract[i], names, subject) ==
		    is_any)
			return is_any;
	return !is_any;
}

static bool
name_is(const struct step *step, int64_t v, const struct filter_names *names)
{
	return v != 0 && names != NULL &&
	    names->find(names->arg, step->attribute, step->text) == v;
}

static bool
text_holds(const struct step *step, int64_t v, const struct filter_names *names)
{
	struct arena *scratch;
	struct str text, key;
	bool holds;

	if (v == 0 || names == NULL)
		return false;
	text = names->text(names->arg, step->attribute, v);
	scratch = arena_open(SCRATCH_MAX);
	holds = canon_key(scratch, text, &key) &&
	    compare_texts(step->op, key, step->text);
	arena_close(scratch);
	return holds;
}

static bool
compare_texts(enum step_op op, struct str text, struct str literal)
{
	int order = str_cmp(text, literal);

	switch (op) {
	case S_TEXT_CO:
		return literal.n == 0 ||
		    memmem(text.p, text.n, literal.p, literal.n) != NULL;
	case S_TEXT_SW:
		return str_starts(text, literal);
	case S_TEXT_EW:
		return str_ends(text, literal);
	case S_TEXT_GT:
		return order > 0;
	case S_TEXT_GE:
		return order >= 0;
	case S_TEXT_LT:
		return order < 0;
	default:
		return order <= 0;
	}
}

const struct filter_node *
filter_nodes(const struct filter *f, size_t *n)
{
	*n = f->n;
	return f->node;
}

struct str
filter_text(const struct filter *f)
{
	return f->text;
}
