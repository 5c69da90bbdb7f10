/* SPDX-License-Identifier: Apache-2.0 */
/* events.h - the log as events, for the nouns that show it. */
#ifndef USHER_EVENTS_H
#define USHER_EVENTS_H

#include "usher/cli.h"

#define EVENT_OPTIONS \
	{ "after", OPTION_INT, "0", 0, INT64_MAX, false, MSG_FLAG_AFTER }, \
	{ "limit", OPTION_INT, "100", 1, 500, false, MSG_FLAG_LIMIT }

/* One page. */
enum err events_show(struct cli *) USE_RESULT;

#endif
