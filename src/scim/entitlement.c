/* SPDX-License-Identifier: Apache-2.0 */
#include "scim/entitlement.h"

#include <stdio.h>

#include "scim/schema.h"

#define ENTITLEMENTS_MAX 100	/* new ones of one request */
#define PRIORITY	 5

static struct value *licence_read(struct arena *,
    const struct persons_product *);
static struct value *licence_told(struct ctx *, const struct seat_told *);
static void put_licences(struct arena *, struct value *user, struct value *);
static bool says(struct str, struct str word);
static bool has_entitlement(const struct value *user, struct str slug);
static bool has_all(const struct value *user, const struct value *of);

/* --- out ------------------------------------------------------------------------ */

void
entitlements_put(
    struct arena *arena, struct value *user, const struct person_view *v)
{
	struct value *asked = value_array(arena);
	struct value *licences = value_array(arena);
	const bool is_read = (v->rights & RIGHT_BIT(RIGHT_SEAT_READ)) != 0;

	for (size_t i = 0; is_read && i < v->nproduct; i++) {
		const struct persons_product *p = &v->product[i];
		struct value *one = value_object(arena);

		value_add(licences, licence_read(arena, p));
		if (!p->is_asked)
			continue;
		value_put(
		    one, STR("value"), value_text(arena, p->product->slug));
		value_put(
		    one, STR("display"), value_text(arena, p->product->name));
		value_add(asked, one);
	}
	if (asked->first != NULL)
		value_put(user, STR(ENTITLEMENTS), asked);
	put_licences(arena, user, licences);
}

static struct value *
licence_read(struct arena *arena, const struct persons_product *p)
{
	struct value *v = value_object(arena);

	value_put(v, STR("value"), value_text(arena, p->product->slug));
	value_put(v, STR("outcome"),
	    value_text(arena, str_of(outcome_name(p->outcome))));
	if (p->pool.n > 0)
		value_put(v, STR("pool"), value_text(arena, p->pool));
	return v;
}

void
licences_put_told(
    struct ctx *cx, struct value *user, const struct order_out *out)
{
	const struct value *holder = value_get(user, str_of(SCIM_USHER));
	struct value *list = value_get(holder, STR(LICENCES)), *next;

	if (list == NULL)
		list = value_array(cx->arena);
	for (size_t i = 0; i < out->nseat; i++) {
		for (struct value *v = list->first; v != NULL; v = next) {
			next = v->next;
			if (str_eq(value_get_text(v, STR("value")),
				out->seat[i].product))
				value_drop(list, v);
		}
		value_add(list, licence_told(cx, &out->seat[i]));
	}
	put_licences(cx->arena, user, list);
}

static struct value *
licence_told(struct ctx *cx, const struct seat_told *told)
{
	const struct str args[4] = { told->reason_arg };
	struct arena *arena = cx->arena;
	struct value *v = value_object(arena);

	value_put(v, STR("value"), value_text(arena, told->product));
	value_put(v, STR("outcome"),
	    value_text(arena, str_of(outcome_name(told->outcome))));
	if (told->pool.n > 0)
		value_put(v, STR("pool"), value_text(arena, told->pool));
	if (told->position > 0)
		value_put(v, STR("position"), value_int(arena, told->position));
	if (told->reason != MSG_NONE)
		value_put(v, STR("reason"),
		    value_text(arena,
			msg_text(arena, told->reason, cx->lang, args)));
	return v;
}

static void
put_licences(struct arena *arena, struct value *user, struct value *list)
{
	struct value *holder = value_get(user, str_of(SCIM_USHER));

	if (list->first == NULL)
		return;
	if (holder == NULL) {
		holder = value_object(arena);
		value_put(user, str_of(SCIM_USHER), holder);
	}
	value_put(holder, STR(LICENCES), list);
}

/* --- in ------------------------------------------------------------------------- */

bool
entitlements_are_named(const struct value *v)
{
	bool is_named = says(v->name, STR(ENTITLEMENTS)) ||
	    (v->type == JS_STRING && says(v->text, STR(ENTITLEMENTS)));

	for (v = v->first; !is_named && v != NULL; v = v->next)
		is_named = entitlements_are_named(v);
	return is_named;
}

bool
entitlements_are_sent(const struct value *body)
{
	return value_get(body, STR(ENTITLEMENTS)) != NULL ||
	    value_get(body, STR(SCIM_USER ":" ENTITLEMENTS)) != NULL;
}

static bool
says(struct str text, struct str word)
{
	for (size_t i = 0; i + word.n <= text.n; i++)
		if (str_eq_nocase(str_sub(text, i, word.n), word))
			return true;
	return false;
}

enum err
entitlements_order(struct ctx *cx, const struct value *before,
    const struct value *user, struct order *o)
{
	const struct value *list = value_get(user, STR(ENTITLEMENTS));
	size_t n = list != NULL ? value_count(list) : 0, nnew = 0;
	struct str *slug = arena_array(cx->arena, n + 1, sizeof(*slug));
	char most[24];

	o->product = slug;
	o->priority = PRIORITY;
	for (const struct value *v = n > 0 ? list->first : NULL; v != NULL;
	     v = v->next) {
		slug[o->nproduct] = value_get_text(v, STR("value"));
		nnew += !has_entitlement(before, slug[o->nproduct++]);
	}
	if (nnew <= ENTITLEMENTS_MAX)
		return OK;
	snprintf(most, sizeof(most), "%d", ENTITLEMENTS_MAX);
	return fail(cx, ERR_BAD_INPUT, MSG_API_COUNT, ENTITLEMENTS, "0", most);
}

enum err
entitlements_change(struct ctx *cx, const struct value *before,
    const struct value *after, struct order *o)
{
	if (has_all(before, after) && has_all(after, before))
		return OK;
	o->has_products = true;
	return entitlements_order(cx, before, after, o);
}

/* Whether USER has all entitlements of OF. */
static bool
has_all(const struct value *user, const struct value *of)
{
	const struct value *list = value_get(of, STR(ENTITLEMENTS));

	for (const struct value *v = list != NULL ? list->first : NULL;
	     v != NULL; v = v->next)
		if (!has_entitlement(user, value_get_text(v, STR("value"))))
			return false;
	return true;
}

static bool
has_entitlement(const struct value *user, struct str slug)
{
	const struct value *list = value_get(user, STR(ENTITLEMENTS));

	for (const struct value *v = list != NULL ? list->first : NULL;
	     v != NULL; v = v->next)
		if (str_eq(value_get_text(v, STR("value")), slug))
			return true;
	return false;
}
