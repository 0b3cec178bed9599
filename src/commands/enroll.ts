import type { Command } from 'commander';
import { defaultCacheDir, ModelStore } from '../models/model-store.js';
import { enrollPhotos, type PhotoOutcome } from './enroll-photos.js';
import { progressDisplay } from './model-progress.js';
import { openGallery } from './open-gallery.js';
import { configFrom, withOptions, type SharedOptions } from './options.js';
import { findPhotos } from './photos.js';

interface EnrollOptions extends SharedOptions {
  readonly name?: string;
}

/** `sightline enroll <path>` */
export function enrollCommand(command: Command): void {
  command
    .argument(
      '<path>',
      'a folder with a folder of photos for each person, a folder of one person, or one photo',
    )
    .option('--name <name>', 'who the photo, or the folder of photos, shows');
  withOptions(command, ['config', 'data', 'modelsDir', 'logLevel']);
  command.action(async (path: string, options: EnrollOptions) => {
    const config = await configFrom(options);
    const photos = await findPhotos(path, options.name);
    const progress = progressDisplay();
    const models = new ModelStore({
      cacheDir: config.models.dir ?? defaultCacheDir(),
      onProgress: progress.update,
    });
    const recognition = await openGallery(config, models).finally(() => progress.stop());
    const { mismatch } = recognition.gallery;
    const counts = { enrolled: 0, 'known already': 0, refused: 0 };
    try {
      for await (const outcome of enrollPhotos(photos, recognition, models)) {
        progress.stop();
        counts[outcome.status]++;
        process.stdout.write(describe(outcome));
      }
    } finally {
      progress.stop();
      await recognition.close();
    }
    const summary = Object.entries(counts).flatMap(([what, count]) => (count > 0 ? `${count} ${what}` : []));
    process.stdout.write(`${summary.join(', ')}\n`);
    if (mismatch) process.stderr.write(`${mismatch.code}: ${mismatch.message}\n  ${mismatch.remedy}\n`);
    process.exitCode = counts.refused > 0 ? 1 : 0;
  });
}

function describe(outcome: PhotoOutcome): string {
  const { photo, status } = outcome;
  if (status !== 'refused') return `✓ ${photo.name}: ${photo.path} ${status}\n`;
  const { code, message, remedy } = outcome.error;
  return `✗ ${photo.name}: ${photo.path} refused: ${code}: ${message}\n  ${remedy}\n`;
}
