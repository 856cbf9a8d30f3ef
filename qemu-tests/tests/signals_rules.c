// SPDX-License-Identifier: GPL-2.0-only
/* Signals that cross contexts by right, and walks over all processes. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "missing.h"

/* Of one process that catches signals, told to another. */
struct catcher {
	volatile int hits;
	volatile int signal;
	volatile int sender;
	volatile pid_t pid;
};

static struct catcher *caught;

static void count_signal(int signal, siginfo_t *info, void *unused)
{
	(void)unused;
	caught->hits++;
	caught->signal = signal;
	caught->sender = info->si_pid;
}

static void catch_signal(int signal)
{
	struct sigaction action = { .sa_sigaction = count_signal, .sa_flags = SA_SIGINFO };

	sigaction(signal, &action, NULL);
}

static struct catcher *share(void)
{
	struct catcher *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				    -1, 0);

	ktap_need(page != MAP_FAILED, "mmap");
	return page;
}

static bool hit_within(const struct catcher *catcher, unsigned int milliseconds)
{
	for (; !catcher->hits && milliseconds; milliseconds--)
		nap(1);
	return catcher->hits;
}

static void enter(void *unused)
{
	(void)unused;
	enter_new(0);
}

/* Two ends of a connection over the loopback device. */
static void make_connection(int *line)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ktap_need(!bind(listener, (struct sockaddr *)&address, size) && !listen(listener, 1) &&
		  !getsockname(listener, (struct sockaddr *)&address, &size), "listen: %s",
		  errno_name(errno));
	line[1] = socket(AF_INET, SOCK_STREAM, 0);
	ktap_need(!connect(line[1], (struct sockaddr *)&address, size), "connect: %s",
		  errno_name(errno));
	line[0] = accept(listener, NULL, NULL);
	ktap_need(line[0] >= 0, "accept: %s", errno_name(errno));
}

/* Everybody, when nobody else is there: it must come to an end, and say so. */

static void run_alone(const void *user)
{
	static const int signals[] = { 0, SIGURG, SIGCONT };
	size_t i;

	become(user ? USER : 0);
	enter_new(0);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		ktap_expect(kill(-1, signals[i]) && errno == ESRCH,
			    "kill(-1, %d): expected ESRCH, came %s", signals[i], errno_name(errno));
}

static void run_not_alone(const void *unused)
{
	struct sitter sitter;

	(void)unused;
	enter_new(0);
	sitter = sitter_start(NULL, NULL);
	ktap_expect(!kill(-1, SIGURG), "expected to reach the own child, came %s",
		    errno_name(errno));
	sitter_end(&sitter);
}

/* Who asks for everybody is not one of them, whichever of its threads asks. */

static volatile sig_atomic_t hit;

static void note_hit(int signal)
{
	(void)signal;
	hit = 1;
}

static void *ask_for_all(void *leader)
{
	int error;

	if (leader)
		pthread_join(*(pthread_t *)leader, NULL);
	error = kill(-1, SIGURG) ? errno : 0;
	_exit(hit || (error != ESRCH && !ktap_plain()));
}

static void run_thread_alone(const void *dead)
{
	pthread_t leader = pthread_self(), thread;
	pid_t pid;

	become(USER);
	enter_new(0);
	pid = fork_or_fail();
	if (!pid) {
		/* the child is alone in its own context, and its parent is outside */
		enter_new(0);
		signal(SIGURG, note_hit);
		if (pthread_create(&thread, NULL, ask_for_all, dead ? &leader : NULL))
			_exit(2);
		if (dead)
			pthread_exit(NULL);
		for (;;)
			pause();
	}
	wait_exit(pid, 0);
}

/* A number that is nobody's for the caller must not make the kernel search for ever. */
static void run_returns(const void *user)
{
	struct sitter sitter;
	struct timespec from, to;
	int i;

	become(user ? USER : 0);
	sitter = sitter_start(enter, NULL);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (i = 0; i < 1000; i++)
		ktap_expect(kill(sitter.pid, 0) && errno == ESRCH, "expected ESRCH, came %s",
			    errno_name(errno));
	clock_gettime(CLOCK_MONOTONIC, &to);
	ktap_expect(to.tv_sec - from.tv_sec < (time_t)ktap_seconds(5), "expected an end in time");
	sitter_end(&sitter);
}

/* Children. */

static void run_sigchld(const void *user)
{
	siginfo_t info;
	sigset_t set;
	pid_t pid;

	become(user ? USER : 0);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = fork_or_fail();
	if (!pid) {
		enter_new(0);
		_exit(5);
	}
	ktap_expect(sigwaitinfo(&set, &info) == SIGCHLD, "expected SIGCHLD, came %s",
		    errno_name(errno));
	ktap_expect(info.si_pid == pid && info.si_code == CLD_EXITED && info.si_status == 5,
		    "expected exit status 5 of %d, came %d of %d", pid, info.si_status, info.si_pid);
	wait_exit(pid, 5);
}

static void run_wait(const void *unused)
{
	struct sitter sitter = sitter_start(enter, NULL);
	struct rusage usage;
	siginfo_t info = { 0 };
	int status;

	(void)unused;
	ktap_expect(waitpid(sitter.pid, &status, WNOHANG) == 0, "WNOHANG: expected 0, came %s",
		    errno_name(errno));
	ktap_expect(waitpid(-1, &status, WNOHANG) == 0, "any child: expected 0, came %s",
		    errno_name(errno));
	ktap_expect(waitpid(-getpgrp(), &status, WNOHANG) == 0, "group: expected 0, came %s",
		    errno_name(errno));
	ktap_expect(!waitid(P_PID, sitter.pid, &info, WEXITED | WNOHANG) && !info.si_pid,
		    "waitid: expected nothing yet, came %s", errno_name(errno));
	close(sitter.line);
	ktap_expect(!waitid(P_PID, sitter.pid, &info, WEXITED | WNOWAIT) && info.si_pid == sitter.pid,
		    "waitid: expected %d, came %d", sitter.pid, info.si_pid);
	ktap_expect(!waitid(P_PGID, getpgrp(), &info, WEXITED | WNOWAIT) &&
		    info.si_pid == sitter.pid, "P_PGID: expected %d, came %d", sitter.pid,
		    info.si_pid);
	ktap_expect(wait4(sitter.pid, &status, 0, &usage) == sitter.pid && !status,
		    "wait4: expected %d, came %s", sitter.pid, errno_name(errno));
	ktap_expect(waitpid(sitter.pid, &status, 0) == -1 && errno == ECHILD,
		    "expected ECHILD, came %s", errno_name(errno));
}

static void enter_soon(void *line)
{
	char byte;

	/* until the parent has its pidfd, which it can't open any more once we have gone */
	ktap_expect(read(*(int *)line, &byte, 1) == 1, "read");
	enter_new(0);
}

static void run_wait_pidfd(const void *unused)
{
	siginfo_t info = { 0 };
	int line[2], pidfd;
	pid_t pid;

	(void)unused;
	ktap_need(!socketpair(AF_UNIX, SOCK_STREAM, 0, line), "socketpair");
	pid = fork_or_fail();
	if (!pid) {
		close(line[0]);
		enter_soon(&line[1]);
		ktap_expect(write(line[1], "", 1) == 1 && !read(line[1], line, 1), "pipe");
		_exit(9);
	}
	close(line[1]);
	pidfd = syscall(SYS_pidfd_open, pid, 0);
	ktap_expect(write(line[0], "", 1) == 1 && read(line[0], &info, 1) == 1, "pipe");
	ktap_expect(!wait_readable(pidfd, 0), "expected the pidfd to be quiet");
	ktap_expect(!waitid(P_PIDFD, pidfd, &info, WEXITED | WNOHANG), "expected 0, came %s",
		    errno_name(errno));
	close(line[0]);
	ktap_expect(wait_readable(pidfd, 5000), "expected the pidfd to tell the end");
	ktap_expect(!waitid(P_PIDFD, pidfd, &info, WEXITED) && info.si_pid == pid &&
		    info.si_status == 9, "expected status 9, came %d", info.si_status);
}

/* Stops and continues, that the child does to itself or gets from the group. */
static void run_wait_stopped(const void *unused)
{
	int status;
	pid_t pid = fork_or_fail();

	(void)unused;
	if (!pid) {
		enter_new(0);
		raise(SIGSTOP);
		_exit(3);
	}
	ktap_expect(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status),
		    "WUNTRACED: expected a stop, came %s", errno_name(errno));
	signal(SIGCONT, SIG_IGN);
	ktap_expect(!kill(0, SIGCONT), "expected to continue the group, came %s", errno_name(errno));
	ktap_expect(waitpid(pid, &status, WCONTINUED) == pid,
		    "WCONTINUED: expected the child, came %s", errno_name(errno));
	if (WIFCONTINUED(status))
		status = wait_status(pid);
	ktap_expect(WIFEXITED(status) && WEXITSTATUS(status) == 3, "expected exit status 3, came %#x",
		    status);
}

/* The parent's end, told by the kernel to who asked for it. */
static void run_deathsig(const void *user)
{
	struct catcher *catcher = share();
	int line[2];
	char byte;
	pid_t pid;

	become(user ? USER : 0);
	ktap_need(!pipe(line), "pipe");
	pid = fork_or_fail();
	if (!pid) {
		pid_t child = fork_or_fail();

		if (!child) {
			enter_new(0);
			caught = catcher;
			catch_signal(SIGUSR1);
			prctl(PR_SET_PDEATHSIG, SIGUSR1);
			close(line[0]);
			ktap_expect(write(line[1], "", 1) == 1, "write");
			for (byte = 0; !catcher->hits && byte < 100; byte++)
				nap(50);
			_exit(0);
		}
		ktap_expect(read(line[0], &byte, 1) == 1, "read");
		_exit(0);
	}
	wait_exit(pid, 0);
	ktap_expect(hit_within(catcher, ktap_seconds(4) * 1000), "expected SIGUSR1, came nothing");
	nap(60);
}

/* SIGIO and SIGURG to oneself, whoever causes them from wherever. */
static void run_own_sigio(const void *urgent)
{
	struct catcher *catcher = share();
	int signal = urgent ? SIGURG : SIGIO;
	int line[2];
	pid_t pid;

	caught = catcher;
	catch_signal(signal);
	make_connection(line);
	ktap_expect(!fcntl(line[0], F_SETOWN, getpid()) &&
		    !fcntl(line[0], F_SETFL, urgent ? 0 : O_ASYNC), "F_SETOWN: %s",
		    errno_name(errno));
	enter_new(0);
	pid = fork_or_fail();
	if (!pid) {
		enter_new(0);
		ktap_expect(send(line[1], "", 1, urgent ? MSG_OOB : 0) == 1, "send: %s",
			    errno_name(errno));
		_exit(0);
	}
	wait_exit(pid, 0);
	ktap_expect(hit_within(catcher, 1000) && catcher->signal == signal,
		    "expected signal %d, came %d", signal, catcher->signal);
}

/* The group. */

struct member {
	bool enters;
	bool session;		/* in a session of its own */
	struct catcher *catcher;
	int signal;
};

static void be_member(void *data)
{
	struct member *member = data;

	caught = member->catcher;
	if (member->session)
		setsid();
	if (member->enters)
		enter_new(0);
	caught->pid = getpid();
	catch_signal(member->signal);
}

/* A job whose half went into a context is ended as a whole by who is part of it. */
static void run_group_down(const void *user)
{
	struct member member = { true, false, share(), SIGTERM };
	struct sitter sitter;

	become(user ? USER : 0);
	signal(SIGTERM, SIG_IGN);
	sitter = sitter_start(be_member, &member);
	ktap_expect(kill(sitter.pid, SIGTERM) && errno == ESRCH, "by number: expected ESRCH, came %s",
		    errno_name(errno));
	ktap_expect(!member.catcher->hits, "expected no signal by number");
	ktap_expect(!kill(0, SIGTERM), "expected to reach the group, came %s", errno_name(errno));
	ktap_expect(hit_within(member.catcher, 1000), "expected SIGTERM inside, came nothing");
	sitter_end(&sitter);
}

/* And never by one who is inside of it the rest outside. */
static void run_group_up(const void *signal_number)
{
	struct member member = { false, false, share(), (int)(uintptr_t)signal_number };
	struct sitter outside = sitter_start(be_member, &member);
	pid_t pid;

	signal(member.signal, SIG_IGN);
	pid = fork_or_fail();
	if (!pid) {
		enter_new(0);
		kill(0, member.signal);
		kill(-getpgrp(), member.signal);
		_exit(0);
	}
	wait_exit(pid, 0);
	nap(20);
	ktap_expect(!member.catcher->hits, "expected nothing outside, came signal %d",
		    member.catcher->signal);
	sitter_end(&outside);
}

static void run_group_sibling(const void *signal_number)
{
	struct member member = { true, false, share(), (int)(uintptr_t)signal_number };
	struct sitter sibling = sitter_start(be_member, &member);
	pid_t pid;

	signal(member.signal, SIG_IGN);
	pid = fork_or_fail();
	if (!pid) {
		enter_new(0);
		kill(0, member.signal);
		kill(-getpgrp(), member.signal);
		_exit(0);
	}
	wait_exit(pid, 0);
	nap(20);
	ktap_expect(!member.catcher->hits, "expected nothing in the sibling, came signal %d",
		    member.catcher->signal);
	sitter_end(&sibling);
}

/* fg continues a job that has a group of its own, in the shell's session. */
static void be_stopped_job(void *data)
{
	setpgid(0, 0);
	be_member(data);
}

static void run_continue_job(const void *user)
{
	struct member member = { true, false, share(), SIGCONT };
	struct sitter sitter;

	become(user ? USER : 0);
	sitter = sitter_start(be_stopped_job, &member);
	ktap_expect(kill(-sitter.pid, SIGTERM) && errno == ESRCH, "SIGTERM: expected ESRCH, came %s",
		    errno_name(errno));
	ktap_expect(!kill(-sitter.pid, SIGCONT), "SIGCONT: expected to reach the job, came %s",
		    errno_name(errno));
	ktap_expect(hit_within(member.catcher, 1000), "expected SIGCONT inside, came nothing");
	sitter_end(&sitter);
}

static void run_continue_other_session(const void *unused)
{
	struct member member = { true, true, share(), SIGCONT };
	struct sitter sitter = sitter_start(be_member, &member);

	(void)unused;
	ktap_expect(kill(-sitter.pid, SIGCONT) && errno == ESRCH, "expected ESRCH, came %s",
		    errno_name(errno));
	ktap_expect(!member.catcher->hits, "expected nothing, came SIGCONT");
	sitter_end(&sitter);
}

/* The terminal stops a group as a whole, if one of it reads in the background. */

static void lead_group(void *unused)
{
	(void)unused;
	setpgid(0, 0);
}

static void join_group(void *group)
{
	enter_new(0);
	ktap_expect(setpgid(0, *(pid_t *)group) && errno == EPERM, "expected EPERM, came %s",
		    errno_name(errno));
}

static void run_join_group(const void *user)
{
	struct sitter sitter;

	become(user ? USER : 0);
	sitter = sitter_start(lead_group, NULL);
	in_child(join_group, &sitter.pid);
	sitter_end(&sitter);
}

/* What runs inside may name its own group, though its leader is outside. */
static void name_group(void *unused)
{
	int error;

	(void)unused;
	enter_new(0);
	signal(SIGURG, SIG_IGN);
	ktap_expect(!kill(-getpgrp(), SIGURG), "kill: expected to reach it, came %s",
		    errno_name(errno));
	error = result(setpriority(PRIO_PGRP, getpgrp(), 1));
	ktap_expect(!error, "setpriority: expected to reach it, came %s", errno_name(error));
	error = result(syscall(SYS_ioprio_get, IOPRIO_WHO_PGRP, getpgrp()));
	ktap_expect(!error, "ioprio_get: expected to reach it, came %s", errno_name(error));
}

static void run_name_group(const void *unused)
{
	(void)unused;
	in_child(name_group, NULL);
}

/* A watcher that sees all hits none. */
static void run_watcher_all(const void *unused)
{
	struct member member = { true, true, share(), SIGURG };
	struct sitter sitter = sitter_start(be_member, &member);

	(void)unused;
	enter_id(VCONTEXT_ID_WATCHER);
	kill(-1, SIGURG);
	nap(20);
	ktap_expect(!member.catcher->hits, "expected nothing, came a signal");
	sitter_end(&sitter);
}

#define GROUP(name, function, number) { name, function, (void *)number }

static const struct ktap_case cases[] = {
	{ "kill -1 alone in a context as root", run_alone },
	{ "kill -1 alone in a context as user", run_alone, "user" },
	{ "kill -1 by a thread", run_thread_alone, .anywhere = "one is not one of all" },
	{ "kill -1 by a thread whose leader is gone", run_thread_alone, "dead",
	  .anywhere = "one is not one of all" },
	{ "kill -1 in a context with a child", run_not_alone, .anywhere = "one context is as none" },
	{ "kill by number comes to an end as root", run_returns },
	{ "kill by number comes to an end as user", run_returns, "user" },
	{ "SIGCHLD of a child inside as root", run_sigchld, .anywhere = "a parent is a parent" },
	{ "SIGCHLD of a child inside as user", run_sigchld, "user",
	  .anywhere = "a parent is a parent" },
	{ "wait for a child inside", run_wait, .anywhere = "a parent is a parent" },
	{ "wait for a child inside by pidfd", run_wait_pidfd, .anywhere = "a parent is a parent" },
	{ "wait for a child inside that stops", run_wait_stopped,
	  .anywhere = "a parent is a parent" },
	{ "PR_SET_PDEATHSIG inside as root", run_deathsig, .anywhere = "it is the kernel's signal" },
	{ "PR_SET_PDEATHSIG inside as user", run_deathsig, "user",
	  .anywhere = "it is the kernel's signal" },
	{ "SIGIO to oneself", run_own_sigio, .anywhere = "one may wish for oneself" },
	{ "SIGURG to oneself", run_own_sigio, "urgent", .anywhere = "one may wish for oneself" },
	{ "a group reaches its members inside as root", run_group_down },
	{ "a group reaches its members inside as user", run_group_down, "user" },
	GROUP("SIGTERM to the group reaches nobody outside", run_group_up, SIGTERM),
	GROUP("SIGCONT to the group reaches nobody outside", run_group_up, SIGCONT),
	GROUP("SIGTERM to the group reaches no sibling", run_group_sibling, SIGTERM),
	GROUP("SIGCONT to the group reaches no sibling", run_group_sibling, SIGCONT),
	{ "SIGCONT to a job inside as root", run_continue_job },
	{ "SIGCONT to a job inside as user", run_continue_job, "user" },
	{ "SIGCONT to a group of another session", run_continue_other_session },
	{ "a group outside is not joined as root", run_join_group },
	{ "a group outside is not joined as user", run_join_group, "user" },
	{ "the own group by number inside", run_name_group, .anywhere = "it is the own group" },
	{ "kill -1 by the watcher", run_watcher_all },
};

int main(int argc, char **argv)
{
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
