/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h - how the tables_*.c declare a table: its columns are fields of its
 * row struct, under the same names.
 */
#ifndef STORE_TABLE_H
#define STORE_TABLE_H

#include "store/store_int.h"

/* Column and field FIELD of struct TYPE. */
#define COLUMN(type, field) \
	{ #field, _Generic(((struct type *)NULL)->field, struct str: true, default: false), \
	  offsetof(struct type, field), sizeof(((struct type *)NULL)->field) }

/* COLUMNS is an array of COLUMN(TYPE, …), the first NKEY are the key. */
#define TABLE(sql_name, kind, columns, nkey_, type, rule) \
	{ .name = (sql_name), .db = (kind), .column = (columns), .ncolumn = COUNT(columns), \
	  .nkey = (nkey_), .row_size = sizeof(struct type), .when_exists = (rule) }

#endif
