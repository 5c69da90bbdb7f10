/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter_tree.h - a condition as it is written (RFC 7644 section 3.4.2.2):
 * names, operators and literals in postfix order.
 *
 * Pure grammar: no name is known here.  What a name means is said by whoever
 * walks the tree: filter_compile() means a person's facts, scim/ the members
 * of a resource.
 */
#ifndef CORE_FILTER_TREE_H
#define CORE_FILTER_TREE_H

#include "core/filter.h"

enum literal_kind { LIT_TEXT, LIT_NUMBER, LIT_TRUE, LIT_FALSE, LIT_NULL, LIT_DAYS, LIT_ME };

struct literal {
	enum literal_kind kind;
	struct str	  text;	/* without quotation marks and escapes; a number as it is written */
	int64_t		  days;	/* of LIT_DAYS: from today */
};

struct tree_node {
	enum filter_op op;
	struct str     name;	/* of a comparison and of F_ELEMENT, as written, with its URN */
	struct str     op_name;
	struct literal literal;
	size_t	       name_at, op_at, value_at; /* bytes from the start of the text */
	uint32_t       nodes;	/* of any, all and F_ELEMENT: how many nodes before this one are its operand */
	bool	       in_contract, in_element;
};

/* `name [ operand ]` is the node F_ELEMENT after its operand: an element of name for which that is so. */
struct filter_tree {
	struct str	  text;
	struct tree_node *node;
	size_t		  n;	/* 1 … FILTER_NODES_MAX */
};

/* ERR_BAD_INPUT (MSG_FILTER_*) names what is wrong and at which character. */
enum err filter_tree_parse(struct ctx *, struct str text, enum filter_dialect, struct filter_tree *out) USE_RESULT;

/* What a PATCH changes (RFC 7644 section 3.5.2): `name`, `name[filter]`, `name[filter].sub`. */
struct filter_path {
	struct str	   name;	/* with its URN, if it has one */
	bool		   has_filter;
	struct filter_tree filter;
	struct str	   sub;		/* after the bracket; empty: none */
};
enum err filter_path_parse(struct ctx *, struct str text, struct filter_path *out) USE_RESULT;

/* Refuses the byte AT of TEXT: {0} is the character it belongs to, from 1; {1} is WHAT, if empty what stands there. */
enum err filter_refuse(struct ctx *, struct str text, size_t at, enum msg, struct str what);

#endif
