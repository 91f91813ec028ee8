import { DataPath } from "@netmap/engine";
import { assert, assertEquals } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import {
  BROADCAST,
  DEFAULT_MAX_AGE,
  F_MAC_HI_PORT,
  F_MAC_LO,
  F_WAYS,
  F_WORDS,
  S_FDB,
  S_FDB_MASK,
  S_MAX_AGE,
  SWITCH_WORDS,
} from "../layout.ts";
import { clearTable, find, forgetPort, learn, listTable, maxAge, seconds } from "./fdb.ts";

const BUCKETS = 64;
const NOW = 1000;

describe("The forwarding table", () => {
  const s = 1 << 20;
  const table = s + SWITCH_WORDS;
  let dp: DataPath;
  let state: Int32Array;

  beforeEach(() => {
    dp = DataPath.create([]);
    ({ state } = dp);
    state[s + S_FDB] = table;
    state[s + S_FDB_MASK] = BUCKETS - 1;
  });

  afterEach(() => dp.close());

  const note = (lo: number, hi: number, port: number, now: number = NOW): void =>
    learn(state, table, BUCKETS - 1, lo, hi, port, now);
  const ask = (lo: number, hi: number, now: number = NOW): number =>
    find(state, table, BUCKETS - 1, lo, hi, now, maxAge(state, s));

  it("knows what it learned and nothing else", () => {
    note(0x2, 0x100, 5);
    assertEquals([ask(0x2, 0x100), ask(0x2, 0x101), ask(0x3, 0x100)], [5, BROADCAST, BROADCAST]);
    assertEquals([ask(0, 0), ask(-1, 0xffff)], [BROADCAST, BROADCAST]);
  });

  it("knows port 0, and addresses that are 0 in part", () => {
    note(0, 0, 0);
    note(-2, 0, 253);
    note(0, 0xffff, 1);
    assertEquals([ask(0, 0), ask(-2, 0), ask(0, 0xffff)], [0, 253, 1]);
  });

  it("follows an address that moves", () => {
    note(0x2, 0x100, 5);
    note(0x2, 0x100, 6);
    assertEquals(ask(0x2, 0x100), 6);
    assertEquals(listTable(dp, s).length, 0, "too old for the list's clock");
  });

  it("forgets an address after S_MAX_AGE seconds of silence, or never", () => {
    note(0x2, 0x100, 5);
    assertEquals(ask(0x2, 0x100, NOW + DEFAULT_MAX_AGE), 5);
    assertEquals(ask(0x2, 0x100, NOW + DEFAULT_MAX_AGE + 1), BROADCAST);
    note(0x2, 0x100, 5, NOW + 200);
    assertEquals(ask(0x2, 0x100, NOW + DEFAULT_MAX_AGE + 1), 5);
    state[s + S_MAX_AGE] = 10;
    assertEquals([ask(0x2, 0x100, NOW + 210), ask(0x2, 0x100, NOW + 211)], [5, BROADCAST]);
    state[s + S_MAX_AGE] = -1;
    assertEquals(ask(0x2, 0x100, NOW + 2e9), 5);
  });

  it("goes on when the seconds wrap around 32 bits", () => {
    note(0x2, 0x100, 5, 0x7fffffff);
    assertEquals(ask(0x2, 0x100, 0x7fffffff + 10 | 0), 5);
    assertEquals(ask(0x2, 0x100, 0x7fffffff + 1000 | 0), BROADCAST);
  });

  it("gives the place of the address that was silent longest to a new one", () => {
    state[s + S_FDB_MASK] = 0;
    const put = (lo: number, now: number): void => learn(state, table, 0, lo, 1, lo, now);
    const get = (lo: number): number => find(state, table, 0, lo, 1, 30, 1000);
    for (let lo = 1; lo <= F_WAYS; lo++) put(lo, 10 + lo);
    put(1, 20);
    put(99, 21);
    assertEquals([1, 2, 3, 4, 99].map(get), [1, BROADCAST, 3, 4, 99]);
  });

  it("lists addresses as text, with port and age", () => {
    const now = seconds();
    note(0x33221102, 0x5544, 7, now - 3);
    note(0x02, 0x0100, 0, now - DEFAULT_MAX_AGE - 5);
    const [entry, ...rest] = listTable(dp, s);
    assertEquals([entry.address, entry.port, rest.length], ["02:11:22:33:44:55", 7, 0]);
    assert(entry.age === 3 || entry.age === 4);
  });

  it("forgets a port's addresses, or all", () => {
    for (let n = 0; n < 40; n++) note(n << 8 | 2, n, n % 4);
    forgetPort(dp, s, 1);
    for (let n = 0; n < 40; n++) assertEquals(ask(n << 8 | 2, n), n % 4 === 1 ? BROADCAST : n % 4);
    clearTable(dp, s);
    for (let n = 0; n < 40; n++) assertEquals(ask(n << 8 | 2, n), BROADCAST);
  });

  it("takes words of two learners for another address, never for a wrong port", () => {
    fc.assert(fc.property(
      fc.integer(),
      fc.integer(),
      fc.integer({ min: 0, max: 0xffff }),
      fc.integer({ min: 0, max: 253 }),
      fc.integer({ min: 0, max: 253 }),
      (loA, loB, hi, portA, portB) => {
        fc.pre(loA !== loB && portA !== portB);
        state.fill(0, table, table + BUCKETS * F_WAYS * F_WORDS);
        // Both in bucket 0, whatever they hash to.
        learn(state, table, 0, loA, hi, portA, NOW);
        const [lo, hp] = [state[table + F_MAC_LO], state[table + F_MAC_HI_PORT]];
        state.fill(0, table, table + F_WORDS);
        learn(state, table, 0, loB, hi, portB, NOW);
        state[table + F_MAC_LO] = lo;
        for (const address of [loA, loB]) {
          assertEquals(find(state, table, 0, address, hi, NOW, 300), BROADCAST);
        }
        state[table + F_MAC_HI_PORT] = hp;
        assertEquals(find(state, table, 0, loA, hi, NOW, 300), portA);
      },
    ));
  });

  it("agrees with a plain map, as long as buckets have room", () => {
    const mac = fc.tuple(fc.integer(), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(fc.property(
      fc.array(fc.tuple(mac, fc.integer({ min: 0, max: 253 })), { maxLength: F_WAYS }),
      (list) => {
        state.fill(0, table, table + BUCKETS * F_WAYS * F_WORDS);
        const model = new Map<string, number>();
        for (const [[lo, hi], port] of list) {
          note(lo, hi, port);
          model.set(`${lo} ${hi}`, port);
        }
        for (const [[lo, hi]] of list) assertEquals(ask(lo, hi), model.get(`${lo} ${hi}`));
      },
    ));
  });
});
