import { assertEquals } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { LiveText, usesColor } from "./live_text.ts";
import { tableLines } from "./table.ts";

/** A terminal as far as LiveText needs one: what is on its screen. */
class Screen {
  readonly isTTY = true;
  readonly lines: string[] = [""];
  written = "";
  #row = 0;
  #column = 0;

  readonly columns: number;
  readonly rows: number;

  constructor(columns: number = 20, rows: number = 10) {
    this.columns = columns;
    this.rows = rows;
  }

  write(text: string): void {
    this.written += text;
    // deno-lint-ignore no-control-regex
    for (const [part, count, command] of text.matchAll(/\x1b\[(\d*)([A-Za-z])|[^]/g)) {
      if (part === "\n") this.#down();
      else if (part === "\r") this.#column = 0;
      else if (command === "A") this.#row = Math.max(0, this.#row - Number(count));
      else if (command === "K") this.#cut();
      else if (command === "J") (this.#cut(), this.lines.splice(this.#row + 1));
      else if (command === undefined) this.#put(part);
    }
  }

  get shown(): string {
    return this.lines.join("\n");
  }

  #down(): void {
    this.#row++;
    this.#column = 0;
    this.lines[this.#row] ??= "";
  }

  #cut(): void {
    this.lines[this.#row] = this.lines[this.#row].slice(0, this.#column);
  }

  #put(letter: string): void {
    const line = this.lines[this.#row];
    this.lines[this.#row] = line.slice(0, this.#column) + letter + line.slice(this.#column + 1);
    this.#column++;
  }
}

describe("LiveText", () => {
  it("draws in the place of what it drew before", () => {
    const screen = new Screen();
    const text = new LiveText(screen, false);
    text.draw(["one", "two", "three"]);
    assertEquals(screen.shown, "one\ntwo\nthree\n");
    text.draw(["1", "2", "3"]);
    assertEquals(screen.shown, "1\n2\n3\n");
  });

  it("leaves nothing of longer texts", () => {
    const screen = new Screen();
    const text = new LiveText(screen, false);
    text.draw(["one", "two", "three"]);
    text.draw(["1"]);
    assertEquals(screen.shown, "1\n");
  });

  it("ends with lines that stay", () => {
    const screen = new Screen();
    const text = new LiveText(screen, false);
    text.finish(["headline"]);
    text.draw(["one", "two"]);
    text.finish(["a summary that is longer than a line"]);
    text.draw(["more"]);
    assertEquals(screen.shown, "headline\na summary that is longer than a line\nmore\n");
  });

  it("cuts what does not fit, in both directions", () => {
    const screen = new Screen(6, 3);
    new LiveText(screen, true).draw([["123456789", "bold"], "2", "3", "4"]);
    assertEquals(screen.shown, "12345\n2\n");
  });

  it("writes colour only when it may", () => {
    for (const color of [true, false]) {
      const screen = new Screen();
      new LiveText(screen, color).draw([["wrong", "red"], "plain"]);
      assertEquals(screen.written.includes("\x1b[31m"), color);
      assertEquals(screen.shown, "wrong\nplain\n");
    }
  });
});

describe("usesColor()", () => {
  const stream = (isTTY: boolean) => ({ isTTY, write: () => {} });

  it("needs a terminal, and heeds NO_COLOR unless it is empty", () => {
    assertEquals(usesColor(stream(true), {}), true);
    assertEquals(usesColor(stream(false), {}), false);
    assertEquals(usesColor(stream(true), { NO_COLOR: "1" }), false);
    assertEquals(usesColor(stream(true), { NO_COLOR: "" }), true);
    assertEquals(usesColor(stream(true), { TERM: "dumb" }), false);
  });
});

describe("tableLines()", () => {
  it("aligns columns, words left and numbers right", () => {
    assertEquals(
      tableLines([{ title: "port", align: "left", width: 6 }, { title: "drops" }, { title: "n" }], [
        ["a", "1", "2"],
        ["veth0-long", "123,456", ""],
      ]),
      [
        "port           drops   n",
        "a                  1   2",
        "veth0-long   123,456",
      ],
    );
  });
});
