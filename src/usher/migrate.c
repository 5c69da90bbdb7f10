/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migrate.c - all data from files to PostgreSQL, or back, while no server
 * runs: this process holds the folder; front and vault do the work
 * (act/move.h), each as its own user.
 */
#include <string.h>
#include <unistd.h>

#include "base/log.h"

#include "usher/commands.h"
#include "usher/data.h"
#include "usher/pair.h"

#define FILES	     "files"
#define LOCK_WAIT_MS 2000	/* for the children of one that was killed */
#define VAULT_GONE_MS 60000	/* front finds out, and says so */

static enum err migrate(struct cli *);
static enum err read_ends(struct cli *, struct pair_conf *);
static enum err run(struct cli *, const struct pair_conf *);
static bool wait_for_front(struct pair *, int signal_fd);

static const struct option options[] = {
	{ "to", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_TO },
	{ "store", OPTION_TEXT, NULL, 0, 0, false, MSG_FLAG_STORE },
	{ "vault", OPTION_PATH, NULL, 0, 0, false, MSG_FLAG_VAULT },
};

const struct command migrate_commands[] = {
	{ "migrate", NULL, migrate, "", 0, 0, OPTIONS(options),
	  DOOR_NONE, RIGHT_NONE, MSG_HELP_MIGRATE,
	  "  usher migrate --to postgresql://usher@db.example/usher\n"
	  "  usher migrate --store postgresql://usher@db.example/usher --to files\n",
	  NULL, false },
};
const size_t migrate_command_count = COUNT(migrate_commands);

static enum err
migrate(struct cli *cli)
{
	struct data data;
	struct pair_conf conf = { .data = &data,
		.listen_fd = -1,
		.operator_fd = -1,
		.management_fd = -1,
		.loops = 1,
		.is_json = cli->is_json };
	enum err err;

	log_open("parent", LOG_WARN);
	TRY(read_ends(cli, &conf));
	TRY(spawn_self(cli, &conf.self));
	TRY(spawn_vault_program(cli, &conf.vault_program));
	err = data_open(cli, LOCK_WAIT_MS, &data);
	/* Files that are not there would be made, and moved. */
	if (err == OK && conf.store == NULL &&
	    access(data_file(cli, &data, "usher.db"), F_OK) != 0)
		err = fail(&cli->cx, ERR_NOT_FOUND, MSG_CLI_MIGRATE_NO_FILES,
		    "data", data_file(cli, &data, "usher.db"));
	if (err == OK && conf.to == NULL)
		conf.to = data.path;
	if (err == OK)
		err = run(cli, &conf);
	data_close(&data);
	if (err == OK && cli->exit == 0)
		cli_say(cli,
		    conf.store == NULL ? MSG_SAY_MOVED_SERVER
				       : MSG_SAY_MOVED_FILES,
		    NO_ARGS);
	return err;
}

/* One is the data folder. */
static enum err
read_ends(struct cli *cli, struct pair_conf *conf)
{
	TRY(cli_need(cli, "to"));
	if (str_eq(cli_text(cli, "to"), STR(FILES)) != cli_has(cli, "store"))
		return fail(
		    &cli->cx, ERR_BAD_INPUT, MSG_CLI_MIGRATE_ENDS, "to");
	if (cli_has(cli, "store"))
		return data_store(cli, "store", &conf->store);
	return data_store(cli, "to", &conf->to);
}

/* Front tells how it went, here only whether it came to an end. */
static enum err
run(struct cli *cli, const struct pair_conf *conf)
{
	struct pair pair = { 0 };
	int signal_fd = signals_open();
	bool has_ended;

	pair_start(conf, &pair);
	has_ended = wait_for_front(&pair, signal_fd);
	pair_kill(&pair, signal_fd);
	close(signal_fd);
	if (!has_ended || pair.status[FRONT] >= 128)
		return fail(&cli->cx, ERR_CONFLICT, MSG_CLI_MIGRATE_BROKEN, "");
	cli->exit = pair.status[FRONT];
	return OK;
}

/* false: a signal, or a front that nobody can wait for, is the end. */
static bool
wait_for_front(struct pair *pair, int signal_fd)
{
	while (pair->pid[FRONT] != 0) {
		int64_t most = pair->pid[VAULT] == 0 ? VAULT_GONE_MS : -1;

		switch (pair_wait(pair, signal_fd, most)) {
		case PAIR_STOP:
		case PAIR_LATE:
			return false;
		case PAIR_READY:
		case PAIR_ENDED:
			break;
		}
	}
	return true;
}
