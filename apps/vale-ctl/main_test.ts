import { assert, assertEquals, assertMatch } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { readFileSync } from "node:fs";
import { type Ended, scriptCommand, start } from "../shared/spawn_fixture.ts";

const MAIN = new URL("./main.ts", import.meta.url);

async function run(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  await using running = start(scriptCommand(MAIN, ...args), env);
  return await running.ended;
}

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

describe("vale-ctl", () => {
  it("prints HELP.md", async () => {
    const text = readFileSync(new URL("./HELP.md", import.meta.url), "utf8");
    const { status, stdout, stderr } = await run(["--help"]);
    assertEquals({ status, stdout, stderr }, { status: 0, stdout: text, stderr: "" });
  });

  it("lists an engine of its own, for people and for programs", async () => {
    const { status, stdout, stderr } = await run([]);
    assertEquals([status, stderr], [0, ""]);
    assertMatch(stdout, /^Device 'embedded': 0 switches, 1 memory region\n/);
    assertMatch(stdout, /^region 1 .* 0 of 100 +0 of 200 +0 of 163,838$/m);
    assert(!stdout.includes("\x1b"));
    const json = await run(["--json", "-l"]);
    const { device, switches, memory } = JSON.parse(json.stdout);
    assertEquals([json.status, device, switches, memory.length], [0, "embedded", [], 1]);
  });

  it("says what an operation has got when it is asked to", async () => {
    const quiet = await run(["-n", "v0"]);
    assertEquals([quiet.status, quiet.stdout, quiet.stderr], [0, "", ""]);
    const { stdout } = await run(["-n", "v0", "-C", "512,256,2", "-v"]);
    assertEquals(lines(stdout), [
      "tx_slots:   512",
      "rx_slots:   256",
      "tx_rings:   2",
      "rx_rings:   2",
      "mem_id:     1",
    ]);
    const json = await run(["-n", "v0", "--json"]);
    assertEquals(JSON.parse(json.stdout), {
      device: "embedded",
      operation: "create",
      name: "v0",
      tx_slots: 1024,
      rx_slots: 1024,
      tx_rings: 1,
      rx_rings: 1,
      mem_id: 1,
    });
  });

  it("watches until it is stopped", async () => {
    await using running = start(scriptCommand(MAIN, "--watch=0.1", "--json"));
    await running.printed("}\n{");
    running.kill("SIGINT");
    const { status, stdout, stderr } = await running.ended;
    assertEquals([status, stderr], [0, ""]);
    for (const line of lines(stdout)) assertEquals(JSON.parse(line).device, "embedded");
  });

  const wrong: [string, string[], RegExp][] = [
    ["no such option", ["-x"], /'-x' as there is none/],
    ["two operations", ["-n", "a", "-r", "b"], /at once: give one operation a call/],
    ["no switch in the name", ["-a", "eth0"], /give switch and port, as 'vale0:eth0'/],
    ["no such port", ["-l", "vale0:a"], /'vale0:a' as there is no such switch/],
    ["no such interface", ["-a", "vale0:no-such-if"], /no interface or persistent port/],
    ["no such region", ["-n", "v0", "-m", "77"], /77/],
  ];
  for (const [what, args, message] of wrong) {
    it(`says in one line what to do about ${what}`, async () => {
      const { status, stdout, stderr } = await run(args);
      assertEquals([status, stdout, lines(stderr).length], [2, "", 1], stderr);
      assertMatch(stderr, message);
    });
  }
});
