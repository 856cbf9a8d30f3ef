// SPDX-License-Identifier: LGPL-2.1-or-later
/* All that a vserver has on the machine, taken away. */
#include <errno.h>
#include <sys/wait.h>

#include "cgroup.h"
#include "claim.h"
#include "error.h"
#include "kill.h"

static int end_context(struct vctl_vserver *vs, const struct state *state,
		       struct vctl_error **err)
{
	vctl_auto_device struct vctl_device *dev = NULL;
	vctl_auto_context struct vctl_context *ctx = NULL;
	struct vcontext_stat stat;
	int result = vs_context(state, &dev, &ctx, &stat, err);

	if (result < 0 && result != -ENOENT)
		return result;
	result = kill_all(vs, dev, ctx, err);
	if (result < 0 || !ctx)
		return result;

	result = vctl_context_forget(ctx, err);
	/* It was never told to keep anything. */
	return result == -ENOENT ? 0 : result;
}

/* Of the processes there is none left that has not been killed. */
static void reap(struct vctl_vserver *vs)
{
	while (vs->child > 0 && waitpid(vs->child, NULL, 0) < 0 && errno == EINTR)
		;
	vs->child = 0;
}

int vs_release(struct vctl_vserver *vs, const struct state *state, struct vctl_error **err)
{
	int result = end_context(vs, state, err);
	int failed;

	/* With processes there its addresses stay: they would go on from those of others. */
	if (result < 0)
		return result;
	reap(vs);

	result = cgroup_remove(vs->name, err);
	failed = claim_drop(vs, state, result == 0 ? err : NULL);

	return result < 0 ? result : failed;
}
