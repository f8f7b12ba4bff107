import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  base64url,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  SignJWT,
  UnsecuredJWT,
  type CryptoKey,
  type JWTPayload,
} from 'jose';

interface Key {
  id: string;
  algorithm: string;
  privateKey: CryptoKey;
  publicKey: CryptoKey;
}

interface TokenOptions {
  /** Seconds; undefined for a token that has no end. */
  expiresIn?: number | undefined;
  key?: Key | undefined;
}

const HOUR_S = 3_600;

/** An OpenID provider: its discovery, its keys, and tokens that they sign. */
export class IdentityProvider {
  keyRequests = 0;
  rotatedOut: Key | undefined;
  /** Keys that are published beside the one that signs, and by no name. */
  readonly others: Key[] = [];
  private made = 1;
  private server: Server | undefined;

  private constructor(
    private key: Key,
    private readonly port: number,
  ) {}

  static async start(): Promise<IdentityProvider> {
    const probe = await listen(createServer(), 0);
    const { port } = probe.address() as AddressInfo;
    await close(probe);
    const provider = new IdentityProvider(await makeKey('key-1', 'RS256'), port);
    await provider.bringBack();
    return provider;
  }

  get signingKey(): Key {
    return this.key;
  }

  get issuer(): string {
    return `http://127.0.0.1:${this.port}/tenant/`;
  }

  /** Does nothing where it's there. */
  async bringBack(): Promise<void> {
    if (this.server) return;
    const server = createServer((request, response) => {
      void this.respond(request.url!, response);
    });
    this.server = await listen(server, this.port);
  }

  /** Connections are refused from then on. */
  async leave(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server) await close(server);
  }

  async stop(): Promise<void> {
    await this.leave();
  }

  /** Another key, of another kind, in the place of the one before. */
  async rotate(): Promise<void> {
    this.made += 1;
    this.rotatedOut = this.key;
    this.key = await makeKey(`key-${this.made}`, 'ES256');
  }

  /** @param claims over those that a token has here: `iss`, `aud` and `iat` */
  async token(claims: JWTPayload, options: TokenOptions = {}): Promise<string> {
    const { privateKey, algorithm, id } = options.key ?? this.key;
    return new SignJWT(this.payload(claims, options))
      .setProtectedHeader({ alg: algorithm, kid: id })
      .sign(privateKey);
  }

  /** The same by a token that doesn't say by which key. */
  async namelessToken(claims: JWTPayload, { privateKey, algorithm } = this.key): Promise<string> {
    return new SignJWT(this.payload(claims, {}))
      .setProtectedHeader({ alg: algorithm })
      .sign(privateKey);
  }

  /** Says that it's signed by our key, and isn't. */
  async strangersToken(claims: JWTPayload): Promise<string> {
    const { id, algorithm } = this.key;
    return this.token(claims, { key: await makeKey(id, algorithm) });
  }

  unsignedToken(claims: JWTPayload): Promise<string> {
    return Promise.resolve(new UnsecuredJWT(this.payload(claims, {})).encode());
  }

  /** Signed by a secret that is our public key, which everyone knows. */
  async confusedToken(claims: JWTPayload): Promise<string> {
    const secret = new TextEncoder().encode(await exportSPKI(this.key.publicKey));
    return new SignJWT(this.payload(claims, {}))
      .setProtectedHeader({ alg: 'HS256', kid: this.key.id })
      .sign(secret);
  }

  private payload(claims: JWTPayload, options: TokenOptions): JWTPayload {
    const now = Math.floor(Date.now() / 1000);
    const expiresIn = 'expiresIn' in options ? options.expiresIn : HOUR_S;
    return {
      iss: this.issuer,
      aud: 'shop',
      iat: now,
      ...(expiresIn !== undefined && { exp: now + expiresIn }),
      jti: base64url.encode(crypto.getRandomValues(new Uint8Array(8))),
      ...claims,
    };
  }

  private async respond(url: string, response: ServerResponse): Promise<void> {
    const body = await this.answer(url);
    response.writeHead(body ? 200 : 404, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(body ?? {}));
  }

  private async answer(url: string): Promise<object | undefined> {
    switch (url) {
      case '/tenant/.well-known/openid-configuration':
        return { issuer: this.issuer, jwks_uri: `${this.issuer}keys` };
      case '/tenant/keys': {
        this.keyRequests += 1;
        return { keys: await Promise.all([this.key, ...this.others].map(published)) };
      }
      default:
        return undefined;
    }
  }
}

async function published({ id, algorithm, publicKey }: Key): Promise<object> {
  return { ...(await exportJWK(publicKey)), kid: id, alg: algorithm, use: 'sig' };
}

export async function makeKey(id: string, algorithm: string): Promise<Key> {
  return { id, algorithm, ...(await generateKeyPair(algorithm, { extractable: true })) };
}

async function listen(server: Server, port: number): Promise<Server> {
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
}
