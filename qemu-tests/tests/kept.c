// SPDX-License-Identifier: GPL-2.0-only
/* Contexts that are entered at exec, and what contexts keep for those who enter. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "caps.h"
#include "guest.h"
#include "init.h"
#include "party.h"

static int at_exec(int handle)
{
	return -result(ioctl(handle, VCONTEXT_ENTER_AT_EXEC));
}

static int keep(int handle, int mounts, int names)
{
	struct vcontext_keep arg = { .size = sizeof(arg), .mounts = mounts, .names = names };

	return -result(ioctl(handle, VCONTEXT_KEEP, &arg));
}

static int keep_own(int handle)
{
	int mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	int names = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	int error = keep(handle, mounts, names);

	close(mounts);
	close(names);
	return error;
}

static int kept(int handle, long type)
{
	int fd = ioctl(handle, VCONTEXT_KEPT, type);

	return fd < 0 ? -errno : fd;
}

static int forget(int handle)
{
	return -result(ioctl(handle, VCONTEXT_FORGET));
}

static void sh(const char *script)
{
	execl("/bin/sh", "sh", "-c", script, NULL);
}

/* A child arms itself for @handle, calls @before, and becomes a shell that runs @script. */
static void expect_shell(int handle, void (*before)(void), const char *script)
{
	pid_t pid = fork_or_fail();

	if (!pid) {
		expect_error(at_exec(handle), 0);
		if (before)
			before();
		sh(script);
		ktap_fail("exec: %s", errno_name(errno));
	}
	wait_exit(pid, 0);
}

static void do_enter(void *handle)
{
	expect_error(context_enter(*(int *)handle), 0);
}

static const char *in_context(__u32 id)
{
	return ktap_text("grep -q '^s_context:\t%u$' /proc/self/status", id);
}

/* Entering at exec */

static void expect_outside(void)
{
	ktap_expect(line_in("/proc/self/status", "s_context:\t0"), "expected to be outside until exec");
}

static void run_exec(const void *unused)
{
	__u32 id;
	int handle = open_new(&id);

	(void)unused;
	expect_shell(handle, expect_outside, in_context(id));
}

static void run_child(const void *unused)
{
	int handle = open_new(NULL);
	pid_t pid = fork_or_fail();

	(void)unused;
	if (!pid) {
		expect_error(at_exec(handle), 0);
		pid = fork_or_fail();
		if (!pid)
			sh(in_context(0));
		wait_exit(pid, 0);
		_exit(0);
	}
	wait_exit(pid, 0);
}

static void fail_first(void)
{
	execl("/nonexistent", "nonexistent", NULL);
	ktap_expect(errno == ENOENT, "expected ENOENT, came %s", errno_name(errno));
	execl("/etc/passwd", "passwd", NULL);
	ktap_expect(errno == EACCES, "expected EACCES, came %s", errno_name(errno));
	expect_outside();
}

/* A file that looks like a program until its contents are looked at. */
static void fail_late(void)
{
	int fd = open("/tmp/vc-noprogram", O_CREAT | O_WRONLY | O_CLOEXEC, 0755);

	ktap_need(fd >= 0 && write(fd, "\177ELF", 4) == 4, "file: %s", errno_name(errno));
	close(fd);
	execl("/tmp/vc-noprogram", "noprogram", NULL);
	ktap_expect(errno == ENOEXEC, "expected ENOEXEC, came %s", errno_name(errno));
	unlink("/tmp/vc-noprogram");
	expect_outside();
}

static void run_again(const void *before)
{
	__u32 id;
	int handle = open_new(&id);

	expect_shell(handle, (void (*)(void))before, in_context(id));
}

static void run_ceiling(const void *unused)
{
	int handle = open_new(NULL);

	(void)unused;
	expect_error(context_lower_others(handle, CAPS_ALL & ~VCONTEXT_SECURE_KEEPS), 0);
	expect_shell(handle, NULL, ktap_text(
		     "for set in Bnd Prm Eff; do "
		     "grep -q \"^Cap$set:\t%016llx$\" /proc/self/status || exit 1; done; "
		     "grep -q '^CapInh:\t0000000000000000$' /proc/self/status",
		     (unsigned long long)VCONTEXT_SECURE_KEEPS));
}

static void become_user(void)
{
	become(USER);
}

static void run_user(const void *unused)
{
	__u32 id;
	int handle = open_new(&id);

	(void)unused;
	expect_shell(handle, become_user,
		     ktap_text("test $(id -u) = %d && grep -q '^CapEff:\t0*$' /proc/self/status && %s",
			       USER, in_context(id)));
}

static void refused_as_user(void *handle)
{
	become(USER);
	expect_error(at_exec(*(int *)handle), EPERM);
}

static void refused_inside(void *handle)
{
	enter_new(0);
	expect_error(at_exec(*(int *)handle), EPERM);
}

static void *wait_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

static void refused_threads(void *handle)
{
	pthread_t thread;

	ktap_need(!pthread_create(&thread, NULL, wait_for_ever, NULL), "thread");
	expect_error(at_exec(*(int *)handle), EINVAL);
}

static void refused_private(void *handle)
{
	struct sitter sitter;

	expect_error(context_add_flags(*(int *)handle, VCONTEXT_PRIVATE), 0);
	sitter = sitter_start(do_enter, handle);
	expect_error(at_exec(*(int *)handle), EPERM);
	sitter_end(&sitter);
}

static void run_refused(const void *function)
{
	int handle = open_new(NULL);

	in_child((void (*)(void *))function, &handle);
}

/* What comes between arming and exec. */
static int between;

static void made_private(void)
{
	struct sitter sitter = sitter_start(do_enter, &between);

	expect_error(context_add_flags(between, VCONTEXT_PRIVATE), 0);
	sh("exit 0");
	ktap_expect(errno == EPERM, "exec: expected EPERM, came %s", errno_name(errno));
	sitter_end(&sitter);
}

static void made_traced(void)
{
	ktap_need(!ptrace(PTRACE_TRACEME, 0, NULL, NULL), "ptrace: %s", errno_name(errno));
	sh("exit 0");
	ktap_expect(errno == EBUSY, "exec: expected EBUSY, came %s", errno_name(errno));
}

static void made_threads(void)
{
	pthread_t thread;

	ktap_need(!pthread_create(&thread, NULL, wait_for_ever, NULL), "thread");
	sh("exit 0");
	ktap_expect(errno == EINVAL, "exec: expected EINVAL, came %s", errno_name(errno));
}

static void run_between(const void *function)
{
	pid_t pid;

	between = open_new(NULL);
	pid = fork_or_fail();
	if (!pid) {
		expect_error(at_exec(between), 0);
		((void (*)(void))function)();
		_exit(0);
	}
	wait_exit(pid, 0);
}

/* Who arms and ends without exec leaves nothing. */
static void run_unused(const void *unused)
{
	__u32 id;
	int handle = open_new(&id);
	pid_t pid = fork_or_fail();

	(void)unused;
	if (!pid) {
		expect_error(at_exec(handle), 0);
		_exit(0);
	}
	close(handle);
	wait_exit(pid, 0);
	expect_error(context_open(id, 0, 0, NULL), ENOENT);
}

static void run_replaced(const void *unused)
{
	__u32 ids[2];
	int handles[2] = { open_new(&ids[0]), open_new(&ids[1]) };
	pid_t pid = fork_or_fail();

	(void)unused;
	if (!pid) {
		expect_error(at_exec(handles[0]), 0);
		close(handles[0]);
		expect_error(at_exec(handles[1]), 0);
		sh(in_context(ids[1]));
		_exit(1);
	}
	close(handles[0]);
	wait_exit(pid, 0);
	expect_error(context_open(ids[0], 0, 0, NULL), ENOENT);
}

/* What inside is seen of those who enter: never the program from outside. */
static void look_for_programs(void *handle)
{
	char own[200], path[64], link[200];
	ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);
	pid_t first = getpid();

	ktap_need(length > 0, "/proc/self/exe: %s", errno_name(errno));
	own[length] = '\0';
	expect_error(context_enter(*(int *)handle), 0);
	for (int round = 0; round < 20000; round++) {
		snprintf(path, sizeof(path), "/proc/%d/exe", first + 1 + round % 400);
		length = readlink(path, link, sizeof(link) - 1);
		if (length <= 0)
			continue;
		link[length] = '\0';
		ktap_expect(strcmp(link, own), "%s is the program from outside", path);
	}
}

static void run_program(const void *unused)
{
	int handle = open_new(NULL);
	pid_t looker = fork_or_fail();

	(void)unused;
	if (!looker) {
		look_for_programs(&handle);
		_exit(0);
	}
	for (int round = 0; round < 100; round++)
		expect_shell(handle, NULL, "exit 0");
	wait_exit(looker, 0);
}

/* Programs that name another from outside, as what is inside can have them. */
static void write_program(const char *path, const char *text)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0755);

	ktap_need(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), "%s: %s", path,
		  errno_name(errno));
	close(fd);
}

/* Below a root of its own, into which no more than a /proc is mounted. */
static void in_own_root(void)
{
	ktap_need(!unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
		  !mount("root", "/mnt", "tmpfs", 0, NULL) && !mkdir("/mnt/proc", 0755) &&
		  !mount("proc", "/mnt/proc", "proc", 0, NULL), "root: %s", errno_name(errno));
	ktap_need(!system("cp /bin/busybox /mnt/sh"), "cp");
	write_program("/mnt/own", "#!/sh\nexit 7\n");
	write_program("/mnt/self", "#!/proc/self/exe\n");
	write_program("/mnt/first", "#!/proc/1/root/bin/true\n");
	write_program("/mnt/fd", "#!/proc/self/fd/90\n");
	ktap_need(dup2(open("/bin/true", O_RDONLY), 90) == 90, "dup2");
	ktap_need(!chroot("/mnt") && !chdir("/"), "chroot: %s", errno_name(errno));
}

static void refused_outside(const char *program)
{
	execl(program, program, NULL);
	ktap_expect(errno == EACCES, "%s: expected EACCES, came %s", program, errno_name(errno));
}

static void run_outside(const void *unused)
{
	pid_t pid;

	(void)unused;
	between = open_new(NULL);
	pid = fork_or_fail();
	if (!pid) {
		in_own_root();
		expect_error(at_exec(between), 0);
		refused_outside("/self");
		refused_outside("/first");
		refused_outside("/fd");
		refused_outside("/proc/self/fd/90");
		refused_outside("/proc/1/root/bin/true");
		refused_outside("/proc/self/exe");
		execl("/own", "own", NULL);
		ktap_fail("/own: %s", errno_name(errno));
	}
	/* what was refused would have ended otherwise */
	wait_exit(pid, 7);
}

/* Another thread's exec would end the one that has armed. */
static void *exec_here(void *unused)
{
	sh("exit 0");
	ktap_expect(errno == EINVAL, "exec of a thread: expected EINVAL, came %s",
		    errno_name(errno));
	_exit(0);
	return unused;
}

static void made_other_thread(void)
{
	pthread_t thread;

	ktap_need(!pthread_create(&thread, NULL, exec_here, NULL), "thread");
	for (;;)
		pause();
}

static int share(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return 0;
}

static void made_shared(void)
{
	static char stack[16384] __attribute__((aligned(16)));
	pid_t pid = clone(share, stack + sizeof(stack), CLONE_FS | SIGCHLD, NULL);

	ktap_need(pid > 0, "clone: %s", errno_name(errno));
	expect_error(context_enter(between), EINVAL);
	sh("exit 0");
	ktap_expect(errno == EINVAL, "exec: expected EINVAL, came %s", errno_name(errno));
	kill(pid, SIGKILL);
	wait_status(pid);
}

static void made_forgotten(void)
{
	expect_error(forget(between), 0);
	sh("exit 0");
	ktap_expect(errno == EPERM, "exec: expected EPERM, came %s", errno_name(errno));
	expect_error(keep_own(between), 0);
	sh("exit 0");
	ktap_expect(errno == EPERM, "exec: expected EPERM for another, came %s",
		    errno_name(errno));
	expect_error(forget(between), 0);
}

static void made_forgotten_armed(void *unused)
{
	(void)unused;
	expect_error(at_exec(between), 0);
	made_forgotten();
}

static void run_forgotten(const void *unused)
{
	(void)unused;
	between = open_new(NULL);
	expect_error(keep_own(between), 0);
	in_child(made_forgotten_armed, NULL);
}

static void run_first(const void *unused)
{
	int handle = fakeinit_open();
	pid_t pid;

	(void)unused;
	ktap_need(!unshare(CLONE_NEWPID), "unshare: %s", errno_name(errno));
	pid = fork_or_fail();
	if (!pid) {
		expect_error(at_exec(handle), 0);
		execl("/bin/sh", "sh", "-c", "test $$ = 1", NULL);
		_exit(1);
	}
	wait_exit(pid, 0);
}

/* What is kept */

static void run_lives(const void *unused)
{
	struct vcontext_stat stat;
	__u32 id;
	int handle = open_new(&id);

	(void)unused;
	expect_error(keep_own(handle), 0);
	expect_error(context_stat(handle, &stat), 0);
	ktap_expect(stat.state == VCONTEXT_IS_KEPT, "expected to be told that it is kept");
	close(handle);
	handle = context_open(id, 0, 0, NULL);
	ktap_expect(handle >= 0, "expected it to live on, came %s", errno_name(-handle));
	expect_shell(handle, NULL, in_context(id));
	expect_error(forget(handle), 0);
	expect_error(context_stat(handle, &stat), 0);
	ktap_expect(!stat.state, "expected to be told that it is kept no more");
	expect_error(forget(handle), ENOENT);
	expect_error(kept(handle, CLONE_NEWNS), ENOENT);
	close(handle);
	expect_error(context_open(id, 0, 0, NULL), ENOENT);
}

static void run_descriptors(const void *unused)
{
	int handle = open_new(NULL), pipes[2];
	int mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	int names = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	int path = open("/proc/self/ns/mnt", O_PATH | O_CLOEXEC);

	(void)unused;
	ktap_need(!pipe(pipes), "pipe");
	expect_error(keep(handle, -1, names), EBADF);
	expect_error(keep(handle, mounts, 1000), EBADF);
	expect_error(keep(handle, path, names), EBADF);
	expect_error(keep(handle, names, mounts), EINVAL);
	expect_error(keep(handle, mounts, mounts), EINVAL);
	expect_error(keep(handle, pipes[0], names), EINVAL);
	expect_error(keep(handle, mounts, handle), EINVAL);
	expect_error(keep(handle, mounts, names), 0);
	expect_error(keep(handle, mounts, names), EEXIST);
	expect_error(kept(handle, CLONE_NEWPID), EINVAL);
	expect_error(forget(handle), 0);
}

static void run_sizes(const void *unused)
{
	struct { struct vcontext_keep arg; __u32 more[2]; } longer = {
		.arg = { .size = sizeof(longer), .mounts = -1, .names = -1 },
	};
	struct vcontext_keep *arg = &longer.arg;
	int handle = open_new(NULL);

	(void)unused;
	expect_error(-result(ioctl(handle, VCONTEXT_KEEP, arg)), EBADF);
	longer.more[1] = 1;
	expect_error(-result(ioctl(handle, VCONTEXT_KEEP, arg)), E2BIG);
	arg->size = sizeof(*arg);
	arg->pad = 1;
	expect_error(-result(ioctl(handle, VCONTEXT_KEEP, arg)), EINVAL);
	arg->pad = 0;
	arg->size = sizeof(*arg) - 1;
	expect_error(-result(ioctl(handle, VCONTEXT_KEEP, arg)), EINVAL);
	expect_error(-result(ioctl(handle, VCONTEXT_KEEP, NULL)), EFAULT);
}

static void expect_refused(int handle)
{
	expect_error(keep_own(handle), EPERM);
	expect_error(forget(handle), EPERM);
	expect_error(kept(handle, CLONE_NEWNS), EPERM);
}

static void as_user(void *handle)
{
	become(USER);
	expect_refused(*(int *)handle);
}

static void from_inside(void *handle)
{
	expect_error(context_enter(*(int *)handle), 0);
	expect_refused(*(int *)handle);
}

static void run_who(const void *function)
{
	int handle = open_new(NULL);

	expect_error(keep_own(handle), 0);
	/* it has had a process, so that its maker has no more rights than others */
	expect_shell(handle, NULL, "exit 0");
	in_child((void (*)(void *))function, &handle);
	expect_error(forget(handle), 0);
}

static void make_place(void *handle)
{
	ktap_need(!unshare(CLONE_NEWNS | CLONE_NEWUTS), "unshare: %s", errno_name(errno));
	ktap_need(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount: %s",
		  errno_name(errno));
	ktap_need(!mount("place", "/mnt", "tmpfs", 0, NULL), "mount: %s", errno_name(errno));
	ktap_need(!mkdir("/mnt/inside", 0755), "mkdir: %s", errno_name(errno));
	ktap_need(!sethostname("place", 5), "name: %s", errno_name(errno));
	expect_error(keep_own(*(int *)handle), 0);
}

static void join(void)
{
	int mounts = kept(between, CLONE_NEWNS), names = kept(between, CLONE_NEWUTS);

	ktap_expect(mounts >= 0 && names >= 0, "expected descriptors, came %s, %s",
		    errno_name(-mounts), errno_name(-names));
	ktap_expect(fcntl(mounts, F_GETFD) == FD_CLOEXEC && fcntl(names, F_GETFD) == FD_CLOEXEC,
		    "expected them to be closed at exec");
	ktap_expect(!setns(mounts, CLONE_NEWNS) && !setns(names, CLONE_NEWUTS), "setns: %s",
		    errno_name(errno));
}

static void run_join(const void *unused)
{
	(void)unused;
	between = open_new(NULL);
	in_child(make_place, &between);
	ktap_expect(access("/mnt/inside", F_OK), "expected the mount not to be seen outside");
	expect_shell(between, join, "test -d /mnt/inside && test $(uname -n) = place");
	expect_error(forget(between), 0);
}

/* Addresses */

static void do_keep(void *handle)
{
	expect_error(keep_own(*(int *)handle), 0);
}

static void do_enter_refused(void *handle)
{
	expect_error(context_enter(*(int *)handle), EPERM);
	expect_error(at_exec(*(int *)handle), 0);
	sh("exit 0");
	ktap_expect(errno == EPERM, "exec: expected EPERM, came %s", errno_name(errno));
}

static int server;

static void do_serve(void *port)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(*(int *)port) };

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ktap_need(!bind(server, (struct sockaddr *)&name, sizeof(name)) && !listen(server, 5),
		  "serve: %s", errno_name(errno));
}

static void do_call(void *port)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_port = htons(*(int *)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ktap_expect(!connect(fd, (struct sockaddr *)&name, sizeof(name)),
		    "expected the loopback of the first, came %s", errno_name(errno));
	close(fd);
}

static void run_addresses(const void *unused)
{
	struct party *first = party_new(A "/24", VCONTEXT_BIND_LOOPBACK);
	struct party *later = party_new(NULL, 0), *other = party_new(B "/24", 0);
	int handle = open_new(NULL), port = 7900;
	int fd = party_pass(NULL, handle, first);

	(void)unused;
	tell(first, do_keep, &fd, sizeof(fd));
	tell(first, do_serve, &port, sizeof(port));
	fd = party_pass(NULL, handle, later);
	tell(later, do_enter, &fd, sizeof(fd));
	tell(later, do_call, &port, sizeof(port));
	expect_shell(handle, NULL, "grep -q '^ipv4root:\t" A "$' /proc/self/status");
	fd = party_pass(NULL, handle, other);
	tell(other, do_enter_refused, &fd, sizeof(fd));
	fd = party_pass(NULL, handle, first);
	tell(first, do_enter, &fd, sizeof(fd));
	expect_error(forget(handle), 0);
}

/* How it ended, if it has a process 1 */

static void run_state(const void *unused)
{
	struct vcontext_stat stat;
	struct init init = init_sit(fakeinit_open());

	(void)unused;
	expect_error(keep_own(init.handle), 0);
	expect_error(context_stat(init.handle, &stat), 0);
	ktap_expect(stat.state == VCONTEXT_IS_KEPT, "expected it not to be over");
	ktap_need(write(init.line, "", 1) == 1, "write");
	wait_exit(init.pid, 0);
	expect_error(context_stat(init.handle, &stat), 0);
	ktap_expect(stat.state == (VCONTEXT_IS_KEPT | VCONTEXT_IS_OVER), "expected it to be over");
	expect_error(forget(init.handle), 0);
}

static const struct ktap_case cases[] = {
	{ "at exec: by it, and not before", run_exec },
	{ "at exec: not the children", run_child },
	{ "at exec: after one that failed", run_again, fail_first },
	{ "at exec: after one that failed late", run_again, fail_late },
	{ "at exec: the ceiling", run_ceiling },
	{ "at exec: as another user", run_user },
	{ "at exec: refused to users", run_refused, refused_as_user },
	{ "at exec: refused inside", run_refused, refused_inside },
	{ "at exec: refused to several threads", run_refused, refused_threads },
	{ "at exec: refused by a private one", run_refused, refused_private },
	{ "at exec: private since", run_between, made_private },
	{ "at exec: traced since", run_between, made_traced },
	{ "at exec: several threads since", run_between, made_threads },
	{ "at exec: another thread's", run_between, made_other_thread },
	{ "at exec: directories are shared", run_between, made_shared },
	{ "at exec: what is kept is another since", run_forgotten },
	{ "at exec: no program from outside", run_outside },
	{ "at exec: never done", run_unused },
	{ "at exec: another instead", run_replaced },
	{ "at exec: nobody sees the program from outside", run_program, .seconds = 60 },
	{ "at exec: process 1", run_first },
	{ "kept: lives without processes", run_lives },
	{ "kept: descriptors", run_descriptors },
	{ "kept: sizes", run_sizes },
	{ "kept: not by users", run_who, as_user },
	{ "kept: not from inside", run_who, from_inside },
	{ "kept: namespaces are joined", run_join },
	{ "kept: addresses are taken over", run_addresses },
	{ "state: process 1 has ended", run_state },
};

int main(int argc, char **argv)
{
	net_up();
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
