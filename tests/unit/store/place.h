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

void disk_set_full(bool);	/* writes fail with ENOSPC */
void disk_set_broken(bool);	/* syncs fail with EIO */
/* How often something was written at a place in a file. */
size_t disk_writes(void);

#endif
