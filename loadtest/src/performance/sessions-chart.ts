import { numberText } from '../peers/report.ts';
import {
  messageFiguresOf,
  PARTS,
  type PartName,
  type Parts,
  type SessionFigures,
  sessionFiguresOf,
  totalOf,
} from '../sessions/sessions-figures.ts';
import type { SessionsResult } from '../sessions/sessions-result.ts';
import { type Bar, barPanels, type Panel } from './bar-panels.ts';

const COLORS: Readonly<Record<PartName, string>> = {
  edge: '#0969da',
  presence: '#8250df',
  nats: '#1a7f37',
  others: '#afb8c1',
};
const LABELS: Readonly<Record<PartName, string>> = {
  edge: 'edges',
  presence: 'presence',
  nats: 'NATS',
  others: 'others',
};

/** What a session costs against how many there are, and a message against edges: flat, or not. Pure. */
export function sessionsChart(result: SessionsResult): string {
  const sessions = sessionFiguresOf(result);
  const messages = messageFiguresOf(result);
  const loads = [...new Set(messages.map(({ load }) => load))];
  const against = (title: string, bar: (figures: SessionFigures) => Omit<Bar, 'label'>): Panel => ({
    title,
    bars: sessions.map((figures) => ({ label: `${figures.sessions} sessions`, ...bar(figures) })),
  });
  const panels: readonly Panel[] = [
    against('memory of a session', ({ kib }) => divided(kib, 'KiB')),
    against('CPU of an idle session, a second', ({ idleUs }) => divided(idleUs, 'µs')),
    against('CPU of a login', ({ loginUs }) => divided(loginUs, 'µs')),
    against('a pair that talks meanwhile, p99', ({ pairP99Ms }) => ({
      text: `${numberText(pairP99Ms)} ms`,
      segments: [{ value: pairP99Ms, color: COLORS.others }],
    })),
    ...loads.map((load) => ({
      title: `CPU of a message, ${load === 'max' ? 'as many as go' : `${load} a second`}`,
      bars: messages
        .filter((figures) => figures.load === load)
        .map(({ edges, us }) => ({ label: edges === 1 ? '1 edge' : `${edges} edges`, ...divided(us, 'µs') })),
    })),
  ];
  return barPanels({
    title: 'What a session costs against sessions, and a message against edges',
    panels: panels.filter(({ bars }) => bars.length > 0),
    legend: PARTS.map((part) => ({ label: LABELS[part], color: COLORS[part] })),
  });
}

/** A part that has become less than it was in the empty system is none. */
const divided = (parts: Parts, unit: string): Omit<Bar, 'label'> => ({
  text: `${numberText(totalOf(parts))} ${unit}`,
  segments: PARTS.map((part) => ({ value: Math.max(0, parts[part]), color: COLORS[part] })),
});
