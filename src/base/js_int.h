/* SPDX-License-Identifier: Apache-2.0 */
/*
 * js_int.h - how a value looks inside, for who makes one: js.c, js_tree.c and
 * yaml.c.
 */
#ifndef BASE_JS_INT_H
#define BASE_JS_INT_H

#include "base/js.h"

struct js {
	enum js_type type;
	uint32_t     line;	/* 0: not known */
	size_t	     n;		/* bytes of a string, items of the others */
	union {
		bool	    is_true;
		int64_t	    number;
		double	    real;
		const char *p;		/* JS_STRING */
		struct js  *items;	/* JS_ARRAY and JS_OBJECT */
	};
	struct str *keys;	/* JS_OBJECT: as many as items */
};

/* What js_out's functions do where a tree is made (js_tree.c). */
void tree_open(struct js_tree *, enum js_type);
void tree_close(struct js_tree *);
void tree_key(struct js_tree *, struct str);
void tree_put(struct js_tree *, const struct js *);
void tree_put_text(struct js_tree *, struct str);

#endif
