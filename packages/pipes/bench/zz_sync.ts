import { openPort, mapMemory, createMemfd } from "@netmap/core";
import { createEngine, tryEnter, leave, txsyncRing, notifyRing } from "@netmap/engine";
import { pipes, pipeTxsync } from "@netmap/pipes";
const rt = (globalThis as any).Bun ? "bun" : "deno";
const engine = createEngine({ features: [pipes()] });
const left = openPort(engine.device, "netmap:bench{1", { slots: 1024 });
const right = openPort(engine.device, "netmap:bench}1");
const k = (engine.ports.get("bench{1")! as any).kring(0, 0);
const dp = engine.dp;
const N = 2e6;
function time(name: string, f: () => void) {
  let best = 1e9;
  for (let r = 0; r < 5; r++) { const t = performance.now(); for (let i = 0; i < N; i++) f(); best = Math.min(best, performance.now() - t); }
  console.log(rt, name, (best / N * 1e6).toFixed(1), "ns");
}
time("port.txsync", () => left.txsync());
time("port.rxsync", () => right.rxsync());
time("enter/leave", () => { tryEnter(dp, k); leave(dp, k); });
time("txsyncRing", () => txsyncRing(dp, k));
time("pipeTxsync", () => pipeTxsync(dp, k));
time("notifyRing", () => notifyRing(dp, k));
const st = dp.state;
time("Atomics.load", () => { Atomics.load(st, k + 26); });
time("Atomics.store", () => { Atomics.store(st, k + 26, 1023); });
time("Atomics.cas", () => { Atomics.compareExchange(st, k, 0, 0); });
const i32 = left.memory.i32; const o = 64 + 9216 * 4;
time("copyWithin 32", () => { i32.copyWithin(o + 4096, o, o + 32); });
time("copyWithin 4096", () => { i32.copyWithin(o + 4096, o, o + 4096); });
engine.close();
