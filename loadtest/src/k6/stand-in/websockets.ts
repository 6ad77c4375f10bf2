// k6/websockets: the same interface as that of browsers, and of `ws`.
export { WebSocket } from 'ws';
