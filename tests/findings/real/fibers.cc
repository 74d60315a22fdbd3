// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fibers of Boost.Context, each on a protected stack of its own: fibers [NUMBER [DEPTH]]
 *
 * Each recurses DEPTH times with a frame of a KiB. Prints how many came back.
 */

#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace ctx = boost::context;

static int descend(int depth)
{
	volatile char frame[1024];

	frame[0] = depth;
	return depth ? descend(depth - 1) + frame[0] - (char)depth + 1 : 1;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 500;
	int depth = argc > 2 ? atoi(argv[2]) : 10;
	std::vector<ctx::fiber> fibers;
	int done = 0;

	for (int i = 0; i < n; i++)
		fibers.emplace_back(std::allocator_arg,
				    ctx::protected_fixedsize_stack(65536),
				    [&](ctx::fiber &&back) {
			done += descend(depth) == depth + 1;
			back = std::move(back).resume();
			return std::move(back);
		});
	for (auto &fiber : fibers)
		fiber = std::move(fiber).resume();
	printf("%d\n", done);
	return 0;
}
