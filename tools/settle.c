// SPDX-License-Identifier: GPL-2.0-only
/* What every new tree needs, whatever it is made from. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "settle.h"
#include "below.h"

#define RESOLVED "/run/systemd/resolve/resolv.conf"

/* What must be there, and of that what must have nothing in it. */
static const struct {
	const char *path;
	mode_t mode;
	bool empty;
} directories[] = {
	{ "dev", 0755, true }, { "etc", 0755, false }, { "home", 0755, false },
	{ "mnt", 0755, true }, { "proc", 0555, true }, { "root", 0700, false },
	{ "run", 0755, true }, { "srv", 0755, false }, { "sys", 0555, true },
	{ "tmp", 01777, false }, { "var", 0755, false }, { "var/lib", 0755, false },
	{ "var/log", 0755, false }, { "var/tmp", 01777, false },
};

/* A file that is written, or of which parts are. */
struct text {
	char *bytes;
	size_t length;
	FILE *file;
};

static void free_text(struct text *text)
{
	if (text->file)
		fclose(text->file);
	free(text->bytes);
}

#define auto_text __attribute__((cleanup(free_text)))

static int begin_text(struct text *text)
{
	text->file = open_memstream(&text->bytes, &text->length);
	return text->file ? 0 : -1;
}

static int end_text(struct text *text, int tree, const char *path)
{
	int bad = ferror(text->file);

	if (fclose(text->file) != 0 || bad) {
		text->file = NULL;
		errno = ENOMEM;
		return -1;
	}

	text->file = NULL;
	return below_rewrite(tree, path, text->bytes);
}

static int make_directories(int tree, bool system)
{
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		if (below_make(tree, directories[i].path, directories[i].mode) < 0)
			return -1;
		if (system && directories[i].empty && below_empty(tree, directories[i].path) < 0)
			return -1;
	}

	return 0;
}

/* An address that is written in digits, perhaps with a mask behind it; NULL if it is none. */
static char *digits(const char *text)
{
	auto_free char *bare = strndup(text, strcspn(text, "/"));
	unsigned char bytes[16];

	if (bare && (inet_pton(AF_INET, bare, bytes) == 1 || inet_pton(AF_INET6, bare, bytes) == 1))
		return strdup(bare);

	return NULL;
}

/* The first address in digits, without device and mask. */
static char *own_address(const struct build *build)
{
	for (size_t i = 0; i < build->address_count; i++) {
		const char *colon = strchr(build->addresses[i], ':');
		char *address = digits(build->addresses[i]);

		if (!address && colon)
			address = digits(colon + 1);
		if (address && strcmp(address, "0.0.0.0") != 0)
			return address;
		free(address);
	}

	return NULL;
}

static int write_hosts(const struct build *build)
{
	auto_free char *address = own_address(build);
	auto_text struct text text = { NULL, 0, NULL };

	if (begin_text(&text) < 0)
		return -1;
	fprintf(text.file, "127.0.0.1\tlocalhost%s%s\n"
		"::1\tlocalhost ip6-localhost ip6-loopback\n", address ? "" : " ",
		address ? "" : build->hostname);
	if (address)
		fprintf(text.file, "%s\t%s\n", address, build->hostname);

	return end_text(&text, build->tree, "etc/hosts");
}

/* How long the next word of @line is, up to a comment, and the space before it; 0: there is none. */
static size_t next_word(const char *line, size_t *space)
{
	*space = strspn(line, " \t");
	return strcspn(line + *space, " \t#\n");
}

static bool is_word(const char *word, size_t length, const char *wanted)
{
	return length == strlen(wanted) && strncmp(word, wanted, length) == 0;
}

static bool has_word(const char *line, const char *wanted)
{
	size_t space, word;

	for (; (word = next_word(line, &space)) > 0; line += space + word) {
		if (is_word(line + space, word, wanted))
			return true;
	}

	return false;
}

/* Every word @old in a line's beginning, up to a comment, becomes @new. */
static void replace_words(FILE *out, const char *line, const char *old, const char *new)
{
	size_t space, word;

	for (; (word = next_word(line, &space)) > 0; line += space + word) {
		fprintf(out, "%.*s", (int)space, line);
		if (is_word(line + space, word, old))
			fputs(new, out);
		else
			fprintf(out, "%.*s", (int)word, line + space);
	}
	fputs(line, out);
}

/*
 * Calls @each with each line of a file, newline included, and puts what it writes in its place.  A
 * file that is not there, or is none, is left.
 */
static int change_lines(int tree, const char *path,
			void (*each)(FILE *out, char *line, const void *data), const void *data)
{
	auto_free char *old = below_read(tree, path);
	auto_text struct text text = { NULL, 0, NULL };
	char *line = old;

	if (!old)
		return errno == ENOMEM ? -1 : 0;
	if (begin_text(&text) < 0)
		return -1;
	while (*line) {
		char *end = strchr(line, '\n');
		char *next = end ? end + 1 : line + strlen(line);
		char first = *next;

		*next = '\0';
		each(text.file, line, data);
		*next = first;
		line = next;
	}

	return end_text(&text, tree, path);
}

struct names {
	const char *old, *new;
	const char *address;	/* that of the new name */
};

/* Where the old name was somebody's address, which is that of another now, the new one has its own. */
static void rename_host(FILE *out, char *line, const void *data)
{
	const struct names *names = data;
	size_t space, word = next_word(line, &space);
	const char *address = line + space;

	if (has_word(address + word, names->old) && strncmp(address, "127.", 4) != 0 &&
	    !is_word(address, word, "::1")) {
		fprintf(out, "%.*s%s", (int)space, line, names->address);
		line += space + word;
	}
	replace_words(out, line, names->old, names->new);
}

static int settle_names(const struct build *build)
{
	auto_free char *old = below_read(build->tree, "etc/hostname");
	auto_free char *address = own_address(build);
	auto_free char *line = NULL;
	struct names names = { .new = build->hostname, .address = address ? address : "127.0.0.1" };

	if (old) {
		old[strcspn(old, " \t\n")] = '\0';
		names.old = old;
	}
	if (asprintf(&line, "%s\n", build->hostname) < 0) {
		line = NULL;
		return -1;
	}
	if (below_rewrite(build->tree, "etc/hostname", line) < 0)
		return -1;

	if ((build->method->settle & SETTLE_HOSTS) || !below_exists(build->tree, "etc/hosts"))
		return write_hosts(build);
	if (!names.old || !*names.old || strcmp(names.old, "localhost") == 0)
		return 0;
	return change_lines(build->tree, "etc/hosts", rename_host, &names);
}

/* One is made when it starts; two with the same would be taken for one. */
static int settle_identity(int tree)
{
	if (below_exists(tree, "etc/machine-id") &&
	    below_write(tree, "etc/machine-id", 0444, "") < 0)
		return -1;

	return below_drop(tree, "var/lib/dbus/machine-id");
}

/* The servers themselves, where this machine asks one of its own. */
static int settle_resolver(int tree)
{
	auto_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_free char *there = below_read(tree, "etc/resolv.conf");
	auto_free char *ours = NULL;

	if (there || root < 0)
		return 0;
	ours = below_read(root, RESOLVED + 1);
	if (!ours)
		ours = below_read(root, "etc/resolv.conf");

	return ours ? below_write(tree, "etc/resolv.conf", 0644, ours) : 0;
}

/* ID:RUNLEVELS:ACTION:PROCESS of sysvinit's: what needs consoles or a keyboard. */
static void mend_inittab(FILE *out, char *line, const void *data)
{
	static const char *const actions[] = { ":ctrlaltdel:", ":kbrequest:", ":power" };
	bool off = strstr(line, "getty");

	(void)data;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		off = off || strstr(line, actions[i]);
	fprintf(out, "%s%s", off && *line != '#' ? "#" : "", line);
}

static int settle_system(int tree)
{
	static const char fstab[] = "# What a vserver has is mounted when it starts.\n";

	if (below_write(tree, "etc/fstab", 0644, fstab) < 0 ||
	    below_link(tree, "etc/mtab", "/proc/mounts") < 0 ||
	    change_lines(tree, "etc/inittab", mend_inittab, NULL) < 0)
		return -1;

	return settle_resolver(tree) < 0 ? -1 : settle_services(tree);
}

/*
 * NAME:PASSWORD:...: root inside may be anybody, who would have time to guess.  What only says that
 * there is no password to log in with stays.
 */
static void drop_password(FILE *out, char *line, const void *data)
{
	char *colon = strchr(line, ':');
	size_t length = colon ? strcspn(colon + 1, ":\n") : 0;

	(void)data;
	if (!colon || (length == 1 && strchr("!*x", colon[1])) ||
	    (length == 2 && colon[1] == '!' && strchr("!*", colon[2])))
		fputs(line, out);
	else
		fprintf(out, "%.*s*%s", (int)(colon + 1 - line), line, colon + 1 + length);
}

static enum copy_rule copy_all(const char *path, bool directory, const void *data)
{
	(void)data;
	(void)path;
	(void)directory;
	return COPY_FULLY;
}

/* /root as a new user's home. */
static int fill_home(struct build *build)
{
	auto_free struct copy *copy = calloc(1, sizeof(*copy));
	auto_fd int skel = below_open(build->tree, "etc/skel", O_RDONLY | O_DIRECTORY);
	auto_fd int home = below_open(build->tree, "root", O_RDONLY | O_DIRECTORY);
	int result = -1;
	int number;

	if (skel < 0)
		return 0;
	if (!copy || home < 0)
		return -1;
	copy->into = build->tree;
	copy->rule = copy_all;
	copy->progress = &build->progress;
	copy->length = (size_t)snprintf(copy->path, sizeof(copy->path), "root");
	if (copy_begin(copy) == 0)
		result = copy_contents(copy, skel, home);
	number = errno;
	copy_end(copy);
	errno = number;
	return result;
}

static int settle_people(struct build *build)
{
	static const char *const files[] = { "etc/shadow", "etc/gshadow", "etc/passwd",
					     "etc/group" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (change_lines(build->tree, files[i], drop_password, NULL) < 0)
			return -1;
	}

	return fill_home(build);
}

int settle(struct build *build)
{
	int what = build->method->settle;

	progress_start(&build->progress, "settling in");
	if (make_directories(build->tree, what & SETTLE_SYSTEM) < 0 || settle_names(build) < 0 ||
	    settle_identity(build->tree) < 0 ||
	    ((what & SETTLE_SYSTEM) && settle_system(build->tree) < 0) ||
	    ((what & SETTLE_PEOPLE) && settle_people(build) < 0))
		return trouble_system(&build->trouble, errno == EINTR ? "" : VCTL_TREE_DIR, errno);

	return 0;
}
