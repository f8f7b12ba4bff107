import type { INestApplication } from '@nestjs/common';
import helmet, { contentSecurityPolicy } from 'helmet';

/**
 * What browsers are told of every answer. Answers are data: what is a page says itself what it may load.
 * HTTPS is the matter of whoever ends it, and so is `Strict-Transport-Security`; what only browsers of
 * old heed is left out, since each header costs every request.
 */
const answers = helmet({
  contentSecurityPolicy: policy({ 'default-src': ["'none'"] }),
  // Pages of other sites read answers by CORS, and load the tracker.
  crossOriginResourcePolicy: { policy: 'cross-origin' },
  referrerPolicy: { policy: 'same-origin' },
  strictTransportSecurity: false,
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
});

/** The explorer has its styles within the page. */
const explorer = contentSecurityPolicy(
  policy({
    'default-src': ["'self'"],
    'style-src': ["'self'", "'unsafe-inline'"],
    'img-src': ["'self'", 'data:'],
    'object-src': ["'none'"],
  }),
);

/** @param docs the explorer's path */
export function setSecurityHeaders(app: INestApplication, docs: string): void {
  app.use(answers);
  app.use(docs, explorer);
}

function policy(directives: Record<string, string[]>) {
  return {
    useDefaults: false,
    directives: { ...directives, 'base-uri': ["'none'"], 'frame-ancestors': ["'none'"] },
  };
}
