import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { StoredEvents } from '../../../src/services/events.js';
import { openStore } from '../../../src/app/open-store.js';
import { GalleryHealth } from '../../../src/services/gallery-health.js';
import { StoredPeople } from '../../../src/services/people.js';
import { UploadedPictures } from '../../../src/services/pictures.js';
import { PictureReader } from '../../../src/services/picture-reader.js';
import { Recognition } from '../../../src/app/recognition.js';
import { StoredUnknownPeople } from '../../../src/services/unknown-people.js';
import { loadConfig } from '../../../src/config/load-config.js';
import { defaultCacheDir, ModelStore } from '../../../src/models/model-store.js';
import { createLogger } from '../../../src/observability/logger.js';
import { cutFace, copyCrop } from '../../../src/recognition/embedding/crop.js';
import type { TrackCrop } from '../../../src/recognition/unknown/unknown-people.js';
import { startServer } from './start-server.js';

const models = new ModelStore({ cacheDir: defaultCacheDir() });

/**
 * A server over all that the program keeps of people, with real recognition; gone when the test is over.
 * @param prepare what to do to the data folder first
 */
export async function startGallery(prepare: (data: string) => Promise<void> = () => Promise.resolve()) {
  const data = mkdtempSync(join(tmpdir(), 'sightline-people-'));
  onTestFinished(() => rmSync(data, { recursive: true, force: true }));
  await prepare(data);
  const store = await openStore(data);
  onTestFinished(() => store.close());
  const config = await loadConfig({ environment: {}, commandLine: { data } });
  const log = createLogger({ level: 'silent', redact: (text) => text });
  const current = await Recognition.open({ config, models, store, log });
  onTestFinished(() => current.close());
  const modelsDir = defaultCacheDir();
  const pictures = new PictureReader({ limits: config.uploads, models, modelsDir });
  onTestFinished(() => pictures.close());
  const recognition = (): Recognition => current;
  const model = (): Recognition['model'] => current.model;
  const services = {
    pictures: new UploadedPictures({ reader: pictures, model, store }),
    people: new StoredPeople({ store, recognition, pictures, onEnrolled: () => undefined }),
    gallery: new GalleryHealth({ store, model }),
    unknownPeople: new StoredUnknownPeople({ store, recognition }),
    events: new StoredEvents({ store, recognition }),
  };
  const { url, publish } = await startServer({
    store,
    services,
    uploads: { maxBytes: 2 ** 22, queueLimit: 8 },
  });

  /** The face on a picture as a track would give it. */
  const faceOn = (picture: Buffer): Promise<TrackCrop> =>
    pictures.withPicture(picture, async (image) => {
      const [found] = await pictures.detect(image);
      const crop = cutFace(image, found!.landmarks)!;
      const kept = copyCrop(crop);
      const result = await current.model.embedder.embed(crop);
      if (result.status !== 'embedded')
        throw new Error(`Expected an embedding but received ${result.status}`);
      return { quality: 0.9, vector: result.embedding.vector, crop: kept };
    });
  return { url, publish, store, recognition: current, faceOn };
}
