import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { namingSchema, type Config } from '../config/schema.js';
import { SightlineError } from '../core/errors.js';
import type { Logger } from '../observability/logger.js';
import { rulesFor } from '../recognition/decision/decision.js';
import type { NamingControl, NamingSettings } from '../server/services.js';
import type { Recognition } from './recognition.js';
import { SettingsFile } from './settings-file.js';
import { Turns } from './turns.js';

const fileSchema = z.strictObject({
  version: z.literal(1),
  recognition: z.strictObject({
    /** What the configuration said when the change was made; a threshold speaks of one embedder's distances. */
    configured: namingSchema.extend({ embedder: z.string() }),
    stated: namingSchema,
  }),
});

/**
 * How near a face must be to be named, as the newer statement has it: a change over the API counts as long as the
 * configuration says what it said when the change was made.
 */
export class Naming implements NamingControl {
  readonly #configured: z.output<typeof fileSchema>['recognition']['configured'];
  readonly #file: SettingsFile<typeof fileSchema>;
  readonly #turns = new Turns();
  #stated: NamingSettings;
  #recognition: Recognition | undefined;

  private constructor(config: Config, file: SettingsFile<typeof fileSchema>) {
    const { threshold, falseNameRate, embedder } = config.recognition;
    this.#configured = { threshold, falseNameRate, embedder };
    this.#stated = { threshold, falseNameRate };
    this.#file = file;
  }

  /** The data folder must be there. @throws SightlineError SETTINGS_CORRUPT */
  static async read(config: Config, log: Pick<Logger, 'warn'>): Promise<Naming> {
    const file = new SettingsFile(join(config.data, 'settings.json'), fileSchema);
    const kept = (await file.read())?.recognition;
    const naming = new Naming(config, file);
    if (kept === undefined) return naming;
    if (isDeepStrictEqual(kept.configured, naming.#configured)) naming.#stated = kept.stated;
    else
      log.warn(
        'The configuration of `recognition` was edited after thresholds were changed over the API: the configuration counts',
      );
    return naming;
  }

  /** Has it followed from now on. */
  serve(recognition: Recognition): void {
    this.#recognition = recognition;
    recognition.setNaming(this.#stated);
  }

  get(): ReturnType<NamingControl['get']> {
    const { model } = this.#requireRecognition();
    const { threshold } = rulesFor(model.spec, model.naming, model.gallery.faces);
    return { ...this.#stated, effectiveThreshold: threshold, embedder: model.embedder.model.id };
  }

  set(change: Partial<NamingSettings>): Promise<void> {
    return this.#turns.take('naming', async () => {
      const recognition = this.#requireRecognition();
      const stated = { ...this.#stated, ...change };
      const configured = this.#configured;
      await this.#file.write(() => ({ version: 1, recognition: { configured, stated } }));
      this.#stated = stated;
      recognition.setNaming(stated);
    });
  }

  #requireRecognition(): Recognition {
    if (this.#recognition !== undefined) return this.#recognition;
    throw new SightlineError('NOT_READY', 'Expected recognition to be ready, but it is being prepared.');
  }
}
