import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { UsageError } from "../shared/arguments.ts";
import { readOptions } from "./options.ts";

describe("readOptions()", () => {
  it("takes the demo for ten seconds when nothing is said", () => {
    assertEquals(readOptions([]), {
      help: false,
      switchName: "vale0",
      duration: 10,
      json: false,
      zeroCopy: false,
      ports: [],
    });
    assertEquals(readOptions(["--demo"]), readOptions([]));
  });

  it("takes ports until it is stopped", () => {
    const { ports, duration } = readOptions(["veth0", "veth1"]);
    assertEquals(ports, ["veth0", "veth1"]);
    assertEquals(duration, undefined);
  });

  it("takes what is said", () => {
    const args = ["--switch", "vale_7", "--duration=2.5", "--json", "--zero-copy", "eth0.1"];
    assertEquals(readOptions(args), {
      help: false,
      switchName: "vale_7",
      duration: 2.5,
      json: true,
      zeroCopy: true,
      ports: ["eth0.1"],
    });
  });

  it("does not look at the rest when help is asked for", () => {
    assertEquals(readOptions(["--help", "--switch", "nonsense"]).help, true);
  });

  it("refuses what cannot be meant, and says what to do", () => {
    const cases: [string[], string][] = [
      [["--switch", "br0"], "Cannot use 'br0' as the name of a switch: give 'vale', then letters"],
      [["--switch", "vale0:"], "Cannot use 'vale0:' as the name of a switch"],
      [["--switch", "vale01234567890"], "at most 14 characters in all"],
      [["--duration", "soon"], "Cannot use 'soon' for '--duration': give seconds"],
      [["--duration", "-1"], "Cannot use '--duration' without a value"],
      [["veth0", "veth1", "veth0"], "Cannot attach 'veth0' twice: name each port once"],
      [["abcdefghijklmnop"], "as its name has 16 characters: ports have at most 15"],
      [["vale0:x"], "as it is a port of a switch: name an interface, it becomes 'vale0:INTERFACE'"],
      [["a b"], "Cannot attach 'a b' as no interface may be called so"],
      [[""], "Cannot attach '' as no interface may be called so"],
      [["--demo", "veth0"], "Cannot attach 'veth0' to the demo, which has ports of its own"],
      [["--fast"], "Cannot use option '--fast' as there is none: there are --switch, --duration"],
    ];
    for (const [args, message] of cases) {
      assertThrows(() => readOptions(args), UsageError, message);
    }
  });
});
