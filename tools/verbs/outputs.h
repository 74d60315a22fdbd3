/* SPDX-License-Identifier: GPL-2.0-only */
/* Compares what a command printed in its runs: a part of mapstack try. */
#ifndef TOOLS_OUTPUTS_H
#define TOOLS_OUTPUTS_H

#include "verbs/trial.h"

/**
 * outputs_compare() - compare what was printed
 * @trials: the runs
 * @policies: as schema.json has them; the first is off. Each run becomes "stdout"
 * and "stderr", and off becomes "varies"
 *
 * Complains if something cannot be read.
 *
 * Return: 0 or -1.
 */
int outputs_compare(const struct trials *trials, json_t *policies);

#endif /* TOOLS_OUTPUTS_H */
