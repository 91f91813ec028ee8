import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { summary } from "./sniffer.ts";

/** A frame of 60 bytes with an IPv4 header, of the protocol and layer 4 bytes given. */
function ip(protocol: number, ...layer4: number[]): Uint8Array {
  const frame = new Uint8Array(60);
  frame.set([8, 0, 0x45], 12);
  frame[23] = protocol;
  frame.set([10, 0, 0, 1, 10, 0, 0, 2, ...layer4], 26);
  return frame;
}

describe("summary()", () => {
  const cases: readonly [string, Uint8Array, string][] = [
    ["UDP", ip(17, 0, 53, 0x30, 0x39, 0, 26), "IP 10.0.0.1.53 > 10.0.0.2.12345: UDP 18"],
    [
      "TCP",
      ip(6, 0, 80, 0, 81, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x12),
      "IP 10.0.0.1.80 > 10.0.0.2.81: TCP [S.]",
    ],
    ["ICMP", ip(1), "IP 10.0.0.1 > 10.0.0.2: protocol 1"],
    [
      "ARP",
      new Uint8Array(60).fill(255, 0, 6).fill(8, 12, 13).fill(6, 13, 14),
      "00:00:00:00:00:00 > ff:ff:ff:ff:ff:ff ethertype 0x0806",
    ],
  ];
  for (const [what, frame, line] of cases) {
    it(`tells ${what}`, () => assertEquals(summary(frame), line));
  }
});

describe("examples/sniffer.ts", () => {
  it("prints one line a packet", () => {
    const main = fileURLToPath(new URL("./sniffer.ts", import.meta.url));
    const args = "Deno" in globalThis ? ["run", "-A", "--no-check", main] : [main];
    const child = spawnSync(process.execPath, args, { encoding: "utf8" });
    assertEquals(child.stdout.trim().split("\n").length, 2, child.stderr);
  });
});
