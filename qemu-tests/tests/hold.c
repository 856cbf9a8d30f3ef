// SPDX-License-Identifier: GPL-2.0-only
/*
 * hold COUNT: so many processes, this one included, that do nothing, until this one ends.
 * hold contexts COUNT: so many contexts with nobody in them, until it ends; it says that they are
 *	there.
 * hold time COMMAND...: run a command without its output, and print how many nanoseconds it took.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/vcontext.h>

static int hold(int count)
{
	pid_t parent = getpid();

	while (--count > 0) {
		pid_t pid = fork();

		if (pid < 0) {
			perror("hold: fork");
			return 1;
		}
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			while (getppid() == parent)
				pause();
			_exit(0);
		}
	}
	for (;;)
		pause();
}

static int hold_contexts(int count)
{
	struct rlimit files = { (rlim_t)count + 100, (rlim_t)count + 100 };
	int dev = open(VCONTEXT_DEVICE, O_RDWR | O_CLOEXEC);

	setrlimit(RLIMIT_NOFILE, &files);
	for (int i = 0; i < count; i++) {
		struct vcontext_open make = { .size = sizeof(make), .how = VCONTEXT_OPEN_CREATE,
					      .id = VCONTEXT_ID_ANY };

		if (ioctl(dev, VCONTEXT_OPEN, &make) < 0) {
			perror("hold: context");
			return 1;
		}
	}
	printf("%d contexts\n", count);
	fflush(stdout);
	for (;;)
		pause();
}

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int measure(char **argv)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	long long begin = now();
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
			_exit(126);
		execvp(*argv, argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		return 1;

	printf("%lld\n", now() - begin);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "time") == 0)
		return measure(argv + 2);
	if (argc == 3 && strcmp(argv[1], "contexts") == 0 && atoi(argv[2]) > 0)
		return hold_contexts(atoi(argv[2]));
	if (argc == 2 && atoi(argv[1]) > 0)
		return hold(atoi(argv[1]));

	fprintf(stderr, "usage: hold COUNT | hold contexts COUNT | hold time COMMAND...\n");
	return 2;
}
