/** The Debian package of each program that a test may ask for. `tools/apt_packages.txt` lists the same packages. */
const PACKAGES: Readonly<Record<string, string>> = {
  bpftool: "bpftool",
  cc: "gcc",
  ethtool: "ethtool",
  gcc: "gcc",
  git: "git",
  ip: "iproute2",
  iperf3: "iperf3",
  nc: "netcat-openbsd",
  perf: "linux-perf",
  ping: "iputils-ping",
  python3: "python3",
  script: "bsdutils",
  setpriv: "util-linux",
  socat: "socat",
  ss: "iproute2",
  strace: "strace",
  tc: "iproute2",
  tcpdump: "tcpdump",
};

/**
 * Names the Debian package that brings a program.
 *
 * @param program Name of the program, without a folder.
 * @returns The package's name; the program's own name where it is not in the table.
 */
export function packageOf(program: string): string {
  return PACKAGES[program] ?? program;
}

/** Every Debian package that some test may ask for. */
export function knownPackages(): string[] {
  return [...new Set(Object.values(PACKAGES))].sort();
}
