/* SPDX-License-Identifier: Apache-2.0 */
/* routes_test.c - every row of every table, and who gets through the door. */
#include "fake.h"

#include <unistd.h>

/* Each route, called by CALL; {…} are filled with something of their form. */
static void
each_route(void (*call)(const struct route *, const char *path))
{
	size_t n;
	const struct route *const *tables = api_routes(&n);

	for (size_t i = 0; i < n; i++)
		for (const struct route *r = tables[i]; r->method != 0; r++) {
			char path[200];
			size_t len = 0;

			for (const char *p = r->path; *p != '\0'; p++) {
				if (*p == '{') {
					p = strchr(p, '}');
					len += (size_t)snprintf(path + len,
					    sizeof(path) - len,
					    "0000000000001");
					continue;
				}
				path[len++] = *p;
			}
			path[len] = '\0';
			call(r, path);
		}
}

/* Who has no credential yet, or asks for nothing that is anybody's. */
static const char *const publics[] = { "/api/v1/version", "/healthz", "/readyz",
	"/api/v1/login", "/api/v1/activate", "/oauth/token",
	"/.well-known/jwks.json", "/.well-known/oauth-authorization-server" };

static bool
is_to_be_public(const char *path)
{
	for (size_t i = 0; i < COUNT(publics); i++)
		if (strcmp(path, publics[i]) == 0)
			return true;
	return false;
}

static void
check_row(const struct route *r, const char *path)
{
	const struct route_work *w = r->work;
	bool is_operators = strncmp(r->path, "/operator/", 10) == 0;
	bool is_public = is_to_be_public(r->path);
	uint64_t those =
	    is_operators ? rights_of_operator() : rights_of_tenant();

	print_message("%s %s\n", method_name(r->method), path);
	assert_true(r->right > RIGHT_NONE && r->right < RIGHT_COUNT);
	assert_int_equal(r->right == RIGHT_PUBLIC, is_public);
	assert_true(
	    is_public || (those & RIGHT_BIT((enum right)r->right)) != 0);
	assert_true(strlen(r->summary) >= 8);
	assert_true(r->method != GET || r->body_max == 0);
	assert_true(r->method == GET || r->method == DELETE || r->body_max > 0);
	assert_true(r->streams || r->body_max <= BATCH_BODY_MAX);
	assert_true(!r->streams || r->method == PUT);
	assert_non_null(w);
	for (; w != NULL; w = w->next) {
		assert_int_equal(w->kind == WORK_USE_CASE, w->use_case != NULL);
		assert_int_equal(w->run != NULL,
		    w->kind == WORK_QUERY || w->kind == WORK_LONG ||
			w->kind == WORK_LOGIN);
		assert_int_equal(w->kind == WORK_MANY, w->start != NULL);
		assert_true(w->next != NULL || w->encode != NULL);
		assert_true(w == r->work || w->query == NULL);
	}
}

static void
every_route_has_a_right_a_summary_and_a_sane_limit(void **state)
{
	each_route(check_row);
}

static void
call_without(const struct route *r, const char *path)
{
	struct request *rq = fake_request(r->method, path, NULL, "{}");

	fake_call(rq);
	if (r->right == RIGHT_PUBLIC) {
		assert_int_equal(fake.status, r->method == GET ? 200 : 400);
		return;
	}
	if (strncmp(path, "/operator/", 10) == 0) {
		assert_int_equal(fake.status, 404);
		return;
	}
	assert_int_equal(fake.status, 401);
	assert_text(fake_at("code"), "unauthenticated");
	assert_text(fake_replied("WWW-Authenticate"), "Bearer realm=\"usher\"");
	assert_int_equal(fake.nitem + fake.nquery, 0);
}

static void
without_a_token_nobody_gets_in(void **state)
{
	each_route(call_without);
}

static void
call_unknown(const struct route *r, const char *path)
{
	if (r->right == RIGHT_PUBLIC || strncmp(path, "/operator/", 10) == 0)
		return;
	fake_call(fake_request(r->method, path, "usher_api_1_none", "{}"));
	assert_int_equal(fake.status, 401);
	assert_text(fake_at("message"), "WORLD_TOKEN");
}

static void
an_unknown_token_opens_nothing(void **state)
{
	each_route(call_unknown);
}

static void
call_powerless(const struct route *r, const char *path)
{
	if (r->right == RIGHT_PUBLIC || strncmp(path, "/operator/", 10) == 0)
		return;
	/* Nothing of the body may be looked at before the right is. */
	fake_call(fake_request(r->method, path, TOKEN_SELF, "{no JSON"));
	/* What is a person's own, a token has none of. */
	if (r->right == RIGHT_SELF) {
		assert_true(fake.status == 200 || fake.status == 400 ||
		    fake.status == 404);
		return;
	}
	assert_int_equal(fake.status, 403);
	assert_text(fake_at("message"), "API_RIGHT");
	assert_text(fake_at("params.0"), right_name((enum right)r->right));
}

static void
the_right_of_the_row_is_checked_before_the_body(void **state)
{
	each_route(call_powerless);
}

static void
call_by_socket(const struct route *r, const char *path)
{
	struct request *rq = fake_request(r->method, path, NULL, "{no JSON");

	rq->is_operator = true;
	fake_call(rq);
	if (strncmp(path, "/operator/", 10) == 0 || r->right == RIGHT_PUBLIC) {
		assert_int_not_equal(fake.status, 401);
		assert_int_not_equal(fake.status, 403);
		return;
	}
	assert_int_equal(fake.status, 403);
	assert_text(fake_at("message"), "API_OPERATOR");
}

static void
the_socket_opens_the_operators_routes_and_no_tenants(void **state)
{
	fake.query_err = ERR_NOT_FOUND;
	each_route(call_by_socket);
}

static void
a_token_helps_the_operators_socket_into_no_tenant(void **state)
{
	struct request *rq = fake_request(GET, "/api/v1/self", TOKEN_ALL, "");

	rq->is_operator = true;
	fake_call(rq);
	assert_int_equal(fake.status, 403);
}

static const struct sent {
	const char *value;
	int	    status;
} credentials[] = {
	{ "Bearer " TOKEN_SELF, 200 },
	{ "bearer " TOKEN_SELF, 200 },
	{ "BEARER   " TOKEN_SELF, 200 },
	{ "Basic " TOKEN_SELF, 401 },
	{ "Bearer", 401 },
	{ "Bearer ", 401 },
	{ TOKEN_SELF, 401 },
	{ "", 401 },
	{ "Bearer\t" TOKEN_SELF, 401 },
};

static void
only_a_bearer_token_is_a_credential(void **state)
{
	char text[4200];

	for (size_t i = 0; i < COUNT(credentials); i++) {
		struct request *rq =
		    fake_request(GET, "/api/v1/self", NULL, "");

		fake_header(rq, "Authorization", credentials[i].value);
		fake_call(rq);
		if (fake.status != credentials[i].status)
			wrong(
			    "\"%s\": %d\n", credentials[i].value, fake.status);
	}
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "Bearer ", 7);
	text[sizeof(text) - 1] = '\0';
	fake_call(fake_request(GET, "/api/v1/self", text + 7, ""));
	assert_int_equal(fake.status, 401);
	assert_text(fake_at("message"), "API_NO_TOKEN");
}

static void
what_is_not_there_and_what_is_not_allowed_are_told_apart(void **state)
{
	struct str allow = { NULL, 0 };
	struct request *rq = fake_request(GET, "/api/v1/nothing", NULL, "");

	assert_int_equal(api_route(rq, &allow), ERR_NOT_FOUND);
	assert_int_equal(rq->cx.fault.msg, MSG_HTTP_NO_SUCH_PATH);
	rq = fake_request(PUT, "/api/v1/persons", NULL, "");
	assert_int_equal(api_route(rq, &allow), ERR_BAD_INPUT);
	assert_int_equal(rq->cx.fault.msg, MSG_HTTP_METHOD);
	assert_text(allow, "GET, HEAD, POST");
	rq = fake_request(PUT, "/operator/v1/tenants", NULL, "");
	assert_int_equal(api_route(rq, &allow), ERR_NOT_FOUND);
	assert_int_equal(allow.n, 0);
}

static void
call_with_a_parameter(const struct route *r, const char *path)
{
	struct request *rq;

	rq = fake_request(r->method,
	    str_z(fake.arena, str_fmt(fake.arena, "%s?nonsense=1", path)),
	    TOKEN_ALL, "{}");
	rq->is_operator = strncmp(path, "/operator/", 10) == 0;
	fake_call(rq);
	assert_int_equal(fake.status, 400);
	assert_int_equal(fake.nitem + fake.nquery, 0);
	/* OAuth's errors have a form of their own. */
	if (strcmp(path, "/oauth/token") == 0) {
		assert_text(fake_at("error"), "invalid_request");
		return;
	}
	assert_text(fake_at("message"), "API_QUERY_UNKNOWN");
	assert_text(fake_at("field"), "nonsense");
	assert_int_equal(fake.nitem + fake.nquery, 0);
	assert_true(strstr(api_route_query(r), "nonsense") == NULL);
}

static void
an_unknown_query_parameter_is_refused_everywhere(void **state)
{
	each_route(call_with_a_parameter);
}

#define TRACE_ID_TEXT "0123456789abcdef0123456789abcdef"
#define TRACE	      "00-" TRACE_ID_TEXT "-fedcba9876543210-01"

static void
the_end_of_a_request_is_logged_without_its_path(void **state)
{
	struct request *rq =
	    fake_request(GET, "/api/v1/persons/0000000000001", TOKEN_ALL, "");
	struct str allow;
	char line[2048] = "";
	int pipes[2], err = dup(STDERR_FILENO);

	api_close();
	api_door(&(struct api_conf) { .logs_access = true });
	assert_int_equal(api_route(rq, &allow), OK);
	assert_int_equal(api_admit(rq), OK);
	rq->trace.span[7] = 5;
	assert_true(trace_decode(STR(TRACE), &rq->trace));
	assert_int_equal(pipe(pipes), 0);
	dup2(pipes[1], STDERR_FILENO);
	api_ended(rq, 200, 17);
	rq->route = NULL;
	rq->method = 0;
	rq->cx.actor = NULL;
	rq->trace.is_given = false;
	api_ended(rq, 400, 5);
	dup2(err, STDERR_FILENO);
	close(pipes[1]);
	assert_true(read(pipes[0], line, sizeof(line) - 1) > 0);
	close(pipes[0]);
	close(err);
	assert_non_null(strstr(line, "\"route\":\"/api/v1/persons/{person}\""));
	assert_non_null(strstr(line, "\"method\":\"GET\",\"status\":200"));
	assert_non_null(strstr(line, "\"bytes\":17"));
	assert_non_null(strstr(line,
	    "\"tenant\":1,\"actor\":\"client\","
	    "\"actor_id\":\"0000000000009\","
	    "\"request\":\"" TRACE_ID_TEXT "\","
	    "\"traceparent\":\"00-" TRACE_ID_TEXT "-0000000000000005-01\","
	    "\"parent\":\"fedcba9876543210\"}"));
	assert_non_null(strstr(line, "\"tenant\":0,\"actor\":\"none\""));
	assert_non_null(strstr(line, "\"parent\":\"\"}"));
	assert_non_null(strstr(
	    line, "\"route\":\"none\",\"method\":\"none\",\"status\":400"));
	assert_null(strstr(line, "0000000000001"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		A_TEST(every_route_has_a_right_a_summary_and_a_sane_limit),
		A_TEST(without_a_token_nobody_gets_in),
		A_TEST(an_unknown_token_opens_nothing),
		A_TEST(the_right_of_the_row_is_checked_before_the_body),
		A_TEST(the_socket_opens_the_operators_routes_and_no_tenants),
		A_TEST(a_token_helps_the_operators_socket_into_no_tenant),
		A_TEST(only_a_bearer_token_is_a_credential),
		A_TEST(
		    what_is_not_there_and_what_is_not_allowed_are_told_apart),
		A_TEST(an_unknown_query_parameter_is_refused_everywhere),
		A_TEST(the_end_of_a_request_is_logged_without_its_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
