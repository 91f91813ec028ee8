import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { itRequires } from "@netmap/test-support";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { type Ended, scriptCommand, start } from "../shared/spawn_fixture.ts";

const MAIN = new URL("./main.ts", import.meta.url);

async function run(...args: string[]): Promise<Ended> {
  await using running = start(scriptCommand(MAIN, ...args));
  return await running.ended;
}

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");
const sh = (line: string): string => execFileSync("sh", ["-c", line], { encoding: "utf8" });

describe("bridge", () => {
  it("prints HELP.md", async () => {
    const text = readFileSync(new URL("./HELP.md", import.meta.url), "utf8");
    for (const option of ["--help", "-h"]) {
      const { status, stdout, stderr } = await run(option);
      assertEquals({ status, stdout, stderr }, { status: 0, stdout: text, stderr: "" });
    }
  });

  it("runs for its time and prints totals", async () => {
    const { status, stdout, stderr } = await run(..."-v vale0:a vale1:b --duration=1.2".split(" "));
    assertEquals([status, stderr], [0, ""]);
    assertMatch(stdout, /^Bridge 'vale0:a' <-> 'vale1:b' on the device 'embedded', swapping/);
    assertMatch(
      stdout,
      /^vale0:a: 1 rx ring of 1,024 slots, 1 tx ring of 1,024, memory region 1$/m,
    );
    assertMatch(stdout, /^1\.\d s: vale0:a -> vale1:b 0 pkt\/s 0 bit\/s, vale1:b -> vale0:a 0/m);
    assertMatch(stdout, /^vale1:b -> vale0:a: 0 packets, 0 bytes\nin 1\.\d\d s$/m);
  });

  it("ends at SIGINT with totals as JSON", async () => {
    await using running = start(scriptCommand(MAIN, "vale0:a", "vale1:b", "-c", "--json"));
    await running.printed("\n");
    running.kill("SIGINT");
    const { status, stdout, stderr } = await running.ended;
    assertEquals([status, stderr], [0, ""]);
    const { final, device, ports, zeroCopy, forward } = JSON.parse(lines(stdout).at(-1)!);
    assertEquals([final, device, zeroCopy], [true, "embedded", false]);
    assertEquals(ports, ["vale0:a", "vale1:b"]);
    assertEquals(forward, { packets: 0, slots: 0, bytes: 0 });
  });

  const wrong: [string, string[], RegExp][] = [
    ["no port", [], /without a port/],
    ["no such option", ["-x"], /'-x' as there is none/],
    ["a name that is none", ["vale0:", "vale0:b"], /vale0:/],
    ["no such interface", ["no-such-if", "vale0:b"], /no-such-if/],
    ["no interface of that name", ["nosuchif", "vale0:b"], /'nosuchif' as there is none/],
  ];
  for (const [what, args, message] of wrong) {
    it(`says in one line what to do about ${what}`, async () => {
      const { status, stdout, stderr } = await run(...args);
      assertEquals([status, stdout, lines(stderr).length], [2, "", 1], stderr);
      assertMatch(stderr, message);
    });
  }

  itRequires({ root: true, programs: ["ip", "ping"] }, "joins two interfaces", async () => {
    const id = process.pid.toString(36);
    const sides = ["a", "b"].map((side, n) => ({ ns: `br${side}${id}`, port: `brp${n}${id}` }));
    try {
      sides.forEach(({ ns, port }, n) => {
        sh(`ip netns add ${ns}; ip link add ${port} type veth peer name eth0 netns ${ns}`);
        sh(`ip link set ${port} up; ip -n ${ns} link set eth0 up`);
        sh(`ip -n ${ns} address add 10.98.0.${n + 1}/24 dev eth0`);
      });
      const [a, b] = sides.map(({ port }) => port);
      await using running = start(scriptCommand(MAIN, "-w0", "-i", a, "-i", b, "--json"));
      await running.printed("\n");
      const pinged = sh(`ip netns exec ${sides[0].ns} ping -c 5 -i 0.05 -W 2 10.98.0.2`);
      assertMatch(pinged, /5 packets transmitted, 5 received/);
      running.kill("SIGTERM");
      const { status, stdout } = await running.ended;
      const { forward, backward } = JSON.parse(lines(stdout).at(-1)!);
      assertEquals(status, 0);
      assert(forward.packets >= 5 && backward.packets >= 5, stdout);
    } finally {
      for (const { ns, port } of sides) {
        sh(`ip link del ${port} 2>/dev/null || true; ip netns del ${ns} 2>/dev/null || true`);
      }
    }
  });
});
