import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../config/package-root.js';
import type { Config } from '../config/schema.js';
import { SightlineError } from '../core/errors.js';
import type { ModelStore } from '../models/model-store.js';
import type { Logger } from '../observability/logger.js';
import type { ThresholdChoice } from '../recognition/decision.js';
import { EmbeddingPool, type EmbedTimes } from '../recognition/embedding-pool.js';
import { findEmbedder, type Embedder } from '../recognition/embedders.js';
import { Gallery } from '../recognition/gallery.js';
import { SqliteGalleryStore } from '../storage/sqlite-gallery-store.js';

const embedderId = 'mobilefacenet';
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
  const embedder = findEmbedder(embedderId);
  const networks = await models.ensure([embedderId, refinerId]);
  const [modelPath, refinerPath] = [...networks.values()] as [string, string];
  const store = await openStore(config.data);
  const gallery = await Gallery.open({
    store,
    embedder,
    onError: (err) => log.error({ err }, 'The gallery could not be read again'),
  });
  const { workers, queueLimit, executionProvider, threadsPerWorker, threshold, falseNameRate } =
    config.recognition;
  const workerFile = pathToFileURL(join(packageRoot(), 'dist', 'workers', 'embed.js'));
  const pool = new EmbeddingPool({
    workerFile,
    modelPath,
    refinerPath,
    embedder,
    workers,
    queueLimit,
    executionProvider,
    threadsPerWorker,
    ...(onEmbedded && { onEmbedded }),
  });
  return {
    pool,
    gallery,
    store,
    embedder,
    naming: { threshold, falseNameRate },
    close: async () => {
      await pool.close();
      gallery.close();
      await store.close();
    },
  };
}

async function openStore(dataDir: string): Promise<SqliteGalleryStore> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new SightlineError('DATA_UNWRITABLE', `Expected a folder at ${dataDir}: ${String(error)}`, {
      cause: error,
    });
  }
  return new SqliteGalleryStore(join(dataDir, 'gallery.db'));
}
