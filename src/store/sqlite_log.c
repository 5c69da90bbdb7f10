/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_log.c - the writer's write-ahead log goes to the disk in large pieces.
 *
 * SQLite writes a log page by page, each in two calls.  Here what follows on
 * what was written before is gathered in memory and written when it is full,
 * or before anything else is done with the file.
 *
 * Nothing is less durable by it: with synchronous = FULL a commit syncs the
 * log before its index in shared memory tells any reader of the new pages, and
 * a sync writes first what was gathered.  What is gathered is therefore always
 * part of a transaction that nobody else has seen; if it cannot be written,
 * its commit fails as if the single write had.
 */
#include <string.h>

#include "base/buf.h"

#include "store/sqlite_int.h"

/* The system's file of SQLite takes less than 128 KiB in one write. */
#define GATHER_MAX ((size_t)120 << 10)

/* SQLite gives us as much memory as our VFS asks for; the system's file follows. */
struct log_file {
	sqlite3_file  base;
	sqlite3_int64 at;	/* where in the file the gathered bytes begin */
	struct buf    gathered;
};

static int open_file(sqlite3_vfs *, const char *, sqlite3_file *, int, int *);
static int close_file(sqlite3_file *);
static int read_file(sqlite3_file *, void *, int, sqlite3_int64);
static int write_file(sqlite3_file *, const void *, int, sqlite3_int64);
static int truncate_file(sqlite3_file *, sqlite3_int64);
static int sync_file(sqlite3_file *, int);
static int file_size(sqlite3_file *, sqlite3_int64 *);
static int lock_file(sqlite3_file *, int);
static int unlock_file(sqlite3_file *, int);
static int is_reserved(sqlite3_file *, int *);
static int control_file(sqlite3_file *, int, void *);
static int sector_size(sqlite3_file *);
static int characteristics(sqlite3_file *);
static int write_out(struct log_file *);

static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = close_file,
	.xRead = read_file,
	.xWrite = write_file,
	.xTruncate = truncate_file,
	.xSync = sync_file,
	.xFileSize = file_size,
	.xLock = lock_file,
	.xUnlock = unlock_file,
	.xCheckReservedLock = is_reserved,
	.xFileControl = control_file,
	.xSectorSize = sector_size,
	.xDeviceCharacteristics = characteristics,
};

static sqlite3_vfs vfs;
static sqlite3_vfs *under;	/* the system's */

/* All but opening is the system's; its functions do not ask whose VFS they are called for. */
const char *
sqlite_log_vfs(void)
{
	if (under != NULL)
		return vfs.zName;
	under = sqlite3_vfs_find(NULL);
	must(under != NULL);
	vfs = *under;
	vfs.zName = "usher-log";
	vfs.pNext = NULL;
	vfs.szOsFile = (int)sizeof(struct log_file) + under->szOsFile;
	vfs.xOpen = open_file;
	must(sqlite3_vfs_register(&vfs, 0) == SQLITE_OK);
	return vfs.zName;
}

static sqlite3_file *
real(sqlite3_file *file)
{
	return (sqlite3_file *)((struct log_file *)file + 1);
}

static int
open_file(sqlite3_vfs *own, const char *name, sqlite3_file *file, int flags,
    int *out_flags)
{
	struct log_file *f = (struct log_file *)file;
	int code;

	(void)own;
	if ((flags & SQLITE_OPEN_WAL) == 0)
		return under->xOpen(under, name, file, flags, out_flags);
	memset(f, 0, sizeof(*f));
	code = under->xOpen(under, name, real(file), flags, out_flags);
	if (code != SQLITE_OK)
		return code;
	/* Else SQLite would write on after the sync of a commit, up to a sector's end. */
	must((characteristics(file) & SQLITE_IOCAP_POWERSAFE_OVERWRITE) != 0);
	buf_init(&f->gathered, NULL, GATHER_MAX);
	f->base.pMethods = &methods;
	return SQLITE_OK;
}

static int
close_file(sqlite3_file *file)
{
	struct log_file *f = (struct log_file *)file;
	int code = write_out(f), closed;

	buf_fini(&f->gathered);
	closed = real(file)->pMethods->xClose(real(file));
	return code != SQLITE_OK ? code : closed;
}

static int
write_file(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
	struct log_file *f = (struct log_file *)file;
	size_t size = (size_t)n;

	must(n >= 0 && size <= GATHER_MAX);
	if (at != f->at + (sqlite3_int64)f->gathered.n ||
	    f->gathered.n + size > GATHER_MAX) {
		int code = write_out(f);

		if (code != SQLITE_OK)
			return code;
		f->at = at;
	}
	buf_bytes(&f->gathered, p, size);
	must(!f->gathered.over);
	return SQLITE_OK;
}

/* What could not be written is forgotten: SQLite rolls it back and writes other pages there. */
static int
write_out(struct log_file *f)
{
	sqlite3_file *to = real(&f->base);
	size_t n = f->gathered.n;

	if (n == 0)
		return SQLITE_OK;
	f->gathered.n = 0;
	return to->pMethods->xWrite(to, f->gathered.p, (int)n, f->at);
}

static int
read_file(sqlite3_file *file, void *p, int n, sqlite3_int64 at)
{
	int code = write_out((struct log_file *)file);

	return code != SQLITE_OK
	    ? code
	    : real(file)->pMethods->xRead(real(file), p, n, at);
}

static int
truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
	int code = write_out((struct log_file *)file);

	return code != SQLITE_OK
	    ? code
	    : real(file)->pMethods->xTruncate(real(file), size);
}

static int
sync_file(sqlite3_file *file, int flags)
{
	int code = write_out((struct log_file *)file);

	return code != SQLITE_OK
	    ? code
	    : real(file)->pMethods->xSync(real(file), flags);
}

static int
file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	int code = write_out((struct log_file *)file);

	return code != SQLITE_OK
	    ? code
	    : real(file)->pMethods->xFileSize(real(file), size);
}

/* A log is not locked: its database is. */
static int
lock_file(sqlite3_file *file, int level)
{
	return real(file)->pMethods->xLock(real(file), level);
}

static int
unlock_file(sqlite3_file *file, int level)
{
	return real(file)->pMethods->xUnlock(real(file), level);
}

static int
is_reserved(sqlite3_file *file, int *out)
{
	return real(file)->pMethods->xCheckReservedLock(real(file), out);
}

static int
control_file(sqlite3_file *file, int op, void *arg)
{
	return real(file)->pMethods->xFileControl(real(file), op, arg);
}

static int
sector_size(sqlite3_file *file)
{
	return real(file)->pMethods->xSectorSize(real(file));
}

static int
characteristics(sqlite3_file *file)
{
	return real(file)->pMethods->xDeviceCharacteristics(real(file));
}
