// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_trees: what is done with files of trees whose root may be anybody: to mark them, to copy
 * them, to read what their packages say.  Some of it takes root and a tmpfs that has attributes of
 * files; else it is left out.  Prints TAP.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <vctl.h>

#include "../below.h"
#include "../copy.h"
#include "../hints.h"
#include "../mark.h"
#include "../names.h"
#include "../run.h"
#include "../unify.h"
#include "tap.h"

#define BOTH (VCTL_ATTR_IMMUTABLE | VCTL_ATTR_INVERT)
/* No file system of a disk: those don't let anybody write to what is immutable. */
#define PLACE "/dev/shm/trees.XXXXXX"

static char place[] = PLACE;
static int top = -1;

static void clean(void)
{
	int parent = open("/dev/shm", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (top >= 0 && parent >= 0)
		below_remove(parent, strrchr(place, '/') + 1, true, NULL);
	if (parent >= 0)
		close(parent);
}

/* Files are made in @top. */
static int make(const char *name, const char *text)
{
	int fd = openat(top, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	need(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), name);
	return fd;
}

static int open_to_read(const char *name)
{
	int fd = openat(top, name, O_RDONLY | O_CLOEXEC);

	need(fd >= 0, name);
	return fd;
}

static bool is_marked(int fd)
{
	uint32_t attributes = BOTH;

	return vctl_attr_get(fd, &attributes, NULL, NULL) < 0 || attributes;
}

static bool can_mark(void)
{
	int fd = make("probe", "x");
	bool can = vctl_attr_set(fd, BOTH, 1, NULL) == 0 && vctl_attr_set(fd, 0, 0, NULL) == 0;

	close(fd);
	unlinkat(top, "probe", 0);
	return can;
}

static void writer_tests(void)
{
	int writer = make("written", "text"), fd = open_to_read("written");

	result(mark_set(fd, 1) == 1 && !is_marked(fd), "no mark on what is open for writing");
	need(linkat(top, "written", top, "written.2", 0) == 0, "a link");
	result(mark_set(fd, 1) == 1 && !is_marked(fd), "nor if it has more names than expected");

	close(writer);
	result(mark_set(fd, 1) == 0 && is_marked(fd), "but once it is not");
	need(vctl_attr_set(fd, 0, 0, NULL) == 0, "no mark");
	close(fd);
}

static void mark_tests(void)
{
	if (!can_mark()) {
		left_out("marks", "no file can be marked in /dev/shm");
		return;
	}
	writer_tests();
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Who has many leases is waited for no longer than who has one. */
static void lease_tests(void)
{
	struct copy *copy = calloc(1, sizeof(*copy));
	struct progress progress = { .what = "" };
	int leased = make("leased", "text"), from = openat(top, "leased", O_PATH | O_CLOEXEC);
	double begin = now();

	need(copy && copy_begin(copy) == 0 && mkdirat(top, "copies", 0755) == 0, "copies");
	result(copy->patience >= 45000, "longer than the system leaves a lease");
	copy->into = openat(top, "copies", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	copy->progress = &progress;
	copy->patience = 300;
	need(fcntl(leased, F_SETLEASE, F_WRLCK) == 0, "a lease");
	result(copy_one(copy, from, copy->into, "1") < 0 && errno == EWOULDBLOCK &&
	       now() - begin > 0.25, "a lease is waited for");
	begin = now();
	result(copy_one(copy, from, copy->into, "2") < 0 && errno == EWOULDBLOCK &&
	       now() - begin < 0.25, "but no longer than that in all");
	close(leased);
	copy->most = 3;
	result(copy_one(copy, from, copy->into, "3") < 0 && errno == EFBIG, "as large as it may be");
	copy->most = 4;
	result(copy_one(copy, from, copy->into, "3") == 0, "without a lease it is copied");

	close(from);
	close(copy->into);
	copy_end(copy);
	free(copy);
}

static enum copy_rule all_of(const char *path, bool directory, const void *data)
{
	(void)path;
	(void)directory;
	(void)data;
	return COPY_FULLY;
}

static nlink_t names_in_copy(const struct copy *copy, const char *name)
{
	struct stat stat = { .st_nlink = 0 };

	fstatat(copy->into, name, &stat, 0);
	return stat.st_nlink;
}

/* The first name of a file is found again, by that of its directory and its own. */
static void several_tests(void)
{
	struct copy *copy = calloc(1, sizeof(*copy));
	struct progress progress = { .what = "" };

	need(copy && copy_begin(copy) == 0 && mkdirat(top, "again", 0755) == 0 &&
	     below_make(top, "in/deep", 0755) == 0, "copies");
	for (int i = 0; i < 9; i++) {
		char name[64], other[64];

		snprintf(name, sizeof(name), "in/deep/%d", i);
		snprintf(other, sizeof(other), "in/deep/%d.2", i);
		close(make(name, "text"));
		need(linkat(top, name, top, other, 0) == 0, other);
	}
	need(linkat(top, "in/deep/1", top, "in/1", 0) == 0, "in/1");

	copy->into = openat(top, "again", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	copy->progress = &progress;
	copy->rule = all_of;
	result(copy_entry(copy, top, copy->into, "in") == 0 &&
	       names_in_copy(copy, "in/deep/0") == 2 && names_in_copy(copy, "in/deep/8.2") == 2 &&
	       names_in_copy(copy, "in/1") == 3, "names of one file are those of one in the copy");
	close(copy->into);
	copy_end(copy);
	free(copy);
}

/* Whatever is read might have been written to take as much as there is. */
static void limit_tests(void)
{
	static const struct run_limit limits[] = {
		{ RLIMIT_CPU, 1 }, { RLIMIT_AS, 64 << 20 }, { 0 },
	};
	static const char *const endless[] = {
		"timeout", "20", "sh", "-c", "while :; do :; done", NULL,
	};
	static const char *const large[] = {
		"sh", "-c", "x=$(head -c 99000000 /dev/zero | tr '\\0' x)", NULL,
	};
	struct run run = { .argv = endless, .in = -1, .directory = -1, .limits = limits };
	int status;

	if (geteuid() != 0) {
		left_out("limits", "only root can run programs so");
		return;
	}
	status = run_program(&run);
	result(status == 128 + SIGKILL, "who takes more time than he may is killed: %d", status);
	run.argv = large;
	status = run_program(&run);
	result(status > 0, "who wants more memory than he may have gets none: %d", status);
}

/* Packages' lists that two trees have. */
static void interrupt_tests(void)
{
	struct policy policy = { .packaged = false };
	struct trouble trouble = { .what = NULL };
	struct hints *hints = NULL;
	int trees[2] = { top, top };

	need(below_make(top, "var/lib/dpkg/info", 0755) == 0, "a directory");
	close(make("var/lib/dpkg/status", ""));
	close(make("var/lib/dpkg/info/x.conffiles", "/usr/conf\n"));
	close(make("var/lib/dpkg/info/x.md5sums", "0123456789abcdef0123456789abcdef  usr/x\n"));
	result(policy_add(&policy, top, "x", &trouble) == 0 &&
	       policy_judge_path(&policy, "usr/conf") == VERDICT_CONFFILE, "lists of packages");
	policy_free(&policy);

	run_catch_signals();
	raise(SIGINT);
	result(policy_add(&policy, top, "x", &trouble) < 0 && trouble.why &&
	       strcmp(trouble.why, "interrupted") == 0, "a signal ends reading them");
	result(hints_read(&hints, trees, 2) < 0 && errno == EINTR, "and reading of checksums");
	policy_free(&policy);
	hints_free(hints);
	trouble_forget(&trouble);
}

/* Of a hundred names; as many links aren't wanted, nor are the directory and the one above it. */
static void names_tests(void)
{
	static const struct {
		uint64_t lacks, entries;
		const char *text;
	} rooms[] = {
		{ 0, 202, "enough" }, { 1, 202, "too little" }, { 0, 201, "one entry too few" },
	};
	uint64_t enough = 100 * (sizeof(struct name) + 4);

	need(mkdirat(top, "many", 0755) == 0, "many");
	for (int i = 100; i < 200; i++) {
		char name[32];

		snprintf(name, sizeof(name), "many/%d", i);
		close(make(name, ""));
		snprintf(name, sizeof(name), "many/link.%d", i);
		need(symlinkat("x", top, name) == 0, name);
	}
	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		struct names_room left = { enough - rooms[i].lacks, rooms[i].entries };
		int fd = openat(top, "many", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		struct names names = NAMES_NONE;

		result(names_read(&names, fd, 0, &left) == (i > 0) &&
		       (rooms[i].lacks ? names.count == 99 : names.count >= 99),
		       "names in %s room", rooms[i].text);
		close(fd);
		names_free(&names);
	}
}

/* Moves a directory ahead of who copies: each that is entered gets it. */
static enum copy_rule move_ahead(const char *path, bool directory, const void *data)
{
	static char at[16] = "moving";
	char next[16];
	int length = 0;

	(void)data;
	(void)!sscanf(path, "full/%*d%n", &length);
	if (!directory || !length || path[length])
		return COPY_FULLY;
	snprintf(next, sizeof(next), "%.9s/moved", path);
	need(renameat(top, at, top, next) == 0, next);
	snprintf(at, sizeof(at), "%s", next);
	return COPY_FULLY;
}

static void moved_tests(void)
{
	struct copy *copy = calloc(1, sizeof(*copy));
	struct progress progress = { .what = "" };
	struct stat stat;

	need(copy && copy_begin(copy) == 0 && mkdirat(top, "moved", 0755) == 0 &&
	     below_make(top, "moving", 0755) == 0 && fstat(top, &stat) == 0, "copies");
	close(make("moving/file", "text"));
	for (int i = 10; i < 40; i++) {
		char name[32];

		snprintf(name, sizeof(name), "full/%d", i);
		need(below_make(top, name, 0755) == 0, name);
	}
	copy->into = openat(top, "moved", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	copy->progress = &progress;
	copy->rule = all_of;
	result(copy_entry(copy, top, copy->into, "in") == 0 && copy->measured == stat.st_dev &&
	       copy->files_left < UINT64_MAX && copy->bytes_left < UINT64_MAX,
	       "no more files than the file system has");
	copy->rule = move_ahead;
	copy->files_left = 40;
	result(copy_entry(copy, top, copy->into, "full") < 0 && errno == ELOOP,
	       "what is moved ahead of us is not copied for ever");
	copy->files_left = UINT64_MAX;
	copy->bytes_left = 7;
	copy->length = 0;
	result(copy_entry(copy, top, copy->into, "again") < 0 && errno == ELOOP,
	       "nor as much text");
	copy->entries_left = 2;
	copy->bytes_left = UINT64_MAX;
	copy->length = 0;
	result(copy_entry(copy, top, copy->into, "many") < 0 && errno == ELOOP, "nor names");

	close(copy->into);
	copy_end(copy);
	free(copy);
}

/* Of two trees: what one of them has too much of is no matter for the other. */
static void memory_tests(void)
{
	struct unify_tree trees[2] = {
		{ .name = "one", .links_left = 5000, .loose_left = 5000 },
		{ .name = "two", .links_left = 5000, .loose_left = 5000 },
	};
	struct member member = { .seen = { .nlink = 2, .mode = S_IFREG } };
	struct unify *unify = calloc(1, sizeof(*unify));
	int links = 0, loose = 0;

	need(unify != NULL, "memory");
	unify->trees = trees;
	unify->count = 2;
	memset(unify->path, 'x', 1000);
	for (member.seen.ino = 1; member.seen.ino <= 10; member.seen.ino++) {
		links += unify_links_add(unify, &member) == 0;
		loose += unify_loose_see(unify, &member, 1, false) == 0;
	}
	result(links > 0 && links < 5 && trees[0].too_much && unify->incomplete,
	       "names of files with several: %d of 10 are remembered", links);
	result(loose == 10 && trees[0].loose_left < 1200, "elsewhere: as many as there is room");
	member.tree = 1;
	result(unify_links_add(unify, &member) == 0 &&
	       unify_loose_see(unify, &member, 1, false) == 0 && !trees[1].too_much,
	       "another tree has room of its own");
	unify_links_free(unify);
	unify_loose_free(unify);
	free(unify);
}

int main(void)
{
	mark_begin();
	need(mkdtemp(place) != NULL, place);
	top = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	need(top >= 0, place);
	atexit(clean);
	mark_tests();
	names_tests();
	memory_tests();
	lease_tests();
	several_tests();
	moved_tests();
	limit_tests();
	interrupt_tests();
	return tap_end();
}
