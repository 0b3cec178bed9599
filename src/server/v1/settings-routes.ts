import { z } from 'zod';
import { namingChangeSchema, namingSchema } from '../../config/schema.js';
import type { Api } from '../api.js';
import { problems } from '../openapi.js';
import type { Services } from '../services.js';

const tags = ['settings'];

const settings = z
  .strictObject({
    recognition: namingSchema.extend({
      effectiveThreshold: z
        .number()
        .describe('The distance in force now, with the gallery as large as it is.'),
      embedder: z.string().describe('The network in use, whose distances these are.'),
    }),
  })
  .meta({ id: 'Settings' });
const change = z
  .strictObject({ recognition: namingChangeSchema })
  .meta({ id: 'SettingsChange', description: 'Only what is named changes.' });

/** `/v1/settings`: what can be set while the program runs. */
export function addSettingsRoutes(app: Api, { naming }: Pick<Services, 'naming'>): void {
  app.get(
    '/v1/settings',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        summary: 'How near a face must be to be named',
        response: { 200: settings, ...problems },
      },
    },
    () => ({ recognition: naming.get() }),
  );

  app.patch(
    '/v1/settings',
    {
      config: { role: 'admin' },
      schema: {
        tags,
        summary: 'Set how near a face must be to be named; in force at once for all cameras',
        body: change,
        response: { 200: settings, ...problems },
      },
    },
    async (request) => {
      await naming.set(request.body.recognition);
      return { recognition: naming.get() };
    },
  );
}
