import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { EBADF } from "../errno.ts";
import { NetmapError } from "../errors.ts";
import { statFd } from "./file_stat.ts";
import { closeFd, createEventfd, createMemfd, cString, dupFd, libc } from "./system.ts";

describe("statFd()", () => {
  it("knows sizes beyond 32 bits, and devices without one", () => {
    const fd = createMemfd("netmap-test", 5 * 2 ** 32 + 3);
    assertEquals([statFd(fd).size, statFd(fd).hugePage], [5 * 2 ** 32 + 3, 0]);
    closeFd(fd);
    const event = createEventfd();
    assertEquals(statFd(event).size, Infinity);
    closeFd(event);
  });

  it("tells files apart, and finds one file under two descriptors", () => {
    const fds = [createMemfd("netmap-test", 4096), createMemfd("netmap-test", 4096)];
    fds.push(dupFd(fds[0]), libc().open(cString(`/proc/self/fd/${fds[0]}`), 2, 0));
    const [one, two, dup, reopened] = fds.map((fd) => statFd(fd).id);
    assertEquals([dup, reopened], [one, one]);
    assertNotEquals(two, one);
    fds.forEach(closeFd);
  });

  it("throws EBADF for a descriptor that is not open", () => {
    const error = assertThrows(() => statFd(-1), NetmapError, "look at descriptor '-1'");
    assertEquals(error.errno, EBADF);
  });
});

describe("dupFd()", () => {
  it("gives another number that is closed on exec", () => {
    const fd = createMemfd("netmap-test", 4096);
    const other = dupFd(fd);
    closeFd(fd);
    assertNotEquals(other, fd);
    assert((libc().fcntl(other, 1, 0) & 1) === 1);
    closeFd(other);
    assertEquals(assertThrows(() => dupFd(other), NetmapError).errno, EBADF);
  });
});
