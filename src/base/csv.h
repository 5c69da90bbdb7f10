/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv.h - CSV as real systems write it, read in pieces of any size.
 *
 * RFC 4180 with quoted line breaks, a BOM, CR, LF or CRLF, and a separator of
 * comma, semicolon, tab or bar that is found in the header line when SEPARATOR
 * is 0.  Encodings: UTF-8; the caller may ask for Windows-1252 (converted,
 * unless a BOM says that it is UTF-8).  Empty lines are passed over.
 *
 * A record that is broken (stray quote, NUL, too long, not as many fields as
 * the first, bad UTF-8) comes out as a record with `error` set, and reading
 * goes on: after a stray quote with the next line; a quote that nothing closes
 * takes what follows with it, so that text in quotes is never read as records.
 */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/err.h"

#define CSV_FIELDS_MAX 256
#define CSV_RECORD_MAX 65536

struct csv_record {
	const struct str *field;	/* views, valid until the next csv_next() */
	size_t		  n;
	int64_t		  line;		/* of its first byte, from 1 */
	struct str	  raw;		/* the bytes as they stood, as UTF-8, without the line end; of a record too long its beginning */
	enum msg	  error;	/* 0 (MSG_NONE): it is whole */
	size_t		  error_field;	/* which field is at fault, from 0 */
};

struct csv;

struct csv *csv_open(char separator, bool windows_1252);
void csv_close(struct csv *);

/* Adds bytes; END says that no more will come. */
void csv_feed(struct csv *, struct str bytes, bool end);
/* The next whole record, header included; false: feed more (or the end). */
bool csv_next(struct csv *, struct csv_record *) USE_RESULT;
char csv_separator(const struct csv *);		/* known after the first record */

/*
 * Appends FIELD to a line being written: quoted where needed, and with a
 * leading ' where a spreadsheet would take it for a formula (S-T8) if DEFUSE.
 * Separators and line ends are the caller's.
 */
struct buf;
void csv_write(struct buf *, struct str field, char separator, bool defuse);

#endif
