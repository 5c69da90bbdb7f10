/* SPDX-License-Identifier: Apache-2.0 */
#include "core/filter.h"

#include <string.h>

#include "base/canon.h"
#include "base/clock.h"
#include "base/id.h"

#include "core/extension.h"
#include "core/filter_int.h"
#include "core/filter_tree.h"
#include "core/person.h"

/* The tree on its way into a program. */
struct compiler {
	struct ctx		 *cx;
	const struct filter_tree *tree;
	bool			  allow_personal;
	struct filter_node	 *node;
	size_t			  n, cap;
	size_t			  at;	/* in the tree */
	size_t			  start[FILTER_NODES_MAX]; /* where the nodes of a tree's node begin */
};

/* A comparison, and what its name means. */
struct comparison {
	const struct tree_node *node;
	struct str		name;
	enum attribute		a;
	enum filter_op		op;
};

#define KIND_ANY (KIND_TEXT | KIND_DATE | KIND_BOOL | KIND_STATE | KIND_PERSON)

/* What each operator may be asked of. */
static const unsigned kinds[] = {
	[F_EQ] = KIND_ANY,
	[F_NE] = KIND_ANY,
	[F_CO] = KIND_TEXT,
	[F_SW] = KIND_TEXT,
	[F_EW] = KIND_TEXT,
	[F_GT] = KIND_TEXT | KIND_DATE,
	[F_GE] = KIND_TEXT | KIND_DATE,
	[F_LT] = KIND_TEXT | KIND_DATE,
	[F_LE] = KIND_TEXT | KIND_DATE,
	[F_PR] = KIND_ANY,
};

/* RFC 7643 section 4: schemas whose attributes stand in our one table. */
static const char *const urns[] = {
	"urn:ietf:params:scim:schemas:core:2.0:User:",
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:",
	"urn:ietf:params:scim:schemas:extension:usher:2.0:User:",
};

/* RFC 7644 section 3.4.2.2: a complex attribute stands for its value. */
static const struct {
	const char    *name;
	enum attribute a;
} aliases[] = {
	{ "emails", A_EMAIL_VALUE },
	{ "phoneNumbers", A_PHONE_VALUE },
	{ "manager.value", A_MANAGER },
};

/* What a contract says by itself; the rest is said of the person. */
static const enum attribute of_contract[] = { A_SITE, A_DEPARTMENT, A_TITLE,
	A_COST_CENTER, A_DIVISION, A_ORGANIZATION, A_MANAGER, A_START, A_END,
	A_SOURCE };

static enum err refuse_elements(struct compiler *);
static bool is_inside(const struct filter_tree *, size_t);
static enum err compile_element(struct compiler *, const struct tree_node *);
static bool describes(const struct tree_node *, struct filter_element *);
static enum err compile(struct compiler *, const struct tree_node *);
static enum err compile_comparison(struct compiler *,
    const struct tree_node *);
static enum attribute attribute_of(const struct compiler *, struct str);
static enum attribute attribute_named(struct str);
static bool has_index(const struct attr_info *, enum filter_op);
static bool is_declared(const struct comparison *);
static enum err compare_declared(struct compiler *,
    const struct comparison *);
static enum err check_attribute(struct compiler *, const struct comparison *);
static enum err compare(struct compiler *, const struct comparison *);
static enum err compare_null(struct compiler *, const struct comparison *);
static enum err compare_text(struct compiler *, const struct comparison *);
static enum err compare_date(struct compiler *, const struct comparison *);
static enum err compare_bool(struct compiler *, const struct comparison *);
static enum err compare_state(struct compiler *, const struct comparison *);
static int64_t state_named(enum attribute, struct str);
static enum err compare_person(struct compiler *, const struct comparison *);
static enum err push(struct compiler *, struct filter_node);
static enum err refuse_name(struct compiler *, const struct comparison *,
    enum msg);
static enum err refuse_value(struct compiler *, const struct comparison *,
    enum msg);

enum err
filter_compile(struct ctx *cx, struct str text, enum filter_dialect dialect,
    bool allow_personal, struct filter **out)
{
	struct compiler *c = arena_alloc(cx->arena, sizeof(*c));
	struct filter_tree tree;

	TRY(filter_tree_parse(cx, text, dialect, &tree));
	*c = (struct compiler) {
		.cx = cx, .tree = &tree, .allow_personal = allow_personal
	};
	/* One for each of the tree's, but for null: not present. */
	c->cap = 2 * tree.n;
	if (c->cap > FILTER_NODES_MAX)
		c->cap = FILTER_NODES_MAX;
	c->node = arena_array(cx->arena, c->cap, sizeof(*c->node));
	TRY(refuse_elements(c));
	for (c->at = 0; c->at < tree.n; c->at++) {
		c->start[c->at] = c->n;
		if (!is_inside(&tree, c->at))
			TRY(compile(c, &tree.node[c->at]));
	}
	*out = filter_make(cx->arena, text, c->node, c->n);
	return OK;
}

/* What has several elements is sealed; of addresses an index knows who has one. */
static enum err
refuse_elements(struct compiler *c)
{
	const struct str list = STR("emails");

	for (size_t i = 0; i < c->tree->n; i++) {
		struct comparison cmp = { .node = &c->tree->node[i] };

		if (cmp.node->op != F_ELEMENT)
			continue;
		cmp.name = cmp.node->name;
		cmp.a = attribute_named(cmp.name);
		if (cmp.a == A_COUNT)
			return refuse_name(c, &cmp, MSG_FILTER_UNKNOWN);
		if (cmp.a == A_EMAIL_VALUE && c->allow_personal &&
		    str_eq_nocase(
			str_sub(cmp.name, cmp.name.n - list.n, list.n), list))
			continue;
		return refuse_name(c, &cmp,
		    attr_info(cmp.a)->class == ATTR_PERSONAL
			? MSG_FILTER_SEALED
			: MSG_FILTER_VALUE_PATH);
	}
	return OK;
}

/* Whether the node AT is part of what stands in brackets. */
static bool
is_inside(const struct filter_tree *tree, size_t at)
{
	for (size_t i = at + 1; i < tree->n; i++)
		if (tree->node[i].op == F_ELEMENT &&
		    i - tree->node[i].nodes <= at)
			return true;
	return false;
}

/* An address of one value, of which the brackets may say the type, and that it is primary. */
static enum err
compile_element(struct compiler *c, const struct tree_node *element)
{
	const struct comparison whole = { element, element->name, A_EMAIL_VALUE,
		F_EQ };
	struct comparison value = whole;
	struct filter_element *what =
	    arena_alloc(c->cx->arena, sizeof(*what));
	size_t values = 0;

	for (uint32_t i = element->nodes; i > 0; i--) {
		const struct tree_node *node = element - i;

		if (node->op == F_EQ &&
		    str_eq_nocase(node->name, STR("value"))) {
			value.node = node;
			values++;
		} else if (node->op != F_AND && !describes(node, what)) {
			return refuse_name(c, &whole, MSG_FILTER_SEALED);
		}
	}
	if (values != 1)
		return refuse_name(c, &whole, MSG_FILTER_SEALED);
	TRY(compare(c, &value));
	c->node[c->n - 1].element = what;
	return OK;
}

/* Once each: `type eq "work"`, `primary eq true`. */
static bool
describes(const struct tree_node *node, struct filter_element *what)
{
	const struct literal *literal = &node->literal;

	if (node->op != F_EQ)
		return false;
	if (str_eq_nocase(node->name, STR("type")) && what->type.n == 0) {
		what->type = literal->text;
		return literal->kind == LIT_TEXT && literal->text.n > 0;
	}
	what->is_primary = literal->kind == LIT_TRUE ||
	    (literal->kind == LIT_TEXT &&
		str_eq_nocase(literal->text, STR("true")));
	return str_eq_nocase(node->name, STR("primary")) && what->is_primary;
}

static enum err
compile(struct compiler *c, const struct tree_node *node)
{
	uint32_t operand = 0;

	if (node->op <= F_PR)
		return compile_comparison(c, node);
	if (node->op == F_ELEMENT)
		return compile_element(c, node);
	/* A node of the tree may have become two. */
	if (node->nodes > 0)
		operand = (uint32_t)(c->n - c->start[c->at - node->nodes]);
	return push(
	    c, (struct filter_node) { .op = node->op, .nodes = operand });
}

static enum err
compile_comparison(struct compiler *c, const struct tree_node *node)
{
	const struct comparison cmp = { node, node->name,
		attribute_of(c, node->name), node->op };

	if (cmp.a == A_COUNT)
		return refuse_name(c, &cmp, MSG_FILTER_UNKNOWN);
	TRY(check_attribute(c, &cmp));
	if (cmp.op == F_PR)
		return push(
		    c, (struct filter_node) { .op = F_PR, .attribute = cmp.a });
	return compare(c, &cmp);
}

/*
 * Any other URN may be a schema's that the catalogue declares; whether it is,
 * and can be asked for, says whoever has the catalogue.
 */
static enum attribute
attribute_of(const struct compiler *c, struct str name)
{
	enum attribute a = attribute_named(name);

	if (a != A_COUNT || !c->allow_personal || !extension_is_path(name))
		return a;
	for (size_t i = 0; i < COUNT(urns); i++)
		if (str_eq_nocase(str_sub(name, 0, strlen(urns[i])),
			str_of(urns[i])))
			return A_COUNT;
	return A_EXTENSIONS;
}

static enum attribute
attribute_named(struct str name)
{
	for (size_t i = 0; i < COUNT(urns); i++) {
		struct str urn = str_of(urns[i]);

		if (str_eq_nocase(str_sub(name, 0, urn.n), urn)) {
			name = str_sub(name, urn.n, name.n);
			break;
		}
	}
	for (size_t i = 0; i < COUNT(aliases); i++)
		if (str_eq_nocase(name, str_of(aliases[i].name)))
			return aliases[i].a;
	return attr_find(name);
}

/*
 * Sealed attributes have no order and no parts that could be looked at: only
 * "is it exactly this" can be asked, and only where a unique index answers.
 */
static enum err
check_attribute(struct compiler *c, const struct comparison *cmp)
{
	const struct attr_info *info = attr_info(cmp->a);

	if (info->class == ATTR_ORG && !(kinds[cmp->op] & filter_kind(cmp->a)))
		return filter_refuse(c->cx, c->tree->text, cmp->node->op_at,
		    MSG_FILTER_MISFIT, cmp->name);
	if (info->class == ATTR_PERSONAL &&
	    (!c->allow_personal || cmp->node->in_contract ||
		!(has_index(info, cmp->op) ||
		    (cmp->op == F_EQ && is_declared(cmp)))))
		return refuse_name(c, cmp, MSG_FILTER_SEALED);
	if (!cmp->node->in_contract)
		return OK;
	for (size_t i = 0; i < COUNT(of_contract); i++)
		if (of_contract[i] == cmp->a)
			return OK;
	return refuse_name(c, cmp, MSG_FILTER_NOT_CONTRACT);
}

/* By its whole value, or by how a name begins. */
static bool
has_index(const struct attr_info *info, enum filter_op op)
{
	return (op == F_EQ &&
		   (info->flags & (ATTR_UNIQUE | ATTR_SEARCH)) != 0) ||
	    (op == F_SW && (info->flags & ATTR_SEARCH) != 0);
}

static enum err
compare(struct compiler *c, const struct comparison *cmp)
{
	const struct literal *literal = &cmp->node->literal;

	if (is_declared(cmp))
		return compare_declared(c, cmp);
	if (literal->kind == LIT_NUMBER)
		return filter_refuse(c->cx, c->tree->text, cmp->node->value_at,
		    MSG_FILTER_VALUE, literal->text);
	if (attr_info(cmp->a)->class == ATTR_PERSONAL)
		return compare_text(c, cmp);
	if (literal->kind == LIT_NULL)
		return compare_null(c, cmp);
	switch (filter_kind(cmp->a)) {
	case KIND_DATE:
		return compare_date(c, cmp);
	case KIND_BOOL:
		return compare_bool(c, cmp);
	case KIND_STATE:
		return compare_state(c, cmp);
	case KIND_PERSON:
		return compare_person(c, cmp);
	case KIND_TEXT:
		break;
	}
	return compare_text(c, cmp);
}

/* "extensions" itself is nothing that could be compared. */
static bool
is_declared(const struct comparison *cmp)
{
	return cmp->a == A_EXTENSIONS && extension_is_path(cmp->name);
}

static enum err
compare_declared(struct compiler *c, const struct comparison *cmp)
{
	const struct literal *literal = &cmp->node->literal;

	if (literal->kind != LIT_TEXT && literal->kind != LIT_NUMBER)
		return refuse_name(c, cmp, MSG_FILTER_SEALED);
	return push(c,
	    (struct filter_node) { .op = cmp->op,
		.attribute = cmp->a,
		.type = ATTR_STRING,
		.text = str_fmt(c->cx->arena, "%.*s\n%.*s",
		    STR_ARG(cmp->name), STR_ARG(literal->text)) });
}

/* RFC 7643 section 2.5: null is being absent. */
static enum err
compare_null(struct compiler *c, const struct comparison *cmp)
{
	if (cmp->op != F_EQ && cmp->op != F_NE)
		return filter_refuse(c->cx, c->tree->text, cmp->node->op_at,
		    MSG_FILTER_NULL, cmp->node->op_name);
	TRY(push(c, (struct filter_node) { .op = F_PR, .attribute = cmp->a }));
	if (cmp->op == F_NE)
		return OK;
	return push(c, (struct filter_node) { .op = F_NOT });
}

static enum err
compare_text(struct compiler *c, const struct comparison *cmp)
{
	const struct literal *literal = &cmp->node->literal;
	struct str key;

	if (literal->kind != LIT_TEXT)
		return refuse_value(c, cmp, MSG_FILTER_NOT_TEXT);
	if (!canon_key(c->cx->arena, literal->text, &key))
		return refuse_value(c, cmp, MSG_FILTER_NO_NAME);
	return push(c,
	    (struct filter_node) { .op = cmp->op,
		.attribute = cmp->a,
		.type = ATTR_STRING,
		.text = literal->text });
}

static enum err
compare_date(struct compiler *c, const struct comparison *cmp)
{
	const struct literal *literal = &cmp->node->literal;
	struct filter_node node = { .op = cmp->op, .attribute = cmp->a,
		.type = ATTR_DATE };
	int32_t day;

	node.is_relative = literal->kind == LIT_DAYS;
	if (node.is_relative)
		node.number = literal->days + DAY_BIAS;
	else if (literal->kind == LIT_TEXT && date_parse(literal->text, &day))
		node.number = day + DAY_BIAS;
	else
		return refuse_value(c, cmp, MSG_FILTER_NOT_DATE);
	return push(c, node);
}

static enum err
compare_bool(struct compiler *c, const struct comparison *cmp)
{
	enum literal_kind kind = cmp->node->literal.kind;

	if (kind != LIT_TRUE && kind != LIT_FALSE)
		return refuse_value(c, cmp, MSG_FILTER_NOT_BOOL);
	return push(c,
	    (struct filter_node) { .op = cmp->op,
		.attribute = cmp->a,
		.type = ATTR_BOOL,
		.number = kind == LIT_TRUE });
}

static enum err
compare_state(struct compiler *c, const struct comparison *cmp)
{
	const struct literal *literal = &cmp->node->literal;
	int64_t state = 0;

	if (literal->kind == LIT_TEXT)
		state = state_named(cmp->a, literal->text);
	if (state == 0)
		return refuse_value(c, cmp,
		    cmp->a == A_LIFECYCLE ? MSG_FILTER_LIFECYCLE
					  : MSG_FILTER_CERTIFICATION);
	return push(c,
	    (struct filter_node) { .op = cmp->op,
		.attribute = cmp->a,
		.type = ATTR_INT,
		.text = literal->text,
		.number = state });
}

static int64_t
state_named(enum attribute a, struct str name)
{
	if (a == A_LIFECYCLE) {
		for (int i = LIFE_PENDING; i <= LIFE_DELETED; i++)
			if (str_eq_nocase(name,
				str_of(lifecycle_name((enum lifecycle)i))))
				return i;
		return 0;
	}
	for (int i = CERT_CERTIFIED; i <= CERT_DENIED; i++)
		if (str_eq_nocase(name,
			str_of(certification_name((enum certification)i))))
			return i;
	return 0;
}

static enum err
compare_person(struct compiler *c, const struct comparison *cmp)
{
	const struct literal *literal = &cmp->node->literal;
	struct filter_node node = { .op = cmp->op, .attribute = cmp->a,
		.type = ATTR_INT, .text = literal->text, .number = FILTER_ME };

	if (literal->kind != LIT_ME &&
	    (literal->kind != LIT_TEXT ||
		!id_decode(literal->text, &node.number)))
		return refuse_value(c, cmp, MSG_FILTER_NOT_PERSON);
	return push(c, node);
}

static enum err
push(struct compiler *c, struct filter_node node)
{
	if (c->n == FILTER_NODES_MAX)
		return filter_refuse(c->cx, c->tree->text,
		    c->tree->node[c->at].name_at, MSG_FILTER_NODES, STR(""));
	must(c->n < c->cap);
	c->node[c->n++] = node;
	return OK;
}

static enum err
refuse_name(struct compiler *c, const struct comparison *cmp, enum msg msg)
{
	return filter_refuse(
	    c->cx, c->tree->text, cmp->node->name_at, msg, cmp->name);
}

static enum err
refuse_value(struct compiler *c, const struct comparison *cmp, enum msg msg)
{
	return filter_refuse(
	    c->cx, c->tree->text, cmp->node->value_at, msg, cmp->name);
}
