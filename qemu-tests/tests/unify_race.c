// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two trees are unified and get their own files again, time after time, while somebody in one of
 * them exchanges directories and files for others, and for links that lead out, and writes to files
 * that he has opened.  Nothing of the other tree may ever change, nor what is outside of both.
 *
 * Needs root and a file system with attributes of files; runs on any machine, where who exchanges
 * is in a context if there are any.
 *
 * usage: unify_race [-n ROUNDS] [-s SEED] [-c VUNIFY] [DIRECTORY]
 */
#include "stress.h"

#include <limits.h>
#include <linux/fs.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define FILES	40
#define SIZE	9000
#define MTIME	1000000

static struct random seed = { 1 };
static unsigned int rounds = 40;
static const char *program = "vunify";
static char here[PATH_MAX / 2];

/* Those who exchange: their directories, and how often they did something. */
static int share, other;
static struct shared {
	atomic_bool over;
	atomic_uint deeds;
} *shared;

static const char *name_of(unsigned int number)
{
	static char name[16];

	snprintf(name, sizeof(name), "f%u", number);
	return name;
}

static char letter_of(unsigned int number)
{
	return 'a' + number % 26;
}

/* Of the same size, owner, mode and time whatever the letter. */
static void write_file(const char *directory, unsigned int number, char letter)
{
	struct timespec times[2] = { { .tv_sec = MTIME }, { .tv_sec = MTIME } };
	char path[PATH_MAX], text[SIZE];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name_of(number));
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	memset(text, letter, sizeof(text));
	if (fd < 0 || write(fd, text, sizeof(text)) != sizeof(text) || futimens(fd, times))
		die("%s", path);
	close(fd);
}

static void must(int result, const char *what)
{
	if (result)
		die("%s", what);
}

static void clean(void)
{
	must(system("chattr -R -i one two out 2>/dev/null; rm -rf one two out .vunify"), "clean");
}

/* "two/usr/link" and the links beside it lead to files that could be shared, if they were in it. */
static void make_trees(void)
{
	char name[16], target[PATH_MAX];
	unsigned int i;

	clean();
	must(system("mkdir -p one/usr/share two/usr/share two/usr/other out/share"), "mkdir");
	snprintf(target, sizeof(target), "%s/out/share", here);
	must(symlink(target, "two/usr/link"), "link");
	for (i = 0; i < FILES; i++) {
		write_file("one/usr/share", i, letter_of(i));
		write_file("two/usr/share", i, letter_of(i));
		write_file("two/usr/other", i, '.');
		write_file("out/share", i, letter_of(i));
		snprintf(target, sizeof(target), "%s/out/share/%s", here, name_of(i));
		snprintf(name, sizeof(name), "l%u", i);
		other = open("two/usr/other", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		must(symlinkat(target, other, name), "link");
		close(other);
	}
	share = open("two/usr/share", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	other = open("two/usr/other", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (share < 0 || other < 0)
		die("two/usr");
}

/* Deeds, each of which leaves everything as it found it. */

static void pause_a_bit(void)
{
	nap(random_below(&seed, 2000));
}

static void exchange(int one, const char *name, int another, const char *its)
{
	syscall(SYS_renameat2, one, name, another, its, RENAME_EXCHANGE);
}

static void exchange_directory(void)
{
	exchange(AT_FDCWD, "two/usr/share", AT_FDCWD, "two/usr/link");
	pause_a_bit();
	exchange(AT_FDCWD, "two/usr/share", AT_FDCWD, "two/usr/link");
}

static void exchange_file(void)
{
	const char *name = name_of(random_below(&seed, FILES));

	exchange(share, name, other, name);
	pause_a_bit();
	exchange(share, name, other, name);
}

static void exchange_link(void)
{
	unsigned int number = random_below(&seed, FILES);
	char link[16];

	snprintf(link, sizeof(link), "l%u", number);
	exchange(share, name_of(number), other, link);
	pause_a_bit();
	exchange(share, name_of(number), other, link);
}

static void write_late(void)
{
	struct timespec times[2] = { { .tv_sec = MTIME }, { .tv_sec = MTIME } };
	unsigned int number = random_below(&seed, FILES);
	int fd = openat(share, name_of(number), O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	char was;

	if (fd < 0)
		return;
	pause_a_bit();
	if (pread(fd, &was, 1, 0) == 1 && pwrite(fd, "!", 1, 0) == 1) {
		pause_a_bit();
		(void)!pwrite(fd, &was, 1, 0);
		futimens(fd, times);
	}
	close(fd);
}

static void link_more(void)
{
	const char *name = name_of(random_below(&seed, FILES));

	if (linkat(share, name, other, "more", 0))
		return;
	pause_a_bit();
	unlinkat(other, "more", 0);
}

static void (*const deeds[])(void) = {
	exchange_directory, exchange_file, exchange_link, write_late, link_more
};

static pid_t start(unsigned int which)
{
	pid_t pid = must_fork();
	int device;

	if (pid)
		return pid;
	device = open_device();
	if (device >= 0 && context_new(device, 0, NULL))
		die("a context");
	seed.state += which;
	while (!shared->over) {
		deeds[which]();
		shared->deeds++;
		pause_a_bit();
	}
	_exit(0);
}

/* What must be as it was */

static bool is_as_made(const char *directory, unsigned int number, bool outside, char why[PATH_MAX])
{
	char path[PATH_MAX], text[SIZE + 1];
	int fd, flags = 0;
	struct stat stat;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", directory, name_of(number));
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &stat) || ioctl(fd, FS_IOC_GETFLAGS, &flags))
		die("%s", path);
	n = read(fd, text, sizeof(text));
	close(fd);
	snprintf(why, PATH_MAX, "%.1000s: %zd bytes, '%c', mode %o, time %lld, %u names, flags %x",
		 path, n, *text, stat.st_mode, (long long)stat.st_mtime,
		 (unsigned int)stat.st_nlink, flags);
	return n == SIZE && *text == letter_of(number) && !memcmp(text, text + 1, SIZE - 1) &&
	       stat.st_mode == (S_IFREG | 0644) && stat.st_mtime == MTIME &&
	       (!outside || (stat.st_nlink == 1 && !(flags & FS_IMMUTABLE_FL)));
}

static bool are_as_made(const char *directory, bool outside, char why[PATH_MAX])
{
	unsigned int i;

	for (i = 0; i < FILES; i++)
		if (!is_as_made(directory, i, outside, why))
			return false;
	return true;
}

/* Its exit status. */
static int run(bool undo)
{
	pid_t pid = must_fork();
	int null;

	if (pid)
		return must_wait(pid);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
	if (undo)
		execlp(program, program, "--undo", "./one", "./two", NULL);
	else
		execlp(program, program, "./one", "./two", NULL);
	_exit(127);
}

/* Returns how often files were shared then. */
static unsigned int race(void)
{
	bool one = true, outside = true, ended = true;
	char why[PATH_MAX], broken[PATH_MAX] = "", out[PATH_MAX] = "";
	unsigned int i, linked = 0;
	struct stat stat;
	int status;

	for (i = 0; i < rounds; i++) {
		status = run(i % 4 == 3);
		ended &= status < 2;
		if (one && !are_as_made("one/usr/share", false, why))
			one = false, strcpy(broken, why);
		if (outside && !are_as_made("out/share", true, why))
			outside = false, strcpy(out, why);
		linked += !lstat("one/usr/share/f0", &stat) && stat.st_nlink > 1;
	}
	result(one, "the other tree has what it had", "%.400s", broken);
	result(outside, "nobody touches what is outside", "%.400s", out);
	result(ended, "each run ends", "one did not");
	return linked;
}

int main(int argc, char **argv)
{
	pid_t pids[ARRAY_SIZE(deeds)];
	char why[PATH_MAX] = "";
	unsigned int linked;
	size_t i;
	int option;

	while ((option = getopt(argc, argv, "n:s:c:")) != -1)
		if (option == 'n')
			rounds = atoi(optarg);
		else if (option == 's')
			seed.state = atoi(optarg);
		else if (option == 'c')
			program = optarg;
		else
			return 2;
	if (geteuid()) {
		printf("1..0 # SKIP only root can make files immutable\n");
		return 0;
	}
	program = absolute(program);
	if (chdir(argv[optind] ? argv[optind] : "/root") || !getcwd(here, sizeof(here)))
		die("%s", argv[optind] ? argv[optind] : "/root");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");

	plan(5);
	make_trees();
	for (i = 0; i < ARRAY_SIZE(deeds); i++)
		pids[i] = start(i);
	linked = race();
	result(shared->deeds > rounds && linked, "they raced", "%u deeds, shared %u times",
	       shared->deeds, linked);
	shared->over = true;
	for (i = 0; i < ARRAY_SIZE(deeds); i++)
		must_wait(pids[i]);
	printf("# %u deeds in %u rounds, f0 was shared after %u\n", shared->deeds, rounds, linked);

	i = run(true);
	result(!i && are_as_made("one/usr/share", true, why) && access(".vunify", F_OK),
	       "in the end each has its own files", "status %zu, %.400s", i, why);
	clean();
	return failures ? 1 : 0;
}
