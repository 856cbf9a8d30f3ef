/* SPDX-License-Identifier: GPL-2.0-only */
/* What Linux 6.12 has and the headers of Debian 12 have not, or only under the kernel's names. */
#ifndef MISSING_H
#define MISSING_H

#include <linux/ioctl.h>
#include <linux/types.h>

#ifndef PIDFD_GET_MNT_NAMESPACE
#define PIDFD_GET_MNT_NAMESPACE		_IO(0xFF, 3)
#define PIDFD_GET_NET_NAMESPACE		_IO(0xFF, 4)
#define PIDFD_GET_PID_NAMESPACE		_IO(0xFF, 5)
#define PIDFD_GET_USER_NAMESPACE	_IO(0xFF, 9)
#define PIDFD_GET_UTS_NAMESPACE		_IO(0xFF, 10)
#endif

#ifndef PIDFD_SIGNAL_THREAD
#define PIDFD_SIGNAL_THREAD		(1U << 0)
#define PIDFD_SIGNAL_THREAD_GROUP	(1U << 1)
#define PIDFD_SIGNAL_PROCESS_GROUP	(1U << 2)
#endif

#ifndef PIDFD_THREAD
#define PIDFD_THREAD			0200	/* O_EXCL */
#endif

#ifndef NS_GET_PID_FROM_PIDNS
#define NS_GET_PID_FROM_PIDNS		_IOR(0xb7, 0x6, int)
#define NS_GET_TGID_FROM_PIDNS		_IOR(0xb7, 0x7, int)
#define NS_GET_PID_IN_PIDNS		_IOR(0xb7, 0x8, int)
#define NS_GET_TGID_IN_PIDNS		_IOR(0xb7, 0x9, int)
#endif

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD			77
#endif

#ifndef SYS_pidfd_open
#define SYS_pidfd_send_signal		424
#define SYS_pidfd_open			434
#define SYS_pidfd_getfd			438
#define SYS_process_madvise		440
#define SYS_process_mrelease		448
#endif

#define IOPRIO_WHO_PROCESS		1
#define IOPRIO_WHO_PGRP			2
#define IOPRIO_WHO_USER			3
#define IOPRIO_VALUE(class, level)	((class) << 13 | (level))
#define IOPRIO_CLASS_BE			2

/* The clock of a process or a thread, as clock_gettime() takes it. */
#define CLOCK_OF_PROCESS(pid)		((~(clockid_t)(pid)) << 3 | 2)
#define CLOCK_OF_THREAD(tid)		((~(clockid_t)(tid)) << 3 | 6)

/* struct sched_attr: <linux/sched/types.h> and <sched.h> don't go together. */
struct scheduling {
	__u32 size;
	__u32 policy;
	__u64 flags;
	__s32 nice;
	__u32 priority;
	__u64 runtime;
	__u64 deadline;
	__u64 period;
};

#endif /* MISSING_H */
