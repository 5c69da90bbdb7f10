/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/data.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"

#include "store/store.h"

#define FOLDER_MODE 0700
#define OTHERS	    077
#define AGAIN_MS    10
#define PIECE	    65536

/* NAME in the folder AT; PATH is for people. */
struct folder {
	int		      at;
	const char	     *name, *path;
	const struct account *owner;
	int		      flags;
};

static enum err open_folder(struct cli *, const struct folder *, int *fd);
static bool is_owned(const struct stat *, const struct account *);
static enum err cannot(struct cli *, const char *path, int error);
static void find_user(const char *name, struct account *);
static enum err take_lock(struct cli *, const struct data *, int64_t wait_ms);
static bool copy(int from, int to);

enum err
data_open(struct cli *cli, int64_t wait_ms, struct data *d)
{
	const char *path = cli_z(cli, "data");
	int vault;

	*d = (struct data) { .fd = -1 };
	find_user(FRONT_USER, &d->front);
	find_user(VAULT_USER, &d->vault);
	d->front.is_set = d->vault.is_set = d->front.is_set && d->vault.is_set;
	if (path == NULL)
		return cli_need(cli, "data");
	TRY(open_folder(cli,
	    &(struct folder) { AT_FDCWD, path, path, &d->front, 0 }, &d->fd));
	d->path = realpath(path, arena_alloc(cli->cx.arena, PATH_MAX));
	if (d->path == NULL)
		return cannot(cli, path, errno);
	TRY(take_lock(cli, d, wait_ms));
	/* It stands in a folder of front, which must not lead root elsewhere. */
	TRY(open_folder(cli,
	    &(struct folder) { d->fd, "vault", data_file(cli, d, "vault"),
		&d->vault, O_NOFOLLOW },
	    &vault));
	close(vault);
	return OK;
}

void
data_close(struct data *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

/* Only root can become them. */
static void
find_user(const char *name, struct account *out)
{
	const struct passwd *user = geteuid() == 0 ? getpwnam(name) : NULL;

	*out = (struct account) { 0 };
	if (user != NULL)
		*out = (struct account) { true, user->pw_uid, user->pw_gid };
}

static enum err
open_folder(struct cli *cli, const struct folder *f, int *fd)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | f->flags;
	const struct account *owner = f->owner;
	struct stat st;

	if (mkdirat(f->at, f->name, FOLDER_MODE) != 0 && errno != EEXIST)
		return cannot(cli, f->path, errno);
	*fd = openat(f->at, f->name, flags);
	if (*fd < 0 || fstat(*fd, &st) != 0)
		return cannot(cli, f->path, errno);
	if ((st.st_mode & OTHERS) != 0)
		return fail(
		    &cli->cx, ERR_DENIED, MSG_CLI_DATA_MODE, "data", f->path);
	if (!is_owned(&st, owner))
		return fail(
		    &cli->cx, ERR_DENIED, MSG_CLI_DATA_OWNER, "data", f->path);
	if (owner->is_set && st.st_uid != owner->uid &&
	    fchown(*fd, owner->uid, owner->gid) != 0)
		return cannot(cli, f->path, errno);
	return OK;
}

/* Whoever owns a folder can change what is in it: us, or whom it is for. */
static bool
is_owned(const struct stat *st, const struct account *owner)
{
	return st->st_uid == geteuid() ||
	    (owner->is_set && st->st_uid == owner->uid);
}

static enum err
cannot(struct cli *cli, const char *path, int error)
{
	return fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_DATA, "data", path,
	    errno_text(&cli->cx, error));
}

/* The lock is on the open folder, so the children that inherit it hold it too. */
static enum err
take_lock(struct cli *cli, const struct data *d, int64_t wait_ms)
{
	int64_t until = clock_mono_ns() + wait_ms * INT64_C(1000000);

	while (flock(d->fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return cannot(cli, d->path, errno);
		if (clock_mono_ns() >= until)
			return fail(&cli->cx, ERR_CONFLICT, MSG_CLI_DATA_IN_USE,
			    "data", d->path);
		clock_sleep_ms(AGAIN_MS);
	}
	return OK;
}

const char *
data_file(struct cli *cli, const struct data *d, const char *name)
{
	return str_z(
	    cli->cx.arena, str_fmt(cli->cx.arena, "%s/%s", d->path, name));
}

enum err
data_put(struct cli *cli, const struct data *d, const char *from,
    const char *name, const struct account *owner)
{
	const char *path = data_file(cli, d, name);
	int in = open(from, O_RDONLY | O_CLOEXEC), out, error;

	if (in < 0)
		return fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_FILE, "", from,
		    errno_text(&cli->cx, errno));
	out = open(
	    path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0 || !copy(in, out) ||
	    (owner->is_set && fchown(out, owner->uid, owner->gid) != 0)) {
		error = errno;
		close(in);
		if (out >= 0) {
			close(out);
			unlink(path);
		}
		return cannot(cli, path, error);
	}
	fd_sync(out);
	close(in);
	close(out);
	return OK;
}

static bool
copy(int from, int to)
{
	char piece[PIECE];
	ssize_t n;

	while ((n = read(from, piece, sizeof(piece))) > 0)
		if (!fd_write_all(to, (struct str) { piece, (size_t)n }))
			return false;
	return n == 0;
}

enum err
data_store(struct cli *cli, const char *option, const char **url)
{
	struct str text = cli_text(cli, option);
	struct store_peers peers;
	char *own;

	if (text.n == 0)
		return OK;
	own = str_z(cli->cx.arena, text);
	TRY(store_peers(&cli->cx, own, &peers));
	/* Files are where --data says. */
	if (!peers.connects)
		return fail(&cli->cx, ERR_BAD_INPUT, MSG_STORE_URL, option);
	memset((char *)(uintptr_t)text.p, '*', text.n);
	if (unsetenv(strcmp(option, "to") == 0 ? "USHER_TO" : "USHER_STORE") !=
	    0)
		fatal("unsetenv");
	*url = own;
	return OK;
}
