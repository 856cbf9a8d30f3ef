// SPDX-License-Identifier: GPL-2.0-only
/* The harness that ktap.h describes. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ktap.h"

#define CASES_MAX	4096
#define TEXT_MAX	400

enum outcome { PASSED, FAILED, SKIPPED };

/* Shared with all processes of a case. */
static struct {
	int outcome;
	char text[TEXT_MAX];
} *report;

static const struct ktap_case *cases[CASES_MAX];
static unsigned int count;

void ktap_add(const struct ktap_case *test)
{
	if (count == CASES_MAX) {
		fprintf(stderr, "ktap: more than %d cases: raise CASES_MAX in ktap.c\n", CASES_MAX);
		exit(2);
	}
	cases[count++] = test;
}

const char *ktap_text(const char *format, ...)
{
	va_list args;
	char *text;
	int length;

	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0)
		abort();
	return text;
}

bool ktap_plain(void)
{
	return getenv("KTAP_PLAIN") && access("/dev/vcontext", F_OK);
}

unsigned int ktap_seconds(unsigned int seconds)
{
	const char *slow = getenv("KTAP_SLOW");
	int factor = slow ? atoi(slow) : 1;

	return seconds * (factor > 1 ? factor : 1);
}

static void say(int outcome, const char *format, va_list args)
{
	int nothing = PASSED;

	if (__atomic_compare_exchange_n(&report->outcome, &nothing, outcome, false,
					__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		vsnprintf(report->text, TEXT_MAX, format, args);
}

void ktap_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(FAILED, format, args);
	va_end(args);
	_exit(1);
}

void ktap_skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(SKIPPED, format, args);
	va_end(args);
	_exit(1);
}

bool ktap_over(void)
{
	return __atomic_load_n(&report->outcome, __ATOMIC_SEQ_CST) != PASSED;
}

void ktap_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(report->text, TEXT_MAX, format, args);
	va_end(args);
}

static void late(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(FAILED, format, args);
	va_end(args);
}

/* The processes that the case has left behind get some time to follow it. */
static void wait_for_orphans(void)
{
	unsigned int left = ktap_seconds(5) * 1000;
	struct timespec nap = { 0, 1000000 };
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG | __WALL)) >= 0) {
		if (pid > 0)
			continue;
		if (!left--) {
			late("a process was left behind");
			return;
		}
		nanosleep(&nap, NULL);
	}
}

static unsigned int limit(const struct ktap_case *test)
{
	return ktap_seconds(test->seconds ? test->seconds : 10);
}

/* A kernel-sent alarm ends the case wherever it has gone; by number it could not be reached. */
static void start(const struct ktap_case *test)
{
	setpgid(0, 0);
	alarm(limit(test));
	test->run(test->data);
	_exit(0);
}

static void run(const struct ktap_case *test)
{
	int status;
	pid_t pid;

	memset(report, 0, sizeof(*report));
	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		late("set-up: fork: %s", strerror(errno));
		return;
	}
	if (!pid)
		start(test);
	while (waitpid(pid, &status, 0) != pid)
		if (errno != EINTR) {
			late("expected the case to be waited for, came %s", strerror(errno));
			return;
		}
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		late("time-out: expected an end, came none in %u s", limit(test));
	else if (WIFSIGNALED(status))
		late("expected an exit, came signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status))
		late("expected exit status 0, came %d", WEXITSTATUS(status));
	wait_for_orphans();
}

static bool wanted(const struct ktap_case *test, char **words)
{
	if (!*words)
		return true;
	for (; *words; words++)
		if (strstr(test->name, *words))
			return true;
	return false;
}

static void print(unsigned int number, const struct ktap_case *test)
{
	const char *mark = report->outcome == SKIPPED ? " # SKIP " : *report->text ? " # " : "";

	for (char *c = report->text; *c; c++)
		if (*c == '\n')
			*c = ' ';
	printf("%s %u %s%s%s\n", report->outcome == FAILED ? "not ok" : "ok", number, test->name,
	       mark, report->text);
	fflush(stdout);
}

int ktap_main(int argc, char **argv)
{
	unsigned int number = 0, chosen = 0, i;
	bool list = argc > 1 && !strcmp(argv[1], "--list");
	bool good = true;

	(void)argc;
	argv += 1 + list;
	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (report == MAP_FAILED || prctl(PR_SET_CHILD_SUBREAPER, 1)) {
		perror("ktap");
		return 2;
	}
	for (i = 0; i < count; i++)
		chosen += wanted(cases[i], argv);
	if (!list)
		printf("KTAP version 1\n1..%u\n", chosen);
	for (i = 0; i < count; i++) {
		if (!wanted(cases[i], argv))
			continue;
		if (list) {
			puts(cases[i]->name);
			continue;
		}
		if (ktap_plain() && cases[i]->anywhere && !getenv("KTAP_ALL")) {
			printf("ok %u %s # SKIP holds without contexts too: %s\n", ++number,
			       cases[i]->name, cases[i]->anywhere);
			continue;
		}
		run(cases[i]);
		print(++number, cases[i]);
		good = good && report->outcome != FAILED;
	}
	return good ? 0 : 1;
}
