import { z } from 'zod';
import { namingChangeSchema, namingSchema } from '../../config/schema.js';
import type { Api } from '../api.js';
import { problems } from '../openapi.js';
import type { Services } from '../../services/services.js';

const tags = ['settings'];

const settings = z
  .strictObject({
    recognition: namingSchema.extend({
      effectiveThreshold: z.number().describe('The threshold in effect now, given the size of the gallery.'),
      embedder: z.string().describe('The embedder in use, to whose distances the thresholds apply.'),
      calibration: z
        .object({
          people: z.int().describe('Unknown people of the place that the thresholds are calibrated on.'),
          shift: z.number().describe('How far they moved the distance at any false-accept rate; 0 or below.'),
        })
        .nullable()
        .describe('Null while too few people were seen, and when `recognition.localCalibration` is off.'),
    }),
  })
  .meta({ id: 'Settings' });
const change = z
  .strictObject({ recognition: namingChangeSchema })
  .meta({ id: 'SettingsChange', description: 'Only the given settings change.' });

/** `/v1/settings`: settings that can be changed while the program runs. */
export function addSettingsRoutes(app: Api, { thresholds }: Pick<Services, 'thresholds'>): void {
  app.get(
    '/v1/settings',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        summary: 'How close a face must be to be named',
        response: { 200: settings, ...problems },
      },
    },
    () => ({ recognition: thresholds.get() }),
  );

  app.patch(
    '/v1/settings',
    {
      config: { role: 'admin' },
      schema: {
        tags,
        summary: 'Set how close a face must be to be named; takes effect at once for all cameras',
        body: change,
        response: { 200: settings, ...problems },
      },
    },
    async (request) => {
      await thresholds.set(request.body.recognition);
      return { recognition: thresholds.get() };
    },
  );
}
