import { isMainThread } from 'node:worker_threads';
import { SightlineError } from '../core/errors.js';

/**
 * Switches ONNX Runtime's telemetry off when this module is imported. Left to itself the library keeps a device id and
 * a queue of events in the user's home folder, looks up a collector's host and tries to send to it; it also crashes the
 * process when the command line is longer than about 28 kB, because it takes that apart for its first event.
 *
 * The library reads the variable from the environment of the process, once, so the variable must stand there before the
 * library starts. That is why it is set here rather than in a launcher: every program that imports a part of Sightline
 * is covered, and config/ is the only room that touches the environment, for writing as for reading. Whatever value was
 * there is overwritten, because telemetry is not an option of Sightline.
 *
 * A worker thread has only a copy of `process.env`: what it sets never reaches the process. It inherits the variable
 * from the main thread, when that imported this module before it started the worker. Without the variable the thread
 * cannot switch telemetry off, and refuses to go on.
 */
const variable = 'ORT_DISABLE_TELEMETRY';

if (isMainThread) {
  process.env[variable] = '1';
} else if (process.env[variable] !== '1') {
  throw new SightlineError(
    'TELEMETRY_NOT_DISABLED',
    `Networks cannot run in this thread: it was started without ${variable}=1, so ONNX Runtime would send telemetry.`,
  );
}
