import { cameraChangeSchema, cameraSettingsSchema } from '../../config/camera.js';
import { cameraSchema } from '../../config/schema.js';
import type { Api } from '../api.js';
import { noBody, problems } from '../openapi.js';
import type { Services } from '../../services/services.js';
import { cameraView, idParams, viewOf } from './camera-routes.js';

const tags = ['cameras'];
const newCamera = cameraSchema.meta({ id: 'NewCamera' });
const cameraChange = cameraChangeSchema.meta({
  id: 'CameraChange',
  description: 'Only what is named changes; a URL as the settings show it keeps its user name and password.',
});
const cameraSettings = cameraSettingsSchema.meta({
  id: 'CameraSettings',
  description: 'How a camera is set up, user name and password taken out of its URLs.',
});

/** Adding, changing, restarting and removing cameras, and reading their settings. */
export function addCameraSetupRoutes(app: Api, { cameras }: Pick<Services, 'cameras'>): void {
  app.get(
    '/v1/cameras/:id/settings',
    {
      config: { role: 'viewer' },
      schema: {
        tags,
        summary: 'How a camera is set up',
        params: idParams,
        response: { 200: cameraSettings, ...problems },
      },
    },
    (request) => cameras.settings(request.params.id),
  );

  app.post(
    '/v1/cameras',
    {
      config: { role: 'admin' },
      schema: {
        tags,
        summary: 'Add a camera; it starts at once',
        body: newCamera,
        response: { 201: cameraView, ...problems },
      },
    },
    async (request, reply) => {
      const status = (await cameras.add(request.body)).status();
      reply.code(201).header('location', `/v1/cameras/${encodeURIComponent(status.id)}`);
      return viewOf(status, request.caller);
    },
  );

  app.patch(
    '/v1/cameras/:id',
    {
      config: { role: 'admin' },
      schema: {
        tags,
        summary: 'Change a camera; it starts anew, and who watches it goes on watching',
        params: idParams,
        body: cameraChange,
        response: { 200: cameraView, ...problems },
      },
    },
    async ({ params, body, caller }) => viewOf((await cameras.change(params.id, body)).status(), caller),
  );

  app.delete(
    '/v1/cameras/:id',
    {
      config: { role: 'admin' },
      schema: {
        tags,
        summary: 'Remove a camera',
        params: idParams,
        response: { 204: noBody('It is gone.'), ...problems },
      },
    },
    async (request, reply) => {
      await cameras.remove(request.params.id);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/v1/cameras/:id/restart',
    {
      config: { role: 'operator' },
      schema: {
        tags,
        summary: 'Start a camera anew; who watches it goes on watching',
        params: idParams,
        response: { 200: cameraView, ...problems },
      },
    },
    async ({ params, caller }) => viewOf((await cameras.restart(params.id)).status(), caller),
  );
}
