/**
 * FUSE as the kernel speaks it over `/dev/fuse`: one message a read, one answer a write. Facts are
 * those of `linux/fuse.h`, protocol 7.40 (Linux 6.9).
 *
 * ```
 *   request   | len opcode unique nodeid uid gid pid | body of the opcode | more bytes
 *   answer    | len error  unique                    | body of the opcode | more bytes
 *   notice    | len code   0                         | body of the code   |
 * ```
 *
 * All members are 32 or 64 bits wide and lie on their own multiples, so messages are read as words:
 * the tables give the offsets, {@link wordOf} makes word numbers of them.
 *
 * @module
 */

import { type AnyLayout, defineStruct, i32, type StructLayout, u16, u32, u64 } from "@netmap/core";
import { nested, reserved } from "@netmap/core";

/** Protocol version that is spoken here. */
export const FUSE_KERNEL_VERSION = 7;
/** The first minor version that has passthrough. */
export const FUSE_KERNEL_MINOR_VERSION = 40;
/** The root, and the only file there is. */
export const FUSE_ROOT_ID = 1;

/** What the kernel asks for, as far as a file system of one file has to answer. */
export const FUSE_FORGET = 2;
/** stat(2). */
export const FUSE_GETATTR = 3;
/** chmod(2), chown(2), truncate(2), utimes(2). */
export const FUSE_SETATTR = 4;
/** open(2). */
export const FUSE_OPEN = 14;
/** statfs(2). */
export const FUSE_STATFS = 17;
/** The last descriptor of an open file is gone. */
export const FUSE_RELEASE = 18;
/** The first message. */
export const FUSE_INIT = 26;
/** access(2). */
export const FUSE_ACCESS = 34;
/** The asker of an earlier request got a signal. */
export const FUSE_INTERRUPT = 36;
/** The file system ends. */
export const FUSE_DESTROY = 38;
/** ioctl(2). */
export const FUSE_IOCTL = 39;
/** poll(2) and its like. */
export const FUSE_POLL = 40;
/** Several FORGETs. */
export const FUSE_BATCH_FORGET = 42;

/** Notice: look again at a file that somebody polls. */
export const FUSE_NOTIFY_POLL = 1;

/** INIT flag: there are flags above bit 31. */
export const FUSE_INIT_EXT = 0x4000_0000;
/** INIT flag 37, in the second word: reads, writes and mappings go to a backing file. */
export const FUSE_PASSTHROUGH_FLAG2 = 0x20;
/** OPEN answer: this file has a backing file. */
export const FOPEN_PASSTHROUGH = 0x80;
/** IOCTL request: the argument is not described by the command's own bits. */
export const FUSE_IOCTL_UNRESTRICTED = 0x2;
/** POLL request: somebody sleeps, tell when something changes. */
export const FUSE_POLL_SCHEDULE_NOTIFY = 0x1;
/** SETATTR: the mode. */
export const FATTR_MODE = 0x1;
/** SETATTR: the user. */
export const FATTR_UID = 0x2;
/** SETATTR: the group. */
export const FATTR_GID = 0x4;

/** ioctl of `/dev/fuse`: makes a file known as a backing file. @returns its number */
export const FUSE_DEV_IOC_BACKING_OPEN = 0x4010_e501;
/** ioctl of `/dev/fuse`: forgets a backing file. */
export const FUSE_DEV_IOC_BACKING_CLOSE = 0x4004_e502;

/** Bytes before a request's body. */
export const IN_HEADER_BYTES = 40;
/** Bytes before an answer's body. */
export const OUT_HEADER_BYTES = 16;

/** `struct fuse_in_header`. */
export interface FuseInHeader {
  /** Bytes of the message. */
  len: number;
  /** `FUSE_*`. */
  opcode: number;
  /** Number of the request. */
  unique: number;
  /** File. */
  nodeid: number;
  /** Effective user of the asker. */
  uid: number;
  /** Effective group of the asker. */
  gid: number;
  /** Thread that asks, 0 where it is in a pid namespace that this process does not see. */
  pid: number;
  /** Bytes behind the body, divided by 8. */
  extensions: number;
}

/** Table of `struct fuse_in_header`. */
export const FUSE_IN_HEADER: StructLayout<FuseInHeader> = defineStruct<FuseInHeader>(
  "fuse_in_header",
  {
    len: u32("len"),
    opcode: u32("opcode"),
    unique: u64("unique"),
    nodeid: u64("nodeid"),
    uid: u32("uid"),
    gid: u32("gid"),
    pid: u32("pid"),
    extensions: u16("total_extlen"),
    _pad: reserved(u16("padding")),
  },
);

/** `struct fuse_init_in`, without what newer kernels append. */
export interface FuseInitIn {
  /** The kernel's version. */
  major: number;
  /** The kernel's minor version. */
  minor: number;
  /** Bytes of read-ahead. */
  maxReadahead: number;
  /** What the kernel can do. */
  flags: number;
  /** The same, from bit 32 on. */
  flags2: number;
}

/** Table of `struct fuse_init_in`. */
export const FUSE_INIT_IN: StructLayout<FuseInitIn> = defineStruct<FuseInitIn>("fuse_init_in", {
  major: u32("major"),
  minor: u32("minor"),
  maxReadahead: u32("max_readahead"),
  flags: u32("flags"),
  flags2: u32("flags2"),
  _unused: reserved(u32("unused"), 11),
});

/** `struct fuse_init_out`. */
export interface FuseInitOut {
  /** Version that will be spoken. */
  major: number;
  /** Its minor version. */
  minor: number;
  /** Bytes of read-ahead. */
  maxReadahead: number;
  /** What is wanted of that which the kernel can do. */
  flags: number;
  /** Requests that may be under way unasked for; 0 for the kernel's choice. */
  maxBackground: number;
  /** Where the kernel calls it a crowd. */
  congestionThreshold: number;
  /** Bytes of a write, at least 4096. */
  maxWrite: number;
  /** Nanoseconds of a time stamp's unit. */
  timeGran: number;
  /** Pages of a request. */
  maxPages: number;
  /** `flags` from bit 32 on. */
  flags2: number;
  /** How many file systems may lie below, passthrough needs 1. */
  maxStackDepth: number;
}

/** Table of `struct fuse_init_out`. */
export const FUSE_INIT_OUT: StructLayout<FuseInitOut> = defineStruct<FuseInitOut>(
  "fuse_init_out",
  {
    major: u32("major"),
    minor: u32("minor"),
    maxReadahead: u32("max_readahead"),
    flags: u32("flags"),
    maxBackground: u16("max_background"),
    congestionThreshold: u16("congestion_threshold"),
    maxWrite: u32("max_write"),
    timeGran: u32("time_gran"),
    maxPages: u16("max_pages"),
    _mapAlignment: reserved(u16("map_alignment")),
    flags2: u32("flags2"),
    maxStackDepth: u32("max_stack_depth"),
    _unused: reserved(u32("unused"), 6),
  },
);

/** `struct fuse_attr`, what stat(2) shows. */
export interface FuseAttr {
  /** Inode. */
  ino: number;
  /** Bytes. */
  size: number;
  /** Blocks of 512 bytes. */
  blocks: number;
  /** Kind and permissions. */
  mode: number;
  /** Names. */
  nlink: number;
  /** Owner. */
  uid: number;
  /** Group. */
  gid: number;
  /** Bytes of a block. */
  blksize: number;
}

/** Table of `struct fuse_attr`; times stay 0. */
export const FUSE_ATTR: StructLayout<FuseAttr> = defineStruct<FuseAttr>("fuse_attr", {
  ino: u64("ino"),
  size: u64("size"),
  blocks: u64("blocks"),
  _times: reserved(u64("atime"), 3),
  _nanoseconds: reserved(u32("atimensec"), 3),
  mode: u32("mode"),
  nlink: u32("nlink"),
  uid: u32("uid"),
  gid: u32("gid"),
  _rdev: reserved(u32("rdev")),
  blksize: u32("blksize"),
  _flags: reserved(u32("flags")),
});

/** `struct fuse_attr_out`. */
export interface FuseAttrOut {
  /** Seconds for which the kernel need not ask again. */
  attrValid: number;
  /** The attributes. */
  attr: FuseAttr;
}

/** Table of `struct fuse_attr_out`. */
export const FUSE_ATTR_OUT: StructLayout<FuseAttrOut> = defineStruct<FuseAttrOut>(
  "fuse_attr_out",
  {
    attrValid: u64("attr_valid"),
    _nsec: reserved(u32("attr_valid_nsec")),
    _dummy: reserved(u32("dummy")),
    attr: nested("attr", FUSE_ATTR),
  },
);

/** `struct fuse_setattr_in`, what is used of it. */
export interface FuseSetattrIn {
  /** `FATTR_*`: which members count. */
  valid: number;
  /** Permissions. */
  mode: number;
  /** Owner. */
  uid: number;
  /** Group. */
  gid: number;
}

/** Table of `struct fuse_setattr_in`. */
export const FUSE_SETATTR_IN: StructLayout<FuseSetattrIn> = defineStruct<FuseSetattrIn>(
  "fuse_setattr_in",
  {
    valid: u32("valid"),
    _padding: reserved(u32("padding")),
    _fh: reserved(u64("fh")),
    _size: reserved(u64("size")),
    _lockOwner: reserved(u64("lock_owner")),
    _times: reserved(u64("atime"), 3),
    _nanoseconds: reserved(u32("atimensec"), 3),
    mode: u32("mode"),
    _unused4: reserved(u32("unused4")),
    uid: u32("uid"),
    gid: u32("gid"),
    _unused5: reserved(u32("unused5")),
  },
);

/** `struct fuse_open_out`. */
export interface FuseOpenOut {
  /** What the kernel names the open file by from then on. */
  fh: number;
  /** `FOPEN_*`. */
  openFlags: number;
  /** Number of the backing file. */
  backingId: number;
}

/** Table of `struct fuse_open_out`. */
export const FUSE_OPEN_OUT: StructLayout<FuseOpenOut> = defineStruct<FuseOpenOut>(
  "fuse_open_out",
  { fh: u64("fh"), openFlags: u32("open_flags"), backingId: i32("backing_id") },
);

/** `struct fuse_backing_map`. */
export interface FuseBackingMap {
  /** Descriptor of the backing file. */
  fd: number;
}

/** Table of `struct fuse_backing_map`. */
export const FUSE_BACKING_MAP: StructLayout<FuseBackingMap> = defineStruct<FuseBackingMap>(
  "fuse_backing_map",
  { fd: i32("fd"), _flags: reserved(u32("flags")), _padding: reserved(u64("padding")) },
);

/** `struct fuse_release_in`, what is used of it. */
export interface FuseReleaseIn {
  /** The open file. */
  fh: number;
}

/** Table of `struct fuse_release_in`. */
export const FUSE_RELEASE_IN: StructLayout<FuseReleaseIn> = defineStruct<FuseReleaseIn>(
  "fuse_release_in",
  {
    fh: u64("fh"),
    _flags: reserved(u32("flags")),
    _releaseFlags: reserved(u32("release_flags")),
    _lockOwner: reserved(u64("lock_owner")),
  },
);

/** `struct fuse_ioctl_in`. */
export interface FuseIoctlIn {
  /** The open file. */
  fh: number;
  /** `FUSE_IOCTL_*`. */
  flags: number;
  /** The command. */
  cmd: number;
  /** The third argument of ioctl(2). */
  arg: number;
  /** Bytes that follow. */
  inSize: number;
  /** Bytes that the kernel would copy out. */
  outSize: number;
}

/** Table of `struct fuse_ioctl_in`. */
export const FUSE_IOCTL_IN: StructLayout<FuseIoctlIn> = defineStruct<FuseIoctlIn>(
  "fuse_ioctl_in",
  {
    fh: u64("fh"),
    flags: u32("flags"),
    cmd: u32("cmd"),
    arg: u64("arg"),
    inSize: u32("in_size"),
    outSize: u32("out_size"),
  },
);

/** `struct fuse_ioctl_out`. */
export interface FuseIoctlOut {
  /** What ioctl(2) returns: 0 or a negative errno. The bytes behind are copied out either way. */
  result: number;
  /** 0. */
  flags: number;
}

/** Table of `struct fuse_ioctl_out`. */
export const FUSE_IOCTL_OUT: StructLayout<FuseIoctlOut> = defineStruct<FuseIoctlOut>(
  "fuse_ioctl_out",
  {
    result: i32("result"),
    flags: u32("flags"),
    _inIovs: reserved(u32("in_iovs")),
    _outIovs: reserved(u32("out_iovs")),
  },
);

/** `struct fuse_poll_in`. */
export interface FusePollIn {
  /** The open file. */
  fh: number;
  /** What the kernel names its waiters by. */
  kh: number;
  /** `FUSE_POLL_SCHEDULE_NOTIFY`. */
  flags: number;
  /** Events that are wanted. */
  events: number;
}

/** Table of `struct fuse_poll_in`. */
export const FUSE_POLL_IN: StructLayout<FusePollIn> = defineStruct<FusePollIn>("fuse_poll_in", {
  fh: u64("fh"),
  kh: u64("kh"),
  flags: u32("flags"),
  events: u32("events"),
});

/** `struct fuse_poll_out`. */
export interface FusePollOut {
  /** Events that hold. */
  revents: number;
}

/** Table of `struct fuse_poll_out`. */
export const FUSE_POLL_OUT: StructLayout<FusePollOut> = defineStruct<FusePollOut>(
  "fuse_poll_out",
  { revents: u32("revents"), _padding: reserved(u32("padding")) },
);

/** `struct fuse_kstatfs`, what statfs(2) shows. */
export interface FuseKstatfs {
  /** Bytes of a block. */
  bsize: number;
  /** Bytes of a name. */
  namelen: number;
  /** Bytes of a fragment. */
  frsize: number;
}

/** Table of `struct fuse_kstatfs`; no block is ever free. */
export const FUSE_KSTATFS: StructLayout<FuseKstatfs> = defineStruct<FuseKstatfs>("fuse_kstatfs", {
  _counts: reserved(u64("blocks"), 5),
  bsize: u32("bsize"),
  namelen: u32("namelen"),
  frsize: u32("frsize"),
  _padding: reserved(u32("padding")),
  _spare: reserved(u32("spare"), 6),
});

/**
 * Where a member lies in a message, as a number of 32-bit words from its start.
 *
 * @param layout the struct
 * @param key the member
 * @param header bytes before the struct
 */
export function wordOf(layout: AnyLayout, key: string, header: number = IN_HEADER_BYTES): number {
  return (header + layout.fields[key].offset) >> 2;
}
