package starling.interop;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** As much of JSON as goes over these lines. */
final class Json {

    private static final Pattern FIELD = Pattern.compile("\"(\\w+)\":(?:\"((?:[^\"\\\\]|\\\\.)*)\"|(\\w+))");
    private static final Pattern ESCAPE = Pattern.compile("\\\\(?:u([0-9a-fA-F]{4})|(.))");

    private Json() {
    }

    /** Strings, numbers and booleans of an object and of those in it, by name; without arrays, as text. */
    static Map<String, String> fields(String line) {
        Map<String, String> fields = new HashMap<>();
        Matcher matcher = FIELD.matcher(line);
        while (matcher.find())
            fields.put(matcher.group(1), matcher.group(2) == null ? matcher.group(3) : unescape(matcher.group(2)));
        return fields;
    }

    static String quote(String text) {
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

    private static String unescape(String text) {
        return ESCAPE.matcher(text).replaceAll(escape -> Matcher.quoteReplacement(
                escape.group(1) == null ? charOf(escape.group(2)) : String.valueOf((char) Integer.parseInt(escape.group(1), 16))));
    }

    private static String charOf(String letter) {
        switch (letter) {
            case "n":
                return "\n";
            case "r":
                return "\r";
            case "t":
                return "\t";
            case "b":
                return "\b";
            case "f":
                return "\f";
            default:
                return letter;
        }
    }
}
