import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { itRequires } from "@netmap/test-support";
import { readFileSync } from "node:fs";
import process from "node:process";
import { type Ended, scriptCommand, start } from "../shared/spawn_fixture.ts";

const runtime = process.versions.bun === undefined ? "deno" : "bun";

/** What starts vale-bridge. */
function command(...args: string[]): string[] {
  return scriptCommand(new URL("./main.ts", import.meta.url), ...args);
}

/** Runs it to its end. */
async function run(args: string[], env: Record<string, string> = {}): Promise<Ended> {
  await using running = start(command(...args), env);
  return await running.ended;
}

interface FinalPort {
  readonly name: string;
  readonly rxPackets: number;
  readonly txPackets: number;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly drops: number;
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

/** The objects that were printed, and the last of them. */
function parse({ stdout }: Ended) {
  const objects = lines(stdout).map((line) => JSON.parse(line));
  return { objects, final: objects[objects.length - 1] };
}

/** A session without what differs from run to run: numbers and their prefixes, columns, runtime. */
function withoutNumbers(text: string): string[] {
  return lines(text).map((line) =>
    line.replace(/^02(:[0-9a-f]{2}){5} +[abc] /, "ADDRESS PORT ").replace(/on (Bun|Deno),/, "")
      .replace(/[\d,.]*\d( ?[kMG](?=pkt|bit|pps))?/g, "#").replace(/ +/g, " ")
  );
}

describe("vale-bridge --help", () => {
  it("prints HELP.md", async () => {
    const text = readFileSync(new URL("./HELP.md", import.meta.url), "utf8");
    for (const option of ["--help", "-h"]) {
      const { status, stdout, stderr } = await run([option]);
      assertEquals({ status, stdout, stderr }, { status: 0, stdout: text, stderr: "" });
    }
  });
});

describe("vale-bridge --json", () => {
  it("ends in a verified result whose numbers fit together", async () => {
    const ended = await run(["--demo", "--duration", "1", "--json"]);
    const { objects, final } = parse(ended);
    assertEquals([ended.status, ended.stderr], [0, ""]);
    assertEquals(Object.keys(final), [
      "final",
      "device",
      "runtime",
      "seconds",
      "verified",
      "ports",
      "mpps",
    ]);
    assertEquals(
      [final.final, final.device, final.runtime, final.verified],
      [true, "embedded", runtime, true],
    );
    assert(final.seconds > 0.95 && final.seconds < 3, `${final.seconds} s`);
    assertEquals(objects.filter((one) => one.final === true).length, 1);

    const ports: FinalPort[] = final.ports;
    assertEquals(ports.map((port) => port.name), ["a", "b", "c"]);
    for (const port of ports) {
      assertEquals(Object.keys(port), [
        "name",
        "rxPackets",
        "txPackets",
        "rxBytes",
        "txBytes",
        "drops",
      ]);
      assert(port.txPackets > 10_000 && port.rxPackets > 10_000, JSON.stringify(port));
      for (const way of ["rx", "tx"] as const) {
        const size = port[`${way}Bytes`] / port[`${way}Packets`];
        assert(size > 60 && size < 1514, `${size} bytes a packet`);
      }
    }
    const sum = (key: "rxPackets" | "txPackets" | "drops") =>
      ports.reduce((all, port) => all + port[key], 0);
    // Some frames are for both of the others.
    assert(sum("rxPackets") + sum("drops") > sum("txPackets"));
    assert(sum("rxPackets") < 2 * sum("txPackets"));
    const mpps = sum("rxPackets") / final.seconds / 1e6;
    assert(Math.abs(final.mpps - mpps) < 1e-5, `${final.mpps} and ${mpps}`);
  });

  it("tells rates and addresses once a second", async () => {
    const { objects } = parse(await run(["--duration", "2.5", "--json", "--switch", "vale_x"]));
    const ticks = objects.slice(0, -1);
    assertEquals(ticks.length, 2);
    for (const [n, tick] of ticks.entries()) {
      assert(Math.abs(tick.seconds - (n + 1)) < 0.5, `${tick.seconds} s`);
      for (const port of tick.ports) {
        assert(port.txPps > 1000 && port.txBps > port.txPps * 60 * 8, JSON.stringify(port));
        assertEquals(port.addresses.length, 1);
        assertMatch(port.addresses[0], /^02(:[0-9a-f]{2}){5}$/);
      }
    }
  });

  it("verifies with zero-copy too", async () => {
    const ended = await run(["--duration", "1", "--json", "--zero-copy"]);
    assertEquals([ended.status, parse(ended).final.verified], [0, true]);
  });
});

describe("vale-bridge without a terminal", () => {
  it("prints a line a second and a summary, without any escape sequence", async () => {
    const { status, stdout, stderr } = await run(["--duration", "2.5"], { FORCE_COLOR: "1" });
    assertEquals([status, stderr], [0, ""]);
    const program = runtime === "bun" ? "Bun" : "Deno";
    const [head, ...rest] = lines(stdout);
    assertEquals(head, `Switch 'vale0' on the device 'embedded', on ${program}, for 2.5 s`);
    const seconds = rest.filter((line) => /^\d+\.\d s: /.test(line));
    assertEquals(seconds.length, 2);
    for (const line of seconds) {
      assertMatch(
        line,
        /^\d\.\d s: [\d.]+ Mpps, 3 addresses; a: tx [\d.]+ [kM]pkt\/s [\d.]+ [MG]bit/,
      );
    }
    assertMatch(stdout, /^a( +[\d,]+){4} +0$/m);
    assertMatch(stdout, /^02:6e:6d:00:00:01 +a +\d s$/m);
    assertMatch(stdout, /^[\d.]+ Mpps out of the switch, for 2\.5\d* s$/m);
    assertMatch(
      stdout,
      /^Verified: [\d,]+ frames received, content and order of each checked; none is/m,
    );
    assert(!stdout.includes("\x1b"));
  });

  it("prints what the README shows, but for the numbers", async () => {
    const readme = readFileSync(new URL("./README.md", import.meta.url), "utf8");
    const session = /^```console\n\$ npm start -- (.*) \| cat\n([^]*?)^```$/m.exec(readme)!;
    const { stdout } = await run(session[1].split(" "));
    // How many seconds' lines there are is the machine's affair.
    const once = (lines: string[]) => lines.filter((line, i) => line !== lines[i - 1]);
    assertEquals(once(withoutNumbers(stdout)), once(withoutNumbers(session[2])));
  });

  it("ends quietly when nobody reads on", async () => {
    await using running = start(command("--duration", "20", "--json"));
    await running.printed("\n");
    running.stdout.destroy();
    const { status, stderr, ms } = await running.ended;
    assertEquals([status, stderr], [0, ""]);
    assert(ms < 10_000, `${ms} ms`);
  });
});

describe("vale-bridge with input that it cannot use", () => {
  const cases: [string, string[], RegExp][] = [
    ["no such interface", ["no-such-if"], /'no-such-if'.*there is none.*: there are .*\blo\b/],
    ["a name too long", ["an-interface-name"], /'an-interface-name' .* 17 characters.* at most 15/],
    ["the same port twice", ["lo", "lo"], /'lo' twice: name each port once/],
    ["a port of a switch", ["vale0:x"], /'vale0:x' as it is a port of a switch: name an interface/],
    ["an option that is none", ["--verbose"], /'--verbose' as there is none: there are --switch,/],
    ["no number", ["--duration", "soon"], /'soon' for '--duration': give seconds/],
    ["a switch of another kind", ["--switch", "br0"], /'br0' .*: give 'vale', then/],
    ["ports in the demo", ["--demo", "lo"], /'lo' to the demo.*: leave out '--demo' or/],
  ];
  for (const [what, args, message] of cases) {
    it(`says in one line what to do about ${what}`, async () => {
      const { status, stdout, stderr } = await run(args);
      assertEquals([status, stdout], [2, ""]);
      assertEquals(lines(stderr).length, 1, stderr);
      assertMatch(stderr, message);
    });
  }

  it("says in one line what to do about a device that is none", async () => {
    const { status, stderr } = await run(["--duration", "1"], { NETMAP: "fast" });
    assertEquals([status, lines(stderr).length], [2, 1], stderr);
    assertMatch(stderr, /NETMAP 'fast'.*: use one of .*'embedded'/);
  });

  itRequires(
    { root: true, programs: ["setpriv"] },
    "says in one line what to do about no privilege",
    async () => {
      const drop = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "--reuid", "65534"];
      await using running = start([...drop, "--clear-groups", ...command("lo")]);
      const { status, stdout, stderr } = await running.ended;
      assertEquals([status, stdout, lines(stderr).length], [2, "", 1], stderr);
      assertMatch(stderr, /'lo'.*(root|CAP_NET_RAW|sudo)/);
    },
  );
});

describe("vale-bridge, when it is to stop", () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`ends cleanly with the summary at ${signal}`, async () => {
      await using running = start(command("--duration", "60", "--json"));
      await running.printed("\n");
      running.kill(signal);
      const ended = await running.ended;
      assertEquals([ended.status, ended.stderr], [0, ""]);
      assertEquals(parse(ended).final.verified, true);
      assert(ended.ms < 10_000, `${ended.ms} ms`);
    });
  }

  it("serves its timers while it works", async () => {
    const { objects } = parse(await run(["--duration", "3.2", "--json"]));
    const ticks = objects.slice(0, -1).map((one) => one.seconds);
    assertEquals(ticks.length, 3);
    ticks.forEach((seconds, n) => assert(Math.abs(seconds - n - 1) < 0.5, `${ticks}`));
  });
});

describe("vale-bridge on a terminal", () => {
  const onTerminal = (env: Record<string, string>, ...args: string[]) => {
    const words = command(...args).map((word) => `'${word}'`).join(" ");
    return start(["script", "-qec", `stty cols 100 rows 30; ${words}`, "/dev/null"], {
      TERM: "xterm",
      NO_COLOR: undefined,
      ...env,
    });
  };

  itRequires({ programs: ["script"] }, "draws its table in place, in colour", async () => {
    await using running = onTerminal({}, "--duration", "3.5");
    const { status, stdout } = await running.ended;
    assertEquals(status, 0);
    const tables = stdout.split("tx pkt/s").length - 1;
    assertEquals(tables, 3);
    assertStringIncludes(stdout, "\x1b[6A\r"); // back over titles, three ports, a gap, the last line
    assertStringIncludes(stdout, "\x1b[1mport");
    assertStringIncludes(stdout, "Ctrl-C ends it");
    assertStringIncludes(stdout, "\x1b[32mVerified: ");
  });

  itRequires({ programs: ["script"] }, "heeds NO_COLOR", async () => {
    await using running = onTerminal({ NO_COLOR: "1" }, "--duration", "1.5");
    const { status, stdout } = await running.ended;
    assertEquals(status, 0);
    assertStringIncludes(stdout, "Verified");
    for (const code of [1, 2, 31, 32, 39]) assert(!stdout.includes(`\x1b[${code}m`), `${code}`);
  });
});
