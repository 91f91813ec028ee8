/**
 * What is said over a connection: messages of 32-bit words (little endian), some with bytes behind.
 *
 * ```
 *   client                                       daemon
 *   ATTACH version            ------------->     state image, then REGION for each region
 *   OPEN attachment           ------------->     the descriptor's number, its eventfd
 *     CONTROL request         ------------->     errno, the request as it is now, a sentence
 *     TXSYNC RXSYNC ROUND     ------------->     only for ports that the owner alone can sync
 *     CLOSE                   ------------->     errno
 *   WAKE record               ------------->     EVENTFD record (on the attachment's connection)
 *   STATUS                    ------------->     JSON
 * ```
 *
 * A connection that began with ATTACH is a thread of the client's; one that began with OPEN is a
 * descriptor, and its end is close(2).
 *
 * @module
 */

import { type ControlRequest, EINVAL, NetmapError, NMREQ_HEADER } from "@netmap/core";

/** What both sides must agree on. */
export const PROTOCOL = 1;

/** A client's thread: word 1 is PROTOCOL. Reply: number of the attachment; the state image. */
export const MSG_ATTACH = 1;
/** The owner tag of that thread. No reply. */
export const MSG_TAG = 2;
/** Wakes whoever sleeps on a record, and asks for a copy of its eventfd. No reply. */
export const MSG_WAKE = 3;
/** A connection for a descriptor comes as a descriptor; word 1 is its other end. No reply. */
export const MSG_CONNECT = 4;
/** A descriptor of an attachment. Reply: its number; its eventfd. */
export const MSG_OPEN = 5;
/** The same of a descriptor that the owner has registered; word 2 is its number. */
export const MSG_ADOPT = 6;
/** A control request. */
export const MSG_CONTROL = 7;
/** A legacy request: word 1 is 1 for NIOCREGIF, then the `struct nmreq`. */
export const MSG_LEGACY = 8;
/** txsync by the owner. */
export const MSG_TXSYNC = 9;
/** rxsync by the owner. */
export const MSG_RXSYNC = 10;
/** One look at the rings by the owner: word 1 is the events. Reply: those that hold. */
export const MSG_ROUND = 11;
/** Ends the descriptor. */
export const MSG_CLOSE = 12;
/** Asks for the state of the daemon. Reply: JSON. */
export const MSG_STATUS = 13;

/** From the daemon: a reply. Word 1 is an errno, word 2 a value, word 3 bytes of what is behind. */
export const MSG_REPLY = 32;
/** From the daemon: the memfd of a region. Words: slot, generation. */
export const MSG_REGION = 33;
/** From the daemon: an eventfd. Words: record, serial. */
export const MSG_EVENTFD = 34;

/** A word for the other side. */
export function words(...values: number[]): Uint8Array {
  return new Uint8Array(new Int32Array(values).buffer);
}

/** Reads the words of a message. */
export function wordsOf(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.slice(0, bytes.length & ~3).buffer);
}

/** Memory of the requester's that a request points at; its descriptor goes with the message. */
export interface SentMemory {
  /** Address of its first byte, for the requester. */
  readonly address: number;
  /** Bytes. */
  readonly size: number;
  /** Where it begins in its file. */
  readonly offset: number;
}

/** A control request, and the memory that it points at. */
export interface SentRequest {
  /** The request. */
  readonly request: ControlRequest;
  /** In the order of the descriptors. */
  readonly memory: readonly SentMemory[];
}

/**
 * A control request as a message: numbers of bytes first, then the bytes.
 *
 * @param sent the request
 * @param lead words to begin with
 */
export function packRequest({ request, memory }: SentRequest, lead: readonly number[]): Uint8Array {
  const { header, body, options } = request;
  const parts = [header, ...(body === null ? [] : [body]), ...options];
  const numbers = numberWords(memory.flatMap((one) => [one.address, one.size, one.offset]));
  const head = words(
    ...lead,
    body === null ? -1 : body.length,
    options.length,
    ...options.map((option) => option.length),
    memory.length,
    ...numbers,
  );
  const bytes = new Uint8Array(head.length + parts.reduce((sum, part) => sum + part.length, 0));
  bytes.set(head);
  let at = head.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Numbers up to 2^53 as pairs of words. */
function numberWords(values: readonly number[]): number[] {
  return values.flatMap((value) => [value | 0, Math.floor(value / 2 ** 32) | 0]);
}

/**
 * Takes a message of {@linkcode packRequest} apart.
 *
 * @param bytes the message; the request has copies of them
 * @param lead words that it begins with
 * @throws {NetmapError} EINVAL when it is no such message
 */
export function unpackRequest(bytes: Uint8Array, lead: number): SentRequest {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = lead * 4;
  const word = (): number => {
    need(bytes.length, at + 4);
    at += 4;
    return view.getInt32(at - 4, true);
  };
  const number = (): number => (word() >>> 0) + (word() >>> 0) * 2 ** 32;
  const bodyLength = word();
  const count = word();
  need(bytes.length, count >>> 0);
  const lengths = Array.from({ length: count }, word);
  const pieces = word();
  need(bytes.length, pieces >>> 0);
  const memory = Array.from(
    { length: pieces },
    () => ({ address: number(), size: number(), offset: number() }),
  );
  const part = (length: number): Uint8Array => {
    need(bytes.length, at + (length >>> 0));
    at += length;
    return bytes.slice(at - length, at);
  };
  const header = part(NMREQ_HEADER.size);
  const body = bodyLength < 0 ? null : part(bodyLength);
  return { request: { header, body, options: lengths.map(part) }, memory };
}

function need(got: number, wanted: number): void {
  if (wanted <= got) return;
  throw new NetmapError(EINVAL, `Cannot take a message of ${got} bytes as it names more of them`);
}

/** Copies what came back into the request's own bytes. */
export function copyBack(from: ControlRequest, to: ControlRequest): void {
  to.header.set(from.header);
  if (to.body !== null && from.body !== null) to.body.set(from.body);
  to.options.forEach((option, i) => option.set(from.options[i]));
}

/** The sentence of an error and where it happened, as bytes. */
export function packError(error: NetmapError): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify({ message: error.message, request: error.request, port: error.port }),
  );
}

/** The error of {@linkcode packError}. */
export function unpackError(errno: number, bytes: Uint8Array): NetmapError {
  const { message, request, port } = JSON.parse(new TextDecoder().decode(bytes));
  return new NetmapError(errno, message, { request, port });
}
