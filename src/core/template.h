/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.h - texts with {name|filter|filter:arg}: import maps and user names.
 *
 * Filters: trim lower upper first (first character) ascii (lower case, ä as ae;
 * other scripts stay) date (by the map's date form, to ISO 8601) concat:TEXT
 * (appends TEXT if not empty).  {n} is the first free number: "", 2, 3 …  A
 * brace is written {{ or }}.  No conditions, no code.
 */
#ifndef CORE_TEMPLATE_H
#define CORE_TEMPLATE_H

#include "base/err.h"

#define TEMPLATE_TEXT_MAX  1024
#define TEMPLATE_PARTS_MAX 32

struct template;

/* RESOLVE gives a name a number (a column, an attribute), -1: unknown, refused. */
enum err template_compile(struct ctx *, struct str text, int (*resolve)(const void *arg, struct str name), const void *arg, struct template **out) USE_RESULT;

/* VALUE gives the text for a number from resolve(); DATES is the date form ("dd.mm.yyyy"). */
struct template_env {
	struct str (*value)(const void *arg, int name);
	const void *arg;
	struct str  dates;
};
/*
 * OUT[0] … OUT[n - 1]: the text with {n} as "", 2, 3 …; the rest of it is made once.
 * N is 1 where there is no {n}.  ERR_BAD_INPUT names the name whose value does not fit.
 */
enum err template_run(struct ctx *, const struct template *, const struct template_env *, struct str *out, size_t n) USE_RESULT;
bool template_has_number(const struct template *);
/* The first name in it; empty if it has none. */
struct str template_first_name(const struct template *);

/* A date in one of: dd.mm.yyyy d.m.yyyy dd/mm/yyyy mm/dd/yyyy yyyy-mm-dd yyyymmdd. */
enum err date_in_form(struct ctx *, struct str form, struct str text, int32_t *day) USE_RESULT;
bool date_form_is_known(struct str form);

#endif
