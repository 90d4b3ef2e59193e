import Foundation
import Glibc
import HTTP
import Synchronization
import TestSupport
import Testing

/// A server on loopback, and clients that say to it whatever a test wants.
@Suite(.timeLimit(.minutes(2)))
struct HTTPServerTests {
    @Test("A request is answered with what the responder says of path, query and headers")
    func answers() throws {
        let server = try HTTPServer(HTTPAddress(host: "127.0.0.1", port: 0)) { request in
            let text =
                "\(request.path)|\(request.query("q") ?? "-")|\(request.header("X-COLOUR") ?? "-")|\(request.isClientKnown)"
            return .now(HTTPResponse(status: 200, text, headers: [("X-Test", "yes")]))
        }
        defer { server.stop() }
        let reply = try exchange(
            server,
            "GET /a%20b/%C3%A9?q=1%2B2&q=3 HTTP/1.1\r\nHost: x\r\nx-Colour: blue\r\nConnection: close\r\n\r\n"
        )
        #expect(reply.hasPrefix("HTTP/1.1 200 "))
        #expect(reply.contains("X-Test: yes"))
        #expect(reply.hasSuffix("\r\n\r\n/a b/é|1+2|blue|false\n"))
    }

    @Test("HEAD has no body; other methods and requests with a body are refused")
    func methods() throws {
        let server = try HTTPServer(HTTPAddress(host: "127.0.0.1", port: 0)) { _ in
            .now(HTTPResponse(status: 200, "hello"))
        }
        defer { server.stop() }
        let head = try exchange(server, "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(head.contains("Content-Length: 6"))
        #expect(head.hasSuffix("\r\n\r\n"))
        let post = try exchange(
            server,
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"
        )
        #expect(post.hasPrefix("HTTP/1.1 405 "))
        #expect(post.contains("Allow: GET, HEAD"))
        let body = try exchange(server, "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n")
        #expect(body.hasPrefix("HTTP/1.1 413 "))
        let chunked = try exchange(server, "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        #expect(chunked.hasPrefix("HTTP/1.1 413 "))
    }

    @Test("An answer may come later, from another thread, and only the first one counts")
    func answersLater() throws {
        let fastIsThere = DispatchSemaphore(value: 0)
        let server = try HTTPServer(HTTPAddress(host: "127.0.0.1", port: 0)) { request in
            guard request.path == "/slow" else { return .now(HTTPResponse(status: 200, "fast")) }
            return .later { complete in
                Thread.detachNewThread {
                    let isInTime = fastIsThere.wait(timeout: .now() + 30) == .success
                    complete(HTTPResponse(status: isInTime ? 200 : 500, isInTime ? "slow" : "nobody came"))
                    complete(HTTPResponse(status: 500, "too late"))
                }
            }
        }
        defer { server.stop() }
        let slow = try LoopbackConnection(port: server.port)
        slow.send("GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        let fast = try exchange(server, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(fast.hasSuffix("fast\n"))
        fastIsThere.signal()
        #expect(slow.receive().hasSuffix("slow\n"))
    }

    @Test("What waits for its answer when the server stops gets status 503")
    func stopsWhileSomethingWaits() throws {
        let kept = Mutex<(@Sendable (HTTPResponse) -> Void)?>(nil)
        let server = try HTTPServer(HTTPAddress(host: "127.0.0.1", port: 0)) { _ in
            .later { complete in kept.withLock { $0 = complete } }
        }
        let connection = try LoopbackConnection(port: server.port)
        connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        while kept.withLock({ $0 == nil }) { usleep(1000) }
        server.stop()
        #expect(connection.receive().hasPrefix("HTTP/1.1 503 "))
        // Nobody is there any more to whom it could be said.
        kept.withLock { $0 }?(HTTPResponse(status: 200, "too late"))
    }

    @Test("A head that is too large is refused")
    func refusesLargeHeads() throws {
        let server = try HTTPServer(HTTPAddress(host: "127.0.0.1", port: 0)) { _ in
            .now(HTTPResponse(status: 200, "hello"))
        }
        defer { server.stop() }
        let large = String(repeating: "a", count: 100_000)
        let header = try exchange(server, "GET / HTTP/1.1\r\nHost: x\r\nX: \(large)\r\n\r\n")
        #expect(header.hasPrefix("HTTP/1.1 431 ") || header.isEmpty)
        let path = try exchange(server, "GET /\(large) HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(path.hasPrefix("HTTP/1.1 414 ") || path.isEmpty)
        let sound = try exchange(server, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(sound.hasSuffix("hello\n"))
    }

    @Test("A client that sends its request byte by byte is cut off; others are served meanwhile")
    func cutsOffSlowClients() throws {
        var limits = HTTPServer.Limits()
        limits.requestSeconds = 2
        let server = try HTTPServer(HTTPAddress(host: "127.0.0.1", port: 0), limits: limits) { _ in
            .now(HTTPResponse(status: 200, "hello"))
        }
        defer { server.stop() }
        let slow = try LoopbackConnection(port: server.port)
        slow.send("GET / HTTP/1.1\r\n")
        let begun = ContinuousClock.now
        while slow.isOpen, ContinuousClock.now - begun < .seconds(20) {
            slow.send("X")
            usleep(200_000)
            let reply = try exchange(server, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            #expect(reply.hasSuffix("hello\n"))
        }
        #expect(!slow.isOpen)
        #expect(ContinuousClock.now - begun < .seconds(6))
    }

    @Test("When slow clients take all connections, somebody else is served within seconds")
    func servesInACrowd() throws {
        var limits = HTTPServer.Limits()
        limits.connections = 40
        limits.requestSeconds = 20
        let server = try HTTPServer(HTTPAddress(host: "127.0.0.1", port: 0), limits: limits) { _ in
            .now(HTTPResponse(status: 200, "hello"))
        }
        defer { server.stop() }
        let crowd = try (0..<60).map { _ in try LoopbackConnection(port: server.port) }
        for connection in crowd { connection.send("GET / HTTP/1.1\r\n") }
        let begun = ContinuousClock.now
        let reply = try exchange(server, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(reply.hasSuffix("hello\n"))
        #expect(ContinuousClock.now - begun < .seconds(12))
        _ = crowd
    }

    @Test("A port that is taken, a name that does not exist and a broken certificate are named")
    func namesWhatIsWrong() throws {
        let server = try HTTPServer(HTTPAddress(host: "127.0.0.1", port: 0)) { _ in
            .now(HTTPResponse(status: 200, "hello"))
        }
        defer { server.stop() }
        let taken = #expect(throws: HTTPServerError.self) {
            try HTTPServer(HTTPAddress(host: "127.0.0.1", port: server.port)) { _ in
                .now(HTTPResponse(status: 200, ""))
            }
        }
        #expect(taken?.description == "127.0.0.1:\(server.port): Address already in use")
        let broken = #expect(throws: HTTPServerError.self) {
            try HTTPServer(
                HTTPAddress(host: "127.0.0.1", port: 0),
                tls: HTTPServer.TLS(certificate: "nonsense", key: "nonsense")
            ) { _ in .now(HTTPResponse(status: 200, "")) }
        }
        #expect(broken?.description == "the certificate or its key cannot be used")
    }

    private func exchange(_ server: HTTPServer, _ request: String) throws -> String {
        let connection = try LoopbackConnection(port: server.port)
        connection.send(request)
        return connection.receive()
    }
}

@Suite
struct HTTPAddressTests {
    @Test(
        "Addresses are read as they are written",
        arguments: [
            ("127.0.0.1:9464", "127.0.0.1", 9464, true), ("[::1]:80", "::1", 80, true),
            ("localhost:1", "localhost", 1, true), (":9464", "", 9464, false),
            ("0.0.0.0:9464", "0.0.0.0", 9464, false), ("[::]:9464", "::", 9464, false),
            ("10.0.0.1:0", "10.0.0.1", 0, false),
        ]
    )
    func reads(_ text: String, host: String, port: UInt16, isLoopback: Bool) throws {
        let address = try #require(HTTPAddress(text))
        #expect(address.host == host)
        #expect(address.port == port)
        #expect(address.isLoopback == isLoopback)
        #expect(address.description == text)
    }

    @Test(
        "What is no address is none",
        arguments: ["", "9464", "localhost", "::1:80", "a:65536", "a:-1", "a:"]
    )
    func refuses(_ text: String) { #expect(HTTPAddress(text) == nil) }
}
