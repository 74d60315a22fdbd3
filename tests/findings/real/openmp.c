// SPDX-License-Identifier: GPL-2.0-only
/* Adds numbers in OMP_NUM_THREADS threads, and prints the sum and their number. */

#include <omp.h>
#include <stdio.h>

int main(void)
{
	int threads = 0;
	long sum = 0, i;

#pragma omp parallel
	{
#pragma omp single
		threads = omp_get_num_threads();
#pragma omp for
		for (i = 0; i < 100000; i++) {
#pragma omp atomic
			sum += i;
		}
	}
	printf("%ld %d\n", sum, threads);
	return 0;
}
