/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalogue_int.h - shared by the files of the catalogue only.
 *
 * All row arrays of a compiled catalogue are sorted by slug; the index adds
 * the other orders.
 */
#ifndef CORE_CATALOGUE_INT_H
#define CORE_CATALOGUE_INT_H

#include "core/catalogue.h"

/* How every row begins; sites and products go on with a name, as struct named does. */
struct row_head {
	int64_t	   id;
	struct str slug;
};

#define BEGINS(type) (offsetof(struct type, id) == 0 && offsetof(struct type, slug) == offsetof(struct row_head, slug))
#define IS_NAMED(type) (BEGINS(type) && offsetof(struct type, name) == offsetof(struct named, name))
_Static_assert(IS_NAMED(site) && IS_NAMED(named) && IS_NAMED(organisation) && IS_NAMED(product) && IS_NAMED(group_info)
    && BEGINS(pool_info), "rows begin alike");
_Static_assert(IS_NAMED(declared_schema) && IS_NAMED(declared_type), "rows begin alike");

struct by_id {
	int64_t	    id;
	const void *row;
};

struct by_name {
	struct str  key;	/* canon_key of the name */
	const void *row;
};

struct catalogue_index {
	struct by_id   *site_id, *department_id, *organisation_id;
	struct by_id   *product_id, *pool_id, *role_id, *group_id, *schema_id, *type_id;
	struct by_name *site_name, *department_name;
	/* by (product, organisation, site, priority, slug), without the reserves */
	const struct pool_info **place;
	size_t			 nplace;
};

/* Fills c->index and each product's list of pools; rows and ids stand already. */
void catalogue_index_make(struct arena *, struct catalogue *);
/* The row with this slug in an array sorted by slug; NULL: none. */
const void *catalogue_row(const void *rows, size_t n, size_t size, struct str slug);
/* Canonical JSON: members sorted, ids and next_id included. */
struct str catalogue_canonical(struct arena *, const struct catalogue *);

#define CATALOGUE_TEXT_MAX ((size_t)32 << 20)
#define USER_NAME_TEMPLATE "{givenName|first|ascii|lower}.{familyName|ascii|lower}{n}"

/* --- decoding: one declaration, and what its values may be (catalogue_field.c) ---- */

struct decoder {
	struct ctx	       *cx;
	const struct catalogue *previous;	/* NULL: none */
	bool			is_stored;
	struct catalogue       *out;
};

struct row_in {
	const char	*section;	/* NULL: the document itself */
	struct str	 slug;		/* empty: the section itself */
	const struct js *js;
	int64_t		 id;
	bool		 is_renamed;
};

/* Least and greatest. */
struct range { int64_t min, max; };

/*
 * Each refuses a value that is not what it says, naming path and line; an
 * absent member leaves *OUT as it is.
 */
enum err get_text(struct decoder *, const struct row_in *, const char *key, size_t max_chars, struct str *out) USE_RESULT;
enum err get_name(struct decoder *, const struct row_in *, struct str *out) USE_RESULT;
enum err get_slug(struct decoder *, const struct row_in *, const char *key, struct str *out) USE_RESULT;
enum err get_int(struct decoder *, const struct row_in *, const char *key, struct range, int64_t *out) USE_RESULT;
enum err get_bool(struct decoder *, const struct row_in *, const char *key, bool *out) USE_RESULT;
enum err get_filter(struct decoder *, const struct row_in *, const char *key, const struct filter **out) USE_RESULT;
enum err get_country(struct decoder *, const struct row_in *, const char *key, struct str *out) USE_RESULT;
enum err get_zone(struct decoder *, const struct row_in *, const char *key, struct str *out) USE_RESULT;
/* ERR_BAD_INPUT (MSG_CATALOGUE_MISSING) unless all of these keys (NULL ends) are there. */
enum err need_keys(struct decoder *, const struct row_in *, const char *const *key) USE_RESULT;
/* A list of texts, at most MAX; absent: NULL. */
enum err get_list(struct decoder *, const struct row_in *, const char *key, size_t max, const struct js **) USE_RESULT;
/* MSG_CATALOGUE_UNKNOWN: there is no SLUG in SECTION. */
enum err refuse_unknown(struct decoder *, const struct row_in *, const char *key, struct str slug, const char *section) USE_RESULT;
/* MSG about the member KEY (empty: the row itself), with ARG. */
enum err refuse(struct decoder *, const struct row_in *, const char *key, enum msg, struct str arg) USE_RESULT;
/* Replaces the field of a fault that somebody else found in the member KEY. */
enum err at_member(struct decoder *, const struct row_in *, const char *key, enum err) USE_RESULT;

bool is_slug(struct str);

/* --- the section "roles" (catalogue_role.c) ------------------------------------------ */

enum err catalogue_fill_role(struct decoder *, const struct row_in *, void *role) USE_RESULT;
void catalogue_json_roles(const struct catalogue *, struct js_out *);
void catalogue_yaml_roles(const struct catalogue *, struct buf *);
bool catalogue_same_role(const void *before, const void *after);

/* --- the section "organisations" (catalogue_organisation.c) --------------------------- */

enum err catalogue_fill_partner(struct decoder *, const struct row_in *, void *organisation) USE_RESULT;
void catalogue_json_organisations(const struct catalogue *, struct js_out *);
void catalogue_yaml_organisations(const struct catalogue *, struct buf *);
bool catalogue_same_organisation(const void *before, const void *after);

/* --- the section "groups" (catalogue_group.c) ------------------------------------------ */

enum err catalogue_fill_group(struct decoder *, const struct row_in *, void *group) USE_RESULT;
void catalogue_json_groups(const struct catalogue *, struct js_out *);
void catalogue_yaml_groups(const struct catalogue *, struct buf *);
bool catalogue_same_group(const void *before, const void *after);

/* --- the section "schemas" (catalogue_schema.c) -------------------------------------- */

enum err catalogue_fill_schema(struct decoder *, const struct row_in *, void *schema) USE_RESULT;
void catalogue_json_schemas(const struct catalogue *, struct js_out *);
void catalogue_yaml_schemas(const struct catalogue *, struct buf *);
bool catalogue_same_schema(const void *before, const void *after);

/* --- the section "resource_types" (catalogue_type.c) ---------------------------------- */

enum err catalogue_fill_type(struct decoder *, const struct row_in *, void *type) USE_RESULT;
void catalogue_json_types(const struct catalogue *, struct js_out *);
void catalogue_yaml_types(const struct catalogue *, struct buf *);
bool catalogue_same_type(const void *before, const void *after);

/* ERR_BAD_INPUT unless all keys of ROW are among KNOWN (NULL ends). */
enum err only_keys(struct decoder *, const struct row_in *, const char *const *known) USE_RESULT;

#endif
