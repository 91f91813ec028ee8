import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { NS_MOREFRAG } from "./abi/constants.ts";
import { LoopbackDevice } from "./loopback_fixture.ts";
import { openPort } from "./open.ts";
import type { Port } from "./port.ts";

type Step =
  | { readonly do: "send"; readonly lengths: readonly number[] }
  | { readonly do: "chain"; readonly lengths: readonly number[] }
  | { readonly do: "receive"; readonly max: number }
  | { readonly do: "txsync" };

const BUF_SIZE = 64;
const length = fc.integer({ min: 1, max: BUF_SIZE });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("send" as const), lengths: fc.array(length, { maxLength: 12 }) }),
  fc.record({
    do: fc.constant("chain" as const),
    lengths: fc.array(length, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ do: fc.constant("receive" as const), max: fc.integer({ min: 0, max: 9 }) }),
  fc.constant({ do: "txsync" as const }),
);

/** Bytes that differ from packet to packet and from byte to byte. */
function packet(n: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, k) => n * 31 + k * 7);
}

/** Sends slots one by one, so that receivers also see a packet without its end. */
function sendSlots(port: Port, parts: readonly Uint8Array[]): number {
  const [ring] = port.txRings;
  let sent = 0;
  for (const part of parts) {
    if (ring.empty()) port.txsync();
    if (ring.empty()) break;
    const i = ring.head;
    port.memory.u8.set(part, ring.bufOffset(i));
    ring.setSlot(i, part.length, ++sent < parts.length ? NS_MOREFRAG : 0);
    ring.advance(1);
    port.txsync();
  }
  return sent;
}

function join(parts: readonly Uint8Array[]): number[] {
  return parts.flatMap((part) => [...part]);
}

describe("A port, whatever is done with it", () => {
  it("delivers every packet once, in order and whole, and keeps views until the next receive", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 6, max: 13 }),
        fc.array(step, { maxLength: 60 }),
        (slots, steps) => {
          using port = openPort(new LoopbackDevice({ slots, bufSize: BUF_SIZE }), "vale0:a");
          const expected: number[][] = [];
          let unsent: Uint8Array[] = []; // the rest of a packet whose beginning is on its way
          let held: { view: Uint8Array; was: number[] }[] = [];
          let n = 0;
          const receive = (max: number): number => {
            for (const { view, was } of held) assertEquals([...view], was);
            const batch = port.receive(max);
            held = batch.map((view) => ({ view, was: [...view] }));
            for (const { was } of held) assertEquals(was, expected.shift());
            return batch.length;
          };
          const finish = (): void => {
            unsent = unsent.slice(sendSlots(port, unsent));
          };
          for (const action of steps) {
            if (action.do === "receive") receive(action.max);
            else if (action.do === "txsync") port.txsync();
            else if (unsent.length > 0) finish();
            else {
              const parts = action.lengths.map((length) => packet(n++, length));
              if (action.do === "chain") {
                expected.push(join(parts));
                unsent = parts;
                finish();
              } else {
                const taken = port.send(parts);
                expected.push(...parts.slice(0, taken).map((part) => [...part]));
              }
            }
          }
          for (let quiet = 0; quiet < 4; quiet++) {
            finish();
            port.txsync();
            if (receive(Infinity) > 0) quiet = 0;
          }
          assertEquals([expected.length, unsent.length], [0, 0]);
        },
      ),
      { numRuns: 500 },
    );
  });
});
