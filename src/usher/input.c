/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"

#define PIECE 65536

static enum err unreadable(struct cli *, const char *option, const char *path);
static int open_input(const char *path);
static bool read_more(struct input *);

enum err
input_whole(struct cli *cli, const char *option, const char *path, size_t max,
    struct str *out)
{
	int fd = open_input(path);
	struct buf b;
	ssize_t n = fd < 0 ? -1 : 1;
	enum err err = OK;

	buf_init(&b, cli->cx.arena, max);
	while (n > 0) {
		size_t room = max - b.n < PIECE ? max - b.n : PIECE;
		char *p = buf_reserve(&b, room);

		errno = EFBIG;
		n = room == 0 || p == NULL ? -1 : read(fd, p, room);
		b.n += n > 0 ? (size_t)n : 0;
		if (n < 0 && errno == EINTR)
			n = 1;
	}
	if (n < 0)
		err = unreadable(cli, option, path);
	if (fd > STDIN_FILENO)
		close(fd);
	*out = buf_view(&b);
	return err;
}

static int
open_input(const char *path)
{
	if (strcmp(path, "-") == 0)
		return STDIN_FILENO;
	return open(path, O_RDONLY | O_CLOEXEC);
}

static enum err
unreadable(struct cli *cli, const char *option, const char *path)
{
	return fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_FILE, option, path,
	    errno_text(&cli->cx, errno));
}

/* --- line by line -------------------------------------------------------------- */

enum err
input_open(struct cli *cli, const char *path, struct input *in)
{
	*in = (struct input) { .path = path, .fd = open_input(path) };
	if (in->fd < 0)
		return unreadable(cli, "file", path);
	buf_init(&in->buf, NULL, INPUT_LINE_MAX + PIECE);
	return OK;
}

enum err
input_line(struct cli *cli, struct input *in, struct str *out)
{
	struct str left;
	size_t end;

	buf_drop(&in->buf, in->taken);
	in->taken = 0;
	while ((end = str_find(buf_view(&in->buf), '\n')) == in->buf.n &&
	    !in->is_end) {
		errno = EFBIG;
		if (in->buf.n > INPUT_LINE_MAX || !read_more(in))
			return unreadable(cli, "file", in->path);
	}
	left = buf_view(&in->buf);
	*out = (struct str) { 0 };
	if (left.n == 0)
		return OK;
	in->line++;
	in->taken = end + (end < left.n);
	*out = str_sub(left, 0, end);
	return OK;
}

static bool
read_more(struct input *in)
{
	char *p = buf_reserve(&in->buf, PIECE);
	ssize_t n = p == NULL ? -1 : read(in->fd, p, PIECE);

	if (n < 0)
		return errno == EINTR;
	in->buf.n += (size_t)n;
	in->is_end = n == 0;
	return true;
}

void
input_close(struct input *in)
{
	if (in->fd > STDIN_FILENO)
		close(in->fd);
	buf_fini(&in->buf);
}

/* --- what is made --------------------------------------------------------------- */

enum err
output_check(struct cli *cli, const char *option, const char *path)
{
	if (access(path, F_OK) != 0)
		return OK;
	return fail(&cli->cx, ERR_CONFLICT, MSG_CLI_EXISTS, option, path);
}

enum err
output_new(
    struct cli *cli, const char *option, const char *path, struct str text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool is_written;

	if (fd < 0 && errno == EEXIST)
		return output_check(cli, option, path);
	is_written = fd >= 0 && fd_write_all(fd, text);
	if (is_written)
		fd_sync(fd);
	if (fd >= 0)
		close(fd);
	if (is_written)
		return OK;
	return fail(&cli->cx, ERR_FULL, MSG_CLI_WRITE, option, path,
	    errno_text(&cli->cx, errno));
}
