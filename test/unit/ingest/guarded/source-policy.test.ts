import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { AddressPolicy, SourcePolicy } from '../../../../src/ingest/guarded/source-policy.js';

const schemes = ['rtsp', 'rtsps', 'http', 'https'];
const policy = new SourcePolicy({ schemes, networks: null });

describe('AddressPolicy', () => {
  it.each([
    ['127.0.0.1', false],
    ['127.255.255.254', false],
    ['0.0.0.0', false],
    ['0.1.2.3', false],
    ['169.254.169.254', false],
    ['224.0.0.1', false],
    ['239.255.255.250', false],
    ['255.255.255.255', false],
    ['100.100.100.200', false],
    ['::', false],
    ['::1', false],
    ['fe80::1', false],
    ['fe80::1%eth0', false],
    ['ff02::1', false],
    ['fd00:ec2::254', false],
    ['::ffff:127.0.0.1', false],
    ['::ffff:7f00:1', false],
    ['::ffff:0.0.0.0', false],
    ['::127.0.0.1', false],
    ['64:ff9b::a9fe:a9fe', false],
    ['2002:7f00:1::', false],
    ['64:ff9b:1::7f00:1', false],
    ['not an address', false],
    ['10.0.0.5', true],
    ['192.168.1.20', true],
    ['172.16.3.4', true],
    ['203.0.113.9', true],
    ['fd12:3456::7', true],
    ['2001:db8::1', true],
    ['::ffff:192.168.1.20', true],
    ['64:ff9b::c0a8:114', true],
  ])('by default %s: %s', (address, isAllowed) => {
    expect(new AddressPolicy(null).allows(address)).toBe(isAllowed);
  });

  it('refuses every address of this machine', () => {
    const own = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
    expect(own.length).toBeGreaterThan(0);
    for (const { address } of own) expect(new AddressPolicy(null).allows(address)).toBe(false);
  });

  it('allows only the networks given, whatever they are', () => {
    const cameras = new AddressPolicy(['192.168.7.0/24', '127.0.0.0/8', 'fd00:7::/32']);
    expect(
      ['192.168.7.9', '127.0.0.1', '::ffff:192.168.7.9', 'fd00:7::9'].map((a) => cameras.allows(a)),
    ).toEqual([true, true, true, true]);
    expect(['192.168.8.9', '10.0.0.1', '::1', 'fd00:8::9'].map((a) => cameras.allows(a))).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('SourcePolicy', () => {
  it.each([
    ['/etc/passwd', 'SOURCE_FORBIDDEN'],
    ['video.mp4', 'SOURCE_FORBIDDEN'],
    ['file:///etc/passwd', 'SOURCE_FORBIDDEN'],
    ['FILE:///etc/passwd', 'SOURCE_FORBIDDEN'],
    ['webcam:', 'SOURCE_FORBIDDEN'],
    ['test:', 'SOURCE_FORBIDDEN'],
    ['concat:/etc/passwd|/etc/hosts', 'SOURCE_INVALID'],
    ['pipe:0', 'SOURCE_INVALID'],
    ['subfile,,start,0,end,9,,:/etc/passwd', 'SOURCE_FORBIDDEN'],
    ['data:video/mp4;base64,AAAA', 'SOURCE_INVALID'],
    ['udp://192.0.2.1:1', 'SOURCE_INVALID'],
    ['tcp://192.0.2.1:22', 'SOURCE_INVALID'],
    ['unix:///run/docker.sock', 'SOURCE_INVALID'],
    ['ftp://192.0.2.1/', 'SOURCE_INVALID'],
    ['rtsp://127.0.0.1/x', 'SOURCE_FORBIDDEN'],
    ['rtsp://u:p@localhost:554/x', 'SOURCE_FORBIDDEN'],
    ['http://2130706433/', 'SOURCE_FORBIDDEN'],
    ['rtsp://2130706433/', 'SOURCE_FORBIDDEN'],
    ['rtsp://0x7f.1/', 'SOURCE_FORBIDDEN'],
    ['rtsp://0177.0.0.1/', 'SOURCE_FORBIDDEN'],
    ['rtsp://127.1/', 'SOURCE_FORBIDDEN'],
    ['rtsp://0/', 'SOURCE_FORBIDDEN'],
    ['http://[::1]:80/', 'SOURCE_FORBIDDEN'],
    ['http://[::ffff:7f00:1]/', 'SOURCE_FORBIDDEN'],
    ['http://169.254.169.254/latest/meta-data/', 'SOURCE_FORBIDDEN'],
    ['rtsp://camera@192.0.2.1@127.0.0.1/', 'SOURCE_FORBIDDEN'],
    ['rtsp://u:p@192.0.2.1/x@127.0.0.1/', 'SOURCE_LOGIN_AMBIGUOUS'],
    ['rtsp://192.0.2.1\\@127.0.0.1/', 'SOURCE_INVALID'],
  ])('refuses %s', async (source, code) => {
    await expect(policy.check(source)).rejects.toMatchObject({ code });
  });

  it.each([
    'rtsp://user:secret@192.168.1.20:554/stream1',
    'rtsps://192.168.1.20/x',
    'http://10.0.0.7/video.mjpg?user=a&password=b',
    'https://[fd12:3456::7]:8443/live.m3u8',
    'rtsp://not-there-yet.invalid/x',
    'rtsp://camera@127.0.0.1@192.168.1.20/',
  ])('allows %s', async (source) => {
    await expect(policy.check(source)).resolves.toBeUndefined();
  });

  it('allows what the configuration says', async () => {
    const own = new SourcePolicy({ schemes: ['test', 'file', 'rtsp'], networks: ['127.0.0.0/8'] });
    for (const source of ['test:', '/srv/video.mp4', 'file:///srv/video.mp4', 'rtsp://127.0.0.1/x'])
      await expect(own.check(source)).resolves.toBeUndefined();
    for (const source of ['http://127.0.0.1/', 'webcam:', 'rtsp://192.0.2.1/'])
      await expect(own.check(source)).rejects.toMatchObject({ code: 'SOURCE_FORBIDDEN' });
  });

  it('keeps passwords out of what it says', async () => {
    for (const source of ['rtsp://u:hunter22@127.0.0.1/', 'rtsp://u:hunter22@x/y@z/', 'ftp://u:hunter22@h/'])
      await expect(policy.check(source)).rejects.toMatchObject({
        message: expect.not.stringContaining('hunter22') as string,
      });
  });
});
