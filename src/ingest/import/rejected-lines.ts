import type { Reason } from '../refusal.js';

/** Where an import tells which lines aren't stored. */
export interface RejectedLines {
  /**
   * @param line its number, from 1
   * @param text of the line
   * @throws ImportError when it can't be told
   */
  add(line: number, reason: Reason, text: string): void | Promise<void>;
}
