/*
 * A stand-in for libnetmap.so, for the binding's tests: it says what it was called with, and answers
 * with ports whose memory is a memfd. Its structs are written down here once more, by hand, so that
 * the tables of layout.ts are checked against a C compiler and not against themselves.
 *
 *   name          what its port is
 *   bad...        refused when it is prepared: EINVAL and a text
 *   busy...       refused when it is opened: EBUSY and a text
 *   mute...       refused when it is opened, without a text
 *   NAME@ID       in memory region ID (1 when left out)
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct context;
struct region {
	uint16_t id;
	int users;
	void *base;
	size_t bytes;
	int external;
	struct region *after, *before;
};

struct context {
	int talks;
	void (*say)(struct context *, const char *);
	void *(*take)(struct context *, size_t);
	void (*give)(struct context *, void *);
	void (*hold)(struct context *, int);
	struct region *regions;
};

struct head {
	uint16_t version, kind;
	uint32_t zero;
	char name[64];
	uint64_t options, body;
};

struct want {
	uint64_t at, bytes;
	uint32_t tx_slots, rx_slots;
	uint16_t tx_rings, rx_rings, host_tx, host_rx;
	uint16_t region, ring;
	uint32_t mode, extra;
	uint64_t flags;
};

struct port {
	struct head head;
	struct want want;
	struct region *region;
	struct context *context;
	int registered, mapped;
	void *external;
	int fd;
	uint32_t *nif;
	uint16_t first_tx, last_tx, first_rx, last_rx, cur_tx, cur_rx;
	void *undo;
};

/* The log. */
static char lines[1 << 16];
static size_t filled;

static void note(const char *format, ...)
{
	va_list values;
	va_start(values, format);
	filled += vsnprintf(lines + filled, sizeof(lines) - filled, format, values);
	va_end(values);
}

int fake_take_log(char *into, int size)
{
	int n = (int)filled < size ? (int)filled : size;
	memcpy(into, lines, n);
	filled = 0;
	return n;
}

/* Sizes, for whoever wants to know what a compiler makes of the above. */
int fake_size_of(int which)
{
	switch (which) {
	case 0: return sizeof(struct port);
	case 1: return sizeof(struct context);
	default: return sizeof(struct region);
	}
}

/* The context that the library has by itself. */
static int blocks;

int fake_blocks(void) { return blocks; }

static void say(struct context *c, const char *text) { (void)c; note("default says %s\n", text); }
static void *take(struct context *c, size_t bytes) { (void)c; blocks++; return calloc(1, bytes); }
static void give(struct context *c, void *p) { (void)c; blocks--; free(p); }
static void hold(struct context *c, int on) { (void)c; note("%s\n", on ? "lock" : "unlock"); }

static struct context own = { 1, say, take, give, hold, NULL };
static struct context *current = &own;

struct context *nmctx_get(void) { return current; }

struct context *nmctx_set_default(struct context *next)
{
	struct context *old = current;
	current = next;
	return old;
}

int fake_is_own_default(void) { return current == &own; }

static void complain(struct context *c, int number, const char *what, const char *name)
{
	char text[200];
	snprintf(text, sizeof(text), "%s: %s \xc3\xbc", name, what);
	errno = number;
	if (c->talks)
		c->say(c, text);
}

/* A region: netmap_if at 128, two rings of 8 slots, 64 buffers of 512 bytes from 8192 on. */
#define BYTES 65536
#define NIF 128
#define TX 1024
#define RX 4096
#define BUFS 8192
#define BUF 512
#define SLOTS 8

static void make_ring(char *base, int at, int direction, int first)
{
	uint32_t *ring = (uint32_t *)(base + at);
	int i;

	*(int64_t *)ring = BUFS - at;
	ring[2] = SLOTS;
	ring[3] = BUF;
	ring[4] = direction << 16;
	ring[7] = direction == 0 ? SLOTS - 1 : 0;
	for (i = 0; i < SLOTS; i++)
		ring[64 + 4 * i] = first + i;
}

static struct region *find_region(struct context *c, struct port *p)
{
	struct region *r;

	for (r = c->regions; r != NULL; r = r->after)
		if (r->id == p->want.region)
			return r;
	r = c->take(c, sizeof(*r));
	memset(r, 0, sizeof(*r));
	r->id = p->want.region;
	r->bytes = BYTES;
	r->base = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, p->fd, 0);
	r->after = c->regions;
	if (c->regions != NULL)
		c->regions->before = r;
	c->regions = r;
	return r;
}

struct port *nmport_prepare(const char *spec)
{
	struct context *c = current;
	const char *at = strchr(spec, '@');
	struct port *p;

	note("prepare %s\n", spec);
	if (strncmp(spec, "bad", 3) == 0) {
		complain(c, EINVAL, "no such subsystem", spec);
		return NULL;
	}
	p = c->take(c, sizeof(*p));
	memset(p, 0, sizeof(*p));
	p->head.version = 14;
	p->head.kind = 1;
	p->head.body = (uintptr_t)&p->want;
	snprintf(p->head.name, sizeof(p->head.name), "%.*s",
	    at ? (int)(at - spec) : (int)strlen(spec), spec);
	p->want.region = at ? atoi(at + 1) : 1;
	p->want.mode = 1;
	p->context = c;
	p->fd = -1;
	return p;
}

void nmport_undo_prepare(struct port *p)
{
	note("undo_prepare %s\n", p->head.name);
	p->context->give(p->context, p);
}

/* The memory of a region number is the same for all contexts, as a kernel's is. */
static int memory_of[16];

int nmport_open_desc(struct port *p)
{
	uint32_t *nif;
	int64_t *ofs;
	char *base;

	note("open_desc %s extra %u flags %llx\n", p->head.name, p->want.extra,
	    (unsigned long long)p->want.flags);
	if (strncmp(p->head.name, "busy", 4) == 0) {
		complain(p->context, EBUSY, "its rings are taken", p->head.name);
		return -1;
	}
	if (strncmp(p->head.name, "mute", 4) == 0) {
		errno = ENXIO;
		return -1;
	}
	if (memory_of[p->want.region & 15] == 0) {
		memory_of[p->want.region & 15] = memfd_create("fake-netmap", 0);
		if (ftruncate(memory_of[p->want.region & 15], BYTES) != 0)
			return -1;
	}
	p->fd = dup(memory_of[p->want.region & 15]);
	if (p->context->hold)
		p->context->hold(p->context, 1);
	p->region = find_region(p->context, p);
	p->region->users++;
	if (p->context->hold)
		p->context->hold(p->context, 0);
	base = p->region->base;
	nif = (uint32_t *)(base + NIF);
	memset(base, 0, BUFS);
	snprintf((char *)nif, 16, "%.15s", p->head.name);
	nif[4] = 14;
	nif[6] = nif[7] = 1;   /* rings of the NIC */
	nif[9] = nif[10] = 1;  /* of the host: not bound */
	ofs = (int64_t *)(nif + 14);
	ofs[0] = TX - NIF;
	ofs[2] = RX - NIF;
	make_ring(base, TX, 0, 2);
	make_ring(base, RX, 1, 2 + SLOTS);
	p->nif = nif;
	p->want.at = NIF;
	p->want.bytes = BYTES;
	p->want.tx_rings = p->want.rx_rings = 1;
	p->want.tx_slots = p->want.rx_slots = SLOTS;
	p->registered = p->mapped = 1;
	p->last_tx = p->last_rx = 0;
	return 0;
}

void nmport_undo_open_desc(struct port *p)
{
	struct context *c = p->context;
	struct region *r = p->region;

	note("undo_open_desc %s\n", p->head.name);
	if (r != NULL && --r->users == 0) {
		munmap(r->base, r->bytes);
		if (r->after)
			r->after->before = r->before;
		if (r->before)
			r->before->after = r->after;
		else
			c->regions = r->after;
		c->give(c, r);
	}
	p->region = NULL;
	p->nif = NULL;
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	p->registered = p->mapped = 0;
}

struct port *nmport_open(const char *spec)
{
	struct port *p = nmport_prepare(spec);

	if (p != NULL && nmport_open_desc(p) < 0) {
		int number = errno;
		nmport_undo_prepare(p);
		errno = number;
		return NULL;
	}
	return p;
}

void nmport_close(struct port *p)
{
	note("close %s\n", p->head.name);
	if (p->fd >= 0)
		nmport_undo_open_desc(p);
	p->context->give(p->context, p);
}

struct port *nmport_clone(struct port *p)
{
	struct port *copy;

	note("clone %s\n", p->head.name);
	if (p->external != NULL && !p->registered) {
		complain(p->context, EINVAL, "not while its memory is its own", p->head.name);
		return NULL;
	}
	copy = p->context->take(p->context, sizeof(*copy));
	memset(copy, 0, sizeof(*copy));
	copy->head = p->head;
	copy->head.body = (uintptr_t)&copy->want;
	copy->want = p->want;
	copy->context = p->context;
	copy->fd = -1;
	return copy;
}

int nmport_inject(struct port *p, const void *packet, size_t bytes)
{
	uint32_t *ring = (uint32_t *)((char *)p->nif + TX - NIF);
	uint32_t slot = ring[6];

	note("inject %zu\n", bytes);
	if (slot == ring[7] || bytes > BUF)
		return 0;
	memcpy((char *)ring + BUFS - TX + (size_t)ring[64 + 4 * slot] * BUF, packet, bytes);
	ring[64 + 4 * slot + 1] = bytes;
	ring[5] = ring[6] = (slot + 1) % SLOTS;
	return bytes;
}

int nmport_extmem(struct port *p, void *base, size_t bytes)
{
	note("extmem %s %llx %zu\n", p->head.name, (unsigned long long)(uintptr_t)base, bytes);
	if (p->external != NULL) {
		complain(p->context, EINVAL, "has memory", p->head.name);
		return -1;
	}
	p->external = base;
	return 0;
}

int nmport_enable_option(const char *option)
{
	note("enable %s\n", option);
	if (strcmp(option, "offset") == 0)
		return 0;
	errno = EOPNOTSUPP;
	return -1;
}

void nmport_disable_option(const char *option) { note("disable %s\n", option); }

#ifndef WITHOUT_OFFSET
int nmport_offset(struct port *p, uint64_t initial, uint64_t max, uint64_t bits, uint64_t gap)
{
	note("offset %s %llu %llu %llu %llu\n", p->head.name, (unsigned long long)initial,
	    (unsigned long long)max, (unsigned long long)bits, (unsigned long long)gap);
	return 0;
}
#endif
