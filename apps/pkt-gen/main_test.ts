import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Histogram } from "@netmap/traffic";
import { type Ended, scriptCommand, start } from "../shared/spawn_fixture.ts";
import { readOptions } from "./options.ts";
import { histogramLines, Report } from "./report.ts";

const MAIN = new URL("./main.ts", import.meta.url);

async function run(line: string): Promise<Ended> {
  await using running = start(scriptCommand(MAIN, ...line.split(" ").filter(Boolean)));
  return await running.ended;
}

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");
const final = ({ stdout }: Ended) => JSON.parse(lines(stdout).at(-1)!);

describe("pkt-gen", () => {
  it("prints HELP.md", async () => {
    const text = readFileSync(new URL("./HELP.md", import.meta.url), "utf8");
    for (const option of ["--help", "-h"]) {
      const { status, stdout, stderr } = await run(option);
      assertEquals({ status, stdout, stderr }, { status: 0, stdout: text, stderr: "" });
    }
  });

  it("sends a number of packets and sums up as the classic does", async () => {
    const { status, stdout, stderr } = await run("-i vale0:a -f tx -n 100000 -v");
    assertEquals([status, stderr], [0, ""]);
    assertMatch(stdout, /^Sending on 'vale0:a' of 'embedded': 1 queues, 1 thread\n/);
    assertMatch(stdout, /^10\.0\.0\.1 -> 10\.1\.0\.1, 100000 packets$/m);
    assertMatch(
      stdout,
      /^Sent 100000 packets 6000000 bytes \d+ events 60 bytes each in \d+\.\d\d sec/m,
    );
    assertMatch(
      stdout,
      /^Speed: .*pps Bandwidth: .*bps \(raw .*bps\)\. Average batch: \d+\.\d\d pkts$/m,
    );
  });

  it("keeps a rate, and reports as JSON", async () => {
    const ended = await run("-i vale0:a -f tx -R 20000 -n 20000 -T 250 -A --json");
    const { packets, queued, bytes, pps, device } = final(ended);
    assertEquals([packets, queued, bytes, device], [20000, 20000, 1_200_000, "embedded"]);
    assert(pps <= 20200 && pps > 10000, `${pps}`);
    const ticks = lines(ended.stdout).slice(0, -1).map((line) => JSON.parse(line));
    assert(ticks.length >= 3, ended.stdout);
    assert("mean" in ticks[0] && "deviation" in ticks[0]);
  });

  it("sends the frames of a capture, and dumps them", async () => {
    const path = join(tmpdir(), `pkt-gen-${process.pid}.pcap`);
    const file = new Uint32Array(6 + 4 + 16 + 4 + 16);
    file.set([0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1, 0, 0, 64, 64]);
    file.fill(0x11111111, 10, 26);
    file.set([0, 0, 64, 64], 26);
    file.fill(0x22222222, 30);
    writeFileSync(path, new Uint8Array(file.buffer));
    try {
      const { status, stdout } = await run(`-i vale0:a -f tx -n 3 -X -P ${path}`);
      assertEquals(status, 0);
      const first = lines(stdout).filter((line) => line.startsWith("    0: "));
      assertEquals(first.map((line) => line.slice(7, 9)), ["11", "22", "11"]);
    } finally {
      rmSync(path);
    }
  });

  it("receives until it is stopped, or nothing at all", async () => {
    await using running = start(
      scriptCommand(MAIN, "-i", "vale0:b", "-f", "rx", "--json", "-T100"),
    );
    await running.printed("\n");
    running.kill("SIGINT");
    const ended = await running.ended;
    assertEquals([ended.status, final(ended).packets], [0, 0]);
    const { status, stdout } = await run("-i vale0:b -f rx -W");
    assertEquals(status, 0);
    assertMatch(stdout, /^Received 0 packets 0 bytes 0 events in 0\.\d\d seconds\.$/m);
  });

  it("says that no ping came back", async () => {
    const { status, stdout } = await run("-i vale0:a -f ping -n 1 --duration=0.3");
    assertEquals(status, 0);
    assertMatch(stdout, /^No packet came back$/m);
  });

  const wrong: [string, RegExp][] = [
    ["", /without a port/],
    ["-i vale0:a -x", /'-x' as there is none/],
    ["-i vale0:a -f tx -l 30", /'30' bytes: use 42/],
    ["-i vale0:a -f tx -l 4000", /Cannot put 4000 bytes into a slot/],
    ["-i vale0:a -f tx -s fd00::1 -d 10.0.0.1", /from IPv4 to IPv6/],
    ["-i vale0:a -f tx -D nobody", /'nobody' as an Ethernet address/],
    ["-i vale0:a -f tx -H 7", /virtio-net|7/],
    ["-i vale0:a -f tx -P /no/such/file", /Cannot read '\/no\/such\/file'/],
    ["-i vale0:a -f tx -P /dev/null", /Cannot send '\/dev\/null' as it has 0 bytes/],
    ["-i nosuchif -f tx", /'nosuchif'/],
  ];
  for (const [line, message] of wrong) {
    it(`refuses '${line}' in one line`, async () => {
      const { status, stdout, stderr } = await run(line);
      assertEquals([status, stdout, lines(stderr).length], [2, "", 1], stderr);
      assertMatch(stderr, message);
    });
  }
});

describe("Report", () => {
  it("has the rate of each interval, also of counts that are one object all the time", () => {
    const printed: string[] = [];
    const options = readOptions(["-i", "vale0:a", "--json"]);
    const report = new Report(options, "embedded", (text) => printed.push(text));
    const counts = { packets: 0, bytes: 0, batches: 0 };
    report.start(0);
    for (let n = 1; n <= 3; n++) {
      counts.packets += 100 * n;
      counts.bytes += 6000 * n;
      counts.batches += 10;
      report.tick(counts, 1000 * n);
    }
    assertEquals(
      printed.map((line) => JSON.parse(line)).map(({ pps, bps, batch }) => [pps, bps, batch]),
      [
        [100, 48_000, 10],
        [200, 96_000, 20],
        [300, 144_000, 30],
      ],
    );
  });
});

describe("histogramLines()", () => {
  it("draws ranges and quantiles", () => {
    const histogram = new Histogram();
    for (let n = 0; n < 1000; n++) histogram.record(10_000 + n * n);
    const text = histogramLines(histogram);
    assertEquals(text[0], "Round-trip times:");
    assert(text.length > 8 && text.length <= 15, text.join("\n"));
    assertMatch(text[1], /^ {6}10\.0 - +\d+\.\d us +\d+ #+$/);
    assertMatch(
      text.at(-1)!,
      /^min 10\.0, mean 342\.8, p50 2[56]\d\.\d, p99 \d+\.\d, p99\.99 .*, max 1008\.0 us$/,
    );
    assertEquals(histogramLines(new Histogram()), ["No packet came back"]);
  });
});
