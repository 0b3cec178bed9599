import { defineConfig } from 'vitest/config';
import { patienceMs } from './test/helpers/patience.js';
import { prerequisiteTags } from './test/helpers/prerequisites.js';
import { SlowestFirst } from './test/helpers/slowest-first.js';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/helpers/end-with-run.ts', 'test/helpers/global-setup.ts'],
    setupFiles: ['test/helpers/setup-file.ts'],
    reporters: ['default', './test/helpers/skipped-reporter.ts'],
    tags: prerequisiteTags(),
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'json-summary', 'html'],
    },
    // Two cores: end-to-end tests run real ffmpeg, browsers and networks, and must not starve each other.
    maxWorkers: 2,
    sequence: { sequencer: SlowestFirst },
    // Only to end what hangs: on a machine at load 20 everything takes many times as long.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: patienceMs } },
  },
});
