/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/queue.h"

/* With one lane. */

const char rig_catalogue[] =
    "catalogue: 1\n"
    "sites:\n"
    "  ber: { name: Berlin, country: DE, zone: Europe/Berlin,"
    "    failover: [muc] }\n"
    "  muc: { name: Munich, country: DE, zone: Europe/Berlin }\n"
    "departments: { sales: { name: Vertrieb } }\n"
    "organisations: { acme: {} }\n"
    "products:\n"
    "  mail: { name: Mail }\n"
    "  cad: { name: CAD }\n"
    "  all: { name: For all,"
    "    grant: 'active eq true and department eq \"sales\"' }\n"
    "pools:\n"
    "  mail-ber: { product: mail, site: ber, quota: 2 }\n"
    "  mail-global: { product: mail, quota: 1 }\n"
    "  cad-global: { product: cad, quota: 1 }\n"
    "  all-global: { product: all, quota: 5 }\n";

static void make_tenant(struct rig *, const char *, uint32_t *);

void
rig_open(struct rig *r)
{
	struct catalogue_in cat = { .text = str_of(rig_catalogue) };
	struct catalogue_out *out;

	memset(r, 0, sizeof(*r));
	snprintf(r->dir, sizeof(r->dir), "/tmp/usher-act-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	r->arena = arena_open(1u << 30);
	r->cx.arena = r->arena;
	r->operator = (struct actor) { .kind = ACTOR_OPERATOR,
		.rights = rights_of_operator(), .factors = FACTOR_SOCKET };
	assert_int_equal(rig_start(r, false), OK);
	make_tenant(r, "acme", &r->acme);
	make_tenant(r, "other", &r->other);
	r->actor = (struct actor) { .kind = ACTOR_CLIENT, .tenant = r->acme,
		.id = 7, .rights = rights_of_tenant() };
	assert_int_equal(rig_long(r, catalogue_put, &cat, &out), OK);
	assert_int_equal(out->version, 1);
}

static void
make_tenant(struct rig *r, const char *name, uint32_t *tenant)
{
	struct tenant_in in = { str_of(name) };
	struct tenant_out *out;

	r->actor = r->operator;
	assert_int_equal(rig_long(r, tenant_make, &in, &out), OK);
	*tenant = out->tenant;
}

enum err
rig_start(struct rig *r, bool accept_rollback)
{
	int fd[RIG_CHANNELS];
	struct world_conf conf = { .vault_fd = fd, .nvault = RIG_CHANNELS,
		.issuer = STR("https://id.example"),
		.data_dir = r->dir, .accept_rollback = accept_rollback };
	enum err err;

	rig_vault(r, fd);
	r->cx.fault = (struct fault) { 0 };
	err = store_open(&r->cx, r->dir, &r->store);
	if (err != OK)
		return err;
	conf.store = r->store;
	return world_open(&r->cx, &conf, &r->world);
}

void
rig_vault(struct rig *r, int fd[RIG_CHANNELS])
{
	int peer[RIG_CHANNELS];
	char list[128] = "", path[128];
	const char *program = getenv("USHER_VAULT");
	size_t n = 0;

	assert_non_null(program);
	snprintf(path, sizeof(path), "%s/vault", r->dir);
	mkdir(path, 0700);
	for (size_t i = 0; i < RIG_CHANNELS; i++) {
		int pair[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC,
		    0, pair), 0);
		fd[i] = pair[0];
		peer[i] = pair[1];
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%d",
		    i == 0 ? "" : ",", peer[i]);
	}
	r->vault = fork();
	assert_true(r->vault >= 0);
	if (r->vault == 0) {
		for (size_t i = 0; i < RIG_CHANNELS; i++)
			fcntl(peer[i], F_SETFD, 0);
		execl(program, "usher-vault", path, list, (char *)NULL);
		_exit(127);
	}
	for (size_t i = 0; i < RIG_CHANNELS; i++)
		close(peer[i]);
}

void
rig_stop(struct rig *r)
{
	world_close(r->world);
	store_close(r->store);
	rig_vault_ends(r);
}

void
rig_vault_ends(struct rig *r)
{
	int status;

	assert_int_equal(waitpid(r->vault, &status, 0), r->vault);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

void
rig_close(struct rig *r)
{
	char command[128];
	pid_t pid;

	rig_stop(r);
	arena_close(r->arena);
	snprintf(command, sizeof(command), "%s", r->dir);
	pid = fork();
	if (pid == 0) {
		execlp("rm", "rm", "-rf", command, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

int
rig_set_up(void **state)
{
	struct rig *r = heap_alloc(1, sizeof(*r));

	rig_open(r);
	*state = r;
	return 0;
}

int
rig_tear_down(void **state)
{
	rig_close(*state);
	heap_free(*state);
	return 0;
}

int
rig_verify_tear_down(void **state)
{
	rig_verify(*state);
	return rig_tear_down(state);
}

/* --- running things ------------------------------------------------------- */

static void
close_arena(void *arena)
{
	arena_close(arena);
}

static struct ctx *
own_ctx(struct rig *r)
{
	struct ctx *cx = arena_alloc(r->arena, sizeof(*cx));

	cx->arena = arena_open(64 << 20);
	arena_defer(r->arena, close_arena, cx->arena);
	cx->actor = arena_copy(r->arena, &r->actor, sizeof(r->actor));
	cx->now_ms = clock_now_ms();
	cx->request_id = (struct str) { arena_alloc(cx->arena, 16), 16 };
	return cx;
}

enum err
rig_do(struct rig *r, const struct use_case *use_case, const void *in,
    void *out)
{
	struct item *it = arena_alloc(r->arena, sizeof(*it));
	enum err err;

	it->cx = own_ctx(r);
	it->use_case = use_case;
	it->tenant = r->actor.tenant;
	it->in = (void *)in;
	err = pipeline_do(world_pipeline(r->world), it, ITEM_INTERACTIVE);
	r->cx.fault = it->cx->fault;
	*(void **)out = it->out;
	return err;
}

struct asked {
	struct query query;
	struct queue *answered;
};

static void
answered(struct query *q)
{
	struct asked *asked = q->owner;

	assert_true(queue_try_put(asked->answered, asked));
}

static enum err
ask(struct rig *r, enum err (*way)(struct world *, struct query *),
    enum err (*run)(struct reader *, struct ctx *, const void *, void **),
    const void *in, void *out)
{
	struct asked asked = { .answered = queue_open(1) };
	void *one;

	asked.query = (struct query) { .cx = own_ctx(r), .run = run, .in = in,
		.done = answered, .owner = &asked };
	assert_int_equal(way(r->world, &asked.query), OK);
	assert_int_equal(queue_take(asked.answered, &one, 1, 60000), 1);
	queue_close(asked.answered);
	r->cx.fault = asked.query.cx->fault;
	*(void **)out = asked.query.out;
	return asked.query.err;
}

enum err
rig_query(struct rig *r,
    enum err (*run)(struct reader *, struct ctx *, const void *, void **),
    const void *in, void *out)
{
	return ask(r, world_query, run, in, out);
}

enum err
rig_long(struct rig *r,
    enum err (*run)(struct reader *, struct ctx *, const void *, void **),
    const void *in, void *out)
{
	return ask(r, world_long, run, in, out);
}

/* --- persons -------------------------------------------------------------- */

struct order *
rig_onboard(struct rig *r, const char *ref, const char *site,
    const char *products)
{
	struct order *o = arena_alloc(r->arena, sizeof(*o));
	struct contract_in *c = arena_alloc(r->arena, sizeof(*c));
	struct str *product = arena_array(r->arena, 8, sizeof(*product));
	struct str left = str_of(products);

	o->kind = ORDER_ONBOARD;
	o->source = 1;
	o->ref = str_of(ref);
	o->idempotency_key = str_fmt(r->arena, "key-%s", ref);
	o->body = o->idempotency_key;
	o->priority = 5;
	assert_int_equal(doc_set(&r->cx, &o->doc, STR("userName"),
	    str_fmt(r->arena, "user.%s", ref)), OK);
	assert_int_equal(doc_set(&r->cx, &o->doc, STR("name.familyName"),
	    str_of(ref)), OK);
	assert_int_equal(doc_set(&r->cx, &o->doc, STR("name.givenName"),
	    STR("Ana")), OK);
	assert_int_equal(doc_set(&r->cx, &o->doc, STR("emails[work].value"),
	    str_fmt(r->arena, "%s@example.org", ref)), OK);
	c->site = str_of(site);
	o->contract = c;
	o->ncontract = 1;
	o->has_contracts = true;
	o->product = product;
	while (left.n > 0)
		product[o->nproduct++] = str_cut(&left, ',');
	return o;
}

struct order_out *
rig_onboarded(struct rig *r, const struct order *o)
{
	struct order_out *out;
	enum err err = rig_do(r, &person_order, o, &out);

	if (err != OK)
		print_error("%s %s\n", err_info(err)->code,
		    msg_name(r->cx.fault.msg));
	assert_int_equal(err, OK);
	return out;
}

void
rig_verify(struct rig *r)
{
	struct seats_verdict *v;

	assert_int_equal(rig_long(r, seats_verify, NULL, &v), OK);
	for (size_t i = 0; i < v->nfault; i++)
		print_error("%s %.*s %.*s\n", msg_name(v->fault[i].what),
		    STR_ARG(v->fault[i].args[0]), STR_ARG(v->fault[i].args[1]));
	assert_true(v->is_whole);
}

int64_t
rig_assigned(struct rig *r, const char *pool)
{
	struct str slug = str_of(pool);
	struct pool_view *v;

	assert_int_equal(rig_query(r, pool_show, &slug, &v), OK);
	return v->row.assigned;
}
