/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_vfs.c - the files of a writer: its write-ahead log goes to the disk in
 * large pieces, and its database may be synced by another thread.
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
 *
 * A checkpoint copies pages of the log into the database and syncs that; from
 * then on SQLite may begin the log anew and write over what it held.  Where
 * the database has a lag (sqlite_lag.c) its sync is put off, and as long as
 * there is any, SQLite is told that a reader still needs the log: it goes on
 * behind its end.  So a page is always in a synced log or in a synced database.
 */
#include <string.h>

#include "base/buf.h"

#include "store/sqlite_int.h"

/* The system's file of SQLite takes less than 128 KiB in one write. */
#define GATHER_MAX ((size_t)120 << 10)

/* Taken together before a log is begun anew: what readers hold on it (WAL_READ_LOCK(1) to (4) in SQLite's wal.c). */
#define LOG_LOCK   4
#define LOG_LOCK_N 4

/* SQLite gives us as much memory as our VFS asks for; the system's file follows. */
struct vfs_file {
	sqlite3_file  base;
	bool	      is_log;
	bool	      is_synced;	/* log: nothing was written since */
	sqlite3_int64 at;		/* log: where in the file the gathered bytes begin */
	struct buf    gathered;
	struct lag   *lag;		/* database: who syncs it */
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
static int map_memory(sqlite3_file *, int, int, int, void volatile **);
static int lock_memory(sqlite3_file *, int, int, int);
static void barrier(sqlite3_file *);
static int unmap_memory(sqlite3_file *, int);
static int write_out(struct vfs_file *);

static const sqlite3_io_methods methods = {
	.iVersion = 2,
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
	.xShmMap = map_memory,
	.xShmLock = lock_memory,
	.xShmBarrier = barrier,
	.xShmUnmap = unmap_memory,
};

static sqlite3_vfs vfs;
static sqlite3_vfs *under;	/* the system's */

/* All but opening is the system's; its functions do not ask whose VFS they are called for. */
const char *
sqlite_writer_vfs(void)
{
	if (under != NULL)
		return vfs.zName;
	under = sqlite3_vfs_find(NULL);
	must(under != NULL);
	vfs = *under;
	vfs.zName = "usher-writer";
	vfs.pNext = NULL;
	vfs.szOsFile = (int)sizeof(struct vfs_file) + under->szOsFile;
	vfs.xOpen = open_file;
	must(sqlite3_vfs_register(&vfs, 0) == SQLITE_OK);
	return vfs.zName;
}

static sqlite3_file *
real(sqlite3_file *file)
{
	return (sqlite3_file *)((struct vfs_file *)file + 1);
}

static int
open_file(sqlite3_vfs *own, const char *name, sqlite3_file *file, int flags,
    int *out_flags)
{
	struct vfs_file *f = (struct vfs_file *)file;
	int code;

	(void)own;
	if ((flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_DB)) == 0)
		return under->xOpen(under, name, file, flags, out_flags);
	memset(f, 0, sizeof(*f));
	code = under->xOpen(under, name, real(file), flags, out_flags);
	if (code != SQLITE_OK)
		return code;
	f->is_log = (flags & SQLITE_OPEN_WAL) != 0;
	if (f->is_log) {
		/* Else SQLite would write on after the sync of a commit, up to a sector's end. */
		must((characteristics(file) &
			 SQLITE_IOCAP_POWERSAFE_OVERWRITE) != 0);
		buf_init(&f->gathered, NULL, GATHER_MAX);
	}
	f->base.pMethods = &methods;
	return SQLITE_OK;
}

void
sqlite_put_off(sqlite3 *conn, struct lag *lag)
{
	struct vfs_file *f;

	must(sqlite3_file_control(
		 conn, "main", SQLITE_FCNTL_FILE_POINTER, &f) == SQLITE_OK);
	must(f->base.pMethods == &methods && !f->is_log);
	f->lag = lag;
}

static int
close_file(sqlite3_file *file)
{
	struct vfs_file *f = (struct vfs_file *)file;
	int code = write_out(f), closed;

	buf_fini(&f->gathered);
	closed = real(file)->pMethods->xClose(real(file));
	return code != SQLITE_OK ? code : closed;
}

static int
write_file(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
	struct vfs_file *f = (struct vfs_file *)file;
	size_t size = (size_t)n;

	if (!f->is_log)
		return real(file)->pMethods->xWrite(real(file), p, n, at);
	must(n >= 0 && size <= GATHER_MAX);
	f->is_synced = false;
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
write_out(struct vfs_file *f)
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
	int code = write_out((struct vfs_file *)file);

	return code != SQLITE_OK
	    ? code
	    : real(file)->pMethods->xRead(real(file), p, n, at);
}

static int
truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
	struct vfs_file *f = (struct vfs_file *)file;
	int code = write_out(f);

	f->is_synced = false;
	return code != SQLITE_OK
	    ? code
	    : real(file)->pMethods->xTruncate(real(file), size);
}

static int
sync_file(sqlite3_file *file, int flags)
{
	struct vfs_file *f = (struct vfs_file *)file;
	int code = write_out(f);

	if (f->is_synced)
		return SQLITE_OK;
	if (f->lag != NULL && lag_add(f->lag))
		return SQLITE_OK;
	if (code == SQLITE_OK)
		code = real(file)->pMethods->xSync(real(file), flags);
	f->is_synced = code == SQLITE_OK && f->is_log;
	return code;
}

static int
file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	int code = write_out((struct vfs_file *)file);

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

/* --- the log's index in shared memory ----------------------------------------- */

static int
map_memory(sqlite3_file *file, int i, int size, int extend, void volatile **out)
{
	return real(file)->pMethods->xShmMap(real(file), i, size, extend, out);
}

static int
lock_memory(sqlite3_file *file, int first, int n, int flags)
{
	const int wanted = SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE;
	struct vfs_file *f = (struct vfs_file *)file;

	if (f->lag != NULL && flags == wanted && first == LOG_LOCK &&
	    n == LOG_LOCK_N && !lag_is_none(f->lag))
		return SQLITE_BUSY;
	return real(file)->pMethods->xShmLock(real(file), first, n, flags);
}

static void
barrier(sqlite3_file *file)
{
	real(file)->pMethods->xShmBarrier(real(file));
}

static int
unmap_memory(sqlite3_file *file, int deletes)
{
	return real(file)->pMethods->xShmUnmap(real(file), deletes);
}
