// SPDX-License-Identifier: GPL-2.0-only

// Goroutines that all have a thread of the C library's at the same time. Each calls a
// function of C; the sum is printed.
package main

/*
static long twice(long n) { return 2 * n; }
*/
import "C"

import (
	"fmt"
	"runtime"
	"sync"
)

const threads = 128

func main() {
	var all, done sync.WaitGroup
	sums := make(chan int, threads)
	all.Add(threads)
	done.Add(threads)
	for i := 0; i < threads; i++ {
		go func() {
			runtime.LockOSThread()
			all.Done()
			all.Wait()
			sums <- int(C.twice(C.long(i)))
			done.Done()
		}()
	}
	done.Wait()
	sum := 0
	for i := 0; i < threads; i++ {
		sum += <-sums
	}
	fmt.Println(sum / 2)
}
