/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup.c - copies for a bad day: the data first, the wrapped keys after, so
 * that no record stands in a backup without its key; and the key-encryption
 * keys as an archive under a passphrase.  Whoever has only one of the three
 * can read nothing.
 */
#include "act/world_int.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#include "act/query.h"

#define PASSPHRASE_LEAST 12

static enum err make_folder(struct ctx *, const char *path);
static enum err copy(struct reader *, struct ctx *, enum db_kind,
    struct str path, int64_t *bytes);
static struct str stamp(struct ctx *);
static size_t characters(struct str);
static enum err note_all(struct reader *, struct ctx *, enum action);

enum err
backup_make(struct reader *r, struct ctx *cx, const void *none, void **result)
{
	struct backup_out *out = arena_alloc(cx->arena, sizeof(*out));
	struct str folder = str_fmt(cx->arena, "%s/backups",
	    r->world->data_dir);
	struct str when = stamp(cx);
	enum err err;

	(void)none;
	TRY(make_folder(cx, str_z(cx->arena, folder)));
	out->data_path = str_fmt(cx->arena, "%.*s/%.*s-data.db",
	    STR_ARG(folder), STR_ARG(when));
	out->keys_path = str_fmt(cx->arena, "%.*s/%.*s-keys.db",
	    STR_ARG(folder), STR_ARG(when));
	TRY(copy(r, cx, DB_DATA, out->data_path, &out->data_bytes));
	err = copy(r, cx, DB_KEYS, out->keys_path, &out->keys_bytes);
	if (err != OK) {
		/* Half a backup would be taken for one. */
		unlink(str_z(cx->arena, out->data_path));
		return err;
	}
	*result = out;
	return note_all(r, cx, ACTION_BACKUP_MADE);
}

static enum err
make_folder(struct ctx *cx, const char *path)
{
	struct stat st;

	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return fail(cx, ERR_CONFLICT, MSG_BACKUP_FOLDER, "backups",
		    path, strerror(errno));
	if (lstat(path, &st) != 0 || !S_ISDIR(st.st_mode)
	    || (st.st_mode & 077) != 0)
		return fail(cx, ERR_CONFLICT, MSG_BACKUP_FOLDER, "backups",
		    path, "0700");
	return OK;
}

static enum err
copy(struct reader *r, struct ctx *cx, enum db_kind kind, struct str path,
    int64_t *bytes)
{
	const char *file = str_z(cx->arena, path);
	struct stat st;

	TRY(store_copy(cx, world_store(r->world), kind, file));
	if (stat(file, &st) != 0)
		fatal("a backup that was just written cannot be found");
	*bytes = st.st_size;
	return OK;
}

/* "20261123T061607.123Z": sorts by time, and safe on every file system. */
static struct str
stamp(struct ctx *cx)
{
	struct str time = time_text(cx->arena, clock_now_ms());
	char *p = arena_alloc(cx->arena, time.n);
	size_t n = 0;

	for (size_t i = 0; i < time.n; i++)
		if (time.p[i] != '-' && time.p[i] != ':')
			p[n++] = time.p[i];
	return (struct str) { p, n };
}

/* --- keys ------------------------------------------------------------------------------ */

enum err
key_export(struct reader *r, struct ctx *cx, const void *passphrase,
    void **result)
{
	const struct str *secret = passphrase;
	struct str *archive = arena_alloc(cx->arena, sizeof(*archive));

	if (!str_utf8(*secret) || characters(*secret) < PASSPHRASE_LEAST)
		return fail(cx, ERR_BAD_INPUT, MSG_VAULT_PASSPHRASE,
		    "passphrase");
	TRY(vault_key_export(r->vault, cx, *secret, archive));
	TRY(note_all(r, cx, ACTION_KEYS_EXPORTED));
	*result = archive;
	return OK;
}

static size_t
characters(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

/* --- the log entries -------------------------------------------------------------------- */

struct note_in {
	enum action action;
};

static enum err
note_save(struct batch *b, struct tx *tx)
{
	struct logbook book = { .arena = tx_ctx(tx)->arena };

	for (size_t i = 0; i < b->n; i++) {
		const struct item *it = b->item[i];
		const struct note_in *in = it->in;
		struct entry e = entry_by(it->cx, in->action, SUBJECT_TENANT,
		    it->tenant);

		logbook_add(&book, it->tenant, &e, NULL);
	}
	return logbook_save(&book, tx);
}

static const struct use_case operator_note = { .name = "operator_note",
	.save = note_save };

/* It concerns every tenant, so it stands in every tenant's log. */
static enum err
note_all(struct reader *r, struct ctx *cx, enum action action)
{
	struct note_in in = { action };
	uint32_t *tenant;
	size_t n = world_tenants(r->world, cx->arena, &tenant);

	for (size_t i = 0; i < n; i++) {
		struct item it = { .cx = cx, .use_case = &operator_note,
			.tenant = tenant[i], .in = &in };

		enum err err = pipeline_do(world_pipeline(r->world), &it,
		    ITEM_INTERACTIVE);

		/* Its log has ended since the list was made. */
		if (err == ERR_CONFLICT)
			cx->fault = (struct fault) { 0 };
		else
			TRY(err);
	}
	return OK;
}
