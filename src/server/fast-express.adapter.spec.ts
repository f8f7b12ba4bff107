import { Agent, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, Query, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Express, Request, Response } from 'express';
import { FastExpressAdapter } from './fast-express.adapter.js';

@Controller()
class EchoController {
  @Get('echo')
  echo(@Req() { ip, app }: Request, @Query('name') name: string): object {
    return { ip, name, app: app !== undefined };
  }

  @Get('helpers')
  helpers(@Req() request: Request, @Res() response: Response): void {
    response
      .status(202)
      .set('X-Agent', request.get('User-Agent') ?? '')
      .type('json')
      .json({
        path: request.path,
        accepts: request.accepts('json'),
        same: response.req === request,
      });
  }

  @Get('away')
  away(@Res() response: Response): void {
    response.redirect('/echo');
  }
}

@Module({ controllers: [EchoController] })
class EchoModule {}

describe('FastExpressAdapter', () => {
  let app: NestExpressApplication;
  let base: string;

  beforeEach(async () => {
    app = await NestFactory.create<NestExpressApplication>(EchoModule, new FastExpressAdapter(), {
      logger: false,
    });
    await app.listen(0, '127.0.0.1');
    base = await app.getUrl();
  });
  afterEach(() => app.close());

  const server = (): Server => app.getHttpServer();

  it('makes requests and responses that have their prototypes before Express sees them', async () => {
    const express: Express = app.getHttpAdapter().getInstance();
    const seen: object[] = [];
    server().prependListener('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
      seen.push(Object.getPrototypeOf(incoming) as object, Object.getPrototypeOf(outgoing));
    });
    await (await fetch(`${base}/echo`)).text();
    expect(seen).toHaveLength(2);
    expect(seen[0]).toBe(express.request);
    expect(seen[1]).toBe(express.response);
  });

  it('leaves the application what it adds to the prototypes', async () => {
    const express: Express = app.getHttpAdapter().getInstance();
    Object.defineProperty(express.request, 'ip', { value: 'nowhere' });
    const answer = await fetch(`${base}/echo?name=x`);
    expect(await answer.json()).toEqual({ ip: 'nowhere', name: 'x', app: true });
  });

  it("keeps Express's helpers", async () => {
    const answer = await fetch(`${base}/helpers`, { headers: { 'User-Agent': 'tester' } });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('X-Agent')).toBe('tester');
    expect(answer.headers.get('Content-Type')).toBe('application/json; charset=utf-8');
    expect(await answer.json()).toEqual({ path: '/helpers', accepts: 'json', same: true });
    const away = await fetch(`${base}/away`, { redirect: 'manual' });
    expect(away.headers.get('Location')).toBe('/echo');
    expect((await fetch(`${base}/nothing`)).status).toBe(404);
  });

  it('answers one request after the other on a connection that is kept', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<unknown>();
    for (const name of ['a', 'b', 'c']) {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        get(`${base}/echo?name=${name}`, { agent }, resolve).on('error', reject);
      });
      ports.add(answer.socket.localPort);
      expect(answer.headers['keep-alive']).toBe('timeout=72');
      expect(await text(answer)).toContain(`"name":"${name}"`);
    }
    expect(ports.size).toBe(1);
    agent.destroy();
  });

  it('gives a header its time, and a body as much as it takes', () => {
    expect(server()).toMatchObject({
      keepAliveTimeout: 72_000,
      headersTimeout: 20_000,
      requestTimeout: 0,
    });
  });

  it('refuses a header of a megabyte', async () => {
    const { port } = server().address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(`GET /echo HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(1_000_000)}\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 431 /);
  });
});
