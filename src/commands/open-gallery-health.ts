import { projectedChoice } from '../app/embedder-choice.js';
import type { Config } from '../config/schema.js';
import type { Storage } from '../core/storage.js';
import type { EmbedderSpec } from '../recognition/embedding/embedder-specs.js';
import { Embedders } from '../recognition/embedding/embedders.js';
import { Gallery } from '../recognition/gallery/gallery.js';
import { calibrationFor } from '../services/calibration.js';
import { GalleryHealth } from '../services/gallery-health.js';
import { tellMisfit } from './unfit-heads.js';

/** A gallery that compares faces, and what checks it. */
export interface ComparedGallery {
  readonly health: GalleryHealth;
  readonly model: { readonly gallery: Gallery; readonly spec: EmbedderSpec };
  readonly close: () => Promise<void>;
}

/** Opens the gallery as it compares faces, without the networks that embed them. The store stays with the caller. */
export async function openGalleryHealth(config: Config, store: Storage): Promise<ComparedGallery> {
  const embedders = await Embedders.read(store.settings);
  const choice = await projectedChoice(config, embedders, store.heads, tellMisfit);
  const { spec } = choice;
  const thresholds = { ...choice.thresholds, calibration: await calibrationFor(config, store.settings) };
  const gallery = await Gallery.open({ store, spec, onError: () => undefined });
  const health = new GalleryHealth({ store, model: () => ({ gallery, spec, thresholds }) });
  return { health, model: { gallery, spec }, close: () => gallery.close() };
}
