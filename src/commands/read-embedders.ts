import { openStore } from '../app/open-store.js';
import type { Config } from '../config/schema.js';
import { Embedders } from '../recognition/embedding/embedders.js';

/** The embedders there are, for a command that needs nothing else of the data folder. */
export async function readEmbedders({ data }: Config): Promise<Embedders> {
  const store = await openStore(data, { create: false });
  try {
    return await Embedders.read(store.settings);
  } finally {
    await store.close();
  }
}
