// Source: XEP-0352 1.0.0 — Client State Indication
import { defineFeature } from '@starling/feature-api';
import { choice, configSpec } from '@starling/runtime';
import { el } from '@starling/stanza';
import { NS } from './importance.ts';

export const csiConfig = configSpec({
  csi: choice(
    'STARLING_CSI',
    ['on', 'off'],
    'on',
    'whether clients that say that nobody looks at them (XEP-0352) get presence together with what matters, and no chat states',
  ),
});

/** What it says of itself; what an inactive client gets is decided where stanzas leave (services/edge/src/csi). */
export default defineFeature({
  name: 'csi',
  xep: { number: 352, version: '1.0.0', status: 'complete', since: '0.2.0' },
  runsOn: ['edge'],
  disco: {},
  config: csiConfig,
  setup({ streamFeature, config }) {
    if (config.csi === 'on') streamFeature('after-auth', el('csi', NS.csi));
  },
});
