import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const reaper = fileURLToPath(new URL('./reaper.mjs', import.meta.url));
const markName = 'STARTED_BY_TEST_RUN';

/**
 * Makes every program that the tests start end with the test run, even when the run is killed by SIGKILL. The run
 * marks its environment, which all programs inherit, and a small process that outlives it kills what carries the mark.
 */
export default function endWithRun(): void {
  if (!existsSync('/proc/self/environ')) return;
  const { [markName]: outerMark, ...environment } = process.env;
  const mark = `${outerMark ?? ''}/${process.pid}`;
  process.env[markName] = mark;
  // Without the mark, and in a session of its own, so that neither the sweep nor Ctrl-C ends the reaper early.
  const child = spawn(process.execPath, [reaper, `${markName}=${mark}`], {
    stdio: ['pipe', 'ignore', 'inherit'],
    env: environment,
    detached: true,
  });
  child.unref();
  // Closed by the system when this process has ended.
  (child.stdin as unknown as { unref(): void }).unref();
}
