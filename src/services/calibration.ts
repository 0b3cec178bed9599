import pLimit from 'p-limit';
import { z } from 'zod';
import type { Config } from '../config/schema.js';
import type { SettingsStore, Storage } from '../core/storage.js';
import { recognitionCalibrated } from '../events/build-event.js';
import type { EventPublisher } from '../events/event-publisher.js';
import type { Logger } from '../observability/logger.js';
import { shiftFor, type Calibration } from '../recognition/calibration/calibration.js';
import { calibrateOnCohort, type CohortStore } from '../recognition/calibration/cohort.js';
import { rulesFor } from '../recognition/decision/decision.js';
import type { RecognitionModel } from '../recognition/track/recognizer.js';

/** Where the calibration is kept among the settings. */
const settingsGroup = 'calibration';
/** How often to look whether there are other unknown people or another gallery by now. */
const intervalMs = 600_000;
/** A threshold that moved less than this stays: pictures of one face differ by more. */
const leastMove = 0.005;

const calibrationSchema = z.strictObject({
  model: z.strictObject({ id: z.string(), version: z.string() }),
  people: z.int().nonnegative(),
  shift: z.number().min(-2).max(0),
});

/** Recognition as a calibration needs it. */
export interface CalibrationUser {
  readonly model: RecognitionModel;
  setCalibration(calibration: Calibration | null): void;
}

export interface LocalCalibrationOptions {
  readonly enabled: boolean;
  readonly store: CohortStore & Pick<Storage, 'settings' | 'revision'>;
  readonly publisher: Pick<EventPublisher, 'publish'>;
  readonly log: Pick<Logger, 'warn' | 'error'>;
}

/**
 * Keeps the thresholds calibrated on the unknown people of the place. It is estimated again in the background when they or
 * the gallery have changed, kept over restarts, and no threshold moves without an event that says so.
 */
export class LocalCalibration {
  readonly #options: LocalCalibrationOptions;
  readonly #oneUpdate = pLimit(1);
  #recognition: CalibrationUser | undefined;
  #inForce: Calibration | null = null;
  /** Model, number of photos that it can compare, and revisions that the last estimate was made from. */
  #basis = '';
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: LocalCalibrationOptions) {
    this.#options = options;
  }

  /** What is in force now; null before the first estimate. */
  get inForce(): Calibration | null {
    return this.#inForce;
  }

  /** Applies what is kept to recognition, and from now on what is estimated. @throws SightlineError DATA_UNWRITABLE */
  async serve(recognition: CalibrationUser): Promise<void> {
    const { settings } = this.#options.store;
    this.#recognition = recognition;
    this.#inForce = await loadCalibration(settings, this.#options.log);
    recognition.setCalibration(this.#inForce);
    const update = (): void =>
      void this.update().catch((err: unknown) =>
        this.#options.log.error({ err }, 'The thresholds could not be calibrated'),
      );
    update();
    this.#timer = setInterval(update, intervalMs).unref();
  }

  /** Estimates again if the unknown people, the gallery or the embedder have changed since. */
  update(): Promise<void> {
    return this.#oneUpdate(async () => {
      if (this.#closed || this.#recognition === undefined) return;
      const { model } = this.#recognition;
      const { store, enabled } = this.#options;
      const { id, version } = model.spec.model;
      const revisions = [await store.revision('people'), await store.revision('unknownPeople')];
      const basis = [id, version, model.gallery.faces, ...revisions].join(' ');
      if (basis === this.#basis) return;
      const off = { model: model.spec.model, people: 0, shift: 0 };
      await this.#adopt(enabled ? await calibrateOnCohort(store, model.spec) : off);
      this.#basis = basis;
    });
  }

  /** Resolves when nothing is being estimated. May be called again. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#oneUpdate(() => undefined);
  }

  /** Puts an estimate in force. A small difference changes the count of people only. */
  async #adopt(estimate: Calibration): Promise<void> {
    const recognition = this.#recognition;
    if (this.#closed || recognition === undefined) return;
    const before = shiftFor(estimate.model, this.#inForce) ?? 0;
    const moves = Math.abs(estimate.shift - before) >= leastMove || (estimate.shift === 0 && before !== 0);
    const next = moves ? estimate : { ...estimate, shift: before };
    const isKept = shiftFor(next.model, this.#inForce) === shiftFor(next.model, next);
    if (isKept && next.people === (this.#inForce?.people ?? 0)) return;
    await this.#options.store.settings.save(settingsGroup, next);
    if (moves) this.#tell(recognition.model, next);
    this.#inForce = next;
    recognition.setCalibration(next);
  }

  #tell({ spec, thresholds, gallery }: RecognitionModel, next: Calibration): void {
    const at = (calibration: Calibration | null): number =>
      rulesFor(spec, { ...thresholds, calibration }, gallery.faces).threshold;
    const threshold = { before: at(this.#inForce), after: at(next) };
    const { people, shift } = next;
    const event = recognitionCalibrated({ embedder: spec.model.id, people, shift, threshold });
    this.#options.publisher.publish(event);
  }
}

/** The calibration that is kept; null for none, and for one that cannot be read: it is estimated anew. */
async function loadCalibration(
  settings: Pick<SettingsStore, 'load'>,
  log: Pick<Logger, 'warn'>,
): Promise<Calibration | null> {
  const value = await settings.load(settingsGroup);
  if (value === undefined) return null;
  const { success, data } = calibrationSchema.safeParse(value);
  if (success) return data;
  log.warn('The calibration that was kept cannot be read: it is estimated anew');
  return null;
}

/** The calibration that commands use, as the running program left it. @throws SightlineError DATA_UNWRITABLE */
export async function calibrationFor(
  { recognition }: Pick<Config, 'recognition'>,
  settings: Pick<SettingsStore, 'load'>,
): Promise<Calibration | null> {
  if (!recognition.localCalibration) return null;
  return loadCalibration(settings, { warn: () => undefined });
}
