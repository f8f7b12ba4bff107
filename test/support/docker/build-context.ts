import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

interface Rule {
  pattern: RegExp;
  /** As written, without the `!`. */
  text: string;
  /** `!name` takes what an earlier rule left out. */
  includes: boolean;
}

/**
 * Copies what a build would be given: the project, less what `.dockerignore` names.
 *
 * @returns the paths of the files, relative to the project
 */
export async function copyBuildContext(project: string, target: string): Promise<string[]> {
  const rules = readRules(await readFile(join(project, '.dockerignore'), 'utf8'));
  const files = await listFiles(project, '', rules);
  for (const file of files) {
    await mkdir(dirname(join(target, file)), { recursive: true });
    await cp(join(project, file), join(target, file));
  }
  return files;
}

async function listFiles(project: string, folder: string, rules: Rule[]): Promise<string[]> {
  const entries = await readdir(join(project, folder), { withFileTypes: true });
  const lists = entries.map(async (entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (!entry.isDirectory()) return isIncluded(path, rules) ? [path] : [];
    const mayHold =
      isIncluded(path, rules) ||
      rules.some((rule) => rule.includes && rule.text.startsWith(`${path}/`));
    return mayHold ? listFiles(project, path, rules) : [];
  });
  return (await Promise.all(lists)).flat();
}

function readRules(text: string): Rule[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const pattern = line.replace(/^!/, '').replaceAll(/^\/|\/$/g, '');
      return { pattern: toRegExp(pattern), text: pattern, includes: line.startsWith('!') };
    });
}

/** The last rule that speaks of a path, or of a folder above it, decides. */
function isIncluded(path: string, rules: Rule[]): boolean {
  return rules.findLast(({ pattern }) => pattern.test(path))?.includes ?? true;
}

/** Double stars take any number of folders; a rule for a folder is one for all that it holds. */
function toRegExp(pattern: string): RegExp {
  const source = pattern
    .split('/')
    .map((part) => (part === '**' ? part : part.replaceAll(/[.+^${}()|\\]/g, String.raw`\$&`)))
    .map((part) => (part === '**' ? part : part.replaceAll('*', '[^/]*').replaceAll('?', '[^/]')))
    .join('/')
    .replaceAll('**/', '(?:.*/)?')
    .replaceAll('/**', '/.*');
  return new RegExp(`^${source}(?:/|$)`);
}
