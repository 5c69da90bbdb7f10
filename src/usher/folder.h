/* SPDX-License-Identifier: Apache-2.0 */
/* folder.h - what stands in a folder, and that it stands there for good. */
#ifndef USHER_FOLDER_H
#define USHER_FOLDER_H

#include "base/err.h"

/*
 * Calls FILE for every file below DIR with its name as a path below DIR, in the
 * order of their bytes, however many there are; then syncs the folder they
 * stand in, so that a power cut takes none of them.
 */
enum err folder_walk(struct ctx *, const char *dir, enum err (*file)(void *arg, const char *name), void *arg) USE_RESULT;
/* Syncs the folder PATH itself. */
enum err folder_sync(struct ctx *, const char *path) USE_RESULT;
/* The same; *IS_SYNCED is false where this user may not open it for that. */
enum err folder_sync_allowed(struct ctx *, const char *path, bool *is_synced) USE_RESULT;

#endif
