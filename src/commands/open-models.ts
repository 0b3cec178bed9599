import type { Config } from '../config/schema.js';
import { defaultCacheDir, ModelStore } from '../models/model-store.js';
import type { ProgressListener } from './model-progress.js';

/** The models folder of a configuration. */
export function openModels({ models }: Config, onProgress: ProgressListener = () => {}): ModelStore {
  return new ModelStore({ cacheDir: models.dir ?? defaultCacheDir(), onProgress });
}
