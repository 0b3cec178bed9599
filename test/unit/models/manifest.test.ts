import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { embedderIds } from '../../../src/core/face-embedder.js';
import { packageRoot } from '../../../src/config/package-root.js';
import {
  findAsset,
  isPackaged,
  loadManifest,
  loadOffers,
  parseManifest,
} from '../../../src/models/manifest.js';

const asset = {
  id: 'a-model',
  kind: 'model',
  package: '@scope/some-package',
  version: '1.2.3',
  path: 'folder/file.tflite',
  sha256: 'a'.repeat(64),
  licence: 'MIT',
  conversion: { kind: 'none' },
  file: 'a-model.tflite',
  description: 'one',
};

const pulled = {
  id: 'a-large-model',
  kind: 'model',
  url: 'https://example.org/weights.pt',
  sha256: 'b'.repeat(64),
  licence: 'MIT',
  conversion: { kind: 'pytorch-facenet' },
  file: 'a-large-model.onnx',
  description: 'two',
};

const withAssets = (...assets: object[]) => JSON.stringify({ assets });

describe('the manifest that ships', () => {
  it('has what detection, recognition and the demonstration need', () => {
    const ids = loadManifest().map(({ id }) => id);
    expect(ids).toEqual(
      expect.arrayContaining([
        ...['blazeface-full-range-sparse', 'blazeface-short-range', 'mobilefacenet'],
        ...['fr-feature', 'dlib'],
        ...['mtcnn-pnet', 'mtcnn-rnet', 'mtcnn-onet', 'demo-franck', 'demo-cap12', 'demo-cap13'],
        ...[1, 2, 3, 4, 5, 6].map((index) => `sample-${index}`),
      ]),
    );
  });

  it('downloads nothing unasked but packages', () => {
    const others = loadManifest().filter((candidate) => !isPackaged(candidate));
    expect(others.map(({ id }) => id)).toEqual(['facenet-vggface2', 'yunet']);
  });

  it('has a card for every network', () => {
    const networks = [...loadManifest().filter(({ kind }) => kind === 'model'), ...loadOffers()];
    const without = networks.filter(
      ({ id }) => !existsSync(join(packageRoot(), 'models', 'cards', `${id}.md`)),
    );
    expect(without.map(({ id }) => id)).toEqual([]);
  });

  it('offers networks under names that nothing else has, and says how to feed them', () => {
    const offers = loadOffers();
    expect(offers.map(({ id }) => id)).toEqual(['sface', 'auraface', 'adaface-ir18']);
    const taken = [...embedderIds, ...loadManifest().map(({ id }) => id)];
    expect(offers.filter(({ id }) => taken.includes(id))).toEqual([]);
    expect(offers.map(({ input }) => input.template)).toEqual(Array(3).fill('arcface-112'));
  });
});

describe('parseManifest', () => {
  it('reads assets of a package and of an address', () => {
    expect(parseManifest(withAssets(asset, pulled))).toEqual([asset, pulled]);
  });

  it.each([
    ['two assets of one id', withAssets(asset, { ...asset, file: 'other.tflite' }), 'expected different ids'],
    ['two assets of one file', withAssets(asset, { ...asset, id: 'other' }), 'expected different files'],
    ['a path out of the tarball', withAssets({ ...asset, path: '../../.bashrc' }), 'path'],
    ['a file out of the cache', withAssets({ ...asset, file: '../model.onnx' }), 'file'],
    ['a range of versions', withAssets({ ...asset, version: '^1.2.3' }), 'version'],
    ['an option to npm for a package', withAssets({ ...asset, package: '--registry=x' }), 'package'],
    ['a checksum cut short', withAssets({ ...asset, sha256: 'abc' }), 'sha256'],
    ['an unknown conversion', withAssets({ ...asset, conversion: { kind: 'magic' } }), 'conversion'],
    ['an address without encryption', withAssets({ ...pulled, url: 'http://example.org/w.pt' }), 'url'],
    ['an address and a package', withAssets({ ...asset, url: pulled.url }), 'url'],
    [
      'a second file out of the tarball',
      withAssets({
        ...asset,
        conversion: { kind: 'dlib-to-onnx', weightsManifest: { path: '../x', sha256: asset.sha256 } },
      }),
      'path',
    ],
    ['a misspelt key', withAssets({ ...asset, license: 'MIT' }), 'license'],
    ['no text that is JSON', '{', 'JSON'],
  ])('refuses %s', (_, text, complaint) => {
    expect(() => parseManifest(text)).toThrow(complaint);
  });
});

describe('findAsset', () => {
  it('names what there is when asked for something else', () => {
    const assets = parseManifest(withAssets(asset));
    expect(findAsset(assets, 'a-model').file).toBe('a-model.tflite');
    expect(() => findAsset(assets, 'b-model')).toThrow('Expected one of a-model but received "b-model"');
  });
});
