/**
 * Lines of the benchmark for the switch. Each is the whole way in one isolate: fill slots, txsync
 * (learn, look up, copy), rxsync, read the first 8 bytes of each frame, give the slots back.
 *
 * What is moved is checked. Before the timed runs each frame: its number, length and every byte.
 * In the timed runs: the number of frames, the sum of their first 8 bytes, and the number of the
 * first frame of each burst.
 *
 * @module
 */

import {
  openPort,
  type Port,
  RING_HEAD,
  RING_SLOTS,
  ringRelease,
  ringSpace,
  SLOT_BUF_IDX,
  SLOT_LEN_FLAGS,
  slotWord,
} from "@netmap/core";
import { createEngine } from "@netmap/engine";
import { vale } from "@netmap/vale";

/** A line of the table, as the harness in `bench/` takes it. */
export interface ValeLine {
  /** Its name. */
  readonly name: string;
  /** Bytes of a frame. */
  readonly bytesPerPacket: number;
  /** The least that it should reach, in Mpps. */
  readonly target?: number;
  /** The same loop in C. */
  readonly twin?: { readonly program: string; readonly before: string[]; readonly after: string[] };
  /** Makes the ports. */
  open(): ValeRun;
}

/** A line that is set up. */
export interface ValeRun {
  /** Moves at least so many frames. @returns how many were received @throws {Error} when a check failed */
  run(packets: number): number;
  /** Gives everything back. @throws {Error} when a buffer is missing */
  close(): void;
}

/** What a line moves. */
export interface Traffic {
  /** Bytes of a frame. */
  readonly bytes: number;
  /** Ports that receive. */
  readonly receivers: number;
  /** Whether each frame goes to all of them, and not to one. */
  readonly broadcast?: boolean;
  /** Addresses that are sent to, in turn; 1 when silent. */
  readonly addresses?: number;
  /** Whether buffers are swapped. */
  readonly zeroCopy?: boolean;
  /** Slots of a ring; 1024 when silent, as in netmap. */
  readonly slots?: number;
  /** Slots that one txsync sends: less than half a ring, as rxsync gives back what was read before. */
  readonly burst?: number;
}

const SLOTS = 1024;
const BURST = 256;
const deno = "Deno" in globalThis;

function line(name: string, traffic: Traffic, target?: number, twin?: string): ValeLine {
  const { bytes, slots = SLOTS, burst = BURST } = traffic;
  return {
    name,
    bytesPerPacket: bytes,
    target,
    twin: twin === undefined ? undefined : {
      program: "vale_twin",
      before: [twin, String(bytes)],
      after: [String(slots), String(burst)],
    },
    open: () => openRun(traffic),
  };
}

/** The lines for the switch. */
export const valeLines: readonly ValeLine[] = [
  line("vale/copy/60", { bytes: 60, receivers: 1 }, 20, "copy"),
  // Two rings of 256 buffers stay in a cache of 2 MB, two of 1024 do not: then memory is the limit, for
  // C too.
  line(
    "vale/copy/1514",
    { bytes: 1514, receivers: 1, slots: 256, burst: 64 },
    deno ? 4.96 : 8.26,
    "copy",
  ),
  line("vale/copy/1514/1024-slots", { bytes: 1514, receivers: 1 }, undefined, "copy"),
  line("vale/swap/60", { bytes: 60, receivers: 1, zeroCopy: true }, 40, "swap"),
  line("vale/broadcast/60", { bytes: 60, receivers: 3, broadcast: true }, 25, "broadcast"),
  line("vale/addresses/60", { bytes: 60, receivers: 3, addresses: 64 }),
  line("vale/bursts-of-8/60", { bytes: 60, receivers: 1, burst: 8 }),
];

/** Makes a switch, its ports and its traffic. */
export function openRun(traffic: Traffic): ValeRun {
  const engine = createEngine({ features: [vale({ zeroCopy: traffic.zeroCopy ?? false })] });
  const { bufs } = engine.region(1);
  const free = bufs.free;
  const { slots = SLOTS } = traffic;
  const sender = openPort(engine.device, { name: "vale0:s", slots });
  const receivers = Array.from(
    { length: traffic.receivers },
    (_, i) => openPort(engine.device, { name: `vale0:r${i}`, slots }),
  );
  const run = new Run(sender, receivers, traffic);
  run.teach();
  run.checkEachFrame();
  run.prime();
  return {
    run: (packets) => run.move(packets),
    close(): void {
      for (const port of [sender, ...receivers]) port.close();
      check("free buffers at the end", bufs.free, free);
      engine.close();
    },
  };
}

/** Bytes 2 to 5 of address `n` as they stand in the first word of a frame, and its last two. */
const addressWords = (n: number): [number, number] => [0x02 | n << 16, 0x0100];
/** Last word of the sender's address, and its first half word. */
const SOURCE: [number, number] = [0x0002, 0x0aaa0000];

class Run {
  readonly #sender: Port;
  readonly #receivers: readonly Port[];
  readonly #traffic: Traffic;
  readonly #slots: number;
  readonly #i32: Int32Array;
  readonly #bufBase: number;
  readonly #bufWords: number;
  #sequence = 0;

  constructor(sender: Port, receivers: readonly Port[], traffic: Traffic) {
    this.#sender = sender;
    this.#receivers = receivers;
    this.#traffic = traffic;
    this.#slots = traffic.slots ?? SLOTS;
    this.#i32 = sender.memory.i32;
    this.#bufBase = sender.txRings[0].bufferOffset(0) >> 2;
    this.#bufWords = sender.txRings[0].bufSize >> 2;
  }

  /** First two words of frame `n`. */
  #words(n: number): [number, number] {
    const { broadcast, addresses = 1 } = this.#traffic;
    const [lo, hi] = broadcast ? [-1, 0xffff] : addressWords(n % addresses);
    return [lo, hi | SOURCE[0] << 16];
  }

  #write(idx: number, n: number): void {
    const at = this.#bufBase + idx * this.#bufWords;
    const [w0, w1] = this.#words(n);
    this.#i32[at] = w0;
    this.#i32[at + 1] = w1;
    this.#i32[at + 2] = SOURCE[1];
    this.#i32[at + 3] = 8;
  }

  /** Lets each receiver say which addresses are its own. */
  teach(): void {
    const { broadcast, addresses = 1 } = this.#traffic;
    if (broadcast) return;
    for (let n = 0; n < addresses; n++) {
      const frame = new Uint8Array(60).fill(255, 0, 6);
      const [lo, hi] = addressWords(n);
      frame.set([lo, lo >> 8, lo >> 16, lo >> 24, hi, hi >> 8], 6);
      const receiver = this.#receivers[n % this.#receivers.length];
      check("frames that teach", receiver.send([frame]), 1);
    }
    for (const port of [this.#sender, ...this.#receivers]) {
      for (const frame of port.receive()) check("bytes that teach", frame.length, 60);
    }
  }

  /** Sends numbered frames of random lengths and bytes, three times around the ring. */
  checkEachFrame(): void {
    const tx = this.#sender.txRings[0];
    const { addresses = 1, broadcast } = this.#traffic;
    const u8 = this.#sender.memory.u8;
    const wanted: { frame: Uint8Array; to: number }[] = [];
    for (let sent = 0; sent < 3 * this.#slots;) {
      wanted.length = 0;
      for (let left = 1 + sent % 100; left > 0 && !tx.empty(); left--, sent++) {
        const at = tx.bufOffset(tx.head);
        const len = 60 + sent * 7 % 1455;
        this.#write(tx.bufIdx(tx.head), sent);
        for (let i = 16; i < len; i++) u8[at + i] = sent * 31 + i * 7;
        tx.setSlot(tx.head, len, 0);
        wanted.push({
          frame: u8.slice(at, at + len),
          to: sent % addresses % this.#receivers.length,
        });
        tx.advance(1);
      }
      this.#sender.txsync();
      this.#receivers.forEach((port, to) => {
        const expected = wanted.filter((w) => broadcast || w.to === to);
        const got = [...port.receive()].map((frame) => frame.slice());
        check("frames received", got.length, expected.length);
        expected.forEach(({ frame }, i) => {
          check("bytes of a frame", got[i].length, frame.length);
          check("the bytes that differ", got[i].filter((byte, b) => byte !== frame[b]).length, 0);
        });
      });
    }
    // The last frames go back with the next look.
    for (const port of this.#receivers) check("frames at the end", [...port.receive()].length, 0);
  }

  /** Puts the headers of frames into all buffers, as buffers may be swapped. */
  prime(): void {
    const rings = [...this.#sender.txRings, ...this.#receivers.flatMap((port) => port.rxRings)];
    for (const ring of rings) {
      for (let i = 0; i < this.#slots; i++) this.#write(ring.bufIdx(i), i);
    }
  }

  /** The timed loop. */
  move(packets: number): number {
    const { bytes, burst = BURST, broadcast, addresses = 1 } = this.#traffic;
    const i32 = this.#i32;
    const slots = this.#slots;
    const t = this.#sender.txRings[0].word;
    const receivers = this.#receivers;
    const words = receivers.map((port) => port.rxRings[0].word);
    const many = addresses > 1;
    let received = 0;
    let sum = 0;
    let expected = 0;
    while (received < packets) {
      const first = i32[t + RING_HEAD];
      const room = Math.min(ringSpace(i32, t), burst);
      const last = fill(i32, t, slots, first, room, bytes);
      const sequence = ++this.#sequence;
      i32[this.#bufBase + i32[slotWord(t, first) + SLOT_BUF_IDX] * this.#bufWords + 4] = sequence;
      if (many) expected = (expected + this.#readdress(first, room)) | 0;
      ringRelease(i32, t, last);
      this.#sender.txsync();
      let got = 0;
      // By index: an iterator would be allocated where the loop runs in V8's middle tier.
      for (let p = 0; p < receivers.length; p++) {
        receivers[p].rxsync();
        const r = words[p];
        const head = i32[r + RING_HEAD];
        const count = ringSpace(i32, r);
        if (!many) this.#checkSequence(r, head, sequence);
        sum = (sum + readFrames(i32, r, slots, head, count, this.#bufBase, this.#bufWords)) | 0;
        got += count;
        const end = head + count;
        ringRelease(i32, r, end >= slots ? end - slots : end);
      }
      check("frames of a burst", got, broadcast ? room * receivers.length : room);
      received += got;
    }
    if (!many) {
      const [w0, w1] = this.#words(0);
      expected = Math.imul(w0 ^ w1, received);
    }
    check("the sum of the first 8 bytes", sum, expected);
    return received;
  }

  #checkSequence(r: number, head: number, sequence: number): void {
    const i32 = this.#i32;
    const at = this.#bufBase + i32[slotWord(r, head) + SLOT_BUF_IDX] * this.#bufWords;
    check("the number of a burst", i32[at + 4], sequence);
  }

  /** Addresses frames in turn: slots and addresses come round at different times. */
  #readdress(first: number, count: number): number {
    const { addresses = 1 } = this.#traffic;
    const i32 = this.#i32;
    const t = this.#sender.txRings[0].word;
    const w1 = 0x0100 | SOURCE[0] << 16;
    let sum = 0;
    let i = first;
    for (let n = 0; n < count; n++) {
      const at = this.#bufBase + i32[slotWord(t, i) + SLOT_BUF_IDX] * this.#bufWords;
      const w0 = 0x02 | ((n * 7 + this.#sequence) % addresses) << 16;
      i32[at] = w0;
      sum = (sum + (w0 ^ w1)) | 0;
      i = i + 1 === this.#slots ? 0 : i + 1;
    }
    return sum;
  }
}

/** Fills slots. @returns the slot behind them */
function fill(
  i32: Int32Array,
  t: number,
  slots: number,
  from: number,
  count: number,
  len: number,
): number {
  const last = (slots - 1) | 0;
  const base = (t + RING_SLOTS + SLOT_LEN_FLAGS) | 0;
  let i = from | 0;
  for (let left = count | 0; left > 0; left--) {
    i32[(base + (i << 2)) | 0] = len;
    i = i === last ? 0 : (i + 1) | 0;
  }
  return i;
}

/** Reads the first 8 bytes of received frames. @returns the sum of their words' differences */
function readFrames(
  i32: Int32Array,
  r: number,
  slots: number,
  from: number,
  count: number,
  bufBase: number,
  bufWords: number,
): number {
  const base = (r + RING_SLOTS) | 0;
  const buffers = bufBase | 0;
  const words = bufWords | 0;
  const last = (slots - 1) | 0;
  let i = from | 0;
  let sum = 0;
  for (let left = count | 0; left > 0; left--) {
    const at = (buffers + Math.imul(i32[(base + (i << 2)) | 0], words)) | 0;
    sum = (sum + (i32[at] ^ i32[(at + 1) | 0])) | 0;
    i = i === last ? 0 : (i + 1) | 0;
  }
  return sum;
}

function check(what: string, got: number, expected: number): void {
  if (got !== expected) {
    throw new Error(`Cannot trust the run as ${what} is ${got}, not ${expected}`);
  }
}
