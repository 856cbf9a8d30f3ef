/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RUN_H
#define RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * run_catch_signals() - From now on SIGINT, SIGTERM and SIGHUP don't end the process
 *
 * They are remembered for run_interrupted(); long work looks there and is undone by who began it.
 */
void run_catch_signals(void);

/** run_interrupted() - Has there been such a signal? */
bool run_interrupted(void);

/** run_interrupted_again() - And another one, a second or more after that? */
bool run_interrupted_again(void);

/** run_find() - Is there a program of that name in PATH? */
bool run_find(const char *program);

#define RUN_SAID 512

/* What a program may use of one of the system's resources, as setrlimit() has them. */
struct run_limit {
	int resource;
	uint64_t most;		/* 0: the list ends here */
};

/**
 * struct run - a program of the system that is to be run
 * @argv: it and its arguments, ending with NULL; it is looked for in PATH
 * @in: its standard input; -1: nothing is there to be read
 * @directory: where it runs; -1: at /
 * @fenced: it may make, write and remove files below @directory alone, if the kernel can see to it
 * @limits: to what it may use; a signal ends it that is beyond one of time.  NULL: none
 * @heed: called with each line that it prints; returns true for one that tells an error.  NULL:
 *	the first line of all does.
 * @tick: called now and then, or NULL
 * @data: handed to both
 * @said: out: the first line that tells an error, "" if none did
 */
struct run {
	const char *const *argv;
	int in;
	int directory;
	bool fenced;
	const struct run_limit *limits;
	bool (*heed)(const char *line, void *data);
	void (*tick)(void *data);
	void *data;
	char said[RUN_SAID];
};

/**
 * run_program() - Run a program and wait until it and all that it has started is gone
 * @run: which
 *
 * It has process numbers and mounts of its own, and ends, with all that it has started, when this
 * process does, even by SIGKILL.  Its messages are in English.
 *
 * Return: its exit status, 128 + N if signal N ended it; or -EINTR after a signal, with nothing
 * left running, or another negative errno value if it can't be run.
 */
int run_program(struct run *run);

#endif /* RUN_H */
