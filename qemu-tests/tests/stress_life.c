// SPDX-License-Identifier: GPL-2.0-only
/*
 * Contexts under load: made, entered, left by death, looked at and listed by many at once.
 *
 * Processes outside can't signal those inside, so these end by themselves: by a timer of their own
 * (SIGKILL at a random moment), by their siblings, or because a pipe is closed.
 */
#include "stress.h"

#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/socket.h>

#define WORKERS	6

static int device;
static unsigned long seed = 20261123;
static unsigned int rounds = 200;	/* divided by KTAP_SLOW, where a guest is slow */

/* What all processes write into. */
static struct shared {
	_Atomic unsigned int entered, refused, opened, stop, looks;
} *shared;

/* A gate at which forked processes wait until all are there. */
static int gate[2];

static void make_gate(void)
{
	if (pipe2(gate, O_CLOEXEC))
		die("pipe");
}

static void wait_at_gate(void)
{
	char c;

	close(gate[1]);
	(void)!read(gate[0], &c, 1);
}

static void open_gate(void)
{
	close(gate[0]);
	close(gate[1]);
}

/*
 * One fresh handle, many processes: exactly one enters.
 */
static void race_enter(unsigned int n)
{
	pid_t pids[4];
	size_t i;
	int handle;

	while (n--) {
		shared->entered = shared->refused = 0;
		make_gate();
		handle = context_create(device);
		if (handle < 0)
			die("VCONTEXT_OPEN");
		for (i = 0; i < ARRAY_SIZE(pids); i++) {
			int err;

			pids[i] = must_fork();
			if (pids[i])
				continue;
			wait_at_gate();
			err = context_enter(handle);
			if (!err)
				shared->entered++;
			else if (err == -EPERM)
				shared->refused++;
			else
				wrong("VCONTEXT_ENTER: %s", strerror(-err));
			_exit(0);
		}
		open_gate();
		for (i = 0; i < ARRAY_SIZE(pids); i++)
			must_wait(pids[i]);
		if (shared->entered != 1 || shared->refused != ARRAY_SIZE(pids) - 1)
			wrong("%u entered, %u were refused", shared->entered, shared->refused);
		close(handle);
	}
}

/* One id, many processes that want to make it: exactly one does. */
static void race_create(unsigned int n)
{
	const uint32_t how = VCONTEXT_OPEN_CREATE | VCONTEXT_OPEN_EXCL;
	int hold[2];
	pid_t pids[4];
	size_t i;

	while (n--) {
		shared->entered = shared->refused = shared->opened = 0;
		make_gate();
		if (pipe2(hold, O_CLOEXEC))
			die("pipe");
		for (i = 0; i < ARRAY_SIZE(pids); i++) {
			int handle;
			char c;

			pids[i] = must_fork();
			if (pids[i])
				continue;
			close(hold[1]);
			wait_at_gate();
			handle = context_open(device, how, 4242, 0);
			if (handle == -EEXIST)
				shared->refused++;
			else if (handle >= 0)
				shared->opened++;
			else
				wrong("VCONTEXT_OPEN: %s", strerror(-handle));
			shared->entered++;
			(void)!read(hold[0], &c, 1);
			_exit(0);
		}
		open_gate();
		while (shared->entered < ARRAY_SIZE(pids))
			nap(200);
		if (shared->opened != 1)
			wrong("%u made it, %u were refused", shared->opened, shared->refused);
		close(hold[0]);
		close(hold[1]);
		for (i = 0; i < ARRAY_SIZE(pids); i++)
			must_wait(pids[i]);
	}
}

/* A process enters a context while its child asks to be traced by it: never both. */
static void race_trace(unsigned int n)
{
	pid_t pid, child;

	while (n--) {
		shared->entered = shared->opened = shared->refused = 0;
		pid = must_fork();
		if (pid) {
			must_wait(pid);
			if (shared->entered && shared->opened)
				wrong("a process in a context traces one outside");
			continue;
		}
		child = must_fork();
		if (!child) {
			shared->refused++;	/* ready */
			while (shared->refused < 2)
				;
			shared->opened = !ptrace(PTRACE_TRACEME, 0, NULL, NULL);
			_exit(0);
		}
		while (!shared->refused)
			sched_yield();
		shared->refused++;
		shared->entered = !context_new(device, 0, NULL);
		must_wait(child);
		_exit(0);
	}
}

/* The last process of a named context ends while root looks it up by id and enters. */
static void race_last_exit(unsigned int n)
{
	struct random r = { seed };
	unsigned int met = 0, total = n;
	pid_t pids[3];
	size_t i;

	shared->entered = 0;
	while (n--) {
		for (i = 0; i < ARRAY_SIZE(pids); i++) {
			uint32_t delay = random_below(&r, 1500);
			int handle, err;

			pids[i] = must_fork();
			if (pids[i])
				continue;
			handle = context_open(device, i ? 0 : VCONTEXT_OPEN_CREATE, 4243, 0);
			if (i && handle == -ENOENT)
				_exit(0);
			if (handle < 0)
				wrong("VCONTEXT_OPEN: %s", strerror(-handle));
			err = context_enter(handle);
			if (err)
				wrong("VCONTEXT_ENTER: %s", strerror(-err));
			else if (context_stat(handle).processes < 1)
				wrong("a process is in a context without processes");
			close(handle);
			nap(delay);
			_exit(i ? 1 : 0);
		}
		for (i = 0; i < ARRAY_SIZE(pids); i++)
			met += must_wait(pids[i]) == 1;
	}
	printf("# %u of %u found the context alive\n", met, 2 * total);
}

/*
 * execve() by a thread that is not the leader, which then takes over the leader's number: the
 * process stays one process of its context.
 */
static void *exec_self(void *path)
{
	char *const argv[] = { "stress_life", "-x", NULL };

	execv(path, argv);
	_exit(127);
}

static void *idle(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void exec_by_thread(unsigned int n)
{
	struct pollfd p = { .events = POLLIN };
	struct vcontext_stat stat;
	pthread_t thread;
	int status, handle;
	pid_t pid;

	while (n--) {
		handle = context_create(device);
		if (handle < 0)
			die("VCONTEXT_OPEN");
		pid = must_fork();
		if (!pid) {
			if (context_enter(handle))
				_exit(3);
			pthread_create(&thread, NULL, idle, NULL);
			pthread_create(&thread, NULL, exec_self, "/proc/self/exe");
			idle(NULL);
		}
		status = must_wait(pid);
		if (status)
			wrong("the program that a thread started found fault %d", status);
		stat = context_stat(handle);
		if (stat.processes)
			wrong("%u processes left, none is there", stat.processes);
		p.fd = handle;
		if (poll(&p, 1, 0) != 1 || !(p.revents & POLLHUP))
			wrong("poll() tells %#x when the last process has gone", p.revents);
		close(handle);
	}
}

/* What that program looks at: is it in /proc, alone with process 1? */
static int after_exec(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int own = 0, others = 0;

	while (dir && (entry = readdir(dir))) {
		int nr = atoi(entry->d_name);

		if (nr == getpid())
			own++;
		else if (nr > 1)
			others++;
	}
	if (own != 1)
		return 10 + own;
	return others ? 20 : 0;
}

/* Handles that travel: over a socket into another process, with an epoll set on them. */
static void send_fd(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, c = 0;
	struct iovec io = { &c, 1 };
	struct msghdr message = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(int));
	if (sendmsg(socket, &message, 0) != 1)
		die("sendmsg");
}

static int receive_fd(int socket)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, c;
	struct iovec io = { &c, 1 };
	struct msghdr message = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header;
	int fd = -1;

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	header = CMSG_FIRSTHDR(&message);
	if (header)
		memcpy(&fd, CMSG_DATA(header), sizeof(int));
	return fd;
}

static void passed_handle(int set, const int pair[2])
{
	struct epoll_event event = { .events = EPOLLIN };
	int handle;

	handle = context_create(device);
	if (handle < 0)
		die("VCONTEXT_OPEN");
	epoll_ctl(set, EPOLL_CTL_ADD, handle, &event);
	shared->entered = 0;
	if (!must_fork()) {
		handle = receive_fd(pair[1]);
		if (handle >= 0 && !context_enter(handle))
			shared->entered++;
		_exit(0);
	}
	if (epoll_wait(set, &event, 1, 0))
		wrong("an event before a process has been there");
	send_fd(pair[0], handle);
	if (epoll_wait(set, &event, 1, 20000) != 1)
		wrong("no event when the last process has gone");
	if (!shared->entered)
		wrong("a passed handle can't be entered");
	close(handle);
	/* and one that nobody takes out of the socket */
	handle = context_create(device);
	send_fd(pair[0], handle);
	close(handle);
}

static void passed_handles(unsigned int n)
{
	int pair[2], set;

	/* nobody waits for the children: they are gone when they end */
	signal(SIGCHLD, SIG_IGN);
	while (n--) {
		if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair))
			die("socketpair");
		set = epoll_create1(EPOLL_CLOEXEC);
		passed_handle(set, pair);
		close(set);
		close(pair[0]);
		close(pair[1]);
	}
}

/*
 * The mix: workers that each do anything of it, for a number of rounds, beside processes that walk
 * over everything.
 */
static void family(struct random *r, int depth)
{
	unsigned int children = 1 + random_below(r, 3);
	pid_t pid;

	while (children--) {
		pid = fork();
		if (pid < 0)
			return;
		if (pid) {
			r->state += pid;
			continue;
		}
		r->state += getpid() * 0x9e3779b97f4a7c15ULL;
		if (random_below(r, 2))
			die_within(r, 20000);
		if (!random_below(r, 4))
			context_new(device, 0, NULL);
		if (depth)
			family(r, depth - 1);
		nap(random_below(r, 3000));
		if (!random_below(r, 8))
			kill(random_below(r, 2) ? -1 : 0, SIGKILL);
		_exit(0);
	}
	if (random_below(r, 2))
		while (wait(NULL) > 0)
			;
}

static void *start_family(void *arg)
{
	struct random r = { (uintptr_t)arg };

	family(&r, 1);
	return NULL;
}

/* A process that enters some context in some way and has a life there. */
static void __attribute__((noreturn)) live(struct random *r)
{
	uint32_t how = random_below(r, 4);
	int handle = -1, err;
	pthread_t thread;

	setpgid(0, 0);	/* kill(0) is for the family */
	if (random_below(r, 2))
		die_within(r, 30000);
	if (how == 0) {
		err = context_new(device, random_below(r, 8) ? 0 : VCONTEXT_LOCK, NULL);
	} else {
		if (how == 1)
			handle = context_create(device);
		else
			handle = context_open(device, VCONTEXT_OPEN_CREATE,
					      2 + random_below(r, 3), 0);
		err = handle < 0 ? handle : context_enter(handle);
	}
	if (err)
		wrong("way %u into a context: %s", how, strerror(-err));
	if (handle >= 0 && random_below(r, 2))
		close(handle);
	if (!err && random_below(r, 2))
		pthread_create(&thread, NULL, start_family, (void *)(uintptr_t)random_u64(r));
	if (!err)
		family(r, 2);
	if (!random_below(r, 4))
		exec_self("/proc/self/exe");
	_exit(0);
}

static void __attribute__((noreturn)) worker(unsigned int number)
{
	struct random r = { seed ^ (uint64_t)number << 32 };
	unsigned int i;
	pid_t pid;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (i = 0; i < rounds / 4 + 1; i++) {
		pid = must_fork();
		if (!pid)
			live(&r);
		random_u64(&r);
		if (random_below(&r, 2))
			must_wait(pid);
		if (!(i % 8))
			while (waitpid(-1, NULL, WNOHANG) > 0)
				;
	}
	while (wait(NULL) > 0)
		;
	_exit(0);
}

/* All ids in order, and a look at each context that still is there. */
static void look_at_contexts(void)
{
	uint32_t ids[256], i;
	struct vcontext_list arg = { .size = sizeof(arg), .count = ARRAY_SIZE(ids),
				     .ids = (uintptr_t)ids };
	int handle;

	if (call(device, VCONTEXT_LIST, &arg)) {
		wrong("VCONTEXT_LIST");
		return;
	}
	for (i = 0; i < arg.count; i++) {
		if (i && ids[i] <= ids[i - 1])
			wrong("VCONTEXT_LIST: %u after %u", ids[i], ids[i - 1]);
		handle = context_open(device, 0, ids[i], 0);
		if (handle == -ENOENT)
			continue;
		if (handle < 0) {
			wrong("VCONTEXT_OPEN of a listed one: %s", strerror(-handle));
			continue;
		}
		if (context_stat(handle).id != ids[i])
			wrong("VCONTEXT_STAT: another id");
		close(handle);
	}
}

/* The context that /proc/@nr/status tells, or -1 if there is no such process. */
static long context_of(int nr)
{
	char path[64], text[4096], *line;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", nr);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	line = strstr(text, "\ns_context:");
	return line ? atol(line + 11) : -1;
}

/* Whoever is in /proc is of the own context, or process 1. */
static void look_at_proc(uint32_t own)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	long id;

	while (dir && (entry = readdir(dir))) {
		int nr = atoi(entry->d_name);

		if (nr <= 1)
			continue;
		id = context_of(nr);
		if (id >= 0 && id != own && own != VCONTEXT_ID_WATCHER)
			wrong("context %u sees process %d of context %ld", own, nr, id);
	}
	if (dir)
		closedir(dir);
	shared->looks++;
}

static void __attribute__((noreturn)) watch(unsigned int number)
{
	uint32_t own = 0;
	int handle;

	if (number == 1) {
		context_new(device, 0, &own);
	} else if (number == 2) {
		handle = context_open(device, VCONTEXT_OPEN_CREATE, VCONTEXT_ID_WATCHER, 0);
		if (context_enter(handle))
			die("VCONTEXT_ENTER of the watcher's");
		close(handle);
		own = VCONTEXT_ID_WATCHER;
	}
	while (!shared->stop) {
		look_at_proc(own);
		if (!own)
			look_at_contexts();
		nap(1000);
	}
	_exit(0);
}

static void mix(void)
{
	pid_t workers[WORKERS], watchers[3];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(watchers); i++) {
		watchers[i] = must_fork();
		if (!watchers[i])
			watch(i);
	}
	for (i = 0; i < WORKERS; i++) {
		workers[i] = must_fork();
		if (!workers[i])
			worker(i);
	}
	for (i = 0; i < WORKERS; i++)
		if (must_wait(workers[i]))
			wrong("a worker ended before its work");
	shared->stop = 1;
	for (i = 0; i < ARRAY_SIZE(watchers); i++)
		if (must_wait(watchers[i]))
			wrong("a watcher failed");
	printf("# %u walks over /proc meanwhile\n", shared->looks);
}

static void as_user(void (*run)(unsigned int n), unsigned int n)
{
	pid_t pid = must_fork();

	if (!pid) {
		become_user();
		run(n);
		_exit(0);
	}
	if (must_wait(pid))
		wrong("the test could not go on");
}

static void read_options(int argc, char **argv)
{
	const char *slow = getenv("KTAP_SLOW");
	int option;

	if (slow && atoi(slow) > 1)
		rounds /= atoi(slow);
	while ((option = getopt(argc, argv, "s:n:x")) != -1) {
		char *end = "x";

		if (option == 'x')
			exit(after_exec());
		if (option == 's')
			seed = strtoul(optarg, &end, 0);
		else if (option == 'n')
			rounds = strtoul(optarg, &end, 0);
		if (*end) {
			fprintf(stderr, "usage: stress_life [-s SEED] [-n ROUNDS]\n");
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	struct state before;
	double start = now();

	read_options(argc, argv);
	plan(10);
	printf("# seed %lu\n", seed);
	device = open_device();
	if (device < 0)
		die(VCONTEXT_DEVICE);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
	wrongs_begin();
	before = state_now(device);
	as_user(race_enter, rounds);
	verdict("of many that enter a fresh handle one gets in");
	race_create(rounds);
	verdict("of many that make one id one gets it");
	as_user(race_trace, rounds);
	verdict("entering while a child asks to be traced");
	race_last_exit(rounds);
	verdict("entering by id while the last process ends");
	as_user(exec_by_thread, rounds / 2);
	verdict("execve() by a thread keeps the process in its context");
	as_user(passed_handles, rounds);
	verdict("handles passed on, and lost in a socket");
	mix();
	verdict("lives and deaths of all kinds, walks over /proc and the contexts meanwhile");
	printf("# %.0f s\n", now() - start);
	check_state(device, &before);
	return failures ? 1 : 0;
}
