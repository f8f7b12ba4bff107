import { FastExpressAdapter } from '../../src/server/fast-express.adapter.js';

/** The HTTP adapter of the server itself, so that all that is compared stands on the same. */
export function createAdapter(): FastExpressAdapter {
  return new FastExpressAdapter();
}
