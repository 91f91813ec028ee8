/**
 * REGISTER: binds a descriptor to rings of a port (`netmap_do_regif`).
 *
 * @module
 */

import {
  EBUSY,
  EIO,
  IF_BUFS_HEAD,
  IF_FLAGS,
  IF_RING_OFS,
  NETMAP_API,
  NETMAP_IF,
  NETMAP_REQ_REGISTER,
  NetmapError,
  NI_PRIV_MEM,
  NMREQ_REGISTER,
  type NmreqRegister,
  NR_ACCEPT_VNET_HDR,
  NR_EXCLUSIVE,
  NR_NO_TX_POLL,
  structView,
} from "@netmap/core";
import type { Adapter, RingRange } from "../adapter.ts";
import { GLOBAL_MEM_ID } from "../memory/region.ts";
import type { ControlContext, RequestEntry } from "../feature.ts";
import type { Region } from "../memory/region.ts";
import { allocExtra, freeExtra } from "../memory/rings.ts";
import { D_FLAG_TX_POLL, K_RING, NR_RX, NR_TX } from "../state/layout.ts";
import { checkAllTaken } from "./dispatch.ts";
import { takeExtmem } from "./options/extmem.ts";
import { initOffsets } from "./options/offsets.ts";
import { ringRanges } from "./ring_ranges.ts";

/** The table entry of REGISTER. */
export const registerEntry: RequestEntry<NmreqRegister> = {
  reqtype: NETMAP_REQ_REGISTER,
  name: "REGISTER",
  body: NMREQ_REGISTER,
  run: register,
};

function register(context: ControlContext<NmreqRegister>): void {
  const { engine, descriptor, name } = context;
  if (descriptor.registration) {
    throw new NetmapError(
      EBUSY,
      `Cannot register '${name}' as this descriptor holds '${descriptor.registration.adapter.name}': open another`,
    );
  }
  const own = takeExtmem(context);
  try {
    registerIn(context, own);
  } finally {
    if (own !== null) engine.dropRegion(own);
  }
}

function registerIn(context: ControlContext<NmreqRegister>, own: Region | null): void {
  const { engine, descriptor, name, body } = context;
  const asked = context.request.body!.slice();
  const adapter = engine.getAdapter(name, body, true, own);
  try {
    if (adapter.ownedBy) {
      throw new NetmapError(
        EBUSY,
        `Cannot register '${name}' as it is attached to '${adapter.ownedBy}': detach it first`,
      );
    }
    if (adapter.vnetHdrLen > 0 && (body.flags & NR_ACCEPT_VNET_HDR) === 0) {
      throw new NetmapError(
        EIO,
        `Cannot register '${name}' as its frames carry a virtio-net header of ${adapter.vnetHdrLen} ` +
          "bytes: accept it with NR_ACCEPT_VNET_HDR",
      );
    }
    bindDescriptor(context, adapter);
  } catch (error) {
    adapter.drop();
    context.request.body!.set(asked);
    throw error;
  }
  // Last of all, as in netmap: whatever else is wrong is said first.
  try {
    engine.registered(context);
    checkAllTaken(context.request);
  } catch (error) {
    descriptor.unregister();
    context.request.body!.set(asked);
    throw error;
  }
}

function bindDescriptor(context: ControlContext<NmreqRegister>, adapter: Adapter): void {
  const { descriptor, body } = context;
  const { region } = adapter;
  const ranges = ringRanges(adapter, body);
  const exclusive = (body.flags & NR_EXCLUSIVE) !== 0;
  const first = adapter.activeFds === 0;
  // What is begun is undone backwards when a later step fails.
  const undo: (() => void)[] = [() => {
    adapter.deleteRings();
    if (first) adapter.deleteKrings();
  }];
  try {
    if (first) adapter.createKrings();
    adapter.getKrings(ranges.tx, ranges.rx, exclusive);
    undo.push(() => adapter.putKrings(ranges.tx, ranges.rx, exclusive));
    adapter.createRings();
    undo.push(initOffsets(context, adapter, ranges.tx, ranges.rx));
    const nifp = createIf(adapter, ranges.tx, ranges.rx);
    undo.push(() => region.ifs.release(region.ifs.indexAt(nifp)));
    if (first || adapter.modePending) {
      switchModes(adapter, true);
      undo.push(() => {
        adapter.putKrings(ranges.tx, ranges.rx, exclusive);
        switchModes(adapter, false);
        adapter.getKrings(ranges.tx, ranges.rx, exclusive);
      });
    }
    const extra = allocExtra(region, body.extraBufs);
    undo.push(() => freeExtra(region, extra.head, extra.got));
    region.memory.i32[(nifp >> 2) + IF_BUFS_HEAD] = extra.head;
    descriptor.bind({
      adapter,
      ...ranges,
      exclusive,
      nifp,
      extra: extra.got,
      flags: (body.flags & NR_NO_TX_POLL) === 0 ? D_FLAG_TX_POLL : 0,
    });
    adapter.activeFds++;
    body.extraBufs = extra.got;
    answer(body, adapter, nifp);
  } catch (error) {
    for (const step of undo.reverse()) step();
    throw error;
  }
}

/** Tells the port that rings go in or out of netmap mode, while nobody syncs them. */
function switchModes(adapter: Adapter, on: boolean): void {
  adapter.lockRings();
  try {
    adapter.register(on);
  } finally {
    adapter.unlockRings();
  }
}

/** What comes back in the body. */
function answer(body: NmreqRegister, adapter: Adapter, nifp: number): void {
  body.rxRings = adapter.numRxRings;
  body.txRings = adapter.numTxRings;
  body.rxSlots = adapter.numRxSlots;
  body.txSlots = adapter.numTxSlots;
  body.hostTxRings = adapter.numHostTxRings;
  body.hostRxRings = adapter.numHostRxRings;
  body.memsize = adapter.region.size;
  body.memId = adapter.region.id;
  body.offset = nifp;
}

/** Makes the `netmap_if` of a registration: where the rings that it may use are. */
function createIf(adapter: Adapter, tx: RingRange, rx: RingRange): number {
  const { region } = adapter;
  const state = adapter.engine.dp.state;
  const i32 = region.memory.i32;
  const nTx = adapter.allRings(NR_TX);
  const nRx = adapter.allRings(NR_RX);
  const bytes = NETMAP_IF.size + (nTx + nRx) * 8;
  region.fits("if", bytes, `the netmap_if of '${adapter.name}' with ${nTx + nRx} rings`);
  region.need("if", 1);
  const offset = region.ifs.at(region.ifs.alloc());
  const word = offset >> 2;
  i32.fill(0, word, word + (bytes >> 2));
  const view = structView(NETMAP_IF, region.memory.u8, offset);
  view.name = adapter.name.slice(0, 15);
  view.version = NETMAP_API;
  view.txRings = adapter.numTxRings;
  view.rxRings = adapter.numRxRings;
  view.hostTxRings = Math.max(1, adapter.numHostTxRings);
  view.hostRxRings = Math.max(1, adapter.numHostRxRings);
  if (region.id !== GLOBAL_MEM_ID) i32[word + IF_FLAGS] |= NI_PRIV_MEM;
  const put = (at: number, dir: number, range: RingRange, count: number): void => {
    for (let i = 0; i < count; i++) {
      const ring = state[adapter.kring(dir, i) + K_RING];
      if (ring === 0 || i < range.first || i >= range.first + range.count) continue;
      const distance = (ring << 2) - offset;
      i32[word + IF_RING_OFS + (at + i) * 2] = distance;
      i32[word + IF_RING_OFS + (at + i) * 2 + 1] = distance < 0 ? -1 : 0;
    }
  };
  put(0, NR_TX, tx, nTx);
  put(nTx, NR_RX, rx, nRx);
  return offset;
}
