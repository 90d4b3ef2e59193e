package import HTTP

extension RunConfiguration {
    /// Where metrics, health and the page are served, and to whom.
    package struct HTTP: Hashable, Sendable {
        /// A file that a setting names.
        package struct File: Hashable, Sendable {
            package var path: String
            package var location: FileLocation
        }

        package var listen = HTTPAddress(host: "127.0.0.1", port: 9464)
        /// Holds the token that clients send: `Authorization: Bearer …`.
        package var token: File?
        /// The server's certificate, with those that it depends on behind it, in PEM; with `key` for HTTPS.
        package var certificate: File?
        package var key: File?
        /// Certificates, in PEM, of those who sign clients' certificates.
        package var clientAuthorities: File?

        package init() {}
    }
}

/// `http`.
extension RunReading {
    func readHTTP(_ top: Fields, into configuration: inout RunConfiguration) {
        guard let fields = top.fields("http") else { return }
        var http = RunConfiguration.HTTP()
        if let address = fields.value("listen", address) { http.listen = address }
        http.token = fields.value("token_file", file)
        http.certificate = fields.value("certificate_file", file)
        http.key = fields.value("key_file", file)
        http.clientAuthorities = fields.value("client_ca_file", file)
        require("key_file", with: "certificate_file", fields)
        require("certificate_file", with: "key_file", fields)
        require("certificate_file", with: "client_ca_file", fields)
        if fields["token_file"] == nil, fields["client_ca_file"] == nil, !http.listen.isLoopback {
            reader.error(
                fields.location(of: "listen") ?? FileLocation(file: ""),
                "http.listen: \(http.listen) can be reached from other machines, and nothing says who may ask",
                instead:
                    "token_file, or certificate_file, key_file and client_ca_file; or listen on 127.0.0.1",
                impact: "anybody could read the findings"
            )
        } else if fields["certificate_file"] == nil, !http.listen.isLoopback,
            let location = fields.location(of: "token_file")
        {
            reader.warn(
                location,
                "http.token_file: the token goes over the network in plain text",
                instead: "certificate_file and key_file as well, unless a proxy in front speaks TLS"
            )
        }
        configuration.http = http
    }

    private func address(_ node: Node, _ path: String) -> HTTPAddress? {
        guard let text = text(node, path)?.value else { return nil }
        if let address = HTTPAddress(text) { return address }
        reader.error(
            node.location,
            "\(path): \(text) is not an address",
            instead: "one like 127.0.0.1:9464, or :9464 for every address of this machine"
        )
        return nil
    }

    private func file(_ node: Node, _ path: String) -> RunConfiguration.HTTP.File? {
        guard let text = text(node, path)?.value else { return nil }
        let path =
            node.location.isSetting
            ? text : SourceFile.resolve(text, in: SourceFile.folder(of: node.location.file))
        return .init(path: path, location: node.location)
    }

    private func require(_ needed: String, with given: String, _ fields: Fields) {
        guard fields[needed] == nil, let location = fields.location(of: given) else { return }
        reader.error(location, "http.\(given) needs http.\(needed)")
    }
}

/// Who may ask the HTTP endpoint, and what it shows of itself.
package struct HTTPAccess: Sendable {
    /// What clients send as a bearer token; nil when none is asked for.
    package let token: String?
    /// Nil for plain HTTP.
    package let tls: HTTPServer.TLS?

    /// A shorter token could be guessed.
    private static let shortestToken = 16

    /// Reads the files that a configuration names.
    ///
    /// - Throws: everything that is wrong with them.
    package init(_ http: RunConfiguration.HTTP) throws(ConfigurationErrors) {
        var faults: [Diagnostic] = []
        func text(_ file: RunConfiguration.HTTP.File?, _ setting: String) -> String? {
            guard let file else { return nil }
            do throws(SourceFile.Refusal) {
                let bytes = try SourceFile.bytes(of: file.path)
                if let text = String(validating: bytes, as: UTF8.self), !text.contains("\0") { return text }
                faults.append(
                    Diagnostic(.error, at: file.location, "http.\(setting): \(file.path): not a text")
                )
            } catch {
                faults.append(
                    Diagnostic(
                        .error,
                        at: file.location,
                        "http.\(setting): \(file.path): \(error.message)",
                        instead: error.instead
                    )
                )
            }
            return nil
        }
        token = text(http.token, "token_file").map { $0.trimmingLineEnd }
        if let token, let file = http.token,
            token.utf8.count < Self.shortestToken || !token.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        {
            faults.append(
                Diagnostic(
                    .error,
                    at: file.location,
                    "http.token_file: \(file.path): not one line of at least \(Self.shortestToken) printable characters",
                    instead: "openssl rand -hex 32 > \(file.path)"
                )
            )
        }
        let (certificate, key) = (text(http.certificate, "certificate_file"), text(http.key, "key_file"))
        let authorities = text(http.clientAuthorities, "client_ca_file")
        tls =
            if let certificate, let key {
                HTTPServer.TLS(certificate: certificate, key: key, clientAuthorities: authorities)
            } else { nil }
        guard faults.isEmpty else { throw ConfigurationErrors(faults) }
    }
}

extension String {
    /// Without the line end behind it.
    fileprivate var trimmingLineEnd: String {
        var text = self
        while text.hasSuffix("\n") || text.hasSuffix("\r\n") || text.hasSuffix("\r") { text.removeLast() }
        return text
    }
}
