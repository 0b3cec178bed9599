import { isDeepStrictEqual } from 'node:util';
import pLimit from 'p-limit';
import { z } from 'zod';
import { namingSchema, type Config } from '../config/schema.js';
import { notReady, SightlineError } from '../core/errors.js';
import type { SettingsStore } from '../core/storage.js';
import type { Logger } from '../observability/logger.js';
import { rulesFor } from '../recognition/decision/decision.js';
import type { RecognitionModel } from '../recognition/track/recognizer.js';
import { shiftFor, type Calibration } from '../recognition/calibration/calibration.js';
import type { ThresholdChange, ThresholdService } from './services.js';

/** Where thresholds are kept among the settings. */
const settingsGroup = 'recognition';

/** Changed thresholds, as they are kept. */
export const recognitionSettingsSchema = z.strictObject({
  /** What the configuration said when the change was made; a threshold speaks of one embedder's distances. */
  configured: namingSchema.extend({ embedder: z.string() }),
  stated: namingSchema,
});

type RecognitionSettings = z.output<typeof recognitionSettingsSchema>;

/** Recognition as thresholds need it. */
export interface ThresholdUser {
  readonly model: RecognitionModel;
  setThresholds(thresholds: ThresholdChange): void;
}

/**
 * How near a face must be to be named, as the newer statement has it: a change over the API counts as long as the
 * configuration says what it said when the change was made.
 */
export class Thresholds implements ThresholdService {
  readonly #configured: RecognitionSettings['configured'];
  readonly #store: SettingsStore;
  readonly #oneChange = pLimit(1);
  #stated: ThresholdChange;
  #recognition: ThresholdUser | undefined;

  private constructor(config: Config, store: SettingsStore) {
    const { threshold, falseNameRate, embedder } = config.recognition;
    this.#configured = { threshold, falseNameRate, embedder };
    this.#stated = { threshold, falseNameRate };
    this.#store = store;
  }

  /** @throws SightlineError SETTINGS_CORRUPT, DATA_UNWRITABLE */
  static async read(config: Config, store: SettingsStore, log: Pick<Logger, 'warn'>): Promise<Thresholds> {
    const thresholds = new Thresholds(config, store);
    const value = await store.load(settingsGroup);
    if (value === undefined) return thresholds;
    const { configured, stated } = parseSettings(value);
    const { embedder } = thresholds.#configured;
    if (!isDeepStrictEqual({ ...configured, embedder }, thresholds.#configured)) {
      log.warn(
        'The configuration of `recognition` was edited after thresholds were changed over the API: the configuration counts',
      );
    } else if (configured.embedder === embedder || stated.threshold === null) {
      thresholds.#stated = stated;
    } else {
      const { threshold } = thresholds.#configured;
      thresholds.#stated = { ...stated, threshold };
      log.warn(
        { threshold: stated.threshold, embedder, before: configured.embedder },
        'The threshold set over the API does not hold any more: it was a distance of another embedder',
      );
    }
    return thresholds;
  }

  /** Applies the thresholds to recognition, now and when they change. */
  serve(recognition: ThresholdUser): void {
    this.#recognition = recognition;
    recognition.setThresholds(this.#stated);
  }

  get(): ReturnType<ThresholdService['get']> {
    const { model } = this.#requireRecognition();
    const { threshold } = rulesFor(model.spec, model.thresholds, model.gallery.faces);
    const embedder = model.embedder.model.id;
    const calibration = calibrationOf(model);
    return { ...this.#stated, effectiveThreshold: threshold, embedder, calibration };
  }

  set(change: Partial<ThresholdChange>): Promise<void> {
    return this.#oneChange(async () => {
      const recognition = this.#requireRecognition();
      const stated = { ...this.#stated, ...change };
      const configured = this.#configured;
      await this.#store.save(settingsGroup, { configured, stated } satisfies RecognitionSettings);
      this.#stated = stated;
      recognition.setThresholds(stated);
    });
  }

  #requireRecognition(): ThresholdUser {
    if (this.#recognition !== undefined) return this.#recognition;
    throw notReady('Recognition is still being prepared.');
  }
}

/** What the thresholds of a model are calibrated on, also while the user's own threshold is used instead. */
function calibrationOf({ spec, thresholds }: RecognitionModel): Pick<Calibration, 'people' | 'shift'> | null {
  const { calibration = null } = thresholds;
  const shift = shiftFor(spec.model, calibration);
  return calibration === null || shift === null ? null : { people: calibration.people, shift };
}

function parseSettings(value: unknown): RecognitionSettings {
  const result = recognitionSettingsSchema.safeParse(value);
  if (result.success) return result.data;
  const places = result.error.issues.map(({ path }) => [settingsGroup, ...path.map(String)].join('.'));
  throw new SightlineError(
    'SETTINGS_CORRUPT',
    `Expected thresholds in the gallery, but there is something else at ${places.join(', ')}.`,
  );
}
