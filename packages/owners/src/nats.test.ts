import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Bus, busConfig, openBus, openRecords, type Records } from '@starling/bus';
import { groups, subjects } from '@starling/contracts';
import { findNatsServers, type NatsServer, startNatsServer } from '@starling/local-servers/nats-server';
import { loadConfig, MetricsRegistry, silentLogger } from '@starling/runtime';
import { ownersConfig } from './config.ts';
import type { GroupView, GroupWatch, Membership } from './group.ts';
import { joinGroup } from './join-group.ts';
import { FAST } from './testing/fast.ts';
import { watchGroup } from './watch-group.ts';

const MEMBER = fileURLToPath(new URL('./testing/member-process.js', import.meta.url));
const WAIT_MS = 10_000;
const group = groups.presence;
const idsOf = ({ members }: GroupView) => members.map(({ id }) => id).join(' ');

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + WAIT_MS;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

interface Connected {
  readonly bus: Bus;
  readonly records: Records;
}

// The newest server and the oldest.
const servers = findNatsServers();
const chosen = [servers[0], servers.at(-1)].filter((s, i, all) => s && all.findIndex((x) => x?.path === s.path) === i);

for (const binary of chosen) {
  if (binary === undefined) continue;
  describe(`a group on nats-server ${binary.version.join('.')}`, () => {
    let server: NatsServer;
    const open: { close(): Promise<unknown> }[] = [];
    const children: ChildProcess[] = [];

    let observer: GroupWatch;
    let bus: Bus;

    beforeEach(async () => {
      server = await startNatsServer({ binary });
      const connected = await connect();
      bus = connected.bus;
      observer = await watchGroup({ ...optionsOf(connected), evict: false });
      open.push(observer);
    });
    afterEach(async () => {
      for (const child of children.splice(0)) {
        child.kill('SIGKILL');
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      }
      for (const opened of open.splice(0).reverse()) await opened.close();
      await server.remove();
    });

    async function connect(): Promise<Connected> {
      const config = loadConfig({ bus: busConfig }, { env: { STARLING_NATS_URL: server.url }, args: [] }).bus;
      const connection = await openBus(config);
      const records = await openRecords(config, connection);
      open.push(connection, records);
      return { bus: connection, records };
    }
    const optionsOf = (connected: Connected) => ({
      ...connected,
      group,
      config: loadConfig({ owners: ownersConfig }, { env: FAST, args: [] }).owners,
      logger: silentLogger,
      metrics: new MetricsRegistry(),
    });
    async function join(id: string): Promise<Membership> {
      const membership = await joinGroup({ ...optionsOf(await connect()), id });
      open.push(membership);
      return membership;
    }
    /** What a member in a process of its own has said so far. */
    function start(id: string): { child: ChildProcess; said: string[] } {
      const said: string[] = [];
      bus.subscribe(subjects.node(id), ({ data }) => said.push(Buffer.from(data).toString()));
      const child = spawn(process.execPath, [MEMBER, server.url, id], { stdio: ['ignore', 'ignore', 'inherit'] });
      children.push(child);
      return { child, said };
    }

    it('members come, go, and die', async () => {
      const a = await join('a');
      const { child: b } = start('b');
      const { child: c } = start('c');
      await until('three are in', () => idsOf(a) === 'a b c' && idsOf(observer) === 'a b c');
      b.kill('SIGTERM');
      await until('one has left', () => idsOf(observer) === 'a c');
      c.kill('SIGKILL');
      await until('one is dead', () => idsOf(observer) === 'a');
      await until('the living acts', () => a.mayAct());
    });

    it('a stopped process does nothing under its old name when it runs again', async () => {
      const a = await join('a');
      const { child, said } = start('b');
      await until('it acts', () => said.length > 3);
      const old = said[0];
      child.kill('SIGSTOP');
      await until('it is out', () => idsOf(a) === 'a');
      await bus.flush();
      const before = said.length;
      child.kill('SIGCONT');
      await until('it acts again', () => said.length > before + 3);
      assert.ok(said.slice(before).every((incarnation) => incarnation !== old));
      await until('it is in', () => a.isCurrent('b', said.at(-1) ?? ''));
      assert.ok(!a.isCurrent('b', old ?? ''));
    });

    it('a server that was away: nobody acts meanwhile, then all are in', async () => {
      const members = [await join('a'), await join('b')];
      const incarnations = members.map(({ incarnation }) => incarnation);
      let lost = 0;
      for (const member of members) member.onLost(() => lost++);
      await server.kill();
      await until('nobody acts', () => members.every((member) => !member.mayAct()));
      await server.restart();
      await until('all act', () => members.every((member) => member.mayAct()));
      await until('all see all', () => members.every((member) => idsOf(member) === 'a b'));
      await until('observers too', () => members.every(({ id, incarnation }) => observer.isCurrent(id, incarnation)));
      assert.ok(lost >= 2);
      assert.ok(members.every(({ incarnation }, i) => incarnation !== incarnations[i]));
    });
  });
}
