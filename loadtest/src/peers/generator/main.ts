// The load generator, a process of its own so that it can have a core of its own. Started by ../run-generator.ts with one GeneratorOrder as
// JSON; prints GeneratorLines, one JSON object a line, and ends with 0 when all was measured.
import { chat } from './chat.ts';
import { idle } from './idle.ts';
import { login } from './login.ts';
import type { GeneratorLine, GeneratorOrder } from './orders.ts';
import { presence } from './presence.ts';

const print = (line: GeneratorLine) => console.log(JSON.stringify(line));

const { target, order, watch } = JSON.parse(process.argv[2] ?? '') as GeneratorOrder;
if (order.work === 'chat') await chat(target, order, watch, print);
else if (order.work === 'presence') await presence(target, order, watch, print);
else if (order.work === 'login') await login(target, order, watch, print);
else await idle(target, order, watch, print);
