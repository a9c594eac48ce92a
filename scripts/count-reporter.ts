// Ends a test run with one plain line that any tool can read, after the names of the files that did not come to an end: a process
// that dies takes the name of what it ran along.

import type { Reporter, TestModule } from "vitest/node";

export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      if (module.errors().length > 0) count.failed++;
      const unfinished: string[] = [];
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "pending") unfinished.push(test.fullName);
        else count[state]++;
      }
      if (unfinished.length > 0) console.log(`not finished: ${module.relativeModuleId} (${unfinished.length} tests, the first: ${unfinished[0]})`);
    }
    console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  }
}
