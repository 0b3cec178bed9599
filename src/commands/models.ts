import { Command } from 'commander';
import { SightlineError } from '../core/errors.js';
import { weightsOf } from '../recognition/embedding/added-embedder.js';
import { isPulled, loadOffers, sourceOf } from '../models/manifest.js';
import type { AssetStatus } from '../models/model-store.js';
import { downloadDisplay, progressDisplay } from './model-progress.js';
import { acceptOptionsFirst } from './group-options.js';
import { openModels } from './open-models.js';
import { describeOwn, ownModelCommands, pullAdded, pullOffer } from './own-models.js';
import { readEmbedders } from './read-embedders.js';
import { configFrom, withOptions, type SharedOptions } from './options.js';
import { table } from './table.js';

/** `sightline models`: what networks and media there are, fetching and checking them, and networks of one's own. */
export function modelsCommand(command: Command): void {
  const subcommand = (name: string, description: string) =>
    withOptions(new Command(name).description(description), ['config', 'data', 'modelsDir']);
  command
    .addCommand(subcommand('list', 'show every model and medium, and whether it is there').action(list))
    .addCommand(
      subcommand('fetch', 'download, verify and convert what is missing')
        .argument('[ids...]', 'what to fetch, as `list` names it (default: everything but what is pulled)')
        .action(fetchAssets),
    )
    .addCommand(
      subcommand('pull', 'download and convert a network that is fetched on demand only')
        .argument('<id>', 'what to pull, as `list` names it: facenet-vggface2, sface, …')
        .option('--from <file>', 'a weight file to read instead of downloading the published one')
        .action(pullAsset),
    )
    .addCommand(
      subcommand('verify', 'compare every file with the checksum recorded when it was written').action(
        verify,
      ),
    );
  for (const own of ownModelCommands()) command.addCommand(own);
  acceptOptionsFirst(command);
}

async function list(options: SharedOptions): Promise<void> {
  const config = await configFrom(options);
  const store = openModels(config);
  process.stdout.write(statusTable(await store.list()) + (await describeOwn(config, store, false)));
}

async function fetchAssets(ids: readonly string[], options: SharedOptions): Promise<void> {
  const progress = progressDisplay();
  try {
    const store = openModels(await configFrom(options), progress.update);
    const unasked = (await store.list()).flatMap(({ asset }) => (isPulled(asset) ? [] : [asset.id]));
    const paths = await store.ensure(ids.length > 0 ? ids : unasked);
    progress.stop();
    process.stdout.write([...paths].map(([id, path]) => `${id}  ${path}\n`).join(''));
  } finally {
    progress.stop();
  }
}

async function pullAsset(id: string, options: SharedOptions & { readonly from?: string }): Promise<void> {
  const config = await configFrom(options);
  const store = openModels(config);
  const added = (await readEmbedders(config)).findAdded(id);
  const offer = loadOffers().find((each) => each.id === id);
  if (!added && offer) return pullOffer(offer, config, store, options.from);
  const progress = downloadDisplay();
  try {
    if (added) {
      const path = await pullAdded(added, store, options.from, progress.update);
      process.stdout.write(`${id}  ${path}\n`);
      return;
    }
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
  const config = await configFrom(options);
  const store = openModels(config);
  const statuses = await store.verify();
  process.stdout.write(statusTable(statuses) + (await describeOwn(config, store, true)));
  const damaged = statuses.filter(({ state }) => state === 'damaged').map(({ path }) => path);
  for (const added of (await readEmbedders(config)).added)
    if ((await store.inspectAdded(weightsOf(added), true)).state === 'damaged') damaged.push(added.name);
  if (damaged.length === 0) return;
  throw new SightlineError(
    'MODEL_CHECKSUM_MISMATCH',
    `Expected files as they were written but received others in ${damaged.join(', ')}`,
  );
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
