/* SPDX-License-Identifier: Apache-2.0 */
/* cli_test.c - command lines, right and wrong, and how they end. */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROBLEM \
	"412{\"code\":\"stale\",\"title\":\"Changed\\u001b[2J first\"," \
	"\"field\":\"If-Match\",\"remedy\":\"Read it again\"," \
	"\"request\":\"abc123\"}"

static struct ran r;

/* Each is wrong by itself, before any server is asked. */
static const struct {
	const char *words[8];
	int	    code;
	const char *says;
} wrong[] = {
	{ { NULL }, 2, "usage: usher" },
	{ { "nothing" }, 2, "nothing" },
	{ { "nothing", "--help" }, 2, "nothing" },
	{ { "seat" }, 2, "" },
	{ { "seat", "nothing" }, 2, "seat nothing" },
	{ { "help", "nothing" }, 2, "nothing" },
	{ { "person", "show" }, 2, "PERSON" },
	{ { "person", "show", "a", "b" }, 2, "PERSON" },
	{ { "version", "now" }, 2, "version" },
	{ { "person", "list", "--nothing" }, 2, "--nothing" },
	{ { "--nothing", "person", "list" }, 2, "--nothing" },
	{ { "person", "list", "--limit", "0" }, 2, "limit" },
	{ { "person", "list", "--limit" }, 2, "limit" },
	{ { "pool", "quota", "a", "many" }, 2, "many" },
	{ { "seat", "request", "x" }, 2, "--product" },
	{ { "token", "create", "--label", "x" }, 2, "--rights" },
	{ { "token", "bootstrap" }, 2, "--tenant" },
	{ { "import", "x.csv" }, 2, "--map" },
	{ { "import", "x.csv", "--map", "/nowhere.yaml" }, 2, "/nowhere.yaml" },
	{ { "catalogue", "apply", "/nowhere.yaml" }, 2, "/nowhere.yaml" },
	{ { "onboard" }, 2, "--file" },
	{ { "onboard", "--file", "-", "--user-name", "x" }, 2, "--file" },
	{ { "person", "create" }, 2, "--file" },
	{ { "person", "change", "x", "--file", "-", "--remove", "title" }, 2, "--file" },
	{ { "audit", "verify", "/tmp" }, 2, "--key" },
	{ { "key", "export" }, 2, "--out" },
	{ { "key", "recover" }, 2, "--archive" },
	{ { "restore" }, 2, "--from" },
	{ { "restore", "--from", "/nowhere" }, 2, "--keys" },
	{ { "restore", "--from", "/nowhere", "--keys", "/nowhere" }, 2, "/nowhere" },
	{ { "serve", "--vault", "/nowhere" }, 2, "/nowhere" },
	{ { "front", "1", "2", "3", "4", "5", "6" }, 2, "front" },
	{ { "person", "list", "--server", "http://10.0.0.1:1" }, 8, "token" },
};

static void
each_wrong_command_line_says_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		run_usher(&r, wrong[i].words);
		if (r.code != wrong[i].code ||
		    strstr(r.err, wrong[i].says) == NULL)
			print_error(
			    "case %zu: %d %s%s\n", i, r.code, r.out, r.err);
		assert_int_equal(r.code, wrong[i].code);
		HAS(r.err, wrong[i].says);
	}
}

static void
global_options_stand_before_or_after_the_noun(void **state)
{
	const char *const lines[][6] = {
		{ "--data", "/nowhere/x", "tenant", "list" },
		{ "--data=/nowhere/x", "tenant", "list" },
		{ "tenant", "--data", "/nowhere/x", "list" },
		{ "tenant", "list", "--data", "/nowhere/x" },
		{ "tenant", "list", "--data=/nowhere/x", "--json=false" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		run_usher(&r, lines[i]);
		assert_int_equal(r.code, EXIT_UNREACHABLE);
		HAS(r.err, "/nowhere/x/operator.sock");
	}
}

static void
what_fails_is_told_in_the_language_of_the_locale(void **state)
{
	(void)state;
	setenv("LC_ALL", "de_DE.UTF-8", 1);
	RUN(&r, "nothing");
	HAS(r.err, "gibt es nicht");
	unsetenv("LC_ALL");
	setenv("LC_MESSAGES", "nl_NL", 1);
	setenv("LANG", "fr_FR", 1);
	RUN(&r, "nothing");
	HAS(r.err, "bestaat niet");
	unsetenv("LC_MESSAGES");
	RUN(&r, "nothing");
	HAS(r.err, "existe pas");
	unsetenv("LANG");
	setenv("LC_ALL", "C.UTF-8", 1);
}

static void
with_json_a_failure_is_json_too(void **state)
{
	(void)state;
	RUN(&r, "--json", "tenant", "list", "--data", "/nowhere");
	assert_int_equal(r.code, EXIT_UNREACHABLE);
	HAS(r.err, "{\"code\":\"target\",\"message\":\"CLI_UNREACHABLE\"");
	assert_string_equal(r.out, "");
}

static void
a_token_that_others_may_read_is_not_used(void **state)
{
	static const struct {
		const char *text;
		unsigned mode;
		int code;
		const char *says;
	} files[] = {
		{ "usher_api_1_x\n", 0600, EXIT_UNREACHABLE, "No server" },
		{ "usher_api_1_x", 0400, EXIT_UNREACHABLE, "No server" },
		{ "usher_api_1_x\n", 0640, 3, "chmod go=" },
		{ "usher_api_1_x\n", 0604, 3, "chmod go=" },
		{ "usher_api_1_x\n", 0660, 3, "chmod go=" },
		{ "secret\n", 0600, 8, "does not hold" },
		{ "", 0600, 8, "does not hold" },
		{ "usher_api_1_x\nX-Header: y\n", 0600, 8, "does not hold" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		const char *path =
		    run_file("token", files[i].text, files[i].mode);

		/* Port 1 is nobody's. */
		RUN(&r, "person", "list", "--token-file", path, "--server",
		    "http://127.0.0.1:1");
		assert_int_equal(r.code, files[i].code);
		HAS(r.err, files[i].says);
	}
	RUN(&r, "person", "list", "--token-file", "/nowhere");
	assert_int_equal(r.code, 2);
}

static void
a_server_s_refusal_becomes_the_exit_status_and_is_safe_to_print(void **state)
{
	(void)state;
	run_server((const char *[]) { PROBLEM, PROBLEM, NULL });
	RUN(&r, "person", "show", "x");
	assert_int_equal(r.code, 6);
	HAS(r.err, "usher: Changed\xef\xbf\xbd[2J first\n");
	HAS(r.err, "  field: If-Match\n  Read it again\n  request: abc123\n");
	RUN(&r, "person", "show", "x", "--json");
	assert_int_equal(r.code, 6);
	HAS(r.err, "{\"code\":\"stale\"");
	run_server_end();
}

static void
a_refusal_without_a_reason_is_not_taken_for_usher(void **state)
{
	(void)state;
	run_server((const char *[]) {
	    "HTTP/1.1 500 Oops\r\nContent-Length: 6\r\n\r\n<html>", NULL });
	RUN(&r, "person", "list");
	assert_int_equal(r.code, 15);
	HAS(r.err, "500");
	run_server_end();
}

static void
a_list_goes_on_where_it_ended(void **state)
{
	char sent[RUN_TEXT];

	(void)state;
	run_server(
	    (const char *[]) { "{\"items\":[{\"id\":\"A\",\"state\":\"held\"}],"
			       "\"next\":\"0A1\"}",
		"{\"items\":[{\"id\":\"B\"}],\"next\":null}",
		"{\"items\":[{\"id\":\"B\"}],\"next\":\"C\"}   ", NULL });
	RUN(&r, "seat", "list", "a b", "--all");
	assert_int_equal(r.code, 0);
	RUN(&r, "seat", "list", "x", "--limit", "7", "--cursor", "Q");
	HAS(r.err, "--cursor C");
	run_read(run_path("requests"), sent);
	HAS(sent, "GET /api/v1/products/a%20b/seats?limit=500 ");
	HAS(sent, "GET /api/v1/products/a%20b/seats?limit=500&cursor=0A1 ");
	HAS(sent, "GET /api/v1/products/x/seats?limit=7&cursor=Q ");
	run_server_end();
}

static void
personal_filters_never_stand_in_an_address(void **state)
{
	char sent[RUN_TEXT];

	(void)state;
	run_server((const char *[]) { "{\"items\":[],\"next\":null}", NULL });
	RUN(&r, "person", "list", "--filter", "userName eq \"ana\"");
	assert_int_equal(r.code, 0);
	run_read(run_path("requests"), sent);
	HAS(sent, "POST /api/v1/persons/.search HTTP");
	HAS(sent, "{\"filter\":\"userName eq \\\"ana\\\"\",\"limit\":100}");
	run_server_end();
}

static void
a_change_names_the_version_it_saw(void **state)
{
	char sent[RUN_TEXT];

	(void)state;
	run_server((const char *[]) { "{}", "{}", "{}", NULL });
	RUN(&r, "person", "change", "P", "--given-name", "A", "--family-name",
	    "B", "--email", "a@b", "--remove", "title, nickName");
	assert_int_equal(r.code, 0);
	RUN(&r, "pool", "quota", "p", "12", "--if-match", "3");
	assert_int_equal(r.code, 0);
	run_read(run_path("requests"), sent);
	HAS(sent, "GET /api/v1/persons/P ");
	HAS(sent, "PATCH /api/v1/persons/P ");
	HAS(sent, "If-Match: \"7\"\r\n");
	HAS(sent,
	    "{\"name\":{\"givenName\":\"A\",\"familyName\":\"B\"},"
	    "\"emails\":[{\"value\":\"a@b\",\"type\":\"work\","
	    "\"primary\":true}],\"title\":null,\"nickName\":null}");
	HAS(sent, "If-Match: \"3\"\r\n");
	HAS(sent, "{\"quota\":12}");
	run_server_end();
}

static void
a_token_goes_into_a_file_of_its_own(void **state)
{
	const char *out = run_path("new.token");
	char text[RUN_TEXT];
	struct stat st;

	(void)state;
	run_server((const char *[]) {
	    "{\"id\":\"T\",\"token\":\"usher_api_1_new\"}   ", NULL });
	RUN(&r, "token", "create", "--label", "x", "--rights", "person.read",
	    "--out", out);
	assert_int_equal(r.code, 0);
	HAS_NOT(r.out, "usher_api_1_new");
	HAS_NOT(r.err, "usher_api_1_new");
	run_read(out, text);
	assert_string_equal(text, "usher_api_1_new\n");
	assert_int_equal(stat(out, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* And not over another: asked before the server is. */
	RUN(&r, "token", "create", "--label", "x", "--rights", "person.read",
	    "--out", out);
	assert_int_equal(r.code, 5);
	run_server_end();
}

static void
lines_of_a_file_are_onboarded_with_keys(void **state)
{
	const char *file = run_file("many",
	    "{\"person\":{\"userName\":\"a\"}}\n\n{}\n"
	    "{\"key\":\"own\",\"person\":{}}",
	    0600);
	char sent[RUN_TEXT];

	(void)state;
	run_server((const char *[]) {
	    "{\"items\":[{\"status\":201,\"body\":{\"person\":\"P1\","
	    "\"state\":\"done\",\"seats\":[{\"product\":\"mail\","
	    "\"outcome\":\"queued\"}]}},{\"status\":409,\"error\":"
	    "{\"code\":\"conflict\",\"title\":\"taken\"}},"
	    "{\"status\":200,\"body\":{}}]}   ",
	    NULL });
	RUN(&r, "onboard", "--file", file, "--key-prefix", "n");
	assert_int_equal(r.code, 5);
	HAS(r.out, "mail queued");
	HAS(r.out, "taken");
	HAS(r.err, "2 onboarded, 1 refused");
	run_read(run_path("requests"), sent);
	HAS(sent,
	    "{\"items\":[{\"key\":\"n-1\",\"person\":{\"userName\":\"a\"}},"
	    "{\"key\":\"n-3\"},{\"key\":\"own\",\"person\":{}}]}");
	run_server_end();
}

static void
a_bad_line_is_named_before_anything_is_sent(void **state)
{
	static const struct {
		const char *text, *says;
	} files[] = {
		{ "{\"key\":\"a\"}\n{\"person\":{}}\n", "Line 2" },
		{ "{\"key\":\"a\"}\n\n[]\n", "Line 3" },
		{ "{\"key\":\"a\"\n", "Line 1" },
	};
	char sent[RUN_TEXT];

	(void)state;
	run_server((const char *[]) { NULL });
	for (size_t i = 0; i < COUNT(files); i++) {
		RUN(&r, "onboard", "--file",
		    run_file("many", files[i].text, 0600));
		assert_int_equal(r.code, 2);
		HAS(r.err, files[i].says);
	}
	run_read(run_path("requests"), sent);
	assert_string_equal(sent, "");
	run_server_end();
}

static void
standard_output_that_cannot_take_it_is_a_failure(void **state)
{
	(void)state;
	if (access("/dev/full", W_OK) != 0)
		skip();
	RUN(&r, "version");
	assert_int_equal(r.code, 0);
	assert_int_equal(run_usher_to(&r, "/dev/full",
			     (const char *const[]) { "version", NULL }),
	    16);
	HAS(r.err, "standard output");
}

static int
clean(void **state)
{
	(void)state;
	run_folder_remove();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_wrong_command_line_says_what_is_wrong),
		cmocka_unit_test(global_options_stand_before_or_after_the_noun),
		cmocka_unit_test(
		    what_fails_is_told_in_the_language_of_the_locale),
		cmocka_unit_test(with_json_a_failure_is_json_too),
		cmocka_unit_test(a_token_that_others_may_read_is_not_used),
		cmocka_unit_test(
		    a_server_s_refusal_becomes_the_exit_status_and_is_safe_to_print),
		cmocka_unit_test(
		    a_refusal_without_a_reason_is_not_taken_for_usher),
		cmocka_unit_test(a_list_goes_on_where_it_ended),
		cmocka_unit_test(personal_filters_never_stand_in_an_address),
		cmocka_unit_test(a_change_names_the_version_it_saw),
		cmocka_unit_test(a_token_goes_into_a_file_of_its_own),
		cmocka_unit_test(lines_of_a_file_are_onboarded_with_keys),
		cmocka_unit_test(a_bad_line_is_named_before_anything_is_sent),
		cmocka_unit_test(
		    standard_output_that_cannot_take_it_is_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, clean);
}
