// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Any bytes as a configuration file.  The unit tests call it with bytes of their own, and libFuzzer
 * finds others:
 *
 *	cd libvctl && clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -I. \
 *		-I../include -I../include/uapi tests/fuzz_conf.c conf*.c address.c ceiling.c \
 *		error.c kernel.c name.c transport.c -lcap -o /tmp/fuzz_conf
 *
 * Each must be read or refused with an error that says something.  What is read is written again,
 * its values in quotes, and must then be read as the same.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "conf_value.h"
#include "fuzz_conf.h"

#define NAME "web1.conf"

/* Not assert(): this holds with NDEBUG, too. */
#define must(condition)								\
	do {									\
		if (!(condition)) {						\
			fprintf(stderr, "line %d: %s\n", __LINE__, #condition);	\
			abort();						\
		}								\
	} while (0)

static bool same_text(const char *one, const char *other)
{
	return one && other ? strcmp(one, other) == 0 : one == other;
}

static bool same_address(const struct vctl_conf_address *one,
			 const struct vctl_conf_address *other)
{
	return same_text(one->device, other->device) && same_text(one->text, other->text) &&
	       one->prefix == other->prefix && one->has_broadcast == other->has_broadcast &&
	       one->broadcast == other->broadcast;
}

static bool same_limit(const struct vctl_conf_limit *one, const struct vctl_conf_limit *other)
{
	return one->resource == other->resource && one->soft == other->soft &&
	       one->hard == other->hard && one->value == other->value;
}

static void must_be_same(const struct vctl_conf *one, const struct vctl_conf *other)
{
	must(one->address_count == other->address_count);
	for (size_t i = 0; i < one->address_count; i++)
		must(same_address(&one->addresses[i], &other->addresses[i]));
	must(one->limit_count == other->limit_count);
	for (size_t i = 0; i < one->limit_count; i++)
		must(same_limit(&one->limits[i], &other->limits[i]));
	must(same_text(one->path, other->path));
	must(same_text(one->hostname, other->hostname));
	must(same_text(one->domainname, other->domainname));
	must(one->loopback == other->loopback && one->onboot == other->onboot);
	must(one->caps == other->caps && one->flags == other->flags);
	must(one->context == other->context);
	must(one->has_nice == other->has_nice && one->nice == other->nice);
	must(one->memory == other->memory && one->cpus == other->cpus);
	must(one->cpu_weight == other->cpu_weight && one->io_weight == other->io_weight);
	must(one->pids == other->pids);
}

/* What the kernel and control groups take. */
static void must_be_sane(const struct vctl_conf *conf)
{
	must(conf->address_count <= VCONTEXT_ADDRESSES_MAX);
	for (size_t i = 0; i < conf->address_count; i++) {
		const struct vctl_conf_address *address = &conf->addresses[i];

		must(*address->text && address->prefix >= -1 && address->prefix <= 128);
		must(!address->device || strlen(address->device) < 16);
		must(address->line > 0);
	}
	for (size_t i = 0; i < conf->limit_count; i++)
		must(conf->limits[i].soft || conf->limits[i].hard);
	must(!conf->hostname || (*conf->hostname && strlen(conf->hostname) <= 64));
	must(!conf->domainname || (*conf->domainname && strlen(conf->domainname) <= 64));
	must(conf->context == VCONTEXT_ID_ANY ||
	     (conf->context >= VCONTEXT_ID_NAMED_MIN && conf->context <= VCONTEXT_ID_NAMED_MAX));
	must(conf->nice >= -20 && conf->nice <= 19);
	must(conf->cpu_weight <= 10000 && conf->io_weight <= 10000);
	must((conf->caps & ~vctl_cap_all()) == 0);
}

static void must_be_shown(const char *text)
{
	must(*text);
	for (; *text; text++)
		must((unsigned char)*text >= ' ' && *text != 0x7f);
}

static void must_explain(int result, const struct vctl_error *err)
{
	must(err && result == -EINVAL);
	must(vctl_error_code(err) == VCTL_BAD_CONF && vctl_error_errno(err) == EINVAL);
	must(strncmp(vctl_error_what(err), NAME, strlen(NAME)) == 0);
	must_be_shown(vctl_error_what(err));
	must_be_shown(vctl_error_why(err));
	if (*vctl_error_advice(err))
		must_be_shown(vctl_error_advice(err));
}

static int write_again(void *data, const struct vctl_conf_place *place, const char *value)
{
	auto_free char *quoted = vctl_conf_quote(value);

	must(quoted);
	must(place->line > 0);
	fprintf(data, "%s=%s\n", place->key, quoted);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	vctl_auto_error struct vctl_error *err = NULL;
	vctl_auto_conf struct vctl_conf *conf = NULL, *again = NULL;
	auto_free char *text = NULL;
	size_t length;
	FILE *file;
	int result = vctl_conf_parse(NAME, (const char *)data, size, &conf, &err);

	if (result < 0) {
		must(!conf);
		must_explain(result, err);
		return 0;
	}

	must(conf && !err);
	must_be_sane(conf);
	file = open_memstream(&text, &length);
	must(file);
	must(vctl_conf_scan(NAME, (const char *)data, size, write_again, file, NULL) == 0);
	must(fclose(file) == 0);
	must(vctl_conf_parse(NAME, text, length, &again, NULL) == 0);
	must_be_same(conf, again);
	return 0;
}
