/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/rejects.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"

#include "usher/member.h"

#define PIECE	    65536
#define OUT_MAX	    (16u << 20)	/* what one piece can give, and more */
#define BOM	    STR("\xef\xbb\xbf")

static int by_line(const void *, const void *);
static void write_head(struct rejects *, const struct csv_record *,
    char separator, struct buf *);
static void write_row(struct rejects *, const struct csv_record *,
    char separator, struct buf *);
static void write_own(const struct rejects *, const struct csv_record *,
    char separator, struct buf *);
static void write_reasons(const struct rejects *, int64_t line, char separator,
    struct buf *);
static enum err copy_all(struct cli *, const struct rejects_file *, int in,
    int out, struct rejects *);
static enum err cannot(struct cli *, enum msg, const char *path);

struct reject *
rejects_of(struct arena *arena, const struct js *report, size_t *n)
{
	const struct js *list;
	struct reject *row;

	*n = member_items(report, "rejects", &list);
	row = arena_array(arena, *n + 1, sizeof(*row));
	for (size_t i = 0; i < *n; i++) {
		const struct js *r = js_at(list, i);

		row[i] = (struct reject) { member_int(r, "line"),
			member_text(r, "column"), member_text(r, "reason"),
			member_text(r, "remedy") };
	}
	qsort(row, *n, sizeof(*row), by_line);
	return row;
}

static int
by_line(const void *a, const void *b)
{
	int64_t x = ((const struct reject *)a)->line;
	int64_t y = ((const struct reject *)b)->line;

	return x < y ? -1 : x > y;
}

/* --- records --------------------------------------------------------------------- */

void
rejects_copy(struct rejects *r, struct csv *csv, struct buf *out)
{
	struct csv_record record;

	while (csv_next(csv, &record)) {
		char separator = csv_separator(csv);

		if (!r->has_head)
			write_head(r, &record, separator, out);
		r->has_head = true;
		/* A row that the file no longer has. */
		while (r->at < r->n && r->row[r->at].line < record.line)
			r->at++;
		if (r->at < r->n && r->row[r->at].line == record.line)
			write_row(r, &record, separator, out);
	}
}

static void
write_head(struct rejects *r, const struct csv_record *record, char separator,
    struct buf *out)
{
	static const char *const columns[] = { "usher_line", "usher_column",
		"usher_reason", "usher_remedy" };
	size_t n = record->n;

	if (n > COUNT(columns) &&
	    str_eq(record->field[n - COUNT(columns)], str_of(columns[0])))
		r->fields = n - COUNT(columns);
	write_own(r, record, separator, out);
	for (size_t i = 0; i < COUNT(columns); i++) {
		buf_u8(out, (uint8_t)separator);
		buf_z(out, columns[i]);
	}
	buf_u8(out, '\n');
}

static void
write_row(struct rejects *r, const struct csv_record *record, char separator,
    struct buf *out)
{
	write_own(r, record, separator, out);
	write_reasons(r, record->line, separator, out);
	buf_u8(out, '\n');
	r->written++;
}

/* What the file has of its own. */
static void
write_own(const struct rejects *r, const struct csv_record *record,
    char separator, struct buf *out)
{
	if (r->fields == 0 || record->n <= r->fields) {
		buf_str(out, record->raw);
		return;
	}
	for (size_t i = 0; i < r->fields; i++) {
		if (i > 0)
			buf_u8(out, (uint8_t)separator);
		csv_write(out, record->field[i], separator, false);
	}
}

/* One line of the file may have been refused for several reasons. */
static void
write_reasons(
    const struct rejects *r, int64_t line, char separator, struct buf *out)
{
	struct buf text[3];
	size_t i;

	buf_u8(out, (uint8_t)separator);
	buf_fmt(out, "%lld", (long long)line);
	for (size_t c = 0; c < COUNT(text); c++)
		buf_init(&text[c], NULL, PIECE);
	for (i = r->at; i < r->n && r->row[i].line == line; i++) {
		const struct str part[] = { r->row[i].column, r->row[i].reason,
			r->row[i].remedy };

		for (size_t c = 0; c < COUNT(text); c++) {
			buf_z(&text[c], i > r->at ? " / " : "");
			buf_str(&text[c], part[c]);
		}
	}
	for (size_t c = 0; c < COUNT(text); c++) {
		buf_u8(out, (uint8_t)separator);
		csv_write(out, buf_view(&text[c]), separator, true);
		buf_fini(&text[c]);
	}
}

/* --- the file ---------------------------------------------------------------------- */

enum err
rejects_write(
    struct cli *cli, const struct rejects_file *f, struct rejects *rejects)
{
	int in = open(f->from, O_RDONLY | O_CLOEXEC), out;
	enum err err;

	if (in < 0)
		return cannot(cli, MSG_CLI_FILE, f->from);
	/* A file that others could read must not get these rows. */
	if (unlink(f->to) != 0 && errno != ENOENT) {
		close(in);
		return cannot(cli, MSG_CLI_WRITE, f->to);
	}
	out = open(f->to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0) {
		close(in);
		return cannot(cli, MSG_CLI_WRITE, f->to);
	}
	err = copy_all(cli, f, in, out, rejects);
	close(in);
	if (close(out) != 0 && err == OK)
		err = cannot(cli, MSG_CLI_WRITE, f->to);
	return err;
}

static enum err
copy_all(struct cli *cli, const struct rejects_file *f, int in, int out,
    struct rejects *rejects)
{
	struct csv *csv = csv_open(f->separator, f->is_windows_1252);
	char piece[PIECE];
	enum err err = OK;
	struct buf b;
	ssize_t n;

	buf_init(&b, NULL, OUT_MAX);
	buf_str(&b, BOM);
	do {
		n = read(in, piece, sizeof(piece));
		if (n >= 0) {
			csv_feed(
			    csv, (struct str) { piece, (size_t)n }, n == 0);
			rejects_copy(rejects, csv, &b);
		}
		must(!b.over);
		if (n < 0)
			err = cannot(cli, MSG_CLI_FILE, f->from);
		else if (!fd_write_all(out, buf_view(&b)))
			err = cannot(cli, MSG_CLI_WRITE, f->to);
		buf_clear(&b);
	} while (n > 0 && err == OK);
	buf_fini(&b);
	csv_close(csv);
	return err;
}

static enum err
cannot(struct cli *cli, enum msg why, const char *path)
{
	return fail(&cli->cx, why == MSG_CLI_FILE ? ERR_BAD_INPUT : ERR_FULL,
	    why, "rejects", path, errno_text(&cli->cx, errno));
}
