import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../config/package-root.js';
import type { Config } from '../config/schema.js';
import { SightlineError } from '../core/errors.js';
import type { ModelStore } from '../models/model-store.js';
import type { Logger } from '../observability/logger.js';
import type { ThresholdChoice } from '../recognition/decision.js';
import { EmbeddingPool, type EmbeddingPoolOptions, type EmbedTimes } from '../recognition/embedding-pool.js';
import { findEmbedder, type Embedder } from '../recognition/embedders.js';
import { Gallery } from '../recognition/gallery.js';
import { SqliteGalleryStore } from '../storage/sqlite-gallery-store.js';

const refinerId = 'mtcnn-onet';

/** What recognition needs, shared by all cameras. */
export interface RecognitionParts {
  readonly pool: EmbeddingPool;
  readonly gallery: Gallery;
  readonly store: SqliteGalleryStore;
  readonly embedder: Embedder;
  readonly naming: ThresholdChoice;
  close(): Promise<void>;
}

/** Opens gallery and worker pool. @throws SightlineError GALLERY_CORRUPT, DATA_UNWRITABLE, MODEL_… */
export async function openRecognition(
  config: Config,
  models: ModelStore,
  log: Logger,
  onEmbedded?: (times: EmbedTimes) => void,
): Promise<RecognitionParts> {
  const embedder = findEmbedder(config.recognition.embedder);
  const networks = await fetchNetworks(embedder, models);
  const store = await openStore(config.data);
  const gallery = await Gallery.open({
    store,
    embedder,
    searchWorkerFile: workerFile('search.js'),
    onError: (err) =>
      log.error({ err }, 'The gallery could not be read again, or its search thread was lost'),
  });
  const { threshold, falseNameRate } = config.recognition;
  const pool = startPool(config, embedder, networks, onEmbedded);
  return {
    pool,
    gallery,
    store,
    embedder,
    naming: { threshold, falseNameRate },
    close: async () => {
      await pool.close();
      await gallery.close();
      await store.close();
    },
  };
}

/** Opens the worker pool alone, for what needs no gallery. @throws SightlineError MODEL_… */
export async function openPool(
  config: Config,
  models: ModelStore,
): Promise<{ pool: EmbeddingPool; embedder: Embedder }> {
  const embedder = findEmbedder(config.recognition.embedder);
  return { embedder, pool: startPool(config, embedder, await fetchNetworks(embedder, models)) };
}

type EmbeddingNetworks = Pick<EmbeddingPoolOptions, 'modelPath' | 'refinerPath'>;

async function fetchNetworks(embedder: Embedder, models: ModelStore): Promise<EmbeddingNetworks> {
  const networks = await models.ensure([embedder.model.id, refinerId]);
  const [modelPath, refinerPath] = [...networks.values()] as [string, string];
  return { modelPath, refinerPath };
}

function startPool(
  config: Config,
  embedder: Embedder,
  networks: EmbeddingNetworks,
  onEmbedded?: (times: EmbedTimes) => void,
): EmbeddingPool {
  const { workers, queueLimit, executionProvider, threadsPerWorker } = config.recognition;
  return new EmbeddingPool({
    workerFile: workerFile('embed.js'),
    ...networks,
    projectionPath: null,
    embedder,
    workers,
    queueLimit,
    executionProvider,
    threadsPerWorker,
    ...(onEmbedded && { onEmbedded }),
  });
}

function workerFile(name: string): URL {
  return pathToFileURL(join(packageRoot(), 'dist', 'workers', name));
}

/** Opens the gallery's file, in a folder made when missing. @throws SightlineError GALLERY_CORRUPT, DATA_UNWRITABLE */
export async function openStore(dataDir: string): Promise<SqliteGalleryStore> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new SightlineError('DATA_UNWRITABLE', `Expected a folder at ${dataDir}: ${String(error)}`, {
      cause: error,
    });
  }
  return new SqliteGalleryStore(join(dataDir, 'gallery.db'));
}
