// SPDX-License-Identifier: GPL-2.0-only
/* vctl build: make a vserver, wholly or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <vctl_vserver.h>

#include "build.h"
#include "cleanup.h"
#include "command.h"
#include "message.h"
#include "option.h"
#include "run.h"
#include "settle.h"
#include "below.h"

#define NOTHING_LEFT "nothing was left"

enum {
	OPTION_METHOD = OPTION_FIRST,
	OPTION_FROM,
	OPTION_COPY,
	OPTION_SUITE,
	OPTION_MIRROR,
	OPTION_INCLUDE,
	OPTION_VARIANT,
	OPTION_IP,
	OPTION_HOSTNAME,
	OPTION_SET,
	OPTION_ONBOOT,
};

static const struct option_entry options[] = {
	{ "method", "M", OPTION_METHOD, "copy (the default), debootstrap, tar, clone or skeleton" },
	{ "from", "WHAT", OPTION_FROM,
	  "copy: a directory (/); tar: an archive, - is standard input; clone: a vserver" },
	{ "copy", NULL, OPTION_COPY, "clone: full copies, no links" },
	{ "suite", "S", OPTION_SUITE, "debootstrap: the release (this machine's, else bookworm)" },
	{ "mirror", "URL|DIR", OPTION_MIRROR, "debootstrap: where packages are" },
	{ "include", "P[,P...]", OPTION_INCLUDE, "debootstrap: more packages" },
	{ "variant", "V", OPTION_VARIANT, "debootstrap: the set of packages, e.g. minbase" },
	{ "ip", "[DEV:]A[/MASK]", OPTION_IP, "an address that the vserver is tied to" },
	{ "hostname", "H", OPTION_HOSTNAME, "its host name (NAME)" },
	{ "set", "KEY=VALUE", OPTION_SET, "any other setting of NAME.conf" },
	{ "onboot", NULL, OPTION_ONBOOT, "start it when the machine boots" },
	{ 0 },
};

static const struct method *const methods[] = {
	&method_copy, &method_debootstrap, &method_tar, &method_clone, &method_skeleton,
};

#define METHODS (sizeof(methods) / sizeof(methods[0]))

static int take_method(struct build *build, const char *name)
{
	const char *names[METHODS + 1] = { NULL };
	auto_free char *why = NULL;
	const char *near;

	for (size_t i = 0; i < METHODS; i++) {
		names[i] = methods[i]->name;
		if (strcmp(names[i], name) == 0)
			build->method = methods[i];
	}
	if (build->method && strcmp(build->method->name, name) == 0)
		return 0;

	near = vctl_nearest(name, names);
	if (asprintf(&why, "there is no such method%s%s%s", near ? "; did you mean " : "",
		     near ? near : "", near ? "?" : "") < 0)
		why = NULL;
	message_usage(build->self, *name ? name : "--method", why ? why : "no such method");
	return -1;
}

static int append(const char ***list, size_t *count, const char *word)
{
	const char **more = realloc(*list, (*count + 2) * sizeof(**list));

	if (!more) {
		message_system("--set", NULL);
		return -1;
	}

	more[(*count)++] = word;
	more[*count] = NULL;
	*list = more;
	return 0;
}

static int take_setting(struct build *build, const char *word)
{
	if (*word != '=' && strchr(word, '='))
		return append(&build->settings, &build->setting_count, word);

	message_usage(build->self, *word ? word : "--set", "not a setting: KEY=VALUE");
	return -1;
}

/* A name without a space or anything that /etc/hosts has another meaning for. */
static int take_hostname(struct build *build, const char *name)
{
	static const char usual[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._-";

	if (*name && *name != '-' && *name != '.' && strlen(name) <= 64 &&
	    !name[strspn(name, usual)]) {
		build->hostname = name;
		return 0;
	}

	message_usage(build->self, *name ? name : "--hostname", "not a host name");
	return -1;
}

static int take_word(struct build *build, int value, const char *argument)
{
	const char **places[] = {
		[OPTION_FROM - OPTION_FIRST] = &build->from,
		[OPTION_SUITE - OPTION_FIRST] = &build->suite,
		[OPTION_MIRROR - OPTION_FIRST] = &build->mirror,
		[OPTION_INCLUDE - OPTION_FIRST] = &build->include,
		[OPTION_VARIANT - OPTION_FIRST] = &build->variant,
	};

	/* What begins with a dash would be an option of the program that gets it. */
	if (!*argument || (*argument == '-' && !(value == OPTION_FROM && !argument[1]))) {
		message_usage(build->self, *argument ? argument : "empty word",
			      "it can't stand behind that option");
		return -1;
	}

	*places[value - OPTION_FIRST] = argument;
	return 0;
}

static int take_option(int value, const char *argument, void *data)
{
	struct build *build = data;

	switch (value) {
	case OPTION_METHOD:
		return take_method(build, argument);
	case OPTION_COPY:
		build->full = true;
		return 0;
	case OPTION_IP:
		return append(&build->addresses, &build->address_count, argument);
	case OPTION_HOSTNAME:
		return take_hostname(build, argument);
	case OPTION_SET:
		return take_setting(build, argument);
	case OPTION_ONBOOT:
		build->onboot = true;
		return 0;
	default:
		return take_word(build, value, argument);
	}
}

static int take_line(struct build *build, int argc, char **argv)
{
	int first;
	int go_on = option_parse(build->self, argc, argv, take_option, build, &first);

	if (go_on <= 0)
		return go_on;
	if (first == argc) {
		message_usage(build->self, build->self->name, "the new vserver's name is missing");
		return -1;
	}

	build->name = argv[first++];
	if (first == argc)
		return 1;
	message_usage(build->self, argv[first], "one vserver at a time");
	return -1;
}

static bool is_archive(const char *from)
{
	auto_fd int fd = -1;
	struct stat stat;

	if (strcmp(from, "-") == 0)
		return true;

	fd = below_open_path(from, O_PATH | O_NOFOLLOW);
	return fd >= 0 && fstat(fd, &stat) == 0 && !S_ISDIR(stat.st_mode);
}

/* What the seed's build did, unless it is said from where. */
static int choose_method(struct build *build)
{
	const struct {
		const char *word;
		bool given;
	} given[] = {
		{ " from ", build->from }, { " copy ", build->full },
		{ " suite ", build->suite }, { " mirror ", build->mirror },
		{ " include ", build->include }, { " variant ", build->variant },
	};

	if (!build->method && build->from && is_archive(build->from))
		build->method = &method_tar;
	else if (!build->method)
		build->method = &method_copy;

	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
		auto_free char *what = NULL;

		if (!given[i].given || strstr(build->method->options, given[i].word))
			continue;
		if (asprintf(&what, "--%.*s", (int)strlen(given[i].word) - 2,
			     given[i].word + 1) < 0)
			what = NULL;
		message_usage(build->self, what ? what : build->self->name,
			      "the method doesn't have that option");
		return -1;
	}

	return 0;
}

int build_copied(struct build *build, const struct copy *copy, int number)
{
	bool disk = number == ENOSPC || number == EDQUOT || number == EROFS;

	if (number == EINTR || number == ENOMEM)
		return trouble_system(&build->trouble, "", number);
	if (number == EWOULDBLOCK)
		return trouble_set(&build->trouble, copy->path,
				   "somebody there keeps a lease on it",
				   build->source ? "stop that vserver before" : NULL);
	if (number == ELOOP)
		return trouble_set(&build->trouble, copy->path,
				   "more has been met than there is: somebody moves it meanwhile",
				   build->source ? "stop that vserver before" : NULL);

	return trouble_system(&build->trouble, disk ? VCTL_TREE_DIR : copy->path, number);
}

int build_reopen(struct build *build)
{
	if (build->tree >= 0)
		close(build->tree);
	build->tree = openat(build->stage.directory, build->top,
			     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (build->tree < 0)
		return trouble_system(&build->trouble, VCTL_TREE_DIR, errno);

	return 0;
}

static bool is_there(int directory, const char *name)
{
	struct stat stat;

	return fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW) == 0;
}

static int see_that_it_is_new(struct build *build)
{
	const char *path = NULL;
	auto_free char *advice = NULL;

	if (is_there(build->stage.trees, build->name))
		path = vctl_vserver_tree(build->vs);
	else if (is_there(build->stage.conf, build->stage.final_conf))
		path = vctl_vserver_conf(build->vs);
	if (!path)
		return 0;

	if (asprintf(&advice, "choose another name, or remove it with vserver %s delete",
		     build->name) < 0)
		advice = NULL;
	return trouble_set(&build->trouble, path, "there is such a vserver already", advice);
}

/* "IPROOT=" with all addresses. */
static char *addresses_setting(const struct build *build)
{
	size_t room = sizeof("IPROOT=");
	char *setting;

	for (size_t i = 0; i < build->address_count; i++)
		room += strlen(build->addresses[i]) + 1;
	setting = malloc(room);
	if (!setting)
		return NULL;

	strcpy(setting, "IPROOT=");
	for (size_t i = 0; i < build->address_count; i++) {
		if (i > 0)
			strcat(setting, " ");
		strcat(setting, build->addresses[i]);
	}

	return setting;
}

/* The value that --set gave a key; NULL: none. */
static const char *find_setting(const struct build *build, const char *key)
{
	for (size_t i = 0; i < build->setting_count; i++) {
		if (strncmp(build->settings[i], key, strlen(key)) == 0)
			return build->settings[i] + strlen(key);
	}

	return NULL;
}

/* Under a name that is no vserver's yet; first, since it tells what is wrong with a setting. */
static int write_conf(struct build *build)
{
	const char **all = calloc(build->setting_count + 4, sizeof(*all));
	vctl_auto_error struct vctl_error *err = NULL;
	auto_free char *addresses = addresses_setting(build);
	auto_free char *hostname = NULL;
	auto_free char *path = NULL;
	const char *what;
	size_t count = 0;
	int result;

	if (asprintf(&hostname, "S_HOSTNAME=%s", build->hostname) < 0)
		hostname = NULL;
	if (asprintf(&path, VCTL_CONF_DIR "/%s", build->stage.new_conf) < 0)
		path = NULL;
	if (!all || !addresses || !hostname || !path) {
		free(all);
		return trouble_system(&build->trouble, "", ENOMEM);
	}

	if (build->address_count)
		all[count++] = addresses;
	if (!find_setting(build, "S_HOSTNAME="))
		all[count++] = hostname;
	if (build->onboot)
		all[count++] = "ONBOOT=yes";
	for (size_t i = 0; i < build->setting_count; i++)
		all[count++] = build->settings[i];

	result = vctl_conf_create(path, all, &err);
	free(all);
	if (result == 0)
		return 0;
	if (vctl_error_code(err) == VCTL_SYSTEM)
		return trouble_system(&build->trouble, VCTL_CONF_DIR, -result);

	/* "FILE: KEY", of a file that won't be there any more. */
	what = vctl_error_what(err);
	if (strncmp(what, path, strlen(path)) == 0)
		what += strlen(path) + strspn(what + strlen(path), ": ");
	return trouble_set(&build->trouble, what, vctl_error_why(err), vctl_error_advice(err));
}

/*
 * The configuration, then the tree: from then on it is a vserver.  Killed between, whoever comes
 * next finds a configuration with two names and no tree; see stage_clear().
 */
static int commit(struct build *build)
{
	struct stage *stage = &build->stage;
	int number;

	if (fchown(build->tree, 0, 0) < 0 || fchmod(build->tree, 0755) < 0 ||
	    syncfs(build->tree) < 0)
		return trouble_system(&build->trouble, VCTL_TREE_DIR, errno);
	if (run_interrupted())
		return trouble_system(&build->trouble, "", EINTR);

	if (linkat(stage->conf, stage->new_conf, stage->conf, stage->final_conf, 0) < 0)
		return trouble_system(&build->trouble, vctl_vserver_conf(build->vs), errno);
	if (syscall(SYS_renameat2, stage->directory, build->top, stage->trees, build->name,
		    RENAME_NOREPLACE) < 0) {
		number = errno;
		unlinkat(stage->conf, stage->final_conf, 0);
		return trouble_system(&build->trouble, vctl_vserver_tree(build->vs), number);
	}

	unlinkat(stage->conf, stage->new_conf, 0);
	fsync(stage->conf);
	fsync(stage->trees);
	return 0;
}

static int make_tree(struct build *build)
{
	if (stage_make(&build->stage, &build->trouble) < 0)
		return -1;
	if (mkdirat(build->stage.directory, build->top, 0700) < 0)
		return trouble_system(&build->trouble, VCTL_TREE_DIR, errno);

	return build_reopen(build);
}

static int make_vserver(struct build *build)
{
	if (see_that_it_is_new(build) < 0 || write_conf(build) < 0 || make_tree(build) < 0 ||
	    build->method->fill(build) < 0)
		return -1;
	if (build->method->settle >= 0 && settle(build) < 0)
		return -1;

	progress_start(&build->progress, "writing to disk");
	return commit(build);
}

/* 0 if nothing is left. */
static int undo(struct build *build)
{
	struct stage *stage = &build->stage;
	int result = 0;

	progress_start(&build->progress, "removing what was made");
	if (build->tree >= 0)
		close(build->tree);
	build->tree = -1;
	if (stage->directory >= 0)
		result = stage_remove(stage, &build->progress);
	if (stage->conf >= 0 && stage->new_conf)
		unlinkat(stage->conf, stage->new_conf, 0);

	return result;
}

static void report(struct build *build)
{
	const struct copy *copy = build->copy;
	char size[SIZE_TEXT], linked[SIZE_TEXT];

	printf("vserver %s: built in %s: %" PRIu64 " files, %s\n", build->name,
	       vctl_vserver_tree(build->vs), build->files, size_text(size, build->bytes));
	if (copy && !build->full)
		printf("Shared with %s: %" PRIu64 " files, %s; copied: %" PRIu64 " files, %s\n",
		       build->from, copy->linked, size_text(linked, copy->linked_bytes),
		       copy->copied, size_text(size, copy->copied_bytes));
	if (copy && copy->not_linked && !build->full)
		printf("Of what could be shared %" PRIu64 " files are copies: they have several "
		       "names, or are open for writing, or can't be linked there\n", copy->not_linked);
	if (build->method->settle >= 0 && (build->method->settle & SETTLE_PEOPLE))
		printf("Not copied: passwords, what is in /root and /home, ssh's host keys "
		       "(inside: ssh-keygen -A)\n");
	printf("Next: vserver %s start\n", build->name);
}

static enum status carry_out(struct build *build)
{
	auto_free char *command = NULL;
	struct stage *stage = &build->stage;
	const char *left = NULL;

	if (asprintf(&command, "build %s", build->name) < 0)
		return message_system("build", NULL);
	if (stage_open(stage, build->vs, STAGE_BUILDING, true, &build->trouble) == 0) {
		progress_start(&build->progress, "removing what a killed build or delete left");
		if (stage_clear(stage, build->vs, &build->progress, &build->trouble) >= 0 &&
		    make_vserver(build) == 0) {
			/* An empty directory, and it stays so if it must. */
			stage_remove(stage, NULL);
			progress_end(&build->progress);
			report(build);
			return STATUS_DONE;
		}
		left = stage->directory >= 0 ? NOTHING_LEFT : NULL;
	}
	if (undo(build) < 0)
		left = "some of it is left in " VCTL_TREE_DIR ": the same command again removes it";

	progress_end(&build->progress);
	return trouble_tell(&build->trouble, command, left);
}

static enum status begin(struct build *build)
{
	auto_free char *command = NULL;
	int checked;

	if (asprintf(&command, "build %s", build->name) < 0)
		return message_system("build", NULL);
	run_catch_signals();
	if (stage_lock(build->vs, &build->trouble) < 0)
		return trouble_tell(&build->trouble, command, NULL);
	checked = build->method->check(build);
	if (checked != 0)
		return checked > 0 ? STATUS_USAGE :
				     trouble_tell(&build->trouble, command, NULL);

	return carry_out(build);
}

static void free_build(struct build *build)
{
	if (build->archive >= 0)
		close(build->archive);
	if (build->tree >= 0)
		close(build->tree);
	stage_close(&build->stage);
	free(build->copy);
	free(build->addresses);
	free(build->settings);
	trouble_forget(&build->trouble);
	vctl_vserver_close(build->source);
	vctl_vserver_close(build->vs);
}

static enum status run(const struct command *self, int argc, char **argv)
{
	__attribute__((cleanup(free_build))) struct build build = {
		.self = self,
		.stage = STAGE_NONE,
		.archive = -1,
		.tree = -1,
		.top = STAGE_TREE,
	};
	vctl_auto_error struct vctl_error *err = NULL;
	int go_on = take_line(&build, argc, argv);

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;
	if (choose_method(&build) < 0)
		return STATUS_USAGE;
	if (vctl_vserver_open(build.name, &build.vs, &err) < 0) {
		message_fail(err);
		return vctl_error_code(err) == VCTL_BAD_NAME ? STATUS_USAGE : STATUS_FAILED;
	}
	if (!build.hostname)
		build.hostname = find_setting(&build, "S_HOSTNAME=");
	if (!build.hostname)
		build.hostname = build.name;

	return begin(&build);
}

const struct command command_build = {
	.name = "build",
	.usage = "[--method M] [METHOD'S OPTIONS] [--ip [DEV:]ADDR[/MASK]]...\n"
		 "           [--hostname H] [--set KEY=VALUE]... [--onboot] NAME",
	.vserver = "NAME build [OPTION...]",
	.summary = "make a virtual server",
	.text = "Make the tree /vservers/NAME and the configuration /etc/vservers/NAME.conf of a\n"
		"new vserver.  An existing one is never overwritten.  A build that fails or is\n"
		"interrupted leaves nothing; what one that was killed leaves the next command of\n"
		"that name removes.\n\n"
		"copy: the system of this machine or another directory, without its kernel, its\n"
		"logs, apt's downloads, its users' files, passwords and ssh keys, and what is\n"
		"mounted in it; services that are of use on a machine alone are disabled.\n"
		"debootstrap: a fresh Debian, by mmdebstrap or debootstrap.  DIR is a mirror or a\n"
		"directory of packages; --from FILE is an archive instead: a root file system, or\n"
		"what debootstrap --make-tarball made.  Packages' scripts are run as root of the\n"
		"machine: in a vserver's tree DIR has to be signed, and such a FILE is refused.\n"
		"tar: an archive of a root file system, compressed or not.  The default method if\n"
		"--from names an archive.  Device nodes are left out.\n"
		"clone: another vserver, unified with it: what vctl unify would share is shared\n"
		"from the start, where the file system can do that; --copy gives full copies.\n"
		"skeleton: nothing but the directories.",
	.options = options,
	.anywhere = true,
	.run = run,
};
