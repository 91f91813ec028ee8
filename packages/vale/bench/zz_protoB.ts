import { createEngine, Adapter, KIND, K_FLAGS, NKR_NEEDRING, K_RING, K_BUF_BASE, K_BUF_WORDS, K_NUM_BUFS, K_HWCUR, K_HWTAIL, K_RHEAD, K_NUM_SLOTS, K_LEASES, K_HWLEASE, K_LEASE_IDX, K_LOCK, K_BUSY, lockRing, unlockRing, tryEnter, leave, txsyncRing, rxsyncRing, K_MODE,
 NR_TX, NR_RX, C_PACKETS, C_BYTES, K_PORT} from "@netmap/engine";
const A = (globalThis as any).Deno ? (globalThis as any).Deno.args : process.argv.slice(2);
const mode = A[0] ?? "copy"; const LEN = Number(A[1] ?? 60); const B = Number(A[2] ?? 1024); const N = Number(A[3] ?? 1024);
const PF = Number(A[4] ?? 0);
const RING_HEAD=3, x=0;
import { RING_HEAD as RH, RING_CUR as RC, RING_TAIL as RT, RING_SLOTS } from "@netmap/core";
const NIL = -1;
const ft = new Int32Array((2048 + 64) * 4);
const swap = mode === "swap";
const fdb = new Int32Array(1024 * 16);
function hash(lo: number, hi: number) { const h = Math.imul(lo ^ Math.imul(hi, 0x9e3779b1), 0x85ebca6b); return ((h ^ (h >>> 15)) & 1023) << 4; }
function learn(lo: number, hi: number, port: number) { const e = hash(lo, hi); fdb[e] = lo; fdb[e + 1] = (hi << 16) | (port + 1); }
function lookup(lo: number, hi: number): number {
  const e = hash(lo, hi);
  for (let w = e; w < e + 16; w += 4) { const hp = fdb[w + 1]; if ((hp >>> 16) === hi && fdb[w] === lo) return (hp & 0xffff) - 1; }
  return 254;
}
let sinkv = 0;
const q = new Int32Array(256 * 16 * 4).fill(-1);
const dsts = new Int32Array(64);
const ks: {rx:number[]} = {rx: []};
const myPort = 0;

function txsync(dp: any, k: number) {
  const state: Int32Array = dp.state, i32: Int32Array = dp.regionOf(k).i32;
  let j = state[k + K_HWCUR]; const end = state[k + K_RHEAD];
  while (j !== end) j = flush(dp, state, i32, k, j, end);
  const n = state[k + K_NUM_SLOTS];
  state[k + K_HWTAIL] = j === 0 ? n - 1 : j - 1;
  state[k + K_HWCUR] = j;
}
function flush(dp: any, state: Int32Array, i32: Int32Array, k: number, j: number, end: number): number {
  const slots = state[k + K_RING] + RING_SLOTS, n = state[k + K_NUM_SLOTS], numBufs = state[k + K_NUM_BUFS], base = state[k + K_BUF_BASE], bw = state[k + K_BUF_WORDS], bb = bw << 2;
  let i = 0, lastSLo = 0, lastSHi = 0, lastDLo = 0, lastDHi = -1, cur = 0, tail = NIL, cnt = 0, nd = 0;
  let lim = B;
  let sink = 0;
  let bytes = 0;
  while (j !== end && i < lim) {
    const w = slots + (j << 2);
    const idx = i32[w], lf = i32[w + 1];
    if ((lf & 0x10000) !== 0) i32[w + 1] = lf & ~0x10000;
    const len = lf & 0xffff;
    j = j + 1 === n ? 0 : j + 1;
    if (idx < 2 || idx >= numBufs || len > bb || len < 14) { sinkv++; continue; }
    const b = base + Math.imul(idx, bw);
    const w0 = i32[b], w1 = i32[b + 1], w2 = i32[b + 2];
    const sLo = (w1 >>> 16) | (w2 << 16), sHi = w2 >>> 16, dHi = w1 & 0xffff;
    if (sLo !== lastSLo || sHi !== lastSHi) { if ((sLo & 1) === 0) { lastSLo = sLo; lastSHi = sHi; learn(sLo, sHi, myPort); } }
    if (w0 !== lastDLo || dHi !== lastDHi) {
      lastDLo = w0; lastDHi = dHi;
      let d = (w0 & 1) !== 0 ? 254 : lookup(w0, dHi);
      const qi = d << 6;
      if (qi !== cur) {
        if (cnt > 0) { q[cur + 1] = tail; q[cur + 2] = cnt; }
        cur = qi; 
        if (q[qi] < 0) { q[qi] = i; tail = NIL; cnt = 0; if (d !== 254) dsts[nd++] = qi; } else { tail = q[qi + 1]; cnt = q[qi + 2]; }
      }
    }
    const f = i << 2;
    ft[f] = idx; ft[f + 1] = len; ft[f + 2] = NIL; ft[f + 3] = w;
    if (tail >= 0) ft[(tail << 2) + 2] = i;
    tail = i; cnt++; i++;
    bytes += len;
  }
  if (cnt > 0) { q[cur + 1] = tail; q[cur + 2] = cnt; }
  dp.counters[(k >> 1) + C_PACKETS] += i; dp.counters[(k >> 1) + C_BYTES] += bytes;
  const bq = 254 << 6;
  const bh = q[bq], bc = bh >= 0 ? q[bq + 2] : 0;
  if (bh >= 0) {
    for (let p = 1; p < ks.rx.length; p++) if (q[p << 6] < 0) dsts[nd++] = p << 6;
  }
  for (let t = 0; t < nd; t++) {
    const qi = dsts[t], d = qi >> 6;
    const h = q[qi], c = h < 0 ? 0 : q[qi + 2];
    deliver(dp, state, i32, ks.rx[d], h, bh, c + bc, base, bw);
    q[qi] = -1;
  }
  q[bq] = -1;
  return j;
}
function deliver(dp: any, state: Int32Array, i32: Int32Array, kd: number, ui: number, bi: number, needed: number, base: number, bw: number) {
  lockRing(dp, kd);
  const n = state[kd + K_NUM_SLOTS];
  let busy = state[kd + K_HWLEASE] - Atomics.load(state, kd + K_HWCUR); if (busy < 0) busy += n;
  const space = n - 1 - busy; let many = needed < space ? needed : space;
  const start = state[kd + K_HWLEASE];
  let e = start + many; if (e >= n) e -= n;
  state[kd + K_HWLEASE] = e;
  const li = state[kd + K_LEASE_IDX]; state[kd + K_LEASE_IDX] = li + 1 === n ? 0 : li + 1;
  const lw = state[kd + K_LEASES] + li; state[lw] = -1;
  unlockRing(dp, kd);
  const dslots = state[kd + K_RING] + RING_SLOTS, numBufs = state[kd + K_NUM_BUFS];
  const dbase = state[kd + K_BUF_BASE], dbw = state[kd + K_BUF_WORDS];
  const at = (kd >> 1); 
  let bytes = 0;
  if (swap) bytes = swapRun(i32, dslots, n, numBufs, start, many, ui);
  else if (bi < 0) bytes = LEN > 300 ? copyLong(dp, i32, dslots, n, numBufs, start, many, ui, base, bw, dbase, dbw) : copyRun(i32, dslots, n, numBufs, start, many, ui, base, bw, dbase, dbw);
  else bytes = copyMixed(i32, dslots, n, numBufs, start, many, ui, bi, base, bw, dbase, dbw);
  lockRing(dp, kd);
  state[lw] = 1;
  dp.counters[at + C_PACKETS] += many; dp.counters[at + C_BYTES] += bytes;
  Atomics.store(state, kd + K_HWTAIL, e);
  unlockRing(dp, kd);
}
function swapRun(i32: Int32Array, dslots: number, n: number, numBufs: number, j: number, many: number, i: number): number {
  let bytes = 0;
  while (many > 0) {
    const f = i << 2;
    const len = ft[f + 1];
    const d = dslots + (j << 2);
    const didx = i32[d];
    const s = ft[f + 3];
    if (didx < 2 || didx >= numBufs) { sinkv++; }
    else {
    i32[d] = ft[f]; i32[(d + 1) | 0] = len | 0x1010000;
    i32[s] = didx; i32[(s + 1) | 0] = len | 0x10000;
    }
    bytes += len;
    i = ft[f + 2]; many--; j = j + 1 === n ? 0 : j + 1;
  }
  return bytes;
}
function copyRun(i32: Int32Array, dslots: number, n: number, numBufs: number, j: number, many: number, i: number, base: number, bw: number, dbase: number, dbw: number): number {
  let bytes = 0; let sink = 0; let pj = j + PF; if (pj >= n) pj -= n;
  while (many > 0) {
    const f = i << 2;
    const len = ft[f + 1];
    const slot = dslots + (j << 2);
    const didx = i32[slot];
    if (didx < 2 || didx >= numBufs) { sinkv++; }
    if (PF > 0) { const pi = i32[dslots + (pj << 2)]; if (pi < numBufs && pi >= 0) sink ^= i32[dbase + Math.imul(pi, dbw)]; pj = pj + 1 === n ? 0 : pj + 1; }
    let s = base + Math.imul(ft[f], bw), d = dbase + Math.imul(didx, dbw);
    const e = s + ((len + 63 >> 6) << 4);
    do {
      const a0 = i32[s], a1 = i32[(s + 1) | 0], a2 = i32[(s + 2) | 0], a3 = i32[(s + 3) | 0], a4 = i32[(s + 4) | 0], a5 = i32[(s + 5) | 0], a6 = i32[(s + 6) | 0], a7 = i32[(s + 7) | 0];
      i32[d] = a0; i32[(d + 1) | 0] = a1; i32[(d + 2) | 0] = a2; i32[(d + 3) | 0] = a3; i32[(d + 4) | 0] = a4; i32[(d + 5) | 0] = a5; i32[(d + 6) | 0] = a6; i32[(d + 7) | 0] = a7;
      const b0 = i32[(s + 8) | 0], b1 = i32[(s + 9) | 0], b2 = i32[(s + 10) | 0], b3 = i32[(s + 11) | 0], b4 = i32[(s + 12) | 0], b5 = i32[(s + 13) | 0], b6 = i32[(s + 14) | 0], b7 = i32[(s + 15) | 0];
      i32[(d + 8) | 0] = b0; i32[(d + 9) | 0] = b1; i32[(d + 10) | 0] = b2; i32[(d + 11) | 0] = b3; i32[(d + 12) | 0] = b4; i32[(d + 13) | 0] = b5; i32[(d + 14) | 0] = b6; i32[(d + 15) | 0] = b7;
      s += 16; d += 16;
    } while (s < e);
    i32[slot + 1] = len | 0x1000000;
    bytes += len;
    i = ft[f + 2]; many--; j = j + 1 === n ? 0 : j + 1;
  }
  sinkv ^= sink;
  return bytes;
}
import { libc, copyWithin } from "@netmap/core";
const isBun = typeof Bun !== "undefined";
const mm = libc().memmove;
function copyLong(dp: any, i32: Int32Array, dslots: number, n: number, numBufs: number, j: number, many: number, i: number, base: number, bw: number, dbase: number, dbw: number): number {
  let bytes = 0;
  const mem = dp.regions[0]; const u8 = mem.u8, adr = mem.address;
  while (many > 0) {
    const f = i << 2;
    const len = ft[f + 1];
    const slot = dslots + (j << 2);
    const didx = i32[slot];
    if (didx < 2 || didx >= numBufs) { sinkv++; }
    const s = (base + Math.imul(ft[f], bw)) * 4, d = (dbase + Math.imul(didx, dbw)) * 4;
    if (isBun) mm(adr + d, adr + s, len); else u8.copyWithin(d, s, s + len);
    i32[slot + 1] = len | 0x1000000;
    bytes += len;
    i = ft[f + 2]; many--; j = j + 1 === n ? 0 : j + 1;
  }
  return bytes;
}
function copyMixed(i32: Int32Array, dslots: number, n: number, numBufs: number, j: number, many: number, ui: number, bi: number, base: number, bw: number, dbase: number, dbw: number): number {
  let bytes = 0; 
  while (many > 0) {
    let i;
    if (bi < 0 || (ui >= 0 && ui < bi)) { i = ui; ui = ft[(i << 2) + 2]; } else { i = bi; bi = ft[(i << 2) + 2]; }
    const f = i << 2;
    const len = ft[f + 1];
    const slot = dslots + (j << 2);
    const didx = i32[slot];
    if (didx < 2 || didx >= numBufs) { sinkv++; }
    let s = base + Math.imul(ft[f], bw), d = dbase + Math.imul(didx, dbw);
    const e = s + ((len + 63 >> 6) << 4);
    do {
      const a0 = i32[s], a1 = i32[(s + 1) | 0], a2 = i32[(s + 2) | 0], a3 = i32[(s + 3) | 0], a4 = i32[(s + 4) | 0], a5 = i32[(s + 5) | 0], a6 = i32[(s + 6) | 0], a7 = i32[(s + 7) | 0];
      i32[d] = a0; i32[(d + 1) | 0] = a1; i32[(d + 2) | 0] = a2; i32[(d + 3) | 0] = a3; i32[(d + 4) | 0] = a4; i32[(d + 5) | 0] = a5; i32[(d + 6) | 0] = a6; i32[(d + 7) | 0] = a7;
      const b0 = i32[(s + 8) | 0], b1 = i32[(s + 9) | 0], b2 = i32[(s + 10) | 0], b3 = i32[(s + 11) | 0], b4 = i32[(s + 12) | 0], b5 = i32[(s + 13) | 0], b6 = i32[(s + 14) | 0], b7 = i32[(s + 15) | 0];
      i32[(d + 8) | 0] = b0; i32[(d + 9) | 0] = b1; i32[(d + 10) | 0] = b2; i32[(d + 11) | 0] = b3; i32[(d + 12) | 0] = b4; i32[(d + 13) | 0] = b5; i32[(d + 14) | 0] = b6; i32[(d + 15) | 0] = b7;
      s += 16; d += 16;
    } while (s < e);
    i32[slot + 1] = len | 0x1000000;
    bytes += len;
    many--; j = j + 1 === n ? 0 : j + 1;
  }
  return bytes;
}
function rxsync(dp: any, k: number) {
  const state: Int32Array = dp.state, i32: Int32Array = dp.regionOf(k).i32;
  let j = state[k + K_HWCUR]; const end = state[k + K_RHEAD], n = state[k + K_NUM_SLOTS], slots = state[k + K_RING] + RING_SLOTS, numBufs = state[k + K_NUM_BUFS];
  while (j !== end) {
    const w = slots + (j << 2);
    if (i32[w] >>> 0 >= numBufs) { sinkv++; }
    const lf = i32[w + 1];
    if ((lf & 0x10000) !== 0) i32[w + 1] = lf & ~0x10000;
    j = j + 1 === n ? 0 : j + 1;
  }
  Atomics.store(state, k + K_HWCUR, end);
}
const kind = { id: KIND.vale, name: "vale", txsync, rxsync };
const engine = createEngine({ features: [{ name: "vale", order: 40, kinds: [kind] }] });
const dp = engine.dp;
const nports = mode === "broadcast" ? 4 : 2;
const tx: number[] = [];
for (let p = 0; p < nports; p++) {
  const a = new Adapter(engine, "vale0:" + p, kind, engine.regionFor(null), { txRings: 1, rxRings: 1, txSlots: N, rxSlots: N });
  a.createKrings();
  for (const k of [a.kring(NR_TX, 0), a.kring(NR_RX, 0)]) { dp.state[k + K_FLAGS] |= NKR_NEEDRING; dp.state[k + K_LEASES] = engine.heap.alloc(N); }
  a.createRings();
  tx.push(a.kring(NR_TX, 0)); ks.rx.push(a.kring(NR_RX, 0));
}
const i32 = engine.region(1).memory.i32;
const state = dp.state;
learn(0x00000002, 0x0100, 1);
const W0 = mode === "broadcast" ? -1 : 2, W1 = mode === "broadcast" ? 0x0002ffff : 0x00020100, W2 = 0xaa000000 | 0;
function prime(k: number) { const slots = state[k + K_RING] + RING_SLOTS; for (let i = 0; i < N; i++) { const b = state[k + K_BUF_BASE] + i32[slots + i * 4] * 512; i32[b] = W0; i32[b + 1] = W1; i32[b + 2] = W2; i32[b + 3] = 8; } }
for (const k of [...tx, ...ks.rx]) prime(k);
function fill(i32: Int32Array, r: number, n: number, len: number) {
  let i = i32[r + RH]; let left = Atomics.load(i32, r + RT) - i; if (left < 0) left += n;
  for (; left > 0; left--) { i32[r + RING_SLOTS + (i << 2) + 1] = len; i = i + 1 === n ? 0 : i + 1; }
  Atomics.store(i32, r + RC, i); Atomics.store(i32, r + RH, i);
}
let sum = 0, got = 0;
function drain(i32: Int32Array, r: number, n: number, base: number) {
  let i = i32[r + RH]; const tail = Atomics.load(i32, r + RT); let s = 0, g = 0;
  while (i !== tail) { const b = base + Math.imul(i32[r + RING_SLOTS + (i << 2)], 512); s = (s + (i32[b] ^ i32[b + 1])) | 0; g++; i = i + 1 === n ? 0 : i + 1; }
  Atomics.store(i32, r + RC, i); Atomics.store(i32, r + RH, i);
  sum = (sum + s) | 0; got += g;
}
function tsync(k: number) { tryEnter(dp, k); txsyncRing(dp, k); leave(dp, k); }
function rsync(k: number) { tryEnter(dp, k); rxsyncRing(dp, k); leave(dp, k); }
function run(total: number) {
  got = 0; sum = 0; const t = performance.now();
  const kt = tx[0], rt = state[kt + K_RING], base = state[kt + K_BUF_BASE];
  while (got < total) {
    fill(i32, rt, N, LEN); tsync(kt);
    for (let p = 1; p < nports; p++) { rsync(ks.rx[p]); drain(i32, state[ks.rx[p] + K_RING], N, base); }
  }
  const s = performance.now() - t;
  if (sum !== (Math.imul(W0 ^ W1, got))) throw "bad sum";
  return got / s / 1000;
}
const total = LEN > 300 ? 3e6 : 2e7;
run(total / 10);
const r: string[] = []; for (let i = 0; i < 4; i++) r.push(run(total).toFixed(1));
console.log(isBun ? "bun " : "deno", mode, LEN, "B", B, "N", N, "PF", PF, r.join(" "));
engine.close();
