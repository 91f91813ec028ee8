import { assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import type { NetmapDevice } from "./device.ts";
import { NetmapError } from "./errors.ts";
import { pickDevice, registerDevice } from "./pick_device.ts";

function fake(name: string): NetmapDevice {
  return {
    kind: "embedded",
    name,
    open() {
      throw new Error("not opened in this test");
    },
  };
}

describe("pickDevice()", () => {
  registerDevice({
    scheme: "absent",
    order: 1,
    open: (_argument, selected) => {
      if (!selected) return null;
      throw new NetmapError(2, "Cannot open it");
    },
  });
  registerDevice({ scheme: "second", order: 3, open: (argument) => fake(`second${argument}`) });
  registerDevice({ scheme: "third", order: 4, open: () => fake("third") });

  it("takes the first that answers when nothing is selected", () => {
    assertEquals(pickDevice("").name, "second");
  });

  it("hands over what stands after the colon", () => {
    assertEquals(pickDevice("second:/a:b").name, "second/a:b");
    assertEquals(pickDevice("third").name, "third");
  });

  it("fails as the selected device fails, and looks no further", () => {
    assertThrows(() => pickDevice("absent"), NetmapError, "Cannot open it");
  });

  it("names the kinds that there are when the selector is none of them", () => {
    assertThrows(() => pickDevice("nonsense"), NetmapError, "'second', 'third'");
  });
});
