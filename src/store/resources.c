/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resources.c - resources of declared types: the tables, and the pages of a
 * type.
 */
#include "base/canon.h"

#include "store/store_int.h"
#include "store/table.h"

#define C(field) COLUMN(resource_row, field)
static const struct column resource[] = {
	C(tenant), C(type), C(id), C(version), C(source), C(author),
	C(created_ms), C(changed_ms), C(record), C(keys)
};
#undef C
const struct table RESOURCE = TABLE("resource", DB_DATA, resource, 3, resource_row, EXISTS_VERSIONED);

#define C(field) COLUMN(resource_count_row, field)
static const struct column counts[] = {
	C(tenant), C(type), C(source), C(resources)
};
#undef C
const struct table RESOURCE_COUNT = TABLE("resource_count", DB_DATA, counts, 3, resource_count_row, EXISTS_REPLACES);

enum err
resource_page(
    struct tx *tx, const struct resource_page *page, struct rows *out)
{
	const struct index_key *word = page->word;
	struct arg arg[] = { ARG_OF_INT(page->tenant), ARG_OF_INT(page->type),
		ARG_OF_INT(page->source),
		ARG_OF_INT(page->is_descending && page->after == 0
			? INT64_MAX
			: page->after),
		ARG_OF_INT((int64_t)page->limit), ARG_OF_INT(page->skip),
		ARG_OF_INT(CANON_VERSION),
		ARG_OF_INT(word != NULL ? index_word(word) : 0) };
	struct query q = { .into = &RESOURCE, .arg = arg };
	struct buf b;

	buf_init(&b, tx->cx->arena, SQL_MAX);
	buf_z(&b, "SELECT ");
	sql_columns(&b, &RESOURCE, "r.");
	/* With + no index is taken for it: what a word leads to is little, and goes first. */
	buf_fmt(&b,
	    " FROM resource r WHERE r.tenant = $1 AND r.type = $2"
	    " AND ($3 = 0 OR r.source = $3) AND %sr.id %s $4",
	    word != NULL ? "+" : "", page->is_descending ? "<" : ">");
	if (word != NULL)
		sql_has_word(&b, "r.id", 7, 8);
	buf_fmt(&b, " ORDER BY r.id%s LIMIT $5 OFFSET $6",
	    page->is_descending ? " DESC" : "");
	q.narg = word != NULL ? 8 : 6;
	q.text = sql_end(&b);
	return store_query(tx, &q, out);
}
