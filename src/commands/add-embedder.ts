import { openStore } from '../app/open-store.js';
import type { Config } from '../config/schema.js';
import { SightlineError } from '../core/errors.js';
import { embedderIds } from '../core/face-embedder.js';
import { sha256 as hash } from '../models/cache.js';
import { inspectEmbedder, type InspectedEmbedder } from '../models/inspect-embedder.js';
import { loadManifest, loadOffers } from '../models/manifest.js';
import type { ModelStore } from '../models/model-store.js';
import type { NetworkInput } from '../models/network-input.js';
import { download, readWeights, requireChecksum } from '../models/pull.js';
import { weightsOf, type AddedEmbedder } from '../recognition/embedding/added-embedder.js';
import { EmbedderBook, Embedders } from '../recognition/embedding/embedders.js';
import { tryInputs, type TrialOutcome } from '../training/evaluation/input-trial.js';
import { confirm } from './confirm.js';
import { downloadDisplay } from './model-progress.js';
import { showProgress } from './progress-line.js';
import { embedAs, readShippedFaces } from './shipped-faces.js';

export interface EmbedderToAdd {
  readonly name: string;
  /** A path or an address. */
  readonly onnx: string;
  /** The address that is kept, where the weights were read from a file instead. */
  readonly url?: string;
  /** That the file must have; undefined when nobody stated one. */
  readonly sha256: string | undefined;
  readonly input: NetworkInput;
  /** Add it although the self-test objects. */
  readonly force: boolean;
  /** Take a downloaded file for what it should be. */
  readonly yes: boolean;
}

/**
 * Adds an embedding network to a data folder: fetched, checked, tried on the shipped faces, and only then kept.
 * @returns undefined when the user did not confirm
 * @throws SightlineError MODEL_NAME_TAKEN, MODEL_CHECKSUM_MISMATCH, CONFIRMATION_MISSING, WEIGHTS_…, MODEL_…
 */
export async function addEmbedder(
  config: Config,
  models: ModelStore,
  wanted: EmbedderToAdd,
): Promise<{ added: AddedEmbedder; trial: TrialOutcome } | undefined> {
  const { name, onnx, input, force } = wanted;
  await requireFree(config, name);
  const bytes = await fetchWeights(onnx);
  const sha256 = hash(bytes);
  if (wanted.sha256 !== undefined) requireChecksum(onnx, wanted.sha256.toLowerCase(), sha256);
  else if (isAddress(onnx) && !(await isTrusted(onnx, sha256, wanted.yes))) return undefined;
  const inspected = await inspectEmbedder(bytes, input.side);
  const trial = await selfTest(inspected, input, models);
  const { objection } = trial;
  if (objection !== null && !force) throw new SightlineError('MODEL_SELF_TEST_FAILED', objection);
  const { layout, oneByOne, dimension } = inspected;
  const url = isAddress(onnx) ? onnx : (wanted.url ?? null);
  const added = { name, addedAt: Date.now(), sha256, url, input, layout, oneByOne, dimension, objection };
  await keep(config, models, { ...added, measurement: null }, bytes);
  return { added: { ...added, measurement: null }, trial };
}

function isAddress(origin: string): boolean {
  return /^https?:\/\//i.test(origin);
}

/** @throws SightlineError USAGE, MODEL_NAME_TAKEN */
async function requireFree(config: Config, name: string): Promise<void> {
  const store = await openStore(config.data, { create: false });
  try {
    const { added } = await Embedders.read(store.settings);
    if (added.every((each) => each.name !== name)) return;
    throw new SightlineError('MODEL_NAME_TAKEN', `Expected a new name but ${name} was added already`);
  } finally {
    await store.close();
  }
}

/**
 * Names of one's own are lower-case words with hyphens, and none that Sightline gives to something.
 * @throws SightlineError USAGE, MODEL_NAME_TAKEN
 */
export function requireOwnName(name: string): void {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) || name.length > 64)
    throw new SightlineError(
      'USAGE',
      `Expected a name of lower-case letters, digits and hyphens, 64 at most, but received "${name}"`,
    );
  const taken = [...embedderIds, ...loadManifest().map(({ id }) => id), ...loadOffers().map(({ id }) => id)];
  if (taken.includes(name))
    throw new SightlineError(
      'MODEL_NAME_TAKEN',
      `Expected a name of your own but ${name} is one of Sightline's`,
    );
}

/** @throws SightlineError MODEL_PULL_FAILED, WEIGHTS_UNREADABLE, WEIGHTS_INVALID */
async function fetchWeights(onnx: string): Promise<Uint8Array> {
  if (!isAddress(onnx)) return readWeights(onnx);
  const progress = downloadDisplay();
  try {
    return await download(onnx, progress.update);
  } finally {
    progress.stop();
  }
}

/** A file from the network that no checksum vouches for is shown to the user first. */
async function isTrusted(url: string, sha256: string, yes: boolean): Promise<boolean> {
  process.stderr.write(`${url} has sha256 ${sha256}, and nothing to compare it with was given.\n`);
  return confirm('Is this the checksum that the publisher states?', yes);
}

/** Runs the network on the shipped faces as stated, and with one thing changed at a time. */
async function selfTest(
  { session, layout, side }: InspectedEmbedder,
  input: NetworkInput,
  models: ModelStore,
): Promise<TrialOutcome> {
  const faces = await readShippedFaces(models);
  let tried = 0;
  try {
    return await tryInputs(faces, input, side === null, async (tryWith) => {
      showProgress(`Self-test: ${++tried} ways to feed the network`);
      const vectors: Float32Array[] = [];
      for (const face of faces) vectors.push(await embedAs(tryWith, layout, face, session));
      return vectors;
    });
  } finally {
    showProgress('');
  }
}

/** Weights before the definition: whatever is defined can run. */
async function keep(
  config: Config,
  models: ModelStore,
  added: AddedEmbedder,
  bytes: Uint8Array,
): Promise<void> {
  const store = await openStore(config.data);
  try {
    await models.keepAdded(weightsOf(added), bytes);
    await new EmbedderBook(store.settings).add(added).catch(async (error: unknown) => {
      await models.dropAdded(weightsOf(added));
      throw error;
    });
  } finally {
    await store.close();
  }
}
