/**
 * A program that fails a million times a second must not fill the daemon's log.
 *
 * @module
 */

/** Lines a second. */
const LINES = 50;
const SECOND_MS = 1000;

/**
 * A log that takes 50 lines a second; of the rest it says how many they were.
 *
 * @param log where lines go
 * @param now milliseconds of a clock that only goes forward
 */
export function limitLog(
  log: (line: string) => void,
  now: () => number = () => performance.now(),
): (line: string) => void {
  let began = -Infinity;
  let lines = 0;
  return (line) => {
    const time = now();
    if (time - began >= SECOND_MS) {
      if (lines > LINES) log(`Left ${lines - LINES} lines like these out`);
      began = time;
      lines = 0;
    }
    if (lines++ < LINES) log(line);
  };
}
