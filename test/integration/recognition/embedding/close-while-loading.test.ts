import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { packageRoot } from '../../../../src/config/package-root.js';
import { defaultCacheDir } from '../../../../src/models/model-store.js';
import { endWithTestFile } from '../../../helpers/running-programs.js';

const script = fileURLToPath(new URL('../../../helpers/close-while-loading.mjs', import.meta.url));

it('threads that still load their networks end without ending the process', async () => {
  const child = endWithTestFile(
    spawn(process.execPath, [script, join(packageRoot(), 'dist'), defaultCacheDir()], {
      stdio: ['ignore', 'ignore', 'pipe'],
    }),
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  expect(await once(child, 'close'), said).toEqual([0, null]);
});
