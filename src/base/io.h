/* SPDX-License-Identifier: Apache-2.0 */
/*
 * io.h - whole reads and writes of files and descriptors, and faults on demand.
 */
#ifndef BASE_IO_H
#define BASE_IO_H

#include "base/err.h"

/* The whole of FILE, at most MAX bytes.  false: errno says why (EFBIG: larger). */
bool file_read(struct arena *, const char *path, size_t max, struct str *out) USE_RESULT;
/* Writes PATH.new, syncs it, renames it over PATH, syncs the folder. */
bool file_replace(const char *path, struct str bytes, unsigned mode) USE_RESULT;
bool fd_write_all(int fd, struct str bytes) USE_RESULT;
bool fd_read_all(int fd, void *p, size_t n) USE_RESULT;	/* exactly N bytes */

/* Flushes FD to disk.  An error is fatal(): the kernel may have dropped the pages, so a retry would lie (S-F3). */
void fd_sync(int fd);

/*
 * USHER_FAULT=name:n in the environment makes the N-th fault_here("name") of
 * this process true (name:n+ every one from the N-th on).  Names: commit,
 * read, connect, vault, sync.  `kill-NAME:n` ends the process there with
 * SIGKILL instead; `stall-NAME:n` holds the thread there for some seconds and
 * then lets it go on.  Costs one branch when unset.
 */
bool fault_here(const char *name);

#endif
