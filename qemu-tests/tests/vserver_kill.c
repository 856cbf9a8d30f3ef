// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each command that acts on a vserver or in it is killed at random moments of its life, half of
 * them by the count of its system calls and half by time, and given again.  Then all has to be as if
 * it had never been killed: the vserver runs once, or nothing of it is left.
 *
 * What there is of it is seen by a snapshot, of which there is one for each state from undisturbed
 * runs: mounts, addresses, control groups, contexts, files of its tree and below /run, processes
 * (as context 1 sees them).
 *
 * usage: vserver_kill [-n MOMENTS] [-s SEED] [KIND]...
 */
#include "stress.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <sys/ptrace.h>
#include <sys/stat.h>

#define NAME	"victim"
#define LOG	"/tmp/victim.log"
#define SECONDS	5	/* until a snapshot has to be as it should */

static int device;
static struct random seed = { 1 };
static unsigned int moments = 50;

/* Snapshots */

struct snapshot {
	char text[16384];
	size_t used;
};

static struct snapshot *filling;

static void __attribute__((format(printf, 1, 2))) note(const char *format, ...)
{
	size_t room = sizeof(filling->text) - filling->used;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(filling->text + filling->used, room, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= room)
		die("a snapshot is too large");
	filling->used += n;
}

static void note_file(const char *path)
{
	char text[8192] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, text, sizeof(text) - 1) < 0)
		die("%s", path);
	if (fd >= 0)
		close(fd);
	note("%s:\n%s", path, text);
}

/* One label may be there with several addresses, of which the order says something, too. */
static void note_addresses(void)
{
	struct ifaddrs *all, *one;
	char text[INET_ADDRSTRLEN];

	if (getifaddrs(&all))
		die("getifaddrs");
	for (one = all; one; one = one->ifa_next)
		if (one->ifa_addr && one->ifa_addr->sa_family == AF_INET)
			note("address %s %s\n", one->ifa_name,
			     inet_ntop(AF_INET, &((struct sockaddr_in *)one->ifa_addr)->sin_addr,
				       text, sizeof(text)));
	freeifaddrs(all);
}

static void note_contexts(void)
{
	uint32_t ids[64];
	struct vcontext_list list = { .size = sizeof(list), .ids = (uintptr_t)ids, .count = 64 };

	if (call(device, VCONTEXT_LIST, &list))
		die("VCONTEXT_LIST");
	note("contexts %u\n", list.count);
}

static int compare_entries(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* In the order of names; a directory that isn't there is told as well. */
static void note_tree(const char *path, bool only_directories)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, compare_entries);
	char below[PATH_MAX];
	int i;

	note("%s%s\n", path, count < 0 ? " -" : "");
	for (i = 0; i < count; i++) {
		snprintf(below, sizeof(below), "%s/%s", path, entries[i]->d_name);
		if (strcmp(entries[i]->d_name, ".") && strcmp(entries[i]->d_name, "..")) {
			if (entries[i]->d_type == DT_DIR)
				note_tree(below, only_directories);
			else if (!only_directories)
				note("%s\n", below);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

/* Programs alone: threads of the kernel come and go. */
static bool read_process(const char *number, char name[32])
{
	char path[300], text[512] = "", state;
	int fd, parent;

	snprintf(path, sizeof(path), "/proc/%s/stat", number);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text) - 1) < 0)
		*text = 0;
	close(fd);
	return sscanf(text, "%*d (%31[^)]) %c %d", name, &state, &parent) == 3 &&
	       parent != 2 && strcmp(number, "2");
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Context 1 sees all of them, and is only entered by a process that doesn't come back. */
static void spectate(int out)
{
	int handle = context_open(device, VCONTEXT_OPEN_CREATE, VCONTEXT_ID_WATCHER, 0);
	static char names[256][32];
	unsigned int count = 0, i;
	struct dirent *entry;
	DIR *proc;

	if (handle < 0 || context_enter(handle))
		_exit(1);
	proc = opendir("/proc");
	while (proc && count < 256 && (entry = readdir(proc)))
		if (*entry->d_name >= '0' && *entry->d_name <= '9' &&
		    atoi(entry->d_name) != getpid() && read_process(entry->d_name, names[count]))
			count++;
	qsort(names, count, sizeof(*names), compare_names);
	for (i = 0; i < count; i++)
		dprintf(out, "process %s\n", names[i]);
	_exit(0);
}

static void note_processes(void)
{
	char text[8192];
	size_t used = 0;
	int ends[2];
	ssize_t n;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		die("pipe");
	pid = must_fork();
	if (!pid)
		spectate(ends[1]);
	close(ends[1]);
	while ((n = read(ends[0], text + used, sizeof(text) - 1 - used)) > 0)
		used += n;
	close(ends[0]);
	text[used] = 0;
	if (must_wait(pid))
		die("context 1 can't be entered");
	note("%s", text);
}

static void take(struct snapshot *snapshot)
{
	filling = snapshot;
	snapshot->used = 0;
	note_file("/proc/mounts");
	note_addresses();
	note_contexts();
	note_tree("/run/vservers", false);
	note_tree("/vservers/" NAME, false);
	note_tree("/sys/fs/cgroup/vserver", true);
	note_processes();
}

/* The first line in which they differ. */
static const char *difference(const char *one, const char *other, char text[256])
{
	while (*one && *other) {
		size_t length = strcspn(one, "\n"), same = strcspn(other, "\n");

		if (length != same || strncmp(one, other, length))
			break;
		one += length + (one[length] == '\n');
		other += length + (other[length] == '\n');
	}
	snprintf(text, 256, "'%.*s' instead of '%.*s'", (int)strcspn(one, "\n"), one,
		 (int)strcspn(other, "\n"), other);
	return text;
}

static bool becomes(const struct snapshot *wanted, char why[256])
{
	static struct snapshot found;
	double end = now() + SECONDS;

	for (;;) {
		take(&found);
		if (!strcmp(found.text, wanted->text))
			return true;
		if (now() > end)
			break;
		nap(20000);
	}
	difference(found.text, wanted->text, why);
	return false;
}

/* Commands */

struct command {
	const char *word;
	const char *arguments[4];	/* of the one that is killed: it goes on for ever */
	const char *again[4];		/* of the one after it */
	bool input;			/* it gets one that doesn't end */
	enum { RUNNING, STOPPED } before, after;
};

static const struct command commands[] = {
	{ "start", { NULL }, { NULL }, false, STOPPED, RUNNING },
	{ "stop", { NULL }, { NULL }, false, RUNNING, STOPPED },
	{ "restart", { NULL }, { NULL }, false, RUNNING, RUNNING },
	{ "condrestart", { NULL }, { NULL }, false, RUNNING, RUNNING },
	{ "exec", { "sleep", "1000" }, { "true" }, false, RUNNING, RUNNING },
	{ "enter", { NULL }, { NULL }, true, RUNNING, RUNNING },
	{ "suexec", { "user", "sleep", "1000" }, { "user", "true" }, false, RUNNING, RUNNING },
	{ "service", { "long", "start" }, { "long", "status" }, false, RUNNING, RUNNING },
};

static void become(const char *word, const char *const *arguments, int in, bool traced)
{
	const char *argv[8] = { "vserver", NAME, word };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	unsigned int i;

	for (i = 0; arguments && arguments[i]; i++)
		argv[3 + i] = arguments[i];
	dup2(in >= 0 ? in : null, 0);
	dup2(null, 1);
	dup2(null, 2);
	if (traced && ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(126);
	execvp(argv[0], (char **)argv);
	_exit(127);
}

static int run(const char *word, const char *const *arguments)
{
	pid_t pid = must_fork();

	if (!pid)
		become(word, arguments, -1, false);
	return must_wait(pid);
}

/* A command under way. */
struct victim {
	pid_t pid;	/* 0: it has ended by itself */
	int input;	/* our end of its standard input */
};

static struct victim begin(const struct command *command, bool traced)
{
	struct victim victim = { .input = -1 };
	int ends[2] = { -1, -1 };

	if (command->input && pipe2(ends, O_CLOEXEC))
		die("pipe");
	victim.pid = must_fork();
	if (!victim.pid)
		become(command->word, command->arguments, ends[0], traced);
	if (ends[0] >= 0)
		close(ends[0]);
	victim.input = ends[1];
	return victim;
}

static void end(struct victim *victim)
{
	if (victim->pid) {
		kill(victim->pid, SIGKILL);
		must_wait(victim->pid);
	}
	if (victim->input >= 0)
		close(victim->input);
}

/* Does it sleep, in what is its last call?  One that goes on for ever does so at last. */
static bool rests(pid_t pid)
{
	char path[32], state = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (f && fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	if (f)
		fclose(f);
	return state == 'S';
}

/* Waits for the next stop of a traced one; false: it has ended, or sleeps for good. */
static bool next_stop(struct victim *victim, bool endless)
{
	double patience = now() + (endless ? 0.3 : 30);
	int status;

	while (!waitpid(victim->pid, &status, WNOHANG | __WALL)) {
		nap(100);
		if (now() > patience && rests(victim->pid))
			return false;
	}
	if (WIFSTOPPED(status))
		return true;
	victim->pid = 0;
	return false;
}

/* Lets it go on for @most stops; how many there were. */
static unsigned int trace(struct victim *victim, bool endless, unsigned int most)
{
	unsigned int count = 0;
	bool stopped = next_stop(victim, endless);

	while (stopped && count < most) {
		count++;
		if (ptrace(PTRACE_SYSCALL, victim->pid, NULL, NULL))
			break;
		stopped = next_stop(victim, endless);
	}
	return count;
}

/* How long a command takes that is not killed. */
struct length {
	unsigned int stops;
	double seconds;
};

static void settle(const struct command *command)
{
	if (command->before == RUNNING)
		run("start", NULL);
	else
		run("stop", (const char *[]){ "--timeout", "0", NULL });
}

static struct length measure(const struct command *command)
{
	bool endless = command->again[0] || command->input;
	struct length length;
	struct victim victim;
	double begun;

	settle(command);
	victim = begin(command, true);
	length.stops = trace(&victim, endless, UINT_MAX);
	end(&victim);
	settle(command);
	begun = now();
	run(command->word, command->again);
	length.seconds = now() - begun;
	settle(command);
	return length;
}

static void kill_once(const struct command *command, const struct length *length, bool by_calls)
{
	bool endless = command->again[0] || command->input;
	unsigned int stops = 1 + random_below(&seed, length->stops);
	double seconds = length->seconds * 1.1 * random_below(&seed, 1000000) / 1000000;
	struct victim victim = begin(command, by_calls);

	if (by_calls)
		trace(&victim, endless, stops);
	else
		nap(seconds * 1000000);
	end(&victim);
}

/* The scripts' last word. */
static const char *last_of_log(char line[64])
{
	FILE *f = fopen(LOG, "re");

	*line = 0;
	while (f && fgets(line, 64, f))
		;
	if (f)
		fclose(f);
	line[strcspn(line, "\n")] = 0;
	return line;
}

struct kind {
	const char *name;
	unsigned int share;		/* one of so many moments is tried: it is slow */
	struct snapshot states[2];	/* RUNNING, STOPPED */
};

static void judge(const struct kind *kind, const struct command *command)
{
	static const char *const words[] = { "post-start", "post-stop" };
	unsigned int most = moments / kind->share, wrong = 0, i;
	struct length length = measure(command);
	char why[256] = "", more[256], line[64], name[64];

	for (i = 0; i < most; i++) {
		*more = 0;
		settle(command);
		kill_once(command, &length, i % 2);
		run(command->word, command->again);
		if (!becomes(&kind->states[command->after], more))
			printf("# %s %s, moment %u: %s\n", kind->name, command->word, i, more);
		else if (strcmp(last_of_log(line), words[command->after]))
			snprintf(more, sizeof(more), "the last script was %s", line);
		if (*more && !wrong++)
			snprintf(why, sizeof(why), "moment %u: %s", i, more);
	}
	snprintf(name, sizeof(name), "%s: %s, killed and given again", kind->name, command->word);
	printf("# %s: %u moments of %u stops, %.3f seconds\n", name, most, length.stops,
	       length.seconds);
	result(!wrong, name, "%u times, %.200s", wrong, why);
}

/* Set-up */

static void shell(const char *command)
{
	pid_t pid = must_fork();

	if (!pid) {
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	if (must_wait(pid))
		die("%s", command);
}

static void make(struct kind *kind)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf /vservers/%s; vserver_tree.sh %s %s 10.9.1.1",
		 NAME, kind->name, NAME);
	shell(command);
	shell("cd /vservers/" NAME "/etc/init.d\n"
	      "echo '#!/bin/sh' >long\n"
	      "echo '[ $1 = status ] || exec sleep 1000' >>long\n"
	      "chmod 755 long\n"
	      "echo 'echo $1 >>" LOG "' >/etc/vservers/" NAME ".sh");
	/* Its first run puts into the tree what stays there. */
	run("start", NULL);
	run("stop", NULL);
	run("start", NULL);
	nap(500000);
	take(&kind->states[RUNNING]);
	run("stop", NULL);
	nap(100000);
	take(&kind->states[STOPPED]);
}

static void leave(void)
{
	run("stop", NULL);
	close(device);
	result(!system("rmmod vcontext && modprobe vcontext"), "the module unloads in the end",
	       "rmmod failed");
}

static bool is_asked(const struct kind *kind, char **names)
{
	char **name = names;

	while (*name && strcmp(*name, kind->name))
		name++;
	return *name || !*names;
}

int main(int argc, char **argv)
{
	static struct kind kinds[] = {
		{ .name = "none", .share = 1 },
		{ .name = "rc", .share = 1 },
		{ .name = "init", .share = 5 },
	};
	unsigned int asked = 0, i, j;
	int option;

	while ((option = getopt(argc, argv, "n:s:")) != -1)
		if (option == 'n')
			moments = atoi(optarg);
		else if (option == 's')
			seed.state = atoi(optarg);
		else
			return 2;
	device = open_device();
	if (device < 0)
		die(VCONTEXT_DEVICE);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		asked += is_asked(&kinds[i], argv + optind);
	shell("vserver_tree.sh prepare");
	plan(asked * ARRAY_SIZE(commands) + 1);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!is_asked(&kinds[i], argv + optind))
			continue;
		make(&kinds[i]);
		for (j = 0; j < ARRAY_SIZE(commands); j++)
			judge(&kinds[i], &commands[j]);
	}
	leave();
	return failures ? 1 : 0;
}
