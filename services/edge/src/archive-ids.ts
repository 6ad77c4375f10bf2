import { ARCHIVE_ID_SECRET_CHARACTERS_MIN, ArchiveIds } from '@starling/contracts';
import { ConfigError } from '@starling/runtime';
import { type EdgeConfig, edgeConfig } from './config.ts';

/** @throws ConfigError when there is no secret, or one that can be tried out: ids of a secret that is made up now would be void at the next start */
export function archiveIdsOf({ archiveIdSecret }: EdgeConfig): ArchiveIds {
  const { env } = edgeConfig.fields.archiveIdSecret;
  if (archiveIdSecret.isEmpty) throw new ConfigError([`${env} is not set: all edges of a cluster need the same one`]);
  const secret = archiveIdSecret.reveal();
  if (secret.length < ARCHIVE_ID_SECRET_CHARACTERS_MIN)
    throw new ConfigError([`${env} is shorter than ${ARCHIVE_ID_SECRET_CHARACTERS_MIN} characters`]);
  return new ArchiveIds(secret);
}
