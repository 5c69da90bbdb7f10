/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin_test.c - what administrators and the operator read and make: the
 * catalogue, tokens, tenants, backups, key archives, the doctor.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/io.h"

#include "act/world_int.h"
#include "plant.h"

static struct entry
last_entry(struct rig *r)
{
	struct rows rows = plant_rows(r, &LOG);
	const struct log_row *row = rows.row;
	struct entry e;

	assert_true(entry_decode(r->arena, row[rows.n - 1].entry, &e));
	return e;
}

/* --- catalogue, tokens, tenants ------------------------------------------------------ */

static void
the_catalogue_that_is_shown_can_be_applied_again(void **state)
{
	struct rig *r = *state;
	struct catalogue_in in = { 0 };
	struct catalogue_out *out;
	struct str *yaml;

	assert_int_equal(rig_query(r, catalogue_show, NULL, &yaml), OK);
	in.text = *yaml;
	assert_int_equal(rig_long(r, catalogue_put, &in, &out), OK);
	assert_false(out->is_changed);
	assert_int_equal(out->version, 1);
	r->actor.tenant = r->other;
	assert_int_equal(rig_query(r, catalogue_show, NULL, &yaml), OK);
	assert_false(str_eq(*yaml, in.text));
	r->actor.tenant = r->acme;
}

static const bool tokens = false;

static struct token_out *
token_made(struct rig *r, const char *label, const char *scope)
{
	struct token_in in = { .label = str_of(label),
		.rights = RIGHT_BIT(RIGHT_PERSON_READ),
		.scope = str_of(scope), .source = STR("api") };
	struct token_out *out;

	assert_int_equal(rig_do(r, &token_create, &in, &out), OK);
	return out;
}

static void
tokens_are_listed_with_what_they_may(void **state)
{
	struct rig *r = *state;
	struct token_out *hr = token_made(r, "HR system", "");
	struct token_out *ber = token_made(r, "Berlin", "site eq \"ber\"");
	struct token_revoke_in gone = { .token = hr->id };
	struct tokens_out *out;
	struct actor actor;
	void *row;

	assert_int_equal(rig_do(r, &token_revoke, &gone, &row), OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(rig_query(r, tokens_list, &tokens, &out), OK);
		assert_int_equal(out->n, 2);
		assert_int_equal(out->token[0].row.id, hr->id);
		assert_true(str_eq(out->token[0].label, STR("HR system")));
		assert_int_equal(out->token[0].scope.n, 0);
		assert_true(out->token[0].row.revoked_ms > 0);
		assert_true(str_eq(out->token[1].label, STR("Berlin")));
		assert_true(
		    str_eq(out->token[1].scope, STR("site eq \"ber\"")));
		assert_int_equal(out->token[1].row.revoked_ms, 0);
		assert_int_equal(
		    world_authenticate(r->world, &r->cx, hr->token, &actor),
		    ERR_UNAUTHENTICATED);
		assert_int_equal(
		    world_authenticate(r->world, &r->cx, ber->token, &actor),
		    OK);
		assert_non_null(actor.scope);
		assert_int_equal(actor.tenant, r->acme);
		assert_int_equal(
		    world_token_source(r->world, r->acme, actor.id),
		    out->token[1].row.source);
		rig_stop(r);
		assert_int_equal(rig_start(r, false), OK);
	}
	r->actor.tenant = r->other;
	assert_int_equal(rig_query(r, tokens_list, &tokens, &out), OK);
	assert_int_equal(out->n, 0);
	r->actor.tenant = r->acme;
}

/* Nobody grants what they do not hold. */
static void
a_token_gives_no_more_than_its_maker_has(void **state)
{
	static const struct {
		const char *label, *source;
		uint64_t rights;
		int64_t expires_ms;
		enum err err;
		enum msg msg;
	} cases[] = {
		{ "", "s", RIGHT_BIT(RIGHT_SELF), 0, ERR_BAD_INPUT,
		    MSG_TOKEN_LABEL },
		{ "l", "", RIGHT_BIT(RIGHT_SELF), 0, ERR_BAD_INPUT,
		    MSG_TOKEN_LABEL },
		{ "l", "s", 0, 0, ERR_BAD_INPUT, MSG_TOKEN_NO_RIGHT },
		{ "l", "s", RIGHT_BIT(RIGHT_OPERATE), 0, ERR_DENIED,
		    MSG_TOKEN_RIGHTS },
		{ "l", "s", RIGHT_BIT(RIGHT_SELF), 1, ERR_BAD_INPUT,
		    MSG_TOKEN_EXPIRY },
	};
	struct rig *r = *state;
	struct token_revoke_in nobody = { .token = 1 };
	struct token_in in;
	struct token_out *out;

	for (size_t i = 0; i < COUNT(cases); i++) {
		in = (struct token_in) { .label = str_of(cases[i].label),
			.source = str_of(cases[i].source),
			.rights = cases[i].rights,
			.expires_ms = cases[i].expires_ms };
		assert_int_equal(
		    rig_do(r, &token_create, &in, &out), cases[i].err);
		assert_int_equal(r->cx.fault.msg, cases[i].msg);
	}
	in = (struct token_in) { .label = STR("l"),
		.source = STR("s"),
		.rights = RIGHT_BIT(RIGHT_PERSON_READ) };
	r->actor.rights = RIGHT_BIT(RIGHT_TOKEN_WRITE);
	assert_int_equal(rig_do(r, &token_create, &in, &out), ERR_DENIED);
	assert_int_equal(r->cx.fault.msg, MSG_TOKEN_RIGHTS);
	assert_int_equal(
	    rig_do(r, &token_revoke, &nobody, &out), ERR_NOT_FOUND);
	assert_int_equal(plant_count(r, &TOKEN), 0);
}

static void
tenants_are_listed_by_name(void **state)
{
	struct rig *r = *state;
	struct tenants_out *out;

	r->actor = r->operator;
	assert_int_equal(rig_query(r, tenants_list, NULL, &out), OK);
	assert_int_equal(out->n, 2);
	assert_true(str_eq(out->tenant[0].slug, STR("acme")));
	assert_int_equal(out->tenant[0].tenant, r->acme);
	assert_int_equal(out->tenant[0].state, TENANT_ACTIVE);
	assert_int_equal(out->tenant[0].log_size, 6);
	assert_true(out->tenant[0].created_ms > 0);
	assert_true(str_eq(out->tenant[1].slug, STR("other")));
	r->actor.tenant = r->acme;
}

static void
a_tenant_needs_a_name_of_its_own(void **state)
{
	static const struct {
		const char *name;
		enum err err;
	} cases[] = {
		{ "acme", ERR_CONFLICT },
		{ "", ERR_BAD_INPUT },
		{ "-a", ERR_BAD_INPUT },
		{ "a-", ERR_BAD_INPUT },
		{ "Acme", ERR_BAD_INPUT },
		{ "\xff", ERR_BAD_INPUT },
		{ "a23456789012345678901234567890123456789012345678901234567890"
		  "1234",
		    ERR_BAD_INPUT },
	};
	struct rig *r = *state;
	struct tenant_out *out;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tenant_in in = { str_of(cases[i].name) };

		assert_int_equal(
		    rig_long(r, tenant_make, &in, &out), cases[i].err);
	}
	assert_int_equal(world_tenant_named(r->world, STR("other")), r->other);
	assert_int_equal(world_tenant_named(r->world, STR("nobody")), 0);
}

/* As after a commit without an answer: what its name is, nobody here knows. */
static void
a_tenant_that_memory_does_not_know_yet_keeps_its_name(void **state)
{
	struct rig *r = *state;
	struct tenant_in in = { STR("other") };
	struct tenant_out *out;

	world_tenant_drop(r->world, r->other);
	assert_int_equal(rig_long(r, tenant_make, &in, &out), ERR_BUSY);
	assert_int_equal(r->cx.fault.msg, MSG_TENANT_RACE);
	rig_stop(r);
	assert_int_equal(rig_start(r, false), OK);
	assert_int_equal(rig_long(r, tenant_make, &in, &out), ERR_CONFLICT);
}

/* --- backups and keys ------------------------------------------------------------------ */

static unsigned
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void
put_back(struct rig *r, struct str from, const char *file)
{
	char path[128];
	struct str bytes;

	assert_true(
	    file_read(r->arena, str_z(r->arena, from), 64 << 20, &bytes));
	snprintf(path, sizeof(path), "%s/%s-wal", r->dir, file);
	unlink(path);
	snprintf(path, sizeof(path), "%s/%s-shm", r->dir, file);
	unlink(path);
	snprintf(path, sizeof(path), "%s/%s", r->dir, file);
	assert_true(file_replace(path, bytes, 0600));
}

static void
a_backup_brings_everything_back(void **state)
{
	struct rig *r = *state;
	struct order_out *ana =
	    rig_onboarded(r, rig_onboard(r, "ana", "ber", "mail"));
	struct backup_out *b, *second;
	struct person_view *v;

	assert_int_equal(rig_long(r, backup_make, NULL, &b), OK);
	assert_int_equal(mode_of(str_z(r->arena, b->data_path)), 0600);
	assert_int_equal(mode_of(str_z(r->arena, b->keys_path)), 0600);
	assert_int_equal(
	    mode_of(str_z(r->arena, str_fmt(r->arena, "%s/backups", r->dir))),
	    0700);
	assert_true(b->data_bytes > 0 && b->keys_bytes > 0);
	assert_int_equal(last_entry(r).action, ACTION_BACKUP_MADE);
	r->actor.tenant = r->other;
	assert_int_equal(last_entry(r).action, ACTION_BACKUP_MADE);
	r->actor.tenant = r->acme;
	clock_sleep_ms(2); /* their names are of the millisecond */
	assert_int_equal(rig_long(r, backup_make, NULL, &second), OK);
	assert_false(str_eq(b->data_path, second->data_path));

	rig_onboarded(r, rig_onboard(r, "bo", "ber", "mail"));
	rig_stop(r);
	put_back(r, b->data_path, "usher.db");
	put_back(r, b->keys_path, "keys.db");
	assert_int_equal(rig_start(r, true), OK);
	assert_int_equal(plant_count(r, &PERSON), 1);
	assert_int_equal(rig_query(r, person_show, &ana->person, &v), OK);
	assert_true(str_eq(doc_get(&v->doc, A_USER_NAME, 0), STR("user.ana")));
}

static void
a_backup_folder_that_others_may_read_is_refused(void **state)
{
	struct rig *r = *state;
	char *path = str_z(r->arena, str_fmt(r->arena, "%s/backups", r->dir));
	struct backup_out *b;
	size_t before = plant_count(r, &LOG);

	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(rig_long(r, backup_make, NULL, &b), ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_BACKUP_FOLDER);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(symlink("/tmp", path), 0);
	assert_int_equal(rig_long(r, backup_make, NULL, &b), ERR_CONFLICT);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(plant_count(r, &LOG), before);
}

static void
keys_leave_only_under_a_passphrase_and_on_record(void **state)
{
	static const char *const weak[] = {
		"",
		"eleven char",
		"äöüäöüäöüäö",
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
	};
	struct rig *r = *state;
	struct str passphrase = STR("twelve chars"), *archive;
	size_t before = plant_count(r, &LOG);

	for (size_t i = 0; i < COUNT(weak); i++) {
		struct str w = str_of(weak[i]);

		assert_int_equal(
		    rig_long(r, key_export, &w, &archive), ERR_BAD_INPUT);
		assert_int_equal(r->cx.fault.msg, MSG_VAULT_PASSPHRASE);
	}
	assert_int_equal(plant_count(r, &LOG), before);
	assert_int_equal(rig_long(r, key_export, &passphrase, &archive), OK);
	assert_true(archive->n > 100);
	assert_int_equal(last_entry(r).action, ACTION_KEYS_EXPORTED);
	assert_int_equal(last_entry(r).subject_kind, SUBJECT_TENANT);
	assert_int_equal(plant_count(r, &LOG), before + 1);
}

/* --- the doctor ------------------------------------------------------------------------ */

static const struct doctor_row *
diagnosis(struct rig *r, const char *what)
{
	struct doctor_out *out;

	assert_int_equal(rig_long(r, doctor_run, NULL, &out), OK);
	for (size_t i = 0; i < out->n; i++)
		if (strcmp(out->row[i].what, what) == 0)
			return &out->row[i];
	print_error("no row %s\n", what);
	assert_true(false);
	return NULL;
}

static void
the_doctor_finds_a_healthy_world_healthy(void **state)
{
	/* Space and confinement are the machine's. */
	static const char *const well[] = { "data", "keys", "engine", "files",
		"vault", "log", "clock" };
	struct rig *r = *state;

	for (size_t i = 0; i < COUNT(well); i++) {
		const struct doctor_row *row = diagnosis(r, well[i]);

		if (!row->is_ok)
			print_error(
			    "%s: %.*s\n", row->what, STR_ARG(row->found));
		assert_true(row->is_ok);
		assert_true(row->found.n > 0);
		assert_int_equal(row->remedy.n, 0);
	}
	diagnosis(r, "space");
	diagnosis(r, "confinement");
}

static void
the_doctor_sees_what_others_may_read(void **state)
{
	struct rig *r = *state;
	const struct doctor_row *row;
	char *path = str_z(r->arena, str_fmt(r->arena, "%s/keys.db", r->dir));

	assert_int_equal(chmod(path, 0640), 0);
	row = diagnosis(r, "files");
	assert_false(row->is_ok);
	assert_true(str_ends(row->remedy, STR("/keys.db.")));
	assert_int_equal(chmod(path, 0600), 0);
	assert_true(diagnosis(r, "files")->is_ok);
	assert_int_equal(chmod(r->dir, 0755), 0);
	assert_false(diagnosis(r, "files")->is_ok);
	assert_int_equal(chmod(r->dir, 0700), 0);
}

static void
the_doctor_sees_a_clock_that_went_back(void **state)
{
	struct rig *r = *state;

	clock_set(clock_now_ms() - 3600000);
	assert_false(diagnosis(r, "clock")->is_ok);
	assert_true(diagnosis(r, "clock")->remedy.n > 0);
	clock_set(0);
	assert_true(diagnosis(r, "clock")->is_ok);
}

static void
the_doctor_sees_a_log_that_is_not_the_signed_one(void **state)
{
	struct rig *r = *state;
	struct tenant_row row =
			      *(struct tenant_row *)plant_rows(r, &TENANT).row,
			  kept = row;

	row.log_origin = 3;
	plant_put(r, &TENANT, &row);
	assert_false(diagnosis(r, "log")->is_ok);
	plant_put(r, &TENANT, &kept);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_verify_tear_down)
		T(the_catalogue_that_is_shown_can_be_applied_again),
		T(tokens_are_listed_with_what_they_may),
		T(a_token_gives_no_more_than_its_maker_has),
		T(tenants_are_listed_by_name),
		T(a_tenant_needs_a_name_of_its_own),
		T(a_tenant_that_memory_does_not_know_yet_keeps_its_name),
		T(a_backup_brings_everything_back),
		T(a_backup_folder_that_others_may_read_is_refused),
		T(keys_leave_only_under_a_passphrase_and_on_record),
		T(the_doctor_finds_a_healthy_world_healthy),
		T(the_doctor_sees_what_others_may_read),
		T(the_doctor_sees_a_clock_that_went_back),
		T(the_doctor_sees_a_log_that_is_not_the_signed_one),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
