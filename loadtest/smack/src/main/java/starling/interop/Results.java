package starling.interop;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import org.igniterealtime.smack.inttest.FailedTest;
import org.igniterealtime.smack.inttest.SmackIntegrationTestFramework.ConcreteTest;
import org.igniterealtime.smack.inttest.SmackIntegrationTestFramework.TestRunResult;
import org.igniterealtime.smack.inttest.SuccessfulTest;
import org.igniterealtime.smack.inttest.TestNotPossible;
import org.igniterealtime.smack.inttest.annotations.SmackIntegrationTest;

/** What came of each test: a JSON object a line, with test, connection, outcome, reason and milliseconds. */
final class Results {

    private final List<String> lines = new ArrayList<>();
    private final Set<String> classes = new TreeSet<>();
    private final Set<String> tests = new TreeSet<>();
    private final Set<Class<?>> aborting = new HashSet<>();

    /** The simple names of all classes of which something is known. */
    Set<String> classes() {
        return Collections.unmodifiableSet(classes);
    }

    /**
     * The test by which a run has ended, and those of its class that were not run.
     *
     * @return whether another run, without that class, would get further
     */
    boolean addAborted(ConcreteTest test, Throwable cause) {
        if (test == null) {
            lines.add(line("", "", "aborted", reasonOf(cause), 0));
            return false;
        }
        Class<?> testClass = test.getMethod().getDeclaringClass();
        lines.add(line(nameOf(test), connectionOf(test), "aborted", reasonOf(cause), 0));
        for (Method method : testClass.getMethods()) {
            String name = testClass.getSimpleName() + "." + method.getName();
            if (method.isAnnotationPresent(SmackIntegrationTest.class) && !tests.contains(name))
                lines.add(line(name, "", "aborted", "not run: " + nameOf(test) + " has ended the run", 0));
        }
        return aborting.add(testClass);
    }

    void add(TestRunResult result) {
        for (SuccessfulTest test : result.getSuccessfulTests())
            lines.add(line(nameOf(test.concreteTest), connectionOf(test.concreteTest), "passed", "", test.duration));
        for (FailedTest test : result.getFailedTests())
            lines.add(line(nameOf(test.concreteTest), connectionOf(test.concreteTest), "failed", reasonOf(test.failureReason), test.duration));
        for (TestNotPossible test : result.getNotPossibleTests())
            lines.add(line(nameOf(test.concreteTest), connectionOf(test.concreteTest), "impossible",
                    test.testNotPossibleException.getMessage(), test.duration));
        for (Map.Entry<? extends Class<?>, Throwable> entry : result.getImpossibleTestClasses().entrySet())
            lines.add(line(note(entry.getKey()), "", "impossible", reasonOf(entry.getValue()), 0));
    }

    void write(Path file) throws IOException {
        Files.write(file, lines);
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

    private static String line(String test, String connection, String outcome, String reason, long ms) {
        return "{\"test\":" + quote(test) + ",\"connection\":" + quote(connection) + ",\"outcome\":" + quote(outcome) + ",\"reason\":"
                + quote(reason == null ? "" : reason) + ",\"ms\":" + ms + "}";
    }

    private static String quote(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\')
                quoted.append('\\').append(c);
            else if (c < ' ')
                quoted.append(String.format("\\u%04x", (int) c));
            else
                quoted.append(c);
        }
        return quoted.append('"').toString();
    }
}
