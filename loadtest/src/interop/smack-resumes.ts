import { Scene, survivesItsEdge } from '@starling/testkit';
import { keepLogs, withWorld } from '../own-world.ts';
import { trust } from './java.ts';

/**
 * Smack in a JVM of its own loses its edge, one of three, by kill -9, and resumes by its own code. Prints what came of it; resolves with
 * whether all held that the scenario of the other clients holds.
 */
export function resumeWithSmack(classPath: string): Promise<boolean> {
  console.log('Smack loses its edge by kill -9 …');
  return withWorld({ edges: 3 }, async (world) => {
    const scene = new Scene(world, 'tcp');
    const args = [...trust(world.ready.dataDir), '-cp', classPath, 'starling.interop.Driver'];
    try {
      await survivesItsEdge(scene, { name: 'smack', command: 'java', args }, { resends: true });
      scene.check();
      console.log('resumed on another edge: nothing lost, nothing twice, in order, no new login, never seen to leave');
      return true;
    } catch (error) {
      // Policy: the run goes on to its end, with the reason and the logs.
      console.error(error);
      console.log(`logs of the servers: ${keepLogs(world, 'interop-smack/resume')}`);
      return false;
    } finally {
      await scene.end();
    }
  });
}
