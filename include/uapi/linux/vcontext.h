/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * vcontext: security contexts.  The interface of /dev/vcontext and of context handles.
 *
 * A process is in exactly one context; its children inherit it.  It may move itself into another
 * one, and never back.  Everything here acts on the calling process alone: nobody can move another.
 *
 * Conventions
 *   - Every structure begins with @size, which the caller sets to sizeof() of the structure it was
 *     compiled with.  A structure may grow: the kernel takes a shorter one (down to its first
 *     version) as if the rest were zero, and a longer one if all it doesn't know is zero (else
 *     E2BIG).  The size bits of the command number are not looked at, @size is what counts.
 *   - All fields have a fixed width and the same place for 32-bit programs.  @pad must be zero.
 *   - Reserved bits must be zero (EINVAL).
 *   - Every command can also fail with EFAULT (bad pointer), EINVAL (@size below the first version,
 *     a reserved bit or @pad not zero), E2BIG (see above), EINTR (a signal came first; nothing was
 *     done) and ENOTTY (no such command, or not on this kind of descriptor).
 *   - New commands, flags and fields show in VCONTEXT_INFO; VCONTEXT_ABI changes only if something
 *     that was there means something else.
 *
 * Terms
 *   context 0   where every process begins; not privileged in itself
 *   watcher     context 1: sees all processes, may act on its own alone
 *   named       contexts 2 ... 65535, chosen by root of context 0
 *   allotted    contexts from 65536 on, chosen by the kernel
 *   root of context 0    a process in context 0 with CAP_SYS_ADMIN in the initial user namespace
 *   ceiling     the capabilities that a process can ever get: its bounding set, CapBnd in
 *               /proc/PID/status.  It can be lowered and never be raised; a mask called @drop or
 *               @dropped has the bits (1 << CAP_...) of those that are not in it
 *   handle      a descriptor that keeps a context alive; poll() on it reports POLLIN | POLLHUP once
 *               a process has been in the context, or has died in the execve() that would have
 *               made it the first, and the last one is gone (been waited for)
 */
#ifndef _UAPI_LINUX_VCONTEXT_H
#define _UAPI_LINUX_VCONTEXT_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define VCONTEXT_DEVICE		"/dev/vcontext"
#define VCONTEXT_ABI		1

#define VCONTEXT_ID_HOST	0U		/* where every process begins */
#define VCONTEXT_ID_WATCHER	1U
#define VCONTEXT_ID_NAMED_MIN	2U
#define VCONTEXT_ID_NAMED_MAX	65535U
#define VCONTEXT_ID_ALLOT_MIN	65536U
#define VCONTEXT_ID_MAX		0x7fffffffU
#define VCONTEXT_ID_ANY		0xffffffffU	/* let the kernel choose; also: not told */

/* How deep contexts can be made inside each other. */
#define VCONTEXT_DEPTH_MAX	32

/*
 * Flags of a context.  They can be added and never be taken away, and hold in all contexts that
 * were made inside of it, before or after.  USERNS is root of context 0's to give.
 *
 * SCHED a context has from its beginning or not at all; one made inside weighs as one process of
 * that one.
 *
 * FAKEINIT alone is not inherited, and can be added only until a process has been in the context.
 * The first process that enters must be process 1 of a PID namespace that isn't the initial one,
 * and alone there; the others have to be in the same namespace.  With all contexts made inside they
 * have that process as their process 1: it gets their orphans, and when it ends they are killed.
 * The module makes no namespace.  To make one takes CAP_SYS_ADMIN, and so does to mount the /proc
 * that belongs to it, without which what is read there would be other numbers than getpid()'s.
 */
#define VCONTEXT_LOCK		(1U << 0)	/* its processes create and enter no context */
#define VCONTEXT_SCHED		(1U << 1)	/* all of it weighs as one process */
#define VCONTEXT_NPROC		(1U << 2)	/* RLIMIT_NPROC is of the whole context */
#define VCONTEXT_PRIVATE	(1U << 3)	/* nobody enters it after its first process */
#define VCONTEXT_FAKEINIT	(1U << 4)	/* its first process is process 1 */
#define VCONTEXT_HIDEINFO	(1U << 5)	/* no context lines in /proc/PID/status inside */
#define VCONTEXT_USERNS		(1U << 6)	/* user namespaces are open to it */

/*
 * What of the ceiling "secure" keeps: rights over files and processes of one's own, none over the
 * machine.  Who drops one of these and doesn't have CAP_SETPCAP gets no_new_privs besides: a setuid
 * program that can't give up its rights is worse than one that can't start.
 */
#define VCONTEXT_SECURE_KEEPS							\
	(1ULL << 0 |	/* CHOWN */						\
	 1ULL << 1 |	/* DAC_OVERRIDE */					\
	 1ULL << 3 |	/* FOWNER */						\
	 1ULL << 4 |	/* FSETID */						\
	 1ULL << 5 |	/* KILL */						\
	 1ULL << 6 |	/* SETGID */						\
	 1ULL << 7 |	/* SETUID */						\
	 1ULL << 8 |	/* SETPCAP */						\
	 1ULL << 10 |	/* NET_BIND_SERVICE */					\
	 1ULL << 18 |	/* SYS_CHROOT */					\
	 1ULL << 19 |	/* SYS_PTRACE */					\
	 1ULL << 28 |	/* LEASE */						\
	 1ULL << 29 |	/* AUDIT_WRITE */					\
	 1ULL << 31)	/* SETFCAP */

/**
 * struct vcontext_info - argument of VCONTEXT_INFO
 * @size: in: sizeof(struct vcontext_info)
 * @abi: out: VCONTEXT_ABI of the kernel
 * @flags: out: the context flags that this kernel knows
 * @id: out: the caller's context; VCONTEXT_ID_ANY when that has the flag hideinfo
 * @own_flags: out: the flags of the caller's context; 0 when that has the flag hideinfo
 * @contexts: out: how many contexts exist besides 0, to the watcher and root of context 0;
 *	VCONTEXT_ID_ANY to everybody else
 * @features: out: reserved, 0
 */
struct vcontext_info {
	__u32 size;
	__u32 abi;
	__u32 flags;
	__u32 id;
	__u32 own_flags;
	__u32 contexts;
	__u64 features;
};

/**
 * struct vcontext_new - argument of VCONTEXT_NEW
 * @size: in: sizeof(struct vcontext_new)
 * @flags: in: VCONTEXT_LOCK ..., flags of the new context
 * @id: out: the id that the kernel allotted
 * @pad: in: 0
 * @drop: in: what its ceiling lacks, besides what the caller's lacks
 */
struct vcontext_new {
	__u32 size;
	__u32 flags;
	__u32 id;
	__u32 pad;
	__u64 drop;
};

#define VCONTEXT_OPEN_CREATE	(1U << 0)	/* make the context if there is none of this id */
#define VCONTEXT_OPEN_EXCL	(1U << 1)	/* with CREATE: EEXIST if there is one */

/**
 * struct vcontext_open - argument of VCONTEXT_OPEN
 * @size: in: sizeof(struct vcontext_open)
 * @how: in: VCONTEXT_OPEN_*
 * @id: in: the context wanted, VCONTEXT_ID_ANY for a new one that the kernel chooses;
 *	out: the id of the context
 * @flags: in: flags of the context if it is made by this call; not looked at otherwise
 * @drop: in: what its ceiling lacks, likewise
 */
struct vcontext_open {
	__u32 size;
	__u32 how;
	__u32 id;
	__u32 flags;
	__u64 drop;
};

/**
 * struct vcontext_flags - argument of VCONTEXT_ADD_FLAGS
 * @size: in: sizeof(struct vcontext_flags)
 * @flags: in: the flags to add
 */
struct vcontext_flags {
	__u32 size;
	__u32 flags;
};

/**
 * struct vcontext_lower - argument of VCONTEXT_LOWER and VCONTEXT_LOWER_CONTEXT
 * @size: in: sizeof(struct vcontext_lower)
 * @pad: in: 0
 * @drop: in: what to take out of the ceiling; what it lacks already is no error
 */
struct vcontext_lower {
	__u32 size;
	__u32 pad;
	__u64 drop;
};

#define VCONTEXT_ADDRESSES_MAX	64	/* in one set */

/**
 * struct vcontext_address - one address of a set
 * @family: AF_INET or AF_INET6
 * @prefix: how many bits of @address name its network; all of them (32, 128): it knows no network
 * @pad: 0
 * @broadcast: of IPv4: the broadcast address of its network, in which it has to be, in network
 *	order; 0: none
 * @address: in network order; of IPv4 the first four bytes, the rest is 0
 */
struct vcontext_address {
	__u16 family;
	__u8 prefix;
	__u8 pad;
	__be32 broadcast;
	__u8 address[16];
};

#define VCONTEXT_BIND_LOOPBACK	(1U << 0)	/* 127.0.0.1 and ::1 are the set's own */

/**
 * struct vcontext_bind - argument of VCONTEXT_BIND
 * @size: in: sizeof(struct vcontext_bind)
 * @flags: in: VCONTEXT_BIND_*
 * @count: in: how many addresses, 1 ... VCONTEXT_ADDRESSES_MAX
 * @pad: in: 0
 * @addresses: in: address of an array of struct vcontext_address
 */
struct vcontext_bind {
	__u32 size;
	__u32 flags;
	__u32 count;
	__u32 pad;
	__u64 addresses;
};

#define VCONTEXT_IS_KEPT	(1U << 0)	/* see VCONTEXT_KEEP */
#define VCONTEXT_IS_OVER	(1U << 1)	/* its process 1 (flag fakeinit) has ended */
#define VCONTEXT_IS_HALTED	(1U << 2)	/* because one inside halted, or powered off */
#define VCONTEXT_IS_REBOOTED	(1U << 3)	/* because one inside called for a reboot */

/**
 * struct vcontext_stat - argument of VCONTEXT_STAT
 * @size: in: sizeof(struct vcontext_stat)
 * @id: out
 * @flags: out; 0 to callers whose own context has the flag hideinfo
 * @processes: out: how many processes (not threads) are in it; zombies count until waited for
 * @created: out: when it was made, nanoseconds of CLOCK_BOOTTIME
 * @parent: out: the context whose process made it; VCONTEXT_ID_ANY to callers under hideinfo
 * @uid: out: who made it, as the caller's user namespace sees that user
 * @dropped: out: what its ceiling lacks
 * @tasks: out: how many tasks, threads included, are in it and in contexts made inside it
 * @state: out: VCONTEXT_IS_*; 0 to callers under hideinfo
 */
struct vcontext_stat {
	__u32 size;
	__u32 id;
	__u32 flags;
	__u32 processes;
	__u64 created;
	__u32 parent;
	__u32 uid;
	__u64 dropped;
	__u32 tasks;
	__u32 state;
};

/**
 * struct vcontext_keep - argument of VCONTEXT_KEEP
 * @size: in: sizeof(struct vcontext_keep)
 * @mounts: in: descriptor of a mount namespace, as of /proc/self/ns/mnt
 * @names: in: descriptor of a UTS namespace, as of /proc/self/ns/uts
 * @pad: in: 0
 */
struct vcontext_keep {
	__u32 size;
	__s32 mounts;
	__s32 names;
	__u32 pad;
};

/**
 * struct vcontext_list - argument of VCONTEXT_LIST
 * @size: in: sizeof(struct vcontext_list)
 * @first: in: the lowest id to list
 * @count: in: how many ids there is room for at @ids; out: how many were stored
 * @pad: in: 0
 * @ids: in: address of an array of __u32
 */
struct vcontext_list {
	__u32 size;
	__u32 first;
	__u32 count;
	__u32 pad;
	__u64 ids;
};

/**
 * struct vcontext_processes - argument of VCONTEXT_PROCESSES
 * @size: in: sizeof(struct vcontext_processes)
 * @first: in: the lowest number to list
 * @count: in: how many numbers there is room for at @numbers; out: how many were stored
 * @pad: in: 0
 * @numbers: in: address of an array of __u32
 */
struct vcontext_processes {
	__u32 size;
	__u32 first;
	__u32 count;
	__u32 pad;
	__u64 numbers;
};

/**
 * struct vcontext_signal - argument of VCONTEXT_SIGNAL
 * @size: in: sizeof(struct vcontext_signal)
 * @process: in: the number of the process in the initial PID namespace
 * @signal: in: the number of the signal; 0: only see whether there is such a process
 * @pad: in: 0
 */
struct vcontext_signal {
	__u32 size;
	__u32 process;
	__u32 signal;
	__u32 pad;
};

/*
 * An extended attribute of files, "immutable linkage invert", with any value.  Names of a file that
 * has it and is immutable (FS_IMMUTABLE_FL) can be made, removed and replaced as those of any other
 * file, by everybody.  All else about it is as of any immutable file; and in contexts nobody locks
 * it exclusively, takes a lease to write or watches it, because it may be others' file too.
 *
 * It takes CAP_LINUX_IMMUTABLE and context 0, besides what all of trusted. take, to set or to
 * remove it.
 *	EPERM	not that
 *	EINVAL	not a regular file
 *	EBUSY	the file is open for writing, locked, leased or watched; also from FS_IOC_SETFLAGS
 */
#define VCONTEXT_XATTR_INVERT	"trusted.vcontext.invert"

#define VCONTEXT_IOC		0xBC

/*
 * On /dev/vcontext
 *
 * VCONTEXT_INFO - tell about kernel and caller
 *	Anybody.
 *
 * VCONTEXT_NEW - make a context, which inherits flags and limits of the caller's, and enter it
 *	Anybody.
 *	EINVAL	the process has more than one thread; @drop has a bit that is no capability; the
 *		flag fakeinit, and the process is not process 1 of a PID namespace and alone in it
 *	EPERM	the caller's context has the flag lock; the flag userns, and the caller is not
 *		root of context 0
 *	EBUSY	the process is being traced or traces another
 *	ENOSPC	VCONTEXT_DEPTH_MAX contexts inside each other, or no id is free; the flag sched, and
 *		RLIMIT_NPROC is reached, where contexts with it count like processes of their maker
 *	ENOMEM
 *
 * VCONTEXT_OPEN - open a handle (close-on-exec); returns the descriptor
 *	With VCONTEXT_ID_ANY and VCONTEXT_OPEN_CREATE anybody; a given id root of context 0.
 *	EPERM	an id or the flag userns was given and the caller is not root of context 0; the
 *		caller's context has the flag lock
 *	EINVAL	@drop has a bit that is no capability; id 0; CREATE of an id over 65535 that is
 *		not in use; ID_ANY without CREATE; EXCL without CREATE
 *	ENOENT	no such context, and CREATE was not asked for
 *	EEXIST	there is one, and EXCL was asked for
 *	ENOSPC, ENOMEM, EMFILE, ENFILE
 *
 * VCONTEXT_LIST - the ids in use besides 0, in order
 *	The watcher and root of context 0 see all, everybody else the own one alone, and none in
 *	context 0 or under hideinfo.
 *
 * VCONTEXT_LOWER - lower the caller's own ceiling
 *	Anybody.  The permitted, effective, inheritable and ambient sets lose the same.  From then
 *	on the process and its children cannot create or join a user namespace (see
 *	VCONTEXT_USERNS), and contexts that they make have no higher ceiling.
 *	EINVAL	the process has more than one thread; @drop has a bit that is no capability
 *	ENOMEM
 *
 * VCONTEXT_BIND - tie the calling process and its children to a set of addresses, for good
 *	Anybody, once.  They serve on these addresses and no others (a bind to another one gives
 *	EADDRNOTAVAIL), and what they send comes from one of them: from the one that a socket is
 *	bound to, else from the first in whose network the destination is, else from the first of
 *	the family.  A family of which the set has no address can't be reached (ENETUNREACH), but
 *	for IPv4 from sockets of IPv6 by mapped addresses; any address (::) is then IPv4's alone.
 *	With one address for a socket a bind to any address is bound to that one; a ping socket has
 *	the first of its family until it is bound to another.  Datagrams can be bound to the
 *	broadcast address of the own network, too, and hear that when they are bound to any.
 *	With VCONTEXT_BIND_LOOPBACK all of 127.0.0.0/8 and ::1 are addresses of the set, which
 *	nobody else reaches, and where nothing of others is; a socket that is bound to another
 *	address of the set does not reach them either.  On the machine they are part of
 *	127.64.0.0/10 and 127.128.0.0/10, where nobody else can bind; what was bound there before
 *	anybody was tied hears nothing.
 *	They get no sockets that could do otherwise: of AF_INET and AF_INET6 there are TCP, UDP,
 *	UDP-Lite and ping (else EPROTONOSUPPORT, EPERM for raw ones), of others AF_UNIX, AF_NETLINK,
 *	but for NETLINK_GENERIC and NETLINK_FIB_LOOKUP (EPROTONOSUPPORT), AF_ALG and AF_KEY (else
 *	EAFNOSUPPORT).  A socket from before or from elsewhere that has another address does not
 *	connect, listen, accept or send any more (EADDRNOTAVAIL).
 *	Whether the machine has the addresses is not looked at.
 *	EPERM	the process is tied already
 *	EINVAL	the process has more than one thread; no address or too many; one of another
 *		family, or not of a host (any, multicast, broadcast, mapped, loopback with
 *		VCONTEXT_BIND_LOOPBACK); a prefix that is too long; the same one twice
 *	ENOSPC	no loopback is left
 *	ENOMEM
 *
 * On a handle
 *
 * VCONTEXT_ENTER - move the calling process into the context; takes no argument
 *	Root of context 0; and for a context in which no process has been yet, and that is not the
 *	watcher, whoever holds the handle in the context where it was made.
 *	EPERM	neither of these; the context is private and has had a process; the caller's own
 *		context has the flag lock
 *	EINVAL	the process has more than one thread, or shares its root and working directories
 *		with another (CLONE_FS); the context has the flag fakeinit and the process is not in
 *		its PID namespace, or not fit to be its first; the context was made inside one with
 *		that flag and the process is not in that one's PID namespace
 *	EBUSY	the process is being traced or traces another
 *	ENOMEM
 *	The process gets the context's ceiling, if its own is not lower.
 *	What others opened of the process in /proc before (mem and the like) stays open to them
 *	until its next execve().
 *	If the context keeps addresses the process gets those.
 *	EPERM	it is tied to others; the context keeps a mount namespace, and the process is in
 *		another, whose files would come within the reach of those inside
 *
 * VCONTEXT_ENTER_AT_EXEC - the same with the process' next successful execve(); takes no argument
 *	Root of context 0; the process may become another user in between.  Others of that user
 *	don't reach it then: its signals, priorities and limits are for root of context 0 (EPERM).
 *	Nobody inside ever sees or reaches it with memory, program or descriptors from outside:
 *	it is outside until execve() has replaced all that.  Children are not concerned.  A later
 *	command of either kind replaces it.
 *	EPERM	not root of context 0; the context is private and has had a process
 *	EINVAL	the process has more than one thread
 *	ENOMEM
 *	That execve() fails as VCONTEXT_ENTER would (EPERM, EINVAL, EBUSY, ENOMEM) if it can't enter
 *	any more, with EPERM if the context doesn't keep any more what it kept, and with EACCES if
 *	program or interpreter are not below the process' root directory, by whatever way the names
 *	of both lead; the next one tries again.
 *
 * VCONTEXT_ADD_FLAGS - add flags
 *	Root of context 0; until a process has been in the context whoever holds the handle in the
 *	context where it was made, but for the watcher's, and the flag userns.
 *	EPERM	not one of these
 *	EINVAL	the flag sched, which the context doesn't have; the flag fakeinit, and a process has
 *		been in the context
 *
 * VCONTEXT_LOWER_CONTEXT - lower the context's ceiling, for those who enter from now on
 *	As VCONTEXT_ADD_FLAGS.
 *	EPERM	as there
 *	EINVAL	@drop has a bit that is no capability
 *
 * VCONTEXT_STAT - tell about the context
 *	Whoever holds the handle.
 *
 * VCONTEXT_PID_NS - open the PID namespace (close-on-exec) that who enters must be in, for setns();
 *	takes no argument, returns the descriptor
 *	As VCONTEXT_ENTER.
 *	EPERM	as there
 *	ENOENT	there is none: neither the context nor one around it has the flag fakeinit and has
 *		had a process, or its process 1 has ended
 *	EMFILE, ENFILE, ENOMEM
 *
 * VCONTEXT_KEEP - let the context keep namespaces, and the addresses that the caller is tied to
 *	From then on it lives without a process or handle, too.  Once until VCONTEXT_FORGET.  Root
 *	of context 0.
 *	EPERM	not that
 *	EBADF	no descriptor
 *	EINVAL	not of a mount or UTS namespace
 *	EEXIST	it keeps some already
 *
 * VCONTEXT_KEPT - open (close-on-exec) a namespace that the context keeps, for setns(); the
 *	argument is CLONE_NEWNS or CLONE_NEWUTS, returns the descriptor
 *	As VCONTEXT_ENTER.
 *	EPERM	as there
 *	EINVAL	another argument
 *	ENOENT	it keeps none
 *	EMFILE, ENFILE
 *
 * VCONTEXT_FORGET - let it keep them no longer; takes no argument
 *	Root of context 0.
 *	EPERM	not that
 *	ENOENT	it keeps none
 *
 * VCONTEXT_KILL - signal process 1 of a context with the flag fakeinit, or with VCONTEXT_KILL_ALL
 *	besides the number of the signal all processes of a context, whatever it is, but process 1
 *	and those of contexts made inside; the argument is that number.  SIGKILL ends process 1, and
 *	so all others in its PID namespace, and SIGSTOP stops it; from inside nobody can do either.
 *	Of others it gets those that it catches.
 *	As VCONTEXT_ENTER.
 *	EPERM	as there
 *	EINVAL	no signal
 *	ENOENT	it has no process 1 of its own (yet, or any more); with ALL: no process to signal
 *
 * VCONTEXT_PROCESSES - the numbers of its processes in the initial PID namespace, in order; not of
 *	those of contexts made inside.  Root of context 0, and the watcher.
 *	EPERM	not one of these
 *
 * VCONTEXT_SIGNAL - signal one process of the context, process 1 included: from outside, so that
 *	nobody has to go where root inside could do something to who comes
 *	As VCONTEXT_ENTER.
 *	EPERM	as there
 *	EINVAL	no signal
 *	ENOENT	no process of this number is in the context
 */
#define VCONTEXT_INFO		_IOWR(VCONTEXT_IOC, 0, struct vcontext_info)
#define VCONTEXT_NEW		_IOWR(VCONTEXT_IOC, 1, struct vcontext_new)
#define VCONTEXT_OPEN		_IOWR(VCONTEXT_IOC, 2, struct vcontext_open)
#define VCONTEXT_LIST		_IOWR(VCONTEXT_IOC, 3, struct vcontext_list)
#define VCONTEXT_LOWER		_IOW(VCONTEXT_IOC, 4, struct vcontext_lower)
#define VCONTEXT_BIND		_IOW(VCONTEXT_IOC, 5, struct vcontext_bind)
#define VCONTEXT_ENTER		_IO(VCONTEXT_IOC, 16)
#define VCONTEXT_ADD_FLAGS	_IOW(VCONTEXT_IOC, 17, struct vcontext_flags)
#define VCONTEXT_STAT		_IOWR(VCONTEXT_IOC, 18, struct vcontext_stat)
#define VCONTEXT_LOWER_CONTEXT	_IOW(VCONTEXT_IOC, 19, struct vcontext_lower)
#define VCONTEXT_PID_NS		_IO(VCONTEXT_IOC, 20)
#define VCONTEXT_KILL		_IO(VCONTEXT_IOC, 21)
#define VCONTEXT_KILL_ALL	(1U << 16)	/* in the argument of VCONTEXT_KILL */
#define VCONTEXT_KEEP		_IOW(VCONTEXT_IOC, 22, struct vcontext_keep)
#define VCONTEXT_KEPT		_IO(VCONTEXT_IOC, 23)
#define VCONTEXT_FORGET		_IO(VCONTEXT_IOC, 24)
#define VCONTEXT_ENTER_AT_EXEC	_IO(VCONTEXT_IOC, 25)
#define VCONTEXT_PROCESSES	_IOWR(VCONTEXT_IOC, 26, struct vcontext_processes)
#define VCONTEXT_SIGNAL		_IOW(VCONTEXT_IOC, 27, struct vcontext_signal)

#endif /* _UAPI_LINUX_VCONTEXT_H */
