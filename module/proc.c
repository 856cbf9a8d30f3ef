// SPDX-License-Identifier: GPL-2.0-only
/* What a context sees of itself in /proc. */

#include <linux/fs.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "context.h"

static const struct {
	u32 flag;
	const char *name;
} flag_names[] = {
	{ VCONTEXT_LOCK, "lock" },
	{ VCONTEXT_SCHED, "sched" },
	{ VCONTEXT_NPROC, "nproc" },
	{ VCONTEXT_PRIVATE, "private" },
	{ VCONTEXT_FAKEINIT, "fakeinit" },
	{ VCONTEXT_HIDEINFO, "hideinfo" },
	{ VCONTEXT_USERNS, "userns" },
};

static void print_flags(struct seq_file *m, u32 flags)
{
	const char *separator = "";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flag_names); i++) {
		if (!(flags & flag_names[i].flag))
			continue;
		seq_printf(m, "%s%s", separator, flag_names[i].name);
		separator = ",";
	}
	if (!*separator)
		seq_puts(m, "none");
}

/* What most have, written at once: to print each by itself takes a twentieth of all the others. */
#define PLAIN_REST "\nctxflags:\tnone\ninitpid:\t0\nipv4root:\t0.0.0.0\n"

static void write_plain(struct seq_file *m, const struct context *context)
{
	static const char rest[] = PLAIN_REST;

	seq_put_decimal_ull(m, "s_context:\t", context_id(context));
	seq_write(m, rest, sizeof(rest) - 1);
}

static void write_lines(struct seq_file *m, struct task_struct *task, const struct context *context,
			pid_t init)
{
	seq_put_decimal_ull(m, "s_context:\t", context_id(context));
	seq_puts(m, "\nctxflags:\t");
	print_flags(m, context_flags(context));
	seq_put_decimal_ull(m, "\ninitpid:\t", init);
	seq_puts(m, "\nipv4root:\t");
	addresses_print(m, task);
	seq_putc(m, '\n');
}

/* The module's lines of /proc/PID/status, for readers that may have them. */
void proc_status(struct seq_file *m, struct task_struct *task)
{
	static const char host[] = "s_context:\t0" PLAIN_REST;
	struct context *context;
	pid_t init;

	/* all on a machine that has no contexts */
	if (!current_context() && !rcu_access_pointer(task_place(task)) &&
	    !READ_ONCE(task_blob(task)->addresses)) {
		seq_write(m, host, sizeof(host) - 1);
		return;
	}
	guard(rcu)();
	context = task_context(task);
	if (context == CONTEXT_GONE || context_flags(current_context()) & VCONTEXT_HIDEINFO)
		return;
	/* it may have moved while the other lines were written */
	if (context != current_context() && !task_sees(task))
		return;
	/* like the numbers in the other lines it is that of whoever mounted this /proc */
	init = fakeinit_nr(context, proc_pid_ns(file_inode(m->file)->i_sb));
	if (!init && !context_flags(context) && !READ_ONCE(task_blob(task)->addresses))
		write_plain(m, context);
	else
		write_lines(m, task, context, init);
}
