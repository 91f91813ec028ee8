/*
 * Twin of kloop/round-trip: two threads that wake each other by eventfds and do nothing else. What a
 * round trip through the loop takes beyond that is ours.
 *
 * Usage: eventfd_twin ROUND_TRIPS. Prints round trips, millions of them a second, and the median and
 * the 99th percentile in nanoseconds.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static int there, back;
static long trips;

static int64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void signal_fd(int fd)
{
	uint64_t one = 1;
	if (write(fd, &one, sizeof(one)) != sizeof(one))
		exit(1);
}

static void await_fd(int fd)
{
	uint64_t count;
	if (read(fd, &count, sizeof(count)) != sizeof(count))
		exit(1);
}

static void *answer(void *unused)
{
	for (long i = 0; i < trips; i++) {
		await_fd(there);
		signal_fd(back);
	}
	return unused;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	pthread_t thread;
	trips = argc > 1 ? atol(argv[1]) : 100000;
	int64_t *times = calloc(trips, sizeof(*times));
	there = eventfd(0, 0);
	back = eventfd(0, 0);
	if (!times || there < 0 || back < 0 || pthread_create(&thread, NULL, answer, NULL))
		return 1;
	int64_t start = now_ns();
	for (long i = 0; i < trips; i++) {
		int64_t before = now_ns();
		signal_fd(there);
		await_fd(back);
		times[i] = now_ns() - before;
	}
	double seconds = (now_ns() - start) * 1e-9;
	pthread_join(thread, NULL);
	qsort(times, trips, sizeof(*times), by_size);
	printf("%ld %.6f %lld %lld\n", trips, trips / seconds / 1e6, (long long)times[trips / 2],
	       (long long)times[trips * 99 / 100]);
	return 0;
}
