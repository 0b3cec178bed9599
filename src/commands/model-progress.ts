import { SingleBar } from 'cli-progress';
import type { ByteListener } from '../models/pull.js';
import type { ModelProgress } from '../models/model-store.js';

export type ProgressListener = (progress: ModelProgress) => void;

/** A download that takes longer than this is told of: without a registry, npm tries again for minutes. */
const patienceMs = 4000;

/** Shows steps, and says what is waited for when one takes long. */
export function progressDisplay(): { update: ProgressListener; stop: () => void } {
  const steps = stepDisplay();
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    clearTimeout(timer);
    steps.stop();
  };
  const update: ProgressListener = (progress) => {
    clearTimeout(timer);
    steps.update(progress);
    if (progress.step !== 'download') return;
    timer = setTimeout(() => {
      steps.stop();
      process.stderr.write(
        `Still waiting for npm to download ${progress.subject}. If this takes long, check the network and npm's registry: npm ping\n`,
      );
    }, patienceMs).unref();
  };
  return { update, stop };
}

/** A bar on a terminal, else a line a step; on standard error, so that the result can be piped. */
function stepDisplay(): { update: ProgressListener; stop: () => void } {
  if (!process.stderr.isTTY) {
    const line = ({ step, subject, done, total }: ModelProgress) => `${done}/${total} ${step} ${subject}\n`;
    return { update: (progress) => process.stderr.write(line(progress)), stop: () => {} };
  }
  const bar = new SingleBar({
    format: '{bar} {value}/{total} {step} {subject}',
    clearOnComplete: true,
    hideCursor: true,
  });
  return {
    update: ({ step, subject, done, total }) => {
      if (!bar.isActive) bar.start(total, done);
      bar.update(done, { step, subject });
    },
    stop: () => bar.stop(),
  };
}

/** How far one download has come: a bar on a terminal, else a line for every tenth of it. */
export function downloadDisplay(): { update: ByteListener; stop: () => void } {
  if (!process.stderr.isTTY) return { update: tenths(), stop: () => {} };
  const bar = new SingleBar({
    format: '{bar} {received} of {all} MB',
    clearOnComplete: true,
    hideCursor: true,
  });
  return {
    update: (received, total) => {
      const text = { received: megabytes(received), all: total === null ? '?' : megabytes(total) };
      if (!bar.isActive) bar.start(total ?? received, 0, text);
      bar.update(received, text);
    },
    stop: () => bar.stop(),
  };
}

function tenths(): ByteListener {
  let told = 0;
  return (received, total) => {
    const tenth = total === null ? 0 : Math.floor((10 * received) / total);
    if (total === null || tenth === told) return;
    told = tenth;
    process.stderr.write(`${megabytes(received)} of ${megabytes(total)} MB\n`);
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
