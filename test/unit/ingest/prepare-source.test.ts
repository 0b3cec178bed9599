import { describe, expect, it } from 'vitest';
import { resolveHost } from '../../../src/ingest/prepare-source.js';
import { parseSource } from '../../../src/ingest/source-spec.js';

const resolve = (source: string) => resolveHost(parseSource(source, 'linux'));

describe('resolveHost', () => {
  it('puts the address in and keeps everything else as it was', async () => {
    const { spec, httpHost } = await resolve('http://u:p%40ss@localhost:8080/a%2Fb?x=1#y');
    expect(spec).toHaveProperty(
      'url',
      expect.stringMatching(/^http:\/\/u:p%40ss@(127\.0\.0\.1|\[::1\]):8080\/a%2Fb\?x=1#y$/),
    );
    expect(httpHost).toBe('localhost:8080');
    expect((await resolve('rtsp://localhost/x')).httpHost).toBeNull();
  });

  it.each(['rtsp://127.0.0.1:554/x', 'http://[::1]:80/x', 'clip.mp4', 'test:'])(
    'leaves %s alone',
    async (source) => {
      expect(await resolve(source)).toEqual({ spec: parseSource(source, 'linux'), httpHost: null });
    },
  );

  it('says which host has no address', async () => {
    await expect(resolve('rtsp://user:secret@no.such.host.invalid/x')).rejects.toThrow(
      expect.objectContaining({
        code: 'SOURCE_UNREACHABLE',
        message: expect.not.stringContaining('secret') as string,
      }) as Error,
    );
  });
});
