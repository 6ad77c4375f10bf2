package starling.interop;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

import org.igniterealtime.smack.inttest.FailedTest;
import org.igniterealtime.smack.inttest.SmackIntegrationTestFramework.ConcreteTest;
import org.igniterealtime.smack.inttest.SmackIntegrationTestFramework.TestRunResult;
import org.igniterealtime.smack.inttest.SuccessfulTest;
import org.igniterealtime.smack.inttest.TestNotPossible;
import org.igniterealtime.smack.inttest.annotations.SmackIntegrationTest;
import org.jivesoftware.smack.SmackException.NoResponseException;

/** What came of each test: a JSON object a line, with test, connection, outcome, reason and milliseconds. */
final class Results {

    /** How often a class may end a run because the server did not answer. */
    private static final int TRIES = 3;
    /** In place of the connection. */
    private static final String NOT_RUN = "not run";

    /** Test and connection → line: of a test that was run again, the last result counts. */
    private final Map<String, String> lines = new TreeMap<>();
    private final Set<String> classes = new TreeSet<>();
    private final Set<String> tests = new TreeSet<>();
    private final Map<String, Integer> aborts = new TreeMap<>();
    private final Set<String> again = new TreeSet<>();

    /** The simple names of all classes that are done. */
    Set<String> done() {
        Set<String> done = new TreeSet<>(classes);
        done.removeAll(again);
        return done;
    }

    /**
     * The test by which a run has ended, and those of its class that were not run. When it was for want of an answer while Smack
     * prepared its connections, the class is run again: under load, its newer transport may forget to begin the handshake of TLS
     * (the thread that has read &lt;proceed/&gt; sets the selector's interest to reading, behind the one that has set it to writing).
     *
     * @return whether another run would get further
     */
    boolean addAborted(ConcreteTest test, Throwable cause) {
        if (test == null) {
            put("", "", "aborted", reasonOf(cause), 0);
            return false;
        }
        Class<?> testClass = test.getMethod().getDeclaringClass();
        String className = testClass.getSimpleName();
        put(nameOf(test), connectionOf(test), "aborted", reasonOf(cause), 0);
        for (Method method : testClass.getMethods()) {
            String name = className + "." + method.getName();
            if (method.isAnnotationPresent(SmackIntegrationTest.class) && !tests.contains(name))
                put(name, NOT_RUN, "aborted", "not run: " + nameOf(test) + " has ended the run", 0);
        }
        int count = aborts.merge(className, 1, Integer::sum);
        if (cause instanceof NoResponseException && count < TRIES)
            again.add(className);
        else
            again.remove(className);
        return count == 1 || cause instanceof NoResponseException && count <= TRIES;
    }

    void add(TestRunResult result) {
        for (SuccessfulTest test : result.getSuccessfulTests())
            put(nameOf(test.concreteTest), connectionOf(test.concreteTest), "passed", "", test.duration);
        for (FailedTest test : result.getFailedTests())
            put(nameOf(test.concreteTest), connectionOf(test.concreteTest), "failed", reasonOf(test.failureReason), test.duration);
        for (TestNotPossible test : result.getNotPossibleTests())
            put(nameOf(test.concreteTest), connectionOf(test.concreteTest), "impossible",
                    test.testNotPossibleException.getMessage(), test.duration);
        for (Map.Entry<? extends Class<?>, Throwable> entry : result.getImpossibleTestClasses().entrySet())
            put(note(entry.getKey()), "", "impossible", reasonOf(entry.getValue()), 0);
    }

    void write(Path file) throws IOException {
        Files.write(file, lines.values());
    }

    private String nameOf(ConcreteTest test) {
        String name = note(test.getMethod().getDeclaringClass()) + "." + test.getMethod().getName();
        tests.add(name);
        return name;
    }

    private String note(Class<?> testClass) {
        classes.add(testClass.getSimpleName());
        return testClass.getSimpleName();
    }

    /** Only a low-level test makes its own connections, and is run once with each kind of them. */
    private static String connectionOf(ConcreteTest test) {
        return String.join(" ", test.getSubdescriptons());
    }

    private static String reasonOf(Throwable cause) {
        Throwable told = cause instanceof InvocationTargetException && cause.getCause() != null ? cause.getCause() : cause;
        return told.toString();
    }

    private void put(String test, String connection, String outcome, String reason, long ms) {
        // It has been run after all, and may have been with several connections.
        lines.remove(test + " " + NOT_RUN);
        lines.put(test + " " + connection, line(test, connection, outcome, reason, ms));
    }

    private static String line(String test, String connection, String outcome, String reason, long ms) {
        return "{\"test\":" + Json.quote(test) + ",\"connection\":" + Json.quote(connection) + ",\"outcome\":" + Json.quote(outcome) + ",\"reason\":"
                + Json.quote(reason == null ? "" : reason) + ",\"ms\":" + ms + "}";
    }
}
