/* SPDX-License-Identifier: Apache-2.0 */
/* client_int.h - an operation between a vault call and the wire. */
#ifndef VAULT_CLIENT_INT_H
#define VAULT_CLIENT_INT_H

#include "vault/frame.h"

struct vault_op;

/* How one kind of operation is written and its answer read; NULL: it has no body. */
struct op_shape {
	void (*encode)(struct buf *, const struct vault_op *);
	bool (*decode)(struct vault_op *, struct cursor *);
};

struct vault_op {
	struct vault_op	      *next;
	const struct op_shape *shape;
	struct frame	       frame;	/* its head */
	struct arena	      *arena;	/* of the call: what is decoded stays in it */
	const void	      *in;
	void		      *out;
	enum err	      *err;	/* in out: the first that happens stays */
	size_t		       from, n; /* the slice of in and out it is about */
};

/* Appends an operation for the tenant and capability the call stands at. */
struct vault_op *op_add(struct vault_call *, enum frame_op,
    const struct op_shape *, enum err *);

#endif
