import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Command } from 'commander';
import { type Actions, buildProgram } from './program.ts';

const PAGE = new URL('../../../docs/operate-commands.md', import.meta.url);
const DESCRIBED = ['check', 'migrate', 'drain', 'session list', 'session kick', 'watch', 'top'];

function find(program: Command, name: string): Command {
  const found = name
    .split(' ')
    .reduce<Command | undefined>((command, part) => command?.commands.find((c) => c.name() === part), program);
  assert.ok(found, name);
  return found;
}

test('docs/operate-commands.md has the usage of each command as it is', () => {
  const page = readFileSync(PAGE, 'utf8');
  const program = buildProgram({} as Actions, () => undefined);
  for (const name of DESCRIBED) {
    const line = `    starling ${name} ${find(program, name).usage()}\n`;
    assert.ok(page.includes(line), line);
  }
});
