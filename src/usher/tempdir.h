/* SPDX-License-Identifier: Apache-2.0 */
/* tempdir.h - a folder for the time of one command, readable by its user only. */
#ifndef USHER_TEMPDIR_H
#define USHER_TEMPDIR_H

#include "usher/cli.h"

enum err tempdir_make(struct cli *, const char **path) USE_RESULT;
/* With everything in it. */
void tempdir_remove(const char *path);

#endif
