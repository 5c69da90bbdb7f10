/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tenant_export.c - page after page into files, so that memory does not grow
 * with the tenant.  The manifest comes last: a folder without it is not whole.
 */
#include "usher/tenant_export.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"

#include "audit/tree.h"

#include "usher/audit_pages.h"
#include "usher/folder.h"
#include "usher/input.h"
#include "usher/member.h"
#include "usher/progress.h"

#define FOLDER_MODE 0700
#define FILE_MODE   0600
#define MANIFEST_MAX (256u << 20)
#define AGAIN_MS    2000	/* the vault counts by minutes */
#define TRIES_MAX   300		/* ten minutes in which nothing comes */

struct export {
	struct cli	*cli;
	const char	*dir;
	struct str	 tenant;
	struct arena	*page;
	struct progress	 bar;
	int64_t		 persons, records;	/* records: of the file that was written last */
	bool		 has_waited;
	struct body	 manifest;
};

static enum err begin(struct export *, const struct js **);
static enum err write_catalogue(struct export *);
static enum err write_lines(struct export *, const char *part,
    const char *file, bool shows);
static enum err get_page(struct export *, const char *part, struct str cursor,
    struct answer *);
static enum err write_tables(struct export *, const struct js *begun);
static enum err write_logs(struct export *);
static enum err write_manifest(struct export *, const struct js *begun);
static enum err list_file(void *export, const char *name);
static const char *path_of(struct export *, const char *name);
static enum err make_folder(struct export *, const char *path);
static enum err failed(struct export *, const char *path);
static int64_t lines_of(struct str);

enum err
tenant_export(struct cli *cli)
{
	struct export x = { .cli = cli, .dir = cli_z(cli, "out"),
		.tenant = str_of(cli->word[0]) };
	const struct js *begun;
	enum err err;

	TRY(cli_need(cli, "out"));
	TRY(cli_need(cli, "reason"));
	x.page = cli_arena(cli);
	if (access(x.dir, F_OK) == 0)
		return fail(
		    &cli->cx, ERR_CONFLICT, MSG_CLI_EXISTS, "out", x.dir);
	TRY(make_folder(&x, x.dir));
	TRY(begin(&x, &begun));
	body_open(cli, &x.manifest);
	js_key(&x.manifest.js, "counts");
	js_open_object(&x.manifest.js);
	TRY(write_catalogue(&x));
	progress_begin(&x.bar, cli, MSG_SAY_EXPORTING,
	    member_int(begun, "persons"), PROGRESS_COUNT);
	err = write_lines(&x, "persons", "persons.jsonl", true);
	progress_end(&x.bar);
	TRY(err);
	x.persons = x.records;
	TRY(write_tables(&x, begun));
	js_close_object(&x.manifest.js);
	TRY(write_logs(&x));
	TRY(write_manifest(&x, begun));
	if (cli_told(cli))
		return OK;
	cli_say(cli, MSG_SAY_TENANT_EXPORTED,
	    ARGS(cli_number(cli, x.persons), x.tenant, str_of(x.dir)));
	return OK;
}

/* The reason stands in the tenant's log before anything is read. */
static enum err
begin(struct export *x, const struct js **begun)
{
	struct cli *cli = x->cli;
	struct call call = { .method = POST,
		.path = cli_path(cli, "/operator/v1/tenants/", x->tenant,
		    "/export") };
	struct body body;

	body_open(cli, &body);
	body_text(&body, "reason", cli_text(cli, "reason"));
	call.body = body_close(&body);
	return cli_ask(cli, &call, begun);
}

static enum err
write_catalogue(struct export *x)
{
	struct answer answer;

	TRY(get_page(x, "catalogue", STR(""), &answer));
	return output_new(
	    x->cli, "out", path_of(x, "catalogue.yaml"), answer.body);
}

/* Lines of JSON, as they come. */
static enum err
write_lines(struct export *x, const char *part, const char *file, bool shows)
{
	const char *path = path_of(x, file);
	int fd = open(path,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	struct answer answer;
	char next[8192] = "";
	enum err err = OK;

	if (fd < 0)
		return failed(x, path);
	x->records = 0;
	do {
		struct str cursor;
		int64_t n;

		err = get_page(x, part, str_of(next), &answer);
		if (err != OK)
			break;
		if (!fd_write_all(fd, answer.body)) {
			err = failed(x, path);
			break;
		}
		n = lines_of(answer.body);
		x->records += n;
		if (shows)
			progress_add(&x->bar, n);
		cursor = answer_header(&answer, "Usher-Next");
		must(cursor.n < sizeof(next));
		if (cursor.n > 0)
			memcpy(next, cursor.p, cursor.n);
		next[cursor.n] = '\0';
	} while (next[0] != '\0');
	if (err == OK)
		fd_sync(fd);
	if (close(fd) != 0 && err == OK)
		err = failed(x, path);
	js_key_str(&x->manifest.js, str_of(file));
	js_put_int(&x->manifest.js, x->records);
	return err;
}

/* Waits while as many records were opened as may be in a minute; the page before is forgotten. */
static enum err
get_page(struct export *x, const char *part, struct str cursor,
    struct answer *answer)
{
	struct cli *cli = x->cli;
	struct arena *own = cli->cx.arena;
	struct buf path;
	enum err err;

	query_open(cli, &path,
	    str_z(own,
		cli_path(cli, "/operator/v1/tenants/", x->tenant, "/export/")));
	buf_z(&path, part);
	query_add(&path, "cursor", cursor);
	for (int tries = 0;; tries++) {
		struct call call = { .path = buf_view(&path) };

		call.method = GET;
		arena_reset(x->page);
		cli->cx.arena = x->page;
		err = cli_call(cli, &call, answer);
		cli->cx.arena = own;
		if (err != ERR_LIMITED || tries == TRIES_MAX)
			return err;
		if (!x->has_waited)
			cli_note(cli, MSG_SAY_TENANT_WAITS, NO_ARGS);
		x->has_waited = true;
		cli->problem = STR("");
		cli->cx.fault = (struct fault) { 0 };
		clock_sleep_ms(AGAIN_MS);
	}
}

static enum err
write_tables(struct export *x, const struct js *begun)
{
	struct arena *a = x->cli->cx.arena;
	const struct js *tables;
	size_t n = member_items(begun, "tables", &tables);

	TRY(make_folder(x, path_of(x, "tables")));
	for (size_t i = 0; i < n; i++) {
		struct str name = js_str(js_at(tables, i));
		const char *part =
		    str_z(a, str_fmt(a, "tables/%.*s", STR_ARG(name)));

		TRY(write_lines(
		    x, part, str_z(a, str_fmt(a, "%s.jsonl", part)), false));
	}
	return OK;
}

/* Of every origin: there is more than one where a restore lost the end of the log. */
static enum err
write_logs(struct export *x)
{
	struct cli *cli = x->cli;
	struct arena *a = cli->cx.arena;
	struct log_end end;
	int64_t present;

	cli->log_path =
	    cli_path(cli, "/operator/v1/tenants/", x->tenant, "/export/log");
	TRY(make_folder(x, path_of(x, "log")));
	TRY(log_end_find(cli, -1, &end));
	present = end.number;
	for (int64_t i = 0; i <= present; i++)
		TRY(log_export(cli,
		    path_of(x, str_z(a, str_fmt(a, "log/%lld", (long long)i))),
		    i == present ? -1 : i, &end));
	return OK;
}

/* --- the manifest --------------------------------------------------------------------- */

static enum err
write_manifest(struct export *x, const struct js *begun)
{
	struct js_out *js = &x->manifest.js;
	struct str text;
	bool is_synced;

	js_key(js, "export");
	js_put_int(js, 1);
	js_key(js, "usher");
	js_put_z(js, USHER_VERSION);
	js_key(js, "tenant");
	js_put_int(js, member_int(begun, "tenant"));
	js_key(js, "name");
	js_put_str(js, x->tenant);
	js_key(js, "state");
	js_put_str(js, member_text(begun, "state"));
	js_key(js, "made");
	js_put_time(js, clock_now_ms());
	js_key(js, "reason");
	js_put_str(js, cli_text(x->cli, "reason"));
	js_key(js, "files");
	js_open_array(js);
	/* In the order of their names, so that two manifests can be compared. */
	TRY(folder_walk(&x->cli->cx, x->dir, list_file, x));
	js_close_array(js);
	text = body_close(&x->manifest);
	x->cli->last = text;
	TRY(output_new(x->cli, "out", path_of(x, "manifest.json"), text));
	TRY(folder_sync(&x->cli->cx, x->dir));
	TRY(folder_sync_allowed(&x->cli->cx, path_of(x, ".."), &is_synced));
	/* All is there; one may write to a folder that one may not read. */
	if (!is_synced)
		cli_note(x->cli, MSG_SAY_TENANT_UNSYNCED,
		    ARGS(str_of(x->dir)));
	return OK;
}

static enum err
list_file(void *arg, const char *name)
{
	struct export *x = arg;
	struct js_out *js = &x->manifest.js;
	const char *path = path_of(x, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct hash hash;
	struct stat st;
	char *p = NULL;
	size_t n;

	if (fd < 0 || fstat(fd, &st) != 0)
		return failed(x, path);
	n = (size_t)st.st_size;
	if (n > 0)
		p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return failed(x, path);
	sha256(n > 0 ? (struct str) { p, n } : STR(""), &hash);
	if (n > 0)
		munmap(p, n);
	js_open_object(js);
	js_key(js, "name");
	js_put_z(js, name);
	js_key(js, "bytes");
	js_put_int(js, (int64_t)n);
	js_key(js, "sha256");
	js_put_str(js,
	    str_hex(x->cli->cx.arena,
		(struct str) { (char *)hash.bytes, sizeof(hash) }));
	js_close_object(js);
	return OK;
}

/* --- files ------------------------------------------------------------------------------ */

static const char *
path_of(struct export *x, const char *name)
{
	struct arena *a = x->cli->cx.arena;

	return str_z(a, str_fmt(a, "%s/%s", x->dir, name));
}

static enum err
make_folder(struct export *x, const char *path)
{
	return mkdir(path, FOLDER_MODE) == 0 ? OK : failed(x, path);
}

static enum err
failed(struct export *x, const char *path)
{
	return fail(&x->cli->cx, ERR_FULL, MSG_CLI_WRITE, "out", path,
	    errno_text(&x->cli->cx, errno));
}

static int64_t
lines_of(struct str s)
{
	int64_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	return n;
}
