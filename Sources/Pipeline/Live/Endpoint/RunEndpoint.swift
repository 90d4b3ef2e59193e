import Configuration
import HTTP

/// What a run serves over HTTP: metrics, health, and whatever else answers.
///
/// It reads the board, and nothing else: whoever asks, and however slowly, no stage waits for him.
struct RunEndpoint {
    private let server: HTTPServer
    /// Where it listens.
    let address: HTTPAddress

    /// Starts to serve; nil when the configuration wants nothing served.
    ///
    /// - Throws: what keeps it from listening.
    init?(
        _ configuration: RunConfiguration,
        board: RunBoard,
        responders: [any HTTPResponder] = [],
        log: RunLog
    ) throws {
        guard let http = configuration.http else { return nil }
        let access = try HTTPAccess(http)
        let gate = Gatekeeper(access, http.listen)
        let readiness = Readiness(board, configuration)
        let metrics = MetricsPage(board, readiness, configuration)
        do throws(HTTPServerError) {
            server = try HTTPServer(
                http.listen,
                tls: access.tls,
                log: { line in log.debug("HTTP endpoint", ["cause": .text(line)]) },
                answer: { request in
                    Self.answer(request, gate, readiness, metrics, responders).hardened
                }
            )
        } catch { throw RunFailure("http.listen: \(error)") }
        address = HTTPAddress(host: http.listen.host, port: server.port)
        log.info(
            "HTTP endpoint started",
            ["listen": .text("\(address)"), "tls": .text(access.tls == nil ? "no" : "yes")]
        )
    }

    func stop() { server.stop() }

    private static func answer(
        _ request: HTTPRequest,
        _ gate: Gatekeeper,
        _ readiness: Readiness,
        _ metrics: MetricsPage,
        _ responders: [any HTTPResponder]
    ) -> HTTPAnswer {
        switch request.path {
        case "/healthz": return .now(state(readiness.faults))
        case "/readyz": return .now(state(readiness.obstacles))
        default: break
        }
        if let refusal = gate.refusal(of: request) { return .now(refusal) }
        // The page's own files hold no data; it asks for the token itself.
        let isPublic = request.path == "/" || request.path.hasPrefix("/page/")
        if !isPublic, let challenge = gate.challenge(of: request) { return .now(challenge) }
        if request.path == "/metrics" {
            return .now(HTTPResponse(contentType: PrometheusText.contentType, body: metrics.bytes))
        }
        for responder in responders { if let answer = responder.answer(request) { return answer } }
        return .now(HTTPResponse(status: 404, "not found: there are /metrics, /healthz and /readyz"))
    }

    private static func state(_ obstacles: [String]) -> HTTPResponse {
        obstacles.isEmpty
            ? HTTPResponse(status: 200, "ok") : HTTPResponse(status: 503, obstacles.joined(separator: "\n"))
    }
}

extension HTTPAnswer {
    /// With what keeps a browser from making more of it than it is.
    fileprivate var hardened: HTTPAnswer {
        switch self {
        case .now(let response): .now(response.hardened)
        case .later(let begin): .later { complete in begin { complete($0.hardened) } }
        }
    }
}

extension HTTPResponse {
    fileprivate var hardened: HTTPResponse {
        var response = self
        let names = Set(headers.map { $0.name.lowercased() })
        let defaults = [
            ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
            ("Cache-Control", "no-store"), ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        ]
        for (name, value) in defaults where !names.contains(name.lowercased()) {
            response.headers.append((name, value))
        }
        return response
    }
}
