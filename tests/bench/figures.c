// SPDX-License-Identifier: GPL-2.0-only
/* Takes, prints and compares figures. See figures.h. */

#include <stdio.h>

#include "../guest/ktap.h"
#include "figures.h"

/* The figures without anything loaded. */
static unsigned long bare[NR_CALLS];
static bool all_repeat = true;

unsigned long figure_take(const struct setting *setting, enum call call)
{
	struct figure figure = calls_measure(call);

	printf("# cost,%s,%s,%s,%d,%s,%lu,%u,%u\n", setting->way,
	       setting->policy ?: "", setting->scope ?: "", setting->traced,
	       calls_name(call), figure.instructions, figure.repeats,
	       figure.runs);
	if (figure.repeats < figure.runs / 10) {
		ktap_note("that repeats in less than a tenth of the runs");
		all_repeat = false;
	}
	return figure.instructions;
}

bool figure_costs(const struct setting *setting, enum call call, enum call like,
		  unsigned long limit)
{
	unsigned long instructions = figure_take(setting, call);

	if (instructions >= bare[like] && instructions - bare[like] <= limit)
		return true;
	ktap_note("%s: %lu without, at most %lu more allowed", calls_name(call),
		  bare[like], limit);
	return false;
}

void figure_take_bare(void)
{
	const struct setting none = { .way = "none" };
	enum call call;

	/* [stack] grows here for the first time, which makes later calls differ on 6.1. */
	if (!STACKS_GROW_UP)
		calls_measure(CALL_OWN);
	for (call = 0; call < CALLS_HERE; call++)
		bare[call] = figure_take(&none, call);
}

bool figures_repeat(void)
{
	return all_repeat;
}
