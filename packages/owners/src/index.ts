export { type Clock, systemClock } from './clock.ts';
export { type OwnersConfig, ownersConfig } from './config.ts';
export type { GroupView, GroupWatch, Member, Membership } from './group.ts';
export { joinGroup } from './join-group.ts';
export { type OwnersMetrics, ownersMetrics } from './metrics.ts';
export type { GroupOptions, JoinOptions, WatchOptions } from './options.ts';
export { OwnerMap } from './owner-map.ts';
export { ownerOf } from './owner-of.ts';
export { watchGroup } from './watch-group.ts';
