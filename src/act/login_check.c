/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login_check.c - whether what was given is right, on the thread of passwords.
 *
 * Somebody who is nobody, has no password, or may not sign in costs the same
 * work as anybody else and is told the same.  Nothing is used up here: that is
 * the writer's, by what is stored when it stores.
 */
#include "act/login.h"

#include <string.h>

#include "base/clock.h"
#include "base/id.h"

#include "core/password.h"

#include "act/jwt.h"
#include "act/world_int.h"

#define HOUR_MS	     INT64_C(3600000)
#define TOTP_NEXT_MS INT64_C(1800000)	/* a seed that nobody confirms is forgotten */
#define CODE_DIGITS  6

struct checking {
	struct reader	       *r;
	const struct realm     *realm;
	struct person		person;
	bool			may;	/* is there, and may sign in */
	struct login_row	row;
	struct vault_call	call;
	const struct check_out *password, *totp;
};

static void look_into(struct reader *, int64_t tenant);
static enum err start(struct reader *, struct ctx *, uint32_t tenant,
    int64_t person, struct checking *);
static enum err ask(struct checking *, struct ctx *, const struct login *);
static bool is_right(struct checking *, struct login *);
static bool has_code(struct checking *, const struct login_in *,
    struct login *);
static enum err load_recovery(struct checking *, struct login *);
static bool code_of(struct str, uint32_t *);
static enum err begin_session(struct checking *, struct ctx *, struct login *);

enum err
login_check(struct reader *r, struct ctx *cx, const void *in, void **out)
{
	struct login *l = arena_copy(cx->arena, in, sizeof(*l));
	struct checking c;
	bool is_good;

	TRY(start(r, cx, l->tenant, l->person, &c));
	TRY(ask(&c, cx, l));
	is_good = is_right(&c, l);
	if (is_good && l->used_recovery)
		TRY(load_recovery(&c, l));
	if (!is_good || (l->in->recovery.n > 0 && !l->used_recovery)) {
		if (!l->is_nowhere)
			login_fail_note(r->world, l->tenant, l->person);
		return fail(cx, ERR_UNAUTHENTICATED, MSG_LOGIN_WRONG, "");
	}
	*out = l;
	l->was = c.row.verifier;
	l->was_totp = c.row.totp;
	return begin_session(&c, cx, l);
}

/* Nobody has proved to be anybody yet, so no actor says whose rows may be seen. */
static void
look_into(struct reader *r, int64_t tenant)
{
	tx_tenants(r->data, &tenant, 1, false);
	tx_tenants(r->keys, &tenant, 1, false);
}

/* Without such a person the same calls go to the vault. */
static enum err
start(struct reader *r, struct ctx *cx, uint32_t tenant, int64_t person,
    struct checking *c)
{
	struct person key = { .tenant = tenant, .id = person };
	struct login_row login = { .tenant = tenant, .person = person };
	struct rows rows;

	*c = (struct checking) { .r = r };
	TRY(world_realm(r->world, cx, tenant, &c->realm));
	look_into(r, tenant);
	vault_call_init(&c->call, cx->arena);
	c->call.tenant = tenant;
	c->call.capability = &c->realm->capability;
	TRY(store_load(r->data, &PERSON, &key, 1, 2, 0, &rows));
	if (rows.n > 0)
		c->person = *(struct person *)rows.row;
	c->may = rows.n > 0 && c->realm->state == TENANT_ACTIVE
	    && person_may_login(&c->person);
	TRY(store_load(r->data, &LOGIN, &login, 1, 2, 0, &rows));
	if (rows.n > 0)
		c->row = *(struct login_row *)rows.row;
	return OK;
}

static enum err
ask(struct checking *c, struct ctx *cx, const struct login *l)
{
	struct str password;
	uint32_t code;

	if (!password_form(cx->arena, l->in->password, &password))
		password = STR("");
	if (!l->is_step_up || l->in->password.n > 0)
		c->password = vault_password_check(
		    &c->call, l->person, c->row.verifier, password);
	if (code_of(l->in->totp, &code))
		c->totp = vault_totp_check(
		    &c->call, l->person, c->row.totp, code);
	if (c->call.n > 0)
		TRY(vault_run(c->r->vault, cx, &c->call));
	if (c->password != NULL && c->password->err == ERR_LIMITED)
		return fail(cx, ERR_LIMITED, MSG_LOGIN_BUSY, "");
	return OK;
}

/*
 * The password, if it is given or this is no step-up; and a code wherever
 * there are codes.  What is given must be right even where it is not needed.
 */
static bool
is_right(struct checking *c, struct login *l)
{
	const bool has_totp = c->row.totp.n > 0;
	const bool needs_password =
	    !l->is_step_up || l->in->password.n > 0 || !has_totp;

	if (!c->may)
		return false;
	if (needs_password
	    && (c->password == NULL || c->password->err != OK
	    || !c->password->is_right || l->in->password.n == 0))
		return false;
	if (needs_password)
		l->factors |= FACTOR_PASSWORD;
	if (has_totp || l->in->totp.n > 0 || l->in->recovery.n > 0)
		return has_code(c, l->in, l);
	return true;
}

static bool
has_code(struct checking *c, const struct login_in *in, struct login *l)
{
	if (in->totp.n > 0 && in->recovery.n > 0)
		return false;
	l->used_recovery = in->recovery.n > 0;
	if (!l->used_recovery
	    && (c->totp == NULL || c->totp->err != OK || !c->totp->is_right
	    || c->totp->step <= c->row.last_step))
		return false;
	l->step = l->used_recovery ? 0 : c->totp->step;
	l->factors |= FACTOR_TOTP;
	return true;
}

static enum err
load_recovery(struct checking *c, struct login *l)
{
	struct recovery_row key = { .tenant = l->tenant, .person = l->person };
	struct rows rows;

	sha256(l->in->recovery, &l->recovery);
	key.hash = (struct str) { (char *)l->recovery.bytes, 32 };
	TRY(store_load(c->r->data, &RECOVERY, &key, 1, 3, 0, &rows));
	l->used_recovery = rows.n > 0;
	return OK;
}

static bool
code_of(struct str text, uint32_t *code)
{
	int64_t n = 0;

	*code = 0;
	if (text.n != CODE_DIGITS)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		n = n * 10 + text.p[i] - '0';
	}
	*code = (uint32_t)n;
	return true;
}

/* --- the session that is about to begin ---------------------------------------------- */

/* Its id and secret are new: one that somebody planted is worth nothing (S-T14). */
static enum err
begin_session(struct checking *c, struct ctx *cx, struct login *l)
{
	const int64_t hours =
	    c->realm->catalogue->setting[SETTING_SESSION_HOURS];
	struct jwt jwt = { .tenant = l->tenant, .subject = l->person };
	struct actor actor = { 0 };
	uint8_t secret[32];

	random_bytes(secret, sizeof(secret));
	l->secret = str_base64url(cx->arena,
	    (struct str) { (char *)secret, sizeof(secret) });
	explicit_bzero(secret, sizeof(secret));
	l->session = id_new();
	if (l->expires_ms == 0)
		l->expires_ms = clock_now_ms() + hours * HOUR_MS;
	if (l->in == NULL || !l->in->wants_token)
		return OK;
	TRY(world_person_actor(c->r->world, cx, l->tenant, l->person, &actor));
	jwt.session = l->session;
	/* What an activation gives is for the person's own account (C6). */
	jwt.rights = l->is_activation ? RIGHT_BIT(RIGHT_SELF) : actor.rights;
	l->seconds = JWT_SECONDS;
	return access_sign(c->r, cx, &jwt, &l->token);
}

/* --- activation ------------------------------------------------------------------------ */

#define ACTIVATION_PREFIX "usher_act_"
#define ACTIVATION_CHARS  22

static bool activation_read(struct str, uint32_t *tenant, int64_t *person);
static enum err activation_wrong(struct ctx *);
static enum err check_password(struct checking *, struct ctx *, struct str,
    struct str *verifier);
static void add_own(struct checking *, struct ctx *, struct password_wish *);

enum err
activation_check(struct reader *r, struct ctx *cx, const void *arg, void **out)
{
	static const struct login_in wants = { .wants_token = true };
	const struct activate_in *in = arg;
	struct login *l = arena_alloc(cx->arena, sizeof(*l));
	struct activation_row key = { 0 };
	const struct activation_row *row;
	struct checking c;
	struct rows rows;

	l->in = &wants;
	l->is_activation = true;
	sha256(in->token, &l->activation);
	if (!activation_read(in->token, &l->tenant, &l->person))
		return activation_wrong(cx);
	look_into(r, l->tenant);
	key.tenant = l->tenant;
	key.person = l->person;
	TRY(store_load(r->data, &ACTIVATION, &key, 1, 2, 0, &rows));
	row = rows.row;
	if (rows.n == 0 || row->expires_ms <= clock_now_ms()
	    || !str_eq_secret(row->hash,
	    (struct str) { (char *)l->activation.bytes, 32 }))
		return activation_wrong(cx);
	/* Only now: how long it takes is not to say whether there is such a person. */
	if (start(r, cx, l->tenant, l->person, &c) != OK || !c.may)
		return activation_wrong(cx);
	l->factors = FACTOR_TOKEN;
	if (in->password.n > 0)
		TRY(check_password(&c, cx, in->password, &l->verifier));
	*out = l;
	return begin_session(&c, cx, l);
}

static enum err
activation_wrong(struct ctx *cx)
{
	return fail(cx, ERR_UNAUTHENTICATED, MSG_ACTIVATION_WRONG, "token");
}

void
activation_make(struct arena *a, const struct realm *realm, int64_t person,
    int64_t now_ms, struct activation *out)
{
	const int64_t hours =
	    realm->catalogue->setting[SETTING_ACTIVATION_HOURS];
	uint8_t secret[16];

	random_bytes(secret, sizeof(secret));
	out->person = person;
	out->token = str_fmt(a, ACTIVATION_PREFIX "%u_%.*s_%.*s",
	    realm->tenant, STR_ARG(id_text(a, person)),
	    STR_ARG(str_base64url(a,
	    (struct str) { (char *)secret, sizeof(secret) })));
	sha256(out->token, &out->hash);
	out->expires_ms = now_ms + hours * HOUR_MS;
}

struct activation_row
activation_row(
    uint32_t tenant, const struct activation *a, const struct ctx *cx)
{
	return (struct activation_row) {
		.tenant = tenant,
		.person = a->person,
		.hash = { (const char *)a->hash.bytes, 32 },
		.created_ms = cx->now_ms,
		.expires_ms = a->expires_ms,
		.author = cx->actor->id,
	};
}

static bool
activation_read(struct str text, uint32_t *tenant, int64_t *person)
{
	const struct str prefix = STR(ACTIVATION_PREFIX);
	struct str left = text, number;
	int64_t n;

	if (!str_starts(text, prefix))
		return false;
	left = str_sub(text, prefix.n, text.n);
	number = str_cut(&left, '_');
	if (!str_int(number, &n) || n <= 0 || n > UINT32_MAX
	    || !id_decode(str_cut(&left, '_'), person))
		return false;
	*tenant = (uint32_t)n;
	return left.n == ACTIVATION_CHARS;
}

/* --- passwords and seeds ----------------------------------------------------------------- */

static enum err
check_password(struct checking *c, struct ctx *cx, struct str password,
    struct str *verifier)
{
	struct password_wish wish = { .password = password,
		.has_totp = c->row.totp.n > 0 };
	const struct text_out *made;
	struct str form;

	add_own(c, cx, &wish);
	TRY(password_check_new(cx, &wish));
	must(password_form(cx->arena, password, &form));
	made = vault_password_make(&c->call, c->person.id, form);
	TRY(vault_run(c->r->vault, cx, &c->call));
	if (made->err != OK)
		return fail(cx, made->err, MSG_LOGIN_BUSY, "password");
	*verifier = made->text;
	return OK;
}

/* What their record says of them, if it opens, and the tenant's name. */
static void
add_own(struct checking *c, struct ctx *cx, struct password_wish *w)
{
	static const enum attribute what[] = { A_USER_NAME, A_FAMILY_NAME,
		A_GIVEN_NAME, A_MIDDLE_NAME, A_NICK_NAME, A_DISPLAY_NAME,
		A_EMAIL_VALUE, A_EMPLOYEE_NUMBER, A_EXTERNAL_ID };
	struct key_row key = { .tenant = c->realm->tenant,
		.person = c->person.id };
	struct open_in in = { .person = c->person.id,
		.version = c->person.record_version,
		.key_version = c->person.key_version,
		.purpose = PURPOSE_PERSON, .sealed = c->person.sealed };
	const struct open_out *opened;
	struct doc doc = { 0 };
	struct rows rows;
	struct str *own;
	size_t n = 0;

	key.version = c->person.key_version;
	if (store_load(c->r->keys, &PERSON_KEY, &key, 1, 3, 0, &rows) == OK
	    && rows.n > 0) {
		in.wrapped_key = ((struct key_row *)rows.row)->wrapped;
		opened = vault_open(&c->call, &in);
		if (vault_run(c->r->vault, cx, &c->call) == OK
		    && opened->err == OK)
			doc_restore(cx, opened->text, &doc);
	}
	own = arena_array(cx->arena, doc.n + 1, sizeof(*own));
	own[n++] = c->realm->slug;
	for (size_t i = 0; i < doc.n; i++)
		for (size_t j = 0; j < COUNT(what); j++)
			if (doc.attr[i].id == what[j])
				own[n++] = doc.attr[i].value;
	w->own = own;
	w->nown = n;
}

enum err
password_new(struct reader *r, struct ctx *cx, const void *password, void **out)
{
	struct login_change *change = arena_alloc(cx->arena, sizeof(*change));
	struct checking c;

	TRY(check_fresh(cx));
	TRY(start(r, cx, cx->actor->tenant, cx->actor->person, &c));
	if (!c.may)
		return fail(cx, ERR_NOT_FOUND, MSG_LOGIN_NO_PERSON, "");
	*out = change;
	return check_password(
	    &c, cx, *(const struct str *)password, &change->verifier);
}

enum err
check_codes(struct ctx *cx, const struct login_row *login, unsigned factors)
{
	if (login->totp.n == 0 || (factors & FACTOR_TOTP) != 0)
		return OK;
	return fail(cx, ERR_DENIED, MSG_LOGIN_STEP_UP, "");
}

enum err
totp_new(struct reader *r, struct ctx *cx, const void *none, void **out)
{
	struct login_change *change = arena_alloc(cx->arena, sizeof(*change));
	const struct seed_out *made;
	struct checking c;

	(void)none;
	TRY(check_fresh(cx));
	TRY(start(r, cx, cx->actor->tenant, cx->actor->person, &c));
	if (!c.may)
		return fail(cx, ERR_NOT_FOUND, MSG_LOGIN_NO_PERSON, "");
	TRY(check_codes(cx, &c.row, cx->actor->factors));
	made = vault_totp_make(&c.call, c.person.id);
	TRY(vault_run(r->vault, cx, &c.call));
	TRY(made->err);
	change->totp_next = made->sealed;
	change->secret = made->secret;
	/* The label is an id: an authenticator is no place for names. */
	change->uri = str_fmt(cx->arena,
	    "otpauth://totp/Usher:%.*s-%.*s?secret=%.*s&issuer=Usher"
	    "&algorithm=SHA1&digits=6&period=30",
	    STR_ARG(c.realm->slug), STR_ARG(id_text(cx->arena, c.person.id)),
	    STR_ARG(made->secret));
	*out = change;
	return OK;
}

enum err
totp_confirm(struct reader *r, struct ctx *cx, const void *code, void **out)
{
	struct login_change *change = arena_alloc(cx->arena, sizeof(*change));
	const struct check_out *check;
	struct checking c;
	uint32_t number;

	TRY(check_fresh(cx));
	TRY(start(r, cx, cx->actor->tenant, cx->actor->person, &c));
	if (!c.may)
		return fail(cx, ERR_NOT_FOUND, MSG_LOGIN_NO_PERSON, "");
	TRY(check_codes(cx, &c.row, cx->actor->factors));
	if (c.row.totp_next.n == 0
	    || clock_now_ms() - c.row.totp_ms > TOTP_NEXT_MS)
		return fail(cx, ERR_CONFLICT, MSG_TOTP_NONE, "totp");
	if (!code_of(*(const struct str *)code, &number))
		return fail(cx, ERR_BAD_INPUT, MSG_TOTP_WRONG, "totp");
	check = vault_totp_check(
	    &c.call, c.person.id, c.row.totp_next, number);
	TRY(vault_run(r->vault, cx, &c.call));
	if (check->err != OK || !check->is_right)
		return fail(cx, ERR_BAD_INPUT, MSG_TOTP_WRONG, "totp");
	change->confirmed = c.row.totp_next;
	change->confirmed_step = check->step;
	for (size_t i = 0; i < RECOVERY_CODES; i++) {
		uint8_t bytes[10];

		random_bytes(bytes, sizeof(bytes));
		change->code[i] = str_hex(cx->arena,
		    (struct str) { (char *)bytes, sizeof(bytes) });
		sha256(change->code[i], &change->code_hash[i]);
	}
	*out = change;
	return OK;
}
