import { ExpressAdapter } from '@nestjs/platform-express';

/** The HTTP adapter of the server itself, so that all that is compared stands on the same. */
export function createAdapter(): ExpressAdapter {
  return new ExpressAdapter();
}
