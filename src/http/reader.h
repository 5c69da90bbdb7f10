/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader.h - a reader takes one HTTP/1.1 request out of a stream of bytes.
 *
 * Pure: no I/O, no clock.  Bytes may come in pieces of any size; the outcome
 * is the same for every way of cutting them.  It accepts less than RFC 9112
 * allows, since whatever two programs may read differently can be used to
 * smuggle a request past one of them:
 *
 *	- every line ends with CR LF; no empty line before the request line
 *	- origin-form targets only, of characters RFC 3986 allows there
 *	- field lines are token ":" OWS visible-ASCII OWS; no folding
 *	- one Host; fields that mean one thing are refused when sent twice
 *	- Content-Length or Transfer-Encoding: chunked, never both, never lists
 *	- chunk extensions are parsed, limited and ignored; no trailers
 *
 *	REQUEST_LINE -> FIELDS -> READY --+--> LENGTH ----------------> WHOLE
 *	                                  '--> CHUNK_SIZE <-> CHUNK_DATA  ^
 *	                                             '-----> LAST --------'
 *	any of them -> BROKEN, for ever
 */
#ifndef HTTP_READER_H
#define HTTP_READER_H

#include "base/buf.h"
#include "base/err.h"

#include "http/http.h"

#define READER_LINE_MAX	 8192	/* the request line, with CR LF */
#define READER_HEAD_MAX	 32768	/* the whole head */
#define READER_FIELDS_MAX 64
#define READER_CHUNK_LINE_MAX 256	/* chunk size and extensions */
#define READER_EXTENSION_MAX 4096	/* all extensions of one body */

enum reader_event {
	READER_MORE,	/* all bytes were taken; feed more */
	READER_HEAD,	/* the head is whole */
	READER_BODY,	/* a piece of the body */
	READER_WHOLE,	/* the request is whole; what is left is the next one's */
	READER_REFUSED,	/* err, msg and field say why; feed no more */
	READER_AGAIN	/* (inside the reader: go on in the new state) */
};

enum reader_state {
	STATE_REQUEST_LINE, STATE_FIELDS, STATE_READY, STATE_LENGTH, STATE_CHUNK_SIZE, STATE_CHUNK_DATA, STATE_CHUNK_END,
	STATE_LAST, STATE_WHOLE, STATE_BROKEN
};

/* Offsets, because the head may move while it grows. */
struct span {
	uint16_t at, n;
};

struct reader {
	struct buf	 *head;		/* the caller's: the bytes of the head */
	struct str	  in, piece;	/* of the present reader_feed() */
	enum reader_state state;
	size_t		  line;		/* where the present line begins */
	struct span	  name[READER_FIELDS_MAX], value[READER_FIELDS_MAX];
	size_t		  nfield;
	unsigned	  seen;		/* a bit for each field known by name */

	enum method	  method;	/* HEAD is GET with is_head */
	bool		  is_head, is_chunked, expects_continue, closes;
	struct span	  target;
	uint64_t	  length;	/* Content-Length; 0 if chunked */

	uint64_t	  left;		/* of the body or of the chunk */
	unsigned	  chunk_state, chunk_digits;
	size_t		  chunk_line, extensions;

	enum err	  err;		/* of READER_REFUSED */
	enum msg	  msg;
	const char	 *field;
};

/* For the next request.  HEAD is emptied and will hold its head. */
void reader_init(struct reader *, struct buf *head);

/*
 * Goes on with the bytes at the front of *IN and cuts off what it took.
 * READER_BODY: *PIECE is a view of what was in *IN.
 */
enum reader_event reader_feed(struct reader *, struct str *in, struct str *piece) USE_RESULT;

/* Views into the head; after READER_HEAD, or of what there is so far: no target before the request line is read. */
struct str reader_target(const struct reader *);
size_t reader_headers(const struct reader *, struct header header[READER_FIELDS_MAX]);

#endif
