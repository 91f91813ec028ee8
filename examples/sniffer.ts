/** A live sniffer of a VALE port: one line a packet. `bun examples/sniffer.ts`, or with Deno `-A`. */
import { NS_TXMON, open, type Port } from "@netmap/netmap";
import { openMonitor } from "@netmap/monitor";

const hex = (b: Uint8Array) => [...b].map((x) => x.toString(16).padStart(2, "0")).join(":");
const u16 = (b: Uint8Array, at: number) => b[at] << 8 | b[at + 1];

/** Ethernet, IPv4, UDP and TCP fields of a frame in a line. */
export function summary(f: Uint8Array): string {
  const link = `${hex(f.subarray(6, 12))} > ${hex(f.subarray(0, 6))}`;
  const type = u16(f, 12);
  if (type !== 0x0800) return `${link} ethertype 0x${type.toString(16).padStart(4, "0")}`;
  const l4 = 14 + (f[14] & 15) * 4;
  const [from, to] = [f.subarray(26, 30).join("."), f.subarray(30, 34).join(".")];
  if (f[23] === 17) {
    return `IP ${from}.${u16(f, l4)} > ${to}.${u16(f, l4 + 2)}: UDP ${u16(f, l4 + 4) - 8}`;
  }
  if (f[23] !== 6) return `IP ${from} > ${to}: protocol ${f[23]}`;
  const flags = ["F", "S", "R", "P", "."].filter((_, bit) => f[l4 + 13] >> bit & 1).join("");
  return `IP ${from}.${u16(f, l4)} > ${to}.${u16(f, l4 + 2)}: TCP [${flags}]`;
}

/** Prints what a monitor sees until `packets` went by. */
export async function sniff(monitor: Port, packets: number): Promise<void> {
  for await (const batch of monitor.batches()) {
    const sent = (monitor.rxRings[0].slotFlags(monitor.rxRings[0].head) & NS_TXMON) !== 0;
    for (const f of batch) {
      console.log(`${sent ? "out" : "in "} ${f.length} ${summary(f)}`);
      if (--packets === 0) return;
    }
  }
}

if (import.meta.main) {
  using a = open("vale0:a"), b = open("vale0:b");
  using monitor = openMonitor(b.device, b.name, { direction: "rx" });
  const udp = new Uint8Array(60).fill(255, 0, 6);
  udp.set([2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17], 6);
  udp.set([0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 53, 0x30, 0x39, 0, 26], 24);
  a.send([udp, new Uint8Array(60).fill(255, 0, 6)]);
  await sniff(monitor, 2);
}
