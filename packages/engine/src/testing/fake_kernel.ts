/**
 * A stand-in for a kernel with netmap: answers the system calls of core's kernel device from an
 * embedded engine, reading what is behind pointers as a kernel does, by address. It records every
 * ioctl.
 *
 * @module
 */

import { EBADF, type KernelCalls, mapMemory, NetmapError } from "@netmap/core";
import { ioctlErrno } from "../control/ioctl.ts";
import { ProcessMemory } from "../control/user_memory.ts";
import type { EngineDescriptor } from "../descriptor.ts";
import type { Engine } from "../engine.ts";

/** An ioctl as it arrived: the command, and the argument's bytes before it was carried out. */
export interface RecordedIoctl {
  /** On which descriptor. */
  readonly fd: number;
  /** Its number. */
  readonly command: number;
  /** A copy of what the pointer pointed at; null for ioctls without an argument. */
  readonly argument: Uint8Array | null;
}

/** The calls, and what was called. */
export interface FakeKernel extends KernelCalls {
  /** All ioctls so far. */
  readonly recorded: RecordedIoctl[];
  /** Descriptors that are open. */
  readonly descriptors: ReadonlyMap<number, EngineDescriptor>;
}

/** A kernel made of an engine; its device node is `/dev/netmap` alone. */
export function fakeKernel(engine: Engine): FakeKernel {
  const memory = new ProcessMemory();
  const open = new Map<number, EngineDescriptor>();
  const recorded: RecordedIoctl[] = [];
  let next = 1000;
  const descriptorOf = (fd: number): EngineDescriptor => {
    const descriptor = open.get(fd);
    if (descriptor) return descriptor;
    throw new NetmapError(EBADF, `Cannot use descriptor ${fd} as it is not open`);
  };
  return {
    os: "linux",
    recorded,
    descriptors: open,
    open(path) {
      if (path !== "/dev/netmap") return -2;
      open.set(++next, engine.open() as EngineDescriptor);
      return next;
    },
    ioctl(fd, command, argument) {
      recorded.push({ fd, command, argument: argument?.slice() ?? null });
      return -ioctlErrno(descriptorOf(fd), command, argument ?? new Uint8Array(0), memory);
    },
    map(fd, bytes) {
      const { region } = descriptorOf(fd).registration!.adapter;
      return mapMemory(region.fd, bytes, { offset: region.fileOffset });
    },
    poll: (fd, events, timeoutMs) => descriptorOf(fd).poll(events, timeoutMs),
    wait: (fd, events, signal) => descriptorOf(fd).wait(events, signal),
    close(fd) {
      descriptorOf(fd).close();
      open.delete(fd);
    },
  };
}
