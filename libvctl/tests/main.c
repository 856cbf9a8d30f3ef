// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>

#include "fake.h"

int main(void)
{
	SRunner *runner = srunner_create(suite_error());
	int failed;

	srunner_add_suite(runner, suite_kernel());
	srunner_add_suite(runner, suite_device());
	srunner_add_suite(runner, suite_context());
	srunner_add_suite(runner, suite_kept());
	srunner_add_suite(runner, suite_process());
	srunner_add_suite(runner, suite_processes());
	srunner_add_suite(runner, suite_name());
	srunner_add_suite(runner, suite_attr());
	srunner_add_suite(runner, suite_ceiling());
	srunner_add_suite(runner, suite_address());
	srunner_add_suite(runner, suite_alias());
	srunner_add_suite(runner, suite_bind());
	srunner_add_suite(runner, suite_conf());
	srunner_add_suite(runner, suite_conf_file());
	srunner_add_suite(runner, suite_conf_change());
	srunner_add_suite(runner, suite_vserver());
	srunner_add_suite(runner, suite_state());
	srunner_add_suite(runner, suite_lock());
	srunner_add_suite(runner, suite_reap());
	srunner_add_suite(runner, suite_relay());
	srunner_add_suite(runner, suite_user());
	srunner_set_tap(runner, getenv("VCTL_TAP"));
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);

	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
