/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.h - texts with {name|filter|filter:arg}: import maps and user names.
 *
 * Filters: trim lower upper first (first character) ascii date (by the map's
 * date form, to ISO 8601) concat:TEXT (appends TEXT if not empty).  {n} is the
 * first free number: "", 2, 3 …  No conditions, no code.
 */
#ifndef CORE_TEMPLATE_H
#define CORE_TEMPLATE_H

#include "base/err.h"

struct template;

/* RESOLVE gives a name a number (a column, an attribute), -1: unknown, refused. */
enum err template_compile(struct ctx *, struct str text, int (*resolve)(const void *arg, struct str name), const void *arg, struct template **out) USE_RESULT;

/* VALUE gives the text for a number from resolve(); DATES is the date form ("dd.mm.yyyy"); NUMBER replaces {n}. */
struct template_env {
	struct str (*value)(const void *arg, int name);
	const void *arg;
	struct str  dates;
	unsigned    number;
};
enum err template_run(struct ctx *, const struct template *, const struct template_env *, struct str *out) USE_RESULT;
bool template_has_number(const struct template *);

/* A date in one of: dd.mm.yyyy d.m.yyyy dd/mm/yyyy mm/dd/yyyy yyyy-mm-dd yyyymmdd. */
enum err date_in_form(struct ctx *, struct str form, struct str text, int32_t *day) USE_RESULT;

#endif
