/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvctl: virtual servers.  A vserver is a tree (/vservers/NAME), a configuration
 * (/etc/vservers/NAME.conf), scripts of the administrator's (/etc/vservers/NAME.sh) and, while it
 * runs, a context and what is written down in /run/vservers/NAME.
 *
 * The conventions are those of <vctl.h>.  All that acts on a vserver takes root of context 0.
 * Between processes a lock by name orders these acts; each undoes, before it does anything else,
 * what one that was killed has left.
 *
 * The script is called with pre-start, post-start, pre-stop or post-stop, and the name.  Only
 * pre-start can keep the vserver from what is to happen.  After each pre-start that did well there
 * is one post-stop, also when the start failed or was killed.
 */
#ifndef VCTL_VSERVER_H
#define VCTL_VSERVER_H

#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <termios.h>

#include <vctl.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VCTL_CONF_DIR	"/etc/vservers"
#define VCTL_TREE_DIR	"/vservers"
#define VCTL_STATE_DIR	"/run/vservers"
#define VCTL_NAME_MAX	64	/* bytes of a vserver's name */

/*
 * Configuration
 */

/* One of IPROOT: an address that the vserver is tied to. */
struct vctl_conf_address {
	char *device;		/* on which it is made at start; NULL: it is somebody else's care */
	char *text;		/* address, host name or (with no @device) device, without a mask */
	int prefix;		/* -1: that of the device's own address */
	uint32_t broadcast;	/* in network order, if @has_broadcast; else that of the network */
	bool has_broadcast;
	int line;		/* where in the file, for messages */
};

/* One of ULIMIT. */
struct vctl_conf_limit {
	int resource;		/* RLIMIT_* */
	bool soft, hard;	/* which of them; @hard alone lowers a soft one over it */
	rlim_t value;		/* as setrlimit() takes it */
};

struct vctl_conf {
	char *path;			/* of the file */
	struct vctl_conf_address *addresses;
	size_t address_count;		/* 0: not tied */
	bool loopback;			/* LOOPBACK, if tied: a private one; by default yes */
	bool onboot;
	uint64_t caps;			/* S_CAPS: what it has besides VCONTEXT_SECURE_KEEPS */
	uint32_t context;		/* S_CONTEXT; VCONTEXT_ID_ANY: the kernel chooses */
	char *hostname;			/* NULL: the name of the vserver */
	char *domainname;		/* NULL: that of the machine */
	bool has_nice;
	int nice;			/* -20 ... 19 */
	uint32_t flags;			/* VCONTEXT_* */
	struct vctl_conf_limit *limits;
	size_t limit_count;
	/* What control groups enforce; 0: no limit. */
	uint64_t memory;		/* MEMORY, bytes */
	uint32_t cpus;			/* CPUS, thousandths of a processor */
	uint32_t cpu_weight;		/* 1 ... 10000 */
	uint32_t io_weight;		/* 1 ... 10000 */
	uint32_t pids;
};

/**
 * vctl_conf_read() - Read a configuration file
 * @path: it
 * @conf: out: what it says, to be freed with vctl_conf_free(); NULL on failure
 * @err: out: the error, its @what is "FILE:LINE" for a line that is wrong, its advice the nearest
 *	thing that would be right
 *
 * The grammar is the shell's for assignments: KEY=value; quotes, backslashes and comments as there;
 * nothing is expanded, so $ and ` outside of single quotes (or unescaped) are errors, and so is a
 * key that is there twice.  No other file is looked at, and no name is resolved; hard and soft in
 * ULIMIT are the limits of this process.
 *
 * Return: 0, or
 *	-EINVAL		VCTL_BAD_CONF
 *	-ENOENT		VCTL_NO_VSERVER
 *	-EACCES, -EIO, -ENOMEM, ...	VCTL_SYSTEM
 */
VCTL_API int vctl_conf_read(const char *path, struct vctl_conf **conf, struct vctl_error **err);

/** vctl_conf_parse() - The same of @length bytes in memory, which messages call @path */
VCTL_API int vctl_conf_parse(const char *path, const char *text, size_t length,
			     struct vctl_conf **conf, struct vctl_error **err);

/** vctl_conf_free() - Free it; NULL is fine */
VCTL_API void vctl_conf_free(struct vctl_conf *conf);

/**
 * vctl_conf_create() - Write a new configuration file, with a comment on every key
 * @path: it; its directory is there
 * @settings: "KEY=value" with the value as it is, without quotes, ending with NULL; or NULL.  The
 *	other keys have their defaults, but for ULIMIT="-H -u 1000" and S_FLAGS="lock nproc"
 * @err: out: the error
 *
 * The file is there as a whole or not at all, whenever this process ends.
 *
 * Return: 0, or
 *	-EINVAL		VCTL_BAD_CONF: a setting, its @what is "FILE: KEY"
 *	-EEXIST		VCTL_EXISTS: it is never overwritten
 *	-EROFS, -ENOSPC, -ENOENT, -EACCES, -ENOMEM, ...	VCTL_SYSTEM
 */
VCTL_API int vctl_conf_create(const char *path, const char *const *settings,
			      struct vctl_error **err);

/* A key that a configuration can have. */
struct vctl_conf_key {
	const char *name;
	const char *value;	/* the default */
	const char *built;	/* what vctl_conf_create() sets it to; NULL: it doesn't */
	const char *comment;	/* what a new file says about it: lines that begin with "# " */
};

/** vctl_conf_key_list() - All keys, in the order of a new file; ends with one without a name */
VCTL_API const struct vctl_conf_key *vctl_conf_key_list(void);

/**
 * vctl_conf_check() - Would vctl_conf_create() take these settings?
 * @settings: as there
 * @err: out: the error, its @what begins with the key
 *
 * Return: 0, -EINVAL (VCTL_BAD_CONF) or -ENOMEM.
 */
VCTL_API int vctl_conf_check(const char *const *settings, struct vctl_error **err);

/**
 * vctl_conf_settings() - What a configuration file sets
 * @path: it
 * @settings: out: "KEY=value" without quotes, in the order of the file, ending with NULL; to be
 *	freed with vctl_names_free()
 * @err: out: the error
 *
 * Return: as vctl_conf_read().
 */
VCTL_API int vctl_conf_settings(const char *path, char ***settings, struct vctl_error **err);

/**
 * vctl_conf_change() - Change settings in a configuration file
 * @path: it
 * @changes: "KEY=value", or "KEY" for the default, ending with NULL
 * @err: out: the error
 *
 * All else in it stays as it is.  The new text takes the place of the old one as a whole, and only
 * if all of it is right.  Who changes files at the same time has to hold a lock.
 *
 * Return: 0, 1 if there was nothing to change, or as vctl_conf_read() and vctl_conf_create().
 */
VCTL_API int vctl_conf_change(const char *path, const char *const *changes,
			      struct vctl_error **err);

/*
 * Vservers
 */

struct vctl_vserver;

/**
 * vctl_vserver_open() - A vserver by its name
 * @name: letters, digits, '.', '_' and '-', the first a letter or digit, at most VCTL_NAME_MAX
 * @vs: out: to be closed with vctl_vserver_close(); NULL on failure
 * @err: out: the error
 *
 * Nothing is looked at; it need not exist.
 *
 * Return: 0, or -EINVAL (VCTL_BAD_NAME), -ENOMEM.
 */
VCTL_API int vctl_vserver_open(const char *name, struct vctl_vserver **vs,
			       struct vctl_error **err);

/** vctl_vserver_close() - Free it, and give the lock back if it has it; NULL is fine */
VCTL_API void vctl_vserver_close(struct vctl_vserver *vs);

/* Its name and the paths of its files: configuration, script, tree.  They belong to @vs. */
VCTL_API const char *vctl_vserver_name(const struct vctl_vserver *vs);
VCTL_API const char *vctl_vserver_conf(const struct vctl_vserver *vs);
VCTL_API const char *vctl_vserver_script(const struct vctl_vserver *vs);
VCTL_API const char *vctl_vserver_tree(const struct vctl_vserver *vs);

/**
 * vctl_vserver_lock() - Wait until nobody else acts on the vserver, and keep others from it
 * @vs: the vserver; start, stop and restart lock it themselves
 * @wait: false: don't wait
 * @err: out: the error
 *
 * Held until vctl_vserver_close() or the end of the process; calls nest.
 *
 * Return: 0, or -EBUSY (VCTL_BUSY, only without @wait), -EACCES (VCTL_NOT_ROOT), ...
 */
VCTL_API int vctl_vserver_lock(struct vctl_vserver *vs, bool wait, struct vctl_error **err);

/**
 * vctl_vserver_list() - The names of all vservers that have a configuration or are running
 * @names: out: sorted, ending with NULL, to be freed with vctl_names_free()
 * @err: out: the error
 *
 * Return: 0, or -ENOMEM, -EACCES ...
 */
VCTL_API int vctl_vserver_list(char ***names, struct vctl_error **err);

/** vctl_names_free() - Free a list of names; NULL is fine */
VCTL_API void vctl_names_free(char **names);

enum vctl_vserver_state {
	VCTL_STOPPED,		/* nothing of it is there */
	VCTL_STARTING,		/* a start, stop or restart is under way */
	VCTL_RUNNING,
	VCTL_ENDED,		/* its init has ended; a stop or start tidies up */
	VCTL_LEFT,		/* a start or stop was killed half-way; likewise */
};

/* How the init of one that has ended wanted it. */
enum vctl_vserver_wish {
	VCTL_WISH_NONE,
	VCTL_WISH_HALT,		/* halt or poweroff inside */
	VCTL_WISH_REBOOT,
};

struct vctl_vserver_status {
	enum vctl_vserver_state state;
	enum vctl_vserver_wish wish;
	uint32_t context;	/* VCONTEXT_ID_ANY: none */
	uint32_t processes;
	bool fakeinit;
	bool bare;		/* it is up only for a command, without its services */
	bool onboot;		/* false too if its configuration can't be read */
	int64_t started;	/* seconds since 1970; 0: not running */
	char *addresses;	/* that it is tied to, with spaces between; NULL: not tied */
};

/**
 * vctl_vserver_status() - What is it doing?
 * @status: out: its strings are to be freed with vctl_vserver_status_free()
 *
 * Return: 0 (also if there is no such vserver, which is stopped then), or -EPERM (VCTL_NOT_ROOT),
 * ...
 */
VCTL_API int vctl_vserver_status(struct vctl_vserver *vs, struct vctl_vserver_status *status,
				 struct vctl_error **err);

VCTL_API void vctl_vserver_status_free(struct vctl_vserver_status *status);

/* A vserver that has a context. */
struct vctl_vserver_context {
	uint32_t context;
	uint64_t created;	/* as in struct vcontext_stat: a later one may have the same id */
	char name[VCTL_NAME_MAX + 1];
};

/**
 * vctl_vserver_contexts() - Which contexts are those of vservers?
 * @all: out: array, to be freed with free(); NULL if there is none
 * @count: out: how many
 * @err: out: the error
 *
 * By what is written down alone, which a state that makes no sense is not part of; @created tells
 * whether a context is still the one that is meant.
 *
 * Return: 0, or -EPERM (VCTL_NOT_ROOT), -ENOMEM, ...
 */
VCTL_API int vctl_vserver_contexts(struct vctl_vserver_context **all, size_t *count,
				   struct vctl_error **err);

/**
 * struct vctl_watch - who wants to hear how it goes; any function may be NULL
 * @step: it is about to do this, e.g. "starting services"
 * @warn: something went wrong that doesn't stop it; or it waits for more than a second for another
 *	process that has locked the vserver (VCTL_BUSY)
 * @output: what services, or the tree's shutdown, print
 * @late: its services are still being started, and have been for @late_ms milliseconds.  They are
 *	waited for on, and meanwhile others see it running and can stop it.  The functions may be
 *	changed in it
 * @data: handed to them
 */
struct vctl_watch {
	void (*step)(void *data, const char *what);
	void (*warn)(void *data, const struct vctl_error *err);
	void (*output)(void *data, const char *bytes, size_t count);
	void (*late)(void *data);
	int late_ms;
	void *data;
};

/**
 * vctl_vserver_start() - Start a vserver
 * @vs: it
 * @watch: or NULL
 * @err: out: the error
 *
 * Return: 0 when its services have been started (with the flag fakeinit: when its init runs), or,
 * with nothing left,
 *	-EALREADY	VCTL_RUNS
 *	-EBUSY		VCTL_BUSY: it is up only for a command, see vctl_vserver_start_bare()
 *	-ENOENT		VCTL_NO_VSERVER: no configuration, or no tree
 *	-EINVAL		VCTL_BAD_CONF
 *	-EADDRINUSE	VCTL_IN_USE: an address, by another vserver or the machine itself
 *	-EEXIST		VCTL_IN_USE: its S_CONTEXT
 *	-ECANCELED	VCTL_SCRIPT: its pre-start script failed
 *	-ESRCH		VCTL_RUNS_NOT: somebody stopped it while its services were being started
 *	-EPERM		VCTL_SCRIPT: others than root may change its script
 *	-ENOENT, -ELOOP, -ENOTDIR, -EROFS, ...	VCTL_BAD_TREE
 *	-EOPNOTSUPP	VCTL_SYSTEM: a limit, or the flag private, takes control groups v2
 *	and those of vctl_device_open(), vctl_context_open() and system calls
 */
VCTL_API int vctl_vserver_start(struct vctl_vserver *vs, const struct vctl_watch *watch,
				struct vctl_error **err);

/**
 * vctl_vserver_start_bare() - Start a vserver without its services
 *
 * All but these is there, for commands that are to run in a vserver that is stopped: its init or rc
 * isn't run, also with the flag fakeinit, and packages that are installed don't start services.
 *
 * Return: as vctl_vserver_start().
 */
VCTL_API int vctl_vserver_start_bare(struct vctl_vserver *vs, const struct vctl_watch *watch,
				     struct vctl_error **err);

/**
 * vctl_vserver_stop() - Stop a vserver, or tidy up what is left of it
 * @vs: it
 * @timeout_ms: how long its own shutdown may take, in milliseconds; negative: the usual minute
 * @watch: or NULL
 * @err: out: the error
 *
 * Return: 0 with nothing left (also if it didn't run), 1 if there was nothing to do; or
 *	-ETIMEDOUT	VCTL_TIMEOUT: processes that not even SIGKILL ends
 *	-EPERM ...	as vctl_vserver_start()
 */
VCTL_API int vctl_vserver_stop(struct vctl_vserver *vs, int timeout_ms,
			       const struct vctl_watch *watch, struct vctl_error **err);

/**
 * vctl_vserver_stop_bare() - Undo a vctl_vserver_start_bare()
 *
 * One that somebody has stopped since, and may have started with its services, is left alone.
 *
 * Return: as vctl_vserver_stop().
 */
VCTL_API int vctl_vserver_stop_bare(struct vctl_vserver *vs, const struct vctl_watch *watch,
				    struct vctl_error **err);

/**
 * vctl_vserver_restart() - Stop and start it as one act
 * @only_running: one that is stopped stays so, and 1 is returned
 *
 * One that is up only for a command is left alone: -EBUSY (VCTL_BUSY).
 *
 * Return: as vctl_vserver_stop() and vctl_vserver_start().
 */
VCTL_API int vctl_vserver_restart(struct vctl_vserver *vs, bool only_running, int timeout_ms,
				  const struct vctl_watch *watch, struct vctl_error **err);

/**
 * struct vctl_command - what to run inside
 * @argv: the command, looked up in the PATH of the vserver, ending with NULL
 * @user: as whom, by name or number from the tree's own /etc/passwd; NULL: root
 * @login: as a login shell: @argv is NULL, the shell is that of the user, the directory is home
 * @terminal: on a pseudo-terminal of the vserver's own, of size @size and with modes @modes
 * @term: TERM there; NULL: none
 * @environment: more variables, "KEY=value", ending with NULL, at most 8; NULL: none
 */
struct vctl_command {
	char *const *argv;
	const char *user;
	bool login;
	bool terminal;
	struct winsize size;
	struct termios modes;
	const char *term;
	const char *const *environment;
};

/* A command that runs inside, a child of the caller. */
struct vctl_inside {
	pid_t pid;		/* to wait for; no signal reaches it, and it ends with the caller */
	int pidfd;
	int in, out, err;	/* our ends of its pipes; with a terminal @in is its master alone */
};

/**
 * vctl_vserver_exec() - Run a command in a vserver that is running
 * @vs: it
 * @command: what
 * @inside: out: the descriptors are the caller's to close
 * @err: out: the error
 *
 * It gets no descriptor of the caller's.  When the caller ends it is killed.
 *
 * Who is inside can open the pipes to read from them, too: what poll() has told may be gone when it
 * is read.  Who must not block sets O_NONBLOCK at @inside's ends.
 *
 * Return: 0 when the command is running, or
 *	-ESRCH		VCTL_RUNS_NOT: the vserver isn't running
 *	-EPERM		VCTL_PRIVATE
 *	-ENOENT		VCTL_NO_COMMAND: no such program, or no such user, inside
 *	-EACCES, ...	VCTL_SYSTEM
 */
VCTL_API int vctl_vserver_exec(struct vctl_vserver *vs, const struct vctl_command *command,
			       struct vctl_inside *inside, struct vctl_error **err);

#define VCTL_INSIDE_NONE { .pid = -1, .pidfd = -1, .in = -1, .out = -1, .err = -1 }

static inline void vctl_vserver_closep(struct vctl_vserver **vs)
{
	vctl_vserver_close(*vs);
}

static inline void vctl_conf_freep(struct vctl_conf **conf)
{
	vctl_conf_free(*conf);
}

#define vctl_auto_vserver	__attribute__((cleanup(vctl_vserver_closep)))
#define vctl_auto_conf		__attribute__((cleanup(vctl_conf_freep)))

#ifdef __cplusplus
}
#endif

#endif /* VCTL_VSERVER_H */
