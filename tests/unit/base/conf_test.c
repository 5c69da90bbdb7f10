/* SPDX-License-Identifier: Apache-2.0 */
#include "try.h"

#include "base/conf.h"
#include "base/io.h"

static const struct option table[] = {
	{ "config", OPTION_PATH, NULL, 0, 0, false, MSG_NONE },
	{ "listen", OPTION_TEXT, "127.0.0.1:8080", 0, 0, false, MSG_NONE },
	{ "batch-max", OPTION_INT, "200", 1, 1000, true, MSG_NONE },
	{ "json", OPTION_BOOL, "false", 0, 0, false, MSG_NONE },
	{ "data-dir", OPTION_PATH, NULL, 0, 0, false, MSG_NONE },
	{ "vault.rate", OPTION_INT, NULL, -5, 5, true, MSG_NONE },
};

static struct ctx cx;
static struct conf *conf;
static char path[64];
static int argc;
static char *argv[16];

static int
start(void **state)
{
	int fd;

	(void)state;
	cx.arena = arena_open(1 << 24);
	snprintf(path, sizeof(path), "/tmp/usher-conf-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	close(fd);
	unsetenv("USHER_CONFIG");
	unsetenv("USHER_LISTEN");
	unsetenv("USHER_BATCH_MAX");
	unsetenv("USHER_JSON");
	unsetenv("USHER_DATA_DIR");
	unsetenv("USHER_VAULT_RATE");
	return 0;
}

static int
finish(void **state)
{
	(void)state;
	arena_close(cx.arena);
	return unlink(path);
}

/* Loads with FILE_TEXT in the file and WORDS, split at spaces, on the line. */
static enum err
load(const char *file_text, const char *words)
{
	struct str left = str_of(words);

	assert_true(file_replace(path, str_of(file_text), 0600));
	argc = 0;
	argv[argc++] = str_z(cx.arena, STR("usher"));
	while (left.n > 0)
		argv[argc++] = str_z(cx.arena, str_cut(&left, ' '));
	argv[argc] = NULL;
	conf = NULL;
	return conf_load(&cx, table, COUNT(table), path, &argc, argv, &conf);
}

static void
defaults_hold_where_nothing_is_said(void **state)
{
	(void)state;
	assert_int_equal(load("", ""), OK);
	assert_str(conf_text(conf, "listen"), "127.0.0.1:8080");
	assert_int_equal(conf_int(conf, "batch-max"), 200);
	assert_str(conf_text(conf, "batch-max"), "200");
	assert_false(conf_bool(conf, "json"));
	assert_str(conf_text(conf, "data-dir"), "");
	assert_int_equal(conf_int(conf, "vault.rate"), 0);
	assert_false(conf_is_set(conf, "listen"));
	assert_false(conf_is_set(conf, "data-dir"));
	assert_int_equal(argc, 1);
}

static void
a_flag_beats_the_environment_that_beats_the_file(void **state)
{
	static const char *const file = "# comment\n; another\n"
					"batch-max = 1 ; inline\n"
					"json: yes\n"
					"[vault]\n"
					"rate = -5\n";

	(void)state;
	assert_int_equal(load(file, ""), OK);
	assert_int_equal(conf_int(conf, "batch-max"), 1);
	assert_true(conf_bool(conf, "json"));
	assert_int_equal(conf_int(conf, "vault.rate"), -5);
	assert_true(conf_is_set(conf, "batch-max"));

	setenv("USHER_BATCH_MAX", "2", 1);
	setenv("USHER_JSON", "off", 1);
	setenv("USHER_VAULT_RATE", "3", 1);
	assert_int_equal(load(file, ""), OK);
	assert_int_equal(conf_int(conf, "batch-max"), 2);
	assert_false(conf_bool(conf, "json"));
	assert_int_equal(conf_int(conf, "vault.rate"), 3);

	assert_int_equal(
	    load(file, "--batch-max 3 --json --vault.rate=-1"), OK);
	assert_int_equal(conf_int(conf, "batch-max"), 3);
	assert_true(conf_bool(conf, "json"));
	assert_int_equal(conf_int(conf, "vault.rate"), -1);
	/* Of two flags the last one counts. */
	assert_int_equal(load(file, "--batch-max=4 --batch-max=5"), OK);
	assert_int_equal(conf_int(conf, "batch-max"), 5);
}

static void
words_stay_in_their_order(void **state)
{
	(void)state;
	assert_int_equal(
	    load("", "seat --json verify --listen=[::1]:1=2 - -- --batch-max"),
	    OK);
	assert_int_equal(argc, 5);
	assert_string_equal(argv[0], "usher");
	assert_string_equal(argv[1], "seat");
	assert_string_equal(argv[2], "verify");
	assert_string_equal(argv[3], "-");
	assert_string_equal(argv[4], "--batch-max");
	assert_null(argv[5]);
	assert_str(conf_text(conf, "listen"), "[::1]:1=2");
	assert_int_equal(load("", "--json=no --listen="), OK);
	assert_false(conf_bool(conf, "json"));
	assert_str(conf_text(conf, "listen"), "");
	assert_true(conf_is_set(conf, "listen"));
}

/* What is refused, and how it is told. */
static const struct {
	const char *file, *words;
	enum msg msg;
	const char *field, *place; /* "#n": line n of the file */
} wrong[] = {
	{ "", "--nothing", MSG_OPTION_UNKNOWN, "--nothing",
	    "--nothing" },
	{ "", "--batch-max", MSG_OPTION_NO_VALUE, "--batch-max",
	    "--batch-max" },
	{ "", "--batch-max x", MSG_OPTION_NOT_INT, "batch-max",
	    "--batch-max" },
	{ "", "--batch-max=", MSG_OPTION_NOT_INT, "batch-max",
	    "--batch-max" },
	{ "", "--batch-max 0", MSG_OPTION_RANGE, "batch-max",
	    "--batch-max" },
	{ "", "--batch-max 1001", MSG_OPTION_RANGE, "batch-max",
	    "--batch-max" },
	{ "", "--json=perhaps", MSG_OPTION_NOT_BOOL, "json", "--json" },
	{ "", "--data-dir=", MSG_OPTION_NO_VALUE, "data-dir",
	    "--data-dir" },
	{ "", "--listen=\xff", MSG_OPTION_ENCODING, "listen",
	    "--listen" },
	{ "", "--config=/nonexistent/usher.conf", MSG_OPTION_FILE,
	    "config", "/nonexistent/usher.conf" },
	{ "a = 1\n", "", MSG_OPTION_UNKNOWN, "a", "#1" },
	{ "[x]\nlisten = 1\n", "", MSG_OPTION_UNKNOWN, "x.listen",
	    "#2" },
	{ "\nbatch-max = many\n", "", MSG_OPTION_NOT_INT, "batch-max",
	    "#2" },
	/* A file that is wrong is wrong even where a flag beats it. */
	{ "batch-max = 0\n", "--batch-max 5", MSG_OPTION_RANGE,
	    "batch-max", "#1" },
	{ "listen = a\n listen = b\n", "", MSG_OPTION_TWICE, "listen",
	    "#2" },
	{ "listen = a\n  json = true\n", "", MSG_OPTION_TWICE, "listen",
	    "#2" },
	{ "json = true\njson = true\n", "", MSG_OPTION_TWICE, "json",
	    "#2" },
	{ "json = true\nlisten\nbad = 1\n", "", MSG_OPTION_UNKNOWN,
	    "bad", "#3" },
	{ "json = true\nlisten\n", "", MSG_OPTION_FILE_LINE, "config",
	    "#2" },
	{ "[vault\n", "", MSG_OPTION_FILE_LINE, "config", "#1" },
	{ "listen = \xff\n", "", MSG_OPTION_FILE_ENCODING, "config",
	    NULL },
};

static void
what_is_wrong_is_named_with_option_and_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		const char *place = wrong[i].place;

		if (load(wrong[i].file, wrong[i].words) != ERR_BAD_INPUT ||
		    cx.fault.msg != wrong[i].msg)
			print_error(
			    "case %zu: %s\n", i, msg_name(cx.fault.msg));
		assert_int_equal(cx.fault.err, ERR_BAD_INPUT);
		assert_int_equal(cx.fault.msg, wrong[i].msg);
		assert_null(conf);
		assert_str(cx.fault.field, wrong[i].field);
		if (place == NULL)
			place = path;
		if (place[0] == '#')
			place = str_fmt(cx.arena, "%s:%s", path, place + 1).p;
		assert_str(cx.fault.args[0], place);
		cx.fault = (struct fault) { .err = OK };
	}
	load("", "--batch-max 1001");
	assert_str(cx.fault.args[2], "1");
	assert_str(cx.fault.args[3], "1000");
	setenv("USHER_BATCH_MAX", "-", 1);
	assert_int_equal(load("", ""), ERR_BAD_INPUT);
	assert_str(cx.fault.args[0], "USHER_BATCH_MAX");
}

static void
a_line_too_long_is_refused(void **state)
{
	char text[400];

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "listen = ", 9);
	text[180] = '\0';
	assert_int_equal(load(text, ""), OK);
	assert_int_equal(conf_text(conf, "listen").n, 171);
	text[180] = 'x';
	text[399] = '\0';
	assert_int_equal(load(text, ""), ERR_BAD_INPUT);
	assert_int_equal(cx.fault.msg, MSG_OPTION_FILE_LONG);
}

static void
a_file_may_be_absent_unless_it_was_named(void **state)
{
	const char *named = str_fmt(cx.arena, "--config=%s", path).p;

	(void)state;
	assert_int_equal(load("", ""), OK);
	assert_int_equal(conf_load(&cx, table, COUNT(table),
			     "/nonexistent/usher.conf", &argc, argv, &conf),
	    OK);
	assert_int_equal(
	    conf_load(&cx, table, COUNT(table), NULL, &argc, argv, &conf), OK);
	/* What the user names goes before the usual place. */
	assert_int_equal(load("listen = here\n", named), OK);
	assert_str(conf_text(conf, "listen"), "here");
	setenv("USHER_CONFIG", "/nonexistent/usher.conf", 1);
	assert_int_equal(load("", ""), ERR_BAD_INPUT);
	assert_int_equal(cx.fault.msg, MSG_OPTION_FILE);
	/* A folder is no file. */
	setenv("USHER_CONFIG", "/tmp", 1);
	assert_int_equal(load("", ""), ERR_BAD_INPUT);
}

static void
ask_unknown(void *arg)
{
	(void)arg;
	conf_text(conf, "nothing");
}

static void
ask_wrong_type(void *arg)
{
	(void)arg;
	(void)conf_int(conf, "json");
}

static void
asking_for_what_is_not_in_the_table_is_a_bug(void **state)
{
	(void)state;
	assert_int_equal(load("", ""), OK);
	assert_bug(child(ask_unknown, NULL), "conf.c");
	assert_bug(child(ask_wrong_type, NULL), "conf.c");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, finish)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(defaults_hold_where_nothing_is_said),
		TEST(a_flag_beats_the_environment_that_beats_the_file),
		TEST(words_stay_in_their_order),
		TEST(what_is_wrong_is_named_with_option_and_place),
		TEST(a_line_too_long_is_refused),
		TEST(a_file_may_be_absent_unless_it_was_named),
		TEST(asking_for_what_is_not_in_the_table_is_a_bug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
