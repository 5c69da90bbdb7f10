/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load_scim.c - the same persons and questions as load.c's, by SCIM 2.0.
 */
#include <stdio.h>
#include <string.h>

#include "load.h"

#define SCIM	   "/scim/v2"
#define MEDIA	   "Content-Type: application/scim+json\r\n"
#define MESSAGES   "urn:ietf:params:scim:api:messages:2.0:"
#define CORE	   "urn:ietf:params:scim:schemas:core:2.0:User"
#define ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
#define USHER	   "urn:ietf:params:scim:schemas:extension:usher:2.0:User"

static size_t
put_user(char *out, size_t max, size_t number)
{
	struct made m = made_of(number);

	return (size_t)snprintf(out, max,
	    "{\"schemas\":[\"" CORE "\",\"" ENTERPRISE "\",\"" USHER "\"],"
	    "\"externalId\":\"B%zu\",\"userName\":\"ana%zu.kova%zu\","
	    "\"name\":{\"givenName\":\"Ana%zu\",\"familyName\":\"Kova%zu\"},"
	    "\"emails\":[{\"type\":\"work\",\"primary\":true,"
	    "\"value\":\"ana%zu.kova%zu@bench.example\"}],"
	    "\"phoneNumbers\":[{\"type\":\"work\",\"value\":\"+49 30 %zu\"}],"
	    "\"addresses\":[{\"type\":\"home\",\"streetAddress\":"
	    "\"Lange Strasse %zu\",\"locality\":\"Berlin\","
	    "\"postalCode\":\"10115\",\"country\":\"DE\"}],"
	    "\"userType\":\"bench\",\"title\":\"Engineer\","
	    "\"entitlements\":[{\"value\":\"%s\"}],"
	    "\"" ENTERPRISE "\":{\"department\":\"department %zu\"},"
	    "\"" USHER "\":{\"site\":\"%s\",\"start\":\"2026-01-01\"}}",
	    number, m.given, m.family, m.given, m.family, m.given, m.family,
	    number, number % 300, argument, m.department, m.site);
}

size_t
scim_post(struct connection *c, size_t number, char *out)
{
	char body[2048];

	(void)c;
	put_user(body, sizeof(body), number);
	return request(out, "POST", SCIM "/Users", MEDIA, body);
}

/* As clients look before they make somebody. */
size_t
scim_read(struct connection *c, size_t number, char *out)
{
	char path[2 * LINE_MAX_];

	(void)c;
	snprintf(path, sizeof(path),
	    SCIM "/Users?filter=userName%%20eq%%20%%22%s%%22", line_of(number));
	return request(out, "GET", path, "", NULL);
}

size_t
scim_patch(struct connection *c, size_t number, char *out)
{
	char path[2 * LINE_MAX_], body[256];

	(void)c;
	snprintf(path, sizeof(path), SCIM "/Users/%s", line_of(number));
	snprintf(body, sizeof(body),
	    "{\"schemas\":[\"" MESSAGES "PatchOp\"],\"Operations\":[{\"op\":"
	    "\"replace\",\"path\":\"title\",\"value\":\"engineer %zu\"}]}",
	    number % 1000);
	return request(out, "PATCH", path, MEDIA, body);
}

size_t
scim_list(struct connection *c, size_t number, char *out)
{
	char path[128];

	(void)number;
	snprintf(path, sizeof(path), SCIM "/Users?count=%s&cursor=%s", argument,
	    c->place);
	return request(out, "GET", path, "", NULL);
}

size_t
scim_bulk(struct connection *c, size_t number, char *out)
{
	static char body[REQUEST_MAX];
	size_t n = (size_t)snprintf(body, sizeof(body),
	    "{\"schemas\":[\"" MESSAGES "BulkRequest\"],\"Operations\":[");

	(void)c;
	for (size_t i = 0; i < BULK_COUNT; i++) {
		n += (size_t)snprintf(body + n, sizeof(body) - n,
		    "{\"method\":\"POST\",\"path\":\"/Users\",\"bulkId\":\"%zu"
		    "\",\"data\":",
		    i);
		n += put_user(
		    body + n, sizeof(body) - n, number * BULK_COUNT + i);
		if (n + 8 > sizeof(body))
			die("bulk too long");
		n += (size_t)snprintf(body + n, sizeof(body) - n, "}%s",
		    i + 1 < BULK_COUNT ? "," : "]}");
	}
	return request(out, "POST", SCIM "/Bulk", MEDIA, body);
}

enum reply_state
judge_scim_page(struct connection *c)
{
	return judge_page(c, "\"nextCursor\":\"");
}

enum reply_state
judge_scim_bulk(struct connection *c)
{
	return judge_many(c, "\"status\":\"201\"");
}
