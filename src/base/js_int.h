/* SPDX-License-Identifier: Apache-2.0 */
/*
 * js_int.h - how a value looks inside, for its two readers, js.c and yaml.c.
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

#endif
