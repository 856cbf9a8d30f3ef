// SPDX-License-Identifier: GPL-2.0-only
/*
 * Process 1 of a guest.  It comes in the initial ramdisk, makes the root file system on /dev/vda
 * a running system, unpacks what was built (/dev/vdb, a tar archive) over it, runs one command
 * and hands output, exit status and the kernel's log out through virtio ports.
 *
 * C and not a script: emulated, every program that a script starts costs hundredths of a second.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "archive.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define KMEMLEAK	"/sys/kernel/debug/kmemleak"

/* What vm asks for, in /order of the ramdisk: options up to "--", then the command. */
static struct {
	bool module;
	bool share;
	bool leaks;
	struct winsize tty;		/* no rows: no terminal */
	const char *term;
	char **argv;
} order;

static int status_port = -1;

static void write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		data += n;
		size -= n;
	}
}

static void __attribute__((noreturn)) power_off(void)
{
	/* QEMU ends at a reset.  Nothing is written back: the disk is a snapshot. */
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

static void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *format, ...)
{
	char text[512];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n >= (int)sizeof(text))
		n = sizeof(text) - 1;
	if (status_port >= 0)
		dprintf(status_port, "failed %.*s\n", n, text);
	else
		dprintf(STDERR_FILENO, "init: %.*s\n", n, text);
	power_off();
}

static void nap(long milliseconds)
{
	struct timespec t = { milliseconds / 1000, milliseconds % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	write_all(fd, text, strlen(text));
	close(fd);
}

static void read_order(void)
{
	static char text[1 << 20];
	static char *words[1 << 16];
	char *end, *p;
	size_t count = 0;
	ssize_t size;
	int fd;

	fd = open("/order", O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -1 : read(fd, text, sizeof(text));
	if (size <= 0 || size == sizeof(text))
		fail("/order: not readable or longer than a megabyte");
	close(fd);
	for (p = text, end = text + size; p < end && count < ARRAY_SIZE(words) - 1;
	     p += strlen(p) + 1)
		words[count++] = p;
	for (order.argv = words; *order.argv; order.argv++) {
		unsigned short rows, columns;

		p = *order.argv;
		if (!strcmp(p, "--"))
			break;
		if (!strcmp(p, "module"))
			order.module = true;
		else if (!strcmp(p, "share"))
			order.share = true;
		else if (!strcmp(p, "leaks"))
			order.leaks = true;
		else if (sscanf(p, "tty=%hux%hu", &rows, &columns) == 2)
			order.tty = (struct winsize){ .ws_row = rows, .ws_col = columns };
		else if (!strncmp(p, "term=", 5))
			order.term = p + 5;
	}
	if (!order.argv[0] || !order.argv[1])
		fail("/order: no command");
	order.argv++;
}

static void mount_root(void)
{
	int tries;

	mkdir("/dev", 0755);
	mkdir("/root", 0755);
	if (mount("dev", "/dev", "devtmpfs", MS_NOSUID, "mode=0755"))
		fail("/dev: %s", strerror(errno));
	for (tries = 0; mount("/dev/vda", "/root", "ext4", 0, "prjquota,noinit_itable"); tries++) {
		if (tries == 2000)
			fail("/dev/vda: %s", strerror(errno));
		nap(2);
	}
	unlink("/order");
	unlink("/init");
	if (mount("/dev", "/root/dev", NULL, MS_MOVE, NULL) || chdir("/root") ||
	    mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		fail("root file system: %s", strerror(errno));
}

static void mount_all(void)
{
	static const struct {
		const char *type, *path, *options;
		unsigned long flags;
	} mounts[] = {
#define SAFE	(MS_NOSUID | MS_NODEV | MS_NOEXEC)
		{ "proc", "/proc", NULL, SAFE },
		{ "sysfs", "/sys", NULL, SAFE },
		{ "devpts", "/dev/pts", "gid=5,mode=620,ptmxmode=666", MS_NOSUID | MS_NOEXEC },
		{ "tmpfs", "/dev/shm", "mode=1777", MS_NOSUID | MS_NODEV },
		{ "mqueue", "/dev/mqueue", NULL, SAFE },
		{ "tmpfs", "/run", "mode=0755", MS_NOSUID | MS_NODEV },
		{ "tmpfs", "/tmp", "mode=1777", MS_NOSUID | MS_NODEV },
		{ "cgroup2", "/sys/fs/cgroup", NULL, SAFE },
		{ "securityfs", "/sys/kernel/security", NULL, SAFE },
		{ "debugfs", "/sys/kernel/debug", NULL, SAFE },
		{ "tracefs", "/sys/kernel/tracing", NULL, SAFE },
		{ "bpf", "/sys/fs/bpf", "mode=0700", SAFE },
#undef SAFE
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(mounts); i++) {
		mkdir(mounts[i].path, 0755);
		if (mount(mounts[i].type, mounts[i].path, mounts[i].type, mounts[i].flags,
			  mounts[i].options))
			fail("mount %s: %s", mounts[i].path, strerror(errno));
	}
	mkdir("/run/lock", 01777);
	mkdir("/run/user", 0755);
	(void)!symlink("/proc/self/fd", "/dev/fd");
	(void)!symlink("/proc/self/fd/0", "/dev/stdin");
	(void)!symlink("/proc/self/fd/1", "/dev/stdout");
	(void)!symlink("/proc/self/fd/2", "/dev/stderr");
	if (order.share && mount("share", "/share", "9p", MS_RDONLY | MS_NODEV,
				 "trans=virtio,version=9p2000.L,msize=262144,cache=loose"))
		fail("mount /share: %s", strerror(errno));
}

/* All controllers on for the groups below the root, as systemd has it on a machine. */
static void enable_controllers(void)
{
	char line[512] = "", text[1024] = "";
	char *name, *save;
	FILE *f = fopen("/sys/fs/cgroup/cgroup.controllers", "re");

	if (!f || !fgets(line, sizeof(line), f))
		fail("/sys/fs/cgroup/cgroup.controllers: %s", strerror(errno));
	fclose(f);
	for (name = strtok_r(line, " \n", &save); name; name = strtok_r(NULL, " \n", &save)) {
		strcat(text, "+");
		strcat(text, name);
		strcat(text, " ");
	}
	write_file("/sys/fs/cgroup/cgroup.subtree_control", text);
}

static void interface_up(int fd, const char *name, const char *address)
{
	struct ifreq request = { 0 };
	struct sockaddr_in *sin = (struct sockaddr_in *)&request.ifr_addr;

	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	if (address) {
		sin->sin_family = AF_INET;
		inet_pton(AF_INET, address, &sin->sin_addr);
		if (ioctl(fd, SIOCSIFADDR, &request))
			fail("%s: address: %s", name, strerror(errno));
		inet_pton(AF_INET, "255.255.255.0", &sin->sin_addr);
		if (ioctl(fd, SIOCSIFNETMASK, &request))
			fail("%s: netmask: %s", name, strerror(errno));
		inet_pton(AF_INET, "10.0.0.255", &sin->sin_addr);
		if (ioctl(fd, SIOCSIFBRDADDR, &request))
			fail("%s: broadcast address: %s", name, strerror(errno));
	}
	memset(&request.ifr_ifru, 0, sizeof(request.ifr_ifru));
	if (ioctl(fd, SIOCGIFFLAGS, &request))
		fail("%s: %s", name, strerror(errno));
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request))
		fail("%s: up: %s", name, strerror(errno));
}

static void set_up_network(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	interface_up(fd, "lo", NULL);
	interface_up(fd, "dummy0", "10.0.0.1");
	close(fd);
	sethostname("guest", 5);
	/* as systemd has it: anybody may ping */
	write_file("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
}

/* The port called @name; udev is not here to make links.  Ports appear some time after boot. */
static int open_port(const char *name)
{
	char path[300], have[64];
	int tries, fd;

	for (tries = 0; tries < 2500; tries++) {
		DIR *dir = opendir("/sys/class/virtio-ports");
		struct dirent *entry;

		while (dir && (entry = readdir(dir))) {
			ssize_t n = -1;

			snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name",
				 entry->d_name);
			fd = open(path, O_RDONLY | O_CLOEXEC);
			if (fd >= 0) {
				n = read(fd, have, sizeof(have) - 1);
				close(fd);
			}
			if (n <= 0)
				continue;
			have[n] = '\0';
			have[strcspn(have, "\n")] = '\0';
			if (strcmp(have, name))
				continue;
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			fd = open(path, O_RDWR | O_CLOEXEC);
			if (fd >= 0) {
				closedir(dir);
				return fd;
			}
		}
		if (dir)
			closedir(dir);
		nap(2);
	}
	fail("no virtio port '%s'", name);
}

static void clean_environment(void)
{
	clearenv();
	setenv("HOME", "/root", 1);
	setenv("USER", "root", 1);
	setenv("LOGNAME", "root", 1);
	setenv("SHELL", "/bin/bash", 1);
	setenv("LANG", "C.UTF-8", 1);
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	if (order.term)
		setenv("TERM", order.term, 1);
}

static void unblock_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* As systemd has it: servers raise their limit far above what the kernel begins with. */
static void raise_limits(void)
{
	struct rlimit files = { .rlim_cur = 1024, .rlim_max = 524288 };

	setrlimit(RLIMIT_NOFILE, &files);
}

/* As modprobe does, but for the time that it takes to start. */
static void load_module(void)
{
	struct utsname kernel;
	char path[256];
	int fd;

	uname(&kernel);
	snprintf(path, sizeof(path), "/lib/modules/%s/updates/vcontext.ko", kernel.release);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
		fail("%s: %s", path, strerror(errno));
	close(fd);
}

/* The terminal, once the console driver has it. */
static int open_terminal(void)
{
	int tries, fd;

	for (tries = 0; tries < 2500; tries++) {
		fd = open("/dev/hvc0", O_RDWR | O_CLOEXEC | O_NOCTTY);
		if (fd >= 0) {
			ioctl(fd, TIOCSWINSZ, &order.tty);
			return fd;
		}
		nap(2);
	}
	fail("/dev/hvc0: %s", strerror(errno));
}

static pid_t start_command(int in, int out, int err)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork: %s", strerror(errno));
	if (pid)
		return pid;
	unblock_signals();
	raise_limits();
	setsid();
	if (order.tty.ws_row)
		ioctl(in, TIOCSCTTY, 0);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	if (chdir("/root"))
		_exit(126);
	execvp(order.argv[0], order.argv);
	dprintf(STDERR_FILENO, "%s: %s\n", order.argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Whatever is there to read goes out; false when there is nothing (more). */
static bool relay(int from, int to)
{
	static char buffer[65536];
	ssize_t n = read(from, buffer, sizeof(buffer));

	if (n > 0)
		write_all(to, buffer, n);
	/* EPIPE: the log has overtaken its reader, which goes on with the oldest record. */
	return n > 0 || (n < 0 && (errno == EINTR || errno == EPIPE));
}

/* Reaps what has ended; true when @command was among it. */
static bool reap(pid_t command, int *result)
{
	bool ended = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != command)
			continue;
		ended = true;
		*result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
	return ended;
}

struct streams {
	int out, err;			/* what the command writes, to be read */
	int out_port, err_port;
	int log, log_port;
	int terminal, control_port;
};

/* Whoever writes to it gets SIGPIPE. */
static void close_stream(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* One or more lines from vm. */
static void obey(struct streams *s)
{
	char text[4096], *line, *save;
	struct winsize size = { 0 };
	ssize_t n = read(s->control_port, text, sizeof(text) - 1);

	if (n <= 0)
		return;
	text[n] = '\0';
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!strcmp(line, "gone stdout"))
			close_stream(&s->out);
		else if (!strcmp(line, "gone stderr"))
			close_stream(&s->err);
		else if (sscanf(line, "size %hux%hu", &size.ws_row, &size.ws_col) == 2)
			ioctl(s->terminal, TIOCSWINSZ, &size);
	}
}

static int watch(struct streams *s, pid_t command)
{
	enum { SIGNAL, LOG, OUT, ERR, CONTROL };
	struct signalfd_siginfo info;
	struct pollfd polls[] = {
		[LOG] = { s->log, POLLIN, 0 },
		[OUT] = { -1, POLLIN, 0 },
		[ERR] = { -1, POLLIN, 0 },
		[CONTROL] = { s->control_port, POLLIN, 0 },
	};
	sigset_t child;
	int result = 0;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	polls[SIGNAL] = (struct pollfd){ signalfd(-1, &child, SFD_CLOEXEC), POLLIN, 0 };
	for (;;) {
		polls[OUT].fd = s->out;
		polls[ERR].fd = s->err;
		if (poll(polls, ARRAY_SIZE(polls), -1) < 0)
			continue;
		if (polls[OUT].revents && !relay(s->out, s->out_port))
			close_stream(&s->out);
		if (polls[ERR].revents && !relay(s->err, s->err_port))
			close_stream(&s->err);
		if (polls[LOG].revents)
			relay(s->log, s->log_port);
		if (polls[CONTROL].revents & POLLIN)
			obey(s);
		if (!polls[SIGNAL].revents)
			continue;
		(void)!read(polls[SIGNAL].fd, &info, sizeof(info));
		if (reap(command, &result))
			return result;
	}
}

static void set_nonblock(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/*
 * Memory that nothing points to any more, reported to the log's reader.  kmemleak reports what two
 * scans miss, and nothing that is younger than five seconds.
 */
static void report_leaks(int log_port)
{
	char *line = NULL;
	size_t size = 0;
	double end;
	FILE *f;
	int i;

	kill(-1, SIGKILL);
	for (i = 0; i < 100 && waitpid(-1, NULL, WNOHANG) >= 0; i++)
		nap(10);
	end = now() + 5.5;
	write_file(KMEMLEAK, "scan");
	if (now() < end)
		nap((end - now()) * 1000);
	write_file(KMEMLEAK, "scan");
	f = fopen(KMEMLEAK, "re");
	if (!f)
		fail("%s: %s", KMEMLEAK, strerror(errno));
	while (getline(&line, &size, f) > 0)
		dprintf(log_port, "4,0,0,-;%s", line);
	free(line);
	fclose(f);
}

static int run(struct streams *s)
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 };
	pid_t command;
	int result, in;

	if (order.tty.ws_row) {
		s->terminal = open_terminal();
		command = start_command(s->terminal, s->terminal, s->terminal);
	} else {
		in = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
			fail("pipe: %s", strerror(errno));
		command = start_command(in, out[1], err[1]);
		close(in);
		close(out[1]);
		close(err[1]);
	}
	s->out = out[0];
	s->err = err[0];
	result = watch(s, command);
	if (s->terminal >= 0) {
		tcdrain(s->terminal);
		return result;
	}
	/* What the command left running may keep the pipes: take what is there, don't wait. */
	set_nonblock(s->out);
	set_nonblock(s->err);
	while (relay(s->out, s->out_port))
		;
	while (relay(s->err, s->err_port))
		;
	return result;
}

int main(void)
{
	struct streams s = { .terminal = -1 };
	const char *problem;
	sigset_t all;
	int result;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	umask(0);
	read_order();
	mount_root();
	mount_all();
	umask(022);
	enable_controllers();
	set_up_network();
	clean_environment();
	status_port = open_port("status");
	s.log_port = open_port("log");
	s.out_port = open_port("stdout");
	s.err_port = open_port("stderr");
	s.control_port = open_port("control");
	s.log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	problem = archive_unpack("/dev/vdb");
	if (problem)
		fail("/dev/vdb: %s: %s", problem, strerror(errno));
	if (order.module)
		load_module();
	if (order.leaks)
		write_file(KMEMLEAK, "clear");
	dprintf(status_port, "started\n");
	result = run(&s);
	while (relay(s.log, s.log_port))
		;
	if (order.leaks)
		report_leaks(s.log_port);
	while (relay(s.log, s.log_port))
		;
	dprintf(status_port, "exit %d\n", result);
	power_off();
}
