/* SPDX-License-Identifier: Apache-2.0 */
#include "usher/hand.h"

#include "usher/input.h"
#include "usher/member.h"

/* That it cannot be written is found before it is made. */
enum err
hand_over(struct cli *cli, const struct call *call, const struct hand *hand)
{
	const char *out = cli_z(cli, "out");
	const struct js *made;
	struct str secret;

	if (out != NULL)
		TRY(output_check(cli, "out", out));
	TRY(cli_ask(cli, call, &made));
	secret = member_text(made, hand->secret);
	if (out == NULL) {
		if (!cli_told(cli))
			cli_print(cli, secret);
		return OK;
	}
	TRY(output_new(cli, "out", out,
	    str_fmt(cli->cx.arena, "%.*s\n", STR_ARG(secret))));
	cli_note(
	    cli, hand->told, ARGS(member_text(made, hand->id), str_of(out)));
	return OK;
}
