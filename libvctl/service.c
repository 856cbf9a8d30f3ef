// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "program.h"
#include "service.h"

/* Of static storage, since it is outside of functions. */
#define COMMAND(...)	(const char *const[]){ __VA_ARGS__, NULL }
#define LINKS(glob, act)								\
	COMMAND("/bin/sh", "-c",							\
		"for s in " glob "; do [ ! -x \"$s\" ] || \"$s\" " act "; done")

static const struct {
	const char *name;
	const char *const *start, *const *stop, *const *again;
} services[] = {
	[SERVICE_NONE] = { .name = "none" },
	[SERVICE_INIT] = { "/sbin/init", COMMAND("/sbin/init"), NULL, NULL },
	[SERVICE_RC_D] = { "/etc/rc.d/rc", COMMAND("/etc/rc.d/rc", "3"),
			   COMMAND("/etc/rc.d/rc", "0"), COMMAND("/etc/rc.d/rc", "6") },
	[SERVICE_INIT_D] = { "/etc/init.d/rc", COMMAND("/etc/init.d/rc", "3"),
			     COMMAND("/etc/init.d/rc", "0"), COMMAND("/etc/init.d/rc", "6") },
	[SERVICE_RCS] = { "/etc/init.d/rcS", COMMAND("/etc/init.d/rcS"),
			  COMMAND("/etc/init.d/rcK"), COMMAND("/etc/init.d/rcK") },
	[SERVICE_LINKS] = { "/etc/rc3.d", LINKS("/etc/rc3.d/S*", "start"),
			    LINKS("/etc/rc0.d/K*", "stop"), LINKS("/etc/rc6.d/K*", "stop") },
};

/* Whichever the tree has: all of them end up with process 1. */
static const char *const *const init_stops[] = {
	COMMAND("/sbin/poweroff"),
	COMMAND("/sbin/halt"),
	COMMAND("/sbin/shutdown", "-h", "now"),
	COMMAND("/sbin/telinit", "0"),
};

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

const char *service_name(enum service service)
{
	return services[service].name;
}

int service_by_name(const char *name, enum service *service)
{
	for (size_t i = 0; i < LENGTH(services); i++) {
		if (strcmp(services[i].name, name) == 0) {
			*service = (enum service)i;
			return 0;
		}
	}

	return -EINVAL;
}

enum service service_find(bool fakeinit)
{
	if (fakeinit)
		return program_is_there(service_name(SERVICE_INIT)) ? SERVICE_INIT : SERVICE_NONE;
	for (enum service service = SERVICE_RC_D; service <= SERVICE_RCS; service++) {
		if (program_is_there(service_name(service)))
			return service;
	}

	return program_directory_is_there(service_name(SERVICE_LINKS)) ? SERVICE_LINKS :
									 SERVICE_NONE;
}

const char *const *service_start(enum service service)
{
	return services[service].start;
}

const char *const *service_stop(enum service service, bool again, unsigned int attempt)
{
	if (service == SERVICE_INIT)
		return attempt < LENGTH(init_stops) ? init_stops[attempt] : NULL;
	if (attempt > 0)
		return NULL;

	return again ? services[service].again : services[service].stop;
}
