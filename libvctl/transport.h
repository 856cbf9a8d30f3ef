/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The system calls through which the library reaches the kernel's part of the project, so that the
 * unit tests can stand in for a kernel that has it.  Not part of the public interface.
 */
#ifndef VCTL_TRANSPORT_H
#define VCTL_TRANSPORT_H

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <vctl.h>

/**
 * struct vctl_transport - how to reach the kernel
 * @open: open(2) without a mode
 * @close: close(2)
 * @stat: stat(2)
 * @ioctl: ioctl(2) with a pointer, or NULL for none
 * @poll: poll(2) for POLLIN on one descriptor
 * @lsm_list: lsm_list_modules(2) without its flags
 *
 * All return -1 and set errno on failure, as the system calls do.
 */
struct vctl_transport {
	int (*open)(const char *path, int flags);
	int (*close)(int fd);
	int (*stat)(const char *path, struct stat *node);
	int (*ioctl)(int fd, unsigned long command, void *argument);
	int (*poll)(int fd, int timeout_ms);
	long (*lsm_list)(uint64_t *ids, uint32_t *size);
};

extern const struct vctl_transport vctl_transport_kernel;

/* ioctl that a signal doesn't cut short; a negative errno value on failure. */
int vctl_transport_ioctl(const struct vctl_transport *transport, int fd, unsigned long command,
			 void *argument);

/* The public functions of the same names take the kernel's transport; these any. */
int vctl_stub_present_by(const struct vctl_transport *transport);
int vctl_module_loaded_by(const struct vctl_transport *transport);
int vctl_device_open_by(const struct vctl_transport *transport, struct vctl_device **dev,
			struct vctl_error **err);
int vctl_process_context_by(const struct vctl_transport *transport, pid_t pid, uint32_t *id,
			    uint32_t *flags, struct vctl_error **err);

#endif /* VCTL_TRANSPORT_H */
