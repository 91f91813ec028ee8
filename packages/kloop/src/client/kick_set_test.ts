import {
  closeFd,
  createEventfd,
  EBADF,
  NetmapError,
  POLLIN,
  PollSet,
  signalEventfd,
} from "@netmap/core";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { KickSet } from "./kick_set.ts";

describe("KickSet", () => {
  let set: KickSet;
  let a: number;
  let b: number;

  beforeEach(() => {
    set = new KickSet();
    a = createEventfd();
    b = createEventfd();
    set.add(a);
    set.add(b);
    set.add(b);
  });

  afterEach(() => {
    set.close();
    set.close();
    closeFd(a);
    closeFd(b);
  });

  it("sleeps until one of its eventfds is signalled, each signal once", () => {
    signalEventfd(b);
    assertEquals(set.sleep(1000), true);
    assertEquals(set.sleep(0), false);
    signalEventfd(b);
    signalEventfd(a);
    assertEquals(set.sleep(-1), true);
    assertEquals(set.sleep(0), false);
    assertEquals(set.sleeps, 4);
  });

  it("sees a signal that came before it slept, also on an eventfd that nobody reads", () => {
    for (let i = 0; i < 3; i++) {
      signalEventfd(a);
      assertEquals(set.sleep(1000), true);
    }
  });

  it("keeps to its time", () => {
    const start = performance.now();
    assertEquals(set.sleep(20), false);
    assert(performance.now() - start >= 19);
  });

  it("is readable while a signal was not seen", () => {
    const poll = new PollSet();
    poll.add(set.fd, POLLIN);
    assertEquals(poll.wait(0), 0);
    signalEventfd(a);
    assertEquals(poll.wait(0), 1);
    set.forget();
    assertEquals(poll.wait(0), 0);
  });

  it("takes more signals than one look returns", () => {
    const many = Array.from({ length: 40 }, () => createEventfd());
    for (const fd of many) set.add(fd);
    for (const fd of many) signalEventfd(fd);
    let looks = 0;
    while (set.sleep(0)) looks++;
    assert(looks >= 1 && looks <= 4, `${looks} looks`);
    for (const fd of many) closeFd(fd);
  });

  it("refuses what is not open", () => {
    assertEquals((assertThrows(() => set.add(9999), NetmapError) as NetmapError).errno, EBADF);
  });
});
