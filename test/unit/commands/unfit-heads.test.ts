import { afterEach, expect, it, onTestFinished } from 'vitest';
import { describeDropped, dropUnfitHeads } from '../../../src/commands/unfit-heads.js';
import type { SiameseHead } from '../../../src/core/heads.js';
import { findEmbedder } from '../../../src/recognition/embedding/embedder-specs.js';
import { openStorage } from '../../../src/storage/open-storage.js';
import { temporaryFolder } from '../../helpers/sightline.js';

const folder = temporaryFolder();
afterEach(() => folder.remove());

it('switches off what was trained on other embeddings, and nothing else', async () => {
  const storage = await openStorage({ data: folder.path });
  onTestFinished(() => storage.close());
  const store = storage.heads;
  const spec = findEmbedder('mobilefacenet');
  const { model, dimension } = spec;
  const head: SiameseHead = {
    kind: 'siamese',
    model,
    dimension,
    trainedAt: 1,
    weights: { distance: 1, differences: Array<number>(dimension).fill(0) },
    confidence: { midpoint: 1, slope: 1 },
  };
  await store.save(head, null);
  expect(await dropUnfitHeads(store, spec)).toEqual([]);
  expect(await store.has('siamese')).toBe(true);
  const projected = { ...spec, model: { ...model, version: `${model.version}+12345678` } };
  expect(await dropUnfitHeads(store, projected)).toEqual(['siamese']);
  expect(await store.has('siamese')).toBe(false);
  expect(describeDropped(['siamese'])[0]).toMatch(/^The siamese head .* is off now/);
});
