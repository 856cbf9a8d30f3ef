/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include <stdbool.h>

/*
 * Signals to a process that runs a command which must not be killed in the middle of its work.
 * SIGINT, SIGTERM and SIGHUP ask to end, once or often; what has not ended half a minute later, or
 * at SIGUSR1, is to be ended hard.
 */
enum interrupt {
	INTERRUPT_NONE,
	INTERRUPT_ASKED,
	INTERRUPT_HARD,
};

/** interrupt_catch() - From now on; 0, or -1 with errno set */
int interrupt_catch(void);

/**
 * interrupt_heed() - From now on somebody looks at the descriptor
 * @on: no more; while nobody does this process ends at what is hard
 *
 * Return: the descriptor, which can be read from when there is news.
 */
int interrupt_heed(bool on);

/** interrupt_take() - What has been wanted so far; the descriptor has no news then */
enum interrupt interrupt_take(void);

#endif /* INTERRUPT_H */
