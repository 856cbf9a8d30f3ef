// SPDX-License-Identifier: GPL-2.0-only
/* A child in another PID namespace, with a /proc that has its numbers. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "message.h"
#include "pidns.h"

#define WHY_NO_RIGHT	"it takes CAP_SYS_ADMIN: numbers that begin at 1 are of use only with a " \
			"/proc that has them, which is to be mounted"

static int refuse(const char *what)
{
	if (errno == EPERM)
		message_error(what, WHY_NO_RIGHT,
			      "run it as root with all capabilities, or leave the flag out");
	else
		message_system(what, NULL);
	return -1;
}

/*
 * This process' own /proc, seen by nobody else: what is mounted elsewhere still arrives here, and
 * nothing gets out.  The old one is not left below it, where root inside would find it.
 */
static int mount_proc(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return refuse("mounts of its own");
	while (umount2("/proc", MNT_DETACH) == 0)
		;
	if (errno != EINVAL)
		return refuse("/proc");
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		return refuse("/proc");

	return 0;
}

/* In the child. */
static int settle(struct pidns *pidns)
{
	sigaction(SIGCHLD, &pidns->on_child, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
		message_system("end with the parent", NULL);
		return -1;
	}
	/* A parent that was gone before cannot read, and nobody is left to tell. */
	if (report_write(&pidns->line, "", 1) < 0)
		_exit(STATUS_FAILED);
	close(pidns->line.fd);
	sigprocmask(SIG_SETMASK, &pidns->signals, NULL);

	return mount_proc();
}

/* What pidns_wait() waits for. */
static void awaited(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGTSTP);
	sigaddset(set, SIGTTIN);
	sigaddset(set, SIGTTOU);
}

/* The descriptor among the usual ones that is our terminal and we in its foreground; or -1. */
static int own_terminal(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (tcgetpgrp(fd) == getpgrp())
			return fd;
	}

	return -1;
}

int pidns_fork(struct pidns *pidns, int ns)
{
	/* With SIGCHLD ignored there would be no status to wait for. */
	struct sigaction usual = { .sa_handler = SIG_DFL };
	sigset_t set;

	if ((ns < 0 ? unshare(CLONE_NEWPID) : setns(ns, CLONE_NEWPID)) < 0)
		return refuse(ns < 0 ? "flag fakeinit" : "process numbers of the context");

	pidns->terminal = own_terminal();
	awaited(&set);
	sigprocmask(SIG_BLOCK, &set, &pidns->signals);
	sigaction(SIGCHLD, &usual, &pidns->on_child);
	if (report_fork(&pidns->line) < 0) {
		/* The one from whom that namespace is has ended. */
		if (errno == ENOMEM && ns >= 0)
			message_error("process of the context", "its process 1 has ended", NULL);
		else
			message_system("process of the context", NULL);
		return -1;
	}
	if (pidns->line.child)
		return 1;

	return settle(pidns);
}

/* As the child has stopped; it goes on with us. */
static void stop_too(pid_t child, struct vctl_context *ctx)
{
	raise(SIGSTOP);
	/* A shell that leads a group of its own is not in the one that has been continued. */
	kill(-child, SIGCONT);
	if (ctx)
		vctl_context_kill(ctx, SIGCONT, NULL);
}

/* What does not stop process 1, and does with others that don't catch it. */
static void stop(struct vctl_context *ctx)
{
	if (ctx && vctl_context_kill(ctx, SIGSTOP, NULL) < 0)
		raise(SIGSTOP);
}

/*
 * A shell as process 1 takes the terminal for a group of its own and can't give it back: it has no
 * number for the one that had it before.
 */
static void take_back(const struct pidns *pidns)
{
	/* SIGTTOU, which forbids it to the background, is among those that are blocked. */
	if (pidns->terminal >= 0 && tcgetpgrp(pidns->terminal) == pidns->line.child)
		tcsetpgrp(pidns->terminal, getpgrp());
}

/* True if it has ended. */
static bool look(const struct pidns *pidns, struct vctl_context *ctx, int *status)
{
	while (waitpid(pidns->line.child, status, WUNTRACED | WNOHANG) == pidns->line.child) {
		if (!WIFSTOPPED(*status))
			return true;
		stop_too(pidns->line.child, ctx);
	}

	return false;
}

/* To end is to end the child, which doesn't hear what we are told. */
static void end(struct vctl_context *ctx, int number)
{
	sigset_t set;

	if (ctx && vctl_context_kill(ctx, SIGKILL, NULL) == 0)
		return;
	/* Then the kernel does it. */
	sigemptyset(&set);
	sigaddset(&set, number);
	signal(number, SIG_DFL);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

enum status pidns_wait(struct pidns *pidns, struct vctl_context *ctx)
{
	sigset_t set;
	int status;

	/* Those are for the command, which may think otherwise. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	awaited(&set);
	while (!look(pidns, ctx, &status)) {
		int number = sigwaitinfo(&set, NULL);
		struct sigaction action;

		/* Blocked signals come although they are ignored. */
		if (number <= 0 || number == SIGCHLD ||
		    (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN))
			continue;
		if (number == SIGTERM || number == SIGHUP)
			end(ctx, number);
		else
			stop(ctx);
	}
	take_back(pidns);
	close(pidns->line.fd);

	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
