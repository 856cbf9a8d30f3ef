// SPDX-License-Identifier: GPL-2.0-only
/* Who may mark a file as immutable with names that come and go, and what the mark does. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "caps.h"
#include "unlink.h"

#define PLAIN_ROOT	"the mark is an attribute like others there"

/* A file without a mark in the working directory. */
static void begin(const struct place *place)
{
	shared_make(place);
	ktap_need(!chdir(place->directory) && !chdir("a"), "chdir: %s", strerror(errno));
}

static int mark(const char *path)
{
	return setxattr(path, MARK, "1", 1, 0) ? -errno : 0;
}

static void to_context(void *full)
{
	if (full)
		enter_new(0);
	else
		enter_secure();
	expect_error(mark("other"), EPERM);
}

static void mark_inside(const void *place)
{
	begin(place);
	in_child(to_context, NULL);
	in_child(to_context, "full");
	expect_error(mark("other"), 0);
}

static void unmark(void *unused)
{
	(void)unused;
	enter_new(0);
	expect_error(removexattr("other", MARK) ? -errno : 0, EPERM);
}

static void unmark_inside(const void *place)
{
	begin(place);
	expect_error(mark("other"), 0);
	in_child(unmark, NULL);
	expect_error(removexattr("other", MARK) ? -errno : 0, 0);
}

static void without_capability(void *unused)
{
	struct caps caps = caps_of(0);

	(void)unused;
	caps.effective &= ~CAP(LINUX_IMMUTABLE);
	ktap_need(!caps_set(&caps), "capset");
	expect_error(mark("other"), EPERM);
	expect_error(removexattr("other", MARK) ? -errno : 0, EPERM);
}

static void mark_needs(const void *place)
{
	begin(place);
	in_child(without_capability, NULL);
}

static void as_user(void *unused)
{
	(void)unused;
	become(USER);
	expect_error(mark("other"), EPERM);
}

static void mark_as_user(const void *place)
{
	begin(place);
	ktap_need(!chown("other", USER, USER), "chown");
	in_child(as_user, NULL);
}

static void mark_directory(const void *place)
{
	begin(place);
	expect_error(mark("."), EINVAL);
}

/* Whoever has a file like this would have it when others have it, too. */

static void open_for_writing(const void *place)
{
	int fd;

	begin(place);
	fd = open("other", O_WRONLY | O_CLOEXEC);
	expect_error(mark("other"), EBUSY);
	close(fd);
	expect_error(mark("other"), 0);
}

static void mapped_to_write(const void *place)
{
	void *map;
	int fd;

	begin(place);
	fd = open("other", O_RDWR | O_CLOEXEC);
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ktap_need(map != MAP_FAILED, "mmap: %s", strerror(errno));
	close(fd);
	expect_error(mark("other"), EBUSY);
	munmap(map, 4096);
	expect_error(mark("other"), 0);
}

static void locked(const void *place)
{
	int fd;

	begin(place);
	fd = open("other", O_RDONLY | O_CLOEXEC);
	ktap_need(!flock(fd, LOCK_EX), "flock");
	expect_error(mark("other"), EBUSY);
	ktap_need(!flock(fd, LOCK_UN), "flock");
	expect_error(mark("other"), 0);
}

static void leased(const void *place)
{
	int fd;

	begin(place);
	fd = open("other", O_RDONLY | O_CLOEXEC);
	ktap_need(!fcntl(fd, F_SETLEASE, F_RDLCK), "lease: %s", strerror(errno));
	expect_error(mark("other"), EBUSY);
	close(fd);
	expect_error(mark("other"), 0);
}

static void watched(const void *place)
{
	int inotify;

	begin(place);
	inotify = inotify_init1(IN_CLOEXEC);
	ktap_need(inotify_add_watch(inotify, "other", IN_OPEN) >= 0, "inotify");
	expect_error(mark("other"), EBUSY);
	close(inotify);
	expect_error(mark("other"), 0);
}

/*
 * One writes, locks and watches all the time while the file is marked: once that is done, and a
 * lease tells that nobody has it open for writing, it does not change any more.
 */

static void write_always(const volatile bool *over)
{
	enter_secure();
	for (char text = 'a'; !*over; text = text == 'z' ? 'a' : text + 1) {
		int fd = open("other", O_WRONLY);

		/* ext4 looks at the flag once more */
		if (fd >= 0 && write(fd, &text, 1) != 1 && errno != EPERM)
			_exit(1);
		close(fd);
		fd = text & 1 ? open("other", O_RDWR | O_TRUNC) : open("other", O_RDONLY);
		flock(fd, LOCK_EX | LOCK_NB);
		close(fd);
	}
	_exit(0);
}

static char first_byte(int fd, off_t *size)
{
	struct stat stat;
	char byte = 0;

	ktap_need(pread(fd, &byte, 1, 0) >= 0 && !fstat(fd, &stat), "read");
	*size = stat.st_size;
	return byte;
}

/* Marked, and nobody writes: as a tool does it. */
static bool take(int fd)
{
	if (fsetxattr(fd, MARK, "1", 1, 0))
		return false;
	if (!set_immutable("other", true)) {
		if (!fcntl(fd, F_SETLEASE, F_RDLCK) && !fcntl(fd, F_SETLEASE, F_UNLCK))
			return true;
		set_immutable("other", false);
	}
	fremovexattr(fd, MARK);
	return false;
}

/* Can nobody write to it any more?  What is on its way to the disk looks as if somebody could. */
static bool is_free(int fd)
{
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return true;
	sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE);
	return !flock(fd, LOCK_EX | LOCK_NB);
}

/* A pipe has the page, as a ring or a device might, which would write to it. */
static void held_page(const void *place)
{
	struct iovec part = { .iov_len = 4096 };
	char byte[4096];
	int fd, ends[2];

	begin(place);
	fd = open("other", O_RDWR | O_CLOEXEC);
	part.iov_base = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ktap_need(part.iov_base != MAP_FAILED && !pipe(ends), "mmap: %s", strerror(errno));
	ktap_need(vmsplice(ends[1], &part, 1, 0) == 4096, "vmsplice: %s", strerror(errno));
	munmap(part.iov_base, 4096);
	close(fd);
	fd = open("other", O_RDONLY | O_CLOEXEC);
	ktap_need(take(fd), "it is not free");
	ktap_expect(!is_free(fd) && errno == EWOULDBLOCK, "expected somebody to have a page");
	ktap_need(read(ends[0], byte, sizeof(byte)) == 4096, "read");
	ktap_expect(is_free(fd), "expected nobody to have a page any more");
	close(fd);
}

static void race_writers(const void *place)
{
	time_t end = time(NULL) + ktap_seconds(5);
	unsigned int taken = 0, tries = 0;
	volatile bool *over = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				   -1, 0);
	pid_t pid;

	begin(place);
	signal(SIGIO, SIG_IGN);		/* of who has a lease that somebody else wants broken */
	pid = fork_or_fail();
	if (!pid)
		write_always(over);
	for (; taken < 30 && time(NULL) < end; tries++) {
		int fd = open("other", O_RDONLY | O_CLOEXEC);
		off_t size, later;
		char byte;

		if (take(fd)) {
			taken++;
			byte = first_byte(fd, &size);
			nap(2);
			ktap_expect(first_byte(fd, &later) == byte && later == size,
				    "it has changed after it was marked");
			ktap_expect(is_free(fd), "somebody has locked it");
			ktap_need(!set_immutable("other", false) && !fremovexattr(fd, MARK),
				  "not immutable");
		}
		close(fd);
	}
	*over = true;
	wait_exit(pid, 0);
	ktap_need(taken > 0, "it was never free in %u tries", tries);
	ktap_note("marked %u times in %u tries", taken, tries);
}

/* What the mark does, for whoever asks. */

static void names(void *unused)
{
	(void)unused;
	ktap_expect(!link("file", "name"), "link: %s", strerror(errno));
	ktap_expect(!rename("name", "second"), "rename: %s", strerror(errno));
	ktap_expect(!rename("other", "file"), "rename over: %s", strerror(errno));
	ktap_expect(!unlink("second"), "unlink: %s", strerror(errno));
}

static void in_context_0(const void *place)
{
	begin(place);
	names(NULL);
	shared_expect(place);
}

static void user_names(void *unused)
{
	(void)unused;
	become(USER);
	ktap_expect(link("file", "name") < 0 && errno == EPERM, "link: %s", strerror(errno));
	ktap_expect(!rename("file", "second"), "rename: %s", strerror(errno));
	ktap_expect(!unlink("second"), "unlink: %s", strerror(errno));
}

static void in_own_directory(const void *place)
{
	begin(place);
	ktap_need(!chown(".", USER, USER), "chown");
	in_child(user_names, NULL);
	shared_expect(place);
}

static void user_elsewhere(void *unused)
{
	(void)unused;
	become(USER);
	ktap_expect(unlink("file") < 0 && errno == EACCES, "unlink: %s", strerror(errno));
	ktap_expect(rename("file", "name") < 0 && errno == EACCES, "rename: %s", strerror(errno));
}

static void in_others_directory(const void *place)
{
	begin(place);
	in_child(user_elsewhere, NULL);
}

static void sticky(const void *place)
{
	begin(place);
	ktap_need(!chmod(".", 01777), "chmod");
	become(USER);
	ktap_expect(unlink("file") < 0 && errno == EPERM, "unlink: %s", strerror(errno));
}

static void expect_fixed(void *unused)
{
	(void)unused;
	ktap_expect(unlink("other") < 0 && errno == EPERM, "unlink: %s", strerror(errno));
	ktap_expect(rename("other", "name") < 0 && errno == EPERM, "rename: %s", strerror(errno));
	ktap_expect(rename("file", "other") < 0 && errno == EPERM, "over it: %s",
		    strerror(errno));
	ktap_expect(link("other", "name") < 0 && errno == EPERM, "link: %s", strerror(errno));
}

static void immutable_alone(const void *place)
{
	begin(place);
	ktap_need(!set_immutable("other", true), "immutable");
	in_child(expect_fixed, NULL);
	expect_fixed(NULL);
	ktap_need(!set_immutable("other", false), "not immutable");
}

static void mark_alone(const void *place)
{
	begin(place);
	expect_error(mark("other"), 0);
	ktap_expect(write_text("other", "x") >= 0, "it can't be written to");
	ktap_expect(!unlink("other"), "unlink: %s", strerror(errno));
}

/* A directory's immutability is not touched, even if its attribute has come in otherwise. */
static void in_immutable_directory(const void *place)
{
	begin(place);
	ktap_need(!set_immutable(".", true), "immutable");
	ktap_expect(unlink("file") < 0 && errno == EPERM, "unlink: %s", strerror(errno));
	ktap_expect(link("file", "name") < 0 && errno == EPERM, "link: %s", strerror(errno));
	ktap_need(!set_immutable(".", false), "not immutable");
}

static void append_only(const void *place)
{
	begin(place);
	expect_error(mark("other"), 0);
	ktap_need(!system("chattr +a other 2>/dev/null"), "no chattr");
	ktap_expect(unlink("other") < 0 && errno == EPERM, "unlink: %s", strerror(errno));
	ktap_need(!system("chattr -a other"), "chattr");
}

static const struct {
	const char *name;
	void (*run)(const void *place);
	const char *anywhere;
	unsigned int seconds;
} rules[] = {
	{ "a process in a context does not mark", mark_inside },
	{ "nor takes a mark away", unmark_inside },
	{ "root without CAP_LINUX_IMMUTABLE does not mark", mark_needs },
	{ "a user does not mark", mark_as_user, "trusted attributes are root's" },
	{ "a directory has no mark", mark_directory },
	{ "no mark on a file that is open for writing", open_for_writing },
	{ "no mark on a file that is mapped to write", mapped_to_write },
	{ "no mark on a file that is locked", locked },
	{ "no mark on a file with a lease", leased },
	{ "no mark on a file that is watched", watched },
	{ "who locks a marked file learns that somebody has a page", held_page },
	{ "nobody writes any more to a file once it is marked", race_writers, PLAIN_ROOT, 30 },
	{ "names of a marked file come and go in context 0", in_context_0 },
	{ "and for the user whose directory it is", in_own_directory },
	{ "not for one whose directory it isn't", in_others_directory, "so it is for all files" },
	{ "not in somebody else's sticky directory", sticky, "so it is for all files" },
	{ "an immutable file without the mark stays", immutable_alone, "it is the kernel's own" },
	{ "a mark without the flag does nothing", mark_alone, PLAIN_ROOT },
	{ "an immutable directory keeps its names", in_immutable_directory, "it is the kernel's" },
	{ "an append-only file stays, with the mark too", append_only, "it is the kernel's own" },
};

int main(int argc, char **argv)
{
	static struct ktap_case cases[ARRAY_SIZE(places)][ARRAY_SIZE(rules)];
	int status;

	caps_main(argc, argv);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(rules); j++) {
			cases[i][j] = (struct ktap_case){
				ktap_text("%s: %s", places[i].name, rules[j].name), rules[j].run,
				&places[i], rules[j].seconds, rules[j].anywhere,
			};
			ktap_add(&cases[i][j]);
		}
	}
	places_begin();
	status = ktap_main(argc, argv);
	places_end();
	return status;
}
