// SPDX-License-Identifier: GPL-2.0-only
/* vcontext.ko: puts the parts together. */

#include <linux/module.h>

#include "context.h"

static const struct vcontext_hook *const hooks[] = {
	task_hooks, ceiling_hooks, exec_hooks, file_hooks, unlink_hooks, ipc_hooks, key_hooks,
	sock_hooks, net_hooks, tied_hooks, view_hooks, NULL
};

/* Those of tied processes and sockets have nothing to do until there is one. */
static const struct vcontext_hook *const first_hooks[] = {
	task_hooks, ceiling_hooks, exec_hooks, file_hooks, unlink_hooks, ipc_hooks, key_hooks,
	sock_hooks, net_hooks, view_hooks, NULL
};

static const struct vcontext_hook *const later_hooks[] = { tied_hooks, NULL };

void hooks_begin(void)
{
	vcontext_begin(first_hooks);
}

void hooks_tied(void)
{
	vcontext_begin(later_hooks);
}

static const struct vcontext_ops ops = {
	.version		= VCONTEXT_STUB_VERSION,
	.hooks			= hooks,
	.sees			= task_sees,
	.touches		= task_may_touch,
	.reads_pid		= pid_reads,
	.see_pid		= pid_see,
	.find_pgrp		= pid_find_group,
	.get_child		= pid_get_child,
	.next_pid		= pid_next,
	.next_process		= pid_next_process,
	.hides_nr		= pid_hides_nr,
	.find_cgroup_task	= cgroup_find_task,
	.cgroup_sees		= cgroup_sees,
	.cgroup_sees_nr		= cgroup_sees_nr,
	.task_fork		= task_join,
	.task_release		= task_leave,
	.status			= proc_status,
	.unlinkable		= unlink_allowed,
	.sees_ipc		= ipc_sees,
	.serial			= context_current_serial,
	.next_ipc		= ipc_next,
	.queues			= ipc_queues,
	.key_place		= key_place,
	.sees_sock		= sock_sees,
	.hears			= net_hears,
	.hears_group		= net_hears_group,
	.share_address		= net_share_address,
	.source			= net_source,
	.source6		= net_source6,
	.show_address		= net_show_address,
	.shows			= view_message,
	.sees_ipv4		= view_ipv4,
	.sees_device		= view_device,
	.task_group		= weight_group,
};

static int __init vcontext_init(void)
{
	int err;

	err = contexts_init();
	if (err)
		return err;
	err = ipc_init();
	if (err)
		goto exit_contexts;
	err = weight_init();
	if (err)
		goto exit_ipc;
	err = vcontext_register(&ops);
	if (err) {
		pr_err("vcontext: the kernel's stub does not take this module (%d): other version\n",
		       err);
		goto exit_weight;
	}
	err = device_init();
	if (err)
		goto unregister;
	return 0;

unregister:
	vcontext_unregister();
exit_weight:
	weight_exit();
exit_ipc:
	ipc_exit();
exit_contexts:
	contexts_exit();
	return err;
}

static void __exit vcontext_exit(void)
{
	device_exit();
	vcontext_unregister();
	weight_exit();
	ipc_exit();
	contexts_exit();
}

module_init(vcontext_init);
module_exit(vcontext_exit);

MODULE_DESCRIPTION("Security contexts: independent servers side by side on one kernel");
MODULE_LICENSE("GPL");
