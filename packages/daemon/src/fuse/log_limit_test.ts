import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { limitLog } from "./log_limit.ts";

describe("limitLog()", () => {
  it("takes 50 lines a second, and says later how many it left out", () => {
    const lines: string[] = [];
    let time = 0;
    const log = limitLog((line) => lines.push(line), () => time);
    for (let i = 0; i < 1000; i++) log(`line ${i}`);
    assertEquals([lines.length, lines[49]], [50, "line 49"]);
    time = 1000;
    log("again");
    assertEquals(lines.slice(50), ["Left 950 lines like these out", "again"]);
    time = 2000;
    log("and again");
    assertEquals(lines.slice(52), ["and again"]);
  });
});
