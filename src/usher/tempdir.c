/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/tempdir.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDERS_OPEN 16

static int remove_one(const char *, const struct stat *, int, struct FTW *);

enum err
tempdir_make(struct cli *cli, const char **path)
{
	const char *under = secure_getenv("TMPDIR");
	struct str name;
	char *made;

	if (under == NULL || under[0] == '\0')
		under = "/tmp";
	name = str_fmt(cli->cx.arena, "%s/usher-XXXXXX", under);
	made = str_z(cli->cx.arena, name);
	if (mkdtemp(made) == NULL)
		return fail(&cli->cx, ERR_FULL, MSG_CLI_WRITE, "", made,
		    errno_text(&cli->cx, errno));
	*path = made;
	return OK;
}

void
tempdir_remove(const char *path)
{
	nftw(path, remove_one, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS);
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}
