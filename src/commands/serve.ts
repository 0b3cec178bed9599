import { App } from '../app/app.js';
import type { Config } from '../config/schema.js';
import { progressDisplay } from './model-progress.js';

/** After this long a stop is forced, before a container's ten seconds are over. It takes one second, and longer on a busy machine. */
const stopTimeoutMs = 8000;

/**
 * Runs the program until SIGINT or SIGTERM. Says where the page is, on one line of stdout, once it serves.
 */
export async function serve(config: Config): Promise<void> {
  const progress = progressDisplay();
  const app = new App(config, { onModelProgress: progress.update });
  const stopped = stopSignal();
  const start = app.start();
  // Ctrl-C works while models are still being fetched.
  const first = await Promise.race([start, stopped]).finally(() => progress.stop());
  if (first !== undefined) {
    process.stdout.write(`Sightline is at ${first.url}\n`);
    await stopped;
  }
  start.catch(() => undefined);
  setTimeout(endAtOnce, stopTimeoutMs).unref();
  await app.close();
}

/**
 * Ends the process without ending its threads one by one: `process.exit` would, and a thread that is ended inside ONNX
 * Runtime aborts the process. The storage survives this at any moment.
 */
function endAtOnce(): void {
  // Ends ffmpeg.
  process.emit('exit', 1);
  process.kill(process.pid, 'SIGKILL');
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
function stopSignal(): Promise<undefined> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(130));
        resolve(undefined);
      });
    }
  });
}
