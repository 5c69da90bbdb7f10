/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake.h - a world without store and vault, and an http/ without sockets: a
 * request goes through the real door, and what it asked for and was answered
 * stands in `fake`.
 */
#ifndef TEST_API_FAKE_H
#define TEST_API_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/api_int.h"
#include "act/login.h"
#include "base/queue.h"

#define wrong(...) (print_error(__VA_ARGS__), assert_true(false))
/* Each test has a fake world of its own. */
#define A_TEST(name) cmocka_unit_test_setup_teardown(name, fake_open, fake_close)

#define FAKE_ITEMS 1100
#define FAKE_SOURCE 7

/* Tokens that are known: everything in tenant 1, and nothing but self. */
#define TOKEN_ALL  "usher_api_1_all"
#define TOKEN_SELF "usher_api_1_self"
/* The cookie of person 11's session 12. */
#define FAKE_SECRET "a-session-secret"

struct fake {
	struct arena *arena;
	/* what the world shall answer */
	enum err       item_err[8];	/* of the first items, in order; then OK */
	enum err       query_err;
	bool	       is_heavy;	/* refuses large bodies */
	size_t	       bytes;	/* bytes of them */
	bool	       is_full, is_busy;	/* refuses items, queries */
	bool	       is_revoked;	/* nobody's token is known any more */
	bool	       is_crowded;	/* refuses requests */
	bool	       is_gone;		/* the tenant, since the request was let in */
	bool	       ends;		/* the credential, once its source was told so often */
	size_t	       tells;
	size_t	       places;		/* where requests of a client wait; 0: plenty */
	bool	       is_fast;		/* of a tenant that sends too many a second */
	bool	       waits;		/* items stay until fake_finish() */
	struct queue  *queue;		/* items go to whoever takes them there; ends with the reply */
	enum err       work_err;	/* what becomes of them */
	void	      *item_out, *query_out;
	int64_t	       version;		/* of the person that is shown; grows with each look if moves */
	bool	       moves;
	uint64_t       reads;		/* rights over the person that is shown */
	unsigned       unready;	/* a bit for each check that fails */
	struct census_row *census;
	size_t	       ncensus;
	/* what it was asked */
	struct item   *item[FAKE_ITEMS];	/* gone with the step after */
	const void    *item_in[FAKE_ITEMS];
	size_t	       nitem;
	const void    *query_in;
	size_t	       nquery;
	size_t	       under_way;	/* counted in, and not out yet */
	uint32_t       tenant;
	/* what was replied */
	size_t	       nreply;
	int	       status;
	struct str     type, body;
	struct header  header[REPLY_HEADERS_MAX];
	size_t	       nheader;
	const struct js *json;
};

extern struct fake fake;
/* What fake_open() puts behind the door beside the API; NULL: nothing. */
extern const struct api_wing *fake_wing;

int fake_open(void **state);
int fake_close(void **state);

/* A request of the holder of TOKEN (NULL: nobody); HEADERS are pairs ending in NULL. */
struct request *fake_request(enum method, const char *target, const char *token, const char *body);
void fake_header(struct request *, const char *name, const char *value);
/* Through route, admit and serve; the reply stands in `fake`. */
void fake_call(struct request *);
struct request *fake_send(enum method, const char *target, const char *body);
/* Ends the items that wait, last first; not what that brings. */
void fake_finish(void);
/* Ends the items of fake.queue until it ends: a thread's body. */
void fake_work(void *);

/* The reply's header; "" if it has none. */
struct str fake_replied(const char *name);
/* A member of the reply's JSON by a path such as "items.0.id", as text. */
struct str fake_at(const char *path);

struct person_view *fake_person(void);
const struct realm *fake_realm(void);
/* A ctx of its own on the fake's arena. */
struct ctx *fake_ctx(void);
const struct js *fake_json(const char *text);

#define assert_text(s, want) assert_text_at((s), (want), __FILE__, __LINE__)

static inline void
assert_text_at(struct str s, const char *want, const char *file, int line)
{
	if (!str_eq(s, str_of(want)))
		print_error("got \"%.*s\", not \"%s\"\n", STR_ARG(s), want);
	_assert_true(str_eq(s, str_of(want)), "str_eq(s, want)", file, line);
}

#endif
