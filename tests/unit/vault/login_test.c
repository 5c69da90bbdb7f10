/* SPDX-License-Identifier: Apache-2.0 */
/* login_test.c - passwords, one-time codes and token signatures of the real process. */
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <sodium.h>

#include "base/arena.h"
#include "base/clock.h"

#include "vault/totp.h"

#define ANA 1001
#define BO  1002

static struct rig rig;

static int
start(void **state)
{
	rig_open(&rig);
	rig_start_ready(&rig);
	return 0;
}

static int
stop(void **state)
{
	rig_close(&rig);
	return 0;
}

static void
begin(struct vault_call *call, uint32_t tenant)
{
	vault_call_init(call, rig.arena);
	call->tenant = tenant;
	call->capability = tenant == ACME ? &rig.acme : &rig.other;
}

static void
run(struct vault_call *call)
{
	assert_int_equal(vault_run(rig.vault, &rig.cx, call), OK);
}

static struct str
verifier_of(const char *password)
{
	const struct text_out *made;
	struct vault_call call;

	begin(&call, ACME);
	made = vault_password_make(&call, ANA, str_of(password));
	run(&call);
	assert_int_equal(made->err, OK);
	return made->text;
}

static void
a_password_is_right_for_its_person_in_its_tenant_only(void **state)
{
	const struct str v = verifier_of("correct horse battery");
	const struct str right = STR("correct horse battery");
	const struct check_out *good, *wrong, *empty, *nobody, *bo, *elsewhere;
	struct vault_call call;

	begin(&call, ACME);
	good = vault_password_check(&call, ANA, v, right);
	wrong = vault_password_check(
	    &call, ANA, v, STR("correct horse batter"));
	empty = vault_password_check(&call, ANA, v, STR(""));
	nobody = vault_password_check(&call, 0, STR(""), right);
	bo = vault_password_check(&call, BO, v, right);
	call.tenant = OTHER;
	call.capability = &rig.other;
	elsewhere = vault_password_check(&call, ANA, v, right);
	run(&call);
	assert_int_equal(good->err, OK);
	assert_true(good->is_right);
	assert_int_equal(wrong->err, OK);
	assert_false(wrong->is_right);
	assert_false(empty->is_right);
	assert_int_equal(nobody->err, OK);
	assert_false(nobody->is_right);
	assert_int_equal(bo->err, ERR_SEALED);
	assert_int_equal(elsewhere->err, ERR_SEALED);
}

static void
equal_passwords_have_unrelated_verifiers_that_no_other_call_opens(void **state)
{
	const struct str a = verifier_of("correct horse battery");
	const struct str b = verifier_of("correct horse battery");
	const struct text_out *text;
	const struct check_out *as_code;
	struct vault_call call;

	assert_false(str_eq(a, b));
	begin(&call, ACME);
	text = vault_text_open(&call, PURPOSE_NAME, ANA, a);
	as_code = vault_totp_check(&call, ANA, a, 0);
	run(&call);
	assert_int_equal(text->err, ERR_SEALED);
	assert_int_equal(as_code->err, ERR_SEALED);
}

static void
a_password_too_long_or_empty_is_refused(void **state)
{
	const struct text_out *longest, *longer, *empty;
	struct vault_call call;

	begin(&call, ACME);
	longest = vault_password_make(
	    &call, ANA, rig_text(&rig, PASSWORD_BYTES_MAX, 1));
	longer = vault_password_make(
	    &call, ANA, rig_text(&rig, PASSWORD_BYTES_MAX + 1, 1));
	empty = vault_password_make(&call, ANA, STR(""));
	run(&call);
	assert_int_equal(longest->err, OK);
	assert_int_equal(longer->err, ERR_BAD_INPUT);
	assert_int_equal(empty->err, ERR_BAD_INPUT);
}

/* The secret that an authenticator would keep, as bytes. */
static void
seed_of(struct str secret, uint8_t seed[TOTP_SEED])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint64_t bits = 0;
	size_t n = 0, have = 0;

	assert_int_equal(secret.n, TOTP_SECRET);
	for (size_t i = 0; i < secret.n; i++) {
		bits = bits << 5 |
		    (uint64_t)(strchr(digits, secret.p[i]) - digits);
		have += 5;
		if (have >= 8) {
			have -= 8;
			seed[n++] = (uint8_t)(bits >> have);
		}
	}
	assert_int_equal(n, TOTP_SEED);
}

static void
a_code_is_right_in_its_step_and_the_ones_beside_it(void **state)
{
	const struct seed_out *made;
	const struct check_out *at[5], *bo, *large;
	uint8_t seed[TOTP_SEED];
	struct vault_call call;
	int64_t now;

	begin(&call, ACME);
	made = vault_totp_make(&call, ANA);
	run(&call);
	assert_int_equal(made->err, OK);
	seed_of(made->secret, seed);
	/* The process has the same clock; do not begin where a step ends. */
	while (clock_now_ms() % TOTP_STEP_MS > TOTP_STEP_MS - 5000)
		clock_sleep_ms(500);
	now = clock_now_ms() / TOTP_STEP_MS;
	begin(&call, ACME);
	for (int64_t i = 0; i < 5; i++)
		at[i] = vault_totp_check(
		    &call, ANA, made->sealed, totp_code(seed, now - 2 + i));
	bo = vault_totp_check(&call, BO, made->sealed, totp_code(seed, now));
	large = vault_totp_check(&call, ANA, made->sealed, TOTP_CODES);
	run(&call);
	for (int64_t i = 0; i < 5; i++) {
		assert_int_equal(at[i]->err, OK);
		assert_int_equal(at[i]->is_right, i >= 1 && i <= 3);
		if (at[i]->is_right)
			assert_int_equal(at[i]->step, now - 2 + i);
	}
	assert_int_equal(bo->err, ERR_SEALED);
	assert_int_equal(large->err, ERR_BAD_INPUT);
}

static void
a_token_names_the_key_that_its_signature_is_of(void **state)
{
	const struct text_out *out, *no;
	struct token_key key[TOKEN_KEYS];
	struct str token, head, claims, signature, bytes;
	struct vault_call call;

	begin(&call, ACME);
	out = vault_token_sign(&call, STR("{\"sub\":\"x\"}"));
	no = vault_token_sign(&call, STR("origin/audit\n1\n"));
	run(&call);
	assert_int_equal(no->err, ERR_BAD_INPUT);
	assert_int_equal(out->err, OK);
	assert_int_equal(vault_token_keys(rig.vault, &rig.cx, key), OK);
	token = out->text;
	head = str_cut(&token, '.');
	claims = str_cut(&token, '.');
	assert_true(str_unbase64url(rig.arena, token, &signature));
	assert_int_equal(signature.n, 64);
	bytes = str_sub(out->text, 0, head.n + 1 + claims.n);
	assert_int_equal(
	    crypto_sign_verify_detached((const uint8_t *)signature.p,
		(const uint8_t *)bytes.p, bytes.n, key[1].public), 0);
	assert_int_not_equal(
	    crypto_sign_verify_detached((const uint8_t *)signature.p,
		(const uint8_t *)bytes.p, bytes.n, key[0].public), 0);
	assert_true(str_unbase64url(rig.arena, head, &bytes));
	assert_true(str_eq(bytes, str_fmt(rig.arena,
	    "{\"alg\":\"EdDSA\",\"kid\":\"%.*s\",\"typ\":\"at+jwt\"}",
	    TOKEN_KID, key[1].kid)));
	assert_true(str_unbase64url(rig.arena, claims, &bytes));
	assert_true(str_eq(bytes, STR("{\"sub\":\"x\"}")));
}

static void
the_keys_of_tokens_are_the_same_after_a_restart(void **state)
{
	struct token_key before[TOKEN_KEYS], after[TOKEN_KEYS];

	assert_int_equal(vault_token_keys(rig.vault, &rig.cx, before), OK);
	assert_int_equal(rig_stop(&rig), 0);
	rig_start_ready(&rig);
	assert_int_equal(vault_token_keys(rig.vault, &rig.cx, after), OK);
	assert_memory_equal(before, after, sizeof(after));
	assert_memory_not_equal(
	    before[0].public, before[1].public, sizeof(before[0].public));
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(a_password_is_right_for_its_person_in_its_tenant_only),
		FRESH(equal_passwords_have_unrelated_verifiers_that_no_other_call_opens),
		FRESH(a_password_too_long_or_empty_is_refused),
		FRESH(a_code_is_right_in_its_step_and_the_ones_beside_it),
		FRESH(a_token_names_the_key_that_its_signature_is_of),
		FRESH(the_keys_of_tokens_are_the_same_after_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
