/* SPDX-License-Identifier: Apache-2.0 */
#include "logins.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/id.h"

int64_t
somebody(struct rig *r)
{
	return rig_onboarded(r, rig_onboard(r, "ana", "ber", ""))->person;
}

struct login *
login_of(struct rig *r, int64_t person)
{
	struct login *l = arena_alloc(r->arena, sizeof(*l));

	l->tenant = r->acme;
	l->person = person;
	l->session = id_new();
	l->secret = str_fmt(r->arena, "secret-%lld", (long long)l->session);
	l->factors = FACTOR_PASSWORD;
	l->expires_ms = clock_now_ms() + 3600000;
	return l;
}

enum err
opens(struct rig *r, const struct login *l)
{
	void *out;

	return rig_do(r, &session_open, l, &out);
}

enum err
enters(struct rig *r, struct str secret, struct actor *out)
{
	*out = (struct actor) { 0 };
	return world_session(r->world, &r->cx, secret, out);
}

void
renewed(struct rig *r, int64_t person, struct activation **a)
{
	struct actor before = r->actor;

	r->actor = (struct actor) { .kind = ACTOR_CLIENT, .tenant = r->acme,
		.id = 7, .rights = rights_of_tenant() };
	assert_int_equal(rig_do(r, &activation_renew, &person, a), OK);
	r->actor = before;
}
