import { ValidateBy } from 'class-validator';
import { parseTimestamp, TIMESTAMP_ACCEPTED } from '../common/timestamp.js';

/** A timestamp as the contract has it, given once. */
export function IsTimestamp(): PropertyDecorator {
  return ValidateBy({
    name: 'isTimestamp',
    validator: {
      validate: (value: unknown) =>
        typeof value === 'string' && parseTimestamp(value) !== undefined,
      defaultMessage: (parameters) => `${parameters!.property} must be ${TIMESTAMP_ACCEPTED}`,
    },
  });
}
