/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_postgres.c - fresh databases for the contract suite on PostgreSQL.  The
 * URL it is given names a server and no database:
 * postgresql://?host=FOLDER&port=N
 */
#include <stdio.h>
#include <string.h>

#include <libpq-fe.h>

#include "store_contract.h"

static const char *const suffixes[] = { "", "_keys" };

static const char *server;

static void
admin(const char *text)
{
	char url[512];
	PGconn *conn;
	PGresult *r;

	must(snprintf(url, sizeof(url), "postgresql://postgres@/postgres%s",
		 strchr(server, '?')) < (int)sizeof(url));
	conn = PQconnectdb(url);
	must(PQstatus(conn) == CONNECTION_OK);
	r = PQexec(conn, text);
	if (PQresultStatus(r) != PGRES_COMMAND_OK &&
	    PQresultStatus(r) != PGRES_TUPLES_OK)
		fatal("%s: %s", text, PQerrorMessage(conn));
	PQclear(r);
	PQfinish(conn);
}

static void
drop(const char *name)
{
	char text[256];

	for (size_t i = 0; i < COUNT(suffixes); i++) {
		must(snprintf(text, sizeof(text),
			 "DROP DATABASE IF EXISTS %s%s WITH (FORCE)", name,
			 suffixes[i]) < (int)sizeof(text));
		admin(text);
	}
}

void
end_sessions(void)
{
	admin("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
	      " WHERE usename LIKE 'usher%'");
}

bool
is_postgres(const char *base)
{
	return strncmp(base, "postgresql:", 11) == 0;
}

void
fresh_databases(const char *base, unsigned n, char *url, size_t size)
{
	char name[32], text[256];

	must(snprintf(name, sizeof(name), "contract_%u", n) > 0);
	must(snprintf(url, size, "postgresql://usher@/%s%s", name,
		 strchr(base, '?')) < (int)size);
	server = base;
	drop(name);
	for (size_t i = 0; i < COUNT(suffixes); i++) {
		must(snprintf(text, sizeof(text),
			 "CREATE DATABASE %s%s OWNER usher%s", name,
			 suffixes[i], suffixes[i]) < (int)sizeof(text));
		admin(text);
	}
}

void
remove_databases(const char *url)
{
	const char *from = strstr(url, "@/") + 2;
	char name[32];

	must(snprintf(name, sizeof(name), "%.*s", (int)strcspn(from, "?"),
		 from) < (int)sizeof(name));
	drop(name);
}
