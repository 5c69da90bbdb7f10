/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "base/io.h"

#define TERMINAL "/dev/tty"

static enum err from_file(struct cli *, const char *path, struct passphrase *);
static enum err from_terminal(struct cli *, bool twice, struct passphrase *);
static bool ask(int tty, struct str question, struct passphrase *);
static bool read_line(int fd, struct passphrase *);

enum err
passphrase_read(struct cli *cli, bool twice, struct passphrase *out)
{
	const char *path = cli_z(cli, "passphrase-file");
	enum err err;

	/* If it cannot be locked it may reach the swap; that is no reason to refuse. */
	mlock(out, sizeof(*out));
	err = path != NULL ? from_file(cli, path, out)
			   : from_terminal(cli, twice, out);
	if (err == OK && out->n < PASSPHRASE_LEAST)
		err = fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_PASSPHRASE_SHORT,
		    "passphrase");
	if (err != OK)
		passphrase_wipe(out);
	return err;
}

void
passphrase_wipe(struct passphrase *p)
{
	explicit_bzero(p, sizeof(*p));
}

static enum err
from_file(struct cli *cli, const char *path, struct passphrase *out)
{
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO
					: open(path, O_RDONLY | O_CLOEXEC);
	bool is_read = fd >= 0 && read_line(fd, out);
	int error = errno;

	if (fd > STDIN_FILENO)
		close(fd);
	if (is_read)
		return OK;
	return fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_FILE, "passphrase-file",
	    path, errno_text(&cli->cx, error));
}

static enum err
from_terminal(struct cli *cli, bool twice, struct passphrase *out)
{
	struct passphrase again = { .n = 0 };
	int tty = open(TERMINAL, O_RDWR | O_CLOEXEC);
	bool is_same, is_read;

	if (tty < 0)
		return fail(&cli->cx, ERR_BAD_INPUT,
		    MSG_CLI_PASSPHRASE_TERMINAL, "passphrase-file");
	is_read = ask(tty, cli_msg(cli, MSG_SAY_PASSPHRASE, NO_ARGS), out) &&
	    (!twice ||
		ask(tty, cli_msg(cli, MSG_SAY_PASSPHRASE_AGAIN, NO_ARGS),
		    &again));
	is_same = !twice ||
	    str_eq_secret((struct str) { out->text, out->n },
		(struct str) { again.text, again.n });
	passphrase_wipe(&again);
	close(tty);
	if (is_read && is_same)
		return OK;
	return fail(&cli->cx, ERR_BAD_INPUT,
	    is_read ? MSG_CLI_PASSPHRASE_DIFFERS : MSG_CLI_PASSPHRASE_TERMINAL,
	    "passphrase");
}

static bool
ask(int tty, struct str question, struct passphrase *out)
{
	struct termios before, silent;
	bool is_read;

	if (tcgetattr(tty, &before) != 0)
		return false;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	if (tcsetattr(tty, TCSAFLUSH, &silent) != 0)
		return false;
	is_read = fd_write_all(tty, question) && read_line(tty, out);
	tcsetattr(tty, TCSAFLUSH, &before);
	return fd_write_all(tty, STR("\n")) && is_read;
}

/* What stands before the first line's end; EFBIG: too long. */
static bool
read_line(int fd, struct passphrase *out)
{
	ssize_t n = 1;
	char *end = NULL;

	out->n = 0;
	while (n > 0 && end == NULL && out->n < sizeof(out->text)) {
		n = read(fd, out->text + out->n, sizeof(out->text) - out->n);
		if (n < 0)
			return false;
		out->n += (size_t)n;
		end = memchr(out->text, '\n', out->n);
	}
	if (end != NULL)
		out->n = (size_t)(end - out->text);
	errno = EFBIG;
	return out->n <= PASSPHRASE_MOST;
}
