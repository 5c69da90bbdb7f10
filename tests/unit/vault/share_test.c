/* SPDX-License-Identifier: Apache-2.0 */
/* share_test.c - two vaults of one deployment: the keys of a tenant, and whose checkpoint is extended. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

#include "vault/serve.h"
#include "vault/ue1.h"

#define ACME 7u

/* Two that were laid from one archive, and a stranger. */
enum { HERE, THERE, STRANGER, VAULTS };
static struct server *server[VAULTS];
static struct peer peer[VAULTS];
static struct arena *arena;
static struct capability boot;

static enum frame_status
ask(int at, enum frame_op op, struct str body, struct str *out)
{
	struct frame f = { .op = op, .request = 5, .tenant = ACME,
		.capability = boot };
	struct answer answer;
	struct str bytes, answers;
	struct buf b;
	size_t begin;

	buf_init(&b, arena, FRAME_MAX);
	begin = frame_begin(&b, &f);
	buf_str(&b, body);
	frame_end(&b, begin);
	bytes = buf_view(&b);
	if (!serve(server[at], &peer[at], &bytes))
		return STATUS_MALFORMED;
	answers = str_copy(arena, buf_view(&peer[at].out));
	buf_clear(&peer[at].out);
	assert_int_equal(answer_take(&answers, &answer), FRAME_WHOLE);
	if (out != NULL)
		*out = answer.body;
	return answer.status;
}

static void
open_one(int at)
{
	server[at] = heap_alloc(1, sizeof(*server[at]));
	server_open(server[at]);
	server[at]->state.has_keys = true;
	peer_open(&peer[at], -1);
}

static int
open_vaults(void **state)
{
	struct secret text;

	arena = arena_open(64 << 20);
	for (int at = 0; at < VAULTS; at++)
		open_one(at);
	keys_make(&server[HERE]->keys);
	keys_make(&server[STRANGER]->keys);
	keys_encode(&server[HERE]->keys, &text);
	assert_true(keys_decode(&server[THERE]->keys, secret_view(&text)));
	secret_close(&text);
	assert_int_equal(ask(HERE, OP_TENANT_NEW, STR(""), NULL), STATUS_OK);
	return 0;
}

static int
close_vaults(void **state)
{
	for (int at = 0; at < VAULTS; at++) {
		peer_close(&peer[at]);
		server_close(server[at]);
		heap_free(server[at]);
	}
	arena_close(arena);
	return 0;
}

/* --- keys -------------------------------------------------------------------- */

static bool
have_the_same(void)
{
	const struct tenant_keys *a = keys_tenant(&server[HERE]->keys, ACME);
	const struct tenant_keys *b = keys_tenant(&server[THERE]->keys, ACME);

	return a != NULL && b != NULL && a->text_id == b->text_id &&
	    memcmp(a->text, b->text, sizeof(a->text)) == 0 &&
	    memcmp(a->index, b->index, sizeof(a->index)) == 0 &&
	    memcmp(a->kek[0].key, b->kek[0].key, KEY_BYTES) == 0;
}

static void
what_one_shares_the_other_takes(void **state)
{
	struct str sealed;

	assert_int_equal(
	    ask(HERE, OP_TENANT_SHARE, STR(""), &sealed), STATUS_OK);
	assert_int_equal(ask(THERE, OP_TENANT_TAKE, sealed, NULL), STATUS_OK);
	assert_true(have_the_same());
	assert_int_equal(ask(THERE, OP_TENANT_TAKE, sealed, NULL), STATUS_OK);
}

static void
no_key_stands_in_it_in_clear(void **state)
{
	const struct tenant_keys *t = keys_tenant(&server[HERE]->keys, ACME);
	struct str sealed;

	assert_int_equal(
	    ask(HERE, OP_TENANT_SHARE, STR(""), &sealed), STATUS_OK);
	assert_null(memmem(sealed.p, sealed.n, t->text, 8));
	assert_null(memmem(sealed.p, sealed.n, t->kek[0].key, 8));
}

static void
no_other_deployment_opens_it(void **state)
{
	struct str sealed;
	char *spoilt;

	assert_int_equal(
	    ask(HERE, OP_TENANT_SHARE, STR(""), &sealed), STATUS_OK);
	assert_int_equal(
	    ask(STRANGER, OP_TENANT_TAKE, sealed, NULL), STATUS_DENIED);
	spoilt = arena_copy(arena, sealed.p, sealed.n);
	spoilt[sealed.n / 2] ^= 1;
	assert_int_equal(
	    ask(THERE, OP_TENANT_TAKE, (struct str) { spoilt, sealed.n }, NULL),
	    STATUS_DENIED);
	assert_null(keys_tenant(&server[THERE]->keys, ACME));
}

/* Two vaults made some for one number at once: those that were stored first count. */
static void
unused_keys_give_way(void **state)
{
	struct str sealed;

	assert_int_equal(ask(THERE, OP_TENANT_NEW, STR(""), NULL), STATUS_OK);
	assert_false(have_the_same());
	assert_int_equal(
	    ask(HERE, OP_TENANT_SHARE, STR(""), &sealed), STATUS_OK);
	assert_int_equal(ask(THERE, OP_TENANT_TAKE, sealed, NULL), STATUS_OK);
	assert_true(have_the_same());
}

/* As on a disk that is full: what is stored is in force. */
static void
keys_that_cannot_be_stored_are_not_taken(void **state)
{
	struct keys *k;
	struct str sealed;
	uint64_t own;

	assert_int_equal(
	    ask(HERE, OP_TENANT_SHARE, STR(""), &sealed), STATUS_OK);
	k = &server[THERE]->keys;
	k->dir = "/nowhere";
	assert_int_equal(ask(THERE, OP_TENANT_TAKE, sealed, NULL), STATUS_FULL);
	assert_null(keys_tenant(k, ACME));
	k->dir = NULL;
	assert_int_equal(ask(THERE, OP_TENANT_NEW, STR(""), NULL), STATUS_OK);
	own = keys_tenant(k, ACME)->text_id;
	k->dir = "/nowhere";
	assert_int_equal(ask(THERE, OP_TENANT_TAKE, sealed, NULL), STATUS_FULL);
	k->dir = NULL;
	assert_non_null(keys_tenant(k, ACME));
	assert_true(keys_tenant(k, ACME)->text_id == own);
	assert_int_equal(ask(THERE, OP_TENANT_TAKE, sealed, NULL), STATUS_OK);
	assert_true(have_the_same());
}

static void
used_and_destroyed_keys_do_not(void **state)
{
	struct str sealed;

	assert_int_equal(
	    ask(HERE, OP_TENANT_SHARE, STR(""), &sealed), STATUS_OK);
	assert_int_equal(ask(THERE, OP_TENANT_NEW, STR(""), NULL), STATUS_OK);
	assert_int_equal(ask(THERE, OP_TENANT_END, STR(""), NULL), STATUS_OK);
	assert_int_equal(
	    ask(THERE, OP_TENANT_TAKE, sealed, NULL), STATUS_CONFLICT);
	assert_null(keys_tenant(&server[THERE]->keys, ACME));
}

/* --- checkpoints ------------------------------------------------------------- */

/* Signs ENTRIES, a letter each, from (ORIGIN, FROM) on, past NEWEST. */
static enum frame_status
sign(int at, uint32_t origin, uint64_t from, const char *entries,
    struct str newest, struct str *note)
{
	struct frontier tree = { 0 };
	struct hash leaf, root;
	enum frame_status status;
	struct buf b;

	buf_init(&b, arena, FRAME_MAX);
	buf_u32(&b, origin);
	buf_u64(&b, from);
	buf_lp(&b, newest);
	status = ask(at, OP_LOG_BEGIN, buf_view(&b), NULL);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; entries[i] != '\0'; i++) {
		const struct str entry = { entries + i, 1 };

		tree_leaf(entry, &leaf);
		frontier_append(&tree, &leaf);
		if (i < from)
			continue;
		buf_init(&b, arena, FRAME_MAX);
		buf_u8(&b, 1);
		buf_lp(&b, entry);
		assert_int_equal(
		    ask(at, OP_LOG_ADD, buf_view(&b), NULL), STATUS_OK);
	}
	frontier_root(&tree, &root);
	buf_init(&b, arena, FRAME_MAX);
	buf_u64(&b, strlen(entries));
	buf_bytes(&b, root.bytes, sizeof(root.bytes));
	return ask(at, OP_LOG_SIGN, buf_view(&b), note);
}

static void
share(void)
{
	struct str sealed;

	assert_int_equal(
	    ask(HERE, OP_TENANT_SHARE, STR(""), &sealed), STATUS_OK);
	assert_int_equal(ask(THERE, OP_TENANT_TAKE, sealed, NULL), STATUS_OK);
}

static void
each_extends_what_the_other_signed(void **state)
{
	struct str note = STR("");

	share();
	assert_int_equal(sign(HERE, 0, 0, "abc", note, &note), STATUS_OK);
	assert_int_equal(sign(THERE, 0, 0, "abcde", note, &note), STATUS_OK);
	assert_int_equal(sign(HERE, 0, 3, "abcdef", note, &note), STATUS_OK);
}

static void
what_does_not_come_by_it_gets_no_signature(void **state)
{
	struct str note = STR("");

	share();
	assert_int_equal(sign(HERE, 0, 0, "abc", note, &note), STATUS_OK);
	/* Another history, and less of the same one. */
	assert_int_equal(
	    sign(THERE, 0, 0, "abXd", note, NULL), STATUS_CONFLICT);
	assert_int_equal(sign(THERE, 0, 0, "ab", note, NULL), STATUS_CONFLICT);
	assert_int_equal(
	    sign(THERE, 0, 0, "abc", STR("no note"), NULL), STATUS_CONFLICT);
	assert_int_equal(sign(THERE, 0, 0, "abc", note, NULL), STATUS_OK);
}

static void
a_later_origin_is_followed_if_another_signed_it(void **state)
{
	struct str note = STR(""), next;

	share();
	assert_int_equal(sign(THERE, 0, 0, "abc", note, &note), STATUS_OK);
	assert_int_equal(sign(HERE, 0, 0, "ab", STR(""), NULL), STATUS_OK);
	assert_int_equal(ask(HERE, OP_LOG_ROLLBACK, STR(""), NULL), STATUS_OK);
	assert_int_equal(sign(HERE, 1, 0, "xy", STR(""), &next), STATUS_OK);
	/* By a note of that origin only. */
	assert_int_equal(
	    sign(THERE, 1, 0, "xyz", STR(""), NULL), STATUS_CONFLICT);
	assert_int_equal(sign(THERE, 1, 0, "xyz", note, NULL), STATUS_CONFLICT);
	assert_int_equal(sign(THERE, 1, 0, "xyz", next, NULL), STATUS_OK);
	assert_int_equal(
	    sign(THERE, 0, 3, "abcd", STR(""), NULL), STATUS_CONFLICT);
}

#define CASE(name) \
	cmocka_unit_test_setup_teardown(name, open_vaults, close_vaults)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_one_shares_the_other_takes),
		CASE(no_key_stands_in_it_in_clear),
		CASE(no_other_deployment_opens_it),
		CASE(unused_keys_give_way),
		CASE(keys_that_cannot_be_stored_are_not_taken),
		CASE(used_and_destroyed_keys_do_not),
		CASE(each_extends_what_the_other_signed),
		CASE(what_does_not_come_by_it_gets_no_signature),
		CASE(a_later_origin_is_followed_if_another_signed_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
