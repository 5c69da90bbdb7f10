/* SPDX-License-Identifier: Apache-2.0 */
#include "scim/match.h"

#include <stdlib.h>
#include <string.h>

#include "base/canon.h"

static enum err check_order(struct ctx *, const struct scim_attr *,
    const struct filter_tree *, const struct tree_node *);
static bool compare(struct arena *, const struct tree_node *,
    const struct scim_attr *, const struct value *);
static bool compare_text(struct arena *, const struct tree_node *, bool,
    struct str);
static bool compare_number(struct arena *, const struct tree_node *,
    const struct value *);
static bool holds(enum filter_op, int);
static struct str key_of(struct arena *, bool, struct str);
static struct str truth_of(const struct value *);

enum err
scim_match_check(struct ctx *cx, const struct scim_attr *attr,
    const struct filter_tree *filter)
{
	for (size_t i = 0; i < filter->n; i++) {
		const struct tree_node *node = &filter->node[i];
		const char *name = str_z(cx->arena, node->name);

		if (node->op > F_PR)
			continue;
		if (attr->sub != NULL
			? scim_attr_find(attr->sub, node->name) == NULL
			: !str_eq_nocase(node->name, STR("value")))
			return fail(
			    cx, ERR_BAD_INPUT, MSG_SCIM_PATH, "path", name);
		TRY(check_order(cx, attr, filter, node));
	}
	return OK;
}

/* RFC 7644 section 3.4.2.2: neither of true and false is the greater one. */
static enum err
check_order(struct ctx *cx, const struct scim_attr *attr,
    const struct filter_tree *filter, const struct tree_node *node)
{
	enum err err;

	if (attr->sub != NULL)
		attr = scim_attr_find(attr->sub, node->name);
	if (attr->type != SCIM_BOOLEAN || node->op == F_EQ ||
	    node->op == F_NE || node->op == F_PR)
		return OK;
	err = filter_refuse(
	    cx, filter->text, node->op_at, MSG_FILTER_MISFIT, node->name);
	cx->fault.field = STR("path");
	return err;
}

bool
scim_matches(struct arena *arena, const struct scim_attr *attr,
    const struct filter_tree *filter, const struct value *element)
{
	bool stack[FILTER_NODES_MAX];
	size_t n = 0;

	for (size_t i = 0; i < filter->n; i++) {
		const struct tree_node *node = &filter->node[i];
		const struct value *v = element;
		const struct scim_attr *part = attr;

		switch (node->op) {
		case F_AND:
			n--;
			stack[n - 1] = stack[n - 1] && stack[n];
			continue;
		case F_OR:
			n--;
			stack[n - 1] = stack[n - 1] || stack[n];
			continue;
		case F_NOT:
			stack[n - 1] = !stack[n - 1];
			continue;
		default:
			break;
		}
		if (attr->sub != NULL) {
			v = value_get(element, node->name);
			part = scim_attr_find(attr->sub, node->name);
		}
		stack[n++] = compare(arena, node, part, v);
	}
	return stack[0];
}

struct str
scim_referred(const struct value *element)
{
	struct str id, rest = value_get_text(element, STR("$ref"));

	if (value_get(element, STR("value")) != NULL)
		return STR("");
	do
		id = str_cut(&rest, '/');
	while (rest.p != NULL);
	return id;
}

static bool
compare(struct arena *arena, const struct tree_node *node,
    const struct scim_attr *attr, const struct value *v)
{
	const struct literal *literal = &node->literal;
	bool is_exact = attr != NULL && (attr->flags & SCIM_EXACT) != 0;
	bool is_there = v != NULL && !value_is_empty(v);

	if (node->op == F_PR)
		return is_there;
	if (literal->kind == LIT_NULL)
		return (node->op == F_EQ && !is_there) ||
		    (node->op == F_NE && is_there);
	if (!is_there)
		return node->op == F_NE;
	if (v->type == JS_INT || v->type == JS_REAL)
		return compare_number(arena, node, v);
	return compare_text(arena, node, is_exact, truth_of(v));
}

static bool
compare_text(struct arena *arena, const struct tree_node *node, bool is_exact,
    struct str text)
{
	static const struct str words[] = { [LIT_TRUE] = { "true", 4 },
		[LIT_FALSE] = { "false", 5 } };
	const struct literal *literal = &node->literal;
	struct str want = literal->text, have;

	if (literal->kind == LIT_TRUE || literal->kind == LIT_FALSE)
		want = words[literal->kind];
	else if (literal->kind != LIT_TEXT)
		return node->op == F_NE;
	have = key_of(arena, is_exact, text);
	want = key_of(arena, is_exact, want);
	switch (node->op) {
	case F_CO:
		return want.n == 0 ||
		    memmem(have.p, have.n, want.p, want.n) != NULL;
	case F_SW:
		return str_starts(have, want);
	case F_EW:
		return str_ends(have, want);
	default:
		return holds(node->op, str_cmp(have, want));
	}
}

static bool
compare_number(
    struct arena *arena, const struct tree_node *node, const struct value *v)
{
	double have = v->type == JS_INT ? (double)v->number : v->real;
	double want;

	if (node->literal.kind != LIT_NUMBER)
		return node->op == F_NE;
	want = strtod(str_z(arena, node->literal.text), NULL);
	return holds(node->op, (have > want) - (have < want));
}

static bool
holds(enum filter_op op, int order)
{
	switch (op) {
	case F_EQ:
		return order == 0;
	case F_NE:
		return order != 0;
	case F_GT:
		return order > 0;
	case F_GE:
		return order >= 0;
	case F_LT:
		return order < 0;
	case F_LE:
		return order <= 0;
	default:
		return false;
	}
}

/* What has no canonical form is compared as it is. */
static struct str
key_of(struct arena *arena, bool is_exact, struct str text)
{
	struct str key;

	return !is_exact && canon_key(arena, text, &key) ? key : text;
}

static struct str
truth_of(const struct value *v)
{
	if (v->type == JS_BOOL)
		return v->is_true ? STR("true") : STR("false");
	return v->text;
}
