/* SPDX-License-Identifier: Apache-2.0 */
/*
 * together.h - several items in one commit, as when they arrive at once.
 */
#ifndef TEST_ACT_TOGETHER_H
#define TEST_ACT_TOGETHER_H

#include "rig.h"

#define TOGETHER_MAX 8

/* An item with a ctx of its own, as the rig's actor; both live until rig_close(). */
struct item *together_item(struct rig *, const struct use_case *, const void *in);
/* Runs the items in one commit, in this order. */
void together_do(struct rig *, struct item *const *item, size_t n);

#endif
