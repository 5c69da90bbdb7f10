/* SPDX-License-Identifier: Apache-2.0 */
/*
 * router.c - a tree of path segments.  Built once, read by every loop.
 */
#include "http/http.h"

#include "base/buf.h"

#define ROUTER_MAX (4 * 1024 * 1024)

/* One segment: its literal children, and the one that takes any segment. */
struct node {
	struct str	    name;
	struct node	   *next;	/* the sibling */
	struct node	   *literal, *param;
	const struct route *row[METHOD_COUNT];
	bool		    has_row;
};

struct router {
	struct arena *arena;
	struct node   root;
};

/* A path being matched. */
struct match {
	struct str *param;
	size_t	    nparam;
};

static const char *const method_names[METHOD_COUNT] = {
	[GET] = "GET", [POST] = "POST", [PUT] = "PUT", [PATCH] = "PATCH", [DELETE] = "DELETE"
};

static void add(struct router *, const struct route *);
static struct node *child(struct router *, struct node *, struct str);
static const struct node *find(const struct node *, struct str, struct match *);
static struct str allowed(const struct node *, struct arena *);

const char *
method_name(enum method m)
{
	must(m > 0 && m < METHOD_COUNT);
	return method_names[m];
}

struct router *
router_open(const struct route *const *tables, size_t ntables)
{
	struct arena *a = arena_open(ROUTER_MAX);
	struct router *r = arena_alloc(a, sizeof(*r));

	r->arena = a;
	for (size_t i = 0; i < ntables; i++)
		for (const struct route *row = tables[i]; row->method != 0;
		     row++)
			add(r, row);
	return r;
}

void
router_close(struct router *r)
{
	if (r != NULL)
		arena_close(r->arena);
}

const struct route *
router_find(const struct router *r, enum method method, struct str path,
    struct str param[ROUTE_PARAMS_MAX], struct str *allow, struct arena *a)
{
	struct match m = { param, 0 };
	const struct node *node;

	must(method > 0 && method < METHOD_COUNT);
	*allow = (struct str) { NULL, 0 };
	if (path.n == 0 || path.p[0] != '/')
		return NULL;
	node = find(&r->root, str_sub(path, 1, path.n - 1), &m);
	if (node == NULL)
		return NULL;
	if (node->row[method] == NULL)
		*allow = allowed(node, a);
	return node->row[method];
}

/* Tables are written by us: a row that is wrong is a bug. */
static void
add(struct router *r, const struct route *row)
{
	struct str left = str_of(row->path);
	struct node *node = &r->root;
	size_t nparam = 0;

	must(row->method > 0 && row->method < METHOD_COUNT);
	must(left.n > 0 && left.p[0] == '/');
	left = str_sub(left, 1, left.n - 1);
	while (left.p != NULL) {
		struct str segment = str_cut(&left, '/');

		nparam += str_starts(segment, STR("{"));
		node = child(r, node, segment);
	}
	must(nparam <= ROUTE_PARAMS_MAX);
	must(node->row[row->method] == NULL);
	node->row[row->method] = row;
	node->has_row = true;
}

static struct node *
child(struct router *r, struct node *parent, struct str segment)
{
	bool is_param = str_starts(segment, STR("{"));
	struct node **at = is_param ? &parent->param : &parent->literal;

	must(!is_param || (segment.n > 2 && str_ends(segment, STR("}"))));
	while (*at != NULL && !is_param && !str_eq((*at)->name, segment))
		at = &(*at)->next;
	if (*at == NULL) {
		*at = arena_alloc(r->arena, sizeof(**at));
		(*at)->name = segment;
	}
	return *at;
}

/*
 * The node where PATH ends.  A literal is tried first; if it leads nowhere,
 * the parameter beside it.  Depth is that of the tables.
 */
static const struct node *
find(const struct node *node, struct str path, struct match *m)
{
	struct str segment;
	const struct node *n, *found = NULL;

	if (path.p == NULL)
		return node->has_row ? node : NULL;
	segment = str_cut(&path, '/');
	for (n = node->literal; n != NULL; n = n->next)
		if (str_eq(n->name, segment))
			found = find(n, path, m);
	if (found != NULL || node->param == NULL || segment.n == 0)
		return found;
	m->param[m->nparam++] = segment;
	found = find(node->param, path, m);
	if (found == NULL)
		m->nparam--;
	return found;
}

/* "GET, HEAD, POST" */
static struct str
allowed(const struct node *node, struct arena *a)
{
	struct buf b;

	buf_init(&b, a, 64);
	for (enum method m = GET; m < METHOD_COUNT; m++) {
		if (node->row[m] == NULL)
			continue;
		if (b.n > 0)
			buf_z(&b, ", ");
		buf_z(&b, m == GET ? "GET, HEAD" : method_names[m]);
	}
	return buf_view(&b);
}
