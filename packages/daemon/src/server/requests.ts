/**
 * What a client's descriptor can ask for.
 *
 * @module
 */

import { EFAULT, EINVAL, EIO, NetmapError } from "@netmap/core";
import { type EngineDescriptor, KIND, type UserMapping } from "@netmap/engine";
import {
  MSG_CONTROL,
  MSG_LEGACY,
  MSG_REPLY,
  MSG_ROUND,
  MSG_RXSYNC,
  MSG_TXSYNC,
  packError,
  packRequest,
  type SentMemory,
  unpackRequest,
  words,
} from "../internal/protocol.ts";
import type { Message } from "../internal/socket.ts";
import { endCsbRequest } from "./csb_refusal.ts";

/** Kinds of ports whose rings the owner alone can sync: sockets are its own. */
const OWNERS: ReadonlySet<number> = new Set([KIND.nic, KIND.host]);

/** In the value of a reply to CONTROL: the rings are synced by the owner. */
export const SYNCED_BY_OWNER = 1;

/** A reply: errno, a value, the bytes that it has. */
export function reply(errno: number, value: number, ...parts: Uint8Array[]): Uint8Array {
  const [first = new Uint8Array(0), ...rest] = parts;
  const head = words(MSG_REPLY, errno, value, first.length);
  const bytes = new Uint8Array([head, first, ...rest].reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const part of [head, first, ...rest]) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** The reply of something that failed. */
export function errorReply(error: unknown, answer: Uint8Array = new Uint8Array(0)): Uint8Array {
  const known = error instanceof NetmapError
    ? error
    : new NetmapError(EIO, `Cannot do that as the daemon failed: ${String(error)}`);
  return reply(known.errno, 0, answer, packError(known));
}

/**
 * Carries out what a client asks of a descriptor.
 *
 * @param descriptor the engine's side
 * @param message what came
 * @param type its first word
 * @param pid the client
 * @param registered called after a control request: fails when it gave too much
 * @returns the reply
 */
export function carryOut(
  descriptor: EngineDescriptor,
  message: Message,
  type: number,
  pid: number,
  registered: () => void,
): Uint8Array {
  switch (type) {
    case MSG_CONTROL:
      return control(descriptor, message, pid, registered);
    case MSG_LEGACY:
      return legacy(descriptor, message, registered);
    case MSG_TXSYNC:
      descriptor.txsync();
      return reply(0, 0);
    case MSG_RXSYNC:
      descriptor.rxsync();
      return reply(0, 0);
    case MSG_ROUND: {
      const [, events] = new Int32Array(message.bytes.slice(0, 8).buffer);
      return reply(0, descriptor.poll(events, 0));
    }
  }
  throw new NetmapError(EINVAL, `Cannot take message ${type} as there is none of that number`);
}

function control(
  descriptor: EngineDescriptor,
  { bytes, fds }: Message,
  pid: number,
  registered: () => void,
): Uint8Array {
  const { request, memory } = unpackRequest(bytes, 1);
  descriptor.findMemory = (address, size) => findSent(memory, fds, address, size);
  const answer = (): Uint8Array => packRequest({ request, memory: [] }, []);
  try {
    if (!endCsbRequest(descriptor, request, pid)) descriptor.control(request);
    registered();
    return reply(0, syncedByOwner(descriptor), answer());
  } catch (error) {
    return errorReply(error, answer());
  } finally {
    descriptor.findMemory = () => null;
  }
}

function legacy(
  descriptor: EngineDescriptor,
  { bytes }: Message,
  registered: () => void,
): Uint8Array {
  const isRegister = bytes[4] === 1;
  const nmreq = bytes.slice(8);
  try {
    descriptor.legacy(isRegister ? "NIOCREGIF" : "NIOCGINFO", nmreq);
    registered();
    return reply(0, syncedByOwner(descriptor), nmreq);
  } catch (error) {
    return errorReply(error, nmreq);
  }
}

function syncedByOwner({ registration }: EngineDescriptor): number {
  return registration && OWNERS.has(registration.adapter.kind.id) ? SYNCED_BY_OWNER : 0;
}

function findSent(
  memory: readonly SentMemory[],
  fds: readonly number[],
  address: number,
  size: number,
): UserMapping | null {
  const at = memory.findIndex((one) =>
    address >= one.address && address + size <= one.address + one.size
  );
  if (at < 0) return null;
  if (fds[at] === undefined) throw new NetmapError(EFAULT, "Cannot find memory that was not sent");
  return { address: memory[at].address, fd: fds[at], offset: memory[at].offset };
}
