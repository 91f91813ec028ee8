export * from "./testing/fake_kernel.ts";
