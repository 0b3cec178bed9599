import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readNetworkAddress } from '../../../src/ingest/network-address.js';

const login = (user: string, password: string) => ({ user, password });

describe('readNetworkAddress', () => {
  it.each([
    ['rtsp://cam/x', 'cam', 554, '/x', null],
    ['rtsps://cam', 'cam', 322, '', null],
    ['https://[fd00::7]:8443/a?b=c', 'fd00::7', 8443, '/a?b=c', null],
    ['rtsp://admin:pass@10.0.0.2:555/h264?x=1', '10.0.0.2', 555, '/h264?x=1', login('admin', 'pass')],
    ['rtsp://admin@cam/x', 'cam', 554, '/x', login('admin', '')],
    ['rtsp://admin:p%40ss%23%2F%3f@cam/x', 'cam', 554, '/x', login('admin', 'p@ss#/?')],
    ['rtsp://admin:100%@cam/x', 'cam', 554, '/x', login('admin', '100%')],
    ['rtsp://admin:p%C3%B6%ff@cam/x', 'cam', 554, '/x', login('admin', 'p%C3%B6%ff')],
    // The login ends at the last @, and may hold # / ? where no host could stand before them.
    ['rtsp://admin:p@Secret#1@host/x', 'host', 554, '/x', login('admin', 'p@Secret#1')],
    ['rtsp://admin:p@ss@host', 'host', 554, '', login('admin', 'p@ss')],
    ['rtsp://admin:pa#ss@host/x', 'host', 554, '/x', login('admin', 'pa#ss')],
    ['rtsp://admin:12#34@host/x', 'host', 554, '/x', login('admin', '12#34')],
    ['rtsp://admin:pa/ss@host/x', 'host', 554, '/x', login('admin', 'pa/ss')],
    ['rtsp://admin:pa?ss@host/x', 'host', 554, '/x', login('admin', 'pa?ss')],
    ['rtsp://admin:a:b@host:88/x', 'host', 88, '/x', login('admin', 'a:b')],
    ['rtsp://admin:p@Secret?a@b#1@host/x', 'host', 554, '/x', login('admin', 'p@Secret?a@b#1')],
    // A user name has none of them, so these are no logins.
    ['http://cam/x?mail=me@example.org', 'cam', 80, '/x?mail=me@example.org', null],
    ['http://gate/x?src=rtsp://a:b@c/d', 'gate', 80, '/x?src=rtsp://a:b@c/d', null],
  ] as const)('reads %s', (text, host, port, target, expected) => {
    expect(readNetworkAddress(text)).toMatchObject({ host, port, target, login: expected });
  });

  it.each([
    ['rtsp://admin:12/34@host/x', '%2F'],
    ['rtsp://admin:p@Secret/1@host/x', '%2F'],
    ['rtsp://admin:p@Secret?1@host/x', '%3F'],
    ['rtsp://admin:Secret@host/x?mail=me@example.org', '%2F'],
    ['rtsp://admin:p#1@Secret/2@host/x', '%2F'],
  ])('does not guess where %s goes, and says what to write', (text, character) => {
    const reading = () => readNetworkAddress(text);
    expect(reading).toThrow(expect.objectContaining({ code: 'SOURCE_LOGIN_AMBIGUOUS' }) as Error);
    expect(reading).toThrow(character);
    expect(reading).not.toThrow(/Secret|12|34|admin/);
  });

  it('reads any user name and password that is percent-encoded', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, unit: 'grapheme' }),
        fc.string({ unit: 'grapheme' }),
        fc.domain(),
        (user, password, host) => {
          const text = `rtsp://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}/x?y`;
          expect(readNetworkAddress(text)).toMatchObject({ host, target: '/x?y', login: { user, password } });
        },
      ),
    );
  });

  it('never takes a part of the password for the host', () => {
    const password = fc.string({ unit: fc.constantFrom(...'aZ09!$:@/?#%'), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(password, (secret) => {
        try {
          const { host } = readNetworkAddress(`rtsp://admin:${secret}@camera.lan/stream`);
          // A port may stand there, and then what follows is a path: that is one of the readings.
          expect(host).toBe('camera.lan');
        } catch (error) {
          expect(error).toHaveProperty('code', 'SOURCE_LOGIN_AMBIGUOUS');
        }
      }),
    );
  });
});
