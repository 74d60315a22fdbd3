// SPDX-License-Identifier: GPL-2.0-only
using System;
using System.Threading;

/* Threads that all run at the same time. Prints the sum of their numbers. */
class Threads {
	const int Number = 128;

	static void Main()
	{
		var all = new Barrier(Number);
		var threads = new Thread[Number];
		long sum = 0;

		for (int i = 0; i < Number; i++) {
			int number = i;

			threads[i] = new Thread(() => {
				all.SignalAndWait();
				Interlocked.Add(ref sum, number);
			}, 256 << 10);
			threads[i].Start();
		}
		foreach (var thread in threads)
			thread.Join();
		Console.WriteLine(sum);
	}
}
