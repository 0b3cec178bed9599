import { trainedChoice } from '../app/embedder-choice.js';
import { openModel, type OpenModel } from '../app/open-recognition.js';
import { openStore } from '../app/open-store.js';
import type { Config } from '../config/schema.js';
import type { PeopleStore } from '../core/people-store.js';
import type { ModelStore } from '../models/model-store.js';
import { Embedders } from '../recognition/embedding/embedders.js';
import { tellMisfit } from './unfit-heads.js';

/** What enrolling takes. */
export interface OpenGallery extends OpenModel {
  readonly store: PeopleStore;
}

/** Opens gallery and embedder of a configuration; `close` closes both. @throws SightlineError */
export async function openGallery(config: Config, models: ModelStore): Promise<OpenGallery> {
  const store = await openStore(config.data);
  try {
    const choice = await trainedChoice(config, await Embedders.read(store.settings), store.heads, tellMisfit);
    const model = await openModel(choice, { config, models, store, onError: () => undefined });
    const close = async (): Promise<void> => {
      await model.close();
      await store.close();
    };
    return { ...model, store: store.people, close };
  } catch (error) {
    await store.close();
    throw error;
  }
}
