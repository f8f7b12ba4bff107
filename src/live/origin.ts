import { randomBytes } from 'node:crypto';
import { idOf } from './notices.js';

const NAME_BYTES = 8;

/** Where messages come from: a process, which numbers what it says. */
export class Origin {
  readonly name = randomBytes(NAME_BYTES).toString('hex');
  private next = 1;

  /** @returns the first of so many numbers that nothing else has */
  numbers(count: number): number {
    const first = this.next;
    this.next += count;
    return first;
  }

  id(): string {
    return idOf(this.name, this.numbers(1));
  }
}
