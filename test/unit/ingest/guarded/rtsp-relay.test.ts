import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RtspConversation, localPath } from '../../../../src/ingest/guarded/rtsp-relay.js';
import type { RtspStream } from '../../../../src/ingest/guarded/rtsp-stream.js';
import { readNetworkAddress } from '../../../../src/ingest/network-address.js';

const localUrl = 'rtsp://127.0.0.1:9/source';
const describeReply =
  'RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Base: rtsp://192.0.2.1/x/\r\nContent-Length: 8\r\n\r\nv=0\r\n$$$';
const packet = Buffer.from([0x24, 0, 0, 9, 1, 2, 0x0a, 4, 5, 6, 7, 8, 0x24]);

function conversation(url = 'rtsp://192.0.2.1/x') {
  const redirects: string[] = [];
  const both = new RtspConversation({
    address: readNetworkAddress(url),
    localUrl,
    serverAddress: '192.0.2.1',
    onRedirect: (location) => {
      redirects.push(location);
      return 'rtsp://127.0.0.1:9/elsewhere';
    },
  });
  return { both, redirects };
}

/** What comes through of these pieces, or the error that ended it. */
async function through(stream: RtspStream, ...pieces: readonly (string | Buffer)[]): Promise<string> {
  const out: Buffer[] = [];
  stream.on('data', (bytes: Buffer) => out.push(bytes));
  const ended = new Promise<void>((resolve, reject) => stream.once('end', resolve).once('error', reject));
  for (const piece of pieces) stream.write(Buffer.from(piece as string, 'latin1'));
  stream.end();
  await ended;
  return Buffer.concat(out).toString('latin1');
}

const reply = (...pieces: readonly (string | Buffer)[]) => through(conversation().both.replies, ...pieces);

describe('replies', () => {
  it('pass as they are, like bodies, packets and requests of the server, however they are cut', async () => {
    const whole = Buffer.concat([
      Buffer.from(describeReply),
      packet,
      packet,
      Buffer.from('OPTIONS rtsp://192.0.2.1/x RTSP/1.0\r\nCSeq: 1\r\n\r\n'),
      packet,
      Buffer.from('RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm="a", nonce="b"\r\n\r\n'),
    ]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(whole.length)), async (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
        const pieces = at.slice(1).map((end, i) => whole.subarray(at[i], end));
        expect(await reply(...pieces)).toBe(whole.toString('latin1'));
      }),
    );
  });

  it('have media come from the server only', async () => {
    const setUp = (transport: string): string => `RTSP/1.0 200 OK\r\nTransport: ${transport}\r\n\r\n`;
    expect(
      await reply(
        setUp('RTP/AVP;unicast;source=10.9.9.9;client_port=1-2;server_port=3-4; source = 10.8.8.8'),
      ),
    ).toBe(setUp('RTP/AVP;unicast;client_port=1-2;server_port=3-4;source=192.0.2.1'));
    const interleaved = setUp('RTP/AVP/TCP;unicast;interleaved=0-1');
    expect(await reply(interleaved)).toBe(interleaved);
  });

  it('may hold header lines of nothing but blanks, read in one pass each', async () => {
    const blanks = `RTSP/1.0 200 OK\r\n${`${' '.repeat(3900)}\r\n`.repeat(10)}\r\n`;
    expect(await reply(blanks)).toBe(blanks);
  });

  it('lose a place to go to, unless they redirect, and then it leads to the relay', async () => {
    expect(await reply('RTSP/1.0 200 OK\r\nLocation: rtsp://127.0.0.1/\r\nCSeq: 1\r\n\r\n')).toBe(
      'RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n',
    );
    const { both, redirects } = conversation();
    expect(
      await through(both.replies, 'RTSP/1.0 302 Moved\r\nLocation: rtsp://192.0.2.7/y\r\nCSeq: 1\r\n\r\n'),
    ).toBe('RTSP/1.0 302 Moved\r\nCSeq: 1\r\nLocation: rtsp://127.0.0.1:9/elsewhere\r\n\r\n');
    expect(redirects).toEqual(['rtsp://192.0.2.7/y']);
  });

  it.each([
    ['a redirection to nowhere', 'RTSP/1.0 302 Moved\r\nCSeq: 1\r\n\r\n'],
    ['a redirection behind a blank', ' RTSP/1.0 302 Moved\r\n\r\n'],
    ['a redirection behind a tab', 'RTSP/1.0\t302 Moved\r\n\r\n'],
    ['no RTSP', 'HTTP/1.1 200 OK\r\n\r\n'],
    ['a small packet, after which ffmpeg reads on', Buffer.from('$\0\0\x07RTSP/ 3')],
    ['a packet within a message', 'RTSP/1.0 200 OK\r\n$\0\0\x080123456789\r\n\r\n'],
    ['a length that is none', 'RTSP/1.0 200 OK\r\nContent-Length: 5x\r\n\r\n'],
    ['a length behind a blank', 'RTSP/1.0 200 OK\r\nContent-Length : 5\r\n\r\n'],
    ['a zero character', 'RTSP/1.0 200 OK\0\r\n\r\n'],
    ['a lone carriage return', 'RTSP/1.0 200 OK\rLocation: x\r\n\r\n'],
    ['an endless line', 'RTSP/1.0 200 '.padEnd(5000, 'x')],
    ['an endless head', `RTSP/1.0 200 OK\r\n${'a: b\r\n'.repeat(20_000)}`],
  ])('end with %s', async (_, bytes) => {
    await expect(reply(bytes)).rejects.toThrow();
  });
});

describe('requests', () => {
  it('get the camera’s own address with its query, which ffmpeg does not know', async () => {
    const { both } = conversation('rtsp://192.0.2.1/ch1?token=S3cret');
    expect(
      await through(
        both.requests,
        `DESCRIBE ${localUrl} RTSP/1.0\r\nCSeq: 7\r\n\r\n`,
        packet,
        `SETUP ${localUrl}/trackID=1 RTSP/1.0\r\nCSeq: 8\r\n\r\n`,
      ),
    ).toBe(
      'DESCRIBE rtsp://192.0.2.1:554/ch1?token=S3cret RTSP/1.0\r\nCSeq: 1\r\n\r\n' +
        packet.toString('latin1') +
        'SETUP rtsp://192.0.2.1:554/ch1?token=S3cret/trackID=1 RTSP/1.0\r\nCSeq: 2\r\n\r\n',
    );
    expect(localPath({ target: '/x/' })).toBe('/source/');
  });

  it('are repeated with a login when the camera wants one, of which ffmpeg hears nothing', () => {
    const { both } = conversation('rtsp://admin:S3cret@192.0.2.1/x');
    const [sent, answered]: [string[], string[]] = [[], []];
    both.requests.on('data', (bytes: Buffer) => sent.push(bytes.toString()));
    both.replies.on('data', (bytes: Buffer) => answered.push(bytes.toString()));
    both.requests.write(`DESCRIBE ${localUrl} RTSP/1.0\r\nCSeq: 7\r\n\r\n`);
    const refusal = (number: number): string =>
      `RTSP/1.0 401 Unauthorized\r\nCSeq: ${number}\r\nWWW-Authenticate: Basic realm="a"\r\nContent-Length: 2\r\n\r\nNo`;
    both.replies.write(refusal(1));
    both.replies.write('RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n');
    expect(sent).toEqual([
      'DESCRIBE rtsp://192.0.2.1:554/x RTSP/1.0\r\nCSeq: 1\r\n\r\n',
      'DESCRIBE rtsp://192.0.2.1:554/x RTSP/1.0\r\nCSeq: 2\r\nAuthorization: Basic YWRtaW46UzNjcmV0\r\n\r\n',
    ]);
    expect(answered).toEqual(['RTSP/1.0 200 OK\r\nCSeq: 7\r\n\r\n']);
    both.requests.write(`PLAY ${localUrl} RTSP/1.0\r\nCSeq: 8\r\n\r\n`);
    both.replies.write(refusal(3));
    expect(sent).toHaveLength(3);
    expect(answered.slice(1).join('')).toBe(refusal(8));
  });
});
