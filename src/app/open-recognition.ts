import type { Config } from '../config/schema.js';
import type { EmbedTimes } from '../core/face-embedder.js';
import type { Storage } from '../core/storage.js';
import type { ModelStore } from '../models/model-store.js';
import { Gallery } from '../recognition/gallery/gallery.js';
import type { RecognitionModel } from '../recognition/track/recognizer.js';
import { openEmbedder, type EmbedderChoice } from './embedder-choice.js';

/** What embeds and compares faces, ready for use. */
export interface OpenModel extends RecognitionModel, Pick<EmbedderChoice, 'carryThresholds'> {
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
}

/** Opens an embedder, and the gallery as it compares faces. @throws SightlineError MODEL_…, GALLERY_… */
export async function openModel(choice: EmbedderChoice, options: OpenModelOptions): Promise<OpenModel> {
  const { config, models, store, onError, onEmbedded } = options;
  const { spec, thresholds, classifier, carryThresholds } = choice;
  const embedder = await openEmbedder(choice, config, models, onEmbedded);
  try {
    const gallery = await Gallery.open({
      store,
      spec,
      onError,
    });
    const close = async (): Promise<void> => {
      await embedder.close();
      await gallery.close();
    };
    return { embedder, spec, thresholds, classifier, carryThresholds, gallery, close };
  } catch (error) {
    await embedder.close();
    throw error;
  }
}
