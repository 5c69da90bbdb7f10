/* SPDX-License-Identifier: Apache-2.0 */
/* entry_test.c - one entry has one encoding, one encoding is one entry. */
#include "core/entry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#undef fail	/* the name is ours (base/err.h) */

#include "core/actor.h"

#include "audit/log_int.h"
#include "testlog.h"

static const struct change changes[] = {
	{ CHANGE_SEAT, 7, INT64_MIN, INT64_MAX, -1 },
	{ CHANGE_VERSION, 0, 0, 1, 2 },
};

static struct entry
full_entry(void)
{
	return (struct entry) {
		.time_ms = INT64_C(1795000000123),
		.node = 513,
		.request_id = STR("sixteen byte id!"),
		.actor_kind = ACTOR_PERSON,
		.actor = -5,
		.factors = FACTOR_PASSWORD | FACTOR_TOTP,
		.action = ACTION_SEAT_TAKEN,
		.subject_kind = SUBJECT_PERSON,
		.subject = INT64_C(0x0123456789abcdef),
		.key_version = 3,
		.before = STR("thirty-two bytes of a digest 1st"),
		.after = STR("thirty-two bytes of a digest 2nd"),
		.change = changes,
		.nchange = COUNT(changes),
		.sealed = STR("sealed"),
	};
}

static void
assert_same(const struct entry *a, const struct entry *b)
{
	assert_int_equal(a->time_ms, b->time_ms);
	assert_int_equal(a->node, b->node);
	assert_true(str_eq(a->request_id, b->request_id));
	assert_int_equal(a->actor_kind, b->actor_kind);
	assert_int_equal(a->actor, b->actor);
	assert_int_equal(a->factors, b->factors);
	assert_int_equal(a->action, b->action);
	assert_int_equal(a->subject_kind, b->subject_kind);
	assert_int_equal(a->subject, b->subject);
	assert_int_equal(a->key_version, b->key_version);
	assert_true(str_eq(a->before, b->before));
	assert_true(str_eq(a->after, b->after));
	assert_true(str_eq(a->sealed, b->sealed));
	assert_int_equal(a->nchange, b->nchange);
	for (size_t i = 0; i < a->nchange; i++) {
		assert_int_equal(a->change[i].kind, b->change[i].kind);
		assert_int_equal(a->change[i].object, b->change[i].object);
		assert_int_equal(a->change[i].in, b->change[i].in);
		assert_int_equal(a->change[i].before, b->change[i].before);
		assert_int_equal(a->change[i].after, b->change[i].after);
	}
}

static void
the_bytes_are_those_of_version_1(void **state)
{
	static const char want[] = "01"
				   "000001a1ee565e7b"
				   "0201"
				   "00000010"
				   "7369787465656e206279746520696421"
				   "01"
				   "fffffffffffffffb"
				   "0c"
				   "000a"
				   "02"
				   "0123456789abcdef"
				   "0000000000000003"
				   "00000020"
				   "7468697274792d74776f206279746573"
				   "206f6620612064696765737420317374"
				   "00000020"
				   "7468697274792d74776f206279746573"
				   "206f6620612064696765737420326e64"
				   "0002"
				   "03"
				   "0000000000000007"
				   "8000000000000000"
				   "7fffffffffffffff"
				   "ffffffffffffffff"
				   "09"
				   "0000000000000000"
				   "0000000000000000"
				   "0000000000000001"
				   "0000000000000002"
				   "00000006"
				   "7365616c6564";
	struct arena *a = arena_open(1 << 20);
	const struct entry e = full_entry();

	(void)state;
	assert_string_equal(str_z(a, str_hex(a, entry_encode(a, &e))), want);
	arena_close(a);
}

static void
every_entry_comes_back_as_it_was(void **state)
{
	struct testlog *t = testlog_open(300);
	struct entry e = full_entry(), back;
	struct str bytes = entry_encode(t->arena, &e);

	(void)state;
	assert_true(entry_decode(t->arena, bytes, &back));
	assert_same(&e, &back);
	for (size_t i = 0; i < t->n; i++) {
		assert_true(entry_decode(t->arena, t->entry[i], &back));
		assert_true(str_eq(entry_encode(t->arena, &back), t->entry[i]));
	}
	testlog_close(t);
}

static void
the_largest_entry_fits_and_one_more_byte_does_not(void **state)
{
	struct arena *a = arena_open(1 << 20);
	struct entry e = full_entry(), back;
	struct str bytes;
	size_t rest = entry_encode(a, &e).n - e.sealed.n;
	char *p;

	(void)state;
	e.sealed = (struct str) { arena_alloc(a, ENTRY_BYTES_MAX - rest),
		ENTRY_BYTES_MAX - rest };
	bytes = entry_encode(a, &e);
	assert_int_equal(bytes.n, ENTRY_BYTES_MAX);
	assert_true(entry_decode(a, bytes, &back));
	assert_same(&e, &back);

	p = arena_alloc(a, bytes.n + 1);
	memcpy(p, bytes.p, bytes.n);
	p[rest - 1]++; /* the length of the sealed part */
	assert_string_equal(
	    entry_read(a, (struct str) { p, bytes.n + 1 }, &back),
	    "bytes follow its end");
	arena_close(a);
}

static void
every_cut_and_every_addition_is_refused(void **state)
{
	struct arena *a = arena_open(1 << 20);
	struct entry e = full_entry();
	struct str bytes = entry_encode(a, &e);
	char *more = arena_alloc(a, bytes.n + 1);

	(void)state;
	assert_string_equal(
	    entry_read(a, STR(""), &e), "its version is unknown");
	for (size_t n = 1; n < bytes.n; n++)
		assert_string_equal(
		    entry_read(a, str_sub(bytes, 0, n), &e), "it is cut short");
	memcpy(more, bytes.p, bytes.n);
	assert_string_equal(
	    entry_read(a, (struct str) { more, bytes.n + 1 }, &e),
	    "bytes follow its end");
	arena_close(a);
}

/* One byte of the full entry set to another value. */
static void
unknown_values_are_refused_by_name(void **state)
{
	const struct {
		size_t at;
		uint8_t value;
		const char *why;
	} cases[] = {
		{ 0, 0, "its version is unknown" },
		{ 0, 2, "its version is unknown" },
		{ 11, 1, "it is cut short" },
		{ 31, 0, "its actor is of an unknown kind" },
		{ 31, ACTOR_OPERATOR + 1, "its actor is of an unknown kind" },
		{ 42, ACTION_NONE, "its action is unknown" },
		{ 42, ACTION_COUNT, "its action is unknown" },
		{ 41, 1, "its action is unknown" },
		{ 43, 0, "its subject is of an unknown kind" },
		{ 43, SUBJECT_COUNT, "its subject is of an unknown kind" },
		{ 60, 0xff, "it is cut short" },
		{ 132, 0xff, "it is cut short" },
		{ 134, 0, "a change is of an unknown kind" },
		{ 134, CHANGE_COUNT, "a change is of an unknown kind" },
		{ 134 + 33, CHANGE_COUNT, "a change is of an unknown kind" },
		{ 31, ACTOR_OPERATOR, NULL },
		{ 42, ACTION_COUNT - 1, NULL },
		{ 43, SUBJECT_COUNT - 1, NULL },
		{ 134, CHANGE_COUNT - 1, NULL },
	};
	struct arena *a = arena_open(1 << 20);
	const struct entry e = full_entry();
	struct entry back;
	const char *why;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str bytes = entry_encode(a, &e);

		((uint8_t *)bytes.p)[cases[i].at] = cases[i].value;
		why = entry_read(a, bytes, &back);
		if (cases[i].why == NULL)
			assert_null(why);
		else
			assert_string_equal(why, cases[i].why);
	}
	arena_close(a);
}

static void
digests_and_request_ids_have_one_length_or_none(void **state)
{
	struct arena *a = arena_open(1 << 20);
	struct entry e = full_entry(), back;
	const struct str whole = entry_encode(a, &e);
	const struct {
		size_t at, n; /* a length and what it counts */
		const char *why;
	} cases[] = {
		{ 11, 16, "its request id is malformed" },
		{ 60, 32, "its digests are malformed" },
		{ 96, 32, "its digests are malformed" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (uint8_t n = 0; n < cases[i].n; n++) {
			uint8_t *p = arena_copy(a, whole.p, whole.n);
			size_t at = cases[i].at + 4, gone = cases[i].n - n;
			const char *why;

			p[at - 1] = n;
			memmove(p + at + n, p + at + n + gone,
			    whole.n - at - n - gone);
			why = entry_read(a,
			    (struct str) { (char *)p, whole.n - gone }, &back);
			if (n == 0)
				assert_null(why);
			else
				assert_string_equal(why, cases[i].why);
		}
	arena_close(a);
}

static void
everything_has_a_name_of_its_own(void **state)
{
	(void)state;
	assert_string_equal(action_name(ACTION_NONE), "none");
	assert_string_equal(action_name(ACTION_SEAT_TAKEN), "seat.taken");
	for (int i = 0; i < ACTION_COUNT; i++)
		for (int k = 0; k < i; k++)
			assert_string_not_equal(action_name(i), action_name(k));
	for (int i = 1; i < SUBJECT_COUNT; i++)
		for (int k = 1; k < i; k++)
			assert_string_not_equal(
			    subject_kind_name(i), subject_kind_name(k));
	for (int i = 1; i < CHANGE_COUNT; i++)
		for (int k = 1; k < i; k++)
			assert_string_not_equal(
			    change_kind_name(i), change_kind_name(k));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bytes_are_those_of_version_1),
		cmocka_unit_test(every_entry_comes_back_as_it_was),
		cmocka_unit_test(
		    the_largest_entry_fits_and_one_more_byte_does_not),
		cmocka_unit_test(every_cut_and_every_addition_is_refused),
		cmocka_unit_test(unknown_values_are_refused_by_name),
		cmocka_unit_test(
		    digests_and_request_ids_have_one_length_or_none),
		cmocka_unit_test(everything_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
