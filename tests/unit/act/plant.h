/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plant.h - rows read and written past every rule: how a test makes damage,
 * and looks at what no query shows.
 */
#ifndef TEST_ACT_PLANT_H
#define TEST_ACT_PLANT_H

#include "rig.h"

/* Every row of tenant acme (of the first COLUMN's value), in key order; the array lives until rig_close(). */
struct rows plant_rows(struct rig *, const struct table *);
size_t plant_count(struct rig *, const struct table *);
/* Writes or drops rows, as the pipeline's own writer. */
enum err plant_try(struct rig *, const struct table *, const void *row);
void plant_put(struct rig *, const struct table *, const void *row);
void plant_all(struct rig *, const struct table *, const void *rows, size_t n);
void plant_drop(struct rig *, const struct table *, const void *row);

#endif
