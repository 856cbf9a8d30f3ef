// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "interrupt.h"

#define PATIENCE_S 30

static volatile sig_atomic_t wanted, heeded;
static int ends[2] = { -1, -1 };

static void note(int number)
{
	int saved = errno;

	if (number == SIGUSR1 || number == SIGALRM) {
		wanted = INTERRUPT_HARD;
	} else if (wanted == INTERRUPT_NONE) {
		wanted = INTERRUPT_ASKED;
		alarm(PATIENCE_S);
	}
	if (wanted == INTERRUPT_HARD && !heeded)
		_exit(EXIT_FAILURE);

	(void)!write(ends[1], "", 1);
	errno = saved;
}

int interrupt_catch(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGUSR1, SIGALRM };
	struct sigaction action = { .sa_handler = note, .sa_flags = SA_RESTART };

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
	/* Under nohup it stays ignored. */
	if (signal(SIGHUP, SIG_IGN) != SIG_IGN)
		sigaction(SIGHUP, &action, NULL);
	return 0;
}

int interrupt_heed(bool on)
{
	heeded = on;
	return ends[0];
}

enum interrupt interrupt_take(void)
{
	char bytes[64];

	while (read(ends[0], bytes, sizeof(bytes)) > 0)
		;
	return (enum interrupt)wanted;
}
