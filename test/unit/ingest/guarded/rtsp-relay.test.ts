import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RtspFilter } from '../../../../src/ingest/guarded/rtsp-relay.js';

const describeReply =
  'RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Base: rtsp://192.0.2.1/x/\r\nContent-Length: 8\r\n\r\nv=0\r\n$$$';
const packet = Buffer.from([0x24, 0, 0, 9, 1, 2, 0x0a, 4, 5, 6, 7, 8, 0x24]);

/** What comes through of these pieces, or the error that ended it. */
async function through(...pieces: readonly (string | Buffer)[]): Promise<string> {
  const filter = new RtspFilter('192.0.2.1');
  const out: Buffer[] = [];
  filter.on('data', (bytes: Buffer) => out.push(bytes));
  const ended = new Promise<void>((resolve, reject) => filter.once('end', resolve).once('error', reject));
  for (const piece of pieces) filter.write(Buffer.from(piece as string, 'latin1'));
  filter.end();
  await ended;
  return Buffer.concat(out).toString('latin1');
}

describe('RtspFilter', () => {
  it('lets replies, bodies, packets and requests of the server through as they are, however they are cut', async () => {
    const whole = Buffer.concat([
      Buffer.from(describeReply),
      packet,
      Buffer.from('OPTIONS rtsp://192.0.2.1/x RTSP/1.0\r\nCSeq: 1\r\n\r\n'),
      packet,
      Buffer.from('RTSP/1.0 401 Unauthorized\nWWW-Authenticate: Digest realm="a", nonce="b"\n\n'),
    ]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(whole.length)), async (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
        const pieces = at.slice(1).map((end, i) => whole.subarray(at[i], end));
        expect(await through(...pieces)).toBe(whole.toString('latin1'));
      }),
    );
  });

  it('has media come from the server only', async () => {
    const reply = (transport: string): string => `RTSP/1.0 200 OK\r\nTransport: ${transport}\r\n\r\n`;
    expect(
      await through(
        reply('RTP/AVP;unicast;source=10.9.9.9;client_port=1-2;server_port=3-4; source = 10.8.8.8'),
      ),
    ).toBe(reply('RTP/AVP;unicast;client_port=1-2;server_port=3-4;source=192.0.2.1'));
    const interleaved = reply('RTP/AVP/TCP;unicast;interleaved=0-1');
    expect(await through(interleaved)).toBe(interleaved);
  });

  it('reads header lines of nothing but blanks, in one pass each', async () => {
    const blanks = `RTSP/1.0 200 OK\r\n${`${' '.repeat(3900)}\r\n`.repeat(20)}\r\n`;
    expect(await through(blanks)).toBe(blanks);
  });

  it('leaves a place to go to out', async () => {
    expect(await through('RTSP/1.0 200 OK\r\nLocation: rtsp://127.0.0.1/\r\nCSeq: 1\r\n\r\n')).toBe(
      'RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n',
    );
  });

  it.each([
    ['a redirection', 'RTSP/1.0 302 Moved\r\nLocation: rtsp://127.0.0.1/\r\n\r\n'],
    ['a redirection behind a blank', ' RTSP/1.0 302 Moved\r\n\r\n'],
    ['a redirection behind a tab', 'RTSP/1.0\t302 Moved\r\n\r\n'],
    ['a redirection after a body', `${describeReply}RTSP/1.0 301 Moved\r\n\r\n`],
    ['no RTSP', 'HTTP/1.1 200 OK\r\n\r\n'],
    ['a small packet, after which ffmpeg reads on', Buffer.from('$\0\0\x07RTSP/ 3')],
    ['a packet within a message', 'RTSP/1.0 200 OK\r\n$\0\0\x080123456789\r\n\r\n'],
    ['a length that is none', 'RTSP/1.0 200 OK\r\nContent-Length: 5x\r\n\r\n'],
    ['a length behind a blank', 'RTSP/1.0 200 OK\r\nContent-Length : 5\r\n\r\n'],
    ['a zero character', 'RTSP/1.0 200 OK\0\r\n\r\n'],
    ['a lone carriage return', 'RTSP/1.0 200 OK\rLocation: x\r\n\r\n'],
    ['an endless line', 'RTSP/1.0 200 '.padEnd(5000, 'x')],
  ])('ends with %s', async (_, bytes) => {
    await expect(through(bytes)).rejects.toThrow();
  });
});
