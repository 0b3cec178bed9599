import type { Config } from '../config/schema.js';
import type { Storage } from '../core/storage.js';
import type { ModelStore } from '../models/model-store.js';
import type { EmbedTimes } from '../recognition/embedding/embedding-pool.js';
import { Gallery } from '../recognition/gallery/gallery.js';
import type { RecognitionModel } from '../recognition/track/recognizer.js';
import { openPool, type EmbedderChoice } from './embedder-choice.js';
import { workerFile } from './worker-file.js';

/** What embeds and compares faces, ready for use. */
export interface OpenModel extends RecognitionModel, Pick<EmbedderChoice, 'carryNaming'> {
  /** Leaves the store open. */
  close(): Promise<void>;
}

export interface OpenModelOptions {
  readonly config: Config;
  readonly models: ModelStore;
  readonly store: Storage;
  /** Told when the gallery could not be read again. */
  readonly onError: (error: unknown) => void;
  readonly onEmbedded?: (times: EmbedTimes) => void;
  /** Told when people may have gone. */
  readonly onGalleryChange?: () => void;
}

/** Opens the worker pool of an embedder, and the gallery as it compares faces. @throws SightlineError MODEL_…, GALLERY_… */
export async function openModel(choice: EmbedderChoice, options: OpenModelOptions): Promise<OpenModel> {
  const { config, models, store, onError, onEmbedded, onGalleryChange } = options;
  const { embedder, naming, classifier, carryNaming } = choice;
  const pool = await openPool(choice, config, models, onEmbedded);
  try {
    const gallery = await Gallery.open({
      store,
      embedder,
      searchWorkerFile: workerFile('search'),
      onError,
      ...(onGalleryChange && { onChange: onGalleryChange }),
    });
    const close = async (): Promise<void> => {
      await pool.close();
      await gallery.close();
    };
    return { embedder, naming, classifier, carryNaming, pool, gallery, close };
  } catch (error) {
    await pool.close();
    throw error;
  }
}
