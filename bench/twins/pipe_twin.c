/*
 * Twin of pipe/one-isolate: a writer fills slots of 60 bytes, txsync copies the slots to the peer's
 * ring, a reader looks at each length and gives the slots back.
 *
 * Usage: pipe_twin PACKETS SLOTS. Prints packets and Mpps.
 */
#include "netmap_twin.h"

int main(int argc, char **argv)
{
	uint64_t total = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000000;
	uint32_t n = argc > 2 ? (uint32_t)atoi(argv[2]) : 1024;
	struct ring tx, rx;
	uint64_t moved = 0, bytes = 0;
	uint32_t tx_seen, rx_seen;

	pool_make(n + 2);
	ring_make(&tx, n, 1, 1);
	ring_make(&rx, n, 0, 0);
	memcpy(rx.slots, tx.slots, n * sizeof(struct slot));
	tx_seen = n - 1;
	rx_seen = 0;
	double start = now();
	while (moved < total) {
		/* the writer */
		uint32_t i = tx.head;
		for (uint32_t k = distance(tx.head, tx.tail, n); k > 0; k--) {
			tx.slots[i].len = 60;
			i = ring_next(&tx, i);
		}
		tx.head = tx.cur = i;
		/* txsync */
		take(&tx.busy);
		tx.hwtail = __atomic_load_n(&tx_seen, __ATOMIC_SEQ_CST);
		for (i = tx.hwcur; i != tx.head; i = ring_next(&tx, i)) {
			rx.slots[i] = tx.slots[i];
			if (tx.slots[i].flags & NS_BUF_CHANGED)
				tx.slots[i].flags &= ~NS_BUF_CHANGED;
		}
		tx.hwcur = tx.head;
		__atomic_store_n(&rx_seen, i, __ATOMIC_SEQ_CST);
		tx.tail = tx.hwtail;
		give(&tx.busy);
		/* rxsync */
		take(&rx.busy);
		rx.hwtail = __atomic_load_n(&rx_seen, __ATOMIC_SEQ_CST);
		for (i = rx.hwcur; i != rx.head; i = ring_next(&rx, i)) {
			tx.slots[i] = rx.slots[i];
			if (rx.slots[i].flags & NS_BUF_CHANGED)
				rx.slots[i].flags &= ~NS_BUF_CHANGED;
		}
		rx.hwcur = rx.head;
		__atomic_store_n(&tx_seen, i == 0 ? n - 1 : i - 1, __ATOMIC_SEQ_CST);
		rx.tail = rx.hwtail;
		give(&rx.busy);
		/* the reader */
		for (i = rx.head; i != rx.tail; i = ring_next(&rx, i)) {
			bytes += rx.slots[i].len;
			moved++;
		}
		rx.head = rx.cur = i;
	}
	double seconds = now() - start;
	if (bytes != moved * 60)
		return 1;
	printf("%llu %.3f\n", (unsigned long long)moved, moved / seconds / 1e6);
	return 0;
}
