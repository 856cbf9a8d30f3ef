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

/* The module's lines of /proc/PID/status, for readers that may have them. */
void proc_status(struct seq_file *m, struct task_struct *task)
{
	struct context *context;

	guard(rcu)();
	context = task_context(task);
	if (context == CONTEXT_GONE || context_flags(current_context()) & VCONTEXT_HIDEINFO)
		return;
	/* it may have moved while the other lines were written */
	if (context != current_context() && !task_sees(task))
		return;
	seq_printf(m, "s_context:\t%u\nctxflags:\t", context_id(context));
	print_flags(m, context_flags(context));
	/* like the numbers in the other lines it is that of whoever mounted this /proc */
	seq_printf(m, "\ninitpid:\t%d\nipv4root:\t",
		   fakeinit_nr(context, proc_pid_ns(file_inode(m->file)->i_sb)));
	addresses_print(m, task);
	seq_putc(m, '\n');
}
