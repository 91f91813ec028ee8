/**
 * Handing a loop to a Worker, whatever the device: plain data for `postMessage`, and in the Worker
 * something that carries out START and STOP.
 *
 * ```
 *   owner    opened.handle()  -- postMessage -->  openKloop(handle, kinds)   Worker
 *   kernel   path, fd                             the same /dev/netmap descriptor, by ioctl
 *   engine   memfd of the state image, index      the same record, by the image
 * ```
 *
 * @module
 */

import {
  closeFd,
  type ControlRequest,
  type Descriptor,
  dupFd,
  EOPNOTSUPP,
  KernelDevice,
  type NetmapDevice,
  NetmapError,
} from "@netmap/core";
import { DataPath, EngineDescriptor, type PortKind } from "@netmap/engine";
import { AttachedKloop } from "./attached.ts";
import type { Controlled } from "./requests.ts";
import type { ThreadOptions } from "./start.ts";

/** A descriptor's loop as plain data. Valid in all threads of a process. */
export type KloopHandle =
  | {
    readonly kind: "kernel";
    /** The device node. */
    readonly path: string;
    /** The descriptor, which stays its owner's. */
    readonly fd: number;
    /** Region of its port, and bytes of that. */
    readonly memId: number;
    readonly memsize: number;
  }
  | {
    readonly kind: "embedded";
    /** memfd of the state image. */
    readonly stateFd: number;
    /** `EngineDescriptor.index`. */
    readonly index: number;
  };

/**
 * Makes the handle of a descriptor.
 *
 * @param device where it was opened
 * @param descriptor the descriptor, registered
 * @param reply what the registration answered
 * @throws {NetmapError} EOPNOTSUPP for a device whose loops this process cannot run
 */
export function kloopHandle(
  device: NetmapDevice,
  descriptor: Descriptor,
  { memId, memsize }: { readonly memId: number; readonly memsize: number },
): KloopHandle {
  if (device instanceof KernelDevice) {
    return { kind: "kernel", path: device.path, fd: descriptor.fd, memId, memsize };
  }
  if (descriptor instanceof EngineDescriptor) {
    const { stateFd } = descriptor.engine.imageHandle;
    return { kind: "embedded", stateFd, index: descriptor.index };
  }
  throw new NetmapError(
    EOPNOTSUPP,
    `Cannot run the sync loop of a port of '${device.name}' here: whoever serves it runs it`,
  );
}

/** A descriptor's loop in this thread; close it when the loop has ended. */
export interface OpenKloop extends Controlled, Disposable {
  /** Gives back what this thread has mapped and opened. */
  close(): void;
}

/**
 * Opens a handle in a Worker.
 *
 * @param handle from `OpenedCsb.handle()`
 * @param kinds for an engine: kinds of the ports that the loop's port exchanges packets with
 * @param thread for an engine: who is told of rings that are stopped
 * @param device for a kernel: how it is reached, where not by the system's calls
 * @returns what `startKloop` and `stopKloop` take
 *
 * @example
 * ```ts
 * import { openKloop, startKloop, type KloopHandle, type StartOptions } from "@netmap/kloop";
 * import type { PortKind } from "@netmap/engine";
 * // In a Worker, with what its owner posted.
 * function work(handle: KloopHandle, options: StartOptions, kinds: readonly PortKind[]): void {
 *   using kloop = openKloop(handle, kinds);
 *   startKloop(kloop, options); // returns after a stopKloop() elsewhere
 * }
 * ```
 */
export function openKloop(
  handle: KloopHandle,
  kinds: readonly PortKind[],
  thread: ThreadOptions = {},
  device?: KernelDevice,
): OpenKloop {
  if (handle.kind === "embedded") {
    const dp = DataPath.attach({ stateFd: handle.stateFd }, kinds);
    const kloop = new AttachedKloop(dp, handle.index, thread);
    return opened((request) => kloop.control(request), () => dp.close());
  }
  const { path, fd, memId, memsize } = handle;
  const own = dupFd(fd);
  try {
    const descriptor = (device ?? new KernelDevice(path)).adopt(own, { memId, memsize });
    return opened((request) => descriptor.control(request), () => descriptor.close());
  } catch (error) {
    closeFd(own);
    throw error;
  }
}

function opened(control: (request: ControlRequest) => void, close: () => void): OpenKloop {
  return { control, close, [Symbol.dispose]: close };
}
