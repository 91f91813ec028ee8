/**
 * What an interface's port has to tell a person, as it is no error.
 *
 * @module
 */

/** What a notice is about. */
export type NicNoticeKind = "down" | "up" | "gone" | "renamed" | "lro";

/** Something that a person who runs the program may want to know. */
export interface NicNotice {
  /** The port. */
  readonly port: string;
  /** What it is about. */
  readonly kind: NicNoticeKind;
  /** A sentence, without a final period. */
  readonly message: string;
}
