/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf.h - options: flags > USHER_* in the environment > usher.conf (INI) >
 * defaults.  One table of struct option rows gives all four, --help and the
 * manual page.
 */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include "base/err.h"

enum option_type { OPTION_TEXT, OPTION_INT, OPTION_BOOL, OPTION_PATH };

struct option {
	const char	*name;		/* "data-dir": --data-dir, USHER_DATA_DIR, data-dir= */
	enum option_type type;
	const char	*fallback;	/* the default, as text; NULL: none */
	int64_t		 min, max;	/* for OPTION_INT */
	bool		 may_reload;
	enum msg	 help;		/* one line */
};

struct conf;	/* values by name, each with where it came from */

/*
 * Reads FILE (NULL: none; absent is OK unless the user named it, with an
 * option "config" of the table, which goes before FILE), then the environment,
 * then the flags `--name value`, `--name=value`, `--bool` in ARGV; words that
 * are no flag, and all that follows `--`, are left in ARGV and counted in
 * *ARGC.
 * ERR_BAD_INPUT names option, place, reason and remedy.
 */
enum err conf_load(struct ctx *, const struct option *table, size_t n, const char *file, int *argc, char **argv, struct conf **out) USE_RESULT;

struct str conf_text(const struct conf *, const char *name);	/* empty when unset */
int64_t conf_int(const struct conf *, const char *name);
bool conf_bool(const struct conf *, const char *name);
bool conf_is_set(const struct conf *, const char *name);	/* by anything but the default */

#endif
