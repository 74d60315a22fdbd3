// SPDX-License-Identifier: GPL-2.0-only
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicLong;

/** Threads that all run at the same time, and recurse: Threads NUMBER DEPTH. */
class Threads {
	static int descend(int depth)
	{
		return depth == 0 ? 0 : 1 + descend(depth - 1);
	}

	public static void main(String[] args) throws Exception
	{
		int n = Integer.parseInt(args[0]), depth = Integer.parseInt(args[1]);
		CyclicBarrier all = new CyclicBarrier(n);
		AtomicLong sum = new AtomicLong();
		Thread[] threads = new Thread[n];

		for (int i = 0; i < n; i++) {
			int number = i;

			threads[i] = new Thread(() -> {
				try {
					all.await();
				} catch (Exception failure) {
					return;
				}
				sum.addAndGet(number + descend(depth) - depth);
			});
			threads[i].start();
		}
		for (Thread thread : threads)
			thread.join();
		System.out.println(sum);
	}
}
