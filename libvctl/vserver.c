// SPDX-License-Identifier: LGPL-2.1-or-later
/* Vservers by name: their files, the lock, and which there are. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "lock.h"
#include "vserver.h"

/* So long is waited for a lock without a word. */
#define PATIENT_TRIES	100
#define PATIENT_WAIT_US	10000

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

bool vs_name_is_good(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length <= VCTL_NAME_MAX && strchr(LETTERS, name[0]) &&
	       strspn(name, LETTERS "._-") == length;
}

static int bad_name(const char *name, struct vctl_error **err)
{
	char what[VCTL_NAME_MAX + 16];

	snprintf(what, sizeof(what), "vserver %.*s", VCTL_NAME_MAX, *name ? name : "(empty)");
	return vctl_error_set(err, VCTL_BAD_NAME, EINVAL, what, "this is no name of a vserver",
			      "use up to 64 letters, digits and . _ -, and begin with a letter or "
			      "digit");
}

static int no_memory(const char *what, struct vctl_error **err)
{
	return vctl_error_set(err, VCTL_SYSTEM, ENOMEM, what, NULL, NULL);
}

int vctl_vserver_open(const char *name, struct vctl_vserver **vs, struct vctl_error **err)
{
	struct vctl_vserver *new;

	*vs = NULL;
	if (!vs_name_is_good(name))
		return bad_name(name, err);
	new = calloc(1, sizeof(*new));
	if (!new)
		return no_memory(name, err);

	memcpy(new->name, name, strlen(name) + 1);
	new->lock_fd = -1;
	if (asprintf(&new->conf, "%s/%s.conf", VCTL_CONF_DIR, name) < 0)
		new->conf = NULL;
	if (asprintf(&new->script, "%s/%s.sh", VCTL_CONF_DIR, name) < 0)
		new->script = NULL;
	if (asprintf(&new->tree, "%s/%s", VCTL_TREE_DIR, name) < 0)
		new->tree = NULL;
	if (!new->conf || !new->script || !new->tree) {
		vctl_vserver_close(new);
		return no_memory(name, err);
	}

	*vs = new;
	return 0;
}

void vctl_vserver_close(struct vctl_vserver *vs)
{
	if (!vs)
		return;

	if (vs->lock_fd >= 0)
		close(vs->lock_fd);
	free(vs->conf);
	free(vs->script);
	free(vs->tree);
	free(vs);
}

const char *vctl_vserver_name(const struct vctl_vserver *vs)
{
	return vs->name;
}

const char *vctl_vserver_conf(const struct vctl_vserver *vs)
{
	return vs->conf;
}

const char *vctl_vserver_script(const struct vctl_vserver *vs)
{
	return vs->script;
}

const char *vctl_vserver_tree(const struct vctl_vserver *vs)
{
	return vs->tree;
}

struct vs_what vs_what(const struct vctl_vserver *vs)
{
	struct vs_what what;

	snprintf(what.text, sizeof(what.text), "vserver %s", vs->name);
	return what;
}

/* The file of locks, open. */
static int open_lock(struct vctl_vserver *vs, struct vctl_error **err)
{
	auto_fd int dir = -1;

	if (vs->lock_fd >= 0)
		return 0;
	dir = state_dir(true, err);
	if (dir < 0)
		return dir;

	vs->lock_fd = lock_open(dir, err);
	return vs->lock_fd < 0 ? vs->lock_fd : 0;
}

int vctl_vserver_lock(struct vctl_vserver *vs, bool wait, struct vctl_error **err)
{
	int result = open_lock(vs, err);

	if (result == 0 && vs->locks == 0) {
		result = lock_take(vs->lock_fd, vs->name, wait);
		if (result == -EBUSY)
			return vctl_error_set(err, VCTL_BUSY, EBUSY, vs_what(vs).text,
					      "another process starts, stops or changes it",
					      "wait until that is done");
		if (result < 0)
			return vctl_error_set(err, VCTL_SYSTEM, -result, vs_what(vs).text, NULL,
					      NULL);
	}
	if (result == 0)
		vs->locks++;

	return result;
}

static void tell_waiting(struct vctl_vserver *vs, const struct vctl_watch *watch)
{
	vctl_auto_error struct vctl_error *err = NULL;
	char why[64] = "another process starts, stops or changes it";
	char program[LOCK_PROGRAM];
	pid_t holder = lock_holder(vs->lock_fd, vs->name, program);

	if (holder > 0)
		snprintf(why, sizeof(why), "process %d (%s) has it locked", (int)holder, program);
	vctl_error_set(&err, VCTL_BUSY, EBUSY, vs_what(vs).text, why, "it is waited for");
	tell_warn(watch, err);
}

int vs_lock(struct vctl_vserver *vs, const struct vctl_watch *watch, struct vctl_error **err)
{
	int result = vctl_vserver_lock(vs, false, NULL);

	for (int i = 0; result == -EBUSY && watch && i < PATIENT_TRIES; i++) {
		usleep(PATIENT_WAIT_US);
		result = vctl_vserver_lock(vs, false, NULL);
	}
	if (result == -EBUSY && watch)
		tell_waiting(vs, watch);

	return result < 0 ? vctl_vserver_lock(vs, true, err) : result;
}

void vs_unlock(struct vctl_vserver *vs)
{
	if (vs->locks > 0 && --vs->locks == 0)
		lock_give(vs->lock_fd, vs->name);
}

/* The name of a lock that says that the services of the vserver are being started. */
static struct vs_what services_lock(const struct vctl_vserver *vs)
{
	struct vs_what lock;

	/* No vserver is called like that. */
	snprintf(lock.text, sizeof(lock.text), "%s/services", vs->name);
	return lock;
}

void vs_yield(struct vctl_vserver *vs)
{
	lock_take(vs->lock_fd, services_lock(vs).text, false);
	lock_give(vs->lock_fd, vs->name);
}

void vs_retake(struct vctl_vserver *vs)
{
	lock_take(vs->lock_fd, vs->name, true);
	lock_give(vs->lock_fd, services_lock(vs).text);
}

bool vs_is_locked(const struct vctl_vserver *vs)
{
	auto_fd int dir = -1;
	auto_fd int opened = -1;
	int fd = vs->lock_fd;

	if (fd < 0) {
		dir = state_dir(false, NULL);
		if (dir >= 0)
			opened = lock_open(dir, NULL);
		fd = opened;
	}

	return fd >= 0 && (lock_is_taken(fd, vs->name) ||
			   lock_is_taken(fd, services_lock(vs).text));
}

void tell_step(const struct vctl_watch *watch, const char *what)
{
	if (watch && watch->step)
		watch->step(watch->data, what);
}

void tell_warn(const struct vctl_watch *watch, const struct vctl_error *err)
{
	if (watch && watch->warn)
		watch->warn(watch->data, err);
}

void tell_output(const struct vctl_watch *watch, const char *bytes, size_t count)
{
	if (watch && watch->output)
		watch->output(watch->data, bytes, count);
}

/* Names that are being gathered; there is always room for the NULL at their end. */
struct names {
	char **all;
	size_t count;
};

static int add_name(struct names *names, const char *name, size_t length)
{
	char copy[VCTL_NAME_MAX + 1];
	char **more;

	if (length > VCTL_NAME_MAX)
		return 0;
	memcpy(copy, name, length);
	copy[length] = '\0';
	if (!vs_name_is_good(copy))
		return 0;

	more = reallocarray(names->all, names->count + 2, sizeof(*more));
	if (!more)
		return -ENOMEM;
	names->all = more;
	names->all[names->count] = strdup(copy);
	if (!names->all[names->count])
		return -ENOMEM;
	names->all[++names->count] = NULL;

	return 0;
}

/* Those of the files in a directory that end with @suffix. */
static int add_directory(struct names *names, const char *path, const char *suffix)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	int result = 0;

	if (!directory)
		return errno == ENOENT ? 0 : -errno;

	while (result == 0 && (errno = 0, entry = readdir(directory))) {
		size_t length = strlen(entry->d_name);
		size_t end = strlen(suffix);

		if (length > end && strcmp(entry->d_name + length - end, suffix) == 0)
			result = add_name(names, entry->d_name, length - end);
	}
	if (result == 0)
		result = -errno;
	closedir(directory);

	return result;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_once(struct names *names)
{
	size_t kept = 0;

	qsort(names->all, names->count, sizeof(*names->all), compare);
	for (size_t i = 0; i < names->count; i++) {
		if (kept > 0 && strcmp(names->all[kept - 1], names->all[i]) == 0)
			free(names->all[i]);
		else
			names->all[kept++] = names->all[i];
	}
	names->all[kept] = NULL;
}

int vctl_vserver_list(char ***names, struct vctl_error **err)
{
	struct names found = { .all = calloc(1, sizeof(*found.all)) };
	int result = found.all ? 0 : -ENOMEM;

	*names = NULL;
	if (result == 0)
		result = add_directory(&found, VCTL_CONF_DIR, ".conf");
	if (result == 0)
		result = add_directory(&found, VCTL_STATE_DIR, "");
	if (result < 0) {
		vctl_names_free(found.all);
		return vctl_error_set(err, VCTL_SYSTEM, -result, "list of vservers", NULL, NULL);
	}

	sort_once(&found);
	*names = found.all;
	return 0;
}

void vctl_names_free(char **names)
{
	if (!names)
		return;

	for (size_t i = 0; names[i]; i++)
		free(names[i]);
	free(names);
}
