/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h - why a command failed, told on standard error in the reader's
 * language: what, where, and what to do now.
 */
#ifndef USHER_REPORT_H
#define USHER_REPORT_H

#include "usher/cli.h"

/* The server's problem if it refused, else the fault.  With --json one JSON line. */
void report_failure(struct cli *, enum err);

/* The error that a problem body names by its code; ERR_UNKNOWN if it names none. */
enum err problem_err(const struct js *problem);

#endif
