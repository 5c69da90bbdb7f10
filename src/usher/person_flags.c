/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/person_flags.h"

#include <string.h>

#define NAME_PREFIX "name."

static const struct {
	const char *flag, *member;
} flags[] = {
#define X(flag, member, text) { flag, member },
	PERSON_FLAGS(X)
#undef X
};

static bool is_name(const char *member);
static bool is_multiple(const char *member);
static void write_names(const struct cli *, struct js_out *);
static void write_one(struct js_out *, const char *member, struct str value);

bool
person_has_flags(const struct cli *cli)
{
	for (size_t i = 0; i < COUNT(flags); i++)
		if (cli_has(cli, flags[i].flag))
			return true;
	return false;
}

void
person_members(const struct cli *cli, struct js_out *js)
{
	write_names(cli, js);
	for (size_t i = 0; i < COUNT(flags); i++)
		if (cli_has(cli, flags[i].flag) && !is_name(flags[i].member))
			write_one(
			    js, flags[i].member, cli_text(cli, flags[i].flag));
}

static bool
is_name(const char *member)
{
	return strncmp(member, NAME_PREFIX, strlen(NAME_PREFIX)) == 0;
}

/* The parts of a name stand in one object. */
static void
write_names(const struct cli *cli, struct js_out *js)
{
	bool is_open = false;

	for (size_t i = 0; i < COUNT(flags); i++) {
		if (!cli_has(cli, flags[i].flag) || !is_name(flags[i].member))
			continue;
		if (!is_open) {
			js_key(js, "name");
			js_open_object(js);
		}
		is_open = true;
		js_key(js, flags[i].member + strlen(NAME_PREFIX));
		js_put_str(js, cli_text(cli, flags[i].flag));
	}
	if (is_open)
		js_close_object(js);
}

static void
write_one(struct js_out *js, const char *member, struct str value)
{
	js_key(js, member);
	if (!is_multiple(member)) {
		js_put_str(js, value);
		return;
	}
	js_open_array(js);
	js_open_object(js);
	js_key(js, "value");
	js_put_str(js, value);
	js_key(js, "type");
	js_put_z(js, "work");
	js_key(js, "primary");
	js_put_bool(js, true);
	js_close_object(js);
	js_close_array(js);
}

static bool
is_multiple(const char *member)
{
	return strcmp(member, "emails") == 0 ||
	    strcmp(member, "phoneNumbers") == 0;
}
