import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Analyst } from './support/analyst.js';
import { IdentityRun, steps } from './support/model/identity-run.js';
import { inSoak } from './support/soak.js';

const RUNS = inSoak(1_000, 60);
const STEPS = inSoak(60, 25);

describe('who everyone is', () => {
  let analyst: Analyst;
  let run = 0;
  beforeAll(async () => {
    analyst = await Analyst.start();
  });
  afterAll(() => analyst.stop());

  it(
    "equals a naive model's, in whatever order it was said, repeated and undone",
    async () => {
      await fc.assert(
        fc.asyncProperty(steps(STEPS), async (sequence) => {
          run += 1;
          const { observed, expected } = await new IdentityRun(analyst, run).perform(sequence);
          expect(observed).toEqual(expected);
        }),
        { numRuns: RUNS },
      );
    },
    inSoak(60 * 60_000, 240_000),
  );
});
