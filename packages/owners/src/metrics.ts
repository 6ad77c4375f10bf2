import { counter, gauge, type MetricsOf, metricsSpec } from '@starling/runtime';

export const ownersMetrics = metricsSpec({
  epoch: gauge('starling_owners_epoch', 'Epoch of the membership document as this process knows it', ['group']),
  members: gauge('starling_owners_members', 'Members of the group as this process knows them', ['group']),
  fenced: gauge('starling_owners_fenced', 'Whether this member may not act now', ['group']),
  evictions: counter('starling_owners_evictions_total', 'Silent members that this process has removed', ['group']),
  losses: counter('starling_owners_losses_total', 'Times that this member found itself out', ['group', 'reason']),
  conflicts: counter('starling_owners_conflicts_total', 'Changes tried again because somebody else was first', [
    'group',
  ]),
});

export type OwnersMetrics = MetricsOf<typeof ownersMetrics>;

/**
 * Label `reason` of `losses`: it could not be heard for too long (paused, cut off), it is not in the document any more, or another process
 * has its id.
 */
export type LossReason = 'silent' | 'evicted' | 'replaced';
