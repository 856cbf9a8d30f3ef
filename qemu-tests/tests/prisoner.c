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
static _Noreturn void hunt(void)
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
static _Noreturn void answer(int count)
{
	struct sigaction action = { .sa_sigaction = on_term, .sa_flags = SA_SIGINFO };

	sigaction(SIGTERM, &action, NULL);
	while (count-- > 1 && fork() > 0)
		;
	for (;;)
		pause();
}

/* Is the present directory, or what is above it, one that is not below our root? */
static void climb(const char *how)
{
	struct stat here, above;

	for (int i = 0; i < 64; i++) {
		if (stat(".", &here) < 0 || stat("..", &above) < 0)
			break;
		if (chdir("..") < 0)
			break;
	}
	if (access("etc/vservers", F_OK) == 0 || access("vservers", F_OK) == 0)
		door("%s: the machine's root directory", how);
}

/* The tricks of those who were only chroot()ed. */
static int chroots(void)
{
	int top = open("/", O_RDONLY | O_DIRECTORY);
	int host = open("/dev/.host", O_RDONLY | O_DIRECTORY);

	climb("plain");
	mkdir("/tmp/jail", 0755);
	if (chroot("/tmp/jail") == 0) {
		climb("chroot without chdir");
		if (fchdir(top) == 0)
			climb("chroot, with a descriptor");
		if (chroot(".") == 0)
			climb("twice");
		if (host >= 0 && fchdir(host) == 0)
			climb("by a bind mount");
	}
	if (syscall(SYS_pivot_root, ".", ".") == 0)
		door("pivot_root");
	if (unshare(CLONE_NEWNS) == 0)
		door("unshare mounts");
	if (unshare(CLONE_NEWUSER) == 0)
		door("unshare users");
	if (mount("none", "/tmp", "tmpfs", 0, NULL) == 0 || umount2("/proc", MNT_DETACH) == 0)
		door("mount");
	if (syscall(SYS_open_tree, AT_FDCWD, "/", 1) >= 0)
		door("open_tree");
	return doors;
}

static int handles(void)
{
	struct {
		struct file_handle head;
		unsigned char bytes[128];
	} handle = { .head = { .handle_bytes = 128 } };
	int mount_id;
	int top = open("/", O_RDONLY);

	if (name_to_handle_at(AT_FDCWD, "/", &handle.head, &mount_id, 0) == 0 &&
	    open_by_handle_at(top, &handle.head, O_RDONLY) >= 0)
		door("open by handle");
	/* ext4: the root directory has number 2 */
	handle.head.handle_bytes = 8;
	handle.head.handle_type = 1;
	memcpy(handle.bytes, (unsigned int[]){ 2, 0 }, 8);
	if (open_by_handle_at(top, &handle.head, O_RDONLY) >= 0)
		door("open the file system's root by handle");
	return doors;
}

static int terminal(void)
{
	struct stat own, control;
	char byte = 'x';
	int tty;

	if (ioctl(STDIN_FILENO, TIOCSTI, &byte) == 0)
		door("TIOCSTI");
	if (ioctl(STDIN_FILENO, TIOCLINUX, &byte) == 0)
		door("TIOCLINUX");
	if (ioctl(STDIN_FILENO, TIOCCONS, 0) == 0)
		door("TIOCCONS");
	tty = open("/dev/tty", O_RDWR);
	if (tty >= 0) {
		if (ioctl(tty, TIOCSTI, &byte) == 0)
			door("TIOCSTI of /dev/tty");
		if (fstat(STDIN_FILENO, &own) == 0 && fstat(tty, &control) == 0 &&
		    !isatty(STDIN_FILENO))
			door("a terminal, and it isn't standard input");
	}
	setsid();
	for (int major = 0; major < 6; major++) {
		char path[32];

		snprintf(path, sizeof(path), "/tmp/node%d", major);
		unlink(path);
		if (mknod(path, S_IFCHR | 0666, major << 8 | 1) == 0)
			door("mknod");
	}
	return doors;
}

/* Let nobody open a file before we have been asked for it, and that for ever. */
static _Noreturn void lease(char **paths)
{
	signal(SIGIO, SIG_IGN);
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_IGN);
	for (;;) {
		for (char **path = paths; *path; path++) {
			int fd = open(*path, O_RDONLY | O_NONBLOCK);

			/* It is kept open, and so is the lease. */
			if (fd >= 0 && fcntl(fd, F_SETLEASE, F_WRLCK) < 0)
				close(fd);
		}
		usleep(10000);
	}
}

/* One is the other, and the other way round, all the time. */
static _Noreturn void swap(const char *one, const char *other)
{
	for (;;)
		renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE);
}

static _Noreturn void ignore_all(void)
{
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_IGN);
	for (;;)
		pause();
}

static _Noreturn void bomb(void)
{
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_IGN);
	for (;;) {
		if (fork() < 0)
			sched_yield();
	}
}

/* Children that are stopped, traced, in sessions of their own, with parents that wait for none. */
static _Noreturn void litter(void)
{
	for (int i = 0; i < 40; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			if (i % 4 == 0)
				setsid();
			if (i % 4 == 1)
				ptrace(PTRACE_TRACEME, 0, 0, 0);
			if (i % 4 == 3)
				_exit(0);
			if (i % 2)
				raise(SIGSTOP);
			if (fork() == 0)
				ignore_all();
			ignore_all();
		}
	}
	signal(SIGCHLD, SIG_DFL);
	ignore_all();
}

static _Noreturn void print(void)
{
	static char text[65536];

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_IGN);
	memset(text, 'x', sizeof(text));
	for (;;) {
		if (write(STDOUT_FILENO, text, sizeof(text)) < 0)
			usleep(1000);
	}
}

/* It ends, traced by another one that never waits for that. */
static int be_kept(int status)
{
	pid_t self = getpid();
	char byte = 'x';
	int ready[2];

	if (pipe2(ready, O_CLOEXEC) < 0)
		return 2;
	if (fork() == 0) {
		for (int number = 1; number < NSIG; number++)
			signal(number, SIG_IGN);
		setsid();
		close_range(STDIN_FILENO, STDERR_FILENO, 0);
		if (ptrace(PTRACE_SEIZE, self, 0, 0) < 0 || write(ready[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	return read(ready[0], &byte, 1) == 1 ? status : 1;
}

static int as_init(const char *mode, char **argv)
{
	if (!strcmp(mode, "ignore"))
		ignore_all();
	if (!strcmp(mode, "bomb"))
		bomb();
	if (!strcmp(mode, "litter"))
		litter();
	if (!strcmp(mode, "print"))
		print();
	if (!strcmp(mode, "exec")) {
		usleep(1000);
		execv("/proc/self/exe", argv);
	}
	return !strcmp(mode, "end") ? 0 : 2;
}

int main(int argc, char **argv)
{
	const char *act = argc > 1 ? argv[1] : "";

	read_mounts();
	if (!strcmp(act, "watch"))
		return watch(argc > 2 ? atoi(argv[2]) : 0);
	if (!strcmp(act, "hunt"))
		hunt();
	if (!strcmp(act, "answer"))
		answer(argc > 2 ? atoi(argv[2]) : 1);
	if (!strcmp(act, "chroot"))
		return chroots();
	if (!strcmp(act, "handle"))
		return handles();
	if (!strcmp(act, "terminal"))
		return terminal();
	if (!strcmp(act, "lease"))
		lease(argv + 2);
	if (!strcmp(act, "swap") && argc > 3)
		swap(argv[2], argv[3]);
	if (!strcmp(act, "kept"))
		return be_kept(argc > 2 ? atoi(argv[2]) : 0);
	if (!strcmp(act, "look")) {
		look_at_process(getpid());
		printf("%d doors\n", doors);
		return doors;
	}
	return as_init(act, argv);
}
