/* SPDX-License-Identifier: Apache-2.0 */
#include "base/conf.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "base/io.h"

#define FILE_MOST   (1024 * 1024)
#define CONFIG	    "config" /* the option that names the file */
#define ENVIRONMENT "USHER_"

/* Where a value came from; what is greater wins. */
enum origin {
	FROM_NOWHERE,
	FROM_DEFAULT,
	FROM_FILE,
	FROM_ENVIRONMENT,
	FROM_FLAG
};

struct value {
	enum origin origin;
	struct str  text;
	int64_t	    number; /* OPTION_INT, and OPTION_BOOL as 0 and 1 */
	int	    line;   /* of the file where it stands; 0: nowhere */
};

struct conf {
	const struct option *table;
	size_t		     n;
	struct value	    *value; /* one per row of the table */
};

/*
 * A value offered for a row of the table.  The place is for people: "--port",
 * "USHER_PORT", "usher.conf:3".
 */
struct offer {
	size_t	    row;
	enum origin origin;
	const char *place;
	struct str  text;
};

/* A file being read by inih, which asks for lines and calls back with pairs. */
struct file {
	struct ctx  *cx;
	struct conf *conf;
	const char  *path;
	struct str   left;
	int	     line;
	enum err     err;
};

static void read_defaults(struct ctx *, struct conf *);
static enum err read_flags(struct ctx *, struct conf *, int *, char **);
static enum err flag(struct ctx *, struct conf *, char **, int *);
static enum err read_environment(struct ctx *, struct conf *);
static char in_environment(char);
static enum err read_file(struct ctx *, struct conf *, const char *);
static char *next_line(char *, int, void *);
static int pair(void *, const char *, const char *, const char *);
static const char *place_of_line(const struct file *);
static size_t find(const struct conf *, struct str);
static const struct value *value_of(const struct conf *, const char *,
    enum option_type);
static enum err set(struct ctx *, struct conf *, const struct offer *);
static enum err check(struct ctx *, const struct option *,
    const struct offer *, int64_t *);
static enum err check_int(struct ctx *, const struct option *,
    const struct offer *, int64_t *);
static bool parse_bool(struct str, int64_t *);

enum err
conf_load(struct ctx *cx, const struct option *table, size_t n,
    const char *file, int *argc, char **argv, struct conf **out)
{
	struct conf *c = arena_alloc(cx->arena, sizeof(*c));

	c->table = table;
	c->n = n;
	c->value = arena_array(cx->arena, n, sizeof(c->value[0]));
	read_defaults(cx, c);
	TRY(read_flags(cx, c, argc, argv));
	TRY(read_environment(cx, c));
	/* Last, because the others may say which file. */
	TRY(read_file(cx, c, file));
	*out = c;
	return OK;
}

static void
read_defaults(struct ctx *cx, struct conf *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct offer o = { i, FROM_DEFAULT, "default",
			str_of(c->table[i].fallback) };

		if (c->table[i].fallback != NULL)
			must(set(cx, c, &o) == OK);
	}
}

static enum err
read_flags(struct ctx *cx, struct conf *c, int *argc, char **argv)
{
	int words = 0, i;

	for (i = 0; i < *argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		if (i == 0 || strncmp(argv[i], "--", 2) != 0)
			argv[words++] = argv[i];
		else
			TRY(flag(cx, c, argv, &i));
	}
	while (i < *argc)
		argv[words++] = argv[i++];
	argv[words] = NULL;
	*argc = words;
	return OK;
}

/* The flag at argv[*i], and its value if that is the next word. */
static enum err
flag(struct ctx *cx, struct conf *c, char **argv, int *i)
{
	struct str rest = str_of(argv[*i] + 2), name = str_cut(&rest, '=');
	struct offer o = { find(c, name), FROM_FLAG, NULL, rest };

	o.place = str_z(cx->arena, str_fmt(cx->arena, "--%.*s", STR_ARG(name)));
	if (o.row == c->n)
		return fail(
		    cx, ERR_BAD_INPUT, MSG_OPTION_UNKNOWN, o.place, o.place);
	if (rest.p == NULL && c->table[o.row].type == OPTION_BOOL)
		o.text = STR("true");
	else if (rest.p == NULL && argv[*i + 1] == NULL)
		return fail(
		    cx, ERR_BAD_INPUT, MSG_OPTION_NO_VALUE, o.place, o.place);
	else if (rest.p == NULL)
		o.text = str_of(argv[++*i]);
	return set(cx, c, &o);
}

/* Only names of the table are asked for: USHER_ has other users too. */
static enum err
read_environment(struct ctx *cx, struct conf *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct str all =
		    str_fmt(cx->arena, ENVIRONMENT "%s", c->table[i].name);
		char *name = str_z(cx->arena, all);
		struct offer o = { i, FROM_ENVIRONMENT, name, STR("") };
		const char *text;

		for (char *p = name; *p != '\0'; p++)
			*p = in_environment(*p);
		text = secure_getenv(name);
		o.text = str_of(text);
		if (text != NULL)
			TRY(set(cx, c, &o));
	}
	return OK;
}

/* A letter of an option's name as it stands there: data-dir, DATA_DIR. */
static char
in_environment(char c)
{
	if (c == '-' || c == '.')
		return '_';
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static enum err
read_file(struct ctx *cx, struct conf *c, const char *path)
{
	struct file f = { .cx = cx, .conf = c, .path = path };
	size_t row = find(c, STR(CONFIG));
	bool is_named = row < c->n && c->value[row].origin > FROM_FILE;
	char reason[128];
	int bad_line;

	if (is_named)
		f.path = str_z(cx->arena, c->value[row].text);
	if (f.path == NULL)
		return OK;
	if (!file_read(cx->arena, f.path, FILE_MOST, &f.left)) {
		if (errno == ENOENT && !is_named)
			return OK;
		return fail(cx, ERR_BAD_INPUT, MSG_OPTION_FILE, CONFIG, f.path,
		    strerror_r(errno, reason, sizeof(reason)));
	}
	if (!str_utf8(f.left))
		return fail(cx, ERR_BAD_INPUT, MSG_OPTION_FILE_ENCODING, CONFIG,
		    f.path);
	bad_line = ini_parse_stream(next_line, &f, pair, &f);
	if (f.err == OK && bad_line != 0) {
		f.line = bad_line;
		return fail(cx, ERR_BAD_INPUT, MSG_OPTION_FILE_LINE, CONFIG,
		    place_of_line(&f));
	}
	return f.err;
}

/* One line for inih, as fgets(3) would give it. */
static char *
next_line(char *room, int size, void *arg)
{
	struct file *f = arg;
	size_t n = str_find(f->left, '\n');

	if (f->err != OK || f->left.n == 0)
		return NULL;
	f->line++;
	n += n < f->left.n;
	if (n >= (size_t)size) {
		f->err = fail(f->cx, ERR_BAD_INPUT, MSG_OPTION_FILE_LONG,
		    CONFIG, place_of_line(f));
		return NULL;
	}
	memcpy(room, f->left.p, n);
	room[n] = '\0';
	f->left = str_sub(f->left, n, f->left.n);
	return room;
}

/* 1: taken, which inih wants to hear. */
static int
pair(void *arg, const char *section, const char *name, const char *text)
{
	struct file *f = arg;
	const char *sep = section[0] == '\0' ? "" : ".";
	struct str full = str_fmt(f->cx->arena, "%s%s%s", section, sep, name);
	struct offer o = { find(f->conf, full), FROM_FILE, place_of_line(f),
		str_copy(f->cx->arena, str_of(text)) };

	if (f->err != OK)
		return 0;
	if (o.row == f->conf->n)
		f->err = fail(
		    f->cx, ERR_BAD_INPUT, MSG_OPTION_UNKNOWN, full.p, o.place);
	/* An indented line is to inih more of the line before. */
	else if (f->conf->value[o.row].line > 0)
		f->err = fail(
		    f->cx, ERR_BAD_INPUT, MSG_OPTION_TWICE, full.p, o.place);
	else
		f->err = set(f->cx, f->conf, &o);
	if (f->err == OK)
		f->conf->value[o.row].line = f->line;
	return f->err == OK;
}

static const char *
place_of_line(const struct file *f)
{
	struct str place = str_fmt(f->cx->arena, "%s:%d", f->path, f->line);

	return str_z(f->cx->arena, place);
}

/* The row of the option NAME; as many as there are if there is none. */
static size_t
find(const struct conf *c, struct str name)
{
	size_t i = 0;

	while (i < c->n && !str_eq(name, str_of(c->table[i].name)))
		i++;
	return i;
}

/* Checks what is offered, even where something greater is there already. */
static enum err
set(struct ctx *cx, struct conf *c, const struct offer *o)
{
	struct value *v = &c->value[o->row];
	int64_t number = 0;

	TRY(check(cx, &c->table[o->row], o, &number));
	if (o->origin < v->origin)
		return OK;
	v->origin = o->origin;
	v->text = o->text;
	v->number = number;
	return OK;
}

static enum err
check(struct ctx *cx, const struct option *row, const struct offer *o,
    int64_t *number)
{
	if (!str_utf8(o->text))
		return fail(cx, ERR_BAD_INPUT, MSG_OPTION_ENCODING, row->name,
		    o->place);
	switch (row->type) {
	case OPTION_INT:
		return check_int(cx, row, o, number);
	case OPTION_BOOL:
		if (!parse_bool(o->text, number))
			return fail(cx, ERR_BAD_INPUT, MSG_OPTION_NOT_BOOL,
			    row->name, o->place, str_z(cx->arena, o->text));
		return OK;
	case OPTION_PATH:
		if (o->text.n == 0)
			return fail(cx, ERR_BAD_INPUT, MSG_OPTION_NO_VALUE,
			    row->name, o->place);
		return OK;
	case OPTION_TEXT:
		break;
	}
	return OK;
}

static enum err
check_int(struct ctx *cx, const struct option *row, const struct offer *o,
    int64_t *number)
{
	char min[24], max[24];

	if (!str_int(o->text, number))
		return fail(cx, ERR_BAD_INPUT, MSG_OPTION_NOT_INT, row->name,
		    o->place, str_z(cx->arena, o->text));
	if (*number >= row->min && *number <= row->max)
		return OK;
	snprintf(min, sizeof(min), "%" PRId64, row->min);
	snprintf(max, sizeof(max), "%" PRId64, row->max);
	return fail(cx, ERR_BAD_INPUT, MSG_OPTION_RANGE, row->name, o->place,
	    str_z(cx->arena, o->text), min, max);
}

static bool
parse_bool(struct str text, int64_t *out)
{
	static const char *const words[][2] = { { "false", "true" },
		{ "no", "yes" }, { "off", "on" }, { "0", "1" } };

	for (size_t i = 0; i < COUNT(words); i++) {
		for (int v = 0; v < 2; v++) {
			if (!str_eq_nocase(text, str_of(words[i][v])))
				continue;
			*out = v;
			return true;
		}
	}
	return false;
}

struct str
conf_text(const struct conf *c, const char *name)
{
	size_t row = find(c, str_of(name));

	must(row < c->n);
	return c->value[row].text;
}

int64_t
conf_int(const struct conf *c, const char *name)
{
	return value_of(c, name, OPTION_INT)->number;
}

bool
conf_bool(const struct conf *c, const char *name)
{
	return value_of(c, name, OPTION_BOOL)->number != 0;
}

static const struct value *
value_of(const struct conf *c, const char *name, enum option_type type)
{
	size_t row = find(c, str_of(name));

	must(row < c->n && c->table[row].type == type);
	return &c->value[row];
}

bool
conf_is_set(const struct conf *c, const char *name)
{
	size_t row = find(c, str_of(name));

	must(row < c->n);
	return c->value[row].origin > FROM_DEFAULT;
}
