/* SPDX-License-Identifier: GPL-2.0-only */
/* What is left when all contexts have ended: nothing that was counted, or made in one. */
#ifndef LEFT_H
#define LEFT_H

#include "stress.h"

#include <sys/resource.h>

#define LEFT_USER	4711	/* who has no other processes; the one of the next number neither */

static MAYBE_UNUSED int device;

static inline MAYBE_UNUSED size_t read_text(const char *path, char *text, size_t size)
{
	size_t length = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die("%s", path);
	while ((n = read(fd, text + length, size - 1 - length)) > 0)
		length += n;
	close(fd);
	text[length] = '\0';
	return length;
}

static inline MAYBE_UNUSED int count_lines(const char *path)
{
	char text[4096];
	size_t i, length = read_text(path, text, sizeof(text));
	int lines = 0;

	for (i = 0; i < length; i++)
		lines += text[i] == '\n';
	return lines;
}

/* Processes and sockets of all contexts; the kernel's own threads come and go. */

struct left {
	int processes, sockets;
};

static inline MAYBE_UNUSED bool is_program(const char *number)
{
	char path[64], text[512];
	int parent = 2;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", number);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	if (strrchr(text, ')'))
		sscanf(strrchr(text, ')'), ") %*c %d", &parent);
	return parent != 2 && atoi(number) != 2;
}

static inline MAYBE_UNUSED int count_programs(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int programs = 0;

	while (dir && (entry = readdir(dir)))
		programs += atoi(entry->d_name) > 0 && is_program(entry->d_name);
	if (dir)
		closedir(dir);
	return programs;
}

/* In a child that becomes the watcher, which sees all. */
static inline MAYBE_UNUSED int as_watcher(int (*count)(void))
{
	pid_t pid = must_fork();
	int watcher;

	if (pid)
		return must_wait(pid);
	watcher = context_open(device, VCONTEXT_OPEN_CREATE, VCONTEXT_ID_WATCHER, 0);
	if (context_enter(watcher))
		die("VCONTEXT_ENTER of the watcher's");
	_exit(count());
}

static inline MAYBE_UNUSED struct left left_now(void)
{
	struct left left = { .processes = as_watcher(count_programs) };
	char text[4096];

	read_text("/proc/net/sockstat", text, sizeof(text));
	sscanf(text, "sockets: used %d", &left.sockets);
	return left;
}

/* Processes that are counted */

static inline MAYBE_UNUSED bool may_fork(unsigned int most)
{
	struct rlimit limit = { most, most };
	pid_t pid;

	if (setrlimit(RLIMIT_NPROC, &limit))
		die("setrlimit");
	pid = fork();
	if (!pid)
		_exit(0);
	if (pid > 0)
		must_wait(pid);
	return pid > 0;
}

/* The kernel forgets what it has counted when the user has no process: one stays until the end. */
static inline MAYBE_UNUSED void hold_user(void)
{
	if (must_fork())
		return;
	if (setresuid(LEFT_USER, LEFT_USER, LEFT_USER))
		die("setresuid");
	close(device);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

/* How many processes the kernel counts for the user, in context 0: as many as it has, that one? */
static inline MAYBE_UNUSED bool counts_none(void)
{
	pid_t pid = must_fork();

	if (pid)
		return !must_wait(pid);
	if (setresuid(LEFT_USER, LEFT_USER, LEFT_USER))
		die("setresuid");
	/* that, this one and its child, and none less; a limit can't be raised again */
	_exit(!may_fork(3) || may_fork(2));
}

/* What ends in the background gets some seconds for it. */
static inline MAYBE_UNUSED bool comes_true(bool (*what)(void))
{
	int tries;

	for (tries = 0; tries < 300; tries++) {
		if (what())
			return true;
		nap(10000);
	}
	return false;
}

/* To the watcher no object of any context is left. */
static inline MAYBE_UNUSED int count_objects(void)
{
	return count_lines("/proc/sysvipc/shm") + count_lines("/proc/sysvipc/sem") +
	       count_lines("/proc/sysvipc/msg") - 3;
}

static inline MAYBE_UNUSED bool no_objects(void)
{
	return !as_watcher(count_objects);
}

/* Nobody is left who has keys, of the two users that had some. */
static inline MAYBE_UNUSED bool no_keys(void)
{
	char text[4096];

	read_text("/proc/key-users", text, sizeof(text));
	return !strstr(text, " 4711:") && !strstr(text, " 4712:");
}

/* Memory of the kernel's, in KiB */

struct memory {
	long available, slab, percpu, kernel;
};

/* Freed objects count as used until a slab is shrunk, or the sanitizer lets them go. */
static inline MAYBE_UNUSED void shrink_slabs(void)
{
	DIR *dir = opendir("/sys/kernel/slab");
	struct dirent *entry;
	char path[300];

	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", entry->d_name);
		write_text(path, "1");
	}
	if (dir)
		closedir(dir);
}

static inline MAYBE_UNUSED long memory_of(const char *text, const char *name)
{
	const char *line = strstr(text, name);

	return line ? atol(line + strlen(name)) : 0;
}

static inline MAYBE_UNUSED struct memory memory_now(void)
{
	char text[4096];
	int times;

	/* what RCU frees holds other things that it then frees */
	for (times = 0; times < 3; times++) {
		write_text("/proc/sys/vm/drop_caches", "3");
		shrink_slabs();
		nap(500000);
	}
	read_text("/proc/meminfo", text, sizeof(text));
	return (struct memory){
		.available = memory_of(text, "\nMemAvailable:"),
		.slab = memory_of(text, "\nSlab:"),
		.percpu = memory_of(text, "\nPercpu:"),
		.kernel = memory_of(text, "\nKernelStack:") + memory_of(text, "\nPageTables:") +
			  memory_of(text, "\nVmallocUsed:"),
	};
}

static inline MAYBE_UNUSED void memory_print(const char *when, const struct memory *memory)
{
	printf("# memory %s, in KiB: available %ld, slabs %ld, percpu %ld, stacks and tables %ld\n",
	       when, memory->available, memory->slab, memory->percpu, memory->kernel);
}

#endif /* LEFT_H */
