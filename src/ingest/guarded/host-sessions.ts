import { authorityOf, type NetworkAddress } from '../network-address.js';
import { LoginSession } from './login-session.js';

/** A server sends no more cookies than these. */
const maxCookies = 50;

/** What is known of each server of a source: its login and its cookies. Nothing of it goes to another server. */
export class HostSessions {
  readonly #sessions = new Map<string, HostSession>();

  constructor(source: NetworkAddress) {
    this.learn(source);
  }

  /** Keeps the login of an address, unless the server has one already. */
  learn(address: NetworkAddress): void {
    const session = this.of(address);
    if (address.login !== null) session.login ??= new LoginSession(address.login);
  }

  of(address: NetworkAddress): HostSession {
    const key = `${address.scheme}://${authorityOf(address)}`;
    const session = this.#sessions.get(key) ?? new HostSession();
    this.#sessions.set(key, session);
    return session;
  }
}

/** What is known of one server. */
export class HostSession {
  login: LoginSession | undefined;
  readonly #cookies = new Map<string, string>();

  /** The headers of a request, names and values in turn. */
  headers(method: string, address: NetworkAddress): string[] {
    const { scheme, host, port, target } = address;
    const isUsual = port === (scheme === 'https' ? 443 : 80);
    const authority = authorityOf({ host, port });
    const authorization = this.login?.authorization(method, target.startsWith('/') ? target : `/${target}`);
    const cookies = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return [
      ...['Host', isUsual ? authority.replace(/:\d+$/, '') : authority],
      // The relay must recognise a playlist.
      ...['Accept-Encoding', 'identity', 'Connection', 'close'],
      ...(authorization === undefined ? [] : ['Authorization', authorization]),
      ...(cookies === '' ? [] : ['Cookie', cookies]),
    ];
  }

  /** See `LoginSession.accept`. */
  accept(challenge: string | undefined, isRepeated: boolean): boolean {
    return this.login?.accept(challenge === undefined ? [] : [challenge], isRepeated) ?? false;
  }

  keepCookies(headers: readonly string[] = []): void {
    for (const header of headers) {
      const [, name, value] = /^([^=;\s]+)=([^;]*)/.exec(header) ?? [];
      if (name !== undefined && value !== undefined && this.#cookies.size < maxCookies)
        this.#cookies.set(name, value);
    }
  }
}
