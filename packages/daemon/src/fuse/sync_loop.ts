/**
 * CSB mode and the sync loop for another process: the entries are mapped here as well, and the loop
 * runs beside everything else while the program's SYNC_KLOOP_START is not answered.
 *
 * ```
 *   program: START ----------------------------------------- blocked -----------> returns
 *            atok, ktoa  = shared memory =  atok, ktoa of the loop
 *            ioeventfd  -- pidfd_getfd -->  sleeps on it
 *   program, another thread: STOP, or a signal (INTERRUPT), or its death -----> the loop ends
 * ```
 *
 * @module
 */

import {
  check,
  closeFd,
  type ControlRequest,
  csbEnable,
  EINVAL,
  KLOOP_EVENTFDS,
  type KloopEventfds,
  libc,
  mapMemory,
  type Mapping,
  NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS,
  NetmapError,
  NMREQ_OPT_CSB,
  NMREQ_OPT_SYNC_KLOOP_EVENTFDS,
  NMREQ_OPTION,
  NMREQ_SYNC_KLOOP_START,
  structView,
  SYSCALLS,
} from "@netmap/core";
import {
  D_FD,
  D_FD_PID,
  type EngineDescriptor,
  findOption,
  type UserMapping,
} from "@netmap/engine";
import { entryCount, mapRecordedCsb, serveKloop } from "@netmap/kloop";
import process from "node:process";

/** pidfd_open(2): the id is a thread's, Linux 6.9. */
const PIDFD_THREAD = 0x80;
/** Bytes of an entry. */
const ENTRY_BYTES = 64;
const PAGE = 4096;
/** Longest sleep between two rounds, in microseconds. */
const MAX_SLEEP_US = 1_000_000;

/** A loop that a program asked for. */
export interface WantedLoop {
  /** Microseconds between two rounds that found nothing. */
  readonly sleepUs: number;
  /** Copies of the program's eventfds. */
  readonly eventfds: readonly KloopEventfds[];
}

/**
 * Puts a descriptor into CSB mode with entries in another process.
 *
 * @param descriptor registered, or not: then netmap's answer is that nothing is wrong
 * @param option option CSB with the program's addresses; its status is set
 * @param find what the program has at an address
 * @throws {NetmapError} as CSB_ENABLE does; EFAULT for memory that is not shared
 */
export function enableEntries(
  descriptor: EngineDescriptor,
  option: Uint8Array,
  find: (address: number, bytes: number) => UserMapping | null,
): void {
  const own = option.slice();
  const view = structView(NMREQ_OPT_CSB, own);
  const mappings: Mapping[] = [];
  const bytes = entryCount(descriptor.engine.dp.state, descriptor.word) * ENTRY_BYTES;
  const translate = (address: number): number => {
    const found = address < PAGE || bytes === 0 ? null : find(address, bytes);
    // An address that is bad in any process, and aligned as the program's is.
    if (found === null) return address % ENTRY_BYTES;
    const inFile = found.offset + address - found.address;
    const skip = inFile % PAGE;
    const mapping = mapMemory(found.fd, skip + bytes, { offset: inFile - skip, keepFd: true });
    mappings.push(mapping);
    return mapping.address + skip;
  };
  try {
    view.csbAtok = translate(view.csbAtok);
    view.csbKtoa = translate(view.csbKtoa);
    descriptor.control(csbEnable("", [own]).request);
  } finally {
    structView(NMREQ_OPTION, option).status = structView(NMREQ_OPTION, own).status;
    for (const mapping of mappings) mapping.close();
  }
}

/**
 * What a SYNC_KLOOP_START of a descriptor in CSB mode asks for. Direct mode is served as the common
 * one: whoever kicks cannot sync here.
 *
 * @param thread of the program
 * @throws {NetmapError} EINVAL for a sleep too long or eventfds of another count, EBADF
 */
export function readLoop(
  { dp }: EngineDescriptor["engine"],
  word: number,
  request: ControlRequest,
  thread: number,
): WantedLoop {
  const { sleepUs } = structView(NMREQ_SYNC_KLOOP_START, request.body!);
  if (sleepUs > MAX_SLEEP_US) {
    throw new NetmapError(
      EINVAL,
      `Cannot start a sync loop that sleeps ${sleepUs} us: use at most ${MAX_SLEEP_US}`,
    );
  }
  const option = findOption(request, NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS);
  if (option === null) return { sleepUs, eventfds: [] };
  const count = entryCount(dp.state, word);
  const wanted = NMREQ_OPT_SYNC_KLOOP_EVENTFDS.size + count * KLOOP_EVENTFDS.size;
  if (option.length < wanted) {
    structView(NMREQ_OPTION, option).status = EINVAL;
    throw new NetmapError(
      EINVAL,
      `Cannot start a sync loop with an option EVENTFDS of ${option.length} bytes as the ` +
        `descriptor has ${count} rings: give a pair for each, ${wanted} bytes`,
    );
  }
  const list = structView(NMREQ_OPT_SYNC_KLOOP_EVENTFDS, option).eventfds;
  return {
    sleepUs,
    eventfds: copyEventfds(thread, Array.from({ length: count }, (_, i) => list.get(i))),
  };
}

/** Copies of another process's eventfds; one that is given several times is copied as often. */
function copyEventfds(thread: number, theirs: readonly KloopEventfds[]): KloopEventfds[] {
  const { SYS_pidfd_open, SYS_pidfd_getfd } = SYSCALLS[process.arch === "x64" ? "x64" : "arm64"];
  const { syscall2, syscall3 } = libc();
  const pidfd = check(
    syscall2(SYS_pidfd_open, thread, PIDFD_THREAD),
    `look into process ${thread}`,
  );
  const copies: KloopEventfds[] = [];
  const copy = (fd: number): number =>
    fd < 0 ? -1 : check(
      syscall3(SYS_pidfd_getfd, pidfd, fd, 0),
      `take descriptor '${fd}' of process ${thread}`,
    );
  try {
    for (const { ioeventfd, irqfd } of theirs) {
      const pair = { ioeventfd: copy(ioeventfd), irqfd: -1 };
      copies.push(pair);
      pair.irqfd = copy(irqfd);
    }
    return copies;
  } catch (error) {
    closeEventfds(copies);
    throw error;
  } finally {
    closeFd(pidfd);
  }
}

function closeEventfds(pairs: readonly KloopEventfds[]): void {
  for (const { ioeventfd, irqfd } of pairs) {
    if (ioeventfd >= 0) closeFd(ioeventfd);
    if (irqfd >= 0) closeFd(irqfd);
  }
}

/**
 * Runs a loop beside everything else.
 *
 * @param signal ends it
 * @returns when it was stopped
 * @throws {NetmapError} EBUSY while another one runs, EIO when the port goes away
 */
export async function runLoop(
  descriptor: EngineDescriptor,
  { sleepUs, eventfds }: WantedLoop,
  signal: AbortSignal,
): Promise<void> {
  const { engine: { dp, interrupts }, word } = descriptor;
  try {
    using entries = mapRecordedCsb(dp, word);
    // The port tells the loop, and not those who poll: there are none in CSB mode.
    dp.state[word + D_FD] = descriptor.wakeFd();
    dp.state[word + D_FD_PID] = dp.pid;
    await serveKloop(dp, word, entries, { sleepUs, eventfds, interrupts }, signal);
  } finally {
    closeEventfds(eventfds);
  }
}
