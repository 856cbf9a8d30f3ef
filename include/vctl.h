/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvctl: security contexts for C programs, over /dev/vcontext (see <linux/vcontext.h>).
 *
 * Conventions
 *   - A function that can fail returns 0 (or a value >= 0 where it says so) when it has done its
 *     work, and a negative errno value when it has not.
 *   - Such a function takes @err as its last argument: NULL, or the address of a pointer that is
 *     NULL or an error object, which the new one replaces.  It is not touched on success.  Free it
 *     with vctl_error_free().  The object tells what failed, why, and what to do about it.
 *   - Structures that come from the kernel's interface begin with a size.  VCTL_SIZED() sets it,
 *     because program, library and kernel may be of different ages.
 *   - Every descriptor that the library opens is close-on-exec.
 *   - There is no global state.  All functions may be called by several threads at once; one object
 *     must not be freed while another thread uses it.  (A process with more than one thread
 *     cannot change its context, though: that is a rule of the kernel.)
 *   - "Root of context 0" is a process in context 0 that has CAP_SYS_ADMIN in the initial user
 *     namespace.  Where nothing is said anybody may call.
 *
 * Example: run a shell in a new context
 *
 *	vctl_auto_error struct vctl_error *err = NULL;
 *	vctl_auto_device struct vctl_device *dev = NULL;
 *	struct vcontext_new made = VCTL_SIZED(struct vcontext_new);
 *
 *	made.flags = VCONTEXT_LOCK;
 *	if (vctl_device_open(&dev, &err) < 0 || vctl_new(dev, &made, &err) < 0) {
 *		fprintf(stderr, "%s: %s\n", vctl_error_what(err), vctl_error_why(err));
 *		return 1;
 *	}
 *	execl("/bin/sh", "sh", NULL);
 */
#ifndef VCTL_H
#define VCTL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/vcontext.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VCTL_VERSION "0.1.0"

/* The stub's id among the kernel's security modules, as lsm_list_modules(2) gives it. */
#define VCTL_LSM_ID 200

/* A structure of the kernel's interface, all zero but for its size. */
#ifdef __cplusplus
#define VCTL_SIZED(type) ([] { type sized = {}; sized.size = sizeof(sized); return sized; }())
#else
#define VCTL_SIZED(type) ((type){ .size = sizeof(type) })
#endif

#define VCTL_API __attribute__((visibility("default")))

/* What went wrong, for programs that want to react to it.  The list grows at its end. */
enum vctl_code {
	VCTL_SYSTEM = 1,	/* nothing of the below, vctl_error_errno() tells */
	VCTL_NO_STUB,		/* the kernel does not carry the stub */
	VCTL_NO_MODULE,		/* it does, but the module is not loaded */
	VCTL_NO_DEVICE,		/* /dev/vcontext is missing although the module may be loaded */
	VCTL_NO_ACCESS,		/* /dev/vcontext may not be used: its mode, or another policy */
	VCTL_OLD_KERNEL,	/* the module is older than the program needs */
	VCTL_NEW_KERNEL,	/* the module is newer than the library can talk to */
	VCTL_NOT_ROOT,		/* only root of context 0 may */
	VCTL_LOCKED,		/* the caller's context has the flag lock */
	VCTL_PRIVATE,		/* the context is private and has had a process */
	VCTL_THREADS,		/* the caller has more than one thread */
	VCTL_TRACED,		/* the caller is being traced or traces another process */
	VCTL_NO_CONTEXT,	/* there is no such context */
	VCTL_EXISTS,		/* there is one already */
	VCTL_FULL,		/* contexts inside each other too deep; no id or loopback is free */
	VCTL_BAD_ID,		/* not the id of a context, or not one for this purpose */
	VCTL_BAD_FLAG,		/* a flag that library or kernel doesn't know */
	VCTL_NO_PROCESS,	/* no such process, or in a context that the caller can't see */
	VCTL_HIDDEN,		/* the kernel does not tell: hideinfo, or no module */
	VCTL_TIMEOUT,		/* the time was over before it happened */
	VCTL_BAD_CAP,		/* no capability of this kernel */
	VCTL_TIED,		/* the caller is tied to addresses already */
	VCTL_BAD_ADDRESS,	/* not an address or set, not of a host, or nobody knows it */
	VCTL_OTHER_PID_NS,	/* the caller is not in the context's PID namespace */
	VCTL_NO_INIT,		/* the context has no process 1 of its own */
	VCTL_BAD_NAME,		/* not the name of a vserver */
	VCTL_BAD_CONF,		/* a line of a configuration file is wrong */
	VCTL_NO_VSERVER,	/* there is no configuration, or no tree, of that name */
	VCTL_BUSY,		/* another process acts on the vserver */
	VCTL_RUNS,		/* the vserver is running already */
	VCTL_RUNS_NOT,		/* the vserver is not running */
	VCTL_IN_USE,		/* an address or context that it wants is somebody else's */
	VCTL_SCRIPT,		/* a script of the administrator's failed */
	VCTL_BAD_TREE,		/* the vserver's tree lacks something, or is not safe */
	VCTL_NO_COMMAND,	/* no such program, or user, in the vserver */
	VCTL_KEEPS_NONE,	/* the context keeps no namespaces */
	VCTL_OTHER_MOUNTS,	/* it keeps a mount namespace, which the caller is not in */
};

struct vctl_error;		/* why something failed */
struct vctl_device;		/* /dev/vcontext, open */
struct vctl_context;		/* a handle on a context, which it keeps alive */

/**
 * vctl_version() - Version of the library that is running, like VCTL_VERSION
 */
VCTL_API const char *vctl_version(void);

/*
 * Errors.  The strings belong to the object and are in English, without a full stop or newline.
 * They are meant to be shown as "program: WHAT: WHY (ADVICE)".
 */

/** vctl_error_code() - What went wrong; 0 if @err is NULL */
VCTL_API enum vctl_code vctl_error_code(const struct vctl_error *err);

/** vctl_error_errno() - The errno value behind it, positive; 0 if @err is NULL */
VCTL_API int vctl_error_errno(const struct vctl_error *err);

/** vctl_error_what() - What failed, e.g. "context 5"; never NULL */
VCTL_API const char *vctl_error_what(const struct vctl_error *err);

/** vctl_error_why() - The reason, e.g. "there is no such context"; never NULL */
VCTL_API const char *vctl_error_why(const struct vctl_error *err);

/** vctl_error_advice() - What to do about it; "" if there is nothing to say, never NULL */
VCTL_API const char *vctl_error_advice(const struct vctl_error *err);

/** vctl_error_free() - Free an error object; NULL is fine */
VCTL_API void vctl_error_free(struct vctl_error *err);

/*
 * The kernel
 */

/**
 * vctl_stub_present() - Does the running kernel carry the stub?
 *
 * Return: 1 yes, 0 no, -1 when it cannot be told (a kernel before 6.8 without securityfs mounted).
 */
VCTL_API int vctl_stub_present(void);

/**
 * vctl_module_loaded() - Is the module vcontext loaded?
 *
 * Return: 1 yes, 0 no, -1 when it cannot be told (no sysfs).
 */
VCTL_API int vctl_module_loaded(void);

/*
 * The device
 */

/**
 * vctl_device_open() - Open /dev/vcontext and see that kernel and library fit each other
 * @dev: out: the device, to be closed with vctl_device_close(); NULL on failure
 * @err: out: the error
 *
 * Return: 0, or
 *	-ENOENT		VCTL_NO_STUB, VCTL_NO_MODULE or VCTL_NO_DEVICE: what exactly is missing
 *	-EACCES, -EPERM	VCTL_NO_ACCESS
 *	-EPROTO		VCTL_OLD_KERNEL, VCTL_NEW_KERNEL: they speak different versions
 *	-ENOTTY, -E2BIG	VCTL_OLD_KERNEL: it does not even answer what its version is
 *	-ENOMEM, -EMFILE, -ENFILE, ...	VCTL_SYSTEM
 */
VCTL_API int vctl_device_open(struct vctl_device **dev, struct vctl_error **err);

/** vctl_device_close() - Close the device; handles stay valid; NULL is fine */
VCTL_API void vctl_device_close(struct vctl_device *dev);

/** vctl_device_fd() - The descriptor, for what the library doesn't cover; not to be closed */
VCTL_API int vctl_device_fd(const struct vctl_device *dev);

/**
 * vctl_info() - Tell about the kernel and the caller's context
 * @dev: the device
 * @info: in: VCTL_SIZED(struct vcontext_info); out: see <linux/vcontext.h>
 * @err: out: the error
 *
 * Return: 0, or
 *	-EINVAL		VCTL_SYSTEM: the size in @info is none
 *	-E2BIG		VCTL_OLD_KERNEL: @info asks for what the module has never heard of
 *	-EACCES, -EPERM	VCTL_NO_ACCESS: a sandbox around the process
 *	-EFAULT		VCTL_SYSTEM
 */
VCTL_API int vctl_info(struct vctl_device *dev, struct vcontext_info *info,
		       struct vctl_error **err);

/**
 * vctl_new() - Make a context and move the calling process into it, for good
 * @dev: the device
 * @made: in: VCTL_SIZED(struct vcontext_new) with what the context is to be; out: the id that the
 *	kernel allotted, from 65536 on; see <linux/vcontext.h>
 * @err: out: the error
 *
 * The flags of the caller's own context, and what the caller's ceiling lacks, are inherited
 * anyway.  The caller gets the ceiling of the context.  The flag userns takes root of context 0.
 *
 * Return: 0, or
 *	-EPERM		VCTL_LOCKED, VCTL_NOT_ROOT (the flag userns)
 *	-EINVAL		VCTL_THREADS, VCTL_BAD_FLAG, VCTL_BAD_CAP, VCTL_OTHER_PID_NS (the flag
 *			fakeinit, and the caller is not process 1 of a PID namespace)
 *	-EBUSY		VCTL_TRACED
 *	-ENOSPC		VCTL_FULL
 *	-E2BIG		VCTL_OLD_KERNEL: @made asks for what the module has never heard of
 *	-ENOMEM		VCTL_SYSTEM
 */
VCTL_API int vctl_new(struct vctl_device *dev, struct vcontext_new *made, struct vctl_error **err);

/**
 * vctl_lower() - Lower the ceiling of the calling process and of its future children, for good
 * @dev: the device
 * @drop: mask of the capabilities to take out, 1 << CAP_NET_RAW ...; what it lacks already is no
 *	error
 * @err: out: the error
 *
 * The permitted, effective, inheritable and ambient sets lose the same.  Who drops one of
 * VCONTEXT_SECURE_KEEPS without having CAP_SETPCAP gets no_new_privs besides.  See
 * <linux/vcontext.h>.
 *
 * Return: 0, or
 *	-EINVAL		VCTL_THREADS, VCTL_BAD_CAP (a bit that vctl_cap_all() doesn't have)
 *	-ENOTTY		VCTL_OLD_KERNEL
 *	-ENOMEM		VCTL_SYSTEM
 */
VCTL_API int vctl_lower(struct vctl_device *dev, uint64_t drop, struct vctl_error **err);

/**
 * vctl_bind() - Tie the calling process and its future children to a set of addresses, for good
 * @dev: the device
 * @addresses: the set, as vctl_address_parse() reads them; the order counts, see
 *	<linux/vcontext.h>
 * @count: how many, 1 ... VCONTEXT_ADDRESSES_MAX
 * @flags: VCONTEXT_BIND_LOOPBACK or 0
 * @err: out: the error
 *
 * They serve on these addresses alone, what they send comes from one of them, and sockets that
 * could have others they don't get; see <linux/vcontext.h>.  Whether the machine has the addresses
 * is not looked at: without them sockets are of no use.
 *
 * Return: 0, or
 *	-EPERM		VCTL_TIED
 *	-EINVAL		VCTL_THREADS, VCTL_BAD_FLAG, VCTL_BAD_ADDRESS (none or too many; not of a
 *			host: any address, multicast, broadcast, IPv4 mapped into IPv6; loopback
 *			besides VCONTEXT_BIND_LOOPBACK; the same one twice)
 *	-ENOSPC		VCTL_FULL: no private loopback is left
 *	-ENOTTY, -E2BIG	VCTL_OLD_KERNEL
 *	-ENOMEM		VCTL_SYSTEM
 */
VCTL_API int vctl_bind(struct vctl_device *dev, const struct vcontext_address *addresses,
		       size_t count, uint32_t flags, struct vctl_error **err);

/**
 * vctl_list() - The contexts in use besides 0
 * @dev: the device
 * @ids: out: array of the ids in rising order, to be freed with free(); NULL if there are none
 * @count: out: how many
 * @err: out: the error
 *
 * Root of context 0 and the watcher (context 1) get all, everybody else the own one alone, and
 * nothing in context 0 or under the flag hideinfo.  Contexts that come or go meanwhile may be
 * listed or not.
 *
 * Return: 0, or
 *	-ENOMEM		VCTL_SYSTEM
 *	-EPROTO		VCTL_SYSTEM: the kernel's answer makes no sense
 */
VCTL_API int vctl_list(struct vctl_device *dev, uint32_t **ids, size_t *count,
		       struct vctl_error **err);

/*
 * Contexts by handle
 */

/**
 * vctl_context_open() - Open a handle on a context
 * @dev: the device
 * @open: in: VCTL_SIZED(struct vcontext_open) with the context wanted, 1 ... VCONTEXT_ID_MAX or
 *	VCONTEXT_ID_ANY for a new one that the kernel chooses, and what it is to be if it is made
 *	by this call; out: its id; see <linux/vcontext.h>
 * @ctx: out: the handle, to be closed with vctl_context_close(); NULL on failure
 * @err: out: the error
 *
 * Who may: with VCONTEXT_ID_ANY anybody, with an id or the flag userns root of context 0.  The
 * device may be closed while the handle is in use.
 *
 * Return: 0, or
 *	-EPERM		VCTL_NOT_ROOT, VCTL_LOCKED
 *	-EINVAL		VCTL_BAD_ID (context 0; a new one over 65535), VCTL_BAD_FLAG, VCTL_BAD_CAP
 *	-ENOENT		VCTL_NO_CONTEXT
 *	-EEXIST		VCTL_EXISTS
 *	-ENOSPC		VCTL_FULL
 *	-E2BIG		VCTL_OLD_KERNEL: @open asks for what the module has never heard of
 *	-ENOMEM, -EMFILE, -ENFILE	VCTL_SYSTEM
 */
VCTL_API int vctl_context_open(struct vctl_device *dev, struct vcontext_open *open,
			       struct vctl_context **ctx, struct vctl_error **err);

/** vctl_context_close() - Give the handle back; NULL is fine */
VCTL_API void vctl_context_close(struct vctl_context *ctx);

/** vctl_context_fd() - The handle's descriptor, to poll() it with others; not to be closed */
VCTL_API int vctl_context_fd(const struct vctl_context *ctx);

/** vctl_context_id() - The context's id */
VCTL_API uint32_t vctl_context_id(const struct vctl_context *ctx);

/**
 * vctl_context_enter() - Move the calling process into the context, for good
 * @ctx: the handle
 * @err: out: the error
 *
 * Who may: root of context 0; as long as no process has been in the context, whoever holds the
 * handle in the context from which it was made.  The caller gets the ceiling of the context.  For
 * one with the flag fakeinit it has to be in the PID namespace of vctl_context_pid_ns(), or be
 * process 1 of a new one if it is the first.
 *
 * Return: 0, or
 *	-EPERM		VCTL_NOT_ROOT, VCTL_LOCKED, VCTL_PRIVATE, VCTL_OTHER_MOUNTS
 *	-EINVAL		VCTL_THREADS, VCTL_OTHER_PID_NS
 *	-EBUSY		VCTL_TRACED
 */
VCTL_API int vctl_context_enter(struct vctl_context *ctx, struct vctl_error **err);

/**
 * vctl_context_enter_at_exec() - Move the calling process into the context with its next execve()
 * @ctx: the handle
 * @err: out: the error
 *
 * Until an execve() succeeds the process is outside, and nobody inside ever reaches what it has
 * from there: memory, descriptors that are close-on-exec, its program.  It may become another user
 * in between.  Children are not concerned; a further call, or vctl_context_enter(), replaces it.
 * Who may: root of context 0.
 *
 * Return: 0, or as vctl_context_enter(), and -ENOTTY (VCTL_OLD_KERNEL).  If the process can't enter
 * any more execve() fails, with the same numbers.
 */
VCTL_API int vctl_context_enter_at_exec(struct vctl_context *ctx, struct vctl_error **err);

/**
 * vctl_context_keep() - Let the context keep namespaces, and the caller's addresses
 * @ctx: the handle
 * @mounts_fd: a mount namespace, open as /proc/self/ns/mnt is
 * @names_fd: a UTS namespace, open as /proc/self/ns/uts is
 * @err: out: the error
 *
 * From then on it lives without a process or handle, too, and who enters it is tied to what
 * vctl_bind() has tied the caller to.  Who may: root of context 0.
 *
 * Return: 0, or
 *	-EPERM		VCTL_NOT_ROOT
 *	-EEXIST		VCTL_EXISTS: it keeps some already
 *	-EBADF, -EINVAL	VCTL_SYSTEM: not descriptors of such namespaces
 *	-ENOTTY		VCTL_OLD_KERNEL
 *	-ENOMEM		VCTL_SYSTEM
 */
VCTL_API int vctl_context_keep(struct vctl_context *ctx, int mounts_fd, int names_fd,
			       struct vctl_error **err);

/**
 * vctl_context_kept() - Open a namespace that the context keeps, for setns()
 * @ctx: the handle
 * @kind: CLONE_NEWNS or CLONE_NEWUTS
 * @err: out: the error
 *
 * Who may: as for vctl_context_enter().
 *
 * Return: a descriptor, or
 *	-ENOENT		VCTL_KEEPS_NONE
 *	-EPERM		VCTL_NOT_ROOT, VCTL_LOCKED, VCTL_PRIVATE
 *	-EINVAL		VCTL_SYSTEM: another kind
 *	-ENOTTY		VCTL_OLD_KERNEL
 *	-EMFILE, -ENFILE, -ENOMEM	VCTL_SYSTEM
 */
VCTL_API int vctl_context_kept(struct vctl_context *ctx, int kind, struct vctl_error **err);

/**
 * vctl_context_forget() - Let the context keep them no longer
 * @ctx: the handle
 * @err: out: the error
 *
 * Who may: root of context 0.
 *
 * Return: 0, or -ENOENT (VCTL_KEEPS_NONE), -EPERM (VCTL_NOT_ROOT), -ENOTTY (VCTL_OLD_KERNEL).
 */
VCTL_API int vctl_context_forget(struct vctl_context *ctx, struct vctl_error **err);

/**
 * vctl_context_add_flags() - Add flags; they can never be taken away again
 * @ctx: the handle
 * @flags: VCONTEXT_LOCK ...
 * @err: out: the error
 *
 * Who may: as for vctl_context_enter(); the flag userns takes root of context 0, and the flag
 * fakeinit is given before the first process enters.
 *
 * Return: 0, or
 *	-EPERM		VCTL_NOT_ROOT
 *	-EINVAL		VCTL_BAD_FLAG
 */
VCTL_API int vctl_context_add_flags(struct vctl_context *ctx, uint32_t flags,
				    struct vctl_error **err);

/**
 * vctl_context_lower() - Lower the ceiling of a context, for those who enter it from now on
 * @ctx: the handle
 * @drop: mask of the capabilities to take out, 1 << CAP_NET_RAW ...; what it lacks already is no
 *	error
 * @err: out: the error
 *
 * Who may: as for vctl_context_enter().
 *
 * Return: 0, or
 *	-EPERM		VCTL_NOT_ROOT
 *	-EINVAL		VCTL_BAD_CAP (a bit that vctl_cap_all() doesn't have)
 *	-ENOTTY		VCTL_OLD_KERNEL
 */
VCTL_API int vctl_context_lower(struct vctl_context *ctx, uint64_t drop, struct vctl_error **err);

/**
 * vctl_context_stat() - Tell about the context
 * @ctx: the handle
 * @stat: in: VCTL_SIZED(struct vcontext_stat); out: see <linux/vcontext.h>
 * @err: out: the error
 *
 * Return: 0, or
 *	-EINVAL		VCTL_SYSTEM: the size in @stat is none
 *	-E2BIG		VCTL_SYSTEM: @stat asks for what the module has never heard of
 *	-EFAULT		VCTL_SYSTEM
 */
VCTL_API int vctl_context_stat(struct vctl_context *ctx, struct vcontext_stat *stat,
			       struct vctl_error **err);

/**
 * vctl_context_processes() - The processes of the context
 * @ctx: the handle
 * @numbers: out: array of their numbers in the initial PID namespace in rising order, to be freed
 *	with free()
 * @count: out: how many
 * @err: out: the error
 *
 * Processes that come or go meanwhile may be listed or not; those of contexts made inside are not.
 *
 * Who may: root of context 0, and the watcher (context 1).
 *
 * Return: 0, or
 *	-EPERM		VCTL_NOT_ROOT
 *	-ENOTTY		VCTL_OLD_KERNEL
 *	-ENOMEM		VCTL_SYSTEM
 *	-EPROTO		VCTL_SYSTEM: the kernel's answer makes no sense
 */
VCTL_API int vctl_context_processes(struct vctl_context *ctx, pid_t **numbers, size_t *count,
				    struct vctl_error **err);

/**
 * vctl_context_pid_ns() - Open the PID namespace that who enters the context must be in
 * @ctx: the handle
 * @err: out: the error
 *
 * It is for setns(), after which children of the caller are in it.  Who may: as for
 * vctl_context_enter().
 *
 * Return: a descriptor, or
 *	-ENOENT		VCTL_NO_INIT: any will do, as far as this context goes, or it is for the
 *			first process to make; or its process 1 has ended
 *	-EPERM		VCTL_NOT_ROOT, VCTL_LOCKED, VCTL_PRIVATE
 *	-ENOTTY		VCTL_OLD_KERNEL
 *	-EMFILE, -ENFILE, -ENOMEM	VCTL_SYSTEM
 */
VCTL_API int vctl_context_pid_ns(struct vctl_context *ctx, struct vctl_error **err);

/**
 * vctl_context_kill() - Signal process 1 of a context with the flag fakeinit, or all others
 * @ctx: the handle
 * @signal: SIGKILL, which ends all others in the context as well, SIGSTOP, or one that it catches;
 *	with VCONTEXT_KILL_ALL added: any, for all processes of the context but process 1 and those
 *	of contexts made inside it
 * @err: out: the error
 *
 * Who may: as for vctl_context_enter().  That they are gone tells vctl_context_wait(), once process
 * 1 has been waited for.
 *
 * Return: 0, or
 *	-EINVAL		VCTL_SYSTEM: no signal
 *	-ENOENT		VCTL_NO_INIT (yet, or any more); with VCONTEXT_KILL_ALL VCTL_NO_PROCESS
 *	-EPERM		VCTL_NOT_ROOT, VCTL_LOCKED, VCTL_PRIVATE
 *	-ENOTTY		VCTL_OLD_KERNEL
 */
VCTL_API int vctl_context_kill(struct vctl_context *ctx, int signal, struct vctl_error **err);

/**
 * vctl_context_signal() - Signal one process of a context, from outside
 * @ctx: the handle
 * @pid: its number in the initial PID namespace
 * @signal: the signal; 0: only see whether there is such a process
 * @err: out: the error
 *
 * Process 1 of a context with the flag fakeinit gets all signals like that.  Who may: as for
 * vctl_context_enter().
 *
 * Return: 0, or
 *	-EINVAL		VCTL_SYSTEM: no signal
 *	-ENOENT		VCTL_NO_PROCESS: the context has no process of this number
 *	-EPERM		VCTL_NOT_ROOT, VCTL_LOCKED, VCTL_PRIVATE
 *	-ENOTTY		VCTL_OLD_KERNEL
 */
VCTL_API int vctl_context_signal(struct vctl_context *ctx, pid_t pid, int signal,
				 struct vctl_error **err);

/**
 * vctl_context_wait() - Wait until the last process of the context has gone
 * @ctx: the handle
 * @timeout_ms: how long at most, in milliseconds; negative: for ever
 * @err: out: the error
 *
 * A context in which no process has been yet has not ended.  Signals don't cut the wait short.
 *
 * Return: 0, or -ETIMEDOUT (VCTL_TIMEOUT).
 */
VCTL_API int vctl_context_wait(struct vctl_context *ctx, int timeout_ms, struct vctl_error **err);

/*
 * Processes
 */

/**
 * vctl_process_context() - In which context is a process?
 * @pid: its number; 0: the caller
 * @id: out: the id of its context; may be NULL
 * @flags: out: the flags of its context; may be NULL
 * @err: out: the error
 *
 * Needs /proc.
 *
 * Return: 0, or
 *	-ESRCH		VCTL_NO_PROCESS
 *	-ENODATA	VCTL_HIDDEN
 *	-EPROTO		VCTL_SYSTEM: the line is there but not understood
 *	-ENOENT		VCTL_SYSTEM: /proc is not mounted
 */
VCTL_API int vctl_process_context(pid_t pid, uint32_t *id, uint32_t *flags,
				  struct vctl_error **err);

/*
 * Files
 */

#define VCTL_ATTR_IMMUTABLE	(1U << 0)	/* nobody can change the file, or its names */
#define VCTL_ATTR_INVERT	(1U << 1)	/* but its names: they come and go as usual */

/**
 * vctl_attr_get() - Which of these attributes has a file?
 * @fd: the file, open for reading or writing
 * @attributes: out: VCTL_ATTR_...; VCTL_ATTR_INVERT shows only with CAP_SYS_ADMIN
 * @names: out: how many names it is to have in each tree that it is in; 0 without
 *	VCTL_ATTR_INVERT; may be NULL
 * @err: out: the error
 *
 * A file that several trees have as hard links has both: root inside of a vserver can't write to it
 * or change its owner, mode or times, but replace it in its own tree.
 *
 * Return: 0, or
 *	-ENOTTY, -EOPNOTSUPP	VCTL_SYSTEM: the file system has none
 *	-EBADF, -EIO ...	VCTL_SYSTEM
 */
VCTL_API int vctl_attr_get(int fd, uint32_t *attributes, uint32_t *names, struct vctl_error **err);

/**
 * vctl_attr_set() - Give a file these attributes, and take away the other
 * @fd: the file, open for reading or writing
 * @attributes: VCTL_ATTR_...; both belong together, and VCTL_ATTR_INVERT to regular files alone
 * @names: how many names it has in each tree that it is in; 0 is 1.  Not looked at without
 *	VCTL_ATTR_INVERT
 * @err: out: the error
 *
 * The second attribute needs the module to be of any use.  Who may: who has CAP_LINUX_IMMUTABLE and
 * CAP_SYS_ADMIN in the initial user namespace, in context 0.
 *
 * Return: 0, or, with the file as it was,
 *	-EBUSY			VCTL_IN_USE: it is open for writing, locked or watched
 *	-EPERM			VCTL_NOT_ROOT
 *	-EINVAL			VCTL_BAD_FLAG
 *	-ENOTTY, -EOPNOTSUPP	VCTL_SYSTEM: the file system has none
 *	-ENOSPC, -EROFS, -EIO ...	VCTL_SYSTEM
 */
VCTL_API int vctl_attr_set(int fd, uint32_t attributes, uint32_t names, struct vctl_error **err);

/*
 * Names
 */

/** vctl_flag_bit() - The bit of a flag by its name; 0 if there is none of that name */
VCTL_API uint32_t vctl_flag_bit(const char *name);

/** vctl_flag_name() - The name of a flag by its bit; NULL if there is none, or more than one bit */
VCTL_API const char *vctl_flag_name(uint32_t bit);

/** vctl_flag_names() - The names of all flags that the library knows, ending with NULL */
VCTL_API const char *const *vctl_flag_names(void);

/**
 * vctl_flags_parse() - Read a list of flags
 * @text: names with commas between them, e.g. "lock,private"
 * @flags: in and out: the bits are added to what is there
 * @err: out: the error
 *
 * Return: 0, or -EINVAL (VCTL_BAD_FLAG), with @flags as it was.
 */
VCTL_API int vctl_flags_parse(const char *text, uint32_t *flags, struct vctl_error **err);

/**
 * vctl_flags_format() - Write flags as a list that vctl_flags_parse() reads
 * @flags: the bits; what has no name is written as a number
 *
 * Return: the list, to be freed with free(), "" for no flags; NULL if there is no memory.
 */
VCTL_API char *vctl_flags_format(uint32_t flags);

/**
 * vctl_id_parse() - Read the id of a context
 * @text: decimal digits and nothing else
 * @id: out: 0 ... VCONTEXT_ID_MAX
 * @err: out: the error
 *
 * Return: 0, or -EINVAL (VCTL_BAD_ID).
 */
VCTL_API int vctl_id_parse(const char *text, uint32_t *id, struct vctl_error **err);

/**
 * vctl_cap_parse() - Read the name of a capability
 * @name: as in capabilities(7), e.g. "NET_RAW": with or without CAP_, in upper or lower case
 * @mask: in and out: its bit, 1 << CAP_NET_RAW, is added to what is there
 * @err: out: the error
 *
 * Return: 0, or -EINVAL (VCTL_BAD_CAP, with the nearest name that this kernel has as advice), with
 * @mask as it was.
 */
VCTL_API int vctl_cap_parse(const char *name, uint64_t *mask, struct vctl_error **err);

/**
 * vctl_cap_format() - Write a mask of capabilities as a list of names
 * @mask: the bits; one without a name is written as its number
 *
 * Return: the list, e.g. "CHOWN KILL SETUID", to be freed with free(), "" for none; NULL if there
 * is no memory.
 */
VCTL_API char *vctl_cap_format(uint64_t mask);

/** vctl_cap_all() - The mask of all capabilities that the running kernel has */
VCTL_API uint64_t vctl_cap_all(void);

/**
 * vctl_secure_drop() - What "secure" takes out of a ceiling
 *
 * Return: all capabilities of the running kernel but VCONTEXT_SECURE_KEEPS.
 */
VCTL_API uint64_t vctl_secure_drop(void);

/**
 * vctl_address_parse() - Read an address with its network, or find that of a device or host
 * @text: the first of these that it can be: an address in digits (10.0.0.1, 2001:db8::1), with or
 *	without a mask behind it (/24, /255.255.255.0, /64); a network device (eth0), or the label
 *	of an address (eth0:1): the first IPv4 address of that name, else the first global one of
 *	IPv6; a host's name, which may have to be asked for over the network: the first IPv4
 *	address, else the first of IPv6
 * @address: out: the address, its prefix and broadcast address
 * @err: out: the error
 *
 * If this machine has the address (with that mask, if one is given) prefix and broadcast address
 * are those that it has there.  Else the prefix is that of the mask, and the broadcast address the
 * last one of that network; without a mask it knows no network.  Networks of IPv6, those of one or
 * two addresses, and all of IPv4 (/0) have no broadcast address, and neither have devices that
 * don't broadcast.
 *
 * It is never one that vctl_bind() doesn't take without flags, such as 0.0.0.0.
 *
 * Return: 0, or, with @address as it was,
 *	-EINVAL		VCTL_BAD_ADDRESS: no address, device or host is written like that; not the
 *			address of a host
 *	-ENODEV		VCTL_BAD_ADDRESS: there is no such device or host
 *	-EADDRNOTAVAIL	VCTL_BAD_ADDRESS: the device or host has no such address
 *	-EAGAIN, -EIO	VCTL_BAD_ADDRESS: no such device, and whether there is such a host could
 *			not be found out
 *	-ENOMEM, ...	VCTL_SYSTEM
 */
VCTL_API int vctl_address_parse(const char *text, struct vcontext_address *address,
				struct vctl_error **err);

/**
 * vctl_address_format() - Write an address in digits, e.g. "10.0.0.1" or "2001:db8::1"
 * @address: the address; its network is not told
 *
 * Return: the text, to be freed with free(); NULL if there is no memory.
 */
VCTL_API char *vctl_address_format(const struct vcontext_address *address);

/**
 * vctl_nearest() - Which of the names may have been meant?
 * @word: what was written
 * @names: the names, ending with NULL
 *
 * Return: one of @names, or NULL if none is similar.
 */
VCTL_API const char *vctl_nearest(const char *word, const char *const *names);

/*
 * For variables that free themselves at the end of their block (gcc and clang):
 * vctl_auto_error struct vctl_error *err = NULL;
 */
static inline void vctl_error_freep(struct vctl_error **err)
{
	vctl_error_free(*err);
}

static inline void vctl_device_closep(struct vctl_device **dev)
{
	vctl_device_close(*dev);
}

static inline void vctl_context_closep(struct vctl_context **ctx)
{
	vctl_context_close(*ctx);
}

#define vctl_auto_error		__attribute__((cleanup(vctl_error_freep)))
#define vctl_auto_device	__attribute__((cleanup(vctl_device_closep)))
#define vctl_auto_context	__attribute__((cleanup(vctl_context_closep)))

#ifdef __cplusplus
}
#endif

#endif /* VCTL_H */
