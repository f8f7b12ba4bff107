import { z } from 'zod';
import type { AnalyticsExtras } from './analytics.options.js';
import { isClass, parseOptions } from './parse-options.js';

const yesOrNo = z.boolean('must be true or false').optional();
const name = z.string('must be text').min(1, 'must be text').optional();

/** What is registered with the module. */
const shape = {
  path: z.string('must be text').optional(),
  dataSource: name,
  name,
  isGlobal: yesOrNo,
  dashboard: yesOrNo,
  tracker: z
    .union([z.boolean(), z.strictObject({ path: z.string() })], 'must be true, false or { path }')
    .optional(),
  segment: yesOrNo,
  posthog: yesOrNo,
  openapi: yesOrNo,
  guards: z
    .array(z.custom(isClass, { error: 'must be a class' }), 'must be classes of guards')
    .optional(),
  imports: z.array(z.unknown(), 'must be modules').optional(),
};
const alone = z.strictObject(shape);
const withOptions = z.looseObject(shape);

/**
 * Looks through what is registered, before controllers are made by it.
 *
 * @param isAsync whether the options come later: what stands beside them is all to be known then
 * @throws TypeError that names the first one that is wrong, and what it takes
 */
export function checkExtras(extras: AnalyticsExtras, isAsync: boolean): void {
  parseOptions(isAsync ? alone : withOptions, extras);
}
