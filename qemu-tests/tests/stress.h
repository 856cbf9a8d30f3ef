/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the long-running tests share: the device's calls, KTAP, and what must be as before when
 * they end.
 */
#ifndef STRESS_H
#define STRESS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/vcontext.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MAYBE_UNUSED	__attribute__((unused))

/* KTAP */

static MAYBE_UNUSED int cases, failures;

static inline MAYBE_UNUSED void plan(int n)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n1..%d\n", n);
}

/* One case; @why says what was found when it is not ok. */
static inline MAYBE_UNUSED void __attribute__((format(printf, 3, 4)))
result(bool good, const char *name, const char *why, ...)
{
	char text[512];
	va_list args;

	cases++;
	if (good) {
		printf("ok %d - %s\n", cases, name);
		return;
	}
	failures++;
	va_start(args, why);
	vsnprintf(text, sizeof(text), why, args);
	va_end(args);
	printf("not ok %d - %s # %s\n", cases, name, text);
}

static inline MAYBE_UNUSED void skip(const char *name, const char *why)
{
	cases++;
	printf("ok %d - %s # SKIP %s\n", cases, name, why);
}

/* The test itself can't go on. */
static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *what, ...)
{
	int error = errno;
	va_list args;

	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(args, what);
	vfprintf(stderr, what, args);
	va_end(args);
	fprintf(stderr, ": %s\n", strerror(error));
	_exit(1);
}

/* What processes that a test forks find to be wrong: a few are told at once, the first in the end. */
#define WRONGS_TOLD	8

static MAYBE_UNUSED struct {
	_Atomic unsigned int count;
	char text[256];
} *wrongs;

static inline MAYBE_UNUSED void wrongs_begin(void)
{
	wrongs = mmap(NULL, sizeof(*wrongs), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (wrongs == MAP_FAILED)
		die("mmap");
}

static inline MAYBE_UNUSED void __attribute__((format(printf, 1, 2))) wrong(const char *what, ...)
{
	unsigned int before = wrongs->count++;
	char text[sizeof(wrongs->text)];
	va_list args;

	if (before >= WRONGS_TOLD)
		return;
	va_start(args, what);
	vsnprintf(text, sizeof(text), what, args);
	va_end(args);
	dprintf(STDOUT_FILENO, "# wrong: %s\n", text);
	if (!before)
		strcpy(wrongs->text, text);
}

/* One case: nothing was, since the last one. */
static inline MAYBE_UNUSED void verdict(const char *name)
{
	result(!wrongs->count, name, "%u times, first: %s", wrongs->count, wrongs->text);
	wrongs->count = 0;
	wrongs->text[0] = '\0';
}

/* Random numbers that a seed repeats (splitmix64). */

struct random {
	uint64_t state;
};

static inline MAYBE_UNUSED uint64_t random_u64(struct random *r)
{
	uint64_t z = (r->state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static inline MAYBE_UNUSED uint32_t random_below(struct random *r, uint32_t limit)
{
	return ((random_u64(r) >> 32) * limit) >> 32;
}

/* The device's calls: 0 or a descriptor, else -errno. */

static inline MAYBE_UNUSED int call(int fd, unsigned long cmd, void *arg)
{
	int ret = ioctl(fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

static inline MAYBE_UNUSED int open_device(void)
{
	int fd = open(VCONTEXT_DEVICE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static inline MAYBE_UNUSED int context_new(int device, uint32_t flags, uint32_t *id)
{
	struct vcontext_new arg = { .size = sizeof(arg), .flags = flags };
	int err = call(device, VCONTEXT_NEW, &arg);

	if (!err && id)
		*id = arg.id;
	return err;
}

static inline MAYBE_UNUSED int context_open(int device, uint32_t how, uint32_t id, uint32_t flags)
{
	struct vcontext_open arg = { .size = sizeof(arg), .how = how, .id = id, .flags = flags };

	return call(device, VCONTEXT_OPEN, &arg);
}

static inline MAYBE_UNUSED int context_create(int device)
{
	return context_open(device, VCONTEXT_OPEN_CREATE, VCONTEXT_ID_ANY, 0);
}

static inline MAYBE_UNUSED int context_enter(int handle)
{
	return call(handle, VCONTEXT_ENTER, NULL);
}

static inline MAYBE_UNUSED struct vcontext_stat context_stat(int handle)
{
	struct vcontext_stat arg = { .size = sizeof(arg) };

	if (call(handle, VCONTEXT_STAT, &arg))
		die("VCONTEXT_STAT");
	return arg;
}

static inline MAYBE_UNUSED struct vcontext_info context_info(int device)
{
	struct vcontext_info arg = { .size = sizeof(arg) };

	if (call(device, VCONTEXT_INFO, &arg))
		die("VCONTEXT_INFO");
	return arg;
}

/* Small things */

static inline MAYBE_UNUSED void nap(long microseconds)
{
	struct timespec t = { microseconds / 1000000, microseconds % 1000000 * 1000 };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

static inline MAYBE_UNUSED double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static inline MAYBE_UNUSED pid_t must_fork(void)
{
	pid_t pid;

	fflush(stdout);
	while ((pid = fork()) < 0) {
		if (errno != EAGAIN)
			die("fork");
		nap(1000);
	}
	return pid;
}

/* SIGKILL from the kernel's own timer, at most @microseconds from now. */
static inline MAYBE_UNUSED void die_within(struct random *r, uint32_t microseconds)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };
	struct itimerspec when = { };
	timer_t timer;

	when.it_value.tv_nsec = 1000 + random_below(r, microseconds) * 1000;
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &when, NULL))
		die("timer");
}

/* The exit status of @pid, or 128 and the signal that ended it. */
static inline MAYBE_UNUSED int must_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) != pid)
		if (errno != EINTR)
			die("waitpid %d", (int)pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* A path that means the same elsewhere.  Links stay: by its name a program knows what to do. */
static inline MAYBE_UNUSED const char *absolute(const char *program)
{
	char *here, *path;

	if (!strchr(program, '/') || *program == '/')
		return program;
	here = getcwd(NULL, 0);
	if (!here || asprintf(&path, "%s/%s", here, program) < 0)
		die("%s", program);
	free(here);
	return path;
}

static inline MAYBE_UNUSED void become_user(void)
{
	if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
		die("becoming user 1000");
}

static inline MAYBE_UNUSED bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good;
}

static inline MAYBE_UNUSED int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = -3;	/* "." and ".." and the one that reads */

	if (!dir)
		die("/proc/self/fd");
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* Of the module, in the slab "vcontext": objects in use, or -1 if the kernel doesn't tell. */
static inline MAYBE_UNUSED long slab_objects(long *size)
{
	char line[512];
	long objects = -1, have, total, each;
	FILE *f;

	/* Freed ones that a processor or the sanitizer keeps back count as used until this. */
	write_text("/sys/kernel/slab/vcontext/shrink", "1");
	f = fopen("/proc/slabinfo", "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "vcontext %ld %ld %ld", &have, &total, &each) != 3)
			continue;
		objects = have;
		if (size)
			*size = each;
	}
	if (f)
		fclose(f);
	return objects;
}

/* What must be the same after a test as before it. */
struct state {
	uint32_t contexts;
	long objects;
	int fds;
};

static inline MAYBE_UNUSED struct state state_now(int device)
{
	return (struct state){
		.contexts = context_info(device).contexts,
		.objects = slab_objects(NULL),
		.fds = count_fds(),
	};
}

/*
 * Three cases: contexts, memory and descriptors are as @before.  What ends in the background gets
 * some seconds for it.
 */
static inline MAYBE_UNUSED void check_state(int device, const struct state *before)
{
	struct state after;
	int tries;

	for (tries = 0; tries < 100; tries++) {
		after = state_now(device);
		if (after.contexts == before->contexts && after.objects <= before->objects &&
		    after.fds == before->fds)
			break;
		nap(100000);
	}
	result(after.contexts == before->contexts, "no context is left", "%u before, %u after",
	       before->contexts, after.contexts);
	if (after.objects < 0)
		skip("no memory is left", "/proc/slabinfo has no line for vcontext");
	else
		result(after.objects <= before->objects, "no memory is left",
		       "%ld objects before, %ld after", before->objects, after.objects);
	result(after.fds == before->fds, "no descriptor is left", "%d before, %d after",
	       before->fds, after.fds);
}

#endif /* STRESS_H */
