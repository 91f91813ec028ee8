/*
 * A program that knows netmap by its documented layout alone and reaches it as any program does:
 * open, ioctl, mmap, poll. It takes the path of the device file and a task, does it, and prints one
 * line for each thing that it found.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

typedef uint16_t b2;
typedef uint32_t b4;
typedef uint64_t b8;

struct slot { b4 buf_idx; b2 len, flags; b8 ptr; };
struct ring {
  int64_t buf_ofs;
  b4 num_slots, buf_size;
  b2 ringid, dir;
  b4 head, cur, tail, flags;
  struct timeval ts;
  b8 offset_mask, buf_align;
  _Alignas(128) unsigned char sem[128];
  struct slot slot[];
};
struct iface {
  char name[16];
  b4 version, flags, tx_rings, rx_rings, bufs_head, host_tx, host_rx, spare[3];
  ssize_t ring_ofs[];
};
struct header { b2 version, reqtype; b4 reserved; char name[64]; b8 options, body; };
struct option { b8 next; b4 reqtype, status; b8 size; };
struct registration {
  b8 offset, memsize;
  b4 tx_slots, rx_slots;
  b2 tx_rings, rx_rings, host_tx, host_rx, mem_id, ringid;
  b4 mode, extra_bufs;
  b8 flags;
};
struct pools {
  b8 memsize;
  b2 mem_id, pad[3];
  b8 if_at;
  b4 if_total, if_size;
  b8 ring_at;
  b4 ring_total, ring_size;
  b8 buf_at;
  b4 buf_total, buf_size;
};
struct extmem { struct option option; b8 usrptr; struct pools info; };
struct csb { struct option option; b8 atok, ktoa; };
struct atok { b4 head, cur, need_kick, sync_flags, pad[12]; };
struct ktoa { b4 hwcur, hwtail, need_kick, pad[13]; };
struct eventfds { struct option option; struct { int io, irq; } fd[2]; };
struct old_request {
  char name[16];
  b4 version, offset, memsize, tx_slots, rx_slots;
  b2 tx_rings, rx_rings, ringid, cmd, arg1, arg2;
  b4 arg3, flags, spare;
};

#define GINFO _IOWR('i', 145, struct old_request)
#define REGIF _IOWR('i', 146, struct old_request)
#define TXSYNC _IO('i', 148)
#define RXSYNC _IO('i', 149)
#define CONTROL _IOWR('i', 151, struct header)
enum { API = 14, REGISTER = 1, OPT_EXTMEM = 1, ALL_NIC = 1,
       LOOP_START = 13, LOOP_STOP = 14, OPT_EVENTFDS = 2, OPT_CSB = 3, EXCLUSIVE = 0x800 };

struct port { int fd; char *memory; struct ring *tx, *rx; b4 memsize; };

static void fail(const char *what) {
  printf("%s: %s\n", what, strerror(errno));
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static int open_device(const char *path) {
  int fd = open(path, O_RDWR);
  if (fd < 0) fail("open");
  return fd;
}

static int control(int fd, int type, const char *name, void *body, struct option *first) {
  struct header h = { API, type, 0, "", (b8)(uintptr_t)first, (b8)(uintptr_t)body };
  strncpy(h.name, name, sizeof h.name - 1);
  return ioctl(fd, CONTROL, &h);
}

static void find_rings(struct port *p, char *memory, b8 offset) {
  struct iface *nif = (struct iface *)(memory + offset);
  p->memory = memory;
  p->tx = (struct ring *)((char *)nif + nif->ring_ofs[0]);
  p->rx = (struct ring *)((char *)nif + nif->ring_ofs[nif->tx_rings + nif->host_tx]);
}

static struct port register_port(const char *path, const char *name, b4 slots) {
  struct port p = { open_device(path) };
  struct registration r = { .mode = ALL_NIC, .tx_slots = slots, .rx_slots = slots };
  if (control(p.fd, REGISTER, name, &r, 0)) fail("register");
  char *memory = mmap(0, r.memsize, PROT_READ | PROT_WRITE, MAP_SHARED, p.fd, 0);
  if (memory == MAP_FAILED) fail("mmap");
  p.memsize = r.memsize;
  find_rings(&p, memory, r.offset);
  return p;
}

static char *buffer(struct ring *r, b4 at) {
  return (char *)r + r->buf_ofs + (b8)r->slot[at].buf_idx * r->buf_size;
}

static b4 next(struct ring *r, b4 at) { return at + 1 == r->num_slots ? 0 : at + 1; }

static b4 room(struct ring *r) {
  return (r->tail + r->num_slots - r->cur) % r->num_slots;
}

enum how { POLL, SELECT, EPOLL, EDGE, BUSY };

static enum how how_of(const char *name) {
  static const char *names[] = { "poll", "select", "epoll", "edge", "busy" };
  for (int i = 0; i < 5; i++) if (!strcmp(name, names[i])) return i;
  errno = EINVAL;
  fail(name);
  return POLL;
}

/* Sleeps until the port has something; 0 when nothing came within the time. */
static int sleep_for(int fd, short events, enum how how, int ms) {
  static int epfd = -1;
  if (how == BUSY) return ioctl(fd, events == POLLIN ? RXSYNC : TXSYNC) == 0;
  if (how == SELECT) {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    struct timeval t = { ms / 1000, ms % 1000 * 1000 };
    return select(fd + 1, events == POLLIN ? &set : 0, events == POLLOUT ? &set : 0, 0, &t);
  }
  if (how == EPOLL || how == EDGE) {
    struct epoll_event e = { .events = EPOLLIN | (how == EDGE ? EPOLLET : 0) };
    if (epfd < 0) {
      epfd = epoll_create1(0);
      if (epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &e)) fail("epoll_ctl");
    }
    return epoll_wait(epfd, &e, 1, ms);
  }
  struct pollfd p = { fd, events, 0 };
  int found = poll(&p, 1, ms);
  if (found > 0 && (p.revents & POLLERR)) return -1;
  return found;
}

static void send_frames(struct port p, b4 count, b4 batch, enum how how, int pause_us) {
  double begin = now();
  struct ring *r = p.tx;
  for (b4 sent = 0; sent < count;) {
    if (room(r) == 0 && sleep_for(p.fd, POLLOUT, how, 5000) <= 0) fail("wait to send");
    b4 at = r->cur;
    for (b4 n = room(r), done = 0; n > 0 && sent < count && done < batch; n--, done++, sent++) {
      char *frame = buffer(r, at);
      memset(frame, 0xff, 6);
      memcpy(frame + 6, "\2sent\0\x08\0", 8);
      memcpy(frame + 14, &sent, 4);
      r->slot[at].len = 60;
      at = next(r, at);
    }
    r->head = r->cur = at;
    if (ioctl(p.fd, TXSYNC)) fail("txsync");
    if (pause_us) usleep(pause_us);
  }
  /* What is not taken yet would go with the port. */
  while (room(r) != r->num_slots - 1) if (ioctl(p.fd, TXSYNC)) fail("txsync");
  printf("sent %u %.0f\n", count, count / (now() - begin));
}

static void receive_frames(struct port p, b4 count, enum how how, int lossy) {
  struct ring *r = p.rx;
  double begin = 0;
  b4 got = 0, expected = 0, wakes = 0, last = 0;
  double end = 0;
  while (last + 1 < count || got == 0) {
    int found = sleep_for(p.fd, POLLIN, how, lossy && got ? 300 : 10000);
    /* A switch drops what finds no room, the last frame too. */
    if (lossy && got && (found == 0 || now() - end > 0.3)) break;
    if (found <= 0) fail("wait to receive");
    wakes++;
    if (how == EDGE) ioctl(p.fd, RXSYNC);
    if (begin == 0 && room(r)) begin = now();
    if (room(r)) end = now();
    do {
      b4 at = r->cur;
      for (b4 n = room(r); n > 0; n--, at = next(r, at), got++) {
        memcpy(&last, buffer(r, at) + 14, 4);
        if (r->slot[at].len != 60 || (lossy ? last < expected : last != expected)) {
          printf("frame %u where %u was due, %u bytes\n", last, expected, r->slot[at].len);
          exit(1);
        }
        expected = last + 1;
      }
      r->head = r->cur = at;
      if (how == EDGE) ioctl(p.fd, RXSYNC);
    } while (how == EDGE && room(r));
  }
  ioctl(p.fd, RXSYNC);
  printf("received %u %.0f %u\n", got, got / (end - begin), wakes);
}

static void answer(const char *what, int result) {
  printf("%s %s\n", what, result < 0 ? strerrorname_np(errno) : "ok");
}

static void bad_requests(const char *path) {
  int fd = open_device(path);
  struct registration r = { .mode = ALL_NIC };
  struct option loop = { .reqtype = 99, .size = 0 };
  loop.next = (b8)(uintptr_t)&loop;
  answer("txsync-unbound", ioctl(fd, TXSYNC));
  answer("body-nowhere", control(fd, REGISTER, "vale1:a", (void *)16, 0));
  answer("options-nowhere", control(fd, REGISTER, "vale1:a", &r, (struct option *)16));
  answer("options-endless", control(fd, REGISTER, "vale1:a", &r, &loop));
  answer("argument-nowhere", ioctl(fd, CONTROL, (void *)16));
  answer("body-missing", control(fd, REGISTER, "vale1:a", 0, 0));
  answer("name-bad", control(fd, REGISTER, "no such name!", &r, 0));
  answer("command-unknown", ioctl(fd, _IO('i', 7)));
  answer("memory-other", (r.mem_id = 77, control(fd, REGISTER, "vale1:a", &r, 0)));
  struct pollfd p = { fd, POLLIN, 0 };
  int found = poll(&p, 1, 0);
  printf("poll-unbound %d %d\n", found, p.revents);
  struct header h = { 99, REGISTER, 7, "vale1:a", 0, 0 };
  answer("version-bad", ioctl(fd, CONTROL, &h));
  struct registration unread = { .mode = ALL_NIC };
  char *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(page, &unread, sizeof unread);
  mprotect(page, 4096, PROT_READ);
  answer("body-readonly", control(fd, REGISTER, "vale1:a", page, 0));
  struct old_request old = { .name = "vale1:b", .version = 11 };
  answer("legacy-version", ioctl(fd, GINFO, &old));
  answer("truncate", ftruncate(fd, 0));
  struct stat st;
  fstat(fd, &st);
  printf("size %lld\n", (long long)st.st_size);
}

static void legacy(const char *path, const char *name) {
  int fd = open_device(path);
  struct old_request r = { .version = API, .flags = ALL_NIC };
  strncpy(r.name, name, sizeof r.name - 1);
  answer("info", ioctl(fd, GINFO, &r));
  printf("memory %u\n", r.memsize > 0);
  answer("register", ioctl(fd, REGIF, &r));
  printf("rings %u %u slots %u region %u\n", r.tx_rings, r.rx_rings, r.tx_slots, r.arg2);
}

/* A port in memory of this program's own: shared, then private. */
static void external(const char *path, const char *name) {
  b8 bytes = 16 << 20;
  for (int shared = 1; shared >= 0; shared--) {
    char *memory = mmap(0, bytes, PROT_READ | PROT_WRITE,
                        (shared ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS, -1, 0);
    struct extmem e = { { 0, OPT_EXTMEM, 0, sizeof e - sizeof e.option }, (b8)(uintptr_t)memory,
                        { .memsize = bytes } };
    struct registration r = { .mode = ALL_NIC, .tx_slots = 64, .rx_slots = 64 };
    int fd = open_device(path);
    answer(shared ? "shared" : "private", control(fd, REGISTER, name, &r, &e.option));
    if (shared) {
      struct port p = { fd };
      find_rings(&p, memory, r.offset);
      printf("region %d slots %u\n", r.mem_id > 1, p.tx->num_slots);
      send_frames(p, 10, 10, POLL, 0);
    } else printf("status %u\n", e.option.status);
    close(fd);
  }
}

/* Syncs until that fails: the daemon went. What was mapped stays. */
static void until_gone(struct port p) {
  b4 slots = p.tx->num_slots;
  while (ioctl(p.fd, TXSYNC) == 0) usleep(2000);
  /* A request that was under way is ECONNABORTED, those after it ENOTCONN. */
  answer("sync", ioctl(p.fd, TXSYNC));
  struct pollfd f = { p.fd, POLLIN, 0 };
  int found = poll(&f, 1, 1000);
  printf("poll %d %d\n", found, (f.revents & POLLERR) != 0);
  printf("mapped %d\n", p.tx->num_slots == slots && buffer(p.tx, 0)[0] == buffer(p.tx, 0)[0]);
}

static int loop_fd;

static void *run_loop(void *first) {
  b4 sleep[2] = { 100, 0 };
  int failed = control(loop_fd, LOOP_START, "", sleep, first);
  answer("loop", failed);
  return 0;
}

/* Sends through a sync loop: a thread is inside of it while this one exchanges rings by memory. */
static void send_by_loop(const char *path, const char *name, b4 count, int kicks) {
  struct atok *atok = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  struct ktoa *ktoa = (struct ktoa *)((char *)atok + 2048);
  struct csb csb = { { 0, OPT_CSB, 0, 16 }, (b8)(uintptr_t)atok, (b8)(uintptr_t)ktoa };
  struct registration r = { .mode = ALL_NIC, .flags = EXCLUSIVE };
  struct eventfds e = { { 0, OPT_EVENTFDS, 0, sizeof e } }; /* the whole option, in netmap */
  for (int i = 0; i < 2; i++) e.fd[i].io = eventfd(0, 0), e.fd[i].irq = eventfd(0, 0);
  loop_fd = open_device(path);
  answer("register", control(loop_fd, REGISTER, name, &r, &csb.option));
  struct port p = { loop_fd };
  char *memory = mmap(0, r.memsize, PROT_READ | PROT_WRITE, MAP_SHARED, loop_fd, 0);
  find_rings(&p, memory, r.offset);
  answer("txsync", ioctl(loop_fd, TXSYNC));
  pthread_t thread;
  pthread_create(&thread, 0, run_loop, kicks ? &e.option : 0);
  b4 slots = p.tx->num_slots, at = p.tx->head;
  for (b4 sent = 0; sent < count;) {
    b4 tail = __atomic_load_n(&ktoa[0].hwtail, __ATOMIC_ACQUIRE);
    if (tail == at) { usleep(50); continue; }
    for (; at != tail && sent < count; at = at + 1 == slots ? 0 : at + 1, sent++) {
      memset(buffer(p.tx, at), 0xff, 14);
      memcpy(buffer(p.tx, at) + 14, &sent, 4);
      p.tx->slot[at].len = 60;
    }
    __atomic_store_n(&atok[0].cur, at, __ATOMIC_RELEASE);
    __atomic_store_n(&atok[0].head, at, __ATOMIC_SEQ_CST);
    if (kicks && __atomic_load_n(&ktoa[0].need_kick, __ATOMIC_SEQ_CST)) eventfd_write(e.fd[0].io, 1);
  }
  b4 last = at == 0 ? slots - 1 : at - 1;
  while (__atomic_load_n(&ktoa[0].hwtail, __ATOMIC_ACQUIRE) != last) usleep(50);
  printf("sent %u\n", count);
  if (count == 0) pause();
  answer("stop", control(loop_fd, LOOP_STOP, "", 0, 0));
  pthread_join(thread, 0);
}

static void round_trips(struct port p, b4 count) {
  double begin = now();
  for (b4 i = 0; i < count; i++) ioctl(p.fd, TXSYNC);
  double ours = (now() - begin) / count * 1e9;
  begin = now();
  for (b4 i = 0; i < count; i++) syscall(SYS_getpid);
  printf("ioctl %.0f getpid %.0f\n", ours, (now() - begin) / count * 1e9);
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  setvbuf(stdout, 0, _IOLBF, 0);
  const char *path = argv[1], *task = argv[2], *name = argc > 3 ? argv[3] : "";
  b4 count = argc > 4 ? atoi(argv[4]) : 0;
  const char *how = argc > 5 ? argv[5] : "poll";
  b4 batch = argc > 6 ? atoi(argv[6]) : 512;
  if (!strcmp(task, "bad")) bad_requests(path);
  else if (!strcmp(task, "legacy")) legacy(path, name);
  else if (!strcmp(task, "loop")) send_by_loop(path, name, count, argc > 5);
  else if (!strcmp(task, "external")) external(path, name);
  else {
    struct port p = register_port(path, name, 0);
    printf("ready %u\n", p.tx->num_slots);
    if (!strcmp(task, "send")) {
      send_frames(p, count, batch, how_of(how), argc > 7 ? atoi(argv[7]) : 0);
    } else if (!strcmp(task, "receive")) receive_frames(p, count, how_of(how), argc > 6);
    else if (!strcmp(task, "rtt")) round_trips(p, count);
    else if (!strcmp(task, "nothing")) printf("nothing %d\n", sleep_for(p.fd, POLLIN, how_of(how), count));
    else if (!strcmp(task, "until-gone")) until_gone(p);
    else if (!strcmp(task, "hold")) pause();
    else return 2;
  }
  return 0;
}
