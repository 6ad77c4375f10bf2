package starling.interop;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;

import org.igniterealtime.smack.inttest.Configuration;
import org.igniterealtime.smack.inttest.SmackIntegrationTestFramework;

/**
 * Runs Smack's integration tests as Smack's own main does. What that lacks: a port other than 5222, a WebSocket that is not looked up
 * on port 80 (Connections), results that a program can read (Results), and an end when a test hangs (Watchdog) or ends the whole run by
 * an exception. Everything else is said by Smack's properties, sinttest.*.
 */
public final class Run {

    /** Each run but the last leaves a class behind, or tries it again. */
    private static final int RUNS_MAX = 30;
    /** What Smack throws when all that is enabled has been disabled since. */
    private static final String NOTHING_SELECTED = "No integration tests selected.";
    private static final String DISABLED = "sinttest.disabledTests";

    private final Results results = new Results();
    private final LastTest last = new LastTest();
    private final Watchdog watchdog;

    private Run(Duration testMax) {
        watchdog = new Watchdog(Thread.currentThread(), testMax);
    }

    public static void main(String[] args) throws Exception {
        Connections.describe(Integer.getInteger("starling.port"), new URI(System.getProperty("starling.websocket")));
        Run run = new Run(Duration.ofSeconds(Integer.getInteger("starling.testSecondsMax")));
        run.all();
        run.results.write(Path.of(System.getProperty("starling.results")));
        // Smack's threads are no daemons.
        System.exit(0);
    }

    /** A class whose test ends the run loses its other tests, or is run again; the other classes are run by the next run. */
    private void all() throws Exception {
        for (int i = 0; i < RUNS_MAX && !once(); i++)
            System.setProperty(DISABLED, String.join(",", results.done()));
    }

    /** @return whether there is nothing left to run */
    private boolean once() throws Exception {
        Tests tests = new Tests(Configuration.newConfiguration(new String[0]));
        last.forget();
        try (Watchdog.Watch watch = watchdog.watch()) {
            tests.run();
            results.add(tests.result());
            return true;
        } catch (Throwable cause) {
            // Policy: the test that has ended the run is told with its reason, and the next run does without its class.
            results.add(tests.result());
            Thread.interrupted();
            boolean isNothingLeft = !results.done().isEmpty() && NOTHING_SELECTED.equals(cause.getMessage());
            return isNothingLeft || !results.addAborted(last.get(), cause);
        }
    }

    /** The framework, whose results can be had also when its run has been ended. */
    private static final class Tests extends SmackIntegrationTestFramework {
        Tests(Configuration configuration) {
            super(configuration);
        }

        TestRunResult result() {
            return testRunResult;
        }
    }
}
