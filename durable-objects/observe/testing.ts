export { batchOf, type TestSample } from "../../core/observe/testing.ts";
