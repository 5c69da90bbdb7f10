/* SPDX-License-Identifier: Apache-2.0 */
/*
 * imports.h - files as HR systems write them, in strings, on their way through
 * both passes.
 */
#ifndef TEST_ACT_IMPORTS_H
#define TEST_ACT_IMPORTS_H

#include "audit/tree.h"

#include "plant.h"

#define HEADER \
	"Nr;Nachname;Vorname;E-Mail;Standort;Abteilung;Chef;Vertrag;Eintritt;Austritt\n"

#define ANA "1;Muster;Ana;ana@example.org;Berlin HQ;Vertrieb;3;V1;01.02.2020;\n"
#define BO  "2;Lang;Bo;bo@example.org;München;Lager;3;V2;01.02.2020;\n"
#define CY  "3;Chefin;Cy;cy@example.org;München;Leitung;;V3;01.02.2015;\n"
#define DI  "4;Neu;Di;di@example.org;Berlin HQ;Vertrieb;3;V4;01.02.2020;\n"

extern const char import_map_text[];

/* A file on its way; broken off after CUT bytes. */
struct file {
	const char *text;
	size_t	    n, at, cut;
};

struct file file_of(const char *text);
/* For import_in.read; its argument is a struct file. */
ssize_t file_piece(void *file, void *p, size_t max);

/* Of source hr, with the map above. */
struct import_open_in asked(void);
int64_t opened(struct rig *, const struct import_open_in *);
enum err pass(struct rig *, enum err (*run)(struct reader *, struct ctx *, const void *, void **), int64_t id,
    struct file *, struct import_report **);
enum err scanned(struct rig *, int64_t id, const char *text, struct import_report **);
enum err applied(struct rig *, int64_t id, const char *text, struct import_report **);
/* Both passes; a stopped run has one. */
struct import_report *imported(struct rig *, const struct import_open_in *, const char *text);
struct import_report *import(struct rig *, const char *text);
/* How many were added, changed, unchanged, removed; how many rows rejected. */
void assert_report(const struct import_report *, int added, int changed, int unchanged, int removed, int rejected);

struct person_view *person_named(struct rig *, const char *user_name);
/* Every row of every table that a use case writes, in one digest. */
struct hash everything(struct rig *);
#define assert_same(a, b) assert_memory_equal((a).bytes, (b).bytes, 32)

#endif
