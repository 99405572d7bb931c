import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

/**
 * A TLS server of Java's own: it serves one page, or stands before a server without TLS.
 *
 * Arguments: HOST:PORT to listen at, certificate (DER), RSA key (PKCS#8 DER), protocols, suites, and
 * "page" or the port of the server behind it on loopback. Prints "ACCEPT HOST:PORT".
 */
public class Jsse {
    public static void main(String[] args) throws Exception {
        // What Java no longer speaks unless it is made to.
        Security.setProperty("jdk.tls.disabledAlgorithms", "");
        Security.setProperty("jdk.tls.legacyAlgorithms", "");
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys(args[1], args[2]).getKeyManagers(), null, null);
        String[] end = args[0].split(":");
        SSLServerSocket server = (SSLServerSocket) context.getServerSocketFactory().createServerSocket();
        server.bind(new InetSocketAddress(end[0], Integer.parseInt(end[1])));
        server.setEnabledProtocols(args[3].split(","));
        server.setEnabledCipherSuites(args[4].split(","));
        System.out.println("ACCEPT " + end[0] + ":" + server.getLocalPort());
        while (true) {
            SSLSocket client = (SSLSocket) server.accept();
            new Thread(() -> serve(client, args[5])).start();
        }
    }

    private static KeyManagerFactory keys(String certificate, String key) throws Exception {
        Certificate shown;
        try (InputStream file = new FileInputStream(certificate)) {
            shown = CertificateFactory.getInstance("X.509").generateCertificate(file);
        }
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(Files.readAllBytes(Path.of(key)));
        char[] password = "in memory alone".toCharArray();
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        Certificate[] chain = {shown};
        store.setKeyEntry("server", KeyFactory.getInstance("RSA").generatePrivate(spec), password, chain);
        KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
        factory.init(store, password);
        return factory;
    }

    private static void serve(SSLSocket client, String behind) {
        try (client) {
            client.startHandshake();
            if (behind.equals("page")) {
                page(client);
            } else {
                relay(client, Integer.parseInt(behind));
            }
        } catch (IOException refused) {
            System.err.println(refused);
        }
    }

    private static void page(SSLSocket client) throws IOException {
        InputStream request = client.getInputStream();
        for (String last = ""; !last.equals("\r\n\r\n"); ) {
            int next = request.read();
            if (next < 0) {
                return;
            }
            last = (last + (char) next).substring(Math.max(0, last.length() - 3));
        }
        String spoken = client.getSession().getProtocol() + " " + client.getSession().getCipherSuite();
        client.getOutputStream().write(("HTTP/1.0 200 OK\r\n\r\n" + spoken + "\n").getBytes());
    }

    private static void relay(SSLSocket client, int port) throws IOException {
        try (Socket server = new Socket(InetAddress.getLoopbackAddress(), port)) {
            Thread up = new Thread(() -> {
                try {
                    client.getInputStream().transferTo(server.getOutputStream());
                    server.shutdownOutput();
                } catch (IOException gone) {
                    System.err.println(gone);
                }
            });
            up.start();
            server.getInputStream().transferTo(client.getOutputStream());
        }
    }
}
