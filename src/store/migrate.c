/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migrate.c - the schema, step by step, one text for both engines.  An engine
 * runs the steps it lacks and remembers the last one in the database.
 */
#include "store/store_int.h"

#include <ctype.h>

/* A list of statements; the preprocessor makes each a string of one line. */
#define SQL(...) #__VA_ARGS__,
static const char *const data_0001[] = {
#include "store/migrations/data_0001.def"
	NULL
};
static const char *const data_0002[] = {
#include "store/migrations/data_0002.def"
	NULL
};
static const char *const data_0003[] = {
#include "store/migrations/data_0003.def"
	NULL
};
static const char *const data_0004[] = {
#include "store/migrations/data_0004.def"
	NULL
};
static const char *const data_0005[] = {
#include "store/migrations/data_0005.def"
	NULL
};
static const char *const data_0006[] = {
#include "store/migrations/data_0006.def"
	NULL
};
static const char *const data_0007[] = {
#include "store/migrations/data_0007.def"
	NULL
};
static const char *const data_0008[] = {
#include "store/migrations/data_0008.def"
	NULL
};
static const char *const data_0009[] = {
#include "store/migrations/data_0009.def"
	NULL
};
static const char *const data_0010[] = {
#include "store/migrations/data_0010.def"
	NULL
};
static const char *const data_0011[] = {
#include "store/migrations/data_0011.def"
	NULL
};
static const char *const data_0013[] = {
#include "store/migrations/data_0013.def"
	NULL
};
static const char *const data_0014[] = {
#include "store/migrations/data_0014.def"
	NULL
};
static const char *const data_0016[] = {
#include "store/migrations/data_0016.def"
	NULL
};
static const char *const data_0017[] = {
#include "store/migrations/data_0017.def"
	NULL
};
static const char *const keys_0001[] = {
#include "store/migrations/keys_0001.def"
	NULL
};
static const char *const keys_0002[] = {
#include "store/migrations/keys_0002.def"
	NULL
};
static const char *const keys_0003[] = {
#include "store/migrations/keys_0003.def"
	NULL
};
#undef SQL

/* Of each database in order. */
const struct migration migrations[] = {
	{ DB_DATA, 1, data_0001 },
	{ DB_DATA, 2, data_0002 },
	{ DB_DATA, 3, data_0003 },
	{ DB_DATA, 4, data_0004 },
	{ DB_DATA, 5, data_0005 },
	{ DB_DATA, 6, data_0006 },
	{ DB_DATA, 7, data_0007 },
	{ DB_DATA, 8, data_0008 },
	{ DB_DATA, 9, data_0009 },
	{ DB_DATA, 10, data_0010 },
	{ DB_DATA, 11, data_0011 },
	{ DB_DATA, 13, data_0013 },
	{ DB_DATA, 14, data_0014 },
	{ DB_DATA, 16, data_0016 },
	{ DB_DATA, 17, data_0017 },
	{ DB_KEYS, 1, keys_0001 },
	{ DB_KEYS, 2, keys_0002 },
	{ DB_KEYS, 3, keys_0003 },
	{ DB_DATA, 0, NULL }
};

int
migration_last(enum db_kind kind)
{
	int last = 0;

	for (const struct migration *m = migrations; m->text != NULL; m++)
		if (m->db == kind)
			last = m->version;
	return last;
}

void
migration_text(
    struct buf *b, const char *text, const struct word *word, size_t nword)
{
	while (*text != '\0') {
		struct str w = { text + 1, 0 };
		size_t i = 0;

		if (*text != '@') {
			buf_u8(b, (uint8_t)*text++);
			continue;
		}
		while (islower((unsigned char)w.p[w.n]))
			w.n++;
		while (i < nword && !str_eq(w, str_of(word[i].word)))
			i++;
		must(i < nword);
		buf_z(b, word[i].means);
		text += 1 + w.n;
	}
}
