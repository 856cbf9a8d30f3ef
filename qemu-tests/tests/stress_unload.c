// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module comes and goes under load, and stays while there is a context.
 *
 * Load: forks, threads, programs started by threads, signals, walks over /proc and processes that
 * make contexts and live in them for a moment.  Every coming and every going of the module meets
 * some of each at random moments; more would only make it wait for its turn on an emulated machine.
 */
#include "module.h"

#include <linux/capability.h>
#include <linux/futex.h>
#include <pthread.h>

static unsigned int loops = 200;
static double slow_limit = 60;		/* seconds for one unload to find the module free */

/* What all processes write into. */
static struct shared {
	_Atomic unsigned int phase;	/* grows with every load and unload; a futex */
	_Atomic unsigned int stop, forks, walks, contexts;
} *shared;

/* Load */

static void *quit(void *unused)
{
	return unused;
}

static void *exec_self(void *unused)
{
	char *const argv[] = { "stress_unload", "-x", NULL };

	execv("/proc/self/exe", argv);
	_exit(127);
	return unused;
}

static void fork_load(struct random *r)
{
	unsigned int what = random_below(r, 16);
	pthread_t thread;
	pid_t pid;

	pid = must_fork();
	if (!pid) {
		if (!what)
			pthread_create(&thread, NULL, exec_self, NULL);
		else if (what < 8)
			pthread_create(&thread, NULL, quit, NULL);
		if (what & 1)
			_exit(0);
		pause();
	}
	if (!(what & 1))
		nap(random_below(r, 300));
	kill(pid, what & 2 ? SIGKILL : SIGTERM);
	kill(pid, 0);
	getpgid(pid);
	waitpid(pid, NULL, 0);
	shared->forks++;
}

static void walk_load(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	char path[300], text[2048];
	int fd;

	while (dir && (entry = readdir(dir))) {
		if (atoi(entry->d_name) <= 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%s/status", entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		(void)!read(fd, text, sizeof(text));
		close(fd);
	}
	if (dir)
		closedir(dir);
	shared->walks++;
}

/* A context for a moment, with a child in it; nothing if there is no module just now. */
static void context_load(struct random *r)
{
	int device, handle = -1, err;
	pid_t pid = must_fork();

	if (pid) {
		must_wait(pid);
		return;
	}
	device = open_device();
	if (device < 0)
		_exit(0);
	if (random_below(r, 2)) {
		err = context_new(device, 0, NULL);
	} else {
		handle = context_create(device);
		err = handle < 0 ? handle : context_enter(handle);
	}
	if (err)
		wrong("making a context: %s", strerror(-err));
	shared->contexts++;
	if (random_below(r, 2))
		close(device);
	if (!must_fork()) {
		kill(-1, 0);
		walk_load();
		_exit(0);
	}
	if (random_below(r, 2))
		wait(NULL);
	_exit(0);
}

/* The module is about to come or to go. */
static void next_phase(void)
{
	shared->phase++;
	syscall(SYS_futex, &shared->phase, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

static void await_phase(struct random *r, unsigned int *seen)
{
	syscall(SYS_futex, &shared->phase, FUTEX_WAIT, *seen, NULL, NULL, 0);
	*seen = shared->phase;
	nap(random_below(r, 100000));
}

static pid_t start(unsigned int number)
{
	pid_t pid = must_fork();
	struct random r = { number };
	unsigned int seen = 0;

	if (pid)
		return pid;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	while (!shared->stop) {
		await_phase(&r, &seen);
		if (number < 2)
			fork_load(&r);
		else if (number < 3)
			walk_load();
		else
			context_load(&r);
		/* orphans too: one that nobody waits for keeps its context, and that the module */
		while (wait(NULL) > 0)
			;
	}
	_exit(0);
}

/* Unload, as often as it takes until nobody has a context; then load.  False if that fails. */
static bool cycle(unsigned int *busy)
{
	double limit = now() + slow_limit;
	int err;

	next_phase();
	while ((err = module_unload()) == -EWOULDBLOCK && now() < limit) {
		++*busy;
		nap(5000);
	}
	if (err) {
		wrong("unloading: %s", strerror(-err));
		return false;
	}
	next_phase();
	err = module_load();
	if (err)
		wrong("loading: %s", strerror(-err));
	return !err;
}

static void cycles(void)
{
	unsigned int done, busy = 0;
	double begin = now();
	pid_t pids[4];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = start(i);
	for (done = 0; done < loops; done++)
		if (!cycle(&busy))
			break;
	shared->stop = 1;
	next_phase();
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		must_wait(pids[i]);
	printf("# %u times in %.0f s, under %u forks, %u walks, %u contexts; in use %u times\n",
	       done, now() - begin, shared->forks, shared->walks, shared->contexts, busy);
	result(done == loops && !wrongs->count, "the module unloads and loads under load",
	       "%u of %u times; %s", done, loops, wrongs->text);
}

/* What keeps the module, and that it does. */

static void refused(const char *name)
{
	int err = module_unload();

	result(err == -EWOULDBLOCK, name, "%s", err ? strerror(-err) : "it was unloaded");
	if (!err)
		module_load();
}

static void freed(const char *name)
{
	int err = module_unload_soon();

	result(!err, name, "%s", strerror(-err));
	if (!err && module_load())
		die("loading");
}

static int enter_one(int device)
{
	return context_new(device, 0, NULL);
}

static int lower_one(int device)
{
	struct vcontext_lower arg = { .size = sizeof(arg), .drop = 1ULL << CAP_SYS_TIME };

	return ioctl(device, VCONTEXT_LOWER, &arg);
}

/* A child that has done this with the device, and ends when the returned end of a pipe is closed. */
static int inhabitant(pid_t *pid, int (*act)(int device))
{
	int line[2], ready[2];
	char c;

	if (pipe2(line, O_CLOEXEC) || pipe2(ready, O_CLOEXEC))
		die("pipe");
	*pid = must_fork();
	if (!*pid) {
		int device = open_device();

		if (act(device))
			die("VCONTEXT_NEW or VCONTEXT_LOWER");
		close(device);
		close(line[1]);
		(void)!write(ready[1], "", 1);
		(void)!read(line[0], &c, 1);
		_exit(0);
	}
	(void)!read(ready[0], &c, 1);
	close(ready[0]);
	close(ready[1]);
	close(line[0]);
	return line[1];
}

static void kept(void)
{
	int device, handle, line;
	siginfo_t info;
	pid_t pid;

	line = inhabitant(&pid, lower_one);
	refused("a process outside that has a ceiling keeps it");
	close(line);
	must_wait(pid);
	freed("once that has ended it unloads");

	line = inhabitant(&pid, enter_one);
	refused("a process in a context keeps it");
	result(kill(pid, 0) && errno == ESRCH, "and is as invisible as before", "kill() finds it");
	close(line);
	waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
	refused("one that nobody has waited for keeps it");
	must_wait(pid);
	freed("once that is done it unloads");

	device = open_device();
	refused("an open device keeps it");
	handle = context_create(device);
	close(device);
	refused("a handle keeps it");
	result(!context_stat(handle).processes, "which works as before", "it does not");
	close(handle);
	freed("once that is closed it unloads");
}

/* Who asked for signals of a file before the module went gets them when it is back. */

static volatile sig_atomic_t signals;

static void count_signal(int sig)
{
	(void)sig;
	signals++;
}

static void wished(void)
{
	int device = open_device(), line[2];

	signal(SIGIO, count_signal);
	if (pipe2(line, O_CLOEXEC) || fcntl(line[0], F_SETOWN, getpid()) ||
	    fcntl(line[0], F_SETFL, O_ASYNC))
		die("O_ASYNC");
	close(device);
	freed("a file that sends signals does not keep it");
	device = open_device();
	(void)!write(line[1], "", 1);
	result(signals, "and sends them when it is back", "there came none");
	close(device);
	close(line[0]);
	close(line[1]);
}

static void read_options(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "n:x")) != -1) {
		char *end = "x";

		if (option == 'x')
			exit(0);
		if (option == 'n')
			loops = strtoul(optarg, &end, 0);
		if (*end) {
			fprintf(stderr, "usage: stress_unload [-n LOOPS]\n");
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	struct state before;
	int device;

	read_options(argc, argv);
	plan(16);
	module_find();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
	wrongs_begin();
	kept();
	wished();
	device = open_device();
	before = state_now(device);
	close(device);
	before.fds--;
	cycles();
	device = open_device();
	if (device < 0)
		die(VCONTEXT_DEVICE);
	before.fds++;
	check_state(device, &before);
	return failures ? 1 : 0;
}
