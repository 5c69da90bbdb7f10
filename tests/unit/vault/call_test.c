/* SPDX-License-Identifier: Apache-2.0 */
/* call_test.c - batches against the real process. */
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

#define CALLS 1000

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

static void
one_frame_does_all_for_a_new_person(void **state)
{
	const struct index_value index[] = {
		{ INDEX_EMAIL, STR("zoe@example.org") },
		{ INDEX_SEARCH, STR("zoe") },
	};
	const struct seal_in in = { .person = 1001, .version = 1,
		.record = STR("{\"userName\":\"zoe\"}"), .audit = STR("inputs"),
		.index = index, .nindex = COUNT(index) };
	const struct index_out *again;
	const struct open_out *record, *audit;
	const struct seal_out *out;
	struct vault_call call;
	struct open_in open;

	begin(&call, ACME);
	out = vault_seal(&call, &in);
	again = vault_index(&call, index, COUNT(index));
	run(&call);
	assert_int_equal(out->err, OK);
	assert_int_equal(out->key_version, 1);
	assert_int_equal(out->kek_epoch, 1);
	assert_true(out->wrapped_key.n > 0);
	assert_memory_equal(out->key, again->key, 2 * sizeof(*out->key));

	open = (struct open_in) { .person = 1001,
		.version = 1,
		.wrapped_key = out->wrapped_key,
		.key_version = 1,
		.purpose = PURPOSE_PERSON,
		.sealed = out->record };
	begin(&call, ACME);
	record = vault_open(&call, &open);
	open.purpose = PURPOSE_AUDIT;
	open.sealed = out->audit;
	audit = vault_open(&call, &open);
	run(&call);
	assert_int_equal(record->err, OK);
	assert_true(str_eq(record->text, in.record));
	assert_int_equal(audit->err, OK);
	assert_true(str_eq(audit->text, in.audit));
}

static void
nothing_to_seal_gives_nothing(void **state)
{
	const struct seal_in in = { .person = 1001, .version = 1 };
	const struct seal_out *out;
	struct vault_call call;

	begin(&call, ACME);
	out = vault_seal(&call, &in);
	run(&call);
	assert_int_equal(out->err, OK);
	assert_true(out->wrapped_key.n > 0);
	assert_int_equal(out->record.n, 0);
	assert_int_equal(out->audit.n, 0);
}

static void
one_bad_text_among_good_ones_fails_alone(void **state)
{
	const struct text_out *good, *bad, *foreign, *also;
	const struct text_out *sealed;
	struct vault_call call;

	begin(&call, ACME);
	sealed = vault_text_seal(&call, PURPOSE_NAME, 5, STR("Marketing"));
	run(&call);
	assert_int_equal(sealed->err, OK);

	begin(&call, ACME);
	good = vault_text_open(&call, PURPOSE_NAME, 5, sealed->text);
	bad = vault_text_open(&call, PURPOSE_NAME, 6, sealed->text);
	call.tenant = OTHER;
	foreign = vault_text_open(&call, PURPOSE_NAME, 5, sealed->text);
	call.tenant = ACME;
	also = vault_text_open(&call, PURPOSE_NAME, 5, sealed->text);
	run(&call);
	assert_int_equal(good->err, OK);
	assert_int_equal(bad->err, ERR_SEALED);
	assert_int_equal(foreign->err, ERR_DENIED);
	assert_int_equal(also->err, OK);
	assert_true(str_eq(also->text, STR("Marketing")));
	assert_int_equal(bad->text.n, 0);
}

static void
an_empty_text_is_sealed_too(void **state)
{
	const struct text_out *sealed, *opened;
	struct vault_call call;

	begin(&call, ACME);
	sealed = vault_text_seal(&call, PURPOSE_DICTIONARY, 1, STR(""));
	run(&call);
	assert_true(sealed->text.n > 0);
	begin(&call, ACME);
	opened = vault_text_open(&call, PURPOSE_DICTIONARY, 1, sealed->text);
	run(&call);
	assert_int_equal(opened->err, OK);
	assert_int_equal(opened->text.n, 0);
}

/* A whole file's rows: several frames, one output. */
static void
more_values_than_a_frame_holds_are_indexed_in_one_call(void **state)
{
	static struct index_value value[1500];
	const struct index_out *all, *one;
	struct vault_call call;

	for (size_t i = 0; i < COUNT(value); i++)
		value[i] = (struct index_value) { INDEX_SOURCE_ROW,
			rig_text(&rig, 300, (unsigned)i) };
	begin(&call, ACME);
	all = vault_index(&call, value, COUNT(value));
	run(&call);
	assert_int_equal(all->err, OK);
	for (size_t i = 0; i < COUNT(value); i += 211) {
		begin(&call, ACME);
		one = vault_index(&call, &value[i], 1);
		run(&call);
		assert_memory_equal(one->key, &all->key[i], sizeof(*one->key));
	}
	begin(&call, ACME);
	assert_int_equal(vault_index(&call, value, 0)->err, OK);
	run(&call);
}

static void
what_no_frame_can_hold_is_refused_before_it_is_sent(void **state)
{
	const struct str large = rig_text(&rig, 70000, 1);
	const struct str fits = rig_text(&rig, 60 * 1024, 2);
	const struct index_value value = { INDEX_SOURCE_ROW, large };
	const struct seal_in seal = { .person = 1, .version = 1, .record = large };
	const struct open_in open = { .person = 1, .version = 1,
		.purpose = PURPOSE_PERSON, .sealed = large };
	const struct text_out *ok;
	struct vault_call call;

	begin(&call, ACME);
	assert_int_equal(vault_seal(&call, &seal)->err, ERR_TOO_LARGE);
	assert_int_equal(vault_open(&call, &open)->err, ERR_TOO_LARGE);
	assert_int_equal(vault_index(&call, &value, 1)->err, ERR_TOO_LARGE);
	assert_int_equal(
	    vault_text_seal(&call, PURPOSE_NAME, 1, large)->err, ERR_TOO_LARGE);
	ok = vault_text_seal(&call, PURPOSE_NAME, 1, fits);
	run(&call);
	assert_int_equal(ok->err, OK);
}

static void
assert_opens(
    const struct seal_in *in, struct str key, const struct seal_out *out)
{
	struct open_in open = { .person = in->person, .version = in->version,
		.wrapped_key = key, .key_version = 1,
		.purpose = PURPOSE_PERSON, .sealed = out->record };
	const struct open_out *record, *audit;
	struct vault_call call;

	begin(&call, ACME);
	record = vault_open(&call, &open);
	open.purpose = PURPOSE_AUDIT;
	open.sealed = out->audit;
	audit = vault_open(&call, &open);
	run(&call);
	assert_int_equal(record->err, OK);
	assert_true(str_eq(record->text, in->record));
	assert_int_equal(audit->err, OK);
	assert_true(str_eq(audit->text, in->audit));
}

#define MANY_VALUES 200

/* A person as large as records and log entries may be, made and then changed. */
static void
a_large_person_is_sealed_in_several_frames(void **state)
{
	struct index_value value[MANY_VALUES];
	struct seal_in in = { .person = 9, .version = 1,
		.record = rig_text(&rig, 30000, 1),
		.audit = rig_text(&rig, 30000, 2),
		.index = value, .nindex = MANY_VALUES };
	const struct seal_out *made, *changed;
	const struct index_out *keys;
	struct vault_call call;

	for (size_t i = 0; i < MANY_VALUES; i++)
		value[i] = (struct index_value) { INDEX_EMAIL,
			rig_text(&rig, 250, (unsigned)i) };
	begin(&call, ACME);
	made = vault_seal(&call, &in);
	keys = vault_index(&call, value, MANY_VALUES);
	run(&call);
	assert_int_equal(made->err, OK);
	assert_int_equal(keys->err, OK);
	assert_memory_equal(
	    made->key, keys->key, MANY_VALUES * sizeof(*keys->key));
	assert_opens(&in, made->wrapped_key, made);

	in.version = 2;
	in.wrapped_key = made->wrapped_key;
	in.key_version = 1;
	in.record = rig_text(&rig, 32768, 3);
	in.audit = rig_text(&rig, 61440, 4);
	begin(&call, ACME);
	changed = vault_seal(&call, &in);
	run(&call);
	assert_int_equal(changed->err, OK);
	assert_int_equal(changed->key_version, 1);
	assert_memory_equal(
	    changed->key, keys->key, MANY_VALUES * sizeof(*keys->key));
	assert_opens(&in, made->wrapped_key, changed);
}

/* Far more than all socket buffers hold, in both directions at once. */
static void
a_thousand_large_calls_in_one_batch_do_not_deadlock(void **state)
{
	static const struct seal_out *sealed[CALLS];
	static const struct text_out *text[CALLS];
	static struct str record[CALLS];
	const struct open_out *opened[20];
	struct vault_call call;

	begin(&call, ACME);
	for (size_t i = 0; i < CALLS; i++) {
		const struct index_value index = { INDEX_SEARCH, STR("zoe") };
		struct seal_in in = { .person = (int64_t)i, .version = 1,
			.index = &index, .nindex = 1 };

		record[i] = rig_text(&rig, i * 7919 % 60000 + 1, (unsigned)i);
		in.record = record[i];
		if (i % 2 == 0)
			sealed[i] = vault_seal(&call, &in);
		else
			text[i] = vault_text_seal(
			    &call, PURPOSE_CATALOGUE, (int64_t)i, record[i]);
	}
	run(&call);
	for (size_t i = 0; i < CALLS; i++)
		assert_int_equal(
		    i % 2 == 0 ? sealed[i]->err : text[i]->err, OK);

	begin(&call, ACME);
	for (size_t i = 0; i < COUNT(opened); i++) {
		const size_t k = i * 50;
		const struct open_in in = { .person = (int64_t)k, .version = 1,
			.wrapped_key = sealed[k]->wrapped_key, .key_version = 1,
			.purpose = PURPOSE_PERSON, .sealed = sealed[k]->record };

		opened[i] = vault_open(&call, &in);
	}
	run(&call);
	for (size_t i = 0; i < COUNT(opened); i++) {
		assert_int_equal(opened[i]->err, OK);
		assert_true(str_eq(opened[i]->text, record[i * 50]));
	}
}

static void
a_spent_budget_tells_the_opener(void **state)
{
	const struct grant_in in = { .tenant = ACME, .actor = 77,
		.open_per_minute = 1, .seal_per_minute = 10 };
	const struct text_out *sealed, *first, *second;
	struct capability few;
	struct vault_call call;

	assert_int_equal(vault_grant(rig.vault, &rig.cx, &in, &few), OK);
	begin(&call, ACME);
	call.capability = &few;
	sealed = vault_text_seal(&call, PURPOSE_AUDIT, 1, STR("x"));
	run(&call);
	begin(&call, ACME);
	call.capability = &few;
	first = vault_text_open(&call, PURPOSE_AUDIT, 1, sealed->text);
	second = vault_text_open(&call, PURPOSE_AUDIT, 1, sealed->text);
	run(&call);
	assert_int_equal(first->err, OK);
	assert_int_equal(second->err, ERR_LIMITED);
}

static void
the_state_counts_what_was_done(void **state)
{
	const struct index_value index[] = { { INDEX_EMAIL, STR("a") },
		{ INDEX_EMAIL, STR("b") } };
	const struct seal_in in = { .person = 1, .version = 1,
		.record = STR("x"), .index = index, .nindex = 2 };
	struct vault_state before, after;
	struct vault_call call;

	assert_int_equal(vault_status(rig.vault, &rig.cx, &before), OK);
	begin(&call, ACME);
	vault_seal(&call, &in);
	vault_text_seal(&call, PURPOSE_NAME, 1, STR("x"));
	run(&call);
	assert_int_equal(vault_status(rig.vault, &rig.cx, &after), OK);
	assert_true(after.has_keys);
	assert_int_equal(after.tenants, 2);
	assert_int_equal(after.sealed - before.sealed, 2);
	assert_int_equal(after.indexed - before.indexed, 2);
	assert_true(after.is_undumpable);
	assert_int_equal(after.is_confined, !rig_is_sanitized());
	assert_memory_equal(after.deployment, before.deployment, 16);
}

static void
a_tenant_is_made_once_and_unknown_ones_get_no_capability(void **state)
{
	const struct grant_in in = { .tenant = 99, .actor = 1 };
	struct capability c;

	assert_int_equal(vault_tenant_new(rig.vault, &rig.cx, ACME), OK);
	assert_int_equal(
	    vault_grant(rig.vault, &rig.cx, &in, &c), ERR_NOT_FOUND);
	assert_int_equal(rig.cx.fault.msg, MSG_VAULT_TENANT);
}

static void
what_was_sealed_opens_after_a_restart_but_old_capabilities_do_not(void **state)
{
	const struct text_out *sealed, *opened;
	struct capability before = rig.acme;
	struct vault_call call;

	begin(&call, ACME);
	sealed = vault_text_seal(&call, PURPOSE_NAME, 1, STR("kept"));
	run(&call);
	assert_int_equal(rig_stop(&rig), 0);
	rig_start_ready(&rig);

	begin(&call, ACME);
	opened = vault_text_open(&call, PURPOSE_NAME, 1, sealed->text);
	run(&call);
	assert_int_equal(opened->err, OK);
	assert_true(str_eq(opened->text, STR("kept")));

	begin(&call, ACME);
	call.capability = &before;
	opened = vault_text_open(&call, PURPOSE_NAME, 1, sealed->text);
	run(&call);
	assert_int_equal(opened->err, ERR_DENIED);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, start, stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(one_frame_does_all_for_a_new_person),
		FRESH(nothing_to_seal_gives_nothing),
		FRESH(one_bad_text_among_good_ones_fails_alone),
		FRESH(an_empty_text_is_sealed_too),
		FRESH(more_values_than_a_frame_holds_are_indexed_in_one_call),
		FRESH(what_no_frame_can_hold_is_refused_before_it_is_sent),
		FRESH(a_large_person_is_sealed_in_several_frames),
		FRESH(a_thousand_large_calls_in_one_batch_do_not_deadlock),
		FRESH(a_spent_budget_tells_the_opener),
		FRESH(the_state_counts_what_was_done),
		FRESH(a_tenant_is_made_once_and_unknown_ones_get_no_capability),
		FRESH(
		    what_was_sealed_opens_after_a_restart_but_old_capabilities_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
