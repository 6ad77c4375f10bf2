package starling.interop;

import java.time.Duration;

import org.igniterealtime.smack.inttest.SmackIntegrationTestFramework;

/** Interrupts the run when the same test is under execution for too long; Smack's framework has no limit of its own. */
final class Watchdog {

    private static final Duration POLL = Duration.ofSeconds(1);

    private final Thread watched;
    private final Duration testMax;

    Watchdog(Thread watched, Duration testMax) {
        this.watched = watched;
        this.testMax = testMax;
    }

    /** Until it is closed. */
    Watch watch() {
        Thread thread = new Thread(this::poll, "watchdog");
        thread.setDaemon(true);
        thread.start();
        return thread::interrupt;
    }

    @FunctionalInterface
    interface Watch extends AutoCloseable {
        @Override
        void close();
    }

    private void poll() {
        Object last = null;
        long sinceNs = System.nanoTime();
        try {
            while (true) {
                Thread.sleep(POLL.toMillis());
                Object now = SmackIntegrationTestFramework.getTestUnderExecution();
                if (now != last)
                    sinceNs = System.nanoTime();
                last = now;
                if (now == null || System.nanoTime() - sinceNs < testMax.toNanos())
                    continue;
                watched.interrupt();
                return;
            }
        } catch (InterruptedException ended) {
            // Policy: the run is over.
        }
    }
}
