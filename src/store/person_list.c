/* SPDX-License-Identifier: Apache-2.0 */
/*
 * person_list.c - filters as SQL: the only place where a condition becomes
 * text.  Everything that came from outside is a bound parameter.
 *
 * What is true of a person here is what filter_match() says of it: 0 is
 * absent, and absent is neither before nor after anything.
 */
#include <stdlib.h>
#include <string.h>

#include "base/canon.h"

#include "core/filter.h"

#include "store/store_int.h"

/* Where an attribute stands in a person p and in a contract c. */
static const struct place {
	const char *person, *contract;
	const char *ids;	/* every id it may have, whose text is asked for by co, sw, gt … */
} places[FACT_COUNT] = {
#define P(name) [A_##name - A_ORG_FIRST]
#define WORDS	"SELECT id FROM dictionary WHERE tenant = $1"
/* The person has them from its contracts. */
#define OF_CONTRACTS(column) "SELECT DISTINCT " column " FROM contract WHERE tenant = $1"
	P(SITE) = { "p.site", "c.site", OF_CONTRACTS("site") },
	P(DEPARTMENT) = { "p.department", "c.department", WORDS },
	P(TITLE) = { "p.title", "c.title", WORDS },
	P(COST_CENTER) = { "p.cost_center", "c.cost_center", WORDS },
	P(DIVISION) = { "p.division", "c.division", WORDS },
	P(ORGANIZATION) = { "p.organization", "c.organization", OF_CONTRACTS("organization") },
	P(COUNTRY) = { "p.country", "0", WORDS },
	P(LANGUAGE) = { "p.language", "0", WORDS },
	P(USER_TYPE) = { "p.user_type", "0", WORDS },
	P(MANAGER) = { "p.manager", "c.manager", NULL },
	P(START) = { "p.start_day", "c.start_day", NULL },
	P(END) = { "p.end_day", "c.end_day", NULL },
	P(SOURCE) = { "p.source", "c.source", "SELECT id FROM source WHERE tenant = $1" },
	P(LIFECYCLE) = { "p.lifecycle", "0", NULL },
	P(CERTIFICATION) = { "p.certification", "0", NULL },
	P(ACTIVE) = { "CASE WHEN p.lifecycle = 2 AND p.blocks = 0 THEN 1 ELSE 0 END", "0", NULL },
	P(ID) = { "p.id", "c.person", NULL },
#undef P
#undef WORDS
#undef OF_CONTRACTS
};
_Static_assert(LIFE_ACTIVE == 2, "the text of ACTIVE");

/* By enum filter_op; an absent value is 0 and has no order. */
static const struct comparison {
	const char *sign;
	bool	    has_order;
} comparisons[] = {
	[F_EQ] = { "=", false },
	[F_NE] = { "<>", false },
	[F_GT] = { ">", true },
	[F_GE] = { ">=", true },
	[F_LT] = { "<", true },
	[F_LE] = { "<=", true },
};

/* A condition being written: fragments wait on a stack until their operator comes. */
struct writer {
	struct tx		  *tx;
	const struct person_query *q;
	struct arg		   arg[ARGS_MAX];
	size_t			   narg;
	struct str		   stack[FILTER_NODES_MAX];
	size_t			   depth;
};

static struct writer *writer_open(struct tx *, const struct person_query *);
static enum err conditions(struct writer *, struct buf *);
static void of_source(struct writer *, struct buf *);
static enum err condition(struct writer *, const struct filter *, struct buf *);
static enum err write_node(struct writer *, const struct filter_node *, bool);
static enum err compare(struct writer *, const struct filter_node *, bool,
    struct str *);
static int64_t literal(const struct writer *, const struct filter_node *);
static enum err compare_text(struct writer *, const struct filter_node *,
    const struct place *, const char *, struct str *);
static size_t add_arg(struct writer *, struct arg);
static enum err text_ids(struct writer *, const struct filter_node *,
    const char *, struct arg *);
static bool text_holds(const struct filter_node *, struct str, struct str);
static int by_id(const void *, const void *);

enum err
person_list(struct tx *tx, const struct person_query *q, struct rows *persons)
{
	struct writer *w = writer_open(tx, q);
	struct query query = { .into = &PERSON, .arg = w->arg };
	struct buf b;

	buf_init(&b, tx->cx->arena, SQL_MAX);
	buf_z(&b, "SELECT ");
	sql_columns(&b, &PERSON, "p.");
	/* With + no index is taken for it: whom a word leads to are few, and go first. */
	buf_fmt(&b, " FROM person p WHERE p.tenant = $1 AND %sp.id %s $%zu",
	    q->word != NULL ? "+" : "", q->is_descending ? "<" : ">",
	    add_arg(w,
		ARG_OF_INT(
		    q->is_descending && q->after == 0 ? INT64_MAX : q->after)));
	TRY(conditions(w, &b));
	buf_fmt(&b, " ORDER BY p.id%s LIMIT $%zu",
	    q->is_descending ? " DESC" : "",
	    add_arg(w, ARG_OF_INT((int64_t)q->limit)));
	if (q->skip > 0)
		buf_fmt(&b, " OFFSET $%zu", add_arg(w, ARG_OF_INT(q->skip)));
	query.text = sql_end(&b);
	query.narg = w->narg;
	return store_query(tx, &query, persons);
}

enum err
person_count(struct tx *tx, const struct person_query *q, int64_t *n)
{
	struct writer *w = writer_open(tx, q);
	struct query query = { .into = &NUMBER, .arg = w->arg };
	struct rows rows;
	struct buf b;

	buf_init(&b, tx->cx->arena, SQL_MAX);
	buf_z(&b, "SELECT count(*) FROM person p WHERE p.tenant = $1");
	TRY(conditions(w, &b));
	query.text = sql_end(&b);
	query.narg = w->narg;
	TRY(store_query(tx, &query, &rows));
	*n = ((const struct number *)rows.row)->n;
	return OK;
}

static enum err
conditions(struct writer *w, struct buf *b)
{
	of_source(w, b);
	if (w->q->word != NULL)
		sql_has_word(b, "p.id",
		    add_arg(w, ARG_OF_INT(CANON_VERSION)),
		    add_arg(w, ARG_OF_INT(index_word(w->q->word))));
	TRY(condition(w, w->q->filter, b));
	return condition(w, w->q->scope, b);
}

static void
of_source(struct writer *w, struct buf *b)
{
	if (w->q->source != 0)
		buf_fmt(b, " AND p.source = $%zu",
		    add_arg(w, ARG_OF_INT(w->q->source)));
	if (w->q->is_present)
		buf_fmt(b, " AND p.lifecycle < $%zu",
		    add_arg(w, ARG_OF_INT(LIFE_LEFT)));
}

enum err
person_in_scope(struct tx *tx, const struct person_query *q, const int64_t *ids,
    size_t n, bool *in)
{
	struct writer *w = writer_open(tx, q);
	struct query query = { .into = &NUMBER, .arg = w->arg };
	struct rows found;
	struct buf b;
	size_t list =
	    add_arg(w, (struct arg) { .kind = ARG_LIST, .list = ids, .n = n });

	buf_init(&b, tx->cx->arena, SQL_MAX);
	buf_z(&b, "SELECT p.id FROM person p WHERE p.tenant = $1 AND p.id ");
	sql_in(&b, tx, list);
	of_source(w, &b);
	TRY(condition(w, q->scope, &b));
	buf_z(&b, " ORDER BY p.id");
	query.text = sql_end(&b);
	query.narg = w->narg;
	TRY(store_query(tx, &query, &found));
	for (size_t i = 0; i < n; i++)
		in[i] = found.n > 0 &&
		    bsearch(&ids[i], found.row, found.n, sizeof(struct number),
			by_id) != NULL;
	return OK;
}

enum err
groups_in_scope(struct tx *tx, const struct person_query *q, int64_t group,
    struct rows *groups)
{
	struct writer *w = writer_open(tx, q);
	struct query query = { .into = &NUMBER, .arg = w->arg };
	struct buf b;

	buf_init(&b, tx->cx->arena, SQL_MAX);
	/* Of one group its people are gone through, of all groups those in scope. */
	if (group != 0)
		buf_fmt(&b,
		    "SELECT m.in_group FROM member m WHERE m.tenant = $1"
		    " AND m.in_group = $%zu AND EXISTS (SELECT 1 FROM person p"
		    " WHERE p.tenant = $1 AND p.id = m.person",
		    add_arg(w, ARG_OF_INT(group)));
	else
		buf_z(&b,
		    "SELECT DISTINCT m.in_group FROM member_of m"
		    " WHERE m.tenant = $1 AND m.person IN"
		    " (SELECT p.id FROM person p WHERE p.tenant = $1");
	TRY(condition(w, q->scope, &b));
	buf_z(&b, group != 0 ? ") LIMIT 1" : ") ORDER BY m.in_group");
	query.text = sql_end(&b);
	query.narg = w->narg;
	return store_query(tx, &query, groups);
}

static int
by_id(const void *id, const void *number)
{
	int64_t a = *(const int64_t *)id;
	int64_t b = ((const struct number *)number)->n;

	return (a > b) - (a < b);
}

static struct writer *
writer_open(struct tx *tx, const struct person_query *q)
{
	struct writer *w = arena_alloc(tx->cx->arena, sizeof(*w));

	w->tx = tx;
	w->q = q;
	must(add_arg(w, ARG_OF_INT(q->tenant)) == 1);
	return w;
}

/* Appends " AND (…)"; nothing for no filter. */
static enum err
condition(struct writer *w, const struct filter *f, struct buf *b)
{
	bool is_contract[FILTER_NODES_MAX] = { false };
	const struct filter_node *node;
	size_t n;

	if (f == NULL)
		return OK;
	node = filter_nodes(f, &n);
	must(n > 0 && n <= FILTER_NODES_MAX);
	for (size_t i = 0; i < n; i++)
		if (node[i].op == F_ANY_CONTRACT ||
		    node[i].op == F_ALL_CONTRACT)
			memset(is_contract + i - node[i].nodes, true,
			    node[i].nodes);
	w->depth = 0;
	for (size_t i = 0; i < n; i++)
		TRY(write_node(w, &node[i], is_contract[i]));
	must(w->depth == 1);
	buf_fmt(b, " AND (%.*s)", STR_ARG(w->stack[0]));
	return OK;
}

static enum err
write_node(struct writer *w, const struct filter_node *node, bool is_contract)
{
	static const char of_person[] =
	    "EXISTS (SELECT 1 FROM contract c"
	    " WHERE c.tenant = p.tenant AND c.person = p.id";
	struct arena *arena = w->tx->cx->arena;
	struct str *end = w->stack + w->depth;

	switch (node->op) {
	case F_AND:
	case F_OR:
		end[-2] = str_fmt(arena, "(%.*s %s %.*s)", STR_ARG(end[-2]),
		    node->op == F_AND ? "AND" : "OR", STR_ARG(end[-1]));
		w->depth--;
		return OK;
	case F_NOT:
		end[-1] = str_fmt(arena, "NOT (%.*s)", STR_ARG(end[-1]));
		return OK;
	case F_ANY_CONTRACT:
		end[-1] = str_fmt(
		    arena, "%s AND (%.*s))", of_person, STR_ARG(end[-1]));
		return OK;
	case F_ALL_CONTRACT:
		end[-1] = str_fmt(arena, "NOT %s AND NOT (%.*s))", of_person,
		    STR_ARG(end[-1]));
		return OK;
	default:
		must(w->depth < COUNT(w->stack));
		return compare(w, node, is_contract, &w->stack[w->depth++]);
	}
}

static enum err
compare(struct writer *w, const struct filter_node *node, bool is_contract,
    struct str *out)
{
	const struct attr_info *info = attr_info(node->attribute);
	struct arena *arena = w->tx->cx->arena;
	const struct comparison *c = &comparisons[node->op];
	const struct place *place;
	const char *at;
	struct arg arg;

	if (info->class == ATTR_PERSONAL)
		return fail(w->tx->cx, ERR_BAD_INPUT, MSG_STORE_FILTER,
		    "filter", info->path);
	place = &places[node->attribute - A_ORG_FIRST];
	at = is_contract ? place->contract : place->person;
	if (node->op == F_PR) {
		*out = str_fmt(
		    arena, "%s <> 0", info->type == ATTR_BOOL ? "1" : at);
		return OK;
	}
	if (node->type == ATTR_STRING && node->op != F_EQ && node->op != F_NE)
		return compare_text(w, node, place, at, out);
	arg = ARG_OF_INT(literal(w, node));
	*out = str_fmt(arena, "(%s%s%s %s $%zu)", at,
	    c->has_order ? " <> 0 AND " : "", c->has_order ? at : "", c->sign,
	    add_arg(w, arg));
	return OK;
}

static int64_t
literal(const struct writer *w, const struct filter_node *node)
{
	const struct filter_names *names = w->q->names;
	int64_t id = 0;

	if (node->type != ATTR_STRING)
		return node->number + (node->is_relative ? w->q->today : 0);
	if (names != NULL)
		id = names->find(names->arg, node->attribute, node->text);
	/* Nobody has it; and nobody has -1. */
	return id != 0 ? id : -1;
}

static enum err
compare_text(struct writer *w, const struct filter_node *node,
    const struct place *place, const char *at, struct str *out)
{
	struct arg ids;
	struct buf b;

	TRY(text_ids(w, node, place->ids, &ids));
	buf_init(&b, w->tx->cx->arena, SQL_MAX);
	buf_fmt(&b, "%s ", at);
	sql_in(&b, w->tx, add_arg(w, ids));
	*out = buf_view(&b);
	return OK;
}

/* The number of its parameter. */
static size_t
add_arg(struct writer *w, struct arg arg)
{
	must(w->narg < COUNT(w->arg));
	w->arg[w->narg++] = arg;
	return w->narg;
}

/* The ids whose text the comparison holds for: texts are sealed, SQL cannot see them. */
static enum err
text_ids(struct writer *w, const struct filter_node *node, const char *select,
    struct arg *out)
{
	const struct filter_names *names = w->q->names;
	struct arena *arena = w->tx->cx->arena;
	struct query q = { &NUMBER, select, w->arg, 1 };
	struct str wanted, text;
	struct rows ids = { 0 };
	int64_t *list;
	size_t n = 0;

	must(canon_key(arena, node->text, &wanted));
	if (names != NULL)
		TRY(store_query(w->tx, &q, &ids));
	list = arena_array(arena, ids.n, sizeof(*list));
	for (size_t i = 0; i < ids.n; i++) {
		int64_t id = ((struct number *)ids.row)[i].n;

		if (id != 0 &&
		    canon_key(arena,
			names->text(names->arg, node->attribute, id), &text) &&
		    text_holds(node, text, wanted))
			list[n++] = id;
	}
	*out = (struct arg) { .kind = ARG_LIST, .list = list, .n = n };
	return OK;
}

/* Byte by byte: UTF-8 keeps the order of characters. */
static bool
text_holds(const struct filter_node *node, struct str text, struct str wanted)
{
	size_t n = text.n < wanted.n ? text.n : wanted.n;
	int order = n > 0 ? memcmp(text.p, wanted.p, n) : 0;

	if (order == 0)
		order = (text.n > wanted.n) - (text.n < wanted.n);
	switch (node->op) {
	case F_CO:
		return wanted.n == 0 ||
		    memmem(text.p, text.n, wanted.p, wanted.n) != NULL;
	case F_SW:
		return str_starts(text, wanted);
	case F_EW:
		return str_ends(text, wanted);
	case F_GT:
		return order > 0;
	case F_GE:
		return order >= 0;
	case F_LT:
		return order < 0;
	default:
		return order <= 0;
	}
}
