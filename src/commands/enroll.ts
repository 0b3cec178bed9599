import type { Command } from 'commander';
import type { Config } from '../config/schema.js';
import { defaultCacheDir, ModelStore } from '../models/model-store.js';
import { confirm } from './confirm.js';
import { enrollPhotos, type PhotoOutcome } from './enroll-photos.js';
import { progressDisplay } from './model-progress.js';
import { openGallery } from './open-gallery.js';
import { configFrom, withOptions, type SharedOptions } from './options.js';
import { planPhotos, requirePhotos, type LeftOut, type NamedPhoto } from './photos.js';

interface EnrollOptions extends SharedOptions {
  readonly name?: string;
  readonly yes?: boolean;
}

/** `sightline enroll <path>` */
export function enrollCommand(command: Command): void {
  command
    .argument(
      '<path>',
      'a folder with a folder of photos for each person, a folder of one person (with --name), or one photo (with --name)',
    )
    .option('--name <name>', 'who the photo, or the folder of photos, shows')
    .option('--yes', 'do not ask before a folder is enrolled');
  withOptions(command, ['config', 'data', 'modelsDir', 'logLevel']);
  command.action(enroll);
}

async function enroll(path: string, options: EnrollOptions): Promise<void> {
  const config = await configFrom(options);
  const plan = await planPhotos(path, options.name);
  const isOnePhoto = plan.photos[0]?.path === path;
  if (!isOnePhoto) process.stdout.write(describePlan(plan.photos) + describeLeftOut(plan.leftOut));
  requirePhotos(plan, path);
  if (!(await confirm(`Enrol ${count(plan.photos)}?`, options.yes ?? isOnePhoto))) {
    process.stdout.write('Nothing was enrolled\n');
    process.exitCode = 1;
    return;
  }
  const counts = await enrollAll(plan.photos, config);
  const summary = Object.entries({ ...counts, 'left out': plan.leftOut.length });
  process.stdout.write(
    `${summary.flatMap(([what, number]) => (number > 0 ? `${number} ${what}` : [])).join(', ')}\n`,
  );
  process.exitCode = counts.refused + plan.leftOut.length > 0 ? 1 : 0;
}

async function enrollAll(photos: readonly NamedPhoto[], config: Config) {
  const progress = progressDisplay();
  const models = new ModelStore({
    cacheDir: config.models.dir ?? defaultCacheDir(),
    onProgress: progress.update,
  });
  const recognition = await openGallery(config, models).finally(() => progress.stop());
  const { mismatch } = recognition.gallery;
  const counts = { enrolled: 0, 'known already': 0, refused: 0, warnings: 0 };
  try {
    for await (const outcome of enrollPhotos(photos, recognition, models)) {
      progress.stop();
      counts[outcome.status]++;
      if (outcome.status !== 'refused') counts.warnings += outcome.warnings.length;
      process.stdout.write(describe(outcome));
    }
  } finally {
    progress.stop();
    await recognition.close();
  }
  if (mismatch) process.stderr.write(`${mismatch.code}: ${mismatch.message}\n  ${mismatch.remedy}\n`);
  return counts;
}

function describePlan(photos: readonly NamedPhoto[]): string {
  const numbers = new Map<string, number>();
  for (const { name } of photos) numbers.set(name, (numbers.get(name) ?? 0) + 1);
  return [...numbers]
    .map(([name, number]) => `${name}: ${number} photo${number === 1 ? '' : 's'}\n`)
    .join('');
}

/** What nothing is taken from, a line each. */
export function describeLeftOut(leftOut: readonly LeftOut[]): string {
  return leftOut.map(({ path, why }) => `– left out: ${path} ${why}\n`).join('');
}

function count(photos: readonly NamedPhoto[]): string {
  const people = new Set(photos.map(({ name }) => name)).size;
  return `${photos.length} photo${photos.length === 1 ? '' : 's'} of ${people === 1 ? '1 person' : `${people} people`}`;
}

function describe(outcome: PhotoOutcome): string {
  const { photo, status } = outcome;
  if (status !== 'refused')
    return [
      `✓ ${photo.name}: ${photo.path} ${status}\n`,
      ...outcome.warnings.map(({ message }) => `  warning: ${message}\n`),
    ].join('');
  const { code, message, remedy } = outcome.error;
  return `✗ ${photo.name}: ${photo.path} refused: ${code}: ${message}\n  ${remedy}\n`;
}
