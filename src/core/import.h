/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import.h - the map of a source: from the columns of a CSV row to a person
 * and a contract.  Pure; the protocol of a run is act/'s (MODEL.md 6).
 */
#ifndef CORE_IMPORT_H
#define CORE_IMPORT_H

#include "base/csv.h"
#include "core/attr.h"
#include "core/template.h"

struct import_map;	/* compiled; the format is in demo/hr-map.yaml's head */

/* From parsed YAML/JSON.  Errors name the line. */
enum err import_map_decode(struct ctx *, const struct js *, struct import_map **out) USE_RESULT;
struct str import_map_source(const struct import_map *);
char import_map_separator(const struct import_map *);	/* 0: find it */
bool import_map_windows_1252(const struct import_map *);
/* Contracts have keys of their own, each of which may stand once in a file. */
bool import_map_has_contracts(const struct import_map *);
/* The column that fills an organisational attribute, or the contract's key (A_COUNT); empty: none. */
struct str import_map_column(const struct import_map *, enum attribute);
/* The personal attributes that the map fills: where a row has none, the person has none. */
size_t import_map_person(const struct import_map *, enum attribute out[A_COUNT]);
/* Over canonical JSON: an unchanged row under a changed map is a changed row. */
struct str import_map_canonical(const struct import_map *);

/* Matches the map's columns with the header line; ERR_BAD_INPUT names a missing column. */
enum err import_map_header(struct ctx *, struct import_map *, const struct csv_record *) USE_RESULT;

/* One row, mapped.  Text values; catalogue and dictionary ids come later. */
struct import_row {
	int64_t	   line;
	struct str ref;		/* key of the person in the source */
	struct str contract;	/* key of the contract; the start date if the map names none */
	struct doc person;	/* personal attributes; userName absent if its template has {n} */
	struct doc org;		/* organisational attributes, text values; manager = a ref */
	struct str user_name[8]; /* candidates where the template has {n}, else none */
	size_t	   nuser_name;
	struct value *declared;	/* of PERSON, while it is mapped; NULL: nothing */
};

/* ERR_BAD_INPUT: the row is rejected; the fault names the COLUMN (of the file) in field. */
enum err import_row_map(struct ctx *, const struct import_map *, const struct csv_record *, struct import_row *out) USE_RESULT;

/*
 * The same in steps, for who need not know all of a row.  Each is a beginning
 * of what import_row_map() does, and fails as that would: first the ref alone;
 * then ref, contract and organisational attributes; then, into the same row,
 * the person.
 */
enum err import_row_ref(struct ctx *, const struct import_map *, const struct csv_record *, struct import_row *out) USE_RESULT;
enum err import_row_contract(struct ctx *, const struct import_map *, const struct csv_record *, struct import_row *out) USE_RESULT;
enum err import_row_person(struct ctx *, const struct import_map *, const struct csv_record *, struct import_row *) USE_RESULT;

#endif
