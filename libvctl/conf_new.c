// SPDX-License-Identifier: LGPL-2.1-or-later
/* Writing a new configuration file, in which every key is told about. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "conf_value.h"

#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:,+@%-"

static const char head[] =
	"# Configuration of a vserver, read whenever it is started.  The lines are assignments of\n"
	"# the shell, KEY=value, with quotes around what has blanks; nothing is expanded.  What\n"
	"# is commented out shows the default.\n";

/* In the order of the file. */
static const struct vctl_conf_key entries[] = {
	{ "IPROOT", "", NULL,
	  "# The addresses that it is tied to, with blanks between: 10.0.0.1, 10.0.0.1/24,\n"
	  "# eth0:10.0.0.1/24, 2001:db8::1/64 or the name of a host.  Empty: not tied to any.\n" },
	{ "IPROOTDEV", "", NULL,
	  "# The network device on which these are made at the start and removed at the stop,\n"
	  "# unless they name one themselves.  Empty: the machine has them already.\n" },
	{ "IPROOTMASK", "", NULL,
	  "# The mask of IPv4 addresses that have none, as 24 or 255.255.255.0.  Empty: that of\n"
	  "# the device.\n" },
	{ "IPROOTBCAST", "", NULL,
	  "# The broadcast address of the IPv4 addresses.  Empty: that of their network.\n" },
	{ "LOOPBACK", "yes", NULL,
	  "# If it is tied to addresses: does it get a 127.0.0.1 and ::1 of its own?\n" },
	{ "ONBOOT", "no", "no",
	  "# Is it started when the machine boots?\n" },
	{ "S_HOSTNAME", "", NULL,
	  "# Its host name.  Empty: the name of the vserver.\n" },
	{ "S_DOMAINNAME", "", NULL,
	  "# Its NIS domain name.  Empty: that of the machine.\n" },
	{ "S_CONTEXT", "", NULL,
	  "# The number of its context, from 2 to 65535, another one for each vserver.  Empty:\n"
	  "# the kernel takes one that is free.\n" },
	{ "S_FLAGS", "", "lock nproc",
	  "# Flags: lock (no contexts inside it), nproc (ULIMIT's -u is for all of it together),\n"
	  "# sched (its processes weigh as one), private (nobody can enter it), fakeinit (it has\n"
	  "# an init of its own), hideinfo (its /proc tells nothing of this), userns.\n" },
	{ "S_CAPS", "", NULL,
	  "# Capabilities that it has besides the usual ones, with blanks between: NET_RAW lets\n"
	  "# its root send any packet.  SYS_ADMIN and SYS_MODULE give it the machine.\n" },
	{ "S_NICE", "", NULL,
	  "# The nice level of its processes, from -20 to 19; none goes below.  Empty: as is.\n" },
	{ "ULIMIT", "", "-H -u 1000",
	  "# Limits of its processes, as bash's ulimit takes them: at most 1000 processes.\n" },
	{ "MEMORY", "", NULL,
	  "# The most memory that all of it may have, as 512M or 2G.  Empty: no limit.\n" },
	{ "CPUS", "", NULL,
	  "# How many processors all of it may use at a time, as 2 or 0.5.  Empty: no limit.\n" },
	{ "CPUWEIGHT", "", NULL,
	  "# Its share where others want processors too, from 1 to 10000.  Empty: 100.\n" },
	{ "IOWEIGHT", "", NULL,
	  "# Its share where others want disks too, from 1 to 10000.  Empty: 100.\n" },
	{ "PIDS", "", NULL,
	  "# The most processes and threads that it may have.  Empty: no limit.\n" },
	{ 0 },
};

const struct vctl_conf_key *vctl_conf_key_list(void)
{
	return entries;
}

/* In single quotes all is as it is, but for these themselves. */
static char *quote_single(const char *value)
{
	/* One becomes four: '\'' */
	char *text = malloc(4 * strlen(value) + sizeof("''"));
	char *end = text;

	if (!text)
		return NULL;

	*end++ = '\'';
	for (; *value; value++) {
		if (*value == '\'')
			end = stpcpy(end, "'\\''");
		else
			*end++ = *value;
	}
	strcpy(end, "'");
	return text;
}

char *vctl_conf_quote(const char *value)
{
	char *text;

	if (*value && strspn(value, PLAIN) == strlen(value))
		return strdup(value);
	if (strpbrk(value, "\"\\$`"))
		return quote_single(value);
	return asprintf(&text, "\"%s\"", value) < 0 ? NULL : text;
}

static const char *setting_of(const char *const *settings, const char *key)
{
	size_t length = strlen(key);

	for (; settings && *settings; settings++) {
		if (strncmp(*settings, key, length) == 0 && (*settings)[length] == '=')
			return *settings + length + 1;
	}

	return NULL;
}

static int write_entry(FILE *file, const struct vctl_conf_key *entry, const char *setting)
{
	const char *set = setting ? setting : entry->built;
	auto_free char *value = vctl_conf_quote(set ? set : entry->value);

	if (!value)
		return -ENOMEM;

	fprintf(file, "\n%s%s%s=%s\n", entry->comment, set ? "" : "#",
		entry->name, value);
	return 0;
}

/* The text of the file; NULL: there is no memory. */
static char *text_of(const char *const *settings, size_t *length)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, length);
	int result = 0;

	if (!file)
		return NULL;

	fputs(head, file);
	for (size_t i = 0; entries[i].name && result == 0; i++)
		result = write_entry(file, &entries[i], setting_of(settings, entries[i].name));
	if (ferror(file))
		result = -ENOMEM;
	if (fclose(file) != 0 || result < 0) {
		free(text);
		return NULL;
	}

	return text;
}

static int check_setting(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
			 const char *setting)
{
	struct vctl_conf_place here = *place;
	const char *equals = strchr(setting, '=');
	auto_free char *name = strndup(setting, equals ? (size_t)(equals - setting) :
							strlen(setting));
	char shown[CONF_SHOWN];

	if (!name)
		return vctl_conf_no_memory(place);
	if (!equals)
		return vctl_conf_refuse(place, NULL, "%s is not of the form KEY=value",
					vctl_conf_shown(name, shown));

	here.key = vctl_conf_key(name);
	if (!here.key)
		return vctl_conf_bad_key(&here, name);
	return vctl_conf_set(draft, &here, equals + 1);
}

/* Before there are lines that could be told. */
static int check_settings(const char *path, const char *const *settings, struct vctl_error **err)
{
	__attribute__((cleanup(vctl_conf_draft_clear))) struct vctl_conf_draft draft = { 0 };
	struct vctl_conf_place place = { .path = path, .err = err };
	int result = vctl_conf_draft_init(&draft, &place);

	for (; result == 0 && settings && *settings; settings++)
		result = check_setting(&draft, &place, *settings);
	return result < 0 ? result : vctl_conf_finish(&draft, &place);
}

/* What no setting can be that a line can't: such as one with a control character. */
static int check_text(const char *path, const char *text, size_t length, struct vctl_error **err)
{
	vctl_auto_error struct vctl_error *wrong = NULL;
	vctl_auto_conf struct vctl_conf *conf = NULL;
	int result = vctl_conf_parse(path, text, length, &conf, &wrong);

	if (result < 0)
		return vctl_error_set(err, vctl_error_code(wrong), -result, path,
				      vctl_error_why(wrong), vctl_error_advice(wrong));
	return 0;
}

/* Where the file has its name, or a temporary one, or none yet. */
struct made {
	const char *path;
	char *directory;
	char *temporary;	/* NULL: none */
	int fd;
};

static void clear_made(struct made *made)
{
	if (made->fd >= 0)
		close(made->fd);
	if (made->temporary)
		unlink(made->temporary);
	free(made->temporary);
	free(made->directory);
}

/* At best without a name: then nothing is left when we are killed. */
static int open_new(struct made *made)
{
	const char *slash = strrchr(made->path, '/');
	const char *base = slash ? slash + 1 : made->path;
	int length = (int)(base - made->path);

	if (asprintf(&made->directory, "%.*s", length, length ? made->path : "./") < 0) {
		made->directory = NULL;
		return -ENOMEM;
	}
	made->fd = open(length ? made->directory : ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (made->fd >= 0)
		return 0;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
		return -errno;

	if (asprintf(&made->temporary, "%.*s.%s.XXXXXX", length, made->path, base) < 0) {
		made->temporary = NULL;
		return -ENOMEM;
	}
	made->fd = mkostemp(made->temporary, O_CLOEXEC);
	if (made->fd >= 0)
		return 0;
	free(made->temporary);
	made->temporary = NULL;
	return -errno;
}

static int fill(const struct made *made, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t count = write(made->fd, text, length);

		if (count < 0 && errno != EINTR)
			return -errno;
		if (count > 0) {
			text += count;
			length -= (size_t)count;
		}
	}

	/* Whatever the umask is: there is nothing secret in it. */
	return fchmod(made->fd, 0644) < 0 || fsync(made->fd) < 0 ? -errno : 0;
}

/* Links replace nothing. */
static int give_name(const struct made *made)
{
	char link_path[32];

	if (made->temporary)
		return link(made->temporary, made->path) < 0 ? -errno : 0;

	snprintf(link_path, sizeof(link_path), "/proc/self/fd/%d", made->fd);
	if (linkat(AT_FDCWD, link_path, AT_FDCWD, made->path, AT_SYMLINK_FOLLOW) < 0)
		return -errno;
	return 0;
}

static const struct vctl_reason create_reasons[] = {
	{ EEXIST, VCTL_EXISTS, "there is one already", "it is never overwritten" },
	{ ENOENT, VCTL_SYSTEM, "its directory is missing", "make that first" },
	{ EROFS, VCTL_SYSTEM, "the file system is read-only", "mount it writable" },
	{ ENOSPC, VCTL_SYSTEM, "the file system is full", "make room there" },
	{ EDQUOT, VCTL_SYSTEM, "the quota of the file system is used up", "make room there" },
	{ EACCES, VCTL_SYSTEM, "permission denied", "do it as root" },
	{ 0 },
};

int vctl_conf_check(const char *const *settings, struct vctl_error **err)
{
	struct vctl_conf_place place = { .path = "", .err = err };
	auto_free char *text = NULL;
	size_t length;
	int result = check_settings("", settings, err);

	if (result < 0)
		return result;
	text = text_of(settings, &length);
	return text ? check_text("a setting", text, length, err) : vctl_conf_no_memory(&place);
}

int vctl_conf_create(const char *path, const char *const *settings, struct vctl_error **err)
{
	__attribute__((cleanup(clear_made))) struct made made = { .path = path, .fd = -1 };
	struct vctl_conf_place place = { .path = path, .err = err };
	auto_free char *text = NULL;
	size_t length;
	int result = check_settings(path, settings, err);

	if (result < 0)
		return result;
	text = text_of(settings, &length);
	if (!text)
		return vctl_conf_no_memory(&place);
	result = check_text(path, text, length, err);
	if (result < 0)
		return result;

	result = open_new(&made);
	if (result == 0)
		result = fill(&made, text, length);
	if (result == 0)
		result = give_name(&made);
	return result < 0 ? vctl_error_explain(err, create_reasons, -result, path) : 0;
}
