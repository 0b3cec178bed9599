import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';

/** Ends a run with every test that was skipped, under what it would have needed. */
export default class SkippedReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    // Whoever asks for tests by name knows that the others are left out.
    if (this.#vitest?.config.testNamePattern !== undefined) return;
    const skipped = modules.flatMap(({ children }) => [...children.allTests('skipped')]);
    if (skipped.length === 0) return;
    const groups = new Map<string, TestCase[]>();
    for (const test of skipped) {
      const reason = this.#reasonOf(test);
      groups.set(reason, [...(groups.get(reason) ?? []), test]);
    }
    const lines = [...groups].flatMap(([reason, tests]) => [
      `  ${tests.length} ${reason}:`,
      ...tests.map((test) => `    ${test.module.relativeModuleId}: ${test.fullName}`),
    ]);
    console.log(`\n${skipped.length} skipped\n${lines.join('\n')}`);
  }

  #reasonOf(test: TestCase): string {
    const result = test.result();
    const note = result.state === 'skipped' ? result.note : undefined;
    const missing = (this.#vitest?.config.tags ?? []).filter(
      ({ name, skip }) => skip === true && test.tags.includes(name),
    );
    return missing.map(({ description }) => description).join('; ') || (note ?? 'for no reason given');
  }
}
