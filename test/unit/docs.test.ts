import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { packageRoot } from '../../src/config/package-root.js';

describe('docs', () => {
  it('list every option and error as the code has them', () => {
    // Exits with 1, and says which file is stale, when they differ.
    execFileSync(process.execPath, [join(packageRoot(), 'docs', 'generate.mjs'), '--check'], {
      stdio: 'pipe',
    });
  });
});
