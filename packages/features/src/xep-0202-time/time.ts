// Source: XEP-0202 2.0 — Entity Time
import { defineFeature } from '@starling/feature-api';
import { configSpec } from '@starling/runtime';
import { el } from '@starling/stanza';
import type { Element } from '@starling/xml';

export const NS = { time: 'urn:xmpp:time' } as const;

/** The answer for one moment: UTC as XEP-0082 §3.2 writes it. A server has no time zone of its own, so its offset is zero. */
export function timeElement(now: Date): Element {
  return el('time', NS.time, {}, el('tzo', NS.time, {}, '+00:00'), el('utc', NS.time, {}, now.toISOString()));
}

export default defineFeature({
  name: 'time',
  xep: { number: 202, version: '2.0', status: 'complete', since: '0.1.0' },
  runsOn: ['edge'],
  disco: { server: [NS.time] },
  config: configSpec({}),
  setup({ iq }) {
    iq.get(NS.time, 'time', ['server'], () => timeElement(new Date()));
  },
});
