import Configuration
import Cryptography
import HTTP

/// Who may read what is served.
struct Gatekeeper: Sendable {
    /// SHA-256 of the token, so that comparing takes the same time whatever was sent.
    private let token: SHA256Digest?
    private let takesCertificates: Bool
    private let isLoopback: Bool

    init(_ access: HTTPAccess, _ address: HTTPAddress) {
        token = access.token.map { Self.digest($0.utf8) }
        takesCertificates = access.tls?.clientAuthorities != nil
        isLoopback = address.isLoopback
    }

    /// The answer to whoever may not ask this; nil for whoever may.
    func refusal(of request: HTTPRequest) -> HTTPResponse? {
        // A page from elsewhere, in the browser of somebody who may ask, is not that somebody.
        if let site = request.header("Sec-Fetch-Site"), !["same-origin", "none"].contains(site) {
            return HTTPResponse(status: 403, "not for requests from other sites")
        }
        // Nor is one whose name was made to point here.
        if isLoopback, let host = request.header("Host"), !Self.isLoopbackName(host) {
            return HTTPResponse(status: 421, "this is not \(host)")
        }
        return nil
    }

    /// The answer to whoever has to show first who he is.
    func challenge(of request: HTTPRequest) -> HTTPResponse? {
        guard token != nil || takesCertificates else { return nil }
        if takesCertificates, request.isClientKnown { return nil }
        if let token, let given = request.header("Authorization"), given.hasPrefix("Bearer "),
            Self.digest(given.utf8.dropFirst(7)) == token
        {
            return nil
        }
        return HTTPResponse(
            status: 401,
            token == nil ? "a client certificate is needed" : "a bearer token is needed",
            headers: token == nil ? [] : [("WWW-Authenticate", "Bearer realm=\"amiwatch\"")]
        )
    }

    private static func digest(_ text: some Sequence<UInt8>) -> SHA256Digest {
        Array(text).withUnsafeBytes { SHA256.digest(of: $0) }
    }

    private static func isLoopbackName(_ host: String) -> Bool {
        guard !host.hasPrefix("[") else { return host.hasPrefix("[::1]") }
        let name = host.prefix { $0 != ":" }.lowercased()
        let numbers = name.split(separator: ".", omittingEmptySubsequences: false)
        return name == "localhost"
            || numbers.count == 4 && numbers[0] == "127" && numbers.allSatisfy { UInt8($0) != nil }
    }
}
