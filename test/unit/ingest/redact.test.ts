import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redact, redactUrl } from '../../../src/ingest/redact.js';

/** Long enough not to occur by chance in the rest of the text. */
const secret = (characters: string) =>
  fc
    .string({ unit: fc.constantFrom(...characters), minLength: 8, maxLength: 16 })
    .map((text) => `S3${text}cr`);
/** What people type into camera URLs without escaping it. */
const rawPassword = secret('abcXYZ019!$&*+,;=:@/?#~\'"()[]{}|^`<>%_.-');
const host = fc.domain();
const scheme = fc.constantFrom('rtsp', 'rtsps', 'http', 'https', 'rtmp', 'RTSP');
const path = fc.constantFrom('', '/', '/stream', '/a/b?channel=1', ':554/h264');

describe('redact', () => {
  it('hides user and password of any URL inside any text', () => {
    fc.assert(
      fc.property(scheme, rawPassword, rawPassword, host, path, (proto, user, password, name, rest) => {
        const url = `${proto}://${user}:${password}@${name}${rest}`;
        for (const text of [
          url,
          `[tcp @ 0x1] Connection to ${url} failed: refused`,
          `'${url}': 401`,
          `a ${url} ${url}`,
        ]) {
          const hidden = redact(text);
          expect(hidden).not.toContain(password);
          expect(hidden).not.toContain(user);
        }
        expect(redact(url)).toContain(name);
      }),
    );
  });

  it('hides percent-encoded credentials, also in a URL that is encoded into another', () => {
    fc.assert(
      fc.property(rawPassword, host, (password, name) => {
        const encoded = encodeURIComponent(password);
        expect(redact(`open rtsp://admin:${encoded}@${name}/x now`)).not.toContain(encoded);
        const inner = encodeURIComponent(`rtsp://admin:${password}@${name}/x`);
        const hidden = redact(`GET http://gateway/api?src=${inner} failed`);
        expect(hidden).not.toContain(encoded);
        expect(hidden).toContain('failed');
      }),
    );
  });

  it('hides credentials in the query and in camera-style paths', () => {
    const names = fc.constantFrom(
      'user',
      'USERNAME',
      'usr',
      'password',
      'passwd',
      'pwd',
      'pass',
      'token',
      'api_key',
      'access-token',
    );
    fc.assert(
      fc.property(names, secret('abcXYZ019!$*+,;:/?#~_.-%'), host, (key, password, name) => {
        expect(redact(`http://${name}/cgi?a=1&${key}=${password}&channel=2`)).not.toContain(password);
        expect(redact(`rtsp://${name}/${key}=${password}_channel=1_stream=0.sdp`)).not.toContain(password);
        expect(redact(`http://${name}/cgi?a=1&${key}=${password}&channel=2`)).toContain('channel=2');
      }),
    );
  });

  it('is idempotent and leaves text without credentials alone', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(redact(redact(text))).toBe(redact(text));
      }),
    );
    for (const text of [
      'rtsp://10.0.0.2:554/stream: Connection refused',
      'video at 25 fps',
      'me@example.org',
    ]) {
      expect(redact(text)).toBe(text);
    }
  });
});

describe('redactUrl', () => {
  it('leaves a test pattern as it is', () => {
    expect(redactUrl('test:1280x720@25')).toBe('test:1280x720@25');
  });

  it('hides credentials with spaces, and those without a scheme', () => {
    fc.assert(
      fc.property(secret('abc019 \n@:/?#&='), host, (password, name) => {
        for (const start of ['rtsp://', 'rtsp:/', 'rtps://', '']) {
          expect(redactUrl(`${start}admin:${password}@${name}/x`)).not.toContain(password);
        }
      }),
    );
  });

  it.each([
    ['rtsp://admin:pass@cam:554/x', 'rtsp://***@cam:554/x'],
    ['rtsp://cam:554/x', 'rtsp://cam:554/x'],
    ['/videos/me@home.mp4', '/videos/me@home.mp4'],
    ['http://cam/x?user=a&password=b', 'http://cam/x?user=***&password=***'],
  ])('%s becomes %s', (source, hidden) => {
    expect(redactUrl(source)).toBe(hidden);
  });
});
