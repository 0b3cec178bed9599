import { describe, expect, it } from 'vitest';
import { LoginSession } from '../../../../src/ingest/guarded/login-session.js';

const rfcChallenges = [
  'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
  'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
];

const session = () => new LoginSession({ user: 'Mufasa', password: 'Circle Of Life' });

describe('LoginSession', () => {
  it('says nothing before it is asked', () => {
    expect(session().authorization('GET', '/')).toBeUndefined();
  });

  it('logs in by Basic', () => {
    const login = session();
    expect(login.accept(['Basic realm="camera"'], false)).toBe(true);
    expect(login.authorization('GET', '/')).toBe('Basic TXVmYXNhOkNpcmNsZSBPZiBMaWZl');
  });

  it('answers the challenge of RFC 2069 as its erratum does', () => {
    const login = new LoginSession({ user: 'Mufasa', password: 'CircleOfLife' });
    login.accept(
      [
        'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
      ],
      false,
    );
    expect(login.authorization('GET', '/dir/index.html')).toContain(
      'response="1949323746fe6a43ef61f9606e7febea"',
    );
  });

  it('prefers SHA-256 to MD5 to Basic, in one header or in several', () => {
    const choices = ['Basic realm="a"', ...rfcChallenges];
    for (const headers of [choices, [choices.join(', ')], [choices.toReversed().join(', ')]]) {
      const login = session();
      expect(login.accept(headers, false)).toBe(true);
      expect(login.authorization('GET', '/dir/index.html')).toContain('algorithm=SHA-256');
    }
  });

  it('counts the requests of one challenge', () => {
    const login = session();
    login.accept(rfcChallenges, false);
    expect(login.authorization('GET', '/')).toContain('qop=auth, nc=00000001');
    expect(login.authorization('GET', '/')).toContain('qop=auth, nc=00000002');
  });

  it('does not try a wrong password twice, except with a newer number', () => {
    const login = session();
    expect(login.accept(['Digest realm="a", nonce="b"'], false)).toBe(true);
    expect(login.accept(['Digest realm="a", nonce="c"'], true)).toBe(false);
    expect(login.accept(['Digest realm="a", nonce="d", stale=TRUE'], true)).toBe(true);
  });

  it.each([[[]], [['Bearer realm="x"']], [['Digest realm="a", nonce="b", algorithm=MD4']], [['']]])(
    'cannot answer %j',
    (headers) => {
      expect(session().accept(headers, false)).toBe(false);
    },
  );
});
