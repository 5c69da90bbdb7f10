/* SPDX-License-Identifier: Apache-2.0 */
#include "core/role.h"

#include <string.h>

#define B(r) RIGHT_BIT(RIGHT_##r)

#define SEES_SEATS  (B(PRODUCT_READ) | B(POOL_READ) | B(SEAT_READ))
#define SEES_PEOPLE (B(PERSON_READ) | B(ONBOARDING_READ))
#define PRIVATE	    (B(PERSON_PRIVATE_READ) | B(PERSON_PRIVATE_WRITE))
#define ONBOARDS    (SEES_PEOPLE | SEES_SEATS | B(PERSON_WRITE) | B(ONBOARD))

static const struct {
	const char *slug;
	enum msg    text;
} names[ROLE_COUNT] = {
#define X(name, slug) [ROLE_##name] = { slug, MSG_ROLE_##name },
	ROLES(X)
#undef X
};

/* Those of the operator and of a tenant's administrator are all there are (actor.h). */
static const struct {
	uint64_t    rights;
	const char *scope;		/* without one of the grant's own */
	bool	    needs_scope;	/* a grant must say whom it is over */
} built_ins[ROLE_COUNT] = {
	[ROLE_PERSON_ADMINISTRATOR] = { ONBOARDS | PRIVATE | B(PERSON_LOGIN_WRITE) | B(PERSON_BLOCK)
	    | B(ONBOARDING_CHECK) | B(SEAT_WRITE) | B(EVENT_READ) | B(ROLE_READ) | B(ROLE_GRANT), NULL, false },
	[ROLE_LICENCE_ADMINISTRATOR] = { SEES_SEATS | SEES_PEOPLE | B(POOL_WRITE) | B(SEAT_WRITE) | B(SEAT_VERIFY)
	    | B(CATALOGUE_READ), NULL, false },
	[ROLE_REVIEWER] = { SEES_PEOPLE | B(PERSON_BLOCK) | B(ONBOARDING_CHECK), NULL, false },
	[ROLE_AUDITOR] = { SEES_SEATS | SEES_PEOPLE | B(SEAT_VERIFY) | B(CATALOGUE_READ) | B(EVENT_READ)
	    | B(AUDIT_READ) | B(ROLE_READ) | B(TOKEN_READ), NULL, false },
	[ROLE_HR] = { ONBOARDS | PRIVATE | B(IMPORT_RUN), NULL, false },
	[ROLE_MANAGER] = { SEES_PEOPLE | B(PRODUCT_READ) | B(SEAT_READ) | B(ONBOARDING_CHECK), "manager eq me", false },
	[ROLE_PARTNER_ADMINISTRATOR] = { ONBOARDS | B(SEAT_WRITE) | B(EVENT_READ) | B(ROLE_READ), NULL, true },
	[ROLE_API_CLIENT] = { ONBOARDS | B(SEAT_WRITE) | B(EVENT_READ), NULL, false },
	[ROLE_SELF] = { B(SELF), "id eq me", false },
};

static bool overlay(const struct catalogue *, enum built_in, struct role *);
static bool excludes(const struct role *, struct str slug);
static enum err check_bounds(struct ctx *, const struct role_scene *,
    const struct held *);
static enum err check_beside(struct ctx *, const struct role_scene *,
    const struct role_wish *);
static struct held held_of(struct arena *, const struct role *,
    const struct filter *scope, int64_t person);

/* --- roles ------------------------------------------------------------------------ */

enum built_in
role_built_in(struct str slug)
{
	for (int r = ROLE_NONE + 1; r < ROLE_COUNT; r++)
		if (str_eq(slug, str_of(names[r].slug)))
			return (enum built_in)r;
	return ROLE_NONE;
}

bool
role_of(const struct catalogue *c, int64_t id, struct role *out)
{
	const struct role *own;

	if (id < 0)
		return id > -ROLE_COUNT && overlay(c, (enum built_in)-id, out);
	own = catalogue_role(c, id);
	/* What the catalogue says of a built-in role is none of its own. */
	if (own == NULL || role_built_in(own->slug) != ROLE_NONE)
		return false;
	*out = *own;
	return true;
}

bool
role_named(const struct catalogue *c, struct str slug, struct role *out)
{
	enum built_in built_in = role_built_in(slug);
	const struct role *own;

	if (built_in != ROLE_NONE)
		return overlay(c, built_in, out);
	own = catalogue_role_slug(c, slug);
	if (own != NULL)
		*out = *own;
	return own != NULL;
}

static bool
overlay(const struct catalogue *c, enum built_in built_in, struct role *out)
{
	struct str slug = str_of(names[built_in].slug);
	const struct role *own = catalogue_role_slug(c, slug);

	*out = (struct role) {
		.id = ROLE_ID(built_in),
		.slug = slug,
		.rights = built_ins[built_in].rights,
		.own_scope = built_ins[built_in].scope,
		.needs_scope = built_ins[built_in].needs_scope,
	};
	if (built_in == ROLE_OPERATOR)
		out->rights = rights_of_operator();
	if (built_in == ROLE_TENANT_ADMINISTRATOR)
		out->rights = rights_of_tenant();
	if (own != NULL) {
		out->excludes = own->excludes;
		out->nexcludes = own->nexcludes;
		out->two_persons = own->two_persons;
	}
	return true;
}

size_t
role_list(struct arena *arena, const struct catalogue *c, struct role **out)
{
	size_t n = 0;

	*out = arena_array(arena, ROLE_COUNT + c->nrole, sizeof(**out));
	for (int r = ROLE_NONE + 1; r < ROLE_COUNT; r++)
		n += overlay(c, (enum built_in)r, &(*out)[n]);
	for (size_t i = 0; i < c->nrole; i++)
		n += role_of(c, c->role[i].id, &(*out)[n]);
	return n;
}

enum msg
role_msg(int64_t id)
{
	return id < 0 && id > -ROLE_COUNT ? names[-id].text : MSG_NONE;
}

/* --- what a person may --------------------------------------------------------------- */

bool
role_counts(const struct role_held *h, int64_t now_ms)
{
	return h->state == ROLE_ACTIVE && h->since_ms <= now_ms
	    && (h->until_ms == 0 || h->until_ms > now_ms);
}

bool
role_administrates(const struct role_held *h, int64_t now_ms)
{
	return h->role == ROLE_ID(ROLE_TENANT_ADMINISTRATOR)
	    && h->scope == NULL && h->until_ms == 0 && role_counts(h, now_ms);
}

void
actor_of_roles(struct arena *arena, const struct catalogue *c, int64_t person,
    const struct role_held *has, size_t n, int64_t now_ms, struct actor *out)
{
	struct held *held = arena_array(arena, n + 1, sizeof(*held));
	struct role role;

	out->held = held;
	out->nheld = 0;
	out->rights = 0;
	must(role_of(c, ROLE_ID(ROLE_SELF), &role));
	held[out->nheld++] = held_of(arena, &role, NULL, person);
	for (size_t i = 0; i < n; i++)
		if (role_counts(&has[i], now_ms)
		    && role_of(c, has[i].role, &role))
			held[out->nheld++] =
			    held_of(arena, &role, has[i].scope, person);
	for (size_t i = 0; i < out->nheld; i++)
		out->rights |= held[i].rights;
}

static struct held
held_of(struct arena *arena, const struct role *role,
    const struct filter *scope, int64_t person)
{
	struct ctx cx = { .arena = arena };
	struct filter *own;

	if (scope == NULL && role->own_scope != NULL) {
		must(filter_compile(&cx, str_of(role->own_scope), FILTER_RULE,
		    false, &own) == OK);
		scope = own;
	}
	if (scope != NULL && filter_has_me(scope))
		scope = filter_for(arena, scope, person);
	return (struct held) { role->rights, scope };
}

bool
role_beyond(struct ctx *cx, const struct catalogue *c, int64_t person,
    const struct role_held *has, size_t n, struct role *out)
{
	for (size_t i = 0; i < n; i++) {
		struct held given;

		/* A role that the catalogue has lost gives nothing. */
		if (!role_of(c, has[i].role, out))
			continue;
		given = held_of(cx->arena, out, has[i].scope, person);
		if (!actor_covers(cx->arena, cx->actor, &given))
			return true;
	}
	return false;
}

/* --- giving, approving, ending ---------------------------------------------------------- */

enum err
role_give(struct ctx *cx, const struct role_scene *sc,
    const struct role_wish *wish, enum role_state *state)
{
	const struct role *role = &wish->role;
	const struct held given = held_of(cx->arena, role, wish->scope, sc->id);

	if (role->id == ROLE_ID(ROLE_OPERATOR)
	    || role->id == ROLE_ID(ROLE_SELF))
		return fail(cx, ERR_BAD_INPUT, MSG_ACCESS_NO_ROLE, "role");
	if (role->needs_scope && wish->scope == NULL)
		return fail(cx, ERR_BAD_INPUT, MSG_ACCESS_SCOPE, "scope");
	if (cx->actor->person == sc->id)
		return fail(cx, ERR_DENIED, MSG_ACCESS_OWN, "person");
	TRY(check_bounds(cx, sc, &given));
	TRY(check_beside(cx, sc, wish));
	*state = role->two_persons ? ROLE_PENDING : ROLE_ACTIVE;
	return OK;
}

/* Within what the actor holds, and to somebody whom it may give roles to. */
static enum err
check_bounds(struct ctx *cx, const struct role_scene *sc,
    const struct held *given)
{
	if ((actor_rights_over(cx->actor, sc->names, sc->person)
	    & RIGHT_BIT(RIGHT_ROLE_GRANT)) == 0)
		return fail(cx, ERR_DENIED, MSG_ORDER_SCOPE, "person");
	if (!actor_covers(cx->arena, cx->actor, given))
		return fail(cx, ERR_DENIED, MSG_ACCESS_BEYOND, "role");
	return OK;
}

static enum err
check_beside(struct ctx *cx, const struct role_scene *sc,
    const struct role_wish *wish)
{
	size_t nodes = wish->scope != NULL ? filter_count(wish->scope) + 1 : 0;
	struct str text = wish->scope != NULL ? filter_text(wish->scope)
	    : STR("");

	for (size_t i = 0; i < sc->nhas; i++) {
		const struct role_held *h = &sc->has[i];
		struct role other;

		if (h->scope != NULL)
			nodes += filter_count(h->scope) + 1;
		if (h->role == wish->role.id && str_eq(text, h->scope != NULL
		    ? filter_text(h->scope) : STR("")))
			return fail(cx, ERR_CONFLICT, MSG_ACCESS_TWICE, "role");
		if (!role_of(sc->catalogue, h->role, &other))
			continue;
		if (excludes(&wish->role, other.slug)
		    || excludes(&other, wish->role.slug))
			return fail(cx, ERR_CONFLICT, MSG_ACCESS_EXCLUDES,
			    "role", str_z(cx->arena, other.slug));
	}
	if (sc->nhas >= ROLES_A_PERSON || nodes > FILTER_NODES_MAX)
		return fail(cx, ERR_CONFLICT, MSG_ACCESS_MANY, "role");
	return OK;
}

static bool
excludes(const struct role *role, struct str slug)
{
	for (size_t i = 0; i < role->nexcludes; i++)
		if (str_eq(role->excludes[i], slug))
			return true;
	return false;
}

enum err
role_approve(struct ctx *cx, const struct role_scene *sc,
    const struct role_held *h)
{
	struct held given;
	struct role role;

	if (h->state != ROLE_PENDING)
		return fail(cx, ERR_CONFLICT, MSG_ACCESS_NOT_PENDING, "grant");
	if (cx->actor->person == sc->id || cx->actor->id == h->author)
		return fail(cx, ERR_DENIED, MSG_ACCESS_SECOND, "grant");
	if (!role_of(sc->catalogue, h->role, &role))
		return fail(cx, ERR_CONFLICT, MSG_ACCESS_NO_ROLE, "role");
	given = held_of(cx->arena, &role, h->scope, sc->id);
	return check_bounds(cx, sc, &given);
}

enum err
role_end(struct ctx *cx, const struct role_scene *sc, const struct role_held *h)
{
	struct held given = { 0 };
	struct role role;

	if (cx->actor->person == sc->id && h->state != ROLE_PENDING)
		return fail(cx, ERR_DENIED, MSG_ACCESS_OWN, "person");
	/* A role that the catalogue has lost gives nothing. */
	if (role_of(sc->catalogue, h->role, &role))
		given = held_of(cx->arena, &role, h->scope, sc->id);
	TRY(check_bounds(cx, sc, &given));
	if (role_administrates(h, cx->now_ms) && sc->administrators == 0)
		return fail(cx, ERR_CONFLICT, MSG_ACCESS_LAST, "grant");
	return OK;
}
