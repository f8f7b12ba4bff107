import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { builtFile } from '../common/built-file.js';
import { pathOf, searchOf } from '../common/http.js';
import { StaticFile } from '../common/static-file.js';

const FOLDER = join(import.meta.dirname, 'public');
/** A new version is seen at once; what hasn't changed is answered with 304. */
const CACHE = 'no-cache';

/**
 * Nothing comes from elsewhere, and nothing goes there: text that is shown, such as the name of a user,
 * can't become a script, whatever it is. `blob:` is for files that are made to be downloaded.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What the build made of `page/`. */
@Injectable()
export class DashboardFiles {
  private readonly page = file('index.html', 'text/html; charset=utf-8');
  private readonly script = file('dashboard.js', 'text/javascript; charset=utf-8');
  private readonly style = file('dashboard.css', 'text/css; charset=utf-8');

  sendPage(request: IncomingMessage, response: ServerResponse): void {
    // The page names its files, and the API, by their paths from here: with the slash they differ.
    if (pathOf(request).endsWith('/')) {
      response.writeHead(301, { Location: `../dashboard${searchOf(request)}` }).end();
      return;
    }
    response.setHeader('Content-Security-Policy', POLICY);
    response.setHeader('Referrer-Policy', 'no-referrer');
    this.page.send(request, response, CACHE);
  }

  sendScript(request: IncomingMessage, response: ServerResponse): void {
    this.script.send(request, response, CACHE);
  }

  sendStyle(request: IncomingMessage, response: ServerResponse): void {
    this.style.send(request, response, CACHE);
  }
}

function file(name: string, type: string): StaticFile {
  return StaticFile.read(builtFile(FOLDER, name), type);
}
