import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { scriptCommand, start } from "./spawn_fixture.ts";

const FIXTURE = new URL("./stop_signal_fixture.ts", import.meta.url);

describe("stopSignal()", () => {
  const cases = [
    ["SIGINT", "SIGINT", 130],
    ["SIGTERM", "SIGTERM", 143],
    ["SIGTERM", "SIGINT", 130],
  ] as const;
  for (const [first, second, expected] of cases) {
    it(`lets a program finish at ${first}, and ends it at once at a ${second} after it`, async () => {
      await using running = start(scriptCommand(FIXTURE));
      await running.printed("ready");
      running.kill(first);
      await running.printed("stopping");
      running.kill(second);
      const { status, stdout, stderr } = await running.ended;
      assertEquals({ status, stdout, stderr }, {
        status: expected,
        stdout: "ready\nstopping\n",
        stderr: "",
      });
    });
  }

  it("lets a program finish whose time is over, also at the first signal", async () => {
    await using running = start(scriptCommand(FIXTURE, "0.2"));
    await running.printed("stopping");
    running.kill("SIGINT");
    const pause = new Promise<string>((resolve) => setTimeout(() => resolve("runs on"), 300));
    assertEquals(await Promise.race([running.ended, pause]), "runs on");
    running.kill("SIGINT");
    assertEquals((await running.ended).status, 130);
  });
});
