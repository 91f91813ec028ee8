import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { NMREQ_OPT_EXTMEM } from "./abi/nmreq_options.ts";
import { structView } from "./abi/struct_view.ts";
import { EBADF, EINVAL } from "./errno.ts";
import { NetmapError } from "./errors.ts";
import { mapFile } from "./extmem.ts";
import { LoopbackDevice } from "./loopback_fixture.ts";
import { openPort } from "./open.ts";

describe("External memory", () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync("/tmp/netmap_extmem_");
    path = `${folder}/memory`;
    writeFileSync(path, new Uint8Array(3 * 4096).fill(5));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function isMapped(): boolean {
    return readFileSync("/proc/self/maps", "utf8").includes(path);
  }

  it("mapFile() maps the whole file, shared with it", () => {
    {
      using memory = mapFile(path);
      assertEquals(memory.size, 3 * 4096);
      assertEquals(memory.u8[4096], 5);
      memory.u8[3 * 4096 - 1] = 77;
      assert(isMapped());
    }
    assert(!isMapped());
    assertEquals(readFileSync(path)[3 * 4096 - 1], 77);
  });

  it("mapFile() refuses an empty file", () => {
    writeFileSync(path, "");
    const error = assertThrows(() => mapFile(path), NetmapError);
    assertEquals(error.errno, EINVAL);
    assertStringIncludes(error.message, `'${path}' as external memory as it is empty`);
  });

  it("openPort() maps it, tells the device where, and unmaps it with the port", () => {
    const device = new LoopbackDevice();
    const port = openPort(device, `vale0:a@extmem:file=${path},buf-num=9`);
    const { usrptr, info } = structView(NMREQ_OPT_EXTMEM, device.opened[0].options[0]);
    assertEquals([info.memsize, info.bufPoolObjtotal], [3 * 4096, 9]);
    assert(usrptr > 0 && usrptr % 4096 === 0);
    assert(isMapped());
    port.close();
    assert(!isMapped());
    assertEquals(assertThrows(() => port.memory, NetmapError).errno, EBADF);
  });

  it("openPort() unmaps it when the device refuses", () => {
    assertThrows(
      () => openPort(new LoopbackDevice(), `netmap:missing@extmem=${path}`),
      NetmapError,
    );
    assert(!isMapped());
  });
});
