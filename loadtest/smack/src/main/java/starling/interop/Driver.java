package starling.interop;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;

import org.jivesoftware.smack.ConnectionConfiguration.SecurityMode;
import org.jivesoftware.smack.ConnectionListener;
import org.jivesoftware.smack.ReconnectionManager;
import org.jivesoftware.smack.XMPPConnection;
import org.jivesoftware.smack.filter.StanzaTypeFilter;
import org.jivesoftware.smack.packet.Message;
import org.jivesoftware.smack.packet.MessageBuilder;
import org.jivesoftware.smack.packet.Presence;
import org.jivesoftware.smack.packet.PresenceBuilder;
import org.jivesoftware.smack.packet.Stanza;
import org.jivesoftware.smack.roster.Roster;
import org.jivesoftware.smack.tcp.XMPPTCPConnection;
import org.jivesoftware.smack.tcp.XMPPTCPConnectionConfiguration;
import org.jxmpp.jid.EntityFullJid;
import org.jxmpp.jid.Jid;
import org.jxmpp.jid.impl.JidCreate;

/**
 * Smack as its documentation shows it, behind the commands and events of packages/testkit/src/drivers/protocol.ts: those that the loss of an
 * edge needs. It reconnects by its ReconnectionManager and resumes by its stream management.
 */
public final class Driver {

    /** Its own default is chosen by chance, up to a quarter of a minute. */
    private static final int RECONNECT_SECONDS = 1;

    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    private XMPPTCPConnection connection;
    private volatile boolean isOnline;

    public static void main(String[] args) throws Exception {
        Driver driver = new Driver();
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try {
            for (String line = commands.readLine(); line != null; line = commands.readLine()) {
                Map<String, String> command = Json.fields(line);
                if (command.get("do").equals("close"))
                    break;
                driver.obey(command);
            }
            driver.close();
        } catch (Exception cause) {
            // Policy: whoever started the driver decides; it cannot go on.
            tell("error", "text", cause.toString());
        }
        // Smack's threads are no daemons.
        System.exit(0);
    }

    private void obey(Map<String, String> command) throws Exception {
        switch (command.get("do")) {
            case "connect":
                connect(command);
                break;
            case "send":
                connection.sendStanza(MessageBuilder.buildMessage(command.get("id"))
                        .to(command.get("to"))
                        .ofType(Message.Type.fromString(command.get("type")))
                        .setBody(command.get("body"))
                        .build());
                tell("sent");
                break;
            case "subscription":
                connection.sendStanza(presence(Presence.Type.fromString(command.get("type")))
                        .to(JidCreate.bareFrom(command.get("to")))
                        .build());
                break;
            case "presence":
                connection.sendStanza(presence(Presence.Type.available).setMode(modeOf(command.get("show"))).build());
                break;
            default:
                throw new IllegalArgumentException("not among the commands of this driver: " + command.get("do"));
        }
    }

    private void connect(Map<String, String> command) throws Exception {
        EntityFullJid jid = JidCreate.entityFullFrom(command.get("jid"));
        connection = new XMPPTCPConnection(XMPPTCPConnectionConfiguration.builder()
                .setXmppDomain(jid.asDomainBareJid())
                .setUsernameAndPassword(jid.getLocalpart(), command.get("password"))
                .setResource(jid.getResourcepart())
                .setHostAddress(InetAddress.getByName(command.get("host")))
                .setPort(Integer.parseInt(command.get("port")))
                .setSecurityMode(SecurityMode.required)
                .build());
        connection.setUseStreamManagement(true);
        connection.setUseStreamManagementResumption(true);
        connection.addConnectionListener(new ConnectionListener() {
            @Override
            public void authenticated(XMPPConnection same, boolean resumed) {
                if (resumed)
                    tell("resumed");
                else if (isOnline)
                    tellOnline(); // it could not resume, and has a new session
            }
        });
        connection.addStanzaAcknowledgedListener(stanza -> {
            if (stanza instanceof Message)
                tell("acknowledged");
        });
        connection.addSyncStanzaListener(stanza -> tellMessage((Message) stanza), StanzaTypeFilter.MESSAGE);
        connection.addSyncStanzaListener(stanza -> tellPresence((Presence) stanza), StanzaTypeFilter.PRESENCE);
        // It would answer requests for a subscription by itself.
        Roster.getInstanceFor(connection).setSubscriptionMode(Roster.SubscriptionMode.manual);
        if (Boolean.parseBoolean(command.get("resumes")))
            reconnect();
        connection.connect().login();
        isOnline = true;
        tellOnline();
    }

    private void reconnect() {
        ReconnectionManager manager = ReconnectionManager.getInstanceFor(connection);
        manager.setFixedDelay(RECONNECT_SECONDS);
        manager.enableAutomaticReconnection();
    }

    private void tellOnline() {
        tell("online", "jid", connection.getUser().toString());
    }

    private void close() {
        if (connection == null)
            return;
        ReconnectionManager.getInstanceFor(connection).disableAutomaticReconnection();
        connection.disconnect();
    }

    private PresenceBuilder presence(Presence.Type type) {
        return connection.getStanzaFactory().buildPresenceStanza().ofType(type);
    }

    private static Presence.Mode modeOf(String show) {
        return show.equals("online") ? Presence.Mode.available : Presence.Mode.fromString(show);
    }

    private static void tellMessage(Message message) {
        tellOf("message", message, "type", message.getType().toString(), "body", message.getBody(), "id", message.getStanzaId());
    }

    private static void tellPresence(Presence presence) {
        String type = presence.getType() == Presence.Type.available ? "" : presence.getType().toString();
        String show = presence.getMode() == Presence.Mode.available ? "" : presence.getMode().toString();
        tellOf("presence", presence, "type", type, "show", show, "status", presence.getStatus());
    }

    /** With what was sent as an object of the event's own name. */
    private static void tellOf(String event, Stanza stanza, String... fields) {
        write("{\"event\":" + Json.quote(event) + "," + Json.quote(event) + ":{\"from\":" + Json.quote(textOf(stanza.getFrom()))
                + ",\"to\":" + Json.quote(textOf(stanza.getTo())) + members(fields) + "}}");
    }

    private static void tell(String event, String... fields) {
        write("{\"event\":" + Json.quote(event) + members(fields) + "}");
    }

    private static String members(String... fields) {
        StringBuilder members = new StringBuilder();
        for (int i = 0; i < fields.length; i += 2)
            members.append(',').append(Json.quote(fields[i])).append(':').append(Json.quote(fields[i + 1] == null ? "" : fields[i + 1]));
        return members.toString();
    }

    private static String textOf(Jid jid) {
        return jid == null ? "" : jid.toString();
    }

    private static synchronized void write(String line) {
        OUT.println(line);
    }
}
