/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catalogue.h - the configuration of a tenant: sites, departments,
 * organisations, products, pools, groups, settings.  A versioned document of plain
 * declarations with slugs as keys (MODEL.md 6; format: demo/catalogue.yaml).
 *
 * A compiled catalogue is immutable; a new version is a new object.  Slugs
 * keep their id over versions (the sealed document remembers it), so rows
 * carry integers only.
 */
#ifndef CORE_CATALOGUE_H
#define CORE_CATALOGUE_H

#include "core/filter.h"
#include "core/schema.h"

#define SLUG_MAX      63	/* [a-z0-9] and inner - */
#define FAILOVER_MAX  8
#define SITES_MAX     10000
#define PRODUCTS_MAX  1000
#define POOLS_MAX     20000
#define QUOTA_MAX     1000000000
#define GROUP_INFOS_MAX 1000
#define SCHEMAS_MAX   200
#define SCHEMAS_OF_USER_MAX 12	/* with the built-in ones, SCIM_EXTENSIONS_MAX */
#define TYPES_MAX     50
#define SCHEMA_ATTRS_MAX    100
#define SCHEMA_SUBS_MAX	    50
#define URN_MAX		    200

/* A limit as a message tells it. */
#define LIMIT_TEXT(n)  LIMIT_TEXT_(n)
#define LIMIT_TEXT_(n) #n

struct site {
	int64_t	   id;
	struct str slug, name, country, zone;
	int64_t	   failover[FAILOVER_MAX];
	size_t	   nfailover;
};

struct named {			/* a department */
	int64_t	   id;
	struct str slug, name;
};

/* A partner.  Its people take seats of its own pools only, unless it overflows. */
struct organisation {
	int64_t		   id;
	struct str	   slug, name;
	bool		   overflow;	/* then of the pools that are nobody's */
	const struct attr *def;		/* what its people have where nothing is given; by path */
	size_t		   ndef;
	bool		   lists_products; /* its people may have these products and no others */
	const int64_t	  *product;	/* ids */
	size_t		   nproduct;
};

struct product {
	int64_t		     id;
	struct str	     slug, name;
	const struct filter *grant;	/* who gets it without asking; NULL: nobody */
	int		     cap_percent; /* default 90 */
	struct str	     role_required; /* slug of a role; empty: none */
	const int64_t	    *pool;	/* ids of its pools by pool priority (1 first), then slug */
	size_t		     npool;
};

struct pool_info {
	int64_t		     id;
	struct str	     slug;
	int64_t		     product, site;	/* site 0: the global overflow */
	int64_t		     organisation; /* whose share it is; 0: nobody's */
	const struct filter *eligibility; /* NULL: everybody */
	int		     priority;	/* orders pools, 1 … 9; default 5 */
	int64_t		     quota;	/* as declared */
	bool		     is_reserve; /* third party: never assigned from */
};

/* What the people of a group have as long as they are in it. */
struct group_info {
	int64_t	       id;
	struct str     slug, name;	/* name: what the group is called, however it is spelt */
	const int64_t *product;		/* ids */
	size_t	       nproduct;
	const int64_t *role;		/* ids */
	size_t	       nrole;
};

struct role;			/* core/role.h */

/* What an operator declares of resources (decision 0022): as built-in schemas are. */
struct declared_schema {
	int64_t		   id;
	struct str	   slug, name;
	struct scim_schema schema;	/* its id is the URN; attributes by name */
	bool		   is_of_resources; /* not of persons */
};

/* A kind of resource that an operator declares. */
struct declared_type {
	int64_t		     id;
	struct str	     slug, name;
	struct scim_resource resource;	/* of schemas of the same catalogue */
};

struct setting_info {
	const char *name;
	bool	    is_text;
	const char *text;		/* default of a text setting */
	int64_t	    fallback, min, max;
	const char *help;
};

/* Sorted by name. */
#define SETTINGS(X) \
	X(ACTIVATION_HOURS,	   "activation.hours",	      72, 1, 8760, "how long an activation token is good") \
	X(CLIENT_QUEUED,	   "admission.client_queued",	 2000, 1, 1000000, "so many requests of one client may wait for the writer") \
	X(CLIENT_UNDER_WAY,	   "admission.client_under_way", 512, 1, 1000000, "so many requests of one client may be under way at once") \
	X(CATALOGUE_LOSSES_LEAST,   "catalogue.losses_least",   20, 0, 1000000, "so many may lose a seat by rules whatever the share is") \
	X(CATALOGUE_LOSSES_PERCENT, "catalogue.losses_percent", 5, 0, 100, "a catalogue whose rules take a larger share of the seats is stopped") \
	X(CLIENT_REMOVALS_LEAST,   "client.removals_least",   20, 0, 1000000, "so many may go whatever the share is") \
	X(CLIENT_REMOVALS_PERCENT, "client.removals_percent", 5, 0, 100, "a client may remove or disable no larger share of its people within 24 hours") \
	X(DELIVERY_DEPTH,	   "delivery.depth_pause",   10000, 1, 100000000, "at this depth the delivery queue pauses and an alert is raised") \
	X(IMPORT_DEPTH,		   "import.depth_pause",     2000000, 1, 100000000, "at this depth (persons) the import queue pauses and an alert is raised") \
	X(IMPORT_REMOVALS_LEAST,   "import.removals_least",   20, 0, 1000000, "so many may go whatever the share is") \
	X(IMPORT_REMOVALS_PERCENT, "import.removals_percent", 5, 0, 100, "a run that would remove or disable more than this share is stopped") \
	X(LOGIN_ADDRESS_TRIES,	   "login.address_tries",     50, 1, 1000000, "after so many failed tries an address waits, longer each time") \
	X(LOGIN_TRIES,		   "login.tries",	      5, 1, 100, "after so many failed tries an account waits, longer each time") \
	X(ONBOARDING_ACTIVATION,   "onboarding.activation",   0, 0, 1, "who is onboarded gets an activation token") \
	X(EMAIL_UNIQUE,		   "person.email_unique",     0, 0, 1, "an e-mail address belongs to one person") \
	X(CAP_PASS_PRIORITY,	   "pool.cap_pass_priority",  7, 0, 10, "requests of this priority may take the last seats above the cap") \
	X(REGISTRATION_DEPTH,	   "registration.depth_pause", 1000, 1, 100000000, "at this depth the registration queue pauses and an alert is raised") \
	X(SCIM_FILTER_IN_URL,	   "scim.filter_in_url",      1, 0, 1, "SCIM clients may ask for a userName, externalId or e-mail in the address of a GET") \
	X(SCIM_PATCH_EMPTY,	   "scim.patch_empty",	      0, 0, 1, "a SCIM PATCH is answered 204 without the resource") \
	X(SCIM_PUT_EMPTIES,	   "scim.put_empties",	      0, 0, 1, "a SCIM PUT of a group that leaves its members out removes them") \
	X(SCIM_STRICT,		   "scim.strict",	      0, 0, 1, "SCIM bodies that name unknown schemas are refused") \
	X(SEAT_BLOCK_RETURNS,	   "seat.block_returns",      0, 0, 1, "who is blocked by hand gives their seats back until the block ends") \
	X(HOLD_MINUTES,		   "seat.hold_minutes",	      1440, 1, 525600, "how long a seat is held while checks are open") \
	X(SESSION_HOURS,	   "session.hours",	      12, 1, 720, "after so long a session ends") \
	X(SESSION_IDLE,		   "session.idle_minutes",    30, 1, 10080, "unused for so long it ends") \
	X(THROTTLE_ATTEMPTS,	   "throttle.attempts",	     3, 1, 100, "so often a delivery is tried before it waits for review") \
	X(THROTTLE_BACKOFF,	   "throttle.backoff_ms",    5000, 500, 600000, "the longest wait between two attempts") \
	X(THROTTLE_BATCH,	   "throttle.batch",	     100, 50, 200, "items of a batch; adapted between 50 and 200 to what comes") \
	X(THROTTLE_RATE,	   "throttle.rate",	     150, 1, 1000000, "calls a second that one queue makes") \
	X(THROTTLE_RETRIES,	   "throttle.retry_percent", 2, 0, 100, "a larger share of retries in a minute raises an alert") \
	X(THROTTLE_TENANT_CAP,	   "throttle.tenant_cap",    50, 1, 1000000, "calls a second that all queues of this tenant make") \
	X(THROTTLE_WINDOW,	   "throttle.window_ms",     100, 10, 60000, "after each window the size of the batches is decided anew") \
	X(OPEN_PER_MINUTE,	   "vault.open_per_minute",   120000, 1, 100000000, "records a credential may open a minute, at most the vault's ceiling") \
	X(SEAL_PER_MINUTE,	   "vault.seal_per_minute",   1000000, 1, 100000000, "above this an alarm is logged")

enum setting {
#define X(id, name, fallback, min, max, help) SETTING_##id,
	SETTINGS(X)
#undef X
	SETTING_COUNT,
	SETTING_USER_NAME = SETTING_COUNT /* the one text: person.user_name, see user_name_template */
};

const struct setting_info *setting_info(enum setting);

struct catalogue {
	int64_t		  version;	/* 0: the empty catalogue of a new tenant; of a stored one, the caller's to set */
	const struct site *site;
	size_t		   nsite;
	const struct named *department;
	size_t		    ndepartment;
	const struct organisation *organisation;
	size_t			   norganisation;
	const struct product *product;
	size_t		      nproduct;
	const struct pool_info *pool;
	size_t			npool;
	const struct role *role;	/* the tenant's own, and what it adds to built-in ones */
	size_t		   nrole;
	const struct group_info *group;
	size_t		   ngroup;
	const struct declared_schema *schema;
	size_t		   nschema;
	const struct declared_type *type;
	size_t		   ntype;
	int64_t		  setting[SETTING_COUNT];
	struct str	  user_name_template; /* setting person.user_name */
	int64_t		  next_id;
	struct str	  canonical;	/* JSON with ids: what is sealed and digested */
	struct catalogue_index *index;	/* private: by slug and id */
};

/*
 * Decodes and checks a catalogue document (from YAML or JSON), giving ids:
 * those of PREVIOUS (NULL: none) for known slugs, else for known `was:` slugs,
 * else new ones; so a document with `was:` may be applied again.  The version
 * is the one after PREVIOUS's.  With IS_STORED the document is one of ours and
 * carries its ids.  Refusals name the path with its line, and the remedy.
 * Time zones are checked for their form only.
 */
enum err catalogue_decode(struct ctx *, const struct js *, const struct catalogue *previous, bool is_stored, struct catalogue **out) USE_RESULT;
/* As YAML for people (no ids): decode(export(c)) gives the same catalogue. */
struct str catalogue_export(struct arena *, const struct catalogue *);

/* An attribute by the name that the user name's template gives it (`givenName` is name.givenName); -1: unknown.  For template_compile(). */
int user_name_attribute(const void *arg, struct str name);

const struct site *catalogue_site(const struct catalogue *, int64_t id);
const struct site *catalogue_site_slug(const struct catalogue *, struct str slug_or_name);
const struct named *catalogue_department_slug(const struct catalogue *, struct str slug_or_name);
const struct organisation *catalogue_organisation(const struct catalogue *, int64_t id);
const struct organisation *catalogue_organisation_slug(const struct catalogue *, struct str slug);
const struct product *catalogue_product(const struct catalogue *, int64_t id);
const struct product *catalogue_product_slug(const struct catalogue *, struct str slug);
const struct pool_info *catalogue_pool(const struct catalogue *, int64_t id);
const struct role *catalogue_role(const struct catalogue *, int64_t id);	/* for core/role.c; others ask role_of() */
const struct role *catalogue_role_slug(const struct catalogue *, struct str slug);
const struct group_info *catalogue_group(const struct catalogue *, int64_t id);
/* The entry of the group that is called NAME. */
const struct group_info *catalogue_group_named(struct arena *, const struct catalogue *, struct str name);
const struct scim_schema *catalogue_schema_urn(const struct catalogue *, struct str urn);	/* without case; NULL: none */
/* Of "urn:…:name", without case; NULL: it is not declared.  SCHEMA may be NULL. */
const struct scim_attr *catalogue_attribute(const struct catalogue *, struct str path, const struct scim_schema **schema);
const struct declared_type *catalogue_type(const struct catalogue *, int64_t id);
/* By what stands in addresses, "Devices". */
const struct declared_type *catalogue_type_at(const struct catalogue *, struct str path);
const struct pool_info *catalogue_pool_slug(const struct catalogue *, struct str slug);

/*
 * The pools PRODUCT may be served from for a person of these facts, in order:
 * those of the person's organisation, then, if it overflows (or there is none),
 * those that are nobody's; among each own site, fail-over sites, global (each by
 * pool priority); reserves never.  At most MAX.
 */
size_t catalogue_pools_for(const struct catalogue *, int64_t product, const struct facts *, int64_t *pool, size_t max);
/* Whether people of ORGANISATION (0: of none) may have PRODUCT, by the organisation's list. */
bool catalogue_may_have(const struct catalogue *, int64_t organisation, int64_t product);
/* Whether POOL may serve people of ORGANISATION, wherever they are. */
bool catalogue_pool_serves(const struct catalogue *, const struct pool_info *, int64_t organisation);
/* Whether some pool of PRODUCT may: who has none is not even told of the product. */
bool catalogue_product_serves(const struct catalogue *, const struct product *, int64_t organisation);

/* What changes from BEFORE to AFTER, for apply and its report. */
struct catalogue_diff {
	const struct pool_info *const *pool_new;   size_t npool_new;
	const struct pool_info *const *pool_quota; size_t npool_quota;	/* declared quota changed */
	const int64_t *pool_gone;		   size_t npool_gone;	/* ids */
	const int64_t *product_gone;		   size_t nproduct_gone;
	const int64_t *site_gone;		   size_t nsite_gone;
	const int64_t *type_gone;		   size_t ntype_gone;
	size_t added, changed, removed;		/* declarations in all */
	struct str removed_text;		/* the first of them: "sites.lyo, pools.mail-lyo, …"; empty: none */
};
/* Neither may be NULL: a new tenant's is the empty document. */
void catalogue_compare(struct arena *, const struct catalogue *before, const struct catalogue *after, struct catalogue_diff *out);

/*
 * The tenant's dictionary: organisational strings to integers and back.
 * Append-only; values are compared by canon_key.  Has its own lock: readers
 * and the sealer meet here (besides the queues; see the decision record).
 */
struct dictionary;
struct dictionary *dictionary_open(void);
void dictionary_close(struct dictionary *);
int64_t dictionary_find(struct dictionary *, struct str value);		/* 0: not there */
struct str dictionary_text(struct dictionary *, int64_t id);		/* as first written; empty: not there */
/* Adds under ID unless the value is there; returns the id that counts. */
int64_t dictionary_add(struct dictionary *, int64_t id, struct str value);
size_t dictionary_count(struct dictionary *);
/* Its words take so much memory that no new one should come; what is stored can always be read. */
#define DICTIONARY_BYTES_MAX (256u << 20)
bool dictionary_is_full(struct dictionary *);

/*
 * Names for filters: site and organisation from the catalogue, manager by id,
 * states by their names, the rest from the dictionary (a department by its
 * catalogue name too).
 */
struct names {
	const struct catalogue *catalogue;
	struct dictionary      *dictionary;
};
struct filter_names names_of(const struct names *);

#endif
