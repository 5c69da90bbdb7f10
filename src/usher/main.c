/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - usher: the server's parent, front, and every command of the CLI. */
#include "usher/cli.h"

int
main(int argc, char **argv)
{
	return cli_main(argc, argv);
}
