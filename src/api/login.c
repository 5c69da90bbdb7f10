/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login.c - signing in and out, sessions, proving it again, and activating an
 * account.
 *
 * A session is a cookie that no script reads and no other site sends, and a
 * CSRF token beside it.  Signing in has no session yet; it is refused when a
 * page of another origin sends it.
 */
#include "api/api_int.h"

#include "act/login.h"

#define SLUG_MOST     64
#define NAME_MOST     1024
#define PASSWORD_MOST 1024
#define CODE_MOST     64
#define TOKEN_MOST    128
#define COOKIE_FLAGS  "; Path=/; Secure; HttpOnly; SameSite=Strict"

struct login_body {
	struct str	tenant;
	struct login_in in;
};

static const struct member login_members[] = {
	{ "tenant", MEMBER_TEXT, offsetof(struct login_body, tenant), 1, SLUG_MOST, true },
	{ "userName", MEMBER_TEXT, offsetof(struct login_body, in.user_name), 1, NAME_MOST, true },
	{ "password", MEMBER_TEXT, offsetof(struct login_body, in.password), 1, PASSWORD_MOST, true },
	{ "totp", MEMBER_TEXT, offsetof(struct login_body, in.totp), 1, CODE_MOST, false },
	{ "recovery", MEMBER_TEXT, offsetof(struct login_body, in.recovery), 1, CODE_MOST, false },
	{ "token", MEMBER_BOOL, offsetof(struct login_body, in.wants_token), 0, 0, false },
};
static const struct member_table login_table = { login_members, COUNT(login_members), "" };

/* The same without who it is: the session knows. */
static const struct member step_up_members[] = {
	{ "password", MEMBER_TEXT, offsetof(struct login_in, password), 1, PASSWORD_MOST, false },
	{ "totp", MEMBER_TEXT, offsetof(struct login_in, totp), 1, CODE_MOST, false },
	{ "recovery", MEMBER_TEXT, offsetof(struct login_in, recovery), 1, CODE_MOST, false },
	{ "token", MEMBER_BOOL, offsetof(struct login_in, wants_token), 0, 0, false },
};
static const struct member_table step_up_table = { step_up_members, COUNT(step_up_members), "" };

static const struct member activate_members[] = {
	{ "token", MEMBER_TEXT, offsetof(struct activate_in, token), 1, TOKEN_MOST, true },
	{ "password", MEMBER_TEXT, offsetof(struct activate_in, password), 1, PASSWORD_MOST, false },
};
static const struct member_table activate_table = { activate_members, COUNT(activate_members), "" };

static enum err check_origin(struct call *);
static void put_factors(struct js_out *, unsigned factors);
static void put_session(struct js_out *, const struct session_view *);

/* --- in ------------------------------------------------------------------------------- */

static enum err
login_decode(struct call *c, void **in)
{
	struct login_body *body = arena_alloc(c->cx->arena, sizeof(*body));
	struct login *l = arena_alloc(c->cx->arena, sizeof(*l));

	TRY(check_origin(c));
	TRY(body_decode(c, &login_table, body));
	l->in = &body->in;
	l->tenant_name = body->tenant;
	l->tenant = c->tenant = world_tenant_named(c->world, body->tenant);
	c->kept = l;
	*in = l;
	return OK;
}

/* A page of another origin says so; what is no page says nothing. */
static enum err
check_origin(struct call *c)
{
	if (request_header(c->rq, "origin").p == NULL || is_own_origin(c->rq))
		return OK;
	return fail(c->cx, ERR_DENIED, MSG_LOGIN_ORIGIN, "Origin");
}

static enum err
step_up_decode(struct call *c, void **in)
{
	struct login_in *body = arena_alloc(c->cx->arena, sizeof(*body));
	struct login *l = arena_alloc(c->cx->arena, sizeof(*l));
	const struct actor *actor = c->cx->actor;

	if (actor->session == 0)
		return fail(c->cx, ERR_NOT_FOUND, MSG_LOGIN_NO_PERSON, "");
	TRY(body_decode(c, &step_up_table, body));
	if (body->password.n + body->totp.n + body->recovery.n == 0)
		return fail(c->cx, ERR_BAD_INPUT, MSG_LOGIN_PROOF, "password");
	l->in = body;
	l->tenant = actor->tenant;
	l->person = actor->person;
	l->is_step_up = true;
	c->kept = l;
	*in = l;
	return OK;
}

/* The step before gave what this one takes. */
static enum err
login_of_step(struct call *c, void **in)
{
	struct login *l = c->out;

	c->tenant = l->tenant;
	*in = l;
	return OK;
}

/* What was counted for a step that was too busy. */
static enum err
login_kept(struct call *c, void **in)
{
	struct login *l = c->kept;

	c->tenant = l->tenant;
	*in = l;
	return OK;
}

static enum err
activate_decode(struct call *c, void **in)
{
	struct activate_in *body = arena_alloc(c->cx->arena, sizeof(*body));

	TRY(check_origin(c));
	*in = body;
	return body_decode(c, &activate_table, body);
}

struct logout_body {
	bool all;
};

static const struct member logout_members[] = {
	{ "all", MEMBER_BOOL, offsetof(struct logout_body, all), 0, 0, false },
};
static const struct member_table logout_table = { logout_members, COUNT(logout_members), "" };

static enum err
logout_decode(struct call *c, void **in)
{
	struct session_end_in *end = arena_alloc(c->cx->arena, sizeof(*end));
	struct logout_body body = { 0 };

	TRY(body_decode(c, &logout_table, &body));
	end->session = c->cx->actor->session;
	end->all = body.all;
	*in = end;
	return OK;
}

static enum err
session_decode(struct call *c, void **in)
{
	struct session_end_in *end = arena_alloc(c->cx->arena, sizeof(*end));

	*in = end;
	return param_id(
	    c, 0, MSG_SESSION_UNKNOWN, "session", &end->session);
}

/* --- out -------------------------------------------------------------------------------- */

static void
opened_encode(struct call *c)
{
	const struct login *l = c->out;
	struct js_out *js = &c->js;

	js_open_object(js);
	js_key(js, "person");
	js_put_id(js, l->person);
	js_key(js, "session");
	js_put_id(js, l->session);
	js_key(js, "csrf");
	js_put_str(js, session_csrf(c->cx->arena, l->secret));
	js_key(js, "expires");
	js_put_time(js, l->expires_ms);
	if (l->token.n > 0) {
		js_key(js, "access_token");
		js_put_str(js, l->token);
		js_key(js, "expires_in");
		js_put_int(js, l->seconds);
	}
	js_close_object(js);
	call_header(c, "Set-Cookie",
	    str_fmt(c->cx->arena, SESSION_COOKIE "=%.*s" COOKIE_FLAGS,
		STR_ARG(l->secret)));
}

static void
ended_encode(struct call *c)
{
	const struct session_end_in *in = c->in;

	js_open_object(&c->js);
	js_key(&c->js, "ended");
	js_put_bool(&c->js, true);
	js_close_object(&c->js);
	if (in->all || in->session == c->cx->actor->session)
		call_header(c, "Set-Cookie",
		    STR(SESSION_COOKIE "=" COOKIE_FLAGS "; Max-Age=0"));
}

static void
sessions_encode(struct call *c)
{
	struct session_view *v;
	size_t n =
	    world_sessions(c->world, c->cx->arena, c->cx->actor, &v);

	js_open_object(&c->js);
	js_key(&c->js, "items");
	js_open_array(&c->js);
	for (size_t i = 0; i < n; i++)
		put_session(&c->js, &v[i]);
	js_close_array(&c->js);
	put_next(&c->js, 0);
	js_close_object(&c->js);
}

static void
put_session(struct js_out *js, const struct session_view *v)
{
	js_open_object(js);
	js_key(js, "id");
	js_put_id(js, v->id);
	js_key(js, "current");
	js_put_bool(js, v->is_own);
	put_factors(js, v->factors);
	js_key(js, "created");
	js_put_time(js, v->created_ms);
	js_key(js, "proved");
	js_put_time(js, v->factor_ms);
	js_key(js, "last_used");
	js_put_time(js, v->seen_ms);
	js_key(js, "expires");
	js_put_time(js, v->expires_ms);
	js_close_object(js);
}

static void
put_factors(struct js_out *js, unsigned factors)
{
	static const struct {
		enum factor factor;
		const char *name;
	} names[] = { { FACTOR_TOKEN, "token" }, { FACTOR_PASSWORD, "password" },
		{ FACTOR_TOTP, "totp" }, { FACTOR_PASSKEY, "passkey" } };

	js_key(js, "factors");
	js_open_array(js);
	for (size_t i = 0; i < COUNT(names); i++)
		if ((factors & (unsigned)names[i].factor) != 0)
			js_put_z(js, names[i].name);
	js_close_array(js);
}

/* --- routes ------------------------------------------------------------------------------- */

static const struct route_work
    give_back = { .kind = WORK_USE_CASE, .use_case = &login_back, .decode = login_kept },
    open_session = { .kind = WORK_USE_CASE, .use_case = &session_open, .decode = login_of_step,
	.encode = opened_encode },
    check = { .kind = WORK_LOGIN, .run = login_check, .decode = login_of_step, .next = &open_session,
	.busy = &give_back },
    login = { .kind = WORK_USE_CASE, .use_case = &login_try, .decode = login_decode, .next = &check,
	.body = "Login", .reply = "SessionOpened", .errors = ERR_BIT(UNAUTHENTICATED) | ERR_BIT(DENIED) },
    step_up = { .kind = WORK_USE_CASE, .use_case = &login_try, .decode = step_up_decode, .next = &check,
	.body = "StepUp", .reply = "SessionOpened", .errors = ERR_BIT(NOT_FOUND) },
    activate = { .kind = WORK_LOGIN, .run = activation_check, .decode = activate_decode, .next = &open_session,
	.body = "Activate", .reply = "SessionOpened", .errors = ERR_BIT(UNAUTHENTICATED) | ERR_BIT(DENIED) };

static const struct field login_fields[] = {
	{ "userName", "", "As in the person's record, in any case." },
	{ "totp", "", "A one-time code; where there are codes it is needed." },
	{ "recovery", "", "A recovery code, instead." },
	{ "token", "", "An access token is wanted too." },
	{ 0 }
};

static const struct field step_up_fields[] = {
	{ "totp", "", "Needed where there are one-time codes." },
	{ "recovery", "", "A recovery code, instead." },
	{ "token", "", "An access token is wanted too." },
	{ 0 }
};

static const struct field activate_fields[] = {
	{ "token", "", "The activation token." },
	{ "password", "", "To sign in with from now on." },
	{ 0 }
};

static const struct field opened_fields[] = {
	{ "person", "id", "" },
	{ "session", "id", "" },
	{ "csrf", "text", "For X-CSRF-Token, with the cookie that is set." },
	{ "expires", "time", "" },
	{ "access_token", "text-", "" },
	{ "expires_in", "int-", "Seconds." },
	{ 0 }
};

static const struct field logout_fields[] = {
	{ "all", "", "All sessions, not this one only." },
	{ 0 }
};

static const struct field ended_fields[] = {
	{ "ended", "bool", "" },
	{ 0 }
};

static const struct field session_fields[] = {
	{ "id", "id", "" },
	{ "current", "bool", "This one." },
	{ "factors", "[text]", "What was proved: token, password, totp." },
	{ "created", "time", "" },
	{ "proved", "time", "When last." },
	{ "last_used", "time", "" },
	{ "expires", "time", "" },
	{ 0 }
};

const struct shape login_shapes[] = {
	{ .name = "Login", .text = "Who signs in, and what proves it.", .field = login_fields,
	    .members = &login_table },
	{ .name = "StepUp", .text = "What proves again who it is.", .field = step_up_fields,
	    .members = &step_up_table },
	{ .name = "Activate", .text = "An account is begun.", .field = activate_fields, .members = &activate_table },
	{ .name = "SessionOpened", .text = "A new session.", .field = opened_fields },
	{ .name = "Logout", .text = "What ends.", .field = logout_fields, .members = &logout_table },
	{ .name = "SessionEnded", .text = "It is over.", .field = ended_fields },
	{ .name = "Session", .text = "Where somebody is signed in.", .field = session_fields },
	{ 0 }
};

const struct route login_routes[] = {
	{ POST, "/api/v1/login", RIGHT_PUBLIC, SMALL_BODY_MAX, false, &login, "Sign a person in" },
	{ POST, "/api/v1/activate", RIGHT_PUBLIC, SMALL_BODY_MAX, false, &activate,
	    "Activate an account with its token" },
	{ POST, "/api/v1/logout", RIGHT_SELF, SMALL_BODY_MAX, false, WRITE(session_end, logout_decode, ended_encode,
		.body = "Logout", .reply = "SessionEnded", .errors = ERR_BIT(NOT_FOUND)),
	    "End this session, or all of them" },
	{ POST, "/api/v1/step-up", RIGHT_SELF, SMALL_BODY_MAX, false, &step_up, "Prove again who you are" },
	{ GET, "/api/v1/sessions", RIGHT_SELF, 0, false, LOCAL(sessions_encode, .reply = "[Session]"),
	    "List your sessions" },
	{ DELETE, "/api/v1/sessions/{session}", RIGHT_SELF, 0, false,
	    WRITE(session_end, session_decode, ended_encode, .reply = "SessionEnded"),
	    "End one of your sessions" },
	{ 0 }
};
