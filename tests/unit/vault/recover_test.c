/* SPDX-License-Identifier: Apache-2.0 */
/* recover_test.c - an archive and its passphrase bring the keys back. */
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"

#include "vault/store.h"

#include "audit/tree.h"

#define PASSPHRASE "eleven quiet lamps"
#define REFUSED	   2	/* err.h, bad_input */

static struct rig from, to;
static struct str sealed, archive;

static struct str exported(struct rig *);
static struct str text_sealed(struct rig *, struct str);
static void sign_one(struct rig *);

/* One vault and its archive for all tests: making one takes a while. */
static int
start_group(void **state)
{
	rig_open(&from);
	rig_start_ready(&from);
	sealed = text_sealed(&from, STR("kept for years"));
	sign_one(&from);
	archive = exported(&from);
	return 0;
}

static int
stop_group(void **state)
{
	rig_close(&from);
	return 0;
}

static int
start(void **state)
{
	rig_open(&to);
	return 0;
}

static int
stop(void **state)
{
	rig_close(&to);
	return 0;
}

static struct str
exported(struct rig *r)
{
	struct str out;

	assert_int_equal(
	    vault_key_export(r->vault, &r->cx, STR(PASSPHRASE), &out), OK);
	return out;
}

static struct str
text_sealed(struct rig *r, struct str text)
{
	const struct text_out *out;
	struct vault_call call;

	vault_call_init(&call, r->arena);
	call.tenant = ACME;
	call.capability = &r->acme;
	out = vault_text_seal(&call, PURPOSE_NAME, 1, text);
	assert_int_equal(vault_run(r->vault, &r->cx, &call), OK);
	assert_int_equal(out->err, OK);
	return out->text;
}

static enum err
text_opened(struct rig *r, struct str *text)
{
	const struct text_out *out;
	struct vault_call call;

	vault_call_init(&call, r->arena);
	call.tenant = ACME;
	call.capability = &r->acme;
	out = vault_text_open(&call, PURPOSE_NAME, 1, sealed);
	assert_int_equal(vault_run(r->vault, &r->cx, &call), OK);
	*text = out->text;
	return out->err;
}

static void
sign_one(struct rig *r)
{
	const struct str entry = STR("entry");
	struct log_extension x = { .tenant = ACME, .entry = &entry, .n = 1 };
	struct frontier f = { 0 };
	struct hash hash;
	struct str note;

	tree_leaf(entry, &hash);
	frontier_append(&f, &hash);
	frontier_root(&f, &hash);
	memcpy(x.root, hash.bytes, sizeof(x.root));
	assert_int_equal(vault_log_sign(r->vault, &r->cx, &x, &note), OK);
}

static void
a_recovered_vault_opens_what_the_first_one_sealed(void **state)
{
	struct vault_state before, after;
	struct log_head head;
	struct str text;

	assert_int_equal(rig_recover(&to, archive, STR(PASSPHRASE "\n")), 0);
	rig_start_ready(&to);
	assert_int_equal(text_opened(&to, &text), OK);
	assert_true(str_eq(text, STR("kept for years")));

	assert_int_equal(vault_status(from.vault, &from.cx, &before), OK);
	assert_int_equal(vault_status(to.vault, &to.cx, &after), OK);
	assert_memory_equal(before.deployment, after.deployment, 16);
	/* A log turned back before the archive is still noticed. */
	assert_int_equal(vault_log_head(to.vault, &to.cx, ACME, &head), OK);
	assert_int_equal(head.size, 1);
}

static void
a_recovered_folder_is_closed_to_others(void **state)
{
	static const char *const files[] = { "master.key", "kek.store",
		"heads.log" };
	struct stat st;

	assert_int_equal(rig_recover(&to, archive, STR(PASSPHRASE)), 0);
	for (size_t i = 0; i < COUNT(files); i++) {
		assert_int_equal(stat(rig_path(&to, files[i]).p, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
}

static void
a_folder_that_has_keys_is_left_alone(void **state)
{
	struct str text;

	assert_int_equal(rig_recover(&from, archive, STR(PASSPHRASE)), REFUSED);
	assert_int_equal(text_opened(&from, &text), OK);
	assert_int_equal(rig_recover(&to, archive, STR(PASSPHRASE)), 0);
	assert_int_equal(rig_recover(&to, archive, STR(PASSPHRASE)), REFUSED);
}

static void
a_wrong_passphrase_or_archive_lays_nothing(void **state)
{
	struct stat st;
	struct str cut, costly;

	cut = str_sub(archive, 0, archive.n - 1);
	/* Memory of 4 TiB: refused before it is asked for. */
	costly = str_copy(to.arena, archive);
	((char *)costly.p)[17] = (char)0xff;
	assert_int_equal(
	    rig_recover(&to, archive, STR("eleven quiet lamp")), REFUSED);
	assert_int_equal(rig_recover(&to, cut, STR(PASSPHRASE)), REFUSED);
	assert_int_equal(rig_recover(&to, costly, STR(PASSPHRASE)), REFUSED);
	assert_int_equal(rig_recover(&to, STR(""), STR(PASSPHRASE)), REFUSED);
	assert_int_not_equal(stat(rig_path(&to, "master.key").p, &st), 0);
	assert_int_not_equal(stat(rig_path(&to, "kek.store").p, &st), 0);
}

static void
a_short_passphrase_is_refused(void **state)
{
	struct str out;

	assert_int_equal(
	    vault_key_export(from.vault, &from.cx, STR("elevenchars"), &out),
	    ERR_BAD_INPUT);
	assert_int_equal(from.cx.fault.msg, MSG_VAULT_PASSPHRASE);
}

static void
the_archive_tells_no_passphrase_and_no_key(void **state)
{
	struct str again = exported(&from);

	assert_null(memmem(archive.p, archive.n, PASSPHRASE, 6));
	assert_memory_not_equal(archive.p + 30, again.p + 30, 64);
}

/* Makes keys for N tenants in a folder no vault uses, with one write. */
static void
fill_folder(struct rig *r, uint32_t n)
{
	struct crypt c;
	struct keys k;
	struct heads h;
	const char *why;

	crypt_open(&c);
	keys_open(&k, &c);
	heads_open(&h, &c);
	assert_true(store_load(&k, &h, r->dir, &why));
	for (uint32_t tenant = 100; tenant < 100 + n; tenant++)
		assert_true(keys_tenant_make(&k, tenant));
	assert_true(store_save(&k));
	heads_close(&h);
	keys_close(&k);
	crypt_close(&c);
}

static void
an_archive_of_many_tenants_comes_in_several_frames(void **state)
{
	struct vault_state st;
	struct rig many;
	struct str large;

	rig_open(&many);
	fill_folder(&many, 1002);
	rig_start(&many);
	large = exported(&many);
	assert_true(large.n > 2 * 65536);
	assert_int_equal(rig_recover(&to, large, STR(PASSPHRASE)), 0);
	rig_close(&many);
	rig_start(&to);
	assert_int_equal(vault_status(to.vault, &to.cx, &st), OK);
	assert_int_equal(st.tenants, 1002);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(a_recovered_vault_opens_what_the_first_one_sealed),
		FRESH(a_recovered_folder_is_closed_to_others),
		FRESH(a_folder_that_has_keys_is_left_alone),
		FRESH(a_wrong_passphrase_or_archive_lays_nothing),
		FRESH(a_short_passphrase_is_refused),
		FRESH(the_archive_tells_no_passphrase_and_no_key),
		FRESH(an_archive_of_many_tenants_comes_in_several_frames),
	};

	return cmocka_run_group_tests(tests, start_group, stop_group);
}
