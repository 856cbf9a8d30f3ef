// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "conf_value.h"
#include "fake.h"
#include "fuzz_conf.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define ROUNDS 20000

/* Errno values of files that are to be made without a name, of others, and of writing them out. */
static int tmpfile_errno, open_errno, fsync_errno;

int __real_open(const char *path, int flags, mode_t mode);
int __wrap_open(const char *path, int flags, mode_t mode);
int __real_fsync(int fd);
int __wrap_fsync(int fd);

/* Not variadic: the mode is of no use to those who don't give one, and does no harm. */
int __wrap_open(const char *path, int flags, mode_t mode)
{
	bool unnamed = (flags & O_TMPFILE) == O_TMPFILE;

	errno = unnamed ? tmpfile_errno : open_errno;
	return errno ? -1 : __real_open(path, flags, mode);
}

int __wrap_fsync(int fd)
{
	errno = fsync_errno;
	return errno ? -1 : __real_fsync(fd);
}

/* A directory with at most one file in it, both of which are removed. */
static struct {
	char directory[32];
	char path[64];
} place;

static void make_place(void)
{
	fake_reset();
	tmpfile_errno = open_errno = fsync_errno = 0;
	strcpy(place.directory, "/tmp/vctl-conf-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(place.directory));
	sprintf(place.path, "%s/web1.conf", place.directory);
}

static void remove_place(void)
{
	unlink(place.path);
	ck_assert_int_eq(rmdir(place.directory), 0);
}

static void write_file(const char *text)
{
	FILE *file = fopen(place.path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(a_file_is_read)
{
	vctl_auto_error struct vctl_error *err = NULL;
	vctl_auto_conf struct vctl_conf *conf = NULL;
	unsigned int before = fake_descriptors();

	write_file("S_HOSTNAME=web1\nS_NICE=5\n");
	ck_assert_int_eq(vctl_conf_read(place.path, &conf, &err), 0);
	ck_assert_ptr_null(err);
	ck_assert_str_eq(conf->path, place.path);
	ck_assert_str_eq(conf->hostname, "web1");
	ck_assert_uint_eq(fake_descriptors(), before);
}
END_TEST

START_TEST(a_file_with_a_mistake_is_named)
{
	vctl_auto_error struct vctl_error *err = NULL;
	struct vctl_conf *conf;
	char what[80];

	write_file("S_HOSTNAME=web1\nS_NICE=50\n");
	ck_assert_int_eq(vctl_conf_read(place.path, &conf, &err), -EINVAL);
	ck_assert_ptr_null(conf);
	assert_error(err, VCTL_BAD_CONF, EINVAL);
	sprintf(what, "%s:2: S_NICE", place.path);
	ck_assert_str_eq(vctl_error_what(err), what);
}
END_TEST

START_TEST(a_file_is_found_by_a_link)
{
	vctl_auto_error struct vctl_error *err = NULL;
	vctl_auto_conf struct vctl_conf *conf = NULL;
	char link_path[64];

	write_file("S_HOSTNAME=web1");
	sprintf(link_path, "%s/link.conf", place.directory);
	ck_assert_int_eq(symlink("web1.conf", link_path), 0);
	ck_assert_int_eq(vctl_conf_read(link_path, &conf, &err), 0);
	unlink(link_path);
}
END_TEST

START_TEST(there_is_no_such_vserver)
{
	static const struct {
		const char *path, *what, *advice;
	} cases[] = {
		{ "/nowhere/web1.conf", "vserver web1", "vserver web1 build makes it" },
		{ "/nowhere/web1", "/nowhere/web1", "vserver NAME build makes one" },
		{ "/nowhere/.conf", "/nowhere/.conf", "vserver NAME build makes one" },
		{ "nowhere.conf", "vserver nowhere", "vserver nowhere build makes it" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		vctl_auto_error struct vctl_error *err = NULL;
		struct vctl_conf *conf;

		ck_assert_int_eq(vctl_conf_read(cases[i].path, &conf, &err), -ENOENT);
		ck_assert_ptr_null(conf);
		assert_error(err, VCTL_NO_VSERVER, ENOENT);
		ck_assert_str_eq(vctl_error_what(err), cases[i].what);
		ck_assert_str_eq(vctl_error_why(err), "there is no such vserver");
		ck_assert_str_eq(vctl_error_advice(err), cases[i].advice);
	}
}
END_TEST

START_TEST(what_is_no_file_is_not_read)
{
	vctl_auto_error struct vctl_error *err = NULL;
	struct vctl_conf *conf;

	ck_assert_int_eq(vctl_conf_read("/tmp", &conf, &err), -EINVAL);
	assert_error(err, VCTL_BAD_CONF, EINVAL);
	ck_assert_str_eq(vctl_error_why(err), "it is not a regular file");
	ck_assert_int_eq(vctl_conf_read("/dev/null", &conf, &err), -EINVAL);
	/* Nobody writes to it, and nobody waits for that. */
	ck_assert_int_eq(mkfifo(place.path, 0600), 0);
	ck_assert_int_eq(vctl_conf_read(place.path, &conf, &err), -EINVAL);

	open_errno = EACCES;
	ck_assert_int_eq(vctl_conf_read(place.path, &conf, &err), -EACCES);
	assert_error(err, VCTL_SYSTEM, EACCES);
	ck_assert_str_eq(vctl_error_what(err), place.path);
}
END_TEST

/* The directory has this many files in it, hidden ones too. */
static unsigned int files(void)
{
	DIR *directory = opendir(place.directory);
	unsigned int count = 0;

	while (readdir(directory))
		count++;
	closedir(directory);
	return count - 2;
}

START_TEST(a_new_file_has_the_defaults)
{
	vctl_auto_error struct vctl_error *err = NULL;
	vctl_auto_conf struct vctl_conf *conf = NULL, *none = NULL;
	auto_free char *text = calloc(1, CONF_SIZE_MAX);
	struct stat stat;
	char line[64];
	FILE *file;

	tmpfile_errno = _i ? EOPNOTSUPP : 0;
	umask(077);
	ck_assert_int_eq(vctl_conf_parse("x", "", 0, &none, NULL), 0);
	ck_assert_int_eq(vctl_conf_create(place.path, NULL, &err), 0);
	ck_assert_ptr_null(err);
	ck_assert_uint_eq(files(), 1);
	ck_assert_int_eq(lstat(place.path, &stat), 0);
	ck_assert_uint_eq(stat.st_mode, S_IFREG | 0644);
	ck_assert_uint_eq(stat.st_nlink, 1);
	ck_assert_int_eq(vctl_conf_read(place.path, &conf, &err), 0);
	ck_assert_uint_eq(conf->flags, VCONTEXT_LOCK | VCONTEXT_NPROC);
	ck_assert_uint_eq(conf->limit_count, 1);
	ck_assert(!conf->limits[0].soft && conf->limits[0].hard);
	ck_assert_uint_eq(conf->limits[0].value, 1000);

	/* Every key is in it, and what is commented out is the default. */
	file = fopen(place.path, "r");
	ck_assert_uint_gt(fread(text, 1, CONF_SIZE_MAX - 1, file), 0);
	fclose(file);
	for (size_t i = 0; vctl_conf_keys()[i]; i++) {
		char *found;

		sprintf(line, "\n#%s=", vctl_conf_keys()[i]);
		found = strstr(text, line);
		if (found) {
			found[1] = ' ';
			continue;
		}
		sprintf(line, "\n%s=", vctl_conf_keys()[i]);
		ck_assert_msg(strstr(text, line), "%s", line);
	}
	vctl_conf_free(conf);
	ck_assert_int_eq(vctl_conf_parse("x", text, strlen(text), &conf, &err), 0);
	ck_assert_uint_eq(conf->address_count, 0);
	ck_assert_int_eq(conf->loopback, none->loopback);
	ck_assert_uint_eq(conf->context, none->context);
	ck_assert_uint_eq(conf->cpu_weight, none->cpu_weight);
}
END_TEST

START_TEST(settings_are_read_back)
{
	static const char *const settings[] = {
		"S_HOSTNAME=a'b\"c\\d$e`f#;*?[~]!&|<>()''\\", "S_DOMAINNAME=~root", "S_FLAGS=",
		"IPROOT= eth0:10.0.0.1/24\n\n2001:db8::1\tweb1 ", "S_CAPS=NET_RAW,\nCHOWN",
		"ULIMIT=-HSn 100", "ONBOOT=yes", "MEMORY=1G", "CPUS=1.5", "S_NICE=-5",
		"S_CONTEXT=", NULL,
	};
	vctl_auto_conf struct vctl_conf *conf = NULL;

	ck_assert_int_eq(vctl_conf_create(place.path, settings, NULL), 0);
	ck_assert_int_eq(vctl_conf_read(place.path, &conf, NULL), 0);
	ck_assert_str_eq(conf->hostname, settings[0] + strlen("S_HOSTNAME="));
	ck_assert_str_eq(conf->domainname, "~root");
	ck_assert_uint_eq(conf->flags, 0);
	ck_assert_uint_eq(conf->address_count, 3);
	ck_assert_str_eq(conf->addresses[0].device, "eth0");
	ck_assert_str_eq(conf->addresses[2].text, "web1");
	ck_assert_uint_eq(conf->caps, 1U << 13 | 1U << 0);
	ck_assert_uint_eq(conf->limit_count, 1);
	ck_assert_uint_eq(conf->limits[0].value, 100);
	ck_assert(conf->onboot && conf->has_nice);
	ck_assert_uint_eq(conf->memory, 1 << 30);
	ck_assert_uint_eq(conf->cpus, 1500);
}
END_TEST

static const struct {
	const char *settings[3];
	const char *message;	/* behind the path */
} misset[] = {
	{ { "S_NICE=50" }, ": S_NICE: 50 is not a number from -20 to 19 ()" },
	{ { "NICE=5" }, ": there is no key NICE (did you mean S_NICE?)" },
	{ { "S_NICE" }, ": S_NICE is not of the form KEY=value ()" },
	{ { "S_NICE=5", "S_NICE=6" }, ": S_NICE: it is given twice (give it once)" },
	{ { "IPROOT=127.0.0.1" },
	  ": IPROOT: 127.0.0.1: it belongs to the private loopback "
	  "(leave it out, or write LOOPBACK=no)" },
	{ { "S_HOSTNAME=\xff" }, ": the byte 0xff is none of UTF-8 (save the file as UTF-8)" },
};

START_TEST(no_file_from_wrong_settings)
{
	vctl_auto_error struct vctl_error *err = NULL;
	char message[256];

	ck_assert_int_eq(vctl_conf_create(place.path, misset[_i].settings, &err), -EINVAL);
	assert_error(err, VCTL_BAD_CONF, EINVAL);
	ck_assert_uint_eq(files(), 0);
	snprintf(message, sizeof(message), "%s: %s (%s)", vctl_error_what(err),
		 vctl_error_why(err), vctl_error_advice(err));
	ck_assert_int_eq(strncmp(message, place.path, strlen(place.path)), 0);
	ck_assert_str_eq(message + strlen(place.path), misset[_i].message);
	ck_assert_int_eq(vctl_conf_create(place.path, misset[_i].settings, NULL), -EINVAL);
}
END_TEST

START_TEST(no_file_is_overwritten)
{
	vctl_auto_error struct vctl_error *err = NULL;
	unsigned int before = fake_descriptors();
	struct stat stat;

	write_file("here");
	tmpfile_errno = _i ? EISDIR : 0;
	ck_assert_int_eq(vctl_conf_create(place.path, NULL, &err), -EEXIST);
	assert_error(err, VCTL_EXISTS, EEXIST);
	ck_assert_str_eq(vctl_error_what(err), place.path);
	ck_assert_uint_eq(files(), 1);
	ck_assert_int_eq(lstat(place.path, &stat), 0);
	ck_assert_int_eq(stat.st_size, 4);

	/* Not even a link to nowhere. */
	unlink(place.path);
	ck_assert_int_eq(symlink("nowhere", place.path), 0);
	ck_assert_int_eq(vctl_conf_create(place.path, NULL, &err), -EEXIST);
	ck_assert_uint_eq(files(), 1);
	ck_assert_uint_eq(fake_descriptors(), before);
}
END_TEST

/* Without an answer of the system's own: on what is read-only, and what is full. */
START_TEST(no_file_is_half_written)
{
	static const struct {
		int tmpfile, fsync, result;
	} cases[] = {
		{ EROFS, 0, EROFS },
		{ EACCES, 0, EACCES },
		{ 0, ENOSPC, ENOSPC },
		{ EOPNOTSUPP, EDQUOT, EDQUOT },
	};
	vctl_auto_error struct vctl_error *err = NULL;

	tmpfile_errno = cases[_i].tmpfile;
	fsync_errno = cases[_i].fsync;
	ck_assert_int_eq(vctl_conf_create(place.path, NULL, &err), -cases[_i].result);
	assert_error(err, VCTL_SYSTEM, cases[_i].result);
	ck_assert_str_ne(vctl_error_advice(err), "");
	ck_assert_uint_eq(files(), 0);
	ck_assert_int_eq(vctl_conf_create("/nowhere/web1.conf", NULL, &err),
			 cases[_i].tmpfile == EOPNOTSUPP ? -ENOENT :
			 cases[_i].tmpfile ? -cases[_i].tmpfile : -ENOENT);
}
END_TEST

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % limit;
}

static const char *const seeds[] = {
	"# c\nIPROOT=\"eth0:10.0.0.1/24 web.example\n10.0.0.2/255.255.0.0\" "
	"IPROOTBCAST=10.0.0.255\nIPROOTDEV=eth0 IPROOTMASK=24; LOOPBACK='no' # c\n",
	"S_CAPS=\"NET_RAW,CAP_SYS_TIME\" S_FLAGS=lock,userns ONBOOT=yes\n"
	"ULIMIT=\"-HS -n1024 -c unlimited -u hard\" CPUS=1.5 MEMORY=2G S_NICE=-5\n",
	"PIDS=\\\n10 CPUWEIGHT=1 IOWEIGHT=10000\nS_CONTEXT=100 S_HOSTNAME='a'\\''b\"$' "
	"S_DOMAINNAME=\xc3\xa9\\$\n",
};

static const char *const pieces[] = {
	"'", "\"", "\\", "\n", "\\\n", " ", "#", ";", "=", "$", "~", ":", "/", ",", "\xc3", "\xa9",
	"\r", "10.0.0.1", "::1", "0.0.0.0", "-H", "-n", "18446744073709551615", "0", "lock", "KILL",
	"S_NICE=1",
};

/* Changes up to four places; returns the new length. */
static size_t mutate(uint8_t *text, size_t length, size_t room)
{
	for (uint32_t changes = 1 + random_below(4); changes; changes--) {
		size_t at = random_below((uint32_t)length + 1);
		const char *piece = pieces[random_below(LENGTH(pieces))];
		size_t count = strlen(piece), rest;

		switch (random_below(3)) {
		case 0:		/* another byte */
			if (at < length)
				text[at] = (uint8_t)random_below(256);
			break;
		case 1:		/* some less */
			rest = random_below(8);
			rest = rest > length - at ? length - at : rest;
			memmove(text + at, text + at + rest, length - at - rest);
			length -= rest;
			break;
		default:	/* a piece more */
			if (length + count > room)
				break;
			memmove(text + at + count, text + at, length - at);
			memcpy(text + at, piece, count);
			length += count;
		}
	}

	return length;
}

START_TEST(random_files)
{
	for (unsigned int round = 0; round < ROUNDS; round++) {
		const char *seed = seeds[round % LENGTH(seeds)];
		size_t length = strlen(seed);
		uint8_t text[512];
		/* Of its own length: reads behind it are seen. */
		uint8_t *exact;

		ck_assert_uint_lt(length, sizeof(text));
		memcpy(text, seed, length);
		if (round >= LENGTH(seeds))
			length = mutate(text, length, sizeof(text));
		exact = malloc(length ? length : 1);
		memcpy(exact, text, length);
		LLVMFuzzerTestOneInput(exact, length);
		free(exact);
	}
}
END_TEST

Suite *suite_conf_file(void)
{
	Suite *suite = suite_create("conf_file");
	TCase *tests = tcase_create("files");
	TCase *fuzz = tcase_create("fuzz");

	tcase_add_checked_fixture(tests, make_place, remove_place);
	tcase_add_test(tests, a_file_is_read);
	tcase_add_test(tests, a_file_with_a_mistake_is_named);
	tcase_add_test(tests, a_file_is_found_by_a_link);
	tcase_add_test(tests, there_is_no_such_vserver);
	tcase_add_test(tests, what_is_no_file_is_not_read);
	tcase_add_loop_test(tests, a_new_file_has_the_defaults, 0, 2);
	tcase_add_test(tests, settings_are_read_back);
	tcase_add_loop_test(tests, no_file_from_wrong_settings, 0, LENGTH(misset));
	tcase_add_loop_test(tests, no_file_is_overwritten, 0, 2);
	tcase_add_loop_test(tests, no_file_is_half_written, 0, 4);
	tcase_set_timeout(fuzz, 120);
	tcase_add_test(fuzz, random_files);
	suite_add_tcase(suite, tests);
	suite_add_tcase(suite, fuzz);
	return suite;
}
