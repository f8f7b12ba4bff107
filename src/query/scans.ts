import { isForRollups, sortFilters } from './engine/classify.js';
import { readsAllPeople } from './engine/run-users.js';
import type { Filter } from './language/query.js';
import type { Question } from './thread/tasks.js';

/**
 * Whether a question may have raw events read by the million. Few of those are let on at once: the
 * database has to store events meanwhile, and quick questions must not stand behind slow ones.
 */
export function mayScan(question: Question): boolean {
  switch (question.kind) {
    case 'query':
      return !isForRollups(question.query, sortFilters(question.query.filters));
    case 'retention':
      return looksAtProperties([...question.query.cohortFilters, ...question.query.filters]);
    case 'events':
      return looksAtProperties(question.query.filters);
    case 'users':
      return readsAllPeople(question.query);
    case 'funnel':
      return true;
    default:
      return false;
  }
}

function looksAtProperties(filters: readonly Filter[]): boolean {
  return sortFilters(filters).mixed.length > 0;
}
