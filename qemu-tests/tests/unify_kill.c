// SPDX-License-Identifier: GPL-2.0-only
/*
 * A unify of three trees, and its undo, are killed at random moments.  Then all that can be told of
 * each tree has to be as it was: names, contents, owners, modes, times of files and directories,
 * extended attributes, access lists, and which names are one file.
 *
 * Each third time the process that does the work is killed, too: then a directory may have another
 * time, and not all names of a file that has several may be one any more.
 *
 * Needs root and a file system with attributes of files; runs on any machine.
 *
 * usage: unify_kill [-n MOMENTS] [-s SEED] [-c VUNIFY] [DIRECTORY]
 */
#include "stress.h"

#include <fts.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define FILES	150
#define ROOM	(1 << 20)

static const char *const trees[] = { "a", "b", "c" };

static struct random seed = { 1 };
static unsigned int moments = 50;
static const char *program = "vunify";

/* Pictures */

struct picture {
	char *text;
	size_t used;
};

static void __attribute__((format(printf, 2, 3))) note(struct picture *to, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(to->text + to->used, ROOM - to->used, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= ROOM - to->used)
		die("a picture is too large");
	to->used += n;
}

static uint64_t sum(uint64_t hash, const void *data, size_t length)
{
	const unsigned char *bytes = data;

	while (length--)
		hash = (hash ^ *bytes++) * 0x100000001b3ULL;
	return hash;
}

static uint64_t sum_file(const char *path)
{
	uint64_t hash = 0xcbf29ce484222325ULL;
	char buffer[65536];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOATIME);

	if (fd < 0)
		die("%s", path);
	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		hash = sum(hash, buffer, n);
	close(fd);
	return hash;
}

/* Whatever their order is. */
static uint64_t sum_attributes(const char *path)
{
	char names[4096], value[4096];
	ssize_t length = llistxattr(path, names, sizeof(names)), size;
	uint64_t all = 0;
	char *name;

	for (name = names; name < names + length; name += strlen(name) + 1) {
		if (!strcmp(name, VCONTEXT_XATTR_INVERT))
			continue;
		size = lgetxattr(path, name, value, sizeof(value));
		all += sum(sum(0xcbf29ce484222325ULL, name, strlen(name)), value, size < 0 ? 0 : size);
	}
	return all;
}

/* The first name of a file that has several; @inodes: of those that have been. */
static const char *first_name(const struct stat *stat, const char *path)
{
	static struct { ino_t ino; char path[256]; } inodes[64];
	static unsigned int count;
	unsigned int i;

	if (!stat) {
		count = 0;
		return NULL;
	}
	for (i = 0; i < count; i++)
		if (inodes[i].ino == stat->st_ino)
			return inodes[i].path;
	return count < ARRAY_SIZE(inodes) ? (inodes[count].ino = stat->st_ino,
		strcpy(inodes[count++].path, path)) : path;
}

static int by_name(const FTSENT **one, const FTSENT **other)
{
	return strcmp((*one)->fts_name, (*other)->fts_name);
}

/* @strict: times of directories, and which names are one file. */
static void take(struct picture *picture, const char *tree, bool strict)
{
	char *paths[] = { (char *)tree, NULL };
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	const struct stat *st;
	FTSENT *entry;

	first_name(NULL, NULL);
	picture->used = 0;
	while ((entry = fts_read(fts))) {
		if (entry->fts_info == FTS_DP)
			continue;
		st = entry->fts_statp;
		note(picture, "%s %o %u:%u", entry->fts_path + strlen(tree), st->st_mode, st->st_uid,
		     st->st_gid);
		if (strict || !S_ISDIR(st->st_mode))
			note(picture, " %lld.%09ld", (long long)st->st_mtim.tv_sec,
			     st->st_mtim.tv_nsec);
		if (S_ISREG(st->st_mode))
			note(picture, " %lld %016llx", (long long)st->st_size,
			     (unsigned long long)sum_file(entry->fts_path));
		if (S_ISREG(st->st_mode) && strict && strstr(entry->fts_path, "/links/"))
			note(picture, " is %s", first_name(st, entry->fts_path) + strlen(tree));
		note(picture, " %016llx\n", (unsigned long long)sum_attributes(entry->fts_path));
	}
	fts_close(fts);
}

/* The first line in which they differ. */
static const char *difference(const char *one, const char *other, char text[512])
{
	while (*one && *other) {
		size_t length = strcspn(one, "\n"), same = strcspn(other, "\n");

		if (length != same || strncmp(one, other, length))
			break;
		one += length + (one[length] == '\n');
		other += length + (other[length] == '\n');
	}
	snprintf(text, 512, "'%.*s' instead of '%.*s'", (int)strcspn(one, "\n"), one,
		 (int)strcspn(other, "\n"), other);
	return text;
}

/* Trees */

static void shell(const char *command)
{
	if (system(command))
		die("%s", command);
}

static void write_file(const char *path, unsigned int number)
{
	static char bytes[70000];
	size_t size = 1 + (number * 7919) % sizeof(bytes), i;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	struct timespec times[2] = { { .tv_sec = 1000000 }, { .tv_sec = 1000000 + number } };

	for (i = 0; i < size; i++)
		bytes[i] = number + i / 100;
	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		die("%s", path);
	if (number % 7 == 0 && (fchown(fd, number, 0) || fchmod(fd, 04755)))
		die("%s", path);
	if (number % 5 == 0 && fsetxattr(fd, "user.note", path + 2, 9, 0))
		die("%s: an attribute", path);
	if (futimens(fd, times))
		die("%s", path);
	close(fd);
}

static void make_trees(void)
{
	char path[64];
	unsigned int i;

	shell("chattr -R -i a b c original 2>/dev/null; rm -rf a b c original .vunify;"
	      "mkdir -p original/usr/share/links original/usr/bin original/etc");
	for (i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "original/usr/%s/file%u",
			 i % 10 == 9 ? "share/links" : i % 3 ? "share" : "bin", i);
		write_file(path, i);
	}
	shell("cd original/usr/share/links && for f in file*; do ln $f also-$f; ln $f ../$f-too; done;"
	      "cd ../../.. && cp usr/bin/file0 etc/file && ln -s usr/bin bin &&"
	      "setfacl -m u:77:rw usr/bin/file3 2>/dev/null;"
	      "find . -type d -exec touch -d '2003-03-03 03:03:03' {} +");
	shell("for t in a b c; do cp -a original $t; done;"
	      "echo other >>b/usr/bin/file6; echo own >c/usr/own; touch a/usr/share/file1");
}

/* Commands */

static void become(bool undo, bool silent)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(null, 0);
	dup2(null, 1);
	if (silent)
		dup2(null, 2);
	setpgid(0, 0);
	if (undo)
		execlp(program, program, "--undo", "./a", "./b", "./c", NULL);
	else
		execlp(program, program, "./a", "./b", "./c", NULL);
	_exit(127);
}

static void run(bool undo)
{
	pid_t pid = must_fork();

	if (!pid)
		become(undo, false);
	if (must_wait(pid))
		die("%s fails", program);
}

static pid_t child_of(pid_t pid)
{
	char path[64];
	int child = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	f = fopen(path, "re");
	if (f && fscanf(f, "%d", &child) != 1)
		child = 0;
	if (f)
		fclose(f);
	return child;
}

static void kill_once(bool undo, double seconds, bool both)
{
	pid_t pid = must_fork(), child;

	if (!pid)
		become(undo, true);
	nap(seconds * random_below(&seed, 1000000));
	child = both ? child_of(pid) : 0;
	if (child > 0)
		kill(child, SIGKILL);
	kill(pid, SIGKILL);
	must_wait(pid);
	nap(30000);
}

static double measure(bool undo)
{
	double begun = now();

	run(undo);
	return (now() - begun) * 1.1;
}

/* Pictures of before, of all trees, and of what each moment leaves. */
struct scene {
	struct picture before[2][ARRAY_SIZE(trees)];
	struct picture after;
	double seconds[2];
	char why[512];
};

static bool compare(struct scene *scene, bool strict)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(trees); i++) {
		take(&scene->after, trees[i], strict);
		if (strcmp(scene->after.text, scene->before[strict][i].text)) {
			difference(scene->after.text, scene->before[strict][i].text, scene->why);
			return false;
		}
	}
	return true;
}

static void begin(struct scene *scene)
{
	unsigned int i, strict;

	make_trees();
	for (strict = 0; strict < 2; strict++) {
		for (i = 0; i < ARRAY_SIZE(trees); i++) {
			if (!scene->before[strict][i].text)
				scene->before[strict][i].text = malloc(ROOM);
			take(&scene->before[strict][i], trees[i], strict);
		}
	}
	if (!scene->after.text)
		scene->after.text = malloc(ROOM);
}

static bool is_immutable(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), flags = 0;

	if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags))
		die("%s", path);
	close(fd);
	return flags & FS_IMMUTABLE_FL;
}

static void whole_runs(struct scene *scene)
{
	struct stat one, other;
	int writer;

	begin(scene);
	writer = open("a/usr/bin/file12", O_RDWR | O_CLOEXEC);
	scene->seconds[0] = measure(false);
	result(compare(scene, true), "a unify changes nothing of what is seen", "%s", scene->why);
	if (stat("a/usr/bin/file33", &one) || stat("c/usr/bin/file33", &other))
		die("file33");
	result(one.st_ino == other.st_ino && is_immutable("a/usr/bin/file33"), "files are shared",
	       "they are not");
	result(!is_immutable("a/usr/bin/file12"), "what is open for writing is left alone",
	       "it is immutable");
	close(writer);
	scene->seconds[1] = measure(true);
	result(compare(scene, true), "an undo changes nothing of what is seen", "%s", scene->why);
	result(!is_immutable("a/usr/bin/file33") && !is_immutable("c/usr/share/links/file39"),
	       "nothing is immutable", "something is");
	result(access(".vunify", F_OK), "nothing is left", ".vunify is");
}

static void killed(struct scene *scene)
{
	unsigned int i, wrong = 0, broken = 0;
	char why[512] = "";

	for (i = 0; i < moments; i++) {
		bool undo = i % 2, both = i % 3 == 2;

		kill_once(undo, scene->seconds[undo], both);
		if (!compare(scene, !both)) {
			printf("# moment %u: %s%s: %s\n", i, undo ? "undo" : "unify",
			       both ? ", both killed" : "", scene->why);
			if (!wrong++)
				snprintf(why, sizeof(why), "moment %u: %.400s", i, scene->why);
		}
		if (both || wrong > broken)
			begin(scene);
		broken = wrong;
	}
	result(!wrong, "killed at any moment, nothing is lost", "%u times, %.400s", wrong, why);
}

int main(int argc, char **argv)
{
	static struct scene scene;
	int option;

	while ((option = getopt(argc, argv, "n:s:c:")) != -1)
		if (option == 'n')
			moments = atoi(optarg);
		else if (option == 's')
			seed.state = atoi(optarg);
		else if (option == 'c')
			program = optarg;
		else
			return 2;
	program = absolute(program);
	if (geteuid()) {
		printf("1..0 # SKIP only root can make files immutable\n");
		return 0;
	}
	if (chdir(argv[optind] ? argv[optind] : "/root"))
		die("%s", argv[optind] ? argv[optind] : "/root");

	plan(9);
	whole_runs(&scene);
	killed(&scene);
	run(false);
	result(compare(&scene, true), "the next one goes on", "%s", scene.why);
	run(true);
	result(compare(&scene, true) && access(".vunify", F_OK), "and leaves nothing", "%s",
	       scene.why);
	shell("chattr -R -i a b c original 2>/dev/null; rm -rf a b c original");
	return failures ? 1 : 0;
}
