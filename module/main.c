// SPDX-License-Identifier: GPL-2.0-only
/* vcontext.ko: puts the parts together. */

#include <linux/module.h>

#include "context.h"

static int __init vcontext_init(void)
{
	int err;

	err = contexts_init();
	if (err)
		return err;
	err = vcontext_register(&task_ops);
	if (err) {
		pr_err("vcontext: the kernel's stub does not take this module (%d): %s\n", err,
		       err == -EOPNOTSUPP ? "it is not active, see lsm=" : "other version");
		goto exit_contexts;
	}
	err = device_init();
	if (err)
		goto unregister;
	return 0;

unregister:
	vcontext_unregister();
exit_contexts:
	contexts_exit();
	return err;
}

static void __exit vcontext_exit(void)
{
	device_exit();
	vcontext_unregister();
	contexts_exit();
}

module_init(vcontext_init);
module_exit(vcontext_exit);

MODULE_DESCRIPTION("Security contexts: independent servers side by side on one kernel");
MODULE_LICENSE("GPL");
