import type { Config } from '../config/schema.js';
import type { EmbedTimes, FaceEmbedder } from '../core/face-embedder.js';
import { fitting, type ClassifierHead, type HeadStore, type MisfitListener } from '../core/heads.js';
import type { ModelStore } from '../models/model-store.js';
import type { ThresholdSettings } from '../recognition/decision/decision.js';
import type { EmbedderSpec, EmbeddingSpec } from '../recognition/embedding/embedder-specs.js';
import type { Embedders } from '../recognition/embedding/embedders.js';
import { PooledEmbedder } from '../recognition/embedding/pooled-embedder.js';
import { projectedThresholds, projectedSpec } from '../recognition/heads/projection.js';

const refinerId = 'mtcnn-onet';

/** An embedder and what was trained for it. */
export interface EmbedderChoice {
  readonly spec: EmbedderSpec;
  /** ONNX model of the projection behind it. */
  readonly projection: Uint8Array | null;
  readonly thresholds: ThresholdSettings;
  readonly classifier: ClassifierHead | null;
  /** What a threshold of the configuration's embedder means for the distances of this one. */
  readonly carryThresholds: (thresholds: ThresholdSettings) => ThresholdSettings;
}

/**
 * The embedder of a configuration, without what was trained for it.
 * @throws SightlineError MODEL_NOT_FOUND, MODEL_NOT_MEASURED
 */
export function plainChoice({ recognition }: Config, embedders: Embedders): EmbedderChoice {
  const { embedder, threshold, falseNameRate } = recognition;
  const thresholds = { threshold, falseNameRate };
  return {
    spec: embedders.find(embedder),
    projection: null,
    thresholds,
    classifier: null,
    carryThresholds: (stated) => stated,
  };
}

/**
 * The embedder of a configuration, with the heads that are switched on and fit it.
 * @throws SightlineError MODEL_NOT_FOUND, MODEL_NOT_MEASURED, HEAD_CORRUPT, DATA_UNWRITABLE
 */
export async function trainedChoice(
  config: Config,
  embedders: Embedders,
  heads: HeadStore,
  onMisfit: MisfitListener,
): Promise<EmbedderChoice> {
  const choice = await projectedChoice(config, embedders, heads, onMisfit);
  const classifier = fitting(await heads.load('classifier'), choice.spec, onMisfit);
  return { ...choice, classifier };
}

/** The same as `trainedChoice`, but without a classifier. */
export async function projectedChoice(
  config: Config,
  embedders: Embedders,
  heads: HeadStore,
  onMisfit: MisfitListener,
): Promise<EmbedderChoice> {
  const choice = plainChoice(config, embedders);
  const projection = await heads.projection();
  const head = fitting(projection?.head ?? null, choice.spec, onMisfit);
  if (!projection || !head) return choice;
  const { network } = projection;
  const carryThresholds = (thresholds: ThresholdSettings): ThresholdSettings =>
    projectedThresholds(thresholds, head);
  return {
    ...choice,
    spec: projectedSpec(choice.spec, head),
    projection: network,
    thresholds: carryThresholds(choice.thresholds),
    carryThresholds,
  };
}

/** Makes the networks ready that an embedder runs: paths of its own and of the refiner. @throws SightlineError MODEL_… */
export async function fetchNetworks(
  { networks }: EmbeddingSpec,
  models: ModelStore,
): Promise<Map<string, string>> {
  const known = networks.filter(({ added }) => added === undefined).map(({ id }) => id);
  const paths = await models.ensure([...known, refinerId]);
  for (const { id, added } of networks) if (added) paths.set(id, await models.ensureAdded(added));
  return paths;
}

/** Starts the threads that run an embedder, its networks fetched. @throws SightlineError MODEL_… */
export async function openEmbedder(
  { spec, projection }: { readonly spec: EmbeddingSpec } & Pick<EmbedderChoice, 'projection'>,
  config: Config,
  models: ModelStore,
  onEmbedded?: (times: EmbedTimes) => void,
): Promise<FaceEmbedder> {
  const paths = await fetchNetworks(spec, models);
  const { workers, queueLimit, executionProvider, threadsPerWorker } = config.recognition;
  return new PooledEmbedder({
    spec,
    projection,
    networkPaths: spec.networks.map(({ id }) => paths.get(id) as string),
    refinerPath: paths.get(refinerId) as string,
    workers,
    queueLimit,
    executionProvider,
    threadsPerWorker,
    ...(onEmbedded && { onEmbedded }),
  });
}
