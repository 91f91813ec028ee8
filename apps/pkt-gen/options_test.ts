import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { UsageError } from "../shared/arguments.ts";
import { readOptions } from "./options.ts";

const read = (line: string) => readOptions(line.split(" "));

describe("readOptions() of pkt-gen", () => {
  it("receives, as the classic does, when nothing else is said", () => {
    const { role, port, count, rate, waitLink, reportMs, normalize, fragments } = read(
      "-i vale0:a",
    );
    assertEquals([role, port, count, rate], ["rx", "vale0:a", undefined, undefined]);
    assertEquals([waitLink, reportMs, normalize, fragments], [0, 1000, true, 1]);
    assertEquals(read("-i eth0").port, "netmap:eth0");
    assertEquals(read("-i eth0").waitLink, 2);
  });

  it("takes every flag", () => {
    const options = read(
      "-i vale0:a -f tx -n 1000 -l 1500 -l 64 -b 128 -6 -s [fd00::1]:53 -d [fd00::2]:5-[fd00::9]:9 " +
        "-D 02:00:00:00:00:07 -S 02:00:00:00:00:08 -zZNWvvrABX -T 200 -w 3 -R 5000 -H 12 -F 2 -M 100 " +
        "-C 512,256,2,4 -P file.pcap -c 1 -p 1 -o 4 --duration=1.5 --json",
    );
    assertEquals(options, {
      help: false,
      role: "tx",
      port: "vale0:a",
      rings: { txSlots: 512, rxSlots: 256, txRings: 2, rxRings: 4 },
      count: 1000,
      burst: 128,
      rate: 5000,
      packet: {
        length: 1500,
        minLength: 64,
        sourceMac: "02:00:00:00:00:08",
        targetMac: "02:00:00:00:00:07",
        source: "[fd00::1]:53",
        target: "[fd00::2]:5-[fd00::9]:9",
        randomSource: true,
        randomTarget: true,
        virtioHeader: 12,
        ipv6: true,
      },
      capture: "file.pcap",
      fragments: 2,
      fragmentSize: 100,
      raw: true,
      copy: true,
      dump: true,
      untilEmpty: true,
      reportMs: 200,
      waitLink: 3,
      normalize: false,
      deviation: true,
      framing: true,
      verbose: 2,
      duration: 1.5,
      json: true,
    });
  });

  it("takes no end, no rate, the last of two, and the bits of -o", () => {
    const { count, rate, packet, raw, dump } = read("-i vale0:a -n 0 -R 0 -6 -4 -o 320");
    assertEquals([count, rate, packet.ipv6, raw, dump], [undefined, undefined, false, true, true]);
    assertEquals(read("-h").help, true);
  });

  it("refuses what cannot be meant or done, and says what to do", () => {
    const cases: [string, string][] = [
      ["-f tx", "Cannot work without a port: write 'pkt-gen -i PORT -f tx'"],
      ["-i vale0:a -f fly", "Cannot be 'fly': '-f' takes tx, rx, ping, pong"],
      ["-i vale0:a -l 15", "Cannot use '15' for '-l': give a whole number from 16 to 65535"],
      ["-i vale0:a -n many", "Cannot use 'many' for '-n'"],
      ["-i vale0:a -F 64", "Cannot use '64' for '-F': give a whole number from 1 to 63"],
      ["-i vale0:a -b 0", "Cannot use '0' for '-b'"],
      ["-i vale0:a -o 1", "Cannot use '-o 1': bits are 4"],
      ["-i vale0:a -a 1", "Cannot pin threads with '-a 1': start it as 'taskset -c 1 pkt-gen ...'"],
      ["-i vale0:a -I", "Cannot send indirect buffers '-I'"],
      ["-i vale0:a -o 32", "Cannot send indirect buffers '-I'"],
      ["-i vale0:a -p 2", "Cannot use '-p 2' as one thread serves all rings"],
      ["-i vale0:a -c 9999", "Cannot use '9999' for '-c'"],
      ["-i tap:t0", "Cannot use 'tap:t0' as only netmap ports are taken"],
      ["-i pcap:eth0", "Cannot use 'pcap:eth0'"],
      ["-i vale0:a x", "Cannot use 'x' without an option before it"],
      ["-i vale0:a -C 1,2,3,4,5", "give at most 4 numbers"],
      ["-i vale0:a -x", "Cannot use option '-x' as there is none"],
      ["-i vale0:a -i", "Cannot use '-i' without a value"],
    ];
    for (const [line, message] of cases) assertThrows(() => read(line), UsageError, message);
  });
});
