package starling.interop;

import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

import org.igniterealtime.smack.inttest.SmackIntegrationTestFramework;
import org.igniterealtime.smack.inttest.SmackIntegrationTestFramework.ConcreteTest;

/** Which test was run last. Smack forgets it before an exception that ends the run gets out; but it logs the start of each test. */
final class LastTest extends Handler {

    private final Logger logger = Logger.getLogger(SmackIntegrationTestFramework.class.getName());
    private volatile ConcreteTest test;

    LastTest() {
        logger.addHandler(this);
    }

    ConcreteTest get() {
        return test;
    }

    void forget() {
        test = null;
    }

    @Override
    public void publish(LogRecord record) {
        ConcreteTest now = SmackIntegrationTestFramework.getTestUnderExecution();
        if (now != null)
            test = now;
    }

    @Override
    public void flush() {
    }

    @Override
    public void close() {
        logger.removeHandler(this);
    }
}
