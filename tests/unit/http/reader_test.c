/* SPDX-License-Identifier: Apache-2.0 */
/* reader_test.c - malformed and smuggled requests, cut in every possible way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

#include "http/http_int.h"

#define TRACE_MAX (256 * 1024)
#define wrong(...)  (print_error(__VA_ARGS__), assert_true(false))

/* What a stream of bytes comes to: so many whole requests, then MSG (0: nothing wrong). */
struct vector {
	const char *bytes;
	size_t	    n;
	size_t	    whole;
	enum msg    msg;
	const char *body;	/* of all requests, joined; NULL: not looked at */
};

#define B(whole, msg, body, bytes) \
	{ bytes, sizeof(bytes) - 1, whole, msg, body }
#define V(whole, msg, bytes) B(whole, msg, NULL, bytes)
#define H	"Host: a\r\n"
#define GET_H	"GET / HTTP/1.1\r\n" H
#define POST_H	"POST / HTTP/1.1\r\n" H
#define CHUNKED POST_H "Transfer-Encoding: chunked\r\n\r\n"
#define AFTER	"GET /smuggled HTTP/1.1\r\n" H "\r\n"

static const struct vector vectors[] = {
	/* What is fine. */
	V(1, MSG_NONE, GET_H "\r\n"),
	V(2, MSG_NONE, GET_H "\r\n" AFTER),
	V(1, MSG_NONE, "HEAD / HTTP/1.1\r\n" H "\r\n"),
	V(1, MSG_NONE, "PUT /a HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n"),
	V(1, MSG_NONE, "PATCH /a HTTP/1.1\r\n" H "\r\n"),
	V(1, MSG_NONE, "DELETE /a HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_NONE, "GET / HTTP/1.1\r\nHost: a\r\n"),
	V(0, MSG_NONE, "GET / HTTP/1.1\r\nHost: a\r\n\r"),
	V(1, MSG_NONE, "GET / HTTP/1.1\r\nhOST:a\r\n\r\n"),
	V(1, MSG_NONE, "GET / HTTP/1.1\r\nHost: \t a \t \r\n\r\n"),
	V(1, MSG_NONE, "GET / HTTP/1.1\r\nHost: [::1]:8420\r\n\r\n"),
	V(1, MSG_NONE, "GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n"),
	V(1, MSG_NONE, "GET / HTTP/1.1\r\nHost: usher.example.com:443\r\n\r\n"),
	V(1, MSG_NONE, GET_H "X-Empty:\r\n\r\n"),
	V(1, MSG_NONE, GET_H "X-Tab: a\tb\r\n\r\n"),
	V(1, MSG_NONE, GET_H "!#$%&'*+-.^_`|~09aZ: x\r\n\r\n"),
	V(1, MSG_NONE, GET_H "Accept: a\r\nAccept: b\r\n\r\n"),
	V(1, MSG_NONE, GET_H "Connection: keep-alive, CLOSE\r\n\r\n"),
	V(1, MSG_NONE, GET_H "Content-Encoding: identity\r\n\r\n"),
	V(1, MSG_NONE, "GET /a?b=c&d=%26 HTTP/1.1\r\n" H "\r\n"),
	V(1, MSG_NONE, "GET /a? HTTP/1.1\r\n" H "\r\n"),
	V(1, MSG_NONE, "GET /%C3%A4/%E2%82%AC HTTP/1.1\r\n" H "\r\n"),
	V(1, MSG_NONE, "GET /a//b/ HTTP/1.1\r\n" H "\r\n"),
	V(1, MSG_NONE, "GET /...x/.a HTTP/1.1\r\n" H "\r\n"),
	B(2, MSG_NONE, "hello", POST_H "Content-Length: 5\r\n\r\nhello" AFTER),
	B(1, MSG_NONE, "hello", POST_H "Expect: 100-Continue\r\nContent-Length: 5\r\n\r\nhello"),
	B(1, MSG_NONE, "hello", POST_H "Content-Length: 005\r\n\r\nhello"),
	B(2, MSG_NONE, "hello", CHUNKED "5\r\nhello\r\n0\r\n\r\n" AFTER),
	B(1, MSG_NONE, "hello, you", CHUNKED "5\r\nhello\r\n05\r\n, you\r\n000\r\n\r\n"),
	B(1, MSG_NONE, "0123456789abcdef", CHUNKED "0000000000010\r\n0123456789abcdef\r\n0\r\n\r\n"),
	B(1, MSG_NONE, "0123456789", CHUNKED "A\r\n0123456789\r\n0\r\n\r\n"),
	B(1, MSG_NONE, "x", POST_H "transfer-encoding:CHUNKED\r\n\r\n1\r\nx\r\n0\r\n\r\n"),
	B(1, MSG_NONE, "x", CHUNKED "1;a\r\nx\r\n0;b=c;d=\"e;\\\"f\"\r\n\r\n"),
	B(1, MSG_NONE, "\r\n0\r\n\r\n", CHUNKED "7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n"),
	V(1, MSG_NONE, CHUNKED "0\r\n\r\n"),

	/* Request line. */
	V(0, MSG_HTTP_REQUEST_LINE, "\r\n" GET_H "\r\n"),
	V(0, MSG_HTTP_REQUEST_LINE, "GET /\r\n" H "\r\n"),
	V(0, MSG_HTTP_REQUEST_LINE, "GET\r\n" H "\r\n"),
	V(0, MSG_HTTP_REQUEST_LINE, " GET / HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_REQUEST_LINE, "GET  / HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_REQUEST_LINE, "GET /  HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_REQUEST_LINE, "GET / HTTP/1.1 \r\n" H "\r\n"),
	V(0, MSG_HTTP_REQUEST_LINE, "GET\t/ HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_REQUEST_LINE, "GET / HTTP/1.1\r\r\n" H "\r\n"),
	V(0, MSG_HTTP_REQUEST_LINE, "GET / http/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_REQUEST_LINE, "GET / HTTP/1.10\r\n" H "\r\n"),
	V(0, MSG_HTTP_REQUEST_LINE, "GET / HTTP/11\r\n" H "\r\n"),
	V(0, MSG_HTTP_REQUEST_LINE, "GET / HTTP/1,1\r\n" H "\r\n"),
	V(0, MSG_HTTP_REQUEST_LINE, "GET / HTTP/1.a\r\n" H "\r\n"),
	V(0, MSG_HTTP_REQUEST_LINE, "GET / a HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_REQUEST_LINE, "G\0T / HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_REQUEST_LINE, "G(T / HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_REQUEST_LINE, "\xff\xfe / HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_REQUEST_LINE, "\x16\x03\x01\x02\r\n"),
	V(0, MSG_HTTP_VERSION, "GET / HTTP/1.0\r\n" H "\r\n"),
	V(0, MSG_HTTP_VERSION, "GET / HTTP/0.9\r\n" H "\r\n"),
	V(0, MSG_HTTP_VERSION, "GET / HTTP/1.2\r\n" H "\r\n"),
	V(0, MSG_HTTP_VERSION, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
	V(0, MSG_HTTP_METHOD_UNKNOWN, "get / HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_METHOD_UNKNOWN, "OPTIONS / HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_METHOD_UNKNOWN, "TRACE / HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_METHOD_UNKNOWN, "GETX / HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_TARGET, "GET http://a/ HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_TARGET, "CONNECT a:443 HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_TARGET, "OPTIONS * HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_TARGET, "GET * HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_TARGET, "GET a HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_TARGET, "GET ?a HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_TARGET, "GET /#a HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_TARGET, "GET /\\a HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_TARGET, "GET /\"a HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_TARGET, "GET /<a> HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_TARGET, "GET /{a} HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_TARGET, "GET /\xc3\xa4 HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_TARGET, "GET /a\0b HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_TARGET, "GET /a\x7f HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_TARGET, "GET /a\rb HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_TARGET, "GET /\t HTTP/1.1\r\n" H "\r\n"),

	/* Path and query. */
	V(0, MSG_HTTP_PATH, "GET /a%2Fb HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_PATH, "GET /a%2fb HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_PATH, "GET /a%00 HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_PATH, "GET /a%0d%0aX: HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_PATH, "GET /a%7F HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_PATH, "GET /./a HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_PATH, "GET /a/../b HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_PATH, "GET /a/.. HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_PATH, "GET /a/%2e%2e/b HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_PATH, "GET /a/.%2E/b HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_PATH, "GET /a/%2e HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_PATH, "GET /a% HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_PATH, "GET /a%2 HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_PATH, "GET /a%zz HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_PATH, "GET /a%+1 HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_PATH, "GET /%ff HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_PATH, "GET /%C0%AF HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_PATH, "GET /%C3 HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_PATH, "GET /%ED%A0%80 HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_PATH, "GET /%E0%80%AF HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_QUERY, "GET /?a=% HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_QUERY, "GET /?a=%0 HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_QUERY, "GET /?a=%00 HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_QUERY, "GET /?a=%ff HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_QUERY, "GET /?%ff=a HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_QUERY, "GET /?=a HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_QUERY, "GET /?a=b& HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_QUERY, "GET /?a=b&&c=d HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_QUERY_TWICE, "GET /?a=b&a=b HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_QUERY_TWICE, "GET /?a=b&%61=c HTTP/1.1\r\n" H "\r\n"),
	V(0, MSG_HTTP_QUERY_TWICE, "GET /?a+b&c&a%20b HTTP/1.1\r\n" H "\r\n"),

	/* Line ends. */
	V(0, MSG_HTTP_LINE_END, "GET / HTTP/1.1\n" H "\r\n"),
	V(0, MSG_HTTP_LINE_END, "\n"),
	V(0, MSG_HTTP_LINE_END, "GET / HTTP/1.1\r\nHost: a\n\r\n"),
	V(0, MSG_HTTP_LINE_END, GET_H "\n"),
	V(0, MSG_HTTP_LINE_END, "GET / HTTP/1.1\r\n\nHost: a\r\n\r\n"),
	V(0, MSG_HTTP_LINE_END, GET_H "X: a\nTransfer-Encoding: chunked\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, GET_H "X: a\rTransfer-Encoding: chunked\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, GET_H "\r\r\n\r\n"),

	/* Field lines. */
	V(0, MSG_HTTP_FIELD, GET_H "X: a\r\n b\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, GET_H "X: a\r\n\tb\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, GET_H "Content-Length : 5\r\n\r\nhello"),
	V(0, MSG_HTTP_FIELD, GET_H "Content-Length\t: 5\r\n\r\nhello"),
	V(0, MSG_HTTP_FIELD, GET_H "Transfer-Encoding : chunked\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, GET_H "Transfer Encoding: chunked\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, GET_H ": a\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, GET_H "NoColon\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, GET_H "X\0Y: a\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, GET_H "X: a\0b\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, GET_H "X: a\x01" "b\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, GET_H "X: a\x0b" "b\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, GET_H "X: \x0c\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, GET_H "X: a\x1b[2J\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, GET_H "X: a\x7f\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, GET_H "X: \xc3\xa4\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, GET_H "X: \x80\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, GET_H "(X): a\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, GET_H "X/Y: a\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, GET_H "X\xff: a\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, GET_H "\"X\": a\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, GET_H "\x0bTransfer-Encoding: chunked\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, GET_H "GET / HTTP/1.1\r\n\r\n"),

	/* Host, and what may stand only once. */
	V(0, MSG_HTTP_HOST, "GET / HTTP/1.1\r\n\r\n"),
	V(0, MSG_HTTP_HOST, "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
	V(0, MSG_HTTP_HOST, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
	V(0, MSG_HTTP_HOST, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
	V(0, MSG_HTTP_HOST, "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"),
	V(0, MSG_HTTP_HOST, "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"),
	V(0, MSG_HTTP_HOST, "GET / HTTP/1.1\r\nHost: a:\r\n\r\n"),
	V(0, MSG_HTTP_HOST, "GET / HTTP/1.1\r\nHost: a:x\r\n\r\n"),
	V(0, MSG_HTTP_HOST, "GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n"),
	V(0, MSG_HTTP_HOST, "GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n"),
	V(0, MSG_HTTP_HOST, "GET / HTTP/1.1\r\nHost: :80\r\n\r\n"),
	V(0, MSG_HTTP_HOST, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"),
	V(0, MSG_HTTP_HOST, "GET / HTTP/1.1\r\nHost: []\r\n\r\n"),
	V(0, MSG_HTTP_HOST, "GET / HTTP/1.1\r\nHost: [::1]80\r\n\r\n"),
	V(0, MSG_HTTP_HOST, "GET / HTTP/1.1\r\nHost: [::1]:\r\n\r\n"),
	V(0, MSG_HTTP_HOST, "GET / HTTP/1.1\r\nHost: [xyz]\r\n\r\n"),
	V(0, MSG_HTTP_FIELD_TWICE, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
	V(0, MSG_HTTP_FIELD_TWICE, "GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n"),
	V(0, MSG_HTTP_FIELD_TWICE, GET_H "Authorization: a\r\nauthorization: b\r\n\r\n"),
	V(0, MSG_HTTP_FIELD_TWICE, POST_H "Idempotency-Key: a\r\nIdempotency-Key: a\r\n\r\n"),
	V(0, MSG_HTTP_FIELD_TWICE, POST_H "Content-Type: a\r\nContent-Type: b\r\n\r\n"),
	V(0, MSG_HTTP_FIELD_TWICE, POST_H "If-Match: a\r\nIf-Match: b\r\n\r\n"),

	/* Content-Length. */
	V(0, MSG_HTTP_FIELD_TWICE, POST_H "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
	V(0, MSG_HTTP_FIELD_TWICE, POST_H "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
	V(0, MSG_HTTP_FIELD_TWICE, POST_H "Content-Length: 0\r\ncontent-length: 44\r\n\r\n" AFTER),
	V(0, MSG_HTTP_LENGTH, POST_H "Content-Length: 5, 5\r\n\r\nhello"),
	V(0, MSG_HTTP_LENGTH, POST_H "Content-Length: 5 5\r\n\r\nhello"),
	V(0, MSG_HTTP_LENGTH, POST_H "Content-Length:\r\n\r\n"),
	V(0, MSG_HTTP_LENGTH, POST_H "Content-Length: +5\r\n\r\nhello"),
	V(0, MSG_HTTP_LENGTH, POST_H "Content-Length: -1\r\n\r\nhello"),
	V(0, MSG_HTTP_LENGTH, POST_H "Content-Length: -0\r\n\r\n"),
	V(0, MSG_HTTP_LENGTH, POST_H "Content-Length: 0x5\r\n\r\nhello"),
	V(0, MSG_HTTP_LENGTH, POST_H "Content-Length: 5.0\r\n\r\nhello"),
	V(0, MSG_HTTP_LENGTH, POST_H "Content-Length: 5a\r\n\r\nhello"),
	V(0, MSG_HTTP_LENGTH, POST_H "Content-Length: 9223372036854775808\r\n\r\n"),
	V(0, MSG_HTTP_LENGTH, POST_H "Content-Length: 18446744073709551621\r\n\r\n"),
	V(0, MSG_HTTP_LENGTH, POST_H "Content-Length: five\r\n\r\n"),

	/* Transfer-Encoding. */
	V(0, MSG_HTTP_FRAMING, POST_H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
	V(0, MSG_HTTP_FRAMING, POST_H "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
	V(0, MSG_HTTP_FRAMING, POST_H "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n"),
	V(0, MSG_HTTP_FIELD_TWICE, POST_H "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
	V(0, MSG_HTTP_FIELD_TWICE, POST_H "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
	V(0, MSG_HTTP_TRANSFER, POST_H "Transfer-Encoding: identity\r\n\r\n"),
	V(0, MSG_HTTP_TRANSFER, POST_H "Transfer-Encoding: gzip, chunked\r\n\r\n"),
	V(0, MSG_HTTP_TRANSFER, POST_H "Transfer-Encoding: chunked, chunked\r\n\r\n"),
	V(0, MSG_HTTP_TRANSFER, POST_H "Transfer-Encoding: chunked, identity\r\n\r\n"),
	V(0, MSG_HTTP_TRANSFER, POST_H "Transfer-Encoding: xchunked\r\n\r\n"),
	V(0, MSG_HTTP_TRANSFER, POST_H "Transfer-Encoding: chunked;q=1\r\n\r\n"),
	V(0, MSG_HTTP_TRANSFER, POST_H "Transfer-Encoding: \"chunked\"\r\n\r\n"),
	V(0, MSG_HTTP_TRANSFER, POST_H "Transfer-Encoding: ,chunked\r\n\r\n"),
	V(0, MSG_HTTP_TRANSFER, POST_H "Transfer-Encoding:\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, POST_H "Transfer-Encoding: chun\0ked\r\n\r\n"),
	V(0, MSG_HTTP_FIELD, POST_H "Transfer-Encoding: \x0b" "chunked\r\n\r\n"),
	V(0, MSG_HTTP_TRANSFER, POST_H "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),

	/* Chunks. */
	V(0, MSG_HTTP_CHUNK, CHUNKED "\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "x\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED " 5\r\nhello\r\n0\r\n\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "5 \r\nhello\r\n0\r\n\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "5\nhello\r\n0\r\n\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "5\rhello\r\n0\r\n\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "0x5\r\nhello\r\n0\r\n\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "+5\r\nhello\r\n0\r\n\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "-5\r\nhello\r\n0\r\n\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "5\r\nhello0\r\n\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "5\r\nhello!\r\n0\r\n\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "5\r\nhello\n0\r\n\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "5\r\nhello\r0\r\n\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "1000000000000000\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "ffffffffffffffff5\r\nhello\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "00000000000000005\r\nhello\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "5;\r\nhello\r\n0\r\n\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "5; a\r\nhello\r\n0\r\n\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "5;a=\r\nhello\r\n0\r\n\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "5;a=\"b\r\nhello\r\n0\r\n\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "5;a=\"b\"c\r\nhello\r\n0\r\n\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "5;a\nhello\r\n0\r\n\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "5;a\0\r\nhello\r\n0\r\n\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "5;\xff\r\nhello\r\n0\r\n\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "5,5\r\nhello\r\n0\r\n\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "0\n\r\n"),
	V(0, MSG_HTTP_CHUNK, CHUNKED "5\r\nhello\r\n\r\n0\r\n\r\n"),
	V(0, MSG_HTTP_TRAILER, CHUNKED "0\r\nX: a\r\n\r\n"),
	V(0, MSG_HTTP_TRAILER, CHUNKED "0\r\nContent-Length: 5\r\n\r\n"),
	V(0, MSG_HTTP_TRAILER, CHUNKED "0\r\n\n"),
	V(0, MSG_HTTP_TRAILER, CHUNKED "0\r\n\r\r\n"),

	/* Codings and expectations. */
	V(0, MSG_HTTP_ENCODING, POST_H "Content-Encoding: gzip\r\n\r\n"),
	V(0, MSG_HTTP_ENCODING, POST_H "Content-Encoding: identity\r\nContent-Encoding: br\r\n\r\n"),
	V(0, MSG_HTTP_ENCODING, POST_H "Content-Encoding: identity, gzip\r\n\r\n"),
	V(0, MSG_HTTP_EXPECT, POST_H "Expect: 200-ok\r\n\r\n"),
	V(0, MSG_HTTP_EXPECT, POST_H "Expect: 100-continue, x\r\n\r\n"),

	/* What follows a request that is fine must still be read strictly. */
	V(1, MSG_HTTP_METHOD_UNKNOWN, POST_H "Content-Length: 3\r\n\r\nhello" AFTER),
	V(1, MSG_HTTP_REQUEST_LINE, POST_H "Content-Length: 5\r\n\r\nhello\r\n" AFTER),
	V(1, MSG_HTTP_METHOD_UNKNOWN, POST_H "Content-Length: 4\r\n\r\nhelloGET / HTTP/1.1\r\n" H "\r\n"),
};

/* Feeds bytes to one reader and writes down all that comes out. */
struct run {
	struct arena *arena;
	struct buf    head, trace, body;
	struct reader reader;
	size_t	      whole;
	enum msg      msg;
};

static void
run_begin(struct run *run)
{
	run->arena = arena_open(8 * 1024 * 1024);
	buf_init(&run->head, NULL, READER_HEAD_MAX);
	buf_init(&run->trace, run->arena, TRACE_MAX);
	buf_init(&run->body, run->arena, TRACE_MAX);
	run->whole = 0;
	run->msg = MSG_NONE;
	reader_init(&run->reader, &run->head);
}

static void
run_end(struct run *run)
{
	buf_fini(&run->head);
	arena_close(run->arena);
}

static void
see_head(struct run *run)
{
	struct request rq = { .cx = { .arena = run->arena } };
	struct header header[READER_FIELDS_MAX];
	size_t n = reader_headers(&run->reader, header);

	buf_fmt(&run->trace, "%s %d%d%d %zu ", method_name(run->reader.method),
	    run->reader.is_chunked, run->reader.closes,
	    run->reader.expects_continue, n);
	buf_str(&run->trace, reader_target(&run->reader));
	for (size_t i = 0; i < n; i++) {
		buf_str(&run->trace, header[i].name);
		buf_str(&run->trace, header[i].value);
	}
	if (request_decode(&rq, reader_target(&run->reader)) != OK)
		run->msg = rq.cx.fault.msg;
}

static void
run_feed(struct run *run, struct str in)
{
	enum reader_event event = READER_AGAIN;
	struct str piece;

	while (event != READER_MORE && run->msg == MSG_NONE) {
		event = reader_feed(&run->reader, &in, &piece);
		if (event == READER_HEAD)
			see_head(run);
		if (event == READER_BODY) {
			assert_true(piece.n > 0);
			buf_str(&run->body, piece);
		}
		if (event == READER_WHOLE) {
			run->whole++;
			reader_init(&run->reader, &run->head);
		}
		if (event == READER_REFUSED)
			run->msg = run->reader.msg;
	}
	assert_true(run->msg != MSG_NONE || in.n == 0);
}

static void
same(const struct run *a, const struct run *b, size_t row)
{
	bool is_same = a->whole == b->whole && a->msg == b->msg &&
	    str_eq(buf_view(&a->trace), buf_view(&b->trace)) &&
	    str_eq(buf_view(&a->body), buf_view(&b->body));

	if (!is_same)
		wrong("row %zu reads differently when it is cut", row);
}

/* As a whole in A; then in two pieces at every place, and byte by byte. */
static void
cut_everywhere(const struct vector *v, size_t row, struct run *a)
{
	struct str all = { v->bytes, v->n };
	struct run b;

	run_begin(a);
	run_feed(a, all);
	for (size_t at = 0; at <= v->n; at++) {
		run_begin(&b);
		run_feed(&b, str_sub(all, 0, at));
		run_feed(&b, str_sub(all, at, SIZE_MAX));
		same(a, &b, row);
		run_end(&b);
	}
	run_begin(&b);
	for (size_t at = 0; at < v->n; at++)
		run_feed(&b, str_sub(all, at, 1));
	same(a, &b, row);
	run_end(&b);
}

static void
every_vector_has_its_outcome_however_it_is_cut(void **state)
{
	struct run run;

	(void)state;
	assert_true(COUNT(vectors) >= 120);
	for (size_t i = 0; i < COUNT(vectors); i++) {
		const struct vector *v = &vectors[i];

		cut_everywhere(v, i, &run);
		if (run.msg != v->msg || run.whole != v->whole)
			wrong("row %zu: %zu whole, then %s; not %zu and %s: %s",
			    i, run.whole, msg_name(run.msg), v->whole,
			    msg_name(v->msg), v->bytes);
		if (v->body != NULL)
			assert_true(
			    str_eq(buf_view(&run.body), str_of(v->body)));
		run_end(&run);
	}
}

/* PREFIX, N times FILL, SUFFIX, fed in pieces of STEP. */
struct large {
	const char *prefix;
	const char *fill;
	size_t	    n;
	const char *suffix;
	size_t	    whole;
	enum msg    msg;
};

static const struct large larges[] = {
	/* "GET /" and " HTTP/1.1\r\n" are 16 of the 8192. */
	{ "GET /", "a", 8192 - 16, " HTTP/1.1\r\n" H "\r\n", 1, MSG_NONE },
	{ "GET /", "a", 8192 - 15, " HTTP/1.1\r\n" H "\r\n", 0, MSG_HTTP_LINE_TOO_LONG },
	{ "GET /", "a", 100000, "", 0, MSG_HTTP_LINE_TOO_LONG },
	/* 16 + 9 + 3 + 2 + 2 of the 32768. */
	{ GET_H "X: ", "a", 32768 - 32, "\r\n\r\n", 1, MSG_NONE },
	{ GET_H "X: ", "a", 32768 - 31, "\r\n\r\n", 0, MSG_HTTP_HEAD_TOO_LARGE },
	{ GET_H "X: ", "a", 100000, "", 0, MSG_HTTP_HEAD_TOO_LARGE },
	{ GET_H, "X: a\r\n", 63, "\r\n", 1, MSG_NONE },
	{ GET_H, "X: a\r\n", 64, "\r\n", 0, MSG_HTTP_HEAD_TOO_LARGE },
	{ GET_H, "X: a\r\n", 20000, "\r\n", 0, MSG_HTTP_HEAD_TOO_LARGE },
	{ CHUNKED "1;", "a", 256 - 4, "\r\nx\r\n0\r\n\r\n", 1, MSG_NONE },
	{ CHUNKED "1;", "a", 256 - 3, "\r\nx\r\n0\r\n\r\n", 0, MSG_HTTP_CHUNK },
	{ CHUNKED "1;", "a", 100000, "", 0, MSG_HTTP_CHUNK },
	{ CHUNKED, "1;a\r\nx\r\n", 2048, "0\r\n\r\n", 1, MSG_NONE },
	{ CHUNKED, "1;a\r\nx\r\n", 2049, "0\r\n\r\n", 0, MSG_HTTP_CHUNK },
	{ "", GET_H "\r\n", 300, "", 300, MSG_NONE },
};

static void
limits_hold_to_the_byte(void **state)
{
	static const size_t steps[] = { 1, 7, 4096, SIZE_MAX / 2 };
	struct buf b;
	struct run run;

	(void)state;
	for (size_t i = 0; i < COUNT(larges) * COUNT(steps); i++) {
		const struct large *l = &larges[i / COUNT(steps)];
		size_t step = steps[i % COUNT(steps)];

		buf_init(&b, NULL, 1024 * 1024);
		buf_z(&b, l->prefix);
		for (size_t k = 0; k < l->n; k++)
			buf_z(&b, l->fill);
		buf_z(&b, l->suffix);
		run_begin(&run);
		for (size_t at = 0; at < b.n; at += step < b.n ? step : b.n)
			run_feed(&run, str_sub(buf_view(&b), at, step));
		if (run.msg != l->msg || run.whole != l->whole)
			wrong("large %zu by %zu: %zu whole, then %s",
			    i / COUNT(steps), step, run.whole,
			    msg_name(run.msg));
		run_end(&run);
		buf_fini(&b);
	}
}

static void
a_refused_reader_stays_refused(void **state)
{
	struct str in = STR("GET / HTTP/1.0\r\n" GET_H "\r\n"), piece;
	struct run run;

	(void)state;
	run_begin(&run);
	assert_int_equal(reader_feed(&run.reader, &in, &piece), READER_REFUSED);
	assert_int_equal(reader_feed(&run.reader, &in, &piece), READER_REFUSED);
	in = STR(GET_H "\r\n");
	assert_int_equal(reader_feed(&run.reader, &in, &piece), READER_REFUSED);
	assert_int_equal(in.n, sizeof(GET_H "\r\n") - 1);
	run_end(&run);
}

static void
a_refusal_names_the_field(void **state)
{
	struct str in = STR(GET_H "content-length: x\r\n"), piece;
	struct run run;

	(void)state;
	run_begin(&run);
	assert_int_equal(reader_feed(&run.reader, &in, &piece), READER_REFUSED);
	assert_int_equal(run.reader.err, ERR_BAD_INPUT);
	assert_string_equal(run.reader.field, "Content-Length");
	assert_int_equal(run.reader.nfield, 2);
	run_end(&run);
}

static void
a_body_is_not_copied(void **state)
{
	static const char bytes[] = POST_H "Content-Length: 5\r\n\r\nhello";
	struct str in = STR(bytes), piece;
	struct run run;

	(void)state;
	run_begin(&run);
	assert_int_equal(reader_feed(&run.reader, &in, &piece), READER_HEAD);
	assert_int_equal(reader_feed(&run.reader, &in, &piece), READER_BODY);
	assert_ptr_equal(piece.p, bytes + sizeof(bytes) - 6);
	assert_int_equal(piece.n, 5);
	assert_int_equal(reader_feed(&run.reader, &in, &piece), READER_WHOLE);
	run_end(&run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    every_vector_has_its_outcome_however_it_is_cut),
		cmocka_unit_test(limits_hold_to_the_byte),
		cmocka_unit_test(a_refused_reader_stays_refused),
		cmocka_unit_test(a_refusal_names_the_field),
		cmocka_unit_test(a_body_is_not_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
