import { pipeLines } from "./pipes_bench.ts";
const rt = (globalThis as any).Bun ? "bun" : "deno";
for (const l of pipeLines) {
  const b = l.open(); b.run(1e6);
  const res: number[] = [];
  for (let i = 0; i < 7; i++) { const t = performance.now(); const n = b.run(3e7 * (l.name.includes("8") ? 0.3 : 1)); res.push(n / (performance.now() - t) / 1e3); }
  b.close();
  res.sort((a, b) => a - b);
  console.log(rt, l.name, res.map((x) => x.toFixed(0)).join(" "));
}
