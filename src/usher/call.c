/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - asking the server, and the bodies and paths that takes. */
#include "usher/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "usher/member.h"
#include "usher/report.h"

#define BODY_MAX      (16u << 20)
#define PATH_MOST     8192
#define TOKEN_FILE_MAX 1024
#define SECOND_MS     1000
#define OTHERS	      077		/* mode bits that a secret's file must not have */

static enum err read_token(struct cli *, struct str *token);
static enum err read_secret_file(struct cli *, const char *path, struct str *);
static bool is_token_text(struct str);
static enum err refused(struct cli *, const struct answer *);

enum err
cli_call(struct cli *cli, const struct call *call, struct answer *out)
{
	enum err err;

	if (cli->client == NULL)
		TRY(cli_connect(cli, &cli->client));
	err = client_call(cli->client, &cli->cx, call, out);
	if (err != OK && client_is_unreachable(cli->client))
		cli->exit = EXIT_UNREACHABLE;
	TRY(err);
	cli->last = out->body;
	return out->status < 400 ? OK : refused(cli, out);
}

enum err
cli_connect(struct cli *cli, struct client **out)
{
	struct client_conf conf = { .lang = cli->cx.lang,
		.timeout_ms = cli_int(cli, "timeout") * SECOND_MS };

	must(cli->command->door != DOOR_NONE);
	if (cli->command->door == DOOR_API) {
		conf.address = cli_text(cli, "server");
		TRY(read_token(cli, &conf.token));
	} else {
		conf.address = str_fmt(cli->cx.arena, "%.*s/operator.sock",
		    STR_ARG(cli_text(cli, "data")));
	}
	return client_open(&cli->cx, &conf, out);
}

static enum err
read_token(struct cli *cli, struct str *token)
{
	const char *path = cli_z(cli, "token-file");

	if (path == NULL)
		return fail(&cli->cx, ERR_UNAUTHENTICATED, MSG_CLI_TOKEN_NONE,
		    "token-file");
	TRY(read_secret_file(cli, path, token));
	*token = str_trim(*token);
	if (!is_token_text(*token))
		return fail(&cli->cx, ERR_UNAUTHENTICATED, MSG_CLI_TOKEN_FORM,
		    "token-file", path);
	return OK;
}

/* Refused when others could have read it: then it is no secret any more. */
static enum err
read_secret_file(struct cli *cli, const char *path, struct str *out)
{
	char *room = arena_alloc(cli->cx.arena, TOKEN_FILE_MAX);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = -1;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 ||
	    (n = read(fd, room, TOKEN_FILE_MAX)) < 0) {
		int error = errno;

		if (fd >= 0)
			close(fd);
		return fail(&cli->cx, ERR_BAD_INPUT, MSG_CLI_FILE, "token-file",
		    path, errno_text(&cli->cx, error));
	}
	close(fd);
	if (S_ISREG(st.st_mode) && (st.st_mode & OTHERS) != 0)
		return fail(&cli->cx, ERR_DENIED, MSG_CLI_TOKEN_MODE,
		    "token-file", path);
	*out = (struct str) { room, (size_t)n };
	return OK;
}

static bool
is_token_text(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return str_starts(s, STR("usher_")) && s.n < TOKEN_FILE_MAX;
}

/* The server says why; what is not ours to understand is told as it came. */
static enum err
refused(struct cli *cli, const struct answer *answer)
{
	struct ctx cx = { .arena = cli->cx.arena };
	const struct js *problem;
	char status[16];

	if (js_parse(&cx, answer->body, &problem) == OK &&
	    member_text(problem, "code").n > 0) {
		cli->problem = answer->body;
		return problem_err(problem);
	}
	snprintf(status, sizeof(status), "%d", answer->status);
	return fail(&cli->cx, ERR_UNKNOWN, MSG_CLI_STATUS, "server", status);
}

/* --- what is asked often ------------------------------------------------------- */

enum err
cli_ask(struct cli *cli, const struct call *call, const struct js **out)
{
	struct answer answer;

	TRY(cli_call(cli, call, &answer));
	return js_parse(&cli->cx, answer.body, out);
}

enum err
cli_get(struct cli *cli, struct str path, const struct js **out)
{
	return cli_ask(
	    cli, &(struct call) { .method = GET, .path = path }, out);
}

enum err
cli_if_match(struct cli *cli, struct call *call)
{
	struct call get = { .method = GET, .path = call->path };
	struct str version = cli_text(cli, "if-match");
	struct header *h = &call->header[call->nheader++];
	struct answer answer;

	h->name = STR("If-Match");
	h->value = version;
	if (version.n > 0 && version.p[0] != '"' && version.p[0] != '*')
		h->value = str_fmt(cli->cx.arena, "\"%.*s\"", STR_ARG(version));
	if (version.n > 0)
		return OK;
	TRY(cli_call(cli, &get, &answer));
	h->value = answer_header(&answer, "ETag");
	return OK;
}

bool
cli_told(const struct cli *cli)
{
	if (cli->is_json)
		printf("%.*s\n", STR_ARG(cli->last));
	return cli->is_json;
}

/* --- paths ---------------------------------------------------------------------- */

struct str
cli_path(
    struct cli *cli, const char *head, struct str segment, const char *tail)
{
	struct buf b;

	buf_init(&b, cli->cx.arena, PATH_MOST);
	buf_z(&b, head);
	url_encode(&b, segment);
	buf_z(&b, tail);
	return buf_view(&b);
}

void
query_open(struct cli *cli, struct buf *b, const char *path)
{
	buf_init(b, cli->cx.arena, PATH_MOST);
	buf_z(b, path);
}

void
query_add(struct buf *b, const char *name, struct str value)
{
	if (value.n == 0)
		return;
	buf_u8(b, str_find(buf_view(b), '?') < b->n ? '&' : '?');
	buf_z(b, name);
	buf_u8(b, '=');
	url_encode(b, value);
}

/* All but the unreserved characters of RFC 3986 2.3. */
void
url_encode(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool is_letter = (c | 32) >= 'a' && (c | 32) <= 'z';

		if (is_letter || (c >= '0' && c <= '9') || c == '-' ||
		    c == '.' || c == '_' || c == '~')
			buf_u8(b, c);
		else
			buf_fmt(b, "%%%02X", c);
	}
}

/* --- bodies ---------------------------------------------------------------------- */

void
body_open(struct cli *cli, struct body *body)
{
	buf_init(&body->buf, cli->cx.arena, BODY_MAX);
	js_begin(&body->js, &body->buf);
	js_open_object(&body->js);
}

void
body_text(struct body *body, const char *member, struct str text)
{
	if (text.n == 0)
		return;
	js_key(&body->js, member);
	js_put_str(&body->js, text);
}

void
body_list(struct body *body, const char *member, struct str commas)
{
	if (commas.n == 0)
		return;
	js_key(&body->js, member);
	js_open_array(&body->js);
	while (commas.p != NULL)
		js_put_str(&body->js, str_trim(str_cut(&commas, ',')));
	js_close_array(&body->js);
}

struct str
body_close(struct body *body)
{
	js_close_object(&body->js);
	must(!body->buf.over);
	return buf_view(&body->buf);
}
