/* SPDX-License-Identifier: Apache-2.0 */
/* event.c - what happened, in the order of the log. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"

#include "usher/commands.h"
#include "usher/events.h"
#include "usher/list.h"
#include "usher/member.h"

#define FOLLOW_MS 1000

static enum err event_follow(struct cli *);
static enum err page(struct cli *, int64_t *after, const struct js **items);

static const struct option options[] = {
	EVENT_OPTIONS,
};

const struct command event_commands[] = {
	{ "event", "list", events_show, "", 0, 0, OPTIONS(options),
	  DOOR_API, RIGHT_EVENT_READ, MSG_HELP_EVENT_LIST,
	  "  usher event list --limit 20\n"
	  "  usher event list --after 5000 --json\n", NULL, false },
	{ "event", "follow", event_follow, "", 0, 0, OPTIONS(options),
	  DOOR_API, RIGHT_EVENT_READ, MSG_HELP_EVENT_FOLLOW,
	  "  usher event follow --after 5000\n", NULL, false },
};
const size_t event_command_count = COUNT(event_commands);

static const struct listing_column columns[] = {
	{ MSG_HEAD_NUMBER, "seq", true },
	{ MSG_HEAD_TIME, "time", false },
	{ MSG_HEAD_ACTION, "action", false },
	{ MSG_HEAD_ACTOR, "actor.kind", false },
	{ MSG_HEAD_ACTOR_ID, "actor.id", false },
	{ MSG_HEAD_SUBJECT, "subject.kind", false },
	{ MSG_HEAD_SUBJECT_ID, "subject.id", false },
};

enum err
events_show(struct cli *cli)
{
	struct listing listing = LISTING(columns);
	int64_t after = cli_int(cli, "after");
	const struct js *items;

	TRY(page(cli, &after, &items));
	if (cli_told(cli))
		return OK;
	if (items != NULL && js_count(items) > 0)
		table_print(cli, &listing, items);
	cli_note(cli, MSG_SAY_GO_ON, ARGS(cli_number(cli, after)));
	return OK;
}

static enum err
event_follow(struct cli *cli)
{
	struct arena *each = cli_arena(cli), *own = cli->cx.arena;
	struct listing listing = LISTING(columns);
	int64_t after = cli_int(cli, "after");
	const struct js *items;
	enum err err;

	cli->cx.arena = each;
	while ((err = page(cli, &after, &items)) == OK) {
		bool has_some = items != NULL && js_count(items) > 0;

		if (has_some && !cli_told(cli))
			table_print(cli, &listing, items);
		fflush(stdout);
		arena_reset(each);
		if (!has_some)
			clock_sleep_ms(FOLLOW_MS);
	}
	cli->cx.arena = own;
	return err;
}

/* What stands from *AFTER on; then *AFTER is behind it. */
static enum err
page(struct cli *cli, int64_t *after, const struct js **items)
{
	const struct js *answer;
	struct str path = str_fmt(cli->cx.arena,
	    "/api/v1/events?after=%" PRId64 "&limit=%" PRId64, *after,
	    cli_int(cli, "limit"));

	TRY(cli_get(cli, path, &answer));
	*after = member_int(answer, "next");
	member_items(answer, "items", items);
	return OK;
}
