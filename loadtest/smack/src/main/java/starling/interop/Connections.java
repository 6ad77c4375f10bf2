package starling.interop;

import java.net.URI;

import org.igniterealtime.smack.inttest.XmppConnectionDescriptor;
import org.igniterealtime.smack.inttest.XmppConnectionManager;
import org.jivesoftware.smack.c2s.ModularXmppClientToServerConnection;
import org.jivesoftware.smack.c2s.ModularXmppClientToServerConnectionConfiguration;
import org.jivesoftware.smack.compression.CompressionModuleDescriptor;
import org.jivesoftware.smack.tcp.XMPPTCPConnection;
import org.jivesoftware.smack.tcp.XMPPTCPConnectionConfiguration;
import org.jivesoftware.smack.websocket.XmppWebSocketTransportModuleDescriptor;
import org.jivesoftware.smack.websocket.impl.WebSocketFactory;
import org.jivesoftware.smack.websocket.java11.Java11WebSocketFactory;
import org.jivesoftware.smack.websocket.okhttp.OkHttpWebSocketFactory;

/** The five ways to connect that Smack's manager knows, by the same names, to one port and one WebSocket. */
final class Connections {

    private Connections() {
    }

    static void describe(int port, URI webSocket) throws ReflectiveOperationException {
        XmppConnectionManager.addConnectionDescriptor(XmppConnectionDescriptor
                .buildWith(XMPPTCPConnection.class, XMPPTCPConnectionConfiguration.class, XMPPTCPConnectionConfiguration.Builder.class)
                .withNickname("tcp")
                .applyExtraConfiguration(builder -> builder.setPort(port))
                .build());
        XmppConnectionManager.addConnectionDescriptor(modular()
                .withNickname("modular")
                .applyExtraConfiguration(builder -> builder.setPort(port))
                .build());
        XmppConnectionManager.addConnectionDescriptor(modular()
                .withNickname("modular-nocompress")
                .applyExtraConfiguration(builder -> builder.setPort(port).removeModule(CompressionModuleDescriptor.class))
                .build());
        describeWebSocket("modular-websocket-okhttp", new OkHttpWebSocketFactory(), webSocket);
        describeWebSocket("modular-websocket-java11", new Java11WebSocketFactory(), webSocket);
    }

    private static XmppConnectionDescriptor.Builder<ModularXmppClientToServerConnection, ModularXmppClientToServerConnectionConfiguration, ModularXmppClientToServerConnectionConfiguration.Builder> modular() {
        return XmppConnectionDescriptor.buildWith(ModularXmppClientToServerConnection.class,
                ModularXmppClientToServerConnectionConfiguration.class, ModularXmppClientToServerConnectionConfiguration.Builder.class);
    }

    private static void describeWebSocket(String nickname, WebSocketFactory factory, URI endpoint) throws ReflectiveOperationException {
        XmppConnectionManager.addConnectionDescriptor(modular().withNickname(nickname).applyExtraConfiguration(builder -> {
            builder.removeAllModules();
            builder.addModule(XmppWebSocketTransportModuleDescriptor.getBuilder(builder)
                    .setWebSocketFactory(factory)
                    .explicitlySetWebSocketEndpointAndDiscovery(endpoint, false)
                    .disableImplicitWebsocketEndpoint()
                    .build());
        }).build());
    }
}
