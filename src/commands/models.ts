import { Command } from 'commander';
import { SightlineError } from '../core/errors.js';
import { isPulled, sourceOf } from '../models/manifest.js';
import { defaultCacheDir, ModelStore, type AssetStatus } from '../models/model-store.js';
import { downloadDisplay, progressDisplay, type ProgressListener } from './model-progress.js';
import { acceptOptionsFirst } from './group-options.js';
import { configFrom, withOptions, type SharedOptions } from './options.js';
import { table } from './table.js';

/** `sightline models`: what networks and media there are, fetching them, and checking those that were fetched. */
export function modelsCommand(command: Command): void {
  const subcommand = (name: string, description: string) =>
    withOptions(new Command(name).description(description), ['config', 'modelsDir']);
  command
    .addCommand(subcommand('list', 'show every model and medium, and whether it is there').action(list))
    .addCommand(
      subcommand('fetch', 'download, verify and convert what is missing')
        .argument('[ids...]', 'what to fetch, as `list` names it (default: everything but what is pulled)')
        .action(fetchAssets),
    )
    .addCommand(
      subcommand('pull', 'download and convert a network that is fetched on demand only')
        .argument('<id>', 'what to pull: facenet-vggface2')
        .option('--from <file>', 'a weight file to read instead of downloading the published one')
        .action(pullAsset),
    )
    .addCommand(
      subcommand('verify', 'compare every file with the checksum recorded when it was written').action(
        verify,
      ),
    );
  acceptOptionsFirst(command);
}

async function list(options: SharedOptions): Promise<void> {
  const store = await openStore(options);
  process.stdout.write(statusTable(await store.list()));
}

async function fetchAssets(ids: readonly string[], options: SharedOptions): Promise<void> {
  const progress = progressDisplay();
  try {
    const store = await openStore(options, progress.update);
    const unasked = (await store.list()).flatMap(({ asset }) => (isPulled(asset) ? [] : [asset.id]));
    const paths = await store.ensure(ids.length > 0 ? ids : unasked);
    progress.stop();
    process.stdout.write([...paths].map(([id, path]) => `${id}  ${path}\n`).join(''));
  } finally {
    progress.stop();
  }
}

async function pullAsset(id: string, options: SharedOptions & { readonly from?: string }): Promise<void> {
  const progress = downloadDisplay();
  try {
    const store = await openStore(options);
    const { path, pinned } = await store.pull(id, { from: options.from, onBytes: progress.update });
    progress.stop();
    if (!pinned) {
      process.stderr.write(
        `Note: ${options.from} is not the published file, whose checksum is known. It fits the network and was ` +
          'converted; whether its weights are good nobody has verified.\n',
      );
    }
    process.stdout.write(`${id}  ${path}\n`);
  } finally {
    progress.stop();
  }
}

async function verify(options: SharedOptions): Promise<void> {
  const store = await openStore(options);
  const statuses = await store.verify();
  process.stdout.write(statusTable(statuses));
  const damaged = statuses.filter(({ state }) => state === 'damaged').map(({ path }) => path);
  if (damaged.length === 0) return;
  throw new SightlineError(
    'MODEL_CHECKSUM_MISMATCH',
    `Expected files as they were written but received others in ${damaged.join(', ')}`,
  );
}

async function openStore(
  options: SharedOptions,
  onProgress: ProgressListener = () => {},
): Promise<ModelStore> {
  const config = await configFrom(options);
  return new ModelStore({ cacheDir: config.models.dir ?? defaultCacheDir(), onProgress });
}

function statusTable(statuses: readonly AssetStatus[]): string {
  const rows = statuses.map(({ asset, state, bytes }) => [
    asset.id,
    asset.kind,
    bytes === null ? '' : `${(bytes / 1e6).toFixed(2)} MB`,
    state,
    asset.licence,
    sourceOf(asset),
  ]);
  return table(['NAME', 'KIND', 'SIZE', 'STATE', 'LICENCE', 'SOURCE'], rows, [2]);
}
