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

/*
 * The module's lines of /proc/PID/status, for readers that may have them.  To print each by itself
 * takes a twentieth of what all others take, so what most of them have is done at once.
 */
void proc_status(struct seq_file *m, struct task_struct *task)
{
	struct context *context;
	pid_t init;
	u32 flags;

	guard(rcu)();
	context = task_context(task);
	if (context == CONTEXT_GONE || context_flags(current_context()) & VCONTEXT_HIDEINFO)
		return;
	/* it may have moved while the other lines were written */
	if (context != current_context() && !task_sees(task))
		return;
	flags = context_flags(context);
	/* like the numbers in the other lines it is that of whoever mounted this /proc */
	init = fakeinit_nr(context, proc_pid_ns(file_inode(m->file)->i_sb));
	seq_put_decimal_ull(m, "s_context:\t", context_id(context));
	if (!flags && init == 1 && !READ_ONCE(task_blob(task)->addresses)) {
		seq_puts(m, "\nctxflags:\tnone\ninitpid:\t1\nipv4root:\t0.0.0.0\n");
		return;
	}
	seq_puts(m, "\nctxflags:\t");
	print_flags(m, flags);
	seq_put_decimal_ull(m, "\ninitpid:\t", init);
	seq_puts(m, "\nipv4root:\t");
	addresses_print(m, task);
	seq_putc(m, '\n');
}
