// SPDX-License-Identifier: LGPL-2.1-or-later
#include "step.h"
#include "vserver.h"

int steps_run(const struct step *steps, size_t count, void *data, const struct vctl_watch *watch,
	      struct vctl_error **err)
{
	for (size_t i = 0; i < count; i++) {
		int result;

		if (steps[i].what)
			tell_step(watch, steps[i].what);
		result = steps[i].act(data, err);
		if (result >= 0)
			continue;

		for (size_t undone = i + 1; undone-- > 0;) {
			if (steps[undone].undo)
				steps[undone].undo(data);
		}
		return result;
	}

	return 0;
}
