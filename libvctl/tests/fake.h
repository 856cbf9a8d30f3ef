/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A kernel for the unit tests: says yes to everything, unless it is told otherwise. */
#ifndef FAKE_H
#define FAKE_H

#include <stdbool.h>

#include <check.h>

#include "transport.h"

struct fake {
	/* What there is.  Paths that are not mentioned here don't exist. */
	int device_errno;		/* open("/dev/vcontext"); 0: it is there */
	mode_t device_mode;		/* stat("/dev/vcontext"); 0: not even that is allowed */
	bool sysfs;
	bool initstate;			/* the module's directory in sysfs */
	bool securityfs_directory;
	const char *securityfs_lsm;	/* content of the file; NULL: none */
	bool proc;
	const char *status;		/* of every process; NULL: no such process */
	int lsm_errno;			/* lsm_list_modules() */
	bool lsm_stub;

	/* What the commands answer: 0, or an errno value. */
	int info_errno, new_errno, open_errno, enter_errno, add_errno, stat_errno, list_errno,
	    lower_errno, bind_errno, pid_ns_errno, kill_errno, keep_errno, kept_errno,
	    forget_errno, processes_errno, signal_errno;
	struct vcontext_info info;
	struct vcontext_stat stat;
	const uint32_t *ids;
	uint32_t ids_count;
	uint32_t ids_at_once;		/* how many LIST hands out in one call */
	bool ids_too_many;		/* claim more than there was room for */
	/* PROCESSES answers as LIST does, by the same fields. */
	int poll_answer;		/* negative: an errno value */
	unsigned int interrupts;	/* that many calls end with EINTR first */

	/* What was asked. */
	unsigned int calls;
	int poll_timeout;
	struct vcontext_new new;
	struct vcontext_open open;
	struct vcontext_flags flags;
	struct vcontext_lower lower;
	bool lowered_context;		/* not the caller */
	int signal;
	struct vcontext_signal one;	/* process */
	bool entered_at_exec;		/* not at once */
	struct vcontext_keep keep;
	int kept_kind;
	struct vcontext_bind bind;
	struct vcontext_address addresses[VCONTEXT_ADDRESSES_MAX];
};

extern struct fake fake;
extern const struct vctl_transport fake_transport;

/* How many calls of strdup() work from now on; negative: all. */
extern int strdup_budget;

/* Before each test: a kernel with everything, the caller in context 0. */
void fake_reset(void);

/* How many descriptors this process has open. */
unsigned int fake_descriptors(void);

/* The fake's device; fails the test if it can't be opened. */
struct vctl_device *fake_device(void);

Suite *suite_address(void);
Suite *suite_alias(void);
Suite *suite_bind(void);
Suite *suite_ceiling(void);
Suite *suite_conf(void);
Suite *suite_conf_file(void);
Suite *suite_conf_change(void);
Suite *suite_context(void);
Suite *suite_device(void);
Suite *suite_error(void);
Suite *suite_kernel(void);
Suite *suite_lock(void);
Suite *suite_reap(void);
Suite *suite_relay(void);
Suite *suite_kept(void);
Suite *suite_name(void);
Suite *suite_attr(void);
Suite *suite_process(void);
Suite *suite_processes(void);
Suite *suite_state(void);
Suite *suite_user(void);
Suite *suite_vserver(void);

/* An error object says everything that a person needs. */
#define assert_error(err, wanted_code, wanted_errno)					\
	do {										\
		ck_assert_ptr_nonnull(err);						\
		ck_assert_msg(vctl_error_code(err) == (wanted_code), "code %d: %s: %s",	\
			      vctl_error_code(err), vctl_error_what(err),		\
			      vctl_error_why(err));					\
		ck_assert_int_eq(vctl_error_errno(err), (wanted_errno));		\
		ck_assert_str_ne(vctl_error_what(err), "");				\
		ck_assert_str_ne(vctl_error_why(err), "");				\
	} while (0)

#endif /* FAKE_H */
