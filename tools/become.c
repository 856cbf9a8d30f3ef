// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <unistd.h>

#include "become.h"
#include "message.h"

enum status become(char **argv)
{
	execvp(argv[0], argv);
	if (errno == ENOENT)
		message_error(argv[0], "there is no such program, or not the interpreter it names",
			      "check its name and PATH");
	else
		message_system(argv[0], errno == EACCES ? "check that it is an executable file" :
							  NULL);
	return STATUS_FAILED;
}
