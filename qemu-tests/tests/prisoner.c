// SPDX-License-Identifier: GPL-2.0-only
/*
 * prisoner: what hostile root of a vserver does, for vserver_escape.sh.  It runs inside, is static,
 * and prints a line that begins with DOOR for each thing that leads out.
 */

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int doors;

static __attribute__((format(printf, 1, 2))) void door(const char *format, ...)
{
	va_list arguments;

	doors++;
	va_start(arguments, format);
	printf("DOOR ");
	vprintf(format, arguments);
	printf("\n");
	fflush(stdout);
	va_end(arguments);
}

/* The mounts of this process: what is on another one is outside. */
static uint64_t mounts[256];
static size_t mount_count;

static void read_mounts(void)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char line[4096];

	mount_count = 0;
	while (file && fgets(line, sizeof(line), file) && mount_count < 256)
		mounts[mount_count++] = strtoull(line, NULL, 10);
	if (file)
		fclose(file);
}

static bool is_outside(int fd, struct statx *node)
{
	if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, node) < 0)
		return false;
	if (S_ISFIFO(node->stx_mode) || S_ISSOCK(node->stx_mode))
		return false;
	for (size_t i = 0; i < mount_count; i++) {
		if (mounts[i] == node->stx_mnt_id)
			return false;
	}

	return true;
}

static void look_at(int pid, const char *what)
{
	char path[64], to[256] = "";
	struct statx node;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return;
	if (is_outside(fd, &node)) {
		if (readlink(path, to, sizeof(to) - 1) < 0)
			to[0] = '\0';
		door("/proc/%d/%s -> %s", pid, what, to);
	}
	close(fd);
}

static void look_at_fds(int pid)
{
	char path[64];
	struct dirent *entry;
	DIR *list;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	list = opendir(path);
	while (list && (entry = readdir(list))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "fd/%.20s", entry->d_name);
		look_at(pid, path);
	}
	if (list)
		closedir(list);
}

static void look_at_process(int pid)
{
	look_at(pid, "root");
	look_at(pid, "cwd");
	look_at(pid, "exe");
	look_at_fds(pid);
}

/* Look at all processes again and again until it is killed, or for so many seconds. */
static int watch(int seconds)
{
	time_t end = time(NULL) + seconds;
	unsigned long seen = 0;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	while (!seconds || time(NULL) < end) {
		DIR *list = opendir("/proc");
		struct dirent *entry;

		while (list && (entry = readdir(list))) {
			int pid = atoi(entry->d_name);

			if (pid > 1 && pid != getpid() && ++seen)
				look_at_process(pid);
		}
		if (list)
			closedir(list);
	}
	printf("seen %lu\n", seen);
	return doors;
}

/* The next processes by their numbers, without reading the directory. */
static int hunt(void)
{
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_IGN);
	for (;;) {
		FILE *file = fopen("/proc/loadavg", "re");
		int last = 0;

		if (!file || fscanf(file, "%*s %*s %*s %*s %d", &last) != 1)
			last = getpid();
		if (file)
			fclose(file);
		for (int pid = last - 8; pid < last + 24; pid++) {
			if (pid != getpid() && pid > 1) {
				look_at(pid, "root");
				look_at(pid, "exe");
			}
		}
	}
}

static void on_term(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	kill(info->si_pid, SIGSTOP);
	look_at(info->si_pid, "root");
	look_at(info->si_pid, "exe");
	kill(info->si_pid, SIGCONT);
}

/* Who sends a signal tells who it is. */
static int answer(int count)
{
	struct sigaction action = { .sa_sigaction = on_term, .sa_flags = SA_SIGINFO };

	sigaction(SIGTERM, &action, NULL);
	while (count-- > 1 && fork() > 0)
		;
	for (;;)
		pause();
	return 0;
}

int main(int argc, char **argv)
{
	const char *act = argc > 1 ? argv[1] : "";

	read_mounts();
	if (!strcmp(act, "watch"))
		return watch(argc > 2 ? atoi(argv[2]) : 0);
	if (!strcmp(act, "hunt"))
		return hunt();
	if (!strcmp(act, "answer"))
		return answer(argc > 2 ? atoi(argv[2]) : 1);
	if (!strcmp(act, "look")) {
		look_at_process(getpid());
		printf("%d doors\n", doors);
		return doors;
	}
	return 2;
}
