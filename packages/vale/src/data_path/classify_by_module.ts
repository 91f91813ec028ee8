/**
 * First half of a batch for a switch with a module: takes packets from the source ring and lets the
 * module say where they go.
 *
 * @module
 */

import { SLOT_LEN_FLAGS } from "@netmap/core";
import type { DataPath } from "@netmap/engine";
import { NO_PORT } from "../layout.ts";
import {
  BATCH,
  type Batch,
  MAX_FRAGS,
  PK_FRAGS_SHIFT,
  PK_LEN,
  PK_SLOT,
  PK_WORDS,
} from "./batch.ts";
import { countSent } from "./classify.ts";
import { forgetFetched } from "./indirect.ts";
import { LookupBatch, LookupView, type SwitchModule } from "./module.ts";
import { moduleFailed, moduleMissing, moduleOf } from "./module_table.ts";
import { takePacket } from "./packet.ts";
import { enqueue, NO_QUEUE, openQueue } from "./queue.ts";

/** What a module is shown, and each packet's place in the batch. One a depth, like the batch. */
interface Shown {
  readonly view: LookupView;
  readonly frames: LookupBatch;
  readonly place: Int32Array;
  readonly bytes: Int32Array;
}

const shown: WeakMap<Batch, Shown> = new WeakMap();

function shownFor(b: Batch): Shown {
  let found = shown.get(b);
  if (found === undefined) {
    found = {
      view: new LookupView(),
      frames: new LookupBatch(BATCH + MAX_FRAGS),
      place: new Int32Array(BATCH + MAX_FRAGS),
      bytes: new Int32Array(BATCH + MAX_FRAGS),
    };
    shown.set(b, found);
  }
  return found;
}

/**
 * Takes packets until the batch is full or the ring ends; as `classify` does.
 *
 * @param id the module's number
 */
export function classifyByModule(
  dp: DataPath,
  b: Batch,
  k: number,
  from: number,
  end: number,
  id: number,
): number {
  const module = moduleOf(dp, id);
  const all = shownFor(b);
  const { frames, place, bytes } = all;
  const { i32 } = b.memory;
  let count = 0;
  let bad = 0;
  let j = from;
  forgetFetched();
  for (let i = 0; j !== end && i < BATCH;) {
    const frags = takePacket(dp, b, j, end, i);
    j = b.nextSlot;
    if (frags === 0) {
      bad++;
      continue;
    }
    frames.at[count] = b.frameWord * 4 + (b.frameShift >> 3);
    frames.length[count] = b.frameBytes;
    frames.flags[count] = i32[b.packets[i * PK_WORDS + PK_SLOT] + SLOT_LEN_FLAGS] >>> 16;
    frames.dst[count] = NO_PORT;
    frames.ring[count] = b.ring;
    place[count] = i;
    bytes[count++] = b.packetBytes;
    i += frags;
  }
  frames.count = count;
  if (module === undefined) moduleMissing(dp, b.s, id);
  else if (count > 0) decide(dp, b, id, module, all);
  let sent = 0;
  let sentBytes = 0;
  for (let n = 0; n < count; n++) {
    const dst = frames.dst[n];
    const q = dst >= NO_PORT ? NO_QUEUE : openQueue(dp, b, dst, frames.ring[n]);
    if (q === NO_QUEUE) continue;
    const i = place[n];
    enqueue(b, q, i, (b.packets[i * PK_WORDS + PK_LEN] >>> PK_FRAGS_SHIFT) & 0xff);
    sent++;
    sentBytes += bytes[n];
  }
  countSent(dp, k, sent, sentBytes, bad, count - sent);
  return j;
}

function decide(dp: DataPath, b: Batch, id: number, module: SwitchModule, all: Shown): void {
  const { view, frames, bytes } = all;
  const { u8, i32 } = b.memory;
  if (module.lookupBatch !== undefined) {
    frames.u8 = u8;
    frames.i32 = i32;
    frames.port = b.port;
    frames.sourceRing = b.ring;
    frames.privateData = module.privateData;
    const { count } = frames;
    try {
      module.lookupBatch(frames);
    } catch (error) {
      frames.dst.fill(NO_PORT, 0, count);
      moduleFailed(dp, b.s, id, error);
    }
    return;
  }
  view.u8 = u8;
  view.i32 = i32;
  view.port = b.port;
  view.privateData = module.privateData;
  for (let n = 0; n < frames.count; n++) {
    view.at = frames.at[n];
    view.length = frames.length[n];
    view.packetLength = bytes[n];
    view.flags = frames.flags[n];
    view.ring = b.ring;
    try {
      // What is no number becomes 0 in a typed array: that would be a port.
      const dst = module.lookup!(view);
      frames.dst[n] = dst >= 0 && dst < NO_PORT ? dst : NO_PORT;
      frames.ring[n] = view.ring;
    } catch (error) {
      moduleFailed(dp, b.s, id, error);
    }
  }
}
