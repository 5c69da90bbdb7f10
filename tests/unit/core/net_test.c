/* SPDX-License-Identifier: Apache-2.0 */
/* net_test.c - which addresses lie in which nets. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

#include "core/net.h"

static void
an_address_is_in_its_nets_only(void **state)
{
	(void)state;
	static const struct {
		const char *net, *address;
		bool	    is_in;
	} cases[] = {
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.0/23", "192.0.3.7", true },
		{ "192.0.2.7", "192.0.2.7", true },
		{ "192.0.2.7", "192.0.2.6", false },
		{ "192.0.2.7", "::ffff:192.0.2.7", true },
		{ "0.0.0.0/0", "8.8.8.8", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "8.8.8.8", true },
		{ "2001:db8::/32", "2001:db8:ffff::1", true },
		{ "2001:db8::/32", "2001:db9::1", false },
		{ "2001:db8::/29", "2001:dbf::1", true },
		{ "::1", "::1", true },
		{ "::1", "", false },
		{ "::/0", "localhost", false },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct net net;

		print_message("%s %s\n", cases[i].net, cases[i].address);
		assert_true(net_parse(str_of(cases[i].net), &net));
		assert_int_equal(
		    net_has(&net, 1, str_of(cases[i].address)), cases[i].is_in);
	}
}

static void
what_is_no_net_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "localhost", "192.0.2.1/24",
		"192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/", "192.0.2.0/x",
		"2001:db8::1/32", "::/129", "1.2.3", "192.0.2.0/24/8",
		"[::1]", "127.0.0.1:80" };
	struct net net;

	for (size_t i = 0; i < COUNT(bad); i++) {
		print_message("%s\n", bad[i]);
		assert_false(net_parse(str_of(bad[i]), &net));
	}
}

static void
a_net_is_shown_and_stored_as_it_was_written(void **state)
{
	(void)state;
	static const char *const nets[] = { "192.0.2.0/24", "192.0.2.7",
		"0.0.0.0/0", "::/0", "2001:db8::/32", "2001:db8::1" };
	struct arena *a = arena_open(1 << 16);
	uint8_t bytes[NET_BYTES];
	struct net net, back;

	for (size_t i = 0; i < COUNT(nets); i++) {
		assert_true(net_parse(str_of(nets[i]), &net));
		net_pack(&net, bytes);
		assert_true(net_unpack(
		    (struct str) { (char *)bytes, NET_BYTES }, &back));
		assert_true(str_eq(net_text(a, &back), str_of(nets[i])));
	}
	assert_false(net_unpack(STR("short"), &back));
	arena_close(a);
}

/* In the words by which tries are counted. */
static void
what_counts_as_one_has_one_text(void **state)
{
	(void)state;
	static const struct {
		const char *address, *text;
	} cases[] = {
		{ "192.0.2.7", "192.0.2.7" },
		{ "::ffff:192.0.2.7", "192.0.2.7" },
		{ "2001:db8::1", "2001:db8::/64" },
		{ "2001:db8::9:8:7:6", "2001:db8::/64" },
		{ "", "::/0" },
	};
	struct arena *a = arena_open(1 << 16);
	struct net net;

	for (size_t i = 0; i < COUNT(cases); i++) {
		net_counted(str_of(cases[i].address), &net);
		assert_true(str_eq(net_text(a, &net), str_of(cases[i].text)));
	}
	arena_close(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_in_its_nets_only),
		cmocka_unit_test(what_is_no_net_is_refused),
		cmocka_unit_test(a_net_is_shown_and_stored_as_it_was_written),
		cmocka_unit_test(what_counts_as_one_has_one_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
