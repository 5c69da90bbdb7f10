/* SPDX-License-Identifier: Apache-2.0 */
/*
 * me.c - what a person sees and changes of themselves: their record, their
 * password, their one-time codes; and what lets them begin.
 */
#include "api/api_int.h"

#include "act/login.h"

#define PASSWORD_MOST 1024
#define CODE_MOST     64

static enum err need_person(struct call *);

/* --- the record ------------------------------------------------------------------------ */

static enum err
me_decode(struct call *c, void **in)
{
	int64_t *id = arena_alloc(c->cx->arena, sizeof(*id));

	TRY(need_person(c));
	*id = c->cx->actor->person;
	*in = id;
	return OK;
}

static enum err
need_person(struct call *c)
{
	if (c->cx->actor->person != 0)
		return OK;
	return fail(c->cx, ERR_NOT_FOUND, MSG_LOGIN_NO_PERSON, "");
}

static enum err
me_patch_decode(struct call *c, void **in)
{
	TRY(need_person(c));
	TRY(patch_start(c, c->cx->actor->person, in));
	return patch_own(c);
}

/* --- what they sign in with -------------------------------------------------------------- */

struct text_body {
	struct str text;
};

static const struct member password_members[] = {
	{ "password", MEMBER_TEXT, offsetof(struct text_body, text), 1, PASSWORD_MOST, true },
};
static const struct member_table password_table = { password_members, COUNT(password_members), "" };

static const struct member code_members[] = {
	{ "totp", MEMBER_TEXT, offsetof(struct text_body, text), 1, CODE_MOST, true },
};
static const struct member_table code_table = { code_members, COUNT(code_members), "" };

static enum err
password_decode(struct call *c, void **in)
{
	struct text_body *body = arena_alloc(c->cx->arena, sizeof(*body));

	TRY(need_person(c));
	*in = &body->text;
	return body_decode(c, &password_table, body);
}

static enum err
totp_decode(struct call *c, void **in)
{
	TRY(need_person(c));
	return nothing_decode(c, in);
}

static enum err
confirm_decode(struct call *c, void **in)
{
	struct text_body *body = arena_alloc(c->cx->arena, sizeof(*body));

	TRY(need_person(c));
	*in = &body->text;
	return body_decode(c, &code_table, body);
}

static enum err
change_of_step(struct call *c, void **in)
{
	*in = c->out;
	return OK;
}

static void
changed_encode(struct call *c)
{
	const struct login_change *change = c->out;
	struct js_out *js = &c->js;

	js_open_object(js);
	js_key(js, "changed");
	js_put_bool(js, true);
	put_text(js, "secret", change->secret);
	put_text(js, "uri", change->uri);
	if (change->confirmed.n > 0) {
		js_key(js, "recovery");
		js_open_array(js);
		for (size_t i = 0; i < RECOVERY_CODES; i++)
			js_put_str(js, change->code[i]);
		js_close_array(js);
	}
	js_close_object(js);
}

/* --- beginning ---------------------------------------------------------------------------- */

static enum err
person_of_path(struct call *c, void **in)
{
	int64_t *id = arena_alloc(c->cx->arena, sizeof(*id));
	void *none;

	*in = id;
	TRY(nothing_decode(c, &none));
	return param_id(c, 0, MSG_ORDER_NO_PERSON, "person", id);
}

static void
activation_encode(struct call *c)
{
	const struct activation *a = c->out;

	c->reply.status = 201;
	js_open_object(&c->js);
	js_key(&c->js, "person");
	js_put_id(&c->js, a->person);
	js_key(&c->js, "activation");
	js_put_str(&c->js, a->token);
	js_key(&c->js, "activation_expires");
	js_put_time(&c->js, a->expires_ms);
	js_close_object(&c->js);
}

/* --- who lost what they sign in with ------------------------------------------------------ */

static void
reset_encode(struct call *c)
{
	const struct totp_reset *reset = c->out;

	js_open_object(&c->js);
	js_key(&c->js, "person");
	js_put_id(&c->js, reset->person);
	js_key(&c->js, "reset");
	js_put_bool(&c->js, true);
	js_key(&c->js, "sessions");
	js_put_int(&c->js, (int64_t)reset->sessions);
	js_close_object(&c->js);
}

/* --- routes ---------------------------------------------------------------------------------- */

static const struct route_work
    patch = { .kind = WORK_QUERY, .run = person_show, .decode = me_patch_decode, .next = &person_change,
	.body = "NewPerson", .reply = "Person", .traits = TAGS | GUARDED, .errors = ERR_BIT(NOT_FOUND) },
    set = { .kind = WORK_USE_CASE, .use_case = &login_set, .decode = change_of_step, .encode = changed_encode },
    password = { .kind = WORK_LOGIN, .run = password_new, .decode = password_decode, .next = &set,
	.body = "NewPassword", .reply = "LoginChanged", .errors = ERR_BIT(NOT_FOUND) },
    totp = { .kind = WORK_LOGIN, .run = totp_new, .decode = totp_decode, .next = &set,
	.body = "Nothing", .reply = "LoginChanged", .errors = ERR_BIT(NOT_FOUND) },
    confirm = { .kind = WORK_LOGIN, .run = totp_confirm, .decode = confirm_decode, .next = &set,
	.body = "TotpCode", .reply = "LoginChanged", .errors = ERR_BIT(NOT_FOUND) };

static const struct field password_fields[] = {
	{ "password", "", "15 characters or more; 8 where there are one-time codes." },
	{ 0 }
};

static const struct field code_fields[] = {
	{ "totp", "", "A code of the new secret." },
	{ 0 }
};

static const struct field changed_fields[] = {
	{ "changed", "bool", "" },
	{ "secret", "text-", "Base32, shown this once." },
	{ "uri", "text-", "The same for an app (otpauth)." },
	{ "recovery", "[text]-", "Codes for the day the app is lost; shown this once." },
	{ 0 }
};

static const struct field activation_fields[] = {
	{ "person", "id", "" },
	{ "activation", "text", "The token, shown this once." },
	{ "activation_expires", "time", "" },
	{ 0 }
};

static const struct field reset_fields[] = {
	{ "person", "id", "" },
	{ "reset", "bool", "" },
	{ "sessions", "int", "So many ended." },
	{ 0 }
};

const struct shape me_shapes[] = {
	{ .name = "NewPassword", .text = "A password.", .field = password_fields, .members = &password_table },
	{ .name = "TotpCode", .text = "A one-time code.", .field = code_fields, .members = &code_table },
	{ .name = "LoginChanged", .text = "What somebody signs in with has changed.", .field = changed_fields },
	{ .name = "Activation", .text = "With it a person begins.", .field = activation_fields },
	{ .name = "TotpReset", .text = "One-time and recovery codes are gone.", .field = reset_fields },
	{ 0 }
};

const struct route me_routes[] = {
	{ GET, "/api/v1/me", RIGHT_SELF, 0, false, QUERY(person_show, me_decode, person_encode,
		.reply = "Person", .traits = TAGS, .errors = ERR_BIT(NOT_FOUND)),
	    "Show your own record" },
	{ PATCH, "/api/v1/me", RIGHT_SELF, PERSON_BODY_MAX, false, &patch, "Change what is your own to change" },
	{ POST, "/api/v1/me/password", RIGHT_SELF, SMALL_BODY_MAX, false, &password, "Choose a password" },
	{ POST, "/api/v1/me/totp", RIGHT_SELF, SMALL_BODY_MAX, false, &totp, "Make a secret for one-time codes" },
	{ POST, "/api/v1/me/totp/confirm", RIGHT_SELF, SMALL_BODY_MAX, false, &confirm,
	    "Put the new secret in force with a code of it" },
	{ POST, "/api/v1/persons/{person}/activation", RIGHT_ONBOARD, SMALL_BODY_MAX, false,
	    WRITE(activation_renew, person_of_path, activation_encode, .body = "Nothing", .reply = "Activation",
		.traits = CREATES), "A new activation token for a person" },
	{ DELETE, "/api/v1/persons/{person}/totp", RIGHT_PERSON_LOGIN_WRITE, 0, false,
	    WRITE(totp_reset, person_of_path, reset_encode, .reply = "TotpReset"),
	    "Drop the one-time and recovery codes of a person who lost them" },
	{ 0 }
};
