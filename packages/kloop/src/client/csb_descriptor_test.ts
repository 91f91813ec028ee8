import {
  CSB_ENTRY_WORDS,
  EBADF,
  EINVAL,
  EOPNOTSUPP,
  NetmapError,
  POLLERR,
  POLLIN,
  POLLOUT,
  PollSet,
  signalEventfd,
  syncKloopStop,
} from "@netmap/core";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { createCsb } from "./csb.ts";
import { type CsbPort, csbPort } from "./csb_port.ts";
import { HandMadePort, SLOTS } from "./rings_fixture.ts";

const errnoOf = (action: () => unknown): number =>
  (assertThrows(action, NetmapError) as NetmapError).errno;

describe("a CSB port", () => {
  let made: HandMadePort;
  let port: CsbPort;
  const open = (): CsbPort =>
    csbPort({ memory: made.memory, nifp: 0, entries: made.csb, eventfds: made.eventfds.pairs });
  /** Whether an eventfd was signalled, which takes the signal. */
  const signalled = (fd: number): boolean => {
    const set = new PollSet();
    set.add(fd, POLLIN);
    return set.wait(0) === 1;
  };

  beforeEach(() => {
    made = new HandMadePort();
    port = open();
  });

  afterEach(() => {
    port.close();
    made[Symbol.dispose]();
  });

  it("takes up where the entries stand, and wants no kicks until it waits", () => {
    assertEquals([port.txRings[0].space(), port.rxRings[0].space()], [SLOTS - 1, 0]);
    assertEquals([made.published(0), made.published(1)], [[0, 0, 0], [0, 0, 0]]);
    assertEquals([port.reply.txRings, port.reply.rxRings], [1, 1]);
  });

  it("another one goes on where it ended", () => {
    port.txRings[0].advance(3);
    port.txsync();
    made.told(1, 0, 5);
    port.rxsync();
    port.rxRings[0].advance(2);
    port.rxsync();
    port.close();
    made.told(0, 3, 2);
    port = open();
    const [[tx], [rx]] = [port.txRings, port.rxRings];
    assertEquals([tx.head, tx.cur, tx.tail, rx.head, rx.cur, rx.tail], [3, 3, 2, 2, 2, 5]);
  });

  it("txsync() publishes head and cur, and learns the tail", () => {
    const [tx] = port.txRings;
    tx.head = 3;
    tx.cur = 4;
    made.told(0, 1, 0);
    port.txsync();
    assertEquals(made.published(0), [3, 4, 0]);
    assertEquals(tx.tail, 0);
    assertEquals(made.published(1), [0, 0, 0]);
  });

  it("rxsync() publishes what was given back, and learns of packets", () => {
    made.told(1, 0, 5);
    port.rxsync();
    assertEquals(port.rxRings[0].space(), 5);
    port.rxRings[0].advance(5);
    port.rxsync();
    assertEquals(made.published(1), [5, 5, 0]);
  });

  it("writes nothing when nothing moved, so that the entries' cache lines stay shared", () => {
    port.txRings[0].advance(2);
    port.txsync();
    made.csb.atok[0] = made.csb.atok[1] = 99;
    port.txsync();
    assertEquals(made.published(0), [99, 99, 0]);
    port.txRings[0].advance(1);
    port.txsync();
    assertEquals(made.published(0), [3, 3, 0]);
  });

  it("kicks when the loop asked for it and has something to do, once for what was published", () => {
    const { ioeventfd } = made.eventfds.pairs[0];
    port.txsync();
    assertEquals([port.csb.counters.kicks, signalled(ioeventfd)], [0, false]);
    port.txRings[0].advance(1);
    port.txsync();
    port.txsync();
    port.txsync();
    assertEquals([port.csb.counters.kicks, signalled(ioeventfd)], [1, true]);
    port.txRings[0].advance(1);
    port.txsync();
    assertEquals(port.csb.counters.kicks, 2);
    assertEquals(signalled(made.eventfds.pairs[1].ioeventfd), false);
  });

  it("does not kick a loop that did not ask, or that has taken all already", () => {
    made.wantsKick(0, false);
    port.txRings[0].advance(1);
    port.txsync();
    assertEquals(port.csb.counters.kicks, 0);
    // It asks after it looked: what it has not taken by then it has to be kicked for.
    made.wantsKick(0, true);
    made.told(0, 1, 0);
    port.txsync();
    assertEquals(port.csb.counters.kicks, 0);
    made.told(0, 0, 7);
    port.txsync();
    assertEquals(port.csb.counters.kicks, 1);
  });

  it("kicks again when a ring came round to the same head", () => {
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < SLOTS; i++) {
        port.txRings[0].advance(1);
        port.txsync();
        made.told(0, port.txRings[0].head, (port.txRings[0].head + SLOTS - 1) % SLOTS);
        port.txsync();
      }
    }
    assertEquals(port.csb.counters.kicks, 3 * SLOTS);
  });

  it("leaves a tail aside that the ring cannot have", () => {
    for (const tail of [SLOTS, -1, 0x7fffffff, -0x80000000]) {
      made.told(1, 0, tail);
      port.rxsync();
      assertEquals(port.rxRings[0].space(), 0);
    }
    made.told(1, 0, 3);
    port.rxsync();
    assertEquals(port.rxRings[0].space(), 3);
  });

  it("send() and receive() work as on any port", () => {
    assertEquals(port.send([new Uint8Array([1, 2, 3]), new Uint8Array(60)]), 2);
    assertEquals(made.published(0), [2, 2, 0]);
    const rx = port.rxRings[0];
    port.memory.u8.set([7, 8], rx.bufferOffset(rx.bufIdx(0)));
    rx.setLen(0, 2);
    made.told(1, 0, 1);
    assertEquals(port.receive().map((frame) => [...frame]), [[7, 8]]);
    port.receive();
    assertEquals(made.published(1), [1, 1, 0]);
  });

  describe("waiting", () => {
    it("poll() returns what holds at once, and after its time", () => {
      assertEquals(port.poll(POLLIN | POLLOUT, 1000), POLLOUT);
      made.told(1, 0, 1);
      assertEquals(port.poll(POLLIN | POLLOUT, 1000), POLLIN | POLLOUT);
      port.rxRings[0].advance(1);
      const start = performance.now();
      assertEquals(port.poll(POLLIN, 30), 0);
      assert(performance.now() - start >= 29);
      assertEquals(port.poll(POLLIN, 0), 0);
    });

    it("poll() asks for kicks only while it sleeps, and only for what it waits for", async () => {
      const wait = port.wait(POLLIN);
      assertEquals([made.published(0)[2], made.published(1)[2]], [0, 1]);
      made.told(1, 0, 2);
      signalEventfd(made.eventfds.pairs[1].irqfd);
      assertEquals(await wait, POLLIN);
      assertEquals([made.published(0)[2], made.published(1)[2]], [0, 0]);
      assertEquals(port.csb.counters.sleeps, 1);
    });

    it("poll() is woken by a kick, and sleeps on after one for nothing", () => {
      signalEventfd(made.eventfds.pairs[1].irqfd);
      assertEquals(port.poll(POLLIN, 20), 0);
      // Signals that came before stay until the next sleep.
      made.told(1, 0, 1);
      assertEquals(port.poll(POLLIN, 5000), POLLIN);
    });

    it("poll() sends what is pending", () => {
      port.txRings[0].advance(2);
      assertEquals(port.poll(POLLIN, 1), 0);
      assertEquals(made.published(0), [2, 2, 0]);
    });

    it("poll() waits for room when cur is at the tail", () => {
      port.txRings[0].advance(SLOTS - 1);
      assertEquals(port.poll(POLLOUT, 1), 0);
      made.told(0, 2, 1);
      assertEquals(port.poll(POLLOUT, 1000), POLLOUT);
    });

    it("wait() ends with the signal's reason, and with POLLERR at the close", async () => {
      const reason = new Error("enough");
      const abort = new AbortController();
      const wait = port.wait(POLLIN, abort.signal);
      abort.abort(reason);
      assertEquals(await assertRejects(() => wait), reason);
      const last = port.wait(POLLIN);
      port.close();
      assertEquals(await last, POLLERR);
    });

    it("fd is readable after a kick until the next sync, and asks for kicks from then on", () => {
      const { fd } = port;
      assertEquals([made.published(0)[2], made.published(1)[2]], [1, 1]);
      assertEquals(signalled(fd), false);
      signalEventfd(made.eventfds.pairs[1].irqfd);
      assertEquals(signalled(fd), true);
      port.rxsync();
      assertEquals(signalled(fd), false);
      assertEquals(port.poll(POLLIN, 1), 0);
      assertEquals([made.published(0)[2], made.published(1)[2]], [1, 1]);
    });

    it("naps where nobody can wake it", async () => {
      using quiet = csbPort({ memory: made.memory, nifp: 0, entries: made.csb });
      assertEquals(quiet.poll(POLLIN, 20), 0);
      setTimeout(() => made.told(1, 0, 1), 10);
      assertEquals(await quiet.wait(POLLIN), POLLIN);
      assertEquals(errnoOf(() => quiet.fd), EOPNOTSUPP);
      assertEquals(made.published(1)[2], 0);
    });
  });

  it("calls a function in place of an eventfd where it was given one", () => {
    const kicked: number[] = [];
    using direct = csbPort({
      memory: made.memory,
      nifp: 0,
      entries: made.csb,
      kick(entry) {
        kicked.push(entry);
        made.told(0, direct.txRings[0].head, 6);
      },
    });
    direct.txRings[0].advance(2);
    direct.txsync();
    // What the kick did is known when the sync returns.
    assertEquals([kicked, direct.txRings[0].tail], [[0], 6]);
  });

  it("refuses entries and eventfds that do not go with its rings", () => {
    using few = createCsb(1);
    const parts = { memory: made.memory, nifp: 0, entries: made.csb };
    assertEquals(errnoOf(() => csbPort({ ...parts, entries: few })), EINVAL);
    const one = made.eventfds.pairs.slice(1);
    assertEquals(errnoOf(() => csbPort({ ...parts, eventfds: one })), EINVAL);
    const gone = [{ ioeventfd: 9998, irqfd: 9999 }, { ioeventfd: 9998, irqfd: 9999 }];
    assertEquals(errnoOf(() => csbPort({ ...parts, eventfds: gone })), EBADF);
    made.csb.atok[CSB_ENTRY_WORDS] = SLOTS;
    assertEquals(errnoOf(() => csbPort(parts)), EINVAL);
  });

  it("carries out requests where somebody does it for it", () => {
    const { request } = syncKloopStop("a");
    const parts = { memory: made.memory, nifp: 0, entries: made.csb };
    using deaf = csbPort(parts);
    assertEquals(errnoOf(() => deaf.csb.control(request)), EOPNOTSUPP);
    assertEquals(errnoOf(() => deaf.csb.legacy("NIOCGINFO", new Uint8Array(60))), EOPNOTSUPP);
    const asked: unknown[] = [];
    using served = csbPort({ ...parts, control: (request) => void asked.push(request) });
    served.csb.control(request);
    assertEquals(asked, [request]);
  });

  it("fails with EBADF after its close, and when its memory was taken away", () => {
    made.csb.close();
    assertEquals(errnoOf(() => port.txsync()), EBADF);
    assertEquals(errnoOf(() => port.poll(POLLIN, 0)), EBADF);
    port.close();
    port.close();
    assertEquals(errnoOf(() => port.txsync()), EBADF);
    assertEquals(errnoOf(() => port.csb.fd), EBADF);
  });
});
