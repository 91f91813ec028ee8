export * from "./testing/loop.ts";
