import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { patienceMs } from './test/helpers/patience.js';
import { prerequisiteTags } from './test/helpers/prerequisites.js';
import { SlowestFirst } from './test/helpers/slowest-first.js';

const tags = prerequisiteTags();
const server = 'test/integration/server/**/*.test.ts';

export default defineConfig({
  test: {
    globalSetup: ['test/helpers/end-with-run.ts', 'test/helpers/global-setup.ts'],
    reporters: ['default', './test/helpers/skipped-reporter.ts'],
    tags,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'json-summary', 'html'],
    },
    // One more than the cores of CI: tests often wait for programs, cameras and networks.
    maxWorkers: 3,
    sequence: { sequencer: SlowestFirst },
    projects: [
      project('e2e', { include: ['test/e2e/**/*.test.ts'] }),
      project('integration', { include: ['test/integration/**/*.test.ts'], exclude: [server] }),
      // Their files share processes. Starting one for each, and loading modules into it, takes longer than most of
      // these tests, which leave nothing behind in the process: those of the server close what they open.
      project('server', { include: [server], isolate: false }),
      project('unit', { include: ['test/unit/**/*.test.ts'], isolate: false }),
    ],
  },
});

function project(
  name: string,
  files: { readonly include: string[]; readonly exclude?: string[]; readonly isolate?: boolean },
): TestProjectInlineConfiguration {
  return {
    test: {
      name,
      ...files,
      setupFiles: ['test/helpers/setup-file.ts'],
      tags,
      // Only to end what hangs: on a machine at load 20 everything takes many times as long.
      testTimeout: 300_000,
      hookTimeout: 300_000,
      expect: { poll: { timeout: patienceMs } },
    },
  };
}
