import { SingleBar } from 'cli-progress';
import type { ModelProgress } from '../models/model-store.js';

export type ProgressListener = (progress: ModelProgress) => void;

/** A bar on a terminal, else a line a step; on standard error, so that the result can be piped. */
export function progressDisplay(): { update: ProgressListener; stop: () => void } {
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
