/* SPDX-License-Identifier: Apache-2.0 */
/*
 * js_tree.c - what is written becomes a value at once, without being text in
 * between.
 */
#include "base/js_int.h"

#define ITEMS_FIRST 16

/* An array or object that is open. */
struct level {
	struct js     value;
	size_t	      room;	/* items there is space for */
	struct level *holder;
};

struct js_tree {
	struct arena *arena;
	struct level  whole;	/* as an array of one */
	struct level *in;
	struct str    key;	/* of what comes next */
};

static void grow(struct js_tree *, struct level *);

void
js_begin_tree(struct js_out *o, struct arena *arena)
{
	struct js_tree *t = arena_alloc(arena, sizeof(*t));

	t->arena = arena;
	t->whole.value.type = JS_ARRAY;
	t->in = &t->whole;
	*o = (struct js_out) { .tree = t };
}

const struct js *
js_end_tree(struct js_out *o)
{
	struct js_tree *t = o->tree;

	must(t->in == &t->whole && t->whole.value.n == 1);
	return t->whole.value.items;
}

void
tree_open(struct js_tree *t, enum js_type type)
{
	struct level *l = arena_alloc(t->arena, sizeof(*l));

	/* Its place is made now, and filled when it is closed. */
	tree_put(t, &(const struct js) { .type = type });
	*l = (struct level) { .value.type = type, .holder = t->in };
	t->in = l;
}

void
tree_close(struct js_tree *t)
{
	const struct js *done = &t->in->value;
	const struct js *holder;

	must(t->in != &t->whole);
	t->in = t->in->holder;
	holder = &t->in->value;
	must(holder->items[holder->n - 1].type == done->type);
	holder->items[holder->n - 1] = *done;
}

void
tree_key(struct js_tree *t, struct str key)
{
	must(t->in->value.type == JS_OBJECT);
	t->key = str_copy(t->arena, key);
}

void
tree_put(struct js_tree *t, const struct js *v)
{
	struct level *l = t->in;

	if (l->value.n == l->room)
		grow(t, l);
	if (l->value.type == JS_OBJECT)
		l->value.keys[l->value.n] = t->key;
	l->value.items[l->value.n++] = *v;
}

static void
grow(struct js_tree *t, struct level *l)
{
	size_t room = l->room == 0 ? ITEMS_FIRST : 2 * l->room;
	struct js *items = arena_array(t->arena, room, sizeof(*items));
	struct str *keys = arena_array(t->arena, room, sizeof(*keys));

	for (size_t i = 0; i < l->value.n; i++) {
		items[i] = l->value.items[i];
		if (l->value.type == JS_OBJECT)
			keys[i] = l->value.keys[i];
	}
	l->value.items = items;
	l->value.keys = keys;
	l->room = room;
}

void
tree_put_text(struct js_tree *t, struct str text)
{
	text = str_copy(t->arena, text);
	tree_put(t,
	    &(const struct js) { .type = JS_STRING, .n = text.n, .p = text.p });
}
