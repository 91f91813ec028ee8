/*
 * Twin of the vale/... lines: a sender fills slots with frames, a txsync learns, looks up and
 * copies (or swaps) into the receivers' rings under leases, the receivers read the first 8 bytes.
 *
 * Usage: vale_twin copy|swap|broadcast BYTES PACKETS SLOTS BURST. Prints packets delivered and Mpps.
 */
#include "netmap_twin.h"

#define BATCH 1024
#define BROADCAST 254
#define NO_PORT 255
#define BUCKETS 1024
#define WAYS 4

struct entry {
	uint32_t mac_lo, mac_hi_port, time, unused;
};

static struct entry fdb[BUCKETS * WAYS];
static struct ring tx[4], rx[4];
static uint32_t ports;
static uint32_t smac_lo[4], smac_hi[4];

static uint32_t hash(uint32_t lo, uint32_t hi)
{
	uint32_t h = (lo ^ hi * 0x9e3779b1u) * 0x85ebca6bu;
	return (h ^ h >> 15) & (BUCKETS - 1);
}

static void learn(uint32_t port, uint32_t lo, uint32_t hi)
{
	struct entry *e = fdb + hash(lo, hi) * WAYS, *free = NULL;
	for (int w = 0; w < WAYS; w++) {
		if (e[w].mac_lo == lo && (e[w].mac_hi_port & 0xffff) == hi) {
			e[w].mac_hi_port = hi | (port + 1) << 16;
			e[w].time = 1;
			return;
		}
		if (!free && e[w].mac_hi_port == 0)
			free = e + w;
	}
	if (!free)
		free = e;
	free->mac_lo = lo;
	free->mac_hi_port = hi | (port + 1) << 16;
	free->time = 1;
}

static uint32_t lookup(uint32_t lo, uint32_t hi)
{
	struct entry *e = fdb + hash(lo, hi) * WAYS;
	for (int w = 0; w < WAYS; w++)
		if (e[w].mac_lo == lo && (e[w].mac_hi_port & 0xffff) == hi)
			return (e[w].mac_hi_port >> 16) - 1;
	return BROADCAST;
}

static inline void copy64(uint8_t *dst, const uint8_t *src, uint32_t len)
{
	if (len > 1024) {
		memcpy(dst, src, len);
		return;
	}
	for (uint32_t i = 0; i < len; i += 64)
		memcpy(dst + i, src + i, 64);
}

/* Delivers one source's frames to one port: those of its own list and the broadcast ones. */
static void deliver(uint32_t src, uint32_t dst, const uint8_t *to, uint32_t first, uint32_t count,
		    uint32_t wanted, int swap)
{
	struct ring *s = &tx[src], *d = &rx[dst];
	take(&d->lock);
	uint32_t start = d->hwlease, space = d->n - 1 - distance(d->hwcur, d->hwlease, d->n);
	uint32_t many = wanted < space ? wanted : space, lease = d->lease_idx;
	d->leases[lease] = UINT32_MAX;
	d->lease_idx = lease + 1 == d->n ? 0 : lease + 1;
	d->hwlease = start + many >= d->n ? start + many - d->n : start + many;
	give(&d->lock);
	uint32_t j = start, sent = 0;
	for (uint32_t k = 0, i = first; k < count && sent < many; k++, i = ring_next(s, i)) {
		if (to[k] != dst && to[k] != BROADCAST)
			continue;
		struct slot *ss = &s->slots[i], *ds = &d->slots[j];
		if (swap && to[k] == dst) {
			uint32_t idx = ds->buf_idx;
			ds->buf_idx = ss->buf_idx;
			ss->buf_idx = idx;
			ss->flags |= NS_BUF_CHANGED;
			ds->len = ss->len;
			ds->flags = NS_BUF_CHANGED;
		} else {
			copy64(buf(ds->buf_idx), buf(ss->buf_idx), ss->len);
			ds->len = ss->len;
			ds->flags = 0;
		}
		d->bytes += ss->len;
		j = ring_next(d, j);
		sent++;
	}
	d->packets += sent;
	take(&d->lock);
	d->leases[lease] = j;
	if (start == d->hwtail)
		while (d->hwtail != d->hwlease) {
			uint32_t end = d->leases[lease];
			if (end == UINT32_MAX)
				break;
			__atomic_store_n(&d->hwtail, end, __ATOMIC_SEQ_CST);
			lease = lease + 1 == d->n ? 0 : lease + 1;
		}
	give(&d->lock);
}

static void txsync(uint32_t src, int swap)
{
	static uint8_t to[BATCH];
	struct ring *s = &tx[src];
	take(&s->busy);
	s->rhead = __atomic_load_n(&s->head, __ATOMIC_SEQ_CST);
	while (s->hwcur != s->rhead) {
		uint32_t i = s->hwcur, count = 0, unicast[4] = { 0 }, broadcast = 0;
		for (; i != s->rhead && count < BATCH; i = ring_next(s, i), count++) {
			const uint8_t *b = buf(s->slots[i].buf_idx);
			uint32_t d_lo, s_lo;
			uint16_t d_hi, s_hi;
			memcpy(&d_lo, b, 4);
			memcpy(&d_hi, b + 4, 2);
			memcpy(&s_hi, b + 6, 2);
			memcpy(&s_lo, b + 8, 4);
			if (s_lo != smac_lo[src] || s_hi != smac_hi[src]) {
				learn(src, s_lo, s_hi);
				smac_lo[src] = s_lo;
				smac_hi[src] = s_hi;
			}
			/* addresses are kept as dst reads: low word first */
			uint32_t port = (d_lo & 1) ? BROADCAST : lookup(d_lo >> 16 | (uint32_t)d_hi << 16, d_lo & 0xffff);
			if (port == src)
				port = NO_PORT;
			to[count] = port;
			if (port == BROADCAST)
				broadcast++;
			else if (port < ports)
				unicast[port]++;
		}
		for (uint32_t p = 0; p < ports; p++)
			if (p != src && unicast[p] + broadcast > 0)
				deliver(src, p, to, s->hwcur, count, unicast[p] + broadcast, swap);
		s->hwcur = i;
	}
	s->hwtail = s->hwcur == 0 ? s->n - 1 : s->hwcur - 1;
	s->tail = s->rtail = s->hwtail;
	s->packets++;
	give(&s->busy);
}

static void rxsync(uint32_t port)
{
	struct ring *r = &rx[port];
	take(&r->busy);
	take(&r->lock);
	for (uint32_t i = r->hwcur; i != r->head; i = ring_next(r, i))
		r->slots[i].flags &= ~NS_BUF_CHANGED;
	r->hwcur = r->head;
	give(&r->lock);
	__atomic_store_n(&r->tail, __atomic_load_n(&r->hwtail, __ATOMIC_SEQ_CST), __ATOMIC_SEQ_CST);
	give(&r->busy);
}

int main(int argc, char **argv)
{
	int swap = argc > 1 && !strcmp(argv[1], "swap");
	int broadcast = argc > 1 && !strcmp(argv[1], "broadcast");
	uint32_t len = argc > 2 ? (uint32_t)atoi(argv[2]) : 60;
	uint64_t total = argc > 3 ? strtoull(argv[3], NULL, 10) : 20000000;
	uint32_t n = argc > 4 ? (uint32_t)atoi(argv[4]) : 1024;
	/* less than half a ring: what was read goes back with the next rxsync, and until then has no room */
	uint32_t burst = argc > 5 ? (uint32_t)atoi(argv[5]) : n / 4;
	ports = broadcast ? 4 : 2;
	pool_make(2 + ports * n * 2);
	for (uint32_t p = 0; p < ports; p++) {
		ring_make(&tx[p], n, 1, 1);
		ring_make(&rx[p], n, 0, 1);
	}
	/* port 1 is known by 02:00:00:00:00:01, the sender is ...:aa */
	uint8_t frame[14] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0xaa, 8, 0 };
	if (broadcast)
		memset(frame, 0xff, 6);
	uint32_t lo;
	memcpy(&lo, frame + 2, 4);
	if (!broadcast)
		learn(1, lo, frame[0] | frame[1] << 8);
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t p = 0; p < ports; p++)
			memcpy(buf(tx[p].slots[i].buf_idx), frame, 14),
			memcpy(buf(rx[p].slots[i].buf_idx), frame, 14);
	uint64_t delivered = 0, sum = 0, expect = 0;
	double start = now();
	while (delivered < total) {
		struct ring *s = &tx[0];
		uint32_t i = s->head;
		uint32_t room = distance(s->head, s->tail, n);
		for (uint32_t k = room < burst ? room : burst; k > 0; k--) {
			s->slots[i].len = len;
			i = ring_next(s, i);
		}
		s->head = s->cur = i;
		txsync(0, swap);
		for (uint32_t p = 1; p < ports; p++) {
			struct ring *r = &rx[p];
			rxsync(p);
			for (i = r->head; i != r->tail; i = ring_next(r, i)) {
				uint32_t words[2];
				memcpy(words, buf(r->slots[i].buf_idx), 8);
				sum += words[0] ^ words[1];
				delivered++;
			}
			r->head = r->cur = i;
		}
	}
	double seconds = now() - start;
	uint32_t words[2];
	memcpy(words, frame, 8);
	expect = (uint64_t)(words[0] ^ words[1]) * delivered;
	if (sum != expect)
		return 1;
	printf("%llu %.3f\n", (unsigned long long)delivered, delivered / seconds / 1e6);
	return 0;
}
