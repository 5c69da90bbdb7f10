/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restore.c - a deployment from its three parts: data, keys of the records,
 * and the vault's folder.  Nothing that is there is overwritten.
 *
 * A copy is older than what was lost, and the vault remembers how far the log
 * went: it signs no log that is shorter.  --accept-rollback says so in the log
 * itself, once: a new origin begins, whose first leaf is the last checkpoint
 * of the old one, so that everybody can see that and where it was cut.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"

#include "usher/commands.h"
#include "usher/data.h"
#include "usher/pair.h"

#define START_MS      600000
#define SQLITE_HEADER 100
#define SQLITE_MAGIC  "SQLite format 3"	/* and its zero byte */
#define APPLICATION_AT 68
#define VAULT_FILES   16

static enum err restore(struct cli *);
static enum err check_command(struct cli *);
static enum err lay(struct cli *, const struct data *);
static enum err check_empty(struct cli *, const struct data *);
static enum err check_copy(struct cli *, const char *option,
    const char *application);
static enum err lay_vault(struct cli *, const struct data *);
static enum err copy_vault(struct cli *, const struct data *, const char *from);
static enum err accept_rollback(struct cli *, const struct data *);
static enum err run_once(struct cli *, const struct pair_conf *);

static const struct option options[] = {
	{ "from", OPTION_PATH, NULL, 0, 0, false, MSG_FLAG_FROM },
	{ "keys", OPTION_PATH, NULL, 0, 0, false, MSG_FLAG_KEYS },
	{ "vault-folder", OPTION_PATH, NULL, 0, 0, false, MSG_FLAG_VAULT_FOLDER },
	{ "accept-rollback", OPTION_BOOL, "false", 0, 0, false, MSG_FLAG_ACCEPT_ROLLBACK },
	{ "vault", OPTION_PATH, NULL, 0, 0, false, MSG_FLAG_VAULT },
};

const struct command restore_commands[] = {
	{ "restore", NULL, restore, "", 0, 0, OPTIONS(options),
	  DOOR_NONE, RIGHT_NONE, MSG_HELP_RESTORE,
	  "  usher key recover --data new --archive keys.archive\n"
	  "  usher restore --data new --from …-data.db --keys …-keys.db --accept-rollback\n"
	  "  usher serve --data new\n", NULL, false },
};
const size_t restore_command_count = COUNT(restore_commands);

static enum err
restore(struct cli *cli)
{
	struct data data;
	enum err err;

	TRY(check_command(cli));
	err = data_open(cli, 0, &data);
	if (err == OK && cli_has(cli, "from"))
		err = lay(cli, &data);
	if (err == OK && cli_bool(cli, "accept-rollback"))
		err = accept_rollback(cli, &data);
	if (err == OK)
		cli_say(cli, MSG_SAY_RESTORED,
		    ARGS(str_fmt(
			cli->cx.arena, "usher serve --data %s", data.path)));
	data_close(&data);
	return err;
}

static enum err
check_command(struct cli *cli)
{
	if (!cli_has(cli, "from") && cli_bool(cli, "accept-rollback"))
		return OK;
	TRY(cli_need(cli, "from"));
	TRY(cli_need(cli, "keys"));
	TRY(check_copy(cli, "from", "Ushd"));
	return check_copy(cli, "keys", "Ushk");
}

/* The header of an SQLite file names the application; so the two are not swapped. */
static enum err
check_copy(struct cli *cli, const char *option, const char *application)
{
	const char *path = cli_z(cli, option);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char header[SQLITE_HEADER];
	bool is_read = fd >= 0 && fd_read_all(fd, header, sizeof(header));
	int error = errno;

	if (fd >= 0)
		close(fd);
	if (fd < 0)
		return fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_FILE, option, path,
		    errno_text(&cli->cx, error));
	if (!is_read ||
	    memcmp(header, SQLITE_MAGIC, sizeof(SQLITE_MAGIC)) != 0 ||
	    memcmp(header + APPLICATION_AT, application, 4) != 0)
		return fail(
		    &cli->cx, ERR_BAD_INPUT, MSG_CLI_NOT_BACKUP, option, path);
	return OK;
}

/* --- laying ------------------------------------------------------------------------- */

/* The data last: without it there is nothing that a server would take for whole. */
static enum err
lay(struct cli *cli, const struct data *data)
{
	TRY(check_empty(cli, data));
	TRY(lay_vault(cli, data));
	TRY(data_put(cli, data, cli_z(cli, "keys"), "keys.db", &data->front));
	TRY(data_put(cli, data, cli_z(cli, "from"), "usher.db", &data->front));
	fd_sync(data->fd);
	return OK;
}

static enum err
check_empty(struct cli *cli, const struct data *data)
{
	static const char *const names[] = { "usher.db", "usher.db-wal",
		"keys.db", "keys.db-wal" };

	for (size_t i = 0; i < COUNT(names); i++)
		if (access(data_file(cli, data, names[i]), F_OK) == 0)
			return fail(&cli->cx, ERR_CONFLICT,
			    MSG_CLI_RESTORE_FULL, "data",
			    data_file(cli, data, names[i]));
	return OK;
}

static enum err
lay_vault(struct cli *cli, const struct data *data)
{
	const char *from = cli_z(cli, "vault-folder");
	const char *key = data_file(cli, data, "vault/master.key");

	if (from == NULL && access(key, F_OK) == 0)
		return OK;
	if (from == NULL)
		return fail(&cli->cx, ERR_NOT_FOUND, MSG_CLI_RESTORE_VAULT,
		    "vault-folder", data->path);
	if (access(key, F_OK) == 0)
		return fail(&cli->cx, ERR_CONFLICT, MSG_CLI_RESTORE_FULL,
		    "vault-folder", key);
	return copy_vault(cli, data, from);
}

static enum err
copy_vault(struct cli *cli, const struct data *data, const char *from)
{
	DIR *dir = opendir(from);
	const struct dirent *e;
	enum err err = OK;
	size_t n = 0;

	if (dir == NULL)
		return fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_FILE,
		    "vault-folder", from, errno_text(&cli->cx, errno));
	while (err == OK && (e = readdir(dir)) != NULL) {
		struct arena *a = cli->cx.arena;

		if (e->d_name[0] == '.')
			continue;
		if (++n > VAULT_FILES)
			err = fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_NOT_BACKUP,
			    "vault-folder", from);
		else
			err = data_put(cli, data,
			    str_z(a, str_fmt(a, "%s/%s", from, e->d_name)),
			    str_z(a, str_fmt(a, "vault/%s", e->d_name)),
			    &data->vault);
	}
	closedir(dir);
	return err;
}

/* --- the rollback -------------------------------------------------------------------- */

/* The pair starts once without doors, says so in the log, and ends. */
static enum err
accept_rollback(struct cli *cli, const struct data *data)
{
	struct pair_conf conf = { .data = data,
		.listen_fd = -1,
		.operator_fd = -1,
		.management_fd = -1,
		.loops = 1,
		.accept_rollback = true };

	log_open("parent", LOG_WARN);
	TRY(spawn_self(cli, &conf.self));
	TRY(spawn_vault_program(cli, &conf.vault_program));
	return run_once(cli, &conf);
}

static enum err
run_once(struct cli *cli, const struct pair_conf *conf)
{
	struct pair pair = { 0 };
	int signal_fd = signals_open();
	enum pair_event event;

	pair_start(conf, &pair);
	event = pair_wait(&pair, signal_fd, START_MS);
	if (event == PAIR_READY) {
		pair_end(&pair, signal_fd);
		close(signal_fd);
		return OK;
	}
	pair_kill(&pair, signal_fd);
	close(signal_fd);
	/* What it said stands above, or in the log. */
	return fail(&cli->cx, ERR_CONFLICT, MSG_CLI_RESTORE_START, "data",
	    conf->data->path);
}
