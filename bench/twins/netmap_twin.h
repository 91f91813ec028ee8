/*
 * What the C twins share: rings and slots in netmap's layout (netmap(4)), a clock, and locks like
 * those of the state image. The twins are yardsticks: the same loops as the TypeScript data path,
 * with the same structures and the same atomics, compiled with cc -O2 in the same run.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define BUF_SIZE 2048u
#define NS_BUF_CHANGED 1u

struct slot {
	uint32_t buf_idx;
	uint16_t len;
	uint16_t flags;
	uint64_t ptr;
};

/* A ring with the engine's side of it. */
struct ring {
	uint32_t n;
	uint32_t head, cur, tail; /* the user's */
	uint32_t rhead, rcur, rtail, hwcur, hwtail; /* the engine's */
	uint32_t busy, lock;
	uint32_t hwlease, lease_idx;
	uint32_t *leases;
	struct slot *slots;
	double packets, bytes;
};

static uint8_t *pool;
static uint32_t next_buf = 2;

static inline uint8_t *buf(uint32_t idx) { return pool + (size_t)idx * BUF_SIZE; }

static inline uint32_t ring_next(const struct ring *r, uint32_t i)
{
	return i + 1 == r->n ? 0 : i + 1;
}

static inline uint32_t distance(uint32_t from, uint32_t to, uint32_t n)
{
	return to >= from ? to - from : to + n - from;
}

static inline void take(uint32_t *word)
{
	uint32_t zero = 0;
	while (!__atomic_compare_exchange_n(word, &zero, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		zero = 0;
}

static inline void give(uint32_t *word) { __atomic_store_n(word, 0, __ATOMIC_SEQ_CST); }

static void pool_make(uint32_t bufs)
{
	pool = mmap(NULL, (size_t)bufs * BUF_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pool == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
}

static void ring_make(struct ring *r, uint32_t n, int tx, int with_buffers)
{
	memset(r, 0, sizeof(*r));
	r->n = n;
	r->slots = calloc(n, sizeof(struct slot));
	r->leases = calloc(n, sizeof(uint32_t));
	if (!r->slots || !r->leases)
		exit(1);
	for (uint32_t i = 0; with_buffers && i < n; i++)
		r->slots[i].buf_idx = next_buf++;
	r->tail = r->rtail = r->hwtail = tx ? n - 1 : 0;
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}
