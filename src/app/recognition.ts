import { once } from 'node:events';
import { asSightlineError } from '../core/errors.js';
import type { ModelRef } from '../core/face.js';
import { fits, fitting, type HeadStore, type MisfitListener } from '../core/heads.js';
import type { FaceEmbedder } from '../core/face-embedder.js';
import type { Logger } from '../observability/logger.js';
import type { Calibration } from '../recognition/calibration/calibration.js';
import {
  thresholdsFor,
  type CameraThresholds,
  type ThresholdSettings,
} from '../recognition/decision/decision.js';
import { Embedders } from '../recognition/embedding/embedders.js';
import { reEmbed, type ReEmbeddingProgress } from '../recognition/embedding/re-embedding.js';
import type { ModelSource, RecognitionModel } from '../recognition/track/recognizer.js';
import { projectedSpec } from '../recognition/heads/projection.js';
import { UnknownPeople } from '../recognition/unknown/unknown-people.js';
import { fetchNetworks, openEmbedder, trainedChoice, type EmbedderChoice } from './embedder-choice.js';
import { openModel, type OpenModel, type OpenModelOptions } from './open-recognition.js';

export interface RecognitionOptions extends Omit<OpenModelOptions, 'onError'> {
  readonly log: Logger;
}

/** Hears of another model in use, and of another way to name with the same one. */
export interface ModelListener {
  readonly onSwitch: (model: RecognitionModel) => void;
  readonly onThresholds: (thresholds: ThresholdSettings) => void;
}

/** How far stored faces are embedded again for another embedder. */
export interface EmbeddingAgain extends ReEmbeddingProgress {
  /** The embedder that will name people once all faces are tried. */
  readonly embedder: string;
}

/** What is in use, and the strangers as its embedder tells them apart. */
interface Current {
  readonly model: OpenModel;
  readonly people: UnknownPeople;
}

/**
 * Recognition for all cameras, and what happens when the embedder has changed: faces enrolled with another one are
 * embedded again from their crops in the background, while that other one goes on naming people; then cameras switch.
 */
export class Recognition {
  readonly #options: OpenModelOptions & RecognitionOptions;
  readonly #listeners = new Set<ModelListener>();
  readonly #closing = new AbortController();
  #current: Current;
  /** What the user stated, for the configuration's embedder. */
  #thresholds: ThresholdSettings;
  #calibration: Calibration | null = null;
  #background: Promise<void> = Promise.resolve();
  #hasNoClassifier = false;
  #embeddingAgain: EmbeddingAgain | null = null;

  private constructor(options: OpenModelOptions & RecognitionOptions, current: Current) {
    const { threshold, falseNameRate } = options.config.recognition;
    this.#options = options;
    this.#current = current;
    this.#thresholds = { threshold, falseNameRate };
  }

  /** The store stays the caller's to close, after this. @throws SightlineError MODEL_…, GALLERY_…, HEAD_… */
  static async open({ log, ...rest }: RecognitionOptions): Promise<Recognition> {
    const onError = (err: unknown): void =>
      log.error({ err }, 'The gallery could not be read again, or its search thread was lost');
    const options = { ...rest, log, onError };
    const { embeddings, heads } = options.store;
    const onMisfit: MisfitListener = ({ code, message, remedy }) =>
      log.warn({ code }, `${message} ${remedy}`);
    const embedders = await Embedders.read(options.store.settings);
    const wanted = await trainedChoice(options.config, embedders, heads, onMisfit);
    // Only comparisons of two pictures use it, and these cannot log; a damaged one is told of when it is used.
    fitting(await heads.load('siamese').catch(() => null), wanted.spec, onMisfit);
    const missing = await embeddings.countWithout(wanted.spec.model);
    const before = missing > 0 ? await openBefore(wanted, embedders, options) : undefined;
    const model = before ?? (await openModel(wanted, options));
    const recognition = new Recognition(options, withPeople(model, options));
    if (missing > 0) recognition.#catchUp(wanted, missing);
    return recognition;
  }

  /** What embeds and compares faces now. */
  get model(): RecognitionModel {
    return this.#current.model;
  }

  /** Null while no stored faces are embedded again. */
  get embeddingAgain(): EmbeddingAgain | null {
    return this.#embeddingAgain;
  }

  /** Tells strangers apart and keeps who was seen, with the embedder in use. */
  readonly people: Pick<UnknownPeople, 'identify' | 'recognized' | 'unclear' | 'name' | 'reject'> = {
    identify: (track) => this.#current.people.identify(track),
    recognized: (track, personId) => this.#current.people.recognized(track, personId),
    unclear: (track) => this.#current.people.unclear(track),
    name: (unknownId, name) => this.#current.people.name(unknownId, name),
    reject: (trackKey, personId) => this.#current.people.reject(trackKey, personId),
  };

  /** Goes on without the trained classifier, now and with every embedder to come. */
  dropClassifier(): void {
    this.#hasNoClassifier = true;
    this.#current = { ...this.#current, model: { ...this.#current.model, classifier: null } };
    for (const { onSwitch } of this.#listeners) onSwitch(this.model);
  }

  /**
   * Sets how near a face must be to be named, from now on and for every model to come.
   * @param thresholds for distances of the configuration's embedder, without what was trained for it
   */
  setThresholds(thresholds: ThresholdSettings): void {
    this.#thresholds = thresholds;
    this.#useThresholds();
  }

  /** Sets what is known of local people, from now on; it counts for the model that it speaks of. */
  setCalibration(calibration: Calibration | null): void {
    this.#calibration = calibration;
    this.#useThresholds();
  }

  /** The model in use as a camera follows it that may have thresholds of its own, stated as `setThresholds` takes them. */
  modelsFor(own: CameraThresholds): ModelSource {
    const ownModel = (): RecognitionModel => {
      const { model } = this.#current;
      return { ...model, thresholds: this.#inForce(model, thresholdsFor(own, this.#thresholds)) };
    };
    return {
      get model() {
        return ownModel();
      },
      onChange: (use) => {
        const useOwn = (): void => use(ownModel());
        return this.onChange({ onSwitch: useOwn, onThresholds: useOwn });
      },
    };
  }

  /** Tells a listener of every change until the returned function is called. */
  onChange(listener: ModelListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Stops what runs in the background after the face in hand. May be called again. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#background;
    await this.#current.model.close();
  }

  #catchUp(wanted: EmbedderChoice, missing: number): void {
    const { config, log } = this.#options;
    const { id, version } = wanted.spec.model;
    const fields = { embedder: id, version, faces: missing };
    log.info(fields, 'Faces are embedded again from their crops');
    const { threshold } = config.recognition;
    if (threshold !== null && this.#current.model.spec.model.id !== id) {
      log.warn(
        { threshold, embedder: id },
        '`recognition.threshold` is a distance of this embedder from now on; the embedder before had other distances',
      );
    }
    this.#embeddingAgain = { embedder: id, embedded: 0, failed: 0, total: missing };
    this.#background = this.#embedAgain(wanted)
      .catch((thrown: unknown) => {
        const err = asSightlineError(thrown);
        log.error({ ...fields, err }, 'Faces could not be embedded again; the next start goes on with it');
      })
      .finally(() => {
        this.#embeddingAgain = null;
      });
  }

  async #embedAgain(wanted: EmbedderChoice): Promise<void> {
    const { config, models, log } = this.#options;
    if (this.#current.model.spec !== wanted.spec) {
      await this.#fetch(wanted);
      if (this.#closing.signal.aborted) return;
      const embedder = await openEmbedder(wanted, config, models);
      await this.#reEmbed(embedder).finally(() => embedder.close());
      if (this.#closing.signal.aborted) return;
      await this.#switchTo(wanted);
    }
    // What was seen meanwhile, or everything when there was nothing else to name people by.
    await this.#reEmbed(this.#current.model.embedder);
    if (this.#closing.signal.aborted) return;
    await this.#current.model.gallery.reload();
    // Unknown people seen before could not be compared until now.
    this.#current = withPeople(this.#current.model, this.#options);
    log.info({ embedder: wanted.spec.model.id }, 'All faces are embedded again');
  }

  /** A download may take minutes: it is not waited for once the program ends. */
  async #fetch({ spec }: EmbedderChoice): Promise<void> {
    const { signal } = this.#closing;
    if (signal.aborted) return;
    await Promise.race([fetchNetworks(spec, this.#options.models), once(signal, 'abort')]);
  }

  async #reEmbed(embedder: FaceEmbedder): Promise<void> {
    const { store, log } = this.#options;
    await reEmbed({
      store: store.embeddings,
      embedder,
      signal: this.#closing.signal,
      onProgress: (progress) => {
        this.#embeddingAgain = { embedder: embedder.model.id, ...progress };
      },
      onFailure: (face, { code, message }) => log.warn({ face, code }, message),
    });
  }

  async #switchTo(wanted: EmbedderChoice): Promise<void> {
    const before = this.#current;
    const model = await openModel(wanted, this.#options);
    const kept = this.#hasNoClassifier ? { ...model, classifier: null } : model;
    this.#current = withPeople(this.#withThresholds(kept), this.#options);
    for (const { onSwitch } of this.#listeners) onSwitch(this.model);
    await before.model.close();
  }

  #useThresholds(): void {
    this.#current = { ...this.#current, model: this.#withThresholds(this.#current.model) };
    for (const { onThresholds } of this.#listeners) onThresholds(this.model.thresholds);
  }

  #withThresholds(model: OpenModel): OpenModel {
    return { ...model, thresholds: this.#inForce(model, this.#thresholds) };
  }

  /** What stated thresholds are for a model, with what is known of local people. */
  #inForce({ carryThresholds }: OpenModel, stated: ThresholdSettings): ThresholdSettings {
    const carried = carryThresholds(stated);
    return this.#calibration === null ? carried : { ...carried, calibration: this.#calibration };
  }
}

function withPeople(model: OpenModel, { store }: OpenModelOptions): Current {
  const { gallery, spec } = model;
  return { model, people: new UnknownPeople({ store, gallery, spec }) };
}

/** The model that most photos without the wanted embedding were enrolled with, if it can be run. */
async function openBefore(
  wanted: EmbedderChoice,
  embedders: Embedders,
  options: OpenModelOptions & RecognitionOptions,
): Promise<OpenModel | undefined> {
  const counts = await options.store.people.modelCounts(wanted.spec.model);
  for (const { model } of counts.toSorted((a, b) => b.faces - a.faces)) {
    const runnable = await findRunnable(model, embedders, options.store.heads);
    if (!runnable) continue;
    // A threshold that the user chose speaks of the wanted embedder's distances.
    const carryThresholds = (stated: ThresholdSettings): ThresholdSettings => ({
      ...stated,
      threshold: null,
    });
    const thresholds = carryThresholds(wanted.thresholds);
    try {
      const choice = { ...runnable, thresholds, classifier: null, carryThresholds };
      return await openModel(choice, options);
    } catch (thrown) {
      const { code, message } = asSightlineError(thrown);
      options.log.warn({ embedder: model.id, code }, message);
    }
  }
  return undefined;
}

/** How to run the embedder that made embeddings of a model, with the projection that it had; undefined when nobody can. */
async function findRunnable(
  { id, version }: ModelRef,
  embedders: Embedders,
  heads: HeadStore,
): Promise<Pick<EmbedderChoice, 'spec' | 'projection'> | undefined> {
  try {
    const spec = embedders.find(id);
    if (spec.model.version === version) return { spec, projection: null };
    const trained = await heads.projection();
    if (!trained || !fits(trained.head, spec)) return undefined;
    const projected = projectedSpec(spec, trained.head);
    if (projected.model.version !== version) return undefined;
    return { spec: projected, projection: trained.network };
  } catch {
    return undefined;
  }
}
