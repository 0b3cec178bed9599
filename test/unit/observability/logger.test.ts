import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/observability/logger.js';

function collect(level: 'info' | 'debug' = 'info') {
  const lines: string[] = [];
  const redact = (text: string) => text.replaceAll(/\/\/[^@/]*@/g, '//***@');
  const log = createLogger({ level, redact, destination: { write: (line) => void lines.push(line) } });
  return { log, lines };
}

describe('createLogger', () => {
  it('lets no string through unredacted, wherever it stands', () => {
    const { log, lines } = collect();
    const url = 'rtsp://user:secret@camera/stream';
    log.error({ err: new Error(`failed: ${url}`), nested: { urls: [url] } }, `connecting to ${url}`);
    log.child({ source: url }).info('%s again', url);
    expect(lines).toHaveLength(2);
    expect(lines.join('')).not.toContain('secret');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'error',
      msg: 'connecting to rtsp://***@camera/stream',
      nested: { urls: ['rtsp://***@camera/stream'] },
      err: { message: 'failed: rtsp://***@camera/stream' },
    });
  });

  it('writes one line of JSON a message, and nothing below its level', () => {
    const { log, lines } = collect();
    log.debug('hidden');
    log.info('a "quoted"\nmessage');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.endsWith('}\n')).toBe(true);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'info', msg: 'a "quoted"\nmessage' });
  });
});
