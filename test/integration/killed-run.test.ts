import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { packageRoot } from '../../src/config/package-root.js';
import { isAlive } from '../helpers/processes.js';
import { endWithTestFile } from '../helpers/running-programs.js';
import { temporaryFolder } from '../helpers/sightline.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());

it(
  'a test run that is killed takes along its worker and the programs of its tests',
  { tags: ['linux'] },
  async () => {
    const pidFile = join(folder.path, 'pids');
    const vitest = join(packageRoot(), 'node_modules', 'vitest', 'vitest.mjs');
    const config = join(packageRoot(), 'test', 'fixtures', 'killed-run', 'vitest.config.ts');
    const run = endWithTestFile(
      spawn(process.execPath, [vitest, 'run', '--config', config], {
        stdio: 'ignore',
        env: { ...process.env, KILLED_RUN_PIDS: pidFile },
      }),
    );
    await expect.poll(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n')).toBe(true);
    const pids = readFileSync(pidFile, 'utf8').trim().split(' ').map(Number);
    expect(pids.map(isAlive)).toEqual([true, true, true]);
    run.kill('SIGKILL');
    await once(run, 'exit');
    await expect.poll(() => pids.map(isAlive)).toEqual([false, false, false]);
  },
);
