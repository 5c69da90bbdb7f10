/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resource_test.c - resources of declared types as orders: made, changed and
 * removed, found by their keys, each its source's own; and no row of them is
 * altered unseen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

#include "act/resource.h"
#include "act/world_int.h"

#include "plant.h"

static const char declared[] =
    "schemas:\n"
    "  device:\n"
    "    urn: 'urn:x:Device'\n"
    "    of: resource\n"
    "    attributes:\n"
    "      model: { type: string, searchable: true }\n"
    "      ram: { type: integer }\n"
    "      serial: { type: string, required: true, unique: true }\n"
    "  tag:\n"
    "    urn: 'urn:x:Tag'\n"
    "    of: resource\n"
    "    attributes: { number: { type: string, unique: true } }\n"
    "resource_types:\n"
    "  device: { name: Device, endpoint: /Devices, schema: device,"
    "    extensions: [tag] }\n"
    "  tag: { name: Tag, endpoint: /Tags, schema: tag }\n";

static int
set_up(void **state)
{
	struct catalogue_in in = { .reason = STR("for the test") };
	struct catalogue_out *out;
	struct rig *r;

	if (rig_set_up(state) != 0)
		return -1;
	r = *state;
	in.text = str_fmt(r->arena, "%s%s", rig_catalogue, declared);
	return rig_long(r, catalogue_put, &in, &out) == OK ? 0 : -1;
}

static int64_t
type(struct rig *r, const char *slug)
{
	const struct realm *realm;

	assert_int_equal(world_realm(r->world, &r->cx, r->acme, &realm), OK);
	for (size_t i = 0; i < realm->catalogue->ntype; i++)
		if (str_eq(realm->catalogue->type[i].slug, str_of(slug)))
			return realm->catalogue->type[i].id;
	assert_true(false);
	return 0;
}

/* Canonical, as doors bring it. */
static struct str
device(struct rig *r, const char *serial, const char *model)
{
	return str_fmt(r->arena,
	    "{\"urn:x:Device\":{\"model\":\"%s\",\"serial\":\"%s\"}}", model,
	    serial);
}

static enum err
do_resource(struct rig *r, struct resource_order o, int64_t *id)
{
	struct resource_order *in = arena_copy(r->arena, &o, sizeof(o));
	struct resource_out *out;
	enum err err;

	if (in->type == 0)
		in->type = type(r, "device");
	if (in->version == 0)
		in->version = -1;
	err = rig_do(r, &resource_order, in, &out);
	if (err == OK && id != NULL)
		*id = out->id;
	return err;
}

static int64_t
made(struct rig *r, const char *serial, const char *model, const char *ref)
{
	int64_t id = 0;

	assert_int_equal(do_resource(r,
			     (struct resource_order) { .kind = RESOURCE_MAKE,
				 .source = 1,
				 .external_id = str_of(ref),
				 .values = device(r, serial, model) },
			     &id),
	    OK);
	return id;
}

static enum err
show(struct rig *r, int64_t id, int64_t source, struct resource_view **out)
{
	struct resources_in in = { .type = type(r, "device"),
		.id = id,
		.source = source };

	return rig_query(r, resource_show, &in, out);
}

static enum err
change(struct rig *r, int64_t id, const char *serial, const char *model)
{
	struct resource_view *v;

	assert_int_equal(show(r, id, 0, &v), OK);
	return do_resource(r,
	    (struct resource_order) { .kind = RESOURCE_CHANGE,
		.id = id,
		.source = v->row.source,
		.version = v->row.version,
		.external_id = v->external_id,
		.before = v->values,
		.values = device(r, serial, model) },
	    NULL);
}

static enum err
take_away(struct rig *r, int64_t id, int64_t source)
{
	return do_resource(r,
	    (struct resource_order) {
		.kind = RESOURCE_REMOVE, .id = id, .source = source },
	    NULL);
}

static struct resources_out *
listed(struct rig *r, struct resources_in in)
{
	struct resources_out *out;

	if (in.type == 0)
		in.type = type(r, "device");
	if (in.limit == 0)
		in.limit = 100;
	assert_int_equal(rig_query(r, resources_list, &in, &out), OK);
	return out;
}

/* The id of the only one that PATH leads to; 0: it leads to none. */
static int64_t
found(struct rig *r, const char *path, const char *value)
{
	const struct resources_out *out = listed(r,
	    (struct resources_in) {
		.path = str_of(path), .value = str_of(value) });

	assert_true(out->n <= 1 && out->total == (int64_t)out->n);
	return out->n == 1 ? out->resource[0].row.id : 0;
}

static void
resources_come_change_and_go(void **state)
{
	struct rig *r = *state;
	const size_t unique = plant_count(r, &IX_UNIQUE),
		     search = plant_count(r, &IX_SEARCH);
	int64_t id = made(r, "S1", "Think", "d1");
	struct resource_view *v;

	assert_int_equal(show(r, id, 1, &v), OK);
	assert_int_equal(v->row.version, 1);
	assert_int_equal(v->row.source, 1);
	assert_int_equal(v->row.author, r->actor.id);
	assert_true(str_eq(v->external_id, STR("d1")));
	assert_true(str_eq(v->values, device(r, "S1", "Think")));
	assert_int_equal(change(r, id, "S2", "Pad"), OK);
	assert_int_equal(show(r, id, 1, &v), OK);
	assert_int_equal(v->row.version, 2);
	assert_true(v->row.changed_ms >= v->row.created_ms);
	assert_true(str_eq(v->external_id, STR("d1")));
	assert_true(str_eq(v->values, device(r, "S2", "Pad")));
	rig_verify(r);
	assert_int_equal(take_away(r, id, 1), OK);
	assert_int_equal(take_away(r, id, 1), ERR_NOT_FOUND);
	assert_int_equal(show(r, id, 1, &v), ERR_NOT_FOUND);
	assert_int_equal(plant_count(r, &RESOURCE), 0);
	assert_int_equal(plant_count(r, &IX_UNIQUE), unique);
	assert_int_equal(plant_count(r, &IX_SEARCH), search);
	rig_verify(r);
}

static void
what_is_unique_is_one_resources(void **state)
{
	struct rig *r = *state;
	int64_t id = made(r, "S1", "Think", "d1"), other;
	struct resource_order o = { .kind = RESOURCE_MAKE, .source = 2,
		.external_id = STR("d1"), .values = device(r, "s1", "Pad") };

	/* Of whichever source. */
	assert_int_equal(do_resource(r, o, NULL), ERR_CONFLICT);
	assert_int_equal(r->cx.fault.msg, MSG_RESOURCE_TAKEN);
	assert_true(str_eq(r->cx.fault.field, STR("urn:x:Device:serial")));
	/* A key that a source gave is its own. */
	o.values = device(r, "S2", "Pad");
	assert_int_equal(do_resource(r, o, &other), OK);
	o.values = device(r, "S3", "Pad");
	assert_int_equal(do_resource(r, o, NULL), ERR_CONFLICT);
	assert_true(str_eq(r->cx.fault.field, STR("externalId")));
	/* Its own it has already; another's it does not get; what it gave up is free. */
	assert_int_equal(change(r, id, "S1", "Pad"), OK);
	assert_int_equal(change(r, id, "S2", "Pad"), ERR_CONFLICT);
	assert_int_equal(change(r, other, "S4", "Pad"), OK);
	assert_int_equal(change(r, id, "S2", "Pad"), OK);
	assert_int_equal(take_away(r, id, 1), OK);
	made(r, "S2", "Think", "d1");
	rig_verify(r);
}

/* What a schema calls unique is so in all types that have it. */
static void
what_is_unique_is_so_in_every_type(void **state)
{
	struct rig *r = *state;
	const struct str tagged = STR("{\"urn:x:Device\":{\"serial\":\"S1\"},"
				      "\"urn:x:Tag\":{\"number\":\"7\"}}");
	struct resource_order o = { .kind = RESOURCE_MAKE, .values = tagged };
	struct resources_in in = { .type = type(r, "tag"),
		.path = STR("urn:x:Tag:number"),
		.value = STR("7") };

	assert_int_equal(do_resource(r, o, NULL), OK);
	o.type = type(r, "tag");
	o.values = STR("{\"urn:x:Tag\":{\"number\":\"7\"}}");
	assert_int_equal(do_resource(r, o, NULL), ERR_CONFLICT);
	/* Yet no type shows another's. */
	assert_int_equal(listed(r, in)->total, 0);
	in.type = type(r, "device");
	assert_int_equal(listed(r, in)->total, 1);
}

static void
a_source_has_its_own(void **state)
{
	struct rig *r = *state;
	int64_t id = made(r, "S1", "Think", "d1");
	struct resource_view *v;

	assert_int_equal(show(r, id, 2, &v), ERR_NOT_FOUND);
	assert_int_equal(take_away(r, id, 2), ERR_NOT_FOUND);
	assert_int_equal(do_resource(r,
			     (struct resource_order) { .kind = RESOURCE_CHANGE,
				 .id = id,
				 .source = 2,
				 .version = 1,
				 .values = device(r, "S1", "Mine") },
			     NULL),
	    ERR_NOT_FOUND);
	for (int64_t source = 0; source <= 2; source++) {
		const struct resources_in ways[] = {
			{ .source = source },
			{ .source = source, .id = id },
			{ .source = source,
			    .path = STR("urn:x:Device:serial"),
			    .value = STR("S1") },
			{ .source = source,
			    .path = STR("urn:x:Device:model"),
			    .value = STR("Think") },
		};

		for (size_t i = 0; i < COUNT(ways); i++)
			assert_int_equal(
			    listed(r, ways[i])->total, source != 2);
		assert_int_equal(listed(r,
				     (struct resources_in) { .source = source,
					 .external_id = STR("d1") })
				     ->total,
		    source == 1);
	}
	/* Nor has another type what has this id. */
	assert_int_equal(
	    listed(
		r, (struct resources_in) { .type = type(r, "tag"), .id = id })
		->total,
	    0);
	/* Who acts for none reaches all. */
	assert_int_equal(take_away(r, id, 0), OK);
}

static void
resources_are_found_by_their_keys(void **state)
{
	struct rig *r = *state;
	struct resources_in in = { .type = type(r, "device"),
		.path = STR("urn:x:Device:ram"), .value = STR("16"),
		.limit = 10 };
	int64_t a = made(r, "S1", "Think", "d1"), b = made(r, "S2", "Pad", "");
	struct resources_out *out;

	assert_int_equal(found(r, "urn:x:Device:serial", "s1"), a);
	assert_int_equal(found(r, "URN:X:Device:SERIAL", "S2"), b);
	assert_int_equal(found(r, "urn:x:Device:serial", "S3"), 0);
	assert_int_equal(found(r, "urn:x:Device:model", "THINK"), a);
	assert_int_equal(change(r, b, "S3", "Think"), OK);
	assert_int_equal(found(r, "urn:x:Device:serial", "S2"), 0);
	assert_int_equal(found(r, "urn:x:Device:serial", "S3"), b);
	assert_int_equal(found(r, "urn:x:Device:model", "Pad"), 0);
	assert_int_equal(
	    listed(r,
		(struct resources_in) {
		    .path = STR("urn:x:Device:model"), .value = STR("Think") })
		->total,
	    2);
	/* What is neither unique nor searchable leads nowhere. */
	assert_int_equal(
	    rig_query(r, resources_list, &in, &out), ERR_BAD_INPUT);
	assert_int_equal(r->cx.fault.msg, MSG_RESOURCE_FILTER);
}

/* The index of words is cut short: whoever else a word leads to is not shown. */
static void
what_a_cut_key_leads_to_is_looked_at(void **state)
{
	struct rig *r = *state;
	int64_t a = made(r, "S1", "Think", ""), b = made(r, "S2", "Pad", "");
	const struct rows rows = plant_rows(r, &IX_SEARCH);
	struct search_row stray = { 0 };

	for (size_t i = 0; i < rows.n; i++)
		if (((struct search_row *)rows.row)[i].person == a)
			stray = ((struct search_row *)rows.row)[i];
	assert_int_equal(stray.person, a);
	stray.person = b;
	plant_put(r, &IX_SEARCH, &stray);
	assert_int_equal(found(r, "urn:x:Device:model", "Think"), a);
}

static void
lists_come_in_pages(void **state)
{
	struct rig *r = *state;
	const struct str model = STR("urn:x:Device:model");
	int64_t id[5];

	for (int i = 0; i < 5; i++)
		id[i] = made(
		    r, str_z(r->arena, str_fmt(r->arena, "S%d", i)), "T", "");
	for (int is_found = 0; is_found < 2; is_found++) {
		struct resources_in in = { .limit = 2 };
		const struct resources_out *out;

		if (is_found) {
			in.path = model;
			in.value = STR("t");
		}
		out = listed(r, in);
		assert_int_equal(out->total, 5);
		assert_int_equal(out->n, 2);
		assert_int_equal(out->next, id[1]);
		in.after = out->next;
		out = listed(r, in);
		assert_int_equal(out->resource[0].row.id, id[2]);
		assert_int_equal(out->next, id[3]);
		in.after = out->next;
		out = listed(r, in);
		assert_int_equal(out->n, 1);
		assert_int_equal(out->resource[0].row.id, id[4]);
		assert_int_equal(out->next, 0);
		in = (struct resources_in) { .first = 4,
			.limit = 9,
			.path = in.path,
			.value = in.value };
		out = listed(r, in);
		assert_int_equal(out->total, 5);
		assert_int_equal(out->n, 2);
		assert_int_equal(out->resource[0].row.id, id[3]);
	}
}

static void
what_was_read_before_another_change_is_stale(void **state)
{
	struct rig *r = *state;
	int64_t id = made(r, "S1", "Think", "d1");
	struct resource_order o = { .kind = RESOURCE_CHANGE, .id = id,
		.source = 1, .version = 1, .external_id = STR("d1"),
		.before = device(r, "S1", "Think"),
		.values = device(r, "S1", "Pad") };

	assert_int_equal(do_resource(r, o, NULL), OK);
	assert_int_equal(do_resource(r, o, NULL), ERR_STALE);
	o.kind = RESOURCE_REMOVE;
	assert_int_equal(do_resource(r, o, NULL), ERR_STALE);
	o.version = 2;
	assert_int_equal(do_resource(r, o, NULL), OK);
	rig_verify(r);
}

static void
what_is_not_declared_is_refused(void **state)
{
	struct rig *r = *state;
	static const char *const values[] = {
		"{\"urn:x:Device\":{\"model\":\"Think\"}}",
		"{\"urn:x:Device\":{\"serial\":\"S\",\"ram\":\"much\"}}",
		"{\"urn:x:Device\":{\"serial\":\"S\",\"colour\":\"red\"}}",
		"{\"urn:x:Other\":{\"serial\":\"S\"}}",
	};
	struct resource_order o = { .kind = RESOURCE_MAKE, .source = 1,
		.values = device(r, "S1", "Think") };

	for (size_t i = 0; i < COUNT(values); i++) {
		o.values = str_of(values[i]);
		assert_int_equal(do_resource(r, o, NULL), ERR_BAD_INPUT);
	}
	o.values = device(r, "S1", "Think");
	o.external_id = STR("a\001b");
	assert_int_equal(do_resource(r, o, NULL), ERR_BAD_INPUT);
	o.external_id = STR("");
	o.type = 1 << 30;
	assert_int_equal(do_resource(r, o, NULL), ERR_NOT_FOUND);
	assert_int_equal(plant_count(r, &RESOURCE), 0);
}

static void
order_done(struct item *it)
{
	(void)it;
}

/* Two who make the same, two who change one from the same version, and its remover: each pair has one winner. */
static void
what_happens_at_once_happens_once(void **state)
{
	struct rig *r = *state;
	int64_t id = made(r, "S1", "Think", "d1"),
		device_type = type(r, "device");
	struct resource_order twin = { .kind = RESOURCE_MAKE,
		.type = device_type, .source = 1,
		.values = device(r, "S2", "Pad") },
	    change_it = { .kind = RESOURCE_CHANGE, .type = device_type,
		.id = id, .source = 1, .version = 1,
		.before = device(r, "S1", "Think"),
		.values = device(r, "S3", "Pad") },
	    drop_it = { .kind = RESOURCE_REMOVE, .type = device_type,
		.id = id, .version = -1 };
	struct item item[] = {
		{ .use_case = &resource_order, .in = &twin },
		{ .use_case = &resource_order, .in = &change_it },
		{ .use_case = &resource_order, .in = &twin },
		{ .use_case = &resource_order, .in = &change_it },
		{ .use_case = &resource_order, .in = &drop_it },
		{ .use_case = &resource_order, .in = &drop_it },
	};
	struct ctx cx[COUNT(item)];

	for (size_t i = 0; i < COUNT(item); i++) {
		cx[i] = (struct ctx) { .arena = arena_open(16 << 20),
			.actor = &r->actor,
			.now_ms = clock_now_ms() };
		item[i].cx = &cx[i];
		item[i].tenant = r->acme;
		item[i].done = order_done;
	}
	pipeline_do_all(
	    world_pipeline(r->world), item, COUNT(item), ITEM_INTERACTIVE);
	assert_int_equal((item[0].err == OK) + (item[2].err == OK), 1);
	assert_int_equal(item[0].err + item[2].err, ERR_CONFLICT);
	assert_int_equal((item[1].err == OK) + (item[3].err == OK), 1);
	assert_int_equal(item[1].err + item[3].err, ERR_STALE);
	assert_int_equal((item[4].err == OK) + (item[5].err == OK), 1);
	assert_int_equal(item[4].err + item[5].err, ERR_NOT_FOUND);
	assert_int_equal(plant_count(r, &RESOURCE), 1);
	assert_true(found(r, "urn:x:Device:serial", "S2") != 0);
	rig_verify(r);
	for (size_t i = 0; i < COUNT(item); i++)
		arena_close(cx[i].arena);
}

/* Of all sources together: no client fills the others' place unseen, nor goes on without end. */
static void
a_type_has_no_more_than_it_may(void **state)
{
	struct rig *r = *state;
	int64_t id = made(r, "S1", "Think", "d1");
	struct resource_count_row row = { r->acme, type(r, "device"), 2,
		RESOURCES_MAX - 2 };
	struct resource_order o = { .kind = RESOURCE_MAKE, .source = 1,
		.values = device(r, "S3", "Pad") };

	plant_put(r, &RESOURCE_COUNT, &row);
	made(r, "S2", "Think", "d2");
	assert_int_equal(do_resource(r, o, NULL), ERR_FULL);
	assert_int_equal(r->cx.fault.msg, MSG_RESOURCE_MANY);
	assert_int_equal(
	    listed(r, (struct resources_in) { .source = 1 })->total, 2);
	assert_int_equal(
	    listed(r, (struct resources_in) { 0 })->total, RESOURCES_MAX);
	/* What is there is changed and removed, another type is another matter. */
	assert_int_equal(change(r, id, "S4", "Pad"), OK);
	o.type = type(r, "tag");
	o.values = STR("{\"urn:x:Tag\":{\"number\":\"7\"}}");
	assert_int_equal(do_resource(r, o, NULL), OK);
	assert_int_equal(take_away(r, id, 1), OK);
	made(r, "S3", "Pad", "");
	plant_drop(r, &RESOURCE_COUNT, &row);
	rig_verify(r);
}

/* --- what does not fit is found ------------------------------------------------ */

static struct resource_row *
row_of(struct rig *r, int64_t id)
{
	const struct rows rows = plant_rows(r, &RESOURCE);

	for (size_t i = 0; i < rows.n; i++)
		if (((struct resource_row *)rows.row)[i].id == id)
			return &((struct resource_row *)rows.row)[i];
	assert_true(false);
	return NULL;
}

/* In the place of the one that stands there, as version 1. */
static void
put_row(struct rig *r, struct resource_row *row)
{
	plant_drop(r, &RESOURCE, row);
	row->version = 0;
	plant_put(r, &RESOURCE, row);
}

static void
row_has_another_version(struct rig *r, int64_t id)
{
	plant_put(r, &RESOURCE, row_of(r, id));
}

static void
row_is_of_another_source(struct rig *r, int64_t id)
{
	struct resource_row *row = row_of(r, id);

	row->source = 2;
	put_row(r, row);
}

static void
row_is_of_another_type(struct rig *r, int64_t id)
{
	struct resource_row *row = row_of(r, id);

	plant_drop(r, &RESOURCE, row);
	row->type = type(r, "tag");
	row->version = 0;
	plant_put(r, &RESOURCE, row);
}

static void
row_is_gone(struct rig *r, int64_t id)
{
	plant_drop(r, &RESOURCE, row_of(r, id));
}

/* Whole in itself, and opened by the same key: but it is what was sealed before. */
static void
row_has_what_was_sealed_before(struct rig *r, int64_t id)
{
	struct resource_row was = *row_of(r, id), *row;

	assert_int_equal(change(r, id, "S1", "Pad"), OK);
	assert_int_equal(change(r, id, "S1", "Think"), OK);
	row = row_of(r, id);
	row->record = was.record;
	plant_drop(r, &RESOURCE, row);
	row->version = 0;
	plant_put(r, &RESOURCE, row);
	row->version = 1;
	plant_put(r, &RESOURCE, row);
	row->version = 2;
	plant_put(r, &RESOURCE, row);
	assert_int_equal(row_of(r, id)->version, 3);
}

static void
row_has_a_twin(struct rig *r, int64_t id)
{
	struct resource_row *row = row_of(r, id);

	row->id++;
	row->version = 0;
	row->keys = STR("");
	plant_put(r, &RESOURCE, row);
}

static void
count_is_wrong(struct rig *r, int64_t id)
{
	struct resource_count_row *row = plant_rows(r, &RESOURCE_COUNT).row;

	(void)id;
	row->resources++;
	plant_put(r, &RESOURCE_COUNT, row);
}

static void
count_is_gone(struct rig *r, int64_t id)
{
	(void)id;
	plant_drop(r, &RESOURCE_COUNT, plant_rows(r, &RESOURCE_COUNT).row);
}

static bool
finds(struct rig *r, enum msg what)
{
	struct seats_verdict *v;

	assert_int_equal(rig_long(r, seats_verify, NULL, &v), OK);
	for (size_t i = 0; i < v->nfault; i++)
		if (v->fault[i].what == what) {
			/* Whose count it is, and of which type. */
			assert_true(what != MSG_VERIFY_RESOURCES ||
			    str_eq(v->fault[i].args[3], STR("Device")));
			return true;
		}
	return false;
}

static void
what_does_not_fit_is_found(void **unused)
{
	static const struct {
		void (*plant)(struct rig *, int64_t id);
		enum msg what;
	} damage[] = {
		{ row_has_another_version, MSG_VERIFY_REPLAY_RESOURCE },
		{ row_is_of_another_source, MSG_VERIFY_REPLAY_RESOURCE },
		{ row_is_of_another_source, MSG_VERIFY_RESOURCES },
		{ row_is_of_another_type, MSG_VERIFY_REPLAY_RESOURCE },
		{ row_is_gone, MSG_VERIFY_REPLAY_RESOURCE },
		{ row_has_a_twin, MSG_VERIFY_REPLAY_RESOURCE },
		{ row_has_what_was_sealed_before, MSG_VERIFY_REPLAY_RESOURCE },
		{ count_is_wrong, MSG_VERIFY_RESOURCES },
		{ count_is_gone, MSG_VERIFY_RESOURCES },
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(damage); i++) {
		void *state;
		int64_t id;

		assert_int_equal(set_up(&state), 0);
		id = made(state, "S1", "Think", "d1");
		rig_verify(state);
		damage[i].plant(state, id);
		if (!finds(state, damage[i].what)) {
			print_error("damage %zu was not found\n", i);
			assert_true(false);
		}
		rig_tear_down(&state);
	}
}

/* An index that says more, or less, than the rows. */
static void
keys_that_do_not_fit_are_found(void **state)
{
	struct rig *r = *state;
	int64_t id = made(r, "S1", "Think", "d1");
	const struct rows rows = plant_rows(r, &IX_UNIQUE);
	struct index_row row = { 0 };

	for (size_t i = 0; i < rows.n; i++)
		if (((struct index_row *)rows.row)[i].person == id)
			row = ((struct index_row *)rows.row)[i];
	plant_drop(r, &IX_UNIQUE, &row);
	assert_true(finds(r, MSG_VERIFY_INDEX));
	plant_put(r, &IX_UNIQUE, &row);
	rig_verify(r);
	plant_drop(r, &RESOURCE, row_of(r, id));
	assert_true(finds(r, MSG_VERIFY_INDEX_STRAY));
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, set_up, rig_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(resources_come_change_and_go),
		TEST(what_is_unique_is_one_resources),
		TEST(what_is_unique_is_so_in_every_type),
		TEST(a_source_has_its_own),
		TEST(resources_are_found_by_their_keys),
		TEST(what_a_cut_key_leads_to_is_looked_at),
		TEST(lists_come_in_pages),
		TEST(what_was_read_before_another_change_is_stale),
		TEST(what_is_not_declared_is_refused),
		TEST(what_happens_at_once_happens_once),
		TEST(a_type_has_no_more_than_it_may),
		TEST(keys_that_do_not_fit_are_found),
		cmocka_unit_test(what_does_not_fit_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
