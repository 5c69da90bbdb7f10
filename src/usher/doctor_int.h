/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor_int.h - what `usher doctor` has found so far, and who adds to it.
 */
#ifndef USHER_DOCTOR_INT_H
#define USHER_DOCTOR_INT_H

#include "usher/cli.h"

/* The list that the server would send. */
struct findings {
	struct cli *cli;
	struct body body;
	size_t	    bad;
};

/* REMEDY is told only if it is not as it should be. */
void findings_add(struct findings *, struct str what, bool is_ok, struct str found, struct str remedy);
/* What is looked at, as people call it; programs get the name. */
struct str findings_what(const struct findings *, struct str name);
struct str findings_text(const struct findings *, enum msg);

/* --- patroni.c, both only if --patroni names a file ------------------------- */

/* The file itself; ERR_BAD_INPUT if it cannot be read. */
enum err patroni_check_file(struct findings *) USE_RESULT;
/* What the database servers are set to, by the answer of our server. */
void patroni_check_settings(struct findings *, const struct js *answer);

#endif
