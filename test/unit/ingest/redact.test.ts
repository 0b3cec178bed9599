import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KnownSecrets, redact, redactUrl, scrub, secretsOf } from '../../../src/ingest/redact.js';

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
      }),
    );
  });

  it('hides percent-encoded credentials, also in a URL that is encoded into another', () => {
    fc.assert(
      fc.property(rawPassword, host, (password, name) => {
        const encoded = encodeURIComponent(password);
        expect(redact(`open rtsp://admin:${encoded}@${name}/x now`)).toBe(`open rtsp://***@${name}/x now`);
        const inner = encodeURIComponent(`rtsp://admin:${password}@${name}/x`);
        for (const text of [`GET http://gateway/api?src=${inner} failed`, `GET /api?src=${inner} failed`]) {
          expect(redact(text)).not.toContain(encoded);
          expect(redact(text)).toContain('failed');
        }
      }),
    );
  });

  it('hides every value of a query, and of a path that says what it is, whatever its name', () => {
    const name = fc.string({ unit: fc.constantFrom(...'abzAZ09_%2-'), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(name, secret('abcXYZ019!$*+,;:/?#~_.-%'), host, (key, password, camera) => {
        expect(redact(`http://${camera}/cgi?a=1&${key}=${password}&channel=2`)).toBe(
          `http://${camera}/cgi?***`,
        );
        const inPath = password.replaceAll(/[/?#]/g, '');
        for (const by of ['=', ':', '%3A', '%3d'])
          expect(redact(`rtsp://${camera}/${key}${by}${inPath}/ch1`)).toBe(`rtsp://${camera}/***/ch1`);
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
      'Sightline is at http://127.0.0.1:8080.',
      "('https://cam/x')",
      'video at 25 fps',
      'me@example.org',
      'at file:///srv/sightline/dist/src/main.js:12:34',
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
    ['admin:pass@cam/x', '***@cam/x'],
    ['/videos/me@home.mp4', '/videos/me@home.mp4'],
    ['http://cam/x?user=a&password=b', 'http://cam/x?***'],
    ['http://cam/cgi/snap.cgi?loginuse=admin&loginpas=S3cret', 'http://cam/cgi/snap.cgi?***'],
    ['http://cam/x?p=S3cret', 'http://cam/x?***'],
    ['http://cam/x?authbasic=YWRtaW46UzNjcmV0', 'http://cam/x?***'],
    ['http://cam/x?sid=S3cret&jwt=S3cret', 'http://cam/x?***'],
    ['http://cam/x?%70assword=S3cret', 'http://cam/x?***'],
    ['rtsp://cam:554/admin:S3cret/ch1', 'rtsp://cam:554/***/ch1'],
    ['rtsp://cam/user=admin_password=S3cret_channel=1_stream=0.sdp', 'rtsp://cam/***'],
    ['rtsp://admin:p@Secret#1@host/x', 'rtsp://***@host/x'],
    ['rtsp://admin:p@Secret/1@host/x', 'rtsp://***'],
  ])('%s becomes %s', (source, hidden) => {
    expect(redactUrl(source)).toBe(hidden);
  });
});

describe('what a camera may repeat', () => {
  it('is hidden in every spelling of the password', () => {
    fc.assert(
      fc.property(secret('abc019!$@/?#%+ö'), (password) => {
        const secrets = secretsOf(`rtsp://admin:${encodeURIComponent(password)}@cam/x`).login;
        const said = [
          password,
          encodeURIComponent(password),
          Buffer.from(`admin:${password}`).toString('base64'),
        ];
        for (const spelling of said)
          expect(scrub(`No entry for ${spelling}!`, secrets)).toBe('No entry for ***!');
      }),
    );
  });

  it('is hidden when it stood in the query or the path', () => {
    const secrets = secretsOf('http://cam/admin:S3cret-1/x?loginpas=S3cret-2&sid=S3cret%2B3').all;
    expect(scrub('bad admin:S3cret-1, S3cret-2, S3cret+3 S3cret%2B3', secrets)).toBe('bad ***, ***, *** ***');
  });

  it('is hidden in logs, as long as nothing newer is known', () => {
    const known = new KnownSecrets();
    known.know('door', ['rtsp://admin:hunter22@cam/x']);
    known.know('yard', ['rtsp://admin:correct-horse@cam/x']);
    expect(known.redact('hunter22 and correct-horse at http://x/?y')).toBe('*** and *** at http://x/?***');
    known.know('door', ['rtsp://cam/x']);
    expect(known.redact('hunter22')).toBe('hunter22');
  });
});
