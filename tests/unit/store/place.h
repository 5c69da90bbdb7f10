/* SPDX-License-Identifier: Apache-2.0 */
/*
 * place.h - a folder for one test, and a disk that can be full or broken: the
 * calls by which SQLite writes and syncs come here first.
 */
#ifndef TEST_STORE_PLACE_H
#define TEST_STORE_PLACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>

struct place {
	char url[64];
};

void place_open(struct place *);
/* PATH must hold 128 characters. */
void place_path(const struct place *, const char *file, char *path);
void place_close(const struct place *);
void place_copy(const struct place *from, const struct place *to, const char *file);

void disk_set_full(bool);	/* writes fail with ENOSPC */
void disk_set_broken(bool);	/* syncs fail with EIO */
/* How often something was written at a place in a file. */
size_t disk_writes(void);

/*
 * What a machine that loses its power keeps: from disk_watch() on, the bytes of
 * each file as they were at its last sync, in a folder of their own.  Syncs of
 * other threads than the first wait while they are held; where the disk lies
 * they return at once and keep nothing.
 */
void disk_watch(struct place *kept);
void disk_unwatch(void);
/* Puts what was kept of FILE into TO. */
void disk_give(const char *file, const struct place *to);
void disk_hold(bool);
void disk_lie(bool);

#endif
