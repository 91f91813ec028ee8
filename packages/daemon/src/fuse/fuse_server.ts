/**
 * Serves the requests of one mount, and wakes those who poll.
 *
 * ```
 *   program         kernel                    this isolate
 *   ioctl(2)  --->  IOCTL on /dev/fuse  --->  ioctl() over the engine's descriptor  --> answer
 *   poll(2)   --->  POLL                --->  a round of poll; arm the descriptor   --> answer
 *   sleeps                                    ...
 *   wakes     <---  looks again         <---  NOTIFY_POLL  <-- a sync cleared the armed word
 * ```
 *
 * Nothing blocks here: a poll is answered at once and the sleeping is the kernel's, so no program
 * waits for another one's wait.
 *
 * Invariant: a file is in `#armed` from its POLL with a sleeper until it was notified or released.
 *
 * @module
 */

import {
  closeFd,
  createEventfd,
  EBADF,
  EINTR,
  EINVAL,
  ENOSYS,
  EOPNOTSUPP,
  NETMAP_IOCTLS,
  NetmapError,
  pid,
  POLLERR,
  POLLIN,
  POLLOUT,
  structView,
} from "@netmap/core";
import {
  arm,
  D_FD,
  D_FD_PID,
  D_WAKE,
  type Engine,
  GLOBAL_MEM_ID,
  ioctl,
  ProcessMemory,
  type Region,
  type UserMemory,
  WAKE_NONE,
} from "@netmap/engine";
import { Attributes, writeStatfs } from "./attributes.ts";
import type { FuseConnection } from "./connection.ts";
import { FuseFile, outcome } from "./fuse_file.ts";
import {
  FOPEN_PASSTHROUGH,
  FUSE_ACCESS,
  FUSE_ATTR_OUT,
  FUSE_BATCH_FORGET,
  FUSE_DESTROY,
  FUSE_FORGET,
  FUSE_GETATTR,
  FUSE_IN_HEADER,
  FUSE_INIT,
  FUSE_INIT_EXT,
  FUSE_INIT_IN,
  FUSE_INIT_OUT,
  FUSE_INTERRUPT,
  FUSE_IOCTL,
  FUSE_IOCTL_IN,
  FUSE_IOCTL_OUT,
  FUSE_IOCTL_UNRESTRICTED,
  FUSE_KERNEL_MINOR_VERSION,
  FUSE_KERNEL_VERSION,
  FUSE_KSTATFS,
  FUSE_OPEN,
  FUSE_OPEN_OUT,
  FUSE_PASSTHROUGH_FLAG2,
  FUSE_POLL,
  FUSE_POLL_IN,
  FUSE_POLL_OUT,
  FUSE_POLL_SCHEDULE_NOTIFY,
  FUSE_RELEASE,
  FUSE_RELEASE_IN,
  FUSE_SETATTR,
  FUSE_STATFS,
  IN_HEADER_BYTES,
  OUT_HEADER_BYTES,
  wordOf,
} from "./protocol.ts";
import { runLoop, type WantedLoop } from "./sync_loop.ts";

const { NIOCTXSYNC, NIOCRXSYNC } = NETMAP_IOCTLS.linux;

const OPCODE = wordOf(FUSE_IN_HEADER, "opcode", 0);
const PID = wordOf(FUSE_IN_HEADER, "pid", 0);
const IOCTL_FH = wordOf(FUSE_IOCTL_IN, "fh");
const IOCTL_FLAGS = wordOf(FUSE_IOCTL_IN, "flags");
const IOCTL_CMD = wordOf(FUSE_IOCTL_IN, "cmd");
const IOCTL_IN_SIZE = wordOf(FUSE_IOCTL_IN, "inSize");
const IOCTL_OUT_SIZE = wordOf(FUSE_IOCTL_IN, "outSize");
const IOCTL_DATA = IN_HEADER_BYTES + FUSE_IOCTL_IN.size;
const POLL_FH = wordOf(FUSE_POLL_IN, "fh");
const POLL_KH = wordOf(FUSE_POLL_IN, "kh");
const POLL_FLAGS = wordOf(FUSE_POLL_IN, "flags");
const POLL_EVENTS = wordOf(FUSE_POLL_IN, "events");
const INTERRUPTED = IN_HEADER_BYTES >> 2;
const RELEASE_FH = wordOf(FUSE_RELEASE_IN, "fh");
const OUT = OUT_HEADER_BYTES >> 2;
const OUT_DATA = OUT_HEADER_BYTES + FUSE_IOCTL_OUT.size;

/** select(2) asks for these, poll(2) gives them beside POLLIN and POLLOUT. */
const POLLRDNORM = 0x40;
const POLLWRNORM = 0x100;

/** What a mount counts. */
export interface FuseCounters {
  /** Requests that were answered. */
  requests: number;
  /** ioctls among them. */
  ioctls: number;
  /** Polls among them. */
  polls: number;
  /** Sleepers that were woken. */
  wakeups: number;
  /** ioctls that failed. */
  failures: number;
  /** Files that were opened. */
  opened: number;
}

/** What a server is told about its surroundings. */
export interface FuseServerSetup {
  /** Whose ports these are. */
  readonly engine: Engine;
  /** Where requests come from. */
  readonly connection: FuseConnection;
  /** Permissions of the file. */
  readonly mode: number;
  /** Takes a sentence for every request that failed. */
  readonly log: (line: string) => void;
}

/** A mount's requests, one at a time. */
export class FuseServer {
  /** What happened so far. */
  readonly counters: FuseCounters = {
    requests: 0,
    ioctls: 0,
    polls: 0,
    wakeups: 0,
    failures: 0,
    opened: 0,
  };
  /** Files that are open, by the number that the kernel has. */
  readonly files: Map<number, FuseFile> = new Map();
  /** Readable once somebody else's sync woke a sleeper. */
  readonly wakeFd: number = createEventfd();
  /** Why the kernel cannot be served; set by INIT. */
  refusal: NetmapError | null = null;
  /** INIT was answered. */
  started = false;
  readonly #setup: FuseServerSetup;
  readonly #region: Region;
  readonly #armed: Set<FuseFile> = new Set();
  readonly #pid: number = pid();
  readonly #state: Int32Array;
  /** Loops that run, by the number of the request that is not answered yet. */
  readonly #loops: Map<string, AbortController> = new Map();
  #backing = 0;
  #nextFh = 1;
  readonly #attributes: Attributes;

  /** A server; it answers nothing yet. */
  constructor(setup: FuseServerSetup) {
    this.#setup = setup;
    this.#region = setup.engine.region(GLOBAL_MEM_ID);
    this.#state = setup.engine.dp.state;
    this.#attributes = new Attributes(this.#region.size, setup.mode);
  }

  /** Answers the request that the connection read last. */
  handle(): void {
    const { connection } = this.#setup;
    this.counters.requests++;
    try {
      this.#answer();
    } catch (error) {
      const { errno, text } = outcome(error);
      this.#setup.log(text);
      connection.replyError(errno);
    }
  }

  /** Tells the kernel about the sleepers whose rings have something new. */
  notify(): void {
    for (const file of this.#armed) {
      if (Atomics.load(this.#state, file.descriptor.word + D_WAKE) !== WAKE_NONE) continue;
      this.#armed.delete(file);
      this.counters.wakeups++;
      this.#setup.connection.notifyPoll(file.khLow, file.khHigh);
    }
  }

  /** How many sleepers there are. */
  get sleepers(): number {
    return this.#armed.size;
  }

  /** Closes all files. */
  close(): void {
    for (const loop of this.#loops.values()) loop.abort();
    this.#armed.clear();
    for (const file of this.files.values()) file.close();
    this.files.clear();
    closeFd(this.wakeFd);
  }

  #answer(): void {
    const { connection } = this.#setup;
    const { words } = connection;
    switch (words[OPCODE]) {
      case FUSE_IOCTL:
        return this.#ioctl();
      case FUSE_POLL:
        return this.#poll();
      case FUSE_OPEN:
        return this.#open();
      case FUSE_RELEASE:
        return this.#release();
      case FUSE_GETATTR:
        return connection.reply(this.#attributes.write(this.#body(FUSE_ATTR_OUT.size)));
      case FUSE_SETATTR:
        this.#attributes.change(connection.input.subarray(IN_HEADER_BYTES));
        return connection.reply(this.#attributes.write(this.#body(FUSE_ATTR_OUT.size)));
      case FUSE_STATFS:
        return connection.reply(writeStatfs(this.#body(FUSE_KSTATFS.size)));
      case FUSE_INIT:
        return this.#init();
      case FUSE_ACCESS:
      case FUSE_DESTROY:
        return connection.replyError(0);
      case FUSE_INTERRUPT:
        // All else was answered before the interrupt came.
        return this.#loops.get(loopKey(words[INTERRUPTED], words[INTERRUPTED + 1]))?.abort(EINTR);
      case FUSE_FORGET:
      case FUSE_BATCH_FORGET:
        return;
    }
    // The kernel remembers it and asks no more: flush, fsync, extended attributes.
    connection.replyError(ENOSYS);
  }

  #fileAt(word: number): FuseFile {
    const file = this.files.get(this.#setup.connection.words[word]);
    if (file !== undefined) return file;
    throw new NetmapError(EBADF, "Cannot serve a file that was never opened, or is closed");
  }

  #ioctl(): void {
    const { connection, log } = this.#setup;
    const { words, input, output, outWords } = connection;
    this.counters.ioctls++;
    const file = this.#fileAt(IOCTL_FH);
    const command = words[IOCTL_CMD];
    let bytes = 0;
    let result = 0;
    try {
      if (command === NIOCTXSYNC) file.descriptor.txsync();
      else if (command === NIOCRXSYNC) file.descriptor.rxsync();
      else {
        if ((words[IOCTL_FLAGS] & FUSE_IOCTL_UNRESTRICTED) !== 0) throw unrestricted();
        const size = words[IOCTL_IN_SIZE];
        const argument = input.slice(IOCTL_DATA, Math.min(IOCTL_DATA + size, connection.length));
        try {
          file.pid = words[PID];
          ioctl(file, command, argument, memoryOf(file.pid));
        } finally {
          // netmap writes the argument back also when the request failed.
          bytes = Math.min(argument.length, words[IOCTL_OUT_SIZE]);
          output.set(bytes < argument.length ? argument.subarray(0, bytes) : argument, OUT_DATA);
        }
      }
    } catch (error) {
      const { errno, text } = outcome(error);
      this.counters.failures++;
      log(text);
      result = -errno;
    }
    const loop = file.takeLoop();
    if (loop !== null && result === 0) {
      return void this.#runLoop(file, loop, output.slice(OUT_DATA, OUT_DATA + bytes));
    }
    outWords[OUT] = result;
    outWords.fill(0, OUT + 1, OUT_DATA >> 2);
    connection.reply(FUSE_IOCTL_OUT.size + bytes);
  }

  /** Answers when the loop has ended: stopped, interrupted, or its port closed. */
  async #runLoop(file: FuseFile, loop: WantedLoop, argument: Uint8Array): Promise<void> {
    const { connection, log } = this.#setup;
    const { unique } = connection;
    const abort = new AbortController();
    const key = loopKey(...unique);
    this.#loops.set(key, abort);
    let result = 0;
    try {
      await runLoop(file.descriptor, loop, abort.signal);
      if (abort.signal.aborted) result = -EINTR;
    } catch (error) {
      const { errno, text } = outcome(error);
      log(text);
      result = -errno;
    }
    this.#loops.delete(key);
    connection.replyIoctl(unique, result, argument);
  }

  #poll(): void {
    const { connection, engine } = this.#setup;
    const { words, outWords } = connection;
    this.counters.polls++;
    const file = this.#fileAt(POLL_FH);
    const events = words[POLL_EVENTS];
    const wanted = ((events & (POLLIN | POLLRDNORM)) !== 0 ? POLLIN : 0) |
      ((events & (POLLOUT | POLLWRNORM)) !== 0 ? POLLOUT : 0);
    let found = file.poll(wanted, 0);
    if ((words[POLL_FLAGS] & FUSE_POLL_SCHEDULE_NOTIFY) !== 0 && (found & POLLERR) === 0) {
      // Also when something was found: an edge-triggered epoll asks for what comes after it.
      const { word } = file.descriptor;
      file.khLow = words[POLL_KH];
      file.khHigh = words[POLL_KH + 1];
      this.#state[word + D_FD] = this.wakeFd;
      this.#state[word + D_FD_PID] = this.#pid;
      this.#armed.add(file);
      arm(engine.dp, word);
      // What came between the look and the arming woke nobody.
      if (found === 0) found = file.poll(wanted, 0);
    }
    outWords[OUT] = (found & POLLERR) |
      ((found & POLLIN) !== 0 ? events & (POLLIN | POLLRDNORM) : 0) |
      ((found & POLLOUT) !== 0 ? events & (POLLOUT | POLLWRNORM) : 0);
    outWords[OUT + 1] = 0;
    connection.reply(FUSE_POLL_OUT.size);
  }

  #open(): void {
    const { connection, engine } = this.#setup;
    const fh = this.#nextFh;
    const file = new FuseFile(engine, fh);
    this.#nextFh = (fh + 1) >>> 0;
    this.files.set(fh, file);
    this.counters.opened++;
    const out = this.#body(FUSE_OPEN_OUT.size);
    Object.assign(structView(FUSE_OPEN_OUT, out), {
      fh,
      openFlags: FOPEN_PASSTHROUGH,
      backingId: this.#backing,
    });
    connection.reply(out.length);
  }

  #release(): void {
    const { connection } = this.#setup;
    const file = this.files.get(connection.words[RELEASE_FH]);
    // First the answer: who closed it, or died, need not wait until the ports are taken down.
    connection.replyError(0);
    if (file === undefined) return;
    this.files.delete(file.fh);
    this.#armed.delete(file);
    file.close();
  }

  #init(): void {
    const { connection } = this.#setup;
    const { major, minor, flags, flags2 } = structView(
      FUSE_INIT_IN,
      connection.input.subarray(IN_HEADER_BYTES),
    );
    const out = this.#body(FUSE_INIT_OUT.size);
    const answer = structView(FUSE_INIT_OUT, out);
    answer.major = FUSE_KERNEL_VERSION;
    answer.minor = FUSE_KERNEL_MINOR_VERSION;
    // A kernel of a later version asks again in ours.
    if (major > FUSE_KERNEL_VERSION) return connection.reply(out.length);
    const extended = (flags & FUSE_INIT_EXT) !== 0;
    if (!extended || (flags2 & FUSE_PASSTHROUGH_FLAG2) === 0) {
      this.refusal = noPassthrough(major, minor);
      return connection.replyError(EOPNOTSUPP);
    }
    answer.flags = FUSE_INIT_EXT;
    answer.flags2 = FUSE_PASSTHROUGH_FLAG2;
    answer.maxWrite = 4096;
    answer.timeGran = 1;
    answer.maxStackDepth = 1;
    connection.reply(out.length);
    try {
      this.#backing = connection.openBacking(this.#region.fd);
      this.started = true;
    } catch (error) {
      if (!(error instanceof NetmapError)) throw error;
      this.refusal = error;
    }
  }

  /** The body of an answer, zeroed. */
  #body(bytes: number): Uint8Array {
    return this.#setup.connection.output.subarray(OUT_HEADER_BYTES, OUT_HEADER_BYTES + bytes)
      .fill(0);
  }
}

function loopKey(low: number, high: number): string {
  return `${high}:${low}`;
}

function memoryOf(thread: number): UserMemory {
  if (thread !== 0) return new ProcessMemory(thread);
  throw new NetmapError(
    EOPNOTSUPP,
    "Cannot read the request of a program in another pid namespace: start the daemon where it sees " +
      "the program's process",
  );
}

function unrestricted(): NetmapError {
  return new NetmapError(
    EINVAL,
    "Cannot take an unrestricted ioctl: mount as a FUSE file system, not as CUSE",
  );
}

function noPassthrough(major: number, minor: number): NetmapError {
  return new NetmapError(
    EOPNOTSUPP,
    `Cannot serve the file as this kernel's FUSE (protocol ${major}.${minor}) has no passthrough, so ` +
      "programs could not map the engine's memory: Linux 6.9 or later with CONFIG_FUSE_PASSTHROUGH " +
      "is needed",
  );
}
