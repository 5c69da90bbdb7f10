/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key.c - the keys of the vault, out of it and back, only ever under a
 * passphrase.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"

#include "usher/commands.h"
#include "usher/data.h"
#include "usher/input.h"
#include "usher/member.h"
#include "usher/passphrase.h"
#include "usher/spawn.h"

#define ESCAPED	    6		/* \u001f is the longest a character becomes */
#define EXPORT_BODY (PASSPHRASE_MOST * ESCAPED + 64)

static enum err key_export(struct cli *);
static enum err key_recover(struct cli *);
static enum err ask_archive(struct cli *, struct str *archive);
static void export_body(struct buf *, const struct passphrase *);
static enum err recover(struct cli *, const struct data *, const char *program,
    int archive, const struct passphrase *);

#define OPTION_PASSPHRASE \
	{ "passphrase-file", OPTION_PATH, NULL, 0, 0, false, \
	  MSG_FLAG_PASSPHRASE_FILE }

static const struct option export_options[] = {
	{ "out", OPTION_PATH, NULL, 0, 0, false, MSG_FLAG_KEY_OUT },
	OPTION_PASSPHRASE,
};
static const struct option recover_options[] = {
	{ "archive", OPTION_PATH, NULL, 0, 0, false, MSG_FLAG_ARCHIVE },
	{ "vault", OPTION_PATH, NULL, 0, 0, false, MSG_FLAG_VAULT },
	OPTION_PASSPHRASE,
};

const struct command key_commands[] = {
	{ "key", "export", key_export, "", 0, 0, OPTIONS(export_options),
	  DOOR_OPERATOR, RIGHT_OPERATE, MSG_HELP_KEY_EXPORT,
	  "  usher key export --out keys.archive\n", NULL, false },
	{ "key", "recover", key_recover, "", 0, 0, OPTIONS(recover_options),
	  DOOR_NONE, RIGHT_NONE, MSG_HELP_KEY_RECOVER,
	  "  usher key recover --data /var/lib/usher --archive keys.archive\n", NULL, false },
};
const size_t key_command_count = COUNT(key_commands);

static enum err
key_export(struct cli *cli)
{
	const char *out;
	struct str archive;

	TRY(cli_need(cli, "out"));
	out = cli_z(cli, "out");
	TRY(output_check(cli, "out", out));
	TRY(ask_archive(cli, &archive));
	TRY(output_new(cli, "out", out, archive));
	cli_say(cli, MSG_SAY_KEYS_IN, ARGS(str_of(out)));
	return OK;
}

/* The passphrase is never in an arena: those are not wiped. */
static enum err
ask_archive(struct cli *cli, struct str *archive)
{
	struct call call = { .method = POST,
		.path = STR("/operator/v1/key-export"),
		.timeout_ms = CALL_LONG_MS };
	struct passphrase pass;
	const struct js *answer;
	struct buf body;
	enum err err;

	TRY(passphrase_read(cli, true, &pass));
	buf_init(&body, NULL, EXPORT_BODY);
	export_body(&body, &pass);
	call.body = buf_view(&body);
	err = cli_ask(cli, &call, &answer);
	explicit_bzero(body.p, body.n);
	buf_fini(&body);
	passphrase_wipe(&pass);
	TRY(err);
	if (!str_unbase64(
		cli->cx.arena, member_text(answer, "archive"), archive) ||
	    archive->n == 0)
		return fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_ANSWER, "server",
		    "archive");
	return OK;
}

/* Room for all at once, so that no copy is left behind while it grows. */
static void
export_body(struct buf *body, const struct passphrase *pass)
{
	struct js_out js;

	must(buf_reserve(body, EXPORT_BODY) != NULL);
	js_begin(&js, body);
	js_open_object(&js);
	js_key(&js, "passphrase");
	js_put_str(&js, (struct str) { pass->text, pass->n });
	js_close_object(&js);
}

/* --- recover ---------------------------------------------------------------------- */

static enum err
key_recover(struct cli *cli)
{
	const char *path, *program;
	struct passphrase pass;
	struct data data;
	int archive;
	enum err err;

	TRY(cli_need(cli, "archive"));
	TRY(spawn_vault_program(cli, &program));
	path = cli_z(cli, "archive");
	archive = open(path, O_RDONLY | O_CLOEXEC);
	if (archive < 0)
		return fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_FILE, "archive",
		    path, errno_text(&cli->cx, errno));
	err = data_open(cli, 0, &data);
	if (err == OK)
		err = passphrase_read(cli, false, &pass);
	if (err == OK) {
		err = recover(cli, &data, program, archive, &pass);
		passphrase_wipe(&pass);
	}
	data_close(&data);
	close(archive);
	return err;
}

/* usher-vault reads both from descriptors: neither is on its command line. */
static enum err
recover(struct cli *cli, const struct data *data, const char *program,
    int archive, const struct passphrase *pass)
{
	char archive_fd[12], secret_fd[12];
	int secret[2], status;

	if (pipe2(secret, O_CLOEXEC) != 0)
		fatal("pipe");
	must(fd_write_all(secret[1], (struct str) { pass->text, pass->n }));
	close(secret[1]);
	struct spawn s = { .program = program,
		.argv = { "usher-vault", "--recover", ".",
		    spawn_number(archive_fd, archive),
		    spawn_number(secret_fd, secret[0]) },
		.fd = { archive, secret[0] },
		.nfd = 2,
		.folder = data_file(cli, data, "vault"),
		.account = data->vault };
	status = spawn_wait(spawn_start(&s));
	close(secret[0]);
	if (status != 0)
		return fail(
		    &cli->cx, ERR_BAD_INPUT, MSG_CLI_RECOVER, "archive");
	cli_say(cli, MSG_SAY_VAULT_KEYS, ARGS(str_of(s.folder)));
	return OK;
}
