// SPDX-License-Identifier: GPL-2.0-only
/* mapstack selftest. See verbs.h. */

#include <unistd.h>

#include "machine/files.h"
#include "verbs/verbs.h"

#define RUN SELFTEST_DIR "/run"

int self_test(const struct options *options)
{
	(void)options;
	execl(RUN, "mapstack-selftest", (char *)NULL);
	say_err("cannot execute " RUN
		" (%m), so nothing was tested; install mapstack again, or type make selftest in its source tree");
	return EXIT_SELF;
}
