import { basename } from 'node:path';
import type { Command } from 'commander';
import type { Config } from '../config/schema.js';
import { defaultCacheDir, ModelStore } from '../models/model-store.js';
import { enrollPhotos } from './enroll-photos.js';
import { progressDisplay } from './model-progress.js';
import { openGallery } from './open-gallery.js';
import { readEmbedders } from './read-embedders.js';
import { configFrom, withOptions, type SharedOptions } from './options.js';
import { serve } from './serve.js';

const enrolledName = 'Franck';
const enrolledPhotos = ['demo-franck-01829', 'demo-franck-02221', 'demo-franck-02888', 'demo-franck-03909'];
const photoNetworks = ['mtcnn-pnet', 'mtcnn-rnet', 'mtcnn-onet'];
const cameras = [
  { id: 'front-door', name: 'Front door', video: 'demo-franck' },
  { id: 'garden', name: 'Garden', video: 'demo-cap12' },
];

/** `sightline demo`: two cameras made from videos, one of a person who is enrolled, one of a stranger. */
export function demoCommand(command: Command): void {
  withOptions(command, ['host', 'port', 'data', 'modelsDir', 'logLevel']);
  command.action(async (options: SharedOptions) => {
    const withData = { ...options, data: options.data ?? '.sightline/demo' };
    const progress = progressDisplay();
    const config = await configFrom(withData);
    const models = new ModelStore({
      cacheDir: config.models.dir ?? defaultCacheDir(),
      onProgress: progress.update,
    });
    const paths = await prepareDemo(config, models).finally(() => progress.stop());
    const entries = cameras.map(({ id, name, video }) => ({ id, name, url: paths.get(video), loop: true }));
    await serve(await configFrom(withData, { cameras: entries }));
  });
}

/** Everything that the demo needs, fetched and enrolled; paths of the media by id. */
async function prepareDemo(config: Config, models: ModelStore): Promise<Map<string, string>> {
  const { networks } = (await readEmbedders(config)).findEmbedding(config.recognition.embedder);
  const known = networks.filter(({ added }) => added === undefined);
  const needed = [...known.map(({ id }) => id), ...photoNetworks];
  const media = [...enrolledPhotos, ...cameras.map(({ video }) => video)];
  // In one go, so that no package is downloaded twice.
  const paths = await models.ensure([...needed, ...media]);
  await enrollDemoPerson(config, models, paths);
  return paths;
}

async function enrollDemoPerson(
  config: Config,
  models: ModelStore,
  paths: Map<string, string>,
): Promise<void> {
  const recognition = await openGallery(config, models);
  try {
    const photos = enrolledPhotos.map((id) => {
      const path = paths.get(id) as string;
      return { name: enrolledName, path, photoName: basename(path) };
    });
    for await (const outcome of enrollPhotos(photos, recognition, models)) {
      if (outcome.status === 'refused') throw outcome.error;
    }
  } finally {
    await recognition.close();
  }
}
