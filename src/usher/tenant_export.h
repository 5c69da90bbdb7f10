/* SPDX-License-Identifier: Apache-2.0 */
/* tenant_export.h - everything of a tenant in a folder, for its owner. */
#ifndef USHER_TENANT_EXPORT_H
#define USHER_TENANT_EXPORT_H

#include "usher/cli.h"

/*
 *	manifest.json	counts, and size and SHA-256 of every other file; written last
 *	catalogue.yaml	as `usher catalogue apply` takes it
 *	persons.jsonl	a person a line, with contracts, as the API shows one
 *	tables/X.jsonl	the rows of table X that say more than that
 *	log/N/		origin N of the log, as `usher audit verify` takes it
 */
enum err tenant_export(struct cli *);

#endif
