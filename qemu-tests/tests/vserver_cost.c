// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to start, enter and stop a vserver, in instructions (vm --icount): a start at most
 * 5,000,000 and a command in it at most 1,000,000, beside what the vserver's own programs take,
 * which are measured alone.
 *
 * The clock counts on while everybody sleeps, so a nap where there is nothing to wait for would be
 * seen as well: a millisecond is a million.  To stop an init takes the two seconds that busybox gives
 * the processes of its own.
 */
#include "cost.h"

#include <sys/stat.h>

#define START_MOST	5000000
#define EXEC_MOST	1000000
#define INIT_MOST	2100000000.0
#define ROUNDS		12

static const char *null = "/dev/null";

/* Not to be looked for: the first directory that would be is the other side's, who takes his time. */
static const char *vserver = "/usr/sbin/vserver";

/* What to run: as root of this machine, or of the tree @root. */
struct program {
	const char *root;
	char *argv[8];
};

static void become(const struct program *program)
{
	int fd = open(null, O_RDWR | O_CLOEXEC);

	if (fd < 0 || dup2(fd, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		_exit(125);
	if (program->root && (chroot(program->root) || chdir("/")))
		_exit(126);
	execvp(program->argv[0], program->argv);
	_exit(127);
}

static pid_t spawn(const struct program *program)
{
	pid_t pid = vfork();

	if (!pid)
		become(program);
	return pid;
}

/* Returns what it has cost; what the kernel has put off from before is done by then. */
static uint64_t run(const struct program *program)
{
	uint64_t begin;
	int status;
	pid_t pid;

	nap(50000);
	begin = instructions();
	pid = spawn(program);
	if (pid < 0)
		die("fork");
	status = must_wait(pid);
	begin = instructions() - begin;
	if (status)
		printf("# %s %s: exit status %d\n", program->argv[0],
		       program->argv[1] ? program->argv[1] : "", status);
	return begin;
}

static void run_good(const struct program *program)
{
	pid_t pid = must_fork();

	if (!pid) {
		execvp(program->argv[0], program->argv);
		_exit(127);
	}
	if (must_wait(pid))
		die("%s %s", program->argv[0], program->argv[1]);
}

static double cost_alone(const struct program *program)
{
	static struct samples samples;
	unsigned int i;

	samples.count = 0;
	run(program);
	for (i = 0; i < ROUNDS; i++)
		add_sample(&samples, run(program));
	return cost_of(&samples, 1, 0).quartile;
}

struct costs {
	double start, exec, stop;
};

/* Of a vserver that is started and stopped again and again. */
static struct costs measure_life(const char *name)
{
	struct program start = { NULL, { (char *)vserver, (char *)name, "start" } };
	struct program exec = { NULL, { (char *)vserver, (char *)name, "exec", "/bin/true" } };
	struct program stop = { NULL, { (char *)vserver, (char *)name, "stop" } };
	static struct samples starts, execs, stops;
	unsigned int i, j;

	starts.count = execs.count = stops.count = 0;
	run(&start);
	run(&stop);
	for (i = 0; i < ROUNDS; i++) {
		add_sample(&starts, run(&start));
		run(&exec);
		for (j = 0; j < 4; j++)
			add_sample(&execs, run(&exec));
		add_sample(&stops, run(&stop));
	}
	return (struct costs){ cost_of(&starts, 1, 0).quartile, cost_of(&execs, 1, 0).quartile,
			       cost_of(&stops, 1, 0).quartile };
}

static void judge(const char *name, double cost, double own, double most)
{
	printf("# %-32s %9.0f, its own programs %8.0f, the rest %8.0f\n", name, cost, own,
	       cost - own);
	result(cost - own <= most, name, "%.0f instructions beside its own programs, at most %.0f",
	       cost - own, most);
}

int main(void)
{
	struct program prepare = { NULL, { "vserver_tree.sh", "prepare" } };
	struct program none = { NULL, { "vserver_tree.sh", "none", "cnone", "10.9.1.1" } };
	struct program rc = { NULL, { "vserver_tree.sh", "rc", "crc", "10.9.1.2" } };
	struct program is_true = { "/vservers/crc", { "/bin/true" } };
	struct program up = { "/vservers/crc", { "/etc/init.d/rc", "3" } };
	struct program down = { "/vservers/crc", { "/etc/init.d/rc", "0" } };
	struct program init = { NULL, { "vserver_tree.sh", "init", "cinit", "10.9.1.3" } };
	struct costs empty, services, started;
	double own;

	run_good(&prepare);
	run_good(&none);
	run_good(&rc);
	run_good(&init);
	/* Its programs want these where they are alone, too. */
	if (mknod("/vservers/crc/dev/null", S_IFCHR | 0666, 0x103))
		die("/dev/null of the tree");
	plan(9);

	own = cost_alone(&is_true);
	empty = measure_life("cnone");
	judge("start without services", empty.start, 0, START_MOST);
	judge("exec without services", empty.exec, own, EXEC_MOST);
	judge("stop without services", empty.stop, 0, START_MOST);
	services = measure_life("crc");
	judge("start with a script rc", services.start, cost_alone(&up), START_MOST);
	judge("exec with a script rc", services.exec, own, EXEC_MOST);
	judge("stop with a script rc", services.stop, cost_alone(&down), START_MOST);
	started = measure_life("cinit");
	judge("start with an init", started.start, 0, START_MOST);
	judge("exec with an init", started.exec, own, EXEC_MOST);
	judge("stop with an init", started.stop, 0, INIT_MOST);
	return failures ? 1 : 0;
}
