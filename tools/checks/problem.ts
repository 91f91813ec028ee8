/** What a check found. */
export interface Problem {
  /** File, relative to the tree's root; with ":line" where one is known. */
  readonly where: string;
  /** A sentence: what is wrong and what to do. */
  readonly message: string;
  /** Shown, but does not fail the check. */
  readonly warning?: boolean;
}

/** A check: looks at the tree under `root` and lists what is wrong. It changes nothing. */
export type Check = (root: string) => Problem[] | Promise<Problem[]>;

/** A problem as one line. */
export function formatProblem(problem: Problem): string {
  return `${problem.where}: ${problem.warning ? "warning: " : ""}${problem.message}`;
}
