/* SPDX-License-Identifier: Apache-2.0 */
/* router_test.c - which row answers which path. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "http/http.h"

#define wrong(...) (print_error(__VA_ARGS__), assert_true(false))

static const struct route persons[] = {
	{ GET, "/api/v1/persons", 1, 0, false, NULL, "list" },
	{ POST, "/api/v1/persons", 1, 100, false, NULL, "create" },
	{ GET, "/api/v1/persons/{person}", 1, 0, false, NULL, "show" },
	{ DELETE, "/api/v1/persons/{person}", 1, 0, false, NULL, "delete" },
	{ POST, "/api/v1/persons/search", 1, 100, false, NULL, "search" },
	{ GET, "/api/v1/persons/{person}/seats/{seat}", 1, 0, false, NULL, "seat" },
	{ POST, "/api/v1/persons/search/again", 1, 100, false, NULL, "again" },
	{ 0 }
};

static const struct route others[] = {
	{ GET, "/", 1, 0, false, NULL, "root" },
	{ GET, "/{a}/{b}/{c}/{d}", 1, 0, false, NULL, "four" },
	{ PUT, "/x/", 1, 0, false, NULL, "slash" },
	{ PATCH, "/x", 1, 0, false, NULL, "plain" },
	{ 0 }
};

static const struct route *const tables[] = { persons, others };

static const struct want {
	enum method method;
	const char *path;
	const char *summary;	/* NULL: no row */
	const char *allow;	/* of 405; "": 404 */
	const char *param[2];
} wants[] = {
	{ GET, "/", "root", "", { NULL, NULL } },
	{ GET, "/api/v1/persons", "list", "", { NULL, NULL } },
	{ POST, "/api/v1/persons", "create", "", { NULL, NULL } },
	{ GET, "/api/v1/persons/17", "show", "", { "17", NULL } },
	{ DELETE, "/api/v1/persons/17", "delete", "", { "17", NULL } },
	{ GET, "/api/v1/persons/17/seats/mail", "seat", "", { "17", "mail" } },
	/* A literal wins over a parameter, also for methods only the parameter has. */
	{ POST, "/api/v1/persons/search", "search", "", { NULL, NULL } },
	{ GET, "/api/v1/persons/search", NULL, "POST", { NULL, NULL } },
	{ POST, "/api/v1/persons/search/again", "again", "", { NULL, NULL } },
	/* But it does not hide what only leads on through the parameter. */
	{ GET, "/api/v1/persons/search/seats/1", "seat", "", { "search", "1" } },
	{ GET, "/a/b/c/d", "four", "", { "a", "b" } },
	/* Wrong method: all that are allowed. */
	{ PUT, "/api/v1/persons", NULL, "GET, HEAD, POST", { NULL, NULL } },
	{ PATCH, "/api/v1/persons/17", NULL, "GET, HEAD, DELETE", { NULL, NULL } },
	{ POST, "/", NULL, "GET, HEAD", { NULL, NULL } },
	/* A trailing slash makes another path. */
	{ GET, "/api/v1/persons/", NULL, "", { NULL, NULL } },
	{ GET, "/api/v1/persons/17/", NULL, "", { NULL, NULL } },
	{ PUT, "/x/", "slash", "", { NULL, NULL } },
	{ PUT, "/x", NULL, "PATCH", { NULL, NULL } },
	{ PATCH, "/x/", NULL, "PUT", { NULL, NULL } },
	/* No prefixes, no suffixes, no other case, no empty parameters. */
	{ GET, "/api/v1", NULL, "", { NULL, NULL } },
	{ GET, "/v1/persons", NULL, "", { NULL, NULL } },
	{ GET, "/api/v1/person", NULL, "", { NULL, NULL } },
	{ GET, "/api/v1/personss", NULL, "", { NULL, NULL } },
	{ GET, "/api/v1/Persons", NULL, "", { NULL, NULL } },
	{ GET, "//api/v1/persons", NULL, "", { NULL, NULL } },
	{ GET, "/api/v1//persons", NULL, "", { NULL, NULL } },
	{ GET, "/api/v1/persons/17/seats/", NULL, "", { NULL, NULL } },
	{ GET, "/api/v1/persons/17/seats/a/b", NULL, "", { NULL, NULL } },
	{ GET, "/a//c/d", NULL, "", { NULL, NULL } },
	{ GET, "", NULL, "", { NULL, NULL } },
	{ GET, "api/v1/persons", NULL, "", { NULL, NULL } },
};

static void
each_path_finds_its_row(void **state)
{
	struct router *r = router_open(tables, COUNT(tables));
	struct arena *a = arena_open(1024 * 1024);

	(void)state;
	for (size_t i = 0; i < COUNT(wants); i++) {
		const struct want *w = &wants[i];
		struct str param[ROUTE_PARAMS_MAX], allow;
		const struct route *row = router_find(
		    r, w->method, str_of(w->path), param, &allow, a);

		if ((row == NULL) != (w->summary == NULL) ||
		    !str_eq(allow, str_of(w->allow)))
			wrong("%s: %s, allow \"%.*s\"", w->path,
			    row == NULL ? "none" : row->summary,
			    STR_ARG(allow));
		if (row != NULL)
			assert_string_equal(row->summary, w->summary);
		for (size_t k = 0; k < COUNT(w->param); k++)
			if (w->param[k] != NULL)
				assert_true(
				    str_eq(param[k], str_of(w->param[k])));
	}
	arena_close(a);
	router_close(r);
}

static void
a_router_without_rows_finds_nothing(void **state)
{
	struct router *r = router_open(NULL, 0);
	struct arena *a = arena_open(1024);
	struct str param[ROUTE_PARAMS_MAX], allow;

	(void)state;
	assert_null(router_find(r, GET, STR("/"), param, &allow, a));
	assert_int_equal(allow.n, 0);
	arena_close(a);
	router_close(r);
	router_close(NULL);
}

static void
methods_have_names(void **state)
{
	(void)state;
	assert_string_equal(method_name(GET), "GET");
	assert_string_equal(method_name(POST), "POST");
	assert_string_equal(method_name(PUT), "PUT");
	assert_string_equal(method_name(PATCH), "PATCH");
	assert_string_equal(method_name(DELETE), "DELETE");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_path_finds_its_row),
		cmocka_unit_test(a_router_without_rows_finds_nothing),
		cmocka_unit_test(methods_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
