// Presses Directories: opens a phone service's URL as the phone's Java applications do. They have
// no TLS and no trust of their own: secd connects, judges the server, hands over the plaintext.
//
// Usage: java Directories.java SOCKET https://HOST[:PORT]/PATH      (JDK 17, no libraries)
//
// Prints the page. Exit: 0 shown, 1 refused (the reason on standard error), 64 usage.

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public final class Directories {
    private static final String MODULE = "Startup Module Loader|";

    private final SocketChannel channel;
    private final ByteBuffer received = ByteBuffer.allocate(1 << 16).flip();

    private Directories(Path socket) throws IOException {
        channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(socket));
    }

    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 2) {
            System.err.println("usage: java Directories.java SOCKET URL");
            System.exit(64);
        }
        URI url = URI.create(arguments[1]);
        try {
            Directories phone = new Directories(Path.of(arguments[0]));
            phone.log("notice", "cip.dir.TandunDirectories: ? - Directory url " + url);
            phone.connect(url);
            byte[] body = phone.get(url);
            new Directories(Path.of(arguments[0]))
                    .log("error", "cip.http.ae:?  - listener.httpSucceed: " + url);
            try (PrintStream out = new PrintStream(System.out)) {
                out.write(body);
            }
        } catch (Refused refused) {
            System.err.println("Directories: " + refused.getMessage());
            System.exit(1);
        }
    }

    /** Writes a line into the phone's console log, as JVM. */
    private void log(String level, String text) throws IOException {
        call("AppendLog", "\"process\":\"JVM\",\"level\":" + quoted(level)
                + ",\"text\":" + quoted(MODULE + text), "");
    }

    /** Has secd connect and judge; after its reply this channel is the plaintext. */
    private void connect(URI url) throws IOException {
        int port = url.getPort() < 0 ? 443 : url.getPort();
        call("Connect", "\"host\":" + quoted(url.getHost()) + ",\"port\":" + port,
                ",\"upgrade\":true");
    }

    /** One Varlink call: a JSON object and a NUL each way. */
    private String call(String method, String parameters, String more) throws IOException {
        send("{\"method\":\"phone.secd." + method + "\",\"parameters\":{" + parameters + "}"
                + more + "}\0");
        String reply = message();
        if (reply.contains("\"error\":")) {
            throw new Refused(method + ": " + reply);
        }
        return reply;
    }

    /** Gets a page over the plaintext. */
    private byte[] get(URI url) throws IOException {
        String path = url.getRawPath().isEmpty() ? "/" : url.getRawPath();
        String query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
        send("GET " + path + query + " HTTP/1.1\r\nHost: " + url.getAuthority()
                + "\r\nConnection: close\r\n\r\n");
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        while (received.hasRemaining() || more()) {
            whole.write(received.array(), received.position(), received.remaining());
            received.position(received.limit());
        }
        return body(whole.toByteArray());
    }

    private static byte[] body(byte[] response) throws Refused {
        // One character a byte, so that places in the text are places in the bytes.
        String text = new String(response, StandardCharsets.ISO_8859_1);
        int blank = text.indexOf("\r\n\r\n");
        if (blank < 0 || !text.startsWith("HTTP/1.1 200 ")) {
            throw new Refused("no page: " + text.lines().findFirst().orElse("nothing came"));
        }
        Matcher length = Pattern.compile("(?i)\r\ncontent-length: *([0-9]+)\r\n")
                .matcher(text.substring(0, blank + 2));
        int there = response.length - blank - 4;
        // TLS may be cut: only the length tells whether a page is whole.
        if (length.find() && Integer.parseInt(length.group(1)) != there) {
            throw new Refused("the page is cut: " + there + " bytes of " + length.group(1));
        }
        return java.util.Arrays.copyOfRange(response, blank + 4, response.length);
    }

    private void send(String text) throws IOException {
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** The next message, without its NUL. What follows it stays: it may be plaintext already. */
    private String message() throws IOException {
        ByteArrayOutputStream message = new ByteArrayOutputStream();
        while (received.hasRemaining() || more()) {
            byte next = received.get();
            if (next == 0) {
                return message.toString(StandardCharsets.UTF_8);
            }
            message.write(next);
        }
        throw new Refused("secd closed the connection");
    }

    private boolean more() throws IOException {
        int length = channel.read(received.clear());
        received.flip();
        return length >= 0;
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private static final class Refused extends IOException {
        Refused(String why) {
            super(why);
        }
    }
}
