internal import CMicrohttpd
import Glibc
import Synchronization

/// Serves what can be read, over HTTP or HTTPS, on one thread of its own (libmicrohttpd).
///
/// Made for clients that nobody trusts: a request has a bounded head, no body, and a bounded time, and a connection that
/// exceeds one of them is closed. Usable from any thread.
package final class HTTPServer: Sendable {
    /// Certificates and keys, as PEM texts.
    package struct TLS: Sendable {
        package var certificate: String
        package var key: String
        /// Those who sign clients' certificates; nil when clients need none.
        package var clientAuthorities: String?

        package init(certificate: String, key: String, clientAuthorities: String? = nil) {
            (self.certificate, self.key) = (certificate, key)
            self.clientAuthorities = clientAuthorities
        }
    }

    /// What a client may use.
    package struct Limits: Sendable {
        /// Connections at once; more wait until one is closed.
        package var connections: UInt32 = 1024
        /// Bytes of a request's head; a larger one is answered with status 431 or 414.
        package var headBytes = 16 << 10
        /// Seconds without a byte, before a connection is closed.
        package var idleSeconds: UInt32 = 10
        /// Seconds for a request and its answer; a tenth of it while three quarters of the connections are open.
        package var requestSeconds: UInt32 = 30

        package init() {}
    }

    /// The port that it listens on.
    package let port: UInt16
    private let server: Server
    private let context: Unmanaged<ServerContext>

    /// Starts to listen.
    ///
    /// - Parameters:
    ///   - address: Where; port 0 takes any that is free.
    ///   - tls: For HTTPS; nil for HTTP.
    ///   - limits: What clients may use.
    ///   - log: Gets what the library has to say of single connections; from any thread.
    ///   - answer: Called on the server's thread, for each request without a body and with the method GET or HEAD.
    /// - Throws: `HTTPServerError`.
    package init(
        _ address: HTTPAddress,
        tls: TLS? = nil,
        limits: Limits = Limits(),
        log: @escaping @Sendable (String) -> Void = { _ in },
        answer: @escaping @Sendable (HTTPRequest) -> HTTPAnswer
    ) throws(HTTPServerError) {
        let socket = try address.listen()
        port = HTTPAddress.port(of: socket)
        let context = Unmanaged.passRetained(ServerContext(log: log, answer: answer))
        self.context = context
        let raw = Self.start(socket, tls, limits, context)
        guard let raw else {
            let error = errno
            close(socket)
            context.release()
            let isTLS = tls != nil && error == EINVAL
            throw HTTPServerError(
                isTLS ? "the certificate or its key cannot be used" : String(cString: strerror(error))
            )
        }
        server = Server(raw)
    }

    private static func start(
        _ socket: Int32,
        _ tls: TLS?,
        _ limits: Limits,
        _ context: Unmanaged<ServerContext>
    ) -> OpaquePointer? {
        withOptionalCString(tls?.certificate) { certificate in
            withOptionalCString(tls?.key) { key in
                withOptionalCString(tls?.clientAuthorities) { authorities in
                    var settings = chttp_settings(
                        socket: socket,
                        certificate: certificate,
                        key: key,
                        client_authorities: authorities,
                        connections: limits.connections,
                        head_bytes: limits.headBytes,
                        idle_seconds: limits.idleSeconds,
                        request_seconds: limits.requestSeconds,
                        handle: { context, exchange in
                            ServerContext.from(context)?.take(Exchange(exchange))
                        },
                        log: { context, line in ServerContext.from(context)?.log(String(cString: line)) },
                        context: context.toOpaque()
                    )
                    return chttp_start(&settings)
                }
            }
        }
    }

    /// Closes all connections; what is not answered yet gets status 503.
    ///
    /// Called once.
    package func stop() {
        context.takeUnretainedValue().refuseAll()
        chttp_stop(server.raw)
        context.release()
    }

    /// libmicrohttpd's server may be used from any thread.
    private struct Server: @unchecked Sendable {
        let raw: OpaquePointer
        init(_ raw: OpaquePointer) { self.raw = raw }
    }
}

/// Why a server cannot start.
package struct HTTPServerError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// What the library's callbacks reach.
private final class ServerContext: Sendable {
    let log: @Sendable (String) -> Void
    private let answer: @Sendable (HTTPRequest) -> HTTPAnswer
    private let waiting = Mutex((exchanges: [ObjectIdentifier: Exchange](), isStopping: false))

    init(
        log: @escaping @Sendable (String) -> Void,
        answer: @escaping @Sendable (HTTPRequest) -> HTTPAnswer
    ) {
        (self.log, self.answer) = (log, answer)
    }

    static func from(_ raw: UnsafeMutableRawPointer?) -> ServerContext? {
        raw.map { Unmanaged<ServerContext>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Answers a request, on the server's thread.
    func take(_ exchange: Exchange) {
        let (isRead, hasBody) = (exchange.isRead, exchange.hasBody)
        guard isRead else {
            return exchange.answer(
                HTTPResponse(status: 405, "only GET and HEAD", headers: [("Allow", "GET, HEAD")])
            )
        }
        guard !hasBody else {
            return exchange.answer(HTTPResponse(status: 413, "a request has no body here"))
        }
        switch answer(exchange.request()) {
        case .now(let response): exchange.answer(response)
        case .later(let begin):
            let isStopping = waiting.withLock { waiting in
                if !waiting.isStopping { waiting.exchanges[ObjectIdentifier(exchange)] = exchange }
                return waiting.isStopping
            }
            guard !isStopping else { return exchange.answer(.isStopping) }
            begin { [self] response in
                let isFirst = waiting.withLock {
                    $0.exchanges.removeValue(forKey: ObjectIdentifier(exchange))
                }
                if isFirst != nil { exchange.answer(response) }
            }
        }
    }

    /// Answers everything that waits.
    func refuseAll() {
        let exchanges = waiting.withLock { waiting in
            waiting.isStopping = true
            defer { waiting.exchanges.removeAll() }
            return waiting.exchanges.values
        }
        for exchange in exchanges { exchange.answer(.isStopping) }
    }
}

extension HTTPResponse {
    fileprivate static var isStopping: HTTPResponse { HTTPResponse(status: 503, "stopping") }
}

/// One request of the library's, which is answered once, and not touched afterwards.
private final class Exchange: @unchecked Sendable {
    private let raw: OpaquePointer

    init(_ raw: OpaquePointer) { self.raw = raw }

    var isRead: Bool { ["GET", "HEAD"].contains(String(cString: chttp_method(raw))) }

    var hasBody: Bool { chttp_has_body(raw) }

    func request() -> HTTPRequest {
        HTTPRequest(
            path: String(cString: chttp_path(raw)),
            parameters: pairs { chttp_query(raw, $0, $1) },
            headers: pairs { chttp_headers(raw, $0, $1) },
            isClientKnown: chttp_is_client_known(raw)
        )
    }

    private func pairs(
        _ visit: (UnsafeMutableRawPointer, @escaping chttp_visit) -> Void
    ) -> [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        withUnsafeMutablePointer(to: &pairs) { pointer in
            visit(pointer) { context, name, value in
                context?.assumingMemoryBound(to: [(name: String, value: String)].self).pointee
                    .append((String(cString: name), String(cString: value)))
            }
        }
        return pairs
    }

    func answer(_ response: HTTPResponse) {
        let texts = response.headers.map { (strdup($0.name), strdup($0.value)) }
        defer {
            for (name, value) in texts {
                free(name)
                free(value)
            }
        }
        let headers = texts.compactMap { name, value -> chttp_header? in
            guard let name, let value else { return nil }
            return chttp_header(name: name, value: value)
        }
        headers.withUnsafeBufferPointer { headers in
            response.body.withUnsafeBytes { body in
                chttp_answer(
                    raw,
                    UInt32(response.status),
                    headers.baseAddress,
                    headers.count,
                    body.baseAddress,
                    body.count
                )
            }
        }
    }
}

private func withOptionalCString<R>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> R) -> R {
    guard let text else { return body(nil) }
    return text.withCString { body($0) }
}
