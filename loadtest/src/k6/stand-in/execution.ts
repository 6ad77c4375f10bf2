// k6/execution, as far as the scripts of loadtest/k6 use it.
import { type Now, running } from './registry.ts';

const now = (): Now => running.getStore() ?? { vu: 0, startTime: 0 };

const execution = {
  scenario: {
    get startTime(): number {
      return now().startTime;
    },
  },
  vu: {
    get idInTest(): number {
      return now().vu;
    },
  },
};

export { execution as default };
