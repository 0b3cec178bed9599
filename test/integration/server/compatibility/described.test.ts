import { describe, expect, it } from 'vitest';
import { DescribedApi } from '../../../helpers/described-api.js';
import { startServer } from '../start-server.js';

describe('the routes for clients of other programs', () => {
  it('are in the OpenAPI document, each with a role and its errors', async () => {
    const { url } = await startServer();
    const { document, operations } = await DescribedApi.of(url);
    const ours = operations.filter((operation) => /^[A-Z]+ \/api\/(?!openapi|docs)/.test(operation));
    expect(ours).toHaveLength(27);
    for (const operation of ours) {
      const [method = '', path = ''] = operation.split(' ');
      const { 'x-role': role, responses } = document.paths[path]![method.toLowerCase()]!;
      expect([operation, role, Object.keys(responses ?? {})]).toEqual([
        operation,
        expect.stringMatching(/^(viewer|operator|anybody)$/),
        expect.arrayContaining(['default']),
      ]);
    }
  });

  it('answer as the document says', async () => {
    const { url, camera } = await startServer();
    await camera.emit();
    const api = await DescribedApi.of(url);
    const path = { camera: 'door', image_id: '1', name: 'Ann', subject: 'Ann' };
    for (const operation of ['GET /api/{camera}/latest.jpg', 'GET /api/version', 'GET /api/stats'])
      expect([operation, (await api.call(operation, { path })).status]).toEqual([operation, 200]);
    for (const operation of ['POST /api/v1/detection/detect', 'POST /api/v1/recognition/recognize'])
      expect((await api.call(operation, { body: {} })).body).toMatchObject({ code: 34 });
    const refused = await api.call('POST /api/faces/{name}/delete', { path, body: {} });
    expect(refused).toMatchObject({ status: 400, body: { success: false } });
  });
});
