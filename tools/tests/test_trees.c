// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_trees: what is done with files of trees whose root may be anybody: to mark them, to copy
 * them, to read what their packages say.  Some of it takes root and a tmpfs that has attributes of
 * files; else it is left out.  Prints TAP.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vctl.h>

#include "../below.h"
#include "../mark.h"

#define BOTH (VCTL_ATTR_IMMUTABLE | VCTL_ATTR_INVERT)
/* No file system of a disk: those don't let anybody write to what is immutable. */
#define PLACE "/dev/shm/trees.XXXXXX"

static int number, failures;
static char place[] = PLACE;
static int top = -1;

__attribute__((format(printf, 2, 3)))
static void result(bool good, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	printf("%sok %d - ", good ? "" : "not ", ++number);
	vprintf(format, list);
	putchar('\n');
	va_end(list);
	failures += !good;
}

static void need(bool good, const char *what)
{
	if (good)
		return;
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

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
		printf("ok %d - marks # SKIP no file can be marked in /dev/shm\n", ++number);
		return;
	}
	writer_tests();
}

int main(void)
{
	mark_begin();
	need(mkdtemp(place) != NULL, place);
	top = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	need(top >= 0, place);
	atexit(clean);
	mark_tests();
	printf("1..%d\n", number);
	return failures ? 1 : 0;
}
