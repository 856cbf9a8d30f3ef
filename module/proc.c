// SPDX-License-Identifier: GPL-2.0-only
/* What a context sees of itself in /proc. */

#include <linux/bitops.h>
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

/* The id of @context in decimal, its first digit in the lowest byte; 0 if there isn't room. */
static u64 digits_of(struct context *context)
{
	u64 digits = READ_ONCE(context->digits);
	u32 id = context->id;

	if (digits || id > 99999999)
		return digits;
	do
		digits = digits << 8 | ('0' + id % 10);
	while (id /= 10);
	WRITE_ONCE(context->digits, digits);
	return digits;
}

/*
 * What most have, written into the buffer at once: to print each line by itself takes a twentieth
 * of all the others.
 */
static bool write_plain(struct seq_file *m, u64 digits)
{
	static const char name[] = "s_context:\t";
	static const char rest[] = "\nctxflags:\tnone\ninitpid:\t0\nipv4root:\t0.0.0.0\n";
	enum { NAME = sizeof(name) - 1, REST = sizeof(rest) - 1 };
	unsigned int n = DIV_ROUND_UP(fls64(digits), BITS_PER_BYTE);
	__le64 number = cpu_to_le64(digits);
	char *text;

	if (!n || seq_get_buf(m, &text) < NAME + sizeof(number) + REST)
		return false;
	memcpy(text, name, NAME);
	memcpy(text + NAME, &number, sizeof(number));
	memcpy(text + NAME + n, rest, REST);
	seq_commit(m, NAME + n + REST);
	return true;
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

static noinline void write_any(struct seq_file *m, struct task_struct *task)
{
	const struct context *context;

	guard(rcu)();
	context = task_context(task);
	if (context == CONTEXT_GONE || context_flags(current_context()) & VCONTEXT_HIDEINFO)
		return;
	/* it may have moved while the other lines were written */
	if (context != current_context() && !task_sees(task))
		return;
	/* like the numbers in the other lines it is that of whoever mounted this /proc */
	write_lines(m, task, context, fakeinit_nr(context, proc_pid_ns(file_inode(m->file)->i_sb)));
}

/* Has it nothing to tell but its id? */
static bool is_plain(const struct context *context)
{
	return !READ_ONCE(context->flags) && !context->parent && !READ_ONCE(context->pid_ns);
}

/* The module's lines of /proc/PID/status, for readers that may have them. */
void proc_status(struct seq_file *m, struct task_struct *task)
{
	struct context *own = current_context();

	if (!in_own_context(task) || (own && !is_plain(own)) ||
	    READ_ONCE(task_blob(task)->addresses) || !write_plain(m, own ? digits_of(own) : '0'))
		write_any(m, task);
}
