import { type Bus, gatherReports } from '@starling/bus';
import { subjects } from '@starling/contracts';
import { systemOnBus } from '../system.ts';
import { answerForNobody } from '../watch/answer-for-nobody.ts';
import { watchedEvent } from '../watch/watched-event.ts';
import type { Operations } from './operations.ts';

/** Of the processes on this bus, for whoever may do on it what the role `operator` may. */
export function operationsOnBus(bus: Bus, domain: string, streams: number): Operations {
  const { call } = systemOnBus(bus, domain, streams);
  return {
    ...{ domain, call },
    reports: (waitMs) => gatherReports(bus, waitMs),
    async watch(user, onEvent, signal) {
      const subscription = bus.subscribe(subjects.user(user), (delivery) => {
        onEvent(watchedEvent(delivery, Date.now()));
        answerForNobody(bus, delivery);
      });
      await bus.flush();
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      subscription.unsubscribe();
    },
  };
}
