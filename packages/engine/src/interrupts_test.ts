import { closeFd, createEventfd, drainEventfd, signalEventfd } from "@netmap/core";
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { InterruptSources } from "./interrupts.ts";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("InterruptSources", () => {
  let sources: InterruptSources;
  let fd: number;
  let handled: number;
  let rounds: number;

  beforeEach(() => {
    sources = new InterruptSources();
    fd = createEventfd();
    handled = rounds = 0;
  });

  afterEach(() => closeFd(fd));

  const source = {
    get fd(): number {
      return fd;
    },
    handle(): void {
      drainEventfd(fd);
      handled++;
    },
  };

  it("serves a source while somebody polls", () => {
    sources.add(source);
    assertEquals([sources.size, sources.poll(-1, 0), handled], [1, false, 0]);
    signalEventfd(fd);
    assertEquals([sources.poll(-1, 1000), handled], [true, 1]);
    sources.remove(source);
    signalEventfd(fd);
    assertEquals([sources.size, sources.poll(-1, 0), handled], [0, false, 1]);
  });

  it("looks at its pollers in every round, and sleeps 1 ms at most beside them", () => {
    const poller = (): boolean => ++rounds % 100 === 0;
    sources.addPoller(poller);
    assertEquals(sources.size, 1);
    const began = performance.now();
    for (let i = 0; i < 80; i++) sources.poll(-1, 60_000);
    assert(performance.now() - began < 5000);
    assertEquals(rounds, 80);
    for (let i = 0; i < 19; i++) sources.poll(-1, 60_000);
    // The round in which it found something says so.
    assertEquals(sources.poll(-1, 60_000), true);
    sources.removePoller(poller);
    assertEquals([sources.size, sources.poll(-1, 0), rounds], [0, false, 100]);
  });

  it("serves sources beside pollers", () => {
    sources.add(source);
    sources.addPoller(() => ++rounds < 0);
    signalEventfd(fd);
    assertEquals([sources.poll(-1, 60_000), handled, rounds], [true, 1, 1]);
  });

  it("runs pollers from the event loop exactly while somebody waits", async () => {
    const poller = (): boolean => ++rounds < 0;
    sources.acquire();
    sources.addPoller(poller);
    await pause(20);
    assert(rounds > 2, `${rounds}`);
    sources.release();
    await pause(5);
    const then = rounds;
    await pause(20);
    assertEquals(rounds, then);
    const stop = new AbortController();
    const running = sources.run(stop.signal);
    await pause(20);
    stop.abort();
    await running;
    assert(rounds > then);
    sources.removePoller(poller);
    await pause(5);
  });
});
