/** Path of the program of a runtime: the pinned one, else the one that runs us, else PATH's. */
export function runtimePath(runtime: "bun" | "deno"): string;
